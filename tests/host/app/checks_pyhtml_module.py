"""The module PyhtmlTemplate on the target, without a network: its properties and methods."""

from checking import equal, raises
from MicroWebSrv2 import MicroWebSrv2

module = MicroWebSrv2.LoadModule('PyhtmlTemplate')


def check_show_debug():
    equal(module.ShowDebug, False)
    for value in (1, None, 'yes'):
        raises(ValueError, setattr, module, 'ShowDebug', value)
    module.ShowDebug = True
    equal(module.ShowDebug, True)
    module.ShowDebug = False


def check_global_variables():
    equal(module.GetGlobalVar('missing'), None)
    for value in (5, None, 'text', [1]):
        module.SetGlobalVar('some', value)
        equal(module.GetGlobalVar('some'), value)


def check_names_of_global_variables():
    for name in ('', None, 5, b'name'):
        error = raises(ValueError, module.SetGlobalVar, name, 1)
        assert 'globalVarName' in str(error), error
        raises(ValueError, module.GetGlobalVar, name)
    for name in ('two words', 'if', '1st', 'a-b'):
        error = raises(ValueError, module.SetGlobalVar, name, 1)
        assert 'Python' in str(error), error
        equal(module.GetGlobalVar(name), None)

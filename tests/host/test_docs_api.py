"""docs/api.md is what the docstrings say, and describes every name that the package gives."""

import inspect

from tools import apidoc


def test_the_page_is_what_the_docstrings_say():
    assert apidoc.TARGET.read_text(encoding='utf-8') == apidoc.render(), 'run: python -m tools.apidoc'


def test_every_name_of_the_package_is_described():
    names = {}
    exec('from MicroWebSrv2 import *', {'__name__': 'test'}, names)
    assert 'MicroWebSrv2' in names
    text = apidoc.render()
    for name, value in names.items():
        if inspect.isclass(value) or inspect.isfunction(value):
            assert f'### class {name}' in text or f'### {name}(' in text, name
        elif not inspect.ismodule(value):
            assert f'`{name}`' in text, name


def test_a_name_without_a_description_is_refused():
    class Undescribed:
        """A class."""

        @property
        def Value(self):
            return 1

    try:
        apidoc._class(Undescribed)
    except apidoc.Undocumented as error:
        assert 'Undescribed.Value' in str(error)
    else:
        raise AssertionError('not refused')

"""Shows that tools/folding.py takes names of numbers out of modules, and no name that somebody else may want."""

import pytest

from tools import folding

A = 'MicroWebSrv2/libs/a.py'
B = 'MicroWebSrv2/libs/b.py'


def fold(first, second='', **others):
    """Return two modules of libs, folded, each as its lines that do something."""
    made = folding.fold({A: first, B: second, **others})
    return [[line for line in made[path].split('\n') if line.strip() not in ('', 'pass')] for path in (A, B)]


def test_a_number_takes_the_place_of_its_name():
    first, _ = fold('_ONE = 1\n_TWO = _ONE << 1\n_LESS = -3\ndef f(a, b=_TWO):\n    return (_ONE, a, b, _LESS)\n')
    assert first == ['def f(a, b=2):', '    return (1, a, b, (-3))']


def test_lines_stay_where_they_are():
    text = (
        '"""Ünï."""\n'
        'from .b import (\n    LIMIT,\n    other,\n)  # why\n\n'
        'class C:\n    __slots__ = (\n        "a",\n    )\n\n    x = "ü", LIMIT, other\n'
    )
    made = folding.fold({A: text, B: 'LIMIT = 9\nother = 1\n'})
    lines = made[A].split('\n')
    assert len(lines) == text.count('\n') + 1
    assert lines[1] == 'from .b import other' and lines[4] == '  # why'
    assert lines[6:8] == ['class C:', '    pass'] and lines[11] == '    x = "ü", 9, other'
    assert 'LIMIT = 9' in made[B]
    assert 'LIMIT' not in folding.fold({A: text, B: 'LIMIT = 9\nother = 1\n'}, all_go=True)[B]


def test_what_is_imported_under_another_name():
    first, second = fold('from .b import BODY as PIECE\nprint(PIECE)\n', 'BODY = 2\nHEAD = 1\nprint(BODY, HEAD)\n')
    assert (first, second) == (['print(2)'], ['BODY = 2', 'HEAD = 1', 'print(2, 1)'])


@pytest.mark.parametrize(
    'text',
    [
        '_ONE = 1\ndef f():\n    global _ONE\n    _ONE = 2\n',
        '_ONE = 1\ndef f(_ONE):\n    return _ONE\n',
        '_ONE = 1\nfor _ONE in (1, 2):\n    print(_ONE)\n',
        '_ONE = len("x")\nprint(_ONE)\n',
        '_ONE = True\nprint(_ONE)\n',
        '_ONE = 1 << 29\nprint(_ONE)\n',
        '_ONE = 1\nprint(_ONE)\nsomething._ONE\n',
        '_one = 1\nprint(_one)\n',
    ],
)
def test_what_is_no_constant_number_stays(text):
    assert folding.fold({A: text})[A] == text


def test_what_others_may_want_stays():
    public = 'ONE = 1\nprint(ONE)\n'
    assert folding.fold({'MicroWebSrv2/webRoute.py': public})['MicroWebSrv2/webRoute.py'] == public
    handed_on = {
        A: 'ONE = 1\nprint(1)\n',
        B: 'from .a import ONE\n',
        'MicroWebSrv2/__init__.py': 'from .libs.b import ONE\n',
    }
    assert folding.fold(handed_on) == handed_on
    starred = {A: '_ONE = 1\nprint(_ONE)\n', B: 'from .a import *\n'}
    assert folding.fold(starred) == starred


def test_the_choice_of_micropython_is_a_number():
    first, _ = fold("import sys\n_MOST = 16 if sys.implementation.name == 'micropython' else 32\nprint(_MOST)\n")
    assert first == ['import sys', 'print(16)']

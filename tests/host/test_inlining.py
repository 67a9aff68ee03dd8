"""Shows that tools/inlining.py puts functions where they are called, and only where that is the same."""

import ast

import pytest

from tools import inlining


def inline(text):
    """Return a module's text with its functions put where they are called; those with `_` at the start are ours."""
    tree = ast.parse(text)
    while inlining.inline([tree], lambda name: name.startswith('_')):
        pass
    return ast.unparse(ast.fix_missing_locations(tree))


def test_functions_and_methods_are_put_where_they_are_called():
    text = inline(
        'def _twice(number): return number + number\n'
        'class A:\n'
        '    def __init__(self): self.note = []\n'
        '    def _take(self, value): self.note.append(value)\n'
        '    def _set(self, value): self.last = value\n'
        '    def _sum(self): return sum(self.note) + self.last\n'
        '    def run(self, number):\n'
        '        self._take(_twice(number))\n'
        '        self._set(number)\n'
        '        return self._sum()\n'
    )
    assert text.count('def ') == 3  # _take(): its argument is no plain one
    names = {}
    exec(text, names)
    assert names['A']().run(5) == 15


def test_another_object_takes_the_place_of_self():
    text = inline(
        'class A:\n    x = 3\n    def _get(self, more): return self.x + more\n'
        'class B:\n    def __init__(self): self.a = A()\n    def get(self): return self.a._get(4)\n'
    )
    assert '_get' not in text
    names = {}
    exec(text, names)
    assert names['B']().get() == 7


@pytest.mark.parametrize(
    'text',
    [
        'def _f(a):\n    return a\n\ndef g(b):\n    return _f(b) + _f(b)',
        'def _f(a):\n    return a\n\ndef g(b):\n    return _f(b())',
        'def _f(a):\n    return a\n\ndef g(b):\n    return _f',
        'def _f(a):\n    return a\n\ndef g(b):\n    return lambda: _f(b)',
        'def _f(a):\n    return a + h\n\ndef g(b, h):\n    return _f(b)',
        'def _f(a=1):\n    return a\n\ndef g():\n    return _f()',
        'def _f(a):\n    b = a\n    return b\n\ndef g(b):\n    return _f(b)',
        "def _f(a):\n    return a\n\ndef g(b):\n    return (_f(b), '_f')",
        'def f(a):\n    return a\n\ndef g(b):\n    return f(b)',
        'class A:\n\n    def _f(self):\n        return 1\n\nclass B:\n\n    def _f(self):\n        return 2\n\n'
        'def g(b):\n    return b._f()',
    ],
)
def test_others_stay(text):
    assert inline(text) == text

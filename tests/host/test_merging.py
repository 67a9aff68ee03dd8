"""Shows that tools/merging.py makes one module of several, in which each does what it did."""

import ast

import pytest

from tools import merging


def merge(target, members, **texts):
    """Merge modules of the package `pack`; return the texts of what is left, by module."""
    trees = {f'pack/{name}.py': ast.parse(text) for name, text in texts.items()}
    merging.merge(trees, f'pack/{target}.py', [f'pack/{name}.py' for name in members])
    return {path[5:-3]: ast.unparse(ast.fix_missing_locations(tree)) for path, tree in trees.items()}


def run(text):
    """Return the global names after running a module."""
    names = {}
    exec(text, names)
    return names


def test_what_is_imported_comes_first_and_once():
    made = merge(
        'top',
        ('low', 'middle'),
        top='import sys\nfrom .middle import two\nfrom .low import one as eins\nvalue = eins(), two(), sys.maxsize\n',
        middle='import sys\nfrom .low import one\ndef two(): return one() + 1\n',
        low='def one(): return 1\n',
    )
    assert list(made) == ['top'] and made['top'].count('import') == 1
    assert run(made['top'])['value'][:2] == (1, 2)


def test_names_of_two_things_are_made_different():
    made = merge(
        'b',
        ('a',),
        a='_count = 1\ndef get():\n    global _count\n    _count += 1\n    return _count\ndef both(): return 1\n',
        b='from .a import get\n_count = 10\ndef own(): return _count\ndef both(): return 2\n'
        'value = get(), own(), both()\n',
    )
    assert run(made['b'])['value'] == (2, 10, 2)


def test_others_are_led_to_where_it_is_now():
    made = merge(
        'b', ('a',), a='def one(): return 1\n', b='x = 2\n', user='from .a import one as eins\nfrom .b import x\n'
    )
    assert made['user'].split('\n') == ['from pack.b import one as eins', 'from pack.b import x']


def test_an_import_within_a_function_is_no_more_needed():
    made = merge('b', ('a',), a='def late():\n    from .b import x\n    return x\n', b='from .a import late\nx = 2\n')
    assert run(made['b'])['late']() == 2


@pytest.mark.parametrize(
    ('texts', 'why'),
    [
        ({'a': 'from .b import x\ny = 1\n', 'b': 'from .a import y\nx = 1\n'}, 'import each other'),
        ({'b': 'def f(): pass\n', 'a': 'def f(): pass\ndef g(f): return f\n'}, 'becomes _?f'),
    ],
)
def test_what_cannot_be_merged_is_said(texts, why):
    with pytest.raises(ValueError, match=why):
        merge('a', ('b',), **texts)

"""Shows what faults `make mutants` makes, and which tests a fault meets."""

import pytest

from tools import mutants, mutation


def made(source):
    """Returns the texts of all mutants of a source."""
    return [mutant.apply(source) for mutant in mutation.mutants(source)]


@pytest.mark.parametrize(
    'source, wanted',
    [
        ('a = b < c', ['a = b <= c']),
        ('a = b is not c', ['a = b is c']),
        ('a = (b) in (c)', ['a = (b) not in (c)']),
        ('a = b and c', ['a = c', 'a = b', 'a = b or c']),
        ('a = not b', ['a = b']),
        ('a = b << c', ['a = b >> c']),
        ('a = 5', ['a = 6']),
        ('a = True', ['a = False']),
        ("a = 'Grüße €' + b", ["a = 'rüße €' + b", "a = 'Grüße €' - b"]),
        ('a.b = c', ['pass']),
        ('if a:\n    b()\n', ['if not (a):\n    b()\n', 'if a:\n    pass\n']),
        ('while True:\n    break\n', ['while False:\n    break\n', 'while True:\n    continue\n']),
        ('def f():\n    """Words."""\n    return a\n', ['def f():\n    """Words."""\n    return None\n']),
    ],
)
def test_faults(source, wanted):
    assert sorted(made(source)) == sorted(wanted)


@pytest.mark.parametrize('source', ["raise ValueError('words')", "__slots__ = ('a', 'b')", "log('words')", '"words"'])
def test_words_for_people_are_left_alone(source):
    assert set(made(source)) <= {'pass'}


def test_a_fault_knows_the_lines_of_its_statement():
    found = mutation.mutants('if a == (\n    1\n):\n    b(\n        2\n    )\n')
    assert {mutant.kind: (mutant.line, list(mutant.lines)) for mutant in found} == {
        '== → !=': (1, [1, 2, 3]),
        '1 → 2': (2, [1, 2, 3]),
        'left out': (4, [4, 5, 6]),
        '2 → 3': (5, [4, 5, 6]),
    }


def test_a_fault_meets_the_tests_that_run_its_line_and_those_that_know_its_module_first():
    fault = mutation.Mutant(0, 1, '', 7, range(7, 9), 'left out')
    tests = {
        'slow': {'seconds': 50, 'lines': {'source': [7, 8, 9]}},
        'elsewhere': {'seconds': 1, 'lines': {'source': [1], 'other': [7]}},
        'quick': {'seconds': 2, 'lines': {'source': [8]}},
        'beyond the time': {'seconds': 40, 'lines': {'source': [7]}},
    }
    assert mutants.judges(fault, 'source', tests) == ['quick', 'slow']


def test_a_larger_sample_holds_the_smaller_one():
    source = 'modules/MicroWebSrv2/webRoute.py'
    few, more = (mutants.choose([source], count, '1') for count in (5, 10))
    assert len(few) == 5 and few == more[:5]

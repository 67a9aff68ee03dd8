"""The device's configuration: config.json with its defaults and faults, on every target; its table in the docs.

By hypothesis: whatever a file holds, the device comes up with a whole configuration, and each fault stands in one line.
"""

import json

import checks_config  # noqa: F401 (puts the package firmware on the path)
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.checks import names_of

from firmware import config
from tools import config_table


@pytest.mark.parametrize('check', names_of('checks_config'))
def test_config(device, check):
    device.check('checks_config', check)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-10, 70000)
    | st.floats()
    | st.text(max_size=40)
    | st.text(st.characters(), min_size=1, max_size=12)  # with halves of surrogate pairs
    | st.sampled_from(['', '10.0.0.1', 'light', 'XX', 'www', 'password', 'ab' * 32])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
GROUPS = {row.split(' ')[0].rpartition('.')[0] for row in config.SCHEMA.split('\n')} - {''}
NAMES = sorted({row.split(' ')[0].rpartition('.')[2] for row in config.SCHEMA.split('\n')})
KEYS = st.sampled_from(NAMES) | st.text(max_size=12)
OBJECTS = st.dictionaries(
    st.sampled_from(sorted(GROUPS)) | KEYS,
    VALUES | st.dictionaries(KEYS, SCALARS, max_size=4),
    max_size=6,
)


def keys_of(values):
    """The shape of a configuration: its keys, group by group."""
    return {key: set(values[key]) if key in GROUPS else None for key in values}


@settings(max_examples=500, deadline=None)
@given(OBJECTS | VALUES)
def test_any_object_gives_a_whole_configuration_that_is_right(tmp_path_factory, given_object):
    path = tmp_path_factory.getbasetemp() / 'any.json'
    path.write_text(json.dumps(given_object), encoding='utf-8')
    values, faults = config.load(str(path))
    assert keys_of(values) == keys_of(config.check({})[0])
    assert config.check(values) == (values, [])
    for fault in faults:
        fault.encode('utf-8')
        assert fault.isprintable() and len(fault) < 160


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 60))
def test_any_bytes_give_a_whole_configuration(tmp_path_factory, noise, place):
    path = tmp_path_factory.getbasetemp() / 'noise.json'
    right = b'{"hostname": "a", "server": {"port": 81}, "demo": false}'
    path.write_bytes(right[:place] + noise + right[place:])
    assert keys_of(config.load(str(path))[0]) == keys_of(config.check({})[0])


def test_the_table_in_the_docs_is_the_one_in_the_code():
    rows = config_table.rows_of(config_table.SOURCE.read_text(encoding='utf-8'))
    assert [' '.join(row[:4]) for row in rows] == config.SCHEMA.split('\n')
    assert config_table.main(['--check']) == 0, 'run: python -m tools.config_table'

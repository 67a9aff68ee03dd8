"""Cookies: the functions on the target, and what is set is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from MicroWebSrv2.libs.cookies import cookie, parse_cookies
from support.checks import names_of


@pytest.mark.parametrize('check', names_of('checks_cookies'))
def test_cookies(device, check):
    device.check('checks_cookies', check)


OCTETS = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",;\\']
NAMES = st.text("!#$%&'*+-.^_`|~abcXYZ019", min_size=1)


@given(st.dictionaries(NAMES, st.text(OCTETS)))
def test_what_is_set_is_read_again(cookies):
    sent = [cookie(name, value, None, None, None, False, False, None, None) for name, value in cookies.items()
            if not name.startswith('__')]  # fmt: skip
    assert parse_cookies('; '.join(sent).encode()) == {n: v for n, v in cookies.items() if not n.startswith('__')}


@given(st.binary())
def test_no_bytes_are_too_odd(data):
    for name, value in parse_cookies(data).items():
        assert name and ';' not in name + value

"""The request parser without sockets: vectors on every target; by hypothesis, that no cut changes an outcome."""

import checks_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs.httpHead import HttpError, is_token, parse_head
from support.checks import names_of

ON_BOARD = True


@pytest.mark.parametrize('check', names_of('checks_parser'))
def test_parser(device, check):
    device.check('checks_parser', check)


REQUESTS = [data for _, data, _ in checks_parser.VALID] + [data for _, data, _ in checks_parser.INVALID]


def cut(data, places):
    """Cuts data at the places (any numbers)."""
    borders = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in zip(borders, borders[1:])]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=4), st.lists(st.integers(0, 10000), max_size=30))
def test_pipelines_of_any_requests_are_parsed_alike_in_any_pieces(requests, places):
    data = b''.join(requests)
    assert checks_parser.outcome(cut(data, places)) == checks_parser.outcome([data])


FRAGMENTS = st.sampled_from(
    [
        b'GET',
        b'POST',
        b' ',
        b'/',
        b'/path',
        b'HTTP/1.1',
        b'HTTP/1.0',
        b'HTTP/2.0',
        b'\r\n',
        b'\r\n\r\n',
        b'\r',
        b'\n',
        b':',
        b'Host: h',
        b'Content-Length: 3',
        b'Transfer-Encoding: chunked',
        b'abc',
        b'0',
        b'3',
        b';',
        b'\t',
        b'\0',
        b'\xff',
        b'A: b',
        b'x' * 30,
        b'GET / HTTP/1.1\r\nHost: h\r\n',
        b'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n',
        b'3\r\nabc\r\n',
        b'0\r\n\r\n',
        b'\r\n\r\n\r\n',
        b'1\r\na\r\n2\r\nbc\r\n',
        b'\r\n1;x\r\n',
        b'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n',
    ]
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(FRAGMENTS, max_size=25), st.lists(st.integers(0, 10000), max_size=20), st.sampled_from([40, 100, 2000]))
def test_any_bytes_are_parsed_alike_in_any_pieces(fragments, places, max_head):
    data = b''.join(fragments)
    whole = checks_parser.outcome([data], max_head)
    assert checks_parser.outcome(cut(data, places), max_head) == whole
    assert checks_parser.outcome([data[i : i + 1] for i in range(len(data))], max_head) == whole


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_parse_head_gives_a_request_or_an_http_error(data):
    for head in (data, b'GET / HTTP/1.1\r\nHost: h\r\n' + data):
        try:
            method, target, path, query, (version, headers, keep_alive, length) = parse_head(head + b'\r\n\r\n')
        except HttpError as error:
            assert 400 <= error.status < 600 and error.text
        else:
            assert is_token(method) and (target.startswith(b'/') or target == b'*') and version.startswith(b'HTTP/1.')
            assert all(is_token(name) and name == name.lower() for name in headers)
            controls = [byte for byte in range(128) if byte < 32 and byte != 9 or byte == 127]
            assert not any(byte in value for value in [target, *headers.values()] for byte in controls)
            assert target == path + (b'?' if len(target) > len(path) else b'') + query
            assert length >= -1 and keep_alive in (True, False)

"""Shows that our SHA-1 gives what hashlib's gives, for every message length around the block size."""

import hashlib
import importlib.util
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

_PATH = Path(__file__).resolve().parents[2] / 'modules' / 'MicroWebSrv2' / 'libs' / 'sha1.py'
_SPEC = importlib.util.spec_from_file_location('sha1_under_test', _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
sha1 = _MODULE.sha1


def test_every_length_around_the_block_size():
    for size in range(130):
        message = bytes(range(256))[:size]
        assert sha1(message).digest() == hashlib.sha1(message).digest(), size


def test_the_handshake_of_rfc_6455_section_1_3():
    accept = sha1(b'dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest()
    assert accept.hex() == 'b37a4f2cc0624f1690f64606cf385945b2bec4ea'


@given(st.binary(max_size=300))
def test_any_message(message):
    assert sha1(bytearray(message)).digest() == hashlib.sha1(message).digest()
    assert sha1(memoryview(message)).digest() == hashlib.sha1(message).digest()

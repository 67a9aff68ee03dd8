"""Compressed WebSocket messages (RFC 7692): offers, messages in any segmentation, limits. CPython only."""

import os
import zlib

import pytest
from checks_websocket import Client, Peer, Request, Server
from checks_ws_frames import masked
from hypothesis import given
from hypothesis import strategies as st
from MicroWebSrv2.host.deflate import window_bits
from MicroWebSrv2.mods.WebSockets import WebSockets
from support.client import TIMEOUT
from websockets.sync.client import connect

TEXT, BINARY, COMPRESSED = 0x81, 0x82, 0x40
OFFER = 'permessage-deflate'


class Compressing(Peer):
    """A peer that has negotiated compression."""

    def __init__(self, offer=OFFER, received=b'', limit=1000):
        self.client = Client()
        self.server = Server()
        self.events = []
        self.before = None
        self.module = WebSockets()
        self.module.Compression = True
        self.module.OnWebSocketAccepted = self.accepted
        self.request = Request(self.client, received, extensions=offer)
        self.module.OnRequest(self.server, self.request)
        self.web_socket.MaxRecvMessageLength = limit

    def accepted(self, microWebSrv2, webSocket):
        Peer.accepted(self, microWebSrv2, webSocket)
        webSocket.OnBinaryMessage = lambda ws, msg: self.events.append(bytes(msg))


def close_code(peer):
    """Returns the code of the Close frame that a peer was sent last."""
    frame = peer.client.sent[-1]
    assert frame[0] == 0x88
    return int.from_bytes(frame[2:4], 'big')


def deflated(data, bits=15):
    """Compresses a message."""
    deflater = zlib.compressobj(wbits=-bits)
    return (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflated(frame):
    """Returns (first byte, message) of a frame of the server's."""
    first, size = frame[0], frame[1]
    start = 2 if size < 126 else 4 if size == 126 else 10
    payload = frame[start:]
    return first, zlib.decompressobj(-15).decompress(payload + b'\0\0\xff\xff') if first & COMPRESSED else payload


# --- offers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'offer, bits',
    [
        ('permessage-deflate', 15),
        (' permessage-deflate ; client_max_window_bits', 15),
        ('permessage-deflate; client_max_window_bits=10', 15),
        ('permessage-deflate; server_max_window_bits=9', 9),
        ('permessage-deflate; server_max_window_bits="12"; server_no_context_takeover', 12),
        ('permessage-deflate; client_no_context_takeover', 15),
        ('permessage-deflate; server_max_window_bits=8', None),  # zlib has no such window
        ('permessage-deflate; server_max_window_bits', None),
        ('permessage-deflate; server_max_window_bits=16', None),
        ('permessage-deflate; server_max_window_bits=09', None),
        ('permessage-deflate; client_max_window_bits=7', None),
        ('permessage-deflate; server_no_context_takeover=1', None),
        ('permessage-deflate; client_max_window_bits; client_max_window_bits', None),
        ('permessage-deflate; other', None),
        ('x-webkit-deflate-frame', None),
        ('', None),
    ],
)
def test_offers(offer, bits):
    assert window_bits(offer) == bits


@given(st.text(alphabet='permessage-deflate;=" 0123456789_cntwdowbik', max_size=80))
def test_any_offer_is_read(offer):
    assert window_bits(offer) in (None, *range(9, 16))


def test_the_first_offer_that_can_be_met_is_accepted():
    peer = Compressing(
        'foo, permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10'
    )
    assert peer.request.Response.headers['Sec-WebSocket-Extensions'] == (
        'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10'
    )


def test_without_an_offer_nothing_is_compressed():
    for peer in (Compressing(''), Compressing('foo'), Peer()):
        assert 'Sec-WebSocket-Extensions' not in peer.request.Response.headers
        peer.web_socket.SendTextMessage('a' * 500)
        assert inflated(peer.client.sent[-1]) == (TEXT, b'a' * 500)
        peer.receive(masked(TEXT | COMPRESSED, deflated(b'x')))
        assert close_code(peer) == 1002


# --- receiving --------------------------------------------------------------------------------------------------------


def frames_of(first, payload, cuts):
    """Returns a message as frames, cut at these places."""
    places = [0, *sorted({cut % (len(payload) + 1) for cut in cuts}), len(payload)]
    pieces = [payload[start:end] for start, end in zip(places, places[1:])]
    frames = []
    for number, piece in enumerate(pieces):
        opcode = (first & 0x7F) if number == 0 else 0
        frames.append(masked(opcode | (0x80 if number == len(pieces) - 1 else 0), piece))
    return b''.join(frames)


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=200), st.lists(st.integers(0, 300), max_size=3))), st.data())
def test_messages_in_any_segmentation(messages, data):
    stream, expected = b'', []
    for compressed, text, cuts in messages:
        payload = text.encode()
        first = TEXT | COMPRESSED if compressed else TEXT
        stream += frames_of(first, deflated(payload) if compressed else payload, cuts)
        expected.append(text)
    peer = Compressing(received=stream[: data.draw(st.integers(0, 3))])
    rest = stream[len(peer.request.detach()) :]
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        peer.receive(rest[:size])
        rest = rest[size:]
    assert peer.events == expected


def test_binary_messages():
    peer = Compressing()
    peer.receive(masked(BINARY | COMPRESSED, deflated(b'\0\xff' * 100)), masked(BINARY, b'plain'))
    assert peer.events == [b'\0\xff' * 100, b'plain']


def test_a_block_that_says_that_it_is_the_last():
    """RFC 7692 section 7.2.3.5."""
    peer = Compressing()
    peer.receive(masked(TEXT | COMPRESSED, bytes.fromhex('f348cdc9c9070000')))
    final = zlib.compressobj(wbits=-15)
    peer.receive(masked(TEXT | COMPRESSED, final.compress(b'two ') + final.flush() + deflated(b'blocks')))
    assert peer.events == ['Hello', 'two blocks']


@pytest.mark.parametrize(
    'payload, code',
    [
        (b'\xff\xff\xff', 1007),  # no such block
        (deflated(b'\xff'), 1007),  # no UTF-8
        (deflated(b'x' * 1001), 1009),
        (deflated(bytes(100_000_000)), 1009),  # in less than 100 KB: more than the limit as it came
        (deflated(bytes(500_000)), 1009),  # in less than the limit
    ],
)
def test_what_cannot_be_taken(payload, code):
    peer = Compressing()
    peer.receive(masked(TEXT | COMPRESSED, payload), masked(TEXT, b'next'))
    assert (close_code(peer), peer.events) == (code, [])


def test_the_limit_is_met_exactly():
    peer = Compressing()
    peer.receive(masked(TEXT | COMPRESSED, deflated(b'x' * 1000)))
    assert peer.events == ['x' * 1000]


def test_a_bomb_is_not_inflated(monkeypatch):
    made = []

    class Inflater:
        unused_data = b''

        def decompress(self, data, size):
            made.append(size)
            return b'x' * size

    monkeypatch.setattr(zlib, 'decompressobj', lambda bits: Inflater())
    peer = Compressing()
    peer.receive(masked(TEXT | COMPRESSED, b'bomb'))
    assert (made, close_code(peer)) == ([1001], 1009)


@pytest.mark.parametrize('first', [TEXT | 0x60, TEXT | 0x50, 0x80 | COMPRESSED, 0x89 | COMPRESSED, 0x83 | COMPRESSED])
def test_reserved_bits_where_they_mean_nothing(first):
    peer = Compressing()
    peer.receive(masked(first, b''))
    assert (close_code(peer), peer.events[:1]) == (1002, ['closed True'])


def test_a_compressed_frame_within_a_message():
    peer = Compressing()
    peer.receive(masked(0x01, b'begin'), masked(TEXT | COMPRESSED, deflated(b'x')))
    assert close_code(peer) == 1002


# --- sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('bits', [9, 15])
def test_messages_are_compressed(bits):
    peer = Compressing(f'permessage-deflate; server_max_window_bits={bits}')
    text = 'h\xe4' * 5000
    assert peer.web_socket.SendTextMessage(text)
    assert inflated(peer.client.sent[-1]) == (TEXT | COMPRESSED, text.encode())
    assert len(peer.client.sent[-1]) < 200
    noise = os.urandom(3000)
    assert peer.web_socket.SendBinaryMessage(noise)
    assert inflated(peer.client.sent[-1]) == (BINARY | COMPRESSED, noise)
    assert peer.web_socket.SendBinaryMessage(memoryview(b'b' * 3000))
    assert inflated(peer.client.sent[-1]) == (BINARY | COMPRESSED, b'b' * 3000)
    assert peer.web_socket.SendTextMessage('short')
    assert inflated(peer.client.sent[-1]) == (TEXT, b'short')
    peer.web_socket.Close()
    assert not peer.web_socket.SendTextMessage(text) and not peer.web_socket.SendBinaryMessage(noise)


def test_wrong_messages():
    web_socket = Compressing().web_socket
    for msg in (b'bytes', None, 1):
        with pytest.raises(ValueError, match='msg'):
            web_socket.SendTextMessage(msg)
    for msg in ('text', None, 5):
        with pytest.raises(ValueError, match='msg'):
            web_socket.SendBinaryMessage(msg)


def test_a_broadcast_reaches_all():
    peers = [Compressing(), Peer()]
    assert WebSockets.Broadcast([peer.web_socket for peer in peers], 'all' * 100) == 2
    assert [inflated(peer.client.sent[-1]) for peer in peers] == [(TEXT, b'all' * 100)] * 2


@pytest.mark.needs('cpython')
@pytest.mark.app('wsapp', compression=True)
def test_the_library_websockets_as_client(server):
    with connect(f'ws://{server.host}:{server.port}/echo', open_timeout=TIMEOUT, compression='deflate') as client:
        assert [extension.name for extension in client.protocol.extensions] == [OFFER]
        for message in ('', 'h\xe4', 'x' * 100_000, b'\0' * 100_000, os.urandom(50_000), b''):
            client.send(message)
            assert client.recv(TIMEOUT) == message

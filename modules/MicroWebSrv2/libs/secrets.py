"""Keyed hashes, passwords and random tokens: HMAC (RFC 2104) and PBKDF2 (RFC 8018) with SHA-256."""

import sys
from binascii import a2b_base64, b2a_base64, hexlify
from hashlib import sha256
from os import urandom

_SCHEME = 'pbkdf2-sha256'
_SALT = 16  # bytes (RFC 8018 section 4.1 asks for 8)
_MAX_COUNT = 10_000_000  # of a stored password: more would hold the server for ever
IS_BOARD = sys.implementation.name == 'micropython'
COUNT = 1000 if IS_BOARD else 600_000  # of PBKDF2: what takes about as long everywhere


def new_token():
    """Return a token that nobody guesses: str of 128 random bits, in hexadecimal."""
    return hexlify(urandom(16)).decode()


if IS_BOARD:

    class _Hmac:
        """HMAC with one key. key: bytes."""

        def __init__(self, key):
            if len(key) > 64:
                key = sha256(key).digest()
            key = key + bytes(64 - len(key))
            self._inner = bytes([byte ^ 0x36 for byte in key])
            self._outer = bytes([byte ^ 0x5C for byte in key])

        def digest(self, data):
            """Return the code of bytes, 32 bytes."""
            inner = sha256(self._inner)
            inner.update(data)
            outer = sha256(self._outer)
            outer.update(inner.digest())
            return outer.digest()

    def hmac_sha256(key, data):
        """Return the code of data under a key: 32 bytes. key, data: bytes."""
        return _Hmac(key).digest(data)

    def pbkdf2_sha256(password, salt, count):
        """Return the key that a password gives (RFC 8018 section 5.2): 32 bytes, one block.

        password, salt: bytes. count: int, 1 or more, the rounds.
        """
        digest = _Hmac(password).digest
        block = digest(salt + b'\0\0\0\1')
        sum_ = int.from_bytes(block, 'big')
        for _ in range(count - 1):
            block = digest(block)
            sum_ ^= int.from_bytes(block, 'big')
        return sum_.to_bytes(32, 'big')

else:
    import hmac
    from hashlib import pbkdf2_hmac

    def hmac_sha256(key, data):
        """Return the code of data under a key: 32 bytes. key, data: bytes."""
        return hmac.digest(key, data, 'sha256')

    def pbkdf2_sha256(password, salt, count):
        """Return the key that a password gives (RFC 8018 section 5.2): 32 bytes.

        password, salt: bytes. count: int, 1 or more, the rounds.
        """
        return pbkdf2_hmac('sha256', password, salt, count)


def to_text(data):
    """Return bytes as base64, str without a line's end."""
    return b2a_base64(data).decode().strip()


def stored_password(password, count):
    """Return what is stored of a password: str, its scheme, count, salt and key. password: str. count: int."""
    salt = urandom(_SALT)
    key = pbkdf2_sha256(password.encode(), salt, count)
    return '$'.join((_SCHEME, str(count), to_text(salt), to_text(key)))


def parse_stored(stored):
    """Return (count, salt, key) of what stored_password() gave. Raise ValueError for anything else."""
    parts = stored.split('$')
    if len(parts) == 4 and parts[0] == _SCHEME and parts[1].isdigit() and 0 < int(parts[1]) <= _MAX_COUNT:
        salt, key = a2b_base64(parts[2]), a2b_base64(parts[3])
        if len(salt) >= 8 and len(key) == 32:
            return int(parts[1]), salt, key
    raise ValueError('A stored password is what HashPassword() gives.')

"""SHA-1 (FIPS 180-4, section 6.1.2) for firmware whose hashlib lacks it: the WebSocket handshake
needs it (RFC 6455, 4.2.2).
"""


class sha1:
    """Hashes one message, with the names of hashlib: `sha1(data).digest()`."""

    def __init__(self, data):
        """`data` is the whole message, a bytes-like object of less than 2**29 bytes."""
        self._data = data

    def digest(self):
        """Returns the hash, 20 bytes."""
        size = len(self._data)
        data = bytes(self._data) + b'\x80' + b'\0' * ((55 - size) % 64) + (size << 3).to_bytes(8, 'big')
        state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
        for start in range(0, len(data), 64):
            # The last 16 words of the message schedule are enough: each new one takes the place of the oldest.
            words = [int.from_bytes(data[i : i + 4], 'big') for i in range(start, start + 64, 4)]
            a, b, c, d, e = state
            for i in range(80):
                word = words.pop(0)
                mixed = word ^ words[1] ^ words[7] ^ words[12]
                words.append((mixed << 1 | mixed >> 31) & 0xFFFFFFFF)
                if i < 20:
                    e += (b & c | (b ^ 0xFFFFFFFF) & d) + 0x5A827999
                elif i < 40:
                    e += (b ^ c ^ d) + 0x6ED9EBA1
                elif i < 60:
                    e += (b & c | d & (b | c)) + 0x8F1BBCDC
                else:
                    e += (b ^ c ^ d) + 0xCA62C1D6
                e = (e + (a << 5 | a >> 27) + word) & 0xFFFFFFFF
                a, b, c, d, e = e, a, (b << 30 | b >> 2) & 0xFFFFFFFF, c, d
            state = [(x + y) & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d, e))]
        return b''.join([x.to_bytes(4, 'big') for x in state])

"""What strictJson needs of CPython: json.dumps() makes an encoder each time, and json.loads() takes NaN."""

from json import JSONDecoder, JSONEncoder
from json.encoder import c_make_encoder, encode_basestring_ascii

NAN = 'NaN'
INFINITY = 'Infinity'


def _refuse(word):
    raise ValueError('JSON has no %s.' % word)


loads = JSONDecoder(parse_constant=_refuse).decode
dumps = JSONEncoder().encode

if c_make_encoder:  # where the module is written in C
    _encode = c_make_encoder(None, JSONEncoder().default, encode_basestring_ascii, None, ': ', ', ', False, False, True)

    def dumps(obj):
        """Return the JSON text of a value: str. obj: any object. Raise TypeError, RecursionError or ValueError."""
        return ''.join(_encode(obj, 0))

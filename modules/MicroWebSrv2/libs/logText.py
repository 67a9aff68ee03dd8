"""What a server's log lines are made of."""

import sys

_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR')


def level_name(level):
    """Return str: the name of a level of MicroWebSrv2's, or the level itself."""
    return _LEVELS[level] if level in (0, 1, 2, 3) else str(level)


def printable(text):
    """Return a text as one entry of a log: what a client has sent can neither begin a line nor move the cursor.

    Control characters are written as escapes; lines after the first are indented.
    """
    for character in text:
        if character < ' ' or '\x7f' <= character < '\xa0':
            return ''.join([_escaped(character) for character in text])
    return text


def _escaped(character):
    if character == '\n':
        return '\n    '
    is_plain = character >= ' ' and not '\x7f' <= character < '\xa0' or character == '\t'
    return character if is_plain else '\\x%02x' % ord(character)


def traceback_of(error):
    """Return the traceback of an exception, str, or None where this firmware cannot make one but on the console."""
    try:
        from io import StringIO
    except ImportError:
        return None
    out = StringIO()
    if hasattr(sys, 'print_exception'):
        sys.print_exception(error, out)
    else:
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__, file=out)
    return out.getvalue().strip()

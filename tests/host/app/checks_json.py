"""JSON on the target: what is written and read, what is not, how deeply, and in which time."""

from checking import equal, raises
from MicroWebSrv2.libs.strictJson import MAX_DEPTH, dumps_strict, loads_strict

NAN = float('nan')
INFINITY = float('inf')


def check_values_are_written_and_read():
    for value in (None, True, 0, -5, 1.5, 'a"\\/\u20ac', [], {}, [1, [2, {'a': None}]], {'b': [True, 'x']}, 'nan inf'):
        equal(loads_strict(dumps_strict(value)), value)


def check_numbers_that_json_lacks_are_not_written():
    for number, name in ((NAN, 'nan'), (INFINITY, 'inf'), (-INFINITY, '-inf')):
        for value in (number, [1, number], {'a': {'b': number}}, ['nan"\\', 'inf', number], {'inf': number, 'x"': 1}):
            error = raises(ValueError, dumps_strict, value)
            equal(str(error), 'JSON has no %s.' % name)


def check_words_in_strings_are_no_numbers():
    for text in ('nan', 'banana', 'info', 'a "nan" b', '\\"inf', '\\', 'inf\\', '": nan'):
        for value in (text, [text], {text: text}, [text, 'nan', text]):
            equal(loads_strict(dumps_strict(value)), value)


def check_numbers_that_json_lacks_are_not_read():
    for text in ('NaN', 'Infinity', '-Infinity', '[NaN]', '{"a": -Infinity}', 'nan', 'inf', '-inf', '[1e999]'):
        equal(loads_strict(text), None)
        equal(loads_strict(text.encode()), None)
    for text in ('-1E999', '{"a": [1.5e+999]}', '9' * 400 + '.0', '["e", 1e999]'):
        equal(loads_strict(text), None)
    equal(loads_strict('["NaN", 1e3, "3e", 1E2]'), ['NaN', 1000, '3e', 100])


def check_any_kind_of_text_is_read():
    data = '{"a": "\u20ac"}'.encode()
    for text in (str(data, 'utf-8'), data, bytearray(data), memoryview(data)):
        equal(loads_strict(text), {'a': '\u20ac'})


def check_a_byte_order_mark_is_skipped():
    for text in (b'\xef\xbb\xbf{"a": 1}', '\ufeff{"a": 1}', memoryview(b'\xef\xbb\xbf {"a": 1}')):
        equal(loads_strict(text), {'a': 1})
    for text in (b'\xef\xbb\xbf', b'\xef\xbb\xbf\xef\xbb\xbf1', b'\xef\xbb1'):
        equal(loads_strict(text), None)


def check_what_is_no_json_is_none():
    for text in ('', ' ', '{', '[1,', '[[1], [{}', '{"a]": [1}', 'tru', "'a'", '"a', '1 2', '{1: 2}x', 'a', '\x00'):
        equal(loads_strict(text), None)
    for data in (b'\xff', b'"\xe4"', b'{"a": "\xc3"}', b'{"a": 1', b'{\x00"\x00a\x00'):
        equal(loads_strict(data), None)


def nested(depth, opening='[', closing=']'):
    """Returns a JSON text that is nested so deeply."""
    return opening * depth + '1' + closing * depth


def depth_of(value):
    """Returns how deeply a value is nested, without recursion."""
    depth = 0
    while isinstance(value, (list, dict)):
        depth += 1
        value = value[0] if isinstance(value, list) else value['"]'] if '"]' in value else value['a']
    return depth


def check_what_is_nested_too_deeply_is_none():
    for opening, closing in (('[', ']'), ('{"a":', '}'), ('{"\\"]":', '}')):
        equal(depth_of(loads_strict(nested(MAX_DEPTH, opening, closing))), MAX_DEPTH)
        for depth in (MAX_DEPTH + 1, MAX_DEPTH + 2, 1000, 5000):
            equal(loads_strict(nested(depth, opening, closing)), None)
            equal(loads_strict(opening * depth), None)
    equal(depth_of(loads_strict('[' * 32 + nested(32, '{"a":', '}') + ']' * 32)), 64)
    equal(loads_strict('[' * 32 + nested(33, '{"a":', '}') + ']' * 32), None)


def check_brackets_that_do_not_nest_are_taken():
    for value in (
        [[i] for i in range(100)],
        ['[' * 100, '{' * 100],
        ['\\' * 3 + '"' + '[' * 100, '"' * 9 + '{' * 100],
        [{'a"[[[': [i, '\\']} for i in range(70)],
        {'[' * 100: ']' * 200},
    ):
        text = dumps_strict(value)
        equal(loads_strict(text), value)


def check_a_depth_that_is_reached_among_other_brackets():
    for depth, is_taken in ((MAX_DEPTH - 1, True), (MAX_DEPTH, False)):
        for other in ('[],', '{"a": 1},', '"[",', '[{}, {}],'):
            equal(loads_strict('[' + other * 70 + nested(depth) + ']') is not None, is_taken)
    equal(loads_strict('"' + '[' * 100 + '"'), '[' * 100)


def check_strings_hide_no_depth():
    deep = nested(MAX_DEPTH + 1)
    for text in (
        '["\\\\", %s]',
        '["\\"", %s]',
        '["\\\\\\"", %s]',
        '["]]]]]]", %s]',
        '{"a": "\\\\\\\\", "b": %s}',
        '["", %s]',
    ):
        equal(loads_strict(text % deep), None)
        equal(loads_strict(text % '1') is None, False)


def check_broken_strings_end():
    for text in ('["' + '[' * 100, '["\\', '["' + '\\' * 1001 + '[' * 100, '[' * 65 + '"', '"' * 101 + '[' * 100):
        equal(loads_strict(text), None)

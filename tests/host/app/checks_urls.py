"""Queries and forms on the target: fields, their number, several values of a name."""

from checking import equal
from MicroWebSrv2.libs.urlUtils import MAX_FIELDS, count_fields, decode_text, parse_query, query_values, unquote_bytes


def check_fields_of_queries():
    for data, pairs in (
        (b'', {}),
        (b'a', {'a': ''}),
        (b'a=', {'a': ''}),
        (b'=b', {'': 'b'}),
        (b'a=b', {'a': 'b'}),
        (b'a=b=c', {'a': 'b=c'}),
        (b'a=1&b=2', {'a': '1', 'b': '2'}),
        (b'&&a=1&&b=2&', {'a': '1', 'b': '2'}),
        (b'a=1&a=2&a=3', {'a': '3'}),
        (b'a+b=c+d%2B', {'a b': 'c d+'}),
        (b'%61=%C3%BC%26%3D', {'a': '\xfc&='}),
        (b'a=%', {'a': '%'}),
        (b'a=%zz%4', {'a': '%zz%4'}),
        (b'a=%FF', {'a': '\xff'}),
    ):
        equal(parse_query(data), pairs)


def check_all_values_of_a_name():
    data = b'day=0&other=9&day=3+4&d%61y=5&&day&day=%C3%BC'
    equal(query_values(data, 'day'), ['0', '3 4', '5', '', '\xfc'])
    equal(query_values(data, 'other'), ['9'])
    for name in ('Day', 'da', '', 'day=0'):
        equal(query_values(data, name), [])
    equal(query_values(b'', 'day'), [])
    equal(query_values(b'=1&=2', ''), ['1', '2'])


def check_the_number_of_fields():
    for data, count in ((b'', 0), (b'a', 1), (b'a=1', 1), (b'a=1&b=2', 2), (b'&', 2), (b'a=%26', 1)):
        equal(count_fields(data), count)


def check_no_more_than_so_many_fields_are_taken():
    for count in (MAX_FIELDS - 1, MAX_FIELDS, MAX_FIELDS + 1, 3 * MAX_FIELDS):
        data = b'&'.join([b'a%d=%d' % (i, i) for i in range(count)])
        equal(count_fields(data), count)
        pairs = parse_query(data)
        equal(len(pairs), min(count, MAX_FIELDS))
        equal(pairs['a%d' % (min(count, MAX_FIELDS) - 1)], '%d' % (min(count, MAX_FIELDS) - 1))
        equal(len(query_values(b'&'.join([b'a=1'] * count), 'a')), min(count, MAX_FIELDS))
    equal(parse_query(b'&' * MAX_FIELDS + b'a=1'), {})


def check_bytes_that_are_no_text():
    equal(decode_text(b'\xc3\xbc\xe2\x82\xac'), '\xfc\u20ac')
    equal(decode_text(b'\xfc\x80'), '\xfc\x80')
    equal(unquote_bytes(b'%41%4a%4A%'), b'AJJ%')
    equal(unquote_bytes(b'%%41'), b'%A')
    equal(unquote_bytes(b'%4%41'), b'%4A')

"""Certificates and keys from files: any bytes give a chain and a key, or one line that says what is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from MicroWebSrv2.libs import tlsFiles
from support import certificates as certificates_


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The folder of the keys and certificates."""
    return certificates_.make(tmp_path_factory.mktemp('certificates'))


NAMES = [
    'server.pem',
    'server.key',
    'server.der',
    'server.key.der',
    'pkcs1.der',
    'sec1.key',
    'both.pem',
    'shuffled.pem',
]


def read(paths):
    try:
        return tlsFiles.read_chain([str(path) for path in paths])
    except ValueError as error:
        assert str(error) and '\n' not in str(error)
        return None


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_change_of_a_file_is_read_or_told_in_one_line(folder, data):
    original = (folder / data.draw(st.sampled_from(NAMES))).read_bytes()
    at = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(at, min(len(original), at + 40)))
    path = folder / 'changed'
    path.write_bytes(original[:at] + data.draw(st.binary(max_size=10)) + original[end:])
    read([path, folder / 'server.key'])
    read([folder / 'server.pem', path])


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.binary(max_size=60), st.lists(st.sampled_from([0, 1, 2, 3, 4, 6, 0x30, 0x80, 0x82, 0xFF])).map(bytes))
)
def test_any_bytes_are_nothing_or_told_in_one_line(folder, data):
    path = folder / 'random'
    path.write_bytes(data)
    assert read([path, path]) is None


def test_the_chain_is_put_in_order_without_what_does_not_belong_to_it(folder):
    certificates, kind, key = read([folder / 'leaf.key', folder / 'shuffled.pem'])
    expected = [read([folder / f'{name}.pem', folder / f'{name}.key'])[0][0] for name in ('leaf', 'middle', 'ca')]
    assert certificates == expected and kind == tlsFiles.PKCS8


@pytest.mark.parametrize(
    'name, cert, other', [('server.key', 'server.pem', 'sec1.key'), ('rsa.key', 'rsa.pem', 'pkcs1.key')]
)
def test_a_key_of_pkcs8_becomes_the_traditional_one(folder, name, cert, other):
    _, kind, key = read([folder / name, folder / cert])
    _, expected_kind, expected = read([folder / other, folder / cert])
    assert kind == tlsFiles.PKCS8
    assert tlsFiles.traditional(kind, key) == (expected_kind, expected)
    assert tlsFiles.traditional(expected_kind, expected) == (expected_kind, expected)


@pytest.mark.parametrize(
    'label, said',
    [
        ('OPENSSH PRIVATE KEY', 'ssh-keygen -p -m PEM -f "'),
        ('PKCS7', 'openssl pkcs7 -in "'),
        ('TRUSTED CERTIFICATE', 'openssl x509 -in "'),
    ],
)
def test_other_forms_are_told_with_their_command(tmp_path, label, said):
    path = tmp_path / 'file.pem'
    path.write_text(f'-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n')
    with pytest.raises(ValueError, match=said):
        tlsFiles.read_chain([str(path)])

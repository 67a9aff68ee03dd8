"""Posted forms of both kinds on the wire: small ones whole, large ones part by part, files into their places."""

import checks_multipart
import pytest
from checks_multipart import BOUNDARY, END, FILE, field
from support.client import request_bytes

# A form without content is no form, and the application takes as many parts as the server does.
REFUSED = [entry for entry in checks_multipart.INVALID if entry[0] not in ('nothing', 'many parts')]
TYPE = {'Content-Type': 'multipart/form-data; boundary=' + BOUNDARY.decode()}
URLENCODED = {'Content-Type': 'application/x-www-form-urlencoded'}
FORM = field(b'name', b'Anna') + field(b'f', b'hello', FILE) + field(b'name', b'Eva') + END


@pytest.fixture
def folder(target, tmp_path_factory):
    """The folder of the application's files, empty."""
    if not hasattr(target, 'forms_folder'):
        target.forms_folder = tmp_path_factory.mktemp('forms')
    for path in target.forms_folder.iterdir():
        path.unlink()
    return target.forms_folder


@pytest.fixture(params=[None, 3])
def forms(request, target, folder):
    """The application, in the loop's thread and with workers."""
    found = target.server('content', {'root': target.path(folder), 'threads': request.param})
    found.get('/log')
    yield found
    assert found.alive, found.log()


def test_a_small_form_of_either_kind_is_a_dict(forms):
    with forms.connect() as connection:
        found = connection.request('POST', '/form', TYPE, FORM).json()
        assert found == {'name': 'Eva', 'f': ['f.bin', 'image/png', 'hello']}
        assert connection.request('POST', '/form', URLENCODED, b'a=1&b=%C3%BC+x&a=2').json() == {
            'a': '2',
            'b': '\xfc x',
        }
        assert connection.request('POST', '/form', {'Content-Type': 'text/plain'}, b'a=1').json() == {}
        assert connection.request('POST', '/form', TYPE).json() == {}
        assert connection.is_open()


def test_all_values_of_a_name(forms):
    with forms.connect() as connection:
        assert connection.request('POST', '/values/name?name=1&name=2', TYPE, FORM).json() == [
            ['Anna', 'Eva'],
            ['1', '2'],
        ]
        assert connection.request('POST', '/values/a?b=1', URLENCODED, b'a=1&b=2&a=3').json() == [['1', '3'], []]
        assert connection.request('POST', '/values/a?a=%2b+').json() == [[], ['+ ']]


@pytest.mark.parametrize('path', ['/form', '/files'])
@pytest.mark.parametrize('name, data, status', REFUSED)
def test_what_is_no_form_is_refused(forms, folder, path, name, data, status):
    with forms.connect() as connection:
        assert connection.request('POST', path, TYPE, data).status == status
        assert connection.is_open()
    assert list(folder.iterdir()) == []
    assert len(forms.get('/log').json()) == (path == '/files')


def test_another_type_is_415_where_a_large_form_is_taken(forms):
    assert forms.request('POST', '/files', URLENCODED, b'a=b').status == 415


def test_files_of_a_large_form_take_their_places(forms, folder):
    large = bytes(i * 7 & 255 for i in range(3000000))
    data = (
        field(b'note', b'two')
        + field(b'f', large, FILE)
        + field(b'g', b'', b'; filename=""')
        + field(b'h', b'evil', b'; filename="../../evil.txt"')
        + END
    )
    with forms.connect() as connection:
        found = connection.request('POST', '/files', TYPE, data).json()
        assert found == [
            ['note', 'two'],
            ['f', 'f.bin', 'image/png'],
            ['g', '', 'application/octet-stream'],
            ['h', 'evil.txt', 'application/octet-stream'],
        ]
        assert connection.is_open()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {'f.bin': large, 'evil.txt': b'evil'}
    assert forms.get('/log').json() == []


def test_a_field_of_a_large_form_is_bounded(forms, folder):
    with forms.connect() as connection:
        data = field(b'f', b'first', FILE) + field(b'note', b'x' * 101) + END
        assert connection.request('POST', '/files', TYPE, data).status == 413
    assert list(folder.iterdir()) == []
    assert forms.get('/log').json() == ['A field of a form larger than 100 bytes.']


def test_a_client_that_leaves_in_the_middle_of_a_form_leaves_no_file(forms, folder):
    (folder / 'f.bin').write_bytes(b'old')
    data = field(b'f', b'x' * 10000, FILE) + field(b'g', b'y' * 10000, b'; filename="g"') + END
    for size in (100, 5000, 15000, len(data) - 10):
        with forms.connect() as connection:
            connection.send(
                request_bytes('POST', '/files', {**TYPE, 'Content-Length': str(len(data)), 'Expect': '100-continue'})
            )
            assert connection.receive()  # 100: the handler has run
            connection.send(data[:size])
            connection.abort()
        found = []
        while not found:
            found = forms.get('/log').json()
        assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [('f.bin', b'old')]


def test_a_form_is_refused_in_its_middle(forms, folder):
    with forms.connect() as connection:
        assert connection.request('POST', '/refuses-files', TYPE, FORM).status == 415
        assert connection.is_open()

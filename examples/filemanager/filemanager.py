"""A file manager: lists, uploads (by a browser's form, or PUT with progress), downloads with Range, deletes.

    python filemanager.py [folder] [port]

On a board or in the UNIX firmware, a `main.py` on the flash is `import filemanager; filemanager.register('files')`.
An upload takes the memory of one piece, whatever its size, and takes its place when it is whole.
"""

import os
import sys

from MicroWebSrv2 import DELETE, GET, POST, PUT, MicroWebSrv2, RegisterRoute, UrlUtils
from MicroWebSrv2.libs.multipart import safe_filename

MAX_FILE = 1 << 30  # bytes

PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="UTF-8"><meta name="viewport" content="width=device-width"><title>Files</title>
<h1>Files</h1>
<table id="files">%s</table>
<form action="/upload" method="post" enctype="multipart/form-data">
<p><input type="file" name="file" multiple> <button>Upload</button></p></form>
<p><label>With progress: <input type="file" id="put"></label> <progress id="progress" max="1" value="0"></progress></p>
<script>
document.getElementById('put').onchange = function () {
  const file = this.files[0], request = new XMLHttpRequest();
  request.upload.onprogress = event => { document.getElementById('progress').value = event.loaded / event.total; };
  request.onload = () => { if (request.status < 300) location.reload(); else alert(request.status); };
  request.open('PUT', '/files/' + encodeURIComponent(file.name));
  request.send(file);
};
function remove(name) { fetch('/files/' + encodeURIComponent(name), {method: 'DELETE'}).then(() => location.reload()); }
</script>
</html>
"""
ROW = (
    '<tr><td><a href="/files/%s" download>%s</a><td>%d'
    '<td><button onclick="remove(this.value)" value="%s">Delete</button>'
)

folder = 'files'


def path_of(name):
    """Return the path of a file, str, or None for a name that is not safe. name: str, or int as a route gives it."""
    name = str(name)
    return folder + '/' + name if name and safe_filename(name) == name else None


def existing(args):
    """Return (path, name) of the file that a request names, (None, None) where there is none."""
    name = str(args['name'])
    return (path_of(name), name) if path_of(name) and name in names() else (None, None)


def names():
    """Return the names of the files, sorted."""
    return sorted([name for name in os.listdir(folder) if name[0] != '.'])


def index(microWebSrv2, request):
    """Answer the page."""
    rows = []
    for name in names():
        shown = microWebSrv2.HTMLEscape(name)
        rows.append(ROW % (UrlUtils.Quote(name, ''), shown, os.stat(folder + '/' + name)[6], shown))
    request.Response.ReturnOk(PAGE % ''.join(rows))


def listing(microWebSrv2, request):
    """Answer the names and sizes as JSON."""
    request.Response.ReturnOkJSON([{'name': name, 'size': os.stat(folder + '/' + name)[6]} for name in names()])


def upload(microWebSrv2, request):
    """Take a browser's form: the files are there when the whole form is."""
    request.ReceiveForm(
        None,
        lambda request, part: path_of(part.Filename),
        lambda request: request.Response.ReturnRedirect('/', 303),
        maxLength=MAX_FILE,
    )


def put(microWebSrv2, request, args):
    """Take a file by its name."""
    path = path_of(args['name'])
    if path:
        request.SaveContent(path, maxLength=MAX_FILE)
    else:
        request.Response.ReturnBadRequest()


def download(microWebSrv2, request, args):
    """Answer a file; part of it where the client asks for a range."""
    path, name = existing(args)
    if path:
        request.Response.ReturnFile(path, attachmentName=name)
    else:
        request.Response.ReturnNotFound()


def delete(microWebSrv2, request, args):
    """Remove a file."""
    path, _ = existing(args)
    if path:
        os.remove(path)
        request.Response.Return(204)
    else:
        request.Response.ReturnNotFound()


def register(where):
    """Register the routes for the files of a folder, which is made if it is not there. where: str, its path."""
    global folder
    folder = where
    try:
        os.mkdir(folder)
    except OSError:
        pass  # it is there
    RegisterRoute(index, GET, '/')
    RegisterRoute(listing, GET, '/files')
    RegisterRoute(upload, POST, '/upload', streamContent=True)
    RegisterRoute(put, PUT, '/files/<name>', streamContent=True)
    RegisterRoute(download, GET, '/files/<name>')
    RegisterRoute(delete, DELETE, '/files/<name>')


def main(where='files', port='8080'):
    """Serve a folder's files until Ctrl-C."""
    register(where)
    microWebSrv2 = MicroWebSrv2()
    microWebSrv2.BindAddress = ('0.0.0.0', port)
    microWebSrv2.StartManaged(0)


if __name__ == '__main__':
    main(*sys.argv[1:3])

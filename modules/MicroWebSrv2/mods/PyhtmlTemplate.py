"""PyhtmlTemplate: answers with rendered .pyhtml pages (documentation, section "PyhtmlTemplate Module")."""

import gc
import os
import sys

from ..libs.pyhtmlEngine import INCLUDE, PyhtmlError, Template
from ..libs.staticFiles import find_file, redirect_to_folder
from ..libs.urlUtils import unquote_bytes
from ..libs.XAsyncSockets import allocate_lock
from ..microWebSrv2 import MicroWebSrv2

try:
    import pyhtml_pages  # those that the build of the image has compiled: tools/frozen.py
except ImportError:
    pyhtml_pages = None

_IS_BOARD = sys.implementation.name == 'micropython'
_METHODS = (b'GET', b'HEAD', b'POST')
_LAST_LETTERS = b'lL'  # of .pyhtml
_SLASH = 47
_MAX_TEMPLATES = 16 if _IS_BOARD else 256  # a file has many names where the file system ignores case
_MAX_WHOLE = 8192 if _IS_BOARD else 1 << 20  # bytes; longer pages are sent while they are rendered
_MAX_DEPTH = 8  # pages that include each other
_LINES_AROUND = 3  # of the faulty one, on the debug page

_DEBUG_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%s</title>
<style>body{font:16px sans-serif}pre{background:#eee;padding:1em;overflow:auto}mark{background:#fbb}</style></head>
<body><h1>%s</h1><pre>%s</pre><pre>%s</pre></body></html>
"""


class PyhtmlTemplate:
    """The module, as LoadModule('PyhtmlTemplate') gives it.

    A page is compiled when it is first asked for, and again when its file has changed; those of a firmware's image came
    compiled. It sees `Request` (HttpRequest), `MicroWebSrv2` (the class) and the global variables.
    """

    def __init__(self):
        self._show_debug = False
        self._variables = {'__name__': 'pyhtml', 'MicroWebSrv2': MicroWebSrv2, INCLUDE: self._including}
        self._compiling = allocate_lock()
        self._templates = {}  # by file name: (time and size of the file, Template)
        self._files = {}  # by path of the URL: (root, file name, its identity)
        self._default_pages = 0  # how many were known when it was last seen whether one of them is for us
        self._has_default_page = False

    @property
    def ShowDebug(self):
        """bool: whether a page that fails shows its author what is wrong, and where. False at first."""
        return self._show_debug

    @ShowDebug.setter
    def ShowDebug(self, value):
        """Set it. Raise ValueError for any other value."""
        if not isinstance(value, bool):
            raise ValueError('"ShowDebug" must be a boolean.')
        self._show_debug = value

    def SetGlobalVar(self, globalVarName, globalVar):
        """Define a variable that all pages see.

        globalVarName: str, a name that Python takes; ValueError is raised for any other. globalVar: any object or None.
        """
        _require_name(globalVarName)
        if globalVarName in self._variables:
            self._variables[globalVarName] = globalVar
            return
        try:
            compile(globalVarName + '=0', '', 'exec')
        except SyntaxError:
            raise ValueError('"globalVarName" must be a name that Python takes.') from None
        self._variables[globalVarName] = globalVar
        self._templates.clear()  # the engine wants to know the names when it compiles

    def GetGlobalVar(self, globalVarName):
        """Return a variable that all pages see, None where there is no such variable.

        globalVarName: a non-empty string. Raise ValueError for any other name.
        """
        _require_name(globalVarName)
        return self._variables.get(globalVarName)

    def WantsContent(self, microWebSrv2, request):
        """Return bool: whether a page may read what is posted to it. Arguments as of OnRequest()."""
        path = request.raw_path
        return _is_page(path) or self._may_be_folder(path)

    def OnRequest(self, microWebSrv2, request):
        """Answer GET, HEAD and POST of a page. microWebSrv2: MicroWebSrv2. request: HttpRequest."""
        path = request.parser.path
        if self._default_pages != len(microWebSrv2.default_pages):
            self._look_at_default_pages(microWebSrv2.default_pages)
        # The last letter tells most others at once.
        if self._has_default_page or path[-1] in _LAST_LETTERS:
            if path in self._files or _is_page(path) or self._may_be_folder(path):
                if request.parser.method in _METHODS:
                    found = self._find(microWebSrv2, path)
                    if found and (path[-1] == _SLASH or _is_page(path) or _is_page(unquote_bytes(path))):
                        self._answer(microWebSrv2, request, found)
                    elif found:
                        redirect_to_folder(request)

    def _look_at_default_pages(self, pages):
        """Note whether a page of ours stands for its folder: else routes are not to cost a look at the files."""
        self._default_pages = len(pages)
        self._has_default_page = any(_is_page(page.encode()) for page in pages)

    def _may_be_folder(self, path):
        return self._has_default_page and path.rfind(b'.') <= path.rfind(b'/')

    def _find(self, microWebSrv2, path):
        """Return (filename, stat) of a page, or None."""
        root = microWebSrv2.RootPath
        known = self._files.get(path)
        if known and known[0] == root:
            try:
                stat = os.stat(known[1])
                if known[2] == _identity(stat):
                    return known[1], stat
            except OSError:  # it is gone; another may have come in its place
                pass
        found = find_file(microWebSrv2, path)
        if not found or not _is_page(found[0].encode()):
            return None
        if _is_page(path) and found[0].startswith(root.rstrip('/') + '/'):  # before other places one may come
            if len(self._files) >= _MAX_TEMPLATES:
                self._files.clear()
            self._files[path] = (root, found[0], _identity(found[1]))
        return found

    def ReturnTemplate(self, microWebSrv2, request, filepath):
        """Answer a request with a page, for handlers of routes.

        microWebSrv2: MicroWebSrv2. request: HttpRequest. filepath: str, the page's physical path.
        A page that fails is logged and answers 500. What a page renders is dropped if it answers itself (by
        `Request.Response`).
        """
        self._answer(microWebSrv2, request, (filepath, None))

    def _answer(self, microWebSrv2, request, found):
        """Render and answer. found: (filename, stat or None)."""
        template = None
        try:
            template = self._template(found[0], found[1] or os.stat(found[0]))
            content = template.render(request, None if self._show_debug else _MAX_WHOLE)
        except Exception as error:
            self._return_fault(microWebSrv2, request.Response, found[0], _log(microWebSrv2, template, found[0], error))
            return
        response = request.Response
        if response.HeadersSent:
            return
        media_type = response.ContentType or 'text/html'
        if isinstance(content, bytes):
            response.send(200, media_type, content)
        else:
            response.ContentType = media_type
            response.ReturnStream(200, _LoggedPage(microWebSrv2, template, found[0], content))

    def _template(self, filepath, stat):
        size = stat[6]
        time = getattr(stat, 'st_mtime_ns', stat[8])
        known = self._templates.get(filepath)
        if known and known[0] == time and known[1] == size:
            return known[2]
        self._templates.pop(filepath, None)
        if len(self._templates) >= _MAX_TEMPLATES:
            self._templates.popitem()
        template = pyhtml_pages and template_of_build(pyhtml_pages.load(filepath), filepath, self._variables)
        if not template:
            template = self._compiled(filepath)
        self._templates[filepath] = (time, size, template)
        return template

    def _including(self, filepath, parts, request, depth):
        """Return what a page includes others by; see libs.pyhtmlEngine.Template. filepath: str, the page's."""

        def include(name):
            path = _included(filepath, name, request)
            if depth == _MAX_DEPTH:
                raise IncludeError('%s: more than %d pages in each other' % (path, _MAX_DEPTH))
            template = None
            try:
                template = self._template(path, os.stat(path))
                yield from template.begin(parts, request, depth + 1)
            except IncludeError:
                raise
            except Exception as error:
                raise IncludeError(_fault(template, path, error)[0])

        return include

    def _compiled(self, filepath):
        """Return the Template of a page. One thread at a time: compiling takes several times the page's size.

        And to MicroPython a module that another thread is importing is one without names.
        """
        self._compiling.acquire()
        try:
            gc.collect()
            from ..libs.pyhtmlCompiler import compile_page  # here, since many images never need it

            with open(filepath, 'rb') as file:
                return compile_page(file.read(), filepath, self._variables)
        finally:
            self._compiling.release()

    def _return_fault(self, microWebSrv2, response, filepath, fault):
        if response.HeadersSent:
            return
        response.ContentType = 'text/html'
        response.ContentCharset = None
        response.Return(500, _debug_page(filepath, *fault) if self._show_debug else None)


class IncludeError(Exception):
    """A page that is included fails: which, where, and why."""


def _included(filepath, name, request):
    """Return the path of a page that another one includes. Raise ValueError where it may not.

    filepath: str, of that other one. name: str, from its folder, or from the server's root where it begins with a
    slash. request: HttpRequest.
    """
    parts = name.replace('\\', '/').split('/')
    is_absolute = not parts[0] and len(parts) > 1
    if any(not part or part[0] == '.' or '\0' in part for part in parts[is_absolute:]) or not _is_page(name.encode()):
        raise ValueError('A page cannot include %r.' % name)
    if not is_absolute:
        return filepath[: filepath.rfind('/') + 1] + name
    found = find_file(request.Response.server, name.replace('%', '%25').encode())
    if not found:
        raise ValueError('There is no page %r to include.' % name)
    return found[0]


class _LoggedPage:
    """A page on its way to the client: when it fails there, its author is told where."""

    def __init__(self, microWebSrv2, template, filepath, page):
        self.close = page.close
        self._mws2 = microWebSrv2
        self._template = template
        self._filepath = filepath
        self._page = page

    def readinto(self, buffer):
        try:
            return self._page.readinto(buffer)
        except Exception as error:
            _log(self._mws2, self._template, self._filepath, error)
            raise


def template_of_build(module, filepath, variables):
    """Return the Template of a page that the build of an image has compiled.

    module: the page's, None where there is none. filepath: str, the page's. variables: dict, those that all pages see.
    Return None where the page must be compiled here: the build knew its names, not which of them are variables.
    """
    if not module or any(name in variables for name in module.OTHERS):
        return None
    if all(name in variables for name in module.CODE[3]):
        return Template(filepath, module.__file__, module.page, module.CODE, variables)
    return None


def _identity(stat):
    """Return what is another where a name stands for another file, as when a symbolic link leads elsewhere."""
    return stat[1], stat[2], getattr(stat, 'st_ctime_ns', stat[9])


def _require_name(name):  # small: a check
    if not isinstance(name, str) or not name:
        raise ValueError('"globalVarName" must be a non-empty string.')


def _is_page(name):
    return name.lower().endswith(b'.pyhtml')


def _log(microWebSrv2, template, filepath, error):
    """Log why a page failed; return (what, line or None, traceback). template: None if it could not be made."""
    what, line, traceback = _fault(template, filepath, error)
    microWebSrv2.Log('%s\n%s' % (what, traceback), microWebSrv2.ERROR)
    return what, line, traceback


def _fault(template, filepath, error):
    """Return why a page failed. Arguments and result as of _log()."""
    traceback = ''
    if isinstance(error, PyhtmlError):
        line = error.line
        what = error.text
    else:
        what = '%s: %s' % (type(error).__name__, error)
        line, traceback = template.locate(error) if template else (None, '')
    return '%s%s: %s' % (filepath, '' if line is None else ', line %d' % line, what), line, traceback


def _debug_page(filepath, what, line, traceback):
    what = MicroWebSrv2.HTMLEscape(what)
    excerpt = '' if line is None else _excerpt(filepath, line)
    return _DEBUG_PAGE % (what, what, excerpt, MicroWebSrv2.HTMLEscape(traceback))


def _excerpt(filepath, line):
    """Return the lines around a line of a page, as HTML in which it is marked."""
    texts = []
    number = 0
    with open(filepath, 'rb') as file:
        for text in file:
            number += 1
            if abs(number - line) <= _LINES_AROUND:
                text = MicroWebSrv2.HTMLEscape('%5d  %s' % (number, _decoded(text.rstrip())))
                texts.append('<mark>%s</mark>' % text if number == line else text)
    return '\n'.join(texts)


def _decoded(data):
    try:
        return str(data, 'utf-8')
    except UnicodeError:
        return repr(data)

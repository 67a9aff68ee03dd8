"""The site that the test applications serve: one file of each kind that the tests ask for."""

import gzip
import os

from checks_api import MIME_TYPES

INDEX = b'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>Index</title><body>main</body></html>\n'
TEXT = b'The quick brown fox jumps over the lazy dog.\n'
BIG = bytes(range(256)) * 1024  # 256 KB: more than any buffer of the server
STYLE = b'body { color: #123456; margin: 0 }\n' * 40

FILES = {
    'index.html': INDEX,
    'text.txt': TEXT,
    'empty.txt': b'',
    'big.bin': BIG,
    'big.txt': b'0123456789abcdef' * 16384,
    'page.pyhtml.txt': b'x\n',
    'abuse.pyhtml': b'<p>{{ sum(range(10)) }}</p>{{ for i in range(3) }}<b>{{ i }}</b>{{ end }}\n',
    'data.json': b'{"a": 1}\n',
    'UPPER.TXT': b'upper\n',
    'name with space.txt': b'space\n',
    'plus+sign.txt': b'plus\n',
    'percent%20name.txt': b'percent\n',
    'file.unknown': b'unknown\n',
    'noextension': b'none\n',
    'back\\slash.txt': b'SECRET\n',
    '.hidden.txt': b'hidden\n',
    '.well/known.txt': b'hidden folder\n',
    '.well-known/security.txt': b'Contact: x\n',
    '.well-known/acme-challenge/token': b'token\n',
    '.well-known/.hidden.txt': b'hidden\n',
    'htm/.well-known/nested.txt': b'hidden\n',
    'config.json': b'SECRET\n',
    'htm/Config.json': b'SECRET\n',
    'config.json.new': b'SECRET\n',
    'program.py': b'SECRET\n',
    'program.mpy': b'SECRET\n',
    'server.key': b'SECRET\n',
    'server.pem': b'SECRET\n',
    'style.css': STYLE,
    'htm/index.htm': b'index.htm\n',
    'default/default.html': b'default.html\n',
    'defhtm/default.htm': b'default.htm\n',
    'both/default.htm': b'default.htm\n',
    'both/index.html': b'index.html first\n',
    'home/home.html': b'home.html\n',
    'nothing/other.txt': b'no default page\n',
    'mime/a.woff2': b'woff2',
}


def make(folder):
    """Write the site below ``folder`` and return its root; beside the root stand files that must never be served."""
    root = folder / 'www'
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for extension in MIME_TYPES:
        (root / 'mime' / ('a' + extension)).write_bytes(b'mime')
    (root / 'style.css.gz').write_bytes(gzip.compress(STYLE, mtime=0))
    (root / 'packed').mkdir()
    (root / 'packed' / 'index.html.gz').write_bytes(gzip.compress(INDEX, mtime=0))
    (root / 'packed' / 'picture.png.gz').write_bytes(b'no type that is looked for')
    (folder / 'secret.txt').write_bytes(b'SECRET\n')
    sibling = folder / 'www-private'
    sibling.mkdir()
    (sibling / 'secret.txt').write_bytes(b'SECRET\n')
    (root / 'link.txt').symlink_to(folder / 'secret.txt')
    (root / 'linked').symlink_to(sibling)
    (root / 'inside.txt').symlink_to(root / 'text.txt')
    for path in root.rglob('*'):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1_750_000_000, 1_750_000_000))
    return root

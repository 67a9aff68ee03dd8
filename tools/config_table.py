"""Writes docs/configuration.md and the README's table: the schema of firmware/config.py, for people.

python -m tools.config_table          writes both
python -m tools.config_table --check  status 1 when what is committed is another
"""

import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / 'firmware' / 'config.py'
TARGET = ROOT / 'docs' / 'configuration.md'
README = ROOT / 'README.md'
BEGIN, END = '<!-- config.json: made by python -m tools.config_table -->\n', '<!-- end of config.json -->\n'

_HEAD = """\
# Configuration of the device

One JSON file, `config.json` in the root of the device's flash. All keys have defaults; write only what differs:

    {"hostname": "greenhouse", "server": {"port": 8080}, "network": {"ssid": "garden", "password": "…"}}

What is wrong in the file is replaced by its default, and the console says in one line what was wrong and what would be
right.
`null` stands for a key's default. On a running device: `GET` and `PUT /device/config` (see firmware/README.md).

Made from firmware/config.py by `python -m tools.config_table`; do not edit.
"""

_TITLES = {
    '': 'Device',
    'server': 'Server: `"server": {…}`',
    'tls': 'https: `"tls": {…}`',
    'network': 'Network: `"network": {…}`',
}

_KINDS = {
    'bool': '`true`, `false`',
    'int': 'integer {}',
    'str': 'text of {} characters',
    'secret': 'text of {} bytes, never shown',
    'key': 'text of {} bytes or 64 hexadecimal digits, never shown',
    'ssid': 'text of {} bytes',
    'name': 'text of {} letters, digits, hyphens',
    'ip': 'IPv4 address',
    'any': 'anything',
}


def rows_of(source):
    """Return the rows of the schema in the source text of config.py as a list of (key, kind, limits, default, help).

    Raise ValueError when a row has no help or the comments do not fit the rows.
    """
    tree = ast.parse(source)
    schema = next(node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == 'SCHEMA')
    lines = source.splitlines()[schema.lineno : schema.end_lineno]
    rows, comments = [], []
    for line in lines:
        line = line.strip()
        if line.startswith('# '):
            comments.append(line[2:])
        elif line.startswith("'"):
            key, kind, limits, default = ast.literal_eval(line).strip().split(' ')
            if not comments:
                raise ValueError(f'{key} has no help: a comment above its row in firmware/config.py')
            rows.append((key, kind, limits, default, ' '.join(comments)))
            comments = []
    if '\n'.join(' '.join(row[:4]) for row in rows) != ast.literal_eval(schema.value):
        raise ValueError('a row of SCHEMA in firmware/config.py is not on a line of its own')
    return rows


def render(rows):
    """Return the text of docs/configuration.md for rows_of()'s list."""
    parts = [_HEAD]
    group = None
    for key, kind, limits, default, help_ in rows:
        own, _, name = key.rpartition('.')
        if own != group:
            group = own
            parts.append(f'\n## {_TITLES[group]}\n\n| key | value | default | meaning |\n|---|---|---|---|\n')
        if kind == 'one':
            values = ', '.join(f'`"{choice}"`' for choice in limits.split('|'))
        else:
            values = _KINDS[kind].format(re.sub(r'^(\d+)\.\.\1$', r'\1', limits).replace('..', ' to '))
        if default == '""':
            values += ', or `""`'
        parts.append(f'| `{name}` | {values} | `{default}` | {help_} |\n')
    return ''.join(parts)


def render_short(rows):
    """Return the README's table for rows_of()'s list: one table, the groups as prefixes of the keys."""
    lines = ['| key | default | meaning |\n|---|---|---|\n']
    lines += [f'| `{key}` | `{default}` | {help_} |\n' for key, _, _, default, help_ in rows]
    return ''.join(lines)


def readme_with(table, text):
    """Return the README's text with its table replaced. Raise ValueError where the README has no place for it."""
    begin, end = text.find(BEGIN), text.find(END)
    if not 0 <= begin < end:
        raise ValueError(f'README.md has no lines {BEGIN.strip()} and {END.strip()}')
    return text[: begin + len(BEGIN)] + table + text[end:]


def main(arguments):
    """Write or check the tables; return the exit status."""
    rows = rows_of(SOURCE.read_text(encoding='utf-8'))
    readme = README.read_text(encoding='utf-8')
    status = 0
    for path, text in ((TARGET, render(rows)), (README, readme_with(render_short(rows), readme))):
        if '--check' not in arguments:
            path.write_text(text, encoding='utf-8')
        elif not path.exists() or path.read_text(encoding='utf-8') != text:
            print(f'{path.relative_to(ROOT)} is not what firmware/config.py says: run python -m tools.config_table')
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

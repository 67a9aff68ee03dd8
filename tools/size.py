"""`make size`: flash and RAM of the boards' images, and the frozen bytes by module.

Frozen bytes are those of the object file frozen_content.o that is linked into the image (text and data, by `size`).
They are divided among the modules by the sections of frozen_content.c, which the build writes module by module: to a
module belong the symbols
defined there, by their size in the object file (`nm`), and the text of its string and bytes constants, by their length
in the C file. What remains are the names (qstrs) that modules share, and the tables of all modules.
"""

import re
import subprocess
import sys

from tools import boards, build, common
from tools.common import Failure, need_tool

_SECTION = re.compile(r'^// frozen module (\w+)$')
_SYMBOL = re.compile(r'^(?:static )?const [\w *]+?[ *](\w+)(?:\[\d*\])*(?: __attribute__\(.*\))? = ')
# What stands before, between and after the modules, for all of them.
_TABLES = re.compile(r'^const [\w *]+?[ *]mp_(?:qstr_)?frozen_')
_CONSTANT = re.compile(r'\{\{&mp_type_(?:str|bytes)\}, \d+, (\d+), ')
_MODULE = re.compile(r'^MICROPY_FROZEN_LIST_ITEM\("[^"]*", "([^"]+)"\)$')

SHARED = 'names that modules share, tables'


@common.tool
def main(variables):
    """Print the sizes of the board BOARD, or of all boards that can be built here."""
    if 'BOARD' in variables:
        show(variables['BOARD'], variables)
        return 0
    crossed = []
    for name in boards.names():
        try:
            show(name, variables)
        except Failure as failure:
            common.say(f'{name}: {failure}\n')
            if isinstance(failure, OverLimit):
                crossed.append(name)
    if crossed:
        raise Failure(f'over the limit: {", ".join(crossed)}')
    return 0


class OverLimit(Failure):
    """An image that is larger than the board takes."""


def show(name, variables):
    """Build a board and print its sizes. Raise Failure, OverLimit when a limit is crossed."""
    target = boards.load(name)
    if not hasattr(target, 'size'):
        raise Failure('it has no image of its own')
    build.build(name, variables)
    context = boards.Context(name, variables)
    rows = target.size(context)
    common.say(f'{name}: {target.TITLE}')
    for what, used, limit in rows:
        rest = f' of {limit:>9,}, {limit - used:>9,} free' if limit is not None else ''
        common.say(f'  {what:<44} {used:>9,}{rest}')
    frozen = frozen_bytes(context, getattr(target, 'CROSS_COMPILE', ''))
    common.say(f'  {"frozen, of it:":<44} {sum(frozen.values()):>9,}')
    for module, used in frozen.items():
        common.say(f'    {module:<42} {used:>9,}')
    common.say('')
    over = [what for what, used, limit in rows if limit is not None and used > limit]
    if over:
        raise OverLimit(f'{", ".join(over)}: over the limit')


def frozen_bytes(context, cross_compile):
    """Return the frozen bytes by module file, largest first, as a dict that ends with SHARED. Raise Failure.

    `cross_compile` is the prefix of the board's binutils, as `arm-none-eabi-`.
    """
    folder = context.port_folder()
    objects = sorted(folder.rglob('frozen_content*.o')) + sorted(folder.rglob('frozen_content*.obj'))
    if not objects:
        raise Failure(f'there is no frozen_content.o in {folder}')
    source = (folder / 'frozen_content.c').read_text()
    return divide(source, symbol_sizes(objects[0], cross_compile), section_bytes(objects[0], cross_compile))


def symbol_sizes(path, cross_compile):
    """Return the sizes in bytes of all symbols that an object file defines, by name."""
    lines = _output([need_tool(f'{cross_compile}nm', 'binutils'), '--print-size', path]).splitlines()
    fields = [line.split() for line in lines]
    return {field[3]: int(field[1], 16) for field in fields if len(field) == 4}


def section_bytes(path, cross_compile):
    """Return the bytes that an object file adds to an image: its text and data."""
    text, data = _output([need_tool(f'{cross_compile}size', 'binutils'), path]).splitlines()[1].split()[:2]
    return int(text) + int(data)


def divide(source, sizes, total):
    """Return frozen bytes by module file, largest first, the rest of `total` last as SHARED.

    `source` is the text of frozen_content.c, `sizes` the symbols' sizes in its object file.
    """
    sizes = dict(sizes)
    used = {}
    module = None
    files = {}
    for line in source.splitlines():
        if found := _MODULE.match(line):
            files[_identifier(found.group(1))] = found.group(1)
        elif found := _SECTION.match(line):
            module = found.group(1)
            used.setdefault(module, 0)  # rom_objects.py adds a second part for each
        elif _TABLES.match(line):
            module = None
        elif module is not None and (found := _SYMBOL.match(line)):
            used[module] += sizes.pop(found.group(1), 0)  # once, also where #if gives it several definitions
            used[module] += sum(int(constant) + 1 for constant in _CONSTANT.findall(line))
    by_file = {files.get(name, name): count for name, count in used.items()}
    ordered = dict(sorted(by_file.items(), key=lambda item: (-item[1], item[0])))
    ordered[SHARED] = total - sum(ordered.values())
    return ordered


def _identifier(file):
    """Return the name that mpy-tool gives to what it makes of a module's file."""
    return re.sub(r'\W', '_', file.removesuffix('.py'))


def _output(command):
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=common.clean_environment()
    )
    if result.returncode:
        raise Failure(f'{command[0]}: {common.first_error(result.stderr)}')
    return result.stdout


if __name__ == '__main__':
    sys.exit(main())

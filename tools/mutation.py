"""Mutants of a Python source: its text with one small fault each, as a hand may slip. Pure: text in, mutants out."""

import ast
import re
from dataclasses import dataclass

_COMPARED = {
    ast.Lt: ('<', '<='),
    ast.LtE: ('<=', '<'),
    ast.Gt: ('>', '>='),
    ast.GtE: ('>=', '>'),
    ast.Eq: ('==', '!='),
    ast.NotEq: ('!=', '=='),
    ast.Is: ('is', 'is not'),
    ast.IsNot: ('is not', 'is'),
    ast.In: ('in', 'not in'),
    ast.NotIn: ('not in', 'in'),
}
_CALCULATED = {
    ast.Add: ('+', '-'),
    ast.Sub: ('-', '+'),
    ast.Mult: ('*', '+'),
    ast.FloorDiv: ('//', '*'),
    ast.Mod: ('%', '*'),
    ast.LShift: ('<<', '>>'),
    ast.RShift: ('>>', '<<'),
    ast.BitAnd: ('&', '|'),
    ast.BitOr: ('|', '&'),
    ast.BitXor: ('^', '|'),
}
# What a call to one of these says is for people: no test has to know the words.
_FOR_PEOPLE = re.compile(r'(^|\.|_)(log|Log|_?check|_?require\w*|print)$')


@dataclass(frozen=True)
class Mutant:
    """One fault in a source: the characters `start` … `end` become `text`. `kind` says what it is.

    `line` is where; `lines` are those of the statement, without the body that an `if` or a `for` has.
    """

    start: int
    end: int
    text: str
    line: int
    lines: range
    kind: str

    def apply(self, source):
        """Return the source with this fault."""
        return source[: self.start] + self.text + source[self.end :]


def mutants(source):
    """Return the Mutants of a source, in the order of the text; each compiles and differs from the source."""
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    made = sorted(set(finder.found), key=lambda mutant: (mutant.start, mutant.end, mutant.text))
    return [mutant for mutant in made if _compiles(mutant.apply(source))]


def _compiles(text):
    try:
        compile(text, 'mutant', 'exec', dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


class _Finder(ast.NodeVisitor):
    """Collects the mutants of a tree in `found`."""

    def __init__(self, source):
        self.found = []
        self._source = source
        # ast counts UTF-8 bytes within a line; a text is cut by characters.
        self._lines = [line + '\n' for line in source.split('\n')]
        self._starts = [0]
        self._statement = range(0)
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def _at(self, line, column):
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _start(self, node):
        return self._at(node.lineno, node.col_offset)

    def _end(self, node):
        return self._at(node.end_lineno, node.end_col_offset)

    def _add(self, node, text, kind, start=None, end=None):
        start = self._start(node) if start is None else start
        end = self._end(node) if end is None else end
        line = self._source.count('\n', 0, start) + 1
        self.found.append(Mutant(start, end, text, line, self._statement, kind))

    def visit(self, node):
        """Keep in mind which statement a node belongs to."""
        outer = self._statement
        if isinstance(node, ast.stmt):
            body = getattr(node, 'body', None)
            self._statement = range(
                node.lineno, max(node.lineno, body[0].lineno - 1) + 1 if body else node.end_lineno + 1
            )
        super().visit(node)
        self._statement = outer

    def _between(self, left, right, old, new):
        """Put the operator `new` where `old` stands between two operands."""
        start, end = self._end(left), self._start(right)
        pattern = r'(?<![<>=!*/\w])' + re.escape(old).replace(r'\ ', r'\s+') + r'(?![<>=*/\w])'
        found = re.search(pattern, self._source[start:end])
        if found:
            self._add(left, new, f'{old} → {new}', start + found.start(), start + found.end())

    def visit_Compare(self, node):
        """Move a limit by one, or turn a comparison round."""
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:]):
            self._between(left, right, *_COMPARED[type(operator)])
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        """Take `and` for `or`; leave out an operand."""
        old, new = ('and', 'or') if isinstance(node.op, ast.And) else ('or', 'and')
        for left, right in zip(node.values, node.values[1:]):
            self._between(left, right, old, new)
        first, second = node.values[:2]
        self._add(node, '', 'operand left out', self._start(first), self._start(second))
        last, before = node.values[-1], node.values[-2]
        self._add(node, '', 'operand left out', self._end(before), self._end(last))
        self.generic_visit(node)

    def visit_BinOp(self, node):
        """Take another operator."""
        if type(node.op) in _CALCULATED and not (isinstance(node.op, ast.Mod) and _is_text(node.left)):
            self._between(node.left, node.right, *_CALCULATED[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        """Leave out `not`."""
        if isinstance(node.op, ast.Not):
            self._add(node, '', 'not left out', self._start(node), self._start(node.operand))
        self.generic_visit(node)

    def visit_Constant(self, node):
        """Change a number by one, a flag, and a text by a character."""
        value = node.value
        if value is True or value is False:
            self._add(node, str(not value), f'{value} → {not value}')
        elif isinstance(value, int):
            self._add(node, str(value + 1), f'{value} → {value + 1}')
        elif isinstance(value, (str, bytes)):
            new = value[1:] if value else type(value)(b'X' if isinstance(value, bytes) else 'X')
            self._add(node, repr(new), f'{value[:20]!r} → {new[:20]!r}')

    def visit_JoinedStr(self, node):
        """Leave f-strings alone: Python does not say where their parts are."""

    def _condition(self, node):
        test = node.test
        if not isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Constant)):
            self._add(test, f'not ({self._source[self._start(test) : self._end(test)]})', 'condition turned round')
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _condition

    def visit_Return(self, node):
        """Return nothing."""
        if node.value is not None and not _is_none(node.value):
            self._add(node, 'return None', 'return None')
        self.generic_visit(node)

    def visit_Raise(self, node):
        """Do not raise; the words of an error are for people."""
        self._add(node, 'pass', 'not raised')

    def visit_Break(self, node):
        """Go on instead."""
        self._add(node, 'continue', 'break → continue')

    def visit_Continue(self, node):
        """Break off instead."""
        self._add(node, 'break', 'continue → break')

    def visit_Expr(self, node):
        """Leave out a call."""
        if isinstance(node.value, ast.Constant):
            return
        self._add(node, 'pass', 'left out')
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        """Leave out a change."""
        self._add(node, 'pass', 'left out')
        self.generic_visit(node)

    def visit_Delete(self, node):
        """Leave out a deletion."""
        self._add(node, 'pass', 'left out')

    def visit_Assign(self, node):
        """Leave out what is kept in an object; what names a module exports and an object has is no fault of a hand."""
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if any(name.startswith('__') for name in names):
            return
        if not names:
            self._add(node, 'pass', 'left out')
        self.generic_visit(node)

    def visit_Call(self, node):
        """Go into the arguments, unless they are words for people."""
        if _FOR_PEOPLE.search(ast.unparse(node.func)):
            for argument in node.args:
                if not _is_text(argument):
                    self.visit(argument)
            return
        self.generic_visit(node)

    def _definition(self, node):
        """Go into the body, not into annotations and decorators."""
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        for statement in node.body:
            self.visit(statement)

    visit_FunctionDef = visit_AsyncFunctionDef = _definition


def _is_text(node):
    if isinstance(node, ast.BinOp):
        return _is_text(node.left)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))


def _is_none(node):
    return isinstance(node, ast.Constant) and node.value is None

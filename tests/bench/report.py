"""The tables and the plot of the benchmark."""

import datetime

from tabulate import tabulate

OURS = 'MicroWebSrv2'
NONE = '–'


class Table:
    """A table of results: a row for each kind of work, a column for each server.

    title, text: str, what was measured, and how. unit: str. scale: what a result is divided by to be in that unit.
    less_is_better: bool. digits: int, behind the decimal point.
    """

    def __init__(self, title, unit, text, scale=1.0, digits=0, less_is_better=True):
        self.title = title
        self.unit = unit
        self.text = text
        self.less_is_better = less_is_better
        self.results = {}
        self._scale = scale
        self._digits = digits
        self._rows = []
        self._columns = []

    def add(self, row, column, result):
        """Takes a measures.Result, or None for one that could not be measured."""
        if row not in self._rows:
            self._rows.append(row)
        if column not in self._columns:
            self._columns.append(column)
        if result:
            self.results[row, column] = result

    def render(self, style):
        """Returns the table as a text. style: str, a table format of tabulate."""
        lines = [[row] + [self._cell(row, column) for column in self._columns] for row in self._rows]
        alignment = ('left', *['right'] * len(self._columns))
        return tabulate(lines, ['', *self._columns], tablefmt=style, colalign=alignment, disable_numparse=True)

    def _cell(self, row, column):
        result = self.results.get((row, column))
        if not result:
            return NONE
        text = f'{result.median / self._scale:,.{self._digits}f}'
        if len(result.values) > 1:
            text += f' ±{100 * result.spread:.0f}%'
        ours = self.results.get((row, OURS))
        if ours and ours.median and column != OURS:
            text += f' ({result.median / ours.median:.2f}×)'
        return text


def to_console(tables):
    """Returns the text that is printed."""
    return '\n\n'.join(f'{table.title} ({table.unit})\n{table.render("simple")}' for table in tables)


def record(tables, facts, command, document):
    """Writes the document and its plot.

    facts: list of str, versions and machine. command: str, which makes these numbers. document: Path.
    """
    picture = document.parent / 'img' / (document.stem + '.svg')
    plot(tables[0], picture)
    date = datetime.date.today().isoformat()
    lines = [
        '# Performance',
        '',
        f'Measured on {date} by `{command}`, which measures all of it again and writes this page.',
        'Each number is a median; ± is the distance of the furthest run from it, × the number as a multiple of ours.',
        'A dash stands where a server does not do that kind of work by itself.',
        '',
        f'![{tables[0].title}](img/{picture.name})',
        '',
        *[f'- {fact}' for fact in facts],
    ]
    for table in tables:
        lines += ['', f'## {table.title} ({table.unit})', '', table.text, '', table.render('github')]
    document.write_text('\n'.join(lines) + '\n')


def plot(table, path):
    """Draws a table as bars into an SVG file. path: Path."""
    import matplotlib

    matplotlib.use('svg')
    matplotlib.rcParams['svg.hashsalt'] = 'performance'
    from matplotlib import pyplot

    columns = table._columns
    rows = [row for row in table._rows if sum((row, column) in table.results for column in columns) > 2]
    figure, axes = pyplot.subplots(figsize=(9, 0.13 * len(rows) * (len(columns) + 1) + 0.8))
    height = 1 / (len(columns) + 1)
    for number, column in enumerate(columns):
        places = [index + number * height for index, row in enumerate(rows) if (row, column) in table.results]
        medians = [table.results[row, column].median / table._scale for row in rows if (row, column) in table.results]
        axes.barh(places, medians, height, label=column)
    axes.set_yticks([index + (len(columns) - 1) * height / 2 for index in range(len(rows))], rows)
    axes.set_ylim(len(rows), -height)
    axes.set_xscale('log')
    axes.set_xlabel(f'{table.title}, {table.unit}, logarithmic: shorter is better')
    axes.legend(loc='lower center', bbox_to_anchor=(0.4, 1.0), ncols=len(columns), frameon=False, fontsize='small')
    axes.spines[['top', 'right']].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches='tight', metadata={'Date': None})

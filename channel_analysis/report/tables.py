"""Tables as HTML: heads with scopes, numbers to the right, notes in the foot; one style for all."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup, escape

from .blocks import Column, Table
from .svg import SIZE, widest

SHORT = 8
"""Texts up to so many Chinese characters wide are not broken."""

HEAD = 14
"""Names of rows up to so many Chinese characters wide are not broken."""

WORDY = 9
"""Numbers with words beside them that are wider than so many Chinese characters may be broken."""

LONG = 24
"""Texts wider than so many Chinese characters get more room than others."""

ENDLESS = 200
"""Of texts with more signs only the first lines are seen."""


def table_html(table: Table) -> str:
    """A table's HTML: row heads in the first column, numbers to the right, notes in its foot.

    All texts are escaped; scopes tie cells to heads, so there are no ids, and equal tables give equal bytes.
    """
    head = "".join(f"<tr>{line}</tr>\n" for line in _head(table.columns))
    rows = zip(*(column.texts for column in table.columns), strict=True)
    body = "".join(_row(table, number, texts) for number, texts in enumerate(rows))
    width = len(table.columns)
    foot = "".join(f'<tr><td colspan="{width}">{escape(note)}</td></tr>\n' for note in table.notes)
    foot = f"<tfoot>\n{foot}</tfoot>\n" if foot else ""
    return f"<table>\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n{foot}</table>"


def _head(columns: tuple[Column, ...]) -> list[str]:
    """One line of heads; two where columns stand in groups."""
    heads = [f'<th scope="col"{_side(column)}>{escape(column.heading)}</th>' for column in columns]
    if not any(column.group for column in columns):
        return ["".join(heads)]
    groups = [(name, len(list(own))) for name, own in groupby(columns, key=lambda column: column.group)]
    above = [
        f'<th scope="colgroup" colspan="{count}">{escape(name)}</th>'
        if name
        else f'<td colspan="{count}"></td>'
        for name, count in groups
    ]
    return ["".join(above), "".join(heads)]


def _row(table: Table, number: int, texts: tuple[str, ...]) -> str:
    strong = ' class="strong"' if number in table.strong else ""
    cells = [
        f"<td{_side(column)}>{_cell(text)}</td>"
        for column, text in zip(table.columns[1:], texts[1:], strict=True)
    ]
    head = ' class="short"' if widest(table.columns[0].texts) <= HEAD * SIZE else ""
    return f'<tr{strong}><th scope="row"{head}>{_cell(texts[0])}</th>{"".join(cells)}</tr>\n'


def _cell(text: str) -> Markup:
    """A cell's text; of one without end the first lines are seen, and all of it is there to be found."""
    if len(text) <= ENDLESS:
        return escape(text)
    return Markup('<span class="endless">{}</span>').format(text)


def _side(column: Column) -> str:
    """Numbers stand to the right; short texts, such as dates, stay on one line, long ones get room."""
    width = widest(column.texts) / SIZE
    if column.is_number:
        return ' class="number loose"' if width > WORDY else ' class="number"'
    return ' class="short"' if width <= SHORT else ' class="long"' if width > LONG else ""

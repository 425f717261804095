"""Tables as HTML by great-tables, without its style sheet: the page has one for all."""

from __future__ import annotations

import re

import pandas as pd

from .blocks import Table

_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_IDS = re.compile(r' (?:id|headers)="[^"]*"')
_TABLE = re.compile(r"<table.*</table>", re.DOTALL)
_OPENING = re.compile(r"<table[^>]*>")


def table_html(table: Table) -> str:
    """A table's HTML: row heads in the first column, numbers to the right, notes in its foot.

    All texts are escaped by great-tables; ids are dropped because scopes already tie cells to
    heads, so equal tables give equal bytes.
    """
    from great_tables import GT, loc, style

    frame = pd.DataFrame({f"c{i}": list(column.texts) for i, column in enumerate(table.columns)})
    made = GT(frame, rowname_col="c0", id=table.name).tab_stubhead(table.columns[0].heading)
    made = made.cols_label({f"c{i}": c.heading for i, c in enumerate(table.columns) if i})
    for align, wanted in (("right", True), ("left", False)):
        names = [f"c{i}" for i, c in enumerate(table.columns) if i and c.is_number == wanted]
        made = made.cols_align(align, columns=names) if names else made
    for group in dict.fromkeys(c.group for c in table.columns if c.group):
        names = [f"c{i}" for i, c in enumerate(table.columns) if c.group == group]
        made = made.tab_spanner(group, columns=names)
    for note in table.notes:
        made = made.tab_source_note(note)
    if table.strong:
        bold = style.text(weight="bold")
        rows = list(table.strong)
        made = made.tab_style(bold, [loc.body(rows=rows), loc.stub(rows=rows)])
    found = _TABLE.search(_STYLE.sub("", made.as_raw_html()))
    assert found is not None
    return _OPENING.sub('<table class="gt_table">', _IDS.sub("", found[0]), count=1)

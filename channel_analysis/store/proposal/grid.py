"""Where a table begins: the rows of its header below titles, found in the first rows of a sheet or file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..sources.headers import Cells, Merged

_NUMBER = re.compile(r"[-+(¥￥$€£]*[0-9][0-9.,'  ]*[)%％元-]*")
_DATE = re.compile(r"[0-9]{1,4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,4}日?.*")
_YEAR_OR_MONTH = re.compile(r"(19|20)[0-9]{2}([-/年][0-9]{1,2}(-01|月)?)?年?|0?[1-9]|1[0-2]")
TOTALS = ("合计", "总计", "小计", "共计", "总和", "total", "totals", "grand total", "subtotal", "sum")
"""What stands in rows that add up others."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first row of a header, from 1, how many rows it has, and what stands above it."""

    row: int
    rows: int
    title: str


def find_header(grid: Sequence[Cells], merged: Sequence[Merged] = ()) -> Header:
    """The header among the first rows of a table; the first row where none is like one."""
    rows = [[" ".join((cell or "").split()) for cell in cells] for cells in grid]
    width = max((_filled(row) for row in rows), default=0)
    likely = (number for number, row in enumerate(rows) if _is_header(row, width))
    at = next(likely, 0)
    first, count = at, 1
    if at and _continues(rows[at - 1], rows[at], at - 1, merged):
        first, count = at - 1, 2
    elif at + 1 < len(rows) and _is_upper(rows[at], rows[at + 1], at, merged):
        count = 2
    title = " ".join(cell for row in rows[:first] for cell in row if cell)
    return Header(first + 1, count, title)


def is_total(value: str) -> bool:
    """Whether a cell says that its row adds up others."""
    return re.sub(r"[\s::]", "", value.lower()) in {name.replace(" ", "") for name in TOTALS}


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)


def _is_name(cell: str) -> bool:
    return bool(_YEAR_OR_MONTH.fullmatch(cell)) or not (_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def _is_header(row: Sequence[str], width: int) -> bool:
    """Whether most of a row's cells are filled, and all of them with what may be names."""
    filled = [cell for cell in row if cell]
    if not filled or (width > 1 and len(filled) < max(2, 0.6 * width)):
        return False
    words = [cell for cell in filled if re.search(r"[^\W\d]", cell) and _is_name(cell)]
    return all(_is_name(cell) for cell in filled) and bool(words)


def _continues(above: Sequence[str], row: Sequence[str], number: int, merged: Sequence[Merged]) -> bool:
    """Whether the row above names groups of columns, or those that this one leaves without a name."""
    padded = [*row, *[""] * (len(above) - len(row))]
    fills = any(cell and not padded[place] for place, cell in enumerate(above)) and _filled(above) > 1
    return fills or (bool(_groups(number, merged)) and _filled(above) > 1)


def _is_upper(row: Sequence[str], below: Sequence[str], number: int, merged: Sequence[Merged]) -> bool:
    """Whether a header goes on below: names stand twice in it or over several columns, and names follow."""
    filled = [cell for cell in row if cell]
    goes_on = len(filled) > len(set(filled)) or bool(_groups(number, merged))
    return goes_on and _filled(below) > 1 and all(_is_name(cell) for cell in below if cell)


def _groups(number: int, merged: Sequence[Merged]) -> list[Merged]:
    return [cells for cells in merged if cells[0][0] == number and cells[1][1] > cells[0][1]]

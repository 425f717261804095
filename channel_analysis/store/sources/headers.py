"""Headers: the names of columns, from one row or from several with merged cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from ...errors import Problem, did_you_mean
from .spec import FileSpec

Cells = Sequence[str | None]
Merged = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of merged ones, each by row and column from 0."""


def joined(rows: Sequence[Cells], merged: Iterable[Merged] | None = None) -> list[str]:
    """The names of columns: what stands above each other, joined by a space.

    `merged` are merged cells, counted from the first of the rows; their text holds for all of them.
    Where nothing is known of them (None), an empty cell above another takes the text to its left.

    Examples
    --------
    >>> joined([["编码", "2025年", None], [None, "1月", "2月"]])
    ['编码', '2025年 1月', '2025年 2月']
    """
    width = max((len(row) for row in rows), default=0)
    grid = [[_text(row, place) for place in range(width)] for row in rows]
    if merged is None:
        _fill_right(grid)
    else:
        _fill_merged(grid, merged)
    return [" ".join(dict.fromkeys(text for text in texts if text)) for texts in zip(*grid, strict=True)]


def added_columns(spec: FileSpec, sheet: str, file: str) -> dict[str, str]:
    """The columns that hold the sheet's and the file's name, with that name, as far as they are asked for."""
    asked = {spec.sheet_column: sheet, spec.file_column: file}
    return {name: value for name, value in asked.items() if name}


def option_problems(spec: FileSpec, columns: Sequence[str], where: str) -> list[Problem]:
    """What speaks against the columns that options name: unknown ones, and new ones that are there."""
    lower = {name.lower() for name in columns}
    unknown = [
        Problem(f"{where} [fill_down]", f"there is no column '{name}'", did_you_mean(name, columns))
        for name in spec.fill_down
        if name not in columns
    ]
    taken = [
        Problem(f"{where} [{option}]", f"there is a column '{name}' already", "choose another name")
        for option, name in (("sheet_column", spec.sheet_column), ("file_column", spec.file_column))
        if name.lower() in lower
    ]
    if spec.sheet_column and spec.sheet_column.lower() == spec.file_column.lower():
        what = "sheet_column and file_column name the same column"
        taken.append(Problem(f"{where} [file_column]", what, "choose another name"))
    return [*unknown, *taken]


def _text(row: Cells, place: int) -> str:
    text = row[place] if place < len(row) else None
    return " ".join(text.split()) if text else ""


def _fill_right(grid: list[list[str]]) -> None:
    for upper, lower in pairwise(grid):
        for place in range(1, len(upper)):
            if not upper[place] and lower[place]:
                upper[place] = upper[place - 1]


def _fill_merged(grid: list[list[str]], merged: Iterable[Merged]) -> None:
    for (top, left), (bottom, right) in merged:
        if not 0 <= top < len(grid) or left >= len(grid[top]):
            continue
        for row in grid[top : bottom + 1]:
            for place in range(left, min(right + 1, len(row))):
                row[place] = row[place] or grid[top][left]

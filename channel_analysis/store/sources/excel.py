"""Workbooks: one sheet becomes a table of text, each value written as it is meant."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, Problem, did_you_mean, refuse
from .found import Found
from .headers import Merged, added_columns, joined, option_problems
from .parts import Part, Reading, each, header_problem, refuse_other_columns
from .spec import FileSpec, is_pattern
from .xlsx import column_letters, error_cells, far_cell

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet to be read, with the texts of cells that hold an error, by row and column from 0.

    `merged` are its merged cells, by row and column from 0, None where the file does not tell.
    """

    where: str
    label: str
    spec: FileSpec
    added: dict[str, str]
    left: int
    rows: Iterator[list[Any]]
    errors: dict[tuple[int, int], str]
    merged: tuple[Merged, ...] | None

    @property
    def header_place(self) -> str:
        """What a person calls the rows that hold the names of columns."""
        first, last = self.spec.header_row, self.spec.header_row + self.spec.header_rows - 1
        return f"row {first}" if first == last else f"rows {first} to {last}"


@dataclass(slots=True)
class _Numbers:
    """Where the rows of a table stood in their sheet."""

    count: int = 0
    first: int = 0
    last: int = 0
    jumps: list[tuple[int, int]] = field(default_factory=list)

    def add(self, row: int) -> None:
        """Note the sheet's row of one more row of the table."""
        self.count += 1
        if self.count == 1:
            self.first = row
        elif row != self.last + 1:
            self.jumps.append((self.count, row))
        self.last = row


def workbook_parts(reading: Reading, found: Found) -> tuple[Part, ...]:
    """Make a Parquet file of each sheet asked for of each workbook; all must have the same columns."""

    def convert(item: tuple[int, tuple[Path, str]]) -> tuple[str, tuple[str, ...], Part]:
        number, (path, name) = item
        sheet = _sheet(path, found.label(path), name, reading.spec)
        columns, part = _converted(sheet, reading.target(number))
        return sheet.where, columns, part

    named = each(found.files, lambda path: [(path, name) for name in _asked_sheets(path, reading.spec)])
    done = each(enumerate((sheet for sheets in named for sheet in sheets), start=1), convert)
    refuse_other_columns({where: columns for where, columns, _ in done}, done[0][2].label)
    return tuple(part for _, _, part in done)


def sheet_names(path: Path) -> tuple[str, ...]:
    """The names of a workbook's sheets; none when it cannot be opened."""
    try:
        with _opened(path) as book:
            return tuple(_tables(book))
    except InputError:
        return ()


def first_rows(path: Path, name: str, count: int) -> tuple[list[list[str | None]], tuple[Merged, ...]]:
    """The first rows of a sheet as text, and its merged cells, by row and column from 0 of these rows.

    Raises
    ------
    InputError
        When the sheet cannot be read.
    """
    import python_calamine

    _refuse_far_cells(path)
    with _opened(path) as book:
        try:
            sheet = book.get_sheet_by_name(name)
        except python_calamine.CalamineError as error:
            raise InputError([_unreadable_sheets(path, error)]) from None
        left = sheet.start[1] if sheet.start else 0
        rows = [[_text(value) for value in row] for row in itertools.islice(sheet.iter_rows(), count)]
        merged = [
            ((first[0], first[1] - left), (last[0], last[1] - left))
            for first, last in sheet.merged_cell_ranges or ()
        ]
        return (rows if sheet.start else []), tuple(merged)


def _opened(path: Path) -> CalamineWorkbook:
    import python_calamine

    try:
        return python_calamine.load_workbook(str(path))
    except python_calamine.PasswordError:
        what, fix = "the workbook is protected by a password", "save it without one"
    except (python_calamine.CalamineError, OSError) as error:
        what, fix = f"the workbook cannot be opened: {str(error).splitlines()[0]}", "save it again"
    raise InputError([Problem(str(path), what, fix)])


def _refuse_far_cells(path: Path) -> None:
    """Refuse a workbook with a stray cell in a far corner, before its reader makes room up to there."""
    cell = far_cell(path) if path.suffix.lower() == ".xlsx" else ""
    if cell:
        what = f"a cell far away from the others, {cell}, makes a sheet too large to read"
        raise InputError([Problem(str(path), what, "delete the empty rows and columns, and save it again")])


def _tables(book: CalamineWorkbook) -> list[str]:
    """Sheets with cells, as opposed to charts and macros."""
    from python_calamine import SheetTypeEnum

    return [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]


def _asked_sheets(path: Path, spec: FileSpec) -> list[str]:
    """The sheets of a workbook that are meant: those named, those like a pattern, or the only one."""
    import python_calamine

    _refuse_far_cells(path)
    with _opened(path) as book:
        try:
            if not spec.sheet:
                return [_only_sheet(book, path)]
            if isinstance(spec.sheet, str) and is_pattern(spec.sheet):
                return _sheets_like(book, path, spec.sheet)
        except python_calamine.CalamineError as error:
            raise InputError([_unreadable_sheets(path, error)]) from None
        asked = [spec.sheet] if isinstance(spec.sheet, str) else list(spec.sheet)
        refuse(
            Problem(str(path), f"there is no sheet '{name}'", did_you_mean(name, _tables(book)))
            for name in asked
            if name not in book.sheet_names
        )
        return asked


def _sheets_like(book: CalamineWorkbook, path: Path, pattern: str) -> list[str]:
    """The sheets that hold anything and whose names are like a pattern, in the workbook's order."""
    tables = _tables(book)
    like = [name for name in tables if fnmatchcase(name, pattern)]
    filled = [name for name in like if book.get_sheet_by_name(name).start is not None]
    if not filled:
        what = f"all sheets like '{pattern}' are empty" if like else f"no sheet is like '{pattern}'"
        raise InputError([Problem(str(path), what, did_you_mean(pattern, tables))])
    return filled


def _unreadable_sheets(path: Path, error: Exception) -> Problem:
    what = f"the sheets cannot be read: {str(error).splitlines()[0]}"
    return Problem(str(path), what, "save the workbook again")


def _sheet(path: Path, label: str, name: str, spec: FileSpec) -> _Sheet:
    import python_calamine

    with _opened(path) as book:
        try:
            sheet = book.get_sheet_by_name(name)
        except python_calamine.CalamineError as error:
            raise InputError([_unreadable_sheets(path, error)]) from None
        return _Sheet(
            where=f"{path}, sheet '{name}'",
            label=f"{label}, sheet '{name}'",
            spec=spec,
            added=added_columns(spec, name, path.stem),
            left=sheet.start[1] if sheet.start else 0,
            rows=sheet.iter_rows(),
            errors=error_cells(path, name) if path.suffix.lower() == ".xlsx" else {},
            merged=tuple(sheet.merged_cell_ranges or ()) or None if spec.header_rows > 1 else None,
        )


def _only_sheet(book: CalamineWorkbook, path: Path) -> str:
    """The only sheet that holds anything."""
    filled = [name for name in _tables(book) if book.get_sheet_by_name(name).start is not None]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        raise InputError([Problem(str(path), "all sheets of the workbook are empty", "export it again")])
    named = ", ".join(f"'{name}'" for name in filled)
    what = f"{len(filled)} sheets hold something: {named}"
    raise InputError([Problem(str(path), what, f'say which one, as in sheet = "{filled[0]}"')])


def _converted(sheet: _Sheet, target: Path) -> tuple[tuple[str, ...], Part]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _text_rows(sheet)
    first = sheet.spec.header_row
    last = first + sheet.spec.header_rows - 1
    before = list(itertools.islice(rows, last))
    named = _named_columns(sheet, [cells for number, cells in before if number >= first])
    numbers, batch = _Numbers(), []
    columns = (*named.values(), *sheet.added)
    schema = pa.schema([(name, pa.string()) for name in columns])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for number, values in _rows_below(sheet, rows, named):
            numbers.add(number)
            batch.append(values)
            if len(batch) == _ROWS_AT_ONCE:
                _write(writer, schema, batch)
        _write(writer, schema, batch)
    first_line = numbers.first or last + 1
    return columns, Part(target, sheet.label, first_line, jumps=tuple(numbers.jumps))


def _rows_below(
    sheet: _Sheet, rows: Iterable[tuple[int, list[str | None]]], named: dict[int, str]
) -> Iterator[tuple[int, list[str | None]]]:
    """Number and values of each row that holds something, with what options fill in or add."""
    above: dict[int, str | None] = {p: None for p, name in named.items() if name in sheet.spec.fill_down}
    for number, cells in rows:
        if not any(cell and cell.strip() for cell in cells):
            continue
        _refuse_nameless(sheet, number, cells, named)
        for place in above:
            cell = cells[place]
            above[place] = cells[place] = cell if cell and cell.strip() else above[place]
        yield number, [*(cells[place] for place in named), *sheet.added.values()]


def _write(writer: Any, schema: Any, batch: list[list[str | None]]) -> None:
    """Write rows and forget them."""
    import pyarrow as pa

    if batch:
        arrays = [pa.array(values, pa.string()) for values in zip(*batch, strict=True)]
        writer.write_batch(pa.record_batch(arrays, schema=schema))
        batch.clear()


def _text_rows(sheet: _Sheet) -> Iterator[tuple[int, list[str | None]]]:
    """Number (from 1) and cells of each row, as text; cells that hold an error keep its text."""
    in_rows: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in sheet.errors.items():
        in_rows.setdefault(row, []).append((column, text))
    for row, values in enumerate(sheet.rows):
        cells = [_text(value, sheet.spec.decimal or ".") for value in values]
        for column, text in in_rows.get(row, ()):
            if 0 <= column - sheet.left < len(cells):
                cells[column - sheet.left] = text
        yield row + 1, cells


def _text(value: Any, decimal: str = ".") -> str | None:
    """A cell's value as text: whole numbers without a point, dates as YYYY-MM-DD.

    Cells that hold a number are written with the decimal mark that is said of those that hold a text.

    Examples
    --------
    >>> [_text(v) for v in ("00123", 123.0, 0.1 + 0.2, 1e-7, True, datetime.datetime(2025, 1, 2), "")]
    ['00123', '123', '0.30000000000000004', '0.0000001', 'true', '2025-01-02', None]
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if is_whole else f"{Decimal(repr(value)):f}".replace(".", decimal)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ") if value.time() != datetime.time() else value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value) or None


def _named_columns(sheet: _Sheet, header: list[list[str | None]]) -> dict[int, str]:
    """The columns that have a name in the header, by their place in a row."""
    names = [cell.strip() if cell else "" for cell in header[0]] if len(header) == 1 else []
    if len(header) > 1:
        names = joined(header, _merged_in(sheet))
    named = {place: name for place, name in enumerate(names) if name}
    where = f"{sheet.where} {sheet.header_place}"
    if not named:
        what, fix = "the row holds no names of columns", "say header_row = N for the row that does"
        raise InputError([Problem(where, what, fix)])
    problem = header_problem(where, tuple(named.values()))
    if problem:
        raise InputError([problem])
    refuse(option_problems(sheet.spec, tuple(named.values()), sheet.where))
    return named


def _merged_in(sheet: _Sheet) -> list[Merged] | None:
    """The merged cells of the header, counted from its first row; None where there are none."""
    top, height = sheet.spec.header_row - 1, sheet.spec.header_rows
    merged = [
        ((first[0] - top, first[1] - sheet.left), (last[0] - top, last[1] - sheet.left))
        for first, last in sheet.merged or ()
        if top <= first[0] < top + height
    ]
    return merged or None


def _refuse_nameless(sheet: _Sheet, number: int, cells: list[str | None], named: dict[int, str]) -> None:
    for place, cell in enumerate(cells):
        if cell and cell.strip() and place not in named:
            letters = column_letters(place + sheet.left)
            what = f"column {letters} holds {cell!r} and has no name in {sheet.header_place}"
            fix = "name the column, or say header_row = N for the row that holds the names"
            raise InputError([Problem(f"{sheet.where} row {number}", what, fix)])

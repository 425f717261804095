"""Workbooks: one sheet becomes a table of text, each value written as it is meant."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, Problem, did_you_mean
from .found import Found
from .parts import Part, Reading, each, header_problem, refuse_other_columns
from .spec import FileSpec
from .xlsx import column_letters, error_cells

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet to be read, with the texts of cells that hold an error, by row and column from 0."""

    where: str
    label: str
    left: int
    rows: Iterator[list[Any]]
    errors: dict[tuple[int, int], str]


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
    """Make a Parquet file of one sheet of each workbook; all must have the same columns."""

    def convert(item: tuple[int, Path]) -> tuple[str, tuple[str, ...], Part]:
        number, path = item
        sheet = _sheet(path, found.label(path), reading.spec)
        columns, part = _converted(sheet, reading.spec.header_row, reading.target(number))
        return sheet.where, columns, part

    done = each(enumerate(found.files, start=1), convert)
    refuse_other_columns({where: columns for where, columns, _ in done}, done[0][2].label)
    return tuple(part for _, _, part in done)


def sheet_names(path: Path) -> tuple[str, ...]:
    """The names of a workbook's sheets; none when it cannot be opened."""
    try:
        with _opened(path) as book:
            return tuple(_tables(book))
    except InputError:
        return ()


def _opened(path: Path) -> CalamineWorkbook:
    import python_calamine

    try:
        return python_calamine.load_workbook(str(path))
    except python_calamine.PasswordError:
        what, fix = "the workbook is protected by a password", "save it without one"
    except (python_calamine.CalamineError, OSError) as error:
        what, fix = f"the workbook cannot be opened: {str(error).splitlines()[0]}", "save it again"
    raise InputError([Problem(str(path), what, fix)])


def _tables(book: CalamineWorkbook) -> list[str]:
    """Sheets with cells, as opposed to charts and macros."""
    from python_calamine import SheetTypeEnum

    return [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]


def _sheet(path: Path, label: str, spec: FileSpec) -> _Sheet:
    import python_calamine

    with _opened(path) as book:
        name = spec.sheet
        try:
            if not name:
                name = _only_sheet(book, path)
            elif name not in book.sheet_names:
                what, fix = f"there is no sheet '{name}'", did_you_mean(name, _tables(book))
                raise InputError([Problem(str(path), what, fix)])
            sheet = book.get_sheet_by_name(name)
        except python_calamine.CalamineError as error:
            what = f"the sheets cannot be read: {str(error).splitlines()[0]}"
            raise InputError([Problem(str(path), what, "save the workbook again")]) from None
        left = sheet.start[1] if sheet.start else 0
        errors = error_cells(path, name) if path.suffix.lower() == ".xlsx" else {}
        return _Sheet(f"{path}, sheet '{name}'", f"{label}, sheet '{name}'", left, sheet.iter_rows(), errors)


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


def _converted(sheet: _Sheet, header_row: int, target: Path) -> tuple[tuple[str, ...], Part]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _text_rows(sheet)
    header = next((cells for number, cells in rows if number == header_row), [])
    named = _named_columns(sheet, header_row, header)
    numbers, batch = _Numbers(), []
    schema = pa.schema([(name, pa.string()) for name in named.values()])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for number, cells in rows:
            if not any(cell and cell.strip() for cell in cells):
                continue
            _refuse_nameless(sheet, header_row, number, cells, named)
            numbers.add(number)
            batch.append([cells[place] for place in named])
            if len(batch) == _ROWS_AT_ONCE:
                _write(writer, schema, batch)
        _write(writer, schema, batch)
    first_line = numbers.first or header_row + 1
    return tuple(named.values()), Part(target, sheet.label, first_line, jumps=tuple(numbers.jumps))


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
        cells = [_text(value) for value in values]
        for column, text in in_rows.get(row, ()):
            if 0 <= column - sheet.left < len(cells):
                cells[column - sheet.left] = text
        yield row + 1, cells


def _text(value: Any) -> str | None:
    """A cell's value as text: whole numbers without a point, dates as YYYY-MM-DD.

    Examples
    --------
    >>> [_text(v) for v in ("00123", 123.0, 0.1 + 0.2, 1e-7, True, datetime.datetime(2025, 1, 2), "")]
    ['00123', '123', '0.30000000000000004', '0.0000001', 'true', '2025-01-02', None]
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{Decimal(repr(value)):f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ") if value.time() != datetime.time() else value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value) or None


def _named_columns(sheet: _Sheet, header_row: int, header: list[str | None]) -> dict[int, str]:
    """The columns that have a name in the header, by their place in a row."""
    named = {place: cell.strip() for place, cell in enumerate(header) if cell and cell.strip()}
    where = f"{sheet.where} row {header_row}"
    if not named:
        what, fix = "the row holds no names of columns", "say header_row = N for the row that does"
        raise InputError([Problem(where, what, fix)])
    problem = header_problem(where, tuple(named.values()))
    if problem:
        raise InputError([problem])
    return named


def _refuse_nameless(
    sheet: _Sheet, header_row: int, number: int, cells: list[str | None], named: dict[int, str]
) -> None:
    for place, cell in enumerate(cells):
        if cell and cell.strip() and place not in named:
            letters = column_letters(place + sheet.left)
            what = f"column {letters} holds {cell!r} and has no name in row {header_row}"
            fix = "name the column, or say header_row = N for the row that holds the names"
            raise InputError([Problem(f"{sheet.where} row {number}", what, fix)])

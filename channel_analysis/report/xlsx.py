"""A report's tables as one workbook: formatted, and nothing in it is ever executed."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem
from ..files import written_beside
from ..words import Words, words
from .records import RUNS, read_runs
from .telling import title_of

if TYPE_CHECKING:
    import pyarrow as pa
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

LONGEST_TEXT = 32_767
"""Characters that a cell of a workbook takes."""

LONGEST_SHEET = 31
MOST_ROWS = 1_048_575
"""Rows below the heads that a sheet takes."""

CUT = " […]"
"""End of a text that was cut."""

_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""Workbooks have no clock: equal tables give equal bytes."""

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that a workbook does not take."""

_WIDEST = 48
_SHARES = re.compile(r"(share|rate|ratio|margin|probability|attainment|growth|coverage|_yoy)$")
_FORMATS = {
    "head": {"bold": True, "bottom": 1, "bg_color": "#f5f7f9", "text_wrap": True, "valign": "top"},
    "title": {"bold": True, "font_size": 14},
    "link": {"font_color": "#1d4e79", "underline": 1},
    "text": {"valign": "top"},
    "count": {"num_format": "#,##0", "valign": "top"},
    "number": {"num_format": "#,##0.00", "valign": "top"},
    "share": {"num_format": "0.0%", "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"},
}


def write_xlsx(folder: Path, report: str, language: str, target: Path) -> None:
    """Write the tables of a published report as a workbook: a sheet per table, and one that lists them.

    Every text is a text, whatever it begins with; what a workbook does not take is replaced, texts that
    are too long end in `CUT`. Equal tables give equal bytes.

    Parameters
    ----------
    folder : Path
        Where the report is published: `run.json` and `tables/*.parquet`.
    report, language : str
        Whose tables, and the language of heads.
    target : Path

    Raises
    ------
    InputError
        When the folder holds no such report, or one of its tables cannot be read.
    """
    record = read_runs(folder / RUNS).get(report)
    if record is None:
        raise InputError([Problem(str(folder), f"no report '{report}' is published here", "run it first")])
    names = list(record["summary"].get("tables", ()))
    tables = {name: _read(folder / "tables" / f"{name}.parquet") for name in names}
    with written_beside(target) as temporary:
        _written(temporary, tables, record, words(language))


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        what = str(error).partition("\n")[0]
        raise InputError([Problem(str(path), f"cannot be read: {what}", "run the report anew")]) from None


def _written(target: Path, tables: dict[str, pa.Table], record: dict[str, Any], said: Words) -> None:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    options |= {"nan_inf_to_errors": False, "remove_timezone": True}
    with Workbook(target, options) as book:
        title = title_of(record, said)
        book.set_properties({"title": _text(title), "created": _CREATED})
        formats = {name: book.add_format(wanted) for name, wanted in _FORMATS.items()}
        sheets = _sheet_names(said("xlsx.contents"), tables)
        first = book.add_worksheet(sheets[""])
        _contents(first, title, tables, sheets, formats, said)
        for name, table in tables.items():
            _sheet(book, sheets[name], table, formats, said)


def _sheet_names(first: str, names: Iterable[str]) -> dict[str, str]:
    """A sheet's name per table, unique whatever their capitals and cut to what a workbook takes."""
    found, taken = {"": first}, {first.casefold()}
    for name in names:
        plain, number = name[:LONGEST_SHEET], 1
        while plain.casefold() in taken:
            number += 1
            plain = f"{name[: LONGEST_SHEET - 4]} {number}"
        found[name] = plain
        taken.add(plain.casefold())
    return found


def _contents(
    sheet: Worksheet,
    title: str,
    tables: dict[str, pa.Table],
    sheets: dict[str, str],
    formats: dict[str, Format],
    said: Words,
) -> None:
    sheet.write_string(0, 0, _text(title), formats["title"])
    for column, key in enumerate(("table", "rows", "columns")):
        sheet.write_string(2, column, said(f"xlsx.{key}"), formats["head"])
    for row, (name, table) in enumerate(tables.items(), start=3):
        sheet.write_url(row, 0, f"internal:'{sheets[name]}'!A1", formats["link"], sheets[name])
        sheet.write_number(row, 1, table.num_rows, formats["count"])
        sheet.write_number(row, 2, table.num_columns, formats["count"])
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 2, 10)


def _sheet(book: Workbook, name: str, table: pa.Table, formats: dict[str, Format], said: Words) -> None:
    sheet = book.add_worksheet(name)
    for number, column in enumerate(table.column_names):
        head = said(f"head.{column}") if said.has(f"head.{column}") else column
        sheet.write_string(0, number, head, formats["head"])
        values = table[column].slice(0, MOST_ROWS).to_pylist()
        width = len(head)
        for row, value in enumerate(values, start=1):
            width = max(width, _write(sheet, row, number, value, column, formats))
        sheet.set_column(number, number, min(width + 2, _WIDEST))
    sheet.freeze_panes(1, 1)
    if table.num_columns:
        sheet.autofilter(0, 0, min(table.num_rows, MOST_ROWS), table.num_columns - 1)


def _write(sheet: Worksheet, row: int, column: int, value: Any, name: str, formats: dict[str, Format]) -> int:
    """Write one cell as what it is, and give the width it wants."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return 0
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, formats["text"])
        return 5
    if isinstance(value, int | float | decimal.Decimal) and math.isfinite(value):
        kind = "share" if _SHARES.search(name) else "count" if isinstance(value, int) else "number"
        sheet.write_number(row, column, float(value), formats[kind])
        return len(f"{value:,.2f}")
    if isinstance(value, datetime.date):
        day = datetime.datetime(value.year, value.month, value.day)
        sheet.write_datetime(row, column, day, formats["date"])
        return 10
    text = _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
    sheet.write_string(row, column, text, formats["text"])
    return len(text) + sum(ord(letter) > 0x2E80 for letter in text[:_WIDEST])


def _text(text: str) -> str:
    """A text as a cell takes it."""
    plain = _REFUSED.sub("\ufffd", text)
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - len(CUT)] + CUT

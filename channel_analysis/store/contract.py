"""Contract mode: a folder whose files are named and filled as the data dictionary says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Names
from decimal import Decimal
from pathlib import Path

from ..contracts.schema import Table
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, nearest, refuse
from .mapping import Mapping
from .sources import READABLE, WORKBOOKS, FileSpec, Source, kind_in, sheet_names
from .staging import Finding

OTHER_TABLES = (".tsv", ".xlsm")
"""Kinds of files that hold tables but are not read; they are named rather than passed over."""

_SHEET = re.compile(r", sheet '(.*)'$", re.DOTALL)


def contract_mapping(
    folder: Path, lines: Names[str, str] | None = None, numbers: Names[str, str] | None = None
) -> Mapping:
    """The mapping of a folder whose files are named as the contracts say, in capitals or not.

    A table is filled by a file, by a folder of files, or by a sheet of a workbook. `lines` are the
    options delimiter and encoding of the CSV files, `numbers` decimal, thousands and currency of all
    files that hold texts.

    Raises
    ------
    InputError
        When two of them would fill the same table.
    """
    named: dict[str, list[tuple[str, FileSpec]]] = {}
    strangers: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")):
            continue
        filled = list(_filled(path, {**(lines or {}), **(numbers or {})}, numbers or {}))
        for table, label, spec in filled:
            named.setdefault(table, []).append((label, spec))
        if path.is_file():
            strangers += _strangers(path, {str(spec.sheet) for _, _, spec in filled})
    refuse(
        Problem(
            str(folder),
            f"{' and '.join(label for label, _ in found)} fill the same table '{table}'",
            "keep one of them and move the others out of the folder",
        )
        for table, found in named.items()
        if len(found) > 1
    )
    files = {table: named[table][0][1] for table in TABLES if table in named}
    return Mapping(str(folder), files, {}, is_contract=True, strangers=tuple(strangers))


def no_sales(mapping: Mapping) -> InputError:
    """The one table nothing works without is missing; a folder is answered with what it holds."""
    what = "nothing fills the table 'sales'"
    if not mapping.is_contract:
        return InputError([Problem(mapping.where, what, "add a block [[sales]] with its query")])
    near = [f"{name}: {offer(name)}" for name in mapping.strangers if _nearest_table(name)]
    others = [name for name in mapping.strangers if not _nearest_table(name)]
    here = [*near, *dict.fromkeys(spec.path for spec in mapping.files.values()), *others]
    more = [f"and {len(here) - 20} more"] if len(here) > 20 else []
    held = "; ".join([*here[:20], *more]) or "no csv, parquet or workbook file"
    fix = "add a file sales.csv, sales.parquet or sales.xlsx, or name a mapping in workspace.toml"
    return InputError([Problem(mapping.where, f"{what}; the folder holds: {held}", fix)])


def missing_columns(table: Table, source: Source, where: str) -> list[Problem]:
    """The required columns a file lacks, each with the nearest of those no contract knows."""
    spare = [name for name in source.columns if name not in table.column_names]
    problems = []
    for column in table.columns:
        if not column.required or column.name in source.columns:
            continue
        near = nearest(column.name, spare)
        fix = f"add it; the file has: {_some(source.columns)}"
        if near:
            fix = f"did you mean its column '{near}'? rename it to '{column.name}'"
        what = f"{source.label} has no column '{column.name}' ({column.description})"
        problems.append(Problem(where, what, fix))
    return problems


def _some(names: Sequence[str]) -> str:
    """The first names of many, each cut to a length that can be read, and how many more there are."""
    shown = [name if len(name) <= 40 else f"{name[:40]}..." for name in names[:20]]
    return ", ".join([*shown, *([f"and {len(names) - 20} more"] if len(names) > 20 else [])])


def ignored(mapping: Mapping, tables: Iterable[str], sources: dict[str, Source]) -> list[Finding]:
    """Columns and files of the folder that no contract knows; a misspelt one shows here."""
    if not mapping.is_contract:
        return []
    columns = [
        _ignored(name, column, _column_offer(column, TABLES[name]))
        for name in tables
        for column in sources[name].columns
        if column not in TABLES[name].column_names
    ]
    files = [_ignored(_nearest_table(name) or "sales", name, offer(name)) for name in mapping.strangers]
    return [*columns, *files]


def offer(stranger: str) -> str:
    """What a file or sheet that no contract knows was probably meant to be.

    Examples
    --------
    >>> offer("Sale.csv"), offer("company.xlsx, sheet 'Sale'")
    ('did you mean sales.csv?', "did you mean the sheet 'sales'?")
    """
    table, kind = _nearest_table(stranger), Path(stranger).suffix.lower()
    if _SHEET.search(stranger):
        return f"did you mean the sheet '{table}'?" if table else "no table has such a name"
    if kind not in READABLE:
        return f"save it as {table}.csv" if table else f"only {', '.join(READABLE)} are read"
    return f"did you mean {table}{kind}?" if table else "no table has such a name"


def _filled(
    path: Path, lines: Names[str, str], numbers: Names[str, str]
) -> Iterator[tuple[str, str, FileSpec]]:
    """The tables that a file or folder fills: table, label and how to read it."""
    kind, table = path.suffix.lower(), path.stem.lower()
    if path.is_dir():
        if path.name.lower() in TABLES:
            options = {"csv": lines, "workbook": numbers}.get(kind_in(path), {})
            yield path.name.lower(), f"{path.name}/", _spec(path, options)
    elif kind in WORKBOOKS:
        yield from _filled_by_sheets(path, numbers)
    elif kind in READABLE and table in TABLES:
        yield table, path.name, _spec(path, lines if kind == ".csv" else {})


def _spec(path: Path, options: Names[str, str]) -> FileSpec:
    return FileSpec.model_validate({"path": path.name, **options})


def _filled_by_sheets(path: Path, numbers: Names[str, str]) -> Iterator[tuple[str, str, FileSpec]]:
    """A workbook named as a table fills it, from the sheet of that name or its only one.

    In a workbook of another name each sheet that is named as a table fills it.
    """
    by_table = {name.strip().lower(): name for name in sheet_names(path) if name.strip().lower() in TABLES}
    table = path.stem.lower()
    if table in TABLES:
        named = {"sheet": by_table[table]} if table in by_table else {}
        yield table, path.name, _spec(path, {**numbers, **named})
        return
    for table, sheet in by_table.items():
        yield table, f"{path.name}, sheet '{sheet}'", _spec(path, {**numbers, "sheet": sheet})


def _strangers(path: Path, known: set[str]) -> list[str]:
    """What of a file no contract knows: the file, or the other sheets of a workbook that is read."""
    if path.suffix.lower() not in (*READABLE, *OTHER_TABLES):
        return []
    if not known:
        return [path.name]
    if path.stem.lower() in TABLES:
        return []
    return [f"{path.name}, sheet '{sheet}'" for sheet in sheet_names(path) if sheet not in known]


def _nearest_table(stranger: str) -> str:
    sheet = _SHEET.search(stranger)
    return nearest(sheet[1] if sheet else Path(stranger).stem, TABLES)


def _column_offer(column: str, table: Table) -> str:
    near = nearest(column, table.column_names)
    return f"did you mean '{near}'?" if near else f"{table.name} has no column of such a name"


def _ignored(table: str, column: str, sample: str) -> Finding:
    return Finding(table, "ignored", column, 0, Decimal(0), sample, (), "ignored")

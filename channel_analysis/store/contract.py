"""Contract mode: a folder whose files are named and filled as the data dictionary says."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from ..contracts.schema import Table
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, nearest, refuse
from .mapping import Mapping
from .sources import READABLE, FileSpec, Source
from .staging import Finding

OTHER_TABLES = (".xlsx", ".xls", ".ods", ".tsv")
"""Kinds of files that hold tables but are not read; they are named rather than passed over."""


def contract_mapping(folder: Path, delimiter: str = ",", encoding: str = "utf-8") -> Mapping:
    """The mapping of a folder whose files are named as the contracts say, in capitals or not.

    Raises
    ------
    InputError
        When two files would fill the same table.
    """
    named: dict[str, list[str]] = {}
    strangers = []
    for path in sorted(folder.iterdir()):
        kind = path.suffix.lower()
        if path.name.startswith(".") or kind not in (*READABLE, *OTHER_TABLES) or not path.is_file():
            continue
        if kind in READABLE and path.stem.lower() in TABLES:
            named.setdefault(path.stem.lower(), []).append(path.name)
        else:
            strangers.append(path.name)
    refuse(
        Problem(
            str(folder),
            f"{' and '.join(names)} fill the same table '{table}'",
            "keep one of them and move the others out of the folder",
        )
        for table, names in named.items()
        if len(names) > 1
    )
    files = {table: _spec(named[table][0], delimiter, encoding) for table in TABLES if table in named}
    return Mapping(str(folder), files, {}, is_contract=True, strangers=tuple(strangers))


def no_sales(mapping: Mapping) -> InputError:
    """The one table nothing works without is missing; a folder is answered with what it holds."""
    what = "nothing fills the table 'sales'"
    if not mapping.is_contract:
        return InputError([Problem(mapping.where, what, "add a block [[sales]] with its query")])
    near = [f"{name}: {offer(name)}" for name in mapping.strangers if _nearest_table(name)]
    others = [name for name in mapping.strangers if not _nearest_table(name)]
    here = [*near, *(spec.path for spec in mapping.files.values()), *others]
    more = [f"and {len(here) - 20} more"] if len(here) > 20 else []
    held = "; ".join([*here[:20], *more]) or "no csv or parquet file"
    fix = "add a file sales.csv or sales.parquet, or name a mapping in workspace.toml"
    return InputError([Problem(mapping.where, f"{what}; the folder holds: {held}", fix)])


def missing_columns(table: Table, source: Source, where: str) -> list[Problem]:
    """The required columns a file lacks, each with the nearest of those no contract knows."""
    spare = [name for name in source.columns if name not in table.column_names]
    problems = []
    for column in table.columns:
        if not column.required or column.name in source.columns:
            continue
        near = nearest(column.name, spare)
        fix = f"add it; the file has: {', '.join(source.columns)}"
        if near:
            fix = f"did you mean its column '{near}'? rename it to '{column.name}'"
        what = f"{source.path.name} has no column '{column.name}' ({column.description})"
        problems.append(Problem(where, what, fix))
    return problems


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


def offer(file: str) -> str:
    """What a file that no contract knows was probably meant to be.

    Examples
    --------
    >>> offer("Sale.csv")
    'did you mean sales.csv?'
    """
    table, kind = _nearest_table(file), Path(file).suffix.lower()
    if kind not in READABLE:
        return f"save it as {table}.csv" if table else "only csv and parquet files are read"
    return f"did you mean {table}{kind}?" if table else "no table has such a name"


def _spec(name: str, delimiter: str, encoding: str) -> FileSpec:
    if name.lower().endswith(".csv"):
        return FileSpec(path=name, delimiter=delimiter, encoding=encoding)
    return FileSpec(path=name)


def _nearest_table(file: str) -> str:
    return nearest(Path(file).stem, TABLES)


def _column_offer(column: str, table: Table) -> str:
    near = nearest(column, table.column_names)
    return f"did you mean '{near}'?" if near else f"{table.name} has no column of such a name"


def _ignored(table: str, column: str, sample: str) -> Finding:
    return Finding(table, "ignored", column, 0, Decimal(0), sample, False)

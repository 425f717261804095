"""DuckDB files: one table of one file, read without writing to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import InputError, Problem, nearest
from ..engine import literal, quoted
from .found import Found
from .parts import Part, Reading
from .private import copied, plain, private_connection
from .spec import table_name

if TYPE_CHECKING:
    import duckdb

_TABLES = """
SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'given' AND NOT internal
UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'given' AND NOT internal
ORDER BY ALL
"""


def duckdb_part(reading: Reading, found: Found) -> tuple[Part, ...]:
    """Make a Parquet file of one table or view of a DuckDB file."""
    import duckdb

    (path,), where, target = found.files, str(found.files[0]), reading.target(1)
    with private_connection(reading.scratch) as connection:
        try:
            connection.execute(f"ATTACH {literal(where)} AS given (READ_ONLY, TYPE duckdb)")
        except duckdb.Error as error:
            raise InputError([_closed(where, error)]) from None
        known = connection.execute(_TABLES).fetchall()
        table = _named(where, reading.spec.table, known)
        try:
            columns = connection.execute(f"DESCRIBE SELECT * FROM given.{table}").fetchall()
            selected = ", ".join(plain(name, kind) for name, kind, *_ in columns)
            connection.execute(copied(f"SELECT {selected} FROM given.{table}", target))
        except duckdb.Error as error:
            what = f"the table '{reading.spec.table}' cannot be read: {str(error).splitlines()[0]}"
            raise InputError([Problem(where, what, "check it with DuckDB")]) from None
    return (Part(target, f"{found.label(path)}, table '{reading.spec.table}'"),)


def unknown_table(where: str, table: str, known: list[tuple[str, str]], usual: str) -> Problem:
    """The message for a table that is not there, with the nearest name or those there are."""
    names = [name if schema == usual else f"{schema}.{name}" for schema, name in known]
    near = nearest(table, names) or nearest(table, [f"{schema}.{name}" for schema, name in known])
    listed = ", ".join([*names[:20], *([f"and {len(names) - 20} more"] if len(names) > 20 else [])])
    fix = f"did you mean '{near}'?" if near else f"choose one of: {listed}"
    return Problem(where, f"there is no table '{table}'", fix if names else "there is no table at all")


def _named(where: str, table: str, known: list[tuple[str, str]]) -> str:
    """The table's name for a statement; without a schema it is the one of `main`."""
    asked = ("main", *table_name(table))[-2:]
    for schema, name in known:
        if (schema.lower(), name.lower()) == (asked[0].lower(), asked[1].lower()):
            return f"{quoted(schema)}.{quoted(name)}"
    raise InputError([unknown_table(where, table, known, "main")])


def _closed(where: str, error: duckdb.Error) -> Problem:
    first_line = str(error).splitlines()[0]
    if "lock" in first_line or "already attached" in first_line:
        what = "another program holds the file open for writing"
        return Problem(where, what, "close it there, or copy the file and read the copy")
    if "not a valid DuckDB" in first_line:
        return Problem(where, "this is not a DuckDB file", "export it again")
    return Problem(where, f"the DuckDB file cannot be opened: {first_line}", "export it again")

"""DuckDB connections of the readers' own: nothing is downloaded, and what is made is Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine import literal, open_duckdb, quoted

if TYPE_CHECKING:
    import duckdb

_PLAIN = (
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "VARCHAR",
    "DATE",
    "TIMESTAMP",
)


@contextmanager
def private_connection(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that takes little memory; what does not fit goes below the folder `spill`."""
    connection = open_duckdb(memory_limit="1GB", temp_directory=str(spill / "spill"))
    try:
        yield connection
    finally:
        connection.close()


def copied(sql: str, target: Path) -> str:
    """A statement that writes a query's rows to a Parquet file, in their order."""
    return f"COPY ({sql}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"


def plain(name: str, kind: str) -> str:
    """A column in a type that every engine reads from Parquet; what has none becomes text.

    Moments with a time zone become the time of UTC, so that no machine's own zone plays a part.
    """
    column = quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({column})) AS {column}"
    if kind in _PLAIN or kind.startswith("DECIMAL"):
        return column
    return f"CAST({column} AS VARCHAR) AS {column}"

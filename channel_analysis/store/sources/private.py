"""DuckDB connections of the readers' own: nothing is downloaded, and what is made is Parquet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine import literal, quoted

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
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": "1GB",
            "temp_directory": str(spill / "spill"),
        }
    )
    try:
        yield connection
    finally:
        connection.close()


def exact(path: Path) -> str:
    """A path as DuckDB's readers take it, with characters of patterns standing for themselves.

    Examples
    --------
    >>> exact(Path("sales [1].csv"))
    'sales [[]1].csv'
    """
    return re.sub(r"([*?\[])", r"[\1]", str(path))


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

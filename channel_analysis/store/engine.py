"""The engine: SQL in DuckDB's dialect goes in, Arrow comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..files import written_beside

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Engine(Protocol):
    """What every engine can do; queries are written in DuckDB's dialect."""

    def query(self, sql: str) -> pa.Table:
        """Run a query and give its rows as an Arrow table."""

    def register(self, name: str, source: Path | str | pa.Table) -> None:
        """Make `name` stand for a Parquet file (Path), a query (str) or an Arrow table."""

    def write(self, sql: str, target: Path) -> None:
        """Write a query's rows to a Parquet file, whole or not at all."""


class DuckDBEngine:
    """The embedded engine; one connection, nothing downloaded, nothing kept on disk."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, opened at its first use with extensions and the network shut out."""
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect(
                config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
            )
        return self._connection

    def query(self, sql: str) -> pa.Table:
        """Run a query and give its rows as an Arrow table."""
        return self.connection.sql(sql).to_arrow_table()

    def register(self, name: str, source: Path | str | pa.Table) -> None:
        """Make `name` stand for a Parquet file (Path), a query (str) or an Arrow table."""
        view = quoted(name)
        if isinstance(source, Path):
            source = f"SELECT * FROM read_parquet({literal(str(source))})"
        if isinstance(source, str):
            self.connection.execute(f"CREATE OR REPLACE VIEW {view} AS {source}")
        else:
            self.connection.register(name, source)

    def write(self, sql: str, target: Path) -> None:
        """Write a query's rows to a Parquet file, whole or not at all."""
        with written_beside(target) as temporary:
            where = literal(str(temporary))
            self.connection.execute(f"COPY ({sql}) TO {where} (FORMAT parquet, COMPRESSION zstd)")


def quoted(name: str) -> str:
    """A name as an SQL identifier.

    Examples
    --------
    >>> quoted('the "best"')
    '"the ""best\"""'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"

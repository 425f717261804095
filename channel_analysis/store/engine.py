"""The engine: SQL in DuckDB's dialect goes in, Arrow comes out."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..files import written_beside

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FILE, ROW = "_file", "_row"
"""Columns of numbered Parquet files: the file a row stands in, and its number there, from 1."""

Given = TypeVar("Given")


class EngineError(RuntimeError):
    """An engine refused a statement: its syntax, a name, a type or a value."""


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """Parquet files (or folders of them) read as one table.

    Folders `key=value` below `base` become text columns; where a query's condition names such a
    column, files of other values are not opened. With `numbered` rows carry `FILE` and `ROW`.
    """

    paths: tuple[Path, ...]
    base: Path | None = None
    numbered: bool = False


class Engine(Protocol):
    """What every engine can do; queries are written in DuckDB's dialect.

    Each method raises EngineError for a statement that the engine refuses.
    """

    name: str

    def __hash__(self) -> int:
        """An engine is itself and no other, so that what it answered can be remembered."""

    def query(self, sql: str) -> pa.Table:
        """Run a query and give its rows as an Arrow table."""

    def schema(self, sql: str) -> pa.Schema:
        """The names and types of a query's columns, without running it."""

    def register(self, name: str, source: ParquetFiles | Path | str | pa.Table) -> None:
        """Make `name` stand for Parquet (a Path: one file or folder), a query (str) or an Arrow table."""

    def write(self, sql: str, target: Path) -> None:
        """Write a query's rows as Parquet to `target`, a file or a folder of files, whole or not at all."""


class DuckDBEngine:
    """The embedded engine; one connection, nothing downloaded, nothing kept on disk."""

    name = "duckdb"

    def __init__(self, memory_limit: str = "", threads: int = 0) -> None:
        options: dict[str, str | int] = {"memory_limit": memory_limit, "threads": threads}
        self._options = {name: value for name, value in options.items() if value}
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection, opened at its first use; it spills to the temporary folder of the machine."""
        if self._connection is None:
            spill = tempfile.mkdtemp(prefix="channel-analysis-")
            weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
            self._connection = open_duckdb(temp_directory=spill, **self._options)
        return self._connection

    def query(self, sql: str) -> pa.Table:
        """Run a query and give its rows as an Arrow table."""
        return _asked(lambda: self.connection.sql(sql).to_arrow_table())

    def schema(self, sql: str) -> pa.Schema:
        """The names and types of a query's columns, without running it."""
        return _asked(lambda: self.connection.sql(sql).limit(0).to_arrow_table().schema)

    def register(self, name: str, source: ParquetFiles | Path | str | pa.Table) -> None:
        """Make `name` stand for Parquet files, a query or an Arrow table."""
        if isinstance(source, Path):
            source = ParquetFiles((source,))
        if isinstance(source, ParquetFiles):
            source = _parquet_sql(source)
        if isinstance(source, str):
            sql = f"CREATE OR REPLACE VIEW {quoted(name)} AS {source}"
            self.connection.unregister(name)  # an Arrow table of this name would hide the view
            _asked(lambda: self.connection.execute(sql))
        else:
            self.connection.register(name, source)

    def write(self, sql: str, target: Path) -> None:
        """Write a query's rows to one Parquet file, whole or not at all."""
        with written_beside(target) as temporary:
            where = literal(str(temporary))
            copy = f"COPY ({sql}) TO {where} (FORMAT parquet, COMPRESSION zstd)"
            _asked(lambda: self.connection.execute(copy))


def _parquet_sql(files: ParquetFiles) -> str:
    """A SELECT over Parquet files; a folder stands for the files in it."""
    listed = ", ".join(literal(_as_pattern(path)) for path in files.paths)
    by_folder = str(files.base is not None).lower()
    options = [f"hive_partitioning = {by_folder}", "hive_types_autocast = false"]
    hidden = {part.partition("=")[0] for part in files.base.parts if "=" in part} if files.base else set()
    columns = ""
    if files.numbered:
        columns = f", file_row_number + 1 AS {ROW}"
        options += [f"filename = {literal(FILE)}", "file_row_number = true"]
        hidden.add("file_row_number")
    shown = f"* EXCLUDE ({', '.join(map(quoted, sorted(hidden)))})" if hidden else "*"
    return f"SELECT {shown}{columns} FROM read_parquet({', '.join([f'[{listed}]', *options])})"


def _as_pattern(path: Path) -> str:
    """A file, or all files of a folder, as DuckDB's reader takes them."""
    return f"{exact(path)}/*.parquet" if path.is_dir() else exact(path)


def exact(path: Path) -> str:
    """A path as DuckDB's readers take it, with characters of patterns standing for themselves.

    Examples
    --------
    >>> exact(Path("sales [1].csv"))
    'sales [[]1].csv'
    """
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def open_duckdb(**options: str | int) -> duckdb.DuckDBPyConnection:
    """A connection with extensions and the network shut out; over zero stands NULL, not infinity."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "ieee_floating_point_ops": False,
        "error_on_division_by_zero": False,
        **options,
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET parquet_metadata_cache = true")
    if connection.sql("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        connection.execute("SET enable_progress_bar = false")  # the package shows its own
    return connection


def _asked(ask: Callable[[], Given]) -> Given:
    """What DuckDB answers; statements that it refuses become EngineError."""
    import duckdb

    try:
        return ask()
    except duckdb.OutOfMemoryException as error:
        fix = "raise memory_limit or lower threads under [duckdb] in workspace.toml"
        raise EngineError(f"{str(error).splitlines()[0]}\n  fix: {fix}") from error
    except duckdb.Error as error:
        raise EngineError(str(error)) from error


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

"""PostgreSQL: a table or a query is read once and kept as Parquet until it is read anew; no secret is."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from ...errors import InputError, Problem
from ...files import written_beside
from ..engine import exact, literal, quoted
from .databases import unknown_table
from .parts import Part, each, header_problem
from .private import copied, private_connection
from .spec import FileSpec, table_name

if TYPE_CHECKING:
    import pyarrow as pa

_PREFIX = "postgres-"
_CONNECT_SECONDS = 10
_SETUP = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL statement_timeout = '30min'",
    "SET LOCAL lock_timeout = '60s'",
)
_TABLES = """
SELECT table_schema::text, table_name::text FROM information_schema.tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""


def postgres_part(spec: FileSpec, snapshots: Path) -> Part:
    """What a database server gave, as Parquet."""
    return Part(snapshot(spec, snapshots), _label(spec))


def snapshot(spec: FileSpec, snapshots: Path, anew: bool = False) -> Path:
    """The Parquet file of a table or query, read from the server where it is not there yet, or `anew`.

    Its rows are sorted by all columns, so that equal rows give an equal file.
    """
    target = snapshots / _file_name(spec)
    if target.is_file() and not anew:
        return target
    snapshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=snapshots) as place:
        given = Path(place) / "given.parquet"
        _download(spec, given)
        with private_connection(Path(place)) as connection, written_beside(target) as temporary:
            connection.execute("SET threads = 1")
            rows = f"SELECT * FROM read_parquet({literal(exact(given))}) ORDER BY ALL"
            connection.execute(copied(rows, temporary))
    return target


def refresh_snapshots(specs: Iterable[FileSpec], snapshots: Path) -> None:
    """Read what database servers give anew; where one cannot be read, what it gave before stays.

    Raises
    ------
    InputError
        With the problems of every server that cannot be read.
    """
    each((spec for spec in specs if spec.uri), lambda spec: snapshot(spec, snapshots, anew=True))


def drop_other_snapshots(specs: Iterable[FileSpec], snapshots: Path) -> None:
    """Forget what was read for sources that are no longer named."""
    named = {_file_name(spec) for spec in specs if spec.uri}
    for path in snapshots.glob(f"{_PREFIX}*.parquet"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def _file_name(spec: FileSpec) -> str:
    asked = json.dumps([spec.uri, spec.table, spec.query]).encode()
    return f"{_PREFIX}{hashlib.sha256(asked).hexdigest()[:16]}.parquet"


def _label(spec: FileSpec) -> str:
    if spec.table:
        return f"table '{spec.table}'"
    words = " ".join(spec.query.split())
    return f"query '{words if len(words) <= 60 else words[:57] + '...'}'"


def _where(spec: FileSpec) -> str:
    """What is read and from which server; the address's user and parameters stay out of it."""
    server = spec.uri.partition("://")[2].partition("?")[0].rpartition("@")[2]
    return f"{_label(spec)} of {server or 'the local server'}"


def _download(spec: FileSpec, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    driver = _driver(spec)
    secret = _password(spec)
    with _connected(spec, driver, secret) as connection, connection.cursor() as cursor:
        try:
            for statement in _SETUP:
                cursor.execute(statement)
            cursor.execute(_plain_query(spec, cursor))
            reader = cursor.fetch_record_batch()
            with pq.ParquetWriter(target, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch)
        except (driver.Error, pa.ArrowException, OSError) as error:
            raise InputError([_refused(spec, connection, error, secret)]) from None


def _driver(spec: FileSpec) -> Any:
    try:
        import adbc_driver_postgresql.dbapi as driver
    except ImportError:
        fix = "pip install 'channel_analysis[postgres]'"
        raise InputError([Problem(_where(spec), "PostgreSQL's driver is not installed", fix)]) from None
    return driver


def _password(spec: FileSpec) -> str:
    """The password that `password_env` points to; empty where libpq is to find it by itself."""
    if not spec.password_env:
        return ""
    if not os.environ.get(spec.password_env):
        what = "the environment variable that password_env names is not set"
        raise InputError([Problem(_where(spec), what, "set it to the password before the run")])
    return os.environ[spec.password_env]


@contextmanager
def _connected(spec: FileSpec, driver: Any, secret: str) -> Iterator[Any]:
    """A connection; the password goes to the driver and nowhere else."""
    given = {name for name, _ in parse_qsl(spec.uri.partition("?")[2])}
    more = {"application_name": "channel_analysis", "connect_timeout": str(_CONNECT_SECONDS)}
    more = {name: value for name, value in more.items() if name not in given}
    more |= {"password": secret} if secret else {}
    joined = f"{spec.uri}{'&' if '?' in spec.uri else '?'}{urlencode(more, quote_via=quote)}"
    try:
        connection = driver.connect(joined)
    except (driver.Error, OSError) as error:
        said = _message(error, secret)
        fix = "check the uri, and that the server runs and lets this machine in"
        if "password" in said or "pg_hba" in said:
            fix = "put the right password into PGPASSWORD, or into the variable that password_env names"
        raise InputError([Problem(_where(spec), f"cannot connect: {said}", fix)]) from None
    with connection:
        yield connection


def _plain_query(spec: FileSpec, cursor: Any) -> str:
    """A query whose columns are of types that Parquet keeps exactly; all other values come as text."""
    asked = f"SELECT * FROM {'.'.join(quoted(name) for name in table_name(spec.table))}"
    if spec.query:
        asked = f"SELECT * FROM (\n{spec.query.strip().rstrip(';')}\n) AS given"
    schema = cursor.adbc_execute_schema(asked)
    problem = header_problem(_where(spec), tuple(schema.names))
    if problem:
        raise InputError([problem])
    columns = ", ".join(_plain(column) for column in schema)
    return f"SELECT {columns} FROM ({asked}) AS given"


def _plain(column: pa.Field) -> str:
    """A column in a plain type; moments with a time zone become the time of the server's zone."""
    import pyarrow as pa

    name, kind = quoted(column.name), column.type
    theirs = (column.metadata or {}).get(b"POSTGRESQL:type", b"")
    if pa.types.is_timestamp(kind) and kind.tz:
        return f"{name}::timestamp AS {name}"
    if theirs == b"money":
        return f"{name}::numeric::text AS {name}"
    kept = (
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_date32,
        pa.types.is_timestamp,
    )
    return name if any(is_kept(kind) for is_kept in kept) else f"{name}::text AS {name}"


def _refused(spec: FileSpec, connection: Any, error: Exception, secret: str) -> Problem:
    """The message for a query that the server refuses, with what to do about it."""
    said, state = _message(error, secret), getattr(error, "sqlstate", None)
    if state == "42P01" and spec.table:
        return unknown_table(_where(spec), spec.table, _tables(connection), "public")
    fix = "check the query with the database's own tools"
    if state == "42501":
        fix = "ask for the right to read it (GRANT SELECT)"
    elif "timeout" in said:
        fix = "ask for less: a query with fewer rows or columns"
    return Problem(_where(spec), f"the server refuses: {said}", fix)


def _tables(connection: Any) -> list[tuple[str, str]]:
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return [(schema, name) for schema, name in cursor.fetchall()]


def _message(error: Exception, secret: str) -> str:
    """The first line of what a driver says, without its own preamble and without any password."""
    line = (str(error).splitlines() or ["no reason given"])[0]
    for preamble in ("ERROR:  ", "FATAL:  ", "Failed to connect: "):
        line = line.rpartition(preamble)[2]
    for hidden in (secret, os.environ.get("PGPASSWORD", "")):
        if hidden:
            line = (
                line.replace(hidden, "***")
                .replace(quote(hidden), "***")
                .replace(quote(hidden, safe=""), "***")
            )
    return line.strip()

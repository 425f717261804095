"""The engine for data beyond one machine: the same queries on Spark, here, on a cluster or by Connect."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator

from ..contracts.settings import Rules, wrong
from ..errors import InputError, Problem
from ..files import CATALOG
from .dialect import to_spark
from .engine import FILE, ROW, EngineError, ParquetFiles, quoted

if TYPE_CHECKING:
    import pyarrow as pa

JAVA_NEEDED = 17
"""The oldest Java that Spark 4 runs on."""

SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
}
"""What a session is set to, so that it computes as DuckDB does."""

_LOG = (CATALOG / "spark" / "log4j2.properties").as_uri()
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOG}",
}
"""Defaults of a driver started here; `conf` goes before them."""

Given = TypeVar("Given")


def _without_token(address: str) -> str:
    if re.search(r"[;/]token=", address, re.IGNORECASE):
        what = "a token does not belong in a file"
        raise wrong(what, "put it into the environment variable SPARK_TOKEN instead", secret=True)
    if address and not address.startswith("sc://"):
        raise wrong("this is no address of Spark Connect", "write it as sc://host:15002")
    return address


def _without_secrets(conf: dict[str, str]) -> dict[str, str]:
    for key in conf:
        if re.search(r"password|secret|token|credential|access[.-]?key", key, re.IGNORECASE):
            fix = "put it into spark-defaults.conf of the folder that SPARK_CONF_DIR names"
            raise wrong(f"the value of '{key}' does not belong in a file of the workspace", fix, secret=True)
    return conf


class SparkOptions(Rules):
    """[spark] of workspace.toml: a master (local, or a cluster's address) or a Spark Connect server."""

    master: str = "local[*]"
    remote: Annotated[str, AfterValidator(_without_token)] = ""
    token_env: str = "SPARK_TOKEN"
    conf: Annotated[dict[str, str], AfterValidator(_without_secrets)] = {}


class SparkEngine:
    """A session of its own on Spark; tables of one engine are not seen by another."""

    name = "spark"

    def __init__(self, options: SparkOptions | None = None) -> None:
        self._options = options or SparkOptions()
        self._session: Any = None

    @property
    def session(self) -> Any:
        """The session, begun at its first use.

        Raises
        ------
        InputError
            When pyspark or Java is missing, or the cluster cannot be reached.
        """
        if self._session is None:
            self._session = _begun(self._options)
            for key, value in {**SEMANTICS, **_of_session(self._options.conf)}.items():
                self._session.conf.set(key, value)
        return self._session

    def close(self) -> None:
        """End the session; one with a server that has gone would be waited for at the process's end."""
        if self._session is not None and self._options.remote:
            self._session.stop()
        self._session = None

    def query(self, sql: str) -> pa.Table:
        """Run a query and give its rows as an Arrow table."""
        session = self.session
        return _without_zones(_asked(lambda: session.sql(to_spark(sql)).toArrow()))

    def schema(self, sql: str) -> pa.Schema:
        """The names and types of a query's columns, without running it."""
        session = self.session
        from pyspark.sql.pandas.types import to_arrow_schema

        return _asked(lambda: to_arrow_schema(session.sql(to_spark(sql)).schema))

    def register(self, name: str, source: ParquetFiles | Path | str | pa.Table) -> None:
        """Make `name` stand for Parquet files, a query or an Arrow table."""
        session, view = self.session, to_spark(quoted(name))
        if isinstance(source, Path):
            source = ParquetFiles((source,))
        if isinstance(source, str):
            sql = f"CREATE OR REPLACE TEMPORARY VIEW {view} AS {to_spark(source)}"
            _asked(lambda: session.sql(sql))
        else:
            frame = _asked(lambda: _frame(session, source))
            _asked(lambda: frame.createOrReplaceTempView(view))

    def write(self, sql: str, target: Path) -> None:
        """Write a query's rows as a folder of Parquet files, whole or not at all."""
        session = self.session
        frame = _asked(lambda: session.sql(to_spark(sql)))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as beside:
            whole = Path(beside) / target.name
            _asked(lambda: frame.write.parquet(whole.as_posix()))
            if target.exists():
                os.replace(target, Path(beside) / "replaced")
            os.replace(whole, target)


def _frame(session: Any, source: ParquetFiles | pa.Table) -> Any:
    if not isinstance(source, ParquetFiles):
        return session.createDataFrame(source)
    reader = session.read
    schema = _schema_of(source)
    if schema is not None:
        reader = reader.schema(schema)
    if source.base:
        reader = reader.option("basePath", source.base.as_posix())
    frame = reader.parquet(*(_as_pattern(path) for path in source.paths))
    if not source.numbered:
        return frame
    path = "regexp_replace(replace(_metadata.file_path, '+', '%2B'), '^file:/+', '/')"
    return frame.selectExpr("*", f"url_decode({path}) AS {FILE}", f"_metadata.row_index + 1 AS {ROW}")


def _schema_of(files: ParquetFiles) -> Any:
    """Spark's schema of the files as their first footer tells it: Spark itself would run a job to find it.

    None where the footer holds types that Spark must look at itself.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_schema

    first = files.paths[0]
    first = next(iter(sorted(first.glob("*.parquet"))), first) if first.is_dir() else first
    try:
        return from_arrow_schema(parquet.read_schema(first))
    except (OSError, pa.ArrowInvalid, PySparkException):
        return None


def _as_pattern(path: Path) -> str:
    """A path for Spark's reader, which would read {}, [], * and ? as a pattern."""
    return re.sub(r"([\\{}\[\]*?^])", r"\\\1", path.as_posix())


def _begun(options: SparkOptions) -> Any:
    """A session of one's own where the options say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about pandas 3, which is not used with it
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise _not_installed(error) from None
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    if options.remote:
        _refuse_unreachable(options.remote, "remote", 15002)
        with _environment_kept():
            return _started(lambda: SparkSession.builder.remote(_address(options)).create(), options.remote)
    _refuse_without_java()
    if options.master.startswith("spark://"):
        _refuse_unreachable(options.master, "master", 7077)
    builder = SparkSession.builder.master(options.master).appName("channel_analysis")
    for key, value in {**_LOCAL, **SEMANTICS, **options.conf}.items():
        builder = builder.config(key, value)
    return _started(lambda: builder.getOrCreate().newSession(), options.master)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Take back what Connect writes into the environment: children, and other engines, would follow it."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]


def _started(start: Callable[[], Given], where: str) -> Given:
    from pyspark.errors import PySparkException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return start()
    except PySparkException as error:
        what = f"Spark does not start: {_first_line(error)}"
        raise InputError(
            [Problem(f"workspace.toml [spark] {where}", what, "see [spark] and its conf")]
        ) from None


def _asked(ask: Callable[[], Given]) -> Given:
    """What Spark answers; statements that it refuses become EngineError."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        return ask()
    except (PySparkException, Py4JJavaError) as error:
        raise EngineError(_first_line(error)) from error


def _without_zones(table: pa.Table) -> pa.Table:
    """Time stamps as DuckDB gives them: without the session's zone."""
    import pyarrow as pa

    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz:
            plain = table.column(number).cast(pa.timestamp(field.type.unit))
            table = table.set_column(number, field.name, plain)
    return table


def _first_line(error: Exception) -> str:
    """What Spark says, without its classes and its trace."""
    text = str(getattr(error, "java_exception", None) or error)
    if text.startswith("Exception thrown in awaitResult") and getattr(error, "_cause", None):
        text = str(error._cause)  # type: ignore[attr-defined]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (
        re.sub(r" SQLSTATE: \w+$", "", lines[0].split("Exception: ")[-1]) if lines else type(error).__name__
    )


def _of_session(conf: Mapping[str, str]) -> dict[str, str]:
    """Settings that a session may change once it runs."""
    return {key: value for key, value in conf.items() if key.startswith("spark.sql.")}


def _address(options: SparkOptions) -> str:
    token, remote = os.environ.get(options.token_env, ""), options.remote
    if not token:
        return remote
    return f"{remote};token={token}" if ";" in remote else f"{remote.rstrip('/')}/;token={token}"


def _not_installed(error: ImportError) -> InputError:
    what = f"the engine 'spark' needs pyspark, which is not installed ({error})"
    return InputError(
        [
            Problem(
                "workspace.toml [engine]",
                what,
                "pip install 'channel_analysis[spark]', or engine = \"duckdb\"",
            )
        ]
    )


def _refuse_without_java() -> None:
    home = os.environ.get("JAVA_HOME", "")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    fix = f"install Java {JAVA_NEEDED} or later (Debian, Ubuntu: apt-get install default-jre-headless)"
    where = "workspace.toml [engine]"
    if not java or not Path(java).is_file():
        place = f"JAVA_HOME is {home} and holds none" if home else "none was found"
        raise InputError([Problem(where, f"the engine 'spark' needs Java: {place}", fix)])
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version and int(version[1]) < JAVA_NEEDED:
        found = f"the engine 'spark' needs Java {JAVA_NEEDED}; {java} is Java {version[1]}"
        raise InputError([Problem(where, found, f"{fix}, or point JAVA_HOME at it")])


def _refuse_unreachable(address: str, option: str, usual_port: int) -> None:
    """A server that nobody listens at is told at once; Spark itself would try for minutes."""
    parts = urlsplit(address.split(";")[0])
    host, port = parts.hostname or "", parts.port or usual_port
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        what = f"nobody answers at {host}:{port} ({error.strerror or error})"
        fix = f"start Spark there or correct {option} under [spark]"
        raise InputError([Problem(f"workspace.toml [spark.{option}]", what, fix)]) from None

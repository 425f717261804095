"""Files as sources: Parquet and CSV become engine views; every id stays text."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..contracts.policy import Rules
from ..errors import InputError, Problem, did_you_mean
from .engine import DuckDBEngine, literal, quoted

READABLE = (".parquet", ".csv")


class FileSpec(Rules):
    """Where a source file is and how it is written; `path` is relative to the source folder."""

    path: str
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Source:
    """A file attached to the engine under `name`: its columns and what could not be read of it."""

    name: str
    path: Path
    columns: tuple[str, ...]
    unreadable_rows: int = 0

    @property
    def has_numbered_rows(self) -> bool:
        """Whether a row can be named by its line in the file."""
        return self.path.suffix.lower() == ".csv"


def attach(engine: DuckDBEngine, name: str, spec: FileSpec, folder: Path) -> Source:
    """Make a file readable as the view `name`; CSV columns are all text.

    Raises
    ------
    InputError
        When the file is missing, empty, of an unknown kind, or not in its encoding.
    """
    path = _found(folder / spec.path)
    if path.suffix.lower() == ".parquet":
        return _attach_parquet(engine, name, path)
    if path.suffix.lower() == ".csv":
        return _attach_csv(engine, name, spec, path)
    raise InputError(
        [Problem(str(path), f"files of kind '{path.suffix}' are not read", f"use {' or '.join(READABLE)}")]
    )


def _found(path: Path) -> Path:
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in READABLE)
        fix = did_you_mean(path.name, beside) if beside else "check [data] source in workspace.toml"
        raise InputError([Problem(str(path), "there is no such file", fix)])
    if path.stat().st_size == 0:
        raise InputError([Problem(str(path), "the file is empty", "export it again, with its header")])
    return path


def _attach_parquet(engine: DuckDBEngine, name: str, path: Path) -> Source:
    import duckdb

    try:
        engine.register(name, path)
        columns = engine.query(f"SELECT * FROM {quoted(name)} LIMIT 0").column_names
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0]
        raise InputError(
            [Problem(str(path), f"not a Parquet file: {first_line}", "export it again")]
        ) from None
    return Source(name, path, tuple(columns))


def _attach_csv(engine: DuckDBEngine, name: str, spec: FileSpec, path: Path) -> Source:
    readable = _as_utf8(path, spec.encoding)
    try:
        return _read_csv(engine, name, spec, path, readable)
    finally:
        if readable != path:
            readable.unlink()


def _read_csv(engine: DuckDBEngine, name: str, spec: FileSpec, path: Path, readable: Path) -> Source:
    columns = _header(readable, path, spec)
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    rejects = "rejected_rows"
    engine.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS SELECT * FROM read_csv("
        f"{literal(str(readable))}, header = true, auto_detect = false, delim = {literal(spec.delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{typed}}}, ignore_errors = true, store_rejects = true, "
        f"rejects_table = {literal(rejects)}, rejects_scan = {literal(rejects + '_scan')}, rejects_limit = 0)"
    )
    lost = engine.query(f"SELECT count(DISTINCT line) AS n FROM {quoted(rejects)}")
    engine.connection.execute(f"DROP TABLE {rejects}; DROP TABLE {rejects}_scan")
    return Source(name, path, columns, lost["n"][0].as_py())


def _as_utf8(path: Path, encoding: str) -> Path:
    """The file itself when it is UTF-8, else a copy in UTF-8 beside the temporary files."""
    try:
        codec = codecs.lookup(encoding)
        if not codec._is_text_encoding:
            raise LookupError(encoding)
    except LookupError:
        raise InputError(
            [Problem(str(path), f"there is no encoding '{encoding}'", "try utf-8 or gb18030")]
        ) from None
    if codec.name == "utf-8":
        _decode(path, "utf-8", None)
        return path
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="", delete=False) as copy:
        try:
            _decode(path, encoding, copy.write)
        except InputError:
            Path(copy.name).unlink()
            raise
    return Path(copy.name)


def _decode(path: Path, encoding: str, write: Callable[[str], object] | None) -> None:
    """Decode the whole file strictly, a megabyte at a time; `write` it where asked to."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    line = 1
    with path.open("rb") as stream:
        while True:
            block = stream.read(1 << 20)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise InputError([_wrong_encoding(path, encoding, line)]) from None
            if write is not None:
                write(text)
            if not block:
                return
            line += block.count(b"\n")


def _wrong_encoding(path: Path, encoding: str, line: int) -> Problem:
    sample = path.read_bytes()
    for other in ("utf-8", "gb18030", "cp1252"):
        if other == encoding.lower():
            continue
        try:
            sample.decode(other)
        except UnicodeDecodeError:
            continue
        how = f'save it as UTF-8, or say encoding = "{other}" for it under [files] of a mapping'
        fix = f"it can be read as {other}: {how}"
        return Problem(f"{path} line {line}", f"the text is not {encoding}", fix)
    return Problem(f"{path} line {line}", f"the text is not {encoding}", "save the file as UTF-8")


def _header(readable: Path, path: Path, spec: FileSpec) -> tuple[str, ...]:
    with readable.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream, delimiter=spec.delimiter), [])
    columns = tuple(name.strip() for name in names)
    lower = [name.lower() for name in columns]
    twice = sorted({name for name in columns if lower.count(name.lower()) > 1})
    if not columns or "" in columns or twice:
        what = (
            f"the column '{twice[0]}' stands twice in the header"
            if twice and twice[0]
            else "the header has empty names"
        )
        raise InputError([Problem(f"{path} line 1", what, "give every column a name of its own")])
    return columns

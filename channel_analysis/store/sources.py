"""Files as sources: Parquet and CSV become engine views; every id stays text."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from ..contracts.policy import Rules, wrong
from ..errors import InputError, Problem, did_you_mean
from .engine import DuckDBEngine, literal, quoted

READABLE = (".parquet", ".csv")


def _one_character(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise wrong("a delimiter is one character", 'write it as ",", ";", "|" or "\\t"')
    return delimiter


def _known_encoding(encoding: str) -> str:
    try:
        is_text = codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text:
        raise wrong("there is no such encoding of text", "try utf-8 or gb18030")
    return encoding


Delimiter = Annotated[str, AfterValidator(_one_character)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]


class FileSpec(Rules):
    """Where a source file is and how it is written; `path` is relative to the source folder."""

    path: str
    delimiter: Delimiter = ","
    encoding: Encoding = "utf-8"


@dataclass(frozen=True, slots=True)
class Source:
    """A file attached to the engine under `name`: its columns and what could not be read of it.

    `first_unreadable` is the line of the first such row, `why_unreadable` the reader's reason.
    """

    name: str
    path: Path
    columns: tuple[str, ...]
    unreadable_rows: int = 0
    first_unreadable: int = 0
    why_unreadable: str = ""

    @property
    def has_numbered_rows(self) -> bool:
        """Whether a row can be named by its line in the file."""
        return self.path.suffix.lower() == ".csv"


@dataclass(frozen=True, slots=True)
class _Csv:
    """A CSV file to read, how it is written, and where its options are said."""

    path: Path
    spec: FileSpec
    options_place: str


def attach(
    engine: DuckDBEngine,
    name: str,
    spec: FileSpec,
    folder: Path,
    options_place: str = "for the file under [files] of the mapping",
) -> Source:
    """Make a file readable as the view `name`; CSV columns are all text.

    `options_place` is where delimiter and encoding of the file are said, for messages.

    Raises
    ------
    InputError
        When the file is missing, empty, of an unknown kind, or not in its encoding.
    """
    path = _found(folder / spec.path)
    if path.suffix.lower() == ".parquet":
        return _attach_parquet(engine, name, path)
    if path.suffix.lower() == ".csv":
        return _attach_csv(engine, name, _Csv(path, spec, options_place))
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


def _attach_csv(engine: DuckDBEngine, name: str, file: _Csv) -> Source:
    readable = _as_utf8(file)
    try:
        return _read_csv(engine, name, file, readable)
    finally:
        if readable != file.path:
            readable.unlink()


def _read_csv(engine: DuckDBEngine, name: str, file: _Csv, readable: Path) -> Source:
    columns = _header(file, readable)
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    rejects = "rejected_rows"
    delimiter = literal(file.spec.delimiter)
    engine.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS SELECT * FROM read_csv("
        f"{literal(str(readable))}, header = true, auto_detect = false, delim = {delimiter}, "
        f"quote = '\"', escape = '\"', columns = {{{typed}}}, ignore_errors = true, store_rejects = true, "
        f"rejects_table = {literal(rejects)}, rejects_scan = {literal(rejects + '_scan')}, rejects_limit = 0)"
    )
    lost = engine.query(
        f"SELECT line, error_message, (SELECT count(DISTINCT line) FROM {rejects}) AS row_count "
        f"FROM {rejects} ORDER BY line, "
        "CASE error_type WHEN 'TOO MANY COLUMNS' THEN -CAST(column_idx AS BIGINT) ELSE column_idx END LIMIT 1"
    ).to_pylist()
    engine.connection.execute(f"DROP TABLE {rejects}; DROP TABLE {rejects}_scan")
    if not lost:
        return Source(name, file.path, columns)
    why = lost[0]["error_message"].splitlines()[0]
    return Source(name, file.path, columns, lost[0]["row_count"], lost[0]["line"], why)


def _as_utf8(file: _Csv) -> Path:
    """The file itself when it is UTF-8, else a copy in UTF-8 beside the temporary files."""
    if codecs.lookup(file.spec.encoding).name == "utf-8":
        _decode(file, None)
        return file.path
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="", delete=False) as copy:
        try:
            _decode(file, copy.write)
        except InputError:
            Path(copy.name).unlink()
            raise
    return Path(copy.name)


def _decode(file: _Csv, write: Callable[[str], object] | None) -> None:
    """Decode the whole file strictly, a megabyte at a time; `write` it where asked to."""
    decoder = codecs.getincrementaldecoder(file.spec.encoding)(errors="strict")
    line = 1
    with file.path.open("rb") as stream:
        while True:
            block = stream.read(1 << 20)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                raise InputError([_wrong_encoding(file, line)]) from None
            if write is not None:
                write(text)
            if not block:
                return
            line += block.count(b"\n")


def _wrong_encoding(file: _Csv, line: int) -> Problem:
    sample = file.path.read_bytes()
    where, what = f"{file.path} line {line}", f"the text is not {file.spec.encoding}"
    for other in ("utf-8", "gb18030", "cp1252"):
        if other == file.spec.encoding.lower():
            continue
        try:
            sample.decode(other)
        except UnicodeDecodeError:
            continue
        how = f'save it as UTF-8, or say encoding = "{other}" {file.options_place}'
        return Problem(where, what, f"it can be read as {other}: {how}")
    return Problem(where, what, "save the file as UTF-8")


def _header(file: _Csv, readable: Path) -> tuple[str, ...]:
    with readable.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream, delimiter=file.spec.delimiter), [])
    columns = tuple(name.strip() for name in names)
    where = f"{file.path} line 1"
    for other, shown in ((";", ";"), ("\t", "\\t")):
        if len(columns) == 1 and other in columns[0]:
            what = f'the header is one column; the delimiter is probably "{shown}"'
            raise InputError([Problem(where, what, f'say delimiter = "{shown}" {file.options_place}')])
    lower = [name.lower() for name in columns]
    twice = sorted({name for name in columns if lower.count(name.lower()) > 1})
    if not columns or "" in columns or twice:
        what = (
            f"the column '{twice[0]}' stands twice in the header"
            if twice and twice[0]
            else "the header has empty names"
        )
        raise InputError([Problem(where, what, "give every column a name of its own")])
    return columns

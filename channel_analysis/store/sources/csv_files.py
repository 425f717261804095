"""CSV files: every value stays the text it was; lines that cannot be read are counted."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, Problem
from ..engine import exact, literal
from .found import Found
from .parts import Part, Reading, each, header_problem, refuse_other_columns
from .private import copied, private_connection
from .spec import FileSpec

_BLANK_LINE = re.compile(rb"\n\r?\n(?=[^\r\n])")


@dataclass(frozen=True, slots=True)
class _Csv:
    """A CSV file, its UTF-8 text, how it is written, and where its options are said."""

    path: Path
    label: str
    spec: FileSpec
    options_place: str


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A CSV file known to be text: a readable path, its header, and whether blank lines shift its rows."""

    file: _Csv
    readable: Path
    columns: tuple[str, ...]
    has_blank_lines: bool


def csv_parts(reading: Reading, found: Found) -> tuple[Part, ...]:
    """Make a Parquet file of each CSV file; all must have the same columns."""
    with tempfile.TemporaryDirectory(dir=reading.scratch) as copies:
        files = [_Csv(path, found.label(path), reading.spec, reading.options_place) for path in found.files]
        decoded = each(files, lambda file: _decoded(file, Path(copies)))
        refuse_other_columns({str(d.file.path): d.columns for d in decoded}, decoded[0].file.label)
        numbered = enumerate(decoded, start=1)
        return tuple(each(numbered, lambda item: _converted(item[1], reading.target(item[0]), Path(copies))))


def _decoded(file: _Csv, copies: Path) -> _Decoded:
    """The file itself when it is UTF-8, else a copy in UTF-8 for the time of reading."""
    if codecs.lookup(file.spec.encoding).name == "utf-8":
        readable, has_blank_lines = file.path, _decode(file, None)
    else:
        handle, name = tempfile.mkstemp(suffix=".csv", dir=copies)
        readable = Path(name)
        with open(handle, "w", encoding="utf-8", newline="") as copy:
            has_blank_lines = _decode(file, copy.write)
    return _Decoded(file, readable, _header(file, readable), has_blank_lines)


def _decode(file: _Csv, write: Callable[[str], object] | None) -> bool:
    """Decode the whole file strictly, a megabyte at a time, and write it where asked to.

    Gives whether a blank line stands between others: the reader passes over it, so that the rows
    behind it cannot be numbered.
    """
    decoder = codecs.getincrementaldecoder(file.spec.encoding)(errors="strict")
    line, has_blank_lines, end = 1, False, b""
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
                return has_blank_lines
            has_blank_lines = has_blank_lines or bool(_BLANK_LINE.search(end + block))
            line, end = line + block.count(b"\n"), block[-4:]


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
    where = f"{file.path} line 1"
    try:
        with readable.open(encoding="utf-8-sig", newline="") as stream:
            names = next(csv.reader(stream, delimiter=file.spec.delimiter), [])
    except csv.Error as error:
        raise InputError([Problem(where, f"the header cannot be read: {error}", "export it again")]) from None
    columns = tuple(name.strip() for name in names)
    for other, shown in ((";", ";"), ("\t", "\\t")):
        if len(columns) == 1 and other in columns[0]:
            what = f'the header is one column; the delimiter is probably "{shown}"'
            raise InputError([Problem(where, what, f'say delimiter = "{shown}" {file.options_place}')])
    problem = header_problem(where, columns)
    if problem:
        raise InputError([problem])
    return columns


def _converted(decoded: _Decoded, target: Path, spill: Path) -> Part:
    import duckdb

    file = decoded.file
    with private_connection(spill) as connection:
        try:
            connection.execute(copied(_reading_sql(decoded), target))
        except duckdb.Error as error:
            what = f"the file cannot be read: {str(error).splitlines()[0]}"
            fix = "export it again; all its lines must end in the same way"
            raise InputError([Problem(str(file.path), what, fix)]) from None
        lost = connection.execute(
            "SELECT line, error_message, (SELECT COUNT(DISTINCT line) FROM rejected), "
            "(SELECT MIN(line) FROM rejected WHERE error_message LIKE '%unterminated%') FROM rejected "
            "ORDER BY line, CASE error_type WHEN 'TOO MANY COLUMNS' THEN -CAST(column_idx AS BIGINT) "
            "ELSE column_idx END LIMIT 1"
        ).fetchone()
    first_line = 0 if decoded.has_blank_lines and len(decoded.columns) > 1 else 2
    if lost is None:
        return Part(target, file.label, first_line)
    line, why, count, unclosed = lost
    if unclosed is not None and _is_never_closed(decoded.readable, unclosed):
        what = "a quotation mark is opened here and never closed; the lines behind it cannot be told apart"
        fix = "close it, or double it inside a text"
        raise InputError([Problem(f"{file.path} line {unclosed}", what, fix)])
    return Part(target, file.label, first_line, count, line, why.splitlines()[0])


def _is_never_closed(readable: Path, line: int) -> bool:
    """Whether a quotation mark stands open from a line to the end of the file."""
    with readable.open("rb") as stream:
        rest = itertools.islice(stream, line - 1, None)
        return sum(text.count(b'"') for text in rest) % 2 == 1


def _reading_sql(decoded: _Decoded) -> str:
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in decoded.columns)
    return (
        f"SELECT * FROM read_csv({literal(exact(decoded.readable))}, header = true, auto_detect = false, "
        f"delim = {literal(decoded.file.spec.delimiter)}, quote = '\"', escape = '\"', "
        f"columns = {{{typed}}}, ignore_errors = true, store_rejects = true, rejects_table = 'rejected', "
        "rejects_scan = 'rejected_scan', rejects_limit = 0)"
    )

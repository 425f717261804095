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

from ...errors import InputError, Problem, refuse
from ..engine import exact, literal, quoted
from .found import Found
from .headers import added_columns, joined, option_problems
from .parts import Part, Reading, each, header_problem, refuse_other_columns
from .private import copied, private_connection
from .spec import FileSpec

_BLANK_LINE = re.compile(r"\n\r?\n(?=[^\r\n])")
_LINE_ENDS = {"\n": r"'\n'", "\r": r"'\r'", "\r\n": r"'\r\n'"}
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class _Csv:
    """A CSV file, its UTF-8 text, how it is written, and where its options are said."""

    path: Path
    label: str
    spec: FileSpec
    options_place: str


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A CSV file known to be text: a readable path, its header, and whether blank lines shift its rows.

    Those before the first row count as any other line, for they are skipped by their number.
    """

    file: _Csv
    readable: Path
    columns: tuple[str, ...]
    line_end: str
    has_blank_lines: bool

    @property
    def added(self) -> dict[str, str]:
        """New columns with the value that all rows of the file hold."""
        return added_columns(self.file.spec, "", self.file.path.stem)


def csv_parts(reading: Reading, found: Found) -> tuple[Part, ...]:
    """Make a Parquet file of each CSV file; all must have the same columns."""
    with tempfile.TemporaryDirectory(dir=reading.scratch) as copies:
        files = [_Csv(path, found.label(path), reading.spec, reading.options_place) for path in found.files]
        decoded = each(files, lambda file: _decoded(file, Path(copies)))
        refuse_other_columns({str(d.file.path): d.columns for d in decoded}, decoded[0].file.label)
        refuse(option_problems(reading.spec, decoded[0].columns, str(decoded[0].file.path)))
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
    return _Decoded(file, readable, *_header(file, readable), has_blank_lines)


def _decode(file: _Csv, write: Callable[[str], object] | None) -> bool:
    """Decode the whole file strictly, a megabyte at a time, and write it where asked to.

    Gives whether a blank line stands between others: the reader passes over it, so that the rows
    behind it cannot be numbered.
    """
    decoder = codecs.getincrementaldecoder(file.spec.encoding)(errors="strict")
    line, has_blank_lines, end = 1, False, ""
    with file.path.open("rb") as stream:
        while True:
            block = stream.read(1 << 20)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError as error:
                if isinstance(error, UnicodeDecodeError):
                    line += error.object[: error.start].count(b"\n")
                raise InputError([_wrong_encoding(file, line)]) from None
            if write is not None:
                write(text)
            if not block:
                return has_blank_lines
            first = line - end.count("\n")
            has_blank_lines = has_blank_lines or _has_blank_line(end + text, first, _header_end(file.spec))
            line, end = line + text.count("\n"), (end + text)[-4:]


def _has_blank_line(text: str, first: int, header_end: int) -> bool:
    """Whether a blank line stands between others below the header; `first` is the text's first line."""
    blank = (first + 1 + text.count("\n", 0, match.start()) for match in _BLANK_LINE.finditer(text))
    return any(line > header_end for line in blank)


def _header_end(spec: FileSpec) -> int:
    """The line in which the last row of the header begins."""
    return spec.header_row + spec.header_rows - 1


def _wrong_encoding(file: _Csv, line: int) -> Problem:
    sample = file.path.read_bytes()
    where, what = f"{file.path} line {line}", f"the text is not {file.spec.encoding}"
    likely = ("utf-16",) if sample.startswith(_WIDE_MARKS) else ("utf-8", "gb18030", "cp1252")
    for other in likely:
        if other == file.spec.encoding.lower():
            continue
        try:
            sample.decode(other)
        except UnicodeError:
            continue
        how = f'save it as UTF-8, or say encoding = "{other}" {file.options_place}'
        return Problem(where, what, f"it can be read as {other}: {how}")
    return Problem(where, what, "save the file as UTF-8")


def _header(file: _Csv, readable: Path) -> tuple[tuple[str, ...], str]:
    """The names of the columns, and how their line ends; inside a name lines may end otherwise."""
    first, last = file.spec.header_row, _header_end(file.spec)
    where = f"{file.path} line {first}"
    try:
        with readable.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(itertools.islice(stream, first - 1, None), delimiter=file.spec.delimiter)
            rows = list(itertools.islice(lines, last - first + 1))
            end = first - 1 + lines.line_num
        with readable.open(encoding="utf-8-sig", newline="") as stream:
            line = next(itertools.islice(stream, max(end - 1, 0), None), "")
    except csv.Error as error:
        raise InputError([Problem(where, f"the header cannot be read: {error}", "export it again")]) from None
    names = joined(rows) if len(rows) > 1 else rows[0] if rows else []
    columns = tuple(name.strip() for name in names)
    for other, shown in ((";", ";"), ("\t", "\\t")):
        if len(columns) == 1 and other in columns[0]:
            what = f'the header is one column; the delimiter is probably "{shown}"'
            raise InputError([Problem(where, what, f'say delimiter = "{shown}" {file.options_place}')])
    problem = header_problem(where, columns)
    if problem:
        raise InputError([problem])
    return columns, _end_of(line)


def _end_of(line: str) -> str:
    """How a line ends; one without an end counts as the usual kind."""
    return next((end for end in ("\r\n", "\r") if line.endswith(end)), "\n")


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
    is_shifted = decoded.has_blank_lines and len(decoded.columns) > 1
    first_line = 0 if is_shifted else _header_end(file.spec) + 1
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
    spec = decoded.file.spec
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in decoded.columns)
    columns = [_filled(name) if name in spec.fill_down else quoted(name) for name in decoded.columns]
    columns += [f"{literal(value)} AS {quoted(name)}" for name, value in decoded.added.items()]
    return (
        f"SELECT {', '.join(columns)} FROM read_csv({literal(exact(decoded.readable))}, header = true, "
        f"skip = {_header_end(spec) - 1}, auto_detect = false, new_line = {_LINE_ENDS[decoded.line_end]}, "
        f"delim = {literal(spec.delimiter)}, quote = '\"', escape = '\"', "
        f"columns = {{{typed}}}, ignore_errors = true, store_rejects = true, rejects_table = 'rejected', "
        "rejects_scan = 'rejected_scan', rejects_limit = 0)"
    )


def _filled(name: str) -> str:
    """A column whose empty cells take the value above, in the order of the file."""
    column = quoted(name)
    value = f"CASE WHEN TRIM({column}) <> '' THEN {column} END"
    return f"LAST_VALUE({value} IGNORE NULLS) OVER (ROWS UNBOUNDED PRECEDING) AS {column}"

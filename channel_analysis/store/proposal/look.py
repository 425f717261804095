"""Unknown files: how each is written, where its table begins, and some of its values."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import InputError, Problem
from ..sources import READABLE, WORKBOOKS
from ..sources.excel import first_rows, sheet_names
from ..sources.parquet import column_names
from .grid import Header, find_header

_LINES = 200
_LARGEST_LOOK = 64 << 20
"""So many bytes of a text tell its encoding."""

_ENCODINGS = ("utf-8", "gb18030", "cp1252")
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Look:
    """A table of an unknown file: what a person calls it, its options, what was noticed, words around it."""

    label: str
    options: dict[str, Any]
    title: str
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def look_into(path: Path) -> tuple[Path, list[Look], list[Problem]]:
    """The folder of the files, the tables found in them, and what cannot be read."""
    folder = path if path.is_dir() else path.parent
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if _is_data(file))
    looks: list[Look] = []
    problems: list[Problem] = []
    for file in files:
        try:
            looks += _look_at(file)
        except InputError as error:
            problems += error.problems
        except OSError as error:
            problems.append(Problem(str(file), f"it cannot be read: {error.strerror}"))
    return folder, _together(looks), problems


def _is_data(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in READABLE and not file.name.startswith((".", "~$", "_"))


def _look_at(file: Path) -> Iterator[Look]:
    kind = file.suffix.lower()
    if kind == ".csv":
        yield _look_at_csv(file)
    elif kind in WORKBOOKS:
        yield from _look_at_workbook(file)
    elif kind == ".parquet":
        yield Look(file.name, {"path": file.name}, file.stem, column_names(file))
    else:
        raise InputError([Problem(str(file), f"files of kind '{kind}' are not read", "save it as CSV")])


def _look_at_csv(file: Path) -> Look:
    if not file.stat().st_size:
        raise InputError([Problem(str(file), "the file is empty", "export it again, with its header")])
    encoding = _encoding(file)
    with file.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as stream:
        lines = list(itertools.islice(stream, _LINES))
    delimiter = _delimiter(lines)
    grid = _parsed(lines, delimiter)
    header = find_header(grid[:40])
    options: dict[str, Any] = {"path": file.name}
    if encoding != "utf-8":
        options["encoding"] = encoding
    if delimiter != ",":
        options["delimiter"] = delimiter
    shown = "\\t" if delimiter == "\t" else delimiter
    notes = [f'encoding {encoding}, delimiter "{shown}"', *_header_notes(header)]
    names = grid[header.row - 1] if grid else []
    columns = tuple(name.strip() for name in names)
    return Look(
        file.name, {**options, **_places(header)}, f"{file.stem} {header.title}", columns, tuple(notes)
    )


def _look_at_workbook(file: Path) -> Iterator[Look]:
    names = sheet_names(file)
    if not names:
        raise InputError([Problem(str(file), "the workbook cannot be opened", "save it again")])
    filled = [(name, *first_rows(file, name, 60)) for name in names]
    filled = [(name, rows, merged) for name, rows, merged in filled if rows]
    for name, rows, merged in filled:
        header = find_header(rows[:40], merged)
        options: dict[str, Any] = {"path": file.name}
        if len(filled) > 1:
            options["sheet"] = name
        below = header.row + header.rows - 1
        columns = tuple((cell or "").strip() for cell in rows[header.row - 1])
        filling = _merged_down(columns, merged, below)
        if filling:
            options["fill_down"] = filling
        notes = _header_notes(header)
        notes += [f"merged cells in {', '.join(map(repr, filling))}"] if filling else []
        title = f"{file.stem} {name} {header.title}"
        yield Look(
            f"{file.name}, sheet '{name}'", {**options, **_places(header)}, title, columns, tuple(notes)
        )


def _merged_down(columns: Sequence[str], merged: Sequence[Any], below: int) -> list[str]:
    """The columns with cells that are merged over several rows below the header."""
    places = {first[1] for first, last in merged if first[0] >= below and last[0] > first[0]}
    return [name for place, name in enumerate(columns) if place in places and name]


def _places(header: Header) -> dict[str, int]:
    said = {"header_row": header.row, "header_rows": header.rows}
    return {name: value for name, value in said.items() if value > 1}


def _header_notes(header: Header) -> list[str]:
    if header.rows > 1:
        return [f"the header has {header.rows} rows, {header.row} to {header.row + header.rows - 1}"]
    return [f"the header stands in row {header.row}"] if header.row > 1 else []


def _encoding(file: Path) -> str:
    with file.open("rb") as stream:
        sample = stream.read(_LARGEST_LOOK)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in _ENCODINGS:
        try:
            is_all = len(sample) < _LARGEST_LOOK
            codecs.getincrementaldecoder(encoding)(errors="strict").decode(sample, final=is_all)
        except UnicodeDecodeError:
            continue
        return encoding
    raise InputError([Problem(str(file), "the text is in no encoding that is known", "save it as UTF-8")])


def _delimiter(lines: Sequence[str]) -> str:
    """What splits most lines into the same number of columns, above one."""

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in _parsed(lines, delimiter) if len(row) > 1]
        usual = max(set(widths), key=widths.count) if widths else 0
        return widths.count(usual), usual

    return max(_DELIMITERS, key=evenness)


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter))
    except csv.Error:
        return [line.rstrip("\r\n").split(delimiter) for line in lines]


def _together(looks: list[Look]) -> list[Look]:
    """Files that differ in digits alone, and sheets alike, as one source each."""
    groups: dict[object, list[Look]] = {}
    for look in looks:
        groups.setdefault(_alike(look), []).append(look)
    return [_one(group) for group in groups.values()]


def _alike(look: Look) -> object:
    options = {name: value for name, value in look.options.items() if name not in ("path", "sheet")}
    if "sheet" in look.options and look.columns:
        return look.options["path"], look.columns, repr(options)
    pattern = re.sub("[0-9]+", "*", look.options["path"])
    return pattern, look.columns, repr(options), look.options.get("sheet", "")


def _one(group: list[Look]) -> Look:
    first = group[0]
    if len(group) == 1:
        return first
    if "sheet" in first.options and len({look.options["path"] for look in group}) == 1:
        sheets = [look.options["sheet"] for look in group]
        options = {**first.options, "sheet": sheets, "sheet_column": _free("sheet", first.columns)}
        label = f"{first.options['path']}, sheets {', '.join(map(repr, sheets))}"
        return replace(first, label=label, options=options)
    pattern = re.sub("[0-9]+", "*", first.options["path"])
    note = f"{len(group)} files with the same columns, from {first.label} to {group[-1].label}"
    return replace(
        first, label=pattern, options={**first.options, "path": pattern}, notes=(*first.notes, note)
    )


def _free(name: str, taken: Sequence[str]) -> str:
    lower = {other.lower() for other in taken}
    return next(n for n in (name, f"{name}_name", f"{name}_of_file") if n not in lower)

"""What readers of .xlsx workbooks do not tell: cells that hold an error such as #N/A, and cells far away."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from posixpath import join, normpath
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

_ERROR = re.compile(rb"""\bt=["']e["']""")
_CELL = re.compile(rb"""<c\b[^>]*?\br=["']([A-Za-z]+)([0-9]+)["']""")

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
"""Where a sheet of Excel ends."""

LARGEST_AREA, SPARSEST = 10_000_000, 50
"""A reader makes room for the whole rectangle around the cells of a sheet; a larger one must be filled."""


def far_cell(path: Path) -> str:
    """A cell so far from the others that no reader has room for the sheet, such as XFD1048576; else ""."""
    try:
        with zipfile.ZipFile(path) as archive:
            sheets = [name for name in archive.namelist() if re.match(r"xl/worksheets/[^/]+[.]xml$", name)]
            for sheet in sheets:
                with archive.open(sheet) as stream:
                    if found := _far_cell(stream):
                        return found
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError):
        return ""
    return ""


def _far_cell(stream: IO[bytes]) -> str:
    cells = last_row = last_column = 0
    farthest, end = "", b""
    while block := stream.read(1 << 20):
        for letters, digits in _CELL.findall(end + block):
            row, column = int(digits[:10]), _column(letters[:5].decode())
            reference = (letters[:20] + digits[:20]).decode()
            if row > LAST_ROW or column > LAST_COLUMN:
                return reference
            if row > last_row or column > last_column:
                farthest = reference
            cells, last_row, last_column = cells + 1, max(row, last_row), max(column, last_column)
        end = block[-256:]
    area = last_row * last_column
    return farthest if area > LARGEST_AREA and area > SPARSEST * cells else ""


def error_cells(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """The texts of cells that hold an error, by row and column from 0."""
    try:
        with zipfile.ZipFile(path) as archive:
            member = _member(archive, sheet)
            with archive.open(member) as stream:
                if not _holds_errors(stream):
                    return {}
            with archive.open(member) as stream:
                return _errors(stream)
    except (KeyError, zipfile.BadZipFile, ElementTree.ParseError, expat.ExpatError):
        return {}


def column_letters(column: int) -> str:
    """A column's letters by its number from 0.

    Examples
    --------
    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters, rest = "", column + 1
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def _member(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file in the archive that holds a sheet; KeyError when there is none."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            link = next((value for name, value in element.items() if name.endswith("}id")), "")
            return normpath(join("/xl", targets[link])).lstrip("/")
    raise KeyError(sheet)


def _holds_errors(stream: IO[bytes]) -> bool:
    end = b""
    while block := stream.read(1 << 20):
        if _ERROR.search(end + block):
            return True
        end = block[-8:]
    return False


def _errors(stream: IO[bytes]) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    cell: list[tuple[int, int]] = []
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            cell[:] = [_place(attributes["r"])] if attributes.get("t") == "e" and "r" in attributes else []
        text.clear()

    def end(name: str) -> None:
        if name == "v" and cell:
            found[cell[0]] = "".join(text)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.ParseFile(stream)
    return found


def _place(reference: str) -> tuple[int, int]:
    """Row and column from 0 of a cell such as B3."""
    letters = reference.rstrip("0123456789")
    return int(reference[len(letters) :]) - 1, _column(letters) - 1


def _column(letters: str) -> int:
    """A column's number from 1."""
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column

"""Cells of .xlsx sheets that hold an error such as #N/A: readers of workbooks take them for empty."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from posixpath import join, normpath
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

_ERROR = re.compile(rb"""\bt=["']e["']""")


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
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(reference[len(letters) :]) - 1, column - 1

"""Write the example company without writing over anybody's own files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ...contracts.tables import TABLES
from ...errors import InputError, Problem
from ..sources import READABLE
from .write import write_demo


def write_guarded(folder: Path, *, force: bool = False) -> None:
    """Write the example company into `folder` unless files of another company stand there.

    Raises
    ------
    InputError
        With every file that a contract table is read from and that is not the example company's;
        `force` writes all the same.
    """
    there = [path for table in TABLES for end in READABLE if (path := folder / f"{table}{end}").exists()]
    if force or not there:
        write_demo(folder)
        return
    with tempfile.TemporaryDirectory() as place:
        drawn = Path(place)
        write_demo(drawn)
        foreign = [path for path in there if not _is_same(path, drawn / path.name)]
        if foreign:
            names = ", ".join(path.name for path in foreign)
            what = f"holds files that are not the example company's: {names}"
            raise InputError([Problem(str(folder), what, "choose another folder, or give --force")])
        for path in drawn.iterdir():
            shutil.copyfile(path, folder / path.name)


def _is_same(path: Path, drawn: Path) -> bool:
    return path.is_file() and drawn.is_file() and path.read_bytes() == drawn.read_bytes()

"""Whether a folder may be written to: files of another company are not written over."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import Problem, refuse
from .files import table_files


def check_place(folder: Path, *, force: bool) -> None:
    """Refuse a folder that holds tables no simulation wrote; `force` allows it.

    Raises
    ------
    InputError
        With every such file, or because a file stands where the folder should.
    """
    if folder.exists() and not folder.is_dir():
        refuse([Problem(str(folder), "this is a file, not a folder", "name a folder")])
    if force or not folder.is_dir():
        return
    own = _simulated(folder / "truth.json")
    foreign = [path.name for path in table_files(folder) if own.get(path.name) != path.stat().st_size]
    if foreign:
        what = f"holds files that no simulation wrote: {', '.join(foreign)}"
        refuse([Problem(str(folder), what, "choose another folder, or give --force")])


def _simulated(path: Path) -> dict[str, int]:
    """Sizes of the files the last simulation wrote; none where there was none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files = told.get("simulated") if isinstance(told, dict) else None
    return files if isinstance(files, dict) else {}

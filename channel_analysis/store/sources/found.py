"""Which files a path stands for: one file, the files of a folder, or those that a pattern matches."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from ...errors import InputError, Problem, did_you_mean, refuse
from .spec import KINDS, READABLE, FileSpec, is_pattern, misplaced

NOT_READ = (".gz", ".zip", ".tsv", ".xlsm", ".json", ".orc", ".avro")
"""Endings of data that are not read; beside files that are, they are named rather than passed over."""

_CATALOGUES = {"_delta_log": "Delta", ".hoodie": "Hudi"}


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a source, all of one kind; `base` is the folder they were looked for in."""

    kind: str
    base: Path
    files: tuple[Path, ...]

    def label(self, file: Path) -> str:
        """What a person calls a file: its name, with the folders below `base`."""
        return file.relative_to(self.base).as_posix()

    @property
    def is_partitioned(self) -> bool:
        """Whether the files lie in folders named `key=value`."""
        return any("=" in name for file in self.files for name in file.relative_to(self.base).parts[:-1])


def find(spec: FileSpec, folder: Path) -> Found:
    """The files of a source.

    Raises
    ------
    InputError
        When there are none, when they are of several kinds or of one that is not read, when one is
        empty, or when an option is given that such files do not have.
    """
    place = folder / spec.path
    base, files = _matching(spec, folder)
    if not files:
        raise InputError([_nothing(spec, place, base)])
    kind = _only_kind(place, base, files)
    refuse(
        Problem(f"{place} [{option}]", what, fix)
        for option, what, fix in (misplaced(spec, kind) if not os.path.isfile(place) else ())
    )
    refuse(problem for file in files if (problem := _unusable(file)))
    return Found(kind, base, tuple(files))


def fingerprinted(spec: FileSpec, folder: Path) -> list[tuple[str, Path]]:
    """Names and paths of all files whose content decides what the source holds; none where absent."""
    base, files = _matching(spec, folder)
    logs = [
        file.with_name(f"{file.name}.wal") for file in files if KINDS.get(file.suffix.lower()) == "duckdb"
    ]
    return [(file.relative_to(base).as_posix(), file) for file in [*files, *filter(os.path.isfile, logs)]]


def kind_in(folder: Path) -> str:
    """The kind of the files in a folder: csv, parquet or workbook; empty when it holds none of them."""
    files = _in_folder(folder)
    return KINDS[files[0].suffix.lower()] if files else ""


def _matching(spec: FileSpec, folder: Path) -> tuple[Path, list[Path]]:
    """Where files were looked for, and those found, in order."""
    place = folder / spec.path
    if os.path.isfile(place):
        return place.parent, [place]
    if os.path.isdir(place):
        return place, _in_folder(place)
    if not is_pattern(spec.path):
        return place.parent, []
    base, pattern = _split(spec.path, folder)
    try:
        found = {file for file in base.glob(pattern) if _is_visible(file, base) and file.is_file()}
    except ValueError as error:
        raise InputError([Problem(str(place), f"this is not a pattern: {error}", "correct it")]) from None
    return base, _ordered(file for file in found if file.suffix.lower() in (*READABLE, *NOT_READ))


def _split(path: str, folder: Path) -> tuple[Path, str]:
    """The folder a pattern begins in, and what follows; patterns stay inside the source folder."""
    parts = PurePath(path).parts
    if PurePath(path).is_absolute() or ".." in parts:
        what, fix = "a pattern may not leave the source folder", "set [data] source in workspace.toml to it"
        raise InputError([Problem(str(folder / path), what, fix)])
    fixed = next(number for number, part in enumerate(parts) if is_pattern(part))
    rest = [*parts[fixed:], "*"] if parts[-1] == "**" else list(parts[fixed:])
    return folder.joinpath(*parts[:fixed]), "/".join(rest)


def _in_folder(folder: Path) -> list[Path]:
    """Parquet files of a folder at any depth, and tables of other kinds that lie in it directly."""
    every = [file for file in folder.rglob("*") if _is_visible(file, folder) and file.is_file()]
    lake = [file for file in every if file.suffix.lower() == ".parquet"]
    beside = [file for file in every if file.suffix.lower() in (*READABLE[1:], *NOT_READ)]
    return _ordered([*lake, *(file for file in beside if file.parent == folder)])


def _ordered(files: Iterable[Path]) -> list[Path]:
    return sorted(files, key=lambda file: file.parts)


def _is_visible(file: Path, base: Path) -> bool:
    """Hidden files, those that programs keep for themselves (_SUCCESS) and locks (~$) hold no data."""
    return not any(
        name.startswith((".", "~$")) or (name.startswith("_") and "=" not in name)
        for name in file.relative_to(base).parts
    )


def _nothing(spec: FileSpec, place: Path, base: Path) -> Problem:
    held = sorted(path.name for path in base.glob("*") if _is_visible(path, base)) if base.is_dir() else []
    shown = ", ".join([*held[:20], *([f"and {len(held) - 20} more"] if len(held) > 20 else [])])
    if os.path.isdir(place):
        what = f"the folder holds no file that is read; it holds: {shown or 'nothing'}"
        return Problem(str(place), what, f"use {_endings()}; for folders in it a pattern such as **/*.csv")
    if is_pattern(spec.path):
        there = f"{base} holds: {shown or 'nothing'}" if base.is_dir() else f"there is no folder {base}"
        return Problem(str(place), f"no file matches the pattern; {there}", "correct the pattern")
    beside = [name for name in held if PurePath(name).suffix.lower() in KINDS or (base / name).is_dir()]
    fix = did_you_mean(place.name, beside) if beside else "check [data] source in workspace.toml"
    return Problem(str(place), "there is no such file", fix)


def _only_kind(place: Path, base: Path, files: list[Path]) -> str:
    endings = list(dict.fromkeys(file.suffix.lower() for file in files))
    kinds = list(dict.fromkeys(KINDS.get(ending, ending) for ending in endings))
    unread = [kind for kind in kinds if kind not in KINDS.values()]
    if unread and len(kinds) == 1:
        what = f"files of kind '{unread[0]}' are not read"
        raise InputError([Problem(str(place), what, f"use {_endings()}")])
    if len(kinds) > 1:
        what = f"it holds files of several kinds: {', '.join(endings)}"
        fix = f'name those that are meant, as in path = "{base.name}/*{endings[0]}"'
        raise InputError([Problem(str(place), what, fix)])
    for name, kind in _CATALOGUES.items():
        if kinds == ["parquet"] and (base / name).is_dir():
            what = f"this is a {kind} table; its files hold rows that were deleted or replaced, too"
            raise InputError([Problem(str(place), what, "export the table as plain Parquet files")])
    return kinds[0]


def _endings() -> str:
    return " or ".join(READABLE)


def _unusable(file: Path) -> Problem | None:
    if not os.access(file, os.R_OK):
        return Problem(str(file), "the file may not be read", "ask for the right to read it")
    if file.stat().st_size == 0:
        return Problem(str(file), "the file is empty", "export it again, with its header")
    return None

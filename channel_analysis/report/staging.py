"""Publishing whole or not at all: what was made stands ready in one folder, and is then moved into place.

A run works in a hidden folder beside the pages. One renaming makes its outcome ready; from then on it
is published: whoever comes next, this run or a later one, moves the files into place, pages after
tables and the run record last. Killed at whatever moment, a run leaves the old report or the new one,
and every single file whole.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem
from ..files import remove
from .records import RUNS, dropped, hashes, read_runs, told

if TYPE_CHECKING:
    from filelock import BaseFileLock

FILES = Path("ready", "files")
"""Where in a work folder stands what is to be published."""

_WORK, _READY, _PUBLISHED = ".run-", ".ready-", ".published-"
_PLAN = "plan.json"


class ReportError(RuntimeError):
    """A report could not be made; what was published before is untouched."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: what happened, without the way through the program."""
        return [f"ReportError: {self}"]


@contextmanager
def opened(out: Path, folder: Path) -> Iterator[None]:
    """Keep others from writing to a report folder; finish, or clear away, what a killed run has left.

    A folder that stays empty goes as well.

    Raises
    ------
    ReportError
        When another run is writing there.
    InputError
        When it cannot be written to.
    """
    with _locked(out, folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _finish(folder)
        except OSError as error:
            raise not_writable(folder, error) from None
        try:
            yield
        finally:
            _clear(folder)
            for empty in (folder, *(folder.parents[:1] if folder.parent != out else ())):
                if empty.is_dir() and not any(empty.iterdir()):
                    empty.rmdir()


def _locked(out: Path, folder: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout

    name = "+".join(folder.relative_to(out).parts)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return FileLock(out / f".{name}.lock").acquire(timeout=0).lock
    except Timeout:
        raise ReportError(f"{folder}: another run is writing here; wait for it to end") from None
    except OSError as error:
        raise not_writable(folder, error) from None


def not_writable(folder: Path, error: OSError) -> InputError:
    """What to answer when a folder for reports refuses to be written to."""
    import errno

    reason = error.strerror or str(error)
    fix = "choose another folder with --out, or correct its permissions"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        fix = "make room on the disk, or choose another folder with --out"
    return InputError([Problem(str(folder), f"cannot be written to: {reason}", fix)])


def work_folder(folder: Path) -> Path:
    """A hidden folder on the same disk as the published files, so that publishing is renaming."""
    work = Path(tempfile.mkdtemp(prefix=_WORK, dir=folder))
    (work / FILES).mkdir(parents=True)
    return work


def commit(folder: Path, work: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Publish what stands in `work / FILES` with its run record, which gets the hash of every file.

    Raises
    ------
    OSError
        When the disk is full or the folder cannot be written to; nothing is published then, or all of
        it stands ready for the next run to move.
    """
    ready, report = (work / FILES).parent, record["report"]
    runs = read_runs(folder / RUNS)
    whole = {**record, "files": hashes(work / FILES)}
    plan = {"report": report, "files": list(whole["files"]), "drop": dropped(runs, report, whole)}
    (ready / _PLAN).write_text(json.dumps(plan), encoding="utf-8")
    (ready / RUNS).write_text(told({**runs, report: whole}), encoding="utf-8")
    for name in plan["files"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    os.replace(ready, folder / f"{_READY}{report}")
    _finish_one(folder, folder / f"{_READY}{report}")
    return whole


def _finish(folder: Path) -> None:
    """Move into place what was ready when a run was killed; clear away what was not."""
    for ready in sorted(folder.glob(f"{_READY}*")):
        _finish_one(folder, ready)
    _clear(folder)


def _finish_one(folder: Path, ready: Path) -> None:
    plan = json.loads((ready / _PLAN).read_text(encoding="utf-8"))
    order = sorted(plan["files"], key=lambda name: (not name.startswith("tables/"), name))
    for name in order:
        _move(ready / FILES.name / name, folder / name)
    for name in plan["drop"]:
        (folder / name).unlink(missing_ok=True)
        if (folder / name).parent.is_dir() and not any((folder / name).parent.iterdir()):
            (folder / name).parent.rmdir()
    _move(ready / RUNS, folder / RUNS)
    published = folder / f"{_PUBLISHED}{plan['report']}"
    if published.exists():
        remove(published)
    os.replace(ready, published)


def _move(source: Path, target: Path) -> None:
    """Rename a file into place, unless that was done already."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            remove(target)
        os.replace(source, target)


def awaits_follow_up(folder: Path, report: str) -> bool:
    """Whether a report was published and nobody has said `followed_up` since."""
    return (folder / f"{_PUBLISHED}{report}").is_dir()


def followed_up(folder: Path, report: str) -> None:
    """Note that all that follows a published report was done."""
    shutil.rmtree(folder / f"{_PUBLISHED}{report}", ignore_errors=True)


def _clear(folder: Path) -> None:
    for left in folder.glob(f"{_WORK}*"):
        shutil.rmtree(left, ignore_errors=True)

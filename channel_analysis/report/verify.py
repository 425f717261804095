"""Verifying: published pages are made again from their run records, elsewhere, and compared byte by byte."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from ..files import sha256_of_file
from ..store.workspace import Workspace, open_workspace
from .batch import cores, side_by_side
from .child import Children, Progress, run_child
from .failure import error_of
from .fresh import basis_of, changed
from .handouts import ENDINGS, add_handouts
from .jobs import Job, plan
from .records import RUNS, hashes, is_sound, read_runs, run_files
from .staging import FILES, ReportError

_NO_PROMISE = ".pdf"
"""Files of this ending may differ from run to run."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a published report turned out to be.

    `files` has each of its files with "same", "differs" (made again it has other bytes) or "missing";
    without any, `changed` names the inputs that are not what they were, so that nothing can be told,
    or `error` says why it could not be made again.
    """

    folder: Path
    report: str
    files: Mapping[str, str]
    changed: tuple[str, ...] = ()
    error: str = ""

    @property
    def code(self) -> int:
        """0: all the same, 1: something differs or could not be made again, 2: it cannot be told."""
        if self.changed:
            return 2
        return 1 if self.error or set(self.files.values()) != {"same"} else 0


def verify(
    folder: Path,
    period: str = "",
    own_notebooks: bool = False,
    workers: int = 0,
    progress: Progress = lambda _what, _done, _of: None,
) -> list[Verified]:
    """Make published reports again from their run records and compare them; nothing is written there.

    Parameters
    ----------
    folder : Path
        A workspace, or a folder for reports, or of a period, within one.
    period : str
        Code of the only period to look at; all when empty.
    own_notebooks : bool
        Whether reports of the workspace's own notebooks are made again, which runs their code.
    workers : int
        How many run at once; as many as there are cores when 0.

    Raises
    ------
    InputError
        When there is no workspace or no report, or the data cannot be used.
    """
    root, out = _places(Path(folder).resolve())
    records = list(_records(out, period))
    if not records:
        fix = "publish one with: channel-analysis report"
        raise InputError([Problem(str(out), "no report was published here", fix)])
    ws = open_workspace(root)
    ws.facts(lambda what, done, of: progress(f"data: {what}", done, of))
    with tempfile.TemporaryDirectory(prefix="channel-analysis-", ignore_cleanup_errors=True) as elsewhere:
        return _verified(ws, records, Path(elsewhere), own_notebooks, workers or cores(), progress)


def _places(folder: Path) -> tuple[Path, Path]:
    """The workspace, and where its reports stand."""
    if (folder / "workspace.toml").is_file():
        return folder, folder / "reports"
    for above in folder.parents:
        if (above / "workspace.toml").is_file():
            return above, folder
    fix = "give a workspace, or a folder for reports within one"
    raise InputError([Problem(str(folder), "this is no workspace and stands in none", fix)])


def _records(out: Path, period: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Published records that can be run again, with their folders; a data check has no period."""
    for path in run_files(out):
        for record in read_runs(path).values():
            if is_sound(record) and (not period or record["period"] == period):
                yield path.parent, record


def _verified(
    ws: Workspace,
    records: Sequence[tuple[Path, dict[str, Any]]],
    elsewhere: Path,
    own_notebooks: bool,
    workers: int,
    progress: Progress,
) -> list[Verified]:
    found: dict[int, Verified] = {}
    tasks, waiting = [], []
    for number, (folder, record) in enumerate(records):
        try:
            job = replace(_job(ws, record, own_notebooks), out=elsewhere, folder=elsewhere)
        except InputError as error:
            found[number] = Verified(folder, record["report"], {}, error=str(error))
            continue
        differ = tuple(changed(record, basis_of(ws, job)))
        if differ:
            found[number] = Verified(folder, record["report"], {}, changed=differ)
            continue
        work = elsewhere / str(number)
        (work / FILES).mkdir(parents=True)
        tasks.append(partial(_again, ws, job, work))
        waiting.append((number, job, work))

    def done(place: int, outcome: Mapping[str, Any]) -> None:
        number, job, work = waiting[place]
        folder, record = records[number]
        found[number] = _compared(ws, job, folder, record, work, outcome)
        shutil.rmtree(work, ignore_errors=True)

    side_by_side(tasks, workers, done, progress)
    return [found[number] for number in range(len(records))]


def _again(ws: Workspace, job: Job, work: Path, children: Children, progress: Progress) -> dict[str, Any]:
    return run_child(ws, job, work, children, progress)


def _job(ws: Workspace, record: Mapping[str, Any], own_notebooks: bool) -> Job:
    """The job that a record tells of."""
    company, is_own = ws.settings.company, bool(record.get("own_notebook"))
    job = plan(
        ws.root,
        record["report"],
        record["period"],
        record["languages"],
        None,
        {},
        company.language,
        company.fiscal_year_start,
        where=record["where"],
        own_notebooks=own_notebooks and is_own,
        handouts=_handouts(record),
    )
    return replace(job, parameters={**job.parameters, **record["parameters"]})


def _handouts(record: Mapping[str, Any]) -> list[str]:
    """What of a record's hand-outs comes out the same each time."""
    endings = {name.rpartition(".")[2] for name in record["files"]}
    return [ending for ending in ENDINGS if ending in endings and f".{ending}" != _NO_PROMISE]


def _compared(
    ws: Workspace, job: Job, folder: Path, record: Mapping[str, Any], work: Path, outcome: Mapping[str, Any]
) -> Verified:
    if "summary" not in outcome:
        error: InputError | ReportError = error_of(job, outcome, ws.settings.report.memory_limit)
        return Verified(folder, job.report, {}, error=str(error))
    whole = {**record, "summary": outcome["summary"]}
    add_handouts(job, work / FILES, whole)
    made = hashes(work / FILES)
    names = sorted(name for name in {*made, *record["files"]} if not name.endswith(_NO_PROMISE))
    others = [run["files"] for run in read_runs(folder / RUNS).values() if "files" in run]
    told = {name: _state(folder, name, made, record["files"], others) for name in names}
    return Verified(folder, job.report, told)


def _state(
    folder: Path,
    name: str,
    made: Mapping[str, str],
    published: Mapping[str, str],
    others: Sequence[Mapping[str, str]],
) -> str:
    """What a file turned out to be; in place of a table may stand another report's of the same name."""
    if not (folder / name).is_file():
        return "missing"
    there = sha256_of_file(folder / name)
    if there != published.get(name) and there in [files.get(name) for files in others]:
        there = published.get(name, "")
    return "same" if there == made.get(name) else "differs"

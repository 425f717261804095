"""The runner: jobs run in child processes, and each is published whole or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..store.workspace import Workspace
from .batch import side_by_side
from .child import Children, Progress, run_child
from .failure import drop_failure, error_of, write_failure
from .fresh import basis_of, changed, is_current
from .handouts import add_handouts, handout_files
from .jobs import Job
from .records import RUNS, is_sound, read_runs, record_of
from .secrets import secret_names, without_secrets
from .staging import FILES, ReportError, commit, not_writable, opened, work_folder


@dataclass(frozen=True, slots=True)
class Published:
    """A report that is out: its folder, its pages, its summary, what else to tell.

    `is_new` says whether it was made now; else what was out was up to date.
    """

    folder: Path
    pages: tuple[Path, ...]
    summary: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    report: str = ""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """A report that could not be made: why, and the page that says so, if it could be written."""

    job: Job
    error: InputError | ReportError
    page: Path | None = None


Ended = Published | Failed
"""What became of a job."""


def run(
    ws: Workspace,
    jobs: Sequence[Job],
    workers: int,
    progress: Progress,
    published: Callable[[Job, Published], Published] = lambda _job, done: done,
) -> list[Ended]:
    """Run jobs of resolved periods, so many at once, and publish the pages and tables of each.

    A job whose pages are up to date is not run, unless it says `force`; one that fails stops no other.
    `published` is called for each report that is out, while its folder is still kept from others.

    Returns
    -------
    list of Published or Failed
        In the order of the jobs.
    """
    ended: dict[int, Ended] = {}
    with ExitStack() as folders:
        shut = _opened(jobs, folders)
        waiting = []
        for number, job in enumerate(jobs):
            if job.folder in shut:
                ended[number] = Failed(job, shut[job.folder])
                continue
            basis = basis_of(ws, job)
            current = _current(job, basis)
            if current is None:
                waiting.append((number, job, basis))
            else:
                ended[number] = published(job, current) if isinstance(current, Published) else current

        def end(place: int, made: _Made) -> None:
            number, job, basis = waiting[place]
            one = _ended(ws, job, basis, made)
            ended[number] = published(job, one) if isinstance(one, Published) else one

        in_order = _InOrder([job.folder for _, job, _ in waiting], end)
        side_by_side([_task(ws, job) for _, job, _ in waiting], workers, in_order, progress)
    return [ended[number] for number in range(len(jobs))]


class _InOrder:
    """Ends the runs of a folder in the order of the jobs, so that equal commands leave the same."""

    def __init__(self, folders: Sequence[Path], end: Callable[[int, _Made], None]) -> None:
        self._folders, self._end = folders, end
        self._made: dict[int, _Made] = {}
        self._left = {folder: [n for n, one in enumerate(folders) if one == folder] for folder in folders}

    def __call__(self, place: int, made: _Made) -> None:
        self._made[place] = made
        left = self._left[self._folders[place]]
        while left and left[0] in self._made:
            self._end(left[0], self._made[left.pop(0)])


def _opened(jobs: Sequence[Job], folders: ExitStack) -> dict[Path, InputError | ReportError]:
    """Take every folder that is to be written to; which could not be had, and why."""
    shut: dict[Path, InputError | ReportError] = {}
    for job in {job.folder: job for job in jobs}.values():
        try:
            folders.enter_context(opened(job.out, job.folder))
        except (InputError, ReportError) as error:
            shut[job.folder] = error
    return shut


def _current(job: Job, basis: Mapping[str, Any]) -> Ended | None:
    """The report as it is out already, where it is up to date; hand-outs it lacks are added."""
    runs = read_runs(job.folder / RUNS)
    if job.force or not is_current(job.folder, runs, job, basis):
        return None
    record = runs[job.report]
    is_new = not set(handout_files(job, record["languages"])) <= set(record["files"])
    try:
        if is_new:
            _hand_out(job, record)
        drop_failure(job.folder, job.report)
    except InputError as error:
        return Failed(job, error)
    except OSError as error:
        return Failed(job, not_writable(job.folder, error))
    return _published(job, record["summary"], is_new)


def _hand_out(job: Job, record: Mapping[str, Any]) -> None:
    """Publish a report that is out once more, with hand-outs; nothing is run."""
    work = work_folder(job.folder)
    try:
        for name in record["files"]:
            target = work / FILES / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(job.folder / name, target)
        add_handouts(job, work / FILES, record)
        commit(job.folder, work, record)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _published(job: Job, summary: Mapping[str, Any], is_new: bool) -> Published:
    pages = tuple(job.folder / name for name in job.pages(job.languages))
    return Published(job.folder, pages, summary, report=job.report, is_new=is_new)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a run left in its work folder, and how long it took; or why there could be none."""

    work: Path | None
    outcome: Mapping[str, Any]
    seconds: float = 0.0
    error: OSError | None = None


def _task(ws: Workspace, job: Job) -> Callable[[Children, Progress], _Made]:
    def task(children: Children, progress: Progress) -> _Made:
        started, work = time.monotonic(), None
        try:
            work = work_folder(job.folder)
            outcome = run_child(ws, job, work, children, progress)
        except OSError as error:
            return _Made(work, {}, error=error)
        return _Made(work, outcome, time.monotonic() - started)

    return task


def _ended(ws: Workspace, job: Job, basis: Mapping[str, Any], made: _Made) -> Ended:
    """Publish what a run made, or the page that says why it could not."""
    try:
        if made.error is not None:
            raise made.error
        assert made.work is not None
        if "summary" in made.outcome:
            return _out(ws, job, basis, made)
        return _failed(ws, job, made.outcome)
    except OSError as error:
        return Failed(job, not_writable(job.folder, error))
    finally:
        if made.work is not None:
            shutil.rmtree(made.work, ignore_errors=True)


def _out(ws: Workspace, job: Job, basis: Mapping[str, Any], made: _Made) -> Ended:
    assert made.work is not None
    summary = dict(made.outcome["summary"])
    record = record_of(job, basis, summary, made.seconds)
    languages = _with_kept(ws, job, record)
    record |= {"languages": languages, "pages": job.pages(languages)}
    _link(job, made.work / FILES, languages)
    try:
        add_handouts(job, made.work / FILES, record)
    except InputError as error:
        return Failed(job, error)
    commit(job.folder, made.work, record)
    drop_failure(job.folder, job.report)
    return _published(job, summary, is_new=True)


def _failed(ws: Workspace, job: Job, outcome: Mapping[str, Any]) -> Failed:
    names = secret_names(ws)
    told = {key: without_secrets(str(outcome[key]), names=names) for key in ("message", "source")}
    outcome = {**outcome, **told}
    error = error_of(job, outcome, ws.settings.report.memory_limit)
    kept = read_runs(job.folder / RUNS).get(job.report, {})
    try:
        return Failed(job, error, write_failure(job, outcome, kept, ws.settings.company.language))
    except OSError:
        return Failed(job, error)


def _with_kept(ws: Workspace, job: Job, record: Mapping[str, Any]) -> list[str]:
    """The job's languages, and those of an earlier run's pages that hold good, its basis being the same."""
    before = read_runs(job.folder / RUNS).get(job.report, {})
    if job.notebook is None or not is_sound(before) or changed(before, record):
        return list(job.languages)
    there = {one for one in before["languages"] if (job.folder / f"{job.report}.{one}.html").is_file()}
    first = ws.settings.company.language
    if there <= set(job.languages):
        return list(job.languages)
    return sorted(there | set(job.languages), key=lambda language: (language != first, language))


def _link(job: Job, files: Path, languages: list[str]) -> None:
    """Let new and kept pages lead to each other; the kept ones are put beside the new."""
    if set(languages) == set(job.languages):
        return
    from .render import linked

    for language in languages:
        new = files / f"{job.report}.{language}.html"
        kept = job.folder / new.name
        text = (new if language in job.languages else kept).read_text(encoding="utf-8")
        others = [other for other in languages if other != language]
        new.write_text(linked(text, language, others, job.report), encoding="utf-8")

"""The runner: a validated job runs in a child process with a deadline and is published whole or not."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, refuse
from ..files import sha256_of_file
from ..metrics.periods import check_period
from ..store.workspace import Workspace
from ..words import check_language
from ..words import languages as known_languages
from .notebooks import default_parameters, find_report, with_parameters

Progress = Callable[[str, int, int], None]

_OWN = {
    "workspace": "name the workspace first: channel-analysis report DIR",
    "tables": "leave it out; tables stand beside the pages",
}
"""Parameters of every notebook that come from elsewhere, with where."""


class ReportError(RuntimeError):
    """A report could not be made; what was published before is untouched."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run: the notebook, its parameters, the languages, where it is published."""

    report: str
    notebook: Path
    period: str
    parameters: Mapping[str, Any]
    languages: tuple[str, ...]
    out: Path


@dataclass(frozen=True, slots=True)
class Published:
    """What a run left behind: the folder of its period, its pages, its summary."""

    folder: Path
    pages: tuple[Path, ...]
    summary: Mapping[str, Any]


def plan(
    root: Path,
    report: str,
    period: str,
    languages: Sequence[str],
    out: Path | None,
    given: Mapping[str, str],
    first_language: str = "en",
    fiscal_start: int = 1,
) -> Job:
    """Check everything that can be checked without data; InputError names all mistakes at once."""
    period = given.get("period", period)
    named = given["languages"].split(",") if "languages" in given else languages
    named = [language.strip() for language in named]
    problems = check_period(period, fiscal_start)
    problems += [problem for language in named for problem in check_language(language)]
    problems += [
        Problem(f"parameter '{name}'", "the runner sets it itself", instead)
        for name, instead in _OWN.items()
        if name in given
    ]
    wanted = tuple(dict.fromkeys(named)) or _all_languages(first_language)
    parameters: dict[str, Any] = {}
    notebook = Path()
    try:
        notebook = find_report(report, root)
        values = {**given, "workspace": str(root), "period": period, "languages": list(wanted)}
        parameters = with_parameters(notebook, values)
    except InputError as error:
        problems += error.problems
    refuse(problems)
    return Job(report, notebook, period, parameters, wanted, (out or root / "reports").resolve())


def run(ws: Workspace, job: Job, period: str, progress: Progress) -> Published:
    """Run a job for a resolved period and publish its pages and tables.

    Raises
    ------
    InputError
        When the output folder cannot be written to, or the notebook refuses its input.
    ReportError
        When a cell fails, the kernel dies or the deadline passes; it names the cell.
    """
    folder = job.out / period
    work = _work_folder(folder)
    started = time.monotonic()
    try:
        with _locked(folder):
            outcome = _child(ws, job, period, work, progress)
            if "summary" not in outcome:
                raise _failure(job, outcome)
            record = _record(ws, job, period, outcome["summary"], time.monotonic() - started)
            pages = _publish(job, folder, work, record)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _drop_if_empty(folder)
    return Published(folder, pages, outcome["summary"])


def _all_languages(first: str) -> tuple[str, ...]:
    return tuple(sorted(known_languages(), key=lambda language: (language != first, language)))


def _work_folder(folder: Path) -> Path:
    """A hidden folder on the same disk as the period's, so that publishing is renaming."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".run-", dir=folder))
    except OSError as error:
        reason = error.strerror or str(error)
        fix = "choose another folder with --out, or correct its permissions"
        raise InputError([Problem(str(folder), f"cannot be written to: {reason}", fix)]) from None


def _drop_if_empty(folder: Path) -> None:
    """A period's folder that holds no report is not left behind."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _locked(folder: Path) -> Any:
    from filelock import FileLock, Timeout

    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        raise ReportError(f"{folder}: another run is writing here; wait for it to end") from None


def _child(ws: Workspace, job: Job, period: str, work: Path, progress: Progress) -> dict[str, Any]:
    """Run the job's notebook in a process of its own; what it left as its outcome."""
    _write_order(ws, job, period, work)
    command = [sys.executable, "-m", "channel_analysis.report.execute", str(work / "job.json")]
    minutes = ws.settings.report.deadline_minutes
    with (work / "errors.txt").open("w", encoding="utf-8") as errors:
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=_environment()
        )
        deadline = _Deadline(child, minutes * 60)
        assert child.stdout is not None
        cell = 0
        for line in child.stdout:
            told = line.split()
            if len(told) == 4 and told[0] == "cell":
                cell = int(told[1])
                progress(job.report, int(told[2]), int(told[3]))
        code = child.wait()
        deadline.cancel()
    if deadline.passed:
        raise ReportError(f"{job.report}: the deadline of {minutes:g} minutes passed in cell {cell}")
    if code or not (work / "outcome.json").is_file():
        said = (work / "errors.txt").read_text(encoding="utf-8").strip().splitlines()
        raise ReportError(f"{job.report}: the run ended with code {code}: {(said or ['no message'])[-1]}")
    outcome: dict[str, Any] = json.loads((work / "outcome.json").read_text(encoding="utf-8"))
    return outcome


def _write_order(ws: Workspace, job: Job, period: str, work: Path) -> None:
    """What the child is to do, as a file: no parameter passes through a shell or a command line."""
    cells = json.loads(job.notebook.read_text(encoding="utf-8"))["cells"]
    given = {"workspace": str(ws.root), "period": period, "tables": str(work / "tables")}
    known = default_parameters(job.notebook)
    order = {
        "report": job.report,
        "notebook": str(job.notebook),
        "workspace": str(ws.root),
        "parameters": {name: {**job.parameters, **given}[name] for name in known},
        "languages": list(job.languages),
        "cells": len(cells),
    }
    (work / "job.json").write_text(json.dumps(order, ensure_ascii=False), encoding="utf-8")


class _Deadline:
    """Ends a child process and everything it started once its time is up."""

    def __init__(self, child: subprocess.Popen[str], seconds: float) -> None:
        self.passed = False
        self._child = child
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """The child ended in time."""
        self._timer.cancel()

    def _end(self) -> None:
        import psutil

        self.passed = True
        try:
            family = [
                *psutil.Process(self._child.pid).children(recursive=True),
                psutil.Process(self._child.pid),
            ]
        except psutil.NoSuchProcess:
            return
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


def _environment() -> dict[str, str]:
    """The child's environment: the same package, one hash order, no debugger's warnings."""
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = {"PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "MPLBACKEND": "svg"}
    return {**os.environ, **quiet, "PYTHONPATH": os.pathsep.join(paths)}


def _failure(job: Job, outcome: Mapping[str, Any]) -> Exception:
    """The exception for a notebook that did not come to its end."""
    if outcome["error"] == "InputError":
        return InputError(_problems(str(outcome["message"])))
    first_line = next((line for line in outcome["source"].splitlines() if line.strip()), "")
    where = f"cell {outcome['cell']}" + (f" ({first_line.strip()})" if first_line else "")
    return ReportError(f"{job.report}: {where} failed: {outcome['error']}: {outcome['message']}")


def _problems(text: str) -> list[Problem]:
    """Problems back from an InputError's text, as it crossed the kernel's border."""
    found: list[Problem] = []
    for line in text.splitlines()[1:]:
        stripped = line.strip()
        if stripped.startswith("fix: ") and found:
            found[-1] = Problem(found[-1].where, found[-1].what, stripped.removeprefix("fix: "))
        elif stripped:
            where, _, what = stripped.partition(". ")[2].partition(": ")
            found.append(Problem(where, what))
    return found or [Problem("report", text)]


def _record(
    ws: Workspace, job: Job, period: str, summary: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """The run record: the only place that holds clock, versions and seconds."""
    from importlib.metadata import version

    names = ("channel_analysis", "duckdb", "pandas", "matplotlib", "papermill", "nbconvert", "great-tables")
    return {
        "report": job.report,
        "period": period,
        "languages": list(job.languages),
        "parameters": {k: v for k, v in job.parameters.items() if k not in ("workspace", "tables")},
        "inputs": {**summary["fingerprints"], "notebook": sha256_of_file(job.notebook)[:16]},
        "summary": summary,
        "outcome": "published",
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in names}},
    }


def _publish(job: Job, folder: Path, work: Path, record: Mapping[str, Any]) -> tuple[Path, ...]:
    """Rename everything into place: tables, pages, and the run record last."""
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    new = {path.name: path for path in sorted((work / "tables").glob("*.parquet"))}
    for name, path in new.items():
        os.replace(path, tables / name)
    pages = []
    for language in job.languages:
        target = folder / f"{job.report}.{language}.html"
        os.replace(work / f"page.{language}.html", target)
        pages.append(target)
    _drop_outdated(job, folder, record, set(new))
    path = folder / "run.json"
    runs = read_runs(path)
    runs[job.report] = dict(record)
    (work / "run.json").write_text(
        json.dumps(runs, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )
    os.replace(work / "run.json", path)
    return tuple(pages)


def read_runs(path: Path) -> dict[str, Any]:
    """Run records of a period's folder, by report; empty when there are none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _drop_outdated(job: Job, folder: Path, record: Mapping[str, Any], kept: set[str]) -> None:
    """Remove the report's tables and pages of an earlier run that this one did not make again."""
    before = read_runs(folder / "run.json").get(job.report, {})
    for name in before.get("summary", {}).get("tables", []):
        if f"{name}.parquet" not in kept:
            (folder / "tables" / f"{name}.parquet").unlink(missing_ok=True)
    for language in before.get("languages", []):
        if language not in record["languages"]:
            (folder / f"{job.report}.{language}.html").unlink(missing_ok=True)

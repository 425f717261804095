"""The runner: a job runs in a child process and is published whole or not at all."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from ..files import sha256_of_file
from ..store.workspace import Workspace
from .child import Progress, ReportError, run_child
from .jobs import Job


@dataclass(frozen=True, slots=True)
class Published:
    """What a run left behind: the folder of its period, its pages, its summary."""

    folder: Path
    pages: tuple[Path, ...]
    summary: Mapping[str, Any]


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
            summary = run_child(ws, job, period, work, progress)
            record = _record(job, period, summary, time.monotonic() - started)
            pages = _publish(job, folder, work, record)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _drop_if_empty(folder)
    return Published(folder, pages, summary)


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


def _record(job: Job, period: str, summary: Mapping[str, Any], seconds: float) -> dict[str, Any]:
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

"""The runner: a job runs in a child process and is published whole or not at all."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from ..files import sha256_of_file
from ..metrics.periods import parse_period
from ..store.alerts import overrides_digest
from ..store.cases import decisions, read_cases
from ..store.decisions import decided, read_decisions
from ..store.measures import MeasureRegister
from ..store.workspace import Workspace
from .child import Progress, ReportError, run_child
from .jobs import Job


@dataclass(frozen=True, slots=True)
class Published:
    """What a run left behind: the folder of its period, its pages, its summary, what else to tell."""

    folder: Path
    pages: tuple[Path, ...]
    summary: Mapping[str, Any]
    notes: tuple[str, ...] = ()


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
    started = time.monotonic()
    with locked(folder), _work_folder(folder) as work:
        summary = run_child(ws, job, period, work, progress)
        record = _record(ws, job, period, summary, time.monotonic() - started)
        pages = _publish(ws, job, folder, work, record)
    return Published(folder, pages, summary)


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """A hidden folder on the same disk as the period's, so that publishing is renaming.

    What runs that were killed have left is cleared away; a period's folder without a report goes as well.
    """
    try:
        folder.mkdir(exist_ok=True)
        _clear(folder)
        work = Path(tempfile.mkdtemp(prefix=".run-", dir=folder))
    except OSError as error:
        raise not_writable(folder, error) from None
    try:
        yield work
    finally:
        _clear(folder)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _clear(folder: Path) -> None:
    for left in folder.glob(".run-*"):
        shutil.rmtree(left, ignore_errors=True)


def locked(folder: Path) -> Any:
    """Keep others from writing to a report folder while the block runs; ReportError where one does."""
    from filelock import FileLock, Timeout

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(folder.with_name(f".{folder.name}.lock")).acquire(timeout=0)
    except Timeout:
        raise ReportError(f"{folder}: another run is writing here; wait for it to end") from None
    except OSError as error:
        raise not_writable(folder, error) from None


def not_writable(folder: Path, error: OSError) -> InputError:
    """What to answer when a folder for reports refuses to be written to."""
    reason = error.strerror or str(error)
    fix = "choose another folder with --out, or correct its permissions"
    return InputError([Problem(str(folder), f"cannot be written to: {reason}", fix)])


def _record(
    ws: Workspace, job: Job, period: str, summary: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """The run record: the only place that holds clock, versions and seconds."""
    from importlib.metadata import version

    names = ["channel_analysis", "duckdb", "pandas", "matplotlib", "papermill", "nbconvert", "great-tables"]
    engine = ws.settings.engine
    if engine == "spark":
        names.append("pyspark")
    return {
        "report": job.report,
        "period": period,
        "languages": list(job.languages),
        "parameters": {k: v for k, v in job.parameters.items() if k not in ("workspace", "tables")},
        "inputs": {
            **_fingerprints(ws, summary),
            **_decisions(ws, period),
            "notebook": sha256_of_file(job.notebook)[:16],
        },
        "summary": summary,
        "engine": engine,
        "outcome": "published",
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in names}},
    }


def _fingerprints(ws: Workspace, summary: Mapping[str, Any]) -> dict[str, str]:
    """Fingerprints of data and definitions, where a report's own tables do not tell them."""
    told: dict[str, str] = summary["fingerprints"]
    if told:
        return told
    from ..analysis.provenance import definitions_version
    from ..metrics.kpis import load_kpis

    return {
        "data": ws.facts().fingerprint[:16],
        "definitions": definitions_version(load_kpis(ws), ws),
    }


def _decisions(ws: Workspace, period: str) -> dict[str, str]:
    """What people decided is an input as well, and the model kept; what the report itself enters is not."""
    from ..analysis.risk import model_path

    model = model_path(ws)
    end = parse_period(period, ws.settings.company.fiscal_year_start).end
    told = {
        "cases": decisions(read_cases(ws.root)),
        "decisions": decided(read_decisions(ws.root)),
        "overrides": overrides_digest(ws.root),
        "measures": MeasureRegister(ws.root).digest(period, end),
        "risk_model": sha256_of_file(model)[:16] if model.is_file() else "",
    }
    return {name: fingerprint for name, fingerprint in told.items() if fingerprint}


def _publish(
    ws: Workspace, job: Job, folder: Path, work: Path, record: Mapping[str, Any]
) -> tuple[Path, ...]:
    """Rename everything into place: tables, pages, and the run record last."""
    record_file = folder / "run.json"
    runs = read_runs(record_file)
    before = runs.get(job.report, {})
    languages = _with_kept(ws, job, folder, before, record)
    runs[job.report] = {**record, "languages": languages}
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    new = {path.name: path for path in sorted((work / "tables").glob("*.parquet"))}
    for name, path in new.items():
        os.replace(path, tables / name)
    _link(job, folder, work, languages)
    for language in languages:
        os.replace(work / f"page.{language}.html", folder / f"{job.report}.{language}.html")
    _drop_outdated(job, folder, before, runs, set(new))
    (work / "run.json").write_text(
        json.dumps(runs, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )
    os.replace(work / "run.json", record_file)
    return tuple(folder / f"{job.report}.{language}.html" for language in job.languages)


def _with_kept(
    ws: Workspace, job: Job, folder: Path, before: Mapping[str, Any], record: Mapping[str, Any]
) -> list[str]:
    """The job's languages, and those of an earlier run's pages that hold good: its inputs were the same."""
    if _asked(before) != _asked(json.loads(json.dumps(record))):
        return list(job.languages)
    there = {
        language for language in before["languages"] if (folder / f"{job.report}.{language}.html").is_file()
    }
    if there <= set(job.languages):
        return list(job.languages)
    first = ws.settings.company.language
    return sorted(there | set(job.languages), key=lambda language: (language != first, language))


def _asked(record: Mapping[str, Any]) -> tuple[Any, Any]:
    """What a page depends on: inputs and parameters, languages and the way the period is named apart."""
    parameters = record.get("parameters", {})
    own = {name: value for name, value in parameters.items() if name not in ("languages", "period")}
    return record.get("inputs"), own


def _link(job: Job, folder: Path, work: Path, languages: list[str]) -> None:
    """Let new and kept pages lead to each other; the kept ones are put beside the new."""
    if set(languages) == set(job.languages):
        return
    from .render import linked

    for language in languages:
        new = work / f"page.{language}.html"
        kept = folder / f"{job.report}.{language}.html"
        text = (new if language in job.languages else kept).read_text(encoding="utf-8")
        others = [other for other in languages if other != language]
        new.write_text(linked(text, language, others, job.report), encoding="utf-8")


def read_runs(path: Path) -> dict[str, Any]:
    """Run records of a period's folder, by report; empty when there are none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _drop_outdated(
    job: Job, folder: Path, before: Mapping[str, Any], runs: Mapping[str, Any], new: set[str]
) -> None:
    """Remove the report's tables and pages of an earlier run that no report has made again."""
    kept = {name for run in runs.values() for name in run.get("summary", {}).get("tables", [])}
    for name in before.get("summary", {}).get("tables", []):
        if f"{name}.parquet" not in new and name not in kept:
            (folder / "tables" / f"{name}.parquet").unlink(missing_ok=True)
    for language in before.get("languages", []):
        if language not in runs[job.report]["languages"]:
            (folder / f"{job.report}.{language}.html").unlink(missing_ok=True)

"""Run records: what was run from which inputs, what came of it, and the hash of every file it published."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import safe_names, sha256_of_file

if TYPE_CHECKING:
    from .jobs import Job

RUNS = "run.json"
"""Name of the file with a folder's records."""

_LONGEST = 200
"""Bytes of a folder's name; with what comes before and after, every file system takes it."""


def read_runs(path: Path) -> dict[str, Any]:
    """Run records of a period's folder, by report; empty when there are none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {report: record for report, record in found.items() if isinstance(record, dict)}


_PARTS = {
    "report": str,
    "period": str,
    "where": dict,
    "languages": list,
    "parameters": dict,
    "inputs": dict,
    "versions": dict,
    "files": dict,
}
"""What a record needs for its report to be compared, or made again; a data check's has less."""


def is_sound(record: Mapping[str, Any]) -> bool:
    """Whether a record is a report's and tells all that is needed to make it again."""
    return all(isinstance(record.get(part), kind) for part, kind in _PARTS.items())


def folder_of(out: Path, period: str, where: Mapping[str, str], names: Mapping[str, str] = {}) -> Path:
    """Where a report of a period, and of a part of the company, is published.

    `names` are the file names of the values of `where`, where they were made together.
    """
    folder = out / period
    if not where:
        return folder
    safe = {**safe_names(where.values()), **names}
    part = "+".join(f"{name}-{safe[value]}" for name, value in sorted(where.items()))
    return folder / (part if len(part.encode()) <= _LONGEST else safe_names([part])[part])


def run_files(out: Path) -> list[Path]:
    """Every file of run records below a folder for reports, or in it."""
    return sorted({*out.glob(RUNS), *out.glob(f"*/{RUNS}"), *out.glob(f"*/*/{RUNS}")})


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder by its name as seen from there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of_file(path) for path in files}


def is_whole(folder: Path, runs: Mapping[str, Any], report: str) -> bool:
    """Whether every file of a record is there as it was published; a table may be another report's."""
    for name in runs[report]["files"]:
        hashed = {run["files"][name] for run in runs.values() if name in _hashes(run)}
        path = folder / name
        if not path.is_file() or sha256_of_file(path) not in hashed:
            return False
    return True


def dropped(runs: Mapping[str, Any], report: str, record: Mapping[str, Any]) -> list[str]:
    """Files of a report's earlier record that neither the new one nor another report's holds."""
    before = _files(report, runs.get(report, {}))
    kept = {name for other, run in runs.items() if other != report for name in _files(other, run)}
    return sorted(before - set(record["files"]) - kept)


def _files(report: str, record: Mapping[str, Any]) -> set[str]:
    """Names of a record's files; one of earlier versions has no hashes."""
    if _hashes(record):
        return set(record["files"])
    if not isinstance(record.get("languages"), list) or not isinstance(record.get("summary"), dict):
        return set()
    tables = record["summary"].get("tables", [])
    pages = {f"{report}.{language}.html" for language in record["languages"]}
    return pages | {f"tables/{name}.parquet" for name in tables}


def _hashes(record: Mapping[str, Any]) -> dict[str, str]:
    found = record.get("files")
    return found if isinstance(found, dict) else {}


def record_of(
    job: Job, basis: Mapping[str, Any], summary: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """The run record, files apart: the only place that holds clock, versions and seconds.

    `basis` is what the report rests on; see `fresh.basis_of`.
    """
    return {
        "report": job.report,
        "period": job.period,
        "where": dict(job.where),
        "languages": list(job.languages),
        "pages": job.pages(job.languages),
        **basis,
        "summary": dict(summary),
        "outcome": "published",
        "finished": now(),
        "seconds": round(seconds, 2),
    }


def now() -> str:
    """The time to the second, as run records write it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def told(runs: Mapping[str, Any]) -> str:
    """Records as they are written."""
    return json.dumps(runs, ensure_ascii=False, indent=1, sort_keys=True)

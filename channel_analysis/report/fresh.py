"""What a report rests on, and whether one that was published still rests on the same."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import CATALOG, sha256_of_file
from ..metrics.periods import parse_period
from ..store.alerts import earlier_alerts, overrides_digest
from ..store.cases import decisions, read_cases
from ..store.decisions import decided, read_decisions
from ..store.ledger import fingerprint
from ..store.measures import MeasureRegister
from ..store.workspace import Workspace
from .records import is_sound, is_whole

if TYPE_CHECKING:
    from .jobs import Job

_VERSIONS = (
    "channel_analysis", "duckdb", "pandas", "numpy", "pyarrow", "matplotlib", "scipy", "papermill",
    "nbconvert", "babel", "jinja2",
)  # fmt: skip
"""Packages whose version may show in the bytes of a page or table."""


def basis_of(ws: Workspace, job: Job) -> dict[str, Any]:
    """All that a report rests on, known before it runs; a page of the same basis has the same bytes."""
    own = ("workspace", "tables", "languages", "where", "period")
    return {
        "parameters": {name: value for name, value in job.parameters.items() if name not in own},
        "inputs": {name: mark for name, mark in _inputs(ws, job).items() if mark},
        "code": code_digest(),
        "engine": ws.settings.engine,
        "versions": versions(ws.settings.engine),
        "own_notebook": job.is_own,
    }


def _inputs(ws: Workspace, job: Job) -> dict[str, str]:
    """Data, rules, what people decided, the model kept; what the report itself enters is no input."""
    from ..analysis.provenance import definitions_version
    from ..analysis.risk import model_path
    from ..metrics.kpis import load_kpis

    model = model_path(ws)
    end = parse_period(job.period, ws.settings.company.fiscal_year_start).end
    warned = [alert for alert in earlier_alerts(ws.root, end) if alert.period != job.period]
    return {
        "data": ws.facts().fingerprint[:16],
        "definitions": definitions_version(load_kpis(ws), ws),
        "settings": _settings(ws),
        "cases": decisions(read_cases(ws.root)),
        "decisions": decided(read_decisions(ws.root)),
        "overrides": overrides_digest(ws.root),
        "warnings": fingerprint(warned),
        "measures": MeasureRegister(ws.root).digest(job.period, end),
        "risk_model": sha256_of_file(model)[:16] if model.is_file() else "",
        "notebook": sha256_of_file(job.notebook)[:16] if job.notebook else "",
    }


def _settings(ws: Workspace) -> str:
    """Of the settings what shows on a page: whose figures they are, and how far the data reach."""
    told = f"{ws.settings.company.model_dump_json()} {ws.settings.data.complete_to}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]


@cache
def code_digest() -> str:
    """A hash of the package's code and catalogue."""
    package, total = CATALOG.parent, hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if _is_code(path)):
        total.update(f"{path.relative_to(package).as_posix()} {sha256_of_file(path)}\n".encode())
    return total.hexdigest()[:16]


def _is_code(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")


def versions(engine: str) -> dict[str, str]:
    """Versions of Python and of the packages that make a report with an engine."""
    from importlib.metadata import version

    names = [*_VERSIONS, *(["pyspark"] if engine == "spark" else [])]
    return {"python": sys.version.split()[0], **{name: version(name) for name in names}}


def changed(record: Mapping[str, Any], basis: Mapping[str, Any]) -> list[str]:
    """Names of what a record rests on that is not the same now, such as "data" or "pandas"."""
    found = []
    for part in ("inputs", "parameters", "versions"):
        before, now = record.get(part, {}), basis[part]
        found += [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    return found + [part for part in ("code", "engine", "own_notebook") if record.get(part) != basis[part]]


def is_current(folder: Path, runs: Mapping[str, Any], job: Job, basis: Mapping[str, Any]) -> bool:
    """Whether a job's pages are out, as they were published, and would come out the same again."""
    record = runs.get(job.report)
    if not record or not is_sound(record) or record["where"] != dict(job.where):
        return False
    if record.get("outcome") != "published" or changed(record, basis):
        return False
    return set(job.languages) <= set(record["languages"]) and is_whole(folder, runs, job.report)

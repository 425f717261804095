"""A run that failed: what to say on the command line, and the page that says it to readers of reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem
from ..files import written_beside
from ..words import Words, words
from .records import now, told
from .secrets import without_secrets
from .staging import ReportError

if TYPE_CHECKING:
    from .jobs import Job

FAILED = "failed.json"
"""Name of the file with a folder's failures."""

_LINES, _SIGNS = 6, 2000
"""So many lines of a cell's source are shown, and so many signs of a message."""

_OUT_OF_MEMORY = ("MemoryError", "OutOfMemoryException", "ArrowMemoryError", "OutOfMemoryError")
_OF_THE_RUN = ("Deadline", "Killed", "Ended")
_REASONS = {
    "DeadKernelError": "killed",
    "Killed": "killed",
    "Deadline": "deadline",
    "InputError": "input",
    "Unfinished": "unfinished",
    "Ended": "ended",
    **dict.fromkeys(_OUT_OF_MEMORY, "memory"),
}
_ADVICE = {
    "memory": "raise memory_limit under [report] in workspace.toml, or give the machine more memory",
    "killed": "its memory may have run out: see memory_limit under [report] in workspace.toml",
    "deadline": "raise deadline_minutes under [report] in workspace.toml, or mend the cell that hangs",
}

_SETTINGS = {
    "file": "workspace.toml",
    "section": "[report]",
    "memory": "memory_limit",
    "deadline": "deadline_minutes",
    "call": "ca.save_tables(..., tables)",
}
"""What advice names, the same in every language."""


def error_of(job: Job, outcome: Mapping[str, Any], memory_limit: str) -> InputError | ReportError:
    """The exception for a run that did not come to its end."""
    message = without_secrets(str(outcome["message"]))
    if outcome["error"] == "InputError":
        return InputError(_problems(message))
    place = _place(outcome)
    if outcome["error"] == "Unfinished":
        return ReportError(f"{job.label}: {message}")
    if outcome["error"] == "Deadline":
        return ReportError(_advised(f"{job.label}: {message} in {place}", "deadline"))
    if outcome["error"] == "Ended":
        return ReportError(f"{job.label}: {message}")
    reason = reason_of(outcome)
    limit = f" under a memory limit of {memory_limit}" if memory_limit and reason in _ADVICE else ""
    said = f"{job.label}: {place} failed{limit}: {outcome['error']}: {message}".rstrip(": ")
    return ReportError(_advised(said, reason))


def reason_of(outcome: Mapping[str, Any]) -> str:
    """Why a run failed, in a word: "memory", "killed", "deadline", "input", "unfinished", "ended", "cell"."""
    return _REASONS.get(outcome["error"], "cell")


def _advised(message: str, reason: str) -> str:
    return f"{message}\n  fix: {_ADVICE[reason]}" if reason in _ADVICE else message


def _place(outcome: Mapping[str, Any]) -> str:
    first_line = next((line for line in outcome["source"].splitlines() if line.strip()), "")
    return f"cell {outcome['cell']}" + (f" ({without_secrets(first_line.strip())})" if first_line else "")


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


def write_failure(job: Job, outcome: Mapping[str, Any], kept: Mapping[str, Any], language: str) -> Path:
    """Write `<report>.failed.html` and its line of `failed.json`; pages published before stay.

    Parameters
    ----------
    kept : mapping
        The run record of the pages that stay; empty without any.
    """
    source = "\n".join(str(outcome["source"]).strip().splitlines()[:_LINES])
    entry = {
        "when": now(),
        "period": job.period,
        "where": dict(job.where),
        "cell": outcome["cell"],
        "source": without_secrets(source),
        "error": outcome["error"],
        "reason": reason_of(outcome),
        "message": without_secrets(str(outcome["message"]))[:_SIGNS],
        "page": f"{job.report}.failed.html",
    }
    page = job.folder / entry["page"]
    with written_beside(page) as temporary:
        temporary.write_text(failure_html(job, entry, kept, words(language)), encoding="utf-8")
    _write(job.folder, {**read_failures(job.folder), job.report: entry})
    return page


def failure_html(job: Job, entry: Mapping[str, Any], kept: Mapping[str, Any], said: Words) -> str:
    """The page about a failure: what happened, where, what stays, what to do."""
    from .html import environment
    from .page import page_html

    key = f"report.{job.report}"
    name = said(key) if said.has(key) else job.report
    title = said("failure.title", report=name, period=said.period(job.period))
    reason = said(f"failure.reason.{entry['reason']}")
    advice = said(f"failure.advice.{entry['reason']}", **_SETTINGS)
    where = " · ".join(job.where.values())
    body = (
        environment()
        .get_template("failure.html.j2")
        .render(words=said, entry=entry, kept=kept, title=title, where=where, reason=reason, advice=advice)
    )
    return page_html(body, title, said.language)


def read_failures(folder: Path) -> dict[str, Any]:
    """Failures of a folder by report; empty without any that can be read."""
    try:
        found = json.loads((folder / FAILED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def drop_failure(folder: Path, report: str) -> None:
    """Take a report's failure away, once it was made."""
    (folder / f"{report}.failed.html").unlink(missing_ok=True)
    left = read_failures(folder)
    if left.pop(report, None) is not None:
        _write(folder, left)


def _write(folder: Path, failures: Mapping[str, Any]) -> None:
    if not failures:
        (folder / FAILED).unlink(missing_ok=True)
        return
    with written_beside(folder / FAILED) as temporary:
        temporary.write_text(told(failures), encoding="utf-8")

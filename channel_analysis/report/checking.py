"""A check of the data: taken in, judged, and put on a page of its own; no notebook, no kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis.quality import data_quality, stopped_quality
from ..errors import InputError
from ..metrics.periods import period_at
from ..results import DataQuality
from ..store.cases import open_cases, read_cases
from ..store.workspace import Company, Workspace, open_workspace
from ..words import languages, words
from .child import Progress
from .following import FINDINGS, found_in
from .parts.quality_page import quality_page
from .records import now
from .saving import save_tables
from .sheet import sheet_html
from .shelf import write_shelf
from .staging import FILES, commit, followed_up, not_writable, opened, work_folder

REPORT = "quality"
"""Name of the page, and of the folder it stands in."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check left behind; `error` holds the problems that stopped the intake, if any."""

    quality: DataQuality
    language: str
    pages: tuple[Path, ...]
    shelf: Path
    error: InputError | None
    notes: tuple[str, ...] = ()


def check(
    folder: Path, out: Path | None = None, progress: Progress = lambda _what, _done, _of: None
) -> Checked:
    """Take a workspace's data in, judge them, and publish page and tables in `out`/quality.

    Where the data cannot be taken in, the page says why and shows what was read by then; other
    reports are not touched. Findings that matter become open cases once the pages are out.

    Parameters
    ----------
    folder : Path
        The workspace.
    out : Path, optional
        Where reports are kept; `reports/` of the workspace by default.

    Raises
    ------
    InputError
        When the folder is no workspace, or the page cannot be written.
    """
    root = Path(folder).resolve()
    company = Company()
    try:
        ws = open_workspace(folder)
    except InputError as error:
        if not (root / "workspace.toml").is_file():
            raise
        quality = stopped_quality(error, company, None, {})
        return _published(root, quality, company, (out or root / "reports").resolve(), error)
    company = ws.settings.company
    quality, failure = _judged(ws, progress)
    return _published(root, quality, company, (out or root / "reports").resolve(), failure)


def _judged(ws: Workspace, progress: Progress) -> tuple[DataQuality, InputError | None]:
    """The quality of a workspace's data, and the problems that stopped their intake."""
    try:
        ws.refresh()
        ws.facts(lambda what, done, of: progress(f"data: {what}", done, of))
        return data_quality(ws), None
    except InputError as error:
        return stopped_quality(error, ws.settings.company, ws.policy, _cases(ws.root)), error


def _cases(root: Path) -> Mapping[str, Any]:
    try:
        return read_cases(root)
    except InputError:  # is among the problems that stopped the check, or will stop the next
        return {}


def _published(
    root: Path, quality: DataQuality, company: Company, out: Path, error: InputError | None
) -> Checked:
    folder, told = out / REPORT, error.problems if error else ()
    try:
        with opened(out, folder):
            pages = _written(folder, quality, company.language, error)
        shelf = write_shelf(out, company.language)
    except InputError as refused:
        raise InputError([*told, *refused.problems]) from None
    except OSError as refused:
        raise InputError([*told, *not_writable(folder, refused).problems]) from None
    return Checked(quality, company.language, pages, shelf, error, _followed(root, quality, error))


def _written(folder: Path, quality: DataQuality, first: str, error: InputError | None) -> tuple[Path, ...]:
    """Tables, pages and the run record, published whole or not at all."""
    order = sorted(languages(), key=lambda language: (language != first, language))
    record = _record(quality, order, "stopped" if error else "published")
    work = work_folder(folder)
    write_check(quality, order, work / FILES)
    commit(folder, work, record)
    followed_up(folder, REPORT)
    return tuple(folder / page for page in record["pages"])


def write_check(quality: DataQuality, order: list[str], files: Path) -> None:
    """Write the tables and pages of a check into a folder, a page per language of `order`."""
    save_tables(check_tables(quality), files / "tables")
    for language in order:
        said, others = words(language), [other for other in order if other != language]
        page = sheet_html(quality_page(quality, said), said, others, REPORT)
        (files / f"{REPORT}.{language}.html").write_text(page, encoding="utf-8")


def check_tables(quality: DataQuality) -> dict[str, Any]:
    """The tables of a check by name."""
    return {name.replace("data_", "quality_"): frame for name, frame in quality.tables().items()}


def _record(quality: DataQuality, order: list[str], outcome: str) -> dict[str, Any]:
    """The run record, which the shelf reads; the only place that holds the clock."""
    return {
        "report": REPORT,
        "period": "",
        "where": {},
        "languages": order,
        "pages": [f"{REPORT}.{language}.html" for language in order],
        "inputs": {"data": quality.fingerprint},
        "summary": {
            "grade": quality.grade,
            "as_of": quality.as_of.isoformat() if quality.as_of else None,
            "currency": quality.currency,
            "tables": sorted(check_tables(quality)),
        },
        "outcome": outcome,
        "finished": now(),
    }


def _followed(root: Path, quality: DataQuality, error: InputError | None) -> tuple[str, ...]:
    """Open what is a case; what to tell where the ledger cannot be written to."""
    if error or not quality.as_of:
        return ()
    try:
        period = period_at(quality.as_of, "quarter").code
        open_cases(root, period, quality.as_of, found_in(FINDINGS, quality.findings))
    except InputError as refused:
        return tuple(f"{problem.where}: {problem.what}" for problem in refused.problems)
    return ()

"""The shelf: a page that lists every report of a folder, the newest review in full, older ones in tables."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import InputError
from ..files import CATALOG, written_beside
from ..metrics.periods import parse_period
from ..words import Words, languages, words
from .failure import read_failures
from .html import environment, section_html
from .page import page_html
from .records import RUNS, read_runs, run_files
from .sparkline import sparkline
from .telling import part_of, told_again

INDEX = "index"
"""Name of the shelf's pages: `index.html` in the workspace's language, `index.<language>.html` in all."""

SHOWN_IN_FULL = "review"
"""The report whose newest edition opens the shelf."""

COURSE = 8
"""So many periods a sparkline shows at most."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A report on the shelf: its folder and record, and its failure where its last run failed."""

    folder: Path
    report: str
    record: dict[str, Any]
    failure: dict[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        """What the report said of itself."""
        told: dict[str, Any] = self.record.get("summary", {})
        return told

    @property
    def period(self) -> str:
        """The code of its period; "" for reports without one."""
        return str(self.record.get("period", "") or self.failure.get("period", ""))

    @property
    def where(self) -> dict[str, str]:
        """What it is narrowed to."""
        told: dict[str, str] = self.record.get("where") or self.failure.get("where") or {}
        return told

    @property
    def start(self) -> str:
        """Its period's first day; from its code where the report did not say."""
        try:
            return self.summary.get("start") or parse_period(self.period).start.isoformat()
        except InputError:
            return ""

    @property
    def line(self) -> tuple[str, tuple[tuple[str, str], ...], str]:
        """Reports of one line follow each other: the same report, scope and kind of period."""
        try:
            kind = parse_period(self.period).kind
        except InputError:
            kind = ""
        return self.report, tuple(sorted(self.where.items())), kind


def write_shelf(out: Path, language: str) -> Path:
    """Write the shelf of a folder from its run records, in every language; equal records give equal bytes.

    Returns
    -------
    Path
        `out/index.html`, in the language given.
    """
    kept = _kept(out)
    for each in languages():
        page = _page(out, kept, each)
        names = [f"{INDEX}.{each}.html"] + ([f"{INDEX}.html"] if each == language else [])
        for name in names:
            with written_beside(out / name) as temporary:
                temporary.write_text(page, encoding="utf-8")
    return out / f"{INDEX}.html"


def _page(out: Path, kept: Sequence[Kept], language: str) -> str:
    said = words(language)
    newest = next((one for one in kept if _opens(one)), None)
    body = (
        environment()
        .get_template("shelf.html.j2")
        .render(
            words=said,
            count=len(kept),
            newest=_in_full(newest, out, kept, said) if newest else None,
            groups=[
                (said.period(period) or said("shelf.no_period"), [_row(one, out, kept, said) for one in own])
                for period, own in _by_period(kept)
            ],
        )
    )
    style = (CATALOG / "page" / "shelf.css").read_text(encoding="utf-8")
    others = [other for other in languages() if other != language]
    return page_html(body, said("shelf.title"), language, others=others, report=INDEX, own_style=style)


def _opens(one: Kept) -> bool:
    return one.report == SHOWN_IN_FULL and not one.where and bool(one.summary.get("message"))


def _kept(out: Path) -> list[Kept]:
    """Everything published or failed: the newest period first, the company before its parts."""
    folders = {path.parent for path in run_files(out)} | {path.parent for path in out.glob("**/failed.json")}
    found = []
    for folder in sorted(folders):
        runs = {name: run for name, run in read_runs(folder / RUNS).items() if "summary" in run}
        failures = read_failures(folder)
        for report in sorted({*runs, *failures}):
            found.append(Kept(folder, report, runs.get(report, {}), failures.get(report, {})))
    found.sort(
        key=lambda one: (bool(one.where), str(sorted(one.where.items())), one.report != "review", one.report)
    )
    return sorted(found, key=lambda one: (one.start, one.period), reverse=True)


def _by_period(kept: Sequence[Kept]) -> list[tuple[str, list[Kept]]]:
    periods = dict.fromkeys(one.period for one in kept)
    return [(period, [one for one in kept if one.period == period]) for period in periods]


def _before(one: Kept, kept: Sequence[Kept]) -> list[Kept]:
    """Earlier reports of the same line, the oldest first."""
    own = [other for other in kept if other.line == one.line and other.start < one.start and other.summary]
    return sorted(own, key=lambda other: other.start)


def _in_full(one: Kept, out: Path, kept: Sequence[Kept], said: Words) -> dict[str, Any]:
    """The newest review: its verdict, cards with their course, and findings."""
    told = one.summary["message"][said.language]
    row = _row(one, out, kept, said)
    title = f"{row['report']} · {said.period(one.period)}"
    section = told_again(told, title, "newest", _trends(one, kept, said))
    return {**row, "html": section_html(section, said)}


def _trends(one: Kept, kept: Sequence[Kept], said: Words) -> list[str]:
    """A sparkline per card: from earlier reports, of net sales from the report's own history."""
    told = one.summary["message"][said.language]["cards"]
    drawn = []
    for card, shown in zip(one.summary.get("cards") or [], told, strict=False):
        values = _course(one, kept, card["kpi"])
        texts = [_value_text(value, card["unit"], one.summary, said) for value in (values[0], values[-1])]
        drawn.append(sparkline(values, texts, shown["title"], said))
    return drawn


def _course(one: Kept, kept: Sequence[Kept], kpi: str) -> list[float | None]:
    if kpi == "net_sales" and one.summary.get("history"):
        return [value for _, value in one.summary["history"]][-COURSE:]
    found = []
    for other in [*_before(one, kept), one]:
        values = {card["kpi"]: card["value"] for card in other.summary.get("cards") or []}
        found.append(values.get(kpi))
    return found[-COURSE:]


def _value_text(value: float | None, unit: str, summary: dict[str, Any], said: Words) -> str:
    if value is None:
        return said("none")
    if unit == "money":
        return said.amount(value, summary["currency"])
    return said.share(value) if unit == "share" else said.number(value, 1)


def _row(one: Kept, out: Path, kept: Sequence[Kept], said: Words) -> dict[str, Any]:
    summary, report = one.summary, one.report
    sales, as_of = summary.get("net_sales"), summary.get("as_of")
    growth = summary.get("growth_yoy")
    key = f"report.{report}"
    course = _course(one, kept, "net_sales") if sales is not None else []
    texts = (
        [_value_text(value, "money", summary, said) for value in (course[0], course[-1])] if course else []
    )
    return {
        "report": said(key) if said.has(key) else report,
        "where": part_of(one.record or one.failure, said),
        "pages": _pages(one, out),
        "files": _handouts(one, out),
        "status": _status(one, said),
        "failed": _failed(one, out, said),
        "sales": said.amount(sales, summary["currency"]) if sales is not None else "",
        "growth": said.signed_share(growth) if growth is not None else "",
        "since": _since(one, kept, said),
        "course": sparkline(course, texts, said("shelf.sales"), said),
        "grade": summary.get("grade") or "",
        "as_of": said.date(datetime.date.fromisoformat(as_of)) if as_of else "",
    }


def _since(one: Kept, kept: Sequence[Kept], said: Words) -> str:
    """How net sales differ from those of the last report of the same line."""
    before, sales = _before(one, kept), one.summary.get("net_sales")
    last = before[-1].summary.get("net_sales") if before else None
    if sales is None or last is None or not last > 0 or not math.isfinite(sales):
        return ""
    change = sales / last - 1
    shape = "▲" if round(change, 3) > 0 else "▼" if round(change, 3) < 0 else "■"
    return said(
        "shelf.changed",
        shape=shape,
        change=said.signed_share(change),
        period=said.period_short(before[-1].period),
    )


def _status(one: Kept, said: Words) -> str:
    """In shape and word: complete or provisional; nothing where the report did not tell."""
    provisional = one.summary.get("is_provisional")
    if one.record.get("outcome") == "stopped":
        return said("shelf.stopped")
    if provisional is None:
        return ""
    return said("shelf.provisional" if provisional else "shelf.final")


def _failed(one: Kept, out: Path, said: Words) -> dict[str, str] | None:
    if not one.failure:
        return None
    when = datetime.datetime.fromisoformat(one.failure["when"]).date()
    href = _href(one.folder / str(one.failure.get("page", "")), out)
    return {"text": said("shelf.failed", day=said.date(when)), "href": href}


def _pages(one: Kept, out: Path) -> list[dict[str, str]]:
    told = one.record.get("languages", [])
    names = one.record.get("pages") or [f"{one.report}.{language}.html" for language in told]
    return [
        {
            "href": _href(one.folder / name, out),
            "name": words(language)("page.own_language"),
            "language": language,
        }
        for language, name in zip(told, names, strict=False)
        if (one.folder / name).is_file()
    ]


def _handouts(one: Kept, out: Path) -> list[dict[str, str]]:
    names = [name for name in sorted(one.record.get("files", {})) if name.endswith((".pdf", ".xlsx"))]
    return [
        {"href": _href(one.folder / name, out), "name": name.rpartition(".")[2].upper(), "file": name}
        for name in names
        if (one.folder / name).is_file()
    ]


def _href(path: Path, out: Path) -> str:
    """A relative address that a browser takes from a file share too."""
    return quote(path.relative_to(out).as_posix())

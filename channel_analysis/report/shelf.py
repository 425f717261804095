"""The shelf: one page that lists every period and report of a folder."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import written_beside
from ..metrics.periods import parse_period
from ..words import Words, words
from .html import environment
from .page import page_html
from .runner import read_runs


def write_shelf(out: Path, language: str) -> Path:
    """Write `out/index.html` from the run records of all periods; equal records give equal bytes."""
    said = words(language)
    rows = [_row(record, folder, said) for folder, record in _records(out)]
    template = environment().get_template("shelf.html.j2")
    body = template.render(words=said, rows=rows)
    target = out / "index.html"
    with written_beside(target) as temporary:
        page = page_html(body, said("shelf.title"), language)
        temporary.write_text(page, encoding="utf-8")
    return target


def _records(out: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Run records with their folders, the newest period first."""
    found = [
        (path.parent, record)
        for path in out.glob("*/run.json")
        for record in read_runs(path).values()
        if isinstance(record, dict) and "summary" in record
    ]
    found.sort(key=lambda pair: pair[1]["report"])
    return sorted(found, key=lambda pair: (_start(pair[1]), pair[1]["period"]), reverse=True)


def _start(record: dict[str, Any]) -> str:
    """The period's first day; from its code where the report did not say."""
    try:
        return record["summary"].get("start") or parse_period(record["period"]).start.isoformat()
    except InputError:
        return ""


def _row(record: dict[str, Any], folder: Path, said: Words) -> dict[str, Any]:
    summary, report = record["summary"], record["report"]
    pages = [
        {
            "href": f"{folder.name}/{report}.{language}.html",
            "name": words(language)("page.own_language"),
            "language": language,
        }
        for language in record["languages"]
        if (folder / f"{report}.{language}.html").is_file()
    ]
    return {
        "period": said.period(record["period"]) or said("none"),
        "report": said(f"report.{report}") if said.has(f"report.{report}") else report,
        "pages": pages,
        **{column: text or said("none") for column, text in _told(summary, said).items()},
    }


def _told(summary: dict[str, Any], said: Words) -> dict[str, str]:
    """What the report said of itself; nothing where it did not."""
    provisional, sales = summary.get("is_provisional"), summary.get("net_sales")
    growth, as_of = summary.get("growth_yoy"), summary.get("as_of")
    status = "shelf.provisional" if provisional else "shelf.final"
    return {
        "status": said(status) if provisional is not None else "",
        "sales": said.amount(sales, summary["currency"]) if sales is not None else "",
        "growth": said.signed_share(growth) if growth is not None else "",
        "grade": summary.get("grade") or "",
        "as_of": said.date(datetime.date.fromisoformat(as_of)) if as_of else "",
    }

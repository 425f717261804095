"""The shelf: one page that lists every period and report of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..files import written_beside
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
    return sorted(found, key=lambda pair: (pair[1]["summary"]["start"], pair[1]["period"]), reverse=True)


def _row(record: dict[str, Any], folder: Path, said: Words) -> dict[str, Any]:
    summary, report = record["summary"], record["report"]
    growth = summary["growth_yoy"]
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
        "period": said.period(record["period"]),
        "report": said(f"report.{report}") if said.has(f"report.{report}") else report,
        "pages": pages,
        "status": said("shelf.provisional" if summary["is_provisional"] else "shelf.final"),
        "sales": said.amount(summary["net_sales"], summary["currency"]),
        "growth": said.signed_share(growth) if growth is not None else said("none"),
        "grade": summary["grade"],
        "as_of": said.date(_day(summary["as_of"])),
    }


def _day(text: str) -> Any:
    import datetime

    return datetime.date.fromisoformat(text)

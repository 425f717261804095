"""Reports without a notebook: pages made in the child process itself, many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import safe_names

if TYPE_CHECKING:
    from ..sheets import PartnerSheets
    from ..store.workspace import Workspace

Progress = Callable[[str, int, int], None]
SheetMaker = Callable[
    ["Workspace", str, tuple[str, ...], Path, Progress, Mapping[str, str], Mapping[str, Any]], dict[str, Any]
]
"""Workspace, period, languages, folder for files, progress, where, parameters; gives the record's summary."""

REPORT = "partner_sheet"

INDEX = "index"
"""Name of the page that leads to all sheets."""

TOLD_EVERY = 10
"""After so many partners progress is told."""

PARAMETERS: dict[str, dict[str, Any]] = {REPORT: {"audience": "internal", "partners": []}}
"""Parameters of each report with their defaults."""


def make_partner_sheets(
    ws: Workspace,
    period: str,
    languages: tuple[str, ...],
    work: Path,
    progress: Progress,
    where: Mapping[str, str],
    parameters: Mapping[str, Any] = {},
) -> dict[str, Any]:
    """Write a page per partner and language, a list of them per language, and the tables behind.

    Raises
    ------
    InputError
        For a period, partner, audience or part of the company that is not known, all at once.
    """
    from ..analysis.partner_sheet import partner_sheets
    from .saving import save_tables

    chosen = {**PARAMETERS[REPORT], **parameters}
    result = partner_sheets(ws, period, chosen["partners"], chosen["audience"], where)
    write_pages(result, languages, work / REPORT, progress)
    return save_tables(result, work / "tables").summary


def write_pages(
    result: PartnerSheets, languages: Sequence[str], folder: Path, progress: Progress = lambda *_: None
) -> None:
    """The pages of sheets that are computed already; names of files say ids as far as any system allows."""
    from ..words import words
    from .parts.partner_sheet import partner_sections
    from .parts.partner_sheets import by_rank
    from .sheet import index_html, sheet_html, slim

    folder.mkdir(parents=True, exist_ok=True)
    names = file_names(result.partners["partner_id"])
    said = {language: words(language) for language in languages}
    others = {language: [other for other in languages if other != language] for language in languages}
    count = len(result.partners)
    for number, one in enumerate(result.sheets()):
        name = names[one.partner["partner_id"]]
        for language in languages:
            sections = partner_sections(one, said[language])
            page = slim(sheet_html(sections, said[language], others[language], name))
            (folder / f"{name}.{language}.html").write_text(page, encoding="utf-8")
        if (number + 1) % TOLD_EVERY == 0 or number + 1 == count:
            progress(REPORT, number + 1, count)
    for language in languages:
        links = [f"{names[row['partner_id']]}.{language}.html" for row in by_rank(result)]
        page = index_html(result, said[language], others[language], links)
        (folder / f"{INDEX}.{language}.html").write_text(page, encoding="utf-8")


def file_names(partners: Sequence[str]) -> dict[str, str]:
    """For each partner's id a file's name that no other and no list has.

    Examples
    --------
    >>> file_names(["P1", "../P2", "Index"])
    {'P1': 'P1', '../P2': 'P2-d245acd8', 'Index': 'Index-a7f8dd81'}
    """
    taken = {partner: f"{partner} " if partner.casefold() == INDEX else partner for partner in partners}
    safe = safe_names(taken.values())
    return {partner: safe[text] for partner, text in taken.items()}


SHEETS: dict[str, SheetMaker] = {REPORT: make_partner_sheets}
"""Makers by the name of their report."""

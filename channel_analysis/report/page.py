"""A page: one file, no script, no request; the same for notebooks and for sheets without a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..files import CATALOG
from ..words import words
from .html import environment, style_sheet


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents: the section's id and title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    """The same page in another language."""

    language: str
    href: str
    name: str


def page_html(
    body: str,
    title: str,
    language: str,
    contents: Sequence[Entry] = (),
    others: Sequence[str] = (),
    report: str = "",
) -> str:
    """A whole page around a body that is HTML already; links to the same page in `others`."""
    template = environment().get_template("page.html.j2")
    text = template.render(
        body=Markup(body),
        title=title,
        words=words(language),
        contents=contents,
        others=[OtherLanguage(o, f"{report}.{o}.html", words(o)("page.own_language")) for o in others],
        style=Markup(_without_blank_lines(style_sheet())),
        page_style=Markup(_without_blank_lines((CATALOG / "page" / "page.css").read_text(encoding="utf-8"))),
    )
    return text.rstrip() + "\n"


def _without_blank_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())

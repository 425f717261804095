"""A page: one file, no script, no request; the same for notebooks and for sheets without a kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..files import CATALOG
from ..words import words
from .html import environment, style_sheet

TITLE = 120
"""So much of a title stands on top of every sheet."""

_SHOWN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {127: 0x2421}
"""Control characters, which HTML forbids, as the pictures of them: a name may hold any."""


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
    own_style: str = "",
) -> str:
    """A whole page around a body that is HTML already; links to the same page in `others`.

    `own_style` is what a kind of page adds to the style sheet of all.
    """
    template = environment().get_template("page.html.j2")
    text = template.render(
        body=Markup(body),
        title=title,
        words=words(language),
        contents=contents,
        others=[OtherLanguage(o, f"{report}.{o}.html", words(o)("page.own_language")) for o in others],
        style=Markup(_without_blank_lines(style_sheet())),
        page_style=Markup(_without_blank_lines(_page_style() + own_style) + "\n" + _running(title)),
    )
    return text.translate(_SHOWN).rstrip() + "\n"


def _page_style() -> str:
    return (CATALOG / "page" / "page.css").read_text(encoding="utf-8")


def _running(title: str) -> str:
    """The title on every sheet of paper; it may hold names from data, so nothing of it is code."""
    shown = "".join(sign if sign.isalnum() else f"\\{ord(sign):x} " for sign in title[:TITLE])
    return f'@page {{ @top-left {{ content: "{shown}"; }} }}'


def _without_blank_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())

"""Pages of sections alone: no notebook, no kernel, the same page function and the same style."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from ..words import Words
from .blocks import Section
from .html import section_html
from .page import Entry, page_html

if TYPE_CHECKING:
    from ..sheets import PartnerSheets

_STYLE = re.compile(r"(?<=<style>\n).*?(?=\n</style>)", re.DOTALL)
_CLASSES = re.compile(r'class="([^"]*)"')
_TAGS = re.compile(r"<([a-z][a-z0-9]*)")
_NAMES = re.compile(r"\.[A-Za-z][\w-]*|(?<![\w.#:(\[\"=-])[a-z][a-z0-9]*(?![\w-])")
_RULE = re.compile(r"([^{}@;]+)\{[^{}]*\}")
_BLANKS = re.compile(r" ?([{}])\s*|(?<=[:;,])[ \n]+")
_ROOT, _SHORT = "channel-analysis", "ca"
"""The class that all rules of style begin with, and what it is called where every byte counts."""


def sheet_html(sections: Sequence[Section], words: Words, others: Sequence[str], report: str) -> str:
    """A whole page of sections, the banner first, linked to the same page in `others`.

    `report` is the name pages are filed under, such as "quality".
    """
    return _page(
        "\n".join(section_html(one, words).strip() for one in sections), sections, words, others, report
    )


def index_html(result: PartnerSheets, words: Words, others: Sequence[str], links: Sequence[str]) -> str:
    """The page that lists partners and leads to their sheets; `links` in the order of the list."""
    from .parts.appendix import appendix
    from .parts.banner import banner
    from .parts.partner_sheets import partner_sheets

    sections = [banner(result.banner, words), partner_sheets(result, words), appendix(result.appendix, words)]
    head, listed, foot = (section_html(one, words).strip() for one in sections)
    found = iter(links)
    listed = re.sub(
        r'(<th scope="row">)(.*?)(</th>)', lambda cell: _linked(cell, next(found)), listed, flags=re.S
    )
    return _page(f"{head}\n{listed}\n{foot}", sections, words, others, "index")


def _linked(cell: re.Match[str], link: str) -> str:
    return f'{cell[1]}<a href="{escape(link)}">{cell[2]}</a>{cell[3]}'


def _page(body: str, sections: Sequence[Section], words: Words, others: Sequence[str], report: str) -> str:
    return page_html(
        body=Markup(body),
        title=sections[0].title,
        language=words.language,
        contents=[Entry(section.id, section.title) for section in sections if section.kind == "section"],
        others=others,
        report=report,
    )


def slim(page: str) -> str:
    r"""A page whose style says no more than it needs, in fewer bytes; for pages by the hundred.

    Examples
    --------
    >>> slim('<style>\n.a { top: 0; }\n.b .a { top: 1px; }\nh3 { top: 0; }\n</style><p class="a">')
    '<style>\n.a{top:0}\n</style><p class="a">'
    """
    body = page[page.index("</style>") :]
    there = frozenset({f".{name}" for found in _CLASSES.findall(body) for name in found.split()})
    there |= frozenset(_TAGS.findall(page))
    slimmed = _STYLE.sub(lambda style: _needed(style[0], there).replace(_ROOT, _SHORT), page, count=1)
    return slimmed.replace(f'class="{_ROOT}"', f'class="{_SHORT}"')


def _needed(style: str, there: frozenset[str]) -> str:
    """The rules of a style sheet whose classes and elements occur, media and page rules as they are."""
    slimmed = _RULE.sub(lambda rule: rule[0] if _occurs(rule[1], there) else "", style)
    lines = (line.strip() for line in slimmed.splitlines() if line.strip())
    return _BLANKS.sub(r"\1", "\n".join(lines)).replace(";}", "}")


@cache
def _occurs(selectors: str, there: frozenset[str]) -> bool:
    return any(set(_NAMES.findall(one)) <= there for one in selectors.split(","))

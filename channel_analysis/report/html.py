"""Sections as HTML: one template, everything from data escaped."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from ..files import CATALOG
from ..words import Words
from .blocks import Figure, Section, Table

_END = re.compile(r"。|[.!?](?= )")
"""Where a sentence ends."""


def section_html(section: Section, words: Words) -> str:
    """A section in the words' language; the same for a page and for a notebook's output."""
    template = environment().get_template("section.html.j2")
    return template.render(section=section, words=words)


def style_sheet() -> str:
    """The one style sheet of pages and notebook outputs."""
    return (CATALOG / "page" / "style.css").read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """The templates of the catalogue, escaping by default."""
    made = Environment(
        loader=FileSystemLoader(CATALOG / "page"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["table"] = _table
    made.filters["svg"] = _svg
    made.filters["sentences"] = first_and_rest
    made.filters["kind"] = lambda block: type(block).__name__.lower()
    return made


def first_and_rest(text: str) -> tuple[str, str]:
    """The first sentence of a text, and what follows it.

    Examples
    --------
    >>> first_and_rest("Sales rose by 1.2%. Unit: CNY."), first_and_rest("增长 1.2%。单位：元。")
    (('Sales rose by 1.2%.', ' Unit: CNY.'), ('增长 1.2%。', '单位：元。'))
    """
    found = _END.search(text)
    return (text[: found.end()], text[found.end() :]) if found else (text, "")


def _svg(figure: Figure) -> Markup:
    """A figure's SVG with its caption as its accessible name."""
    return Markup(figure.svg.replace("<svg ", f'<svg aria-label="{escape(figure.caption)}" ', 1))


def _table(table: Table) -> Markup:
    from .tables import table_html  # loads pandas, which pages of finished sections need not

    return Markup(table_html(table))

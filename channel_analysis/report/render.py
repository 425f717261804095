"""Notebooks as pages: nbconvert walks the cells with our template, the page goes around them."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import CATALOG
from ..words import words
from .page import Entry, page_html
from .saving import DONE
from .show import MIME

_LANGUAGE_LINK = re.compile(r'<p class="language">.*?</p>\n')
_NAV = re.compile(r"<nav .*?</nav>\n", re.DOTALL)
_TEXT = {"a", "abbr", "b", "blockquote", "br", "code", "div", "em", "hr", "i", "p", "pre", "s", "small"}
_TEXT |= {
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ol",
    "ul",
    "dd",
    "dl",
    "dt",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
}
_TABLE = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_ATTRIBUTES = {
    "*": ["class"],
    "a": ["href", "title"],
    "abbr": ["title"],
    "col": ["span"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
}


def render(notebook: Path, language: str, languages: Sequence[str], report: str) -> str:
    """The page of an executed notebook in one language, linked to the others.

    `report` is the name pages are filed under, such as "review".
    """
    import nbformat

    document = nbformat.read(notebook, as_version=4)
    sections = sections_of(document)
    entries = [Entry(s["id"], s["titles"][language]) for s in sections if s["kind"] == "section"]
    banner = next((s["titles"][language] for s in sections if s["kind"] == "banner"), report)
    return page_html(
        body=_body(document, language),
        title=banner,
        language=language,
        contents=entries,
        others=[other for other in languages if other != language],
        report=report,
    )


def linked(page: str, language: str, others: Sequence[str], report: str) -> str:
    """A page that was made before, with links to the same page in these languages and no others."""
    head, main, rest = page.partition("<main")
    head = _LANGUAGE_LINK.sub("", head)
    pattern = page_html("", "", language, others=others, report=report).partition("<main")[0]
    if "</nav>" in head:
        links = "".join(_LANGUAGE_LINK.findall(pattern))
        head = head.replace("</nav>", f"{links}</nav>", 1)
    else:
        head += "".join(_NAV.findall(pattern))
    return head + main + rest


def sections_of(document: Any) -> list[dict[str, Any]]:
    """Sections shown by a notebook's cells, in order."""
    return [data for output in _outputs(document) if (data := output.get("data", {}).get(MIME)) is not None]


def _outputs(document: Any) -> list[Any]:
    return [o for cell in document.cells if cell.cell_type == "code" for o in cell.outputs]


def _body(document: Any, language: str) -> str:
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    config = Config()
    config.NbConvertBase.display_data_priority = [
        MIME,
        "text/html",
        "text/markdown",
        "image/svg+xml",
        "image/png",
        "image/jpeg",
        "text/plain",
    ]
    exporter = HTMLExporter(
        config=config,
        template_name="notebook",
        extra_template_basedirs=[str(CATALOG / "page")],
        exclude_anchor_links=True,
    )
    exporter.register_filter("clean_output", clean)
    exporter.register_filter("base64", lambda text: base64.b64encode(text.encode()).decode())
    resources = {
        "language": language,
        "section_mime": MIME,
        "done_mime": DONE,
        "plain_figure": words(language)("page.figure"),
    }
    body, _ = exporter.from_notebook_node(document, resources=resources)
    return str(body)


def clean(html: str) -> str:
    """A notebook's own HTML for a page: text and tables, without style, script, picture or form."""
    import bleach  # type: ignore[import-untyped]
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["style", "script", "template", "title"]):
        element.decompose()
    cleaned = bleach.clean(
        str(soup), tags=_TEXT | _TABLE, attributes=_ATTRIBUTES, strip=True, strip_comments=True
    )
    return str(cleaned).strip()

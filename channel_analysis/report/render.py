"""Notebooks as pages: nbconvert walks the cells with our template, the page goes around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import CATALOG
from ..words import words
from .page import Entry, page_html
from .saving import DONE
from .show import MIME


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
    resources = {
        "language": language,
        "section_mime": MIME,
        "done_mime": DONE,
        "plain_figure": words(language)("page.figure"),
    }
    body, _ = exporter.from_notebook_node(document, resources=resources)
    return str(body)

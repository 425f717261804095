"""In Jupyter a result shows itself when it stands last in a cell, in the reader's language."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from ..results import Pending, Result

if TYPE_CHECKING:
    import pandas as pd

    from ..words import Words

_BROWSED = (
    ("channel_analysis.store.browsing", "SuppliedTables"),
    ("channel_analysis.store.browsing", "SuppliedTable"),
    ("channel_analysis.analysis.kpi_book", "KpiBook"),
)

_LAB = """\
.channel-analysis { padding: .1rem .9rem .6rem; }
.channel-analysis > section:first-of-type { margin-top: .4rem; }
.channel-analysis tbody tr:not(:hover) { background: none; }
.channel-analysis dt, .channel-analysis dd { float: none; width: auto; padding: 0; font-weight: 400; }
.channel-analysis table { margin: 0; }"""
"""What the lab's own style would else decide."""


def register() -> None:
    """Tell the running IPython how results look; do nothing where none runs.

    Nothing heavy is loaded before a result is shown.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(Result, result_html)
    for module, name in _BROWSED:
        formatter.for_type_by_name(module, name, _browsed_html)


def result_html(result: Result) -> str:
    """A result as a notebook shows it: its section; of a report what stands on top, and its parts.

    What no page shows is told in a line, with its main table.
    """
    from ..words import words
    from .html import section_html
    from .language import reading_language
    from .show import PARTS, section_of

    language = words(reading_language())
    if type(result).__name__ in PARTS:
        shown = section_html(section_of(result, language), language)
    elif hasattr(result, "banner"):
        shown = _report_html(result, language)
    else:
        shown = f"<p>{escape(repr(result))}</p>{_frame_html(result.to_frame())}"
    return in_notebook(shown)


def in_notebook(html: str) -> str:
    """HTML with the one style sheet, in the lab's light or dark whatever the system prefers."""
    from .language import reading_language

    style = f"<style>{_lab_style()}</style>"
    return f'{style}<div class="channel-analysis" lang="{reading_language()}">{html}</div>'


def _report_html(report: Any, language: Words) -> str:
    """Banner and message of a report, and how to reach its parts."""
    from .blocks import Column, Section, Table
    from .html import section_html
    from .show import section_of

    top = [report.banner, *filter(None, [getattr(report, "message", None)])]
    sections = [section_of(part, language) for part in top]
    parts = [(section_of(part, language).title, path) for path, part in _parts(report) if part not in top]
    titles, paths = zip(*parts, strict=True)
    columns = (Column(language("lab.part"), titles, False), Column(language("lab.code"), paths, False))
    table = Table("parts", language("lab.how", frame=".to_frame()", tables=".tables()"), columns)
    sections.append(Section("parts", language("lab.parts"), (table,)))
    return "".join(section_html(section, language) for section in sections)


def _parts(report: Any) -> Iterator[tuple[str, Result]]:
    """The parts of a report with the way to each, such as .scorecard and .explanations[0]."""
    for name in report.__slots__:
        held = getattr(report, name)
        several = enumerate(held) if isinstance(held, tuple) else [(None, held)]
        for place, part in several:
            if isinstance(part, Result) and not isinstance(part, Pending):
                yield f".{name}" + ("" if place is None else f"[{place}]"), part


def _browsed_html(handle: Any) -> str:
    """A table of the workspace, or a list of tables or KPIs: its first line, then a frame."""
    first = repr(handle).splitlines()[0]
    frame = handle.columns if hasattr(type(handle), "columns") else handle.to_frame()
    return in_notebook(f"<p>{escape(first)}</p>{_frame_html(frame)}")


def _frame_html(frame: pd.DataFrame) -> str:
    import pandas as pd

    with pd.option_context("display.max_colwidth", None, "display.max_rows", 60):
        return f'<div class="scroll">{frame._repr_html_()}</div>'


@cache
def _lab_style() -> str:
    """The style sheet, stronger than the lab's own, and its palettes for the lab's light and dark."""
    from .html import style_sheet

    style = style_sheet()
    palettes = re.findall(r"--paper:.*?(?=--font|\}|color:)", style, re.DOTALL)[:2]
    switched = [
        f'[data-jp-theme-light="{is_light}"] .channel-analysis {{ {palette.strip()} }}'
        for is_light, palette in zip(("true", "false"), palettes, strict=True)
    ]
    strong = "\n".join([style, _LAB, *switched])
    return strong.replace(".channel-analysis", ".channel-analysis.channel-analysis")

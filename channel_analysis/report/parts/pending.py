"""Parts that are one line: data absent, method not there yet, or told by a report of their own."""

from __future__ import annotations

from ...results import Pending
from ...words import Words
from ..blocks import Prose, Section


def pending(result: Pending, words: Words) -> Section:
    """One line that says which of them it is."""
    if result.report and not result.missing_tables:
        text = words("pending.elsewhere", report=words(f"report.{result.report}"))
    elif result.supplied_tables and not result.missing_tables:
        text = words("pending.to_come")
    elif result.supplied_tables:
        text = words("pending.partly", tables=_names(result.missing_tables, words))
    else:
        text = words("pending.no_data", tables=_names(result.missing_tables, words))
    return Section(result.part, words(f"part.{result.part}"), (Prose(text),), "line")


def _names(tables: tuple[str, ...], words: Words) -> str:
    return words.join(words(f"table.{name}") for name in tables)

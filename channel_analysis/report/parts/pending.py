"""Parts that are one line: their data are absent, or their method is not there yet."""

from __future__ import annotations

from ...results import Pending
from ...words import Words
from ..blocks import Prose, Section


def pending(result: Pending, words: Words) -> Section:
    """One line that says which of the two it is."""
    if result.supplied_tables and not result.missing_tables:
        text = words("pending.to_come")
    elif result.supplied_tables:
        text = words("pending.partly", tables=_names(result.missing_tables, words))
    else:
        text = words("pending.no_data", tables=_names(result.missing_tables, words))
    return Section(result.part, words(f"part.{result.part}"), (Prose(text),), "line")


def _names(tables: tuple[str, ...], words: Words) -> str:
    return words.join(words(f"table.{name}") for name in tables)

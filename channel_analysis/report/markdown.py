"""A section as Markdown, for terminals and files: sentences, tables, and what figures say in captions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .blocks import Block, Cards, Facts, Figure, Prose, Section, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
"""Signs that mean something in Markdown; a name that holds them shows them."""


def section_markdown(section: Section) -> str:
    """A section as Markdown.

    Examples
    --------
    >>> print(section_markdown(Section("risk", "Risk", (Prose("One of *two*."),))))
    ## Risk
    <BLANKLINE>
    One of \\*two\\*.
    """
    parts = [f"## {_safe(section.title)}", *(_block(block) for block in section.blocks)]
    return "\n\n".join(part for part in parts if part)


def _block(block: Block) -> str:
    if isinstance(block, Prose):
        return _safe(block.text)
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        return f"*{_safe(block.caption)}*"
    if isinstance(block, Facts):
        return "\n".join(f"- {_safe(fact.term)}: {_safe(fact.text)}" for fact in block.items)
    if isinstance(block, Cards):
        return "\n".join(
            f"- {_safe(card.title)}: {_safe(card.value)} {_safe(card.unit)}" for card in block.items
        )
    return "\n".join(f"{n}. {_safe(item.text)}" for n, item in enumerate(block.items, start=1))


def _table(table: Table) -> str:
    if not table.columns:
        return ""
    heads = [_safe(column.heading) for column in table.columns]
    lines = [_line(heads), _line("--:" if column.is_number else ":--" for column in table.columns)]
    rows = zip(*(column.texts for column in table.columns), strict=True)
    lines += [_line(_safe(text) for text in row) for row in rows]
    notes = [_safe(note) for note in table.notes]
    return "\n\n".join([f"**{_safe(table.caption)}**", "\n".join(lines), *notes])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))

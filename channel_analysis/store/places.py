"""Where rows stand in the files they came from, what is written there, and their keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..contracts import checks
from .engine import literal, quoted
from .mapping import file_of, is_plain_copy, raw_query
from .staging import Finding, Staging, Treatment, checked_rows, kinds_of

SHOWN = 5
"""So many keys of a finding are shown."""

LONGEST = 80
"""Longer values are shown by their beginning."""

_PLAIN = re.compile(r"[^\s'\"=<>]+")


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows of a finding that are shown: the place of the first, what is written there, their keys.

    `given` is None where no single value is wrong.
    """

    place: str
    given: str | None
    keys: tuple[str, ...]

    @property
    def sample(self) -> str:
        """The place, and the value as data."""
        return f"{self.place}: {self.given!r}" if self.given is not None else self.place


def finding(staging: Staging, rule: str, column: str, rows: int, amount: Decimal, seen: Seen) -> Finding:
    """A finding whose treatment is that of its rule."""
    said: dict[str, Treatment] = {"stop": "stopped", "set_aside": "set_aside"}
    treatment = said.get(staging.rules.treatment(rule), "flagged")
    return Finding(staging.table.name, rule, column, rows, amount, seen.sample, seen.keys, treatment)


def rows_with_issue(staging: Staging, issue: str) -> Seen:
    """The first rows of an issue ("rule:column"), with the raw text of the column.

    Of duplicates, blank lines and the like no text is given: no single column of theirs is wrong.
    """
    rule, column = issue.split(":")
    order = f"ORDER BY {checks.in_order(staging.table)}"
    rows = f"SELECT * FROM {quoted(staging.view)} WHERE _issue = {literal(issue)} {order} LIMIT {SHOWN}"
    found = staging.engine.query(rows).to_pylist()
    has_text = rule not in ("duplicate_key", "blank_line")
    given = _raw_text(staging, found[0], issue, column) if has_text else None
    return Seen(place_of(staging, found[0]), given, keys_of(staging, found))


def _raw_text(staging: Staging, first: Mapping[str, Any], issue: str, column: str) -> str | None:
    """What the file holds in a column of the first row of an issue."""
    block = staging.blocks[first["_block"]]
    kinds = kinds_of(staging, block)
    if first["_row"] is None:
        checked = checked_rows(staging, block, kinds)
        rows = f"SELECT b.*, raw_{column} AS given, 0 AS _block FROM ({checked}) AS b"
        where = f"_issue = {literal(issue)} ORDER BY {checks.in_order(staging.table)} LIMIT 1"
    else:
        rows = f"SELECT b.*, b.{quoted(column)} AS given FROM ({raw_query(block)}) AS b"
        where = f"_row = {first['_row']} AND _file = {literal(first['_file'])}"
    given = "CAST(given AS VARCHAR)" if kinds[column] == "date" else "given"
    value = staging.engine.query(f"SELECT {given} AS given FROM ({rows}) AS c WHERE {where}")
    text = value["given"][0].as_py()
    return None if text is None else shortened(str(text))


def place_of(staging: Staging, row: Mapping[str, Any]) -> str:
    """What a person calls a stored row: its file and the row in it, or its file and its key."""
    block = staging.blocks[row["_block"]]
    source = file_of(block, staging.sources)
    key = ", ".join(f"{name} {shortened(str(row[name]))}" for name in staging.table.key)
    if source is None:
        return key
    place = source.place(row["_file"], row["_row"]) if is_plain_copy(block) else source.label
    names_row = place not in {source.label, *(part.label for part in source.parts)}
    return place if names_row else f"{place} {key}"


def keys_of(staging: Staging, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """The keys of rows, such as "order_id=SO1 line_number=2"; what is empty is left out."""
    told = (
        " ".join(f"{name}={shown(row[name])}" for name in staging.table.key if row[name] is not None)
        for row in rows
    )
    return tuple(key for key in told if key)


def shown(value: Any) -> str:
    """A value as data: numbers without idle zeros, texts with blanks, quotes or invisible signs in quotes.

    Examples
    --------
    >>> [shown(value) for value in ("SO1", "a b", "a\\u200b", Decimal("1.5000"), Decimal("100"))]
    ['SO1', "'a b'", "'a\\\\u200b'", '1.5', '100']
    """
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = shortened(str(value))
    return text if text.isprintable() and _PLAIN.fullmatch(text) else repr(text)


def shortened(text: str) -> str:
    """A text of bearable length.

    Examples
    --------
    >>> len(shortened("x" * 100_000))
    81
    """
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

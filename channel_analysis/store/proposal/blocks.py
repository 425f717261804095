"""One block of a proposed mapping: its query, a reason beside each line, and how its values become ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...contracts.checks import allowed_values
from ...contracts.schema import Column, Table
from ..engine import literal, quoted
from ..numbers import NUMERIC, NumberForm
from .match import DERIVED, Match, Placed, price_of
from .names import key, unit
from .values import Sample

_SHOWN = 3


@dataclass(slots=True)
class Block:
    """A block as it will be written: lines of SELECT, what is open, and its options."""

    table: Table
    view: str
    selected: list[tuple[str, str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    units: dict[str, float] = field(default_factory=dict)
    leave_out: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The query, with a comment behind each line; what is still open stands as comments below."""
        last = len(self.selected) - 1
        lines = [
            f"  {sql}{'' if number == last else ','} -- {comment}"
            for number, (sql, comment) in enumerate(self.selected)
        ]
        todo = [f"  -- TODO {line}" for line in self.open]
        return "\n".join(["SELECT", *lines, *todo, f"FROM {quoted(self.view)}"])


def block_of(match: Match, form: NumberForm | None) -> Block:
    """The block that fills a match's table."""
    assert match.table is not None
    block = Block(match.table, match.source.view)
    for column in match.table.columns:
        placed = match.targets.get(column.name)
        if placed:
            _place(block, column, placed, match.channel_types)
        elif column.name in DERIVED.get(match.table.name, ()):
            block.selected.append(_derived(column, match, form))
        elif column.name == "net_amount" and price_of(match):
            block.selected.append(_from_price(match))
        elif column.required:
            block.open.append(_wanted(column))
    for column_name, texts in match.source.totals.items():
        text = f"TRIM(CAST({quoted(column_name)} AS VARCHAR))"
        block.leave_out["rows that add up others"] = f"{text} IN ({', '.join(map(literal, texts))})"
    return block


def plain(text: str, width: int = 40) -> str:
    """A text of somebody's file on one line, short and without characters that cannot be seen."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"


def shown(sample: Sample) -> str:
    """Some of a column's values, in words."""
    values = ", ".join(plain(value) for value in sample.distinct[:_SHOWN])
    return values or "no values"


def _place(block: Block, column: Column, placed: Placed, channel_types: tuple[str, ...]) -> None:
    sample = placed.sample
    comment = f"{placed.confidence}: {shown(sample)}"
    if column.type == "date":
        form = sample.date_format()
        if form:
            block.dates[column.name] = form
        if form and sample.is_day_or_month_first():
            comment += "; CHECK whether the day or the month comes first"
        if form is None and sample.are_serial_dates():
            comment += "; these are days as Excel counts them"
    elif column.type in NUMERIC and unit(sample.name) != 1.0:
        block.units[column.name] = unit(sample.name)
    elif column.type == "flag" or column.allowed:
        _translate(block, column, sample, channel_types)
    sql = quoted(sample.name)
    if column.type == "date" and sample.are_serial_dates():
        sql = f"DATE '1899-12-30' + CAST({sql} AS INTEGER)"
    block.selected.append((f"{sql} AS {column.name}", comment))


def _translate(block: Block, column: Column, sample: Sample, channel_types: tuple[str, ...]) -> None:
    if sample.type == "flag":
        return
    allowed = allowed_values(column, channel_types) or ("true", "false")
    known = sample.translated(column.name, allowed)
    changed = {theirs: ours for theirs, ours in known.items() if theirs != ours}
    if changed:
        block.values[column.name] = changed
    unknown = [value for value in sample.distinct if value not in known]
    if unknown:
        block.unknown[column.name] = unknown


def _wanted(column: Column) -> str:
    allowed = (
        f"; one of {', '.join(column.allowed)}" if column.allowed and "@" not in column.allowed[0] else ""
    )
    return f"... AS {column.name}: required and not found ({column.description}{allowed})"


def _derived(column: Column, match: Match, form: NumberForm | None) -> tuple[str, str]:
    """A column made of others: what a row is, its number within its order, or a number of its own."""
    targets = match.targets
    if column.name == "kind":
        return _kind(targets, form)
    if column.name == "level":
        scopes = {
            "rep_id": "rep",
            "partner_id": "partner",
            "region": "region",
            "channel_type": "channel_type",
        }
        level = next((level for scope, level in scopes.items() if scope in targets), "company")
        return f"'{level}' AS level", "perhaps: no column says it; taken from what the rows name"
    if column.name == "line_number":
        order = ", ".join(quoted(sample.name) for sample in match.source.samples)
        order_id = quoted(targets["order_id"].sample.name) if "order_id" in targets else "1"
        number = f"ROW_NUMBER() OVER (PARTITION BY {order_id} ORDER BY {order})"
        return f"{number} AS line_number", "likely: no column says it; lines are counted within their order"
    numbering = next((s for s in match.unplaced if _numbers_rows(s)), None)
    if numbering:
        comment = f"perhaps: no value stands twice; {shown(numbering)}"
        return f"{quoted(numbering.name)} AS {column.name}", comment
    pieces = list(_identifying(match))
    joined = " || '-' || ".join(f"COALESCE(CAST({quoted(name)} AS VARCHAR), '')" for name in pieces)
    return f"{joined or 'NULL'} AS {column.name}", "perhaps: no column says it; made of what tells rows apart"


def _from_price(match: Match) -> tuple[str, str]:
    price = price_of(match)
    assert price is not None
    quantity = match.targets["quantity"].sample
    product = " * ".join(f"CAST({quoted(s.name)} AS DECIMAL(18, 4))" for s in (quantity, price))
    comment = f"perhaps: no column says it; {plain(quantity.name)} times {plain(price.name)} ({shown(price)})"
    return f"{product} AS net_amount", comment


def _numbers_rows(sample: Sample) -> bool:
    """Whether a column is called a number of things, and none of its values stands twice."""
    is_number = re.search(r"(id|no|nr|seq|key|code|number|编号|号|码)$", key(sample.name))
    return bool(is_number) and 2 < len(sample.values) == len(sample.distinct)


def _identifying(match: Match) -> Iterator[str]:
    """The columns that may tell rows apart: all but amounts and quantities, remarks and empty ones."""
    for sample in match.source.samples:
        is_remark = any(len(value) > 40 for value in sample.values)
        if sample.values and not is_remark and (sample.date_format() is not None or not sample.forms()):
            yield sample.name


def _kind(targets: dict[str, Placed], form: NumberForm | None) -> tuple[str, str]:
    """Orders and returns by the sign of the amount, or of the quantity."""
    for name in ("net_amount", "quantity"):
        if name not in targets:
            continue
        sample = targets[name].sample
        number = f"TRY_CAST({quoted(sample.name)} AS DOUBLE)"
        if any(re.match(r"[^0-9]*[-−(]|.*[-−]$", value) for value in sample.values):
            case = f"CASE WHEN {number} < 0 THEN 'return' ELSE 'order' END AS kind"
            return case, f"perhaps: no column says it; {plain(sample.name)} has negative values"
    return "'order' AS kind", "perhaps: no column says it; CHECK that there are no returns in the file"

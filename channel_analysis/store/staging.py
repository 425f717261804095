"""Staging: one contract table on its way from source files to its stored Parquet file."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import sqlglot
from sqlglot import exp

from ..contracts import checks, lines
from ..contracts.rules import RULES
from ..contracts.schema import Column, Table
from ..files import remove
from .engine import Engine, quoted
from .mapping import Block, raw_query
from .sources import Source
from .zones import shifted_days

if TYPE_CHECKING:
    import pyarrow as pa

_ARROW_TYPES = {
    "date": "date32[day]",
    "integer": "int64",
    "money": "decimal128(18, 4)",
    "quantity": "decimal128(18, 4)",
    "number": "double",
    "flag": "bool",
}
"""How an engine gives a column that is of the contract's own type already."""


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What intake must know of the workspace: currency, channel types, what to do with bad rows.

    `treatments` are those of the policy, by rule; a rule not among them has its default.
    """

    currency: str
    channel_types: tuple[str, ...]
    stop_on_bad_rows: bool = True
    treatments: tuple[tuple[str, str], ...] = ()

    def treatment(self, rule: str) -> str:
        """What becomes of rows that break a rule; where bad rows are to be set aside, no rows stop a run."""
        known = RULES[rule]
        chosen = dict(self.treatments).get(rule, known.default)
        may_be_aside = not self.stop_on_bad_rows and "set_aside" in known.treatments
        return "set_aside" if chosen == "stop" and may_be_aside else chosen


Treatment = Literal["stopped", "set_aside", "flagged", "ignored"]
"""What becomes of the rows of a finding: refused, left out of the figures, used and shown, not read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows of a table that break one rule, with the money they touch and what became of them.

    `sample` says where the first of them stands, `keys` name up to five ("order_id=SO1 line_number=2").
    """

    table: str
    rule: str
    column: str
    rows: int
    amount: Decimal
    sample: str
    keys: tuple[str, ...] = ()
    treatment: Treatment = "flagged"

    @property
    def is_set_aside(self) -> bool:
        """Whether the rows are left out of the figures."""
        return self.treatment == "set_aside"


@dataclass(frozen=True, slots=True)
class TableAccount:
    """What became of a table's rows and money: given = used + set aside (+ unreadable rows)."""

    table: str
    rows_given: int
    rows_used: int
    rows_set_aside: int
    rows_unreadable: int
    amount_given: Decimal
    amount_used: Decimal
    amount_set_aside: Decimal
    first_date: datetime.date | None
    last_date: datetime.date | None


@dataclass(frozen=True, slots=True)
class Staging:
    """A table, the blocks that fill it, the files they read and the rules they are held to."""

    engine: Engine
    table: Table
    blocks: tuple[Block, ...]
    sources: Mapping[str, Source]
    rules: IntakeRules
    is_contract: bool = False

    @property
    def view(self) -> str:
        """The engine's name of the staged rows."""
        return f"staged_{self.table.name}"


def store(staging: Staging, target: Path) -> tuple[str, ...]:
    """Write all rows with the first rule each breaks by itself (`_issue`); give the columns filled."""
    raw = [raw_query(block) for block in staging.blocks]
    kinds = [kinds_in(staging, query) for query in raw]
    names = ", ".join([*(quoted(name) for name in staging.table.column_names), "_file", "_row", "_note"])
    selects = [
        f"(SELECT {names}, {number} AS _block, _issue FROM ({_checked(staging, *block, True)}) AS b)"
        for number, block in enumerate(zip(staging.blocks, raw, kinds, strict=True))
    ]
    staging.engine.write(" UNION ALL ".join(selects), target)
    staging.engine.register(staging.view, target)
    return tuple(name for name in staging.table.column_names if any(name in kind for kind in kinds))


def kinds_of(staging: Staging, block: Block) -> dict[str, str]:
    """What the raw values of a block are, by column, in the words of `checks.typed`."""
    return kinds_in(staging, raw_query(block))


def kinds_in(staging: Staging, raw: str) -> dict[str, str]:
    """What the values of a query are, by column of the table."""
    schema = staging.engine.schema(raw)
    return {
        column.name: _kind(schema.field(column.name).type, column)
        for column in staging.table.columns
        if column.name in schema.names
    }


def _kind(given: pa.DataType, column: Column) -> str:
    import pyarrow.types as is_

    if is_.is_string(given) or is_.is_large_string(given) or is_.is_string_view(given):
        return "text"
    if str(given) == _ARROW_TYPES.get(column.type):
        return "same"
    if is_.is_floating(given):
        return "float"
    if is_.is_integer(given) or is_.is_decimal(given):
        return "number"
    if is_.is_date(given) or is_.is_timestamp(given):
        return "date"
    return "flag" if is_.is_boolean(given) else "other"


def checked_rows(staging: Staging, block: Block, kinds: Mapping[str, str]) -> str:
    """A block's rows in the contract's types, with the raw values beside and the first rule each breaks."""
    return _checked(staging, block, raw_query(block), kinds)


def _checked(
    staging: Staging, block: Block, raw: str, kinds: Mapping[str, str], looks_for_zones: bool = False
) -> str:
    typed, kept = [], []
    for column in staging.table.columns:
        name = quoted(column.name)
        if column.name in kinds:
            typed.append(f"{checks.typed(column, f'r.{name}', kinds[column.name])} AS {name}")
            kept.append(f"r.{name} AS raw_{column.name}")
        else:
            typed.append(f"CAST(NULL AS {column.sql_type}) AS {name}")
    rows = f"SELECT {', '.join(typed + kept)}, r._file, r._row FROM ({raw}) AS r"
    shifted = shifted_days(staging.engine, raw, staging.table, kinds) if looks_for_zones else {}
    return _with_issues(staging, block, kinds, rows, shifted)


def _with_issues(
    staging: Staging, block: Block, kinds: Mapping[str, str], rows: str, shifted: Mapping[str, str]
) -> str:
    """Rows with the first rule each breaks, or that it is no row at all, and what its raw values show."""
    rules = staging.rules
    issue = checks.issue_case(staging.table, kinds, rules.channel_types, rules.currency)
    note = lines.note_case(staging.table, kinds, shifted)
    judged = f"SELECT t.*, {issue} AS _value_issue, {note} AS _note FROM ({rows}) AS t"
    finds_totals = rules.treatment("totals_row") != "off"
    final = lines.line_case(staging.table, kinds, _from_file(block), "_value_issue", finds_totals)
    return f"SELECT j.*, {final} AS _issue FROM ({judged}) AS j"


def _from_file(block: Block) -> set[str]:
    """The columns of a block whose values come from the file, and are not written in the mapping."""
    selected = sqlglot.parse_one(block.query, read="duckdb")
    return {part.alias_or_name for part in selected.expressions if part.find(exp.Column)}


def rewrite(staging: Staging, target: Path, rows: Callable[[str], str]) -> None:
    """Store a table's rows anew, as the query that `rows` makes of the name of a view of them gives them."""
    before = target.with_suffix(".before.parquet")
    target.replace(before)
    staging.engine.register(staging.view, before)
    staging.engine.write(rows(staging.view), target)
    staging.engine.register(staging.view, target)
    remove(before)

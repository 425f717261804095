"""Staging: one contract table on its way from source files to its stored Parquet file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contracts import checks
from ..contracts.schema import Column, Table
from ..errors import Problem, did_you_mean
from ..files import remove
from .engine import Engine, literal, quoted
from .mapping import NOT_A_NUMBER, Block, file_of, is_plain_copy, main_file, raw_query
from .sources import Part, Source

if TYPE_CHECKING:
    import pyarrow as pa

STOPPING = ("wrong_type", "not_allowed", "foreign_currency")
"""Rules whose breach points at a mistake in the file or the mapping, and stops a strict run."""

ASIDE = 'or set bad_rows = "set_aside" in workspace.toml to go on without them'

_LARGEST = {
    "money": Decimal(10) ** 14,
    "quantity": Decimal(10) ** 14,
    "integer": Decimal(2) ** 63,
    "number": Decimal(10) ** 300,
}
"""Numbers from here on do not fit the type."""

_ARROW_TYPES = {
    "date": "date32[day]",
    "integer": "int64",
    "money": "decimal128(18, 4)",
    "quantity": "decimal128(18, 4)",
    "number": "double",
    "flag": "bool",
}
"""How an engine gives a column that is of the contract's own type already."""

_IN_WORDS = {
    "date": "a date",
    "integer": "a whole number",
    "money": "an amount",
    "quantity": "a quantity",
    "number": "a number",
    "flag": "true or false",
}


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What intake must know of the workspace: currency, channel types, what to do with bad rows."""

    currency: str
    channel_types: tuple[str, ...]
    stop_on_bad_rows: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows that break one rule: set aside from the figures, or used and noted."""

    table: str
    rule: str
    column: str
    rows: int
    amount: Decimal
    sample: str
    is_set_aside: bool


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
    """Write all rows with the first rule each breaks (`_issue`); give the columns that are filled."""
    kinds = [kinds_of(staging, block) for block in staging.blocks]
    names = ", ".join([*(quoted(name) for name in staging.table.column_names), "_file", "_row"])
    selects = [
        f"(SELECT {names}, {number} AS _block, _issue FROM ({_checked_rows(staging, block, kind)}) AS b)"
        for number, (block, kind) in enumerate(zip(staging.blocks, kinds, strict=True))
    ]
    staging.engine.write(" UNION ALL ".join(selects), target)
    staging.engine.register(staging.view, target)
    _mark_duplicates(staging, target)
    return tuple(name for name in staging.table.column_names if any(name in kind for kind in kinds))


def settle(staging: Staging) -> tuple[TableAccount, list[Finding]]:
    """Count rows and money by issue in one scan; give the table's account and its findings."""
    rows = staging.engine.query(checks.accounts_sql(staging.table, staging.view)).to_pylist()
    findings = [_finding(staging, row) for row in rows if row["issue"]]
    return _account(staging, rows), findings


def stopping_problem(staging: Staging, finding: Finding) -> Problem:
    """The message for rows that stop a strict run: place, value, how many, and the ways out."""
    column = staging.table.column(finding.column)
    place, given = _first_row(staging, f"{finding.rule}:{column.name}", column.name)
    rows = f"{finding.rows:,} row{'' if finding.rows == 1 else 's'} of {finding.table}"
    what, remedy = {
        "wrong_type": _unreadable,
        "foreign_currency": _foreign,
        "not_allowed": _not_allowed,
    }[finding.rule](staging, column, given or "")
    return Problem(f"{place}, column '{column.name}'", f"{given!r} {what} ({rows})", f"{remedy}, {ASIDE}")


def unreadable_problem(part: Part) -> Problem:
    """The message for rows of a file that stop a strict run because nothing can be read of them."""
    count = part.unreadable_rows
    rows = f"{count:,} row{'' if count == 1 else 's'} of the file"
    what = f"the row cannot be read: {part.why_unreadable} ({rows})"
    return Problem(f"{part.label} line {part.first_unreadable}", what, f"correct the file, {ASIDE}")


def _unreadable(_staging: Staging, column: Column, given: str) -> tuple[str, str]:
    words = _IN_WORDS[column.type]
    return f"is too large for {words}" if _too_large(given, column) else f"is not {words}", "correct the file"


def _too_large(given: str, column: Column) -> bool:
    try:
        size = abs(Decimal(given.removesuffix(NOT_A_NUMBER).strip()))
    except InvalidOperation:
        return False
    if given.endswith(NOT_A_NUMBER):
        return size.is_finite()
    return size.is_finite() and size >= _LARGEST.get(column.type, Decimal("Infinity"))


def _foreign(staging: Staging, _column: Column, _given: str) -> tuple[str, str]:
    remedy = "convert the amounts in the mapping"
    if staging.is_contract:
        remedy = "convert the amounts in the file, or in a mapping of your own"
    return f"is not the workspace's currency {staging.rules.currency}", remedy


def _not_allowed(staging: Staging, column: Column, given: str) -> tuple[str, str]:
    values = checks.allowed_values(column, staging.rules.channel_types)
    near = did_you_mean(given, values)
    remedy = "correct the file" if staging.is_contract else "translate it in the mapping's values"
    if values == staging.rules.channel_types:
        remedy += " or add it under [channel_types] in policy.toml"
    return "is not an allowed value", f"{near}{' ' if near.endswith('?') else '; '}{remedy}"


def kinds_of(staging: Staging, block: Block) -> dict[str, str]:
    """What the raw values of a block are, by column, in the words of `checks.typed`."""
    schema = staging.engine.schema(raw_query(block))
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


def _checked_rows(staging: Staging, block: Block, kinds: Mapping[str, str]) -> str:
    """A block's rows in the contract's types, with the raw values beside and the first rule each breaks."""
    typed, kept = [], []
    for column in staging.table.columns:
        name = quoted(column.name)
        if column.name in kinds:
            typed.append(f"{checks.typed(column, f'r.{name}', kinds[column.name])} AS {name}")
            kept.append(f"r.{name} AS raw_{column.name}")
        else:
            typed.append(f"CAST(NULL AS {column.sql_type}) AS {name}")
    issue = checks.issue_case(staging.table, kinds, staging.rules.channel_types, staging.rules.currency)
    rows = f"SELECT {', '.join(typed + kept)}, r._file, r._row FROM ({raw_query(block)}) AS r"
    return f"SELECT t.*, {issue} AS _issue FROM ({rows}) AS t"


def _mark_duplicates(staging: Staging, target: Path) -> None:
    query = checks.has_duplicates_sql(staging.table, staging.view)
    if not staging.engine.query(query)["n"][0].as_py():
        return
    unmarked = target.with_suffix(".unmarked.parquet")
    target.replace(unmarked)
    staging.engine.register(staging.view, unmarked)
    staging.engine.write(checks.marked_duplicates_sql(staging.table, staging.view), target)
    staging.engine.register(staging.view, target)
    remove(unmarked)


def _account(staging: Staging, rows: list[dict[str, Any]]) -> TableAccount:
    used = [row for row in rows if row["issue"] is None]
    aside = [row for row in rows if row["issue"] is not None]
    files = {main_file(block) for block in staging.blocks} & set(staging.sources)
    unreadable = sum(staging.sources[file].unreadable_rows for file in files)
    return TableAccount(
        table=staging.table.name,
        rows_given=sum(row["row_count"] for row in rows) + unreadable,
        rows_used=sum(row["row_count"] for row in used),
        rows_set_aside=sum(row["row_count"] for row in aside),
        rows_unreadable=unreadable,
        amount_given=sum((row["amount"] for row in rows), Decimal(0)),
        amount_used=sum((row["amount"] for row in used), Decimal(0)),
        amount_set_aside=sum((row["amount"] for row in aside), Decimal(0)),
        first_date=used[0]["first_date"] if used else None,
        last_date=used[0]["last_date"] if used else None,
    )


def _finding(staging: Staging, row: dict[str, Any]) -> Finding:
    rule, name = row["issue"].split(":")
    place, given = _first_row(staging, row["issue"], name)
    sample = f"{place}: {given!r}" if given is not None else place
    return Finding(staging.table.name, rule, name, row["row_count"], row["amount"], sample, True)


def _first_row(staging: Staging, issue: str, column: str) -> tuple[str, str | None]:
    """The place of the first row of an issue, for a person to find it, and the text given there.

    Of duplicates no text is given: no single column of theirs is wrong.
    """
    in_order = f"WHERE _issue = {literal(issue)} ORDER BY {checks.in_order(staging.table)} LIMIT 1"
    first = staging.engine.query(f"SELECT * FROM {quoted(staging.view)} {in_order}").to_pylist()[0]
    block, given = staging.blocks[first["_block"]], None
    if not issue.startswith("duplicate_key"):
        checked = _checked_rows(staging, block, kinds_of(staging, block))
        raw = f"SELECT b.*, 0 AS _block, raw_{column} AS given FROM ({checked}) AS b"
        value = staging.engine.query(f"SELECT given FROM ({raw}) AS c {in_order}")["given"][0].as_py()
        given = None if value is None else str(value)
    source = file_of(block, staging.sources)
    key = ", ".join(f"{name} {first[name]}" for name in staging.table.key)
    if source is None:
        return key, given
    place = source.place(first["_file"], first["_row"]) if is_plain_copy(block) else source.label
    names_row = place not in {source.label, *(part.label for part in source.parts)}
    return place if names_row else f"{place} {key}", given

"""Staging: one contract table on its way from source files to its stored Parquet file."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ..contracts import checks
from ..contracts.schema import Column, Table
from ..errors import Problem, did_you_mean
from .engine import DuckDBEngine, literal, quoted
from .mapping import NOT_A_NUMBER, Block, file_of, is_plain_copy, main_file, raw_query
from .sources import Source

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

    engine: DuckDBEngine
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
    filled: dict[str, None] = {}
    selects = []
    for number, block in enumerate(staging.blocks):
        select, columns = _block_sql(staging, number, block)
        selects.append(select)
        filled |= dict.fromkeys(columns)
    staging.engine.write(" UNION ALL ".join(selects), target)
    staging.engine.register(staging.view, target)
    _mark_duplicates(staging, target)
    return tuple(filled)


def settle(staging: Staging) -> tuple[TableAccount, list[Finding]]:
    """Count rows and money by issue in one scan; give the table's account and its findings."""
    rows = staging.engine.query(checks.accounts_sql(staging.table, staging.view)).to_pylist()
    findings = [_finding(staging, row) for row in rows if row["issue"]]
    return _account(staging, rows), findings


def stopping_problem(staging: Staging, finding: Finding) -> Problem:
    """The message for rows that stop a strict run: place, value, how many, and the ways out."""
    column = staging.table.column(finding.column)
    place, given = _first_row(staging, f"{finding.rule}:{column.name}", column)
    rows = f"{finding.rows:,} row{'' if finding.rows == 1 else 's'} of {finding.table}"
    what, remedy = {
        "wrong_type": _unreadable,
        "foreign_currency": _foreign,
        "not_allowed": _not_allowed,
    }[finding.rule](staging, column, given or "")
    return Problem(f"{place}, column '{column.name}'", f"{given!r} {what} ({rows})", f"{remedy}, {ASIDE}")


def unreadable_problem(source: Source) -> Problem:
    """The message for rows of a file that stop a strict run because nothing can be read of them."""
    count = source.unreadable_rows
    rows = f"{count:,} row{'' if count == 1 else 's'} of the file"
    what = f"the row cannot be read: {source.why_unreadable} ({rows})"
    return Problem(f"{source.path.name} line {source.first_unreadable}", what, f"correct the file, {ASIDE}")


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


def _block_sql(staging: Staging, number: int, block: Block) -> tuple[str, list[str]]:
    raw = raw_query(block)
    described = staging.engine.query(f"DESCRIBE {raw}").to_pylist()
    raw_types = {row["column_name"]: row["column_type"] for row in described}
    typed, kept = [], []
    for column in staging.table.columns:
        name = quoted(column.name)
        if column.name in raw_types:
            typed.append(f"{checks.typed(column, f'r.{name}', raw_types[column.name])} AS {name}")
            kept.append(f"r.{name} AS raw_{column.name}")
        else:
            typed.append(f"CAST(NULL AS {column.sql_type}) AS {name}")
    rules = staging.rules
    issue = checks.issue_case(staging.table, raw_types, rules.channel_types, rules.currency)
    names = ", ".join(quoted(name) for name in staging.table.column_names)
    select = (
        f"(SELECT {names}, _row, {number} AS _block, {issue} AS _issue FROM "
        f"(SELECT {', '.join(typed + kept)}, ROW_NUMBER() OVER () AS _row FROM ({raw}) AS r) AS t)"
    )
    return select, [name for name in staging.table.column_names if name in raw_types]


def _mark_duplicates(staging: Staging, target: Path) -> None:
    query = checks.has_duplicates_sql(staging.table, staging.view)
    if not staging.engine.query(query)["n"][0].as_py():
        return
    again = target.with_suffix(".marked.parquet")
    staging.engine.write(checks.marked_duplicates_sql(staging.table, staging.view), again)
    again.replace(target)
    staging.engine.register(staging.view, target)


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
    sample = _sample(staging, row["issue"], staging.table.column(name))
    return Finding(staging.table.name, rule, name, row["row_count"], row["amount"], sample, True)


def _sample(staging: Staging, issue: str, column: Column) -> str:
    """Where the first such row is and what stands there, for a person to find it."""
    place, given = _first_row(staging, issue, column)
    return f"{place}: {given!r}" if given is not None else place


def _first_row(staging: Staging, issue: str, column: Column) -> tuple[str, str | None]:
    """The place of the first row of an issue, and the text given there (none for duplicates)."""
    first = staging.engine.query(
        f"SELECT * FROM {quoted(staging.view)} WHERE _issue = {literal(issue)} ORDER BY _block, _row LIMIT 1"
    ).to_pylist()[0]
    block = staging.blocks[first["_block"]]
    raw = staging.engine.query(
        f"SELECT CAST({quoted(column.name)} AS VARCHAR) AS given FROM "
        f"(SELECT *, ROW_NUMBER() OVER () AS _row "
        f"FROM ({raw_query(block)}) AS r) AS t WHERE _row = {first['_row']}"
    )
    given = None if issue.startswith("duplicate_key") else raw["given"][0].as_py()
    source = file_of(block, staging.sources)
    if source and source.has_numbered_rows and not source.unreadable_rows and is_plain_copy(block):
        return f"{source.path.name} row {first['_row'] + 1}", given
    key = ", ".join(f"{name} {first[name]}" for name in staging.table.key)
    return f"{source.path.name} {key}" if source else key, given

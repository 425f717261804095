"""What a check of a stored table can ask: its used rows, the other tables, small tables of its own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ...contracts.marks import Mark, first_rows_sql
from ...contracts.schema import Table
from ..engine import quoted
from ..places import Seen, keys_of, place_of, shown
from ..staging import Finding, Staging, Treatment
from .tally import Counted, Tally, split, tallied_sql

MASK = "mask"
"""The name of the tally of marks."""

Days = dict[datetime.date, int]
"""Rows by day, in order."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one stored table.

    `filled` are its columns that hold anything, `others` those of every table with used rows,
    `notes` rows by what their raw values showed, `until` the last day of the sales; `tallied` holds what
    was counted of its columns, `_keys` what is known of the keys of all tables.
    """

    staging: Staging
    filled: frozenset[str]
    others: Mapping[str, frozenset[str]]
    notes: Mapping[str, int]
    rows: int
    until: datetime.date | None
    _keys: dict[str, pa.Array] = field(default_factory=dict, repr=False)
    tallied: dict[str, Counted] = field(default_factory=dict, repr=False)

    @property
    def table(self) -> Table:
        """The contract of the table."""
        return self.staging.table

    @property
    def view(self) -> str:
        """The engine's name of the used rows."""
        return used_view(self.table.name)

    def holds(self, *names: str) -> bool:
        """Whether all these columns hold anything."""
        return self.filled.issuperset(names)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        return self.staging.engine.query(sql).to_pylist()

    def count(self, tallies: Sequence[Tally]) -> None:
        """Count all that was not counted yet, in one scan of the used rows; see `tallied`."""
        new = [tally for tally in tallies if tally.name not in self.tallied]
        if new:
            self.tallied.update(self.counted(new))

    def counted(self, tallies: Sequence[Tally], where: str = "TRUE") -> dict[str, Counted]:
        """The counts of tallies by name, of the used rows for which a condition holds."""
        sql = tallied_sql(f"{self.view} AS t WHERE {where}", tallies)
        return split(self.staging.engine.query(sql), tallies)

    @property
    def days(self) -> Days:
        """How many used rows stand at each day of the table's date, in order."""
        found = self.tallied[self.table.date]
        counts = zip(found.numbers.to_pylist(), found.rows.to_pylist(), strict=True)
        return {day_of(number): count for number, count in sorted(counts)}

    @property
    def masks(self) -> Mapping[int, int]:
        """Rows by the marks that stand for them, of those that rows show by themselves; see `mask_sql`."""
        found = self.tallied.get(MASK)
        return dict(zip(found.numbers.to_pylist(), found.rows.to_pylist(), strict=True)) if found else {}

    def keys_of(self, table: str, key: str) -> pa.Array:
        """The keys of a table's used rows; asked once for the looks at all tables."""
        if table not in self._keys and key in self.tallied and table == self.table.name:
            self._keys[table] = self.tallied[key].texts
        if table not in self._keys:
            rows = self.staging.engine.query(f"SELECT {quoted(key)} AS value FROM {used_view(table)}")
            self._keys[table] = rows["value"].combine_chunks()
        return self._keys[table]

    def knows_keys(self) -> bool:
        """Whether the keys of the table looked at were asked for by a look at another."""
        return self.table.name in self._keys

    def keep(self, what: str, rows: str | pa.Table) -> tuple[str, pa.Table]:
        """Keep rows, or a query's answer, as a small table of the engine; its name, and the rows."""
        name = f"look_{self.table.name}_{what}"
        kept = self.staging.engine.query(rows) if isinstance(rows, str) else rows
        self.staging.engine.register(name, kept)
        return name, kept

    def seen(self, mark: Mark) -> Seen:
        """The first rows that a mark stands for, and the value of its column in the first."""
        rows = self.ask(first_rows_sql(self.table, self.view, mark))
        value = rows[0].get(mark.column) if mark.column else None
        given = None if value is None else value if isinstance(value, str) else shown(value)
        return Seen(place_of(self.staging, rows[0]), given, keys_of(self.staging, rows))

    def gap(self, rule: str, column: str, sample: str, keys: Sequence[str]) -> Finding | None:
        """A finding about rows that are not there; None where the policy does not look for them."""
        said: dict[str, Treatment] = {"stop": "stopped", "flag": "flagged"}
        treatment = said.get(self.staging.rules.treatment(rule))
        if treatment is None:
            return None
        return Finding(self.table.name, rule, column, 0, Decimal(0), sample, tuple(keys[:5]), treatment)


DAY_ZERO = datetime.date(2000, 1, 1)
"""Days are counted from here."""


def day_number(expression: str) -> str:
    """A date as the number of its day."""
    return f"DATE_DIFF('day', DATE '{DAY_ZERO}', {expression})"


def day_of(number: int) -> datetime.date:
    """The date with this number."""
    return DAY_ZERO + datetime.timedelta(days=number)


def used_view(table: str) -> str:
    """The engine's name of a table's used rows with their places."""
    return f"used_{table}"


def name_of(column: str) -> str:
    """A column of the rows looked at."""
    return f"t.{quoted(column)}"

"""What a check of a stored table can ask: its used rows, the other tables, small tables of its own."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ...contracts.marks import Mark, first_rows_sql
from ...contracts.schema import Table
from ..engine import quoted
from ..places import Seen, keys_of, place_of, shown
from ..staging import Finding, Staging, Treatment

Days = dict[datetime.date, int]
"""Rows by day, in order."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one stored table.

    `filled` are its columns that hold anything, `others` those of every table with used rows,
    `notes` rows by what their raw values showed, `until` the last day of the sales.
    """

    staging: Staging
    filled: frozenset[str]
    others: Mapping[str, frozenset[str]]
    notes: Mapping[str, int]
    rows: int
    until: datetime.date | None
    _days: dict[str, Days] = field(default_factory=dict, repr=False)
    _kept: set[str] = field(default_factory=set, repr=False)

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

    def days(self, column: str) -> Days:
        """How many used rows stand at each day of a column, in order; asked once."""
        if column not in self._days:
            name = name_of(column)
            rows = f"FROM {self.view} AS t WHERE {name} IS NOT NULL"
            sql = f"SELECT {name} AS day, COUNT(*) AS n {rows} GROUP BY {name}"
            self._days[column] = {
                row["day"]: row["n"] for row in sorted(self.ask(sql), key=lambda row: row["day"])
            }
        return self._days[column]

    def keep(self, what: str, sql: str) -> str:
        """Ask once and keep the answer as a table of the engine; gives its name."""
        name = f"look_{self.table.name}_{what}"
        if what not in self._kept:
            self.staging.engine.register(name, self.staging.engine.query(sql))
            self._kept.add(what)
        return name

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


def used_view(table: str) -> str:
    """The engine's name of a table's used rows with their places."""
    return f"used_{table}"


def name_of(column: str) -> str:
    """A column of the rows looked at."""
    return f"t.{quoted(column)}"

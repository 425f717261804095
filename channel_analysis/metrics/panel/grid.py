"""Partners by months: sums that engines give by event and known month become windows at every snapshot."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as is_

from ...errors import InputError, Problem
from ...store.engine import Engine
from ..periods import add_months
from ..queries import sql_day

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Cells = dict[str, Floats]
"""Columns of an aggregate: `partner` numbers the grid's partners, all others are numbers."""

TICKS = 10_000
"""Sums are taken in whole ten-thousandths, as the engine keeps money, so that they are exact."""

NEVER = 10**6
"""A month that does not come."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Partners (ids in order) by months: `first` to `last`, each 12 x year + month - 1."""

    partners: npt.NDArray[np.object_]
    first: int
    last: int

    @property
    def months(self) -> int:
        """How many months there are."""
        return self.last - self.first + 1

    @property
    def steps(self) -> Ints:
        """The months."""
        return np.arange(self.first, self.last + 1)

    @property
    def last_day(self) -> datetime.date:
        """The last day of the last month: nothing that became known later is looked at."""
        return month_end(self.last)

    @property
    def end_days(self) -> Floats:
        """The last day of each month, in days since 1970."""
        days = (self.steps - 12 * 1970 + 1).astype("datetime64[M]").astype("datetime64[D]")
        return np.asarray(days.astype(np.int64) - 1, dtype=np.float64)

    def back(self, months: int) -> Grid:
        """The same partners from some months earlier on."""
        return Grid(self.partners, self.first - months, self.last)

    def read(self, engine: Engine, sql: str) -> Cells:
        """A query's rows of partners on the grid; columns but partner_id are numbers or days."""
        table = engine.query(sql)
        ids = table.column("partner_id").combine_chunks().cast(pa.string()).dictionary_encode()
        place = {name: number for number, name in enumerate(self.partners)}
        numbers = np.array([place.get(name, -1) for name in ids.dictionary.to_pylist()], dtype=np.int64)
        partner = numbers[ids.indices.to_numpy(zero_copy_only=False)] if len(table) else numbers[:0]
        known = partner >= 0
        cells = {name: _floats(table[name])[known] for name in table.column_names if name != "partner_id"}
        return {"partner": partner[known].astype(np.float64), **cells}

    def standing(self, cells: Cells, value: Floats | str, start: Floats, stop: Floats | float) -> Floats:
        """Sums at each month of what stands from month `start` until before month `stop`."""
        width = self.months + 1
        ticks = np.rint(_column(cells, value) * TICKS)
        begin = np.clip(start - self.first, 0, self.months).astype(np.int64)
        end = np.clip(stop - self.first, 0, self.months)
        end = np.broadcast_to(end, begin.shape).astype(np.int64)
        counts = np.isfinite(ticks) & (begin < end)
        row, ticks = cells["partner"][counts].astype(np.int64) * width, ticks[counts]
        size = len(self.partners) * width
        change = np.bincount(row + begin[counts], ticks, size) - np.bincount(row + end[counts], ticks, size)
        return np.asarray(change.reshape(-1, width)[:, :-1].cumsum(axis=1) / TICKS)

    def within(self, cells: Cells, value: Floats | str, months: int, back: int = 0) -> Floats:
        """Sums over so many months up to `back` months before each, of what was known at each.

        `cells` hold `month` (of the event) and `known` (month it became known, not before the event).
        """
        event = cells["month"]
        return self.standing(cells, value, np.maximum(cells["known"], event + back), event + back + months)

    def latest(self, cells: Cells, value: Floats | str, start: Floats | str = "known") -> Floats:
        """The highest value that is there from its month `start` on; NaN before."""
        return _filled(self, cells, _column(cells, value), _column(cells, start))

    def earliest(self, cells: Cells, value: Floats | str, start: Floats | str = "known") -> Floats:
        """The lowest value that is there from its month `start` on; NaN before."""
        return -_filled(self, cells, -_column(cells, value), _column(cells, start))


def grid_of(engine: Engine, snapshots: Sequence[datetime.date]) -> Grid:
    """The grid of all partners that have a name in sales or in the table of partners.

    Raises
    ------
    InputError
        When there are no snapshots, or some are not the last day of a month.
    """
    wrong = [day for day in snapshots if month_end(step_of(day)) != day]
    if wrong or not snapshots:
        what = f"{wrong[0]} is not the last day of a month" if wrong else "no snapshot is asked for"
        raise InputError([Problem("snapshots", what, "give last days of months")])
    rows = engine.query(
        "SELECT partner_id FROM sales WHERE partner_id IS NOT NULL "
        "UNION SELECT partner_id FROM partners WHERE partner_id IS NOT NULL"
    )
    names = np.empty(len(rows), dtype=object)
    names[:] = sorted(rows.column("partner_id").to_pylist())
    steps = [step_of(day) for day in snapshots]
    return Grid(names, min(steps), max(steps))


def step_of(day: datetime.date) -> int:
    """The number of a day's month: 12 x year + month - 1."""
    return 12 * day.year + day.month - 1


def month_end(step: int) -> datetime.date:
    """The last day of a month given by its number.

    Examples
    --------
    >>> month_end(step_of(datetime.date(2024, 2, 1)))
    datetime.date(2024, 2, 29)
    """
    start = datetime.date(step // 12, step % 12 + 1, 1)
    return add_months(start, 1) - datetime.timedelta(days=1)


def month_sql(day: str) -> str:
    """SQL that numbers a day's month as `step_of` does."""
    return f"(12 * YEAR({day}) + MONTH({day}) - 1)"


def known_sql(day: str, table: str = "") -> str:
    """SQL of the day a fact became known: `known_at`, never before the event's own day."""
    known = f"{table}.known_at" if table else "known_at"
    return f"(CASE WHEN {known} > {day} THEN {known} ELSE {day} END)"


def known_facts(table: str, day: str, grid: Grid, columns: str = "*") -> str:
    """SQL of a table's rows of partners known by the grid's end, with `month` and `known` (months)."""
    known = known_sql(day)
    return (
        f"SELECT {columns}, {month_sql(day)} AS month, {month_sql(known)} AS known FROM {table} "
        f"WHERE partner_id IS NOT NULL AND {known} <= {sql_day(grid.last_day)}"
    )


def _filled(grid: Grid, cells: Cells, value: Floats, start: Floats) -> Floats:
    found = np.full((len(grid.partners), grid.months), -np.inf)
    there = (start <= grid.last) & np.isfinite(value)
    column = np.maximum(start[there] - grid.first, 0).astype(np.int64)
    np.maximum.at(found, (cells["partner"][there].astype(np.int64), column), value[there])
    found = np.maximum.accumulate(found, axis=1)
    return np.where(np.isfinite(found), found, np.nan)


def _column(cells: Cells, value: Floats | str) -> Floats:
    return cells[value] if isinstance(value, str) else value


def _floats(column: pa.ChunkedArray) -> Floats:
    """Numbers as floats (NULL: NaN), days as days since 1970."""
    if is_.is_date(column.type):
        column = column.cast(pa.int32())
    elif is_.is_boolean(column.type):
        column = column.cast(pa.int8())
    filled = pc.fill_null(column.cast(pa.float64()), float("nan"))
    return np.asarray(filled.to_numpy(), dtype=np.float64)

"""The period under review and those before it, each with its last days, and how queries name them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as is_

from ...store.engine import Engine
from ..periods import Period
from ..queries import sql_day


@dataclass(frozen=True, slots=True)
class Window:
    """A period by its number, 0 for the one under review, 1 for the one before and so on.

    `late` is the first of its last days; `returned` the first day on which returns of the orders of
    those days no longer count.
    """

    number: int
    code: str
    start: datetime.date
    late: datetime.date
    end: datetime.date
    returned: datetime.date

    @property
    def last_day(self) -> datetime.date:
        """The last day within the window."""
        return self.end - datetime.timedelta(days=1)

    @property
    def late_days(self) -> int:
        """How many last days there are."""
        return (self.end - self.late).days

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days


def windows_of(
    period: Period, history: int, late_share: float, return_days: int, first: datetime.date
) -> tuple[Window, ...]:
    """The period and at most `history` periods before it, as far as the data reach back.

    Examples
    --------
    >>> from ..periods import parse_period
    >>> day = datetime.date(2025, 3, 1)
    >>> [(w.code, w.late_days) for w in windows_of(parse_period("2025Q3"), 8, 0.1, 30, day)]
    [('2025Q3', 10), ('2025Q2', 10)]
    """
    found = []
    for number in range(history + 1):
        one = period.shift(-number)
        if number and one.start < first:
            break
        late = one.late_start(late_share)
        returned = min(one.end + datetime.timedelta(days=return_days), one.shift(1).end)
        found.append(Window(number, one.code, one.start, late, one.end, returned))
    return tuple(found)


def number_sql(column: str, windows: Sequence[Window]) -> str:
    """SQL that gives the number of the window a day lies in; NULL outside all of them."""
    cases = " ".join(
        f"WHEN {column} >= {sql_day(w.start)} AND {column} < {sql_day(w.end)} THEN {w.number}"
        for w in windows
    )
    return f"CASE {cases} END"


def is_late_sql(column: str, windows: Sequence[Window]) -> str:
    """SQL that says whether a day is one of the last days of a window."""
    tests = [f"({column} >= {sql_day(w.late)} AND {column} < {sql_day(w.end)})" for w in windows]
    return f"({' OR '.join(tests) or 'FALSE'})"


def within_sql(column: str, windows: Sequence[Window]) -> str:
    """SQL that says whether a day lies in any of the windows, which follow each other."""
    start, end = min(w.start for w in windows), max(w.end for w in windows)
    return f"{column} >= {sql_day(start)} AND {column} < {sql_day(end)}"


def orders_sql(windows: Sequence[Window]) -> str:
    """One row per order of the windows: whose it is, its day, its amount and number of lines."""
    return (
        "SELECT order_id, MIN(order_date) AS day, MIN(partner_id) AS partner_id, MIN(rep_id) AS rep_id, "
        "MIN(customer_id) AS customer_id, MIN(channel_type) AS channel_type, "
        "SUM(net_amount) AS amount, COUNT(*) AS line_count FROM sales "
        f"WHERE kind = 'order' AND {within_sql('order_date', windows)} GROUP BY order_id"
    )


def rows_of(engine: Engine, sql: str) -> pd.DataFrame:
    """A query's rows: numbers as floats, whole numbers as such, texts and days as objects."""
    table = engine.query(sql)
    return pd.DataFrame({name: _column(table[name]) for name in table.column_names})


def _column(values: pa.ChunkedArray) -> np.ndarray:
    if is_.is_decimal(values.type) or is_.is_floating(values.type):
        return values.cast(pa.float64()).to_numpy()
    if is_.is_integer(values.type) and not values.null_count:
        return values.cast(pa.int64()).to_numpy()
    if is_.is_boolean(values.type) and not values.null_count:
        return values.to_numpy().astype(bool)
    found = np.empty(len(values), dtype=object)
    found[:] = values.to_pylist()
    return found

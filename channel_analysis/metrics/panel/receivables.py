"""What a partner owed and how it paid, as it stood at each month's end."""

from __future__ import annotations

import datetime

import numpy as np

from ...contracts.policy import Policy
from ...store.engine import Engine
from ..queries import sql_day
from .grid import NEVER, Cells, Floats, Grid, known_sql, month_sql
from .parts import Part

BUCKETS = (0, 30, 60, 90)
"""Days past due above which a part of the receivables is told apart."""

YEAR = 12


def receivables(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Open receivables by days past due, what was invoiced and written off, and months over the limit."""
    longer = grid.back(YEAR - 1)
    owed = open_balances(engine, longer, None, grid.last_day)
    limit = longer.latest(_limits(engine, longer), "credit_limit")
    over = np.where(np.isnan(limit) | (limit <= 0), np.nan, owed > limit)
    counted = np.lib.stride_tricks.sliding_window_view(np.nan_to_num(over), YEAR, axis=1).sum(axis=2)
    invoiced = _invoiced(engine, grid)
    late = {f"overdue_{days}": open_balances(engine, grid, days, grid.last_day) for days in BUCKETS}
    rules = policy.risk.endings
    return {
        "receivable": owed[:, YEAR - 1 :],
        **late,
        "default_overdue": defaulted(engine, grid, rules.default_days, rules.default_invoices, grid.last_day),
        "invoiced_3": grid.within(invoiced, "amount", 3),
        "invoiced_12": grid.within(invoiced, "amount", YEAR),
        "written_off_12": grid.within(_written_off(engine, grid), "amount", YEAR),
        "credit_limit": limit[:, YEAR - 1 :],
        "months_over_limit_12": np.where(np.isnan(limit[:, YEAR - 1 :]), np.nan, counted),
    }


def payments(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Of invoices paid in 3, 6 and 12 months: amounts, days past due weighted by amount, and their spread."""
    paid = (
        f"SELECT partner_id, amount, paid_date, {known_sql('paid_date')} AS told, "
        "GREATEST(DATE_DIFF('day', due_date, paid_date), 0) AS late FROM receivables "
        "WHERE partner_id IS NOT NULL AND paid_date >= invoice_date"
    )
    cells = grid.read(
        engine,
        f"SELECT partner_id, {month_sql('paid_date')} AS month, {month_sql('told')} AS known, "
        "SUM(amount) AS amount, SUM(CAST(amount AS DECIMAL(30, 4)) * late) AS amount_days, COUNT(*) AS paid, "
        f"SUM(late) AS days, SUM(late * late) AS squares FROM ({paid}) AS p "
        f"WHERE told <= {sql_day(grid.last_day)} "
        f"GROUP BY partner_id, {month_sql('paid_date')}, {month_sql('told')}",
    )
    found = {
        f"paid_{name}_{months}": grid.within(cells, name, months)
        for name in ("amount", "amount_days")
        for months in (3, YEAR)
    }
    return found | {f"paid_{name}_12": grid.within(cells, name, YEAR) for name in ("paid", "days", "squares")}


def defaulted(engine: Engine, grid: Grid, days: int, invoices: int, until: datetime.date) -> Floats:
    """What was more than `days` past due at each month's end, where at least so many invoices were."""
    count = open_balances(engine, grid, days, until, "COUNT(*)")
    return np.where(count >= invoices, open_balances(engine, grid, days, until), 0.0)


def open_balances(
    engine: Engine, grid: Grid, days: int | None, until: datetime.date, measure: str = "SUM(amount)"
) -> Floats:
    """What was owed at each month's end, as known by a day: all, or what was more than `days` past due."""
    known, told = month_sql(known_sql("invoice_date")), known_sql("invoice_date")
    crossed = "invoice_date" if days is None else f"(due_date + INTERVAL {days + 1} DAY)"
    settled = (
        f"LEAST(COALESCE({month_sql('paid_date')}, {NEVER}), "
        f"COALESCE({month_sql('written_off_date')}, {NEVER}))"
    )
    bounds = (
        f"SELECT partner_id, amount, GREATEST({known}, {month_sql(crossed)}) AS start, {settled} AS stop "
        f"FROM receivables WHERE partner_id IS NOT NULL AND {told} <= {sql_day(until)}"
    )
    cells = grid.read(
        engine,
        f"SELECT partner_id, start, stop, {measure} AS amount FROM ({bounds}) AS b "
        f"WHERE start < stop AND stop > {grid.first} AND start <= {grid.last} "
        "GROUP BY partner_id, start, stop",
    )
    return grid.standing(cells, "amount", cells["start"], cells["stop"])


def _invoiced(engine: Engine, grid: Grid) -> Cells:
    known = known_sql("invoice_date")
    return grid.read(
        engine,
        f"SELECT partner_id, {month_sql('invoice_date')} AS month, {month_sql(known)} AS known, "
        "SUM(amount) AS amount FROM receivables WHERE partner_id IS NOT NULL "
        f"AND {known} <= {sql_day(grid.last_day)} "
        f"GROUP BY partner_id, {month_sql('invoice_date')}, {month_sql(known)}",
    )


def _written_off(engine: Engine, grid: Grid) -> Cells:
    known = known_sql("written_off_date")
    return grid.read(
        engine,
        f"SELECT partner_id, {month_sql('written_off_date')} AS month, {month_sql(known)} AS known, "
        "SUM(amount) AS amount FROM receivables WHERE partner_id IS NOT NULL "
        f"AND written_off_date IS NOT NULL AND {known} <= {sql_day(grid.last_day)} "
        f"GROUP BY partner_id, {month_sql('written_off_date')}, {month_sql(known)}",
    )


def _limits(engine: Engine, grid: Grid) -> Cells:
    """Credit limits; those of entries without the day they became known hold for all months."""
    return grid.read(
        engine,
        f"SELECT partner_id, credit_limit, COALESCE({month_sql('known_at')}, 0) AS known FROM partners "
        "WHERE partner_id IS NOT NULL AND credit_limit > 0",
    )


PARTS = (
    Part(
        (
            "receivable", *(f"overdue_{days}" for days in BUCKETS), "default_overdue", "invoiced_3",
            "invoiced_12", "written_off_12", "credit_limit", "months_over_limit_12",
        ),
        ("receivables.amount", "receivables.due_date"),
        receivables,
    ),
    Part(
        (
            "paid_amount_3", "paid_amount_12", "paid_amount_days_3", "paid_amount_days_12",
            "paid_paid_12", "paid_days_12", "paid_squares_12",
        ),
        ("receivables.paid_date",),
        payments,
    ),
)  # fmt: skip

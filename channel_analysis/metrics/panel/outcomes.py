"""What happened to each partner in the months after a snapshot: the material of labels."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...contracts.policy import Policy
from ...contracts.risk import Endings
from ...store.engine import Engine
from ...store.intake import Intake
from ..queries import sql_day
from .grid import NEVER, Floats, Grid, grid_of, known_sql, month_end, month_sql, step_of
from .receivables import defaulted, open_balances
from .reputation import GRAVE, grave_events

YEAR = 12


def partner_outcomes(
    engine: Engine,
    intake: Intake,
    policy: Policy,
    snapshots: Sequence[datetime.date],
    until: datetime.date,
) -> pd.DataFrame:
    """What happened after each snapshot, in the `horizon_months` that begin `gap_months` later.

    Here the day of an event counts, of all that became known by `until`.

    Returns
    -------
    DataFrame
        One row per partner and snapshot: partner_id, snapshot, window_start and window_end (first and
        last day), is_complete (the window ends by `until`), net and orders of the window and (`_before`)
        of the same months a year earlier; overdue_share (highest share of receivables beyond the
        policy's `default_days` past due at a month's end of the window, where at least
        `default_invoices` are) and written_off (number of invoices); events of the window by kind
        (insolvency, dishonest_debtor, termination); exit_on and exit_reason ("" for
        none) of the partner. What tables do not hold is NaN.

    Raises
    ------
    InputError
        When a snapshot is not the last day of a month, or there is none.
    """
    asked = grid_of(engine, snapshots)
    steps = np.array(sorted({step_of(day) for day in snapshots}))
    gap, horizon = policy.risk.gap_months, policy.risk.horizon_months
    grid = Grid(asked.partners, asked.first + gap - YEAR, int(steps[-1]) + gap + horizon)
    begin, end = steps + gap + 1, steps + gap + horizon
    values = _trade(engine, grid, begin, end, until) | _debts(
        engine, intake, grid, begin, end, until, policy.risk.endings
    )
    values |= _events(engine, intake, grid, begin, end, until)
    exits = _exits(engine, asked)
    count = len(asked.partners)
    frame = {
        "partner_id": np.tile(asked.partners, len(steps)),
        "snapshot": _days([month_end(int(s)) for s in steps], count),
        "window_start": _days([month_end(int(s) - 1) + datetime.timedelta(days=1) for s in begin], count),
        "window_end": _days([month_end(int(s)) for s in end], count),
        "is_complete": np.repeat([month_end(int(s)) <= until for s in end], count),
        **{name: array.T.ravel() for name, array in values.items()},
    }
    return pd.DataFrame(frame).merge(exits, on="partner_id", how="left", validate="many_to_one")


def _trade(
    engine: Engine, grid: Grid, begin: np.ndarray, end: np.ndarray, until: datetime.date
) -> dict[str, Floats]:
    by_then = f"partner_id IS NOT NULL AND {known_sql('order_date')} <= {sql_day(until)}"
    net = (
        f"SELECT partner_id, {month_sql('order_date')} AS month, SUM(net_amount) AS value FROM sales "
        f"WHERE {by_then} GROUP BY partner_id, {month_sql('order_date')}"
    )
    each = (
        "SELECT partner_id, order_id, MIN(order_date) AS day FROM sales "
        f"WHERE kind = 'order' AND {by_then} GROUP BY partner_id, order_id"
    )
    orders = (
        f"SELECT partner_id, {month_sql('day')} AS month, COUNT(*) AS value FROM ({each}) AS o "
        f"GROUP BY partner_id, {month_sql('day')}"
    )
    found = {}
    for name, sql in (("net", net), ("orders", orders)):
        found[name] = _between(engine, grid, sql, begin, end)
        found[f"{name}_before"] = _between(engine, grid, sql, begin - YEAR, end - YEAR)
    return found


def _between(engine: Engine, grid: Grid, sql: str, begin: np.ndarray, end: np.ndarray) -> Floats:
    """Sums of `value` by `month` over the months from `begin` to `end`, a column for each pair."""
    cells = grid.read(engine, sql)
    so_far = grid.standing(cells, "value", cells["month"], NEVER)
    return np.round(so_far[:, end - grid.first] - so_far[:, begin - 1 - grid.first], 4)


def _debts(
    engine: Engine,
    intake: Intake,
    grid: Grid,
    begin: np.ndarray,
    end: np.ndarray,
    until: datetime.date,
    rules: Endings,
) -> dict[str, Floats]:
    if not intake.has("receivables"):
        nothing = np.full((len(grid.partners), len(begin)), np.nan)
        return {"overdue_share": nothing, "written_off": nothing}
    owed = open_balances(engine, grid, None, until)
    late = defaulted(engine, grid, rules.default_days, rules.default_invoices, until)
    share = np.where(owed > 0, late / np.where(owed > 0, owed, 1.0), 0.0)
    columns = [
        share[:, b - grid.first : e + 1 - grid.first].max(axis=1) for b, e in zip(begin, end, strict=True)
    ]
    known = known_sql("invoice_date")
    written_off = (
        f"SELECT partner_id, {month_sql('written_off_date')} AS month, COUNT(*) AS value FROM receivables "
        f"WHERE partner_id IS NOT NULL AND written_off_date <= {sql_day(until)} "
        f"AND {known} <= {sql_day(until)} GROUP BY partner_id, {month_sql('written_off_date')}"
    )
    return {
        "overdue_share": np.stack(columns, axis=1),
        "written_off": _between(engine, grid, written_off, begin, end),
    }


def _events(
    engine: Engine, intake: Intake, grid: Grid, begin: np.ndarray, end: np.ndarray, until: datetime.date
) -> dict[str, Floats]:
    if not intake.has("reputation_events"):
        return dict.fromkeys(GRAVE, np.full((len(grid.partners), len(begin)), np.nan))
    return {kind: _between(engine, grid, grave_events(kind, until), begin, end) for kind in GRAVE}


def _exits(engine: Engine, grid: Grid) -> pd.DataFrame:
    rows = engine.query(
        "SELECT partner_id, exit_date, exit_reason FROM partners "
        "WHERE exit_date IS NOT NULL ORDER BY partner_id"
    ).to_pylist()
    return pd.DataFrame(
        {
            "partner_id": np.array([row["partner_id"] for row in rows], dtype=object),
            "exit_on": np.array([row["exit_date"] for row in rows], dtype="datetime64[ns]"),
            "exit_reason": np.array([row["exit_reason"] or "" for row in rows], dtype=object),
        }
    ).drop_duplicates("partner_id")


def _days(days: list[datetime.date], count: int) -> np.ndarray:
    return np.repeat(np.array(days, dtype="datetime64[ns]"), count)

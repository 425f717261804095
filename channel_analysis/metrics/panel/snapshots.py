"""The panel of measures: a row per partner and snapshot, with what was known of it on that day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from ...contracts.policy import Policy
from ...store.engine import Engine
from ...store.intake import Intake
from . import contacts, receivables, reputation, rhythm, statements, stock, trade
from .grid import Floats, Grid, grid_of, known_sql, month_end, month_sql, step_of
from .parts import Part

PARTS: tuple[Part, ...] = (
    *trade.PARTS,
    *rhythm.PARTS,
    *stock.PARTS,
    *receivables.PARTS,
    *statements.PARTS,
    *reputation.PARTS,
    *contacts.PARTS,
)

MEASURES: tuple[str, ...] = tuple(name for part in PARTS for name in part.names)


def partner_snapshots(
    engine: Engine, intake: Intake, policy: Policy, snapshots: Sequence[datetime.date]
) -> pd.DataFrame:
    """What was known of each partner on each of some days, the last ones of months.

    A fact counts when its day and the day it became known (`known_at`, else its own day) are not
    after the snapshot; what was paid, closed or done later had not happened.

    Returns
    -------
    DataFrame
        One row per partner and snapshot on which it had ordered or its contract had begun, by
        snapshot and partner: partner_id, snapshot (datetime64), channel_type and region (of the table
        of partners, else of its first lines; "" when unknown), left_on (day of an exit by then) and
        `MEASURES` (floats; NaN where a table or a column is not there, or holds nothing yet).
        Names end in the months they look back on; `_before` is the stretch before that one,
        `_year_before` the same months a year earlier. Amounts in the workspace's currency.

    Raises
    ------
    InputError
        When a snapshot is not the last day of a month, or there is none.
    """
    grid = grid_of(engine, snapshots)
    columns = np.array(sorted({step_of(day) for day in snapshots})) - grid.first
    arrays: dict[str, Floats] = {}
    for part in PARTS:
        arrays |= _measured(part, engine, intake, grid, policy)
    begun = grid.earliest(_contracts(engine, grid), "contract_start")
    there = ~np.isnan(arrays["days_since_order"]) | (begun <= grid.end_days)
    column, partner = np.nonzero(there[:, columns].T)
    column = columns[column]
    days = np.array([month_end(int(step)) for step in grid.steps], dtype="datetime64[ns]")
    frame = {
        "partner_id": grid.partners[partner],
        "snapshot": days[column],
        **{name: texts[partner, column] for name, texts in _kinds(engine, grid).items()},
        "left_on": _left_on(engine, grid)[partner, column],
    }
    return pd.DataFrame(frame | {name: array[partner, column] for name, array in arrays.items()})


def missing_columns(intake: Intake, parts: Iterable[Part] = PARTS) -> tuple[str, ...]:
    """Tables, and columns of tables, without which some measures are missing."""
    return tuple(dict.fromkeys(name for part in parts for name in part.lacks(intake)))


def _measured(part: Part, engine: Engine, intake: Intake, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """The part's arrays, missing where it lacks something and before the first day its tables know of."""
    nothing = np.full((len(grid.partners), grid.months), np.nan)
    if part.lacks(intake):
        return dict.fromkeys(part.names, nothing)
    found = part.of(engine, grid, policy)
    begins = max(_first_known(engine, need.partition(".")[0]) for need in part.needs)
    early = grid.steps < begins
    return {name: np.where(early, np.nan, found[name]) if early.any() else found[name] for name in part.names}


_DATED = {
    "sales": "order_date", "receivables": "invoice_date", "feedback": "given_on",
    "reputation_events": "event_date", "visits": "planned_on", "training": "held_on",
    "leads": "created_on", "sell_out": "sold_on", "stock": "month", "targets": "window_start",
    "programmes": "start_date", "financials": "statement_date",
}  # fmt: skip
"""Day of the event of tables of which the first tells since when nothing means none."""


def _first_known(engine: Engine, table: str) -> int:
    """The month in which the first fact of a table was known."""
    if table not in _DATED:
        return 0
    row = engine.query(f"SELECT MIN({known_sql(_DATED[table])}) AS day FROM {table}").to_pylist()[0]
    return step_of(row["day"]) if row["day"] else 0


def _contracts(engine: Engine, grid: Grid) -> dict[str, Floats]:
    return grid.read(
        engine,
        f"SELECT partner_id, contract_start, {month_sql(known_sql('contract_start'))} AS known FROM partners "
        "WHERE partner_id IS NOT NULL AND contract_start IS NOT NULL",
    )


def _left_on(engine: Engine, grid: Grid) -> np.ndarray:
    """The day a partner left by each month's end, NaT before."""
    cells = grid.read(
        engine,
        f"SELECT partner_id, exit_date, {month_sql('exit_date')} AS known FROM partners "
        "WHERE partner_id IS NOT NULL AND exit_date IS NOT NULL",
    )
    days = grid.latest(cells, "exit_date")
    found = np.full(days.shape, np.datetime64("NaT"), dtype="datetime64[ns]")
    gone = ~np.isnan(days)
    found[gone] = days[gone].astype(np.int64).astype("datetime64[D]")
    return found


def _kinds(engine: Engine, grid: Grid) -> dict[str, np.ndarray]:
    """Channel type and region of each partner at each month: its entry's, else of its first lines by name."""
    found = {}
    for name in ("channel_type", "region"):
        entry = (
            f"SELECT partner_id, {name} AS kind, COALESCE({month_sql('known_at')}, 0) AS known FROM partners "
            f"WHERE partner_id IS NOT NULL AND {name} IS NOT NULL"
        )
        known = known_sql("order_date")
        lines = (
            f"SELECT partner_id, {name} AS kind, MIN({month_sql(known)}) AS known FROM sales "
            f"WHERE partner_id IS NOT NULL AND {name} IS NOT NULL GROUP BY partner_id, {name}"
        )
        texts = sorted(
            engine.query(f"SELECT DISTINCT kind FROM ({entry} UNION ALL {lines}) AS k")["kind"].to_pylist()
        )
        own, shown = (_earliest_text(engine, grid, sql, texts) for sql in (entry, lines))
        place = np.where(np.isnan(own), shown, own)
        names = np.array([*texts, ""], dtype=object)
        found[name] = names[np.where(np.isnan(place), len(texts), place).astype(np.int64)]
    return found


def _earliest_text(engine: Engine, grid: Grid, sql: str, texts: list[str]) -> Floats:
    table = engine.query(sql)
    numbers = {name: place for place, name in enumerate(grid.partners)}
    codes = {text: float(place) for place, text in enumerate(texts)}
    cells = {
        "partner": np.array([numbers[one] for one in table["partner_id"].to_pylist()], dtype=np.float64),
        "kind": np.array([codes[one] for one in table["kind"].to_pylist()], dtype=np.float64),
        "known": np.array(table["known"].to_pylist(), dtype=np.float64),
    }
    return grid.earliest(cells, "kind")

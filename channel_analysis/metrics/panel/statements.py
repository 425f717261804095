"""Financial statements: the last one known at each month's end, and the one of a year before it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...contracts.policy import Policy
from ...store.engine import Engine
from ..queries import sql_day
from .grid import Cells, Floats, Grid, known_sql, month_sql
from .parts import Part

FLOWS = ("sales", "ebit", "net_income", "interest_expense", "operating_cash_flow")
"""Amounts of the statement's months: half-years are taken times two."""

STANDS = (
    "current_assets", "inventory", "total_assets", "current_liabilities", "total_liabilities",
    "retained_earnings", "equity", "market_value",
)  # fmt: skip
"""Amounts on the statement's day."""

BEFORE = ("sales", "ebit", "total_assets", "total_liabilities", "current_assets", "current_liabilities")
"""Amounts that are compared with those of a year before."""


def statements(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Amounts of the last statement known (`fin_`), of a year before it (`_before`), and its age in days.

    The last one is that of the latest day; of two years only those count that are twelve months
    apart and cover as many months.
    """
    cells = _statements(engine, grid)
    last = grid.latest(cells, np.arange(len(cells["day"]), dtype=np.float64))
    there = ~np.isnan(last)
    place = np.where(there, last, 0).astype(np.int64)
    earlier = _year_before(cells)
    if not len(earlier):
        nothing = np.full(last.shape, np.nan)
        return dict.fromkeys(PARTS[0].names, nothing)
    known_both = there & (earlier[place] >= 0)
    before = np.where(known_both, earlier[place], 0)
    known_both &= cells["known"][before] <= grid.steps
    found = {f"fin_{name}": np.where(there, cells[name][place], np.nan) for name in (*FLOWS, *STANDS)}
    found |= {f"fin_{name}_before": np.where(known_both, cells[name][before], np.nan) for name in BEFORE}
    found["fin_age_days"] = np.where(there, grid.end_days - cells["day"][place], np.nan)
    return found


def _statements(engine: Engine, grid: Grid) -> Cells:
    """All statements known by the end, by day: month, known, months, day and the amounts of a year."""
    known = known_sql("statement_date")
    flows = ", ".join(
        f"{name} * 12 / (CASE WHEN months > 0 THEN months ELSE 12 END) AS {name}" for name in FLOWS
    )
    return grid.read(
        engine,
        f"SELECT partner_id, statement_date AS day, {month_sql('statement_date')} AS month, "
        f"{month_sql(known)} AS known, CASE WHEN months > 0 THEN months ELSE 12 END AS months, "
        f"{flows}, {', '.join(STANDS)} FROM financials "
        f"WHERE partner_id IS NOT NULL AND {known} <= {sql_day(grid.last_day)} "
        "ORDER BY statement_date, partner_id",
    )


def _year_before(cells: Cells) -> np.ndarray:
    """The place of the statement of twelve months before each; -1 where there is none."""
    keys = pd.DataFrame({name: cells[name] for name in ("partner", "month", "months")})
    own = keys.assign(place=np.arange(len(keys))).drop_duplicates(["partner", "month", "months"], keep="last")
    found = keys.assign(month=keys["month"] - 12).merge(own, on=["partner", "month", "months"], how="left")
    return found["place"].fillna(-1).to_numpy().astype(np.int64)


PARTS = (
    Part(
        (
            *(f"fin_{name}" for name in (*FLOWS, *STANDS)),
            *(f"fin_{name}_before" for name in BEFORE),
            "fin_age_days",
        ),
        ("financials.statement_date",),
        statements,
    ),
)

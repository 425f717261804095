"""Programmes that ran in a period, and what incentives cost: sums as the books have them."""

from __future__ import annotations

import pandas as pd

from ..contracts.policy import Policy
from ..store.engine import Engine, literal
from .facts import fact_sql
from .irregular.windows import rows_of
from .periods import Period
from .queries import sql_day

INCENTIVES = ("commission", "rebate", "marketing", "price_support", "training")
"""Types of cost that are spent on those who sell; logistics, staff, credit and others are not."""


def programme_sums(engine: Engine, period: Period) -> pd.DataFrame:
    """Programmes that ran on at least a day of a period.

    Returns
    -------
    DataFrame
        programme_id, programme_type, programme_name, assignment ("" where not said), first_day,
        last_day (missing: it goes on), participants, partners, staff, and allocated, accrued, claimed
        and paid amounts of the whole programme (missing where no row has one), the earliest first.
    """
    start, end = sql_day(period.start), sql_day(period.end)
    sums = ", ".join(f"SUM({name}_amount) AS {name}" for name in ("allocated", "accrued", "claimed", "paid"))
    return rows_of(
        engine,
        "SELECT programme_id, MIN(programme_type) AS programme_type, "
        "COALESCE(MIN(programme_name), programme_id) AS programme_name, "
        "COALESCE(MIN(assignment), '') AS assignment, MIN(start_date) AS first_day, "
        "CASE WHEN COUNT(end_date) = COUNT(*) THEN MAX(end_date) END AS last_day, "
        "COUNT(DISTINCT participant_id) AS participants, "
        "COUNT(DISTINCT CASE WHEN participant_kind = 'partner' THEN participant_id END) AS partners, "
        "COUNT(DISTINCT CASE WHEN participant_kind = 'staff' THEN participant_id END) AS staff, "
        f"{sums} FROM programmes WHERE start_date < {end} AND (end_date IS NULL OR end_date >= {start}) "
        "GROUP BY programme_id ORDER BY first_day, programme_id",
    )


def incentive_costs(engine: Engine, period: Period, policy: Policy) -> pd.DataFrame:
    """What was booked for incentives in a period: channel_type, cost_type, amount."""
    facts = fact_sql("costs", ["channel_type", "cost_type", "amount", "month"], policy)
    kinds = ", ".join(map(literal, INCENTIVES))
    return rows_of(
        engine,
        f"SELECT channel_type, cost_type, SUM(amount) AS amount FROM ({facts}) AS c "
        f"WHERE cost_type IN ({kinds}) AND month >= {sql_day(period.start)} "
        f"AND month < {sql_day(period.end)} "
        "GROUP BY channel_type, cost_type ORDER BY channel_type, cost_type",
    )

"""What screening of candidates rests on: the candidates on file, and each territory they apply for.

A territory is a region and a channel type in it.
"""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from ..contracts.parties import CANDIDATES
from ..contracts.policy import Policy
from ..store.engine import Engine
from .irregular.windows import rows_of
from .periods import MONTHS, Period
from .queries import dated_names, sql_day

_TERRITORY = ["region", "channel_type"]


def candidates_known(engine: Engine, day: datetime.date) -> tuple[pd.DataFrame, int]:
    """Candidates that had applied and were known by a day, and how many came later.

    Returns
    -------
    DataFrame
        The contract's columns, one row per candidate, by id.
    int
        Candidates on file of whom nothing was known yet.
    """
    named = ", ".join(CANDIDATES.column_names)
    known = f"COALESCE(applied_on <= {sql_day(day)}, TRUE) AND COALESCE(known_at <= {sql_day(day)}, TRUE)"
    found = rows_of(engine, f"SELECT {named} FROM candidates WHERE {known} ORDER BY candidate_id")
    counted = engine.query("SELECT COUNT(*) AS n FROM candidates").to_pylist()[0]["n"]
    return found, int(counted) - len(found)


def territory_sums(engine: Engine, period: Period, policy: Policy, asked: pd.DataFrame) -> pd.DataFrame:
    """What there is already in some territories: partners, their outlets, our sales, the market.

    Partners count where they are (not where single lines went), when they are under contract at the
    period's end; they are active with an order in the activity window of their channel type.

    Parameters
    ----------
    asked : DataFrame
        region, channel_type: the territories, each once.

    Returns
    -------
    DataFrame
        A row per territory, in order of region and type: region, channel_type, partners,
        active_partners, outlets (of active partners), outlets_unknown (active partners without a
        number), partner_amount (net sales of active partners in the period), our_amount (all net sales
        there), market_amount (NaN where not known), market_basis ("type": of this channel type;
        "region": of all routes in the region, our_amount likewise; "": unknown). Amounts in the
        workspace's currency.
    """
    partners = rows_of(engine, _partners_sql(period, policy))
    sales = rows_of(
        engine,
        "SELECT region, channel_type, SUM(net_amount) AS our_amount FROM sales "
        f"WHERE region IS NOT NULL AND {_within('order_date', period)} GROUP BY region, channel_type",
    )
    market = _market(engine, period)
    found = asked.sort_values(_TERRITORY)[_TERRITORY]
    for there in (partners, sales, market[market["channel_type"].notna()]):
        found = found.merge(there.astype(dict.fromkeys(_TERRITORY, object)), on=_TERRITORY, how="left")
    counts = ["partners", "active_partners", "outlets", "outlets_unknown", "partner_amount", "our_amount"]
    found[counts] = found[counts].astype(float).fillna(0.0)
    found["market_basis"] = np.where(found["market_amount"].notna(), "type", "")
    return _of_whole_regions(found, sales, market[market["channel_type"].isna()])


def _partners_sql(period: Period, policy: Policy) -> str:
    end, last = sql_day(period.end), sql_day(period.last_day)
    under_contract = (
        f"COALESCE(contract_start < {end}, TRUE) "
        f"AND COALESCE(contract_end >= {last}, TRUE) AND COALESCE(exit_date > {last}, TRUE) "
        "AND region IS NOT NULL AND channel_type IS NOT NULL"
    )
    lines = (
        "SELECT s.partner_id, s.kind, s.order_date, s.net_amount, p.channel_type FROM sales AS s "
        f"JOIN partners AS p ON p.partner_id = s.partner_id WHERE s.order_date < {end}"
    )
    since = dated_names(period, policy)["activity_start"]
    bought = (
        "SELECT partner_id, "
        f"COUNT(*) FILTER (WHERE kind = 'order' AND net_amount > 0 AND order_date >= {since}) AS orders, "
        f"SUM(CASE WHEN {_within('order_date', period)} THEN net_amount ELSE 0 END) AS amount "
        f"FROM ({lines}) AS l GROUP BY partner_id"
    )
    active = "COALESCE(b.orders, 0) > 0"
    return (
        "SELECT p.region, p.channel_type, COUNT(*) AS partners, "
        f"COUNT(*) FILTER (WHERE {active}) AS active_partners, "
        f"COALESCE(SUM(p.outlets) FILTER (WHERE {active}), 0) AS outlets, "
        f"COUNT(*) FILTER (WHERE {active} AND p.outlets IS NULL) AS outlets_unknown, "
        f"COALESCE(SUM(b.amount) FILTER (WHERE {active}), 0) AS partner_amount "
        f"FROM (SELECT * FROM partners WHERE {under_contract}) AS p "
        f"LEFT JOIN ({bought}) AS b ON b.partner_id = p.partner_id GROUP BY p.region, p.channel_type"
    )


def _market(engine: Engine, period: Period) -> pd.DataFrame:
    """Market size by region and channel type (None: all routes), where every month is there."""
    found = rows_of(
        engine,
        "SELECT region, channel_type, SUM(market_amount) AS market_amount, "
        "COUNT(DISTINCT month) AS months FROM market "
        f"WHERE region IS NOT NULL AND {_within('month', period)} "
        "GROUP BY region, channel_type",
    )
    needed = MONTHS[period.kind] if _is_monthly(engine) else 1
    found = found[(found["months"] >= needed) & (found["market_amount"] > 0)]
    return found.drop(columns="months")


def _is_monthly(engine: Engine) -> bool:
    """Whether the market is measured month by month, so that a month without a figure is one to come."""
    row = engine.query(
        "SELECT COUNT(DISTINCT month) AS n, 12 * (YEAR(MAX(month)) - YEAR(MIN(month))) "
        "+ MONTH(MAX(month)) - MONTH(MIN(month)) + 1 AS span FROM market"
    ).to_pylist()[0]
    return bool(row["n"] >= 3 and row["n"] >= 0.9 * row["span"])


def _of_whole_regions(found: pd.DataFrame, sales: pd.DataFrame, market: pd.DataFrame) -> pd.DataFrame:
    """Where the market is known for a region as a whole only, it and our sales are those of the region."""
    sizes = market.set_index("region")["market_amount"]
    ours = sales.groupby("region")["our_amount"].sum()
    lacks = (found["market_basis"] == "") & found["region"].isin(sizes.index)
    sizes_there, ours_there = found["region"].map(sizes), found["region"].map(ours).fillna(0.0)
    return found.assign(
        market_amount=found["market_amount"].astype(float).where(~lacks, sizes_there.astype(float)),
        our_amount=found["our_amount"].where(~lacks, ours_there.astype(float)),
        market_basis=found["market_basis"].where(~lacks, "region"),
    )


def _within(column: str, period: Period) -> str:
    return f"{column} >= {sql_day(period.start)} AND {column} < {sql_day(period.end)}"

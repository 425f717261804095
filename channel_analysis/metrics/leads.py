"""Leads counted: created, won, lost and open in a period, by source, channel type and rep."""

from __future__ import annotations

import pandas as pd

from ..store.engine import Engine
from .irregular.windows import rows_of
from .periods import Period
from .queries import sql_day


def lead_counts(engine: Engine, period: Period) -> pd.DataFrame:
    """Leads that came in, were decided or stood open in a period.

    Returns
    -------
    DataFrame
        source, channel_type, rep_id ("" where none is named), outcome ("won" or "lost" in the period,
        "open" at its end, "undated": decided nobody knows when, "" otherwise), days (from coming in to
        the decision, else to the period's end), leads, created (of these in the period), value, squares (of
        the values), valued (leads with a value).
    """
    start, end = sql_day(period.start), sql_day(period.end)
    is_decided = "status IN ('won', 'lost')"
    outcome = (
        f"CASE WHEN {is_decided} AND closed_on IS NULL THEN 'undated' "
        f"WHEN {is_decided} AND closed_on >= {start} AND closed_on < {end} THEN status "
        f"WHEN NOT ({is_decided}) OR closed_on >= {end} THEN 'open' ELSE '' END"
    )
    until = f"CASE WHEN {is_decided} AND closed_on < {end} THEN closed_on ELSE {end} END"
    narrow = "CAST(value AS DECIMAL(16, 2))"
    within = f"created_on >= {start}"
    leads = (
        "SELECT COALESCE(source, '') AS source, COALESCE(channel_type, '') AS channel_type, "
        f"COALESCE(rep_id, '') AS rep_id, {outcome} AS outcome, "
        f"GREATEST(DATE_DIFF('day', created_on, {until}), 0) AS days, {within} AS is_new, value, "
        f"{narrow} * {narrow} AS square FROM leads WHERE created_on < {end}"
    )
    return rows_of(
        engine,
        "SELECT source, channel_type, rep_id, outcome, days, COUNT(*) AS leads, "
        "COUNT(*) FILTER (WHERE is_new) AS created, COALESCE(SUM(value), 0) AS value, "
        "COALESCE(SUM(square), 0) AS squares, COUNT(value) AS valued "
        f"FROM ({leads}) AS l WHERE is_new OR outcome IN ('won', 'lost', 'open') "
        "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
    )

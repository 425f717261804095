"""First digits of reps' order amounts, and how many decades the amounts span."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...store.engine import Engine
from .windows import Window, orders_sql, rows_of

DECADES = 7


def first_digits(engine: Engine, windows: Sequence[Window]) -> pd.DataFrame:
    """Orders per rep, first digit and decade of the amount (0 below 10, 1 below 100, and so on).

    Returns
    -------
    DataFrame
        rep_id, digit (1 to 9), decade, orders, amount; amounts below 1 are left out.
    """
    bounds = " ".join(f"WHEN amount < {10 ** (decade + 1)} THEN {decade}" for decade in range(DECADES))
    digit = "CAST(SUBSTRING(CAST(CAST(FLOOR(amount) AS BIGINT) AS VARCHAR), 1, 1) AS INTEGER)"
    return rows_of(
        engine,
        f"SELECT rep_id, {digit} AS digit, CASE {bounds} ELSE {DECADES} END AS decade, COUNT(*) AS orders, "
        f"SUM(amount) AS amount FROM ({orders_sql(windows)}) AS o "
        "WHERE rep_id IS NOT NULL AND amount >= 1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )

"""Who served which account in two periods: partners, customers, or a channel type's region."""

from __future__ import annotations

import pandas as pd

from ..store.engine import Engine
from .facts import UNASSIGNED
from .periods import Period

_POINT = (
    "COALESCE(CASE WHEN partner_id IS NOT NULL THEN 'partner ' || partner_id "
    "WHEN customer_id IS NOT NULL THEN 'customer ' || customer_id END, "
    "channel_type || ' / ' || COALESCE(region, ''))"
)


def served_points(engine: Engine, period: Period, base: Period) -> pd.DataFrame:
    """Order lines per account and rep: point, rep, now and before (lines in the period and in the base)."""
    windows = [f"(order_date >= DATE '{p.start}' AND order_date < DATE '{p.end}')" for p in (period, base)]
    query = (
        f"SELECT {_POINT} AS point, COALESCE(rep_id, '{UNASSIGNED}') AS rep, "
        f"COUNT(*) FILTER (WHERE {windows[0]}) AS now, COUNT(*) FILTER (WHERE {windows[1]}) AS before "
        f"FROM sales WHERE kind = 'order' AND ({' OR '.join(windows)}) GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return engine.query(query).to_pandas()

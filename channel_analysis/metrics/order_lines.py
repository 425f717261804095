"""Order lines as a count: they vary far less than money, and come in orders of several."""

from __future__ import annotations

from ..store.engine import Engine
from .kpis import Kpi
from .periods import Period

ORDER_LINES = Kpi(
    label={"en": "Order lines", "zh": "订单行数"},
    dimension="result",
    kind="additive",
    unit="count",
    better="higher",
    numerator=[{"table": "sales", "expr": "count(*) FILTER (WHERE kind = 'order')"}],
)
"""The number of order lines."""


def clumping(engine: Engine, period: Period) -> float:
    """Variance of a number of order lines by its mean, if orders come one by one: the sum of squared lines
    of orders by the number of lines (compound Poisson); 1 without orders."""
    query = (
        "SELECT SUM(n) AS lines, SUM(n * n) AS squares FROM (SELECT order_id, COUNT(*) AS n FROM sales "
        f"WHERE kind = 'order' AND order_date >= DATE '{period.start}' AND order_date < DATE '{period.end}' "
        "GROUP BY order_id) AS o"
    )
    row = engine.query(query).to_pylist()[0]
    return float(row["squares"]) / float(row["lines"]) if row["lines"] else 1.0

"""Pairs of selling point and product in two periods: what the bridge of sales is made of."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..contracts.policy import Policy
from ..store.engine import quoted
from ..store.workspace import Facts
from .facts import UNASSIGNED, fact_sql
from .leaves import check_tables
from .periods import Period
from .queries import sql_day

PAIR_KEYS = ("kind", "point", "channel_type", "product", "category")
"""What a row of a pair table is about."""

PAIR_SUMS = (
    "net",
    "order_rows",
    "units",
    "listed",
    "invoiced",
    "measured_net",
    "unlisted_rows",
    "unmeasured_rows",
    "returned",
    "discount",
)
"""Columns of a pair table, each with "_before" and "_now"."""

_COLUMNS = (
    "kind",
    "order_date",
    "partner_id",
    "customer_id",
    "channel_type",
    "region",
    "product_id",
    "category",
    "quantity",
    "gross_amount",
    "discount_amount",
    "net_amount",
    "exchange_rate",
)

_POINT_KIND = (
    f"CASE WHEN partner_id <> '{UNASSIGNED}' THEN 'partner' WHEN customer_id IS NOT NULL THEN 'customer' "
    "ELSE 'unnamed' END"
)
_POINT = (
    f"CASE WHEN partner_id <> '{UNASSIGNED}' THEN partner_id WHEN customer_id IS NOT NULL THEN customer_id "
    "ELSE channel_type || ' / ' || region END"
)
_LISTED = "CASE WHEN gross_amount > 0 THEN gross_amount ELSE net_amount END"
_RATE = "CASE WHEN exchange_rate > 0 THEN exchange_rate ELSE 1.0 END"
_MEASURED = "kind = 'order' AND quantity > 0 AND product_id IS NOT NULL"

_SUMS = {
    "net": "SUM(net_amount) FILTER (WHERE kind = 'order')",
    "order_rows": "COUNT(*) FILTER (WHERE kind = 'order')",
    "units": f"SUM(quantity) FILTER (WHERE {_MEASURED})",
    "listed": f"SUM(listed) FILTER (WHERE {_MEASURED})",
    "invoiced": f"SUM(invoiced) FILTER (WHERE {_MEASURED})",
    "measured_net": f"SUM(net_amount) FILTER (WHERE {_MEASURED})",
    "unlisted_rows": f"COUNT(*) FILTER (WHERE {_MEASURED} AND gross_amount IS NULL)",
    "unmeasured_rows": f"COUNT(*) FILTER (WHERE kind = 'order' AND NOT ({_MEASURED}))",
    "returned": "SUM(net_amount) FILTER (WHERE kind = 'return')",
    "discount": f"SUM(discount_amount) FILTER (WHERE {_MEASURED})",
}


def pair_table(facts: Facts, policy: Policy, now: Period, before: Period) -> pd.DataFrame:
    """Sales of both periods per selling point and product, ready for `sales_bridge`.

    A point is a partner, of direct sales the customer, and where neither is known channel type and
    region together. Only order lines with a quantity and a product can be told apart into units and
    prices; the others are counted as `unmeasured_rows` and stay in `net` alone.

    Returns
    -------
    DataFrame
        Sorted by `PAIR_KEYS` (kind is "partner", "customer" or "unnamed"), then each of `PAIR_SUMS`
        with "_before" and "_now": `net` of order lines, `units`, `listed` (gross at list price in
        the workspace's currency; the net amount where gross is missing, `unlisted_rows` of them),
        `invoiced` (`listed` in the currency of the invoice), `measured_net` (net of lines with a
        quantity), `returned` (negative), `discount`. Net sales are `net` + `returned`.
    """
    check_tables(facts, ["sales"])
    lines = fact_sql("sales", _COLUMNS, policy)
    rows = (
        f"SELECT *, {_POINT_KIND} AS point_kind, {_POINT} AS point, {_LISTED} AS listed, "
        f"CAST(CAST({_LISTED} AS DOUBLE) / {_RATE} AS DECIMAL(18, 4)) AS invoiced, {_side(now, before)} "
        f"AS side FROM ({lines}) AS f WHERE {_within(now)} OR {_within(before)}"
    )
    keys = {
        "kind": "point_kind",
        "point": "point",
        "channel_type": "channel_type",
        "product": f"COALESCE(product_id, '{UNASSIGNED}')",
        "category": "category",
    }
    grouped = ", ".join([*keys.values(), "side"])
    sums = ", ".join(f"{sql} AS {name}" for name, sql in _SUMS.items())
    selected = ", ".join([*(f"{sql} AS {quoted('key_' + name)}" for name, sql in keys.items()), "side", sums])
    table = facts.engine.query(f"SELECT {selected} FROM ({rows}) AS g GROUP BY {grouped}")
    frame = pd.DataFrame({name: table[f"key_{name}"].to_pandas().astype(object) for name in keys})
    frame["side"] = table["side"].to_pandas().astype(object)
    for name in _SUMS:
        frame[name] = table[name].cast("float64").to_numpy(zero_copy_only=False)
    return _wide(frame, both=_both(now, before))


def _wide(frame: pd.DataFrame, both: Mapping[str, str]) -> pd.DataFrame:
    """One row per pair, the sums of either period side by side; what is not there is 0."""
    keys = list(PAIR_KEYS)
    sides = []
    for suffix, side in both.items():
        own = frame[frame["side"] == side].set_index(keys)[list(PAIR_SUMS)]
        sides.append(own.add_suffix(f"_{suffix}"))
    wide = pd.concat(sides, axis=1).fillna(0.0) if len(frame) else pd.DataFrame(columns=keys)
    columns = [f"{name}_{suffix}" for name in PAIR_SUMS for suffix in both]
    if not len(frame):
        return wide.reindex(columns=[*keys, *columns]).astype(dict.fromkeys(columns, float))
    return wide.sort_index()[columns].reset_index()


def _both(now: Period, before: Period) -> dict[str, str]:
    return {"before": "now", "now": "now"} if now == before else {"before": "before", "now": "now"}


def _side(now: Period, before: Period) -> str:
    return f"CASE WHEN {_within(now)} THEN 'now' ELSE 'before' END"


def _within(period: Period) -> str:
    return f"(order_date >= {sql_day(period.start)} AND order_date < {sql_day(period.end)})"

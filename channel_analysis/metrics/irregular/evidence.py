"""The rows behind cases, named by keys that somebody can look up."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...store.engine import Engine, literal
from ..queries import sql_day
from .ghosts import ghosts_sql
from .loads import LARGELY, fates_sql
from .partners import destination_lines_sql
from .prices import discount_lines_sql, floor_lines_sql
from .repeats import repeats_sql
from .windows import Window, orders_sql, rows_of

MOST_ROWS = 50
"""Rows of evidence a case comes with, those of most money first."""

REP, PARTNER = "'rep ' || rep_id", "'partner ' || partner_id"
_BUYER = f"COALESCE({PARTNER}, 'customer ' || customer_id)"
_ORDER = "'order_id=' || order_id"
_LINE = "'order_id=' || order_id || ' line_number=' || line_number"
_NONE = "CAST(NULL AS DOUBLE)"


def evidence_rows(
    engine: Engine,
    rule: str,
    subjects: Sequence[str],
    windows: Sequence[Window],
    tolerances: tuple[float, float],
    days: tuple[int, int, bool],
    limit: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """The rows behind the cases of one rule.

    Parameters
    ----------
    rule : str
        As in `analysis.irregular_rules.RULES`.
    subjects : sequence of str
        Whom the cases are about: "rep R1", "partner P7", "customer C3", "rep R1 partner P7".
    windows : sequence of Window
        The period of the cases first, then those before it.
    tolerances : tuple of float
        Let pass below floor prices, and above discount authorities.
    days : tuple
        Of ghost_orders: the days of `ghosts.ghost_counts`, and whether there are invoices.
    limit : tuple of float, optional
        Of threshold_bunching: amounts from and below which orders are shown.

    Returns
    -------
    DataFrame
        subject, table, keys ("order_id=SO1 line_number=2"), day, amount (currency), actual, allowed
        (price or share of discount), note (another order, a region); at most `MOST_ROWS` a subject.
    """
    if not subjects:
        return pd.DataFrame(
            columns=["subject", "table", "keys", "day", "amount", "actual", "allowed", "note"]
        )
    rows = _rows_sql(rule, windows, tolerances, days, limit)
    named = ", ".join(literal(subject) for subject in sorted(set(subjects)))
    ranked = (
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY subject ORDER BY amount DESC NULLS LAST, keys) AS place "
        f"FROM ({rows}) AS r WHERE subject IN ({named})"
    )
    return rows_of(
        engine,
        "SELECT subject, source, keys, day, amount, actual, allowed, note "
        f"FROM ({ranked}) AS e WHERE place <= {MOST_ROWS} ORDER BY subject, place",
    ).rename(columns={"source": "table"})


def _rows_sql(
    rule: str,
    windows: Sequence[Window],
    tolerances: tuple[float, float],
    days: tuple[int, int, bool],
    limit: tuple[float, float] | None,
) -> str:
    now = windows[0]
    if rule in ("price_below_floor", "discount_over_authority"):
        lines = floor_lines_sql(now, tolerances[0]) if rule == "price_below_floor" else ""
        lines = lines or discount_lines_sql(now, tolerances[1])
        who = f"COALESCE({PARTNER}, {REP})" if rule == "price_below_floor" else f"COALESCE({REP}, {PARTNER})"
        rows = f"({lines}) AS l WHERE promotion_id IS NULL AND breaks"
        return _of(who, "sales", _LINE, "gap", "actual", "allowed", rows=rows)
    if rule == "duplicate_orders":
        rows = f"({repeats_sql(windows)}) AS p"
        return _of(_BUYER, "sales", _ORDER, "amount", note="repeats", rows=rows)
    if rule == "diversion":
        rows = f"({destination_lines_sql(now)}) AS d WHERE breaks"
        keys = "'sell_out_id=' || sell_out_id"
        return _of(PARTNER, "sell_out", keys, "amount", note="destination_region", rows=rows)
    if rule == "late_returns":
        rows = f"({fates_sql(windows[1:5])}) AS f WHERE {LARGELY}"
        return _of(PARTNER, "sales", _ORDER, "returned", rows=rows)
    if rule == "ghost_orders":
        rows = f"({ghosts_sql(windows[1], days[:2], with_invoices=bool(days[2]))}) AS f"
        return _of(_BUYER, "sales", _ORDER, "amount", note="fate", rows=rows)
    return _orders(rule, windows, limit)


def _orders(rule: str, windows: Sequence[Window], limit: tuple[float, float] | None) -> str:
    """Evidence that is orders: of the last days, near a limit, of a rep or of a partner."""
    now, orders = windows[0], orders_sql(windows if rule == "ghost_partner" else windows[:1])
    where = {"stuffing": f"day >= {sql_day(now.late)}"}.get(rule, "TRUE")
    if rule == "threshold_bunching" and limit:
        low, high = (f"CAST({value:.4f} AS DECIMAL(18, 4))" for value in limit)
        where = f"amount >= {low} AND amount < {high}"
    who = PARTNER if rule in ("stuffing", "ghost_partner") else REP
    if rule == "rep_concentration":
        who = f"{REP} || ' ' || {_BUYER}"
    return _of(who, "sales", _ORDER, "amount", rows=f"({orders}) AS o WHERE {where}")


def _of(
    who: str,
    table: str,
    keys: str,
    amount: str,
    actual: str = _NONE,
    allowed: str = _NONE,
    *,
    note: str = "CAST(NULL AS VARCHAR)",
    rows: str,
) -> str:
    return (
        f"SELECT {who} AS subject, '{table}' AS source, {keys} AS keys, day, "
        f"CAST({amount} AS DECIMAL(38, 4)) AS amount, CAST({actual} AS DOUBLE) AS actual, "
        f"CAST({allowed} AS DOUBLE) AS allowed, {note} AS note FROM {rows}"
    )

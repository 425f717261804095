"""Evidence on segments: what orders, market, staff and partners show inside and outside, in few passes.

Every row of a table is told by which segments it lies in, as a text of ones and zeros (`MEMBERS`, one
letter per segment), so that one grouping serves all segments and what is outside of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ..contracts.policy import Policy
from ..contracts.tables import TABLES
from ..store.engine import Engine, literal, quoted
from .facts import LEVELS, UNASSIGNED, fact_columns, fact_sql
from .irregular.windows import rows_of
from .leaf_terms import EXTRAS
from .periods import Period
from .queries import sql_day

MEMBERS, WINDOW = "members", "window_number"
"""Columns of every frame: which segments, and 0 for the period, 1 for its base."""

LATE_SHARE = 0.1
"""The last days of a period, as a share of it."""

FEWEST_LINES = 60
"""Products with fewer lines in both periods are not looked at day by day."""

Places = Sequence[Mapping[str, Sequence[str]]]
"""Per segment, its dimensions and for each the values that belong to it."""

_SUMS = (
    "COALESCE(SUM(net_amount), 0) AS net, "
    "COALESCE(SUM(gross_amount) FILTER (WHERE discount_amount IS NOT NULL), 0) AS gross, "
    "COALESCE(SUM(discount_amount) FILTER (WHERE gross_amount IS NOT NULL), 0) AS discount, "
    "COALESCE(SUM(quantity) FILTER (WHERE kind = 'order'), 0) AS quantity, "
    "COALESCE(SUM(gross_amount) FILTER (WHERE kind = 'order' AND quantity IS NOT NULL), 0) AS listed, "
    "COALESCE(SUM(net_amount) FILTER (WHERE promotion_id IS NOT NULL), 0) AS promoted, "
    "COALESCE(SUM(net_amount) FILTER (WHERE is_late), 0) AS late, "
    "COUNT(*) FILTER (WHERE kind = 'order') AS line_count"
)
_KEYS = ("day", "product_id", "partner_id", "rep_id")


def columns_of_places(table: str, places: Places, policy: Policy) -> dict[str, str] | None:
    """Column of a table for every dimension of the segments; None when it lacks one of them."""
    known = {**LEVELS, **EXTRAS}
    names = {dimension: known.get(dimension, dimension) for place in places for dimension in place}
    there = {*TABLES[table].column_names, *fact_columns(TABLES[table], policy)}
    return names if set(names.values()) <= there else None


def covered(table: str, places: Places, policy: Policy) -> list[bool]:
    """Whether a table tells each segment's rows apart."""
    return [columns_of_places(table, [place], policy) is not None for place in places]


def members_sql(table: str, places: Places, policy: Policy) -> str:
    """SQL of the text of ones and zeros; segments that the table cannot tell are zeros."""
    flags = [_flag(table, place, policy) for place in places]
    return " || ".join(flags) or "''"


def sales_evidence(
    engine: Engine, places: Places, period: Period, base: Period, policy: Policy
) -> dict[str, pd.DataFrame]:
    """Sales by segment, window and one of day, product, partner, rep: a frame each, and `all_days`.

    Columns: members, window_number, the key, then net, gross and discount (where both are known), quantity
    and listed (gross of lines with a quantity), promoted, late (net of the period's last days), line_count.
    Products and partners that came or went by decision are in `all_days` alone.
    """
    lines = _lines(places, period, base, policy)
    sets = ", ".join(f"({MEMBERS}, {WINDOW}, stays, {key})" for key in _KEYS)
    query = (
        f"SELECT {MEMBERS}, {WINDOW}, stays, {', '.join(_KEYS)}, {_SUMS} FROM ({lines}) AS l "
        f"GROUP BY GROUPING SETS ({sets}) ORDER BY 1, 2, 3, 4, 5, 6, 7"
    )
    found = rows_of(engine, query)
    frames = {key: found[found[key].notna()].drop(columns=[k for k in _KEYS if k != key]) for key in _KEYS}
    told = {key: _staying(frame) for key, frame in frames.items()}
    days = frames["day"].drop(columns="stays").groupby([MEMBERS, WINDOW, "day"], as_index=False, sort=True)
    return told | {"all_days": days.sum()}


def order_squares(
    engine: Engine, places: Places, period: Period, base: Period, policy: Policy
) -> dict[str, pd.DataFrame]:
    """Per segment and window: orders, net, squares (of the orders' sums); `all_orders` and `orders`.

    The one holds all, the other none of what came or went by decision.
    """
    lines = _lines(places, period, base, policy)
    orders = (
        f"SELECT {MEMBERS}, {WINDOW}, stays, order_id, SUM(net_amount) AS net FROM ({lines}) AS l "
        "GROUP BY 1, 2, 3, 4"
    )
    narrow = "CAST(net AS DECIMAL(19, 2))"
    query = (
        f"SELECT {MEMBERS}, {WINDOW}, stays, COUNT(*) AS orders, COALESCE(SUM(net), 0) AS net, "
        f"COALESCE(SUM({narrow} * {narrow}), 0) AS squares FROM ({orders}) AS o GROUP BY 1, 2, 3 "
        "ORDER BY 1, 2, 3"
    )
    found = rows_of(engine, query)
    every = found.drop(columns="stays").groupby([MEMBERS, WINDOW], as_index=False, sort=True).sum()
    return {"orders": _staying(found), "all_orders": every}


def _staying(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["stays"].astype(bool)].drop(columns="stays").reset_index(drop=True)


def product_days(engine: Engine, period: Period, base: Period) -> pd.DataFrame:
    """Order lines per product and day of the whole company: product_id, category, day, line_count."""
    within = f"kind = 'order' AND product_id IS NOT NULL AND {_within('order_date', period, base)}"
    counted = "SELECT product_id, order_date AS day, COUNT(*) AS line_count"
    daily = f"{counted} FROM sales WHERE {within} GROUP BY 1, 2"
    often = f"SELECT product_id FROM sales WHERE {within} GROUP BY 1 HAVING COUNT(*) >= {FEWEST_LINES}"
    query = (
        "SELECT d.product_id, COALESCE(pr.category, '') AS category, d.day, d.line_count "
        f"FROM ({daily}) AS d JOIN ({often}) AS o ON o.product_id = d.product_id "
        "LEFT JOIN products AS pr ON pr.product_id = d.product_id ORDER BY 1, 3"
    )
    return rows_of(engine, query)


def empty_shelves(engine: Engine, period: Period) -> pd.DataFrame:
    """Partners' stock of each product at the ends of a period's months: product_id, reports, empty."""
    query = (
        "SELECT product_id, COUNT(*) AS reports, COUNT(*) FILTER (WHERE closing_quantity <= 0) AS empty "
        f"FROM stock WHERE {_in('month', period)} AND closing_quantity IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return rows_of(engine, query)


def market_evidence(
    engine: Engine, places: Places, period: Period, base: Period, policy: Policy
) -> pd.DataFrame:
    """The market by segment, window and cell (region / channel type / category): market and rival."""
    keys = ("region", "channel_type", "category")
    cell = " || ' / ' || ".join(keys)
    facts = _facts("market", places, ("month", *keys, "market_amount", "rival_amount"), policy)
    query = (
        f"SELECT {_place_and_window('market', 'month', places, period, base, policy)}, "
        f"{cell} AS cell, COALESCE(SUM(market_amount), 0) AS market, "
        "COALESCE(SUM(rival_amount), 0) AS rival "
        f"FROM ({facts}) AS f WHERE {_within('month', period, base)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return rows_of(engine, query)


def lead_evidence(
    engine: Engine, places: Places, period: Period, base: Period, policy: Policy
) -> pd.DataFrame:
    """Leads decided per segment and window: won, decided."""
    facts = _facts("leads", places, ("closed_on", "status"), policy)
    query = (
        f"SELECT {_place_and_window('leads', 'closed_on', places, period, base, policy)}, "
        f"COUNT(*) FILTER (WHERE status = 'won') AS won, COUNT(*) AS decided FROM ({facts}) AS f "
        f"WHERE status IN ('won', 'lost') AND ({_within('closed_on', period, base)}) "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return rows_of(engine, query)


def visit_evidence(
    engine: Engine, places: Places, period: Period, base: Period, policy: Policy
) -> pd.DataFrame:
    """Visits that took place per segment and window: visits."""
    facts = _facts("visits", places, ("done_on",), policy)
    query = (
        f"SELECT {_place_and_window('visits', 'done_on', places, period, base, policy)}, "
        f"COUNT(*) AS visits FROM ({facts}) AS f WHERE {_within('done_on', period, base)} "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return rows_of(engine, query)


def set_aside(engine: Engine, places: Places, period: Period, base: Period, policy: Policy) -> pd.DataFrame:
    """Lines of sales left out for a broken rule, per segment and window: line_count, net."""
    own = ", ".join(quoted(name) for name in TABLES["sales"].column_names)
    kept = f"(SELECT {own} FROM stored_sales WHERE _issue IS NOT NULL)"
    facts = _facts("sales", places, ("order_date", "net_amount"), policy, kept)
    query = (
        f"SELECT {_place_and_window('sales', 'order_date', places, period, base, policy)}, "
        f"COUNT(*) AS line_count, COALESCE(SUM(net_amount), 0) AS net FROM ({facts}) AS f "
        f"WHERE {_within('order_date', period, base)} GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return rows_of(engine, query)


def partner_states(engine: Engine, period: Period, base: Period) -> pd.DataFrame:
    """What happened to partners: partner_id, has_left (between base and the period's end), overdue, events.

    `overdue` is the amount more than 30 days late at the period's end, `events` grave ones since the base.
    """
    end = sql_day(period.end)
    owed = (
        f"SELECT partner_id, SUM(amount) AS overdue FROM receivables "
        f"WHERE DATE_DIFF('day', due_date, {end}) > 30 AND invoice_date < {end} "
        f"AND (paid_date IS NULL OR paid_date >= {end}) "
        f"AND (written_off_date IS NULL OR written_off_date >= {end}) GROUP BY 1"
    )
    grave = "('enforcement', 'equity_freeze', 'dishonest_debtor', 'insolvency', 'lawsuit_defendant')"
    told = (
        f"SELECT partner_id, COUNT(*) AS events FROM reputation_events WHERE event_type IN {grave} "
        f"AND event_date >= {sql_day(base.start)} AND event_date < {end} GROUP BY 1"
    )
    left = f"COALESCE(p.exit_date >= {sql_day(base.start)} AND p.exit_date < {end}, FALSE)"
    query = (
        f"SELECT p.partner_id, {left} AS has_left, COALESCE(o.overdue, 0) AS overdue, "
        "COALESCE(e.events, 0) AS events FROM partners AS p "
        f"LEFT JOIN ({owed}) AS o ON o.partner_id = p.partner_id "
        f"LEFT JOIN ({told}) AS e ON e.partner_id = p.partner_id ORDER BY 1"
    )
    return rows_of(engine, query)


def _lines(places: Places, period: Period, base: Period, policy: Policy) -> str:
    """The lines of both windows; `stays` is false of what is set apart before a search."""
    names = (
        "order_id", "kind", "order_date", "product_id", "partner_id", "rep_id", "promotion_id",
        "quantity", "gross_amount", "discount_amount", "net_amount",
    )  # fmt: skip
    facts = _facts("sales", places, names, policy)
    late = " OR ".join(
        f"(order_date >= {sql_day(p.late_start(LATE_SHARE))} AND order_date < {sql_day(p.end)})"
        for p in (period, base)
    )
    return (
        f"SELECT {_place_and_window('sales', 'order_date', places, period, base, policy)}, "
        "order_id, kind, order_date AS day, "
        f"COALESCE(product_id, '{UNASSIGNED}') AS product_id, partner_id, rep_id, promotion_id, quantity, "
        f"gross_amount, discount_amount, net_amount, ({late}) AS is_late, "
        f"({_stayed(period, base)}) AS stays FROM ({facts}) AS f WHERE {_within('order_date', period, base)}"
    )


def _stayed(period: Period, base: Period) -> str:
    """Lines of products and partners that neither came nor, of products, went by decision in between."""
    start, end = sql_day(base.start), sql_day(period.end)
    changed = " OR ".join(f"({day} > {start} AND {day} < {end})" for day in ("listed_from", "listed_to"))
    products = f"SELECT product_id FROM products WHERE {changed}"
    partners = f"SELECT partner_id FROM partners WHERE contract_start > {start} AND contract_start < {end}"
    return f"COALESCE(product_id, '') NOT IN ({products}) AND partner_id NOT IN ({partners})"


def rep_dates(engine: Engine) -> pd.DataFrame:
    """When members of staff began and ended: staff_id, start_date, end_date."""
    return rows_of(engine, "SELECT staff_id, start_date, end_date FROM staff ORDER BY staff_id")


def product_register(engine: Engine, period: Period, base: Period) -> pd.DataFrame:
    """Products: product_id, category, is_delisted (taken off the list between base and the period's end)."""
    between = f"listed_to >= {sql_day(base.start)} AND listed_to < {sql_day(period.end)}"
    query = (
        f"SELECT product_id, COALESCE(category, '') AS category, COALESCE({between}, FALSE) AS is_delisted "
        "FROM products ORDER BY 1"
    )
    return rows_of(engine, query)


def _facts(table: str, places: Places, names: Sequence[str], policy: Policy, source: str = "") -> str:
    told = [place for place, is_told in zip(places, covered(table, places, policy), strict=True) if is_told]
    columns = columns_of_places(table, told, policy) or {}
    return fact_sql(table, sorted({*names, *columns.values()}), policy, source=source)


def _flag(table: str, place: Mapping[str, Sequence[str]], policy: Policy) -> str:
    columns = columns_of_places(table, [place], policy)
    if columns is None or not place:
        return "'0'"
    tests = [
        f"COALESCE({quoted(columns[name])}, '{UNASSIGNED}') IN ({', '.join(map(literal, values))})"
        for name, values in place.items()
    ]
    return f"CASE WHEN {' AND '.join(tests)} THEN '1' ELSE '0' END"


def _place_and_window(
    table: str, column: str, places: Places, period: Period, base: Period, policy: Policy
) -> str:
    window = f"CASE WHEN {_in(column, period)} THEN 0 WHEN {_in(column, base)} THEN 1 END"
    return f"{members_sql(table, places, policy)} AS {MEMBERS}, {window} AS {WINDOW}"


def _within(column: str, period: Period, base: Period) -> str:
    return f"({_in(column, period)} OR {_in(column, base)})"


def _in(column: str, period: Period) -> str:
    return f"({column} >= {sql_day(period.start)} AND {column} < {sql_day(period.end)})"

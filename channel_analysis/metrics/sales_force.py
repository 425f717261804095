"""What the sales force's appraisal measures: targets, territories and their potential, leads, new customers.

Periods are numbered as they are given: 0 is the one under review, 1 the one before it, and so on.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

import pandas as pd
import pyarrow.compute as pc

from ..contracts.policy import Policy
from ..store.engine import Engine, literal
from .irregular.windows import rows_of
from .periods import MONTHS, Period
from .queries import sql_day
from .targets import closed_windows, register_target_actuals

ONE_HAND = 0.8
"""A channel type's region belongs to the rep with so much of its direct sales; else its customers do."""

POTENTIALS = ("credit_limit", "outlets", "staff_count")
"""Columns of partners by which a territory's potential is told, beside their number and the market."""

_STAFF = ("staff_id", "staff_name", "team", "role", "manager_id", "channel_type", "region")


def staff_rows(engine: Engine) -> pd.DataFrame:
    """All staff: their names, team, role, manager, channel type, region, start_date and end_date."""
    return rows_of(engine, f"SELECT {', '.join(_STAFF)}, start_date, end_date FROM staff ORDER BY staff_id")


def rep_targets(engine: Engine, policy: Policy, periods: Sequence[Period]) -> pd.DataFrame:
    """Targets of level rep with what was sold in exactly their windows.

    Returns
    -------
    DataFrame
        rep_id, number, window_start, window_end (the first day after it), target, actual (currency).
    """
    windows = closed_windows(engine)
    own = windows.filter(pc.equal(windows["level"], "rep"))
    register_target_actuals(engine, policy, own)
    found = rows_of(
        engine,
        f"SELECT g.rep_id, {_number('a.target_date', periods)} AS number, a.window_start, a.window_end, "
        "g.target_amount AS target, a.actual_amount AS actual "
        "FROM target_actuals AS a JOIN targets AS g ON g.target_id = a.target_id "
        f"WHERE g.rep_id IS NOT NULL AND {_within('a.target_date', periods)} "
        "ORDER BY g.rep_id, a.window_start, g.target_id",
    )
    register_target_actuals(engine, policy, windows)
    return found


def rep_sales(engine: Engine, periods: Sequence[Period]) -> pd.DataFrame:
    """What reps are credited with: rep_id, channel_type, number, amount (currency), orders."""
    return rows_of(
        engine,
        f"SELECT rep_id, channel_type, {_number('order_date', periods)} AS number, "
        "SUM(net_amount) AS amount, COUNT(DISTINCT CASE WHEN kind = 'order' THEN order_id END) AS orders "
        f"FROM sales WHERE rep_id IS NOT NULL AND {_within('order_date', periods)} "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def cell_sales(engine: Engine, periods: Sequence[Period]) -> pd.DataFrame:
    """Sales by channel_type, region, number: amount (currency); rows without a region are left out."""
    return rows_of(
        engine,
        f"SELECT channel_type, region, {_number('order_date', periods)} AS number, SUM(net_amount) AS amount "
        f"FROM sales WHERE region IS NOT NULL AND {_within('order_date', periods)} "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def rep_regions(engine: Engine, periods: Sequence[Period]) -> pd.DataFrame:
    """Where reps sold in the periods: rep_id, channel_type, region, amount (currency)."""
    return rows_of(
        engine,
        "SELECT rep_id, channel_type, region, SUM(net_amount) AS amount FROM sales "
        f"WHERE rep_id IS NOT NULL AND region IS NOT NULL AND {_within('order_date', periods)} "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )


def shared_cells(engine: Engine, period: Period) -> list[tuple[str, str]]:
    """Channel types and regions whose direct sales several reps share; their customers are told apart."""
    sold = rows_of(
        engine,
        "SELECT channel_type, COALESCE(region, '') AS region, rep_id, SUM(net_amount) AS amount FROM sales "
        "WHERE kind = 'order' AND partner_id IS NULL AND rep_id IS NOT NULL "
        f"AND {_within('order_date', [period])} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    by_cell = sold.groupby(["channel_type", "region"])["amount"]
    shares = by_cell.max() / by_cell.sum()
    return [(str(kind), str(region)) for kind, region in shares.index[shares < ONE_HAND]]


def territory_sales(
    engine: Engine, periods: Sequence[Period], shared: Collection[tuple[str, str]]
) -> pd.DataFrame:
    """What today's territories gave in each period, whoever sold it then.

    A selling point (partner; of direct sales the channel type's region, or the customer where several
    reps share it) belongs to the rep credited with most of its orders in period 0, else in the year
    before.

    Returns
    -------
    DataFrame
        rep_id, number, amount (currency), orders, own (what that rep sold of it).
    """
    lines = _lines(periods, shared)
    return rows_of(
        engine,
        "SELECT h.rep_id, l.number, SUM(l.net_amount) AS amount, COUNT(DISTINCT l.order_key) AS orders, "
        "COALESCE(SUM(l.net_amount) FILTER (WHERE l.rep_id = h.rep_id), 0) AS own "
        f"FROM ({lines}) AS l JOIN ({_held(periods, shared)}) AS h ON h.point = l.point "
        "GROUP BY h.rep_id, l.number ORDER BY h.rep_id, l.number",
    )


def partner_potential(
    engine: Engine, periods: Sequence[Period], columns: Collection[str], shared: Collection[tuple[str, str]]
) -> pd.DataFrame:
    """Potential of territories by their partners under contract, in days of the year of the first period.

    Returns
    -------
    DataFrame
        rep_id, partners (days under contract), and each of `columns` times days; missing where some
        partner's is.
    """
    start, end = a_year_of(periods)[-1].start, periods[0].end
    begin = f"GREATEST(COALESCE(p.contract_start, {sql_day(start)}), {sql_day(start)})"
    until = f"LEAST(COALESCE(p.exit_date, {sql_day(end)}), {sql_day(end)})"
    days = f"CAST(GREATEST(DATE_DIFF('day', {begin}, {until}), 0) AS DECIMAL(6, 0))"
    sums = "".join(
        f", CASE WHEN COUNT(p.{name}) = COUNT(*) THEN SUM({days} * p.{name}) END AS {name}"
        for name in columns
    )
    held = _held(periods, shared)
    return rows_of(
        engine,
        f"SELECT h.rep_id, SUM({days}) AS partners{sums} FROM ({held}) AS h "
        "JOIN partners AS p ON h.point = 'p' || p.partner_id GROUP BY h.rep_id ORDER BY h.rep_id",
    )


def market_potential(
    engine: Engine, periods: Sequence[Period], shared: Collection[tuple[str, str]]
) -> pd.DataFrame:
    """Market of territories over the year that ends with the first period.

    The market of a channel type's region is shared out by the number of selling points held in it.

    Returns
    -------
    DataFrame
        rep_id, market (currency).
    """
    points = rows_of(
        engine,
        "SELECT h.rep_id, l.channel_type, l.region, COUNT(DISTINCT l.point) AS points "
        f"FROM ({_lines(a_year_of(periods), shared)}) AS l JOIN ({_held(periods, shared)}) AS h "
        "ON h.point = l.point GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    market = rows_of(
        engine,
        "SELECT channel_type, region, SUM(market_amount) AS market FROM market "
        f"WHERE channel_type IS NOT NULL AND region IS NOT NULL AND {_within('month', a_year_of(periods))} "
        "GROUP BY 1, 2 ORDER BY 1, 2",
    )
    cell = ["channel_type", "region"]
    found = points.merge(market, on=cell)
    found["market"] *= found["points"] / found.groupby(cell)["points"].transform("sum")
    return found.groupby("rep_id", as_index=False)["market"].sum()


def lead_counts(engine: Engine, period: Period) -> pd.DataFrame:
    """Leads closed in the period and those open at its end.

    Returns
    -------
    DataFrame
        rep_id, source ("" where none is given), won, closed, open, won_value (currency).
    """
    closed = (
        f"closed_on >= {sql_day(period.start)} AND closed_on < {sql_day(period.end)} AND status <> 'open'"
    )
    is_open = (
        f"created_on < {sql_day(period.end)} AND (closed_on IS NULL OR closed_on >= {sql_day(period.end)})"
    )
    return rows_of(
        engine,
        "SELECT rep_id, COALESCE(source, '') AS source, "
        f"COUNT(*) FILTER (WHERE {closed} AND status = 'won') AS won, "
        f"COUNT(*) FILTER (WHERE {closed}) AS closed, COUNT(*) FILTER (WHERE {is_open}) AS open, "
        f"COALESCE(SUM(value) FILTER (WHERE {closed} AND status = 'won'), 0) AS won_value "
        f"FROM leads WHERE rep_id IS NOT NULL AND (({closed}) OR ({is_open})) "
        "GROUP BY 1, 2 ORDER BY 1, 2",
    )


def visit_counts(engine: Engine, period: Period) -> pd.DataFrame:
    """Visits planned for the period: rep_id, planned, done."""
    return rows_of(
        engine,
        "SELECT rep_id, COUNT(*) AS planned, COUNT(done_on) AS done FROM visits "
        f"WHERE rep_id IS NOT NULL AND {_within('planned_on', [period])} GROUP BY rep_id ORDER BY rep_id",
    )


def new_customer_sales(engine: Engine, period: Period, lookback: datetime.date) -> pd.DataFrame:
    """Sales of the period to customers without an order since `lookback`, by rep.

    Returns
    -------
    DataFrame
        rep_id, customers, amount (currency), squares (of the customers' amounts).
    """
    before = (
        "SELECT DISTINCT customer_id FROM sales WHERE kind = 'order' AND customer_id IS NOT NULL "
        f"AND order_date >= {sql_day(lookback)} AND order_date < {sql_day(period.start)}"
    )
    customers = (
        "SELECT s.rep_id, s.customer_id, CAST(SUM(s.net_amount) AS DECIMAL(18, 2)) AS amount FROM sales AS s "
        f"LEFT JOIN ({before}) AS b ON b.customer_id = s.customer_id WHERE b.customer_id IS NULL "
        "AND s.rep_id IS NOT NULL AND s.customer_id IS NOT NULL "
        f"AND {_within('s.order_date', [period])} GROUP BY s.rep_id, s.customer_id"
    )
    return rows_of(
        engine,
        "SELECT rep_id, COUNT(*) AS customers, SUM(amount) AS amount, SUM(amount * amount) AS squares "
        f"FROM ({customers}) AS c GROUP BY rep_id ORDER BY rep_id",
    )


def trainings(engine: Engine, periods: Sequence[Period]) -> pd.DataFrame:
    """Courses our staff took in the periods: staff_id, number, held_on, course, hours, score."""
    return rows_of(
        engine,
        f"SELECT staff_id, {_number('held_on', periods)} AS number, held_on, course, hours, score "
        f"FROM training WHERE staff_id IS NOT NULL AND {_within('held_on', periods)} "
        "ORDER BY held_on, staff_id, training_id",
    )


def vacancies(engine: Engine, tables: Collection[str], day: datetime.date) -> pd.DataFrame:
    """Partners and customers in business whose owner left before a day.

    Returns
    -------
    DataFrame
        rep_id (the owner who left), partners, customers.
    """
    parts = []
    for table, living in (("partners", f"(t.exit_date IS NULL OR t.exit_date >= {sql_day(day)})"),
                          ("customers", "TRUE")):  # fmt: skip
        if table in tables:
            counts = ", ".join(f"{1 if name == table else 0} AS {name}" for name in ("partners", "customers"))
            parts.append(
                f"SELECT t.owner_id, {counts} FROM {table} AS t JOIN staff AS f ON f.staff_id = t.owner_id "
                f"WHERE f.end_date < {sql_day(day)} AND {living}"
            )
    if not parts:
        return pd.DataFrame(columns=["rep_id", "partners", "customers"])
    return rows_of(
        engine,
        "SELECT owner_id AS rep_id, CAST(SUM(partners) AS BIGINT) AS partners, "
        "CAST(SUM(customers) AS BIGINT) AS customers "
        f"FROM ({' UNION ALL '.join(parts)}) AS v GROUP BY owner_id ORDER BY owner_id",
    )


def a_year_of(periods: Sequence[Period]) -> Sequence[Period]:
    """The periods from the first on that make a year."""
    return periods[: 12 // MONTHS[periods[0].kind]]


def _lines(periods: Sequence[Period], shared: Collection[tuple[str, str]]) -> str:
    """Sales lines of the periods with the selling point they belong to and their period's number."""
    cells = " OR ".join(
        f"(channel_type = {literal(kind)} AND COALESCE(region, '') = {literal(region)})"
        for kind, region in shared
    )
    by_customer = f"WHEN {cells} THEN 'c' || COALESCE(customer_id, '')" if cells else ""
    return (
        f"SELECT CASE WHEN partner_id IS NOT NULL THEN 'p' || partner_id {by_customer} "
        "ELSE 'd' || channel_type || '/' || COALESCE(region, '') END AS point, channel_type, "
        "COALESCE(region, '') AS region, rep_id, net_amount, kind, "
        "CASE WHEN kind = 'order' THEN order_id END AS order_key, "
        f"{_number('order_date', periods)} AS number FROM sales WHERE {_within('order_date', periods)}"
    )


def _held(periods: Sequence[Period], shared: Collection[tuple[str, str]]) -> str:
    """Who holds each selling point: point, rep_id."""
    year = _lines(periods[: len(a_year_of(periods)) + 1], shared)
    sums = (
        "SELECT point, rep_id, SUM(CASE WHEN number = 0 THEN net_amount ELSE 0 END) AS lately, "
        f"SUM(net_amount) AS amount FROM ({year}) AS y WHERE kind = 'order' AND rep_id IS NOT NULL "
        "GROUP BY point, rep_id"
    )
    return (
        "SELECT point, rep_id FROM (SELECT point, rep_id, ROW_NUMBER() OVER "
        f"(PARTITION BY point ORDER BY lately DESC, amount DESC, rep_id) AS place FROM ({sums}) AS s) AS r "
        "WHERE place = 1"
    )


def _number(column: str, periods: Sequence[Period]) -> str:
    cases = " ".join(
        f"WHEN {column} >= {sql_day(p.start)} AND {column} < {sql_day(p.end)} THEN {number}"
        for number, p in enumerate(periods)
    )
    return f"CASE {cases} END"


def _within(column: str, periods: Sequence[Period]) -> str:
    start, end = min(p.start for p in periods), max(p.end for p in periods)
    return f"{column} >= {sql_day(start)} AND {column} < {sql_day(end)}"

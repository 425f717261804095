"""The queries behind KPI values: one pass per table, window and period, all levels at once."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..contracts.policy import ChannelType, Policy
from ..store.engine import Engine, literal, quoted
from .facts import UNASSIGNED, entity_column, fact_sql
from .kpis import Kpi, Term, columns_of, named_sql, with_names
from .periods import Period, add_months

ROWS = "rows"
"""Column of a scan that counts the rows it read for an entity."""

MONTHS_SEEN = "months_seen"
"""Column of a scan of a monthly table that counts the months it has rows for."""


RECENT_MONTHS = 3
"""The last months of a period that tell how fast goods sell; of shorter periods all."""

USUAL = ChannelType(family="indirect")
"""The windows of rows whose channel type the policy does not know."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Terms that one pass over a table answers: same table, window, date column and entities."""

    table: str
    window: str
    date: str
    of_partner: bool
    terms: tuple[Term, ...]


def scans_of(terms: Iterable[Term]) -> list[Scan]:
    """Group terms so that every table is read once per window, date column and kind of entity."""
    grouped: dict[tuple[str, str, str, bool], dict[Term, None]] = {}
    for term in terms:
        key = (term.table, term.window, term.date_column, term.of_partner)
        grouped.setdefault(key, {})[term] = None
    return [Scan(*key, terms=tuple(found)) for key, found in grouped.items()]


def scan_sums(
    engine: Engine, scan: Scan, period: Period, levels: Sequence[str], policy: Policy, condition: str = ""
) -> pd.DataFrame:
    """Run one scan for every entity of every level the table knows.

    Returns one row per (level, entity) with columns term_0, term_1, ..., `ROWS`, and of monthly
    tables `MONTHS_SEEN`.
    """
    names = dated_names(period, policy)
    entities = entity_columns(scan.table, levels, policy)
    used = {"level", "window_start", "window_end"} if scan.table == "targets" else set()
    facts, where = scan_rows(scan, period, policy, {*used, *entities.values()}, condition)
    keys = [quoted(column) for column in distinct_columns(entities)]
    aggregates = [f"{with_names(term.tree, names)} AS term_{i}" for i, term in enumerate(scan.terms)]
    aggregates.append(f"COUNT(*) AS {ROWS}")
    measured = [*(f"term_{i}" for i in range(len(scan.terms))), ROWS]
    if scan.date == "month":
        aggregates.append(f"COUNT(DISTINCT month) AS {MONTHS_SEEN}")
        measured.append(MONTHS_SEEN)
    sets = ", ".join(f"({quoted(column)})" if column else "()" for column in dict.fromkeys(entities.values()))
    grouping = f" GROUP BY GROUPING SETS ({sets})" if keys else ""
    query = f"SELECT {', '.join([*keys, *aggregates])} FROM ({facts}) AS f WHERE {where}{grouping}"
    return read_sums(engine, query, entities, measured)


def scan_rows(
    scan: Scan, period: Period, policy: Policy, columns: Collection[str], condition: str = ""
) -> tuple[str, str]:
    """The rows of a scan with some columns beside those of its terms: a SELECT, and which of its rows."""
    names = dated_names(period, policy)
    used = {*columns, scan.date}.union(*(columns_of(term.tree) for term in scan.terms)) - {""}
    used |= {"channel_type"} if scan.window == "activity" else set()
    used |= {"partner_id"} if scan.of_partner else set()
    facts = named_sql(fact_sql(scan.table, sorted(used), policy, scan.of_partner, _source(scan)), names)
    named = f"partner_id <> '{UNASSIGNED}'" if scan.of_partner else ""
    within = _within(scan, period, policy, names)
    where = " AND ".join(filter(None, [within, named, condition])) or "TRUE"
    return facts, where


def base_of(kpi: Kpi, period: Period) -> Period | None:
    """The period a KPI compares with."""
    return {"previous": period.previous, "last_year": period.last_year}.get(kpi.base)


def dated_names(
    period: Period, policy: Policy, base: Period | None = None, lookback_months: int = 0
) -> dict[str, str]:
    """SQL of every :name for one period; the windows of activity and churn depend on the channel type."""
    base = base or period
    recent = max(period.start, add_months(period.end, -RECENT_MONTHS))
    tolerance = policy.irregularities.price_tolerance
    rules = {**policy.channel_types, "": USUAL}

    def by_type(start: Callable[[str], datetime.date]) -> str:
        usual = start("")
        cases = [f"WHEN {literal(n)} THEN {sql_day(start(n))}" for n in rules if start(n) != usual]
        return f"CASE channel_type {' '.join(cases)} ELSE {sql_day(usual)} END" if cases else sql_day(usual)

    return {
        "period_start": sql_day(period.start),
        "period_end": sql_day(period.end),
        "days": str(period.days),
        "base_start": sql_day(base.start),
        "base_end": sql_day(base.end),
        "lookback_start": sql_day(add_months(period.start, -lookback_months)),
        "activity_start": by_type(lambda n: _activity_start(period, rules[n])),
        "churn_start": by_type(lambda n: add_months(period.start, -rules[n].churn_window_months)),
        "churn_middle": by_type(lambda n: add_months(period.end, -rules[n].churn_window_months)),
        "late_start": sql_day(period.late_start(policy.irregularities.late_share_of_days)),
        "last_month": sql_day(add_months(period.end, -1)),
        "recent_start": sql_day(recent),
        "recent_days": str((period.end - recent).days),
        "price_tolerance": f"CAST({tolerance:.6f} AS DECIMAL(7, 6))",
    }


def entity_columns(table: str, levels: Sequence[str], policy: Policy) -> dict[str, str]:
    """Levels a table knows, with their column ("" for the company)."""
    columns = {level: entity_column(table, level, policy) for level in levels}
    return {level: column for level, column in columns.items() if column is not None}


def _source(scan: Scan) -> str:
    """The lines by cohort: only returns may belong to another day than their own; "" for the table itself."""
    if scan.date != "cohort_date" or scan.window != "period":
        return ""
    dated = "order_date >= :period_start AND order_date < :period_end"
    returns = f"SELECT * FROM {scan.table} WHERE kind = 'return'"
    return f"({returns} UNION ALL SELECT * FROM {scan.table} WHERE kind <> 'return' AND {dated})"


def _activity_start(period: Period, rule: ChannelType) -> datetime.date:
    return min(period.start, add_months(period.end, -rule.activity_window_months))


def distinct_columns(entities: Mapping[str, str]) -> list[str]:
    """The entity columns of some levels, each once, without the company's."""
    return [column for column in dict.fromkeys(entities.values()) if column]


def _within(scan: Scan, period: Period, policy: Policy, names: Mapping[str, str]) -> str:
    if not scan.date:
        return ""
    date = quoted(scan.date)
    before_end = f"{date} < {names['period_end']}"
    if scan.window == "known":
        return before_end
    if scan.window == "period":
        return f"{date} >= {names['period_start']} AND {before_end}"
    first = min(_activity_start(period, rule) for rule in (*policy.channel_types.values(), USUAL))
    return f"{date} >= {sql_day(first)} AND {date} >= {names['activity_start']} AND {before_end}"


def read_sums(engine: Engine, query: str, entities: Mapping[str, str], names: Sequence[str]) -> pd.DataFrame:
    """A grouped query by level and entity: the one entity column that is filled names both."""
    table = engine.query(query)
    frame = pd.DataFrame({name: table[name].cast("float64").to_numpy() for name in names}, dtype=float)
    level = np.full(len(frame), "company", dtype=object)
    entity = np.full(len(frame), "", dtype=object)
    for name, column in entities.items():
        if column:
            values = table[column].to_numpy(zero_copy_only=False)
            filled = np.array([value is not None for value in values], dtype=bool)
            level[filled], entity[filled] = name, values[filled]
    frame.index = pd.MultiIndex.from_arrays([level, entity], names=["level", "entity"])
    return frame if "company" in entities else frame[frame.index.get_level_values(0) != "company"]


def sql_day(day: datetime.date) -> str:
    """A day as an SQL literal."""
    return f"DATE '{day.isoformat()}'"

"""The queries behind KPI values: one pass per table, window and period, all levels at once."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..contracts.policy import ChannelType, Policy
from ..store.engine import Engine, literal, quoted
from .facts import UNASSIGNED, entity_column, fact_sql
from .kpis import Kpi, Term, columns_of, named_sql, parsed, with_names
from .periods import Period, add_months

ROWS = "rows"
"""Column of a scan that counts the rows it read for an entity."""

MONTHS_SEEN = "months_seen"
"""Column of a scan of a monthly table that counts the months it has rows for."""


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
    used = {column for term in scan.terms for column in columns_of(term.tree)}
    used |= {*entities.values(), scan.date} - {""}
    used |= {"level", "window_start", "window_end"} if scan.table == "targets" else set()
    used |= {"channel_type"} if scan.window == "activity" else set()
    used |= {"partner_id"} if scan.of_partner else set()
    facts = named_sql(fact_sql(scan.table, sorted(used), policy, scan.of_partner), names)
    keys = [quoted(column) for column in _distinct(entities)]
    aggregates = [f"{with_names(term.tree, names)} AS term_{i}" for i, term in enumerate(scan.terms)]
    aggregates.append(f"COUNT(*) AS {ROWS}")
    measured = [*(f"term_{i}" for i in range(len(scan.terms))), ROWS]
    if scan.date == "month":
        aggregates.append(f"COUNT(DISTINCT month) AS {MONTHS_SEEN}")
        measured.append(MONTHS_SEEN)
    named = f"partner_id <> '{UNASSIGNED}'" if scan.of_partner else ""
    where = " AND ".join(filter(None, [_within(scan, names), named, condition])) or "TRUE"
    sets = ", ".join(f"({quoted(column)})" if column else "()" for column in dict.fromkeys(entities.values()))
    grouping = f" GROUP BY GROUPING SETS ({sets})" if keys else ""
    query = f"SELECT {', '.join([*keys, *aggregates])} FROM ({facts}) AS f WHERE {where}{grouping}"
    return _read(engine, query, entities, measured)


def nested_sums(
    engine: Engine, kpi: Kpi, period: Period, levels: Sequence[str], policy: Policy
) -> pd.DataFrame:
    """Run a nested KPI: one row per `per` within each entity, then its terms over those rows.

    Returns one row per (level, entity) with columns term_0, term_1, ...
    """
    first_term = kpi.numerator[0]
    table, date = first_term.table, quoted(first_term.date_column)
    names = dated_names(period, policy, base_of(kpi, period), kpi.lookback_months)
    entities = entity_columns(table, levels, policy)
    keys = [quoted(column) for column in _distinct(entities)]
    inner = {name: parsed(text) for name, text in kpi.inner.items()}
    used = set[str]().union(*(columns_of(tree) for tree in inner.values()))
    used |= {kpi.per, first_term.date_column, "channel_type", *entities.values()} - {""}
    facts = named_sql(fact_sql(table, sorted(used), policy, first_term.of_partner), names)
    columns = ", ".join(f"{with_names(tree, names)} AS {quoted(name)}" for name, tree in inner.items())
    sets = ", ".join(
        f"({', '.join([quoted(column), 'per_key'] if column else ['per_key'])})"
        for column in dict.fromkeys(entities.values())
    )
    selected = ", ".join([*keys, "per_key"])
    per = quoted(kpi.per)
    rows = (
        f"SELECT {selected}, {columns} FROM (SELECT *, {per} AS per_key FROM ({facts}) AS f "
        f"WHERE {date} >= {_day(nested_start(kpi, period, policy))} AND {date} < {names['period_end']} "
        f"AND {per} IS NOT NULL AND {per} <> '{UNASSIGNED}') AS g GROUP BY GROUPING SETS ({sets})"
    )
    partition = f"PARTITION BY {', '.join(keys)} " if keys else ""
    order = f"{partition}ORDER BY {quoted(next(iter(inner)))} DESC NULLS LAST, per_key"
    ranked = f"SELECT *, ROW_NUMBER() OVER ({order}) AS rank FROM ({rows}) AS r"
    outer = [f"{with_names(term.tree, names)} AS term_{i}" for i, term in enumerate(kpi.terms)]
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    query = f"SELECT {', '.join([*keys, *outer])} FROM ({ranked}) AS n{by}"
    return _read(engine, query, entities, [f"term_{i}" for i in range(len(outer))])


def base_of(kpi: Kpi, period: Period) -> Period | None:
    """The period a KPI compares with."""
    return {"previous": period.previous, "last_year": period.last_year}.get(kpi.base)


def nested_start(kpi: Kpi, period: Period, policy: Policy) -> datetime.date:
    """First day a nested KPI looks at: of its base, its look-back, its churn windows or the period."""
    if kpi.base:
        return (period.previous if kpi.base == "previous" else period.last_year).start
    if kpi.lookback_months:
        return add_months(period.start, -kpi.lookback_months)
    if kpi.window == "churn":
        longest = max(rule.churn_window_months for rule in policy.channel_types.values())
        return add_months(period.start, -longest)
    return period.start


def dated_names(
    period: Period, policy: Policy, base: Period | None = None, lookback_months: int = 0
) -> dict[str, str]:
    """SQL of every :name for one period; the windows of activity and churn depend on the channel type."""
    base = base or period
    rules = {**policy.channel_types, "": ChannelType(family="indirect")}

    def by_type(start: Callable[[str], datetime.date]) -> str:
        cases = " ".join(f"WHEN {literal(name)} THEN {_day(start(name))}" for name in rules)
        return f"CASE channel_type {cases} ELSE {_day(start(''))} END"

    return {
        "period_start": _day(period.start),
        "period_end": _day(period.end),
        "days": str(period.days),
        "base_start": _day(base.start),
        "base_end": _day(base.end),
        "lookback_start": _day(add_months(period.start, -lookback_months)),
        "activity_start": by_type(
            lambda n: min(period.start, add_months(period.end, -rules[n].activity_window_months))
        ),
        "churn_start": by_type(lambda n: add_months(period.start, -rules[n].churn_window_months)),
        "churn_middle": by_type(lambda n: add_months(period.end, -rules[n].churn_window_months)),
    }


def entity_columns(table: str, levels: Sequence[str], policy: Policy) -> dict[str, str]:
    """Levels a table knows, with their column ("" for the company)."""
    columns = {level: entity_column(table, level, policy) for level in levels}
    return {level: column for level, column in columns.items() if column is not None}


def _distinct(entities: Mapping[str, str]) -> list[str]:
    return [column for column in dict.fromkeys(entities.values()) if column]


def _within(scan: Scan, names: Mapping[str, str]) -> str:
    if not scan.date:
        return ""
    date = quoted(scan.date)
    before_end = f"{date} < {names['period_end']}"
    if scan.window == "known":
        return before_end
    start = names["activity_start"] if scan.window == "activity" else names["period_start"]
    return f"{date} >= {start} AND {before_end}"


def _read(engine: Engine, query: str, entities: Mapping[str, str], names: Sequence[str]) -> pd.DataFrame:
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


def _day(day: datetime.date) -> str:
    return f"DATE '{day.isoformat()}'"

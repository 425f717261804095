"""The queries behind nested KPIs: one row per partner, customer or selling point, then over those rows."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlglot import exp

from ..contracts.policy import Policy
from ..contracts.tables import TABLES
from ..store.engine import Engine, quoted
from .facts import ALWAYS_NAMED, LEVELS, UNASSIGNED, fact_columns, fact_sql, own_columns
from .folding import Folded, folded
from .kpis import Kpi, Term, columns_of, named_sql, parsed, with_names
from .periods import Period, add_months
from .queries import base_of, dated_names, distinct_columns, entity_columns, read_sums, sql_day


@dataclass(frozen=True, slots=True)
class NestedScan:
    """KPIs over the same rows: one per `per` within each entity, with the columns `inner` of `like`."""

    names: tuple[str, ...]
    like: Kpi
    terms: tuple[Term, ...]

    @property
    def source(self) -> Term:
        """The term that says which table, date column and kind of entity the rows are made of."""
        return self.like.numerator[0]

    @property
    def needs_rank(self) -> bool:
        """Whether a term asks for the rank of a row within its entity."""
        return any("rank" in columns_of(term.tree) for term in self.terms)


def nested_scans(kpis: Mapping[str, Kpi]) -> list[NestedScan]:
    """Group nested KPIs so that those over the same rows share a query."""
    grouped: dict[object, list[str]] = {}
    for name, kpi in kpis.items():
        source = kpi.numerator[0]
        rows = (source.table, source.date_column, source.of_partner, kpi.per, tuple(kpi.inner.items()))
        grouped.setdefault((rows, kpi.window, kpi.base, kpi.lookback_months), []).append(name)
    return [
        NestedScan(
            names=tuple(names),
            like=kpis[names[0]],
            terms=tuple(dict.fromkeys(term for name in names for term in kpis[name].terms)),
        )
        for names in grouped.values()
    ]


def nested_sums(
    engine: Engine, scan: NestedScan, period: Period, levels: Sequence[str], policy: Policy
) -> pd.DataFrame:
    """Make one row per `per` within each entity, then the terms over those rows.

    Returns one row per (level, entity) with columns term_0, term_1, ...
    """
    kpi = scan.like
    names = dated_names(period, policy, base_of(kpi, period), kpi.lookback_months)
    entities = entity_columns(scan.source.table, levels, policy)
    keys = [quoted(column) for column in distinct_columns(entities)]
    rows = rows_sql(scan, entities, names, nested_start(kpi, period, policy), policy)
    if scan.needs_rank:
        partition = f"PARTITION BY {', '.join(keys)} " if keys else ""
        order = f"{partition}ORDER BY {quoted(next(iter(kpi.inner)))} DESC NULLS LAST, per_key"
        rows = f"SELECT *, ROW_NUMBER() OVER ({order}) AS rank FROM ({rows}) AS r"
    outer = [f"{with_names(term.tree, names)} AS term_{i}" for i, term in enumerate(scan.terms)]
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    query = f"SELECT {', '.join([*keys, *outer])} FROM ({rows}) AS n{by}"
    return read_sums(engine, query, entities, [f"term_{i}" for i in range(len(outer))])


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


def rows_sql(
    scan: NestedScan,
    entities: Mapping[str, str],
    names: Mapping[str, str],
    start: datetime.date,
    policy: Policy,
) -> str:
    """The inner rows; where possible the lines are first summed per combination of the keys' columns."""
    source, per = scan.source, scan.like.per
    trees = {name: parsed(with_names(parsed(text), names)) for name, text in scan.like.inner.items()}
    keys = distinct_columns(entities)
    date = quoted(source.date_column)
    conditions = [f"{date} >= {sql_day(start)} AND {date} < {names['period_end']}"]
    found, lines, inner = (
        _folded(scan, trees, policy),
        "",
        {n: t.sql(dialect="duckdb") for n, t in trees.items()},
    )
    if found:
        lines, inner = _lines_sql(source, [*keys, per], conditions.pop(), found.parts, policy), found.wholes
        used = [*keys, per, *found.parts]
    else:
        used = sorted({per, source.date_column, *keys}.union(*(columns_of(tree) for tree in trees.values())))
    facts = named_sql(
        fact_sql(source.table, used, policy, source.of_partner, "lines" if found else ""), names
    )
    key = quoted(per)
    if per not in ALWAYS_NAMED:
        conditions.append(f"{key} IS NOT NULL AND {key} <> '{UNASSIGNED}'")
    columns = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in inner.items())
    selected = ", ".join([*(quoted(column) for column in keys), "per_key"])
    sets = ", ".join(
        f"({', '.join([quoted(column), 'per_key'] if column else ['per_key'])})"
        for column in dict.fromkeys(entities.values())
    )
    return (
        f"{lines}SELECT {selected}, {columns} FROM (SELECT *, {key} AS per_key FROM ({facts}) AS f "
        f"WHERE {' AND '.join(conditions) or 'TRUE'}) AS g GROUP BY GROUPING SETS ({sets})"
    )


def _lines_sql(
    source: Term, keys: Sequence[str], within: str, parts: Mapping[str, str], policy: Policy
) -> str:
    """A WITH that sums lines per combination of the table's own columns of which the keys are made."""
    own = own_columns(source.table, keys, policy, source.of_partner)
    columns = ", ".join(quoted(column) for column in own)
    sums = ", ".join(f"{sql} AS {name}" for name, sql in parts.items())
    return f"WITH lines AS (SELECT {columns}, {sums} FROM {source.table} WHERE {within} GROUP BY {columns}) "


def _folded(scan: NestedScan, trees: Mapping[str, exp.Expr], policy: Policy) -> Folded | None:
    """The inner columns in two steps, when they and the date are columns of the table itself."""
    table = TABLES[scan.source.table]
    derived = {*fact_columns(table, policy, scan.source.of_partner), *LEVELS.values()}
    plain = set(table.column_names) - derived
    return folded(trees, plain) if scan.source.date_column in plain else None

"""The queries behind leaf tables: one pass per table and group of windows that do not overlap."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from sqlglot import exp

from ..contracts.policy import Policy
from ..errors import InputError, Problem
from ..store.engine import quoted
from ..store.workspace import Facts
from .facts import UNASSIGNED, fact_sql
from .folding import Folded, folded
from .kpis import NAMES, Kpi, Term, columns_of, named_sql, parsed, with_names
from .leaf_terms import check_can_be_explained, counted_terms
from .nested import nested_start
from .periods import Period
from .queries import ROWS, Scan, base_of, dated_names, scan_rows, scans_of, sql_day
from .targets import FINER_FIRST, closed_windows, holds_most_of, register_target_actuals, supplied_levels

WINDOW = "window"
SQUARES = "squares"

UNDATED_NAMES = ("price_tolerance",)
"""Names in a KPI's SQL that are the same in every period."""


def disjoint(windows: Sequence[Period]) -> list[list[int]]:
    """Places of the windows in groups of which no two overlap, so that one pass answers a group.

    Examples
    --------
    >>> from .periods import parse_period
    >>> disjoint([parse_period(code) for code in ("2025Q1", "2025-02", "2025Q2")])
    [[0, 2], [1]]
    """
    groups: list[list[int]] = []
    for place, one in enumerate(windows):
        apart = (
            group
            for group in groups
            if all(one.end <= windows[i].start or one.start >= windows[i].end for i in group)
        )
        found = next(apart, None)
        if found is None:
            groups.append([place])
        else:
            found.append(place)
    return groups


def plain_parts(
    facts: Facts, kpi: Kpi, policy: Policy, windows: Sequence[Period], columns: Mapping[str, str]
) -> list[pd.DataFrame]:
    """A frame of leaves per table, window set and side, with the columns of a leaf table it knows."""
    return [
        _sides(frame, kpi, scan.terms)
        for scan in scans_of(counted_terms(kpi))
        for frame in _passes(facts, scan, policy, windows, columns, kpi)
    ]


def count_parts(
    facts: Facts,
    counts: Mapping[str, Term],
    policy: Policy,
    windows: Sequence[Period],
    columns: Mapping[str, str],
) -> list[pd.DataFrame]:
    """A frame of leaves per table and window set, with the counts that it knows by their name."""
    found = []
    for scan in scans_of(counts.values()):
        places = {
            name: f"term_{scan.terms.index(term)}" for name, term in counts.items() if term in scan.terms
        }
        for frame in _passes(facts, scan, policy, windows, columns):
            sums = {name: frame[place].fillna(0.0) for name, place in places.items()}
            found.append(frame[[WINDOW, *columns]].assign(**sums))
    return found


def _passes(
    facts: Facts,
    scan: Scan,
    policy: Policy,
    windows: Sequence[Period],
    columns: Mapping[str, str],
    kpi: Kpi | None = None,
) -> Iterable[pd.DataFrame]:
    """A query per group of windows that one pass can answer."""
    level = _set_of_targets(facts, policy, columns) if scan.table == "targets" else ""
    groups = disjoint(windows) if _one_pass(scan, policy) else [[i] for i in range(len(windows))]
    for group in groups:
        own = {i: windows[i] for i in group}
        condition = f"level = '{level}' AND {holds_most_of(own[group[0]])}" if level else ""
        yield _leaves(facts, kpi, scan, policy, own, columns, condition)


def _set_of_targets(facts: Facts, policy: Policy, columns: Mapping[str, str]) -> str:
    """The set of targets that tells every dimension; what was sold in its windows is registered."""
    supplied = supplied_levels(facts.engine)
    wanted = set(columns.values())
    found = next((level for level in FINER_FIRST if wanted <= supplied.get(level, {""})), "")
    found = "company" if not wanted and "company" in supplied else found
    if not found:
        what = f"no set of targets is split by {' and '.join(columns)} together"
        raise InputError([Problem("dimensions", what, "leave one out")])
    windows = closed_windows(facts.engine)
    register_target_actuals(facts.engine, policy, windows.filter(pc.equal(windows["level"], found)))
    return found


def _one_pass(scan: Scan, policy: Policy) -> bool:
    """Whether nothing but the rows' dates depends on the window."""
    if scan.window != "period" or not scan.date or scan.table == "targets":
        return False
    used = set[str]().union(*(columns_of(term.tree) for term in scan.terms))
    text = fact_sql(scan.table, sorted(used), policy, scan.of_partner)
    text += " ".join(term.expr for term in scan.terms)
    return not set(re.findall(r":(\w+)", text)) & set(NAMES) - set(UNDATED_NAMES)


def _leaves(
    facts: Facts,
    kpi: Kpi | None,
    scan: Scan,
    policy: Policy,
    windows: Mapping[int, Period],
    columns: Mapping[str, str],
    condition: str,
) -> pd.DataFrame:
    """One query: the scan's terms by window and leaf, and where they say something squares by order."""
    hull = _hull(list(windows.values()))
    names = dated_names(hull, policy)
    split = _squared(kpi, scan, names) if kpi else None
    needed = {*columns.values(), *(["order_id"] if split else [])}
    needed |= {"level", "window_start", "window_end"} if scan.table == "targets" else set()
    rows, within = scan_rows(scan, hull, policy, needed, condition)
    numbered = ", ".join([f"{_numbered(scan, windows)} AS window_number", *_named(columns)])
    base = f"SELECT *, {numbered} FROM ({rows}) AS f WHERE {within}"
    keys = ["window_number", *(f"dimension_{i}" for i in range(len(columns)))]
    wholes = [with_names(term.tree, names) for term in scan.terms]
    counted, squares = "COUNT(*)", "CAST(NULL AS DOUBLE)"
    if split:
        inner = ", ".join(f"{sql} AS {name}" for name, sql in split.parts.items())
        by = ", ".join([*keys, "order_id"])
        base = (
            f"SELECT {by}, COUNT(*) AS part_rows, {inner} FROM ({base}) AS o "
            f"WHERE window_number IS NOT NULL GROUP BY {by}"
        )
        wholes = [split.wholes[str(i)] for i in range(len(scan.terms))]
        counted = "SUM(part_rows)"
        squares = "SUM(CAST(part_0 AS DECIMAL(19, 2)) * CAST(part_0 AS DECIMAL(19, 2)))"
    aggregates = [f"{sql} AS term_{i}" for i, sql in enumerate(wholes)]
    selected = ", ".join([*keys, *aggregates, f"{counted} AS {ROWS}", f"{squares} AS {SQUARES}"])
    query = f"SELECT {selected} FROM ({base}) AS w WHERE window_number IS NOT NULL GROUP BY {', '.join(keys)}"
    return _read(facts, query, columns)


def _read(facts: Facts, query: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """What a query gives by window and leaf: the dimensions by their name, the terms, rows and squares."""
    table = facts.engine.query(query)
    frame = pd.DataFrame({WINDOW: table["window_number"].cast("int64").to_numpy()})
    for i, name in enumerate(columns):
        frame[name] = table[f"dimension_{i}"].to_numpy(zero_copy_only=False)
    for name in table.column_names:
        if name.startswith("term_") or name in (ROWS, SQUARES):
            frame[name] = table[name].cast("float64").to_numpy(zero_copy_only=False)
    return frame


def _sides(frame: pd.DataFrame, kpi: Kpi, terms: Sequence[Term]) -> pd.DataFrame:
    """The terms added up to the KPI's numerator and denominator."""
    places = [name for name in frame if name.startswith("term_")]
    found = frame.drop(columns=[*places, ROWS])
    for side in ("numerator", "denominator"):
        own = [frame[f"term_{i}"].fillna(0.0) for i, term in enumerate(terms) if term in getattr(kpi, side)]
        found[side] = reduce(np.add, own) if own else np.nan
    found["rows"] = frame[ROWS] if any(term in kpi.numerator for term in terms) else np.nan
    return found


def _squared(kpi: Kpi, scan: Scan, names: Mapping[str, str]) -> Folded | None:
    """The scan's terms in two steps, by order; None where squares of order sums say nothing."""
    if len(kpi.numerator) != 1 or scan.table != "sales" or scan.terms[0] != kpi.numerator[0]:
        return None
    trees = {str(i): parsed(with_names(term.tree, names)) for i, term in enumerate(scan.terms)}
    found = folded(trees, set[str]().union(*(columns_of(tree) for tree in trees.values())))
    aggregates = list(scan.terms[0].tree.find_all(exp.AggFunc))
    is_sum = [type(one) for one in aggregates if not isinstance(one, exp.Coalesce)] == [exp.Sum]
    return found if found and is_sum else None


def nested_parts(
    facts: Facts, kpi: Kpi, policy: Policy, windows: Sequence[Period], columns: Mapping[str, str]
) -> list[pd.DataFrame]:
    """Leaves of a nested KPI: first one row per `per` within a leaf, then the terms over those rows."""
    check_can_be_explained(kpi)
    scan = inner_scan(kpi)
    terms = [*kpi.numerator, *kpi.denominator]
    found = []
    for place, period in enumerate(windows):
        names = dated_names(period, policy, base_of(kpi, period), kpi.lookback_months)
        rows, within = kpi_rows(kpi, scan, period, policy, columns.values())
        keys = [f"dimension_{i}" for i in range(len(columns))]
        inner = ", ".join(
            f"{with_names(parsed(text), names)} AS {quoted(name)}" for name, text in kpi.inner.items()
        )
        listed = ", ".join([*keys, "per_key"])
        named = ", ".join([f"{quoted(kpi.per)} AS per_key", *_named(columns)])
        base = (
            f"SELECT {listed}, COUNT(*) AS part_rows, {inner} FROM "
            f"(SELECT *, {named} FROM ({rows}) AS f WHERE {within}) AS g GROUP BY {listed}"
        )
        sums = [f"{with_names(term.tree, names)} AS term_{i}" for i, term in enumerate(terms)]
        own = [f"{place} AS window_number", *keys, *sums, f"SUM(part_rows) AS {ROWS}"]
        query = f"SELECT {', '.join(own)}, CAST(NULL AS DOUBLE) AS {SQUARES} FROM ({base}) AS n"
        query += f" GROUP BY {', '.join(keys)}" if keys else " HAVING COUNT(*) > 0"
        found.append(_sides(_read(facts, query, columns), kpi, terms))
    return found


def inner_scan(kpi: Kpi) -> Scan:
    """The rows of a nested KPI as a scan; its terms are over the rows made of them."""
    source = kpi.numerator[0]
    return Scan(source.table, "period", source.date_column, source.of_partner, ())


def filled_columns(
    facts: Facts, terms: Iterable[Term], policy: Policy, columns: Mapping[str, str]
) -> dict[str, str]:
    """The dimensions of which tables other than sales say something in every row; sales may leave gaps."""
    found = dict(columns)
    for table, of_partner in dict.fromkeys((term.table, term.of_partner) for term in terms):
        if table == "sales" or not found:
            continue
        counts = [
            f"COUNT(*) FILTER (WHERE {text_of(column)} = '{UNASSIGNED}') AS gaps_{i}"
            for i, column in enumerate(found.values())
        ]
        rows = fact_sql(table, sorted(found.values()), policy, of_partner)
        row = facts.engine.query(f"SELECT {', '.join(counts)} FROM ({rows}) AS f").to_pylist()[0]
        found = {name: column for i, (name, column) in enumerate(found.items()) if not row[f"gaps_{i}"]}
    return found


def kpi_rows(kpi: Kpi, scan: Scan, period: Period, policy: Policy, columns: Iterable[str]) -> tuple[str, str]:
    """The rows of a scan; of a nested KPI those from the first day it looks at."""
    if kpi.kind != "nested":
        return scan_rows(scan, period, policy, set(columns))
    inner = set[str]().union(*(columns_of(parsed(text)) for text in kpi.inner.values()))
    start = nested_start(kpi, period, policy)
    names = dated_names(period, policy, base_of(kpi, period), kpi.lookback_months)
    used = sorted({*columns, *inner, kpi.per, scan.date})
    rows = named_sql(fact_sql(scan.table, used, policy, scan.of_partner), names)
    key, date = quoted(kpi.per), quoted(scan.date)
    return rows, (
        f"{date} >= {sql_day(start)} AND {date} < {names['period_end']} "
        f"AND {key} IS NOT NULL AND {key} <> '{UNASSIGNED}'"
    )


def several_valued(
    facts: Facts,
    scan: Scan,
    counted: str,
    kpi: Kpi,
    policy: Policy,
    period: Period,
    columns: Mapping[str, str],
) -> set[str]:
    """Dimensions of which some counted thing has several values in a window."""
    if not columns:
        return set()
    rows, within = kpi_rows(kpi, scan, period, policy, {*columns.values(), counted})
    tests = [within, *(let_in(scan, dated_names(period, policy)) if kpi.kind != "nested" else [])]
    values = [text_of(column) for column in columns.values()]
    inner = ", ".join(
        f"CASE WHEN MIN({one}) <> MAX({one}) THEN 1 ELSE 0 END AS several_{i}" for i, one in enumerate(values)
    )
    outer = ", ".join(f"MAX(several_{i}) AS several_{i}" for i in range(len(values)))
    query = (
        f"SELECT {outer} FROM (SELECT {quoted(counted)} AS thing, {inner} FROM ({rows}) AS f "
        f"WHERE {' AND '.join(tests)} AND {quoted(counted)} IS NOT NULL GROUP BY {quoted(counted)}) AS s"
    )
    row = facts.engine.query(query).to_pylist()[0]
    return {name for i, name in enumerate(columns) if row[f"several_{i}"]}


def let_in(scan: Scan, names: Mapping[str, str]) -> list[str]:
    """The rows that any aggregate of the scan lets in; nothing where one takes all."""
    found = []
    for term in scan.terms:
        for aggregate in term.tree.find_all(exp.Sum, exp.Count):
            if not isinstance(aggregate.parent, exp.Filter):
                return []
            found.append(f"({with_names(aggregate.parent.expression.this, names)})")
    return [f"({' OR '.join(dict.fromkeys(found))})"] if found else []


def _hull(windows: Sequence[Period]) -> Period:
    if len(windows) == 1:
        return windows[0]
    return Period(min(one.start for one in windows), max(one.end for one in windows), windows[0].kind)


def _numbered(scan: Scan, windows: Mapping[int, Period]) -> str:
    """SQL of the place of the window that a row belongs to."""
    if len(windows) == 1:
        return str(next(iter(windows)))
    date = quoted(scan.date)
    cases = " ".join(
        f"WHEN {date} >= {sql_day(one.start)} AND {date} < {sql_day(one.end)} THEN {place}"
        for place, one in windows.items()
    )
    return f"CASE {cases} END"


def _named(columns: Mapping[str, str]) -> list[str]:
    """The dimensions under names that clash with no column."""
    return [f"{text_of(column)} AS dimension_{i}" for i, column in enumerate(columns.values())]


def text_of(column: str) -> str:
    return f"COALESCE({quoted(column)}, '{UNASSIGNED}')"

"""Parts of KPIs: numerators, denominators and squares of every entity in one period, and why not."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..contracts.policy import Policy
from ..store.engine import Engine, quoted
from ..store.workspace import Facts
from .facts import UNASSIGNED, fact_sql
from .intervals import Floats
from .kpis import Kpi, Term, columns_of, parsed
from .nested import nested_scans, nested_start, nested_sums
from .periods import MONTHS, Period
from .queries import MONTHS_SEEN, ROWS, Scan, entity_columns, scan_sums, scans_of
from .targets import (
    closed_windows,
    holds_most_of,
    level_for,
    register_target_actuals,
    supplied_levels,
)

BoolArray = NDArray[np.bool_]

SIDES = ("numerator", "denominator", "squares")

UNKNOWN = float("inf")
"""Stands for a term that is NULL although the entity has rows: unlike no rows at all, not a zero."""

PRESENCE = Term(table="sales", expr="count(*)")
"""Measured with every set of KPIs, so that whoever sold has a row, be it one that says why not."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A KPI's numerators, denominators and squares in one period, entity by entity.

    A numerator is NaN where there are no rows, `UNKNOWN` where there are rows but no figure; `status`
    is "" where parts are there.
    """

    sides: dict[str, Floats]
    status: NDArray[np.object_]


@dataclass(slots=True)
class Measuring:
    """Runs the queries of a set of KPIs period by period and remembers what they gave."""

    facts: Facts
    kpis: Mapping[str, Kpi]
    policy: Policy
    levels: tuple[str, ...]
    _terms: dict[tuple[str, Term], pd.Series] = field(default_factory=dict)
    _nested: dict[tuple[str, str, Term], pd.Series] = field(default_factory=dict)
    _empty: set[tuple[str, Term]] = field(default_factory=set)
    _monthly: dict[str, bool] = field(default_factory=dict)
    _months: dict[tuple[str, str], pd.Series] = field(default_factory=dict)
    _absent: dict[str, str] = field(default_factory=dict)
    _facts_found: set[tuple[str, bool, str]] | None = None
    _targets: dict[str, set[str]] | None = None
    _windows: pa.Table | None = None

    def measure(self, period: Period, names: Sequence[str]) -> None:
        """Run the queries of one period, a pass per table and window, for the KPIs that can be had."""
        usable = [name for name in names if not self.why_absent(name)]
        simple = [self.kpis[name] for name in usable if self.kpis[name].kind != "nested"]
        for scan in scans_of([PRESENCE, *(term for kpi in simple for term in kpi.terms)]):
            sums = self._scan(scan, period)
            is_empty = not sums[ROWS].sum()
            if MONTHS_SEEN in sums and scan.window == "period":
                self._months[period.code, scan.table] = sums[MONTHS_SEEN]
            for number, term in enumerate(scan.terms):
                self._terms[period.code, term] = sums[f"term_{number}"].fillna(UNKNOWN)
                if is_empty:
                    self._empty.add((period.code, term))
        nested = {name: kpi for name in usable if (kpi := self.kpis[name]).kind == "nested"}
        early = [name for name, kpi in nested.items() if self._too_early(kpi, period)]
        for rows in nested_scans({name: kpi for name, kpi in nested.items() if name not in early}):
            sums = nested_sums(self.facts.engine, rows, period, self.levels, self.policy)
            for name in rows.names:
                for term in self.kpis[name].terms:
                    self._nested[period.code, name, term] = sums[f"term_{rows.terms.index(term)}"]

    def entities(self) -> pd.MultiIndex:
        """Every (level, entity) met in any query so far, sorted."""
        met = {("company", "")} if "company" in self.levels else set[tuple[str, str]]()
        for found in (*self._terms.values(), *self._nested.values()):
            met.update(found.index)
        return pd.MultiIndex.from_tuples(sorted(met), names=["level", "entity"])

    def parts(self, period: Period, name: str, entities: pd.MultiIndex) -> Parts:
        """Numerator, denominator, squares and preliminary status of one KPI."""
        kpi, status = self.kpis[name], self._status(period, name)
        level = entities.get_level_values("level")
        sides = {side: np.full(len(entities), np.nan) for side in SIDES}
        statuses = np.full(len(entities), status, dtype=object)
        if status in ("", "no_rows"):
            statuses[~level.isin(self._levels_of(kpi))] = "no_level"
        if not status:
            for side in SIDES:
                terms = [self._of_term(period, name, term, entities) for term in getattr(kpi, side)]
                sides[side] = _added(terms, len(entities))
            for side in ("denominator", "squares"):
                sides[side][sides[side] == UNKNOWN] = np.nan
            statuses[self._is_partial(period, kpi, entities) & (statuses == "")] = "partial"
        return Parts(sides, statuses)

    def why_absent(self, name: str) -> str:
        """Why a KPI cannot be computed for anybody; "" when it can."""
        if name not in self._absent:
            self._absent[name] = self._find_absence(self.kpis[name])
        return self._absent[name]

    def starts_after(self, table: str, day: datetime.date) -> bool:
        """Whether a table's data begin later than a day (beyond the policy's tolerance)."""
        first = self.facts.intake.account(table).first_date
        tolerance = datetime.timedelta(days=self.policy.periods.coverage_tolerance_days)
        return first is None or first > day + tolerance

    def _find_absence(self, kpi: Kpi) -> str:
        if any(not self.facts.intake.has(table) for table in kpi.tables):
            return "no_table"
        table = kpi.numerator[0].table
        return "" if all(self._holds(table, False, need) for need in kpi.needs) else "no_data"

    def _holds(self, table: str, of_partner: bool, condition: str) -> bool:
        """Whether any row of a table, of whatever date, meets a condition."""
        if self._facts_found is None:
            self._facts_found = self._find_facts()
        return (table, of_partner, condition) in self._facts_found

    def _find_facts(self) -> set[tuple[str, bool, str]]:
        """Which conditions hold for any row, of all that the KPIs need and that tell entities apart."""
        asked = {(kpi.numerator[0].table, False, need) for kpi in self.kpis.values() for need in kpi.needs}
        for table, of_partner in {(t.table, t.of_partner) for kpi in self.kpis.values() for t in kpi.terms}:
            columns = entity_columns(table, self.levels, self.policy).values()
            asked |= {(table, of_partner, _names_entity(column)) for column in columns if column}
        probes = sorted(key for key in asked if self.facts.intake.has(key[0]))
        queries = []
        for number, (table, of_partner, condition) in enumerate(probes):
            tree = parsed(condition)
            facts = fact_sql(table, sorted(columns_of(tree)), self.policy, of_partner)
            row = f"SELECT {number} AS n FROM ({facts}) AS f WHERE {tree.sql(dialect='duckdb')} LIMIT 1"
            queries.append(f"SELECT n FROM ({row}) AS p{number}")
        found = _numbers(self.facts.engine, " UNION ALL ".join(queries)) if queries else frozenset()
        return {probes[number] for number in found}

    def _status(self, period: Period, name: str) -> str:
        kpi = self.kpis[name]
        if self.why_absent(name):
            return self.why_absent(name)
        if kpi.kind == "nested":
            return "no_history" if self._too_early(kpi, period) else ""
        return "no_rows" if any((period.code, term) in self._empty for term in kpi.terms) else ""

    def _is_partial(self, period: Period, kpi: Kpi, entities: pd.MultiIndex) -> BoolArray:
        """Entities for which a monthly table of the KPI lacks months of the period that it should have.

        Market figures are there every month for whomever they are there at all; of costs and stock,
        where months without a row may be true, the table as a whole must have every month. Tables that
        are not filled month by month are taken as they are.
        """
        partial = np.zeros(len(entities), dtype=bool)
        for table in kpi.tables:
            seen = self._months.get((period.code, table))
            if seen is None or not self._is_monthly(table):
                continue
            if seen.max() < MONTHS[period.kind]:
                partial[:] = True
            elif table == "market":
                months = seen.reindex(entities).to_numpy()
                partial |= (months > 0) & (months < MONTHS[period.kind])
        return partial

    def _is_monthly(self, table: str) -> bool:
        """Whether a table is filled month by month, so that a month without rows is one to come."""
        if table not in self._monthly:
            row = self.facts.engine.query(
                "SELECT COUNT(DISTINCT month) AS n, 12 * (YEAR(MAX(month)) - YEAR(MIN(month))) "
                f"+ MONTH(MAX(month)) - MONTH(MIN(month)) + 1 AS span FROM {table}"
            ).to_pylist()[0]
            self._monthly[table] = row["n"] >= 3 and row["n"] >= 0.9 * row["span"]
        return self._monthly[table]

    def _of_term(self, period: Period, name: str, term: Term, entities: pd.MultiIndex) -> Floats:
        """A term's value for every entity, NaN where it has no rows."""
        kpi = self.kpis[name]
        if kpi.kind == "nested":
            sums = self._nested[period.code, name, term]
        else:
            sums = self._terms[period.code, term]
        found = np.full(len(entities), np.nan)
        found[entities.get_indexer(sums.index)] = sums.to_numpy()
        return found

    def _levels_of(self, kpi: Kpi) -> set[str]:
        """Levels whose entities every table of the KPI tells apart."""
        terms = kpi.numerator[:1] if kpi.kind == "nested" else kpi.terms
        return set.intersection(*(self._levels_told_apart(term.table, term.of_partner) for term in terms))

    def _levels_told_apart(self, table: str, of_partner: bool) -> set[str]:
        """A table tells the entities of a level apart when any of its rows, of whatever date, names one."""
        if table == "targets":
            return {level for level, by in self._served_levels().items() if by}
        columns = entity_columns(table, self.levels, self.policy).items()
        return {level for level, c in columns if not c or self._holds(table, of_partner, _names_entity(c))}

    def _served_levels(self) -> dict[str, str | None]:
        if self._targets is None:
            self._targets = supplied_levels(self.facts.engine)
        return {level: level_for(level, self._targets) for level in self.levels}

    def _scan(self, scan: Scan, period: Period) -> pd.DataFrame:
        if scan.table == "targets":
            return self._scan_targets(scan, period)
        return scan_sums(self.facts.engine, scan, period, self.levels, self.policy)

    def _scan_targets(self, scan: Scan, period: Period) -> pd.DataFrame:
        """Every level from the set of targets that serves it, with what was sold in their windows alone."""
        engine, policy = self.facts.engine, self.policy
        if self._windows is None:
            self._windows = closed_windows(engine)
        windows = self._windows
        if scan.window == "period" and scan.date == "target_date":
            date = windows["target_date"]
            windows = windows.filter(pc.and_(pc.greater_equal(date, period.start), pc.less(date, period.end)))
        found = []
        for level, by in self._served_levels().items():
            if by:
                own = windows.filter(pc.equal(windows["level"], by))
                register_target_actuals(engine, policy, own)
                condition = f"level = '{by}' AND {holds_most_of(period)}"
                found.append(scan_sums(engine, scan, period, [level], policy, condition))
        register_target_actuals(engine, policy, self._windows)
        return pd.concat(found) if found else scan_sums(engine, scan, period, [], policy, "FALSE")

    def _too_early(self, kpi: Kpi, period: Period) -> bool:
        start = nested_start(kpi, period, self.policy)
        return start < period.start and self.starts_after(kpi.tables[0], start)


def _names_entity(column: str) -> str:
    """SQL that tells the rows which name an entity at a level."""
    return f"{quoted(column)} <> '{UNASSIGNED}'"


@lru_cache(maxsize=64)
def _numbers(engine: Engine, sql: str) -> frozenset[int]:
    """The whole numbers a query gives in its column `n`; an engine, whose data stay, is asked once."""
    return frozenset(engine.query(sql)["n"].to_pylist())


def _added(terms: Sequence[Floats], length: int) -> Floats:
    """The sum of terms; one without rows counts nothing, NaN where none has any."""
    if not terms:
        return np.full(length, np.nan)
    stacked = np.vstack(terms)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))

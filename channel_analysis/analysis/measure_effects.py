"""The effects of measures decided before: monthly values of their segments against comparable ones."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..methods.effects import FEWEST_COMPARABLE, effect_of
from ..metrics.kpis import Kpi
from ..metrics.leaves import dimensions_of, leaf_table
from ..metrics.periods import Period, add_months, coverage, parse_period
from ..results import Scope
from ..rootcauses import Effect
from ..store.workspace import Workspace

HISTORY = 36
"""Months looked at, at most."""

IN_FORCE = 12
"""Months for which a measure keeps its segment from being comparable with others."""

OWN = "own"

Where = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Task:
    """A measure as its effect is looked for: its segment, KPI, and when what happened."""

    where: Where
    kpi: str
    since: datetime.date
    changed: datetime.date | None
    is_dropped: bool

    def meets(self, other: Where) -> bool:
        """Whether a segment may have rows in common with this one, as far as their dimensions tell."""
        return _meets(self.where, other)


def effects_of(
    ws: Workspace,
    kpis: Mapping[str, Kpi],
    measures: pd.DataFrame,
    scope: Scope,
    found: Sequence[Where] = (),
) -> pd.DataFrame:
    """The effect of each measure on its segment, in the unit of its proof KPI.

    A measure works from the month after its decision on; where the period that led to it is known,
    it starts from the level of that period. Comparable are segments that differ from its own in one
    dimension (in any, where those are too few) and had no measure of their own and no finding.

    Parameters
    ----------
    measures : DataFrame
        parts, proof_kpi, decided_on, period, state.
    found : sequence of mapping
        Segments of this period's findings.

    Returns
    -------
    DataFrame
        A row per measure: effect, effect_low, effect_high, effect_verdict, effect_reason, comparable.
        Reasons beside those of `methods.effects.effect_of`: "dropped", "company_wide" (nothing to
        compare with), "no_kpi", "not_by_segment" (the KPI cannot be had for such a segment),
        "shared" (told, together with other measures on the same rows).
    """
    months = _months(ws, scope)
    fiscal = ws.settings.company.fiscal_year_start
    tasks = [_task(row, fiscal) for row in measures.to_dict("records")]
    tables: dict[tuple[str, tuple[str, ...]], pd.DataFrame | None] = {}
    rows = []
    for task in tasks:
        others = [one for one in tasks if one is not task and not one.is_dropped and _overlap(one, task)]
        key = (task.kpi, tuple(task.where))
        why = _why_not(task, kpis)
        if not why and key not in tables:
            tables[key] = _leaves(ws, kpis[task.kpi], months, key[1])
        leaves = tables.get(key)
        if why or leaves is None:
            rows.append(_row(_untold(why or "not_by_segment", task.since)))
            continue
        touched = [*found, *(one.where for one in others)]
        effect = _effect(leaves, kpis[task.kpi], task, touched)
        is_shared = effect.verdict == "told" and any(task.meets(one.where) for one in others)
        rows.append(_row(effect, "shared" if is_shared else ""))
    return pd.DataFrame(rows)


def _task(row: Mapping[Any, Any], fiscal: int) -> _Task:
    since = add_months(row["decided_on"].replace(day=1), 1)
    return _Task(
        where={dimension: value for dimension, value, _ in json.loads(row["parts"])},
        kpi=str(row["proof_kpi"]),
        since=since,
        changed=_start(str(row["period"]), fiscal, row["decided_on"]),
        is_dropped=row["state"] == "dropped",
    )


def _start(period: str, fiscal: int, decided: datetime.date) -> datetime.date | None:
    """The first month of the period whose results led to a measure; None where none is told."""
    try:
        start = parse_period(period, fiscal).start
    except InputError:
        return None
    return start if start < decided.replace(day=1) else None


def _overlap(one: _Task, other: _Task) -> bool:
    """Whether a measure began early enough, and not too early, to stir what another is judged by."""
    return one.since >= add_months(other.changed or other.since, -IN_FORCE)


def _why_not(task: _Task, kpis: Mapping[str, Kpi]) -> str:
    if task.is_dropped:
        return "dropped"
    if task.kpi not in kpis:
        return "no_kpi"
    return "" if task.where else "company_wide"


def _months(ws: Workspace, scope: Scope) -> list[Period]:
    """The last whole months that the data cover, up to the period's end."""
    tolerance = datetime.timedelta(days=ws.policy.periods.coverage_tolerance_days)
    first = min(one.first for one in coverage(ws.facts().engine))
    month = Period(add_months(scope.end, -1), scope.end, "month")
    found: list[Period] = []
    while len(found) < HISTORY and month.start + tolerance >= first:
        if month.last_day <= scope.as_of + tolerance:
            found.append(month)
        month = month.previous
    return found[::-1]


def _leaves(
    ws: Workspace, kpi: Kpi, months: Sequence[Period], dimensions: tuple[str, ...]
) -> pd.DataFrame | None:
    """Monthly sums of every segment along the dimensions; None where the KPI cannot be had so."""
    try:
        if set(dimensions) - set(dimensions_of(kpi, ws.policy)):
            return None
        leaves = leaf_table(ws.facts(), kpi, ws.policy, months, dimensions)
    except InputError:
        return None
    leaves["month"] = [months[int(place)].start for place in leaves["window"]]
    for name in ("numerator", "denominator"):
        leaves[name] = leaves[name].astype(float)
    return leaves


def _effect(leaves: pd.DataFrame, kpi: Kpi, task: _Task, touched: Sequence[Where]) -> Effect:
    names = list(task.where)
    segments = leaves[names].drop_duplicates().to_dict("records")
    keys = {tuple(one.values()): _kind(one, task.where, touched) for one in segments}
    near = [key for key, apart in keys.items() if apart == 1]
    if len(near) < FEWEST_COMPARABLE:
        near = [key for key, apart in keys.items() if apart > 0]
    labels = {key: str(place) for place, key in enumerate(sorted(near))} | {tuple(task.where.values()): OWN}
    series = leaves.assign(segment=[labels.get(key) for key in zip(*(leaves[n] for n in names), strict=True)])
    series = series[series["segment"].notna()].assign(value=lambda frame: _values(frame, kpi))
    if OWN not in set(series["segment"]):
        return _untold("no_history", task.since)
    level = bool(kpi.denominator) or kpi.kind != "additive"
    return effect_of(series, [OWN], task.since, changed=task.changed, is_ratio=level)


def _kind(segment: Mapping[Any, Any], where: Where, touched: Sequence[Where]) -> int:
    """In how many dimensions a segment differs from a measure's own; 0 where it is not comparable."""
    apart = sum(segment[name] != value for name, value in where.items())
    return 0 if any(_meets(segment, other) for other in touched) else apart


def _meets(one: Mapping[Any, Any], other: Where) -> bool:
    common = [name for name in one if name in other]
    return bool(common) and all(one[name] == other[name] for name in common)


def _values(frame: pd.DataFrame, kpi: Kpi) -> pd.Series:
    if not kpi.denominator:
        return frame["numerator"] * kpi.scale
    whole = frame["denominator"].where(frame["denominator"] > 0, np.nan)
    return frame["numerator"] / whole * kpi.scale


def _untold(reason: str, since: datetime.date) -> Effect:
    return Effect("cannot_be_told", reason, math.nan, math.nan, math.nan, math.nan, 0, since)


def _row(effect: Effect, reason: str = "") -> dict[str, Any]:
    return {
        "effect": effect.amount,
        "effect_low": effect.low,
        "effect_high": effect.high,
        "effect_verdict": effect.verdict,
        "effect_reason": effect.reason or reason,
        "comparable": effect.comparable,
    }

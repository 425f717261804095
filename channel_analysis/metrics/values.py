"""KPI values: a long table of entity, period, KPI, numerator, denominator, value, interval and status."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from ..contracts.policy import Policy
from ..store.workspace import Facts
from .intervals import mean_interval, wilson_interval
from .kpis import Kpi
from .parts import SIDES, UNKNOWN, Measuring, Parts
from .periods import Period
from .queries import base_of

COLUMNS = (
    "level",
    "entity",
    "period",
    "kpi",
    "numerator",
    "denominator",
    "value",
    "low",
    "high",
    "status",
)
"""Columns of the KPI value table; one row per level, entity, period and KPI."""

STATUSES = {
    "ok": "computed",
    "no_table": "a table it needs was not supplied",
    "no_level": "its tables do not tell entities of this level apart",
    "no_data": "its tables hold no such rows at all",
    "no_rows": "its tables hold no rows for this entity and period",
    "partial": "a monthly table lacks months of the period",
    "no_history": "the data do not reach back far enough",
    "no_base": "there was nothing to compare with: new",
    "incomplete": "the period is not complete, so it is not compared",
    "zero_denominator": "the denominator is zero",
    "negative_denominator": "the denominator is negative",
}
"""Every status of a value; all but `ok` mean that it cannot be computed, for this reason."""


def kpi_values(
    facts: Facts,
    kpis: Mapping[str, Kpi],
    policy: Policy,
    periods: Sequence[Period],
    levels: Sequence[str] = ("company", "channel_family", "channel_type"),
    incomplete: Collection[str] = (),
) -> pd.DataFrame:
    """Compute KPIs for every entity of the levels in every period.

    Parameters
    ----------
    facts : Facts
        Data taken in; see `Workspace.facts`.
    kpis : mapping of str to Kpi
        Definitions by name; those that `lagged` KPIs are `of` must be among them.
    levels : sequence of str
        Keys of `metrics.facts.LEVELS`.
    incomplete : collection of str
        Codes of periods that are not over; KPIs that compare are not computed for them.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, sorted by level (as given), entity, period and KPI. Money in the
        workspace's currency, shares 0 to 1. Sums are exact in the engine and become floats at the
        end; `value` is NaN wherever `status` is not "ok"; `low` and `high` bound a 95 % interval
        where the KPI has one.
    """
    periods = list(dict.fromkeys(periods))
    measuring = Measuring(facts, kpis, policy, tuple(levels))
    direct = [name for name, kpi in kpis.items() if kpi.kind != "lagged"]
    lagged = [name for name, kpi in kpis.items() if kpi.kind == "lagged"]
    bases = [base_of(kpis[name], period) for name in lagged for period in periods]
    wanted = dict.fromkeys(periods, direct)
    for period in filter(None, bases):
        wanted.setdefault(period, sorted({kpis[name].of for name in lagged}))
    for period, names in wanted.items():
        measuring.measure(period, names)
    entities = measuring.entities()
    found = [
        (period.code, name, _valued(measuring.parts(period, name, entities), kpis[name]))
        for period, names in wanted.items()
        for name in names
    ]
    frame = _together(found, entities)
    changes = [_lagged(frame, name, kpis[name], period, measuring) for name in lagged for period in periods]
    frame = pd.concat([frame, *changes], ignore_index=True)
    frame = frame[frame["period"].isin([period.code for period in periods])].copy()
    return _in_order(_without_comparisons(frame, kpis, incomplete), levels)


def _without_comparisons(
    frame: pd.DataFrame, kpis: Mapping[str, Kpi], incomplete: Collection[str]
) -> pd.DataFrame:
    comparing = [name for name, kpi in kpis.items() if kpi.compares]
    early = frame["period"].isin(list(incomplete)) & frame["kpi"].isin(comparing) & (frame["status"] == "ok")
    frame.loc[early, ["value", "low", "high"]] = np.nan
    frame.loc[early, "status"] = "incomplete"
    return frame


def _in_order(frame: pd.DataFrame, levels: Sequence[str]) -> pd.DataFrame:
    rank = frame["level"].map({level: number for number, level in enumerate(levels)})
    frame = frame.assign(_rank=rank).sort_values(["_rank", "entity", "period", "kpi"], kind="stable")
    return frame.loc[:, list(COLUMNS)].reset_index(drop=True)


def _together(
    found: Sequence[tuple[str, str, dict[str, np.ndarray]]], entities: pd.MultiIndex
) -> pd.DataFrame:
    """The values of every period and KPI, entity by entity, one below the other."""
    made = {
        "level": np.tile(entities.get_level_values("level"), len(found)),
        "entity": np.tile(entities.get_level_values("entity"), len(found)),
        "period": np.repeat([code for code, _, _ in found], len(entities)),
        "kpi": np.repeat([name for _, name, _ in found], len(entities)),
    }
    measured = [name for name in COLUMNS if name not in made]
    made |= {name: np.concatenate([values[name] for *_, values in found]) for name in measured}
    return pd.DataFrame(made)


def _valued(parts: Parts, kpi: Kpi) -> dict[str, np.ndarray]:
    """Value, interval and final status of one KPI in one period, for every entity."""
    numerator, denominator, squares = (parts.sides[side] for side in SIDES)
    status = parts.status
    there = status == ""
    unknown = there & (numerator == UNKNOWN)
    numerator = np.where(unknown, np.nan, numerator)
    excused = (denominator <= 0) & kpi.is_ratio  # the denominator's own reason is told instead
    status = np.where(unknown & ~excused, "no_data", status)
    there = status == ""
    if kpi.is_ratio:
        absent = there & np.isnan(numerator) & ~np.isnan(denominator)
        if kpi.numerator_required:
            status = np.where(absent & (denominator > 0), "no_rows", status)
        else:
            numerator = np.where(absent, 0.0, numerator)
        status = np.where(there & np.isnan(denominator), "no_rows", status)
        status = np.where(there & (denominator == 0), "zero_denominator", status)
        status = np.where(there & (denominator < 0), "negative_denominator", status)
    else:
        numerator = np.where(there & np.isnan(numerator), 0.0, numerator)
        denominator = np.ones_like(numerator)
    status = np.where(status == "", "ok", status)
    usable = status == "ok"
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(usable, kpi.scale * numerator / denominator, np.nan)
    low, high = _interval(kpi, numerator, denominator, squares)
    return {
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "low": np.where(usable, kpi.scale * low, np.nan),
        "high": np.where(usable, kpi.scale * high, np.nan),
        "status": status,
    }


def _interval(
    kpi: Kpi, numerator: np.ndarray, denominator: np.ndarray, squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if kpi.interval == "wilson":
        return wilson_interval(numerator, denominator)
    if kpi.interval == "mean":
        return mean_interval(numerator, squares, denominator)
    nothing = np.full_like(numerator, np.nan)
    return nothing, nothing


def _lagged(frame: pd.DataFrame, name: str, kpi: Kpi, period: Period, measuring: Measuring) -> pd.DataFrame:
    """Change of a KPI against its base period: (now - before) / before."""
    base = base_of(kpi, period)
    assert base is not None
    of = frame[frame["kpi"] == kpi.of].drop_duplicates(["level", "entity", "period"])
    now = of[of["period"] == period.code].set_index(["level", "entity"])
    before = of[of["period"] == base.code].set_index(["level", "entity"]).reindex(now.index)
    status = np.where(now["status"] != "ok", now["status"], before["status"])
    table = measuring.kpis[kpi.of].numerator[0].table
    has_table = measuring.facts.intake.has(table)
    if has_table and measuring.starts_after(table, base.start):
        status = np.where(status == "ok", "no_history", status)
        status = np.where(status == "no_rows", "no_history", status)
    old = before["value"].to_numpy(dtype=float)
    status = np.where((status == "ok") & ~(old > 0), "no_base", status)
    usable = status == "ok"
    change = now["value"].to_numpy(dtype=float) - old
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(usable, change / old, np.nan)
    return pd.DataFrame(
        {
            "level": now.index.get_level_values("level"),
            "entity": now.index.get_level_values("entity"),
            "period": period.code,
            "kpi": name,
            "numerator": change,
            "denominator": old,
            "value": value,
            "low": np.nan,
            "high": np.nan,
            "status": status,
        }
    )

"""Composite scores: place each KPI between its anchors, weigh, add up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..contracts.policy import Anchors, Policy

TARGET_POINTS = 100.0
STRETCH_POINTS = 120.0


def kpi_score(value: float, anchors: Anchors) -> float:
    """Score of one KPI: 0 at its floor or worse, 100 at its target, 120 at its stretch or better.

    Examples
    --------
    >>> anchors = Anchors(floor=0.2, target=0.1, stretch=0.05)
    >>> [kpi_score(v, anchors) for v in (0.3, 0.2, 0.15, 0.1, 0.05, 0.0)]
    [0.0, 0.0, 50.0, 100.0, 120.0, 120.0]
    """
    xs = np.array([anchors.floor, anchors.target, anchors.stretch])
    sign = 1.0 if anchors.floor < anchors.stretch else -1.0
    return round(float(np.interp(sign * value, sign * xs, [0.0, TARGET_POINTS, STRETCH_POINTS])), 10)


def score_channels(
    values: pd.DataFrame, dimensions: Mapping[str, str], policy: Policy
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every channel type from 0 to 120 against the fixed anchors of its own type.

    A KPI that cannot be computed is left out and its weight shared within its dimension; when a
    whole dimension is missing, its weight is shared among the others. Below the policy's coverage
    the channel is not scored. A channel's score depends on no other channel. Rows of no channel type
    have no score.

    Parameters
    ----------
    values : DataFrame
        KPI values (`metrics.values.COLUMNS`) of one period at level "channel_type".
    dimensions : mapping of str to str
        Dimension of each KPI.

    Returns
    -------
    scores : DataFrame
        channel_type, family, score, score_low, score_high, coverage, status ("ok", "coverage",
        "no_weights"), best first. The bounds take the ends of the KPIs' intervals, and the worst
        and best score for KPIs that are missing.
    points : DataFrame
        channel_type, kpi, dimension, weight, effective_weight, value, kpi_score, points, status;
        the points of a channel add up to its score.
    """
    named = values[values["entity"].isin(list(policy.channel_types))]
    found = [_score(name, group, dimensions, policy) for name, group in named.groupby("entity", sort=True)]
    scores = pd.DataFrame([score for score, _ in found], columns=_SCORE_COLUMNS)
    points = pd.concat([points for _, points in found], ignore_index=True) if found else _no_points()
    order = scores.assign(_scored=scores["status"] == "ok").sort_values(
        ["_scored", "score", "channel_type"], ascending=[False, False, True], kind="stable"
    )
    return order.drop(columns="_scored").reset_index(drop=True), points


_SCORE_COLUMNS = ["channel_type", "family", "score", "score_low", "score_high", "coverage", "status"]
_POINT_COLUMNS = [
    "channel_type",
    "kpi",
    "dimension",
    "weight",
    "effective_weight",
    "value",
    "kpi_score",
    "points",
    "status",
]


def _score(
    name: str, values: pd.DataFrame, dimensions: Mapping[str, str], policy: Policy
) -> tuple[list[object], pd.DataFrame]:
    family = policy.channel_types[name].family
    weights = policy.weights_of(name)
    if not weights:
        return [name, family, np.nan, np.nan, np.nan, 0.0, "no_weights"], _no_points()
    table = _weighed(name, values, weights, dimensions, policy)
    coverage = float(table.loc[table["status"] == "ok", "weight"].sum())
    low, high = (_bound(table, policy, name, side) for side in ("low", "high"))
    enough = coverage >= policy.scoring.coverage - 1e-9
    score = float(table["points"].sum()) if enough else np.nan
    status = "ok" if enough else "coverage"
    points = (
        table.drop(columns=["low", "high"])
        if enough
        else table.assign(points=np.nan).drop(columns=["low", "high"])
    )
    return [name, family, score, low, high, coverage, status], points[_POINT_COLUMNS]


def _weighed(
    name: str,
    values: pd.DataFrame,
    weights: Mapping[str, float],
    dimensions: Mapping[str, str],
    policy: Policy,
) -> pd.DataFrame:
    """One row per weighted KPI with its score, its share of the weight, and its points."""
    own = values.set_index("kpi").reindex(list(weights))
    table = pd.DataFrame(
        {
            "channel_type": name,
            "kpi": list(weights),
            "dimension": [dimensions[kpi] for kpi in weights],
            "weight": list(weights.values()),
            "value": own["value"].to_numpy(dtype=float),
            "low": own["low"].to_numpy(dtype=float),
            "high": own["high"].to_numpy(dtype=float),
            "status": own["status"].fillna("no_rows").to_numpy(),
        }
    )
    anchored = [policy.anchors_of(name, kpi) is not None for kpi in weights]
    table.loc[~np.array(anchored), "status"] = "no_anchors"
    table["kpi_score"] = [_scored(name, row.kpi, row.value, row.status, policy) for row in table.itertuples()]
    table["effective_weight"] = _shared_weights(table)
    table["points"] = table["effective_weight"] * table["kpi_score"].fillna(0.0)
    return table


def _shared_weights(table: pd.DataFrame) -> pd.Series:
    """Weights of what is there, raised within each dimension, then over all, so that they sum to 1."""
    there = table["status"] == "ok"
    whole = table.groupby("dimension")["weight"].transform("sum")
    left = table["weight"].where(there, 0.0).groupby(table["dimension"]).transform("sum")
    raised = (table["weight"] * whole / left.where(left > 0)).where(there, 0.0)
    total = raised.sum()
    return raised / total if total > 0 else raised


def _bound(table: pd.DataFrame, policy: Policy, name: str, side: str) -> float:
    """The score when intervals and missing KPIs turn out worst ("low") or best ("high")."""
    worst_or_best = min if side == "low" else max
    extreme = 0.0 if side == "low" else STRETCH_POINTS
    total = 0.0
    for row in table.itertuples():
        if row.status != "ok":
            total += row.weight * extreme
            continue
        ends = [end for end in (row.low, row.high, row.value) if not np.isnan(end)]
        scores = [_scored(name, row.kpi, end, "ok", policy) for end in ends]
        total += row.weight * worst_or_best(scores)
    return total


def _scored(name: str, kpi: str, value: float, status: str, policy: Policy) -> float:
    anchors = policy.anchors_of(name, kpi)
    return kpi_score(value, anchors) if anchors is not None and status == "ok" else np.nan


def _no_points() -> pd.DataFrame:
    return pd.DataFrame(columns=_POINT_COLUMNS)

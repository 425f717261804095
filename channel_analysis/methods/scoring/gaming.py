"""Can a policy be gamed? Hiding a KPI, the cheapest step to the next tier, crowds above a threshold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...contracts.appraisal import Tier
from ...contracts.rubric import Rubric
from .engine import CAP, HIDEABLE, Scored, score
from .places import value_at

HIDING_COLUMNS = ["kpi", "entities", "would_rise", "mean_shift", "largest_gain", "certain_gain", "escapes"]


def hiding(values: pd.DataFrame, rubric: Rubric, scopes: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """What becomes of scores when single KPIs are not reported: everybody is scored again without each.

    Parameters
    ----------
    values, rubric, scopes
        As for `score`.

    Returns
    -------
    DataFrame
        `HIDING_COLUMNS`, per KPI that weighs or limits anything: entities that have it and would still
        be scored, how many of their scores would rise, mean shift and largest gain of the score, largest
        gain of the score that is certain, and how many would escape a veto.
    """
    usual = score(values, rubric, scopes, draws=0).scores.set_index("entity")
    vetoes, caps = rubric.limits()
    used = {kpi for group in values["group"].unique() for kpi in rubric.weights_of(scopes.get(group, ()))}
    used |= {limit.kpi for limit in (vetoes | caps).values()}
    rows = []
    for kpi in sorted(used & set(values["kpi"])):
        is_shown = (values["kpi"] == kpi) & (values["status"] == "ok")
        hidden = values.assign(status=values["status"].where(~is_shown, HIDEABLE[0]))
        after = score(hidden, rubric, scopes, draws=0).scores.set_index("entity").reindex(usual.index)
        able = usual.index.isin(values.loc[is_shown, "entity"]) & (after["status"] == "ok")
        both = able & (usual["status"] == "ok")
        shift, certain = (after[name] - usual[name] for name in ("score", "worst"))
        gains = [shift[both].mean(), shift[both].max(), certain[both].max()]
        escapes = int((able & (usual["status"] == "vetoed")).sum())
        rows.append([kpi, int(both.sum()), int((shift[both] > 1e-9).sum()), *map(float, gains), escapes])
    return pd.DataFrame(rows, columns=HIDING_COLUMNS)


STEP_COLUMNS = ["entity", "group", "tier", "next_tier", "missing_points", "kpi", "value", "needed", "effort"]


def cheapest_steps(
    scored: Scored,
    tier: Mapping[str, str],
    tiers: Mapping[str, Tier],
    rubric: Rubric,
    scopes: Mapping[str, tuple[str, ...]],
    hysteresis: float = 0.0,
) -> pd.DataFrame:
    """The single KPI with which each entity reaches the next tier with least effort.

    Effort is the change needed over the distance from floor to target (of a band: from its outer end
    to its middle), so that KPIs of all units compare.

    Returns
    -------
    DataFrame
        `STEP_COLUMNS`; entities for whom no single KPI is enough have kpi "".
    """
    rising = sorted(tiers, key=lambda name: tiers[name].begins)
    certain = scored.scores.set_index("entity")["worst"]
    points = scored.points[scored.points["kpi"] != CAP]
    rows = []
    for (entity, group), own in points.groupby(["entity", "group"], sort=True):
        now = tier.get(str(entity), "")
        if now not in rising or now == rising[-1]:
            continue
        following = rising[rising.index(now) + 1]
        gap = tiers[following].begins + hysteresis - float(certain[entity])
        best = _cheapest(own, gap, rubric, scopes.get(str(group), ()))
        rows.append([entity, group, now, following, max(gap, 0.0), *best])
    return pd.DataFrame(rows, columns=STEP_COLUMNS)


def _cheapest(own: pd.DataFrame, gap: float, rubric: Rubric, scopes: tuple[str, ...]) -> list[object]:
    """KPI, its value, the value needed and the effort; ["", NaN, NaN, NaN] when none is enough."""
    found: list[tuple[float, list[object]]] = []
    for row in own[own["status"] == "ok"].to_dict("records"):
        anchors = rubric.anchors_of(scopes, str(row["kpi"]))
        if anchors is None or row["weight"] <= 0:
            continue
        wanted = float(row["kpi_score"]) + max(gap, 0.0) / float(row["weight"])
        needed = value_at(wanted, anchors, float(row["value"]))
        if needed == needed:
            ends = anchors.model_dump()
            span = abs(ends["target"] - ends["floor"]) if "target" in ends else ends["low"] - ends["too_low"]
            effort = abs(needed - float(row["value"])) / span
            found.append((effort, [row["kpi"], row["value"], needed, effort]))
    return min(found, key=lambda pair: pair[0])[1] if found else ["", np.nan, np.nan, np.nan]


CROWD_COLUMNS = ["tier", "begins", "above", "below", "p_value"]


def crowds(certain: pd.Series, tiers: Mapping[str, Tier], width: float = 1.0) -> pd.DataFrame:
    """Whether scores crowd just above where a tier begins.

    Returns
    -------
    DataFrame
        `CROWD_COLUMNS`: how many lie within `width` points above and below, and the chance of so many
        above when both are as likely (one-sided binomial test).
    """
    from scipy.special import bdtrc

    rows = []
    for name, tier in sorted(tiers.items(), key=lambda pair: -pair[1].begins):
        if tier.begins <= 0:
            continue
        above = int(certain.between(tier.begins, tier.begins + width, inclusive="left").sum())
        below = int(certain.between(tier.begins - width, tier.begins, inclusive="left").sum())
        total = above + below
        chance = float(bdtrc(above - 1, total, 0.5)) if total else np.nan
        rows.append([name, tier.begins, above, below, chance])
    return pd.DataFrame(rows, columns=CROWD_COLUMNS)

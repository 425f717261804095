"""The channels' scorecard: every channel type scored, ranked and compared with earlier periods."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..methods.scoring import Scored, movement, standings
from ..metrics.kpis import Kpi
from ..metrics.periods import Period
from ..results import Scope, Scorecard
from ..store.workspace import Workspace
from .scores import Grounds, grounded, needed

LEVEL = "channel_type"


def scorecard(
    ws: Workspace, values: pd.DataFrame, kpis: Mapping[str, Kpi], period: Period, scope: Scope
) -> Scorecard:
    """Score the channel types of a period, with the period before and the same one last year beside it.

    Parameters
    ----------
    values : DataFrame
        KPI values (`metrics.values.COLUMNS`) of those three periods at level "channel_type".

    Raises
    ------
    InputError
        When the policy's `[scoring]` names an unknown KPI.
    """
    rubric, rules = ws.policy.scoring, ws.policy.scores
    names = needed({"scoring": rubric}, kpis)
    groups = {name: name for name in ws.policy.channel_types}
    periods = (period.last_year, period.previous, period)
    wanted = values[values["kpi"].isin(names)]
    found = grounded(ws, kpis, wanted, periods, LEVEL, groups, ws.policy)
    now = found.scored(period, rubric, ws.policy)
    family = {name: rule.family for name, rule in ws.policy.channel_types.items()}
    scores = now.scores.assign(
        family=now.scores["entity"].map(family),
        score_low=now.scores[["low", "worst"]].min(axis=1),
        score_high=now.scores[["high", "best"]].max(axis=1),
    )
    standing = standings(now, certainty=rules.certainty, within=False)
    columns = ["entity", "rank", "rank_low", "rank_high", "p_best", "tie_zone"]
    scores = scores.merge(standing[columns], on="entity", how="left")
    scores = with_movement(scores, found, now, period, ws)
    scores = scores.drop(columns=["group", "veto", "cap", "capped_from", "unchecked"], errors="ignore")
    order = scores.assign(_scored=scores["status"] == "ok").sort_values(
        ["_scored", "score", "entity"], ascending=[False, False, True], kind="stable"
    )
    return Scorecard(
        order.drop(columns="_scored").rename(columns={"entity": "channel_type"}).reset_index(drop=True),
        now.points.drop(columns="group").rename(columns={"entity": "channel_type"}),
        rubric.coverage,
        scope,
    )


def with_movement(
    table: pd.DataFrame, found: Grounds, now: Scored, period: Period, ws: Workspace
) -> pd.DataFrame:
    """Scores with what they were before and a year ago, and whether that is more than chance."""
    rubric, certainty = ws.policy.scoring, ws.policy.scores.certainty
    for base, names in (
        (period.previous, ("previous_score", "change", "p_change", "moved")),
        (period.last_year, ("last_year_score", "last_year_change", "last_year_p_change", "last_year_moved")),
    ):
        before = found.scored(base, rubric, ws.policy)
        moves = movement(now, before, certainty).set_index("entity")
        for name, told in zip(("before", "change", "p_change", "moved"), names, strict=True):
            column = table["entity"].map(moves[name])
            table[told] = column.eq(True) if name == "moved" else column.astype(float)
    return table

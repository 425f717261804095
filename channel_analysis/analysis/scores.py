"""Scores of a level's entities over several periods: KPI values, their noise and priors brought together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..contracts.policy import Policy
from ..contracts.rubric import Rubric
from ..errors import Problem, did_you_mean, refuse
from ..methods.scoring import Scored, fit_priors, no_priors, score, shrink
from ..metrics.kpis import Kpi
from ..metrics.noise import kpi_noise
from ..metrics.periods import Period, coverage
from ..store.priors import frozen_priors
from ..store.workspace import Workspace
from .measure import values_of
from .scope import begins_late

SALES = "net_sales"
"""Measured beside whatever weighs: who is appraised is also told by size."""

KEYS = ["level", "entity", "period", "kpi"]


@dataclass(frozen=True, slots=True)
class Grounds:
    """What scores of a level rest on.

    `values`: KPI values with group, dimension, n, se, raw, shrunk towards `priors`; `periods` those they
    are of, the oldest first, the period under review last.
    """

    values: pd.DataFrame
    priors: pd.DataFrame
    periods: tuple[Period, ...]
    scopes: Mapping[str, tuple[str, ...]]

    def of(self, period: Period) -> pd.DataFrame:
        """The values of one period."""
        return self.values[self.values["period"] == period.code]

    def scored(self, period: Period, rubric: Rubric, policy: Policy, draws: bool = True) -> Scored:
        """Scores of one period; `draws` replays chance as often as the policy says."""
        rules = policy.scores
        count = rules.draws if draws else 0
        own = self.of(period)
        return score(own, rubric, self.scopes, draws=count, certainty=rules.certainty, salt=period.code)


def grounds(
    ws: Workspace,
    kpis: Mapping[str, Kpi],
    rubrics: Mapping[str, Rubric],
    period: Period,
    level: str,
    groups: Mapping[str, str],
    policy: Policy | None = None,
) -> Grounds:
    """Measure what rubrics need for a level's entities, and learn from closed earlier periods.

    Parameters
    ----------
    rubrics : mapping of str to Rubric
        Rubrics by their place in the policy, such as "partners.scoring"; a message names it.
    groups : mapping of str to str
        The channel type of each entity; others are left out.

    Raises
    ------
    InputError
        When a rubric names a KPI that is not defined.
    """
    policy = policy or ws.policy
    names = needed(rubrics, kpis)
    history = _history(ws, period, policy.scores.prior_periods)
    periods = tuple(sorted({*history, *_compared(ws, period), period}, key=lambda p: p.start))
    used = {name: kpis[name] for name in kpis if name in {*_with_bases(names, kpis), SALES}}
    values = values_of(ws, used, periods, (level,))
    values = values[values["kpi"].isin([*names, SALES])]
    learnt = _learnt_from(history, [name for name in names if kpis[name].interval == "wilson"])
    return grounded(ws, kpis, values, periods, level, groups, policy, learnt)


def grounded(
    ws: Workspace,
    kpis: Mapping[str, Kpi],
    values: pd.DataFrame,
    periods: Sequence[Period],
    level: str,
    groups: Mapping[str, str],
    policy: Policy,
    learn: Callable[[pd.DataFrame, int], pd.DataFrame] | None = None,
) -> Grounds:
    """Grounds from KPI values that are measured already; `learn` makes priors where none are frozen."""
    values = values[values["level"] == level]
    used = {name: kpis[name] for name in kpis if name in _with_bases(list(values["kpi"].unique()), kpis)}
    noise = kpi_noise(ws.facts(), used, ws.policy, periods, (level,), values)
    values = values[values["entity"].isin(list(groups))].merge(noise[[*KEYS, "n", "se"]], on=KEYS, how="left")
    dimensions = {name: kpi.dimension for name, kpi in kpis.items()}
    values = values.assign(group=values["entity"].map(groups), dimension=values["kpi"].map(dimensions))
    period = max(periods, key=lambda p: p.start)
    priors = frozen_priors(ws.root, period.code, level)
    if priors is None:
        priors = learn(values, policy.scores.prior_entities) if learn else no_priors()
    scopes = {group: policy.scopes_of(group) for group in set(groups.values())}
    return Grounds(_known(shrink(values, priors)), priors, tuple(periods), scopes)


def _learnt_from(
    history: Sequence[Period], rates: Sequence[str]
) -> Callable[[pd.DataFrame, int], pd.DataFrame]:
    """How priors are learnt: from the rows of closed earlier periods, of all that weighs."""
    codes = [period.code for period in history]

    def learn(values: pd.DataFrame, minimum: int) -> pd.DataFrame:
        earlier = values[values["period"].isin(codes) & (values["kpi"] != SALES)]
        return fit_priors(earlier, rates, minimum)

    return learn


def needed(rubrics: Mapping[str, Rubric], kpis: Mapping[str, Kpi]) -> list[str]:
    """KPIs that weigh or limit anything in rubrics, in the order of their definitions."""
    wanted: dict[str, str] = {}
    for place, rubric in rubrics.items():
        for scope, weights in rubric.weights.items():
            wanted |= {kpi: f"{place}.weights.{scope}" for kpi, weight in weights.items() if weight > 0}
        vetoes, caps = rubric.limits()
        wanted |= {limit.kpi: f"{place}.vetoes.{name}" for name, limit in vetoes.items()}
        wanted |= {limit.kpi: f"{place}.caps.{name}" for name, limit in caps.items()}
    refuse(
        Problem(f"policy.toml [{place}]", f"there is no KPI '{kpi}'", did_you_mean(kpi, kpis))
        for kpi, place in wanted.items()
        if kpi not in kpis
    )
    return [name for name in kpis if name in wanted]


def _with_bases(names: Sequence[str], kpis: Mapping[str, Kpi]) -> set[str]:
    return {*names, *(kpis[name].of for name in names if kpis[name].of)}


def _history(ws: Workspace, period: Period, count: int) -> list[Period]:
    """Earlier periods that the data reach back to, the nearest first; all are closed by definition."""
    covered = coverage(ws.facts().engine)
    found: list[Period] = []
    earlier = period.previous
    while len(found) < count and not begins_late(ws, earlier, covered):
        found.append(earlier)
        earlier = earlier.previous
    return found


def _compared(ws: Workspace, period: Period) -> list[Period]:
    """The period before and the same one last year, as far as the data reach."""
    covered = coverage(ws.facts().engine)
    return [p for p in (period.previous, period.last_year) if not begins_late(ws, p, covered)]


def _known(values: pd.DataFrame) -> pd.DataFrame:
    """Values of a standard error of zero count as exact."""
    return values.assign(se=values["se"].where(values["se"] > 0, np.nan))

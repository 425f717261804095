"""Composite scores: place each KPI between its anchors, weigh, add up; with what chance may do to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...contracts.rubric import Limit, Rubric
from .places import Floats, best_points, kpi_scores, slopes

HIDEABLE = ("no_rows", "partial")
"""Why a KPI is missing where it may have been kept back; other reasons are facts or concern everybody."""

CAP = "(cap)"
"""Stands for a KPI in the row of points that a cap takes away."""

SCORE_COLUMNS = [
    "entity",
    "group",
    "score",
    "low",
    "high",
    "worst",
    "best",
    "coverage",
    "status",
    "veto",
    "cap",
    "capped_from",
    "unchecked",
]
POINT_COLUMNS = [
    "entity",
    "group",
    "kpi",
    "dimension",
    "weight",
    "effective_weight",
    "value",
    "se",
    "n",
    "kpi_score",
    "points",
    "status",
]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of entities, the points they are made of, and the scores under `draws` of chance.

    `scores`: `SCORE_COLUMNS`, one row per entity. `points`: `POINT_COLUMNS`, one row per entity and
    weighted KPI; those of an entity add up to its score. `draws`: entities x draws, NaN for those
    without a score. `spread`: standard error of each score, a figure below its floor not taken for a sure
    one while chance alone may lift it above.
    """

    scores: pd.DataFrame
    points: pd.DataFrame
    draws: Floats
    spread: Floats


def score(
    values: pd.DataFrame,
    rubric: Rubric,
    scopes: Mapping[str, tuple[str, ...]],
    *,
    draws: int = 1000,
    certainty: float = 0.9,
    salt: str = "",
) -> Scored:
    """Score entities from 0 to 120 against fixed anchors.

    A KPI that cannot be computed is left out and its weight shared within its dimension; when a
    whole dimension is missing, its weight is shared among the others. Below the rubric's coverage
    there is no score. An entity's score and its draws depend on no other entity.

    Parameters
    ----------
    values : DataFrame
        One row per entity and KPI: entity, group, kpi, dimension, value, status ("ok" or why not);
        optionally se (standard error of value), alpha and beta (of a rate's Beta distribution,
        which wins over se), n (observations).
    rubric : Rubric
        Weights, anchors, vetoes, caps.
    scopes : mapping of str to tuple of str
        For each group the names under which the rubric is looked up, the first that has an entry wins.
    draws : int
        How often chance is replayed: each value anew around itself, with its standard error; 0: not at all.
    certainty : float
        Probability inside `low` to `high`.
    salt : str
        Names the replay; periods that are compared need different ones.

    Returns
    -------
    Scored
        Entities in the order of `values`. `worst` and `best` take what an entity might have kept to itself
        (`HIDEABLE`) at its worst and best; `unchecked` names vetoes and caps that could not be looked at.
        `status` is "ok", "coverage", "no_weights" or "vetoed" (`veto` names it).
    """
    values = values.assign(**{name: np.nan for name in NUMBERS if name not in values})
    rows, points, chances, spreads = [], [], [], []
    for group, own in values.groupby("group", sort=False):
        peers = _Group(str(group), own, rubric, scopes.get(str(group), ()))
        replays = peers.replayed(draws, salt)
        rows.append(peers.rows(replays, certainty))
        points.append(peers.points())
        chances.append(replays)
        spreads.append(peers.spread())
    if not rows:
        no_scores, no_points = (pd.DataFrame(columns=names) for names in (SCORE_COLUMNS, POINT_COLUMNS))
        return Scored(no_scores, no_points, np.empty((0, draws)), np.empty(0))
    tables = pd.concat(rows), pd.concat(points)
    return _in_order(values, *tables, np.vstack(chances), np.concatenate(spreads))


NUMBERS = ("se", "alpha", "beta", "n")
"""Columns of values that may be missing."""


def _in_order(
    values: pd.DataFrame, scores: pd.DataFrame, points: pd.DataFrame, draws: Floats, spread: Floats
) -> Scored:
    """Everything in the order in which the entities came."""
    place = {name: number for number, name in enumerate(values["entity"].drop_duplicates())}
    order = np.argsort(scores["entity"].map(place).to_numpy(), kind="stable")
    by_entity = np.argsort(points["entity"].map(place).to_numpy(), kind="stable")
    ordered = [frame.reset_index(drop=True) for frame in (scores.iloc[order], points.iloc[by_entity])]
    return Scored(ordered[0], ordered[1], draws[order], spread[order])


class _Grid:
    """Values of a group as entities x KPIs, whatever their order in the table."""

    def __init__(self, values: pd.DataFrame) -> None:
        self.rows = values.drop_duplicates(["entity", "kpi"])
        self.entity, entities = pd.factorize(self.rows["entity"])
        self.kpi, kpis = pd.factorize(self.rows["kpi"])
        self.entities, self.place = list(entities), {str(name): i for i, name in enumerate(kpis)}

    def column(self, name: str, kpis: Sequence[str]) -> Any:
        """A column for some KPIs; what is not there is NaN, as a status "no_rows"."""
        known = self.rows[name].to_numpy(dtype=object if name == "status" else float)
        missing = "no_rows" if name == "status" else np.nan
        whole = np.full((len(self.entities), len(self.place) + 1), missing, dtype=known.dtype)
        whole[self.entity, self.kpi] = known
        found = whole[:, [self.place.get(kpi, -1) for kpi in kpis]]
        if name == "status":
            found[pd.isna(found)] = "no_rows"
        return found


class _Group:
    """The entities of one group, scored side by side: a row each, a column per KPI."""

    def __init__(self, group: str, values: pd.DataFrame, rubric: Rubric, scopes: tuple[str, ...]) -> None:
        self.group, self.rubric = group, rubric
        self.weights = rubric.weights_of(scopes)
        self.anchors = {kpi: rubric.anchors_of(scopes, kpi) for kpi in self.weights}
        self.grid = _Grid(values)
        self.entities = self.grid.entities
        self.weight = np.array(list(self.weights.values()))
        self.status = self._status()
        self.there = self.status == "ok"
        self.hidden = np.isin(self.status.astype(str), HIDEABLE)
        self.value = np.where(self.there, self._number("value"), np.nan)
        named = values.drop_duplicates("kpi").set_index("kpi")["dimension"]
        self.dimension = np.array([str(named.get(kpi, "")) for kpi in self.weights])
        self.effective = shared_weights(self.weight, self.dimension, self.there)
        columns = [self._placed(kpi, self.value[:, i]) for i, kpi in enumerate(self.weights)]
        self.placed = np.column_stack(columns) if columns else np.empty((len(self.entities), 0))
        self.plain = row_sums(self.effective * np.nan_to_num(self.placed))
        self.coverage = row_sums(np.where(self.there, self.weight, 0.0))
        self._limit()

    def _status(self) -> Any:
        status = self.grid.column("status", list(self.weights))
        for i, kpi in enumerate(self.weights):
            if self.anchors[kpi] is None:
                status[:, i] = "no_anchors"
        return status

    def _placed(self, kpi: str, values: Floats) -> Floats:
        anchors = self.anchors[kpi]
        return kpi_scores(values, anchors) if anchors is not None else np.full_like(values, np.nan)

    def _limit(self) -> None:
        """Which vetoes and caps each entity has broken; of several caps the lowest holds."""
        vetoes, caps = self.rubric.limits()
        count = len(self.entities)
        values = {name: self._limited(limit) for name, limit in (vetoes | caps).items()}
        broken = {name: limit.is_broken(values[name]) for name, limit in (vetoes | caps).items()}
        unknown = {name: np.isnan(found) for name, found in values.items()}
        self.vetoes, self.unchecked = (
            [", ".join(name for name in names if flags[name][i]) for i in range(count)]
            for names, flags in ((vetoes, broken), (values, unknown))
        )
        self.most, self.cap = np.full(count, np.inf), np.full(count, "", dtype=object)
        self.most_certain = self.most
        for name, cap in caps.items():
            lower = broken[name] & (cap.points < self.most)
            self.most, self.cap = np.where(lower, cap.points, self.most), np.where(lower, name, self.cap)
            held = broken[name] | (unknown[name] & self._is_hidden(cap.kpi))
            self.most_certain = np.where(held, np.minimum(cap.points, self.most_certain), self.most_certain)

    def _limited(self, limit: Limit) -> Floats:
        """The values a limit looks at; NaN where they are not known."""
        status, value = (self.grid.column(name, [limit.kpi])[:, 0] for name in ("status", "value"))
        return np.where(status == "ok", value, np.nan)

    def _is_hidden(self, kpi: str) -> Any:
        return np.isin(self.grid.column("status", [kpi])[:, 0].astype(str), HIDEABLE)

    def scored(self) -> Any:
        """Why each entity has a score ("ok") or has none."""
        status = np.where(self.coverage < self.rubric.coverage - 1e-9, "coverage", "ok").astype(object)
        status = np.where([bool(veto) for veto in self.vetoes], "vetoed", status)
        return status if self.weights else np.full(len(self.entities), "no_weights", dtype=object)

    def rows(self, replays: Floats, certainty: float) -> pd.DataFrame:
        """One row of scores per entity."""
        status = self.scored()
        is_scored = status == "ok"
        certain, hoped = self._bounds()
        score = np.where(is_scored, np.minimum(self.plain, self.most), np.nan)
        tail = (1 - certainty) / 2
        nothing = np.full((len(score), 1), np.nan)
        low, high = np.quantile(replays if replays.size else nothing, [tail, 1 - tail], axis=1)
        is_capped = is_scored & (self.plain > self.most)
        found = {
            "entity": self.entities,
            "group": self.group,
            "score": score,
            "low": np.where(is_scored, np.fmin(low, score), np.nan),
            "high": np.where(is_scored, np.fmax(high, score), np.nan),
            "worst": np.where(is_scored, np.fmin(certain, score), certain),
            "best": np.where(is_scored, np.fmax(hoped, score), hoped),
            "coverage": self.coverage,
            "status": status,
            "veto": self.vetoes,
            "cap": np.where(is_capped, self.cap, ""),
            "capped_from": np.where(is_capped, self.plain, np.nan),
            "unchecked": self.unchecked,
        }
        return pd.DataFrame(found)[SCORE_COLUMNS]

    def _bounds(self) -> tuple[Floats, Floats]:
        """Scores with what may have been kept back at its worst and at its best; NaN without weights."""
        weight = shared_weights(self.weight, self.dimension, self.there | self.hidden)
        tops = [best_points(anchors) if anchors is not None else 0.0 for anchors in self.anchors.values()]
        known = row_sums(weight * np.nan_to_num(self.placed))
        hoped = known + row_sums(weight * self.hidden * np.array(tops))
        nothing = np.where(weight.any(axis=1), 0.0, np.nan)
        return np.minimum(known, self.most_certain) + nothing, np.minimum(hoped, self.most) + nothing

    def points(self) -> pd.DataFrame:
        """The points behind the scores; a cap takes away, in a row of its own, what is above it."""
        count, kpis = len(self.entities), list(self.weights)
        is_scored = (self.scored() == "ok")[:, None]
        points = np.where(is_scored, self.effective * np.nan_to_num(self.placed), np.nan)
        found = {"entity": np.repeat(self.entities, len(kpis)), "group": self.group}
        found |= {"kpi": np.tile(kpis, count), "dimension": np.tile(self.dimension, count)}
        found |= {"weight": np.tile(self.weight, count), "effective_weight": self.effective.ravel()}
        found |= {
            "value": self.value.ravel(),
            "se": self._number("se").ravel(),
            "n": self._number("n").ravel(),
        }
        found |= {"kpi_score": self.placed.ravel(), "points": points.ravel(), "status": self.status.ravel()}
        table = pd.DataFrame(found)[POINT_COLUMNS]
        capped = [i for i in range(count) if is_scored[i, 0] and self.plain[i] > self.most[i]]
        nothing = [np.nan] * 4
        taken = [
            [
                self.entities[i],
                self.group,
                CAP,
                CAP,
                0.0,
                0.0,
                *nothing,
                self.most[i] - self.plain[i],
                self.cap[i],
            ]
            for i in capped
        ]
        return pd.concat([table, pd.DataFrame(taken, columns=POINT_COLUMNS)]) if taken else table

    def _number(self, column: str) -> Floats:
        found: Floats = self.grid.column(column, list(self.weights))
        return found

    def spread(self) -> Floats:
        """Standard errors of the scores by the steepest line within a standard error of each value."""
        se = np.nan_to_num(self._number("se"))
        total = np.zeros(len(self.entities))
        for i, anchors in enumerate(self.anchors.values()):
            if anchors is not None:
                near = [slopes(self.value[:, i] + step * se[:, i], anchors) for step in (-1, 0, 1)]
                steep = np.max(near, axis=0)
                total += (self.effective[:, i] * steep * se[:, i]) ** 2
        return np.where(self.scored() == "ok", np.sqrt(total), np.nan)

    def replayed(self, draws: int, salt: str) -> Floats:
        """Scores under each replay of chance; of an entity the same whoever else is there."""
        found = np.full((len(self.entities), draws), np.nan)
        if not draws:
            return found
        se, alpha, beta = (self._number(name) for name in ("se", "alpha", "beta"))
        kpis = list(self.weights)
        order = sorted(range(len(kpis)), key=lambda i: kpis[i])
        for row in np.flatnonzero(self.scored() == "ok"):
            chance = np.random.Generator(np.random.Philox(key=_key(self.entities[row], salt)))
            normal = chance.standard_normal((len(kpis), draws))
            total = np.zeros(draws)
            for i in order:
                if not self.there[row, i]:
                    continue
                drawn = self.value[row, i] + normal[i] * (se[row, i] if se[row, i] > 0 else 0.0)
                if alpha[row, i] > 0 and beta[row, i] > 0:
                    drawn = chance.beta(alpha[row, i], beta[row, i], draws)
                total += self.effective[row, i] * self._placed(kpis[i], drawn)
            found[row] = np.minimum(total, self.most[row])
        return found


def row_sums(table: Floats) -> Floats:
    """Sums of rows, each the same to the last bit whatever other rows there are."""
    sums: Floats = np.ascontiguousarray(table).sum(axis=1)
    return sums


def shared_weights(weight: Floats, dimension: np.ndarray, there: np.ndarray) -> Floats:
    """Weights of what is there, raised within each dimension, then over all, so that they sum to 1.

    Parameters
    ----------
    weight : array, KPIs
    dimension : array of str, KPIs
    there : array of bool, entities x KPIs

    Examples
    --------
    >>> dimension = np.array(["sales", "sales", "market", "cost"])
    >>> there = np.array([[True, False, True, False]])
    >>> shared_weights(np.array([0.3, 0.3, 0.2, 0.2]), dimension, there).round(3).tolist()
    [[0.75, 0.0, 0.25, 0.0]]
    """
    known = np.where(there, weight, 0.0)
    raised = np.zeros(there.shape)
    for name in dict.fromkeys(dimension.tolist()):
        inside = dimension == name
        left = row_sums(known[:, inside])[:, None]
        share = np.divide(weight[inside].sum(), left, out=np.zeros_like(left), where=left > 0)
        raised[:, inside] = known[:, inside] * share
    total = row_sums(raised)[:, None]
    return np.divide(raised, total, out=np.zeros_like(raised), where=total > 0)


def _key(entity: str, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{salt}\0{entity}".encode()).digest()[:16], "big")

"""Models side by side on the same rows, each judged on what it could not have seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .additive import Additive, Recipe, fit_additive
from .calibration import probability_of
from .challengers import Challenger, challengers_for
from .expert import with_expert_prior
from .gains import auc, average_precision, bootstrap_auc, brier, log_loss, recall_at
from .panel import Floats, Ints, Spec
from .points import fit_points
from .split import Fold, folds_of_entities
from .steps import log_odds_of

Scorer = Callable[[pd.DataFrame], Floats]
Fitter = Callable[[pd.DataFrame, Floats, Sequence[Hashable]], Scorer]
Progress = Callable[[str, int, int], None]

CHAMPION, TWIN = "additive", "points"
DEPLOYABLE = (CHAMPION, TWIN)
"""Models whose score is a sum of step functions: only these are ever kept."""
ROWS = 60_000
"""Beyond so many rows models are compared on whole entities that make about as many."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Rows that can be learnt from: features, labels, entities and steps, in one order."""

    x: pd.DataFrame
    y: Floats
    entities: np.ndarray
    steps: Ints

    def take(self, rows: Ints) -> Learnt:
        """Some of the rows."""
        return Learnt(
            self.x.iloc[rows].reset_index(drop=True), self.y[rows], self.entities[rows], self.steps[rows]
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """Scores out of fold and what they are worth.

    `scores`: log-odds by model (of rules: anything that rises with risk), NaN where a row was never
    tested; `block` is the fold that tested a row, -1 for none. `table`: see `risks.PartnerRisk.models`.
    """

    learnt: Learnt
    scores: pd.DataFrame
    block: Ints
    table: pd.DataFrame
    chosen: str

    @property
    def tested(self) -> Ints:
        """The rows that were tested."""
        return np.flatnonzero(self.block >= 0)


def fitters_of(
    spec: Spec, recipe: Recipe, trust: float, references: Mapping[str, object], rules: Mapping[str, str]
) -> dict[str, tuple[str, Fitter]]:
    """Every model that is tried: its kind and how it is fitted.

    `rules` names the features of plain rules: "recency" (more is riskier), "trend" (less is riskier).
    """

    def additive(x: pd.DataFrame, y: Floats, entities: Sequence[Hashable]) -> Scorer:
        return scorer_of(fit_deployable(CHAMPION, x, y, entities, spec, recipe, trust))

    def points(x: pd.DataFrame, y: Floats, entities: Sequence[Hashable]) -> Scorer:
        return scorer_of(fit_deployable(TWIN, x, y, entities, spec, recipe, trust))

    found: dict[str, tuple[str, Fitter]] = {CHAMPION: ("additive", additive), TWIN: ("additive", points)}
    for one in challengers_for(spec.features, rules.get("recency"), rules.get("trend")):
        if not one.absent:
            found[one.name] = ("challenger" if one.is_log_odds else "rule", _challenger(one, spec))
    for name, estimator in references.items():
        found[name] = ("reference", _reference(estimator))
    return found


def fit_deployable(
    name: str,
    x: pd.DataFrame,
    y: Floats,
    entities: Sequence[Hashable],
    spec: Spec,
    recipe: Recipe,
    trust: float,
) -> Additive:
    """The champion or its twin as step tables, pulled towards the signs where it is not trusted."""
    if name == TWIN:
        points = fit_points(x, y, spec.signs)
        fitted = Additive(dict(points.tables), points.intercept)
    else:
        fitted = fit_additive(x, y, spec.signs, entities, recipe)
    return with_expert_prior(fitted, x, spec.signs, trust, float(y.mean()))


def scorer_of(model: Additive) -> Scorer:
    """What gives the log-odds of rows by step tables."""
    return lambda x: log_odds_of(model.tables, model.intercept, x)


def compare(
    learnt: Learnt,
    folds: Sequence[Fold],
    fitters: Mapping[str, tuple[str, Fitter]],
    draws: int,
    seed: int,
    progress: Progress,
) -> Compared:
    """Fit every model on every fold's past, score its future, and weigh them against the champion.

    Folds whose past holds only one outcome teach nothing and are left out. A deployable model replaces
    the champion only when the interval of the difference in AUC, from resampled entities, lies above 0.
    """
    folds = [(train, test) for train, test in folds if len(np.unique(learnt.y[train])) == 2]
    scores = {name: np.full(len(learnt.y), np.nan) for name in fitters}
    block, work, done = np.full(len(learnt.y), -1), len(folds) * len(fitters), 0
    for number, (train, test) in enumerate(folds):
        block[test] = number
        past, future = _telling(learnt.take(train)), learnt.x.iloc[test]
        for name, (_, fit) in fitters.items():
            progress(f"fold {number + 1} of {len(folds)}: {name}", done, work)
            done += 1
            scores[name][test] = fit(past.x, past.y, past.entities.tolist())(future[past.x.columns])
    frame, rows = pd.DataFrame(scores), np.flatnonzero(block >= 0)
    table = _table(learnt, frame, rows, {name: kind for name, (kind, _) in fitters.items()}, draws, seed)
    chosen = _chosen(table)
    table["chosen"] = table["model"] == chosen
    return Compared(learnt, frame, block, table, chosen)


def sample_of(learnt: Learnt, most: int = ROWS) -> Learnt:
    """The rows of as many whole entities as make at most about `most` rows, by name alone."""
    if len(learnt.y) <= most:
        return learnt
    parts = int(np.ceil(len(learnt.y) / most))
    return learnt.take(np.flatnonzero(folds_of_entities(learnt.entities.tolist(), parts) == 0))


def _telling(past: Learnt) -> Learnt:
    """The rows without the features that were not there yet, or the same for everybody."""
    names = [name for name in past.x.columns if past.x[name].nunique() > 1]
    return replace(past, x=past.x[names])


def _table(
    learnt: Learnt, scores: pd.DataFrame, rows: Ints, kinds: Mapping[str, str], draws: int, seed: int
) -> pd.DataFrame:
    y, entities = learnt.y[rows], learnt.entities[rows]
    if not len(rows) or len(np.unique(y)) < 2:
        return pd.DataFrame({"model": list(kinds), "kind": list(kinds.values())})
    own = {name: scores[name].to_numpy()[rows] for name in scores.columns}
    found = bootstrap_auc(y, own, entities, draws, seed).set_index("model")
    records = []
    for name, kind in kinds.items():
        is_probability = kind in ("additive", "challenger", "reference")
        p = probability_of(own[name])
        records.append(
            {
                "model": name,
                "kind": kind,
                "auc": auc(y, own[name]),
                "auc_low": found.at[name, "low"],
                "auc_high": found.at[name, "high"],
                "average_precision": average_precision(y, own[name]),
                "brier": brier(y, p) if is_probability else np.nan,
                "log_loss": log_loss(y, p) if is_probability else np.nan,
                "recall_5": recall_at(y, own[name], 0.05),
                "difference": found.at[name, "difference"],
                "difference_low": found.at[name, "difference_low"],
                "difference_high": found.at[name, "difference_high"],
            }
        )
    return pd.DataFrame(records)


def _chosen(table: pd.DataFrame) -> str:
    if "difference_low" in table.columns:
        better = table[table["model"].isin(DEPLOYABLE) & (table["difference_low"] > 0)]
        if len(better):
            return str(better.sort_values("difference", ascending=False)["model"].iloc[0])
    return CHAMPION


def _challenger(one: Challenger, spec: Spec) -> Fitter:
    def fit(x: pd.DataFrame, y: Floats, _entities: Sequence[Hashable]) -> Scorer:
        return one.fit(x, y, spec.signs, spec.families)

    return fit


def _reference(estimator: object) -> Fitter:
    """Any classifier of scikit-learn's manner, as a row of the comparison."""

    def fit(x: pd.DataFrame, y: Floats, _entities: Sequence[Hashable]) -> Scorer:
        from sklearn.base import clone
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            model = clone(estimator).fit(x.to_numpy(), y.astype(int))

        def score(other: pd.DataFrame) -> Floats:
            p = np.clip(model.predict_proba(other.to_numpy())[:, 1], 1e-6, 1 - 1e-6)
            return np.asarray(np.log(p / (1 - p)))

        return score

    return fit

"""The champion: boosting, one feature a tree, monotone where a sign is known, bagged, kept as step tables.

Trees of one feature each (no interactions) add up to one step function per feature, so that the model
is a scorecard: exact reasons, a few kilobytes, scored by anything that can add. The average of several
such models is one again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .panel import Floats, Ints
from .split import folds_of_entities
from .steps import Steps, cuts_of, merged


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the champion is fitted; `rows` is the most that one bag learns from, all of its entities whole."""

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 4
    least_leaf: int = 30
    l2: float = 5.0
    bins: int = 48
    bags: int = 4
    rows: int = 60_000


@dataclass(frozen=True, slots=True)
class Additive:
    """Step tables and what they are added to, in log-odds."""

    tables: Mapping[str, Steps]
    intercept: float


def fit_additive(
    x: pd.DataFrame, y: Floats, signs: Mapping[str, int], entities: Sequence[Hashable], recipe: Recipe
) -> Additive:
    """Fit the champion.

    Parameters
    ----------
    x : DataFrame
        Features as floats, NaN for missing.
    y : array of 0 and 1
    signs : mapping
        Features whose part may only rise (1) or fall (-1).
    entities : sequence
        Of each row; a bag leaves whole entities out.

    Notes
    -----
    Histogram gradient boosting after Ke et al. (2017) with monotone constraints; read back through the
    model's own decision function, feature by feature, which is exact without interactions.
    """
    cuts = {name: cuts_of(x[name].to_numpy(), recipe.bins) for name in x.columns}
    cuts = {name: own for name, own in cuts.items() if len(own)}
    if not cuts or len(np.unique(y)) < 2:
        rate = np.clip(np.mean(y), 1e-6, 1 - 1e-6) if len(y) else 0.5
        return Additive({}, float(np.log(rate / (1 - rate))))
    codes = _codes(x, cuts)
    constraints = [int(signs.get(name, 0)) for name in cuts]
    bags = [
        _bag(codes[rows], y[rows], constraints, [len(own) for own in cuts.values()], recipe, seed)
        for seed, rows in enumerate(_bags(entities, y, recipe))
    ]
    parts = [np.mean([bag[0][place] for bag in bags], axis=0) for place in range(len(cuts))]
    intercept = float(np.mean([bag[1] for bag in bags]))
    return _centred(cuts, parts, intercept, codes)


def _codes(x: pd.DataFrame, cuts: Mapping[str, Floats]) -> Floats:
    """Every value as the number of the step it falls on, so that all bags share their thresholds."""
    codes = np.empty((len(x), len(cuts)))
    for place, (name, own) in enumerate(cuts.items()):
        values = x[name].to_numpy()
        codes[:, place] = np.where(np.isnan(values), np.nan, np.searchsorted(own, values, side="left"))
    return codes


def _bags(entities: Sequence[Hashable], y: Floats, recipe: Recipe) -> list[Ints]:
    """The rows of each bag: all but one part of the entities, or as many entities as `rows` allows."""
    if recipe.bags < 2 and len(y) <= recipe.rows:
        return [np.arange(len(y))]
    parts = max(recipe.bags, 2, int(np.ceil(len(y) / recipe.rows)))
    own = folds_of_entities(entities, parts)
    if len(y) > recipe.rows:
        found = [np.flatnonzero(own == number) for number in range(recipe.bags)]
    else:
        found = [np.flatnonzero(own != number) for number in range(recipe.bags)]
    return [rows for rows in found if len(np.unique(y[rows])) == 2] or [np.arange(len(y))]


def _bag(
    codes: Floats, y: Floats, constraints: list[int], steps: list[int], recipe: Recipe, seed: int
) -> tuple[list[Floats], float]:
    """One model read back: of each feature the part at every step and for missing, and its level."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    codes = np.where(np.isnan(codes).all(axis=0), 0.0, codes)  # no value in this bag: it says nothing
    model = HistGradientBoostingClassifier(
        learning_rate=recipe.learning_rate,
        max_iter=recipe.rounds,
        max_leaf_nodes=recipe.leaves,
        min_samples_leaf=min(recipe.least_leaf, max(len(y) // 20, 1)),
        l2_regularization=recipe.l2,
        interaction_cst="no_interactions",
        monotonic_cst=constraints,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(limits=1):
        model.fit(codes, y)
        grid = np.zeros((1 + sum(steps) + 2 * len(steps), len(steps)))
        row = 1
        for place, count in enumerate(steps):
            grid[row : row + count + 1, place] = np.arange(count + 1)
            grid[row + count + 1, place] = np.nan
            row += count + 2
        told = model.decision_function(grid)
    parts, row = [], 1
    for place, count in enumerate(steps):
        part = told[row : row + count + 2] - told[0]
        if not np.isnan(codes[:, place]).any():
            share = np.bincount(codes[:, place].astype(np.int64), minlength=count + 1) / len(codes)
            part[-1] = float(share @ part[:-1])
        parts.append(part)
        row += count + 2
    return parts, float(told[0])


def _centred(
    cuts: Mapping[str, Floats], parts: Sequence[Floats], intercept: float, codes: Floats
) -> Additive:
    """Parts that are 0 on average, so that a part says how far a feature is from what is usual."""
    tables = {}
    for place, (name, own) in enumerate(cuts.items()):
        part, column = parts[place], codes[:, place]
        at = np.where(np.isnan(column), len(own) + 1, column).astype(np.int64)
        level = float(part[at].mean())
        intercept += level
        if np.ptp(part[np.unique(at)]) > 1e-9:
            tables[name] = merged(own.tolist(), (part[:-1] - level).tolist(), float(part[-1] - level))
    return Additive(tables, intercept)

"""Folds of a panel that never look ahead: training labels end before the test begins."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from .panel import Ints

Fold = tuple[Ints, Ints]


@dataclass(frozen=True, slots=True)
class PurgedPanelSplit:
    """Expanding windows over the steps of a panel, purged of labels that reach into the test.

    The label at step s is known at s + gap + horizon. A test block begins at step t; its training
    rows are those with s + gap + horizon <= t, so everything learnt was known when the block began.
    The test blocks are the last part of the steps, cut into `folds` blocks of equal length.

    Parameters
    ----------
    horizon, gap : int
        As in `Spec`, in steps.
    folds : int
        Test blocks; fewer where the steps do not give as many.
    tested : float
        Share of the steps (after the first purge) that is tested.
    """

    horizon: int
    gap: int
    folds: int = 5
    tested: float = 0.6

    def split(self, steps: Ints, entities: Sequence[Hashable] | None = None) -> list[Fold]:
        """Pairs of training and test rows, by their places, in order of time.

        With `entities` a fold is tested on those whose name falls into it, and trained on the others:
        how good the model is for partners it never saw.

        Examples
        --------
        >>> months = np.repeat(np.arange(12), 2)
        >>> folds = PurgedPanelSplit(horizon=2, gap=1, folds=2).split(months)
        >>> [(int(months[train].max()), sorted(set(months[test].tolist()))) for train, test in folds]
        [(4, [7, 8, 9]), (7, [10, 11])]
        """
        known = np.unique(steps)
        begins = known[known - self.horizon - self.gap >= known[0]] if len(known) else known
        count = max(min(self.folds, len(begins)), 0)
        if not count:
            return []
        tested = begins[-max(count, round(len(begins) * self.tested)) :]
        found = []
        for number, block in enumerate(np.array_split(tested, count)):
            train = steps + self.gap + self.horizon <= block[0]
            test = np.isin(steps, block)
            if entities is not None:
                own = folds_of_entities(entities, count) == number
                train, test = train & ~own, test & own
            found.append((np.flatnonzero(train), np.flatnonzero(test)))
        return [(train, test) for train, test in found if len(train) and len(test)]


def entity_split(entities: Sequence[Hashable], folds: int = 5) -> list[Fold]:
    """Folds by entity, for panels without an order in time: nobody stands in training and test."""
    own = folds_of_entities(entities, folds)
    pairs = [(np.flatnonzero(own != number), np.flatnonzero(own == number)) for number in range(folds)]
    return [(train, test) for train, test in pairs if len(train) and len(test)]


def is_purged(folds: Sequence[Fold], steps: Ints) -> bool:
    """Whether every fold learns from steps before those it is tested on: folds in time, not by entity."""
    return bool(folds) and all(steps[train].max() < steps[test].min() for train, test in folds)


def folds_of_entities(entities: Sequence[Hashable], folds: int) -> Ints:
    """The fold of each row by its entity: the same for equal entities, evenly spread, by name alone."""
    import pandas as pd

    codes, names = pd.factorize(pd.Series(entities, dtype=object).map(str), sort=True)
    order = np.argsort(pd.util.hash_array(np.asarray(names, dtype=object)), kind="stable")
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names)) % folds
    return place[codes]

"""Folds of a panel: nothing learnt was unknown when the test began."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from channel_analysis.methods.risk.split import PurgedPanelSplit, entity_split, folds_of_entities


@given(st.integers(2, 40), st.integers(1, 8), st.integers(0, 4), st.integers(1, 6))
def test_every_training_label_is_known_before_its_test_begins(months, horizon, gap, folds):
    steps = np.repeat(np.arange(100, 100 + months), 3)
    found = PurgedPanelSplit(horizon, gap, folds).split(steps)
    for train, test in found:
        assert steps[train].max() + gap + horizon <= steps[test].min()
    tested = np.concatenate([test for _, test in found]) if found else np.array([], dtype=int)
    assert len(np.unique(tested)) == len(tested)
    assert bool(found) == (months > horizon + gap)


def test_later_folds_learn_from_all_that_earlier_ones_learnt_from():
    steps = np.repeat(np.arange(30), 2)
    found = PurgedPanelSplit(3, 1, 4).split(steps)
    for (before, _), (after, _) in pairwise(found):
        assert set(before) < set(after)


def test_partners_never_seen_before_are_tested_on_models_that_never_saw_them():
    steps = np.tile(np.arange(24), 20)
    names = np.repeat([f"P{n}" for n in range(20)], 24)
    found = PurgedPanelSplit(2, 1, 4).split(steps, names.tolist())
    assert found
    for train, test in found:
        assert not set(names[train]) & set(names[test])


def test_folds_by_entity_keep_a_partner_together_whatever_the_order_of_rows():
    names = np.array([f"P{n}" for n in range(30)])
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(np.repeat(names, 3))
    folds = folds_of_entities(shuffled.tolist(), 5)
    by_name = dict(zip(names, folds_of_entities(names.tolist(), 5), strict=True))
    assert all(by_name[name] == fold for name, fold in zip(shuffled, folds, strict=True))
    assert [len(test) for _, test in entity_split(names.tolist(), 5)] == [6] * 5

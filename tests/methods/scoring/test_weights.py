"""Weights: agreed by pairs, questioned by flips and random weights; diagnostics stay diagnostics."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from channel_analysis.errors import InputError
from channel_analysis.methods.scoring.weights import (
    ahp_weights,
    critic_weights,
    entropy_weights,
    flips,
    under_random_weights,
    weight_table,
)

from .worlds import EVEN, KPIS, rubric, scored

few = settings(max_examples=30, deadline=None)
fewer = settings(max_examples=8, deadline=None)


def pairs(rows, names=("sales", "share", "cost")):
    return pd.DataFrame(rows, list(names), list(names), dtype=float)


@few
@given(st.lists(st.floats(0.1, 1), min_size=2, max_size=7))
def test_consistent_pairs_give_back_the_weights_they_came_from(weights):
    truth = np.array(weights) / np.sum(weights)
    names = [f"k{i}" for i in range(len(truth))]
    found, ratio = ahp_weights(pairs(truth[:, None] / truth[None, :], names))
    assert found.to_numpy() == pytest.approx(truth, rel=1e-6)
    assert ratio == pytest.approx(0.0, abs=1e-6)


def test_saatys_ratio_of_a_known_table():
    found, ratio = ahp_weights(pairs([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]]))
    assert found.round(3).tolist() == [0.637, 0.258, 0.105]
    assert ratio == pytest.approx(0.033, abs=0.001)


def test_the_lower_half_may_be_left_empty():
    nan = float("nan")
    found, _ = ahp_weights(pairs([[1, 2, 4], [nan, 1, 2], [nan, nan, 1]]))
    assert found.sum() == pytest.approx(1.0)
    assert found["sales"] == pytest.approx(4 / 7)


def test_contradicting_pairs_are_refused_with_those_that_disagree_most():
    with pytest.raises(
        InputError, match=r"consistency ratio 6\.13 is above 0\.10(.|\n)*sales : cost = 0\.11"
    ):
        ahp_weights(pairs([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pd.DataFrame([[1.0, 2.0]], ["a"], ["a", "b"]), "same names"),
        (pairs([[1, 0, 2], [1, 1, 1], [1, 1, 1]]), "not positive"),
        (pairs([[1, 2, 2], [2, 1, 1], [0.5, 1, 1]]), "2 one way is not 1/2"),
        (pd.DataFrame(), "same names"),
        ([[1, 2], [0.5, 1]], "a list, not a table"),
    ],
)
def test_tables_that_are_no_comparison_are_refused(table, said):
    with pytest.raises(InputError, match=said):
        ahp_weights(table)


figures = st.floats(0, 2, allow_nan=False)
entity = st.fixed_dictionaries(
    {kpi: figures if kpi in ("sales", "share") else st.none() | figures for kpi in KPIS}
)
shares = st.lists(st.integers(1, 9), min_size=5, max_size=5)


@fewer
@given(entity, entity, shares)
def test_at_the_flip_both_score_the_same_and_no_smaller_move_does_it(a, b, parts):
    weights = dict(zip(KPIS, [p / sum(parts) for p in parts], strict=True))
    rules = rubric(weights, coverage=0.0)
    usual = scored(rules, a=a, b=b)
    assume((usual.scores["status"] == "ok").all())

    def gap(kpi, weight):
        scale = (1 - weight) / (1 - weights[kpi])
        moved = {name: weight if name == kpi else w * scale for name, w in weights.items()}
        total = sum(moved.values())
        given = rubric({name: w / total for name, w in moved.items()}, coverage=0.0)
        one, two = scored(given, draws=0, a=a, b=b).scores["score"]
        return one - two

    before = usual.scores["score"].iloc[0] - usual.scores["score"].iloc[1]
    assume(abs(before) > 1e-3)
    for row in flips(usual.points, "a", "b").to_dict("records"):
        edge = row["flips_at"]
        if np.isnan(edge):
            steps = (0.02, 0.5, 0.98)
            assert all(gap(row["kpi"], w) * before > -1e-6 for w in steps)
        elif 1e-6 < edge < 1 - 1e-6:
            assert gap(row["kpi"], edge) == pytest.approx(0.0, abs=1e-5)
            between = row["weight"] + 0.5 * (edge - row["weight"])
            assert gap(row["kpi"], between) * before > -1e-6


def test_a_flip_of_two_kpis_is_where_the_sums_say():
    rules = rubric({"sales": 0.6, "share": 0.4})
    found = scored(rules, a={"sales": 1.0, "share": 0.0}, b={"sales": 0.0, "share": 1.0})
    table = flips(found.points, "a", "b").set_index("kpi")
    assert table["flips_at"].to_dict() == pytest.approx({"sales": 0.5, "share": 0.5})


def test_who_is_better_in_everything_never_flips():
    found = scored(a=dict.fromkeys(KPIS, 1.0) | {"cost": 0.5}, b=dict.fromkeys(KPIS, 0.5) | {"cost": 1.5})
    assert flips(found.points, "a", "b")["flips_at"].isna().all()


def test_under_random_weights_those_who_lead_everywhere_stay_first():
    found = scored(
        a=dict.fromkeys(KPIS, 1.5) | {"cost": 0.2},
        b=dict.fromkeys(KPIS, 0.5) | {"sales": 1.2},
        c=dict.fromkeys(KPIS, 0.5) | {"share": 1.2},
    )
    table = under_random_weights(found.points, draws=500).set_index("entity")
    assert table.at["a", "first_share"] == 1.0
    assert table.loc["b", ["rank_low", "rank_high"]].tolist() == [2, 3]


def test_diagnostics_reward_noise_and_change_every_period():
    chance = np.random.default_rng(5)
    steady, noisy = chance.normal(80, 2, 40), chance.uniform(0, 120, 40)
    table = pd.DataFrame({"steady": steady, "noisy": noisy})
    assert entropy_weights(table)["noisy"] > 0.9
    assert critic_weights(table)["noisy"] > 0.9


@pytest.mark.parametrize("weigh", [entropy_weights, critic_weights])
def test_diagnostics_of_figures_that_do_not_differ_are_even(weigh):
    assert weigh(pd.DataFrame({"a": [50.0] * 5, "b": [70.0] * 5})).tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("weigh", [entropy_weights, critic_weights])
def test_diagnostics_survive_zeros_and_single_rows(weigh):
    assert weigh(pd.DataFrame({"a": [0.0], "b": [0.0]})).sum() == pytest.approx(1.0)


def test_weights_stand_beside_their_diagnostics():
    found = scored(a=dict.fromkeys(KPIS, 0.4), b=dict.fromkeys(KPIS, 0.9))
    table = weight_table(EVEN, found.points)
    assert table["weight"].tolist() == [0.2] * 5
    assert table[["entropy", "critic"]].sum().tolist() == pytest.approx([1.0, 1.0])

"""Ranks with intervals, ties, movement: chance is not taken for performance."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.scoring import played
from channel_analysis.methods.scoring import movement, score, standings

from .worlds import SCOPES, rubric, values

SALES = rubric({"sales": 1.0})


def ranked(within=True, top=1, **entities):
    found = score(values(**entities), SALES, SCOPES, draws=2000)
    return standings(found, top=top, within=within).set_index("entity")


def test_the_best_has_rank_1_and_percentile_100():
    table = ranked(a={"sales": 0.2}, b={"sales": 0.9}, c={"sales": 0.5})
    assert table["rank"].to_dict() == {"b": 1, "c": 2, "a": 3}
    assert table["percentile"].to_dict() == {"b": 100.0, "c": 50.0, "a": 0.0}


def test_equal_scores_share_a_rank():
    table = ranked(a={"sales": 0.5}, b={"sales": 0.5}, c={"sales": 0.2})
    assert table["rank"].to_dict() == {"a": 1, "b": 1, "c": 3}


def test_entities_without_a_score_have_no_rank():
    assert "b" not in ranked(a={"sales": 0.5}, b={"sales": None}).index


def test_a_single_entity_is_first_and_has_no_percentile():
    one = ranked(a={"sales": (0.5, 0.1)}).loc["a"]
    assert (one["rank"], one["rank_low"], one["rank_high"], one["p_best"]) == (1, 1, 1, 1.0)
    assert np.isnan(one["percentile"])


def test_groups_are_ranked_apart_unless_asked_for_together():
    both = pd.concat([values(a={"sales": 0.9}), values(group="retailer", b={"sales": 0.5})])
    found = score(both, SALES, SCOPES, draws=200)
    assert standings(found)["rank"].tolist() == [1, 1]
    assert standings(found, within=False)["rank"].tolist() == [1, 2]


def test_chances_of_being_best_sum_to_one():
    table = ranked(a={"sales": (0.5, 0.1)}, b={"sales": (0.55, 0.1)}, c={"sales": (0.3, 0.1)})
    assert table["p_best"].sum() == pytest.approx(1.0)
    assert table["p_best"].idxmax() == "b"


def test_those_level_at_the_top_share_the_chance():
    assert ranked(a={"sales": 3.0}, b={"sales": 2.5})["p_best"].tolist() == [0.5, 0.5]


def test_the_interval_of_a_rank_holds_it():
    table = ranked(**{f"p{i:02}": {"sales": (i / 20, 0.2)} for i in range(20)})
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    assert (table["rank_high"] - table["rank_low"]).median() > 5


def test_those_who_cannot_be_told_apart_share_a_zone():
    noisy = ranked(a={"sales": (0.8, 0.2)}, b={"sales": (0.79, 0.2)}, c={"sales": (0.1, 0.01)})
    assert noisy["tie_zone"].to_dict() == {"a": 1, "b": 1, "c": 2}
    sure = ranked(a={"sales": (0.8, 0.001)}, b={"sales": (0.7, 0.001)}, c={"sales": (0.1, 0.001)})
    assert sure["tie_zone"].tolist() == [1, 2, 3]


def test_small_steps_do_not_add_up_to_one_big_zone():
    table = ranked(**{f"p{i:02}": {"sales": (i / 40, 0.02)} for i in range(40)})
    assert table["tie_zone"].max() > 5


def history(truth: np.ndarray, noise: float, seed: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    measured = truth + noise * chance.standard_normal(len(truth))
    return values(**{f"p{i:03}": {"sales": (v, noise)} for i, v in enumerate(measured)})


def moved(truth_before, truth_now, seed, noise=0.15):
    before = score(history(truth_before, noise, 2 * seed), SALES, SCOPES, draws=400, salt="before")
    now = score(history(truth_now, noise, 2 * seed + 1), SALES, SCOPES, draws=400, salt="now")
    return movement(now, before), now, before


def test_where_nothing_changed_ranks_move_far_and_nobody_is_said_to_have_moved():
    truth = np.random.default_rng(7).normal(0.6, 0.12, 200)
    pages, shifts = [], []
    for seed in range(8):
        table, now, before = moved(truth, truth, seed)
        pages.append(table["moved"].any())
        ranks = [standings(s).set_index("entity")["rank"] for s in (now, before)]
        shifts.append((ranks[0] - ranks[1]).abs().median())
    assert np.mean(shifts) > 30
    assert np.mean(pages) <= 0.25


def test_figures_far_below_their_floor_are_not_taken_for_sure_ones():
    truth = np.full(200, 0.1)
    pages = [moved(truth, truth, seed, noise=0.5)[0]["moved"].any() for seed in range(8)]
    assert np.mean(pages) <= 0.25


def test_the_true_rank_lies_in_its_interval_nine_times_in_ten():
    found = pd.DataFrame(
        [row for seed in range(6) for row in played(seed)], columns=["how", "measure", "value"]
    )
    means = found.pivot_table(index="measure", columns="how", values="value")
    assert means.at["true rank within its 90 % interval", "pulled to the type"] == pytest.approx(
        0.9, abs=0.04
    )
    assert means.at["true rank within its 90 % interval", "as measured"] < 0.85
    assert means.at["pages that say somebody moved, without any change", "pulled to the type"] <= 0.2


def test_those_who_really_moved_are_found_with_few_others():
    truth = np.full(200, 0.5)
    after = truth.copy()
    after[:20] += 0.48
    found = [moved(truth, after, seed, noise=0.08)[0] for seed in range(5)]
    hits = np.mean([table["moved"].iloc[:20].mean() for table in found])
    wrong = sum(table["moved"].iloc[20:].sum() for table in found)
    right = sum(table["moved"].iloc[:20].sum() for table in found)
    assert hits > 0.7
    assert wrong / (wrong + right) <= 0.12


def test_movement_speaks_of_those_scored_in_both_periods_only():
    now = score(values(a={"sales": 0.5}, b={"sales": 0.5}), SALES, SCOPES)
    before = score(values(a={"sales": 0.4}, c={"sales": 0.5}), SALES, SCOPES)
    table = movement(now, before)
    assert table["entity"].tolist() == ["a"]
    assert table["change"].tolist() == pytest.approx([10.0])


def test_a_change_of_exact_figures_is_no_chance():
    now, before = (score(values(a={"sales": v}), SALES, SCOPES) for v in (0.5, 0.4))
    assert movement(now, before)["moved"].tolist() == [True]
    assert movement(now, now)["moved"].tolist() == [False]

"""Gains, calibration, measures and lead time equal what others compute, and what is counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from channel_analysis.methods.risk.gains import (
    auc,
    average_precision,
    bootstrap_auc,
    brier,
    calibration_table,
    gains_table,
    log_loss,
    picked,
    recall_at,
)
from channel_analysis.methods.risk.lead_time import lead_time
from channel_analysis.metrics.intervals import wilson_interval

ENDS = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])


def outcomes(seed=0, rows=400, decimals=1) -> tuple[np.ndarray, np.ndarray]:
    """Give outcomes and scores with many ties."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.3).astype(float)
    return y, np.clip(0.3 * y + rng.random(rows) * 0.7, 0, 1).round(decimals)


@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_measures_equal_those_of_scikit_learn(decimals):
    for seed in range(5):
        y, p = outcomes(seed, decimals=decimals)
        assert auc(y, p) == pytest.approx(metrics.roc_auc_score(y, p), abs=1e-12)
        assert average_precision(y, p) == pytest.approx(metrics.average_precision_score(y, p), abs=1e-12)
        assert brier(y, p) == pytest.approx(metrics.brier_score_loss(y, p), abs=1e-12)
        assert log_loss(y, p) == pytest.approx(metrics.log_loss(y, p), rel=1e-9)


def test_outcomes_that_are_not_known_yet_count_nowhere():
    y, p = outcomes()
    more_y, more_p = np.append(y, [np.nan] * 9), np.append(p, np.linspace(0, 1, 9))
    for measure in (auc, average_precision, brier, log_loss):
        assert measure(more_y, more_p) == measure(y, p)
    pd.testing.assert_frame_equal(gains_table(more_y, more_p), gains_table(y, p))
    pd.testing.assert_frame_equal(calibration_table(more_p, more_y), calibration_table(p, y))


def test_where_all_ended_alike_or_nobody_is_there_measures_are_missing_not_wrong():
    for y in (np.ones(3), np.zeros(3), np.empty(0)):
        assert np.isnan(auc(y, np.zeros(len(y))))
    assert np.isnan(average_precision(np.zeros(3), np.arange(3.0)))
    assert np.isnan(brier(np.empty(0), np.empty(0))) and np.isnan(log_loss(np.empty(0), np.empty(0)))
    assert calibration_table(np.empty(0), np.empty(0)).empty
    assert gains_table(np.empty(0), np.empty(0))["found"].isna().all()
    assert gains_table(np.zeros(9), np.arange(9.0))["found"].isna().all()


def test_the_gains_count_whom_a_list_of_that_length_finds():
    told = gains_table(ENDS, SCORES, (0.1, 0.3, 1.0)).set_index("share")
    assert told["partners"].tolist() == [1, 3, 10]
    assert told["events"].tolist() == [1.0, 2.0, 3.0]
    assert told["found"].tolist() == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert told["precision"].tolist() == pytest.approx([1.0, 2 / 3, 0.3])
    low, high = wilson_interval(np.array([2.0]), np.array([3.0]))
    assert told.loc[0.3, ["found_low", "found_high"]].tolist() == pytest.approx([low[0], high[0]])
    assert recall_at(ENDS, SCORES, 0.3) == pytest.approx(2 / 3)


def test_a_list_holds_at_least_one_partner_and_whole_ones():
    assert gains_table(ENDS, SCORES, (0.001, 0.11, 0.2))["partners"].tolist() == [1, 2, 2]
    assert picked(np.arange(100.0), 0.07).sum() == 7


def test_of_equal_scores_at_the_cut_so_many_events_count_as_chance_finds():
    y, score = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.5, 0.5])
    assert gains_table(y, score, (0.25, 0.5))["events"].tolist() == [0.5, 1.0]
    assert gains_table(y[::-1], score, (0.25, 0.5))["events"].tolist() == [0.5, 1.0]


def test_reviewers_pick_within_each_period():
    y, score = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.2, 0.1])
    assert recall_at(y, score, 0.5) == 0.5
    assert recall_at(y, score, 0.5, period=["2025-01", "2025-01", "2025-02", "2025-02"]) == 1.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40),
    st.floats(0.01, 1),
)
def test_each_period_picks_its_share_and_nobody_below_the_cut(rows, share):
    period, score = (np.array(column) for column in zip(*rows, strict=True))
    pick = picked(score.astype(float), share, period)
    for one in np.unique(period):
        own, scores = pick[period == one], score[period == one]
        assert own.sum() == pytest.approx(np.ceil(share * len(own) - 1e-9))
        assert ((own >= 0) & (own <= 1)).all()
        for level in np.unique(scores):
            assert len(np.unique(own[scores == level])) == 1
            assert not (own[scores == level] > 0).any() or (own[scores > level] == 1).all()


def test_one_without_a_score_is_picked_last():
    assert picked(np.array([np.nan, 0.1, -5.0]), 0.6).tolist() == [0.0, 1.0, 1.0]
    assert picked(np.array([np.nan, np.nan, 0.1]), 0.6).tolist() == [0.5, 0.5, 1.0]


def test_bins_of_the_calibration_hold_all_rows_with_equal_predictions_together():
    y, p = outcomes(rows=1000)
    told = calibration_table(p, y, 5)
    assert told["n"].sum() == 1000
    assert (told["predicted"] * told["n"]).sum() == pytest.approx(p.sum())
    assert (told["observed"] * told["n"]).sum() == pytest.approx(y.sum())
    assert told["predicted"].is_monotonic_increasing
    assert ((told["low"] <= told["observed"]) & (told["observed"] <= told["high"])).all()
    assert calibration_table(np.full(50, 0.2), np.zeros(50))["n"].tolist() == [50]


def test_a_true_probability_lies_within_the_intervals_of_its_bins_about_19_times_of_20():
    rng, inside = np.random.default_rng(3), []
    for _ in range(40):
        p = np.repeat(np.linspace(0.05, 0.6, 10), 300)
        told = calibration_table(p, (rng.random(len(p)) < p).astype(float))
        inside += ((told["low"] <= told["predicted"]) & (told["predicted"] <= told["high"])).tolist()
    assert 0.92 <= np.mean(inside) <= 0.98


def test_the_bootstrap_of_entities_equals_one_that_copies_their_rows():
    y, p = outcomes(rows=60)
    entity = np.arange(60) // 4
    told = bootstrap_auc(y, {"one": p, "flat": np.zeros(60)}, entity, draws=40, seed=7)
    rng, drawn = np.random.default_rng(7), []
    for _ in range(40):
        rows = np.concatenate([np.flatnonzero(entity == one) for one in rng.integers(15, size=15)])
        drawn.append(metrics.roc_auc_score(y[rows], p[rows]))
    assert told.loc[0, ["low", "high"]].tolist() == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist())
    less = 0.5 - np.array(drawn)
    assert told.loc[1, ["difference_low", "difference_high"]].tolist() == pytest.approx(
        np.quantile(less, [0.025, 0.975]).tolist()
    )


def test_a_model_does_not_differ_from_itself_and_the_same_seed_tells_the_same():
    y, p = outcomes()
    told = bootstrap_auc(y, {"first": p, "again": p.copy()}, np.arange(len(y)) // 3, 50, 1)
    assert told["model"].tolist() == ["first", "again"]
    assert (told[["difference", "difference_low", "difference_high"]] == 0).all().all()
    assert told.loc[0, "auc"] == pytest.approx(metrics.roc_auc_score(y, p))
    pd.testing.assert_frame_equal(
        told, bootstrap_auc(y, {"first": p, "again": p}, np.arange(len(y)) // 3, 50, 1)
    )


def test_rows_of_one_entity_tell_less_than_as_many_of_their_own():
    y, p = outcomes(rows=300)
    many = bootstrap_auc(np.tile(y, 5), {"m": np.tile(p, 5)}, np.tile(np.arange(300), 5), 200)
    alone = bootstrap_auc(np.tile(y, 5), {"m": np.tile(p, 5)}, np.arange(1500), 200)
    width = [(one["high"] - one["low"]).iloc[0] for one in (many, alone)]
    assert width[0] > 1.7 * width[1]


def test_a_row_that_one_model_cannot_score_counts_for_none():
    y, p = outcomes()
    holes = np.where(np.arange(len(p)) < 100, np.nan, p)
    told = bootstrap_auc(y, {"full": p, "holes": holes}, np.arange(len(y)), 20)
    assert told["auc"].tolist() == [auc(y[100:], p[100:])] * 2


def test_where_all_ended_alike_the_bootstrap_tells_nothing():
    told = bootstrap_auc(np.zeros(5), {"m": np.arange(5.0)}, list("abcde"), 20)
    assert told.drop(columns="model").isna().all().all()
    assert len(bootstrap_auc(np.empty(0), {"m": np.empty(0)}, [], 5)) == 1


def world() -> pd.DataFrame:
    """Give four partners over four months; A ends in month 5, with the highest score from month 3 on."""
    rows = [(name, step, 0.1) for step in range(1, 5) for name in "ABCD"]
    told = pd.DataFrame(rows, columns=["entity", "step", "score"])
    told.loc[(told["entity"] == "A") & (told["step"] >= 3), "score"] = 0.9
    told.loc[(told["entity"] == "B") & (told["step"] < 3), "score"] = 0.8
    return told


def lead(told: pd.DataFrame, ends, share=0.25, months=(1, 2, 3, 4, 5)) -> pd.DataFrame:
    return lead_time(told["entity"], told["step"].to_numpy(), told["score"].to_numpy(), ends, share, months)


def test_a_partner_counts_as_warned_of_so_many_months_before_as_it_was_flagged_then():
    told = lead(world(), {"A": 5})
    assert told["months"].tolist() == [1, 2, 3, 4, 5]
    assert told["flagged"].fillna(-1).tolist() == [1.0, 1.0, 0.0, 0.0, -1.0]
    assert told["n"].tolist() == [1, 1, 1, 1, 0]
    assert told["low"].iloc[0] == pytest.approx(wilson_interval(np.array([1.0]), np.array([1.0]))[0][0])


def test_false_flags_are_rows_of_those_who_held():
    assert lead(world(), {"A": 5})["false_flags"].unique().tolist() == [2 / 12]
    assert lead(world(), {"A": 5, "B": 9})["false_flags"].unique().tolist() == [0.0]
    assert lead(world(), dict.fromkeys("ABCD", 5))["false_flags"].isna().all()


def test_the_more_reviewers_the_more_are_flagged_and_all_when_all_are_looked_into():
    tight, wide = (lead(world(), {"A": 5, "C": 5}, share)["flagged"][:4] for share in (0.25, 0.75))
    assert (wide >= tight).all() and wide.sum() > tight.sum()
    assert lead(world(), {"A": 5, "C": 5}, 1.0)["flagged"][:4].eq(1.0).all()


def test_the_order_of_rows_tells_nothing():
    shuffled = world().sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(lead(shuffled, {"A": 5}), lead(world(), {"A": 5}))


def test_without_bad_ends_there_is_no_lead_time():
    told = lead(world(), {})
    assert told["n"].eq(0).all() and told["flagged"].isna().all()

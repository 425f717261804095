"""Scores: points add up, anchors are fixed, what is missing is said and never guessed."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.policy import Anchors, ChannelType, Policy, Scoring
from channel_analysis.methods.scorecard import kpi_score, score_channels

RISING = {"floor": 0.0, "target": 1.0, "stretch": 2.0}
FALLING = {"floor": 2.0, "target": 1.0, "stretch": 0.0}
DIMENSIONS = {"sales": "result", "growth": "result", "share": "market", "csat": "customer", "cost": "cost"}
KPIS = list(DIMENSIONS)
EVEN = dict.fromkeys(KPIS, 0.2)
ANCHORS = {kpi: FALLING if kpi == "cost" else RISING for kpi in KPIS}


def policy(weights=EVEN, anchors=ANCHORS, coverage=0.7, **own) -> Policy:
    """Two distributors' types and an online shop; weights hold for the indirect ones."""
    types = {name: ChannelType(family="indirect") for name in ("north", "south", "west")}
    types["online"] = ChannelType(family="direct")
    scoring = {"coverage": coverage, "weights": {"indirect": weights, **own}, "anchors": {"all": anchors}}
    return Policy(channel_types=types, scoring=Scoring(**scoring))


def values(**channels) -> pd.DataFrame:
    """KPI values by channel: a number, (number, low, high), or None for one that cannot be had."""
    rows = []
    for channel, kpis in channels.items():
        for kpi, given_value in kpis.items():
            value, low, high = given_value if isinstance(given_value, tuple) else (given_value, None, None)
            status = "no_rows" if value is None else "ok"
            rows.append((channel, kpi, value, low, high, status))
    columns = ["entity", "kpi", "value", "low", "high", "status"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "low": float, "high": float})


def scored(rules=None, **channels):
    """Scores by channel and the points."""
    scores, points = score_channels(values(**channels), DIMENSIONS, rules or policy())
    return scores.set_index("channel_type"), points


def all_at(value: float) -> dict[str, float]:
    return dict.fromkeys(KPIS, value)


few = settings(max_examples=25, deadline=None)
figures = st.none() | st.floats(-1, 3, allow_nan=False)
channel = st.fixed_dictionaries(dict.fromkeys(KPIS, figures))
ranged = st.tuples(st.floats(-1, 3), st.floats(0, 1), st.floats(0, 1)).map(
    lambda t: (t[0], t[0] - t[1], t[0] + t[2])
)
weights = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)
weighed = weights.map(lambda given_: dict(zip(KPIS, [w / sum(given_) for w in given_], strict=True)))


@few
@given(channel, channel, weighed)
def test_points_of_a_channel_add_up_to_its_score(north, south, weighing):
    scores, points = scored(policy(weighing, coverage=0.1), north=north, south=south)
    ok = scores[scores["status"] == "ok"]["score"]
    summed = points.groupby("channel_type")["points"].sum().reindex(ok.index)
    assert list(summed) == pytest.approx(list(ok), abs=1e-9)


@few
@given(channel, weighed)
def test_weights_in_use_sum_to_one_whatever_is_missing(north, weighing):
    points = scored(policy(weighing, coverage=0.0), north=north)[1]
    some = (points["status"] == "ok").any()
    assert points["effective_weight"].sum() == pytest.approx(1.0 if some else 0.0)


@few
@given(channel, channel, channel)
def test_another_channel_changes_no_score(north, south, west):
    pd.testing.assert_frame_equal(
        scored(north=north, south=south)[0].sort_index(),
        scored(north=north, south=south, west=west)[0].drop("west").sort_index(),
    )


@few
@given(channel, st.sampled_from(KPIS), st.floats(0, 2))
def test_a_better_kpi_never_lowers_the_score(north, kpi, step):
    before = 1.0 if north[kpi] is None else north[kpi]
    better = before - step if kpi == "cost" else before + step
    rules = policy(coverage=0.0)
    low = scored(rules, north=north | {kpi: before})[0].at["north", "score"]
    assert scored(rules, north=north | {kpi: better})[0].at["north", "score"] >= low - 1e-9


@few
@given(st.fixed_dictionaries(dict.fromkeys(KPIS, st.none() | ranged)), weighed)
def test_the_score_lies_within_its_bounds(north, weighing):
    row = scored(policy(weighing, coverage=0.0), north=north)[0].loc["north"]
    assert row["score_low"] - 1e-9 <= row["score"] <= row["score_high"] + 1e-9


@few
@given(channel)
def test_scores_and_bounds_stay_between_0_and_120(north):
    row = scored(policy(coverage=0.0), north=north)[0].loc["north"]
    assert row[["score_low", "score", "score_high"]].between(0, 120 + 1e-9).all()


@pytest.mark.parametrize(
    ("value", "score"),
    [(-1, 0), (0, 0), (0.5, 50), (1, 100), (1.5, 110), (2, 120), (9, 120)],
)
def test_a_kpi_where_more_is_better_is_placed_between_its_anchors(value, score):
    assert kpi_score(value, Anchors(**RISING)) == score


@pytest.mark.parametrize(
    ("value", "score"),
    [(9, 0), (2, 0), (1.5, 50), (1, 100), (0.5, 110), (0, 120), (-1, 120)],
)
def test_a_kpi_where_less_is_better_is_placed_between_its_anchors(value, score):
    assert kpi_score(value, Anchors(**FALLING)) == score


def test_a_channel_at_all_its_targets_has_100_points():
    assert scored(north=all_at(1.0))[0].at["north", "score"] == pytest.approx(100)


def test_the_unit_of_money_changes_no_score():
    in_yuan, in_wan = {"floor": 0, "target": 8e6, "stretch": 9e6}, {"floor": 0, "target": 800, "stretch": 900}
    by_yuan = scored(policy({"sales": 1.0}, {"sales": in_yuan}), north={"sales": 3_456_789.01})[0]
    by_wan = scored(policy({"sales": 1.0}, {"sales": in_wan}), north={"sales": 345.678901})[0]
    assert by_yuan.at["north", "score"] == pytest.approx(by_wan.at["north", "score"], abs=1e-9)


def test_the_weight_of_a_missing_kpi_is_shared_within_its_dimension():
    points = scored(north=all_at(1.0) | {"growth": None})[1].set_index("kpi")
    assert points["effective_weight"].to_dict() == pytest.approx(EVEN | {"sales": 0.4, "growth": 0.0})


def test_the_weight_of_a_missing_dimension_is_shared_among_the_others():
    points = scored(north=all_at(1.0) | {"csat": None})[1].set_index("kpi")
    left = {kpi: 0.25 for kpi in KPIS if kpi != "csat"}
    assert points["effective_weight"].to_dict() == pytest.approx(left | {"csat": 0.0})


def test_a_missing_kpi_says_in_the_points_why():
    points = scored(north=all_at(1.0) | {"csat": None})[1].set_index("kpi")
    assert points.loc["csat", ["status", "points"]].tolist() == ["no_rows", 0.0]


def test_below_the_coverage_a_channel_is_not_scored():
    row = scored(north=all_at(1.0) | {"csat": None, "share": None})[0].loc["north"]
    assert (row["status"], row["coverage"]) == ("coverage", pytest.approx(0.6))
    assert math.isnan(row["score"])


def test_a_channel_that_is_not_scored_has_no_points():
    points = scored(north=all_at(1.0) | {"csat": None, "share": None})[1]
    assert points["points"].isna().all()


def test_exactly_the_coverage_is_enough():
    row = scored(policy(coverage=0.8), north=all_at(1.0) | {"csat": None})[0].loc["north"]
    assert (row["status"], row["score"]) == ("ok", pytest.approx(100))


def test_a_missing_kpi_counts_at_worst_and_at_best_in_the_bounds():
    row = scored(north=all_at(1.0) | {"csat": None})[0].loc["north"]
    assert (row["score_low"], row["score_high"]) == (pytest.approx(80), pytest.approx(104))


def test_the_ends_of_an_interval_make_the_bounds():
    row = scored(north=all_at(1.0) | {"csat": (1.0, 0.5, 1.5)})[0].loc["north"]
    assert (row["score_low"], row["score_high"]) == (pytest.approx(90), pytest.approx(102))


def test_the_low_end_of_a_cost_is_its_best():
    row = scored(north=all_at(1.0) | {"cost": (1.0, 0.5, 1.5)})[0].loc["north"]
    assert (row["score_low"], row["score_high"]) == (pytest.approx(90), pytest.approx(102))


def test_a_channel_with_nothing_known_is_not_scored_and_may_be_anything():
    row = scored(north=all_at(None))[0].loc["north"]
    expected = ["coverage", 0.0, 0.0, pytest.approx(120)]
    assert row[["status", "coverage", "score_low", "score_high"]].tolist() == expected


def test_a_kpi_without_anchors_counts_as_missing_and_says_so():
    anchors = {kpi: ends for kpi, ends in ANCHORS.items() if kpi != "csat"}
    scores, points = scored(policy(anchors=anchors), north=all_at(1.0))
    assert points.set_index("kpi").at["csat", "status"] == "no_anchors"
    assert scores.at["north", "coverage"] == pytest.approx(0.8)


def test_a_policy_without_any_anchors_scores_nobody():
    assert scored(policy(anchors={}), north=all_at(1.0))[0].at["north", "status"] == "coverage"


def test_a_kpi_the_data_do_not_mention_counts_as_missing():
    points = scored(north={kpi: 1.0 for kpi in KPIS if kpi != "csat"})[1].set_index("kpi")
    assert points.at["csat", "status"] == "no_rows"


def test_a_kpi_of_weight_zero_is_no_part_of_the_score():
    weighing = {"sales": 1.0, "csat": 0.0}
    points = scored(policy(weighing), north={"sales": 1.0, "csat": 0.0})[1]
    assert points["kpi"].tolist() == ["sales"]


def test_a_channel_type_without_weights_is_not_scored():
    scores, points = scored(online=all_at(1.0))
    assert scores.at["online", "status"] == "no_weights"
    assert len(points) == 0


def test_weights_of_a_channel_type_win_over_its_family():
    scores, _ = scored(policy(south={"sales": 1.0}), north=all_at(1.0), south=all_at(1.0) | {"sales": 2.0})
    assert scores["score"].to_dict() == pytest.approx({"south": 120, "north": 100})


def test_the_best_stands_first_and_those_not_scored_last():
    scores, _ = scored(north=all_at(None), south=all_at(1.0), west=all_at(1.0) | {"sales": 2.0})
    assert scores.index.tolist() == ["west", "south", "north"]


def test_a_single_channel_is_scored_as_among_many():
    alone = scored(north=all_at(1.5))[0].at["north", "score"]
    assert alone == scored(north=all_at(1.5), south=all_at(0.1))[0].at["north", "score"]


def test_without_channels_there_are_two_empty_tables():
    scores, points = score_channels(values(), DIMENSIONS, policy())
    assert (len(scores), len(points)) == (0, 0)
    assert {"channel_type", "points"} <= set(points.columns)


def test_rows_that_name_no_channel_type_get_no_score_and_harm_none():
    scores, _ = scored(**{"north": all_at(1.0), "(unassigned)": all_at(1.0)})
    assert scores.index.tolist() == ["north"]

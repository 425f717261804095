"""Scores: points add up, anchors are fixed, what is missing is said and never guessed."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.rubric import Anchors, Band
from channel_analysis.methods.scoring import score
from channel_analysis.methods.scoring.engine import CAP
from channel_analysis.methods.scoring.places import kpi_scores, value_at

from .worlds import ANCHORS, EVEN, FALLING, KPIS, RISING, SCOPES, all_at, row, rubric, scored, values

few = settings(max_examples=25, deadline=None)
figures = st.none() | st.floats(-1, 3, allow_nan=False)
entity = st.fixed_dictionaries(dict.fromkeys(KPIS, figures))
noisy = st.fixed_dictionaries(dict.fromkeys(KPIS, st.none() | st.tuples(st.floats(-1, 3), st.floats(0, 1))))
shares = st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)
weighed = shares.map(lambda parts: dict(zip(KPIS, [w / sum(parts) for w in parts], strict=True)))
capped = st.sampled_from([None, {"few": {"kpi": "csat", "below": 0.5, "points": 40}}])


@few
@given(entity, entity, weighed, capped)
def test_points_add_up_to_the_score(a, b, weighing, caps):
    found = scored(rubric(weighing, coverage=0.1, caps=caps), a=a, b=b)
    scores = found.scores.set_index("entity")["score"].dropna()
    summed = found.points.groupby("entity")["points"].sum().reindex(scores.index)
    assert list(summed) == pytest.approx(list(scores), abs=1e-9)


@few
@given(entity, weighed)
def test_weights_in_use_sum_to_one_whatever_is_missing(a, weighing):
    points = scored(rubric(weighing, coverage=0.0), a=a).points
    some = (points["status"] == "ok").any()
    assert points["effective_weight"].sum() == pytest.approx(1.0 if some else 0.0)


@few
@given(noisy, noisy, noisy)
def test_another_entity_changes_no_score_and_no_replay(a, b, c):
    two, three = scored(a=a, b=b), scored(b=b, c=c, a=a)
    place = list(three.scores["entity"])
    for number, name in enumerate(two.scores["entity"]):
        other = place.index(name)
        one_row, other_row = two.scores.iloc[number], three.scores.iloc[other]
        pd.testing.assert_series_equal(one_row, other_row, check_names=False, check_exact=True)
        np.testing.assert_array_equal(two.draws[number], three.draws[other])


@few
@given(entity, st.sampled_from(KPIS), st.floats(0, 2))
def test_a_better_kpi_never_lowers_the_score(a, kpi, step):
    before = 1.0 if a[kpi] is None else a[kpi]
    better = before - step if kpi == "cost" else before + step
    rules = rubric(coverage=0.0)
    assert row(rules, **a | {kpi: better})["score"] >= row(rules, **a | {kpi: before})["score"] - 1e-9


@few
@given(noisy, weighed, capped)
def test_the_score_lies_within_its_bounds(a, weighing, caps):
    found = row(rubric(weighing, coverage=0.0, caps=caps), **a)
    if found["status"] == "ok":
        assert found["worst"] - 1e-9 <= found["score"] <= found["best"] + 1e-9
        assert found["low"] - 1e-9 <= found["score"] <= found["high"] + 1e-9
        assert found[["worst", "low", "high", "best"]].between(-1e-9, 120 + 1e-9).all()


@few
@given(entity, st.sampled_from(KPIS), weighed, capped)
def test_hiding_a_kpi_never_lifts_what_is_certain(a, kpi, weighing, caps):
    rules = rubric(weighing, coverage=0.0, caps=caps)
    assert row(rules, **a | {kpi: None})["worst"] <= row(rules, **a)["worst"] + 1e-9


@pytest.mark.parametrize(
    ("value", "points"), [(-1, 0), (0, 0), (0.5, 50), (1, 100), (1.5, 110), (2, 120), (9, 120)]
)
def test_a_kpi_where_more_is_better_is_placed_between_its_anchors(value, points):
    assert kpi_scores(np.array([float(value)]), Anchors(**RISING)).tolist() == [points]


@pytest.mark.parametrize(
    ("value", "points"), [(9, 0), (2, 0), (1.5, 50), (1, 100), (0.5, 110), (0, 120), (-1, 120)]
)
def test_a_kpi_where_less_is_better_is_placed_between_its_anchors(value, points):
    assert kpi_scores(np.array([float(value)]), Anchors(**FALLING)).tolist() == [points]


def test_of_a_band_the_middle_is_best():
    weeks = Band(too_low=0, low=4, high=4, too_high=12)
    assert kpi_scores(np.array([0.0, 1.0, 4.0, 8.0, 13.0]), weeks).tolist() == [0, 25, 100, 50, 0]


@given(st.floats(0, 120), st.floats(-1, 3), st.sampled_from([RISING, FALLING]))
def test_the_value_that_earns_some_points_earns_them(points, now, ends):
    found = value_at(points, Anchors(**ends), now)
    assert kpi_scores(np.array([found]), Anchors(**ends))[0] == pytest.approx(points, abs=1e-6)


def test_no_value_of_a_band_earns_more_than_its_middle():
    assert math.isnan(value_at(110, Band(too_low=0, low=4, high=8, too_high=12), 5.0))


def test_an_entity_at_all_its_targets_has_100_points():
    assert row(**all_at(1.0))["score"] == pytest.approx(100)


def test_the_unit_of_money_changes_no_score():
    in_yuan, in_wan = {"floor": 0, "target": 8e6, "stretch": 9e6}, {"floor": 0, "target": 800, "stretch": 900}
    by_yuan = row(rubric({"sales": 1.0}, {"sales": in_yuan}), sales=3_456_789.01)
    by_wan = row(rubric({"sales": 1.0}, {"sales": in_wan}), sales=345.678901)
    assert by_yuan["score"] == pytest.approx(by_wan["score"], abs=1e-9)


def test_the_weight_of_a_missing_kpi_is_shared_within_its_dimension():
    points = scored(a=all_at(1.0) | {"growth": None}).points.set_index("kpi")
    assert points["effective_weight"].to_dict() == pytest.approx(EVEN | {"sales": 0.4, "growth": 0.0})


def test_the_weight_of_a_missing_dimension_is_shared_among_the_others():
    points = scored(a=all_at(1.0) | {"csat": None}).points.set_index("kpi")
    left = {kpi: 0.25 for kpi in KPIS if kpi != "csat"}
    assert points["effective_weight"].to_dict() == pytest.approx(left | {"csat": 0.0})


def test_below_the_coverage_there_is_no_score_and_there_are_no_points():
    found = scored(a=all_at(1.0) | {"csat": None, "share": None})
    one = found.scores.iloc[0]
    assert (one["status"], one["coverage"]) == ("coverage", pytest.approx(0.6))
    assert math.isnan(one["score"])
    assert found.points["points"].isna().all()
    assert np.isnan(found.draws).all()


def test_exactly_the_coverage_is_enough():
    assert row(rubric(coverage=0.8), **all_at(1.0) | {"csat": None})["score"] == pytest.approx(100)


def test_what_may_have_been_kept_back_counts_at_worst_and_at_best():
    found = row(**all_at(1.0) | {"csat": None})
    assert (found["worst"], found["best"]) == (pytest.approx(80), pytest.approx(104))


@pytest.mark.parametrize("reason", ["no_table", "no_base", "zero_denominator"])
def test_what_nobody_could_report_costs_nobody_anything(reason):
    found = row(**all_at(1.0) | {"csat": reason})
    assert (found["worst"], found["best"]) == (pytest.approx(100), pytest.approx(100))


def test_a_kpi_without_anchors_counts_as_missing_and_says_so():
    anchors = {kpi: ends for kpi, ends in ANCHORS.items() if kpi != "csat"}
    found = scored(rubric(anchors=anchors), a=all_at(1.0))
    assert found.points.set_index("kpi").at["csat", "status"] == "no_anchors"
    assert found.scores.at[0, "coverage"] == pytest.approx(0.8)


def test_a_kpi_the_data_do_not_mention_counts_as_missing():
    points = scored(a={kpi: 1.0 for kpi in KPIS if kpi != "csat"}).points.set_index("kpi")
    assert points.at["csat", "status"] == "no_rows"


def test_a_channel_type_without_weights_is_not_scored():
    found = score(values(group="online", a=all_at(1.0)), rubric(), SCOPES)
    assert found.scores.at[0, "status"] == "no_weights"
    assert len(found.points) == 0


def test_weights_of_a_channel_type_win_over_its_family():
    rules = rubric(retailer={"sales": 1.0})
    both = pd.concat(
        [values(a=all_at(1.0)), values(group="retailer", b=all_at(1.0) | {"sales": 2.0})], ignore_index=True
    )
    found = score(both, rules, SCOPES).scores.set_index("entity")["score"]
    assert found.to_dict() == pytest.approx({"a": 100, "b": 120})


def test_a_veto_leaves_no_score_whatever_else_there_is():
    rules = rubric(vetoes={"unhappy": {"kpi": "csat", "below": 0.5}})
    found = row(rules, **all_at(2.0) | {"csat": 0.4})
    assert (found["status"], found["veto"]) == ("vetoed", "unhappy")
    assert math.isnan(found["score"])


def test_a_veto_that_could_not_be_looked_at_is_named():
    rules = rubric(vetoes={"unhappy": {"kpi": "csat", "below": 0.5}})
    assert row(rules, **all_at(1.0) | {"csat": None})["unchecked"] == "unhappy"


def test_a_veto_that_is_switched_off_does_nothing():
    rules = rubric(vetoes={"unhappy": {"kpi": "csat", "below": 0.5, "active": False}})
    assert row(rules, **all_at(1.0) | {"csat": 0.4})["status"] == "ok"


def test_of_several_caps_the_lowest_holds_and_stands_among_the_points():
    caps = {
        "slow": {"kpi": "growth", "below": 1.5, "points": 90},
        "unhappy": {"kpi": "csat", "below": 1.5, "points": 70},
    }
    found = scored(rubric(caps=caps), a=all_at(1.0))
    one = found.scores.iloc[0]
    assert (one["score"], one["cap"], one["capped_from"]) == (70, "unhappy", pytest.approx(100))
    assert found.points.set_index("kpi").at[CAP, "points"] == pytest.approx(-30)


def test_a_cap_above_the_score_takes_nothing():
    found = row(rubric(caps={"slow": {"kpi": "growth", "below": 1.5, "points": 110}}), **all_at(1.0))
    assert (found["score"], found["cap"]) == (pytest.approx(100), "")


def test_chance_makes_an_interval_around_the_score():
    found = row(rubric({"sales": 1.0}), sales=(0.5, 0.1))
    assert (found["low"], found["high"]) == (pytest.approx(33.5, abs=4), pytest.approx(66.5, abs=4))


def test_a_value_without_chance_has_no_interval():
    found = row(**all_at(0.7) | {"cost": 1.3})
    assert found["low"] == pytest.approx(found["high"]) == pytest.approx(70)


def test_the_replay_of_a_rate_stays_between_0_and_1():
    given_values = values(a={"csat": (0.99, 0.2)}).assign(alpha=9.9, beta=0.1)
    found = score(given_values, rubric({"csat": 1.0}), SCOPES, draws=500)
    assert found.draws.max() <= 100
    assert found.scores.at[0, "low"] < found.scores.at[0, "score"]


def test_periods_of_different_names_are_replayed_apart():
    given_values = values(a={"sales": (0.5, 0.1)})
    one, two = (
        score(given_values, rubric({"sales": 1.0}), SCOPES, salt=name) for name in ("2025Q2", "2025Q3")
    )
    assert abs(np.corrcoef(one.draws[0], two.draws[0])[0, 1]) < 0.15


def test_without_entities_there_are_empty_tables():
    found = scored(given=values())
    assert (len(found.scores), len(found.points), len(found.draws)) == (0, 0, 0)
    assert {"entity", "score"} <= set(found.scores.columns)


def test_entities_come_back_in_the_order_in_which_they_came():
    both = pd.concat(
        [
            values(group="retailer", z=all_at(1.0)),
            values(a=all_at(0.5)),
            values(group="retailer", b=all_at(0.2)),
        ],
        ignore_index=True,
    )
    found = score(both, rubric(), SCOPES)
    assert found.scores["entity"].tolist() == ["z", "a", "b"]
    assert found.scores["score"].tolist() == pytest.approx([100, 62, 39.2])

"""Intervals of shares and means agree with other software and with the formula on paper."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from channel_analysis.metrics.intervals import mean_interval, wilson_interval
from tests.metrics.small_worlds import company, figure, order


@pytest.mark.parametrize(("satisfied", "answers"), [(0, 5), (1, 1), (8, 10), (50, 100), (4999, 5000)])
def test_the_interval_of_a_share_is_the_one_statsmodels_gives(satisfied, answers):
    low, high = wilson_interval(np.array([float(satisfied)]), np.array([float(answers)]))
    expected = proportion_confint(satisfied, answers, method="wilson")
    assert (low[0], high[0]) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(answers=st.integers(1, 10_000), share=st.floats(0, 1))
def test_the_interval_of_a_share_holds_it_and_stays_between_nothing_and_all(answers, share):
    satisfied = math.floor(answers * share)
    low, high = wilson_interval(np.array([float(satisfied)]), np.array([float(answers)]))
    assert -1e-12 <= low[0] <= satisfied / answers + 1e-12
    assert satisfied / answers - 1e-12 <= high[0] <= 1 + 1e-12


def test_a_share_of_no_answers_has_no_interval():
    low, high = wilson_interval(np.array([0.0]), np.array([0.0]))
    assert np.isnan(low[0]) and np.isnan(high[0])


def test_the_interval_of_the_promoter_score_is_that_of_promoters_less_detractors():
    promoters, detractors, answers = 50, 20, 120
    p, d = promoters / answers, detractors / answers
    half = 1.959963984540054 * math.sqrt((p + d - (p - d) ** 2) / answers)
    low, high = mean_interval(
        np.array([promoters - detractors]), np.array([promoters + detractors]), np.array([answers])
    )
    assert (low[0], high[0]) == pytest.approx((p - d - half, p - d + half), rel=1e-12)


def test_one_answer_says_nothing_of_its_spread():
    low, high = mean_interval(np.array([1.0]), np.array([1.0]), np.array([1.0]))
    assert np.isnan(low[0]) and np.isnan(high[0])


def test_promoters_only_leave_no_doubt_and_no_rounding_below_zero():
    low, high = mean_interval(np.array([7.0]), np.array([7.0]), np.array([7.0]))
    assert (low[0], high[0]) == (1, 1)


def test_several_shares_at_once_have_each_their_own_interval():
    satisfied, answers = np.array([8.0, 0.0, 3.0]), np.array([10.0, 0.0, 30.0])
    low, high = wilson_interval(satisfied, answers)
    for number in (0, 2):
        alone = wilson_interval(satisfied[[number]], answers[[number]])
        assert (low[number], high[number]) == (alone[0][0], alone[1][0])


def test_satisfaction_counts_answers_of_four_and_five_and_carries_its_interval(tmp_path):
    found = figure(surveyed(tmp_path, "csat", [5, 4, 4, 3, 1, None]), "csat", "2025Q1")
    assert (found.numerator, found.denominator) == (3, 5)
    assert (found.low, found.high) == pytest.approx(proportion_confint(3, 5, method="wilson"))


def test_the_promoter_score_takes_nine_and_ten_for_it_and_up_to_six_against_it(tmp_path):
    found = figure(surveyed(tmp_path, "nps", [10, 9, 9, 8, 7, 6, 0, None]), "nps", "2025Q1")
    assert found.value == pytest.approx(100 * (3 - 2) / 7)
    half = 100 * 1.959963984540054 * math.sqrt((5 / 7 - (1 / 7) ** 2) / 7)
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_complaints_are_counted_for_every_thousand_orders(tmp_path):
    ws = surveyed(tmp_path, "complaint", [None, None])
    assert figure(ws, "complaint_rate", "2025Q1").value == pytest.approx(2000)


def surveyed(folder, kind, scores):
    """A company with one order and these answers."""
    feedback = [{"given_on": "2025-02-01", "kind": kind, "score": score} for score in scores]
    return company(folder, sales=[order("2025-01-05", 10)], feedback=feedback)

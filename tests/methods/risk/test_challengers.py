"""Challengers answer for any features, keep declared signs, and say when they cannot be tried."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.risk.challengers import (
    challengers_for,
    fit_mbg,
    fit_rank_logistic,
    mbg_expected,
)
from channel_analysis.methods.risk.gate.strength import auc


def world(seed, rows=4000):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.lognormal(size=(rows, 3)), columns=["recency", "trend", "dso"])
    odds = -2.5 + 0.8 * np.log(x["recency"]) - 0.7 * np.log(x["trend"])
    y = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float).to_numpy()
    return x.mask(rng.random(x.shape) < 0.1), y


def buyers(seed, rows=2000):
    """Orders of partners who leave with some probability after each order, for 24 months, then 6 more."""
    rng = np.random.default_rng(seed)
    found = []
    for rate, leaves in zip(rng.gamma(2.0, 0.25, rows), rng.beta(1.0, 6.0, rows), strict=True):
        time, times = 0.0, [0.0]
        while rng.random() > leaves and time < 40:
            time += rng.exponential(1 / rate)
            times.append(time)
        seen = [moment for moment in times if moment <= 24]
        ahead = sum(24 < moment <= 30 for moment in times)
        found.append((len(seen) - 1, seen[-1], 24.0, ahead))
    return pd.DataFrame(found, columns=["repeats", "last", "age", "ahead"]).astype(float)


def test_every_challenger_beats_chance_on_new_partners():
    x, y = world(1)
    new, outcome = world(2)
    tried = [one for one in challengers_for(list(x), recency="recency", trend="trend") if not one.absent]
    assert len(tried) == 5
    for one in tried:
        score = one.fit(x, y, {"recency": 1, "trend": -1}, {})(new)
        assert np.isfinite(score).all()
        assert auc(score, outcome == 1) > 0.6, one.name


def test_what_lacks_its_features_says_so():
    absent = {one.name: one.absent for one in challengers_for(["dso"], recency="days", trend=None)}
    assert "days" in absent["recency"]
    assert absent["trend"] and absent["mbg_nbd"]
    assert not absent["logistic"]


def test_the_logistic_keeps_declared_signs():
    x, y = world(3)
    score = fit_rank_logistic(x, y, {"recency": -1}, {})
    sweep = pd.DataFrame({"recency": np.linspace(0.1, 9, 200), "trend": 1.0, "dso": 1.0})
    assert (np.diff(score(sweep)) <= 1e-12).all()


def test_the_logistic_does_not_care_for_the_unit():
    x, y = world(4)
    one = fit_rank_logistic(x, y, {}, {})(x)
    other = fit_rank_logistic(x * 1000, y, {}, {})(x * 1000)
    assert np.abs(one - other).max() < 1e-6


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_gives_one_score(outcome):
    x, _ = world(5, rows=200)
    for one in challengers_for(list(x))[:3]:
        assert len(np.unique(one.fit(x, np.full(200, outcome), {}, {})(x))) == 1


@pytest.mark.parametrize("value", [np.nan, 3.0])
def test_a_feature_that_says_nothing_yet_changes_no_score(value):
    x, y = world(8, rows=600)
    new, _ = world(9, rows=100)
    for one in challengers_for(list(x), recency="dso")[:4]:
        with_it = one.fit(x.assign(later=value), y, {"later": 1}, {})(new.assign(later=7.0))
        assert np.abs(with_it - one.fit(x, y, {}, {})(new)).max() < 1e-9, one.name


def test_a_rule_whose_feature_is_not_there_yet_holds_all_alike():
    x, y = world(11, rows=100)
    one = challengers_for(list(x), recency="recency")[3]
    assert one.fit(x[["dso"]], y, {}, {})(x[["dso"]]).tolist() == [0.0] * 100


def test_panels_without_any_value_give_one_score():
    x, y = world(10, rows=200)
    for one in challengers_for(list(x))[:3]:
        assert len(np.unique(one.fit(x * np.nan, y, {}, {})(x))) == 1, one.name


def test_expected_orders_are_about_those_that_come():
    then, now = buyers(6), buyers(7)
    parameters = fit_mbg(*(then[name].to_numpy() for name in ("repeats", "last", "age")), 24.0)
    expected = mbg_expected(parameters, *(now[name].to_numpy() for name in ("repeats", "last", "age")), 6.0)
    assert expected.mean() == pytest.approx(now["ahead"].mean(), rel=0.15)
    assert auc(-expected, (now["ahead"] == 0).to_numpy()) > 0.85


def test_expected_orders_fall_with_silence():
    parameters = (2.0, 4.0, 1.0, 6.0)
    last = np.linspace(24, 1, 50)
    expected = mbg_expected(parameters, np.full(50, 10.0), last, np.full(50, 24.0), 6.0)
    assert (np.diff(expected) < 0).all()

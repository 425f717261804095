"""The points scorecard: additive, steady where a sign is declared, near the additive model."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.risk.gate.strength import auc
from channel_analysis.methods.risk.points import BASE, fit_points


def world(seed, rows=6000):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(rows, 4)), columns=["dso", "sales", "noise", "often_missing"])
    odds = -3 + 1.2 * x["dso"] - 0.8 * x["sales"] + 1.5 * (x["often_missing"] < -1)
    y = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float).to_numpy()
    x.loc[x["often_missing"] < -1, "often_missing"] = np.nan
    return x, y, odds.to_numpy()


def test_the_scorecard_comes_near_the_truth():
    x, y, _ = world(1)
    new, outcome, odds = world(2)
    found = fit_points(x, y, {}).log_odds(new)
    assert auc(found, outcome == 1) > auc(odds, outcome == 1) - 0.02


def test_missing_values_have_a_bin_of_their_own():
    x, y, _ = world(3)
    steps = fit_points(x, y, {}).tables["often_missing"]
    assert steps.missing > max(steps.values) + 0.3


@pytest.mark.parametrize("sign", [1, -1])
def test_a_declared_sign_is_never_broken(sign):
    x, y, _ = world(4)
    points = fit_points(x, y, dict.fromkeys(x, sign))
    for steps in points.tables.values():
        assert (sign * np.diff(steps.values) >= 0).all()


def test_the_intercept_is_the_average_partners_log_odds():
    x, y, _ = world(5)
    points = fit_points(x, y, {})
    assert points.log_odds(x).mean() == pytest.approx(points.intercept, abs=1e-9)


def test_points_add_up_to_600_less_log_odds_but_for_rounding():
    x, y, _ = world(6)
    points = fit_points(x, y, {})
    total = np.zeros(len(x))
    for name, steps in points.tables.items():
        own = points.card().query("feature == @name")["points"].to_numpy()
        total += own[steps.places(x[name].to_numpy())]
    exact = BASE - 20 / np.log(2) * (points.log_odds(x) - points.intercept)
    assert np.abs(total - exact).max() <= 0.5 * len(points.tables) + 1e-9


def test_weights_count_as_repeated_rows():
    x, y, _ = world(7, rows=1500)
    twice = pd.concat([x, x[y == 1]], ignore_index=True)
    weighed = fit_points(x, y, {}, weights=1 + y)
    repeated = fit_points(twice, np.r_[y, y[y == 1]], {})
    assert weighed.intercept == pytest.approx(repeated.intercept, abs=0.2)
    assert np.corrcoef(weighed.log_odds(x), repeated.log_odds(x))[0, 1] > 0.97


@pytest.mark.parametrize("y", [np.zeros(50), np.ones(50)])
def test_a_panel_of_one_outcome_gives_an_intercept_alone(y):
    points = fit_points(pd.DataFrame({"a": np.arange(50.0)}), y, {})
    assert not points.tables
    assert np.isfinite(points.intercept)


def test_constant_and_empty_features_are_left_out():
    x, y, _ = world(8)
    x["same"], x["empty"] = 1.0, np.nan
    assert not {"same", "empty"} & set(fit_points(x, y, {}).tables)

"""The search for segments finds what was planted, says what it cannot, and closes."""

import math

import numpy as np
import pandas as pd
import pytest

from channel_analysis.errors import InputError
from channel_analysis.methods.rootcause.cube import Cube, cuboids_of
from channel_analysis.methods.rootcause.find import find_segments
from channel_analysis.methods.rootcause.noise import squeeze, weighted_median


def market(seed, shape=(6, 8, 5), rate=200.0, moved=None, factor=0.5):
    """Counts of orders in two periods; `moved` maps a dimension's place to the level that moves."""
    rng = np.random.default_rng(seed)
    codes = np.indices(shape).reshape(len(shape), -1)
    frame = pd.DataFrame({f"d{place}": [f"v{code}" for code in own] for place, own in enumerate(codes)})
    rates = rng.gamma(3.0, rate / 3, len(frame))
    now = rates.copy()
    if moved:
        own = np.logical_and.reduce([codes[place] == level for place, level in moved.items()])
        now[own] *= factor
    return frame.assign(before=rng.poisson(rates) * 1.0, now=rng.poisson(now) * 1.0)


def names(frame):
    return [name for name in frame.columns if name.startswith("d")]


def slow_sums(codes, weights, dims, cards):
    sums = np.zeros([cards[d] for d in dims])
    for row in range(len(weights)):
        sums[tuple(codes[d][row] for d in dims)] += weights[row]
    return sums.ravel()


@pytest.mark.parametrize("is_grid", [True, False])
def test_every_cuboid_sums_what_a_loop_over_the_leaves_sums(is_grid):
    cards = (3, 4, 2)
    codes = np.indices(cards).reshape(3, -1).astype(np.int32)
    weights = np.random.default_rng(0).normal(size=24)
    cube = Cube(cards, 24, 3, () if is_grid else tuple(codes))
    for dims in cuboids_of(3, 3):
        np.testing.assert_allclose(cube.sums(weights)[dims], slow_sums(codes, weights, dims, cards))


@pytest.mark.parametrize("moved", [{0: 2}, {1: 3, 2: 1}])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_segment_that_halves_is_named_and_its_loss_is_in_the_interval(seed, moved):
    frame = market(seed, moved=moved)
    found = find_segments(frame, names(frame), "now", "before")
    assert [dict(one) for one in found] == [{f"d{place}": f"v{level}" for place, level in moved.items()}]
    assert found.verdict == "segments"
    assert found[0].low < found[0].contribution < found[0].high < 0


@pytest.mark.parametrize("rate", [1.0, 20.0, 500.0])
def test_chance_alone_hardly_ever_gives_a_segment(rate):
    told = [
        find_segments(one, names(one), "now", "before") for one in (market(s, rate=rate) for s in range(40))
    ]
    assert sum(len(one) > 0 for one in told) <= 4


def test_the_change_is_trend_segments_and_rest():
    frame = market(3, moved={0: 1})
    found = find_segments(frame, names(frame), "now", "before")
    told = found.trend + math.fsum(one.contribution for one in found) + found.rest
    assert told == pytest.approx(found.actual - found.expected, abs=1e-9 * found.expected)


def test_a_shift_of_weights_alone_is_no_segment_of_a_ratio():
    frame = market(4).assign(observed=1000.0, asked=1000.0)
    frame["won"] = 100.0 + 10 * np.arange(len(frame)) % 300
    frame.loc[frame["d0"] == "v1", "asked"] = 5000.0
    frame["won_now"] = frame["won"] * frame["asked"] / 1000
    found = find_segments(frame, names(frame), ("won_now", "asked"), ("won", "observed"))
    assert len(found) == 0
    assert abs(found.trend) < 1e-9


def test_identical_periods_are_chance():
    frame = market(5)
    found = find_segments(frame, names(frame), "before", "before")
    assert (len(found), found.verdict, found.trend) == (0, "noise", 0.0)


def test_missing_values_are_a_level_and_are_told():
    frame = market(6, moved={0: 2})
    frame.loc[frame["d0"] == "v2", "d0"] = None
    found = find_segments(frame, names(frame), "now", "before")
    assert dict(found[0]) == {"d0": None}
    assert [one.code for one in found.caveats] == ["missing_values"]


def test_every_problem_of_the_input_is_told_at_once():
    frame = market(7).assign(now=np.inf, note="x")
    with pytest.raises(InputError) as refused:
        find_segments(frame, ["d0", "nowhere"], "now", "note")
    assert len(refused.value.problems) == 3


def test_variances_that_agree_are_worth_many_degrees_of_freedom():
    chance = np.random.default_rng(0).chisquare(10, 4000) / 10
    prior, freedom = squeeze(chance, 10)
    assert prior == pytest.approx(1.0, abs=0.03)
    assert freedom > 100


def test_a_weighted_median_of_nothing_is_one():
    assert weighted_median(np.array([]), np.array([])) == 1.0

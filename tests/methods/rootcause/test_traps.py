"""Traps: changes whose plain reading is wrong, and what must be said of them."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.rootcause.find import find_segments

SEEDS = range(5)
seeds = pytest.mark.parametrize("seed", SEEDS)


def grid(**cards):
    """One row per combination of levels."""
    codes = np.indices(tuple(cards.values())).reshape(len(cards), -1)
    return pd.DataFrame(
        {name: [f"{name}{code}" for code in own] for name, own in zip(cards, codes, strict=True)}
    )


def inside(frame, **segment):
    return np.logical_and.reduce([frame[name] == value for name, value in segment.items()])


def sums(frame, seed, before, now):
    """Poisson sums of both periods around their means."""
    rng = np.random.default_rng(seed)
    many = len(frame)
    return frame.assign(predict=rng.poisson(before, many) * 1.0, real=rng.poisson(now, many) * 1.0)


def rates(frame, seed, trials, before, now):
    """Wins of (trials before, trials now) at the win rates before and now."""
    rng = np.random.default_rng(seed)
    columns = {}
    for when, many, rate in (("before", trials[0], before), ("now", trials[1], now)):
        drawn = rng.poisson(many, len(frame))
        columns |= {f"won_{when}": rng.binomial(drawn, rate) * 1.0, f"all_{when}": drawn * 1.0}
    return frame.assign(**columns)


def search(frame, dimensions, **more):
    return find_segments(frame, dimensions, "real", "predict", **more)


def search_rates(frame, dimensions):
    return find_segments(frame, dimensions, ("won_now", "all_now"), ("won_before", "all_before"))


def leads(found, *segments):
    """Whether these segments come first, in any order, and whatever else is named is small beside them."""
    first, others = found[: len(segments)], found[len(segments) :]
    least = min((abs(one.contribution) for one in first), default=0.0)
    named = sorted(sorted(one.items()) for one in first)
    planted = sorted(sorted(one.items()) for one in segments)
    return named == planted and sum(abs(one.contribution) for one in others) < 0.2 * least


def spelled(found):
    return [dict(one) for one in found]


@seeds
def test_a_pure_shift_of_mix_moves_the_ratio_but_no_rate_and_no_segment_is_named(seed):
    frame = grid(region=6, product=5)
    rate = np.where(inside(frame, product="product0"), 0.6, 0.2)
    weak = ~inside(frame, product="product0")
    found = search_rates(
        rates(frame, seed, (np.where(weak, 400, 1200), np.where(weak, 800, 600)), rate, rate),
        ["region", "product"],
    )
    assert found.actual < found.expected - 0.05
    assert spelled(found) == []


@seeds
def test_where_every_rate_rises_and_the_total_falls_no_segment_is_blamed(seed):
    frame = grid(region=6, product=5)
    strong = inside(frame, product="product0")
    before = np.where(strong, 0.6, 0.2)
    many = (np.where(strong, 1600, 400), np.where(strong, 400, 1200))
    found = search_rates(rates(frame, seed, many, before, before * 1.1), ["region", "product"])
    assert found.actual < found.expected
    assert not [one for one in found if one.contribution < 0]


@seeds
def test_a_rate_that_rises_in_one_segment_while_the_total_falls_is_told_as_a_rise(seed):
    frame = grid(region=6, product=5)
    strong = inside(frame, product="product0")
    before = np.where(strong, 0.6, 0.2)
    now = np.where(inside(frame, region="region2"), before * 1.5, before)
    many = (np.where(strong, 1600, 400), np.where(strong, 400, 1200))
    found = search_rates(rates(frame, seed, many, before, now), ["region", "product"])
    assert found.actual < found.expected
    assert spelled(found) == [{"region": "region2"}]
    assert found[0].contribution > 0


@seeds
def test_two_segments_that_cancel_out_are_both_shown(seed):
    frame = grid(region=8, product=8, channel=4)
    now = np.full(len(frame), 200.0)
    now[inside(frame, region="region1", product="product3")] *= 0.4
    now[inside(frame, region="region5", channel="channel2")] *= 1.3
    frame = sums(frame, seed, 200.0, now)
    found = search(frame, ["region", "product", "channel"])
    assert abs(found.actual / found.expected - 1) < 0.02
    down, up = {"region": "region1", "product": "product3"}, {"region": "region5", "channel": "channel2"}
    assert leads(found, down, up)
    assert next(one.contribution for one in found if one == down) < 0
    assert next(one.contribution for one in found if one == up) > 0


@seeds
@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_a_giant_partner_who_moves_is_named_and_not_taken_for_the_trend(seed, factor):
    frame = grid(partner=30, product=6)
    giant = inside(frame, partner="partner0")
    before = np.where(giant, 4500.0, 100.0)
    found = search(sums(frame, seed, before, before * np.where(giant, factor, 1.0)), ["partner", "product"])
    assert leads(found, {"partner": "partner0"})
    assert found.trend_ratio == pytest.approx(1.0, abs=0.03)


@seeds
@pytest.mark.parametrize("size", [3.0, 200.0])
def test_a_drop_of_everything_is_said_to_be_one_and_no_segment_is_named(seed, size):
    frame = grid(region=10, product=12, channel=5)
    before = np.random.default_rng(seed).gamma(2, size / 2, len(frame))
    found = search(sums(frame, seed, before, before * 0.8), ["region", "product", "channel"])
    assert spelled(found) == []
    assert found.verdict == "everything_moved"
    error = 0.8 * np.sqrt(1 / found.expected + 1 / found.actual)
    assert found.trend_ratio == pytest.approx(0.8, abs=4 * error)


@seeds
def test_nothing_but_noise_is_called_that(seed):
    frame = grid(region=10, product=12, channel=5)
    before = np.random.default_rng(seed).gamma(2, 20, len(frame))
    found = search(sums(frame, seed, before, before), ["region", "product", "channel"])
    assert spelled(found) == []
    assert found.verdict == "noise"


@seeds
def test_a_cause_in_a_dimension_left_out_is_said_not_to_lie_in_those_given(seed):
    """A supplier fails: every cell loses what that supplier had of it, some next to nothing, some a third."""
    rng = np.random.default_rng(seed)
    frame = grid(region=10, product=10)
    parts = 2000 * rng.dirichlet(np.full(12, 1.4), len(frame))
    past = {f"past{number}": rng.poisson(parts).sum(axis=1) * 1.0 for number in range(10)}
    now = np.where(np.arange(12) == 3, 0.0, 1.0) * parts
    frame = frame.assign(**past, predict=rng.poisson(parts).sum(axis=1), real=rng.poisson(now).sum(axis=1))
    found = search(frame, ["region", "product"], earlier=tuple(past))
    assert found.actual < 0.97 * found.expected
    assert found.verdict == "not_in_dimensions"


@seeds
def test_of_a_market_left_the_market_is_named_and_not_the_big_partner_in_it(seed):
    frame = grid(partner=40, product=6)
    frame["region"] = ["east" if int(name[7:]) < 8 else f"r{int(name[7:]) % 4}" for name in frame["partner"]]
    before = np.where(inside(frame, partner="partner0"), 900.0, 40.0)
    found = search(
        sums(frame, seed, before, np.where(inside(frame, region="east"), 0.0, before)),
        ["region", "partner", "product"],
    )
    assert leads(found, {"region": "east"})


def orders(seed, bulk):
    """Sales and squared orders of both periods, one order of `bulk` times the usual value in the second."""
    rng = np.random.default_rng(seed)
    frame = grid(region=8, product=8, channel=4)
    sales, squares = [], np.zeros(len(frame))
    for _ in range(2):
        leaf = np.repeat(np.arange(len(frame)), rng.poisson(20, len(frame)))
        value = rng.lognormal(4, 0.6, len(leaf))
        sales.append(np.bincount(leaf, value, len(frame)))
        squares += np.bincount(leaf, value**2, len(frame))
    sales[1][17] += bulk * 65
    squares[17] += (bulk * 65) ** 2
    return frame.assign(predict=sales[0], real=sales[1], squares=squares)


@seeds
@pytest.mark.parametrize("bulk", [100, 2000])
def test_a_single_bulk_order_is_not_told_as_a_pattern(seed, bulk):
    found = search(orders(seed, bulk), ["region", "product", "channel"], variance="squares")
    assert [one for one in found if one.verdict != "single_order"] == []

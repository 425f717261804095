"""What was to be expected: levels that always grow faster are usual, one odd quarter is not."""

import numpy as np
import pytest

from channel_analysis.methods.rootcause.usual import Pair, usual_change

LEVELS = 8
CODES = np.arange(LEVELS).repeat(50)


def pair(rng, growth, size=200.0, passing=0.0):
    before = rng.poisson(size, len(CODES)).astype(float)
    factor = np.asarray(growth) * np.exp(rng.normal(0, passing, LEVELS))
    now = rng.poisson(size * factor[CODES]).astype(float)
    return Pair(now, before, now, before)


def of_level(usual):
    return np.array([usual.ratio[level == CODES][0] for level in range(LEVELS)])


def expected_change(pairs):
    return usual_change(np.full(len(CODES), 200.0), {"level": (CODES, LEVELS)}, pairs)


def test_without_earlier_comparisons_nothing_is_usual():
    usual = expected_change([])
    assert (usual.ratio == 1).all()
    assert not usual.spreads
    assert np.isnan(usual.whole)


def test_a_level_that_grows_faster_every_time_is_expected_to_again():
    growth = np.where(np.arange(LEVELS) == 3, 1.4, 1.0)
    rng = np.random.default_rng(5)
    usual = expected_change([pair(rng, growth) for _ in range(3)])
    assert of_level(usual) == pytest.approx(growth, rel=0.05)


def test_ups_and_downs_that_do_not_come_again_widen_the_noise_instead():
    rng = np.random.default_rng(8)
    calm = expected_change([pair(rng, np.ones(LEVELS)) for _ in range(4)])
    restless = expected_change([pair(rng, np.ones(LEVELS), passing=0.2) for _ in range(4)])
    assert np.abs(np.log(of_level(restless))).max() < 0.15
    assert restless.spreads["level"].min() > 10 * calm.spreads["level"].max()


def test_the_variance_of_levels_covers_what_they_do_next_time():
    rng = np.random.default_rng(21)
    inside = []
    for _ in range(60):
        usual = expected_change([pair(rng, np.ones(LEVELS), passing=0.1) for _ in range(4)])
        following = pair(rng, np.ones(LEVELS), passing=0.1)
        scale = following.now.sum() / (200 * usual.ratio).sum()
        for level in range(LEVELS):
            own = level == CODES
            gap = following.now[own].sum() - (200 * usual.ratio[own]).sum() * scale
            beyond = usual.variance(np.where(own, 200 * usual.ratio, 0.0), {"level": CODES})
            inside.append(gap**2 < 1.96**2 * (beyond + following.now[own].sum()))
    assert 0.88 < np.mean(inside) < 0.99


def test_the_unit_of_money_changes_no_ratio():
    pairs = [pair(np.random.default_rng(seed), np.linspace(0.9, 1.2, LEVELS)) for seed in (1, 2)]
    dearer = [Pair(p.now * 7, p.before * 7, p.now_variance * 49, p.before_variance * 49) for p in pairs]
    assert expected_change(dearer).ratio == pytest.approx(expected_change(pairs).ratio)


def test_a_level_without_earlier_sales_has_the_others_change():
    one = pair(np.random.default_rng(2), np.full(LEVELS, 1.1))
    missing = CODES == 0
    gone = Pair(*(np.where(missing, 0.0, values) for values in (one.now, one.before, one.now, one.before)))
    assert of_level(expected_change([gone, gone]))[0] == pytest.approx(1.1, rel=0.03)

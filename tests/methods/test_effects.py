"""What a measure brought: planted effects are found, and what cannot be told is not told."""

import datetime
import math

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.effects import FEWEST_COMPARABLE, effect_of

MONTHS = [day.date() for day in pd.date_range("2023-01-01", periods=18, freq="MS")]


def table(values: np.ndarray, months=MONTHS) -> pd.DataFrame:
    """Months by segments as rows."""
    rows = [
        (month, str(segment), value)
        for month, line in zip(months, values, strict=True)
        for segment, value in enumerate(line)
    ]
    return pd.DataFrame(rows, columns=["month", "segment", "value"])


def plain(seed, segments=20, after=3, effect=0.15, drop=0.0, noise=0.05) -> tuple[pd.DataFrame, float]:
    """Segments of many sizes that share every month's luck; the first has a measure. Its true amount."""
    dice = np.random.default_rng(seed)
    logs = (
        dice.normal(7, 1, segments) + dice.normal(0, 0.05, (18, 1)) + noise * dice.normal(size=(18, segments))
    )
    logs[18 - after - 3 :, 0] += math.log1p(drop)
    logs[18 - after :, 0] += math.log1p(effect)
    values = np.exp(logs)
    return table(values), float(values[18 - after :, 0].sum() * effect / (1 + effect))


def participants(seed) -> tuple[pd.DataFrame, list[str], np.ndarray]:
    """Partners who join a programme because they grow: in truth it brings 4 %, in a market that shrinks."""
    dice = np.random.default_rng(seed)
    months, partners, after = 24, 300, 6
    trends = dice.normal(0, 0.006, partners)
    joins = trends + dice.normal(0, 0.005, partners) > 0.004
    steps = np.arange(months)[:, None]
    season = 0.05 * np.sin(2 * np.pi * steps / 12) - 0.010 * steps
    logs = (
        dice.normal(9, 0.3, partners) + trends * steps + season + 0.05 * dice.normal(size=(months, partners))
    )
    logs[months - after :] += np.where(joins, math.log(1.04), 0.0)
    every = [day.date() for day in pd.date_range("2023-01-01", periods=months, freq="MS")]
    return table(np.exp(logs), every), [str(place) for place in np.flatnonzero(joins)], np.exp(logs)


def share_of(found, series, treated, since) -> float:
    """The effect as a share of what there would have been."""
    own = series[series["segment"].isin(treated) & (series["month"] >= since)]["value"].sum()
    return found.amount / (own - found.amount)


def test_naive_comparisons_of_a_programme_mislead_and_segments_own_trends_tell_its_effect():
    told, plain_says = [], []
    for seed in range(8):
        series, treated, values = participants(seed)
        since = sorted(set(series["month"]))[18]
        joined = np.isin(np.arange(300), np.array(treated, dtype=int))
        against_rest = values[18:, joined].mean() / values[18:, ~joined].mean() - 1
        before_after = values[18:, joined].mean() / values[:18, joined].mean() - 1
        assert against_rest > 0.08
        assert before_after < -0.02
        simple = effect_of(series, treated, since, with_trends=False)
        assert (simple.verdict, simple.reason) == ("cannot_be_told", "pre_trend")
        logs = np.log(values)
        gap = logs[:, joined].mean(axis=1) - logs[:, ~joined].mean(axis=1)
        plain_says.append(math.expm1(gap[18:].mean() - gap[:18].mean()))
        found = effect_of(series, treated, since)
        if found.verdict == "told":
            told.append(share_of(found, series, treated, since))
    assert np.mean(plain_says) > 0.10
    assert len(told) >= 6
    assert np.mean(told) == pytest.approx(0.04, abs=0.006)


def test_intervals_hold_the_planted_effect_as_often_as_they_say():
    hits, told = 0, 0
    for seed in range(100):
        series, truth = plain(seed)
        found = effect_of(series, ["0"], MONTHS[15])
        told += found.verdict == "told"
        hits += found.verdict == "told" and found.low <= truth <= found.high
    assert told >= 85
    assert 0.89 <= hits / told <= 0.99


def test_without_an_effect_one_is_seldom_claimed():
    claimed = 0
    for seed in range(1000, 1100):
        found = effect_of(plain(seed, effect=0.0)[0], ["0"], MONTHS[15])
        claimed += found.verdict == "told" and not found.low <= 0 <= found.high
    assert claimed <= 11


def test_a_measure_starts_from_the_level_to_which_its_segment_had_fallen():
    from_there, from_before = [], []
    for seed in range(30):
        series, truth = plain(seed, drop=-0.4, noise=0.02)
        for found, changed in ((from_there, MONTHS[12]), (from_before, None)):
            told = effect_of(series, ["0"], MONTHS[15], changed=changed)
            found += [told.amount / truth] if told.verdict == "told" else []
    assert len(from_there) >= 24
    assert np.mean(from_there) == pytest.approx(1, abs=0.2)
    assert not from_before or np.mean(from_before) < 0.3


def test_months_without_sales_are_compared_by_amount():
    dice = np.random.default_rng(5)
    values = dice.poisson(4, (18, 20)) * 100.0
    values[12:15, 0] = 0
    values[15:, 0] = 1500
    found = effect_of(table(values), ["0"], MONTHS[15])
    assert found.verdict == "told"
    assert found.low > 0


def test_the_effect_on_a_ratio_is_told_in_its_own_unit():
    dice = np.random.default_rng(9)
    values = 0.3 + dice.normal(0, 0.01, (18, 12))
    values[15:, 0] += 0.10
    found = effect_of(table(values), ["0"], MONTHS[15], is_ratio=True)
    assert found.verdict == "told"
    assert found.low < 0.10 < found.high < 0.2


@pytest.mark.parametrize(
    ("since", "segments", "verdict", "reason"),
    [
        (datetime.date(2024, 7, 1), 12, "too_early", "not_started"),
        (MONTHS[17], 12, "too_early", "too_early"),
        (MONTHS[5], 12, "cannot_be_told", "no_history"),
        (MONTHS[15], FEWEST_COMPARABLE, "cannot_be_told", "few_comparable"),
        (MONTHS[15], 1, "cannot_be_told", "few_comparable"),
    ],
)
def test_what_cannot_be_told_is_said_with_its_reason(since, segments, verdict, reason):
    found = effect_of(plain(1, segments=segments)[0], ["0"], since)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert math.isnan(found.amount) and math.isnan(found.low) and math.isnan(found.high)


def test_a_segment_that_moved_by_itself_before_is_refused():
    series, _ = plain(3)
    own = (series["segment"] == "0") & series["month"].between(MONTHS[10], MONTHS[14])
    series.loc[own, "value"] *= 2
    found = effect_of(series, ["0"], MONTHS[15])
    assert (found.reason, found.pre_trend_p < 0.05) == ("pre_trend", True)


def test_comparable_segments_that_go_ways_of_their_own_since_then_tell_nothing():
    dice = np.random.default_rng(7)
    series, _ = plain(4, segments=40, noise=0.01)
    factors = dict(zip(map(str, range(40)), np.exp(dice.normal(0, 0.6, 40)), strict=True))
    later = series["month"] >= MONTHS[15]
    series.loc[later, "value"] *= series.loc[later, "segment"].map(factors)
    assert effect_of(series, ["0"], MONTHS[15]).reason == "placebo"


def test_the_unit_the_order_of_rows_and_a_month_for_all_do_not_matter():
    series, _ = plain(11)
    found = effect_of(series, ["0"], MONTHS[15])
    mixed = series.sample(frac=1, random_state=1)
    assert effect_of(mixed, ["0"], MONTHS[15]) == found
    dearer = effect_of(series.assign(value=series["value"] * 7), ["0"], MONTHS[15])
    assert dearer.amount == pytest.approx(7 * found.amount)
    doubled = series.assign(value=series["value"].where(series["month"] < MONTHS[15], 2 * series["value"]))
    assert effect_of(doubled, ["0"], MONTHS[15]).amount == pytest.approx(2 * found.amount)


def test_segments_without_any_noise_or_sales_give_an_answer_and_no_error():
    flat = table(np.full((18, 12), 5.0))
    empty = table(np.zeros((18, 12)))
    for series in (flat, empty, flat.head(0)):
        found = effect_of(series, ["0"], MONTHS[15])
        assert found.verdict in ("cannot_be_told", "too_early")
    assert effect_of(flat, ["nobody"], MONTHS[15]).verdict == "cannot_be_told"

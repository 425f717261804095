"""What a search for segments keeps to whatever the data: identities, and what may not change an answer."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.methods.rootcause.find import find_segments

DIMENSIONS = ["region", "product", "channel"]
SEEDS = st.integers(0, 10_000)
few = settings(max_examples=15, deadline=None)


def market(seed, moved=None, factor=0.5, trend=1.0):
    """Orders of 6 regions x 8 products x 4 channels in two periods, one segment of which moves."""
    rng = np.random.default_rng(seed)
    codes = np.indices((6, 8, 4)).reshape(3, -1)
    frame = pd.DataFrame(
        {name: [f"{name[0]}{code}" for code in own] for name, own in zip(DIMENSIONS, codes, strict=True)}
    )
    rates = 150 + rng.gamma(2.0, 100.0, len(frame))
    now = rates * trend
    if moved:
        now = np.where(inside(frame, moved), now * factor, now)
    frame["predict"], frame["real"] = rng.poisson(rates) * 1.0, rng.poisson(now) * 1.0
    return frame


def inside(frame, segment):
    """Which rows a segment holds."""
    return np.logical_and.reduce([frame[name] == value for name, value in segment.items()])


def search(frame, dimensions=DIMENSIONS, actual="real", expected="predict", **more):
    return find_segments(frame, dimensions, actual, expected, **more)


def spelled(found):
    """The segments in order, as plain dicts."""
    return [dict(one) for one in found]


def closes(found, scale):
    """Whether the change is the trend, the segments and the rest."""
    told = found.trend + sum(one.contribution for one in found) + found.rest
    return abs((found.actual - found.expected) - told) <= 1e-9 * scale


def total_of(frame):
    return max(frame["real"].abs().sum(), frame["predict"].abs().sum(), 1.0)


PLANTED = [
    {"region": "r1"},
    {"product": "p3", "channel": "c2"},
    {"region": "r0", "product": "p5", "channel": "c1"},
]
planted = pytest.mark.parametrize("segment", PLANTED, ids=["one level", "two", "a single leaf"])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from("xy"),
            st.sampled_from([0.0, 0.0, -5.5, 1e-3, 0.1, 7.0, 120.0, 1e6]),
            st.sampled_from([0.0, 0.0, -2.0, 0.3, 6.0, 100.0, 2e6]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_the_change_is_the_trend_the_segments_and_the_rest_with_zeros_and_returns(rows):
    frame = pd.DataFrame(rows, columns=["one", "two", "real", "predict"])
    found = search(frame, ["one", "two"])
    assert closes(found, total_of(frame))
    assert found.actual == pytest.approx(frame["real"].sum())
    assert found.expected == pytest.approx(frame["predict"].sum())


@few
@given(seed=SEEDS, trend=st.sampled_from([0.7, 1.0, 1.3]))
def test_segments_share_no_leaf_and_their_sums_are_those_of_their_rows(seed, trend):
    frame = market(seed, {"region": "r1"}, 0.6, trend)
    frame.loc[inside(frame, {"product": "p2", "channel": "c0"}), "real"] *= 3
    found = search(frame)
    free = np.ones(len(frame), bool)
    for one in found:
        own = inside(frame, one) & free
        assert one.actual == pytest.approx(frame.loc[own, "real"].sum())
        assert one.expected == pytest.approx(frame.loc[own, "predict"].sum())
        assert one.low <= one.contribution <= one.high
        assert 0 <= one.p_value <= 1
        free &= ~own
    assert len(found) >= 2
    assert closes(found, total_of(frame))


@planted
@few
@given(seed=SEEDS, factor=st.sampled_from([0.3, 2.5]), trend=st.sampled_from([0.8, 1.0, 1.25]))
def test_a_clear_segment_is_named_exactly_and_its_sign_is_right(segment, seed, factor, trend):
    found = search(market(seed, segment, factor, trend))
    assert segment in spelled(found)
    contribution = next(one.contribution for one in found if one == segment)
    assert (contribution > 0) == (factor > 1)
    assert found.verdict == "segments"


@planted
@few
@given(seed=SEEDS)
def test_the_order_of_rows_changes_nothing(segment, seed):
    frame = market(seed, segment)
    before, after = search(frame), search(frame.sample(frac=1, random_state=seed))
    assert spelled(before) == spelled(after)
    assert [one.contribution for one in after] == pytest.approx([one.contribution for one in before])
    for end in ("low", "high"):
        assert [getattr(one, end) for one in after] == pytest.approx([getattr(one, end) for one in before])


@planted
@few
@given(seed=SEEDS)
def test_other_names_for_levels_give_the_same_segments_under_those_names(segment, seed):
    frame = market(seed, segment)
    rng = np.random.default_rng(seed)
    names = {}
    for name in DIMENSIONS:
        levels = sorted(frame[name].unique())
        names[name] = dict(zip(levels, [f"<{n}>'\"" for n in rng.permutation(len(levels))], strict=True))
    other = frame.assign(**{name: frame[name].map(names[name]) for name in DIMENSIONS})
    before, after = search(frame), search(other)
    assert spelled(after) == [{k: names[k][v] for k, v in one.items()} for one in before]
    assert [one.contribution for one in after] == pytest.approx([one.contribution for one in before])


@planted
@few
@given(seed=SEEDS, rate=st.sampled_from([1e-4, 0.13, 7.1, 1e5]))
def test_another_currency_gives_the_same_segments_in_that_currency(segment, seed, rate):
    frame = market(seed, segment)
    before = search(frame)
    after = search(frame.assign(real=frame["real"] * rate, predict=frame["predict"] * rate))
    assert spelled(after) == spelled(before)
    assert [one.contribution for one in after] == pytest.approx([rate * one.contribution for one in before])
    assert [one.low for one in after] == pytest.approx([rate * one.low for one in before])
    assert after.trend_ratio == pytest.approx(before.trend_ratio)
    assert after.verdict == before.verdict


@planted
@few
@given(seed=SEEDS, trend=st.sampled_from([0.8, 1.0, 1.25]))
def test_swapped_periods_turn_every_sign(segment, seed, trend):
    frame = market(seed, segment, 0.4, trend)
    there, back = search(frame), search(frame, actual="predict", expected="real")
    assert there.actual - there.expected == pytest.approx(back.expected - back.actual)
    one, two = ({frozenset(s.items()): np.sign(s.contribution) for s in found} for found in (there, back))
    assert all(one[told] == -two[told] for told in one.keys() & two.keys())


@planted
def test_a_planted_segment_is_found_in_both_directions(segment):
    kept, name = 0, frozenset(segment.items())
    for seed in range(20):
        frame = market(seed, segment, 0.4, (0.8, 1.0, 1.25)[seed % 3])
        ways = search(frame), search(frame, actual="predict", expected="real")
        kept += all(name in {frozenset(found.items()) for found in way} for way in ways)
    assert kept >= 19


@planted
@few
@given(seed=SEEDS)
def test_a_row_told_in_parts_is_one_row(segment, seed):
    frame = market(seed, segment)
    share = np.random.default_rng(seed).uniform(0, 1, len(frame))
    parts = [
        frame.assign(real=frame["real"] * one, predict=frame["predict"] * one) for one in (share, 1 - share)
    ]
    before, after = search(frame), search(pd.concat(parts, ignore_index=True))
    assert spelled(after) == spelled(before)
    assert [one.contribution for one in after] == pytest.approx([one.contribution for one in before])


@few
@given(seed=SEEDS)
def test_a_level_split_in_two_changes_no_segment_elsewhere(seed):
    segment = {"region": "r1", "channel": "c2"}
    frame = market(seed, segment)
    rng = np.random.default_rng(seed)
    split = frame[frame["product"] == "p4"]
    share = {name: rng.binomial(split[name].astype(int), 0.5) * 1.0 for name in ("real", "predict")}
    halves = [
        split.assign(product="p4 old", **share),
        split.assign(product="p4 new", **{name: split[name] - own for name, own in share.items()}),
    ]
    after = search(pd.concat([frame[frame["product"] != "p4"], *halves], ignore_index=True))
    before = search(frame)
    assert segment in spelled(before)
    assert segment in spelled(after)
    own = [next(one.contribution for one in found if one == segment) for found in (before, after)]
    assert own[1] == pytest.approx(own[0], rel=0.1)


@planted
@few
@given(seed=SEEDS)
def test_a_dimension_with_a_single_level_changes_nothing(segment, seed):
    frame = market(seed, segment)
    before, after = search(frame), search(frame.assign(company="one"), [*DIMENSIONS, "company"])
    assert spelled(after) == spelled(before)
    assert [one.contribution for one in after] == pytest.approx([one.contribution for one in before])


@planted
@few
@given(seed=SEEDS)
def test_a_dimension_that_has_nothing_to_do_with_it_is_not_named(segment, seed):
    frame = market(seed, segment, 0.3)
    rng = np.random.default_rng(seed)
    first = {name: rng.binomial(frame[name].astype(int), 0.5) * 1.0 for name in ("real", "predict")}
    both = [
        frame.assign(weather="dry", **first),
        frame.assign(weather="wet", **{name: frame[name] - own for name, own in first.items()}),
    ]
    found = search(pd.concat(both, ignore_index=True), [*DIMENSIONS, "weather"])
    assert segment in spelled(found)


@few
@given(seed=SEEDS)
def test_ledgers_of_two_files_add_up_to_that_of_both(seed):
    one = market(seed, {"region": "r1"}, 0.4).assign(file="north")
    two = market(seed + 1, {"product": "p3"}, 2.5).assign(file="south")
    parts = [search(own) for own in (one, two)]
    both = search(pd.concat([one, two]), ["file", *DIMENSIONS])
    assert both.actual == pytest.approx(sum(part.actual for part in parts))
    told = [part.trend + sum(own.contribution for own in part) + part.rest for part in (*parts, both)]
    assert told[2] == pytest.approx(told[0] + told[1], rel=1e-9)
    assert closes(both, total_of(one) + total_of(two))
    assert {"file": "north", "region": "r1"} in spelled(both)
    assert {"file": "south", "product": "p3"} in spelled(both)


def ratios(seed, moved=None, rate=0.1):
    """Wins of trials: one segment's win rate moves, trials stay about as many."""
    rng = np.random.default_rng(seed)
    frame = market(seed)
    for when, segment in (("before", None), ("now", moved)):
        trials = rng.poisson(600, len(frame))
        rates = np.full(len(frame), 0.3)
        if segment:
            rates[inside(frame, segment)] = rate
        frame[f"won_{when}"], frame[f"all_{when}"] = rng.binomial(trials, rates) * 1.0, trials * 1.0
    return frame


@planted
@few
@given(seed=SEEDS)
def test_of_ratios_too_the_change_is_the_trend_the_segments_and_the_rest(segment, seed):
    frame = ratios(seed, segment)
    found = search(frame, actual=("won_now", "all_now"), expected=("won_before", "all_before"))
    sums = frame.sum(numeric_only=True)
    assert found.actual == pytest.approx(sums["won_now"] / sums["all_now"])
    assert found.expected == pytest.approx(sums["won_before"] / sums["all_before"])
    assert closes(found, 1.0)
    assert segment in spelled(found)
    own = next(one for one in found if one == segment)
    rows = frame[inside(frame, segment)].sum(numeric_only=True)
    assert own.actual == pytest.approx(rows["won_now"] / rows["all_now"])
    assert own.contribution < 0


def test_two_runs_give_the_same_bytes():
    frame = market(3, {"region": "r1"})
    one, two = (search(frame).to_frame().to_csv(index=False) for _ in range(2))
    assert one == two

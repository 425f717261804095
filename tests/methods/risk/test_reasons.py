"""Reasons add up exactly, and ways out are the cheapest that work."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.risk import Bands
from channel_analysis.methods.risk.bands import BANDS, bands_of
from channel_analysis.methods.risk.reasons import peer_medians, reasons_of, ways_out
from channel_analysis.methods.risk.steps import Steps

THEMES = {"dso": "payment", "late_days": "payment", "trend": "sales"}
FAMILIES = {"dso": "finance", "late_days": "finance", "trend": "sales", "nps": "reputation"}
UNITS = {"dso": "days", "nps": "points"}
POLICY = Bands()
LATE = Steps(thresholds=(10.0, 30.0, 60.0), values=(-3.0, -1.0, 0.5, 1.5), missing=0.2)
TREND = Steps(thresholds=(-0.2, 0.0), values=(1.0, 0.2, -0.6), missing=0.1)


def frame(*rows, index=None) -> pd.DataFrame:
    told = pd.DataFrame([*rows], columns=["dso", "late_days", "trend", "nps"], dtype="float64")
    return told.set_axis(index or [f"P{number}" for number in range(1, len(told) + 1)])


def reasons(contributions, values=None, previous=None) -> pd.DataFrame:
    values = contributions * 10 if values is None else values
    return reasons_of(contributions, values, values * 2, THEMES, FAMILIES, UNITS, previous)


def test_themes_are_told_the_one_that_adds_most_first_with_the_feature_that_pushes_most():
    told = reasons(frame([0.2, 0.3, -0.4, 0.1]))
    assert told[["place", "theme", "feature", "family", "unit"]].values.tolist() == [
        [1, "payment", "late_days", "finance", ""],
        [2, "nps", "nps", "reputation", "points"],
        [3, "sales", "trend", "sales", ""],
    ]
    assert told["contribution"].tolist() == pytest.approx([0.5, 0.1, -0.4])
    assert told["value"].tolist() == pytest.approx([3.0, 1.0, -4.0])
    assert told["peer_median"].tolist() == pytest.approx([6.0, 2.0, -8.0])


def test_a_theme_that_lowers_the_risk_names_the_feature_that_lowers_it_most():
    told = reasons(frame([0.2, -0.9, 0.0, 0.0])).set_index("theme")
    assert told.loc["payment", "feature"] == "late_days"
    told = reasons(frame([0.9, -0.2, 0.0, 0.0])).set_index("theme")
    assert told.loc["payment", "feature"] == "dso"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.floats(-20, 20), min_size=4, max_size=4), min_size=1, max_size=6))
def test_a_partner_s_reasons_add_up_to_its_contributions_exactly(rows):
    contributions = frame(*rows)
    told = reasons(contributions)
    sums = told.groupby("partner_id")["contribution"].sum()
    assert np.abs(sums.loc[contributions.index] - contributions.sum(axis=1)).max() < 1e-9
    assert told.groupby("partner_id")["place"].apply(list).tolist() == [[1, 2, 3]] * len(rows)
    for _, own in told.groupby("partner_id"):
        assert own["contribution"].is_monotonic_decreasing


def test_what_a_theme_contributed_before_stands_beside_and_nothing_for_newcomers():
    before = frame([0.1, 0.1, 0.0, 0.0], index=["P1"]).drop(columns="nps")
    told = reasons(frame([0.2, 0.3, 0.0, 0.0], [0.2, 0.3, 0.0, 0.0]), previous=before)
    payment = told[told["theme"] == "payment"].set_index("partner_id")["previous_contribution"]
    assert payment["P1"] == pytest.approx(0.2) and np.isnan(payment["P2"])
    assert told.set_index(["partner_id", "theme"]).loc[("P1", "nps"), "previous_contribution"] == 0.0
    assert reasons(frame([0.2, 0.3, 0.0, 0.0]))["previous_contribution"].isna().all()


def test_a_missing_value_can_be_a_reason_and_stays_missing():
    values = frame([np.nan, 1.0, 1.0, 1.0])
    told = reasons(frame([0.9, 0.0, 0.0, 0.0]), values)
    assert (told["feature"].iloc[0], np.isnan(told["value"].iloc[0])) == ("dso", True)


def test_columns_of_values_may_stand_in_another_order_and_ids_are_text_that_holds_anything():
    odd = ["=cmd()", "<script>", "../x\U0001f680"]
    contributions = frame([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.0, 0.0, 0.0, 0.0], index=odd)
    told = reasons(contributions, contributions[["nps", "trend", "late_days", "dso"]] * 10)
    assert told["partner_id"].drop_duplicates().tolist() == odd
    assert told["value"].iloc[0] == pytest.approx(4.0)


def test_nobody_has_no_reasons():
    assert len(reasons(frame())) == 0


def test_peers_are_partners_of_the_same_kind_and_unknown_values_count_for_none():
    values = pd.DataFrame({"dso": [10.0, 30.0, np.nan, 90.0, np.nan]}, index=list("ABCDE"))
    kinds = pd.Series(["agent", "agent", "agent", None, "retailer"], index=list("ABCDE"))
    assert peer_medians(values, kinds)["dso"].fillna(-1).tolist() == [20.0, 20.0, 20.0, 90.0, -1.0]


def way(values, odds, band="red", actionable=None, tables=None, **more) -> pd.DataFrame:
    """Give the way out of one partner."""
    given_values = pd.DataFrame([values], index=["P1"])
    tables = tables or {"late": LATE, "trend": TREND}
    spreads = {"late": 10.0, "trend": 0.1} if actionable is None else actionable
    one = pd.Series([odds], index=["P1"]), pd.Series([band], index=["P1"])
    return ways_out(tables, given_values, *one, spreads, POLICY, **more)


def test_the_cheapest_single_change_is_stated_with_what_is_needed_and_where_it_leads():
    told = way({"late": 45.0, "trend": -0.1}, 0.0)
    assert told[["partner_id", "feature", "value", "needed"]].values.tolist() == [
        ["P1", "trend", -0.1, np.nextafter(0.0, 1)],
    ]
    assert told["probability"].iloc[0] == pytest.approx(1 / (1 + np.exp(0.8)))
    assert told["band"].tolist() == ["orange"]


def test_what_nobody_can_change_is_never_changed_nor_what_is_not_known():
    told = way({"late": 45.0, "trend": -0.1}, 0.0, actionable={"late": 10.0, "age": 1.0})
    assert told[["feature", "needed"]].values.tolist() == [["late", 30.0]]
    assert len(way({"late": np.nan, "trend": 0.5}, 0.0)) == 0
    assert len(way({"late": 45.0, "trend": -0.1}, 0.0, actionable={"late": 0.0})) == 0


def test_two_changes_are_made_together_where_one_is_not_enough():
    told = way({"late": 20.0, "trend": -0.1}, 2.0, actionable={"late": 10.0, "trend": 0.1})
    assert told["feature"].tolist() == ["late", "trend"]
    assert told["needed"].tolist() == [10.0, np.nextafter(0.0, 1)]
    assert told["probability"].nunique() == 1 and told["band"].tolist() == ["orange", "orange"]


def test_who_is_green_or_unknown_needs_no_way_and_who_finds_none_has_no_row():
    assert len(way({"late": 45.0, "trend": -0.1}, -5.0, "green")) == 0
    assert len(way({"late": 45.0, "trend": -0.1}, 0.0, "unknown")) == 0
    assert len(way({"late": 45.0, "trend": -0.1}, 9.0)) == 0


def test_a_calibrated_probability_is_the_one_that_counts():
    def halved(odds):
        return 0.5 / (1 + np.exp(-odds))

    assert way({"late": 45.0, "trend": 0.5}, 1.5, probability=halved)["needed"].tolist() == [30.0]
    assert len(way({"late": 45.0, "trend": 0.5}, 1.5, probability=lambda odds: np.full(len(odds), 0.9))) == 0


def cheapest_by_hand(tables, values, odds, band, spreads):
    """Try every step of every feature, then of every pair: the least cost of a change that is enough."""

    def options(name):
        edges = tables[name].thresholds
        targets = [*edges, *(np.nextafter(edge, np.inf) for edge in edges)]
        now = tables[name].at(np.array([values[name]]))[0]
        return [
            (abs(to - values[name]) / spreads[name], now - tables[name].at(np.array([to]))[0])
            for to in targets
        ]  # fmt: skip

    def leaves(gain):
        one = [pd.Series([value]) for value in (1 / (1 + np.exp(gain - odds)), band, "", True)]
        return BANDS.index(bands_of(*one, POLICY)["model_band"].iloc[0]) < BANDS.index(band)

    for size in (1, 2):
        sums = [
            tuple(map(sum, zip(*some, strict=True)))
            for names in combinations(tables, size)
            for some in product(*map(options, names))
        ]
        costs = [cost for cost, gain in sums if gain > 0 and leaves(gain)]
        if costs:
            return size, min(costs)
    return 0, 0.0


@pytest.mark.parametrize("level", [(-2.5, 1.5), (0.5, 3.0)])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_way_is_cheaper_than_the_one_told_and_every_one_told_works(level, seed):
    rng = np.random.default_rng(seed)
    tables = {}
    for name in "abc":
        edges = np.unique(rng.normal(size=rng.integers(1, 5)).round(2))
        tables[name] = Steps(thresholds=tuple(edges), values=tuple(rng.normal(size=len(edges) + 1)))
    values = {name: round(rng.normal(), 2) for name in tables}
    spreads = {name: float(rng.uniform(0.5, 2)) for name in tables}
    odds, band = float(rng.uniform(*level)), "orange"
    told = way(values, odds, band, spreads, tables)
    size, cost = cheapest_by_hand(tables, values, odds, band, spreads)
    assert len(told) == size
    made = (told["needed"] - told["value"]).abs() / told["feature"].map(spreads)
    assert made.sum() == pytest.approx(cost)
    after = {**values, **dict(zip(told["feature"], told["needed"], strict=True))}
    change = sum(
        (tables[n].at(np.array([after[n]])) - tables[n].at(np.array([values[n]])))[0] for n in tables
    )
    if size:
        assert told["probability"].iloc[0] == pytest.approx(1 / (1 + np.exp(-odds - change)))
        assert set(told["band"]) <= {"yellow", "green"}

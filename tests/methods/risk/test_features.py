"""What indicators say of measures: signs, seasons, short bases, few observations, Altman's zones."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.risk.altman import ALTMAN
from channel_analysis.methods.risk.features import FEATURES, features_of
from channel_analysis.methods.risk.measures import WEIGHT
from channel_analysis.metrics.panel.snapshots import MEASURES

UNITS = {"share", "days", "count", "ratio", "money", "score"}
FAMILIES = {"sales", "finance", "reputation", "relationship", "context"}


def measured(*rows: dict) -> pd.DataFrame:
    """Measures of some partners on one day; whatever is not given is missing."""
    lead = {"snapshot": pd.Timestamp("2024-06-30"), "channel_type": "agent", "region": "East"}
    frame = pd.DataFrame([{"partner_id": f"P{n}"} | lead | row for n, row in enumerate(rows)])
    absent = [name for name in MEASURES if name not in frame]
    return pd.concat([frame, pd.DataFrame(np.nan, index=frame.index, columns=absent)], axis=1)


def values(name: str, *rows: dict) -> list[float]:
    return features_of(measured(*rows))[name].to_list()


def test_every_indicator_says_all_that_a_reader_needs():
    for name, feature in FEATURES.items():
        assert name == feature.name
        assert feature.family in FAMILIES
        assert feature.sign in (-1, 0, 1)
        assert feature.unit in UNITS
        assert feature.theme and feature.formula and feature.source


def test_where_nothing_is_known_every_indicator_is_missing_but_the_depth_of_data():
    found = features_of(measured({}, {}))
    assert found[list(FEATURES)].drop(columns="data_depth").isna().all(axis=None)
    assert found["data_depth"].to_list() == [0, 0]


def test_no_indicator_is_ever_infinite_over_zeros():
    found = features_of(measured(dict.fromkeys(MEASURES, 0.0), dict.fromkeys(MEASURES, 1.0)))
    assert np.isfinite(found[list(FEATURES)].fillna(0).to_numpy()).all()


def test_a_fall_against_the_same_months_is_negative_and_a_short_base_says_nothing():
    base = {"net_3": 50.0, "net_3_year_before": 150.0, "trade_months": 20.0}
    short = base | {"trade_months": 15.0}
    from_nothing = base | {"net_3_year_before": 0.0}
    assert values("trend_3", base, short, from_nothing) == pytest.approx([-0.5, np.nan, np.nan], nan_ok=True)


def test_a_season_that_all_share_leaves_the_pace_alone():
    steady = {"net_12": 1200.0, "net_3": 600.0, "trade_months": 30.0}
    fading = {"net_12": 1200.0, "net_3": 300.0, "trade_months": 30.0}
    alike = values("pace_3", steady, steady)
    assert alike == pytest.approx([1, 1])
    assert values("pace_3", steady, fading) == pytest.approx([4 / 3, 2 / 3])


def test_a_newcomer_has_no_pace_and_does_not_move_that_of_others():
    steady = {"net_12": 1200.0, "net_3": 300.0, "trade_months": 30.0}
    new = {"net_12": 900.0, "net_3": 900.0, "trade_months": 3.0}
    assert values("pace_3", steady, new) == pytest.approx([1, np.nan], nan_ok=True)


def test_rates_of_few_are_drawn_to_the_types_and_those_of_many_stay():
    few = {"below_floor_12": 1.0, "priced_12": 2.0}
    many = {"below_floor_12": 100.0, "priced_12": 1000.0}
    rate = 101 / 1002
    expected = [(1 + WEIGHT * rate) / (2 + WEIGHT), (100 + WEIGHT * rate) / (1000 + WEIGHT)]
    assert values("below_floor_12", few, many) == pytest.approx(expected)
    assert values("below_floor_12", few, {"below_floor_12": 0.0, "priced_12": 0.0})[1] != 0


def test_what_another_day_or_type_holds_changes_no_indicator():
    rows = [
        {name: float(k + place % 7) for place, name in enumerate(MEASURES)} | {"trade_months": 30.0}
        for k in range(1, 6)
    ]
    alone = measured(*rows)
    more = measured(*rows, *[row | {"channel_type": "retailer", "region": "West"} for row in rows])
    later = measured(*[{name: 9 * value for name, value in row.items()} for row in rows])
    later["snapshot"] = pd.Timestamp("2024-07-31")
    whole = features_of(pd.concat([later, more.iloc[::-1]], ignore_index=True))
    there = whole[whole["snapshot"] == pd.Timestamp("2024-06-30")].iloc[::-1].reset_index(drop=True).iloc[:5]
    names = [name for name in FEATURES if name != "region_pace"]
    pd.testing.assert_frame_equal(features_of(alone)[names], there[names], rtol=1e-12)


def test_shares_overdue_add_up_to_the_share_that_is_overdue():
    row = {"receivable": 100.0, "overdue_0": 60.0, "overdue_30": 45.0, "overdue_60": 20.0, "overdue_90": 5.0}
    found = features_of(measured(row, row | dict.fromkeys(row, 0.0)))
    names = ["overdue_1_30", "overdue_31_60", "overdue_61_90", "overdue_90"]
    assert found[names].iloc[0].to_list() == pytest.approx([0.15, 0.25, 0.15, 0.05])
    assert found[names].iloc[1].to_list() == [0, 0, 0, 0]


def test_altmans_score_for_firms_that_do_not_manufacture_is_his():
    row = {
        "fin_current_assets": 60.0, "fin_current_liabilities": 40.0, "fin_total_assets": 100.0,
        "fin_retained_earnings": 10.0, "fin_ebit": 5.0, "fin_equity": 30.0, "fin_total_liabilities": 70.0,
        "fin_sales": 120.0,
    }  # fmt: skip
    score = 6.56 * 0.2 + 3.26 * 0.1 + 6.72 * 0.05 + 1.05 * 30 / 70
    sunk = row | {"fin_current_assets": 10.0}
    assert values("altman_z", row)[0] == pytest.approx(score)
    assert values("altman_distress", row, sunk) == [0, 1]


@pytest.mark.parametrize(
    ("variant", "distress", "safe"),
    [("Z", 1.80, 3.00), ("Z'", 1.22, 2.91), ("Z''", 1.09, 2.61), ("Z'' emerging", 4.34, 5.86)],
)
def test_each_variant_has_zones_of_its_own(variant, distress, safe):
    assert ALTMAN[variant].zone(distress) == "distress"
    assert ALTMAN[variant].zone((distress + safe) / 2) == "grey"
    assert ALTMAN[variant].zone(safe) == "safe"
    assert ALTMAN[variant].zone(float("nan")) == ""


def test_the_emerging_market_form_puts_every_firm_into_the_zone_of_the_usual_one():
    ratios = tuple(np.linspace(-0.5, 0.9, 50) * k for k in (1, 0.5, 0.3, 2, 1))
    usual, emerging = (ALTMAN[name].score(ratios) for name in ("Z''", "Z'' emerging"))
    assert [ALTMAN["Z''"].zone(z) for z in usual] == [ALTMAN["Z'' emerging"].zone(z) for z in emerging]

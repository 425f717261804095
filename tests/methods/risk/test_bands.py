"""Bands: green to red with hysteresis, unknown without evidence, red by a trigger whatever the model says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel_analysis.contracts.risk import Bands
from channel_analysis.methods.risk.bands import BANDS, bands_of, quadrants

POLICY = Bands(yellow=0.10, orange=0.20, red=0.40, hysteresis=0.02)


def banded(probability, before="", trigger="", known=True) -> tuple[str, str]:
    """Give the bands of one partner: the model's, and the one that holds."""
    one = [pd.Series([value], index=["P1"]) for value in (probability, before, trigger, known)]
    told = bands_of(*one, POLICY)
    assert list(told.index) == ["P1"]
    return told["model_band"].iloc[0], told["band"].iloc[0]


def by_hand(probability: float, before: str) -> str:
    """Walk the bands one by one, as the policy says them."""
    begins = {"green": 0.0, "yellow": 0.10, "orange": 0.20, "red": 0.40}
    band = max((name for name in BANDS if begins[name] <= probability), key=BANDS.index)
    if before in BANDS and BANDS.index(before) > BANDS.index(band):
        held = [name for name in BANDS if name == "green" or round(begins[name] - 0.02, 9) <= probability]
        return BANDS[min(BANDS.index(before), max(map(BANDS.index, held)))]
    return band


@pytest.mark.parametrize(
    ("probability", "band"),
    [(0.0, "green"), (0.0999, "green"), (0.1, "yellow"), (0.2, "orange"), (0.4, "red"), (1.0, "red")],
)
def test_a_partner_without_a_past_is_banded_by_where_bands_begin(probability, band):
    assert banded(probability) == (band, band)


def test_a_band_is_entered_upwards_at_once_and_left_downwards_only_below_its_beginning_less_hysteresis():
    assert banded(0.40, "green")[0] == "red"
    assert [banded(value, "red")[0] for value in (0.39, 0.38, 0.379)] == ["red", "red", "orange"]
    assert [banded(value, "orange")[0] for value in (0.18, 0.179)] == ["orange", "yellow"]
    assert [banded(value, "yellow")[0] for value in (0.08, 0.079)] == ["yellow", "green"]


def test_one_who_falls_far_is_held_by_no_band_but_the_one_just_left():
    assert banded(0.19, "red")[0] == "orange"
    assert banded(0.01, "red")[0] == "green"


@given(st.floats(0, 1), st.sampled_from(["", "unknown", *BANDS]))
def test_bands_equal_those_walked_by_hand(probability, before):
    assert banded(probability, before)[0] == by_hand(probability, before)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_probability_that_wavers_by_less_than_the_hysteresis_changes_no_band(moves):
    level, band, changes = 0.40, "red", []
    for move in moves:
        now = banded(level - 0.02 * move, band)[0]
        changes += [now] if now != band else []
        band = now
    assert changes == []


def test_without_evidence_nobody_is_green_nor_anything_else():
    assert banded(0.01, "green", known=False) == ("unknown", "unknown")
    assert banded(0.90, "red", known=False) == ("unknown", "unknown")
    assert banded(np.nan, "green") == ("unknown", "unknown")


def test_a_trigger_makes_red_whatever_the_model_says_and_the_model_s_band_stays_told():
    assert banded(0.01, trigger="insolvency") == ("green", "red")
    assert banded(np.nan, trigger="insolvency") == ("unknown", "red")
    assert banded(0.01, trigger=None) == ("green", "green")


def test_partners_keep_their_order_and_nobody_is_no_error():
    nobody = pd.Series([], dtype="float64")
    assert len(bands_of(nobody, nobody, nobody, nobody, POLICY)) == 0
    frame = pd.DataFrame({"p": [0.5, 0.0], "none": "", "known": True}, index=["B", "A"])
    told = bands_of(frame["p"], frame["none"], frame["none"], frame["known"], POLICY)
    assert told["band"].to_dict() == {"B": "red", "A": "green"}


def test_bands_so_low_that_the_hysteresis_would_reach_below_nothing_are_left_at_nothing():
    low = Bands(yellow=0.01, orange=0.2, red=0.4, hysteresis=0.05)
    one = [pd.Series([value]) for value in (0.0, "yellow", "", True)]
    assert bands_of(*one, low)["band"].tolist() == ["yellow"]


@pytest.mark.parametrize(
    ("now", "before", "quadrant"),
    [
        (0.20, 0.17, "high_rising"), (0.20, 0.18, "high_steady"), (0.50, 0.90, "high_steady"),
        (0.19, 0.10, "low_rising"), (0.19, 0.17, "low_steady"), (0.19, np.nan, ""), (np.nan, 0.19, ""),
    ],
)  # fmt: skip
def test_level_and_change_place_a_partner_in_one_of_four_fields(now, before, quadrant):
    assert quadrants(pd.Series([now]), pd.Series([before]), POLICY).tolist() == [quadrant]

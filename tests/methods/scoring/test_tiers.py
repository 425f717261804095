"""Tiers do not flutter, and an award needs somebody who is clearly best."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.contracts.appraisal import Tier
from channel_analysis.methods.scoring import score, standings
from channel_analysis.methods.scoring.tiers import award, tier_history, tier_of

from .worlds import SCOPES, rubric, values

TIERS = {"gold": Tier(begins=90), "silver": Tier(begins=70), "rest": Tier(begins=0)}


@pytest.mark.parametrize(
    ("score", "before", "tier"),
    [
        (90.0, "", "gold"),
        (92.9, "silver", "silver"),
        (93.0, "silver", "gold"),
        (87.0, "gold", "gold"),
        (86.9, "gold", "silver"),
        (66.9, "gold", "rest"),
        (93.0, "rest", "gold"),
        (91.0, "rest", "silver"),
        (71.0, "rest", "rest"),
        (50.0, "no longer a tier", "rest"),
    ],
)
def test_it_takes_three_points_more_to_rise_and_three_less_to_fall(score, before, tier):
    assert tier_of(score, TIERS, before, 3.0) == tier


def test_a_score_that_flutters_about_a_beginning_changes_no_tier():
    scores = [pd.Series({"a": v}) for v in (91.0, 89.0, 92.0, 88.0, 91.5)]
    assert [t["a"] for t in tier_history(scores, TIERS, 3.0)] == ["gold"] * 5
    assert len({t["a"] for t in tier_history(scores, TIERS, 0.0)}) == 2


def test_who_was_not_scored_comes_back_without_a_past():
    scores = [pd.Series({"a": v}) for v in (91.0, np.nan, 89.0)]
    assert [t["a"] for t in tier_history(scores, TIERS, 3.0)] == ["gold", "", "silver"]


def test_without_tiers_nobody_has_one():
    assert tier_of(80.0, {}) == ""


def ranked(**entities):
    found = score(values(**entities), rubric({"sales": 1.0}), SCOPES, draws=2000)
    scores = found.scores.set_index("entity")["score"]
    table = standings(found)
    return table.assign(score=table["entity"].map(scores))


def outcomes(table):
    return dict(zip(table["entity"], table["outcome"], strict=True))


CLEAR = {"a": {"sales": (0.9, 0.01)}, "b": {"sales": (0.5, 0.01)}, "c": {"sales": (0.2, 0.01)}}
TIED = {"a": {"sales": (0.62, 0.3)}, "b": {"sales": (0.6, 0.3)}, "c": {"sales": (0.61, 0.3)}}


def test_who_is_clearly_best_gets_the_award_alone():
    assert outcomes(award(ranked(**CLEAR), {}, {}, 1, 0.5)) == {"a": "awarded"}


def test_where_nobody_is_clearly_best_the_award_is_shared():
    assert outcomes(award(ranked(**TIED), {}, {}, 1, 0.5)) == {"a": "shared", "b": "shared", "c": "shared"}


def test_who_is_ruled_out_is_named_and_the_next_gets_it():
    table = award(ranked(**CLEAR), {"a": "overdue"}, {}, 1, 0.5)
    assert outcomes(table) == {"a": "ruled_out", "b": "awarded"}
    assert table["reason"].tolist() == ["overdue", ""]


def test_an_award_waits_for_a_case_nobody_has_decided():
    assert outcomes(award(ranked(**CLEAR), {}, {"a": "open_case"}, 1, 0.5)) == {"a": "held"}


def test_several_places_go_down_the_zones():
    assert outcomes(award(ranked(**CLEAR), {}, {}, 2, 0.5)) == {"a": "awarded", "b": "awarded"}


def test_where_all_are_ruled_out_nobody_gets_it():
    table = award(ranked(**CLEAR), dict.fromkeys("abc", "data_grade"), {}, 1, 0.5)
    assert set(outcomes(table).values()) == {"ruled_out"}


def test_nobody_scored_no_award():
    assert len(award(ranked(a={"sales": None}), {}, {}, 1, 0.5)) == 0

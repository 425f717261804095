"""Screening whatever candidates tell or keep back: bounds hold, hiding never helps, equals are equal."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.appraisal import Candidates
from channel_analysis.contracts.parties import CANDIDATES
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.methods.scoring import score
from channel_analysis.methods.screening import (
    CRITERIA,
    coverage_gained,
    evidence,
    open_vetoes,
    shortlisted,
    with_grades,
)

RULES = Candidates.model_validate(read_toml(CATALOG / "policy.toml")["candidates"])
KEPT = CANDIDATES.column_names
TERRITORIES = pd.DataFrame(
    {
        "region": ["East", "North"],
        "channel_type": ["distributor", "distributor"],
        "partners": [3.0, 1.0],
        "active_partners": [2.0, 1.0],
        "outlets": [40.0, 0.0],
        "outlets_unknown": [0.0, 1.0],
        "partner_amount": [400.0, 10.0],
        "our_amount": [400.0, 50.0],
        "market_amount": [1200.0, np.nan],
        "market_basis": ["type", ""],
    }
)
TOLD = {
    "region": st.sampled_from(["East", "North", "West"]),
    "outlets": st.integers(0, 300),
    "staff_count": st.integers(0, 60),
    "annual_sales": st.floats(-1e6, 1e8),
    "working_capital": st.floats(-1e7, 2e7),
    "years_in_business": st.floats(0, 30),
    "category_experience": st.floats(0, 15),
    "reputation_grade": st.sampled_from([*RULES.grades, "?", "a"]),
}
ONE = st.fixed_dictionaries({name: st.one_of(st.none(), values) for name, values in TOLD.items()})
BASES = st.sampled_from(["outlets", "market", ""])


def screened(rows: list[dict], basis: str = "outlets", rules: Candidates = RULES) -> pd.DataFrame:
    """Scores, open vetoes and the shortlist of some candidates."""
    frame = pd.DataFrame(rows, columns=list(TOLD)).assign(channel_type="distributor", known_at=None)
    frame["candidate_id"] = [str(number) for number in range(len(frame))]
    frame["region"] = frame["region"].astype(object).where(frame["region"].notna(), None)
    rubric = with_grades(rules)
    gained = coverage_gained(frame, TERRITORIES, basis)
    values = evidence(frame, gained, KEPT, rules)
    scores = score(values, rubric, {}, draws=0).scores
    scores["open_vetoes"] = open_vetoes(values, rubric).reindex(scores["entity"]).to_numpy()
    return scores.join(shortlisted(scores, rules.shortlist, rules.minimum_score))


@settings(max_examples=30, deadline=None)
@given(ONE, BASES, st.sets(st.sampled_from(sorted(TOLD)), min_size=1))
def test_hiding_never_raises_the_score_that_is_certain_nor_brings_anybody_on_the_list(told, basis, hidden):
    open_one, silent = screened([told, told | dict.fromkeys(hidden)], basis).itertuples()
    assert silent.worst <= open_one.worst + 1e-9
    assert silent.is_shortlisted <= open_one.is_shortlisted


@settings(max_examples=30, deadline=None)
@given(ONE, BASES, st.fixed_dictionaries(TOLD))
def test_whatever_comes_to_light_lies_within_the_bounds(told, basis, truth):
    # the territory is told, and one that is measured; the grade turns out to be one the policy knows
    told |= {"region": told["region"] if told["region"] == "West" and basis == "outlets" else "East"}
    truth["reputation_grade"] = truth["reputation_grade"].replace("?", "B")
    known = {name: text for name, text in told.items() if text is not None}
    before, after = screened([told, truth | known], basis).itertuples()
    assert before.worst - 1e-9 <= after.worst <= after.best <= before.best + 1e-9


@settings(max_examples=25, deadline=None)
@given(st.lists(ONE, min_size=1, max_size=6), ONE)
def test_one_more_candidate_changes_no_other_score(several, other):
    alone, together = screened(several), screened([*several, other])
    columns = ["score", "worst", "best", "coverage", "status", "veto", "open_vetoes"]
    pd.testing.assert_frame_equal(alone[columns], together.iloc[: len(several)][columns], check_exact=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(ONE, min_size=1, max_size=8), st.integers(1, 4), st.floats(0, 120))
def test_nobody_on_the_list_is_certain_of_less_than_anybody_able_off_it(several, places, minimum):
    rules = RULES.model_copy(update={"shortlist": places, "minimum_score": minimum})
    found = screened(several, rules=rules)
    able = found[(found["status"] == "ok") & (found["open_vetoes"] == "") & (found["worst"] >= minimum)]
    on_list = able[able["is_shortlisted"]]
    assert found["is_shortlisted"].sum() == len(on_list) >= min(places, len(able))
    off_list = able[~able["is_shortlisted"]]
    assert not len(off_list) or off_list["worst"].max() < on_list["worst"].min() + 1e-6
    assert not found.loc[found["status"] == "vetoed", ["is_shortlisted", "is_close"]].any(axis=None)


def test_every_criterion_of_the_policy_is_one_and_every_one_has_anchors():
    assert set(RULES.scoring.weights["all"]) == set(CRITERIA) == set(RULES.scoring.anchors["all"])

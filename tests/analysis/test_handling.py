"""From results to proposals: whom, why, who approves; and what was decided, the same in a second run."""

import datetime
import json

import pandas as pd

from channel_analysis.analysis.handling import (
    DECISION_COLUMNS,
    admission_proposals,
    award_proposals,
    earlier_decisions,
    states_of,
    tier_proposals,
)
from channel_analysis.files import CATALOG
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.decisions import decide, propose, read_decisions
from channel_analysis.store.workspace import read_policy

POLICY = read_policy([CATALOG / "policy.toml"])
AS_OF, DAY = datetime.date(2025, 9, 30), datetime.date(2025, 10, 8)
NAN = float("nan")
TIERS = pd.DataFrame(
    [
        ("P1", "agent", "gold", "silver", "reward", 98.1234567, 97.0, "csat"),
        ("P2", "agent", "silver", "gold", "reward", 88.0, 85.0, ("csat", "attainment")),
        ("P3", "agent", "standard", "standard", "support", 60.0, 60.0, None),
        ("=P4", "retailer", "review", None, "contract", 20.0, NAN, ""),
        ("P5", "retailer", "", "gold", "", NAN, NAN, ""),
    ],
    columns=["entity", "group", "tier", "tier_before", "handling", "score", "worst", "reasons"],
)


def test_every_tier_with_a_handling_is_proposed_to_the_role_the_policy_names():
    made = tier_proposals(TIERS, POLICY)
    assert [(one.subject["partner_id"], one.name, one.handling, one.approver) for one in made] == [
        ("P1", "gold", "reward", "channel manager"), ("P2", "silver", "reward", "channel manager"),
        ("P3", "standard", "support", "channel manager"),
        ("=P4", "review", "contract", "legal and sales director"),
    ]  # fmt: skip
    assert {one.appeal_days for one in made} == {14}


def test_the_reason_says_which_way_and_with_which_numbers():
    first, second, third, fourth = tier_proposals(TIERS, POLICY)
    assert [one.reason for one in (first, second, third, fourth)] == [
        "tier_risen", "tier_fallen", "tier_kept", "tier_first",
    ]  # fmt: skip
    assert first.numbers == {
        "score": 98.123457, "worst": 97.0, "group": "agent", "reasons": "csat", "tier_before": "silver",
        "begins": POLICY.partners.tiers["gold"].begins,
    }  # fmt: skip
    assert second.numbers["reasons"] == "csat, attainment"
    assert fourth.numbers == {"score": 20.0, "group": "retailer", "begins": 0}


def test_reps_can_be_proposed_for_as_well():
    assert tier_proposals(TIERS, POLICY, "rep_id")[0].subject == {"rep_id": "P1"}


def test_awards_are_proposed_for_those_who_get_them():
    awards = pd.DataFrame(
        [("agent", "P1", 1, 98.0, 0.7, "awarded"), ("retailer", "P2", 1, 90.0, 0.3, "shared"),
         ("retailer", "P3", 1, 90.0, 0.3, "held"), ("retailer", "P4", 1, 90.0, 0.3, "ruled_out")],
        columns=["group", "entity", "place", "score", "p_best", "outcome"],
    )  # fmt: skip
    made = award_proposals(awards, POLICY)
    assert [(one.subject["partner_id"], one.reason, one.handling) for one in made] == [
        ("P1", "award", "award"), ("P2", "award_shared", "award"),
    ]  # fmt: skip
    assert made[0].numbers == {"score": 98.0, "p_best": 0.7, "group": "agent"}
    assert made[0].approver == "sales director"


def test_the_shortlist_is_proposed_for_admission_and_nobody_else():
    candidates = pd.DataFrame(
        {
            "candidate_id": ["A", "B", "C"],
            "is_shortlisted": [True, True, False], "is_close": [False, True, True],
            "place": [1.0, 2.0, NAN], "score": [90.0, 80.0, 79.0], "worst": [90.0, 80.0, 70.0],
            "best": [90.0, 80.0, 99.0], "new_coverage": [0.5, NAN, 0.1], "active_partners": [2.0, 0.0, NAN],
            "channel_type": "agent", "region": ["East", None, "East"],
        }
    )  # fmt: skip
    made = admission_proposals(candidates, POLICY)
    assert [(dict(one.subject), one.reason, one.handling) for one in made] == [
        ({"candidate_id": "A"}, "shortlisted", "admit"),
        ({"candidate_id": "B"}, "shortlisted_closely", "admit"),
    ]  # fmt: skip
    assert "new_coverage" not in made[1].numbers and "region" not in made[1].numbers
    assert made[0].approver == "channel manager"


def test_every_proposal_can_be_written_and_comes_back_as_it_was(tmp_path):
    made = tier_proposals(TIERS, POLICY)
    names = propose(tmp_path, "2025Q3", AS_OF, made)
    known = read_decisions(tmp_path)
    assert [(known[name].numbers, known[name].subject) for name in names] == [
        (m.numbers, m.subject) for m in made
    ]
    json.loads((tmp_path / "decisions.jsonl").read_text().splitlines()[0], parse_constant=lambda _: 1 / 0)


def test_a_proposal_stands_the_same_before_and_after_the_log_holds_it(tmp_path):
    made = tier_proposals(TIERS, POLICY)
    before = states_of("2025Q3", made, read_decisions(tmp_path), DAY)
    names = propose(tmp_path, "2025Q3", AS_OF, made)
    after = states_of("2025Q3", made, read_decisions(tmp_path), DAY)
    pd.testing.assert_frame_equal(before, after)
    assert before["decision_id"].tolist() == names
    assert before["subject"].tolist() == ["P1", "P2", "P3", "=P4"]


def test_what_was_decided_is_shown_with_who_and_until_when_an_appeal_can_be_made(tmp_path):
    made = tier_proposals(TIERS, POLICY)
    [name, *_] = propose(tmp_path, "2025Q3", AS_OF, made)
    decide(tmp_path, name, "approved", author="Li", role="Channel Manager", date=DAY, note="well done")
    until = DAY + datetime.timedelta(days=14)
    for day, state in ((until, "approved"), (until + datetime.timedelta(days=1), "final")):
        row = states_of("2025Q3", made, read_decisions(tmp_path), day).iloc[0]
        assert row[["state", "author", "role", "date", "appeal_until", "note"]].tolist() == [
            state, "Li", "Channel Manager", DAY, until, "well done",
        ]  # fmt: skip


def test_earlier_proposals_are_those_of_periods_that_began_before(tmp_path):
    made = tier_proposals(TIERS, POLICY)
    for code, proposals in (
        ("2025Q1", made[:1]),
        ("2025Q2", made[1:2]),
        ("2025Q3", made),
        ("FY2025Q1", made[:1]),
    ):
        propose(tmp_path, code, AS_OF, proposals)
    known = read_decisions(tmp_path)
    found = earlier_decisions(known, parse_period("2025Q3"), 4, DAY, "partner_id")
    assert found[["period", "subject"]].to_numpy().tolist() == [
        ["2025Q1", "P1"],
        ["2025Q2", "P2"],
        ["FY2025Q1", "P1"],
    ]
    assert (
        earlier_decisions(known, parse_period("2025Q3"), 4, DAY, "rep_id").columns.tolist()
        == DECISION_COLUMNS
    )
    propose(tmp_path, "2025Q1", AS_OF, tier_proposals(TIERS.assign(tier="silver"), POLICY)[:1])
    again = earlier_decisions(read_decisions(tmp_path), parse_period("2025Q2"), 4, DAY)
    assert again.loc[again["period"] == "2025Q1", "name"].tolist() == ["silver"]

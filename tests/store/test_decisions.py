"""The log of decisions: what a report proposes waits for the named role, and nothing is ever rewritten."""

import datetime
import json
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.errors import InputError
from channel_analysis.store.decisions import (
    LEDGER,
    STEPS,
    Proposal,
    decide,
    decide_all,
    decided,
    decision_id,
    find_decision,
    propose,
    read_decisions,
)

AS_OF = datetime.date(2025, 9, 30)
DAY = datetime.date(2025, 10, 8)
GOLD = Proposal(
    {"partner_id": "P7"}, "tier", "gold", "reward", "tier_risen", {"score": 97.5, "group": "agent"},
    "Channel manager", 14,
)  # fmt: skip
PLAN = replace(GOLD, name="improvement", handling="plan", approver="sales director")
ADMIT = Proposal({"candidate_id": "N1"}, "shortlist", "", "admit", "shortlisted", {}, "channel manager", 0)
WHO = {"author": "Li", "role": "channel manager", "note": "agreed in the meeting"}


def proposed(root, *proposals, period="2025Q3", as_of=AS_OF) -> list[str]:
    return propose(root, period, as_of, proposals or (GOLD,))


def step(root, event, name, day=DAY, **who):
    return decide(root, name, event, date=day, **WHO | who)


def refused(root, event, name, day=DAY, **who) -> str:
    before = ledger(root)
    with pytest.raises(InputError) as caught:
        step(root, event, name, day, **who)
    assert ledger(root) == before
    return str(caught.value)


def ledger(root) -> bytes:
    return (root / LEDGER).read_bytes()


def lines(root) -> list[dict]:
    return [json.loads(line) for line in ledger(root).splitlines()]


def test_without_a_log_nothing_is_proposed_and_proposing_nothing_makes_none(tmp_path):
    assert (read_decisions(tmp_path), propose(tmp_path, "2025Q3", AS_OF, [])) == ({}, [])
    assert list(tmp_path.iterdir()) == []


def test_a_proposal_is_dated_by_the_data_and_says_whom_what_why_and_who_decides(tmp_path):
    [name] = proposed(tmp_path)
    one = read_decisions(tmp_path)[name]
    assert (one.state, one.period, one.as_of, one.date, one.author) == (
        "proposed",
        "2025Q3",
        AS_OF,
        AS_OF,
        "",
    )
    assert (dict(one.subject), one.kind, one.name, one.handling) == (
        {"partner_id": "P7"},
        "tier",
        "gold",
        "reward",
    )
    assert (one.reason, dict(one.numbers), one.approver) == (GOLD.reason, GOLD.numbers, "Channel manager")
    assert one.appeal_until is None
    assert name == decision_id("2025Q3", GOLD)


def test_the_same_report_again_adds_no_byte_whatever_was_decided(tmp_path):
    [name, _] = proposed(tmp_path, GOLD, ADMIT)
    assert proposed(tmp_path, ADMIT, GOLD) == []
    step(tmp_path, "rejected", name)
    before = ledger(tmp_path)
    assert proposed(tmp_path, GOLD, replace(ADMIT)) == []
    assert ledger(tmp_path) == before


def test_approval_opens_the_time_for_an_appeal_and_without_one_it_is_final(tmp_path):
    [name] = proposed(tmp_path)
    one = step(tmp_path, "approved", name)
    assert (one.state, one.author, one.role, one.date) == ("approved", "Li", "channel manager", DAY)
    assert one.appeal_until == DAY + datetime.timedelta(days=14)
    assert one.on(one.appeal_until) == "approved"
    assert one.on(one.appeal_until + datetime.timedelta(days=1)) == "final"


@pytest.mark.parametrize("outcome", ["upheld", "overturned"])
def test_an_appeal_within_its_time_is_heard(tmp_path, outcome):
    [name] = proposed(tmp_path)
    last = step(tmp_path, "approved", name).appeal_until
    assert step(tmp_path, "appealed", name, last, author="P7", role="partner").state == "appealed"
    assert step(tmp_path, outcome, name, last).state == outcome
    assert [line["event"] for line in lines(tmp_path)] == ["proposed", "approved", "appealed", outcome]


def test_an_appeal_after_its_time_is_refused_with_the_last_day(tmp_path):
    [name] = proposed(tmp_path)
    last = step(tmp_path, "approved", name).appeal_until
    told = refused(tmp_path, "appealed", name, last + datetime.timedelta(days=1), role="partner")
    assert f"is final: an appeal could be made until {last}" in told and "what can be done: close" in told


def test_only_the_named_role_decides_and_capitals_and_blanks_do_not_matter(tmp_path):
    [name] = proposed(tmp_path)
    for event in ("approved", "rejected"):
        told = refused(tmp_path, event, name, role="sales director")
        assert "that is for the Channel manager" in told and '--role "Channel manager"' in told
    assert step(tmp_path, "approved", name, role=" CHANNEL  manager ").state == "approved"
    step(tmp_path, "appealed", name, role="partner")
    assert "that is for the Channel manager" in refused(tmp_path, "overturned", name, role="partner")


def test_where_the_policy_names_nobody_nobody_can_approve_until_it_does(tmp_path):
    [name] = proposed(tmp_path, replace(GOLD, approver=""))
    assert "name a role for 'reward' under [handling.approvers]" in refused(tmp_path, "approved", name)
    assert proposed(tmp_path, GOLD) == []
    assert step(tmp_path, "approved", name).state == "approved"


WAYS = {
    "proposed": [], "approved": ["approved"], "rejected": ["rejected"], "appealed": ["approved", "appealed"],
    "upheld": ["approved", "appealed", "upheld"], "overturned": ["approved", "appealed", "overturned"],
}  # fmt: skip


@pytest.mark.parametrize("state", WAYS)
def test_every_step_that_is_not_open_is_refused_with_what_can_be_done(tmp_path, state):
    [name] = proposed(tmp_path)
    for event in WAYS[state]:
        step(tmp_path, event, name)
    one = read_decisions(tmp_path)[name]
    wrong = [event for event, states in STEPS.items() if state not in states]
    assert len(wrong) == len(STEPS) - len(one.can(DAY))
    for event in wrong:
        told = refused(tmp_path, event, name)
        assert f"is {state} since" in told
        assert ("what can be done: " + " or ".join(one.can(DAY)) in told) == bool(one.can(DAY))


def test_what_was_carried_out_is_closed_once_it_is_final(tmp_path):
    [name] = proposed(tmp_path, ADMIT)
    step(tmp_path, "approved", name)
    assert "is approved since" in refused(tmp_path, "closed", name)
    assert (
        step(tmp_path, "closed", name, DAY + datetime.timedelta(days=1), role="assistant").state == "closed"
    )


def test_who_decides_in_which_role_and_why_must_be_said_all_at_once(tmp_path):
    [name] = proposed(tmp_path)
    told = refused(tmp_path, "approved", name, author=" ", role="", note="\n")
    for part in ("3 problems", "with --by", "with --role", "with --note"):
        assert part in told


def test_a_step_dated_before_the_one_before_is_refused(tmp_path):
    [name] = proposed(tmp_path)
    step(tmp_path, "approved", name)
    early = DAY - datetime.timedelta(days=1)
    assert f"{early} lies before the last step, of {DAY}" in refused(tmp_path, "appealed", name, early)


def test_an_open_proposal_follows_the_last_report_and_a_decided_one_stays(tmp_path):
    [name] = proposed(tmp_path)
    better = replace(GOLD, numbers={"score": 99.0})
    assert proposed(tmp_path, better) == []
    assert read_decisions(tmp_path)[name].numbers == {"score": 99.0}
    step(tmp_path, "approved", name)
    proposed(tmp_path, GOLD)
    assert read_decisions(tmp_path)[name].numbers == {"score": 99.0}


def test_another_tier_after_correction_closes_the_open_proposal_and_back_again_reopens_it(tmp_path):
    [gold] = proposed(tmp_path)
    [plan] = proposed(tmp_path, PLAN)
    known = read_decisions(tmp_path)
    assert (known[gold].state, known[gold].author, known[plan].state) == ("closed", "", "proposed")
    assert proposed(tmp_path, GOLD) == [gold]
    known = read_decisions(tmp_path)
    assert (known[gold].state, known[plan].state) == ("proposed", "closed")


def test_other_subjects_kinds_and_periods_close_nothing(tmp_path):
    [name] = proposed(tmp_path)
    award = replace(GOLD, kind="award", name="best", handling="award")
    proposed(tmp_path, replace(PLAN, subject={"partner_id": "P8"}), award)
    proposed(tmp_path, PLAN, period="2025Q4")
    assert read_decisions(tmp_path)[name].state == "proposed"
    assert len(read_decisions(tmp_path)) == 4


def test_a_decided_proposal_is_not_closed_by_another(tmp_path):
    [name] = proposed(tmp_path)
    step(tmp_path, "approved", name)
    proposed(tmp_path, PLAN)
    assert read_decisions(tmp_path)[name].state == "approved"


def test_an_id_says_whom_which_period_and_what_and_not_why(tmp_path):
    assert decision_id("2025Q3", GOLD) == decision_id(
        "2025Q3", replace(GOLD, numbers={}, reason="", approver="x")
    )
    others = [
        ("2025Q4", GOLD), ("2025Q3", PLAN), ("2025Q3", replace(GOLD, subject={"partner_id": "P8"})),
        ("2025Q3", replace(GOLD, subject={"rep_id": "P7"})), ("2025Q3", replace(GOLD, kind="warning")),
    ]  # fmt: skip
    assert len({decision_id(*one) for one in [*others, ("2025Q3", GOLD)]}) == 6


def test_a_decision_is_found_by_the_beginning_of_its_id_or_answered_with_the_nearest(tmp_path):
    [name] = proposed(tmp_path)
    known = read_decisions(tmp_path)
    assert find_decision(known, name[:4].upper()).id == name
    for given_id, said in ((name[:-1] + "x", f"did you mean '{name}'"), ("", "decisions list")):
        with pytest.raises(InputError) as caught:
            find_decision(known, given_id)
        assert said in str(caught.value)


def test_only_what_people_decide_changes_what_a_page_depends_on(tmp_path):
    [name, _] = proposed(tmp_path, GOLD, ADMIT)
    assert decided(read_decisions(tmp_path)) == ""
    step(tmp_path, "approved", name)
    approved = decided(read_decisions(tmp_path))
    proposed(tmp_path, replace(ADMIT, numbers={"score": 1.0}))
    assert decided(read_decisions(tmp_path)) == approved != ""
    step(tmp_path, "appealed", name, role="partner")
    assert decided(read_decisions(tmp_path)) not in ("", approved)


def test_a_log_put_together_from_two_copies_says_the_same(tmp_path):
    [name] = proposed(tmp_path)
    step(tmp_path, "approved", name)
    first = ledger(tmp_path)
    step(tmp_path, "appealed", name, role="partner")
    whole = read_decisions(tmp_path)
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path) + first)
    assert read_decisions(tmp_path) == whole


def test_every_line_that_cannot_be_read_is_named_and_nothing_is_added(tmp_path):
    [name] = proposed(tmp_path)
    good = ledger(tmp_path).decode()
    told = json.loads(good)
    wrong = [
        "{", "[]", json.dumps({**told, "event": "forgotten"}), json.dumps({**told, "date": "9999-12-31"}),
        json.dumps({**told, "appeal_days": -1}), json.dumps({**told, "appeal_days": True}),
        json.dumps({**told, "numbers": {"x": None}}), json.dumps({**told, "numbers": {"x": float("nan")}}),
        json.dumps({**told, "subject": {"x": 1}}), json.dumps({**told, "role": "\udcff"}),
    ]  # fmt: skip
    (tmp_path / LEDGER).write_text(good + "\n".join(wrong) + "\n", encoding="utf-8")
    before = ledger(tmp_path)
    for use in (read_decisions, proposed, lambda root: step(root, "approved", name)):
        with pytest.raises(InputError) as caught:
            use(tmp_path)
        numbers = [int(problem.where.rpartition(" ")[2]) for problem in caught.value.problems]
        assert numbers == list(range(2, 2 + len(wrong)))
        assert "this is no event of a decision" in str(caught.value)
    assert ledger(tmp_path) == before


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_any_name_and_any_note_comes_back_as_it_was_written(tmp_path_factory, texts):
    root = tmp_path_factory.mktemp("log")
    partner, role, author, note = texts
    [name] = proposed(root, replace(GOLD, subject={"partner_id": partner}, approver=f"x{role}"))
    one = step(root, "approved", name, author=f"x{author}", role=f"x{role}", note=f"x{note}")
    assert (one.subject["partner_id"], one.role, one.author, one.note) == (
        partner, f"x{role}", f"x{author}", f"x{note}",
    )  # fmt: skip


def test_of_many_who_approve_at_once_one_does_and_the_others_are_told(tmp_path):
    [name] = proposed(tmp_path)
    told: list[str] = []

    def run(writer: int) -> None:
        try:
            step(tmp_path, "approved", name, author=f"A{writer}")
        except InputError as error:
            told.append(str(error))

    writers = [threading.Thread(target=run, args=(writer,)) for writer in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (len(lines(tmp_path)), len(told)) == (2, 4)
    assert all("is approved since" in one for one in told)


def test_several_are_decided_together_all_or_none(tmp_path):
    others = [replace(GOLD, subject={"partner_id": f"P{number}"}) for number in range(3)]
    names = proposed(tmp_path, *others, PLAN)
    before = ledger(tmp_path)
    with pytest.raises(InputError) as caught:
        decide_all(tmp_path, [*names, "zz"], "approved", date=DAY, **WHO)
    told = str(caught.value)
    assert "2 problems" in told and "that is for the sales director" in told and "no such decision" in told
    assert ledger(tmp_path) == before
    done = decide_all(tmp_path, [*names[:3], names[0][:6]], "approved", date=DAY, **WHO)
    assert {one.id for one in done} == set(names[:3])
    assert {one.state for one in done} == {"approved"}
    assert len(lines(tmp_path)) == 4 + 3

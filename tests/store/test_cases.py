"""The case ledger: what was found is a case once, what was decided stays, nothing is ever rewritten."""

import datetime
import json
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.errors import InputError
from channel_analysis.store.cases import (
    LEDGER,
    Found,
    append,
    case_id,
    decisions,
    find_case,
    open_cases,
    read_cases,
)

AS_OF = datetime.date(2025, 9, 30)
TODAY = datetime.date(2025, 10, 8)
TWICE = Found("duplicate_key", {"table": "sales", "column": "order_id"}, 12)
STUFFED = Found("stuffing", {"partner_id": "P7", "period": "2025Q3"})


def opened(root, *found) -> list[str]:
    return open_cases(root, "2025Q3", AS_OF, found or (TWICE,))


def decide(root, event: str, name: str, author="Li", note="looked at the export") -> None:
    append(root, [read_cases(root)[name].decided(event, author, TODAY, note)])


def ledger(root) -> bytes:
    return (root / LEDGER).read_bytes()


def lines(root) -> list[dict]:
    return [json.loads(line) for line in ledger(root).splitlines()]


def test_without_a_ledger_there_is_no_case_and_finding_nothing_makes_none(tmp_path):
    assert (read_cases(tmp_path), open_cases(tmp_path, "2025Q3", AS_OF, [])) == ({}, [])
    assert list(tmp_path.iterdir()) == []


def test_what_was_found_is_open_with_its_period_and_the_data_s_last_day(tmp_path):
    [name] = opened(tmp_path)
    case = read_cases(tmp_path)[name]
    assert (case.rule, dict(case.subject), case.rows) == (TWICE.rule, TWICE.subject, 12)
    assert (case.state, case.period, case.as_of, case.date, case.author) == (
        "open", "2025Q3", AS_OF, AS_OF, "",
    )  # fmt: skip


def test_the_same_thing_found_again_is_the_same_case_and_adds_no_byte(tmp_path):
    opened(tmp_path, TWICE, STUFFED)
    before = ledger(tmp_path)
    assert opened(tmp_path, STUFFED, TWICE) == []
    assert ledger(tmp_path) == before


def test_a_case_s_id_follows_from_rule_and_subject_in_any_order(tmp_path):
    assert case_id("a", {"x": "1", "y": "2"}) == case_id("a", {"y": "2", "x": "1"})
    others = [("b", {"x": "1", "y": "2"}), ("a", {"x": "2", "y": "1"}), ("a", {"x": "1"}), ("a", {"x": "12"})]
    assert len({case_id(rule, subject) for rule, subject in [*others, ("a", {"x": "1", "y": "2"})]}) == 5


def test_an_id_given_by_the_finder_is_the_case_s(tmp_path):
    assert opened(tmp_path, Found("stuffing", {"partner_id": "P7"}, id="abc")) == ["abc"]


@pytest.mark.parametrize(("event", "state"), [("cleared", "cleared"), ("confirmed", "confirmed")])
def test_a_decision_is_kept_with_its_author_its_day_and_its_reason(tmp_path, event, state):
    [name] = opened(tmp_path)
    decide(tmp_path, event, name)
    case = read_cases(tmp_path)[name]
    assert (case.state, case.author, case.date, case.note) == (state, "Li", TODAY, "looked at the export")
    assert (case.period, case.as_of) == ("2025Q3", AS_OF)


def test_a_decided_case_found_again_stays_decided(tmp_path):
    [name] = opened(tmp_path)
    decide(tmp_path, "cleared", name)
    assert (opened(tmp_path), read_cases(tmp_path)[name].state) == ([], "cleared")


def test_a_cleared_case_is_opened_again_once_it_is_about_more_rows(tmp_path):
    [name] = opened(tmp_path)
    decide(tmp_path, "cleared", name)
    fewer, more = (Found(TWICE.rule, TWICE.subject, rows) for rows in (11, 13))
    assert (opened(tmp_path, fewer), opened(tmp_path, more), opened(tmp_path, more)) == ([], [name], [])
    case = read_cases(tmp_path)[name]
    assert (case.state, case.author, case.rows) == ("open", "", 13)


def test_a_confirmed_case_stays_confirmed_however_it_grows(tmp_path):
    [name] = opened(tmp_path)
    decide(tmp_path, "confirmed", name)
    assert opened(tmp_path, Found(TWICE.rule, TWICE.subject, 900)) == []
    assert read_cases(tmp_path)[name].state == "confirmed"


def test_decisions_can_be_taken_back_and_changed_and_all_of_them_stay_on_file(tmp_path):
    [name] = opened(tmp_path)
    kept = [ledger(tmp_path)]
    for event in ("cleared", "reopened", "confirmed", "cleared"):
        decide(tmp_path, event, name)
        kept.append(ledger(tmp_path))
    assert [line["event"] for line in lines(tmp_path)] == [
        "opened", "cleared", "reopened", "confirmed", "cleared",
    ]  # fmt: skip
    assert all(after.startswith(before) for before, after in pairwise(kept))


def test_who_decides_and_why_must_be_said_and_something_must_change(tmp_path):
    [name] = opened(tmp_path)
    with pytest.raises(InputError) as caught:
        read_cases(tmp_path)[name].decided("reopened", " ", TODAY, "\n")
    assert [problem.what for problem in caught.value.problems] == [
        "is open already, since 2025-09-30",
        "nobody is named as author",
        "no reason is given",
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_any_name_and_any_note_comes_back_as_it_was_written(tmp_path_factory, texts):
    root = tmp_path_factory.mktemp("ledger")
    name, partner, author, note = texts
    [made] = opened(root, Found("stuffing", {name: partner}))
    decide(root, "cleared", made, f"x{author}", f"x{note}")
    case = read_cases(root)[made]
    assert (dict(case.subject), case.author, case.note) == ({name: partner}, f"x{author}", f"x{note}")


def test_half_a_sign_from_a_terminal_does_not_spoil_the_ledger(tmp_path):
    [name] = opened(tmp_path)
    decide(tmp_path, "cleared", name, author="Li\udcff")
    assert read_cases(tmp_path)[name].author == "Li?"


def test_every_line_that_cannot_be_read_is_named_and_nothing_is_added(tmp_path):
    opened(tmp_path)
    good = ledger(tmp_path).decode()
    told = json.loads(good)
    wrong = [
        "{", "[]", "1", json.dumps({**told, "event": "forgotten"}), json.dumps({**told, "as_of": "soon"}),
        json.dumps({**told, "subject": {"x": 1}}), json.dumps({**told, "note": None}),
        json.dumps({**told, "rows": "12"}), json.dumps({**told, "author": "\udcff"}),
        json.dumps({key: told[key] for key in told if key != "id"}),
    ]  # fmt: skip
    (tmp_path / LEDGER).write_text(good + "\n".join(wrong) + "\n\n" + good, encoding="utf-8")
    before = ledger(tmp_path)
    for use in (read_cases, opened, lambda root: append(root, [])):
        with pytest.raises(InputError) as caught:
            use(tmp_path)
        numbers = [int(problem.where.rpartition(" ")[2]) for problem in caught.value.problems]
        assert numbers == list(range(2, 2 + len(wrong)))
    assert ledger(tmp_path) == before


def test_bytes_that_are_no_utf_8_are_named_by_their_line(tmp_path):
    opened(tmp_path)
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path) + b'{"event": "\xff"}\n')
    with pytest.raises(InputError, match="line 2: this is no event"):
        read_cases(tmp_path)


def test_a_line_without_its_end_is_ended_before_the_next(tmp_path):
    opened(tmp_path)
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path).rstrip(b"\n"))
    opened(tmp_path, STUFFED)
    assert [line["rule"] for line in lines(tmp_path)] == ["duplicate_key", "stuffing"]


def test_two_ledgers_put_together_open_no_decided_case_again(tmp_path):
    [name] = opened(tmp_path)
    first = ledger(tmp_path)
    decide(tmp_path, "cleared", name)
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path) + first)
    assert read_cases(tmp_path)[name].state == "cleared"


def test_names_that_a_later_version_may_write_are_no_obstacle(tmp_path):
    opened(tmp_path)
    told = {**json.loads(ledger(tmp_path)), "severity": 3}
    (tmp_path / LEDGER).write_text(json.dumps(told) + "\n", encoding="utf-8")
    assert len(read_cases(tmp_path)) == 1


def test_many_who_write_at_once_lose_nothing(tmp_path):
    def run(writer: int) -> None:
        for number in range(20):
            opened(tmp_path, Found("stuffing", {"partner_id": f"P{writer}-{number}"}), TWICE)

    writers = [threading.Thread(target=run, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (len(read_cases(tmp_path)), len(lines(tmp_path))) == (81, 81)


def test_a_ledger_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / LEDGER).mkdir()
    with pytest.raises(InputError, match=r"cases\.jsonl: cannot be read"):
        read_cases(tmp_path)


def test_a_case_is_found_by_the_beginning_of_its_id(tmp_path):
    [name] = opened(tmp_path)
    cases = read_cases(tmp_path)
    assert find_case(cases, name[:4]).id == find_case(cases, name.upper()).id == name


def test_an_unknown_id_is_answered_with_the_nearest_and_a_short_one_with_how_many(tmp_path):
    found = [Found("stuffing", {}, id=name) for name in ("ab12345678", "ab99999999")]
    opened(tmp_path, *found)
    cases = read_cases(tmp_path)
    for given_id, said in (
        ("ab12345679", "did you mean 'ab12345678'"),
        ("ab", "2 cases begin so: ab12345678, ab99999999"),
        ("", "there is no such case"),
        ("zz", "cases list"),
    ):
        with pytest.raises(InputError) as caught:
            find_case(cases, given_id)
        assert said in str(caught.value)


def test_only_what_people_decide_changes_what_a_page_depends_on(tmp_path):
    [name, _] = opened(tmp_path, TWICE, STUFFED)
    assert decisions(read_cases(tmp_path)) == ""
    decide(tmp_path, "cleared", name)
    cleared = decisions(read_cases(tmp_path))
    opened(tmp_path, Found("stuffing", {"partner_id": "P8"}))
    assert decisions(read_cases(tmp_path)) == cleared
    decide(tmp_path, "confirmed", name)
    assert decisions(read_cases(tmp_path)) not in ("", cleared)

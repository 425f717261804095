"""The ledger of warnings: what was issued stands, and overrides have an author, a reason and an end."""

import datetime
import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.errors import InputError
from channel_analysis.store.alerts import (
    BANDS,
    LEDGER,
    Alert,
    earlier_alerts,
    issue,
    override,
    overrides_digest,
    overrides_on,
    read_alerts,
    withdraw,
)

AS_OF = datetime.date(2025, 9, 30)
DAY = datetime.date(2025, 10, 8)
LAST = datetime.date(2025, 12, 31)
ALERT = Alert("P7", "2025Q3", AS_OF, 0.62, "red", "", 1, ("payment", "sales"), "f00d", 6, 1, 54_000.0)
TRIGGERED = replace(
    ALERT, partner_id="P8", probability=None, trigger="insolvency", place=2, expected_loss=None
)
WHO = {"author": "Li", "reason": "the bank guarantee came in"}


def issued(root, *alerts, period="2025Q3", as_of=AS_OF) -> list[Alert]:
    return issue(root, period, as_of, alerts or (ALERT, TRIGGERED))


def overridden(root, partner="P7", band="yellow", date=DAY, until=LAST, most_days=180, **who):
    return override(root, partner, band=band, date=date, until=until, most_days=most_days, **WHO | who)


def withdrawn(root, partner="P7", date=DAY, **who):
    return withdraw(root, partner, date=date, **WHO | who)


def ledger(root) -> bytes:
    path = root / LEDGER
    return path.read_bytes() if path.exists() else b""


def refused(root, use, *arguments, **options) -> str:
    before = ledger(root)
    with pytest.raises(InputError) as caught:
        use(root, *arguments, **options)
    assert ledger(root) == before
    return str(caught.value)


def days(count: int) -> datetime.timedelta:
    return datetime.timedelta(days=count)


def test_without_a_ledger_nobody_was_warned_of_and_warning_of_nobody_makes_none(tmp_path):
    assert (read_alerts(tmp_path), issue(tmp_path, "2025Q3", AS_OF, [])) == ([], [])
    assert overrides_on(tmp_path, DAY) == {}
    assert list(tmp_path.iterdir()) == []


def test_alerts_come_back_as_they_were_issued(tmp_path):
    assert issued(tmp_path) == [ALERT, TRIGGERED]
    assert read_alerts(tmp_path) == [ALERT, TRIGGERED]


def test_the_same_report_again_adds_no_byte(tmp_path):
    issued(tmp_path)
    before = ledger(tmp_path)
    assert issued(tmp_path) == []
    assert ledger(tmp_path) == before


def test_a_later_run_of_the_period_with_other_figures_rewrites_nothing(tmp_path):
    issued(tmp_path)
    before = ledger(tmp_path)
    later = AS_OF + days(40)
    again = replace(ALERT, as_of=later, probability=0.1, band="yellow", model="beef", place=9)
    assert issued(tmp_path, again, as_of=later) == []
    assert ledger(tmp_path) == before
    newcomer = replace(again, partner_id="P9")
    assert issued(tmp_path, again, newcomer, as_of=later) == [newcomer]
    assert read_alerts(tmp_path) == [ALERT, TRIGGERED, newcomer]
    assert ledger(tmp_path).startswith(before)


def test_the_next_period_is_a_warning_of_its_own(tmp_path):
    issued(tmp_path)
    later = datetime.date(2025, 12, 31)
    second = replace(ALERT, period="2025Q4", as_of=later)
    assert issued(tmp_path, second, period="2025Q4", as_of=later) == [second]
    assert earlier_alerts(tmp_path, later) == [ALERT, TRIGGERED]
    assert earlier_alerts(tmp_path, later + days(1)) == [ALERT, TRIGGERED, second]
    assert earlier_alerts(tmp_path, AS_OF) == []


def test_one_partner_is_warned_of_once_a_period(tmp_path):
    assert issued(tmp_path, ALERT, replace(ALERT, place=2)) == [ALERT]


@pytest.mark.parametrize(
    "wrong",
    [
        {"period": "2025Q4"}, {"as_of": DAY}, {"probability": float("nan")}, {"probability": 1.2},
        {"probability": True}, {"place": -1}, {"place": 1.0}, {"band": "purple"}, {"expected_loss": -1.0},
        {"expected_loss": float("inf")}, {"reasons": (1,)}, {"horizon_months": 0}, {"gap_months": -1},
        {"partner_id": ""}, {"partner_id": None}, {"as_of": datetime.date(9999, 1, 1)},
    ],
)  # fmt: skip
def test_an_alert_that_cannot_be_true_is_refused_and_nothing_is_issued(tmp_path, wrong):
    assert "P7" in refused(tmp_path, issued, TRIGGERED, replace(ALERT, **wrong)) or "partner_id" in wrong


def test_numbers_of_numpy_are_kept_as_they_are(tmp_path):
    issued(tmp_path, replace(ALERT, probability=np.float64(0.25), expected_loss=np.float64(7.5)))
    [one] = read_alerts(tmp_path)
    assert (one.probability, one.expected_loss) == (0.25, 7.5)


def test_an_override_holds_from_its_date_to_its_last_day(tmp_path):
    made = overridden(tmp_path)
    assert (made.band, made.author, made.reason) == ("yellow", WHO["author"], WHO["reason"])
    for day, holds in ((DAY - days(1), False), (DAY, True), (LAST, True), (LAST + days(1), False)):
        assert overrides_on(tmp_path, day) == ({"P7": made} if holds else {})


def test_an_override_withdrawn_no_longer_holds_and_did_hold_before(tmp_path):
    made = overridden(tmp_path)
    withdrawn(tmp_path, date=DAY + days(9), reason="the guarantee was called")
    assert overrides_on(tmp_path, DAY + days(8)) == {"P7": made}
    assert overrides_on(tmp_path, DAY + days(9)) == {}


def test_another_override_takes_the_place_of_the_one_before_for_good(tmp_path):
    overridden(tmp_path)
    second = overridden(tmp_path, band="red", date=DAY + days(1), until=DAY + days(5))
    assert overrides_on(tmp_path, DAY + days(5)) == {"P7": second}
    assert overrides_on(tmp_path, DAY + days(6)) == {}


def test_overrides_of_others_and_alerts_are_left_alone(tmp_path):
    issued(tmp_path)
    overridden(tmp_path)
    other = overridden(tmp_path, "P8")
    withdrawn(tmp_path)
    assert overrides_on(tmp_path, DAY) == {"P8": other}
    assert read_alerts(tmp_path) == [ALERT, TRIGGERED]


def test_the_same_override_again_adds_no_byte_but_once_withdrawn_needs_a_new_reason(tmp_path):
    made = overridden(tmp_path)
    before = ledger(tmp_path)
    assert overridden(tmp_path) == made
    assert ledger(tmp_path) == before
    withdrawn(tmp_path)
    assert "say in the reason why it is set again" in refused(tmp_path, overridden)
    assert overridden(tmp_path, reason="a second guarantee").band == "yellow"


def test_every_mistake_of_an_override_is_told_at_once(tmp_path):
    told = refused(
        tmp_path, overridden, band="yelow", author=" ", reason="\n", until=DAY - days(1)
    )  # fmt: skip
    for part in ("4 problems", "did you mean 'yellow'", "with --by", "with --reason", "lies before"):
        assert part in told
    assert "no partner is named" in refused(tmp_path, overridden, " ")


def test_an_override_ends_within_the_days_that_the_policy_allows(tmp_path):
    told = refused(tmp_path, overridden, until=DAY + days(181))
    assert "181 days away" in told and "override_days" in told and "180" in told
    assert "override_days" in refused(tmp_path, overridden, until=datetime.date.max)
    assert overridden(tmp_path, until=DAY + days(180)).until == DAY + days(180)


@pytest.mark.parametrize("band", BANDS)
def test_any_band_can_be_set_but_unknown_cannot(tmp_path, band):
    assert overridden(tmp_path, band=band).band == band
    assert "there is no band 'unknown'" in refused(tmp_path, overridden, "P8", "unknown")


def test_only_what_holds_can_be_withdrawn_with_author_and_reason(tmp_path):
    told = refused(tmp_path, withdrawn, author="", reason="")
    for part in ("3 problems", f"no override of it holds on {DAY}", "with --by", "with --reason"):
        assert part in told
    overridden(tmp_path)
    assert "no override" in refused(tmp_path, withdrawn, date=LAST + days(1))
    withdrawn(tmp_path)
    assert "no override" in refused(tmp_path, withdrawn)


def test_a_step_dated_before_the_one_before_is_refused(tmp_path):
    overridden(tmp_path)
    early = DAY - days(1)
    assert f"{early} lies before the last step" in refused(tmp_path, overridden, band="red", date=early)
    assert f"{early} lies before the last step" in refused(tmp_path, withdrawn, date=early)


def test_a_page_depends_on_the_overrides_that_hold(tmp_path):
    assert overrides_digest(tmp_path) == ""
    overridden(tmp_path)
    first = overrides_digest(tmp_path)
    issued(tmp_path)
    assert overrides_digest(tmp_path) == first != ""
    overridden(tmp_path, "P8")
    assert overrides_digest(tmp_path) not in ("", first)


def test_a_ledger_put_together_from_two_copies_says_the_same(tmp_path):
    issued(tmp_path)
    overridden(tmp_path)
    first = ledger(tmp_path)
    withdrawn(tmp_path)
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path) + first)
    assert read_alerts(tmp_path) == [ALERT, TRIGGERED]
    assert overrides_on(tmp_path, DAY) == {}


WRONG = {
    "issued": [
        {"probability": "0.5"}, {"probability": 10**400}, {"probability": float("nan")}, {"place": True},
        {"place": 10**30}, {"reasons": "payment"}, {"reasons": [1]}, {"reasons": None}, {"band": []},
        {"expected_loss": 1e300}, {"expected_loss": float("inf")}, {"as_of": "9999-01-01"},
        {"as_of": 20250930}, {"partner_id": ""}, {"partner_id": 7}, {"partner_id": "\udcff"},
        {"horizon_months": "6"}, {"gap_months": -1}, {"model": None}, {"event": "forgotten"},
        {"event": ["issued"]}, {"event": None},
    ],
    "overridden": [
        {"band": "purple"}, {"band": {}}, {"until": "soon"}, {"until": None}, {"author": 5},
        {"date": "9999-12-31"}, {"partner_id": ""},
    ],
    "withdrawn": [{"date": "2025-13-01"}, {"reason": None}, {"partner_id": {}}],
}  # fmt: skip


def test_every_line_that_cannot_be_read_is_named_and_nothing_is_added(tmp_path):
    issued(tmp_path, ALERT)
    overridden(tmp_path)
    withdrawn(tmp_path)
    good = ledger(tmp_path).decode()
    lines = {told["event"]: told for told in map(json.loads, good.splitlines())}
    wrong = [json.dumps(lines[kind] | change) for kind, changes in WRONG.items() for change in changes]
    wrong += ["{", "[]", "7", "null", '"issued"', "{}"]
    wrong += [json.dumps({key: value for key, value in lines["issued"].items() if key != "model"})]
    (tmp_path / LEDGER).write_text(good + "\n".join(wrong) + "\n", encoding="utf-8")
    before = ledger(tmp_path)
    for use in (read_alerts, issued, overridden, withdrawn, lambda root: overrides_on(root, DAY)):
        with pytest.raises(InputError) as caught:
            use(tmp_path)
        numbers = [int(problem.where.rpartition(" ")[2]) for problem in caught.value.problems]
        assert numbers == list(range(4, 4 + len(wrong)))
        assert "this is no event of a warning" in str(caught.value)
    assert ledger(tmp_path) == before


def test_bytes_that_are_no_text_and_names_from_later_versions(tmp_path):
    issued(tmp_path, ALERT)
    told = json.loads(ledger(tmp_path))
    later = json.dumps({**told, "partner_id": "P9", "colour": "mauve"}).encode()
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path) + later + b"\n")
    assert [one.partner_id for one in read_alerts(tmp_path)] == ["P7", "P9"]
    (tmp_path / LEDGER).write_bytes(ledger(tmp_path) + b"\xff\xfe\x00\n")
    with pytest.raises(InputError, match="line 3"):
        read_alerts(tmp_path)


def test_a_ledger_that_is_a_folder_ends_in_a_message(tmp_path):
    (tmp_path / LEDGER).mkdir()
    for use in (read_alerts, issued, overridden):
        with pytest.raises(InputError, match="cannot be read"):
            use(tmp_path)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=4, max_size=4))
def test_any_name_and_any_reason_comes_back_as_it_was_written(tmp_path_factory, texts):
    root = tmp_path_factory.mktemp("ledger")
    partner, author, reason, code = (f"x{text}" for text in texts)
    issued(root, replace(ALERT, partner_id=partner, reasons=(code,)))
    made = overridden(root, partner, author=author, reason=reason)
    assert (read_alerts(root)[0].partner_id, read_alerts(root)[0].reasons) == (partner, (code,))
    assert overrides_on(root, DAY) == {partner: made}
    assert (made.author, made.reason) == (author, reason)


def test_of_many_who_issue_the_same_at_once_one_does(tmp_path):
    told: list[int] = []
    writers = [threading.Thread(target=lambda: told.append(len(issued(tmp_path)))) for _ in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(told) == [0, 0, 0, 0, 2]
    assert len(ledger(tmp_path).splitlines()) == 2

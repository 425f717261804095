"""The register of measures: nothing without owner and day, nothing twice, nothing lost."""

import dataclasses
import datetime
import math

import pandas as pd
import pyarrow.parquet as pq
import pytest

from channel_analysis.errors import InputError
from channel_analysis.store.measure_entries import PROPOSED, measure_id, parts_of
from channel_analysis.store.measures import FILE, REGISTER, MeasureRegister

DAY = datetime.date(2025, 10, 9)
DUE = datetime.date(2025, 12, 1)
END = datetime.date(2025, 10, 1)
HOSTILE = "=cmd() '\"; <script> ../ 🚀 & region=West\n"


def proposal(place=1, owner="Li", **other) -> dict:
    """A row as a report proposes it."""
    segment = f"region=R{place}"
    row = {
        "measure_id": measure_id("2025Q3", "net_sales", segment, "win_back"), "measure": "win_back",
        "segment": segment, "parts": parts_of([("region", f"R{place}", "")]), "kpi": "net_sales",
        "tag": "partner", "cause": "partner_lost", "contribution": -100.0, "expected_amount": 30.0,
        "owner": owner, "due": DUE, "decided_on": datetime.date(2025, 9, 30), "proof_kpi": "net_sales",
        "state": "complete" if owner else "proposed",
    }  # fmt: skip
    return row | other


def proposals(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(PROPOSED)).assign(period="2025Q3")


def own(register, **other):
    """Add a measure of one's own."""
    told = {"title": "call all dealers", "where": {"region": "East"}, "kpi": "net_sales", "period": "2025Q3",
            "owner": "Li", "due": DUE, "author": "Wang", "date": DAY}  # fmt: skip
    return register.add(**{**told, **other})


@pytest.fixture
def register(tmp_path):
    return MeasureRegister(tmp_path)


def test_a_measure_without_owner_day_author_or_deed_is_refused_with_everything_that_is_missing(register):
    with pytest.raises(InputError) as refused:
        own(register, owner=" ", due=None, author="", title="", kpi="", period="")
    said = str(refused.value)
    for what in (
        "no owner",
        "no due date",
        "nobody is named",
        "nothing is to be done",
        "no KPI",
        "no period",
    ):
        assert what in said
    assert not (register.root / FILE).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"due": DAY - datetime.timedelta(days=1)},
        {"due": datetime.date(9999, 1, 1)},
        {"expected_amount": math.inf},
        {"note": "\ud800"},
    ],
)
def test_impossible_days_amounts_and_texts_are_refused(register, wrong):
    with pytest.raises(InputError):
        own(register, **wrong)
    assert register.entries() == {}


def test_names_of_any_kind_come_back_as_they_were(register):
    where = {"partner": HOSTILE, "region": "华东 = & x"}
    made = own(register, where=where, title=HOSTILE, owner=HOSTILE, note=HOSTILE)
    back = MeasureRegister(register.root).entries()[made.measure_id]
    assert (back, back.where) == (made, where)
    assert (back.title, back.owner) == (HOSTILE.strip(), HOSTILE.strip())


def test_the_file_holds_what_its_contract_says(register):
    own(register)
    table = pq.read_table(register.root / FILE)
    assert table.column_names == list(REGISTER.column_names)
    assert [path.name for path in register.root.iterdir() if not path.name.startswith(".")] == [FILE]


def test_a_measure_is_overdue_once_its_last_day_is_over_and_overdue_ones_come_first(register):
    own(register, title="later", due=DUE + datetime.timedelta(days=30))
    own(register, title="sooner")
    assert list(register.list(DUE)["state"]) == ["open", "open"]
    after = register.list(DUE + datetime.timedelta(days=1))
    assert list(zip(after["title"], after["state"], strict=True)) == [
        ("sooner", "overdue"),
        ("later", "open"),
    ]


def test_a_measure_is_closed_once_with_who_and_what_came_of_it(register):
    made = own(register)
    told = {"author": "Li", "note": "all called", "date": DUE}
    for wrong in (
        {"author": ""},
        {"note": " "},
        {"state": "finished"},
        {"date": DAY - datetime.timedelta(1)},
    ):
        with pytest.raises(InputError):
            register.close(made.measure_id, **{**told, **wrong})
    closed = register.close(made.measure_id[:4], **told)
    assert (closed.state, closed.closed_on, closed.closed_by) == ("done", DUE, "Li")
    assert closed.on(DUE + datetime.timedelta(days=99)) == "done"
    with pytest.raises(InputError, match="is done already"):
        register.close(made.measure_id, **told, state="dropped")


def test_the_same_measure_twice_is_one_and_another_one_in_its_place_is_refused(register):
    assert own(register) == own(register)
    with pytest.raises(InputError, match="in the register already"):
        own(register, owner="Zhao")
    assert len(register.entries()) == 1


def test_only_complete_proposals_enter_and_a_second_run_changes_no_byte(register):
    table = proposals(proposal(1), proposal(2, owner=""))
    assert register.enter(table, "2025Q3") == [table["measure_id"][0]]
    before = (register.root / FILE).read_bytes()
    assert register.enter(table, "2025Q3") == []
    assert (register.root / FILE).read_bytes() == before


def test_a_report_run_anew_takes_the_place_of_its_own_measures_but_not_of_what_people_touched(register):
    register.enter(proposals(proposal(1), proposal(2)), "2025Q3")
    first, second = register.entries()
    told = {"author": "W", "date": DAY}
    register.complete(first, proposals(), owner="Zhao", due=None, **told)
    register.enter(proposals(proposal(1, owner="Sun"), proposal(2, owner="Sun")), "2025Q3")
    assert [one.owner for one in register.entries().values()] == ["Zhao", "Sun"]
    register.close(second, author="W", note="done", date=DAY)
    register.enter(proposals(proposal(2)), "2025Q3")
    assert register.entries()[second].state == "done"


def test_a_proposal_without_an_owner_enters_when_somebody_completes_it(register):
    table = proposals(proposal(2, owner=""))
    name = table["measure_id"][0]
    told = {"author": "Wang", "date": DAY, "due": None}
    with pytest.raises(InputError, match="it has no owner"):
        register.complete(name, table, owner="", **told)
    with pytest.raises(InputError, match="there is no such measure"):
        register.complete("zzz", table, owner="Li", **told)
    made = register.complete(name[:5], table, owner="Li", **told)
    assert (made.owner, made.due, made.decided_by, made.decided_on) == ("Li", DUE, "Wang", DAY)
    assert register.entries() == {name: made}


def test_a_proposal_whose_day_is_over_needs_another_one(register):
    table = proposals(proposal(2, owner=""))
    told = {"owner": "Li", "author": "Wang", "date": DUE + datetime.timedelta(days=5)}
    with pytest.raises(InputError, match="correct the due date"):
        register.complete(table["measure_id"][0], table, due=None, **told)
    later = DUE + datetime.timedelta(days=60)
    assert register.complete(table["measure_id"][0], table, due=later, **told).due == later


def test_a_report_s_own_measures_are_no_input_of_it_but_those_of_others_and_what_people_do_are(register):
    assert register.digest("2025Q3", END) == ""
    register.enter(proposals(proposal(1)), "2025Q3")
    assert register.digest("2025Q3", END) == ""
    assert register.before("2025Q3", END) == []
    later = register.digest("2025Q4", datetime.date(2026, 1, 1))
    assert later
    assert len(register.before("2025Q4", datetime.date(2026, 1, 1))) == 1
    own(register)
    assert register.digest("2025Q3", END) == ""
    register.close(next(iter(register.entries())), author="W", note="x", date=DAY)
    assert register.digest("2025Q3", END)
    assert register.digest("2025Q4", datetime.date(2026, 1, 1)) != later


def test_proposals_that_lack_columns_are_refused_by_name(register):
    with pytest.raises(InputError, match="lack owner, due"):
        register.enter(proposals(proposal()).drop(columns=["owner", "due"]), "2025Q3")


def damaged(frame: pd.DataFrame, how: str) -> pd.DataFrame:
    return {
        "twice": pd.concat([frame, frame]),
        "column": frame.drop(columns="owner"),
        "type": frame.assign(contribution="much"),
        "state": frame.assign(state="opened"),
        "parts": frame.assign(parts="[1]"),
        "closed": frame.assign(state="done"),
        "owner": frame.assign(owner=""),
        "empty": frame.assign(kpi=None),
    }[how]


@pytest.mark.parametrize(
    "how", ["twice", "column", "type", "state", "parts", "closed", "owner", "empty", "cut", "text", "folder"]
)
def test_a_damaged_register_is_told_with_its_place_and_nothing_is_overwritten(register, how):
    own(register)
    path = register.root / FILE
    if how in ("cut", "text", "folder"):
        content = {"cut": path.read_bytes()[:-9], "text": b"measure_id,owner\n", "folder": b""}[how]
        path.write_bytes(content) if how != "folder" else (path.unlink(), path.mkdir())
    else:
        damaged(pq.read_table(path).to_pandas(), how).to_parquet(path)
    before = path.read_bytes() if path.is_file() else None
    for act in (register.entries, lambda: own(register, title="another")):
        with pytest.raises(InputError, match=FILE):
            act()
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match=FILE):
        own(MeasureRegister(tmp_path / "file"))


def test_an_entry_tells_whether_a_person_touched_it(register):
    entry = own(register)
    by_report = dataclasses.replace(entry, origin="report", decided_by="")
    assert (entry.is_touched, by_report.is_touched) == (True, False)
    assert dataclasses.replace(by_report, closed_by="Li").is_touched

"""The commands on decisions: exit codes a scheduler can use, columns that line up, safe terminals."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.store.decisions import LEDGER, Proposal, decide, propose, read_decisions

AS_OF = datetime.date(2025, 9, 30)
GOLD = Proposal(
    {"partner_id": "P7"}, "tier", "gold", "reward", "tier_risen", {"score": 97.5}, "channel manager", 14
)
ADMIT = Proposal({"candidate_id": "喆1"}, "shortlist", "", "admit", "shortlisted", {}, "sales director", 14)


def call(*arguments) -> tuple[int, str, str]:
    """Call the command line; exit code, what it printed, what it said of errors."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Give a workspace with two proposals of different periods."""
    folder = tmp_path / "ours"
    call("init", folder)
    propose(folder, "2025Q3", AS_OF, [GOLD])
    propose(folder, "2025Q4", AS_OF, [ADMIT])
    return folder


def ids(folder: Path) -> list[str]:
    return list(read_decisions(folder))


def who(folder: Path, role="channel manager") -> tuple[object, ...]:
    return "--by", "王喆", "--role", role, "--note", "agreed", "--workspace", folder


def test_decisions_are_listed_with_who_decides_and_columns_line_up(workspace):
    code, told, _ = call("decisions", "list", workspace)
    head, first, second = told.splitlines()
    assert code == 0
    assert head.split() == [
        "id", "state", "period", "subject", "proposed", "reason", "approver", "decided", "appeal_until",
        "note",
    ]  # fmt: skip
    gold, admit = ids(workspace)
    assert first.split()[:4] == [gold, "proposed", "2025Q3", "partner_id=P7"]
    assert "reward (tier gold)" in first and "admit (shortlist)" in second
    assert first.index("tier_risen") == head.index("reason")
    assert second.split()[0] == admit


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--state", "proposed"), {1}), (("--state", "approved"), {0}), (("--period", "2025Q4"), {1}),
        (("--period", "2025Q3", "--state", "proposed"), set()),
    ],
)  # fmt: skip
def test_decisions_are_chosen_by_state_and_period(workspace, options, shown):
    known = ids(workspace)
    call("decisions", "approve", known[0], *who(workspace))
    told = call("decisions", "list", workspace, *options)[1]
    assert {number for number, name in enumerate(known) if name in told} == shown
    assert bool(shown) or told == "No decision matches.\n"


def test_the_whole_way_from_approval_to_the_end_of_an_appeal(workspace):
    name = ids(workspace)[0]
    for command, state, role in (
        ("approve", "approved", "channel manager"), ("appeal", "appealed", "partner"),
        ("uphold", "upheld", "channel manager"), ("close", "closed", "assistant"),
    ):  # fmt: skip
        code, told, _ = call("decisions", command, name[:5], *who(workspace, role))
        assert (code, told.startswith(f"{name} is {state}")) == (0, True)
        assert ("an appeal may be made until" in told) == (command == "approve")
    assert "closed" in call("decisions", "list", workspace)[1]


@pytest.mark.parametrize(("command", "state"), [("reject", "rejected"), ("overturn", "overturned")])
def test_what_is_not_to_be_is_rejected_or_overturned(workspace, command, state):
    name = ids(workspace)[0]
    if command == "overturn":
        today = datetime.date.today()
        for event in ("approved", "appealed"):
            decide(workspace, name, event, author="Li", role="channel manager", date=today, note="x")
    assert call("decisions", command, name, *who(workspace))[0] == 0
    assert read_decisions(workspace)[name].state == state


def test_an_approval_is_listed_as_final_once_no_appeal_can_be_made(workspace):
    name = ids(workspace)[0]
    long_ago = {"author": "Li", "role": "channel manager", "date": datetime.date(2025, 10, 1), "note": "x"}
    decide(workspace, name, "approved", **long_ago)
    assert name in call("decisions", "list", workspace, "--state", "final")[1]
    code, _, said = call("decisions", "appeal", name, *who(workspace, "partner"))
    assert (code, "until 2025-10-15" in said) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("approve", "ID", "--by", "Li", "--note", "x", "--role", "rep"), "that is for the channel manager"),
        (("approve", "ID"), "3 problems found"),
        (("uphold", "ID", "--by", "Li", "--note", "x", "--role", "channel manager"), "approve or reject"),
        (("approve", "zzzz"), "there is no such decision"),
        (("list", "DIR", "--state", "aproved"), "did you mean 'approved'"),
        (("list", "DIR", "--period", "2025Q5"), "there is no '2025Q5'"),
    ],
)
def test_what_cannot_be_done_is_refused_with_code_2_and_the_log_is_as_before(workspace, options, said):
    before = (workspace / LEDGER).read_bytes()
    filled = [text.replace("DIR", str(workspace)).replace("ID", ids(workspace)[0]) for text in options]
    place = () if "list" in options else ("--workspace", workspace)
    code, _, told = call("decisions", *filled, *place)
    assert (code, said in told, "Traceback" in told) == (2, True, False)
    assert (workspace / LEDGER).read_bytes() == before


def test_several_are_approved_at_once(workspace):
    propose(workspace, "2025Q3", AS_OF, [replace(GOLD, subject={"partner_id": "P8"})])
    one, _, other = ids(workspace)
    code, told, _ = call("decisions", "approve", one, other, *who(workspace))
    assert (code, [line.split()[0] for line in told.splitlines()]) == (0, [one, other])


def test_a_folder_that_is_no_workspace_is_answered_with_how_to_make_one(tmp_path):
    for command in (("list", tmp_path), ("approve", "ab", "--workspace", tmp_path)):
        code, _, said = call("decisions", *command)
        assert (code, "make one with: channel-analysis init" in said) == (2, True)


def test_nothing_proposed_is_said(tmp_path):
    call("init", tmp_path / "ours")
    assert call("decisions", "list", tmp_path / "ours") == (0, "Nothing has been proposed.\n", "")


def test_no_sign_that_steers_a_terminal_gets_there_and_the_log_keeps_it(workspace):
    name, note = ids(workspace)[0], "\x1b[31m\u202e=cmd()"
    call("decisions", "approve", name, "--by", "Li", "--role", "channel manager", "--note", note,
         "--workspace", workspace)  # fmt: skip
    assert read_decisions(workspace)[name].note == note
    told = call("decisions", "list", workspace)[1]
    assert "\x1b" not in told and "\u202e" not in told


def test_help_names_every_step():
    told = call("decisions", "--help")[1]
    steps = ("list", "approve", "reject", "appeal", "uphold", "overturn", "close")
    assert [name for name in steps if name not in told] == []

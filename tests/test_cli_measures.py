"""The commands on measures: exit codes a scheduler can use, every mistake at once, safe terminals."""

import datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.store.measures import FILE, MeasureRegister
from tests.store.test_measures import proposal

TODAY = datetime.date.today()
LATER = str(TODAY + datetime.timedelta(days=30))


def call(*arguments) -> tuple[int, str, str]:
    """Call the command line; exit code, what it printed, what it said of errors."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Give a workspace with a published report that proposes one measure without an owner."""
    folder = tmp_path / "ours"
    call("init", folder)
    tables = folder / "reports" / "2025Q3" / "tables"
    tables.mkdir(parents=True)
    pd.DataFrame([proposal(1), proposal(2, owner="")]).to_parquet(tables / "measure_proposals.parquet")
    return folder


def added(folder: Path, *options) -> tuple[int, str, str]:
    usual = ("--title", "call all", "--where", "region=East", "--owner", "Li", "--due", LATER, "--by", "Wang",
             "--period", "2025Q3", "--workspace", folder)  # fmt: skip
    return call("measures", "add", *usual, *options)


def test_a_measure_is_added_listed_and_closed(workspace):
    code, told, _ = added(workspace, "--expected", "250000", "--measure", "win_back_partner")
    name = told.split()[0]
    assert (code, told) == (0, f"{name} is open, owner Li, due {LATER}.\n")
    entry = MeasureRegister(workspace).entries()[name]
    assert (entry.tag, entry.proof_kpi, entry.expected_amount) == ("partner", "net_sales", 250_000)
    head, first, *_ = call("measures", "list", workspace)[1].splitlines()
    assert head.split()[:4] == ["id", "state", "period", "measure"]
    assert first.split()[:4] == [name, "open", "2025Q3", "win_back_partner"]
    assert "250,000" in first
    closing = ("--by", "Li", "--note", "all called", "--workspace", workspace)
    assert call("measures", "close", name[:6], *closing)[:2] == (0, f"{name} is done.\n")
    assert call("measures", "close", name, *closing)[0] == 2
    listed = call("measures", "list", workspace, "--state", "done")[1]
    assert "all called" in listed


def test_what_lacks_an_owner_is_listed_as_proposed_and_completed(workspace):
    listed = call("measures", "list", workspace, "--state", "proposed")[1].splitlines()
    assert len(listed) == 2
    tables = workspace / "reports" / "2025Q3" / "tables"
    both = pd.DataFrame([proposal(2, owner=""), proposal(3, owner="")])
    both.to_parquet(other := tables / "root_cause_measure_proposals.parquet")
    assert len(call("measures", "list", workspace, "--state", "proposed")[1].splitlines()) == 3
    other.unlink()
    name = listed[1].split()[0]
    told = ("--owner", "Zhao", "--by", "Wang", "--due", LATER, "--workspace", workspace)
    assert call("measures", "complete", name, *told)[:2] == (0, f"{name} is open, owner Zhao, due {LATER}.\n")
    assert call("measures", "list", workspace, "--state", "proposed")[1] == "No measure matches.\n"
    assert (
        call("measures", "complete", name, "--owner", "Sun", "--by", "Wang", "--workspace", workspace)[0] == 0
    )
    assert MeasureRegister(workspace).entries()[name].owner == "Sun"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--owner", "", "--by", "", "--title", ""), "3 problems found"),
        (("--due", "31.12.2025", "--owner", ""), "'31.12.2025' is no date"),
        (("--due", "2020-01-01"), "correct the due date"),
        (("--kpi", "net_sale"), "did you mean 'net_sales'"),
        (("--measure", "win_back"), "there is no measure 'win_back'|has no measure 'win_back'"),
        (("--where", "regoin=East"), "did you mean 'region'"),
        (("--where", "region=West"), "stands twice"),
        (("--where", "East"), "write --where region=East"),
        (("--period", "2025Q7"), "2025Q7"),
        (("--period", "last-quarter"), "is no period's code"),
        (("--kpi", "growth_yoy"), "net_sales"),
    ],
)
def test_mistakes_are_refused_with_code_2_and_a_way_out_and_nothing_is_entered(workspace, options, said):
    code, _, told = added(workspace, *options)
    assert (code, "Traceback" in told) == (2, False)
    assert any(text in told for text in said.split("|"))
    assert not (workspace / FILE).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("close", "zzzz", "--by", "Li", "--note", "x"), "there is no such measure"),
        (("complete", "zzzz", "--owner", "Li", "--by", "Li"), "there is no such measure"),
        (("complete", "zzzz", "--due", "soon"), "'soon' is no date"),
    ],
)
def test_steps_about_unknown_measures_are_refused(workspace, options, said):
    code, _, told = call("measures", *options, "--workspace", workspace)
    assert (code, said in told) == (2, True)


def test_a_damaged_register_or_table_of_proposals_is_answered_with_a_message(workspace):
    (workspace / FILE).write_bytes(b"PAR1")
    code, _, told = call("measures", "list", workspace)
    assert (code, "cannot be read" in told, "Traceback" in told) == (2, True, False)
    (workspace / FILE).unlink()
    (workspace / "reports" / "2025Q3" / "tables" / "measure_proposals.parquet").write_bytes(b"no table")
    code, _, told = call("measures", "list", workspace)
    assert (code, "run the report again" in told) == (2, True)


def test_nothing_decided_is_said_and_a_folder_that_is_no_workspace_is_told(tmp_path):
    call("init", tmp_path / "ours")
    said = "No measure has been decided or proposed.\n"
    assert call("measures", "list", tmp_path / "ours") == (0, said, "")
    code, _, told = call("measures", "list", tmp_path)
    assert (code, "channel-analysis init" in told) == (2, True)


def test_no_sign_that_steers_a_terminal_gets_there(workspace):
    hostile = "\x1b[31m\u202e=cmd()"
    assert added(workspace, "--title", hostile, "--owner", hostile)[0] == 0
    told = call("measures", "list", workspace)[1]
    assert "\x1b" not in told and "\u202e" not in told


def test_help_names_every_step():
    told = call("measures", "--help")[1]
    assert [name for name in ("list", "add", "complete", "close") if name not in told] == []

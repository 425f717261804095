"""The commands on data and cases: exit codes a scheduler can use, columns that line up, safe terminals."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.cli.columns import aligned, plain
from channel_analysis.store.cases import Found, open_cases, read_cases

HEAD = "order_id,line_number,kind,order_date,channel_type,net_amount\n"
LINES = [f"o{n},1,order,2025-{n % 9 + 1:02d}-{n % 27 + 1:02d},online,{100 + n}\n" for n in range(300)]


def call(*arguments) -> tuple[int, str, str]:
    """Call the command line; exit code, what it printed, what it said of errors."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def write(folder: Path, lines=LINES) -> Path:
    (folder / "data" / "raw" / "sales.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Give a workspace of 300 sound orders."""
    folder = tmp_path / "ours"
    call("init", folder)
    return write(folder)


@pytest.fixture
def with_cases(workspace) -> Path:
    """Give a workspace of 300 orders of which 6 stand twice, checked."""
    call("check", write(workspace, LINES + LINES[:6]))
    return workspace


def test_sound_data_end_with_code_0(workspace):
    code, told, _ = call("check", workspace, "--language", "en")
    assert (code, "Data grade A: sound. Nothing was found" in told) == (0, True)
    assert "Rows of all tables: 300 read = 300 used + 0 set aside + 0 unreadable." in told


def test_findings_end_with_code_1_and_say_what_where_and_what_to_do(workspace):
    code, told, _ = call("check", write(workspace, LINES + LINES[:6]), "--language", "en")
    assert code == 1
    [case] = read_cases(workspace)
    for part in (
        "1. duplicate of an earlier row: sales, order_id", "6 rows, CNY 615 (1.96% of the table)",
        f"set aside; open (case {case})", "where: sales.csv row 302",
        "what to do: Export the file once only", "306 read = 300 used + 6 set aside + 0 unreadable.",
    ):  # fmt: skip
        assert part in told


def test_what_was_cleared_ends_with_code_0_again(with_cases):
    [case] = read_cases(with_cases)
    call("cases", "clear", case, "--by", "Li", "--note", "seen", "--workspace", with_cases)
    code, told, _ = call("check", with_cases, "--language", "en")
    assert (code, "cleared by Li" in told) == (0, True)


def test_data_that_cannot_be_used_end_with_code_2_and_all_problems_and_a_page(workspace):
    bad = [LINES[0].replace("online", "onlin"), LINES[1].replace("2025-02-02", "soon")]
    code, told, said = call("check", write(workspace, [*bad, *LINES[2:]]), "--language", "en")
    assert (code, "2 problems found" in said, "Traceback" in said + told) == (2, True, False)
    assert "'onlin' is not an allowed value" in said and "'soon' is not a date" in said
    assert f"{workspace.resolve() / 'reports' / 'quality' / 'quality.zh.html'}\n" in told


def test_it_speaks_the_workspace_s_language_unless_told_otherwise(workspace):
    assert call("check", workspace)[1].startswith("数据等级 A")
    assert call("check", workspace, "--language", "en")[1].startswith("Data grade A")


def test_an_unknown_language_is_refused_before_anything_is_read(workspace):
    code, _, said = call("check", workspace, "--language", "fr")
    assert (code, "there is no language 'fr'" in said) == (2, True)
    assert not (workspace / "reports" / "quality").exists()


def test_a_folder_that_is_no_workspace_is_answered_with_how_to_make_one(tmp_path):
    code, _, said = call("check", tmp_path)
    assert (code, "make one with: channel-analysis init" in said) == (2, True)


def test_pages_can_be_kept_elsewhere(workspace, tmp_path):
    call("check", workspace, "--out", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "quality").glob("*.html")) == [
        "quality.en.html", "quality.zh.html",
    ]  # fmt: skip
    assert not (workspace / "reports" / "quality").exists()


def test_as_a_process_it_tells_its_progress_apart_from_what_it_found(workspace):
    command = [sys.executable, "-m", "channel_analysis.cli", "check", str(workspace), "--language", "en"]
    done = subprocess.run(command, capture_output=True, text=True)
    told = [f"data: {number} of 3" for number in range(3)]  # read, stored, checked
    assert (done.returncode, done.stderr.splitlines()) == (0, told)
    assert [Path(line).is_file() for line in done.stdout.splitlines()[-3:]] == [True] * 3


def test_a_terminal_without_chinese_signs_gets_question_marks_and_no_traceback(workspace):
    command = [sys.executable, "-m", "channel_analysis.cli", "check", str(workspace)]
    done = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stdout.startswith(b"????")) == (0, True)
    assert b"Traceback" not in done.stderr


def test_cases_are_listed_with_state_subject_and_origin(with_cases):
    [case] = read_cases(with_cases)
    head, row = call("cases", "list", with_cases, "--language", "en")[1].splitlines()
    assert re.split("  +", head) == ["Case", "State", "Finding", "Subject", "Found in", "Decided", "Note"]
    assert re.split("  +", row) == [
        case, "open", "duplicate of an earlier row", "table=sales column=order_id", "2025Q3 (2025-09-27)",
    ]  # fmt: skip


@pytest.mark.parametrize(("command", "state"), [("clear", "cleared"), ("confirm", "confirmed")])
def test_a_case_is_decided_by_the_beginning_of_its_id_and_can_be_reopened(with_cases, command, state):
    [case] = read_cases(with_cases)
    who = ("--by", "王喆", "--note", "ran twice", "--workspace", with_cases)
    assert call("cases", command, case[:5], *who)[0] == 0
    decided = read_cases(with_cases)[case]
    assert (decided.state, decided.author, decided.note) == (state, "王喆", "ran twice")
    assert call("cases", "reopen", case[:5], *who)[0] == 0
    assert read_cases(with_cases)[case].state == "open"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), ["duplicate_key", "stuffing"]),
        (("--state", "open"), ["duplicate_key", "stuffing"]),
        (("--state", "cleared"), []),
        (("--rule", "stuffing"), ["stuffing"]),
    ],
)
def test_cases_are_chosen_by_state_and_rule(with_cases, options, shown):
    as_of = next(iter(read_cases(with_cases).values())).as_of
    open_cases(with_cases, "2025Q3", as_of, [Found("stuffing", {"partner_id": "P7"})])
    told = call("cases", "list", with_cases, *options)[1]
    known = {case.rule: name for name, case in read_cases(with_cases).items()}
    assert [rule for rule, name in known.items() if name in told] == shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["list", "DIR", "--state", "opne"], "did you mean 'open'?"),
        (["list", "DIR", "--rule", "duplicat_key"], "did you mean 'duplicate_key'?"),
        (["clear", "zzz", "--by", "Li", "--note", "x", "--workspace", "DIR"], "there is no such case"),
        (["clear", "CASE", "--workspace", "DIR"], "nobody is named as author"),
        (["reopen", "CASE", "--by", "Li", "--note", "x", "--workspace", "DIR"], "is open already"),
        (["list", "DIR/data"], "this folder is no workspace"),
    ],
)
def test_what_cannot_be_done_is_refused_with_code_2_and_the_ledger_is_as_before(with_cases, options, said):
    before = (with_cases / "cases.jsonl").read_bytes()
    [case] = read_cases(with_cases)
    filled = [text.replace("DIR", str(with_cases)).replace("CASE", case) for text in options]
    code, _, told = call("cases", *filled)
    assert (code, said in told, "Traceback" in told) == (2, True, False)
    assert (with_cases / "cases.jsonl").read_bytes() == before


def test_without_a_case_that_is_said(workspace):
    assert call("cases", "list", workspace, "--language", "en") == (0, "No case has been opened.\n", "")


def test_no_sign_that_steers_a_terminal_gets_there_and_the_ledger_keeps_it(with_cases):
    [case] = read_cases(with_cases)
    note = "\x1b[2J seen\u202e\n=cmd()\x07"
    call("cases", "clear", case, "--by", "Li\x1b[0m", "--note", note, "--workspace", with_cases)
    assert read_cases(with_cases)[case].note == note
    for told in (call("cases", "list", with_cases)[1], call("check", with_cases)[1]):
        assert "=cmd()" in told
        assert [sign for sign in "\x1b\x07\u202e" if sign in told] == []


def test_columns_line_up_though_a_chinese_sign_is_two_places_wide():
    from rich.cells import cell_len

    lines = aligned(["对象", "n"], [["销售明细", "1"], ["x", "12"]], frozenset({1})).splitlines()
    assert {cell_len(line) for line in lines} == {12}


def test_a_text_stays_on_one_line():
    assert plain("a\r\nb\u2028c") == "a  b c"


def test_help_names_the_commands_on_data_and_cases():
    told = call("--help")[1]
    assert [name for name in ("check", "cases") if name not in told] == []
    assert [
        name for name in ("list", "clear", "confirm", "reopen") if name not in call("cases", "--help")[1]
    ] == []


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom channel_analysis.cli import app\n"
        "CliRunner().invoke(app, ['cases', '--help'])\nprint(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    assert [name for name in ("pandas", "duckdb", "rich.cells") if name in loaded] == []

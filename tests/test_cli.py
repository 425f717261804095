"""The command line: what it makes, and how it answers input that cannot be used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.contracts.dictionary import dictionary
from channel_analysis.store.workspace import open_workspace

HEAD = "order_id,line_number,kind,order_date,channel_type,net_amount\n"
SALES = HEAD + "a,1,order,2025-06-30,online,100\nb,1,order,2025-09-30,online,120\n"


def call(*arguments) -> tuple[int, str, str]:
    """Call the command line; exit code, what it printed, what it said of errors."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Give a workspace of two orders."""
    folder = tmp_path / "ours"
    call("init", folder)
    (folder / "data" / "raw" / "sales.csv").write_text(SALES, encoding="utf-8")
    return folder


def refused(folder: Path, *options) -> str:
    """Ask for a report that must be refused; what was said. Nothing may be written, nothing be traced."""
    before = tree(folder)
    code, _, said = call("report", folder, *options)
    assert (code, tree(folder)) == (2, before)
    assert "Traceback" not in said
    return said.replace(str(folder), "DIR")


TINY = ("--partners", "30", "--months", "8", "--lines", "1_500")


def test_a_new_workspace_says_what_it_holds_and_what_comes_next(tmp_path):
    code, told, _ = call("init", tmp_path / "ours")
    assert code == 0
    assert f"  {tmp_path / 'ours' / 'workspace.toml'}\n" in told
    assert told.endswith(f"Next: channel-analysis report {tmp_path / 'ours'}\n")


def test_a_demo_workspace_holds_the_example_company(demo_workspace):
    assert open_workspace(demo_workspace).facts().intake.has("feedback")


def test_init_with_demo_binds_the_example_company(tmp_path):
    assert call("init", tmp_path, "--demo")[0] == 0
    assert open_workspace(tmp_path).source_folder == tmp_path.resolve() / "data" / "demo"


def test_the_example_is_the_company_of_init_with_demo(tmp_path, demo_workspace):
    assert call("simulate", tmp_path / "files", "--example")[0] == 0
    assert tree(tmp_path / "files") == tree(demo_workspace / "data" / "demo")


@pytest.mark.parametrize("name", ["partners.csv", "sales.parquet", "sales.csv", "targets.parquet"])
def test_a_simulation_does_not_write_over_files_of_another_company(tmp_path, name):
    (tmp_path / name).write_text("mine")
    code, _, said = call("simulate", tmp_path, *TINY)
    assert (code, name in said, "choose another folder, or give --force" in said) == (2, True, True)
    assert tree(tmp_path) == {name: b"mine"}


def test_a_simulation_writes_again_over_its_own_files_and_leaves_others(tmp_path):
    assert call("simulate", tmp_path, *TINY)[0] == 0
    first = tree(tmp_path)
    (tmp_path / "notes.csv").write_text("mine")
    assert call("simulate", tmp_path, *TINY)[0] == 0
    assert tree(tmp_path) == first | {"notes.csv": b"mine"}


def test_a_simulation_writes_over_any_table_when_told_so(tmp_path):
    (tmp_path / "sales.csv").write_text("mine")
    assert call("simulate", tmp_path, *TINY, "--force")[0] == 0
    assert {"sales.csv", "sales.parquet"} & set(tree(tmp_path)) == {"sales.parquet"}


def test_mistakes_in_a_simulation_are_told_at_once(tmp_path):
    code, _, said = call("simulate", tmp_path / "x", "--partners", "3", "--months", "2")
    assert (code, said.splitlines()[0]) == (2, "2 problems found")
    code, _, said = call("simulate", tmp_path / "x", "--dial", "stuffing_shar=1", "--dial", "faults=many")
    assert (code, "did you mean 'stuffing_share'?" in said, "write --dial faults=0" in said) == (
        2,
        True,
        True,
    )
    for options in (["--lines", "a lot"], ["--last-day", "tomorrow"]):
        assert call("simulate", tmp_path / "x", *options)[0] == 2
    assert not (tmp_path / "x").exists()


def test_a_sound_company_has_nothing_planted(tmp_path):
    assert call("simulate", tmp_path, *TINY, "--sound", "--dial", "duplicate_order_share=0.1")[0] == 0
    told = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["irregularities"]
    assert {entry["rule"] for entry in told} == {"duplicate_orders"}


def test_a_mapping_is_bound_to_files_by_an_absolute_path(tmp_path, shared_data):
    source = shared_data("adventureworks_dw").resolve()
    code, *_ = call("init", tmp_path / "aw", "--mapping", "adventureworks", "--from", source)
    assert (code, open_workspace(tmp_path / "aw").source_folder) == (0, source)


def test_a_mapping_is_bound_to_files_by_a_path_as_seen_from_where_one_stands(
    tmp_path, shared_data, monkeypatch
):
    source = shared_data("adventureworks_dw").resolve()
    monkeypatch.chdir(tmp_path)
    relative = os.path.relpath(source, tmp_path)
    code, _, said = call("init", "deep/aw", "--mapping", "adventureworks", "--from", relative)
    assert (code, said) == (0, "")
    assert open_workspace(tmp_path / "deep" / "aw").source_folder == source


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mapping", "adventurework"], "did you mean 'adventureworks'?"),
        (["--mapping", "adventureworks", "--from", "/no/such/folder"], "the source folder does not exist"),
        (["--demo", "--mapping", "adventureworks"], "leave out the mapping"),
    ],
)
def test_a_workspace_that_cannot_be_made_is_not_begun(tmp_path, options, said):
    code, _, message = call("init", tmp_path / "ours", *options)
    assert (code, said in message) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_not_made_twice(workspace):
    before = tree(workspace)
    code, _, said = call("init", workspace)
    assert (code, "is a workspace already" in said, tree(workspace)) == (2, True, before)


@pytest.mark.parametrize("command", [["init"], ["simulate"]])
def test_a_file_in_the_way_of_a_folder_is_named_with_its_remedy(tmp_path, command):
    (tmp_path / "file").write_text("mine")
    code, _, said = call(*command, tmp_path / "file" / "folder")
    assert (code, str(tmp_path / "file") in said, "fix: " in said) == (2, True, True)
    assert tree(tmp_path) == {"file": b"mine"}


def test_a_folder_that_is_no_workspace_is_answered_with_how_to_make_one(tmp_path):
    said = refused(tmp_path)
    assert "workspace.toml: this folder is no workspace: the file is missing" in said
    assert "fix: make one with: channel-analysis init DIR" in said


def test_a_workspace_without_its_sales_says_which_file_is_wanted(workspace):
    (workspace / "data" / "raw" / "sales.csv").unlink()
    said = refused(workspace)
    assert "sales" in said and "fix: " in said


def test_an_empty_file_is_named_with_its_remedy(workspace):
    (workspace / "data" / "raw" / "sales.csv").write_text("")
    said = refused(workspace)
    assert "sales.csv" in said and "empty" in said and "fix: " in said


def test_a_file_in_another_encoding_is_named_with_its_remedy(workspace):
    text = SALES.replace("online", "网店")
    (workspace / "data" / "raw" / "sales.csv").write_bytes(text.encode("gb18030"))
    said = refused(workspace)
    assert "sales.csv line 2: the text is not utf-8" in said and "gb18030" in said and "fix: " in said


def test_a_word_in_a_column_of_numbers_is_named_with_its_row(workspace):
    (workspace / "data" / "raw" / "sales.csv").write_text(SALES.replace("120", "twelve"))
    said = refused(workspace)
    assert "sales.csv row 3, column 'net_amount'" in said and "'twelve'" in said and "fix: " in said


def test_an_unknown_channel_type_is_answered_with_the_nearest(workspace):
    (workspace / "data" / "raw" / "sales.csv").write_text(SALES.replace("online,120", "onlin,120"))
    said = refused(workspace)
    assert "sales.csv row 3" in said and "'onlin'" in said
    assert "did you mean 'online'?" in said


def test_a_period_without_data_is_answered_with_the_last_complete_one(workspace):
    call("report", workspace, "--period", "2031Q1")  # the data are taken in and kept
    said = refused(workspace, "--period", "2031Q1")
    assert "there are no sales in 2031Q1; the data run from 2025-06-30 to 2025-09-30" in said
    assert "the last complete quarter is 2025Q3" in said


def test_a_period_without_data_leaves_no_folder(workspace):
    call("report", workspace, "--period", "2031Q1")
    assert tree(workspace / "reports") == {}


@pytest.mark.parametrize("out", ["file", "file/deep/reports"])
def test_a_file_in_the_way_of_the_reports_is_named_with_its_remedy(workspace, tmp_path, out):
    (tmp_path / "file").write_text("mine")
    code, _, said = call("report", workspace, "--out", tmp_path / out)
    assert (code, str(tmp_path / out) in said, "fix: " in said) == (2, True, True)
    assert (tmp_path / "file").read_text() == "mine"
    assert tree(workspace / "reports") == {}


def test_a_parameter_that_is_no_pair_is_answered_with_how_to_write_it(workspace):
    assert "fix: write -p " in refused(workspace, "-p", "period")


def test_a_mistake_in_the_settings_is_named_with_its_place(workspace):
    path = workspace / "workspace.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("currency =", "curency ="), encoding="utf-8")
    said = refused(workspace)
    assert "workspace.toml [company.curency]" in said and "did you mean 'currency'?" in said


def test_all_mistakes_of_the_data_are_named_at_once(workspace):
    text = SALES.replace("120", "twelve").replace("2025-06-30", "30.6.2025")
    (workspace / "data" / "raw" / "sales.csv").write_text(text)
    assert "2 problems found" in refused(workspace)


def test_the_dictionary_is_up_to_date_where_it_was_just_written(tmp_path):
    target = tmp_path / "data" / "DICTIONARY.md"
    assert call("dictionary", "--target", target) == (0, f"{target}\n", "")
    assert target.read_text(encoding="utf-8") == dictionary()
    assert call("dictionary", "--check", "--target", target) == (0, "", "")


@pytest.mark.parametrize("text", [None, "old"])
def test_a_dictionary_that_is_old_or_missing_is_told_with_its_remedy_and_left_alone(tmp_path, text):
    target = tmp_path / "DICTIONARY.md"
    if text:
        target.write_text(text)
    code, _, said = call("dictionary", "--check", "--target", target)
    assert (code, said) == (1, f"{target} is out of date\n  fix: run channel-analysis dictionary\n")
    assert tree(tmp_path) == ({"DICTIONARY.md": b"old"} if text else {})


def test_a_dictionary_that_cannot_be_written_is_told_without_a_traceback(tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, said = call("dictionary", "--target", tmp_path / "file" / "DICTIONARY.md")
    assert (code, str(tmp_path / "file") in said) == (2, True)


def test_the_repository_s_dictionary_is_up_to_date():
    root = Path(__file__).resolve().parents[1]
    assert call("dictionary", "--check", "--target", root / "data" / "DICTIONARY.md")[0] == 0


def test_as_a_process_it_ends_with_code_2_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "channel_analysis.cli", "report", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("1 problem found\n")


def test_the_pages_are_printed_where_a_shell_can_take_them_and_progress_is_not(workspace):
    command = [sys.executable, "-m", "channel_analysis.cli", "report", str(workspace), "--language", "en"]
    done = subprocess.run(command, capture_output=True, text=True)
    pages = [workspace / "reports" / name for name in ("2025Q3/review.en.html", "index.html")]
    assert (done.returncode, done.stdout.splitlines()) == (0, [str(page.resolve()) for page in pages])
    assert all(page.is_file() for page in pages)


def test_help_names_every_command():
    told = call("--help")[1]
    assert [name for name in ("init", "simulate", "report", "dictionary") if name not in told] == []

"""The runner: a report is published whole or not at all, whatever befalls its notebook."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.errors import InputError
from channel_analysis.report.jobs import plan
from channel_analysis.report.publish import publish

PARAMETERS = 'workspace = "."\nperiod = "last-quarter"\nlanguages = ["en", "zh"]\ntables = ""\nmode = "good"'
REVIEW = "import channel_analysis as ca\nreview = ca.review(ca.open_workspace(workspace), period)"
BANNER = "ca.show(review.banner, languages)"
SAVE = "ca.save_tables(review, tables)"
MISHAPS = """import os, signal
if mode == "fail":
    raise ValueError("the printer is on fire")
if mode == "refuse":
    raise ca.InputError([ca.Problem("plan.csv row 3", "there is no plan", "write one")])
if mode == "kill":
    os.kill(os.getpid(), signal.SIGKILL)"""
SLEEP = """import os, pathlib, time
pathlib.Path("kernel.pid").write_text(str(os.getpid()))
time.sleep(600)"""

TOLD: list[tuple[str, int, int]] = []
"""What the first run told of its progress."""


@pytest.fixture(scope="module")
def folder(small_workspace, write_notebook) -> Path:
    """Give a workspace whose report `sheet` was published once and can come to grief on demand."""
    made = small_workspace()
    write_notebook(made, "sheet", REVIEW, BANNER, MISHAPS, SAVE, parameters=PARAMETERS)
    write_notebook(made, "sleepy", SLEEP, parameters=PARAMETERS)
    write_notebook(made, "endless", "1 + 1", parameters=PARAMETERS)
    publish(made, "sheet", progress=lambda *step: TOLD.append(step), own_notebooks=True)
    return made


@pytest.fixture
def run(folder):
    """Run a report from the command line; its exit code and what it said."""

    def call(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["report", str(folder), "--own-notebooks", *options])
        return done.exit_code, done.stderr

    return call


def tree(folder: Path) -> dict[str, bytes]:
    """Every published file with its bytes; locks, the shelf and what is said about failures are none."""
    other = (".lock", ".failed.html", "failed.json")
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(other)]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if not (path.parent == folder and path.name.startswith("index."))
    }


def processes() -> set[int]:
    """The processes below this one that run, those of other tests' servers among them."""
    return {p.pid for p in psutil.Process().children(recursive=True) if is_running(p.pid)}


SLOW_TO_START = ("pandas", "duckdb", "papermill", "jupyter_client", "matplotlib")
"""Packages that a mistaken command must not wait for."""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--period", "2013Q9"], "'2013Q9' is not a period\n     fix: did you mean '2013Q4'?"),
        (["--language", "fr"], "there is no language 'fr'\n     fix: choose one of: en, zh"),
        (["-p", "perid=2013Q3"], "review has no such parameter\n     fix: did you mean 'period'?"),
        (["--report", "revew"], "there is no report 'revew'\n     fix: did you mean 'review'?"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_slow_is_loaded(folder, options, said):
    command = [sys.executable, "-X", "importtime", "-m", "channel_analysis.cli", "report", str(folder)]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert (done.returncode, said in done.stderr) == (2, True)
    loaded = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "import time:" in line}
    assert "typer" in loaded
    assert not loaded.intersection(SLOW_TO_START)


def test_all_wrong_options_are_named_at_once(folder):
    with pytest.raises(InputError) as caught:
        plan(folder, "revew", "2013Q9", ["fr"], None, {})
    assert [problem.where for problem in caught.value.problems] == ["period", "language", "report"]


@pytest.mark.parametrize("value", ["2013Q9", "last-week"])
def test_a_period_given_as_a_parameter_is_checked_as_well(folder, value):
    with pytest.raises(InputError, match="is not a period"):
        plan(folder, "sheet", "last-quarter", [], None, {"period": value})


@pytest.mark.parametrize("value", ["fr", ""])
def test_languages_given_as_a_parameter_are_checked_as_well(folder, value):
    with pytest.raises(InputError, match="language"):
        plan(folder, "sheet", "last-quarter", [], None, {"languages": value})


@pytest.mark.parametrize("name", ["workspace", "tables"])
def test_what_the_runner_sets_itself_cannot_be_given(folder, name):
    with pytest.raises(InputError, match=name):
        plan(folder, "sheet", "last-quarter", [], None, {name: "elsewhere"})


def test_a_period_given_as_a_parameter_is_the_one_reported(folder, tmp_path):
    published, _ = publish(
        folder, "sheet", out=tmp_path, given={"period": "2025Q2", "languages": "zh"}, own_notebooks=True
    )
    assert (published.folder.name, [page.name for page in published.pages]) == ("2025Q2", ["sheet.zh.html"])


def test_a_failing_cell_is_named_and_the_last_good_report_untouched(folder, run):
    before = tree(folder / "reports")
    code, said = run("--report", "sheet", "-p", "mode=fail")
    assert code == 1
    assert "sheet: cell 4 (import os, signal) failed: ValueError: the printer is on fire" in said
    assert tree(folder / "reports") == before


def test_input_refused_within_a_cell_comes_out_with_place_and_remedy(folder, run):
    before = tree(folder / "reports")
    code, said = run("--report", "sheet", "-p", "mode=refuse")
    assert code == 2
    assert "1. plan.csv row 3: there is no plan\n     fix: write one" in said
    assert tree(folder / "reports") == before


def test_a_killed_kernel_is_a_failure_and_the_last_good_report_untouched(folder, run):
    before = tree(folder / "reports")
    code, said = run("--report", "sheet", "-p", "mode=kill")
    assert (code, "DeadKernelError" in said) == (1, True)
    assert tree(folder / "reports") == before


def test_past_its_deadline_a_report_is_stopped_with_all_its_processes(folder, run):
    before, others = tree(folder / "reports"), processes()
    settings = (folder / "workspace.toml").read_text(encoding="utf-8")
    hurried = f"{settings}[report]\ndeadline_minutes = 0.3\n"
    (folder / "workspace.toml").write_text(hurried, encoding="utf-8")
    code, said = run("--report", "sleepy")
    (folder / "workspace.toml").write_text(settings, encoding="utf-8")
    assert (code, "the deadline of 0.3 minutes passed in cell" in said) == (1, True)
    assert not is_running(int((folder / "kernel.pid").read_text()))
    assert processes() == others
    assert tree(folder / "reports") == before


def test_a_run_told_to_end_leaves_no_process_and_no_folder(folder):
    before = tree(folder / "reports")
    run = started(folder, "sleepy")
    run.terminate()
    said = run.communicate(timeout=60)[1]
    assert (run.returncode, said.splitlines()[-1]) == (143, "stopped")
    assert not is_running(int((folder / "kernel.pid").read_text()))
    assert list((folder / "reports").rglob(".run-*")) == []
    assert tree(folder / "reports") == before


def test_a_run_that_was_killed_takes_its_kernel_along_and_the_next_one_clears_up(folder, run):
    before = tree(folder / "reports")
    killed = started(folder, "sleepy")
    kernel = psutil.Process(int((folder / "kernel.pid").read_text()))
    killed.kill()
    killed.communicate(timeout=60)
    assert psutil.wait_procs([kernel], timeout=30)[1] == []
    assert list((folder / "reports").rglob(".run-*")) != []
    run("--report", "endless")
    assert list((folder / "reports").rglob(".run-*")) == []
    assert tree(folder / "reports") == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_whatever_interrupts_the_runner_ends_the_child_first(folder, error):
    def stop(what: str, _done: int, _of: int) -> None:
        if what == "sleepy":
            raise error

    before, others = tree(folder / "reports"), processes()
    with pytest.raises(error):
        publish(folder, "sleepy", progress=stop, own_notebooks=True)
    assert processes() == others
    assert tree(folder / "reports") == before
    assert list((folder / "reports").rglob(".run-*")) == []


def started(folder: Path, report: str) -> subprocess.Popen[str]:
    """Start a report in a process of its own; come back when its last cell runs."""
    mark = folder / "kernel.pid"
    mark.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "channel_analysis.cli",
        "report",
        str(folder),
        "--own-notebooks",
        "--report",
    ]
    run = subprocess.Popen([*command, report], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (mark.is_file() and mark.read_text()):
        assert run.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    return run


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_notebook_that_ends_without_its_last_cell_has_failed(folder, run):
    before = tree(folder / "reports")
    code, said = run("--report", "endless")
    assert code == 1
    assert "endless: the notebook ended without saving its tables\n" in said
    assert "fix: end it with ca.save_tables(..., tables)" in said
    assert tree(folder / "reports") == before


def test_two_runs_do_not_write_to_one_place(folder, run):
    before = tree(folder / "reports")
    with FileLock(folder / "reports" / ".2025Q3.lock"):
        (folder / "reports" / "2025Q3" / ".run-other").mkdir()
        code, said = run("--report", "sheet")
        (folder / "reports" / "2025Q3" / ".run-other").rmdir()  # under the lock it is another run's
    assert (code, "another run is writing here" in said) == (1, True)
    assert tree(folder / "reports") == before


def test_a_file_in_the_way_of_the_reports_is_named_and_nothing_is_written(folder, tmp_path, run):
    (tmp_path / "out").write_text("mine")
    code, said = run("--report", "sheet", "--out", str(tmp_path / "out"))
    assert (code, "cannot be written to" in said, "fix: " in said) == (2, True, True)
    assert tree(tmp_path) == {"out": b"mine"}


def test_a_report_that_never_was_leaves_nothing_but_the_page_about_its_failure(folder, tmp_path, run):
    run("--report", "endless", "--out", str(tmp_path / "out"))
    assert tree(tmp_path / "out") == {}
    names = sorted(path.name for path in (tmp_path / "out" / "2025Q3").iterdir())
    assert names == ["endless.failed.html", "failed.json"]


@pytest.fixture(scope="module")
def one_after_the_other(folder, tmp_path_factory) -> Path:
    """Give a period's folder that was published in English and then, from the same inputs, in Chinese."""
    out = tmp_path_factory.mktemp("one") / "reports"
    publish(folder, "sheet", languages=["en"], out=out, own_notebooks=True)
    page = (out / "2025Q3" / "sheet.en.html").read_text(encoding="utf-8")
    assert "hreflang" not in page  # alone in its language it links to no other
    return publish(folder, "sheet", languages=["zh"], out=out, own_notebooks=True)[0].folder


@pytest.mark.parametrize("language", ["en", "zh"])
def test_languages_published_one_after_the_other_are_the_pages_published_together(
    folder, one_after_the_other, language
):
    name = f"sheet.{language}.html"
    together = (folder / "reports" / "2025Q3" / name).read_text(encoding="utf-8")
    assert "hreflang" in together
    assert (one_after_the_other / name).read_text(encoding="utf-8") == together


def test_the_run_record_lists_the_languages_of_earlier_runs_with_the_same_inputs(one_after_the_other):
    record = json.loads((one_after_the_other / "run.json").read_text(encoding="utf-8"))["sheet"]
    assert record["languages"] == ["en", "zh"]


def test_a_page_made_from_other_inputs_is_dropped(folder, one_after_the_other, tmp_path):
    out = tmp_path / "reports"
    shutil.copytree(one_after_the_other.parent, out)
    record = json.loads((out / "2025Q3" / "run.json").read_text(encoding="utf-8"))
    record["sheet"]["inputs"]["data"] = "0" * 16
    (out / "2025Q3" / "run.json").write_text(json.dumps(record))
    published = publish(folder, "sheet", languages=["zh"], out=out, own_notebooks=True)[0]
    assert [page.name for page in published.folder.glob("*.html")] == ["sheet.zh.html"]
    assert "hreflang" not in published.pages[0].read_text(encoding="utf-8")


def test_a_page_made_with_another_parameter_is_dropped(folder, one_after_the_other, tmp_path):
    out = tmp_path / "reports"
    shutil.copytree(one_after_the_other.parent, out)
    published = publish(
        folder, "sheet", languages=["zh"], out=out, given={"mode": "other"}, own_notebooks=True
    )[0]
    assert [page.name for page in published.folder.glob("*.html")] == ["sheet.zh.html"]


def test_without_a_language_both_are_made_and_the_workspace_s_own_comes_first(folder):
    assert plan(folder, "review", "last-quarter", [], None, {}, "en").languages == ("en", "zh")


def test_progress_is_told_from_the_first_cell_to_the_last(folder):
    cells = [(done, of) for what, done, of in TOLD if what == "sheet"]
    assert cells == sorted(cells)
    assert cells[-1][0] in (cells[-1][1], cells[-1][1] - 1)


def test_the_same_inputs_give_the_same_bytes(adventureworks_workspace, adventureworks_report, tmp_path):
    publish(adventureworks_workspace, out=tmp_path)
    first, second = tree(adventureworks_report.folder.parent), tree(tmp_path)
    record = f"{adventureworks_report.folder.name}/run.json"
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name] and name != record] == []


def test_only_the_run_record_knows_the_clock_and_the_versions(demo_report):
    record = json.loads((demo_report.folder / "run.json").read_text(encoding="utf-8"))["review"]
    assert set(record) == {
        "report", "period", "languages", "parameters", "inputs", "summary", "engine", "outcome", "finished",
        "seconds", "versions", "where", "pages", "files", "code", "own_notebook",
    }  # fmt: skip
    assert {"data", "definitions", "settings", "notebook"} == set(record["inputs"])
    assert {"python", "duckdb", "pandas", "papermill"} <= set(record["versions"])


def test_the_run_record_names_no_place_on_this_machine(demo_report, demo_workspace):
    text = (demo_report.folder / "run.json").read_text(encoding="utf-8")
    assert [place for place in (str(demo_workspace), os.getcwd(), ".run-") if place in text] == []


def test_the_tables_are_exactly_those_of_the_review(demo_report, demo_review):
    kept = {path.stem: pq.read_table(path) for path in (demo_report.folder / "tables").iterdir()}
    made = {n: pa.Table.from_pandas(f, preserve_index=False) for n, f in demo_review.tables().items()}
    assert set(kept) == set(made)
    assert [name for name in kept if not kept[name].equals(made[name])] == []


def test_a_period_s_folder_holds_pages_tables_and_the_record_and_nothing_else(demo_report):
    names = sorted(path.name for path in demo_report.folder.iterdir())
    assert names == ["review.en.html", "review.zh.html", "run.json", "tables"]

"""Verifying: a published report is made again from its record and compared byte by byte."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.errors import InputError
from channel_analysis.report import runner
from channel_analysis.report import verify as verifying
from channel_analysis.report.publish import Wanted, publish_all
from channel_analysis.report.staging import FILES
from channel_analysis.report.verify import verify

PARAMETERS = 'period = "last-quarter"\nlanguages = ["en", "zh"]\ntables = ""\nwhere = {}\nmode = "good"'


@pytest.fixture
def folder(small_workspace, write_notebook, monkeypatch) -> Path:
    """Give a workspace with two published reports; no process runs, so that it takes no time."""
    made = small_workspace()
    monkeypatch.setattr(runner, "run_child", run_child)
    monkeypatch.setattr(verifying, "run_child", run_child)
    for name in ("one", "two"):
        write_notebook(made, name, "1 + 1", parameters=PARAMETERS)
    given = {"mode": "other"}
    publish_all(made, Wanted(("one", "two"), given=given, own_notebooks=True))
    return made


def run_child(ws, job, work, _children, _progress):
    if job.parameters["mode"] == "fail":
        return {"error": "ValueError", "message": "on fire", "cell": 2, "source": "1 / 0"}
    for language in job.languages:
        text = f"<main>{job.report} {job.period} {language} {job.parameters['mode']}"
        (work / FILES / f"{job.report}.{language}.html").write_text(text)
    (work / FILES / "tables").mkdir()
    (work / FILES / "tables" / f"{job.report}.parquet").write_text(job.report)
    return {"summary": {"tables": [], "period": job.period, "fingerprints": {}}}


def command(folder: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["verify", str(folder), "--own-notebooks", *options])
    return done.exit_code, done.stdout


def edit_record(folder: Path, report: str, **changes: object) -> None:
    path = folder / "reports" / "2025Q3" / "run.json"
    runs = json.loads(path.read_text())
    runs[report] |= changes
    path.write_text(json.dumps(runs))


def test_what_was_published_is_the_same_page_by_page(folder):
    code, said = command(folder)
    assert (code, said.count("same: ")) == (0, 6)
    assert "one.en.html" in said and "two.zh.html" in said and "1 tables of two" in said


def test_a_page_altered_by_hand_differs_and_a_lost_one_is_missing(folder):
    out = folder / "reports" / "2025Q3"
    (out / "one.en.html").write_text("<main>better figures")
    (out / "two.zh.html").unlink()
    code, said = command(folder)
    assert code == 1
    assert [line.split(":")[0] for line in said.splitlines() if ".html" in line] == [
        "differs", "same", "same", "missing",
    ]  # fmt: skip


def test_a_page_forged_together_with_its_record_differs_as_well(folder):
    out = folder / "reports" / "2025Q3"
    (out / "one.en.html").write_text("forged")
    runs = json.loads((out / "run.json").read_text())
    runs["one"]["files"]["one.en.html"] = verifying.sha256_of_file(out / "one.en.html")
    (out / "run.json").write_text(json.dumps(runs))
    assert command(folder)[0] == 1


def test_inputs_that_changed_are_named_and_nothing_is_told(folder):
    with (folder / "data" / "raw" / "sales.csv").open("a") as sales:
        sales.write("f,2,order,2025-09-30,distributor,40\n")
    edit_record(folder, "two", code="another")
    code, said = command(folder)
    assert code == 2
    assert said.splitlines()[0].endswith("one: changed since: data")
    assert said.splitlines()[1].endswith("two: changed since: data, code")


def test_a_report_that_cannot_be_made_again_is_a_difference(folder):
    edit_record(folder, "one", parameters={"mode": "fail"})
    code, said = command(folder)
    assert (code, "failed: " in said, "cell 2 (1 / 0)" in said) == (1, True, True)


def test_a_workspace_s_own_notebook_is_not_run_unless_told(folder):
    done = CliRunner().invoke(app, ["verify", str(folder)])
    assert (done.exit_code, "add --own-notebooks to run it" in done.stdout) == (1, True)


def test_another_report_s_table_in_the_place_of_one_s_own_is_no_difference(folder):
    out = folder / "reports" / "2025Q3"
    (out / "tables" / "one.parquet").write_text("two's")
    runs = json.loads((out / "run.json").read_text())
    runs["two"]["files"]["tables/one.parquet"] = verifying.sha256_of_file(out / "tables" / "one.parquet")
    (out / "run.json").write_text(json.dumps(runs))
    assert {one.report: one.code for one in verify(folder, own_notebooks=True)}["one"] == 0


def test_a_folder_of_reports_or_of_a_period_within_a_workspace_will_do(folder):
    for place in ("reports", "reports/2025Q3"):
        assert command(folder / place)[0] == 0
    assert [one.report for one in verify(folder, period="2025Q3", own_notebooks=True)] == ["one", "two"]


def test_verifying_writes_nothing_into_the_workspace(folder):
    before = {path: path.read_bytes() for path in (folder / "reports").rglob("*") if path.is_file()}
    verify(folder, own_notebooks=True)
    assert {p: p.read_bytes() for p in (folder / "reports").rglob("*") if p.is_file()} == before


def test_where_there_is_no_report_or_no_workspace_it_says_so(folder, tmp_path):
    with pytest.raises(InputError, match="no report was published here"):
        verify(folder, period="2024Q1")
    with pytest.raises(InputError, match="this is no workspace and stands in none"):
        verify(tmp_path)
    shutil.rmtree(folder / "reports")
    with pytest.raises(InputError, match="publish one with: channel-analysis report"):
        verify(folder)

"""Publishing: nothing is run twice, several reports run at once, parts of the company, catching up."""

import json
import os
import shutil
import sys
import threading
import time
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.errors import InputError, Problem
from channel_analysis.report import execute, fresh, jobs, publish, runner
from channel_analysis.report.publish import Wanted, publish_all
from channel_analysis.report.records import folder_of, read_runs
from channel_analysis.report.sheets import SHEETS
from channel_analysis.report.staging import FILES, ReportError

SALES = "order_id,line_number,kind,order_date,channel_type,region,net_amount\n" + "".join(
    f"{region}{month}{day}{channel},1,order,2025-{month:02}-{day},{channel},{region},100\n"
    for region in ("East", "West", "../etc")
    for month in range(1, 10)
    for day in ("01", "30" if month == 9 else "28")
    for channel in ("online", "distributor")
)
NAMED = ("East", "West", "../etc")
NARROW = (
    'workspace = "."\nperiod = "last-quarter"\nlanguages = ["en", "zh"]\ntables = ""\nwhere = {}\nmode = ""'
)
WHOLE = NARROW.replace("\nwhere = {}", "")


@pytest.fixture(scope="module")
def made(small_workspace, write_notebook) -> Path:
    """Give a workspace with three regions, a report for parts of the company and one for all of it."""
    folder = small_workspace(SALES)
    write_notebook(folder, "part", "1 + 1", parameters=NARROW)
    write_notebook(folder, "whole", "1 + 1", parameters=WHOLE)
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """Give a copy of the workspace that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "ours"))


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """Let jobs run without a process; which ones did. A parameter mode=fail makes them fail."""
    labels: list[str] = []

    def run_child(ws, job, work, children, progress):
        labels.append(f"{job.label} {job.period}")
        if job.parameters["mode"] in ("fail", *job.where.values()):
            return {"error": "ValueError", "message": "on fire", "cell": 2, "source": "1 / 0"}
        files = work / FILES
        for language in job.languages:
            others = [other for other in job.languages if other != language]
            text = f"<nav>{others}</nav>\n<main>{job.label} {job.period} {language} {job.parameters['mode']}"
            (files / f"{job.report}.{language}.html").write_text(text)
        (files / "tables").mkdir()
        (files / "tables" / f"{job.report}.parquet").write_text(f"{job.label} {job.period}")
        return {"summary": {"tables": [job.report], "period": job.period, "fingerprints": {}}}

    monkeypatch.setattr(runner, "run_child", run_child)
    monkeypatch.setattr(publish, "_followed", lambda _ws, _job, done: done)
    monkeypatch.setattr(publish, "_shelf", lambda _ws, out, _failed: out / "index.html")
    return labels


def call(folder: Path, *reports: str, **wanted) -> publish.Outcome:
    return publish_all(folder, Wanted(reports or ("part",), own_notebooks=True, **wanted))


def command(folder: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["report", str(folder), "--own-notebooks", "--report", "part", *options])
    return done.exit_code, done.stderr


def new(outcome: publish.Outcome) -> list[bool]:
    return [one.is_new for one in outcome.published]


def test_what_is_up_to_date_is_not_run_again_and_is_said_to_be(folder, ran):
    assert new(call(folder)) == [True]
    code, said = command(folder)
    assert (code, "part 2025Q3: up to date" in said) == (0, True)
    assert ran == ["part 2025Q3"]


def test_force_runs_what_is_up_to_date(folder, ran):
    call(folder)
    assert (new(call(folder, force=True)), len(ran)) == ([True], 2)


def test_a_clock_set_back_or_ahead_changes_nothing(folder, ran):
    record = call(folder).published[0].folder / "run.json"
    for day in ("2099-01-01T00:00:00+00:00", "1970-01-01T00:00:00+00:00"):
        runs = json.loads(record.read_text())
        runs["part"]["finished"] = day
        record.write_text(json.dumps(runs))
        for path in record.parent.rglob("*"):
            os.utime(path, (0, 0))
        assert new(call(folder)) == [False]


def _edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n# another\n")


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text)


CHANGES = {
    "data": ("data/raw/sales.csv", "z,1,order,2025-09-28,online,East,7\n"),
    "rules": ("policy.toml", "[periods]\ncoverage_tolerance_days = 9\n"),
    "currency": ("workspace.toml", 'currency = "USD"\n'),
    "notebook": ("notebooks/reports/part.ipynb", "\n"),
    "model": ("models/partner_risk.json", "{}"),
}
"""Files that a report rests on, and what to add to each."""


@pytest.mark.parametrize("what", list(CHANGES))
def test_whatever_a_report_rests_on_runs_it_again_when_it_changes(folder, ran, what):
    call(folder)
    name, text = CHANGES[what]
    _append(folder / name, text)
    assert new(call(folder)) == [True]
    assert new(call(folder)) == [False]


def test_another_parameter_runs_a_report_again(folder, ran):
    call(folder)
    assert new(call(folder, given={"mode": "other"})) == [True]
    assert new(call(folder)) == [True]


def test_other_code_or_another_version_runs_a_report_again(folder, ran, monkeypatch):
    call(folder)
    monkeypatch.setattr(fresh, "code_digest", lambda: "other")
    assert new(call(folder)) == [True]
    known = fresh.versions("duckdb")
    monkeypatch.setattr(fresh, "versions", lambda _engine: {**known, "pandas": "0"})
    assert new(call(folder)) == [True]


@pytest.mark.parametrize("name", ["part.en.html", "part.zh.html", "tables/part.parquet"])
@pytest.mark.parametrize("damage", [Path.unlink, _edit])
def test_a_file_lost_or_altered_by_hand_is_made_again(folder, ran, name, damage):
    out = call(folder).published[0].folder
    good = (out / name).read_bytes()
    damage(out / name)
    assert new(call(folder)) == [True]
    assert (out / name).read_bytes() == good


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"part": 3}',
        '{"part": {"files": {}}}',
        '{"part": {"files": 3, "languages": 3, "summary": []}}',
        "\x00",
    ],
)
def test_records_that_cannot_be_read_are_written_anew(folder, ran, text):
    out = call(folder).published[0].folder
    (out / "run.json").write_text(text)
    assert new(call(folder)) == [True]
    assert set(read_runs(out / "run.json")["part"]["files"]) == {
        "part.en.html", "part.zh.html", "tables/part.parquet",
    }  # fmt: skip


def test_a_table_that_another_report_has_as_well_stays_and_leaves_both_up_to_date(folder, ran):
    out = call(folder, "part", "whole").published[0].folder
    runs = json.loads((out / "run.json").read_text())
    runs["part"]["files"]["tables/whole.parquet"] = "0" * 64  # as if it had written its own before
    (out / "run.json").write_text(json.dumps(runs))
    assert new(call(folder, "part", "whole")) == [False, False]
    call(folder, "part", given={"mode": "x"})
    assert (out / "tables" / "whole.parquet").is_file()


def test_each_makes_a_report_for_every_value_and_a_second_run_makes_none(folder, ran):
    done = call(folder, each="region")
    assert sorted(ran) == [f"part {name} 2025Q3" for name in sorted(NAMED)]  # at once, in any order
    folders = {one.folder.name for one in done.published}
    assert {"region-East", "region-West"} < folders and len(folders) == 3
    assert {one.folder.parent for one in done.published} == {folder / "reports" / "2025Q3"}
    assert new(call(folder, each="region")) == [False] * 3


def test_a_part_that_fails_stops_no_other_and_is_run_alone_the_next_time(folder, ran):
    code, said = command(folder, "--each", "region", "-p", "mode=West")
    assert (code, "2025Q3: part West: cell 2 (1 / 0) failed: ValueError: on fire" in said) == (
        1,
        True,
    )
    assert said.splitlines()[-1] == "1 of 3 reports failed"
    ran.clear()
    command(folder, "--each", "region", "-p", "mode=West")
    assert ran == ["part West 2025Q3"]


def test_where_names_the_part_in_record_folder_and_parameters(folder, ran):
    one = call(folder, where={"region": "East"}).published[0]
    record = read_runs(one.folder / "run.json")["part"]
    assert (one.folder.name, record["where"]) == ("region-East", {"region": "East"})
    assert new(call(folder)) == [True]  # the company's is another report


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--where", "regio=East"], "narrowed to a 'regio'\n     fix: did you mean 'region'?"),
        (["--where", "region=Eats"], "there are no sales of region 'Eats'\n     fix: did you mean 'East'?"),
        (["--where", "East"], "this is not NAME=VALUE\n     fix: write --where region=East"),
        (["--where", "region=East", "--where", "region=West"], "this is given more than once"),
        (["--each", "regions"], "there are no reports by 'regions'\n     fix: did you mean 'region'?"),
        (["--each", "region", "--where", "region=East"], "--where names a region already"),
        (["--report", "whole", "--where", "region=East"], "whole is about the whole company"),
        (["--report", "whole", "--each", "region"], "whole is about the whole company"),
        (["--since", "last-quarter"], "'last-quarter' names no first period"),
        (["--since", "2025Q7"], "'2025Q7' is not a period"),
        (["--since", "2025Q1", "--period", "2025Q2"], "period and since exclude each other"),
        (["--jobs", "-1"], "-1 reports cannot run at once"),
        (["-p", "where=East"], "write --where region=East"),
        (["-p", "API_KEY=x"], "a secret would be kept in the run record"),
        (["-p", "db_password=x"], "a secret would be kept in the run record"),
        (["-p", "mode=postgresql://ann:hunter2@db/sales"], "a secret would be kept in the run record"),
    ],
)
def test_a_wrong_option_is_refused_with_its_remedy_before_anything_runs(folder, ran, options, said):
    code, told = command(folder, *options)
    assert (code, said in told, ran) == (2, True, [])


def test_since_catches_up_with_every_complete_period_and_only_once(folder, ran):
    call(folder, period="2025Q2")
    ran.clear()
    done = call(folder, since="2025Q1")
    assert [one.folder.name for one in done.published] == ["2025Q1", "2025Q2", "2025Q3"]
    assert sorted(ran) == ["part 2025Q1", "part 2025Q3"]
    assert new(call(folder, since="2024Q1")) == [False] * 3


def test_since_a_period_that_is_not_complete_yet_has_nothing_to_run_and_is_no_error(folder, ran):
    code, said = command(folder, "--since", "2026Q1")
    assert (code, "nothing to run" in said, ran) == (0, True, [])


def test_as_many_reports_run_at_once_as_are_asked_for_and_no_more(folder, ran, monkeypatch):
    running, most, lock = [0], [0], threading.Lock()
    inner = runner.run_child

    def slow(*given):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.2)
        with lock:
            running[0] -= 1
        return inner(*given)

    monkeypatch.setattr(runner, "run_child", slow)
    call(folder, each="region", workers=2)
    assert most == [2]
    call(folder, each="region", workers=1, force=True, given={"mode": "one"})
    assert most == [2]


def test_reports_of_one_folder_are_published_in_the_order_asked_for(folder, ran, monkeypatch):
    inner, order = runner.run_child, []

    def first_is_slow(ws, job, *rest):
        time.sleep(0.3 if job.report == "whole" else 0)
        return inner(ws, job, *rest)

    monkeypatch.setattr(runner, "run_child", first_is_slow)
    monkeypatch.setattr(publish, "_followed", lambda _ws, job, done: (order.append(job.report), done)[1])
    call(folder, "whole", "part", workers=2)
    assert order == ["whole", "part"]


def test_of_two_commands_for_one_folder_the_second_is_told_to_wait(folder, ran):
    (folder / "reports").mkdir(exist_ok=True)
    from filelock import FileLock

    with FileLock(folder / "reports" / ".2025Q3+region-East.lock"):
        done = call(folder, each="region")
    assert len(done.published) == 2
    assert "another run is writing here" in str(done.failed[0].error)


def test_all_runs_every_shipped_report_whose_data_are_there_and_none_of_the_workspace(
    folder, ran, monkeypatch
):
    monkeypatch.setattr(runner, "run", lambda _ws, asked, *_rest: [])
    asked: list[str] = []
    monkeypatch.setattr(publish, "run", lambda _ws, jobs, *_rest: asked.extend(j.report for j in jobs) or [])
    call(folder, "all")
    assert asked[0] == "review" and {"root_cause", "appraisal"} <= set(asked)
    assert not {"part", "whole", "partner_risk", "screening", "sales_team"} & set(asked)


def test_folders_of_parts_have_names_that_every_system_takes():
    out = Path("out")
    hostile = {
        "region": "../\0" + "x" * 9000,
        "owner": "CON",
        "channel_type": "a/b",
        "channel_family": "\u202e",
    }
    found = folder_of(out, "2025Q3", hostile)
    assert found.parent == out / "2025Q3" and len(found.name.encode()) <= 255
    assert ".." not in found.name and "/" not in found.name and "\0" not in found.name


def test_a_full_disk_fails_with_its_remedy_and_leaves_the_last_good_report(folder, ran, monkeypatch):
    out = call(folder).published[0].folder
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def full(*_given):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(runner, "commit", full)
        code, said = command(folder, "--force")
    assert (code, "No space left on device" in said, "make room on the disk" in said) == (2, True, True)
    after = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert {path: after[path] for path in before} == before
    assert new(call(folder, force=True)) == [True]


def test_sheets_are_made_in_the_child_itself_and_published_like_pages(made, tmp_path, monkeypatch):
    def maker(ws, period, languages, work, progress, where, parameters):
        progress("sheets", 1, 2)
        (work / "leaflet").mkdir()
        for language in languages:
            (work / "leaflet" / f"index.{language}.html").write_text(f"{period} {where} {ws.root.name}")
        return {"tables": []}

    def refused(*_given):
        raise InputError([Problem("partners", "there are none", "supply them")])

    job = {
        "report": "leaflet",
        "workspace": str(made),
        "period": "2025Q3",
        "languages": ["zh"],
        "where": {},
        "parameters": {},
    }
    monkeypatch.setitem(SHEETS, "leaflet", maker)
    done = execute._pages_of_sheets({**job, "files": str(tmp_path)})
    assert done == {"summary": {"tables": []}}
    planned = jobs.plan(made, "leaflet", "2025Q3", ["zh"], None, {}, where={"region": "East"})
    assert [tmp_path / page for page in planned.pages(["zh"])] == list(tmp_path.rglob("*.html"))
    monkeypatch.setitem(SHEETS, "leaflet", refused)
    done = execute._pages_of_sheets({**job, "files": str(tmp_path)})
    assert (done["error"], "there are none" in done["message"]) == ("InputError", True)


def test_handouts_are_published_beside_the_pages_and_added_without_a_run(folder, ran, monkeypatch):
    modules = {"pdf": "write_pdf", "xlsx": "write_xlsx"}
    for name, function in modules.items():
        made = types.ModuleType(name)
        setattr(made, function, lambda *given, name=name: given[-1].write_text(f"{name} of {given[0].name}"))
        monkeypatch.setitem(sys.modules, f"channel_analysis.report.{name}", made)
    out = call(folder).published[0].folder
    assert new(call(folder, handouts=["pdf", "xlsx"])) == [True]
    assert new(call(folder, handouts=["pdf", "xlsx"])) == [False]
    assert len(ran) == 1
    assert (out / "part.en.pdf").read_text() == "pdf of part.en.html"
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == [
        "part.en.html", "part.en.pdf", "part.en.xlsx", "part.zh.html", "part.zh.pdf", "part.zh.xlsx",
        "run.json", "tables",
    ]  # fmt: skip
    assert new(call(folder, force=True)) == [True]
    assert list(out.glob("*.pdf")) == []  # of an earlier run they would lie


def test_one_failing_report_alone_raises_its_error(folder, ran):
    with pytest.raises(ReportError, match="on fire"):
        publish.publish(folder, "part", given={"mode": "fail"}, own_notebooks=True)
    with pytest.raises(InputError):
        publish.publish(folder, "nothing", own_notebooks=True)

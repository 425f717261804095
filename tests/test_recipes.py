"""The recipes of docs/scheduling.md work: scripts run, files parse, and every command is one of ours."""

import ast
import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from channel_analysis.cli import app

ROOT = Path(__file__).resolve().parent.parent
DOC = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
EVERY_DAY = "channel-analysis report . --report all --since 2025Q1"
STUB = """#!/bin/sh
echo "$PWD: channel-analysis $*" >> "$CALLS"
[ "$1" = report ] && [ -n "${MAKES:-}" ] && mkdir -p reports/2025Q3 && echo "{}" > reports/2025Q3/run.json
[ "$1" = "${FAILS:-}" ] && echo "partner data: row 7 is broken" >&2 && exit "${CODE:-1}"
exit 0
"""


def blocks(language: str) -> list[str]:
    """The code blocks of a language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOC, flags=re.M | re.S)


def commands(text: str) -> list[str]:
    """Every call of ours in a text, to the end of its line or code span."""
    found = re.findall(
        r"(?:%h/\S*/|venv\\Scripts\\)?channel-analysis(?:\.exe\")? ((?:report|mail|verify)[^`\n\"|(]*)", text
    )
    return [re.split(r" (?:>>|&&|\|\|)", one)[0].strip() for one in found]


def parsed(arguments: list[str]) -> Any:
    """The arguments as our command reads them; nothing is run."""
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert arguments[0] in known
    return known[arguments[0]].make_context(arguments[0], arguments[1:])


@pytest.mark.parametrize("command", sorted(set(commands(DOC))))
def test_every_command_on_the_page_is_one_of_ours(command):
    parsed(shlex.split(command))


def test_the_page_shows_commands_and_a_wrong_one_would_be_found_out():
    assert len(commands(DOC)) >= 10
    with pytest.raises(Exception, match="No such option"):
        parsed(shlex.split("report . --sinse 2025Q1"))


def test_the_exit_codes_told_are_those_the_command_tells():
    told = parsed(["report"]).command.help or ""
    for code in re.findall(r"^\| ([\d, ]+) \|", DOC, flags=re.M):
        for one in code.split(", "):
            assert re.search(rf"\b{one}\b", told), f"the command's help does not tell of code {one}"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home with the script, a workspace's folder and a command that only notes how it was called."""
    reports = tmp_path / "home" / "reports"
    (reports / "company").mkdir(parents=True)
    stub = reports / "venv" / "bin" / "channel-analysis"
    stub.parent.mkdir(parents=True)
    write_executable(stub, STUB)
    write_executable(reports / "run-reports", blocks("bash")[0])
    return tmp_path / "home"


def write_executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def called(home: Path) -> list[str]:
    """What was called so far, without the folder."""
    notes = home / "calls"
    lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    assert all(line.startswith(f"{home}/reports/company: ") for line in lines)
    return [line.partition(": ")[2] for line in lines]


def run(command: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A line as cron runs it: by sh, with hardly any environment."""
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "CALLS": str(home / "calls"), **more}
    return subprocess.run(
        ["sh", "-c", command], env=environment, cwd=home, capture_output=True, text=True, timeout=30
    )


CRON = blocks("cron")[0].splitlines()[-1]


def test_cron_s_line_has_five_times_and_runs_the_script(home):
    times, command = CRON.split(" ", 5)[:5], CRON.split(" ", 5)[5]
    for time, most in zip(times, (59, 23, 31, 12, 7), strict=True):
        assert time == "*" or 0 <= int(time) <= most
    assert "%" not in command
    done = run(command, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert called(home)[0] == EVERY_DAY


@pytest.mark.parametrize(("code", "name"), [(1, "report"), (2, "report"), (1, "mail")])
def test_the_script_tells_what_went_wrong_and_passes_the_code_on(home, code, name):
    done = run("reports/run-reports", home, FAILS=name, CODE=str(code))
    assert done.returncode == code
    assert "row 7 is broken" in done.stderr
    assert [line.split()[1] for line in called(home)] == ["report", "mail"][: 1 + (name == "mail")]


def test_the_script_mails_what_is_new_and_only_that(home):
    verbs = lambda: [line.split()[1] for line in called(home)]  # noqa: E731
    run("reports/run-reports", home, MAKES="1")
    assert verbs() == ["report", "mail"]
    run("reports/run-reports", home)
    assert verbs() == ["report", "mail", "report"]
    marked = (home / "reports/company/logs/mailed").stat().st_mtime
    os.utime(home / "reports/company/reports/2025Q3/run.json", (marked + 5, marked + 5))
    run("reports/run-reports", home)
    assert verbs()[-2:] == ["report", "mail"]


def test_a_mail_that_failed_is_sent_the_next_time(home):
    run("reports/run-reports", home, FAILS="mail", MAKES="1")
    run("reports/run-reports", home)
    assert [line.split()[1] for line in called(home)] == ["report", "mail", "report", "mail"]


def test_the_script_keeps_a_log_a_month_and_removes_old_ones(home):
    logs = home / "reports/company/logs"
    logs.mkdir()
    for name, age in (("2020-01.log", 500), ("2020-02.log", 300)):
        (logs / name).write_text("old", encoding="utf-8")
        then = (logs / name).stat().st_mtime - age * 86_400
        os.utime(logs / name, (then, then))
    run("reports/run-reports", home)
    names = {path.name for path in logs.glob("*.log")}
    assert "2020-01.log" not in names
    assert "2020-02.log" in names
    assert len(names) == 2


def test_the_script_reads_secrets_and_shows_none(home):
    (home / "reports/secrets.env").write_text("PGPASSWORD=hunter2hunter2\n", encoding="utf-8")
    stub = home / "reports/venv/bin/channel-analysis"
    write_executable(stub, '#!/bin/sh\n[ "$PGPASSWORD" = hunter2hunter2 ] || exit 9\n')
    done = run("reports/run-reports", home)
    assert done.returncode == 0
    log = next((home / "reports/company/logs").glob("*.log")).read_text(encoding="utf-8")
    assert "hunter2" not in log + done.stdout + done.stderr


def test_the_script_makes_a_report_once_with_the_real_command(home):
    """The whole way: the first run publishes, the second has nothing to do."""
    workspace = home / "reports" / "company"
    (workspace / "data" / "raw").mkdir(parents=True)
    (workspace / "workspace.toml").write_text('[company]\nname = "Small"\n', encoding="utf-8")
    sales = "order_id,line_number,kind,order_date,channel_type,net_amount\n"
    sales += "".join(f"o{n},1,order,2025-{n:02}-{28 + (n != 2)},online,{n}00\n" for n in range(1, 10))
    sales += "o30,1,order,2025-09-30,online,5\n"
    (workspace / "data/raw/sales.csv").write_text(sales, encoding="utf-8")
    real = f'[ "$1" = report ] && exec "{sys.executable}" -m channel_analysis.cli "$@"\nexec "$0.stub" "$@"'
    stub = home / "reports/venv/bin/channel-analysis"
    shutil.copy(stub, f"{stub}.stub")
    script = home / "reports/run-reports"
    script.write_text(
        script.read_text().replace("--report all --since 2025Q1", "--report root_cause --since 2025Q3"),
        "utf-8",
    )
    write_executable(stub, f"#!/bin/sh\n{real}\n")
    more = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    first = run("reports/run-reports", home, **more)
    assert (first.returncode, first.stderr) == (0, "")
    record = workspace / "reports/2025Q3/run.json"
    made = record.read_bytes(), record.stat().st_mtime_ns
    assert run("reports/run-reports", home, **more).returncode == 0
    assert (record.read_bytes(), record.stat().st_mtime_ns) == made
    assert [line.split()[1] for line in called(home)] == ["mail"]
    log = next((workspace / "logs").glob("*.log")).read_text(encoding="utf-8")
    assert log.count("up to date") == 1


def units() -> dict[str, str]:
    return {block.splitlines()[0].removeprefix("# "): block for block in blocks("ini")}


def test_the_units_say_what_the_page_says(home):
    assert set(units()) == {"channel-reports.service", "channel-reports.timer"}
    service, timer = (read_unit(units()[f"channel-reports.{kind}"]) for kind in ("service", "timer"))
    assert timer["Timer"]["Persistent"] == "true"
    assert service["Service"]["Type"] == "oneshot"
    start = service["Service"]["ExecStart"].replace("%h", str(home))
    assert subprocess.run(shlex.split(start), env={"CALLS": str(home / "calls")}, cwd=home).returncode == 0
    assert (home / "calls").read_text(encoding="utf-8").endswith(f": {EVERY_DAY}\n")


def read_unit(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    return unit


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("spoilt", ["", "Persistant=true"])
def test_systemd_finds_no_fault_with_the_units(home, tmp_path, spoilt):
    for name, text in units().items():
        more = f"[Timer]\n{spoilt}\n" if spoilt and name.endswith("timer") else ""
        (tmp_path / name).write_text(text.replace("%h", str(home)) + more, encoding="utf-8")
    found = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            "--man=no",
            "--recursive-errors=no",
            *(str(tmp_path / name) for name in units()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = [line for line in (found.stdout + found.stderr).splitlines() if "channel-reports" in line]
    assert bool(said) == bool(spoilt), said


def test_systemd_s_calendar_is_one(home):
    when = read_unit(units()["channel-reports.timer"])["Timer"]["OnCalendar"]
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", when)


def test_the_workflow_runs_our_command_and_keeps_what_it_made(home):
    workflow = yaml.safe_load(blocks("yaml")[0])
    triggers = workflow[True]  # YAML reads the key `on` as true
    assert re.fullmatch(r"\d+ \d+ \* \* \*", triggers["schedule"][0]["cron"])
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    steps = workflow["jobs"]["reports"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert EVERY_DAY in runs
    assert not any("${{" in step for step in runs), "an expression within a script can be an injection"
    kept = [step for step in steps if step.get("uses", "").startswith("actions/upload-artifact")]
    assert kept[0]["if"] == "always()"
    assert kept[0]["with"]["path"] == "reports"
    assert [step["uses"] for step in steps if "uses" in step and "@v" not in step["uses"]] == []


def python_block(word: str) -> str:
    return next(block for block in blocks("python") if word in block)


def test_the_dag_has_one_task_which_runs_our_command(home, monkeypatch):
    code = python_block("BashOperator")
    ast.parse(code)
    dags, tasks = [], []
    for name, content in {
        "airflow": {"DAG": recorder(dags)},
        "airflow.providers": {},
        "airflow.providers.standard": {},
        "airflow.providers.standard.operators": {},
        "airflow.providers.standard.operators.bash": {"BashOperator": recorder(tasks)},
        "pendulum": {"datetime": lambda *day, tz: (*day, tz)},
    }.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    exec(compile(code, "dag.py", "exec"), {})
    assert (dags[0]["catchup"], dags[0]["max_active_runs"]) == (False, 1)
    (task,) = tasks
    assert task["append_env"] is True
    bin_folder = home / "reports/venv/bin"
    done = run(f'cd reports/company && PATH="{bin_folder}:$PATH" && {task["bash_command"]}', home)
    assert done.returncode == 0
    assert called(home) == [EVERY_DAY]


def recorder(into: list[dict[str, Any]]) -> Callable[..., Any]:
    """A class whose instances only note what they were given."""

    class Recorded:
        def __init__(self, **given: Any) -> None:
            into.append(given)

        def __enter__(self) -> "Recorded":
            return self

        def __exit__(self, *_error: object) -> None:
            return None

    return Recorded


@pytest.mark.parametrize("code", [0, 1])
def test_the_notebook_s_cell_fails_when_the_report_does(home, monkeypatch, code):
    monkeypatch.setenv("PATH", str(home / "reports/venv/bin"), prepend=os.pathsep)
    monkeypatch.setenv("CALLS", str(home / "calls"))
    monkeypatch.setenv("FAILS", "report" if code else "")
    monkeypatch.chdir(home / "reports" / "company")
    cell = python_block("subprocess")
    if code:
        with pytest.raises(subprocess.CalledProcessError):
            exec(cell, {})
    else:
        exec(cell, {})
    assert called(home) == [EVERY_DAY.replace(" . ", " company ")]


def test_the_windows_file_runs_our_command_and_passes_its_code_on():
    lines = blocks("bat")[0].splitlines()
    assert commands(blocks("bat")[0]) == [EVERY_DAY.removeprefix("channel-analysis ")]
    assert lines[-1] == "exit /b %ERRORLEVEL%"


def test_the_page_names_no_absolute_path():
    paths = [
        word for block in re.findall(r"^```\w*\n(.*?)^```", DOC, flags=re.M | re.S) for word in block.split()
    ]
    assert [
        word for word in paths if re.match(r"[\"']?/(?!bin/sh|b$|d$)\w", word) and word not in ("/b", "/d")
    ] == []

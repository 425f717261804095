"""Kills: whatever of a run is killed, and whenever, the last good report stays and the next run works."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from channel_analysis.files import sha256_of_file
from channel_analysis.report.records import read_runs

SALES = """order_id,line_number,kind,order_date,channel_type,net_amount
a,1,order,2024-07-01,online,80
b,1,order,2025-06-30,online,100
c,1,order,2025-09-30,online,120
"""
WORK = """import time
import pandas as pd
import channel_analysis as ca
time.sleep(0.3)
ca.save_tables({"mine": pd.DataFrame({"n": [1, 2, len(mode)]})}, tables)"""
PARAMETERS = 'tables = ""\nmode = ""'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Give a workspace whose report `sheet` was published once."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    made = tmp_path_factory.mktemp("kills")
    (made / "data" / "raw").mkdir(parents=True)
    (made / "notebooks" / "reports").mkdir(parents=True)
    (made / "data" / "raw" / "sales.csv").write_text(SALES)
    (made / "workspace.toml").write_text('[company]\nlanguage = "en"\n')
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(WORK)]
    nbformat.write(new_notebook(cells=cells), made / "notebooks" / "reports" / "sheet.ipynb")
    assert ended(begun(made, "old"))[0] == 0
    return made


def begun(folder: Path, mode: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "channel_analysis.cli", "report", str(folder), "--own-notebooks"]
    command += ["--report", "sheet", "--force", "-p", f"mode={mode}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(run: subprocess.Popen[str]) -> tuple[int, str]:
    said = run.communicate(timeout=120)[1]
    return run.returncode, said


def is_whole(folder: Path) -> bool:
    """Whether every published file is there as its record says."""
    out = folder / "reports" / "2025Q3"
    files = read_runs(out / "run.json")["sheet"]["files"]
    return len(files) == 3 and {name: sha256_of_file(out / name) for name in files} == files


def child_of(run: subprocess.Popen[str], mark: str) -> psutil.Process:
    """A process below a run that has a word in its command; waits until there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until and run.poll() is None:
        for process in psutil.Process(run.pid).children(recursive=True):
            try:
                if any(mark in part for part in process.cmdline()):
                    return process
            except psutil.Error:
                continue
        time.sleep(0.02)
    raise AssertionError(mark)


@pytest.mark.parametrize("mark", ["channel_analysis.report.execute", "ipykernel_launcher"])
def test_a_killed_child_or_kernel_is_told_and_leaves_the_last_good_report(folder, mark):
    run = begun(folder, "new")
    victim = child_of(run, mark)
    kernel = child_of(run, "ipykernel_launcher")
    victim.kill()
    code, said = ended(run)
    assert (code, "sheet: cell" in said, "memory_limit" in said) == (1, True, True), said
    assert is_whole(folder)
    assert (folder / "reports" / "2025Q3" / "sheet.failed.html").is_file()
    assert psutil.wait_procs([kernel], timeout=30)[1] == []


def test_a_runner_killed_at_random_moments_leaves_a_whole_report_each_time(folder):
    moments = random.Random(8)
    for _ in range(4):
        run = begun(folder, "other")
        time.sleep(moments.uniform(0.5, 4))
        run.send_signal(signal.SIGKILL)
        ended(run)
        assert is_whole(folder) or list((folder / "reports" / "2025Q3").glob(".ready-*"))
    code, said = ended(begun(folder, "last"))
    assert code == 0, said
    out = folder / "reports" / "2025Q3"
    assert is_whole(folder)
    assert sorted(os.listdir(out)) == ["run.json", "sheet.en.html", "sheet.zh.html", "tables"]


def test_a_run_stopped_by_ctrl_c_says_so_and_leaves_the_report(folder):
    run = begun(folder, "new")
    child_of(run, "ipykernel_launcher")
    run.send_signal(signal.SIGINT)
    code, said = ended(run)
    assert (code, said.splitlines()[-1]) == (130, "stopped")
    assert is_whole(folder)
    assert list((folder / "reports" / "2025Q3").glob(".run-*")) == []

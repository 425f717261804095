"""Secrets of the environment are in no notebook, page, record, log or message, whatever goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from channel_analysis.report.secrets import MASK, secret_names, without_secrets
from channel_analysis.store.workspace import open_workspace

ROOT = Path(__file__).resolve().parent.parent
MARK = "Zq7hush"
SECRETS = {
    "PGPASSWORD": f"{MARK}-of-postgres",
    "CHANNEL_ANALYSIS_SMTP_PASSWORD": f"{MARK} of the mail&server",
    "SPARK_TOKEN": f"{MARK}.of.spark==",
    "ERP_DOOR": f"{MARK}-of-the-erp",
}
"""A custom variable, as a mapping's `password_env` names it, may be called anything."""

CALLED_SO = [name for name in SECRETS if name != "ERP_DOOR"]
"""Variables whose very names say that they hold secrets."""

SALES = "order_id,line_number,kind,order_date,channel_type,net_amount\na,1,order,2025-09-30,online,5\n"
PARAMETERS = 'workspace = "."\nperiod = "2025Q3"\nlanguages = ["en"]\ntables = ""'
SAVE = """import pandas as pd
import channel_analysis as ca
ca.save_tables({'n': pd.DataFrame({'n': [1]})}, tables)"""
SHOUT = f"import os\nraise RuntimeError('no way in: ' + ' | '.join(os.environ[n] for n in {CALLED_SO}))"
MAPPING = """[files]
lines = { uri = "postgresql://ann@127.0.0.1:1/shop", table = "orders", password_env = "ERP_DOOR" }
[[sales]]
query = "SELECT * FROM lines"
"""


@pytest.fixture
def workspace(tmp_path) -> Path:
    """Give a workspace of one order, with notebooks that come through and that shout what they know."""
    folder = tmp_path / "workspace"
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "notebooks" / "reports").mkdir(parents=True)
    (folder / "workspace.toml").write_text('[company]\nname = "Small"\n', encoding="utf-8")
    (folder / "data" / "raw" / "sales.csv").write_text(SALES, encoding="utf-8")
    for name, cells in {"quiet": [SAVE], "loud": [SHOUT, SAVE]}.items():
        first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
        document = new_notebook(cells=[first, *map(new_code_cell, cells)])
        nbformat.write(document, folder / "notebooks" / "reports" / f"{name}.ipynb")
    return folder


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Our command with every secret in its environment, and a folder of its own for what is temporary."""
    temporary = folder.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    names = {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "channel_analysis.cli", *arguments],
        env={**os.environ, **SECRETS, **names, **more},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


def leaks(folder: Path, done: subprocess.CompletedProcess[str]) -> list[str]:
    """Where a secret stands: in files, their names, or what was printed."""
    said = [name for name in ("stdout", "stderr") if MARK in getattr(done, name)]
    files = [path for path in folder.parent.rglob("*") if path.is_file() or path.is_symlink()]
    kept = [str(path) for path in files if MARK.encode() in path.read_bytes() or MARK in path.name]
    return said + kept


def test_a_leak_would_be_found(workspace):
    (workspace / "notes.txt").write_text(SECRETS["SPARK_TOKEN"], encoding="utf-8")
    done = run(workspace, "report", ".", "--period", "no such period")
    assert leaks(workspace, done) == [str(workspace / "notes.txt")]


def test_a_report_that_comes_out_holds_no_secret(workspace):
    done = run(workspace, "report", ".", "--report", "quiet", "--period", "2025Q3", "--own-notebooks")
    assert done.returncode == 0, done.stderr
    assert (workspace / "reports/2025Q3/run.json").is_file()
    assert leaks(workspace, done) == []


def test_a_notebook_that_shouts_all_secrets_is_told_of_without_them(workspace):
    done = run(workspace, "report", ".", "--report", "loud", "--period", "2025Q3", "--own-notebooks")
    assert done.returncode == 1
    assert "no way in" in done.stderr
    assert "no way in" in (workspace / "reports/2025Q3/loud.failed.html").read_text(encoding="utf-8")
    assert leaks(workspace, done) == []


@pytest.fixture
def mapped(workspace) -> Path:
    """Let the workspace read from a server that is not there, with a password in a variable of its own."""
    (workspace / "erp.toml").write_text(MAPPING, encoding="utf-8")
    text = '[company]\nname = "Small"\n[data]\nmapping = "erp.toml"\n'
    (workspace / "workspace.toml").write_text(text, encoding="utf-8")
    return workspace


def test_a_server_that_lets_nobody_in_is_told_of_without_the_password(mapped):
    done = run(mapped, "report", ".", "--period", "2025Q3")
    assert done.returncode == 2
    assert "cannot connect" in done.stderr
    assert leaks(mapped, done) == []


def test_a_variable_that_a_mapping_names_holds_a_secret_whatever_it_is_called(mapped):
    names = secret_names(open_workspace(mapped))
    assert without_secrets(f"no way in: {SECRETS['ERP_DOOR']}!", SECRETS, names) == f"no way in: {MASK}!"


@pytest.mark.parametrize("name", ["api_token", "note"])
def test_a_secret_given_as_parameter_is_refused_and_not_repeated(workspace, name):
    given = f"{name}={SECRETS['PGPASSWORD']}"
    done = run(workspace, "report", ".", "--report", "quiet", "-p", given, "--own-notebooks")
    assert done.returncode == 2
    assert leaks(workspace, done) == []


def test_a_mail_server_that_does_not_answer_is_told_of_without_the_password(workspace):
    run(workspace, "report", ".", "--report", "quiet", "--period", "2025Q3", "--own-notebooks")
    server = {
        "CHANNEL_ANALYSIS_SMTP_HOST": "127.0.0.1",
        "CHANNEL_ANALYSIS_SMTP_PORT": "1",
        "CHANNEL_ANALYSIS_SMTP_USER": "ann",
        "CHANNEL_ANALYSIS_SMTP_FROM": "ann@example.com",
    }
    wanted = ("--report", "quiet", "--period", "2025Q3", "--to", "board@example.com", "--language", "en")
    done = run(workspace, "mail", ".", *wanted, **server)
    assert done.returncode in (1, 2)
    assert "127.0.0.1" in done.stderr
    assert leaks(workspace, done) == []

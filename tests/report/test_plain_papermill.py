"""The review's notebook is a notebook: plain papermill runs it, without the runner."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "reports" / "review.ipynb"
SECTION = "application/vnd.channel-analysis.section+json"


@pytest.fixture(scope="module")
def executed(adventureworks_workspace, tmp_path_factory) -> dict:
    """Give the notebook as papermill left it, run on AdventureWorks from the command line."""
    target = tmp_path_factory.mktemp("papermill") / "out.ipynb"
    given = ["-p", "workspace", str(adventureworks_workspace), "-p", "period", "2013Q3"]
    options = [*given, "-k", "python3", "--no-progress-bar"]
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), str(target), *options]
    subprocess.run(command, check=True, capture_output=True, cwd=target.parent)
    return json.loads(target.read_text(encoding="utf-8"))


def outputs(executed) -> list[dict]:
    return [o["data"] for c in executed["cells"] for o in c.get("outputs", []) if "data" in o]


def test_every_section_of_the_review_is_among_the_outputs(executed):
    sections = [data[SECTION]["id"] for data in outputs(executed) if SECTION in data]
    assert {"top", "message", "results", "scorecard", "data", "appendix"} <= set(sections)


def test_no_cell_leaves_an_error_or_a_warning(executed):
    streams = [o for c in executed["cells"] for o in c.get("outputs", []) if "data" not in o]
    assert streams == []


def test_the_outputs_can_be_read_without_the_page(executed):
    shown = [data["text/html"] for data in outputs(executed) if SECTION in data]
    assert any("12.01" in "".join(html) for html in shown)


def test_papermill_alone_writes_no_tables(executed, adventureworks_workspace):
    assert list(adventureworks_workspace.glob("*.parquet")) == []

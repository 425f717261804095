"""The notebooks people open: each runs from top to bottom and still shows what it showed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks" / "explore").glob("*.ipynb")])
QUESTIONS = {"channels", "scorecards", "partner_risk", "root_cause", "data_quality"}
IGNORED = "nbval-ignore-output"
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def cells(path: Path, kind: str) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_there_is_a_tour_and_a_notebook_for_each_question():
    assert {"tour", *QUESTIONS} <= {path.stem for path in NOTEBOOKS}


def test_a_notebook_runs_and_every_cell_without_a_tag_shows_what_it_showed(notebook):
    """After a change that is meant, `python tools/notebooks.py` keeps what they show now."""
    options = ["--nbval", "--nbval-cell-timeout=120", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(notebook)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-3000:]


def test_some_cells_of_a_notebook_are_compared(notebook):
    assert [c.id for c in cells(notebook, "code") if c.outputs and IGNORED not in c.metadata.get("tags", [])]


def test_a_notebook_keeps_nothing_that_is_not_compared(notebook):
    kept = [c.id for c in cells(notebook, "code") if c.outputs and IGNORED in c.metadata.get("tags", [])]
    assert kept == []
    for place, cell in enumerate(cells(notebook, "code"), start=1):
        assert cell.execution_count == (place if cell.outputs else None)


def test_a_notebook_tells_its_title_and_its_questions_in_chinese_too(notebook):
    headed = [c.source for c in cells(notebook, "markdown") if re.search("^##? ", c.source, re.MULTILINE)]
    assert headed
    assert [source.splitlines()[0] for source in headed if not CHINESE.search(source)] == []


def test_the_tour_links_to_the_notebooks_that_are_there():
    text = "\n".join(c.source for c in cells(ROOT / "notebooks" / "tour.ipynb", "markdown"))
    links = re.findall(r"\]\(([^)]+\.ipynb)\)", text)
    assert {Path(link).stem for link in links} >= QUESTIONS
    assert [link for link in links if not (ROOT / "notebooks" / link).is_file()] == []

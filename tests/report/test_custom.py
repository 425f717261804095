"""A workspace's own report: any notebook, in any folder, with tables of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from channel_analysis.errors import InputError
from channel_analysis.report.jobs import plan
from channel_analysis.report.publish import publish
from channel_analysis.report.render import clean

FRAME = """import pandas as pd
import channel_analysis as ca
mine = pd.DataFrame({'<b>': ['a', 'b'], 'n': [1, top]})"""
CHART = """from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="3"/></svg>')"""


@pytest.fixture(scope="module")
def own(small_workspace, write_notebook, tmp_path_factory) -> Path:
    """Give a workspace in a folder with braces and a report without kernel, languages and period."""
    folder = tmp_path_factory.mktemp("a{x}b") / "ours{period}"
    small_workspace().rename(folder)
    parameters = 'tables = ""\ntop: int = 5'
    path = write_notebook(
        folder, "own", FRAME, "mine", CHART, 'ca.save_tables({"mine": mine}, tables)', parameters=parameters
    )
    document = nbformat.read(path, as_version=4)
    document.metadata.clear()
    nbformat.write(document, path)
    return folder


@pytest.fixture(scope="module")
def published(own):
    """Give the report as published, with a parameter given, and the shelf."""
    return publish(own, "own", given={"top": "7"}, own_notebooks=True)


@pytest.fixture(scope="module")
def page(published) -> BeautifulSoup:
    return BeautifulSoup(published[0].pages[0].read_text(encoding="utf-8"), "html.parser")


def test_a_workspace_s_notebook_runs_only_where_the_command_says_so(own):
    with pytest.raises(InputError, match="read it, then add --own-notebooks to run it"):
        plan(own, "own", "2025Q3", [], None, {})
    assert plan(own, "own", "2025Q3", [], None, {}, own_notebooks=True).is_own


def test_a_shipped_report_wins_over_a_workspace_s_of_its_name(own, write_notebook):
    path = write_notebook(own, "review", "1 + 1")
    assert plan(own, "review", "2025Q3", [], None, {}).notebook != path
    assert plan(own, "review", "2025Q3", [], None, {}, own_notebooks=True).notebook == path
    path.unlink()


def test_only_parameters_the_notebook_declares_are_passed(own):
    assert set(plan(own, "own", "2025Q3", [], None, {}, own_notebooks=True).parameters) == {"tables", "top"}


@pytest.mark.parametrize("name", ["languages", "period", "pot"])
def test_a_parameter_given_by_hand_has_to_be_declared(own, name):
    given = {name: {"languages": "zh", "period": "2025Q3"}.get(name, "1")}
    with pytest.raises(InputError, match=f"parameter '{name}': own has no such parameter"):
        plan(own, "own", "2025Q3", [], None, given, own_notebooks=True)


def test_languages_reach_a_notebook_that_names_one_by_default(own, write_notebook):
    write_notebook(own, "one", parameters='languages = "zh"')
    made = plan(own, "one", "2025Q3", [], None, {}, own_notebooks=True)
    assert made.parameters == {"languages": ["en", "zh"]}


def test_a_notebook_without_kernel_in_a_folder_with_braces_is_published(published):
    assert sorted(path.name for path in published[0].folder.iterdir()) == [
        "own.en.html", "own.zh.html", "run.json", "tables",
    ]  # fmt: skip
    assert [path.name for path in (published[0].folder / "tables").iterdir()] == ["mine.parquet"]


def test_a_frame_is_a_table_on_the_page_and_its_text_stays_text(page):
    table = page.select_one("main table")
    assert [cell.get_text() for cell in table.select("thead th")] == ["", "<b>", "n"]
    assert [[c.get_text() for c in row.select("th, td")] for row in table.select("tbody tr")] == [
        ["0", "a", "1"], ["1", "b", "7"],
    ]  # fmt: skip


def test_no_style_or_script_of_a_notebook_reaches_the_page(page):
    main = page.find("main")
    assert main.find(["style", "script"]) is None
    assert "dataframe" not in main.get_text() and "alert" not in main.get_text()


def test_a_drawing_is_a_picture_on_the_page(page):
    assert re.match(r"data:image/svg\+xml;base64,\w+", page.select_one("figure.chart img")["src"])


def test_a_run_without_fingerprints_of_its_own_is_known_by_the_data(published):
    record = json.loads((published[0].folder / "run.json").read_text(encoding="utf-8"))["own"]
    assert set(record["inputs"]) == {"data", "definitions", "settings", "notebook"}
    assert (record["parameters"], record["languages"]) == ({"top": 7}, ["en", "zh"])


def test_the_shelf_says_nothing_where_the_report_did_not(published):
    shelf = BeautifulSoup(published[1].read_text(encoding="utf-8"), "html.parser")
    cells = [cell.get_text() for cell in shelf.select("tbody tr > *")]
    assert set(cells) - {"Q3 2025", "–", ""} == {"own", "English · 中文"}


def test_cleaning_keeps_what_a_table_needs_and_nothing_that_acts():
    html = (
        '<style>td{x}</style><table border="1" onclick="x()"><caption>C</caption><tr><th scope="col" '
        'colspan="2" style="x">h</th></tr><tr><td rowspan="2">1 &lt; 2</td></tr></table>'
        '<script>bad()</script><img src="http://x/"><a href="javascript:bad()">go</a><form>f</form>'
    )
    assert clean(html).replace("\n", "") == (
        '<table><caption>C</caption><tbody><tr><th colspan="2" scope="col">h</th></tr><tr>'
        '<td rowspan="2">1 &lt; 2</td></tr></tbody></table><a>go</a>f'
    )


SHELL = """import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import channel_analysis as ca
heavy = {"matplotlib", "pandas"} & set(sys.modules)
review = ca.review(ca.open_workspace(sys.argv[1]))
html = {
    name: shell.display_formatter.format(result, include={"text/html"})[0].get("text/html", "")
    for name, result in {"scorecard": review.scorecard, "review": review, "other": object()}.items()
}
import json
json.dump({"html": html, "heavy": sorted(heavy)}, sys.stdout)"""


@pytest.fixture(scope="module")
def shell(demo_workspace) -> dict:
    """Give what IPython shows of results once the package is imported."""
    command = [sys.executable, "-c", SHELL, str(demo_workspace)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sections(html: str) -> list[str]:
    return [found["id"] for found in BeautifulSoup(html, "html.parser").select("section[id], header[id]")]


def test_in_jupyter_a_result_shows_itself(shell):
    assert sections(shell["html"]["scorecard"]) == ["scorecard"]
    assert shell["html"]["other"] == ""


def test_in_jupyter_a_review_shows_what_stands_on_top_and_how_to_reach_its_parts(shell):
    assert sections(shell["html"]["review"]) == ["top", "message", "parts"]
    page = BeautifulSoup(shell["html"]["review"], "html.parser")
    ways = [row.select("td, th")[-1].get_text() for row in page.select("#parts tbody tr")]
    assert {".results", ".scorecard", ".appendix"} <= set(ways)
    assert shell["html"]["review"].count("<style>") == 1


def test_telling_jupyter_how_results_look_loads_nothing_heavy(shell):
    assert shell["heavy"] == []

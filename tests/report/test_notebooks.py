"""Report notebooks: short, without logic, with parameters that are checked before anything runs."""

import ast
import json
import shutil
import tomllib
from pathlib import Path

import nbformat
import pytest

from channel_analysis.errors import InputError
from channel_analysis.files import CATALOG
from channel_analysis.report import notebooks
from channel_analysis.report.notebooks import (
    default_parameters,
    find_report,
    notebook_folders,
    report_names,
    with_parameters,
)

ROOT = Path(__file__).resolve().parents[2]
REPORTS = sorted((ROOT / "notebooks" / "reports").glob("*.ipynb"))
LINES_OF_A_CELL, LINES_IN_ALL = 12, 90
READS = {"open", "read_csv", "read_parquet", "read_excel", "read_text", "read_bytes", "read_sql", "print"}
PARAMETERS = (
    'workspace = "."\nperiod = "last-quarter"\nlimit = 10\nshare = 0.5\nis_short = False\nnames = ["a"]'
)


def cells(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def problems(call, *arguments) -> list[str]:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return [f"{p.where}: {p.what} | {p.fix}" for p in caught.value.problems]


@pytest.fixture
def notebook(tmp_path, write_notebook):
    return write_notebook(tmp_path, "sheet", "1 + 1", parameters=PARAMETERS)


@pytest.fixture(params=REPORTS, ids=lambda path: path.stem)
def report(request):
    return request.param


def test_there_is_a_review():
    assert "review" in [path.stem for path in REPORTS]


def test_a_report_notebook_has_one_title(report):
    titles = [
        line for text in cells(report, "markdown") for line in text.splitlines() if line.startswith("# ")
    ]
    assert len(titles) == 1


def test_a_report_notebook_has_one_cell_of_parameters(report):
    document = nbformat.read(report, as_version=4)
    tagged = [cell for cell in document.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1


def test_parameters_are_plain_literals_and_nothing_else(report):
    document = nbformat.read(report, as_version=4)
    source = next(c.source for c in document.cells if "parameters" in c.metadata.get("tags", []))
    lines = ast.parse(source).body
    assert {type(line) for line in lines} == {ast.Assign}
    assert set(default_parameters(report)) == {line.targets[0].id for line in lines}


def test_no_cell_of_a_report_notebook_is_long(report):
    assert max(len(text.splitlines()) for text in cells(report, "code")) <= LINES_OF_A_CELL


def test_a_report_notebook_is_short(report):
    every = cells(report, "code") + cells(report, "markdown")
    assert sum(len(text.splitlines()) for text in every) <= LINES_IN_ALL


def test_a_report_notebook_defines_nothing_and_reads_no_file(report):
    found = []
    for node in ast.walk(ast.parse("\n".join(cells(report, "code")))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            found.append(type(node).__name__)
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            found += [name] if name in READS else []
    assert found == []


def test_a_report_notebook_uses_no_magics(report):
    lines = [line.lstrip() for text in cells(report, "code") for line in text.splitlines()]
    assert [line for line in lines if line.startswith(("%", "!"))] == []


def test_a_report_notebook_imports_the_package_alone(report):
    tree = ast.parse("\n".join(cells(report, "code")))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names == {"channel_analysis"}


def test_a_report_notebook_is_kept_without_outputs(report):
    document = nbformat.read(report, as_version=4)
    assert [c.id for c in document.cells if c.cell_type == "code" and (c.outputs or c.execution_count)] == []


def test_the_last_cell_saves_the_tables(report):
    assert "save_tables" in cells(report, "code")[-1]


def test_defaults_are_read_without_running_the_notebook(notebook):
    assert default_parameters(notebook)["limit"] == 10


def test_an_annotated_parameter_is_a_parameter(tmp_path, write_notebook):
    path = write_notebook(tmp_path, "sheet", parameters="top: int = 5\nname: str\nlimit = 10")
    assert default_parameters(path) == {"top": 5, "limit": 10}
    assert with_parameters(path, {"top": "7"}) == {"top": 7, "limit": 10}


def test_values_are_read_in_the_type_of_their_default(notebook):
    given = {"limit": "25", "share": "0.25", "is_short": "yes", "names": "b, c", "period": 2013}
    read = with_parameters(notebook, given)
    assert {name: read[name] for name in given} == {
        "limit": 25, "share": 0.25, "is_short": True, "names": ["b", "c"], "period": "2013",
    }  # fmt: skip


def test_what_is_not_given_keeps_its_default(notebook):
    assert with_parameters(notebook, {})["names"] == ["a"]


def test_digits_stay_text_where_the_default_is_text(notebook):
    assert with_parameters(notebook, {"workspace": "00123"})["workspace"] == "00123"


def test_every_wrong_parameter_is_named_at_once(notebook):
    assert problems(with_parameters, notebook, {"perid": "2013Q3", "limit": "many", "is_short": "maybe"}) == [
        "parameter 'perid': sheet has no such parameter | did you mean 'period'?",
        "parameter 'limit': 'many' is no int | give one like its default, 10",
        "parameter 'is_short': 'maybe' is no bool | give one like its default, False",
    ]


def test_a_notebook_whose_parameters_are_no_literals_is_refused(tmp_path, write_notebook):
    path = write_notebook(tmp_path, "sheet", parameters="period = today()")
    assert "its parameters are not plain literals" in problems(default_parameters, path)[0]


def test_a_notebook_without_parameters_is_refused(tmp_path, notebook):
    document = json.loads(notebook.read_text(encoding="utf-8"))
    document["cells"] = document["cells"][1:]
    notebook.write_text(json.dumps(document), encoding="utf-8")
    assert "no cell is tagged 'parameters'" in problems(default_parameters, notebook)[0]


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "review.ipynb"
    path.write_text("hello", encoding="utf-8")
    assert problems(default_parameters, path) == [f"{path}: this is not a notebook | "]


def test_a_report_that_is_not_there_is_answered_with_the_nearest():
    assert problems(find_report, "revew") == ["report: there is no report 'revew' | did you mean 'review'?"]


def test_a_workspace_s_own_notebook_wins_where_it_may(tmp_path, write_notebook):
    own = write_notebook(tmp_path, "review", "1 + 1")
    assert find_report("review", tmp_path, own=True) == (own, True)
    assert find_report("review", tmp_path) == find_report("review")


def test_a_report_is_a_name_and_no_path(tmp_path, write_notebook):
    write_notebook(tmp_path, "mine", "1 + 1")
    for name in ("../reports/mine", "", ".", "mine.ipynb"):
        with pytest.raises(InputError, match="there is no report"):
            find_report(name, tmp_path, own=True)


def test_a_workspace_has_its_own_reports_beside_those_that_come_along(tmp_path, write_notebook):
    write_notebook(tmp_path, "sheet", "1 + 1")
    assert report_names(tmp_path) == ["sheet"]
    assert "review" in report_names()


def test_the_notebooks_beside_the_package_are_found_where_the_repository_is_installed():
    assert ROOT / "notebooks" in notebook_folders()


def test_the_notebooks_of_a_wheel_win_over_a_folder_that_happens_to_stand_beside_it(tmp_path, monkeypatch):
    for place in ("site/channel_analysis/catalog/notebooks", "site/notebooks"):
        (tmp_path / place / "reports").mkdir(parents=True)
        shutil.copy(REPORTS[0], tmp_path / place / "reports" / "review.ipynb")
    catalog = tmp_path / "site" / "channel_analysis" / "catalog"
    monkeypatch.setattr(notebooks, "CATALOG", catalog)
    assert find_report("review") == (catalog / "notebooks" / "reports" / "review.ipynb", False)


def test_the_repository_holds_one_copy_of_its_notebooks():
    assert not (CATALOG / "notebooks").exists()


def test_a_wheel_is_told_to_carry_the_notebooks_to_where_the_package_looks():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    assert "notebooks/reports" in wheel["only-include"]
    assert wheel["sources"] == {"notebooks": (CATALOG / "notebooks").relative_to(ROOT).as_posix()}

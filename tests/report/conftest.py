"""Reviews of the two companies, small workspaces with notebooks of their own, pages read back."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from channel_analysis.results import Review

SALES = """order_id,line_number,kind,order_date,channel_type,net_amount
a,1,order,2024-07-01,online,80
b,1,order,2024-07-01,distributor,50
c,1,order,2025-06-30,online,100
d,1,order,2025-06-30,distributor,60
e,1,order,2025-09-30,online,120
f,1,order,2025-09-30,distributor,40
"""
APPRAISALS = {
    "partners": "appraise_partners",
    "sales_force": "appraise_sales_force",
    "screening": "screen_candidates",
    "lifecycle": "lifecycle",
    "key_accounts": "key_accounts",
    "leads": "leads",
}
"""The parts of appraisal, and the door of each."""

PARAMETERS = 'workspace = "."\nperiod = "last-quarter"\nlanguages = ["en", "zh"]\ntables = ""'
REVIEW = "import channel_analysis as ca\nreview = ca.review(ca.open_workspace(workspace), period)"


@pytest.fixture(scope="session")
def demo_review(demo_workspace: Path) -> "Review":
    """Give the example company's review as results."""
    return _review(demo_workspace)


@pytest.fixture(scope="session")
def adventureworks_review(adventureworks_workspace: Path) -> "Review":
    """Give AdventureWorks' review as results."""
    return _review(adventureworks_workspace)


@pytest.fixture(scope="session")
def appraisals(demo_workspace: Path) -> Callable[..., object]:
    """Give the example company's appraisals by part and quarter, each made once."""
    import channel_analysis as ca

    ws = ca.open_workspace(demo_workspace)

    @cache
    def made(part: str, period: str = "2025Q3") -> object:
        return getattr(ca, APPRAISALS[part])(ws, period)

    return made


@pytest.fixture(params=["demo", "adventureworks"])
def review(request: pytest.FixtureRequest) -> "Review":
    """Give each company's review in turn."""
    return request.getfixturevalue(f"{request.param}_review")


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a workspace of six orders, or of the tables given as CSV; settings and policy as TOML."""

    def write(sales: str = SALES, settings: str = "", policy: str = "", **tables: str) -> Path:
        folder = tmp_path_factory.mktemp("small")
        (folder / "data" / "raw").mkdir(parents=True)
        company = '[company]\nname = "Small"\nlanguage = "en"\n'
        (folder / "workspace.toml").write_text(company + settings, encoding="utf-8")
        (folder / "policy.toml").write_text(policy, encoding="utf-8")
        for name, text in {"sales": sales, **tables}.items():
            (folder / "data" / "raw" / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def write_notebook() -> Callable[..., Path]:
    """Write a report notebook into a workspace: its parameters, then the cells given."""

    def write(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
        first = new_code_cell(parameters, metadata={"tags": ["parameters"]})
        document = new_notebook(cells=[first, *map(new_code_cell, cells)])
        document.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path = folder / "notebooks" / "reports" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(document, path)
        return path

    return write


def _review(folder: Path) -> "Review":
    import channel_analysis as ca

    return ca.review(ca.open_workspace(folder))

"""The benchmark compares what is equal: its ways give the same figures for a small company."""

import pandas as pd
import pytest

from benchmarks.speed import check
from benchmarks.ways import figures_of
from benchmarks.world import Sales, write_company

LINES = 30_000


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return write_company(tmp_path_factory.mktemp("benchmark") / "company", LINES)


@pytest.fixture(scope="module")
def ours(company):
    return figures_of("ours", company)


@pytest.mark.parametrize("way", ["sql", "pandas", "tuned pandas"])
def test_every_sound_figure_is_the_peers_as_well(company, ours, way):
    check(ours, figures_of(way, company))


def test_nearly_every_kpi_of_the_catalogue_is_sound_for_somebody(ours):
    unsound = set(ours["kpi"]) - set(ours.loc[ours["status"] == "ok", "kpi"])
    assert unsound == {"sku_movement"}  # products belong to no partner and no region


def test_a_figure_that_differs_is_told(ours):
    other = ours.assign(numerator=ours["numerator"].where(ours["kpi"] != "nps", 0.5))
    with pytest.raises(ValueError, match="nps"):
        check(ours, other.drop(columns="status"))


def test_a_company_has_the_lines_asked_for_and_is_made_the_same_again():
    made = [pd.concat([table.to_pandas() for table in Sales(9_999, 3).of_month(m)]) for m in range(36)]
    again = [table.to_pandas() for table in Sales(9_999, 3).of_month(7)]
    assert sum(len(month) for month in made) == 9_999
    pd.testing.assert_frame_equal(made[7], pd.concat(again))

"""Every KPI of whole companies, at every level, is the same on Spark as on DuckDB, to the last bit."""

from dataclasses import replace

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.analysis.review import review
from channel_analysis.errors import InputError
from channel_analysis.metrics.facts import LEVELS
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.periods import parse_period
from channel_analysis.metrics.values import kpi_values
from channel_analysis.store.workspace import Workspace, open_workspace

PERIODS = {"adventureworks": ["2013Q3"], "demo": ["2025-08", "2025H1"]}
"""A month and a half year, so that monthly tables, windows of targets and look-backs all take part."""


@pytest.fixture(scope="module", params=["adventureworks", "demo"])
def pair(request, spark) -> tuple[str, Workspace, Workspace]:
    """A company's workspace on DuckDB, and the same data on Spark."""
    root = request.getfixturevalue(f"{request.param}_workspace")
    duck = open_workspace(root)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    return request.param, duck, replace(open_workspace(root), settings=settings)


def test_kpi_values_are_the_same_on_both_engines(pair):
    name, duck, spark = pair
    assert (duck.facts().engine.name, spark.facts().engine.name) == ("duckdb", "spark")
    periods = [parse_period(code, 7) for code in PERIODS[name]]
    frames = [
        kpi_values(ws.facts(), load_kpis(ws), ws.policy, periods, tuple(LEVELS)) for ws in (duck, spark)
    ]
    assert (frames[0]["status"] == "ok").sum() > 500
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_every_table_of_the_review_is_the_same_on_both_engines(pair):
    _, duck, spark = pair
    one, other = (review(ws).tables() for ws in (duck, spark))
    assert list(one) == list(other)
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], check_exact=True)


def test_what_an_analyst_asks_gets_the_same_answers_on_both_engines(pair):
    _, duck, spark = pair
    assert ca.periods(duck) == ca.periods(spark)
    one, other = (
        ca.measure(ws, by=["partner", "rep"], kpis="net_sales", language="en") for ws in (duck, spark)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert (one["name"] != one["entity"]).any()


def test_a_kpi_that_only_duckdb_understands_is_refused_on_spark(demo_workspace, spark, tmp_path):
    ws = open_workspace(demo_workspace)
    own = (
        (demo_workspace / "kpis.toml").read_text(encoding="utf-8")
        if (demo_workspace / "kpis.toml").is_file()
        else ""
    )
    text = """
    [typical_line]
    label = { en = "Typical line" }
    dimension = "result"
    kind = "additive"
    unit = "money"
    better = "none"
    numerator = { table = "sales", expr = "mad(net_amount)" }
    """
    (tmp_path / "kpis.toml").write_text(own + text, encoding="utf-8")
    moved = replace(ws, root=tmp_path)
    assert "typical_line" in load_kpis(moved)
    settings = ws.settings.model_copy(update={"engine": "spark", "spark": spark})
    with pytest.raises(InputError) as caught:
        load_kpis(replace(moved, settings=settings))
    (problem,) = caught.value.problems
    assert problem.where == "kpis.toml [typical_line]"
    assert problem.what.startswith("not understood by spark: ")
    assert "MAD" in problem.what.upper()

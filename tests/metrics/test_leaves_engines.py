"""Leaf tables, drivers, pairs and the rows behind them are the same on Spark as on DuckDB."""

from dataclasses import replace

import pandas as pd
import pytest

from channel_analysis.metrics.bridge import pair_table
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.leaves import additive_dimensions, driver_table, leaf_table, rows_behind
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.workspace import Workspace, open_workspace

PERIODS = [parse_period("2025Q2"), parse_period("2025Q1"), parse_period("2025-04")]


@pytest.fixture(scope="module")
def both(demo_workspace, spark) -> tuple[Workspace, Workspace]:
    """The example company on either engine."""
    duck = open_workspace(demo_workspace)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    return duck, replace(open_workspace(demo_workspace), settings=settings)


@pytest.mark.parametrize(
    "name", ["net_sales", "orders", "channel_cost_ratio", "like_for_like_yoy", "attainment"]
)
def test_leaves_are_the_same_on_both_engines(both, name):
    kpi = load_kpis(both[0])[name]
    asked = ["channel_type"] if name == "attainment" else ["channel_type", "region"]
    tables = [leaf_table(ws.facts(), kpi, ws.policy, PERIODS, asked) for ws in both]
    assert len(tables[0]) > 3
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_drivers_and_what_adds_up_are_the_same_on_both_engines(both):
    kpis = load_kpis(both[0])
    drivers = [driver_table(ws.facts(), kpis["net_sales"], ws.policy, PERIODS[:2]) for ws in both]
    assert len(drivers[0]) > 3
    pd.testing.assert_frame_equal(*drivers, check_exact=True)
    asked = ["region", "category"]
    found = [additive_dimensions(ws.facts(), kpis["orders"], ws.policy, PERIODS[:1], asked) for ws in both]
    assert found[0] == found[1]


def test_pairs_and_the_rows_behind_a_segment_are_the_same_on_both_engines(both):
    kpi = load_kpis(both[0])["net_sales"]
    pairs = [pair_table(ws.facts(), ws.policy, *PERIODS[:2]) for ws in both]
    assert len(pairs[0]) > 100
    pd.testing.assert_frame_equal(*pairs, check_exact=True)
    where = {"channel_type": pairs[0]["channel_type"][0]}
    rows = [rows_behind(ws.facts(), kpi, ws.policy, PERIODS[0], where, 20) for ws in both]
    assert rows[0]["order_id"].tolist() == rows[1]["order_id"].tolist()
    assert rows[0]["net_amount"].astype(float).tolist() == rows[1]["net_amount"].astype(float).tolist()

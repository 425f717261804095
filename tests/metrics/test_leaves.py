"""Leaf tables: every KPI's parts add up to the whole, windows may overlap, squares are those of orders."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.errors import InputError
from channel_analysis.metrics.expressions import parse_tree
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.leaves import (
    additive_dimensions,
    dimensions_of,
    driver_table,
    leaf_table,
    rows_behind,
)
from channel_analysis.metrics.periods import parse_period
from channel_analysis.metrics.values import kpi_values
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, order, returned

PERIODS = [parse_period("2025Q2"), parse_period("2025Q1"), parse_period("2025-04")]
NEVER = {"growth_previous", "growth_yoy", "concentration_hhi", "top_1_share", "top_5_share", "top_10_share"}


@pytest.fixture(scope="module")
def demo(demo_workspace):
    return open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def kpis(demo):
    return load_kpis(demo)


@pytest.fixture(scope="module")
def values(demo, kpis) -> pd.DataFrame:
    found = kpi_values(demo.facts(), kpis, demo.policy, PERIODS, levels=("company",))
    return found.set_index(["kpi", "period"])


def names_of(demo, kpis, name: str) -> list[str]:
    """A few dimensions of a KPI that make many leaves."""
    return [
        d
        for d in ("channel_type", "region", "partner", "category")
        if d in dimensions_of(kpis[name], demo.policy)
    ]


def test_parts_of_every_kpi_add_up_to_what_the_company_reports(demo, kpis, values):
    for name, kpi in kpis.items():
        if name in NEVER or values.loc[(name, "2025Q2"), "status"] != "ok":
            continue
        wanted = names_of(demo, kpis, name)
        if kpi.tables[0] == "targets":
            wanted = ["channel_type"]
        dimensions = additive_dimensions(demo.facts(), kpi, demo.policy, PERIODS, wanted)
        leaves = leaf_table(demo.facts(), kpi, demo.policy, PERIODS, dimensions)
        sums = leaves.groupby("window")[["numerator", "denominator"]].sum(min_count=1)
        for place, period in enumerate(PERIODS):
            whole = values.loc[(name, period.code)]
            if whole["status"] != "ok":
                continue
            assert sums.loc[place, "numerator"] == pytest.approx(whole["numerator"], rel=1e-12), name
            if kpi.denominator:
                assert sums.loc[place, "denominator"] == pytest.approx(whole["denominator"], rel=1e-12), name


@pytest.mark.parametrize("name", sorted(NEVER))
def test_what_is_no_sum_over_parts_is_refused_with_what_to_ask_instead(demo, kpis, name):
    with pytest.raises(InputError) as caught:
        leaf_table(demo.facts(), kpis[name], demo.policy, PERIODS, ["region"])
    assert "explain 'net_sales'" in str(caught.value)


def test_a_dimension_that_one_table_lacks_is_offered_for_none(demo, kpis):
    assert "product" not in dimensions_of(kpis["channel_cost_ratio"], demo.policy)
    assert {"partner", "product", "brand", "promotion"} <= set(dimensions_of(kpis["net_sales"], demo.policy))
    with pytest.raises(InputError, match="did you mean 'region'"):
        leaf_table(demo.facts(), kpis["channel_cost_ratio"], demo.policy, PERIODS, ["regoin"])


def test_an_order_of_two_categories_counts_in_both_and_that_is_said(tmp_path):
    lines = [
        order("2025-01-05", 10.0, order_id="A", line_number=n, product_id=f"p{n}", region="East")
        for n in (1, 2)
    ]
    products = [{"product_id": f"p{n}", "category": c, "product_name": c} for n, c in ((1, "x"), (2, "y"))]
    ws = company(tmp_path, sales=lines, products=products)
    kpi, month = load_kpis(ws)["orders"], [parse_period("2025-01")]
    asked = ["category", "region", "channel_type"]
    assert additive_dimensions(ws.facts(), kpi, ws.policy, month, asked) == ["region", "channel_type"]
    table = leaf_table(ws.facts(), kpi, ws.policy, month, ["category"])
    assert table[["category", "numerator"]].values.tolist() == [["x", 1.0], ["y", 1.0]]


def test_rows_that_name_nothing_are_a_leaf_and_squares_are_of_whole_orders(tmp_path):
    lines = [
        order("2025-01-05", 3.0, order_id="A", line_number=1, region="East"),
        order("2025-01-05", 4.0, order_id="A", line_number=2, region="East"),
        order("2025-01-09", 5.0, order_id="B"),
        returned("2025-01-10", 2.0, order_id="C"),
    ]
    ws = company(tmp_path, sales=lines)
    kpi = load_kpis(ws)["net_sales"]
    table = leaf_table(ws.facts(), kpi, ws.policy, [parse_period("2025-01")], ["region"])
    assert table["region"].tolist() == ["(unassigned)", "East"]
    assert table["numerator"].tolist() == [3.0, 7.0]
    assert table["squares"].tolist() == [29.0, 49.0]
    assert table["rows"].tolist() == [2, 2]
    assert table["denominator"].isna().all()


def test_windows_may_overlap_and_one_without_rows_has_no_leaf(demo, kpis):
    windows = [parse_period(code) for code in ("2025Q1", "2025-02", "2025-03", "1999Q1")]
    table = leaf_table(demo.facts(), kpis["net_sales"], demo.policy, windows, ["region"])
    assert sorted(table["window"].unique()) == [0, 1, 2]
    alone = leaf_table(demo.facts(), kpis["net_sales"], demo.policy, windows[2:3], ["region"])
    np.testing.assert_array_equal(table.loc[table["window"] == 2, "numerator"], alone["numerator"])


def test_the_rows_behind_a_segment_add_up_to_its_figure(demo, kpis):
    kpi, period = kpis["net_sales"], PERIODS[0]
    table = leaf_table(demo.facts(), kpi, demo.policy, [period], ["region", "category"])
    leaf = table.loc[table["numerator"].idxmax()]
    where = {name: leaf[name] for name in ("region", "category")}
    rows = rows_behind(demo.facts(), kpi, demo.policy, period, where, limit=100_000)
    assert float(rows["net_amount"].sum()) == pytest.approx(leaf["numerator"], rel=1e-12)
    assert len(rows) == leaf["rows"] and set(rows["category"]) == {leaf["category"]}
    assert len(rows_behind(demo.facts(), kpi, demo.policy, period, where, limit=3)) == 3


def test_a_name_with_quotes_in_it_is_a_value_like_any_other(tmp_path):
    name = 'O\'Neil "=cmd()" <b>../🚀'
    ws = company(tmp_path, sales=[order("2025-01-05", 3.0, region=name), order("2025-01-06", 4.0)])
    kpi, month = load_kpis(ws)["net_sales"], parse_period("2025-01")
    assert name in set(leaf_table(ws.facts(), kpi, ws.policy, [month], ["region"])["region"])
    assert len(rows_behind(ws.facts(), kpi, ws.policy, month, {"region": name}, 10)) == 1


def test_the_factor_tree_gives_the_kpi_itself_leaf_by_leaf(demo, kpis):
    for name, kpi in kpis.items():
        for place, made in kpi.trees.items():
            counts = driver_table(demo.facts(), kpi, demo.policy, PERIODS[:2], tree=place)
            dimensions = [column for column in counts if column not in ("window", *made.counts)]
            leaves = leaf_table(demo.facts(), kpi, demo.policy, PERIODS[:2], dimensions)
            both = leaves.merge(counts, on=["window", *dimensions], how="left")
            figures = {one: both[one].to_numpy() for one in made.counts}
            figures |= {one: parse_tree(text).value(figures) for one, text in made.factors.items()}
            value = parse_tree(made.expr).value(figures)
            sound = np.isfinite(value)
            assert sound.mean() > 0.5, (name, place)
            np.testing.assert_allclose(value[sound], both["numerator"][sound], rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('expr = "ordrs * net"', "did you mean 'orders'"),
        ('expr = "orders ** net"', "is not allowed here"),
        ('expr = "orders * net"\ngrain = ["regoin"]', "did you mean 'region'"),
        ('expr = "orders * value"\nfactors = { value = "nett / orders" }', "did you mean 'net'"),
    ],
)
def test_a_tree_with_unknown_names_is_refused_with_an_offer(tmp_path, text, said):
    counts = '[net_sales.tree.counts]\norders = { table = "sales", expr = "count(DISTINCT order_id)" }\n'
    counts += 'net = { table = "sales", expr = "sum(net_amount)" }\n'
    ws = company(tmp_path, kpis=f"[net_sales.tree]\n{text}\n{counts}", sales=[order("2025-01-05", 3.0)])
    with pytest.raises(InputError) as caught:
        load_kpis(ws)
    assert said in str(caught.value) and "kpis.toml [net_sales.tree" in str(caught.value)


def test_a_tree_may_count_no_column_that_the_table_lacks(tmp_path):
    counts = '[net_sales.tree.counts]\norders = { table = "sales", expr = "count(DISTINCT ordr_id)" }\n'
    ws = company(tmp_path, kpis=counts, sales=[order("2025-01-05", 3.0)])
    with pytest.raises(InputError, match="'sales' has no column 'ordr_id'"):
        load_kpis(ws)

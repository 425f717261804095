"""A workspace narrowed to one region, channel or owner has the figures that this part has in the company."""

import math

import pytest

import channel_analysis as ca
from channel_analysis.analysis.measure import values_of
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.narrowing import narrowed
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.workspace import open_workspace

PERIOD = parse_period("2025Q3")


@pytest.fixture(scope="module")
def ws(demo_workspace):
    return open_workspace(demo_workspace)


@pytest.mark.parametrize("level", ["region", "channel_type", "channel_family"])
def test_every_kpi_of_a_part_is_what_the_company_table_says_of_it(ws, level):
    kpis = load_kpis(ws)
    by_part = values_of(ws, kpis, [PERIOD], (level,))
    entity = by_part.loc[by_part["kpi"].eq("net_sales"), ["entity", "value"]].max()["entity"]
    own = values_of(narrowed(ws, {level: entity}), kpis, [PERIOD], ("company",)).set_index("kpi")
    told = by_part[(by_part["entity"] == entity) & (by_part["status"] == "ok")].set_index("kpi")
    assert len(told) > 25
    for kpi, row in told.iterrows():
        if own.loc[kpi, "status"] in ("no_data", "no_rows"):  # the part has no such rows at all
            assert row["value"] == 0, kpi
            continue
        assert own.loc[kpi, "status"] == "ok", kpi
        assert math.isclose(own.loc[kpi, "value"], row["value"], rel_tol=1e-12, abs_tol=1e-12), kpi


@pytest.mark.parametrize("dimension", ["region", "channel_type", "channel_family"])
def test_the_parts_of_a_dimension_add_up_to_the_company(ws, dimension):
    parts = ws.facts().engine.query("SELECT DISTINCT region, channel_type FROM sales").to_pylist()
    rules = ws.policy.channel_types
    values = {
        "region": {row["region"] for row in parts},
        "channel_type": {row["channel_type"] for row in parts},
        "channel_family": {rules[row["channel_type"]].family for row in parts},
    }[dimension]
    assert None not in values
    total = "SELECT SUM(net_amount) AS amount, COUNT(*) AS n FROM sales"
    own = [narrowed(ws, {dimension: value}).facts().engine.query(total).to_pylist()[0] for value in values]
    company = ws.facts().engine.query(total).to_pylist()[0]
    assert sum(row["amount"] for row in own) == company["amount"]
    assert sum(row["n"] for row in own) == company["n"]


def test_an_owner_has_the_partners_looked_after_and_the_orders_credited_without_one(ws):
    engine = ws.facts().engine
    sales = engine.query("SELECT partner_id, rep_id, net_amount FROM sales").to_pandas()
    owners = engine.query("SELECT partner_id, owner_id FROM partners").to_pandas().set_index("partner_id")
    owner = sales["partner_id"].map(owners["owner_id"]).fillna(sales["rep_id"])
    for name in sorted(set(owner.dropna()))[:4]:
        own = narrowed(ws, {"owner": name}).facts().engine
        amount = own.query("SELECT SUM(net_amount) AS amount FROM sales")["amount"][0].as_py()
        assert amount == sales.loc[owner == name, "net_amount"].sum()


def test_two_names_narrow_to_what_both_hold(ws):
    both = narrowed(ws, {"region": "Guangdong", "channel_type": "distributor"})
    expected = ws.facts().engine.query(
        "SELECT SUM(net_amount) AS amount FROM sales "
        "WHERE region = 'Guangdong' AND channel_type = 'distributor'"
    )["amount"][0]
    assert both.facts().engine.query("SELECT SUM(net_amount) AS amount FROM sales")["amount"][0] == expected


def test_without_names_the_workspace_stays_the_same(ws):
    assert narrowed(ws, {}) is ws
    assert narrowed(narrowed(ws, {"region": "Fujian"}), {"region": "Henan"}).whole is ws


def test_the_target_of_the_part_becomes_the_companys(ws):
    targets = ws.facts().engine.query("SELECT level, COUNT(*) AS n FROM targets GROUP BY level").to_pylist()
    levels = {row["level"] for row in targets}
    assert levels, "the example company has targets"
    kind = next(one for one in ("channel_type", "region", "rep") if one in levels)
    column = {"rep": "rep_id"}.get(kind, kind)
    value = (
        ws.facts()
        .engine.query(f"SELECT MIN({column}) AS v FROM targets WHERE level = '{kind}'")["v"][0]
        .as_py()
    )
    dimension = {"rep": "owner"}.get(kind, kind)
    own = narrowed(ws, {dimension: value}).facts().engine
    found = own.query("SELECT SUM(target_amount) AS amount FROM targets WHERE level = 'company'")["amount"][0]
    asked = (
        f"SELECT SUM(target_amount) AS amount FROM targets WHERE level = '{kind}' AND {column} = '{value}'"
    )
    assert found == ws.facts().engine.query(asked)["amount"][0]


def test_a_name_is_data_and_not_sql(ws):
    own = narrowed(ws, {"region": "x' OR '1'='1"})
    assert own.facts().engine.query("SELECT COUNT(*) AS n FROM sales")["n"][0].as_py() == 0


def test_measured_by_hand_and_by_the_public_call(ws):
    frame = ca.measure(narrowed(ws, {"region": "Fujian"}), "2025Q3", by="company", kpis="net_sales")
    whole = ca.measure(ws, "2025Q3", by="region", kpis="net_sales").set_index("entity")
    assert frame["value"].iloc[0] == whole.loc["Fujian", "value"]

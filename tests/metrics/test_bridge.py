"""Pairs and bridges from real and small books: to the cent what the KPI says, rates and gaps included."""

import pytest

from channel_analysis.methods.rootcause.bridge import BARS, sales_bridge
from channel_analysis.metrics.bridge import pair_table
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.scaffold import make_workspace
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import company, order, partner, returned, values


def bridge_of(ws: Workspace, now: str, before: str):
    periods = parse_period(now), parse_period(before)
    return sales_bridge(pair_table(ws.facts(), ws.policy, *periods))


def amounts(ws: Workspace, now: str, before: str) -> dict[str, float]:
    """The bars, by their code."""
    return bridge_of(ws, now, before).bars.set_index("bar")["amount"].to_dict()


def check_it_closes(ws: Workspace, now: str, before: str) -> dict[str, float]:
    """To the cent the net sales of both periods, and their difference."""
    found = amounts(ws, now, before)
    net = values(ws, now, before, levels=("company",), kpis=["net_sales"]).loc["net_sales"]
    sales = {period: float(net.xs(period, level="period")["value"].iloc[0]) for period in (now, before)}
    assert round(found["before"], 2) == round(sales[before], 2)
    assert round(found["now"], 2) == round(sales[now], 2)
    assert abs(sum(found[bar] for bar in BARS) - (sales[now] - sales[before])) < 1e-6
    return found


@pytest.mark.parametrize("before", ["2013Q2", "2012Q3"])
def test_the_bridge_of_adventureworks_closes_to_the_cent(adventureworks_workspace, before):
    ws = open_workspace(adventureworks_workspace)
    found = check_it_closes(ws, "2013Q3", before)
    assert found["returns"] == 0.0 and found["unsplit"] == 0.0 and found["exchange_rate"] == 0.0
    if before == "2013Q2":  # list prices did not change within the year
        assert abs(found["price"]) < 0.001 * found["before"]


@pytest.fixture(scope="module")
def retail(tmp_path_factory, shared_data) -> Workspace:
    folder = tmp_path_factory.mktemp("retail") / "workspace"
    make_workspace(folder, mapping="online_retail", source=str(shared_data("online_retail_uk")))
    return open_workspace(folder)


@pytest.mark.parametrize("now", ["2011-03", "2011-11"])
def test_the_bridge_of_online_retail_closes_month_on_month(retail, now):
    found = check_it_closes(retail, now, parse_period(now).previous.code)
    assert found["returns"] != 0.0 and found["discount"] == 0.0
    assert abs(found["price"]) < 0.05 * found["before"]


def test_a_company_that_changes_its_currency_rate_only_shows_that(tmp_path):
    line = {"partner_id": "P", "product_id": "g", "quantity": 10}
    sales = [
        order("2025-01-05", 720.0, gross_amount=800.0, discount_amount=80.0, exchange_rate=8.0, **line),
        order("2025-02-05", 765.0, gross_amount=850.0, discount_amount=85.0, exchange_rate=8.5, **line),
    ]
    ws = company(
        tmp_path, sales=sales, partners=[partner("P")], products=[{"product_id": "g", "product_name": "G"}]
    )
    found = check_it_closes(ws, "2025-02", "2025-01")
    assert {bar: found[bar] for bar in BARS if found[bar]} == pytest.approx({"exchange_rate": 45.0})


def test_lines_without_quantities_are_left_unsplit_and_counted(tmp_path):
    sales = [order("2025-01-05", 100.0, partner_id="P"), order("2025-02-05", 130.0, partner_id="P")]
    ws = company(tmp_path, sales=sales, partners=[partner("P")])
    found = bridge_of(ws, "2025-02", "2025-01")
    table = found.bars.set_index("bar")
    assert table.loc["unsplit", ["amount", "count"]].tolist() == [30.0, 2.0]
    assert [(one.code, one.numbers["rows"]) for one in found.caveats] == [("bridge_unmeasured", 2)]


def test_without_list_prices_net_stands_for_them_and_that_is_said(tmp_path):
    line = {"partner_id": "P", "product_id": "g", "quantity": 10}
    sales = [order("2025-01-05", 100.0, **line), order("2025-02-05", 110.0, **line)]
    ws = company(
        tmp_path, sales=sales, partners=[partner("P")], products=[{"product_id": "g", "product_name": "G"}]
    )
    found = bridge_of(ws, "2025-02", "2025-01")
    assert found.bars.set_index("bar").loc["price", "amount"] == pytest.approx(10.0)
    assert [one.code for one in found.caveats] == ["bridge_unlisted"]


def test_points_are_partners_customers_or_a_channel_without_names(tmp_path):
    direct = {"channel_type": "online", "region": "East"}
    sales = [
        order("2025-02-05", 5.0, partner_id="P"),
        order("2025-02-06", 6.0, customer_id="C", **direct),
        order("2025-01-07", 7.0, **direct),
        returned("2025-02-08", 2.0, **direct),
    ]
    ws = company(tmp_path, sales=sales, partners=[partner("P")], customers=[{"customer_id": "C"}])
    table = pair_table(ws.facts(), ws.policy, parse_period("2025-02"), parse_period("2025-01"))
    assert table["kind"].tolist() == ["customer", "partner", "unnamed"]
    assert table["point"].tolist() == ["C", "P", "online / East"]
    found = check_it_closes(ws, "2025-02", "2025-01")
    assert {bar: found[bar] for bar in BARS if found[bar]} == {
        "new_partners": 5.0,
        "new_customers": 6.0,
        "lost_customers": -7.0,
        "returns": -2.0,
    }


def test_a_period_without_sales_is_a_bridge_of_lost_and_new(tmp_path):
    ws = company(tmp_path, sales=[order("2025-01-05", 100.0, partner_id="P")], partners=[partner("P")])
    assert amounts(ws, "2025-02", "2025-01")["lost_partners"] == -100.0
    assert amounts(ws, "2024-02", "2024-01")["now"] == 0.0

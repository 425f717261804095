"""Small companies with one difficulty each: what has no figure, and what a figure must not hide."""

import pytest

from channel_analysis.analysis.measure import measure
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, figure, order, partner, returned, target, values


def test_growth_on_a_quarter_with_as_much_returned_as_sold_has_no_base(tmp_path):
    sales = [order("2024-01-01", 50), order("2024-04-05", 80), returned("2024-04-09", 80)]
    ws = company(tmp_path, sales=[*sales, order("2025-04-01", 100)])
    found = figure(ws, "growth_yoy", "2025Q2")
    assert (found.status, found.denominator) == ("no_base", 0)


def test_growth_on_negative_net_sales_has_no_base_instead_of_a_sign_turned_round(tmp_path):
    sales = [order("2024-01-01", 50), order("2024-04-05", 20), returned("2024-04-09", 80)]
    ws = company(tmp_path, sales=[*sales, order("2025-04-01", 100)])
    found = figure(ws, "growth_yoy", "2025Q2")
    assert (found.status, found.denominator) == ("no_base", -60)


def test_a_new_partner_has_no_growth_while_the_company_has(tmp_path):
    sales = [
        order("2024-01-03", 100, partner_id="A"),
        order("2025-01-05", 110, partner_id="A"),
        order("2025-02-05", 40, partner_id="B"),
    ]
    ws = company(tmp_path, sales=sales, partners=[partner("A"), partner("B")])
    assert figure(ws, "growth_yoy", "2025Q1", "partner", "B").status == "no_base"
    assert figure(ws, "growth_yoy", "2025Q1", "partner", "A").value == pytest.approx(0.1)
    assert figure(ws, "growth_yoy", "2025Q1").value == pytest.approx(0.5)


def test_a_partner_that_stopped_buying_shrank_by_all_of_its_sales(tmp_path):
    sales = [
        order("2024-01-03", 100, partner_id="A"),
        order("2024-01-06", 50, partner_id="B"),
        order("2025-01-05", 110, partner_id="A"),
    ]
    ws = company(tmp_path, sales=sales, partners=[partner("A"), partner("B")])
    assert figure(ws, "growth_yoy", "2025Q1", "partner", "B").value == -1


def test_like_for_like_growth_leaves_new_and_lost_partners_out(tmp_path):
    sales = [
        order("2024-01-03", 100, partner_id="A"),
        order("2024-02-05", 70, partner_id="lost"),
        order("2025-01-05", 110, partner_id="A"),
        order("2025-02-05", 40, partner_id="new"),
        order("2024-03-05", 200, channel_type="online", region="East"),
        order("2025-03-05", 230, channel_type="online", region="East"),
        order("2025-03-06", 900, channel_type="online", region="West"),
    ]
    found = figure(company(tmp_path, sales=sales), "like_for_like_yoy", "2025Q1")
    assert (found.numerator, found.denominator) == (40, 300)


def test_growth_needs_data_that_reach_back_to_the_first_day_of_its_base(tmp_path):
    ws = company(tmp_path, sales=[order("2024-01-20", 100), order("2025-01-10", 110)])
    for kpi in ("growth_yoy", "like_for_like_yoy"):
        assert figure(ws, kpi, "2025Q1").status == "no_history", kpi


def test_data_that_begin_on_the_first_working_day_reach_back_far_enough(tmp_path):
    ws = company(tmp_path, sales=[order("2024-01-04", 100), order("2025-01-10", 110)])
    assert figure(ws, "growth_yoy", "2025Q1").value == pytest.approx(0.1)


def test_growth_on_the_previous_period_compares_with_the_one_just_before(tmp_path):
    sales = [order("2024-10-01", 80), order("2025-01-31", 100), order("2025-02-01", 150)]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "growth_previous", "2025-02").value == pytest.approx(0.5)
    assert figure(ws, "growth_previous", "2025Q1").value == pytest.approx(250 / 80 - 1)


def test_a_kpi_whose_table_was_not_supplied_says_so_for_everybody(tmp_path):
    frame = values(company(tmp_path, sales=[order("2025-01-05", 100, region="East")]), "2025Q1")
    absent = frame[frame["status"] == "no_table"].index.get_level_values("kpi")
    wanting = {"attainment", "market_share", "csat", "nps", "complaint_rate", "channel_cost_ratio"}
    wanting |= {"dso", "overdue_ratio", "sell_through", "sku_movement", "active_partner_rate"}
    assert wanting <= set(absent)
    assert not {"net_sales", "orders", "average_order_value"} & set(absent)


def test_a_market_without_channel_types_gives_the_company_a_share_and_no_channel_one(tmp_path):
    market = [{"month": "2025-01-01", "market_amount": 1000}]
    ws = company(tmp_path, sales=[order("2025-01-05", 100)], market=market)
    assert figure(ws, "market_share", "2025Q1").value == pytest.approx(0.1)
    assert figure(ws, "market_share", "2025Q1", "channel_type", "distributor").status == "no_level"


def test_an_entity_without_a_market_figure_has_no_share_rather_than_none(tmp_path):
    market = [{"month": "2025-01-01", "market_amount": 1000, "region": "East"}]
    sales = [order("2025-01-05", 100, region="East"), order("2025-01-05", 50, region="West")]
    ws = company(tmp_path, sales=sales, market=market)
    assert figure(ws, "market_share", "2025Q1", "region", "East").value == pytest.approx(0.1)
    assert figure(ws, "market_share", "2025Q1", "region", "West").status == "no_rows"


def test_average_order_value_of_a_quarter_with_returns_only_has_a_zero_denominator(tmp_path):
    ws = company(tmp_path, sales=[order("2024-12-01", 90), returned("2025-01-05", 30)])
    assert figure(ws, "average_order_value", "2025Q1").status == "zero_denominator"


def test_a_cost_ratio_on_negative_net_sales_is_not_computed(tmp_path):
    costs = [{"month": "2025-01-01", "cost_type": "rebate", "amount": 5}]
    sales = [order("2025-01-05", 10), returned("2025-01-06", 30)]
    ws = company(tmp_path, sales=sales, costs=costs)
    assert figure(ws, "channel_cost_ratio", "2025Q1").status == "negative_denominator"


def test_a_return_counts_in_the_quarter_its_goods_were_shipped_in(tmp_path):
    sales = [
        order("2025-03-20", 100, order_id="S1"),
        order("2025-04-20", 200, order_id="S2"),
        returned("2025-04-02", 25, of="S1"),
    ]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "return_rate", "2025Q1").value == pytest.approx(0.25)
    assert figure(ws, "return_rate", "2025Q2").value == 0


def test_a_return_belongs_to_the_day_of_its_orders_first_line(tmp_path):
    first = order("2025-03-31", 100, order_id="S1")
    later = order("2025-04-01", 100, order_id="S1", line_number=2)
    ws = company(tmp_path, sales=[first, later, returned("2025-05-02", 25, of="S1")])
    assert figure(ws, "return_rate", "2025Q1").value == pytest.approx(0.25)
    assert figure(ws, "return_rate", "2025Q2").value == 0


@pytest.mark.parametrize("named", [None, "an order of long ago"])
def test_a_return_without_an_order_on_file_counts_in_its_own_quarter(tmp_path, named):
    sales = [order("2025-03-20", 100), order("2025-04-20", 200), returned("2025-04-02", 25, of=named)]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "return_rate", "2025Q1").value == 0
    assert figure(ws, "return_rate", "2025Q2").value == pytest.approx(0.125)


def test_a_company_that_records_no_returns_has_no_return_rate_rather_than_a_perfect_one(tmp_path):
    assert (
        figure(company(tmp_path, sales=[order("2025-01-05", 9)]), "return_rate", "2025Q1").status == "no_data"
    )


def test_a_kpi_asked_for_alone_that_cannot_be_computed_says_so_for_the_company(tmp_path):
    frame = values(company(tmp_path, sales=[order("2025-01-05", 9)]), "2025Q1", kpis=["return_rate"])
    assert frame["status"].to_dict() == {("return_rate", "2025Q1", "company", ""): "no_data"}


def test_sales_without_a_region_stand_under_unassigned_and_regions_add_up(tmp_path):
    sales = [
        order("2025-01-05", 100, region="East"),
        order("2025-01-06", 40),
        order("2025-01-07", 7, region="West"),
    ]
    frame = values(company(tmp_path, sales=sales), "2025Q1", levels=("company", "region"), kpis=["net_sales"])
    by_region = frame.loc["net_sales", "2025Q1", "region"]["value"]
    assert by_region.to_dict() == {"(unassigned)": 40, "East": 100, "West": 7}
    assert by_region.sum() == frame.loc["net_sales", "2025Q1", "company", ""]["value"]


def test_a_line_without_a_region_belongs_to_its_partners_and_a_region_of_its_own_wins(tmp_path):
    sales = [
        order("2025-01-05", 100, partner_id="A"),
        order("2025-01-06", 10, partner_id="A", region="West"),
        order("2025-01-07", 1),
    ]
    ws = company(tmp_path, sales=sales, partners=[partner("A", "East")])
    by_region = values(ws, "2025Q1", levels=("region",)).loc["net_sales", "2025Q1", "region"]["value"]
    assert by_region.to_dict() == {"(unassigned)": 1, "East": 100, "West": 10}


def test_gross_profit_of_lines_whose_cost_nobody_knows_is_not_nothing(tmp_path):
    sales = [order("2025-01-05", 100, cost_amount=60, region="East"), order("2025-01-06", 900, region="West")]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "gross_profit", "2025Q1", "region", "East").value == 40
    assert figure(ws, "gross_profit", "2025Q1", "region", "West").status == "no_data"


def test_costs_alone_make_no_contribution_where_the_cost_of_goods_is_unknown(tmp_path):
    sales = [order("2025-01-05", 100, cost_amount=60, region="East"), order("2025-01-06", 900, region="West")]
    costs = [
        {"month": "2025-01-01", "cost_type": "rebate", "amount": 5, "region": "West"},
        {"month": "2025-01-01", "cost_type": "rebate", "amount": 3, "region": "East"},
    ]
    ws = company(tmp_path, sales=sales, costs=costs)
    assert figure(ws, "channel_contribution", "2025Q1", "region", "East").value == 37
    assert figure(ws, "channel_contribution", "2025Q1", "region", "West").status == "no_data"


def test_an_order_with_lines_of_two_categories_is_one_order_of_the_company_and_one_of_each(tmp_path):
    products = [{"product_id": "kettle", "category": "Kitchen"}, {"product_id": "fan", "category": "Air"}]
    sales = [
        order("2025-01-05", 30, order_id="S1", product_id="kettle"),
        order("2025-01-05", 50, order_id="S1", product_id="fan") | {"line_number": 2},
    ]
    ws = company(tmp_path, sales=sales, products=products)
    assert figure(ws, "orders", "2025Q1").value == 1
    assert figure(ws, "orders", "2025Q1", "category", "Air").value == 1
    assert figure(ws, "average_order_value", "2025Q1").value == 80


def test_cost_of_goods_not_known_leaves_the_line_out_of_the_margin_on_both_sides(tmp_path):
    sales = [order("2025-01-05", 100, cost_amount=60), order("2025-01-06", 900)]
    found = figure(company(tmp_path, sales=sales), "gross_margin", "2025Q1")
    assert (found.numerator, found.denominator) == (40, 100)


def test_allocated_costs_burden_only_the_contribution_after_allocation(tmp_path):
    costs = [
        {"month": "2025-01-01", "cost_type": "rebate", "amount": 5, "is_allocated": False},
        {"month": "2025-02-01", "cost_type": "logistics", "amount": 8, "is_allocated": True},
        {"month": "2025-03-01", "cost_type": "staff", "amount": 2, "is_allocated": None},
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 100, cost_amount=60)], costs=costs)
    assert figure(ws, "channel_contribution", "2025Q1").value == 33
    assert figure(ws, "contribution_after_allocation", "2025Q1").value == 25
    assert figure(ws, "channel_cost_ratio", "2025Q1").value == pytest.approx(0.15)


def test_overdue_receivables_are_told_for_a_quarter_without_new_invoices(tmp_path):
    invoice = {"invoice_date": "2024-11-01", "due_date": "2024-12-01", "amount": 70, "paid_date": None}
    ws = company(tmp_path, sales=[order("2025-01-05", 100)], receivables=[invoice])
    found = values(ws, "2025Q1").loc["overdue_ratio", "2025Q1", "company", ""]
    assert (found["status"], found["value"]) == ("ok", 1)


def test_days_outstanding_count_what_was_open_on_the_last_day_even_if_paid_since(tmp_path):
    receivables = [
        {"invoice_date": "2024-12-01", "due_date": "2025-01-01", "amount": 30, "paid_date": "2025-03-31"},
        {"invoice_date": "2025-01-10", "due_date": "2025-02-10", "amount": 45, "paid_date": "2025-04-01"},
        {"invoice_date": "2025-02-10", "due_date": "2025-05-10", "amount": 45, "paid_date": None},
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 100)], receivables=receivables)
    assert figure(ws, "dso", "2025Q1").value == 90
    assert figure(ws, "overdue_ratio", "2025Q1").value == pytest.approx(0.5)


def test_sell_through_takes_the_opening_stock_of_the_first_month_only(tmp_path):
    held = {"partner_id": "A", "product_id": "fan"}
    stock = [
        held | {"month": f"2025-0{month}-01", "opening_quantity": opening, "received_quantity": 10}
        for month, opening in ((1, 20), (2, 24), (3, 28))
    ]
    ws = company(
        tmp_path,
        sales=[order("2025-01-05", 100, partner_id="A")],
        partners=[partner("A")],
        stock=stock,
        sell_out=[{"sold_on": "2025-02-01", "partner_id": "A", "quantity": 15}],
    )
    assert figure(ws, "sell_through", "2025Q1").value == pytest.approx(15 / 50)


def test_attainment_of_a_region_without_a_target_is_left_out_rather_than_zero(tmp_path):
    ws = company(
        tmp_path,
        sales=[order("2025-01-05", 100, region="East"), order("2025-01-06", 50, region="West")],
        targets=[target("region", "2025-01-01", 80, "2025-04-01", region="East")],
    )
    assert figure(ws, "attainment", "2025Q1", "region", "East").value == pytest.approx(1.25)
    assert figure(ws, "attainment", "2025Q1", "region", "West").status == "no_rows"


@pytest.mark.parametrize(("amount", "status"), [(0, "zero_denominator"), (-5, "negative_denominator")])
def test_a_target_of_nothing_or_less_is_not_scored(tmp_path, amount, status):
    targets = [target("company", "2025-01-01", amount, "2025-04-01")]
    ws = company(tmp_path, sales=[order("2025-01-05", 100)], targets=targets)
    assert figure(ws, "attainment", "2025Q1").status == status


def test_customers_are_new_when_they_bought_nothing_in_the_twelve_months_before(tmp_path):
    sales = [
        order("2023-12-01", 5, customer_id="back after long"),
        order("2024-06-01", 5, customer_id="known"),
        order("2025-01-05", 100, customer_id="known"),
        order("2025-01-06", 30, customer_id="back after long"),
        order("2025-01-07", 20, customer_id="new"),
        order("2025-01-08", 999),
    ]
    found = figure(company(tmp_path, sales=sales), "new_customer_share", "2025Q1")
    assert (found.numerator, found.denominator) == (50, 150)


def test_an_incomplete_quarter_shows_its_sales_and_compares_them_with_nothing(tmp_path):
    sales = [
        order("2024-01-02", 80),
        order("2024-03-30", 20),
        order("2024-12-31", 60),
        order("2025-01-20", 30),
    ]
    ws = company(tmp_path, sales=sales, targets=[target("company", "2025-01-01", 100, "2025-04-01")])
    found = measure(ws, "2025Q1", by="company", kpis=["net_sales", "growth_yoy", "attainment", "orders"])
    told = found.set_index("kpi")
    assert told.loc["net_sales", "value"] == 30
    assert told.loc[["growth_yoy", "attainment"], "status"].tolist() == ["incomplete", "incomplete"]
    assert told.loc[["growth_yoy", "attainment"], "value"].isna().all()


def test_a_quarter_the_company_declares_complete_is_compared_although_orders_ended_early(tmp_path):
    sales = [order("2024-01-02", 80), order("2024-12-31", 60), order("2025-01-20", 120)]
    ws = company(tmp_path, sales=sales)
    settings = (tmp_path / "workspace.toml").read_text(encoding="utf-8") + "complete_to = 2025-03-31\n"
    (tmp_path / "workspace.toml").write_text(settings, encoding="utf-8")
    found = measure(open_workspace(ws.root), "2025Q1", by="company", kpis="growth_yoy")
    assert found["value"].tolist() == [0.5]


def test_a_quarters_target_is_not_told_of_one_of_its_months(tmp_path):
    sales = [order("2025-02-05", 50), order("2025-03-31", 50), order("2025-04-01", 1)]
    ws = company(tmp_path, sales=sales, targets=[target("company", "2025-01-01", 100, "2025-04-01")])
    assert figure(ws, "attainment", "2025Q1").value == 1
    assert figure(ws, "attainment", "2025-02").status == "no_rows"

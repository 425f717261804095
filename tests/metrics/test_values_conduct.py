"""KPIs of promotions, prices, stock, leads, visits and programmes, and figures by team, in small worlds."""

import math

import pytest

from channel_analysis.store.workspace import Workspace
from tests.metrics.small_worlds import company, figure, order, partner, returned, target, values

REPS = [
    {"staff_id": "r1", "team": "North"},
    {"staff_id": "r2", "team": "North"},
    {"staff_id": "r3", "team": "South"},
    {"staff_id": "r4", "team": None},
]


def test_a_promotion_is_read_from_the_usual_line_with_and_without_it(tmp_path):
    lines = [(200, "P"), (100, "P"), (100, None), (50, None), (90, None)]
    ws = company(
        tmp_path,
        sales=[order("2025-01-05", net, promotion_id=p) for net, p in lines] + [returned("2025-02-01", 70)],
    )
    found = figure(ws, "promotion_response", "2025Q1")
    assert (found.numerator, found.denominator, found.value) == (150, 80, 1.875)


@pytest.mark.parametrize(
    ("promotions", "status"),
    [([None, None], "no_data"), (["P", "P"], "no_rows")],
    ids=["nobody promotes", "everything is promoted"],
)
def test_a_promotion_without_something_to_compare_it_with_has_no_response(tmp_path, promotions, status):
    ws = company(tmp_path, sales=[order("2025-01-05", 10, promotion_id=p) for p in promotions])
    found = figure(ws, "promotion_response", "2025Q1")
    assert (found.status, math.isnan(found.value)) == (status, True)


@pytest.fixture
def stockist(tmp_path) -> Workspace:
    """A reports stock and sell-out, B sell-out alone, C stock alone."""
    months = [f"2025-{month:02d}-01" for month in range(1, 7)]
    stock = [
        {"partner_id": name, "product_id": "x", "month": month, "closing_quantity": 100 + 10 * number}
        for name in ("A", "C")
        for number, month in enumerate(months)
    ]
    sold = [
        {"partner_id": name, "product_id": "x", "sold_on": month, "quantity": 26}
        for name in ("A", "B")
        for month in months
    ]
    sales = [order("2025-01-05", 10, partner_id=name) for name in "ABC"] + [
        order("2025-06-25", 10, partner_id="A")
    ]
    partners = [partner(name) for name in "ABC"]
    return company(tmp_path, sales=sales, partners=partners, stock=stock, sell_out=sold)


def test_weeks_of_supply_are_the_last_stock_over_the_last_three_months_sell_out(stockist):
    half = figure(stockist, "weeks_of_supply", "2025H1", "partner", "A")
    quarter = figure(stockist, "weeks_of_supply", "2025Q2", "partner", "A")
    month = figure(stockist, "weeks_of_supply", "2025-06", "partner", "A")
    assert half.numerator == quarter.numerator == month.numerator == 150
    assert half.value == quarter.value == pytest.approx(150 / (78 / 13))
    assert month.value == pytest.approx(150 / (26 * 7 / 30))


def test_unknown_stock_is_not_empty_stock_and_no_sell_out_is_no_movement(stockist):
    assert figure(stockist, "weeks_of_supply", "2025Q2", "partner", "B").status == "no_rows"
    assert figure(stockist, "weeks_of_supply", "2025Q2", "partner", "C").status == "no_rows"


def test_leads_count_when_they_are_decided_and_open_ones_do_not(tmp_path):
    rows = [
        ("2024-12-01", "2025-01-05", "won"),
        ("2025-01-02", "2025-02-01", "lost"),
        ("2025-01-02", None, "open"),
    ]
    rows += [
        ("2025-01-09", "2025-04-01", "won"),
        ("2025-02-02", "2025-03-31", "lost"),
        ("2025-02-02", None, "won"),
    ]
    leads = [
        {"lead_id": f"l{i}", "created_on": made, "closed_on": closed, "status": status, "rep_id": "r1"}
        for i, (made, closed, status) in enumerate(rows)
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 10, rep_id="r1")], leads=leads)
    found = figure(ws, "win_rate", "2025Q1", "rep", "r1")
    assert (found.numerator, found.denominator) == (1, 3)
    assert 0 < found.low < found.value < found.high < 1


def test_a_visit_done_after_the_period_does_not_complete_it(tmp_path):
    days = [("2025-03-01", "2025-03-01"), ("2025-03-30", "2025-04-02"), ("2025-03-05", None)]
    visits = [
        {"visit_id": f"v{i}", "planned_on": planned, "done_on": done, "rep_id": "r1"}
        for i, (planned, done) in enumerate(days)
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 10, rep_id="r1")], visits=visits)
    found = figure(ws, "visit_completion", "2025Q1", "rep", "r1")
    assert (found.numerator, found.denominator) == (1, 3)


def test_prices_are_held_against_the_guide_price_outside_promotions(tmp_path):
    products = [{"product_id": "x", "guide_price": 10}, {"product_id": "y", "guide_price": None}]
    lines = [(100, 10, None), (99.9, 10, None), (99.89, 10, None), (50, 10, "P"), (1, 10, None)]
    sales = [order("2025-01-05", net, quantity=n, promotion_id=p, product_id="x") for net, n, p in lines]
    sales += [order("2025-01-05", 1, quantity=5, product_id="y"), order("2025-01-05", 1, product_id="x")]
    found = figure(company(tmp_path, sales=sales, products=products), "price_violation_rate", "2025Q1")
    assert (found.numerator, found.denominator) == (2, 4)


def test_the_policys_tolerance_decides_what_is_below_the_guide_price(tmp_path):
    policy = "[irregularities]\nprice_tolerance = 0.2\n"
    sales = [order("2025-01-05", net, quantity=1, product_id="x") for net in (8.0, 7.99)]
    ws = company(tmp_path, policy=policy, sales=sales, products=[{"product_id": "x", "guide_price": 10}])
    assert figure(ws, "price_violation_rate", "2025Q1").numerator == 1


def test_goods_are_diverted_where_the_region_is_known_and_not_the_partners(tmp_path):
    partners = [partner("A", authorised_region="East"), partner("B", authorised_region=None)]
    reports = [("A", 6, "East"), ("A", 3, "West"), ("A", 90, None), ("B", 50, "West")]
    sold = [
        {
            "partner_id": who,
            "sold_on": "2025-02-01",
            "quantity": n,
            "destination_region": where,
            "product_id": i,
        }
        for i, (who, n, where) in enumerate(reports)
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 10)], partners=partners, sell_out=sold)
    found = figure(ws, "diversion_rate", "2025Q1")
    assert (found.numerator, found.denominator) == (3, 9)
    assert figure(ws, "diversion_rate", "2025Q1", "partner", "B").status == "no_rows"


def test_the_last_days_of_a_period_are_the_policys_share_of_its_days(tmp_path):
    sales = [
        order("2025-03-22", 40),
        order("2025-03-23", 60),
        order("2025-03-31", 100),
        returned("2025-03-31", 30),
    ]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "quarter_end_load", "2025Q1").value == 0.8
    assert figure(ws, "quarter_end_load", "2025-03").value == 0.5


def test_rebates_are_held_against_net_sales_and_none_booked_is_none(tmp_path):
    costs = [
        {"month": "2025-01-01", "cost_type": kind, "amount": amount, "partner_id": "A"}
        for kind, amount in (("rebate", 5), ("marketing", 50))
    ]
    sales = [order("2025-01-05", 100, partner_id=name) for name in "AB"]
    ws = company(tmp_path, sales=sales, partners=[partner("A"), partner("B")], costs=costs)
    assert figure(ws, "rebate_rate", "2025Q1", "partner", "A").value == 0.05
    assert figure(ws, "rebate_rate", "2025Q1", "partner", "B").value == 0


def test_programme_funds_are_those_of_support_that_ran_in_the_period(tmp_path):
    rows = [
        ("A", "promotion", "2024-11-01", "2025-01-31", 100, 60),
        ("A", "training", "2025-03-31", None, 100, 20),
        ("A", "rebate", "2025-01-01", "2025-12-31", 900, 900),
        ("A", "subsidy", "2024-01-01", "2024-12-31", 500, 500),
        ("A", "subsidy", "2025-01-01", "2025-12-31", 70, None),
    ]
    names = (
        "participant_id",
        "programme_type",
        "start_date",
        "end_date",
        "allocated_amount",
        "claimed_amount",
    )
    programmes = [
        {"programme_id": i, "participant_kind": "partner"} | dict(zip(names, row, strict=True))
        for i, row in enumerate(rows)
    ]
    ws = company(
        tmp_path,
        sales=[order("2025-01-05", 1, partner_id="A")],
        partners=[partner("A")],
        programmes=programmes,
    )
    found = figure(ws, "mdf_utilisation", "2025Q1", "partner", "A")
    assert (found.numerator, found.denominator) == (80, 200)


def test_a_rep_belongs_to_a_team_and_reps_without_one_to_nobodys(tmp_path):
    sales = [order("2025-01-05", 10 * i, rep_id=f"r{i}") for i in (1, 2, 3, 4)] + [order("2025-01-05", 7)]
    goals = [target("rep", "2025-01-01", 50, "2025-04-01", rep_id=f"r{i}") for i in (1, 2, 3)]
    ws = company(tmp_path, sales=sales, staff=REPS, targets=goals)
    found = values(ws, "2025Q1", levels=("company", "team"), kpis=["net_sales", "attainment"])
    teams = found.loc["net_sales", "2025Q1", "team"]["value"]
    assert teams.to_dict() == {"(unassigned)": 47, "North": 30, "South": 30}
    assert found.loc[("attainment", "2025Q1", "team", "North"), "value"] == 0.3
    assert found.loc[("attainment", "2025Q1", "team", "South"), "value"] == 0.6


def test_without_teams_there_are_no_figures_by_team(tmp_path):
    staff = [row | {"team": None} for row in REPS]
    goals = [target("rep", "2025-01-01", 50, "2025-04-01", rep_id="r1")]
    ws = company(tmp_path, sales=[order("2025-01-05", 10, rep_id="r1")], staff=staff, targets=goals)
    found = values(ws, "2025Q1", levels=("team",), kpis=["net_sales", "attainment"])
    assert set(found["status"]) <= {"no_level"}

"""Key accounts: figures by hand, what is missing is told, and names are only names."""

import math

import pytest

import channel_analysis as ca
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import company, order, returned

NAME = '=cmd("喆堃") <script>'


@pytest.fixture
def ws(tmp_path) -> Workspace:
    """Two key accounts, K1 with everything, K2 with an order long ago; X is none."""
    customers = [
        {"customer_id": "K1", "customer_name": NAME, "is_key_account": True, "owner_id": "r1"},
        {"customer_id": "K2", "customer_name": None, "is_key_account": True, "owner_id": None},
        {"customer_id": "X", "customer_name": "x", "is_key_account": False, "owner_id": "r2"},
    ]
    sales = [
        order("2024-05-01", 50, customer_id="K1", rep_id="r1"),
        order("2024-03-01", 50, customer_id="K2", rep_id="r1"),
        order("2025-04-10", 70, customer_id="K1", rep_id="r1"),
        order("2025-04-11", 30, customer_id="K1", rep_id="r2"),
        returned("2025-05-11", 20, customer_id="K1", rep_id="r2"),
        order("2025-06-30", 120, customer_id="X", rep_id="r2"),
    ]
    day = {"customer_id": "K1", "rep_id": "r3"}
    visits = [
        {"planned_on": "2025-04-01", "done_on": "2025-04-02"},
        {"planned_on": "2025-05-01", "done_on": None},
    ]
    answers = [
        {"given_on": "2025-04-01", "kind": "csat", "score": score, "customer_id": "K1"} for score in (5, 2, 4)
    ]
    leads = [
        {"created_on": "2025-04-01", "closed_on": None, "status": "open", "value": 10},
        {"created_on": "2025-01-01", "closed_on": "2025-04-30", "status": "won", "value": 40},
    ]
    debts = [
        {"invoice_date": "2025-04-10", "due_date": due, "amount": amount, "customer_id": "K1"}
        for due, amount in (("2025-05-10", 30), ("2025-08-10", 70))
    ]
    return company(
        tmp_path,
        sales=sales,
        customers=customers,
        staff=[{"staff_id": "r1", "staff_name": "王芳"}],
        visits=[row | day | {"visit_id": f"v{i}"} for i, row in enumerate(visits)],
        leads=[row | day | {"lead_id": f"l{i}"} for i, row in enumerate(leads)],
        feedback=answers,
        receivables=debts,
    )


def test_figures_of_a_key_account_are_those_counted_by_hand(ws):
    found = ca.key_accounts(ws, "2025Q2")
    first, second = found.accounts.to_dict("records")
    assert (first["customer_id"], first["customer_name"], first["owner_name"]) == ("K1", NAME, "王芳")
    assert (first["net_sales"], first["company_share"], first["key_share"]) == (80, 0.4, 1)
    assert (first["change"], first["change_status"]) == (pytest.approx(0.6), "ok")
    assert (first["answers"], first["csat"]) == (3, pytest.approx(2 / 3))
    assert 0.2 < first["csat_low"] < first["csat"] < first["csat_high"] < 0.95
    assert (first["visits_planned"], first["visits_done"], first["days_since_visit"]) == (2, 1, 89)
    assert (first["open_leads"], first["won_leads"], first["won_value"]) == (1, 1, 40)
    assert (first["owed"], first["overdue"], first["overdue_share"]) == (100, 30, 0.3)
    assert (first["days_since_order"], first["team_size"], first["rank"]) == (80, 3, 1)
    assert (second["net_sales"], second["change_status"], second["rank"]) == (0, "no_base", 2)
    assert math.isnan(second["csat"])
    assert [(c.code, c.numbers) for c in found.caveats] == [("no_owner", {"accounts": 1})]


def test_the_project_team_is_who_sold_or_visited(ws):
    team = ca.key_accounts(ws, "2025Q2").team
    assert team["rep_id"].to_list() == ["r1", "r2", "r3"]
    assert team[["net_sales", "visits", "is_owner"]].to_numpy().tolist() == [
        [70, 0, True],
        [10, 0, False],
        [0, 1, False],
    ]


def test_what_is_not_at_hand_is_unknown_and_told(tmp_path):
    customers = [{"customer_id": "K", "is_key_account": True, "owner_id": "r"}]
    ws = company(tmp_path, sales=[order("2025-04-10", 70)], customers=customers)
    found = ca.key_accounts(ws, "2025Q2")
    (row,) = found.accounts.to_dict("records")
    assert math.isnan(row["visits_planned"])
    assert math.isnan(row["overdue"])
    assert row["change_status"] == "no_history"
    told = {(caveat.code, caveat.subject) for caveat in found.caveats}
    assert {("no_table", name) for name in ("feedback", "visits", "leads", "receivables")} <= told
    assert ("names_no_key_account", "sales") in told


def test_a_company_without_key_accounts_says_so(tmp_path):
    found = ca.key_accounts(company(tmp_path, sales=[order("2025-04-10", 70)]), "2025Q2")
    assert (len(found.accounts), len(found.team)) == (0, 0)
    assert "no_key_accounts" in {caveat.code for caveat in found.caveats}


def test_sales_of_the_example_companys_key_accounts_are_those_of_their_lines(demo_workspace):
    ws = open_workspace(demo_workspace)
    found = ca.key_accounts(ws, "2025Q2")
    sql = (
        "SELECT SUM(net_amount) AS v FROM sales WHERE order_date >= DATE '2025-04-01' AND order_date < DATE "
        "'2025-07-01' AND customer_id IN (SELECT customer_id FROM customers WHERE is_key_account)"
    )
    expected = float(ws.facts().engine.query(sql).to_pylist()[0]["v"])
    assert found.accounts["net_sales"].sum() == pytest.approx(expected)
    assert found.team["net_sales"].sum() == pytest.approx(expected)
    assert found.accounts["net_sales"].is_monotonic_decreasing

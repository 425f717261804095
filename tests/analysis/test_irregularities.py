"""The search on whole companies: what is listed, what is followed up, and that honest ones are left alone."""

import dataclasses
import datetime

import pandas as pd
import pytest

import channel_analysis as ca
from benchmarks.irregularities import found_in, judged, truths_of, workspace_of
from channel_analysis.analysis.irregular_rules import RULES
from channel_analysis.analysis.irregularities import SUBJECT
from channel_analysis.errors import InputError
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate
from channel_analysis.store.cases import Found, append, case_id, open_cases, read_cases
from tests.metrics.small_worlds import company, order, returned

SIZE = {"partners": 120, "months": 15, "lines": 16_000}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Give a world with everything planted: its folder, its workspace, and all that is found in it."""
    root = tmp_path_factory.mktemp("planted")
    dials = Dials(ghost_partner_share=0.02, diversion_share=0.05, price_breach_share=0.05)
    source = simulate(root / "world", seed=1, dials=dials, **SIZE)
    ws = workspace_of(root / "workspace", source)
    return source, ws, found_in(ws)


def test_what_is_planted_is_found_and_what_is_found_was_planted(planted):
    source, _, result = planted
    table = judged(result, truths_of(source, result)).set_index("rule")
    sums = table.sum()
    assert sums["right"] >= 0.8 * sums["cases"]
    for rule in ("price_below_floor", "discount_over_authority", "ghost_partner", "diversion"):
        assert table.loc[rule, "found"] >= 0.6 * table.loc[rule, "planted"] > 0, rule


def test_where_nothing_is_planted_no_honest_partner_is_flagged(tmp_path):
    source = simulate(tmp_path / "world", seed=2, dials=NOTHING_PLANTED, **SIZE)
    result = found_in(workspace_of(tmp_path / "workspace", source))
    assert result.rules["tested"].sum() > 500
    assert len(result.cases) <= 1


def test_every_case_has_evidence_named_by_keys_and_an_id_of_its_subject(planted):
    result = planted[2]
    with_rows = set(result.evidence["case_id"])
    assert set(result.cases["case_id"]) == with_rows
    assert result.evidence["keys"].str.match(r"(order_id|sell_out_id)=\S+").all()
    for row in result.cases.to_dict("records"):
        subject = {name: row[name] for name in SUBJECT if isinstance(row[name], str)}
        assert row["case_id"] == case_id(row["rule"], subject)


def test_the_list_ends_at_capacity_and_says_how_many_are_beyond(planted):
    _, ws, whole = planted
    result = ca.find_irregularities(_with(ws, capacity=3))
    first = whole.cases.drop_duplicates("rule").head(3)
    assert result.cases["case_id"].tolist() == first["case_id"].tolist()
    assert result.rules["beyond_capacity"].sum() == len(whole.cases) - 3
    assert (result.rules["found"] == result.rules["listed"] + result.rules["beyond_capacity"]).all()
    assert set(result.evidence["case_id"]) == set(result.cases["case_id"])


def test_the_list_is_ordered_by_what_is_at_stake(planted):
    cases = planted[2].cases
    assert cases["score"].is_monotonic_decreasing
    assert cases["score"].tolist() == pytest.approx((cases["money"] * (1 - cases["q_value"])).tolist())


def test_no_test_beyond_the_rate_of_false_discovery_is_listed(planted):
    tests = planted[2].cases.dropna(subset="p_value")
    assert (tests["q_value"] <= 0.1).all()
    assert (tests["q_value"] >= tests["p_value"]).all()


def test_the_same_data_give_the_same_cases(planted):
    _, ws, whole = planted
    again = found_in(ws)
    for name, table in whole.tables().items():
        pd.testing.assert_frame_equal(table, again.tables()[name], check_exact=True)


SALES = [
    order("2025-08-01", 60, order_id="A", partner_id="P", rep_id=None, product_id="X", quantity=10),
    order("2025-08-01", 200, order_id="B", partner_id="Q", rep_id=None, product_id="X", quantity=10),
    order("2025-05-01", 60, order_id="C", partner_id="P", rep_id=None, product_id="X", quantity=10),
    order("2025-09-30", 150, order_id="D", partner_id="Q", rep_id=None, product_id="X", quantity=10),
    returned("2025-07-02", 20, of="C", partner_id="P", rep_id=None, product_id="X", quantity=-3),
    *(
        order(day, 150 + n, order_id=f"{day} {n}", partner_id="Q", rep_id=None, product_id="X", quantity=10)
        for day in ("2025-05-02", "2025-08-02")
        for n in range(9)
    ),
]
DECIDED = datetime.date(2025, 10, 3)
PRICES = [{"product_id": "X", "floor_price": 10}]
NO_LIMIT = "[irregularities]\nmaterial_amount = 0\n"


def small(folder, **more):
    """A company in which P pays less than the floor price in two quarters."""
    names = [{"partner_id": "P", "partner_name": "<script>alert(1)</script> 喆堃 🚀"}]
    return company(folder, NO_LIMIT, sales=SALES, products=PRICES, partners=names, **more)


def test_a_fact_needs_no_peers(tmp_path):
    (case,) = ca.find_irregularities(small(tmp_path), "2025Q3").cases.to_dict("records")
    assert (case["rule"], case["partner_id"], case["money"], case["state"]) == (
        "price_below_floor", "P", 40.0, "open",
    )  # fmt: skip
    assert (case["count"], case["total"], case["q_value"]) == (1, 1, 0.0)
    assert case["partner_name"].startswith("<script>")
    assert (case["first_day"], case["last_day"]) == (datetime.date(2025, 8, 1),) * 2


def test_what_could_not_be_tested_says_what_is_missing(tmp_path):
    rules = ca.find_irregularities(small(tmp_path), "2025Q3").rules.set_index("rule")
    assert list(rules.index) == list(RULES)
    assert rules.loc["diversion", "missing"] == "partners.authorised_region,sell_out.destination_region"
    assert rules.loc["discount_over_authority", "reason"] == "missing"
    assert rules.loc["stuffing", "reason"] == "no_companion"
    assert rules.loc["threshold_bunching", "reason"] == "no_limits"
    assert rules.loc["price_below_floor", ["reason", "tested"]].tolist() == ["", 2]


def test_a_decided_case_keeps_its_state_and_takes_no_place(tmp_path):
    ws = small(tmp_path)
    (name,) = ca.find_irregularities(ws, "2025Q3").cases["case_id"]
    _decide(ws, name, "2025Q3", "cleared")
    result = ca.find_irregularities(_with(ws, capacity=1), "2025Q3")
    (case,) = result.cases.to_dict("records")
    assert (case["state"], case["author"], case["state_date"]) == (
        "cleared",
        "Li",
        datetime.date(2025, 10, 3),
    )


def test_cases_of_earlier_periods_are_followed_up(tmp_path):
    bills = [
        {"invoice_id": n, "invoice_date": "2025-05-01", "due_date": "2025-06-01", "partner_id": "P",
         "amount": amount, "paid_date": paid}
        for n, amount, paid in ((1, 25, "2025-08-10"), (2, 35, None))
    ]  # fmt: skip
    ws = small(tmp_path, receivables=bills)
    (old,) = ca.find_irregularities(ws, "2025Q2").cases["case_id"]
    _decide(ws, old, "2025Q2", "confirmed", datetime.date(2025, 6, 30))
    (row,) = ca.find_irregularities(ws, "2025Q3").previous.to_dict("records")
    assert (row["case_id"], row["state"], row["author"], row["period"]) == (old, "confirmed", "Li", "2025Q2")
    assert (row["orders_amount"], row["returned_amount"]) == (60.0, 20.0)
    assert (row["paid_amount"], row["overdue_amount"]) == (25.0, 35.0)
    assert not row["is_found_again"]
    assert len(ca.find_irregularities(ws, "2025Q2").previous) == 0


def test_a_month_may_be_searched_as_well(tmp_path):
    assert ca.find_irregularities(small(tmp_path), "2025-08").cases["money"].tolist() == [40.0]


def test_a_period_without_sales_is_refused(tmp_path):
    with pytest.raises(InputError, match="no sales"):
        ca.find_irregularities(small(tmp_path), "2030Q1")


def _with(ws, **settings):
    policy = ws.policy.irregularities.model_copy(update=settings)
    return dataclasses.replace(ws, policy=ws.policy.model_copy(update={"irregularities": policy}))


def _decide(
    ws, name: str, period: str, event: str, as_of: datetime.date = datetime.date(2025, 9, 30)
) -> None:
    subject = {"partner_id": "P", "period": period}
    assert case_id("price_below_floor", subject) == name
    open_cases(ws.root, period, as_of, [Found("price_below_floor", subject, 0, name)])
    case = read_cases(ws.root)[name]
    append(ws.root, [case.decided(event, "Li", DECIDED, "looked at")])

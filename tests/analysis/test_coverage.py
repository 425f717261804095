"""A feed that stopped, a month that is missing, targets of a part: none of them passes for a result."""

import pytest

import channel_analysis as ca
from channel_analysis.analysis.scope import resolve_period
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, order, partner, target

SHOPS = [order(f"2024-{month:02d}-02", 100, channel_type="online") for month in range(1, 13)]
SHOPS += [order(f"2025-{month:02d}-28", 120, channel_type="online") for month in range(1, 7)]
DEALERS = [order(f"2024-{month:02d}-20", 900, partner_id="A") for month in range(1, 10)]


def review(ws, period):
    return ca.review(ws, period)


def test_a_feed_that_stopped_stays_a_gap_in_later_periods_and_is_never_a_fall_in_sales(tmp_path):
    ws = company(tmp_path, sales=SHOPS + DEALERS, partners=[partner("A")])
    found = review(ws, "2025Q1")
    company_row = found.values[found.values["level"].eq("company") & found.values["period"].eq("2025Q1")]
    company_row = company_row.set_index("kpi")
    assert found.banner.scope.is_provisional
    assert company_row.loc[["growth_yoy", "growth_previous"], "status"].tolist() == ["incomplete"] * 2


def test_a_stopped_feed_is_named_with_its_last_day_and_grades_the_data_d(tmp_path):
    quality = review(company(tmp_path, sales=SHOPS + DEALERS, partners=[partner("A")]), "2025Q1").quality
    assert {name: str(day) for name, day in quality.scope.stopped.items()} == {"distributor": "2024-09-20"}
    assert quality.grade == "D"


def test_the_last_complete_quarter_lies_before_a_feed_stopped(tmp_path):
    ws = company(tmp_path, sales=[*SHOPS, *DEALERS, order("2024-09-30", 1)], partners=[partner("A")])
    assert resolve_period(ws, "last-quarter").code == "2024Q3"


def test_a_channel_silent_for_more_than_a_year_no_longer_holds_a_period_up(tmp_path):
    early = [order("2023-01-02", 5), order("2023-12-15", 5)]
    ws = company(tmp_path, sales=[*early, *SHOPS, order("2025-06-30", 1, channel_type="online")])
    assert resolve_period(ws, "last-quarter").code == "2025Q2"


def test_adventureworks_last_complete_month_is_the_last_with_resellers(adventureworks_workspace):
    ws = open_workspace(adventureworks_workspace)
    assert resolve_period(ws, "last-month").code == "2013-11"
    assert review(ws, "2014-01").banner.scope.is_provisional


def test_a_period_that_begins_before_the_data_is_provisional(tmp_path):
    sales = [order("2024-12-20", 1), order("2025-03-31", 2)]
    scope = review(company(tmp_path, sales=sales), "2024Q4").banner.scope
    assert (scope.is_provisional, str(scope.begins)) == (True, "2024-12-20")


MONTHS = ("2024-11", "2024-12", "2025-01", "2025-02", "2025-03")
MARKET = [{"month": f"{month}-01", "market_amount": 1000} for month in MONTHS]
COSTS = [{"month": f"{month}-01", "cost_type": "rebate", "amount": 5} for month in MONTHS]
QUARTER = [order("2025-01-02", 100), order("2025-03-31", 200)]


@pytest.mark.parametrize(
    ("kpi", "whole", "tables"),
    [("market_share", 0.1, "market"), ("channel_cost_ratio", 0.05, "costs")],
)
def test_monthly_figures_of_two_months_give_no_share_of_a_quarter(tmp_path, kpi, whole, tables):
    rows = {"market": MARKET, "costs": COSTS}[tables]
    full = company(tmp_path / "full", sales=QUARTER, **{tables: rows})
    part = company(tmp_path / "part", sales=QUARTER, **{tables: rows[:-1]})
    told = [ca.measure(ws, "2025Q1", by="company", kpis=kpi).iloc[0] for ws in (full, part)]
    assert (told[0]["value"], told[0]["status"]) == (pytest.approx(whole), "ok")
    assert (told[1]["status"], told[1]["value"] != told[1]["value"]) == ("partial", True)


def test_costs_booked_once_a_quarter_are_taken_as_they_are(tmp_path):
    quarterly = [row for row in COSTS if row["month"] in ("2025-01-01",)] + [
        COSTS[0] | {"month": "2024-10-01"}
    ]
    ws = company(tmp_path, sales=QUARTER, costs=quarterly)
    told = ca.measure(ws, "2025Q1", by="company", kpis="channel_cost_ratio").iloc[0]
    assert (told["status"], told["value"]) == ("ok", pytest.approx(5 / 300))


def test_a_region_whose_market_lacks_a_month_has_no_share_while_the_others_do(tmp_path):
    market = [row | {"region": region} for row in MARKET for region in ("East", "West")]
    sales = [row | {"region": region} for row in QUARTER for region in ("East", "West")]
    sales = [row | {"order_id": str(number)} for number, row in enumerate(sales)]
    ws = company(tmp_path, sales=sales, market=market[:-1])
    told = ca.measure(ws, "2025Q1", by="region", kpis="market_share").set_index("entity")["status"]
    assert told.to_dict() == {"East": "ok", "West": "partial"}


def test_targets_of_a_part_of_the_company_are_told_as_such(tmp_path):
    sales = [order("2025-03-31", 100, partner_id="A"), order("2025-01-02", 1, channel_type="online")]
    sales += [order("2025-03-31", 299, channel_type="online")]
    aims = [target("channel_family", "2025-01-01", 200, "2025-04-01", channel_family="indirect")]
    verdict = review(
        company(tmp_path, sales=sales, partners=[partner("A")], targets=aims), "2025Q1"
    ).message.verdict
    assert (verdict.code, verdict.numbers["attainment"], verdict.numbers["target_share"]) == (
        "sales_part_target",
        0.5,
        0.25,
    )


def test_targets_of_the_whole_company_stand_on_the_card_of_net_sales(tmp_path):
    aims = [target("company", "2025-01-01", 250, "2025-04-01")]
    found = review(company(tmp_path, sales=QUARTER, targets=aims), "2025Q1").message
    assert found.cards.set_index("kpi").loc["net_sales", "target"] == 250
    assert found.verdict.code == "sales_target"


def test_the_only_channel_is_not_told_to_have_moved_more_than_any_other(tmp_path):
    sales = [
        order("2024-01-02", 100),
        order("2024-03-31", 1),
        order("2025-01-02", 300),
        order("2025-03-31", 1),
    ]
    found = review(company(tmp_path, sales=sales), "2025Q1").message.findings
    assert "channel_moved" not in [finding.code for finding in found]


def test_growth_that_comes_from_new_partners_alone_is_a_finding(tmp_path):
    old = [
        order(f"{year}-{day}", net, partner_id="A")
        for year, day, net in ((2024, "01-02", 100), (2024, "03-31", 1), (2025, "01-02", 60))
    ]
    new = [order("2025-03-31", 200, partner_id="B")]
    found = review(
        company(tmp_path, sales=old + new, partners=[partner("A"), partner("B")]), "2025Q1"
    ).message
    (finding,) = [f for f in found.findings if f.code == "growth_from_new"]
    assert finding.numbers["growth"] > 0 > finding.numbers["like_for_like"]

"""Counting partners: active, lost and large ones, each once, by the windows of their channel type."""

import pytest

from tests.metrics.small_worlds import company, figure, order, partner, returned, values

FOUR_AND_EIGHT = "[channel_types.retailer]\nactivity_window_months = 4\nchurn_window_months = 8\n"


def test_a_partner_that_buys_in_two_regions_is_one_partner(tmp_path):
    sales = [
        order("2025-01-05", 100, partner_id="A", region="East"),
        order("2025-01-06", 50, partner_id="A", region="West"),
    ]
    ws = company(tmp_path, sales=sales, partners=[partner("A", "East"), partner("B", "West")])
    found = figure(ws, "active_partner_rate", "2025Q1")
    assert (found.numerator, found.denominator) == (1, 2)
    assert figure(ws, "active_partner_rate", "2025Q1", "region", "East").value == 1
    assert figure(ws, "active_partner_rate", "2025Q1", "region", "West").value == 0


def test_each_channel_type_has_its_own_window_of_activity(tmp_path):
    sales = [order("2024-12-10", 10, partner_id=name, channel_type=kind) for name, kind in TWO_TYPES]
    partners = [partner(name, channel_type=kind) for name, kind in TWO_TYPES]
    ws = company(tmp_path, FOUR_AND_EIGHT, sales=sales, partners=partners)
    assert figure(ws, "active_partner_rate", "2025Q1", "channel_type", "retailer").value == 1
    assert figure(ws, "active_partner_rate", "2025Q1", "channel_type", "distributor").value == 0


def test_each_channel_type_has_its_own_window_of_churn(tmp_path):
    sales = [order("2024-01-01", 10)]
    sales += [order("2024-09-10", 10, partner_id=name, channel_type=kind) for name, kind in TWO_TYPES]
    sales += [order("2025-05-10", 10)]
    partners = [partner(name, channel_type=kind) for name, kind in TWO_TYPES]
    ws = company(tmp_path, FOUR_AND_EIGHT, sales=sales, partners=partners)
    assert figure(ws, "partner_churn", "2025Q1", "channel_type", "retailer").value == 0
    assert figure(ws, "partner_churn", "2025Q1", "channel_type", "distributor").value == 1


def test_a_partner_not_seen_before_the_quarter_cannot_be_lost_in_it(tmp_path):
    sales = [
        order("2024-01-01", 1),
        order("2024-11-01", 10, partner_id="stays"),
        order("2025-02-01", 10, partner_id="stays"),
        order("2025-02-01", 10, partner_id="new"),
        order("2024-08-01", 10, partner_id="lost"),
    ]
    partners = [partner(name) for name in ("stays", "new", "lost")]
    found = figure(company(tmp_path, sales=sales, partners=partners), "partner_churn", "2025Q1")
    assert (found.numerator, found.denominator) == (1, 2)


def test_churn_needs_data_that_reach_back_over_its_window(tmp_path):
    sales = [order("2024-11-01", 10, partner_id="A"), order("2025-02-01", 10, partner_id="A")]
    ws = company(tmp_path, sales=sales, partners=[partner("A")])
    assert figure(ws, "partner_churn", "2025Q1").status == "no_history"


def test_only_partners_under_contract_count_as_active_or_as_partners(tmp_path):
    sales = [order("2025-01-05", 10, partner_id=name) for name in ("runs", "ended", "begins later")]
    partners = [
        partner("runs", contract_start="2024-01-01"),
        partner("ended", contract_end="2024-12-31"),
        partner("begins later", contract_start="2025-04-01"),
        partner("left", exit_date="2024-06-30"),
    ]
    found = figure(company(tmp_path, sales=sales, partners=partners), "active_partner_rate", "2025Q1")
    assert (found.numerator, found.denominator) == (1, 1)


def test_a_partner_that_only_returned_goods_is_not_active(tmp_path):
    sales = [order("2025-01-05", 10, partner_id="A"), returned("2025-01-06", 10, partner_id="B")]
    found = figure(
        company(tmp_path, sales=sales, partners=[partner("A"), partner("B")]), "active_partner_rate", "2025Q1"
    )
    assert (found.numerator, found.denominator) == (1, 2)


def test_partners_stay_active_through_a_month_in_which_nobody_ordered(tmp_path):
    sales = [order("2025-01-05", 10, partner_id="A"), order("2025-03-05", 10, partner_id="A")]
    found = values(company(tmp_path, sales=sales, partners=[partner("A")]), "2025-02")
    rate = found.loc["active_partner_rate", "2025-02", "company", ""]
    assert (rate["status"], rate["numerator"], rate["denominator"]) == ("ok", 1, 1)


def test_a_partner_whose_channel_type_is_not_on_file_is_active_when_it_orders(tmp_path):
    sales = [order("2025-02-05", 10, partner_id="A")]
    ws = company(tmp_path, sales=sales, partners=[partner("A", channel_type=None)])
    found = figure(ws, "active_partner_rate", "2025Q1")
    assert (found.numerator, found.denominator) == (1, 1)


def test_a_partner_whose_channel_type_is_not_on_file_can_be_lost(tmp_path):
    sales = [order("2024-01-01", 1), order("2024-08-05", 10, partner_id="A"), order("2025-02-05", 1)]
    ws = company(tmp_path, sales=sales, partners=[partner("A", channel_type=None)])
    found = figure(ws, "partner_churn", "2025Q1")
    assert (found.numerator, found.denominator) == (1, 1)


def test_concentration_leaves_out_a_partner_with_negative_net_sales(tmp_path):
    sales = [
        order("2025-01-05", 60, partner_id="A"),
        order("2025-01-06", 40, partner_id="B"),
        returned("2025-01-07", 500, partner_id="C"),
    ]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "concentration_hhi", "2025Q1").value == pytest.approx(10_000 * (0.36 + 0.16))
    assert figure(ws, "top_1_share", "2025Q1").value == pytest.approx(0.6)


def test_a_single_partner_is_all_of_the_concentration_there_can_be(tmp_path):
    ws = company(tmp_path, sales=[order("2025-01-05", 33.3333, partner_id="A")])
    assert figure(ws, "concentration_hhi", "2025Q1").value == 10_000


def test_concentration_of_partners_that_sell_billions_is_computed(tmp_path):
    sales = [order("2025-01-05", 3_000_000_000, partner_id=name) for name in "AB"]
    assert figure(company(tmp_path, sales=sales), "concentration_hhi", "2025Q1").value == 5_000


def test_concentration_is_exact_to_the_last_digit_of_the_amounts(tmp_path):
    sales = [order("2025-01-05", 0.0149, partner_id="A"), order("2025-01-05", 0.0051, partner_id="B")]
    found = figure(company(tmp_path, sales=sales), "concentration_hhi", "2025Q1")
    assert found.value == pytest.approx(10_000 * (0.0149**2 + 0.0051**2) / 0.02**2, rel=1e-9)


def test_partners_of_equal_size_at_the_cut_count_as_many_as_there_are_places(tmp_path):
    sales = [order("2025-01-05", 10, partner_id=name) for name in "ABCDEFG"]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "top_1_share", "2025Q1").value == pytest.approx(1 / 7)
    assert figure(ws, "top_5_share", "2025Q1").value == pytest.approx(5 / 7)
    assert figure(ws, "top_10_share", "2025Q1").value == 1


def test_direct_sales_have_no_partners_to_be_concentrated_on(tmp_path):
    sales = [order("2025-01-05", 10, partner_id="A"), order("2025-01-05", 90, channel_type="online")]
    ws = company(tmp_path, sales=sales)
    assert figure(ws, "top_1_share", "2025Q1").value == 1
    assert figure(ws, "top_1_share", "2025Q1", "channel_type", "online").status == "no_rows"


TWO_TYPES = (("R", "retailer"), ("D", "distributor"))

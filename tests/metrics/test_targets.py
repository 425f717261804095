"""Targets hold for a window of their own; actuals are taken over that very window and scope."""

import datetime

import pytest

from channel_analysis.metrics.targets import level_for, target_windows
from tests.metrics.small_worlds import company, figure, order, partner, target, values

DAY = datetime.date.fromisoformat


def test_an_open_window_ends_where_the_next_begins_and_the_last_is_as_long_as_the_median():
    found = windows("2025-01-01", "2025-02-01", "2025-05-01", "2025-08-01")
    assert found == [
        ("2025-01-01", "2025-02-01"),
        ("2025-02-01", "2025-05-01"),
        ("2025-05-01", "2025-08-01"),
        ("2025-08-01", "2025-10-29"),
    ]


def test_a_single_open_window_is_a_quarter_long():
    assert windows("2025-01-01") == [("2025-01-01", "2025-04-02")]


def test_targets_with_the_same_date_share_their_window():
    assert windows("2025-01-01", "2025-01-01", "2025-03-01")[:2] == [("2025-01-01", "2025-03-01")] * 2


def test_a_stated_end_is_kept():
    row = {
        "target_id": "t",
        "level": "rep",
        "scope": "7",
        "window_start": DAY("2025-01-01"),
        "window_end": DAY("2025-01-16"),
    }
    assert target_windows([row])[0]["window_end"] == DAY("2025-01-16")


def test_windows_of_one_level_do_not_end_those_of_another():
    rows = [row("a", "rep", "2025-01-01"), row("b", "region", "2025-02-01"), row("c", "rep", "2025-04-01")]
    ends = {found["target_id"]: str(found["window_end"]) for found in target_windows(rows)}
    assert ends["a"] == "2025-04-01"


def test_a_rep_who_starts_in_mid_quarter_cuts_nobody_elses_window():
    quarters = ("2025-01-01", "2025-04-01", "2025-07-01")
    rows = [row(f"old {day}", "rep", day, scope="7") for day in quarters]
    rows += [row("new", "rep", "2025-02-15", scope="8"), row("new too", "rep", "2025-04-01", scope="8")]
    ends = {found["target_id"]: str(found["window_end"]) for found in target_windows(rows)}
    assert ends["old 2025-01-01"] == "2025-04-01"
    assert ends["new"] == "2025-04-01"


def test_a_rep_who_skipped_a_target_or_left_keeps_a_window_of_the_usual_length():
    quarters = ("2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01")
    rows = [row(f"steady {day}", "rep", day, scope="7") for day in quarters]
    rows += [row("skipped", "rep", "2025-01-01", scope="8"), row("back", "rep", "2025-07-01", scope="8")]
    ends = {found["target_id"]: str(found["window_end"]) for found in target_windows(rows)}
    assert ends["skipped"] == "2025-04-01"
    assert ends["back"] == "2025-10-01"


def test_the_sales_of_a_window_that_opens_before_new_year_count_from_that_day_on(tmp_path):
    sales = [
        order("2024-12-28", 1),
        order("2024-12-29", 10),
        order("2025-03-29", 100),
        order("2025-03-30", 1000),
    ]
    targets = [target("company", "2024-12-29", 55), target("company", "2025-03-30", 500)]
    found = figure(company(tmp_path, sales=sales, targets=targets), "attainment", "2025Q1")
    assert (found.numerator, found.denominator) == (110, 55)


def test_a_window_belongs_to_the_period_with_most_of_its_days(tmp_path):
    targets = [
        target("company", "2025-02-15", 100, "2025-05-15"),
        target("company", "2025-05-15", 100, "2025-06-01"),
    ]
    ws = company(tmp_path, sales=[order("2025-02-20", 50)], targets=targets)
    frame = values(ws, "2025Q1", "2025Q2", kpis=["attainment"])["denominator"]
    assert frame.loc["attainment", "2025Q1", "company", ""] == 100
    assert frame.loc["attainment", "2025Q2", "company", ""] == 100


def test_monthly_targets_add_up_to_the_quarters(tmp_path):
    targets = [target("company", f"2025-0{month}-01", 100) for month in (1, 2, 3, 4)]
    sales = [order(f"2025-0{month}-20", 90) for month in (1, 2, 3)]
    found = figure(company(tmp_path, sales=sales, targets=targets), "attainment", "2025Q1")
    assert (found.numerator, found.denominator) == (270, 300)


def test_sets_of_targets_of_different_levels_are_never_added(tmp_path):
    targets = [
        target("company", "2025-01-01", 500, "2025-04-01"),
        target("region", "2025-01-01", 300, "2025-04-01", region="East"),
        target("rep", "2025-01-01", 90, "2025-04-01", rep_id="Ann", region="East"),
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 90, region="East", rep_id="Ann")], targets=targets)
    assert figure(ws, "attainment", "2025Q1").denominator == 500
    assert figure(ws, "attainment", "2025Q1", "region", "East").denominator == 300
    assert figure(ws, "attainment", "2025Q1", "rep", "Ann").denominator == 90


def test_a_level_without_targets_of_its_own_takes_one_set_that_rolls_up_to_it(tmp_path):
    targets = [
        target("rep", "2025-01-01", 90, "2025-04-01", rep_id="Ann", region="East"),
        target("rep", "2025-01-01", 60, "2025-04-01", rep_id="Bob", region="East"),
        target("partner", "2025-01-01", 999, "2025-04-01", partner_id="P"),
    ]
    sales = [order("2025-01-05", 120, region="East", rep_id="Ann"), order("2025-01-05", 7, region="East")]
    ws = company(tmp_path, sales=sales, targets=targets, partners=[partner("P")])
    found = figure(ws, "attainment", "2025Q1", "region", "East")
    assert (found.numerator, found.denominator) == (120, 150)
    assert figure(ws, "attainment", "2025Q1").denominator == 150


def test_targets_that_do_not_all_name_a_region_are_not_rolled_up_to_regions(tmp_path):
    targets = [
        target("rep", "2025-01-01", 90, "2025-04-01", rep_id="Ann", region="East"),
        target("rep", "2025-01-01", 60, "2025-04-01", rep_id="Bob"),
    ]
    ws = company(tmp_path, sales=[order("2025-01-05", 120, region="East", rep_id="Ann")], targets=targets)
    assert figure(ws, "attainment", "2025Q1", "region", "East").status == "no_level"


def test_a_reps_target_for_one_channel_family_is_not_met_with_sales_of_the_other(tmp_path):
    targets = [target("rep", "2025-01-01", 100, "2025-04-01", rep_id="Ann", channel_family="indirect")]
    sales = [
        order("2025-01-05", 80, rep_id="Ann"),
        order("2025-01-05", 900, rep_id="Ann", channel_type="phone"),
    ]
    ws = company(tmp_path, sales=sales, targets=targets)
    assert figure(ws, "attainment", "2025Q1", "rep", "Ann").value == pytest.approx(0.8)


def test_a_target_without_any_sale_is_missed_in_full(tmp_path):
    targets = [target("rep", "2025-01-01", 100, "2025-04-01", rep_id="Ann")]
    ws = company(tmp_path, sales=[order("2025-01-05", 80)], targets=targets)
    found = figure(ws, "attainment", "2025Q1", "rep", "Ann")
    assert (found.status, found.value) == ("ok", 0)


def test_categories_have_no_targets_whatever_is_asked_for_beside_them(tmp_path):
    products = [{"product_id": "fan", "category": "Air"}]
    sales = [order("2025-01-05", 80, product_id="fan")]
    targets = [target("company", "2025-01-01", 100, "2025-04-01")]
    ws = company(tmp_path, sales=sales, products=products, targets=targets)
    for levels in (("category",), ("company", "category")):
        frame = values(ws, "2025Q1", levels=levels, kpis=["attainment", "net_sales"])
        assert frame.loc["attainment", "2025Q1", "category", "Air"]["status"] == "no_level", levels


@pytest.mark.parametrize(
    ("wanted", "supplied", "level"),
    [
        ("rep", {"rep": {"rep_id"}, "company": set()}, "rep"),
        ("company", {"rep": {"rep_id"}, "region": {"region"}}, "rep"),
        ("company", {"rep": {"rep_id"}, "channel_type": {"channel_type"}}, "channel_type"),
        ("channel_family", {"channel_type": {"channel_type", "channel_family"}}, "channel_type"),
        ("partner", {"rep": {"rep_id"}}, None),
        ("category", {"company": set()}, None),
    ],
)
def test_one_set_of_targets_serves_a_level_or_none_does(wanted, supplied, level):
    assert level_for(wanted, supplied) == level


def row(name: str, level: str, start: str, scope: str = "7") -> dict:
    """A target with an open window."""
    return {
        "target_id": name,
        "level": level,
        "scope": scope,
        "window_start": DAY(start),
        "window_end": None,
    }


def windows(*starts: str) -> list[tuple[str, str]]:
    """Start and end of the windows of reps' targets with these dates."""
    rows = [row(str(number), "rep", start) for number, start in enumerate(starts)]
    return [(str(found["window_start"]), str(found["window_end"])) for found in target_windows(rows)]

"""Periods: how they are written, what they compare with, and when data cover them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel_analysis.errors import InputError
from channel_analysis.metrics.periods import (
    MONTHS,
    Coverage,
    active_types,
    add_months,
    check_period,
    coverage,
    parse_period,
    period_at,
    uncovered_types,
)
from tests.metrics.small_worlds import company, order

DAY = datetime.date.fromisoformat


@pytest.mark.parametrize(
    ("code", "first_month", "start", "end"),
    [
        ("2013-07", 1, "2013-07-01", "2013-08-01"),
        ("2013Q3", 1, "2013-07-01", "2013-10-01"),
        ("2013Q4", 1, "2013-10-01", "2014-01-01"),
        ("2013H2", 1, "2013-07-01", "2014-01-01"),
        ("2013", 1, "2013-01-01", "2014-01-01"),
        ("2013Q3", 7, "2013-07-01", "2013-10-01"),
        ("FY2014Q1", 7, "2013-07-01", "2013-10-01"),
        ("FY2014Q3", 7, "2014-01-01", "2014-04-01"),
        ("FY2014H2", 7, "2014-01-01", "2014-07-01"),
        ("FY2014", 4, "2013-04-01", "2014-04-01"),
        ("FY2014", 1, "2014-01-01", "2015-01-01"),
    ],
)
def test_a_code_names_its_first_day_and_the_day_after_its_last(code, first_month, start, end):
    period = parse_period(code, first_month)
    assert (period.start, period.end, period.code) == (DAY(start), DAY(end), code)


def test_a_year_that_a_scheduler_passes_as_a_number_is_still_a_year():
    assert parse_period(2013).code == "2013"


@pytest.mark.parametrize(
    ("code", "previous", "last_year"),
    [
        ("2013-01", "2012-12", "2012-01"),
        ("2013Q1", "2012Q4", "2012Q1"),
        ("2013H1", "2012H2", "2012H1"),
        ("2013", "2012", "2012"),
        ("FY2014Q1", "FY2013Q4", "FY2013Q1"),
        ("FY2014", "FY2013", "FY2013"),
    ],
)
def test_a_period_compares_with_the_one_before_and_the_same_one_a_year_earlier(code, previous, last_year):
    period = parse_period(code, 7)
    assert (period.previous.code, period.last_year.code) == (previous, last_year)


def test_a_quarter_of_a_leap_year_has_a_day_more():
    assert (parse_period("2024Q1").days, parse_period("2025Q1").days) == (91, 90)


def test_the_last_day_is_the_day_before_the_end():
    assert parse_period("2024-02").last_day == DAY("2024-02-29")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("2013q3", "did you mean '2013Q3'?"),
        ("2013-Q3", "did you mean '2013Q3'?"),
        ("FY2013Q7", "did you mean 'FY2013Q4'?"),
        ("last-quater", "did you mean 'last-quarter'?"),
        ("2013-13", "write it as 2025Q3"),
        ("Q3 2013", "write it as 2025Q3"),
        ("0013Q1", "write it as 2025Q3"),
        ("", "write it as 2025Q3"),
    ],
)
def test_a_text_that_is_no_period_is_answered_with_the_nearest_or_the_forms(text, fix):
    with pytest.raises(InputError) as refused:
        parse_period(text)
    (problem,) = refused.value.problems
    assert problem.what == f"'{text}' is not a period"
    assert problem.fix.startswith(fix)
    assert check_period(text) == [problem]


def test_the_last_of_each_kind_is_a_period_to_ask_for():
    assert [check_period(f"last-{kind}") for kind in MONTHS] == [[], [], [], []]


@given(
    day=st.dates(DAY("1950-01-01"), DAY("2200-12-31")),
    kind=st.sampled_from(sorted(MONTHS)),
    first_month=st.integers(0, 12),
)
def test_every_day_lies_in_one_period_of_a_kind_whose_code_reads_back(day, kind, first_month):
    period = period_at(day, kind, first_month)
    assert period.start <= day < period.end
    assert parse_period(period.code, first_month or 1) == period
    assert period.shift(1).start == period.end
    assert period.shift(1).previous == period


@given(day=st.dates(DAY("1950-01-01"), DAY("2200-12-31")), months=st.integers(-600, 600))
def test_months_there_and_back_lead_to_the_first_of_the_month(day, months):
    assert add_months(add_months(day, months), -months) == day.replace(day=1)


SALES = [
    order("2025-01-15", 1, channel_type="online"),
    order("2025-03-31", 1, channel_type="online"),
    order("2025-01-20", 1, channel_type="retailer"),
    order("2025-02-28", 1, channel_type="retailer"),
    order("2024-11-20", 1, channel_type="agent"),
]


def test_coverage_tells_how_far_each_channel_type_reaches(tmp_path):
    found = coverage(company(tmp_path, sales=SALES).facts().engine)
    assert list(found) == [
        Coverage("agent", DAY("2024-11-20"), DAY("2024-11-20")),
        Coverage("online", DAY("2025-01-15"), DAY("2025-03-31")),
        Coverage("retailer", DAY("2025-01-20"), DAY("2025-02-28")),
    ]


def test_a_channel_type_that_stopped_short_of_the_quarters_end_makes_it_provisional(tmp_path):
    assert uncovered(tmp_path, before={"online", "retailer"}) == ["retailer"]


def test_a_channel_type_given_up_before_does_not_keep_a_quarter_open(tmp_path):
    assert uncovered(tmp_path, before={"online"}) == []


def test_a_last_order_within_the_tolerance_covers_the_quarter(tmp_path):
    sales = [order("2025-03-28", 1), order("2025-03-27", 1, channel_type="agent")]
    assert uncovered(tmp_path, {"distributor", "agent"}, sales=sales) == ["agent"]


@pytest.mark.parametrize(
    ("complete_to", "open_types"), [("2025-03-31", []), ("2025-03-30", ["online", "retailer"])]
)
def test_a_stated_last_complete_day_settles_the_matter(tmp_path, complete_to, open_types):
    assert uncovered(tmp_path, {"online", "retailer"}, DAY(complete_to)) == open_types


def test_channel_types_active_in_a_period_are_those_with_sales_in_it(tmp_path):
    engine = company(tmp_path, sales=SALES).facts().engine
    assert active_types(engine, parse_period("2025Q1")) == {"online", "retailer"}
    assert active_types(engine, parse_period("2025-03")) == {"online"}


def uncovered(folder, before, complete_to=None, sales=None):
    """Channel types that leave 2025Q1 open."""
    ws = company(folder, sales=sales or SALES)
    covered = coverage(ws.facts().engine)
    return uncovered_types(parse_period("2025Q1"), covered, before, ws.policy, complete_to)

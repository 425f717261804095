"""The grade: it follows the worst finding that counts, by the policy's limits, whatever else there is."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.analysis.quality import quality_of, stopped_quality
from channel_analysis.contracts.policy import Policy
from channel_analysis.errors import InputError, Problem
from channel_analysis.store.cases import Case, case_id
from channel_analysis.store.intake import Intake
from channel_analysis.store.staging import Finding, TableAccount
from channel_analysis.store.workspace import Company

POLICY = Policy(channel_types={})
DAY = datetime.date(2025, 9, 30)
CELL = {"table": "sales", "column": "order_id"}


def account(table="sales", rows=100_000, aside=0, unreadable=0, amount=1_000_000, amount_aside=0):
    used, money = rows - aside - unreadable, Decimal(amount)
    return TableAccount(
        table, rows, used, aside, unreadable, money, money - amount_aside, Decimal(amount_aside), DAY, DAY
    )


def finding(
    rows=0, amount=0, rule="near_duplicate", table="sales", column="order_id", treatment="flagged", keys=()
):
    return Finding(table, rule, column, rows, Decimal(amount), "sales.csv row 5", keys, treatment)


def case(state: str, rows: int = 0, rule="near_duplicate", subject=CELL) -> Case:
    name = case_id(rule, subject)
    return Case(name, rule, subject, "2025Q2", DAY, state, "Li" if state != "open" else "", DAY, "seen", rows)


def quality(*findings, accounts=(), cases=(), policy=POLICY):
    intake = Intake(tuple(accounts or [account()]), tuple(findings), {})
    return quality_of(intake, policy, Company(), {one.id: one for one in cases}, "", None)


def states(result) -> list[str]:
    return result.findings["state"].tolist()


@pytest.mark.parametrize(
    ("rows", "letter"),
    [(0, "A"), (100, "A"), (101, "B"), (1000, "B"), (1001, "C"), (5000, "C"), (5001, "D"), (100_000, "D")],
)
def test_the_grade_changes_just_above_each_limit(rows, letter):
    assert quality(finding(rows)).grade == letter


@pytest.mark.parametrize(("amount", "letter"), [(1000, "A"), (-10_001, "C"), (60_000, "D"), (5_000_000, "D")])
def test_the_money_of_a_finding_counts_as_its_rows_do(amount, letter):
    result = quality(finding(1, amount))
    assert (result.grade, result.affected_amount_share) == (letter, abs(amount) / 1_000_000)


def test_the_policy_s_limits_are_those_that_hold():
    strict = Policy(channel_types={}, quality={"grade_a": 0.0, "grade_b": 0.0001, "grade_c": 0.0002})
    assert [quality(finding(rows), policy=strict).grade for rows in (0, 10, 20, 21)] == ["A", "B", "C", "D"]
    assert quality(policy=strict).limits == (0.0, 0.0001, 0.0002)


def test_findings_are_not_added_up_each_stands_for_itself():
    many = [finding(90, column=f"column_{number}") for number in range(40)]
    assert quality(*many).grade == "A"


def test_a_table_has_its_own_grade_and_all_data_that_of_the_worst():
    result = quality(
        finding(200),
        finding(3, table="partners", column="name"),
        accounts=[account(), account("partners", 50)],
    )
    assert result.grades.set_index("table")["grade"].to_dict() == {"sales": "B", "partners": "D"}
    assert result.grade == "D"


def test_a_grade_names_the_finding_behind_it():
    row = quality(finding(200), finding(900, rule="sign", column="net_amount")).grades.iloc[0]
    assert (row["worst_rule"], row["worst_column"], row["worst_share"]) == ("sign", "net_amount", 0.009)


@pytest.mark.parametrize(("state", "letter"), [("open", "C"), ("confirmed", "C"), ("cleared", "A")])
def test_what_was_cleared_no_longer_counts_and_what_was_confirmed_does(state, letter):
    result = quality(finding(2000), cases=[case(state)])
    assert (result.grade, states(result), len(result.findings)) == (letter, [state], 1)


def test_a_cleared_finding_stays_listed_with_who_cleared_it_when_and_why():
    row = quality(finding(2000), cases=[case("cleared")]).findings.iloc[0]
    assert (row["author"], row["decided"], row["note"]) == ("Li", "2025-09-30", "seen")
    assert row["case_id"] == case_id("near_duplicate", CELL)


def test_a_finding_that_grew_since_it_was_cleared_counts_again():
    assert quality(finding(2000), cases=[case("cleared", rows=2000)]).grade == "A"
    grown = quality(finding(2001), cases=[case("cleared", rows=2000)])
    assert (grown.grade, states(grown), grown.findings.at[0, "author"]) == ("C", ["open"], "")


def test_clearing_one_rule_clears_no_other_rule_and_no_other_column():
    others = finding(2000, rule="sign"), finding(2000, column="partner_id")
    assert quality(finding(2000), *others, cases=[case("cleared")]).grade == "C"


def test_the_page_of_the_first_run_says_what_that_of_the_second_will():
    first = quality(finding(2000))
    opened = replace(case("open", rows=2000), author="")
    second = quality(finding(2000), cases=[opened])
    assert first.findings.equals(second.findings)


def test_what_is_small_is_no_case_and_what_matters_is():
    result = quality(finding(100), finding(101, rule="sign"))
    assert result.findings[["rule", "state", "is_case"]].values.tolist() == [
        ["sign", "open", True], ["near_duplicate", "minor", False],
    ]  # fmt: skip
    assert [bool(name) for name in result.findings["case_id"]] == [True, False]


def test_columns_no_contract_knows_never_count():
    result = quality(finding(90_000, rule="ignored", treatment="ignored"))
    assert (result.grade, states(result)) == ("A", ["noted"])


@pytest.mark.parametrize("rule", ["missing_months", "stopped_feed"])
def test_a_gap_in_sales_makes_a_d_though_no_row_is_concerned(rule):
    result = quality(finding(0, rule=rule, column="order_date"))
    assert (result.grade, states(result)) == ("D", ["open"])


def test_a_gap_that_was_cleared_makes_no_d():
    gap = {"table": "sales", "column": "order_date"}
    known = case("cleared", rule="missing_months", subject=gap)
    assert quality(finding(0, rule="missing_months", column="order_date"), cases=[known]).grade == "A"


def test_clearing_a_gap_clears_no_other_gap():
    gaps = [
        finding(0, rule="missing_months", column="order_date", keys=(f"month={m}",))
        for m in ("2025-02", "2025-04")
    ]
    subject = {"table": "sales", "column": "order_date", "keys": "month=2025-02"}
    known = case("cleared", rule="missing_months", subject=subject)
    assert states(quality(*gaps, cases=[known])) == ["open", "cleared"]
    assert (quality(*gaps, cases=[known]).grade, quality(gaps[0], cases=[known]).grade) == ("D", "A")


def test_samples_of_rows_that_are_there_make_no_other_case():
    before, after = (
        quality(finding(2000, keys=(key,))).findings.at[0, "case_id"] for key in ("order_id=1", "order_id=2")
    )
    assert before == after != ""


def test_a_gap_in_a_table_one_can_do_without_makes_no_d():
    gap = finding(0, rule="missing_months", table="visits", column="visited_on")
    result = quality(gap, accounts=[account(), account("visits")])
    assert (result.grade, states(result)) == ("A", ["minor"])


def test_rows_that_cannot_be_read_count_like_any_finding():
    result = quality(accounts=[account(unreadable=1500)])
    assert result.grade == "C"
    assert result.findings[["rule", "rows", "state"]].values.tolist() == [["unreadable", 1500, "open"]]


def test_the_most_serious_finding_comes_first_and_what_does_not_count_last():
    found = [
        finding(5, rule="ignored", column="x", treatment="ignored"),
        finding(90_000, rule="unknown"),
        finding(9, rule="sign"),
        finding(300, rule="arithmetic"),
        finding(0, rule="missing_months", column="order_date"),
        finding(700, rule="currency_mix"),
        finding(2, rule="wrong_type", treatment="stopped"),
    ]
    result = quality(*found, cases=[case("cleared", rule="unknown")])
    assert result.findings["rule"].tolist() == [
        "wrong_type", "missing_months", "currency_mix", "arithmetic", "sign", "unknown", "ignored",
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [{"rows_used": 7}, {"amount_used": Decimal(7)}])
def test_accounts_that_do_not_add_up_are_never_shown(wrong):
    with pytest.raises(AssertionError, match="accounts of sales do not add up"):
        quality(accounts=[replace(account(), **wrong)])


def test_without_money_only_rows_decide():
    assert quality(finding(50, 999), accounts=[account(amount=0)]).grade == "A"


def test_no_data_are_no_defect():
    assert quality(accounts=[account(rows=0, amount=0)]).grade == "A"


def test_what_stopped_the_intake_is_a_d_with_all_that_was_read_by_then():
    error = InputError([Problem("a", "b"), Problem("c", "d")], so_far=Intake((account(),), (finding(3),), {}))
    result = stopped_quality(error, Company(name="Ours"), POLICY, {})
    assert (result.grade, result.problems, result.company) == ("D", error.problems, "Ours")
    assert (result.accounts["rows_given"].sum(), len(result.findings)) == (100_000, 1)


def test_what_stopped_before_anything_was_read_has_no_accounts():
    result = stopped_quality(InputError([Problem("a", "b")]), Company(), None, {})
    assert (result.grade, len(result.accounts), len(result.findings), result.as_of) == ("D", 0, 0, None)


COUNTS = st.lists(st.integers(0, 100_000), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(COUNTS, st.integers(1, 1000))
def test_the_grade_does_not_depend_on_how_large_a_company_is(counts, factor):
    columns = [f"column_{number}" for number in range(len(counts))]
    small = [finding(rows, column=column) for rows, column in zip(counts, columns, strict=True)]
    large = [replace(one, rows=one.rows * factor) for one in small]
    grown = account(rows=100_000 * factor)
    assert quality(*small).grade == quality(*large, accounts=[grown]).grade


@settings(max_examples=25, deadline=None)
@given(COUNTS, st.data())
def test_clearing_a_finding_never_worsens_the_grade_and_confirming_never_betters_it(counts, data):
    columns = [f"column_{number}" for number in range(len(counts))]
    found = [finding(rows, column=column) for rows, column in zip(counts, columns, strict=True)]
    subject = {"table": "sales", "column": data.draw(st.sampled_from(columns))}
    before = quality(*found).grade
    assert quality(*found, cases=[case("cleared", subject=subject)]).grade <= before
    assert quality(*found, cases=[case("confirmed", subject=subject)]).grade == before

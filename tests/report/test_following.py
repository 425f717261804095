"""What a published report found becomes cases under the ids that stand on its page."""

import datetime

import pandas as pd
import pytest

from channel_analysis.report.following import FINDINGS, IRREGULARITIES, follow_up, found_in
from channel_analysis.store.cases import case_id, read_cases

AS_OF = datetime.date(2025, 9, 30)
DATA = pd.DataFrame(
    [
        ("duplicate_key", "sales", "order_id", 12, "order_id=1", True),
        ("missing_months", "sales", "order_date", 0, "month=2025-04", True),
        ("unreadable", "partners", "", 3, "", True),
        ("sign", "sales", "net_amount", 1, "", False),
    ],
    columns=["rule", "table", "column", "rows", "keys", "is_case"],
).assign(case_id=["c1", "c2", "c3", "known"])
TRADE = pd.DataFrame(
    {
        "rule": ["stuffing", "rep_concentration"],
        "partner_id": ["P7", None],
        "rep_id": [float("nan"), "R1"],
        "customer_id": ["", "C1"],
        "period": ["2025Q3", "2025Q3"],
        "money": [1.0, 2.0],
        "state": ["open", "cleared"],
    }
)


@pytest.fixture
def folder(tmp_path):
    """Give a period's folder with the tables of a report."""
    subjects = [
        {"partner_id": "P7", "period": "2025Q3"},
        {"rep_id": "R1", "customer_id": "C1", "period": "2025Q3"},
    ]
    ids = [case_id(rule, subject) for rule, subject in zip(TRADE["rule"], subjects, strict=True)]
    (tmp_path / "tables").mkdir()
    DATA.to_parquet(tmp_path / "tables" / "data_findings.parquet")
    TRADE.assign(case_id=ids).to_parquet(tmp_path / "tables" / "irregularities.parquet")
    return tmp_path


def test_what_matters_among_data_findings_is_a_case_and_the_rest_is_none():
    assert [
        (found.id, found.rule, dict(found.subject), found.rows) for found in found_in(FINDINGS, DATA)
    ] == [
        ("c1", "duplicate_key", {"table": "sales", "column": "order_id"}, 12),
        ("c2", "missing_months", {"table": "sales", "column": "order_date", "keys": "month=2025-04"}, 0),
        ("c3", "unreadable", {"table": "partners"}, 3),
    ]


def test_findings_that_share_a_case_add_up_their_rows():
    twice = pd.concat([DATA, DATA.assign(rows=5)])
    assert [found.rows for found in found_in(FINDINGS, twice)] == [17, 5, 8]


def test_an_irregularity_is_opened_under_the_id_of_its_page_with_those_it_is_about(folder):
    opened = follow_up(folder, "2025Q3", AS_OF, folder, ["kpi_values", IRREGULARITIES])
    cases = read_cases(folder)
    assert opened == list(cases)
    assert [case_id(case.rule, case.subject) for case in cases.values()] == opened
    assert [dict(case.subject) for case in cases.values()] == [
        {"partner_id": "P7", "period": "2025Q3"},
        {"rep_id": "R1", "customer_id": "C1", "period": "2025Q3"},
    ]


def test_a_report_s_cases_are_opened_once(folder):
    names = [FINDINGS, IRREGULARITIES]
    assert len(follow_up(folder, "2025Q3", AS_OF, folder, names)) == 5
    assert follow_up(folder, "2025Q4", AS_OF, folder, names) == []


def test_tables_of_another_report_in_the_folder_open_nothing(folder):
    assert follow_up(folder, "2025Q3", AS_OF, folder, ["kpi_values"]) == []
    assert read_cases(folder) == {}

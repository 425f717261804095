"""The example company of `init --demo`: its size, its faults, and the story it tells."""

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.simulator.names import AWKWARD

from .conftest import Simulated


@pytest.fixture(scope="module")
def example(demo_workspace) -> Simulated:
    return Simulated(demo_workspace / "data" / "demo")


@pytest.fixture(scope="module")
def measured(demo_workspace) -> pd.DataFrame:
    ws = ca.open_workspace(demo_workspace)
    return ca.measure(ws, "2025Q3", by=["company", "channel_type"]).set_index(["kpi", "entity"])["value"]


def test_it_is_small_and_ends_in_an_unfinished_month(example):
    assert (len(example.partners), int((example.staff["role"] == "rep").sum())) == (120, 24 + 3)
    assert 45_000 < len(example.sales) < 55_000
    assert example.sales["order_date"].agg(["min", "max"]).tolist() == [
        pd.Timestamp("2024-01-01"),
        pd.Timestamp("2025-10-17"),
    ]


def test_its_faults_are_the_only_ones_the_intake_finds(demo_workspace):
    intake = ca.open_workspace(demo_workspace).facts().intake
    found = {(finding.rule, finding.column): finding.rows for finding in intake.findings}
    assert {
        key: rows for key, rows in found.items() if key[0] in ("duplicate_key", "missing", "unknown")
    } == {
        ("duplicate_key", "order_id"): 12,
        ("missing", "net_amount"): 6,
        ("unknown", "product_id"): 9,
    }


def test_it_grows_while_phone_sales_fall_and_retail_falls_behind(measured):
    growth = measured["growth_yoy"]
    assert growth[""] > 0
    assert growth["phone"] < -0.15
    assert growth["livestream"] > 0.1
    assert growth["retailer"] < 0


def test_its_kpis_lie_where_a_company_would_have_them(measured):
    for kpi, low, high in (
        ("attainment", 0.85, 1.05), ("csat", 0.7, 0.9), ("channel_cost_ratio", 0.1, 0.2),
        ("complaint_rate", 10, 40), ("market_share", 0.03, 0.12), ("gross_margin", 0.25, 0.40),
        ("return_rate", 0.01, 0.05), ("dso", 30, 75), ("overdue_ratio", 0.02, 0.25),
    ):  # fmt: skip
        assert low <= measured[kpi, ""] <= high, kpi
    shares = measured["attainment"].drop(["", "(unassigned)"])
    assert shares.between(0.7, 1.2).all()


def test_some_names_are_hard_to_bear(example):
    assert {name for _, name in AWKWARD} <= set(example.partners["partner_name"])
    plain = example.partners[~example.partners["partner_name"].isin([name for _, name in AWKWARD])]
    assert plain["partner_name"].is_unique
    assert plain["partner_name"].str.match(r"^[一-鿿]+\d*号? [A-Za-z0-9 ]+$").all()

"""Why a KPI moved: ledgers that close on every kind of KPI, and answers where there is nothing to tell."""

import numpy as np
import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.rootcauses import COLUMNS


@pytest.fixture(scope="module")
def example(demo_workspace):
    return ca.open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def sales(example):
    return ca.explain_change(example, "net_sales", "2025Q3")


KPIS = ("net_sales", "gross_margin", "csat", "channel_cost_ratio", "active_partner_rate", "orders")


@pytest.mark.parametrize("kpi", KPIS)
def test_every_branch_of_the_ledger_closes_to_the_change(example, kpi):
    told = ca.explain_change(example, kpi, "2025Q3")
    branches = told.ledger[told.ledger["parent"] == "change"]
    size = max(abs(told.now), abs(told.before))
    assert {"by_factor", "by_segment"} <= set(branches["node"])
    assert (branches["residual"].abs() <= 1e-9 * size).all()
    for node in branches["node"]:
        children = told.ledger[told.ledger["parent"] == node]
        assert children["amount"].sum() == pytest.approx(told.change, abs=1e-9 * size)


def test_the_change_is_that_of_the_kpi(example, sales):
    values = ca.measure(example, ["2025Q3", "2024Q3"], by="company", kpis="net_sales").set_index("period")
    assert (sales.now, sales.before) == (values.at["2025Q3", "value"], values.at["2024Q3", "value"])


def test_tables_have_the_columns_their_noun_promises(sales):
    for name, columns in COLUMNS.items():
        assert list(getattr(sales, name).columns) == list(columns), name


def test_the_same_question_has_the_same_answer(example, sales):
    again = ca.explain_change(example, "net_sales", "2025Q3")
    for name, table in sales.tables().items():
        pd.testing.assert_frame_equal(again.tables()[name], table)


def test_the_period_before_is_compared_with_the_same_season_a_year_ago(example):
    told = ca.explain_change(example, "net_sales", "2025Q3", "previous")
    assert told.base == "2025Q2"
    assert {one.code: one.numbers for one in told.caveats}["usual_known"] == {"pairs": 1}


def test_the_plan_is_told_by_the_scopes_of_the_targets(example):
    told = ca.explain_change(example, "net_sales", "2025Q3", "plan")
    values = ca.measure(example, "2025Q3", by="channel_type", kpis="attainment")
    known = values[values["status"] == "ok"]
    assert told.before == pytest.approx(known["denominator"].sum())
    assert told.bridge["amount"].iloc[1:-1].sum() == pytest.approx(told.change)


def test_without_a_year_of_data_there_is_no_base_and_the_reason_is_told(example):
    told = ca.explain_change(example, "net_sales", "2024Q2")
    assert (told.verdict, [one.code for one in told.caveats]) == ("no_base", ["change_no_base"])
    assert np.isnan(told.change)
    assert all(table.empty for table in told.tables().values())


def test_everything_wrong_with_a_question_is_told_at_once(example):
    with pytest.raises(ca.InputError) as caught:
        ca.explain_change(example, "net_sales", "2025Q3", "last_yaer", ["regoin", "region", "region"])
    assert [problem.where for problem in caught.value.problems] == ["against", "dimensions", "dimensions"]


def test_a_change_is_not_explained_itself(example):
    with pytest.raises(ca.InputError, match="explain 'net_sales' instead"):
        ca.explain_change(example, "growth_yoy", "2025Q3")


def test_every_kpi_is_explained_or_refused_with_a_reason(example):
    for name in load_kpis(example):
        try:
            told = ca.explain_change(example, name, "2025Q3", dimensions=())
        except ca.InputError as error:
            assert error.problems[0].fix, name
        else:
            assert told.verdict == "no_base" or len(told.bridge) >= 3, name


def test_orders_are_not_searched_along_categories_that_share_them(example):
    told = ca.explain_change(example, "orders", "2025Q3")
    assert "category" not in told.dimensions
    assert "category" in {one.subject for one in told.caveats if one.code == "dimension_not_additive"}

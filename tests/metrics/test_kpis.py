"""KPI definitions are checked when they are read: every mistake at once, each with its place and remedy."""

import pytest

from channel_analysis.analysis.measure import measure
from channel_analysis.contracts.tables import TABLES
from channel_analysis.errors import InputError, Problem
from channel_analysis.metrics.kpis import Kpi, load_kpis
from tests.metrics.small_worlds import company, figure, order, returned

HEAD = 'label = { en = "x" }\ndimension = "result"\nunit = "money"\nbetter = "higher"\n'
ADDITIVE = HEAD + 'kind = "additive"\n'
LAGGED = HEAD + 'kind = "lagged"\n'


def test_every_kpi_of_the_catalogue_has_both_languages_and_a_definition(tmp_path):
    kpis = load_kpis(company(tmp_path, sales=[order("2025-01-05", 1)]))
    assert len(kpis) >= 32
    for name, kpi in kpis.items():
        assert kpi.label.keys() == kpi.definition.keys() == {"en", "zh"}, name
        assert set(kpi.tables) <= set(TABLES), name


def test_a_workspace_changes_one_line_of_a_kpi_and_keeps_the_rest(tmp_path):
    own = '[net_sales]\nnumerator = { expr = "sum(gross_amount)" }\n'
    ws = company(tmp_path, kpis=own, sales=[order("2025-01-05", 80, gross_amount=100)])
    assert load_kpis(ws)["net_sales"].label["zh"] == "净销售额"
    assert figure(ws, "net_sales", "2025Q1").value == 100


def test_a_workspace_adds_a_kpi_of_its_own(tmp_path):
    expr = "-sum(net_amount) FILTER (kind = 'return')"
    own = f'[returned]\n{ADDITIVE}numerator = {{ table = "sales", expr = "{expr}" }}\n'
    ws = company(tmp_path, kpis=own, sales=[order("2025-01-05", 80), returned("2025-01-06", 30)])
    assert figure(ws, "returned", "2025Q1").value == 30


@pytest.mark.parametrize(
    "need, name", [("order_date < :period_end", ":period_end"), ("product_listed", "product_listed")]
)
def test_a_need_that_depends_on_the_period_is_refused(tmp_path, need, name):
    (problem,) = problems(tmp_path, f'[net_sales]\nneeds = ["{need}"]\n')
    assert problem.what == f"'{need}' depends on the period ({name})"
    assert "FILTER" in problem.fix


def test_counts_extremes_and_averages_per_partner_are_those_of_all_its_lines(tmp_path):
    """Lines of one partner in several regions and channels are summed first by these, then by partner."""
    inner = (
        "lines = 'count(*)', least = 'min(net_amount)', most = 'max(net_amount)', usual = 'avg(net_amount)'"
    )
    wanted = {"lines": 6, "least": -5, "most": 40, "usual": 115 / 6}
    for name, value in wanted.items():
        aside = inner if name == "usual" else inner.rpartition(", ")[0]
        own = (
            f'[own]\n{HEAD}kind = "nested"\nper = "partner_id"\ninner = {{ {aside} }}\n'
            f'numerator = {{ table = "sales", expr = "sum({name})" }}\n'
        )
        sales = [
            order("2025-01-05", net, partner_id="A", region=region, channel_type=kind)
            for net, region, kind in (
                *((10, "East", "agent"), (20, "West", "agent"), (30, "West", "agent")),
                *((40, "East", "distributor"), (20, "North", "distributor"), (-5, "North", "agent")),
            )
        ]
        ws = company(tmp_path / name, kpis=own, sales=sales, partners=[{"partner_id": "A"}])
        found = measure(ws, "2025Q1", by=["company", "region", "channel_type"], kpis="own")
        assert found["value"][0] == pytest.approx(value), name


def test_an_unknown_column_is_answered_with_the_nearest(tmp_path):
    (problem,) = problems(tmp_path, '[net_sales]\nnumerator = { expr = "sum(net_amout)" }\n')
    assert problem.where == "kpis.toml [net_sales]"
    assert "net_amout" in problem.what
    assert "net_amount" in problem.fix


def test_an_unknown_table_is_answered_with_the_nearest(tmp_path):
    (problem,) = problems(
        tmp_path, f'[x]\n{ADDITIVE}numerator = {{ table = "sale", expr = "sum(net_amount)" }}\n'
    )
    assert problem == Problem("kpis.toml [x]", "there is no contract table 'sale'", "did you mean 'sales'?")


def test_an_unknown_dated_name_is_answered_with_the_nearest(tmp_path):
    expr = "sum(net_amount) FILTER (order_date >= :period_strat)"
    (problem,) = problems(tmp_path, f'[x]\n{ADDITIVE}numerator = {{ table = "sales", expr = "{expr}" }}\n')
    assert problem.what == "there is no dated name ':period_strat'"
    assert problem.fix == "did you mean 'period_start'?"


def test_an_unknown_date_column_is_found_before_any_figure_is_made(tmp_path):
    own = f'[x]\n{ADDITIVE}numerator = {{ table = "sales", expr = "sum(net_amount)", date = "cohort_dat" }}\n'
    (problem,) = problems(tmp_path, own)
    assert "cohort_dat" in problem.what


def test_an_unknown_column_within_a_condition_or_an_inner_column_is_found(tmp_path):
    own = (
        "[net_sales]\nneeds = [\"kinds = 'order'\"]\n"
        '[top_1_share]\ninner = { sold = "sum(net_amounts)" }\n'
        '[top_5_share]\nper = "partner"\n'
    )
    found = problems(tmp_path, own)
    assert [problem.where for problem in found] == [
        f"kpis.toml [{name}]" for name in ("net_sales", "top_1_share", "top_5_share")
    ]


def test_what_is_no_sql_is_told_as_it_stands(tmp_path):
    (problem,) = problems(tmp_path, '[net_sales]\nnumerator = { expr = "sum(net_amount" }\n')
    assert problem.what.startswith("'sum(net_amount' is not SQL")


def test_a_row_by_row_expression_is_no_kpi(tmp_path):
    (problem,) = problems(
        tmp_path, '[net_sales]\nnumerator = { expr = "net_amount / 0 + sum(net_amount)" }\n'
    )
    assert problem.where == "kpis.toml [net_sales]"


def test_change_of_a_kpi_that_does_not_exist_is_answered_with_the_nearest(tmp_path):
    (problem,) = problems(tmp_path, '[growth_yoy]\nof = "net_sale"\n')
    assert problem == Problem(
        "kpis.toml [growth_yoy]", "there is no KPI 'net_sale'", "did you mean 'net_sales'?"
    )


def test_change_of_nothing_is_refused(tmp_path):
    (problem,) = problems(tmp_path, f"[x]\n{LAGGED}")
    assert problem.what == "a lagged KPI names the KPI it is 'of' and its 'base'"


def test_change_of_a_change_is_refused(tmp_path):
    (problem,) = problems(tmp_path, f'[x]\n{LAGGED}of = "growth_yoy"\nbase = "previous"\n')
    assert "growth_yoy" in problem.what


def test_a_kpi_without_a_numerator_is_refused(tmp_path):
    (problem,) = problems(tmp_path, f"[x]\n{ADDITIVE}")
    assert problem.what == "a numerator is required"


def test_a_misspelt_property_is_answered_with_the_nearest(tmp_path):
    (problem,) = problems(tmp_path, '[net_sales]\nbeter = "higher"\n')
    assert (problem.where, problem.fix) == ("kpis.toml [net_sales] [beter]", "did you mean 'better'?")


@pytest.mark.parametrize("part", ["weights.direct", "anchors.all"])
def test_a_policy_that_scores_a_kpi_that_does_not_exist_is_answered_with_the_nearest(tmp_path, part):
    entry = "0.0" if part.startswith("weights") else "{ floor = 0, target = 1, stretch = 2 }"
    policy = f"[scoring.{part}]\ngros_margin = {entry}\n"
    (problem,) = problems(tmp_path, "", policy)
    assert problem == Problem(
        f"policy.toml [scoring.{part}]", "there is no KPI 'gros_margin'", "did you mean 'gross_margin'?"
    )


def test_names_that_do_not_exist_are_told_all_at_once_from_both_files(tmp_path):
    own = (
        f'[x]\n{ADDITIVE}numerator = {{ table = "sale", expr = "sum(net_amount)" }}\n'
        '[growth_yoy]\nof = "net_sale"\n'
    )
    found = problems(tmp_path, own, "[scoring.weights.direct]\ngros_margin = 0.0\n")
    assert [problem.where for problem in found] == [
        "kpis.toml [growth_yoy]",
        "kpis.toml [x]",
        "policy.toml [scoring.weights.direct]",
    ]


def test_columns_that_do_not_exist_are_told_all_at_once(tmp_path):
    own = "".join(
        f'[{name}]\nnumerator = {{ table = "sales", expr = "sum({name}_of_old)" }}\n'
        for name in ("net_sales", "gross_profit", "orders")
    )
    assert [problem.where for problem in problems(tmp_path, own)] == [
        f"kpis.toml [{name}]" for name in ("net_sales", "gross_profit", "orders")
    ]


def test_properties_missing_or_misspelt_in_several_kpis_are_told_all_at_once(tmp_path):
    own = f'[net_sales]\nbeter = "higher"\n[x]\n{ADDITIVE}[y]\n{LAGGED}'
    assert [problem.where for problem in problems(tmp_path, own)] == [
        "kpis.toml [net_sales] [beter]",
        "kpis.toml [x]",
        "kpis.toml [y]",
    ]


def test_a_wrong_table_does_not_hide_a_wrong_column_of_another_kpi(tmp_path):
    own = (
        '[net_sales]\nnumerator = { expr = "sum(net_amout)" }\n'
        f'[x]\n{ADDITIVE}numerator = {{ table = "sale", expr = "sum(net_amount)" }}\n'
    )
    found = {problem.where for problem in problems(tmp_path, own)}
    assert found == {"kpis.toml [net_sales]", "kpis.toml [x]"}


def test_a_single_term_and_a_list_of_one_mean_the_same():
    term = {"table": "sales", "expr": "sum(net_amount)"}
    about = {"label": {}, "dimension": "result", "kind": "additive", "unit": "money", "better": "none"}
    assert Kpi(**about, numerator=term) == Kpi(**about, numerator=[term])


def problems(folder, kpis: str, policy: str = "") -> list[Problem]:
    """What is wrong with a workspace's own definitions and policy."""
    ws = company(folder, policy, kpis, sales=[order("2025-01-05", 1)])
    with pytest.raises(InputError) as refused:
        load_kpis(ws)
    return list(refused.value.problems)


def test_a_term_that_gives_a_date_or_no_single_number_is_refused_before_any_figure(tmp_path):
    dated = '[net_sales]\nnumerator = { expr = "max(order_date)" }\n'
    rows = '[orders]\nnumerator = { expr = "quantity" }\n'
    found = {p.where: p.what for p in problems(tmp_path, dated + rows)}
    assert found == {
        "kpis.toml [net_sales]": "a term gives a DATE, not a number",
        "kpis.toml [orders]": "a term gives no single number",
    }

"""Standard errors of KPIs: what resampling the orders gives, what a twin in pandas gives, and the edges."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from channel_analysis.metrics.facts import LEVELS
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.noise import COLUMNS, kpi_noise
from channel_analysis.metrics.periods import parse_period
from channel_analysis.metrics.values import kpi_values
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import company, kpis_of, order, partner, returned, target

DRAWS = 4000
UNKNOWN = {
    *("concentration_hhi", "top_1_share", "top_5_share", "top_10_share", "like_for_like_yoy"),
    *("sku_movement", "mdf_utilisation", "allocated_cost_share"),
}
"""KPIs of which no noise is known."""


@pytest.fixture(scope="module")
def trader(tmp_path_factory) -> Workspace:
    """One partner with 150 orders of one to three lines, returns, promotions and last year's orders."""
    dice = np.random.default_rng(5)
    sales = [line for year in (2024, 2025) for line in orders(dice, year)]
    return company(
        tmp_path_factory.mktemp("trader"),
        sales=sales,
        partners=[partner("A")],
        targets=[target("partner", "2025-01-01", 90_000, "2025-04-01", partner_id="A")],
        costs=[{"month": "2025-02-01", "cost_type": "rebate", "amount": 4000, "partner_id": "A"}],
    )


def orders(dice: np.random.Generator, year: int) -> list[dict]:
    rows = []
    for number in range(150):
        name, day = f"{year}-{number}", f"{year}-{1 + number % 3:02d}-{1 + number % 28:02d}"
        for line in range(int(dice.integers(1, 4))):
            net = round(float(dice.lognormal(5, 0.7)), 2)
            more = {"order_id": name, "line_number": line + 1, "partner_id": "A"}
            more["promotion_id"] = "P" if dice.random() < 0.3 else None
            rows.append(order(day, net, **more, cost_amount=round(net * float(dice.uniform(0.5, 0.9)), 2)))
        if number % 9 == 0:
            back = {"order_id": f"R{name}", "partner_id": "A", "cost_amount": 0}
            rows.append(returned(day, round(rows[-1]["net_amount"] * 0.8, 2), of=name, **back))
    return rows


def test_errors_are_those_of_resampling_the_orders(trader):
    lines = trader.facts().engine.query("SELECT * FROM sales").to_pandas()
    for column in ("net_amount", "cost_amount"):
        lines[column] = lines[column].astype(float)
    wanted = resampled(lines)
    found = noise(trader, "2025Q1", levels=("partner",))
    for name, deviation in wanted.items():
        assert found.loc[(name, "partner", "A"), "se"] == pytest.approx(deviation, rel=0.15), name


def resampled(lines: pd.DataFrame) -> dict[str, float]:
    """Standard deviations of figures over worlds in which every order came a Poisson number of times."""
    lines = lines.assign(unit=lines["original_order_id"].fillna(lines["order_id"]))
    is_order, has_promotion = lines["kind"] == "order", lines["promotion_id"].notna()
    promoted, plain = is_order & has_promotion, is_order & ~has_promotion
    net = lines["net_amount"]
    columns = {
        "net": net,
        "profit": net - lines["cost_amount"],
        "ordered": net.where(is_order, 0),
        "back": -net.where(~is_order, 0),
        "promoted": net.where(promoted, 0),
        "plain": net.where(plain, 0),
        "promoted_lines": promoted.astype(float),
        "plain_lines": plain.astype(float),
    }
    year = pd.to_datetime(lines["order_date"]).dt.year
    units = pd.DataFrame(columns).groupby([year, lines["unit"]]).sum()
    dice = np.random.default_rng(11)
    now, before = (
        dice.poisson(1, (DRAWS, len(u))) @ u.to_numpy() for u in (units.loc[2025], units.loc[2024])
    )
    drawn = pd.DataFrame(now, columns=list(columns))
    old = before[:, 0]
    count = dice.poisson(1, (DRAWS, 150)).sum(axis=1)
    return {
        "net_sales": drawn["net"].std(),
        "orders": count.std(),
        "gross_margin": (drawn["profit"] / drawn["net"]).std(),
        "return_rate": (drawn["back"] / drawn["ordered"]).std(),
        "promotion_response": (
            drawn["promoted"] / drawn["promoted_lines"] / (drawn["plain"] / drawn["plain_lines"])
        ).std(),
        "attainment": drawn["net"].std() / 90_000,
        "rebate_rate": (4000 / drawn["net"]).std(),
        "growth_yoy": (drawn["net"] / old - 1).std(),
    }


def test_every_error_of_a_whole_company_equals_that_of_a_twin(demo_workspace):
    ws = open_workspace(demo_workspace)
    found = noise(ws, "2025Q2", levels=("company", "partner", "rep"))
    table = lambda name: ws.facts().engine.query(f"SELECT * FROM {name}").to_pandas()  # noqa: E731
    wanted = {**sales_twin(table("sales")), **invoice_twin(table("receivables"))}
    assert {name for name, *_ in wanted} == {
        "net_sales",
        "average_order_value",
        "gross_margin",
        "overdue_ratio",
    }
    for (name, level, entity), (n, se) in wanted.items():
        row = found.loc[name, level, entity]
        assert row["n"] == n, (name, level, entity)
        assert row["se"] == pytest.approx(se, rel=1e-6, nan_ok=True), (name, level, entity)


def sales_twin(sales: pd.DataFrame) -> dict[tuple[str, str, str], tuple[int, float]]:
    day = pd.to_datetime(sales["order_date"])
    sales = sales[(day >= "2025-04-01") & (day < "2025-07-01")].copy()
    is_order = sales["kind"] == "order"
    sales["unit"] = sales["order_id"].where(
        is_order | sales["original_order_id"].isna(), sales["original_order_id"]
    )
    sales["net"] = sales["net_amount"].astype(float)
    sales["margin"] = sales["net"] - sales["cost_amount"].astype(float)
    sales["ordered"], sales["one"] = sales["net"].where(is_order, 0), is_order
    wanted = {}
    for level, column in (("company", None), ("partner", "partner_id"), ("rep", "rep_id")):
        for entity, rows in sales.groupby(
            sales[column].fillna("(unassigned)") if column else sales["order_id"].str[:0]
        ):
            units = rows.groupby("unit").agg(
                net=("net", "sum"), margin=("margin", "sum"), ordered=("ordered", "sum"), one=("one", "max")
            )
            sold = units[units["net"] != 0]
            if len(sold):
                wanted["net_sales", level, entity] = len(sold), math.sqrt((sold["net"] ** 2).sum())
            if units["net"].sum() > 0:
                wanted["gross_margin", level, entity] = of_ratio(units["margin"], units["net"])
            if units["one"].sum() > 0:
                wanted["average_order_value", level, entity] = of_ratio(
                    units["ordered"], units["one"].astype(float)
                )
    return wanted


def invoice_twin(invoices: pd.DataFrame) -> dict[tuple[str, str, str], tuple[int, float]]:
    end = pd.Timestamp("2025-07-01")
    dates = {
        name: pd.to_datetime(invoices[name])
        for name in ("invoice_date", "due_date", "paid_date", "written_off_date")
    }
    is_open = (dates["invoice_date"] < end) & ~(dates["paid_date"] < end) & ~(dates["written_off_date"] < end)
    amount = invoices["amount"].astype(float)
    rows = pd.DataFrame({"owed": amount, "late": amount.where(dates["due_date"] < end, 0)})[is_open]
    wanted = {}
    for entity, own in rows.groupby(invoices["partner_id"][is_open].fillna("(unassigned)")):
        if 0 < own["late"].sum() < own["owed"].sum():
            wanted["overdue_ratio", "partner", entity] = of_ratio(own["late"], own["owed"])
    return wanted


def of_ratio(over: pd.Series, under: pd.Series) -> tuple[int, float]:
    """Units and error of a ratio of sums, after Cochran."""
    n = int((under != 0).sum())
    if n < 2:
        return n, math.nan
    residuals = over - over.sum() / under.sum() * under
    return n, math.sqrt((residuals**2).sum() * n / (n - 1)) / abs(under.sum())


def test_errors_are_the_same_on_both_engines(demo_workspace, spark):
    duck = open_workspace(demo_workspace)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    other = replace(open_workspace(demo_workspace), settings=settings)
    one, two = (noise(ws, "2025Q2", levels=tuple(LEVELS)) for ws in (duck, other))
    assert one["se"].notna().sum() > 500
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_values_at_hand_save_measuring_and_change_nothing(demo_workspace):
    ws = open_workspace(demo_workspace)
    kpis, spans = load_kpis(ws), [parse_period("2025-05"), parse_period("2025Q2")]
    known = kpi_values(ws.facts(), kpis, ws.policy, spans, ("company", "team"))
    given = kpi_noise(ws.facts(), kpis, ws.policy, spans, ("company", "team"), known)
    pd.testing.assert_frame_equal(given, kpi_noise(ws.facts(), kpis, ws.policy, spans, ("company", "team")))
    assert tuple(given.columns) == COLUMNS
    for name in ("level", "entity", "period", "kpi"):
        assert given[name].to_list() == known[name].to_list()
    assert given.loc[(known["status"] != "ok").to_numpy(), ["n", "se"]].isna().all(axis=None)


def test_noise_is_known_of_every_kpi_but_those_named(demo_workspace):
    found = noise(open_workspace(demo_workspace), "2025Q2")
    known = set(found[found["se"] > 0].index.get_level_values("kpi"))
    assert set(load_kpis(open_workspace(demo_workspace))) - known == UNKNOWN


def test_an_entity_has_the_same_errors_whoever_stands_beside_it(demo_workspace):
    ws = open_workspace(demo_workspace)
    alone, among = (
        noise(ws, "2025Q2", levels=("rep",)),
        noise(ws, "2025Q2", levels=("company", "rep", "region")),
    )
    pd.testing.assert_frame_equal(alone, among.loc[alone.index])


def test_a_single_order_tells_the_error_of_a_sum_and_none_of_a_ratio(tmp_path):
    ws = company(tmp_path, sales=[order("2025-01-05", 100, cost_amount=60)])
    found = noise(ws, "2025Q1")
    assert found.loc[("net_sales", "company", "")].to_list() == [1, 100]
    assert found.loc[("orders", "company", "")].to_list() == [1, 1]
    assert found.loc[("gross_margin", "company", ""), "n"] == 1
    assert math.isnan(found.loc[("gross_margin", "company", ""), "se"])


def test_a_return_takes_from_its_order_and_stands_alone_without_one(tmp_path):
    sales = [order("2025-01-05", 100, order_id="A"), order("2025-01-06", 50, order_id="B")]
    named = company(tmp_path / "named", sales=[*sales, returned("2025-01-09", 30, of="A", order_id="R")])
    alone = company(tmp_path / "alone", sales=[*sales, returned("2025-01-09", 30, order_id="R")])
    found, other = (noise(ws, "2025Q1").loc[("net_sales", "company", "")] for ws in (named, alone))
    assert (found["n"], found["se"]) == (2, pytest.approx(math.hypot(70, 50)))
    assert (other["n"], other["se"]) == (3, pytest.approx(math.hypot(100, 50, 30)))


def test_nothing_of_few_is_not_certain(tmp_path):
    unhappy = [{"given_on": "2025-01-05", "kind": "csat", "score": 2} for _ in range(3)]
    praise = [{"given_on": "2025-01-05", "kind": "nps", "score": 10}]
    older = [{"given_on": "2024-01-05", "kind": "complaint", "score": None}]
    sales = [order("2025-01-05", 10, order_id=f"o{i}", cost_amount=4) for i in range(8)]
    sales.append(returned("2024-03-01", 5))
    ws = company(tmp_path, sales=sales, feedback=[*unhappy, *praise, *older])
    found = noise(ws, "2025Q1")["se"]
    z = 1.959964**2
    assert found["csat", "company", ""] == pytest.approx(
        math.sqrt((z / 2) / (3 + z) * (1 - (z / 2) / (3 + z)) / (3 + z)), rel=1e-5
    )
    assert 40 < found["nps", "company", ""] < 60
    assert found["complaint_rate", "company", ""] == pytest.approx(1000 * math.sqrt(z / 4) / 8, rel=1e-5)
    assert 0.05 < found["return_rate", "company", ""] < 0.2
    assert found["gross_margin", "company", ""] == pytest.approx(0, abs=1e-6)


def test_where_there_is_no_figure_there_is_no_error(tmp_path):
    sales = [order("2025-01-05", 100, cost_amount=60), returned("2025-01-06", 100, cost_amount=-60)]
    found = noise(company(tmp_path, sales=sales), "2025Q1")
    assert found.loc[("gross_margin", "company", "")].isna().all()
    assert found.loc[("growth_yoy", "company", "")].isna().all()
    assert np.isfinite(found.loc[("net_sales", "company", ""), "se"])


def test_a_kpi_of_a_companys_own_has_its_error_too(tmp_path):
    own = """
    [units_per_order]
    label = { en = "Units per order" }
    dimension = "result"
    kind = "distinct"
    unit = "ratio"
    better = "higher"
    numerator = { table = "sales", expr = "sum(quantity)" }
    denominator = { table = "sales", expr = "count(DISTINCT order_id)" }
    """
    sales = [order(f"2025-01-0{i}", 10, quantity=i) for i in (1, 2, 3, 6)]
    found = noise(company(tmp_path, kpis=own, sales=sales), "2025Q1")
    expected = math.sqrt(sum((q - 3) ** 2 for q in (1, 2, 3, 6)) * 4 / 3) / 4
    assert found.loc[("units_per_order", "company", "")].to_list() == [4, pytest.approx(expected)]


def noise(ws: Workspace, period: str, levels: tuple[str, ...] = ("company",)) -> pd.DataFrame:
    """Units and errors of all KPIs, by KPI, level and entity."""
    found = kpi_noise(ws.facts(), kpis_of(ws), ws.policy, [parse_period(period)], levels)
    return found.set_index(["kpi", "level", "entity"])[["n", "se"]].sort_index()

"""AdventureWorks, whose figures are known: sales to the cent, attainment, margins, currency, coverage."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from channel_analysis.metrics.bridge import pair_table
from channel_analysis.metrics.periods import active_types, coverage, parse_period, uncovered_types
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import values

QUARTERS = [f"{year}Q{quarter}" for year in (2011, 2012, 2013) for quarter in (1, 2, 3, 4)]
YEARS = ("2010", "2011", "2012", "2013", "2014")
RESELLER_TYPES = ["specialty_bike_shop", "value_added_reseller", "warehouse"]
ATTAINMENT = [0.822, 0.866, 0.857, 0.820, 0.843, 0.814, 0.891, 0.838, 0.796, 0.836, 0.882, 0.863]


@pytest.fixture(scope="module")
def source(shared_data) -> Path:
    return shared_data("adventureworks_dw")


@pytest.fixture(scope="module")
def ws(source, tmp_path_factory) -> Workspace:
    folder = tmp_path_factory.mktemp("adventureworks")
    text = f'[company]\ncurrency = "USD"\n[data]\nsource = "{source}"\nmapping = "adventureworks"\n'
    (folder / "workspace.toml").write_text(text, encoding="utf-8")
    return open_workspace(folder)


@pytest.fixture(scope="module")
def years(ws) -> pd.DataFrame:
    """Figures of the two families in all calendar years together hold all there is."""
    return values(ws, *YEARS, levels=("company", "channel_family"), kpis=["net_sales", "gross_profit"])


@pytest.fixture(scope="module")
def reseller_lines(source) -> pd.DataFrame:
    return pd.read_parquet(source / "FactResellerSales.parquet")


def test_net_sales_are_those_of_the_books_to_the_cent(years):
    net = years.loc["net_sales"].groupby(["level", "entity"])["value"].sum()
    assert f"{net['channel_family', 'indirect']:.2f}" == "80450596.98"
    assert f"{net['channel_family', 'direct']:.2f}" == "29358677.22"
    assert f"{net['company', '']:.2f}" == "109809274.20"


def test_no_line_and_no_cent_is_lost_on_the_way_in(ws):
    account = ws.facts().intake.account("sales")
    assert (account.rows_given, account.rows_used, account.rows_set_aside) == (121_253, 121_253, 0)
    assert account.amount_used.quantize(Decimal("0.01")) == Decimal("109809274.20")


@pytest.mark.parametrize(
    ("family", "profit", "margin"), [("indirect", 470_483, 0.006), ("direct", 12_080_884, 0.41)]
)
def test_resellers_leave_hardly_any_margin_and_the_internet_two_fifths(years, family, profit, margin):
    net = years.loc["net_sales"].xs(("channel_family", family), level=("level", "entity"))["value"].sum()
    gained = (
        years.loc["gross_profit"].xs(("channel_family", family), level=("level", "entity"))["value"].sum()
    )
    assert round(gained) == profit
    assert gained / net == pytest.approx(margin, abs=0.005)


def test_every_third_reseller_line_is_sold_below_cost(ws):
    below = "SELECT COUNT(*) FILTER (WHERE net_amount < cost_amount) AS below, COUNT(*) AS lines FROM sales "
    found = ws.facts().engine.query(below + "WHERE channel_type <> 'online'").to_pylist()
    assert found == [{"below": 21_829, "lines": 60_855}]


def test_attainment_takes_each_quota_over_the_window_its_date_opens(ws):
    found = values(ws, *QUARTERS, kpis=["attainment"]).loc["attainment"]["value"]
    assert [round(value, 3) for value in found] == ATTAINMENT


def test_joined_on_calendar_quarters_the_same_quotas_would_read_quite_differently(source, reseller_lines):
    quotas = pd.read_parquet(source / "FactSalesQuota.parquet")
    named = quotas["CalendarYear"].astype(str) + "Q" + quotas["CalendarQuarter"].astype(str)
    quota = quotas["SalesAmountQuota"].astype(float).groupby(named).sum()
    sold = (
        reseller_lines["SalesAmount"]
        .astype(float)
        .groupby(reseller_lines["OrderDate"].dt.to_period("Q"))
        .sum()
    )
    sold.index = sold.index.astype(str)
    naive = (sold / quota).dropna()
    assert (round(naive.min(), 3), round(naive.max(), 3)) == (0.126, 1.109)
    assert min(ATTAINMENT) > 0.79 and max(ATTAINMENT) < 0.9


def test_attainment_of_the_reps_adds_up_to_the_companys(ws):
    frame = values(ws, "2013Q3", levels=("company", "channel_family", "rep"))
    rows = frame.loc["attainment", "2013Q3"]
    ours, reps = rows.loc["company", ""], rows.loc["rep"]
    assert len(reps[reps["status"] == "ok"]) == 17
    assert reps[["numerator", "denominator"]].sum().to_list() == pytest.approx(
        ours[["numerator", "denominator"]].to_list()
    )
    assert rows.loc[("channel_family", "indirect"), "value"] == ours["value"]
    assert rows.loc[("channel_family", "direct"), "status"] == "no_rows"


def test_a_reseller_that_buys_once_a_quarter_is_never_called_inactive_or_lost(ws, source, reseller_lines):
    expected = regular_resellers(source, reseller_lines)
    assert len({name for name, _code in expected}) > 400
    frame = values(ws, *QUARTERS, levels=("partner",), kpis=["active_partner_rate", "partner_churn"])
    active = frame.loc["active_partner_rate"]["numerator"]
    lost = frame.loc["partner_churn"]
    lost = lost[lost["status"] == "ok"]["numerator"]
    missed = [pair for pair in expected if active.get((pair[1], "partner", pair[0])) != 1]
    mourned = [pair for pair in expected if lost.get((pair[1], "partner", pair[0]), 0) != 0]
    assert (missed, mourned) == ([], [])


def test_a_window_of_one_month_would_call_most_of_those_resellers_inactive(source, reseller_lines):
    expected = regular_resellers(source, reseller_lines)
    months = reseller_lines.assign(month=reseller_lines["OrderDate"].dt.to_period("M"))
    keys = pd.read_parquet(source / "DimReseller.parquet").set_index("ResellerKey")["ResellerAlternateKey"]
    bought = set(zip(months["ResellerKey"].map(keys), months["month"].astype(str), strict=True))
    last_month = {code: str(pd.Period(code, "Q").asfreq("M", "end")) for code in QUARTERS}
    idle = [pair for pair in expected if (pair[0], last_month[pair[1]]) not in bought]
    assert len(idle) > len(expected) / 2


def test_amounts_are_dollars_whatever_currency_the_customer_paid_in(source, reseller_lines):
    products = pd.read_parquet(source / "DimProduct.parquet").set_index("ProductKey")
    internet = pd.read_parquet(source / "FactInternetSales.parquet")
    of_list = ratio(internet, "UnitPrice", products["ListPrice"])
    of_dealer = ratio(reseller_lines, "UnitPrice", products["DealerPrice"])
    of_cost = ratio(reseller_lines, "ProductStandardCost", products["StandardCost"])
    assert internet["CurrencyKey"].nunique() == 6
    assert reseller_lines["CurrencyKey"].nunique() == 5
    assert of_list.groupby(internet["CurrencyKey"]).agg(["min", "max"]).eq(1).all(axis=None)
    assert of_cost.groupby(reseller_lines["CurrencyKey"]).agg(["min", "max"]).eq(1).all(axis=None)
    assert of_dealer.groupby(reseller_lines["CurrencyKey"]).median().eq(1).all()


def test_every_amount_is_taken_in_as_dollars(ws):
    assert ws.facts().engine.query("SELECT DISTINCT currency FROM sales").to_pylist() == [{"currency": "USD"}]


@pytest.mark.parametrize(
    ("code", "uncovered"),
    [("2013Q3", []), ("2013Q4", RESELLER_TYPES), ("2014Q1", [*RESELLER_TYPES, "online"])],
)
def test_a_quarter_is_complete_when_every_type_sold_in_the_one_before_reaches_its_end(ws, code, uncovered):
    engine, period = ws.facts().engine, parse_period(code)
    found = uncovered_types(period, coverage(engine), active_types(engine, period.previous), ws.policy)
    assert sorted(found) == sorted(uncovered)


def test_resellers_order_on_forty_days_in_all(ws):
    days = "SELECT COUNT(DISTINCT order_date) AS days FROM sales WHERE channel_type <> 'online'"
    assert ws.facts().engine.query(days).to_pylist() == [{"days": 40}]


def test_products_are_new_or_lost_by_what_they_are_and_not_by_the_version_of_their_price(
    ws, source, reseller_lines
):
    now, before = parse_period("2013Q3"), parse_period("2012Q3")
    pairs = pair_table(ws.facts(), ws.policy, now, before)
    sides = pairs[pairs["kind"] == "partner"].groupby("product")[["net_before", "net_now"]].sum()
    keys = pd.read_parquet(source / "DimProduct.parquet").set_index("ProductKey")["ProductAlternateKey"]
    by_model = came_and_went(reseller_lines, reseller_lines["ProductKey"].map(keys))
    by_version = came_and_went(reseller_lines, reseller_lines["ProductKey"])
    new, lost = sides[sides["net_before"] == 0], sides[sides["net_now"] == 0]
    found = (len(new), len(lost), new["net_now"].sum(), lost["net_before"].sum())
    assert found == pytest.approx(by_model)
    assert by_model == pytest.approx((102, 55, 4_483_681.7843, 2_639_899.3290))
    assert by_version == pytest.approx((146, 99, 7_644_679.6351, 5_814_080.1060))


def test_a_guide_price_is_told_only_of_products_whose_price_never_changed(ws, source):
    versions = pd.read_parquet(source / "DimProduct.parquet").query("FinishedGoodsFlag")
    prices = versions.groupby("ProductAlternateKey")["DealerPrice"]
    expected = prices.first()[prices.nunique() == 1].astype(float)
    told = ws.facts().engine.query("SELECT product_id, guide_price FROM products").to_pandas()
    guide = told.set_index("product_id")["guide_price"].dropna().astype(float)
    assert len(told) == told["product_id"].nunique() == prices.ngroups
    assert guide.sort_index().to_dict() == pytest.approx(expected.sort_index().to_dict())


def came_and_went(lines: pd.DataFrame, product: pd.Series) -> tuple[int, int, float, float]:
    """Products sold in 2013Q3 but not in 2012Q3, the other way round, and what was sold of either."""
    quarters = lines["OrderDate"].dt.to_period("Q").astype(str)
    amounts = lines["SalesAmount"].astype(float)
    after, earlier = (
        amounts[quarters == code].groupby(product[quarters == code]).sum() for code in ("2013Q3", "2012Q3")
    )
    new, lost = after[~after.index.isin(earlier.index)], earlier[~earlier.index.isin(after.index)]
    return len(new), len(lost), float(new.sum()), float(lost.sum())


def regular_resellers(source: Path, lines: pd.DataFrame) -> list[tuple[str, str]]:
    """Resellers that never paused for more than 95 days, with every quarter from first to last order."""
    keys = pd.read_parquet(source / "DimReseller.parquet").set_index("ResellerKey")["ResellerAlternateKey"]
    found = []
    for key, dates in lines.groupby("ResellerKey")["OrderDate"]:
        days = sorted(set(dates))
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        if gaps and max(gaps) <= 95:
            quarters = pd.period_range(days[0], days[-1], freq="Q").astype(str)
            found += [(keys[key], code) for code in quarters if code in QUARTERS]
    return found


def ratio(lines: pd.DataFrame, column: str, of: pd.Series) -> pd.Series:
    """A column over the price of the line's product."""
    return lines[column].astype(float) / lines["ProductKey"].map(of).astype(float)

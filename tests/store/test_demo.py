"""The example company is sound where it should be and faulty exactly where it was spoilt."""

import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.contracts.schema import CHANNEL_TYPES
from channel_analysis.contracts.tables import TABLES
from channel_analysis.store.demo import write_demo

PARQUET = {
    "sales", "sell_out", "stock", "receivables", "feedback", "leads", "visits", "costs", "market",
}  # fmt: skip
CHANNELS = {
    "visit", "phone", "livestream", "key_account", "online", "distributor", "retailer",
}  # fmt: skip
LINE = ["order_id", "line_number"]
AMOUNTS = ["gross_amount", "discount_amount", "net_amount", "cost_amount"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


@pytest.fixture(scope="module")
def tables(folder) -> dict[str, pd.DataFrame]:
    return {path.stem: read(path) for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def sales(tables) -> pd.DataFrame:
    """Lines of sales without the repeated ones, amounts in whole fen."""
    sales = tables["sales"].drop_duplicates().copy()
    for name in ["quantity", *AMOUNTS]:
        sales[name] = in_fen(sales[name])
    return sales


@pytest.fixture(scope="module")
def stock(tables) -> pd.DataFrame:
    stock = tables["stock"].sort_values(["partner_id", "product_id", "month"], ignore_index=True)
    units = [name for name in stock if name.endswith("_quantity")]
    return stock.assign(**{name: stock[name].astype(int) for name in units})


def test_there_is_one_file_for_each_contract_table(folder):
    expected = {f"{name}.{'parquet' if name in PARQUET else 'csv'}" for name in TABLES}
    assert {path.name for path in folder.iterdir()} == expected


def test_columns_are_those_of_the_contract_and_none_is_wholly_empty(tables):
    for name, table in tables.items():
        assert set(table.columns) <= set(TABLES[name].column_names), name
        assert not table.isna().all().any(), name


def test_required_columns_are_filled_but_for_the_spoilt_net_amounts(tables):
    empty = {
        (name, column.name): int(table[column.name].isna().sum())
        for name, table in tables.items()
        for column in TABLES[name].columns
        if column.required and table[column.name].isna().any()
    }
    assert empty == {("sales", "net_amount"): 6}


def test_values_are_among_the_allowed_ones(tables):
    for name, column, allowed in columns_with("allowed"):
        permitted = CHANNELS if allowed == (CHANNEL_TYPES,) else set(allowed)
        if column in tables.get(name, ()):
            assert set(tables[name][column].dropna()) <= permitted, (name, column)


def test_money_is_decimal_and_days_are_dates_in_parquet(folder):
    types = {"money": pa.decimal128(18, 4), "quantity": pa.decimal128(18, 4), "date": pa.date32()}
    for name in PARQUET:
        schema = pq.read_schema(folder / f"{name}.parquet")
        contract = [TABLES[name].column(column) for column in schema.names]
        assert all(
            schema.field(column.name).type == types[column.type]
            for column in contract
            if column.type in types
        ), name


def test_keys_are_unique_but_for_the_repeated_sales_lines(tables):
    repeated = {name: int(table.duplicated(list(TABLES[name].key)).sum()) for name, table in tables.items()}
    assert {name: count for name, count in repeated.items() if count} == {"sales": 12}


def test_references_lead_to_a_row_but_for_the_unknown_products(tables):
    astray = {}
    for name, column, target in columns_with("references"):
        if column in tables.get(name, ()):
            home, key = target.split(".")
            lost = ~tables[name][column].dropna().isin(tables[home][key])
            astray |= {(name, column): int(lost.sum())} if lost.any() else {}
    assert astray == {("sales", "product_id"): 9}


def test_the_twelve_repeated_lines_are_exact_and_stand_at_the_end(tables):
    sales = tables["sales"]
    assert sales.duplicated().sum() == 12
    assert sales.duplicated().tail(12).all()


def test_no_line_is_spoilt_twice(tables):
    sales = tables["sales"]
    unknown = ~sales["product_id"].isin(tables["products"]["product_id"])
    faults = sales.duplicated(LINE, keep=False).astype(int) + unknown + sales["net_amount"].isna()
    assert faults.max() == 1
    assert faults.sum() == 2 * 12 + 9 + 6


def test_sales_reach_from_the_first_to_the_last_day(tables):
    days = tables["sales"]["order_date"]
    assert (days.min(), days.max()) == (datetime.date(2024, 1, 1), datetime.date(2025, 10, 17))
    assert days.nunique() > 640


def test_tables_are_as_large_as_the_company(tables):
    rows = {name: len(table) for name, table in tables.items()}
    assert 45_000 <= rows["sales"] <= 60_000
    assert {name: rows[name] for name in ("partners", "staff", "products", "measures")} == {
        "partners": 120,
        "staff": 24,
        "products": 24,
        "measures": 5,
    }
    assert tables["customers"]["is_key_account"].eq("true").sum() == 60
    assert set(tables["sales"]["channel_type"]) == CHANNELS


def test_gross_less_discount_is_net_on_every_line(sales):
    priced = sales[sales["net_amount"].notna()]
    gap = priced["gross_amount"] - priced["discount_amount"] - priced["net_amount"]
    assert (gap == 0).all()


def test_orders_are_positive_and_returns_negative_throughout(sales):
    signed = sales[["quantity", *AMOUNTS]].fillna(1)
    is_return = sales["kind"] == "return"
    assert (signed[~is_return] > 0).all(axis=None)
    assert (signed[is_return] < 0).all(axis=None)


def test_a_return_names_an_order_of_3_to_30_days_before(sales):
    orders = sales[sales["kind"] == "order"].drop_duplicates("order_id").set_index("order_id")
    returns = sales[sales["kind"] == "return"]
    assert returns["original_order_id"].isin(orders.index).all()
    shipped = pd.to_datetime(returns["original_order_id"].map(orders["order_date"]))
    waited = (pd.to_datetime(returns["order_date"]) - shipped).dt.days
    assert waited.between(3, 30).all()
    assert sales.loc[sales["kind"] == "order", "original_order_id"].isna().all()


def test_nobody_returns_more_than_was_shipped(sales):
    returns = sales[sales["kind"] == "return"]
    shipped = sales[sales["kind"] == "order"].groupby(["order_id", "product_id"])["quantity"].sum()
    returned = -returns.groupby(["original_order_id", "product_id"])["quantity"].sum()
    assert (shipped.loc[returned.index].to_numpy() >= returned.to_numpy()).all()


def test_partners_order_only_while_their_contract_runs(tables, sales):
    orders = sales[(sales["kind"] == "order") & sales["partner_id"].notna()]
    partner = tables["partners"].set_index("partner_id").loc[orders["partner_id"]]
    day = orders["order_date"].astype(str).to_numpy()
    assert (day >= partner["contract_start"].to_numpy()).all()
    assert (day < partner["exit_date"].fillna("9999").to_numpy()).all()


def test_stock_balances_and_never_falls_below_zero(stock):
    came = stock["opening_quantity"] + stock["received_quantity"]
    left = stock["sold_quantity"] + stock["returned_quantity"]
    assert (came - left == stock["closing_quantity"]).all()
    assert (stock.filter(like="_quantity") >= 0).all(axis=None)


def test_a_month_opens_with_what_the_month_before_closed_with(stock):
    same = stock.duplicated(["partner_id", "product_id"])
    before = stock.shift()[same]
    assert (stock["opening_quantity"][same] == before["closing_quantity"]).all()
    months = pd.to_datetime(stock["month"]).dt.to_period("M")
    assert (months[same].astype("int64") - months.shift()[same].astype("int64") == 1).all()


@pytest.mark.parametrize(("kind", "column", "sign"), [("order", "received", 1), ("return", "returned", -1)])
def test_partners_receive_and_return_what_sales_say(sales, stock, kind, column, sign):
    own = sales[(sales["kind"] == kind) & sales["partner_id"].notna()]
    own = own[own["order_date"] < datetime.date(2025, 10, 1)]
    month = own["order_date"].map(lambda day: day.replace(day=1))
    booked = own.groupby(["partner_id", "product_id", month])["quantity"].sum() * sign // 100
    reported = stock.set_index(["partner_id", "product_id", "month"])[f"{column}_quantity"]
    assert booked.to_dict() == reported[reported > 0].to_dict()


def test_sell_out_reports_what_stock_sold_up_to_the_last_complete_month(tables, stock):
    key = ["partner_id", "product_id"]
    told = tables["sell_out"].set_index([*key, "sold_on"])["quantity"].astype(int)
    assert told.to_dict() == stock.set_index([*key, "month"])["sold_quantity"].to_dict()
    assert tables["sell_out"]["sold_on"].max() == datetime.date(2025, 9, 1)


@pytest.mark.parametrize("level", ["channel_type", "rep", "partner"])
def test_targets_are_within_reach_in_complete_quarters(tables, sales, level):
    scope = level if level == "channel_type" else f"{level}_id"
    targets = tables["targets"].query("level == @level and window_start < '2025-10-01'")
    quarter = pd.PeriodIndex(targets["window_start"], freq="Q")
    target = targets["target_amount"].astype(float).groupby([targets[scope], quarter]).sum()
    sold_in = pd.PeriodIndex(pd.to_datetime(sales["order_date"]), freq="Q")
    actual = (sales["net_amount"] / 100).groupby([sales[scope], sold_in]).sum()
    attainment = (actual.loc[target.index] / target)[target >= 20_000]
    assert attainment.between(0.77, 1.18).all()
    assert 0.93 < attainment.median() < 1.02


def test_targets_of_reps_leave_the_end_of_their_window_open(tables):
    targets = tables["targets"]
    assert targets.loc[targets["level"] == "rep", "window_end"].isna().all()
    assert targets.loc[targets["level"] != "rep", "window_end"].notna().all()
    assert set(targets.query("window_start == '2025-10-01'")["level"]) == set(targets["level"])


def test_each_channel_type_holds_3_to_15_per_cent_of_its_market(tables, sales):
    market = tables["market"]
    quarter = pd.PeriodIndex(pd.to_datetime(market["month"]), freq="Q")
    whole = market["market_amount"].astype(float).groupby([market["channel_type"], quarter]).sum()
    sold_in = pd.PeriodIndex(pd.to_datetime(sales["order_date"]), freq="Q")
    ours = (sales["net_amount"] / 100).groupby([sales["channel_type"], sold_in]).sum()
    assert (ours.loc[whole.index] / whole).between(0.03, 0.15).all()


def test_livestream_grows_fastest_is_returned_most_and_pleases_least(tables, sales):
    quarter = pd.PeriodIndex(pd.to_datetime(sales["order_date"]), freq="Q").astype(str)
    net = sales.groupby(["channel_type", quarter])["net_amount"].sum().unstack()
    gross = sales.groupby(["channel_type", "kind"])["gross_amount"].sum().unstack()
    answers = tables["feedback"].query("kind == 'csat'")
    assert (net["2025Q3"] / net["2024Q3"]).idxmax() == "livestream"
    assert (-gross["return"] / gross["order"]).idxmax() == "livestream"
    assert answers.groupby("channel_type")["score"].mean().idxmin() == "livestream"


def test_retail_shrinks_in_the_north_while_it_grows_elsewhere(sales):
    retail = sales[sales["channel_type"] == "retailer"]
    quarter = pd.PeriodIndex(pd.to_datetime(retail["order_date"]), freq="Q").astype(str)
    net = retail.groupby([retail["region"] == "North", quarter])["net_amount"].sum().unstack()
    growth = net["2025Q3"] / net["2024Q3"] - 1
    assert -0.30 < growth[True] < 0 < growth[False]


def test_margins_lie_between_20_and_40_per_cent(sales):
    sound = sales[sales["net_amount"].notna()].groupby("channel_type")[AMOUNTS].sum()
    margin = 1 - sound["cost_amount"] / sound["net_amount"]
    assert margin.between(0.20, 0.40).all()
    assert margin.max() - margin.min() > 0.10


def test_names_and_ids_keep_their_awkward_characters(tables):
    partners = tables["partners"]
    names = set(partners["partner_name"])
    awkward = {'"老街坊"家电', "<b>恒通</b>电器", "=盛世商贸", "喆堃镕燊珺商贸", "🚀飞驰电器"}
    assert awkward <= set(partners.loc[partners["exit_date"].isna(), "partner_name"])
    assert len(names) == 120
    assert "000123" in set(tables["customers"]["customer_id"])
    assert tables["sales"]["customer_id"].dropna().str.fullmatch(r"\d{6}").all()


def test_two_runs_give_the_same_bytes_and_another_seed_gives_others(folder, tmp_path):
    write_demo(tmp_path / "again")
    write_demo(tmp_path / "other", seed=8)
    first, again, other = (
        {path.name: path.read_bytes() for path in place.iterdir()}
        for place in (folder, tmp_path / "again", tmp_path / "other")
    )
    assert again == first
    unchanged = {name for name in first if first[name] == other[name]}
    assert unchanged == {"products.csv", "measures.csv"}


def read(path: Path) -> pd.DataFrame:
    """Read a file with days as dates, money as decimals and, from CSV, everything as text."""
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str)
    return pq.read_table(path).to_pandas()


def in_fen(amounts: pd.Series) -> pd.Series:
    """Whole hundredths, exact; empty stays empty."""
    return pd.Series(
        [pd.NA if pd.isna(one) else int(Decimal(one) * 100) for one in amounts],
        index=amounts.index,
        dtype="Int64",
    )


def columns_with(trait: str) -> list[tuple[str, str, object]]:
    """Table, column and trait of every contract column that has the trait."""
    return [
        (table.name, column.name, getattr(column, trait))
        for table in TABLES.values()
        for column in table.columns
        if getattr(column, trait)
    ]

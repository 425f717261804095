"""Every simulated table follows its contract, and goods and money add up to the last unit."""

import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.contracts.schema import CHANNEL_TYPES
from channel_analysis.contracts.tables import TABLES
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate
from channel_analysis.simulator.company import CHANNEL_NAMES, PRODUCTS, REGIONS
from channel_analysis.simulator.files import IN_PARQUET

from .conftest import SMALL, STRONG

WORLDS = {
    "planted": STRONG,
    "honest": NOTHING_PLANTED,
    "usual": Dials(),
}


@pytest.fixture(params=WORLDS, scope="module")
def world(request, made):
    return made(WORLDS[request.param])


@pytest.fixture
def lines(world):
    """Lines of sales but for those repeated or without a net amount."""
    return world.sales.drop_duplicates(["order_id", "line_number"]).dropna(subset=["net_amount"])


def test_there_is_one_file_for_each_contract_table_and_the_truth(world):
    expected = {f"{name}.{'parquet' if name in IN_PARQUET else 'csv'}" for name in TABLES}
    assert {path.name for path in world.folder.iterdir()} == expected | {"truth.json"}


def test_columns_are_those_of_the_contract_and_types_fit(world):
    money = {"money": pa.decimal128(18, 4), "quantity": pa.decimal128(18, 4), "date": pa.date32()}
    for name in IN_PARQUET:
        schema = pq.read_schema(world.folder / f"{name}.parquet")
        for field in schema:
            column = TABLES[name].column(field.name)
            assert field.type == money.get(column.type, field.type), (name, field.name)
            assert column.type != "text" or field.type == pa.string(), (name, field.name)
    for name in TABLES:
        assert set(getattr(world, name).columns) <= set(TABLES[name].column_names), name


def test_required_columns_are_filled(world):
    empty = {
        (name, column.name): int(getattr(world, name)[column.name].isna().sum())
        for name in TABLES
        for column in TABLES[name].columns
        if column.required and getattr(world, name)[column.name].isna().any()
    }
    assert empty == ({("sales", "net_amount"): 6} if world.truth["dials"]["faults"] else {})


def test_values_are_among_the_allowed_ones(world):
    for name, table in TABLES.items():
        for column in table.columns:
            if column.allowed and column.name in getattr(world, name):
                permitted = CHANNEL_NAMES if column.allowed == (CHANNEL_TYPES,) else column.allowed
                given = set(getattr(world, name)[column.name].dropna())
                assert given <= set(permitted), (name, column.name)


def test_keys_are_unique(world):
    repeated = {name: int(getattr(world, name).duplicated(list(TABLES[name].key)).sum()) for name in TABLES}
    expected = {"sales": 12} if world.truth["dials"]["faults"] else {}
    assert {name: count for name, count in repeated.items() if count} == expected


def test_references_lead_to_a_row(world):
    astray = {}
    for name, table in TABLES.items():
        for column in table.columns:
            if column.references and column.name in getattr(world, name):
                home, key = column.references.split(".")
                lost = ~getattr(world, name)[column.name].dropna().isin(getattr(world, home)[key])
                astray |= {(name, column.name): int(lost.sum())} if lost.any() else {}
    assert astray == ({("sales", "product_id"): 9} if world.truth["dials"]["faults"] else {})


def test_the_company_is_as_large_as_asked_for(world):
    assert len(world.partners) == SMALL["partners"]
    assert abs(len(world.sales) / SMALL["lines"] - 1) < 0.12
    assert len(world.products) == len(PRODUCTS) == 80
    assert set(world.sales["channel_type"]) == set(CHANNEL_NAMES)
    assert set(world.sales["region"]) == set(REGIONS)
    assert world.sales["order_date"].agg(["min", "max"]).dt.date.tolist() == [
        datetime.date(2024, 7, 1),
        datetime.date(2025, 12, 31),
    ]


def test_the_company_of_1200_partners_has_60_reps():
    from channel_analysis.simulator.draw import Dice
    from channel_analysis.simulator.season import calendar_of
    from channel_analysis.simulator.staff import hire

    staff = hire(Dice(7), calendar_of(36, datetime.date(2025, 12, 31)), 1200, 0.0, 0.0)
    assert int(staff.is_rep.sum()) == 60


def test_gross_is_list_price_times_quantity_and_net_is_gross_less_discount(world, lines):
    price = lines["product_id"].map(world.products.set_index("product_id")["list_price"])
    known = price.notna()
    assert (lines["gross_amount"] - price * lines["quantity"])[known].abs().max() < 1e-6
    assert (lines["gross_amount"] - lines["discount_amount"] - lines["net_amount"]).abs().max() < 1e-6


def test_orders_are_positive_and_returns_are_negative_rows_that_name_their_order(lines):
    orders, returns = lines[lines["kind"] == "order"], lines[lines["kind"] == "return"]
    assert (orders[["quantity", "net_amount", "cost_amount"]] > 0).all(axis=None)
    assert (returns[["quantity", "net_amount", "cost_amount"]] < 0).all(axis=None)
    assert orders["original_order_id"].isna().all()
    assert returns["original_order_id"].isin(orders["order_id"]).all()


def test_no_line_sends_back_more_than_was_bought_nor_before(lines):
    orders = lines[lines["kind"] == "order"].set_index(["order_id", "product_id"])
    back = lines[lines["kind"] == "return"].set_index(["original_order_id", "product_id"])
    bought = orders.reindex(back.index)
    known = bought["quantity"].notna()
    assert (back["quantity"] + bought["quantity"])[known].min() >= 0
    assert (back["order_date"] > bought["order_date"])[known].all()


def test_an_order_names_a_product_once_and_belongs_to_one_partner_and_day(lines):
    orders = lines[lines["kind"] == "order"]
    assert not orders.duplicated(["order_id", "product_id"]).any()
    heads = orders.groupby("order_id")[["order_date", "partner_id", "customer_id", "rep_id", "channel_type"]]
    assert (heads.nunique(dropna=False) == 1).all(axis=None)


def test_direct_sales_have_customers_and_partner_sales_have_partners(lines, world):
    indirect = lines["channel_type"].isin(["distributor", "agent", "retailer"])
    assert (lines["partner_id"].notna() == indirect).all()
    assert (lines["customer_id"].notna() == ~indirect).all()
    types = lines["partner_id"].map(world.partners.set_index("partner_id")["channel_type"])
    assert (types.dropna() == lines.loc[types.notna(), "channel_type"]).all()


def test_nobody_orders_before_the_contract_or_after_the_exit(world, lines):
    orders = lines[(lines["kind"] == "order") & lines["partner_id"].notna()]
    partners = world.partners.set_index("partner_id")
    start = orders["partner_id"].map(partners["contract_start"])
    end = orders["partner_id"].map(partners["exit_date"])
    assert (orders["order_date"] >= start).all()
    assert not (orders["order_date"] >= end).any()


def test_customers_are_known_before_they_order(world, lines):
    first = lines["customer_id"].map(world.customers.set_index("customer_id")["first_contact"])
    known = first.notna()
    assert (lines["order_date"] >= first)[known].all()


def test_products_are_sold_while_they_are_listed(world, lines):
    orders = lines[lines["kind"] == "order"]
    listed = world.products.set_index("product_id")
    first, last = (orders["product_id"].map(listed[name]) for name in ("listed_from", "listed_to"))
    assert not (orders["order_date"] < first).any()
    assert not (orders["order_date"] > last).any()


def test_stock_balances_and_the_next_opening_is_the_closing(world):
    stock = world.stock.sort_values(["partner_id", "product_id", "month"], ignore_index=True)
    moved = stock["opening_quantity"] + stock["received_quantity"] - stock["sold_quantity"]
    assert (moved - stock["returned_quantity"] == stock["closing_quantity"]).all()
    assert (stock["closing_quantity"] >= 0).all()
    same = stock[["partner_id", "product_id"]].eq(stock[["partner_id", "product_id"]].shift()).all(axis=1)
    assert (stock["opening_quantity"] == stock["closing_quantity"].shift())[same].all()
    gap = stock["month"].dt.to_period("M").astype("int64").diff()
    assert (stock["opening_quantity"].eq(0) | gap.eq(1) | ~same).all()


def test_goods_received_and_sent_back_are_those_of_the_sales(world, lines):
    own = lines[lines["partner_id"].notna()].assign(
        month=lambda f: f["order_date"].dt.to_period("M").dt.start_time
    )
    units = own.pivot_table("quantity", ["partner_id", "product_id", "month"], "kind", "sum", fill_value=0)
    stock = world.stock.set_index(["partner_id", "product_id", "month"])
    units = units[units.index.get_level_values(0).isin(world.stock["partner_id"])]
    reported = units.reindex(stock.index, fill_value=0)
    assert (stock["received_quantity"] == reported["order"]).all()
    assert (stock["returned_quantity"] == -reported["return"]).all()
    missing = units.drop(stock.index, errors="ignore")
    exits = world.partners.set_index("partner_id")["exit_date"]
    assert exits.reindex(missing.index.get_level_values(0)).notna().all()


def test_goods_sold_on_are_those_the_stock_lost(world):
    sold = world.sell_out.groupby(["partner_id", "product_id", "sold_on"])["quantity"].sum()
    stock = world.stock.set_index(["partner_id", "product_id", "month"])["sold_quantity"]
    assert sold.sum() == stock.sum()
    assert (stock[stock > 0] == sold.reindex(stock[stock > 0].index)).all()


def test_targets_of_all_levels_are_parts_of_the_same_plan(world):
    targets = world.targets
    sums = targets.pivot_table("target_amount", "window_start", "level", "sum")
    assert (sums["channel_type"] == sums["region"]).all()
    assert (sums["channel_type"] == sums["rep"]).all()
    types = world.partners.set_index("partner_id")["channel_type"]
    partners = targets[targets["level"] == "partner"]
    by_type = partners.groupby(["window_start", partners["partner_id"].map(types)])["target_amount"].sum()
    whole = targets[targets["level"] == "channel_type"].set_index(["window_start", "channel_type"])
    assert (by_type == whole["target_amount"].reindex(by_type.index)).all()


def test_targets_do_not_follow_what_came_of_them(made):
    calm, troubled = (
        made(NOTHING_PLANTED),
        made(Dials(**{**vars_of(NOTHING_PLANTED), "trouble_hazard": 0.05})),
    )
    both = calm.targets.merge(
        troubled.targets, on=["level", "window_start", "partner_id"], suffixes=("", "_2")
    )
    both = both[both["level"] == "partner"]
    assert len(both) > 300
    assert (both["target_amount"] == both["target_amount_2"]).all()


def test_statements_are_known_after_their_date_and_add_up(world):
    statements = world.financials
    late = (statements["known_at"] - statements["statement_date"]).dt.days
    assert late.between(90, 160).all()
    assert (statements["known_at"] <= "2025-12-31").all()
    gap = statements["total_assets"] - statements["total_liabilities"] - statements["equity"]
    assert gap.abs().max() <= 1_000


def test_no_fact_lies_after_the_last_day(world):
    last = pd.Timestamp("2025-12-31")
    for name, column in (
        ("sales", "order_date"), ("receivables", "paid_date"), ("receivables", "written_off_date"),
        ("feedback", "given_on"), ("feedback", "closed_on"), ("leads", "closed_on"), ("visits", "done_on"),
        ("training", "held_on"), ("reputation_events", "event_date"), ("partners", "exit_date"),
    ):  # fmt: skip
        assert not (getattr(world, name)[column] > last).any(), (name, column)


def test_an_unfinished_month_has_sales_but_no_monthly_tables(tmp_path):
    simulate(tmp_path, **{**SMALL, "months": 10, "lines": 9_000}, last_day=datetime.date(2025, 10, 17))
    from .conftest import Simulated

    world = Simulated(tmp_path)
    assert world.sales["order_date"].max() == pd.Timestamp("2025-10-17")
    for name in ("stock", "sell_out", "costs", "market"):
        assert getattr(world, name)[TABLES[name].date].max() == pd.Timestamp("2025-09-01"), name
    assert world.targets["window_end"].max() == pd.Timestamp("2026-01-01")


def test_demand_falls_at_new_year_and_rises_at_festivals(honest):
    orders = honest.sales[honest.sales["kind"] == "order"]
    direct = orders[orders["channel_type"] == "livestream"].groupby("order_date").size()
    assert direct["2024-11-09":"2024-11-11"].mean() > 2 * direct["2024-10-01":"2024-10-20"].mean()
    everyone = orders.groupby("order_date").size()
    assert everyone["2025-01-25":"2025-02-07"].mean() < 0.5 * everyone["2025-03-01":"2025-03-31"].mean()


def vars_of(dials: Dials) -> dict[str, float]:
    return {name: getattr(dials, name) for name in Dials.__dataclass_fields__}

"""The contracts agree with themselves: keys, types, references, units, allowed values."""

import pytest

from channel_analysis.contracts import checks
from channel_analysis.contracts.schema import CHANNEL_TYPES, SQL_TYPES
from channel_analysis.contracts.tables import TABLES
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.intake import empty_table_sql

MISSION = {
    "partners", "staff", "customers", "products", "sales", "sell_out", "stock", "targets", "market", "costs",
    "receivables", "financials", "feedback", "reputation_events", "leads", "visits", "programmes", "training",
    "candidates", "measures",
}  # fmt: skip
COLUMNS = [(table, column) for table in TABLES.values() for column in table.columns]
by_table = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)


def test_every_table_of_the_mission_has_a_contract():
    assert set(TABLES) >= MISSION


def test_only_sales_is_required():
    assert [name for name, table in TABLES.items() if table.required] == ["sales"]


@by_table
def test_names_are_plain_and_stand_once(table):
    assert len(set(table.column_names)) == len(table.column_names)
    assert all(name.isidentifier() and name == name.lower() for name in (table.name, *table.column_names))


@by_table
def test_every_column_of_a_key_is_required(table):
    assert table.key
    assert [name for name in table.key if not table.column(name).required] == []


@by_table
def test_the_date_of_a_table_is_one_of_its_dates(table):
    assert not table.date or table.column(table.date).type == "date"


@by_table
def test_the_money_of_a_table_is_one_of_its_amounts(table):
    assert not table.amount or table.column(table.amount).type == "money"


@by_table
def test_a_table_says_what_it_holds_and_what_a_row_is(table):
    assert table.description.endswith(".")
    assert table.grain
    assert all(column.description for column in table.columns)


def test_every_type_is_known_and_money_is_exact():
    assert {column.type for _, column in COLUMNS} <= set(SQL_TYPES)
    assert SQL_TYPES["money"].startswith("DECIMAL")


def test_money_has_a_unit():
    assert [f"{table.name}.{c.name}" for table, c in COLUMNS if c.type == "money" and not c.unit] == []


def test_every_reference_leads_to_the_key_of_another_table():
    for _, column in COLUMNS:
        if column.references:
            table, _, name = column.references.partition(".")
            assert TABLES[table].key == (name,)
            assert TABLES[table].column(name).type == column.type


def test_columns_of_the_same_meaning_refer_to_the_same_table():
    expected = {
        "partner_id": "partners",
        "customer_id": "customers",
        "product_id": "products",
        "rep_id": "staff",
    }
    for table, column in COLUMNS:
        if column.name in expected and (column.name,) != table.key:
            assert column.references.partition(".")[0] == expected[column.name], f"{table.name}.{column.name}"


def test_every_column_that_identifies_something_is_text():
    assert [
        f"{table.name}.{c.name}" for table, c in COLUMNS if c.name.endswith("_id") and c.type != "text"
    ] == []


def test_channel_types_are_those_of_the_policy_everywhere():
    for table, column in COLUMNS:
        if column.name == "channel_type":
            assert column.allowed == (CHANNEL_TYPES,), table.name
    sales = TABLES["sales"].column("channel_type")
    assert checks.allowed_values(sales, ["visit", "agent"]) == ("visit", "agent")


def test_every_dated_fact_can_say_when_it_became_known():
    assert [name for name, t in TABLES.items() if t.date and "known_at" not in t.column_names] == []


def test_no_contract_asks_for_what_no_code_reads():
    assert "exchange_rates" not in TABLES


def test_a_column_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="nett"):
        TABLES["sales"].column("nett")


@by_table
def test_an_empty_table_has_the_columns_and_types_of_its_contract(table):
    rows = DuckDBEngine().query(f"DESCRIBE {empty_table_sql(table)}").to_pylist()
    found = {row["column_name"]: row["column_type"] for row in rows}
    assert found == {column.name: column.sql_type.replace(", ", ",") for column in table.columns}

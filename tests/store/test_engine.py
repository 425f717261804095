"""The engine: exact money, whole files or none, nothing fetched from a network."""

from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.store.engine import DuckDBEngine, literal, quoted

HOSTILE = ["plain", 'a "quoted" name', "it's", "'; DROP TABLE t; --", "购货 单位", "../up", "🚀"]


def test_money_is_added_to_the_cent_in_any_order():
    engine = DuckDBEngine()
    engine.register("t", pa.table({"m": ["0.10"] * 30_000 + ["123456789012.3400"]}))
    total = engine.query("SELECT sum(CAST(m AS DECIMAL(18, 4))) AS total FROM t")["total"][0].as_py()
    assert total == Decimal("123456792012.34")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_a_name_whatever_stands_in_it(name):
    engine = DuckDBEngine()
    engine.register(name, f"SELECT {literal(name)} AS {quoted(name)}")
    assert engine.query(f"SELECT * FROM {quoted(name)}").to_pylist() == [{name: name}]


def test_a_name_stands_for_what_was_registered_last(tmp_path):
    engine = DuckDBEngine()
    pq.write_table(pa.table({"a": [2]}), tmp_path / "two.parquet")
    found = []
    for source in ("SELECT 1 AS a", tmp_path / "two.parquet", "SELECT 3 AS a"):
        engine.register("t", source)
        found += engine.query("SELECT a FROM t")["a"].to_pylist()
    assert found == [1, 2, 3]


def test_a_query_is_written_whole_and_read_back_equal(tmp_path):
    engine = DuckDBEngine()
    target = tmp_path / "new folder" / "it's.parquet"
    engine.write("SELECT '00123' AS id, CAST(1.5 AS DECIMAL(18, 4)) AS m", target)
    assert pq.read_table(target).to_pylist() == [{"id": "00123", "m": Decimal("1.5000")}]


def test_a_query_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    engine = DuckDBEngine()
    target = tmp_path / "t.parquet"
    engine.write("SELECT 1 AS a", target)
    with pytest.raises(duckdb.ConversionException):
        engine.write("SELECT CAST(x AS INTEGER) AS a FROM (VALUES ('1'), ('x')) AS v(x)", target)
    assert pq.read_table(target).to_pylist() == [{"a": 1}]
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_equal_rows_give_equal_bytes(tmp_path):
    rows = "SELECT range AS a, CAST(range AS VARCHAR) AS b FROM range(50000)"
    for name in ("one.parquet", "two.parquet"):
        DuckDBEngine().write(rows, tmp_path / name)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_nothing_is_fetched_from_a_network():
    engine = DuckDBEngine()
    with pytest.raises(duckdb.Error, match="httpfs"):
        engine.query("SELECT * FROM read_parquet('https://localhost:1/t.parquet')")


def test_engines_share_nothing():
    one, other = DuckDBEngine(), DuckDBEngine()
    one.register("t", "SELECT 1 AS a")
    with pytest.raises(duckdb.CatalogException):
        other.query("SELECT * FROM t")

"""What every engine keeps to: exact money, whole files or none, names that are names, tables of its own."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.store.engine import (
    DuckDBEngine,
    Engine,
    EngineError,
    ParquetFiles,
    literal,
    quoted,
)
from channel_analysis.store.spark import SparkEngine

HOSTILE = ["plain", 'a "quoted" name', "it's", "a `tick`", "'; DROP TABLE t; --", "购货 单位", "../up", "🚀"]


@pytest.fixture(params=["duckdb", "spark"])
def begin(request) -> Callable[[], Engine]:
    """Begin an engine of each kind."""
    if request.param == "duckdb":
        return DuckDBEngine
    options = request.getfixturevalue("spark")
    return lambda: SparkEngine(options)


@pytest.fixture
def engine(begin) -> Engine:
    return begin()


def test_money_is_added_to_the_cent_in_any_order(engine):
    engine.register("t", pa.table({"m": ["0.10"] * 30_000 + ["123456789012.3400"]}))
    total = engine.query("SELECT sum(CAST(m AS DECIMAL(18, 4))) AS total FROM t")["total"][0].as_py()
    assert total == Decimal("123456792012.34")


def test_a_name_is_a_name_whatever_stands_in_it(engine):
    for name in HOSTILE:
        engine.register(name, f"SELECT {literal(name)} AS {quoted(name)}")
        assert engine.query(f"SELECT * FROM {quoted(name)}").to_pylist() == [{name: name}]


def test_a_name_stands_for_what_was_registered_last(engine, tmp_path):
    pq.write_table(pa.table({"a": [2]}), tmp_path / "two.parquet")
    found = []
    for source in ("SELECT 1 AS a", tmp_path / "two.parquet", pa.table({"a": [3]}), "SELECT 4 AS a"):
        engine.register("t", source)
        found += engine.query("SELECT a FROM t")["a"].to_pylist()
    assert found == [1, 2, 3, 4]


def test_a_query_is_written_whole_and_read_back_equal(begin, tmp_path):
    target = tmp_path / "new folder" / "it's {50%}.parquet"
    engine = begin()
    engine.write("SELECT '00123' AS id, CAST(1.5 AS DECIMAL(18, 4)) AS m", target)
    for reader in (engine, DuckDBEngine()):
        reader.register("back", target)
        assert reader.query("SELECT * FROM back").to_pylist() == [{"id": "00123", "m": Decimal("1.5000")}]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_writing_again_replaces_what_was_there(engine, tmp_path):
    target = tmp_path / "t.parquet"
    for number in (1, 2):
        engine.write(f"SELECT {number} AS a", target)
    engine.register("t", target)
    assert engine.query("SELECT a FROM t").to_pylist() == [{"a": 2}]
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_a_query_that_fails_leaves_the_old_file_and_no_rest(engine, tmp_path):
    target = tmp_path / "t.parquet"
    engine.write("SELECT 1 AS a", target)
    with pytest.raises(EngineError, match="x"):
        engine.write("SELECT CAST(x AS INTEGER) AS a FROM (VALUES ('1'), ('x')) AS v(x)", target)
    engine.register("t", target)
    assert engine.query("SELECT a FROM t").to_pylist() == [{"a": 1}]
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_the_columns_of_a_query_are_known_without_running_it(engine):
    columns = (
        "'a' AS t, DATE '2025-01-31' AS d, CAST(1 AS BIGINT) AS i, CAST(1 AS DECIMAL(18, 4)) AS m, "
        "CAST(1 AS DOUBLE) AS n, TRUE AS f"
    )
    schema = engine.schema(f"SELECT {columns}")
    types = ["string", "date32[day]", "int64", "decimal128(18, 4)", "double", "bool"]
    assert dict(zip(schema.names, map(str, schema.types), strict=True)) == dict(
        zip("tdimnf", types, strict=True)
    )


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT a FROM nowhere", "SELECT nothing(1)", "SELECT b FROM t"])
def test_a_statement_that_is_refused_says_so_in_one_kind_of_error(engine, sql):
    engine.register("t", "SELECT 1 AS a")
    for ask in (engine.query, engine.schema):
        with pytest.raises(EngineError) as caught:
            ask(sql)
        assert str(caught.value).strip()


def test_engines_share_no_tables(begin):
    one, other = begin(), begin()
    one.register("t", "SELECT 1 AS a")
    with pytest.raises(EngineError):
        other.query("SELECT * FROM t")


def lake(folder: Path) -> ParquetFiles:
    for month, ids in {"2025-01": ["00123", "b"], "2025-02": ["00124"]}.items():
        path = folder / f"month={month}" / "part 0+é%.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"id": ids}), path)
    return ParquetFiles(tuple(sorted(folder.glob("*/*.parquet"))), base=folder, numbered=True)


def test_rows_of_a_lake_carry_their_folder_their_file_and_their_number(engine, tmp_path):
    files = lake(tmp_path / "it's a lake")
    engine.register("lake", files)
    rows = engine.query("SELECT id, month, _file, _row FROM lake ORDER BY _file, _row").to_pylist()
    first, second = (str(path) for path in files.paths)
    assert [tuple(row.values()) for row in rows] == [
        ("00123", "2025-01", first, 1),
        ("b", "2025-01", first, 2),
        ("00124", "2025-02", second, 1),
    ]


def test_months_that_are_not_asked_for_are_not_opened(engine, tmp_path):
    files = lake(tmp_path)
    engine.register("lake", files)
    files.paths[1].write_bytes(b"no Parquet at all")
    rows = engine.query("SELECT id FROM lake WHERE month < '2025-02' ORDER BY id")
    assert rows["id"].to_pylist() == ["00123", "b"]
    with pytest.raises(EngineError):
        engine.query("SELECT id FROM lake")


def test_equal_rows_give_equal_bytes(tmp_path):
    rows = "SELECT range AS a, CAST(range AS VARCHAR) AS b FROM range(50000)"
    for name in ("one.parquet", "two.parquet"):
        DuckDBEngine().write(rows, tmp_path / name)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_nothing_is_fetched_from_a_network():
    with pytest.raises(duckdb.Error, match="httpfs"):
        DuckDBEngine().connection.sql("SELECT * FROM read_parquet('https://localhost:1/t.parquet')")


def test_too_little_memory_is_told_with_the_setting_that_helps():
    with pytest.raises(EngineError, match=r"raise memory_limit .* under \[duckdb\]"):
        DuckDBEngine("20MB", 1).query("SELECT list(range) AS l FROM range(20000000)")


def test_duckdb_keeps_to_the_memory_and_the_threads_it_is_given():
    engine = DuckDBEngine("300MB", 1)
    told = engine.query("SELECT current_setting('memory_limit') AS m, current_setting('threads') AS t")
    assert told.to_pylist() == [{"m": "286.1 MiB", "t": 1}]

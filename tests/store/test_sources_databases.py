"""DuckDB files as sources, and the options of a source that do not go together."""

import subprocess
import sys

import duckdb
import pytest

from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.sources import FileSpec, digest


@pytest.fixture
def erp(tmp_path):
    """Give a DuckDB file with tables of ordinary and of hostile names."""
    with duckdb.connect(str(tmp_path / "it's erp.duckdb")) as connection:
        connection.execute("""
            CREATE TABLE orders AS SELECT '00123' AS id, 1.50::DECIMAL(10, 2) AS sum,
              DATE '2025-01-02' AS day, 170141183460469231731687303715884105727::HUGEINT AS large,
              'a'::ENUM ('a') AS kind;
            CREATE SCHEMA sales;
            CREATE TABLE sales."we'ird "".t" AS SELECT '喆' AS "it's";
            CREATE VIEW recent AS SELECT id FROM orders""")
    return "it's erp.duckdb"


def test_a_table_of_a_duckdb_file_keeps_its_types(erp, attached, rows):
    engine = DuckDBEngine()
    source = attached(engine, "given", path=erp, table="main.orders")
    (row,) = rows(engine, "given")
    assert (row["id"], str(row["sum"]), str(row["day"]), row["kind"]) == ("00123", "1.50", "2025-01-02", "a")
    assert row["large"] == "170141183460469231731687303715884105727"
    assert source.place(str(source.parts[0].path), 1) == "it's erp.duckdb, table 'main.orders'"


@pytest.mark.parametrize(
    ("table", "given"),
    [('sales."we\'ird "".t"', {"it's": "喆"}), ("recent", {"id": "00123"}), ("Recent", {"id": "00123"})],
)
def test_a_table_is_found_by_its_name_whatever_it_holds(erp, attached, rows, table, given):
    engine = DuckDBEngine()
    attached(engine, "given", path=erp, table=table)
    assert rows(engine, "given") == [given]


def test_an_unknown_table_is_answered_with_the_nearest(erp, refused, tmp_path):
    assert refused(path=erp, table="order") == [
        f"{tmp_path / erp}: there is no table 'order' | did you mean 'orders'?"
    ]


def test_an_unknown_table_without_a_near_one_is_answered_with_all(erp, refused):
    (text,) = refused(path=erp, table="main.zzzz")
    assert text.endswith("| choose one of: orders, recent, sales.we'ird \".t")


def test_a_file_that_only_calls_itself_duckdb_is_refused(tmp_path, refused):
    (tmp_path / "erp.duckdb").write_text("rubbish")
    what = f"{tmp_path}/erp.duckdb: this is not a DuckDB file | export it again"
    assert refused(path="erp.duckdb", table="t") == [what]


def test_a_file_that_another_program_writes_to_is_refused(tmp_path, erp, refused):
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / erp], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout.readline() == b"open\n"
        (text,) = refused(path=erp, table="orders")
    finally:
        other.communicate()
    assert "another program holds the file open for writing" in text


def test_reading_does_not_write_to_the_file(tmp_path, erp, attached):
    before = digest(FileSpec(path=erp, table="orders"), tmp_path, tmp_path)
    attached(DuckDBEngine(), "given", path=erp, table="orders")
    assert digest(FileSpec(path=erp, table="orders"), tmp_path, tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == [erp]


def mistakes(**spec: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        validated(FileSpec, spec, "ours.toml")
    return [f"{p.where}: {p.what} | {p.fix}" for p in caught.value.problems]


@pytest.mark.parametrize(
    ("spec", "start"),
    [
        ({}, "[path]: nothing says where the source is"),
        ({"path": "a.csv", "uri": "postgresql://h/d"}, "[uri]: a source has a path or a uri, not both"),
        (
            {"path": "a.csv", "sheet": "S"},
            "[sheet]: a CSV file has no 'sheet' | remove it; it belongs to a work",
        ),
        ({"path": "a.parquet", "delimiter": ";"}, "[delimiter]: a Parquet file has no 'delimiter'"),
        ({"path": "a.xlsx", "table": "t"}, "[table]: a workbook has no 'table'"),
        ({"path": "a_*.ods", "encoding": "gb18030"}, "[encoding]: a workbook has no 'encoding'"),
        ({"path": "a.xlsx", "header_row": 0}, "[header_row]: Input should be greater than or equal to 1"),
        ({"path": "a.duckdb"}, "[table]: a DuckDB file holds many tables"),
        ({"path": "a.duckdb", "table": "a.b.c"}, "[table]: this is not the name of a table"),
        ({"path": "*.duckdb", "table": "t"}, "[path]: a pattern cannot stand for DuckDB files"),
        ({"path": "a.duckdb", "table": "t", "query": "SELECT 1"}, "[query]: a DuckDB file has no 'query'"),
        ({"uri": "postgresql://h/d"}, "[table]: nothing says what to read"),
        (
            {"uri": "postgresql://h/d", "table": "t", "query": "q"},
            "[table]: give a table or a query, not both",
        ),
        (
            {"uri": "postgresql://h/d", "table": "t", "sheet": "S"},
            "[sheet]: a database server has no 'sheet'",
        ),
        ({"uri": "mysql://h/d", "table": "t"}, "[uri]: only PostgreSQL servers are read"),
        (
            {"uri": "postgresql://h/d", "table": "t", "password_env": "s p"},
            "[password_env]: this is not the name",
        ),
    ],
)
def test_options_that_do_not_go_together_are_one_clear_problem(spec, start):
    (text,) = mistakes(**spec)
    assert text.startswith(f"ours.toml {start}")


def test_every_option_out_of_place_is_told_at_once():
    found = mistakes(path="a.csv", sheet="S", table="t", sheet_column="sheet")
    assert [text.split(":")[0] for text in found] == [
        f"ours.toml [{o}]" for o in ("sheet", "sheet_column", "table")
    ]


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://boss:hush-hush@db.example/erp",
        "postgresql://boss:hush/hush-hush@db.example/erp",
        "postgresql://boss:hush?hush-hush@db.example/erp",
        "postgresql://boss:hush-hush#@db.example:5432/erp",
        "postgres://db.example/erp?user=boss&password=hush-hush",
        "postgresql://db.example/erp?%70assword=hush-hush",
        "postgresql://db.example/erp?sslpassword=hush-hush",
        "postgresql://boss:hush-hush",
        "host=db.example password=hush-hush",
        "mysql://boss:hush-hush@db.example/erp",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(uri):
    for spec in ({"uri": uri, "table": "t"}, {"path": uri, "table": "t"}, {"uri": uri, "tabel": "t"}):
        with pytest.raises(InputError) as caught:
            validated(FileSpec, spec, "ours.toml")
        assert "hush" not in f"{caught.value} {caught.value!r}"
    with pytest.raises(ValueError, match="FileSpec") as raised:
        FileSpec(uri=uri, table="t")
    assert "hush" not in f"{raised.value} {raised.value!r}"


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://reporting@db.example/erp",
        "postgresql://reporting@db.example:5432,other.example:5433/erp?sslmode=require",
        "postgresql://reporting@[::1]:5432/erp",
        "postgresql:///erp?host=/var/run/postgresql",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/erp",
    ],
)
def test_an_address_without_a_password_is_taken(uri):
    assert validated(FileSpec, {"uri": uri, "table": "t"}, "ours.toml").uri == uri

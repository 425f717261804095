"""Spark is asked for what DuckDB would answer: every meaning that differs, on both engines side by side."""

import math

import pytest

from channel_analysis.store.dialect import to_spark
from channel_analysis.store.engine import DuckDBEngine, EngineError
from channel_analysis.store.spark import SparkEngine

ROWS = (
    "SELECT * FROM (VALUES ('a', 7, CAST(1.10 AS DECIMAL(18, 4)), DATE '2024-02-29'), "
    "('b', -7, CAST(-2.25 AS DECIMAL(18, 4)), DATE '2023-12-31'), "
    "('Ä', 0, CAST(0 AS DECIMAL(18, 4)), NULL), (NULL, NULL, NULL, DATE '2025-01-01')) AS v(t, i, m, d)"
)

EXPRESSIONS = [
    "i / 2",
    "i / 0",
    "m / 0",
    "m / 3 / 7",
    "(i + 1) / (i - 7)",
    "i // 2",
    "i // 0",
    "i % 3",
    "i % 0",
    "m * m",
    "m * i / 3",
    "ABS(m)",
    "CAST(i AS DOUBLE) / NULLIF(m, 0)",
    "t || '-' || i",
    "t || NULL",
    "CONCAT(t, NULL, 'x')",
    "COALESCE(t, 'none')",
    "GREATEST(i, 3)",
    "LEAST(i, NULL)",
    "CASE t WHEN 'a' THEN 1 WHEN 'b' THEN 2 END",
    "t IN ('a', 'x')",
    "t NOT IN ('a', 'x')",
    "(i > 0) IS NOT TRUE",
    "d >= DATE '2024-01-01' AND d < DATE '2025-01-01'",
    "DATE_DIFF('day', DATE '2023-01-01', d)",
    "YEAR(d) * 12 + MONTH(d)",
    "CAST(d AS VARCHAR)",
    "CAST(CAST(m AS DECIMAL(18, 2)) AS VARCHAR)",
    "TRIM('  x ') || UPPER(t) || LOWER(t)",
    "REPLACE(t, 'a', '\\')",
    "t = '\\'",
    "LENGTH(t)",
    "SUBSTRING('abcdef', 2, 3)",
    "TRY_CAST(t AS INTEGER)",
    "REGEXP_MATCHES(t, '^[a-c]$')",
    "REGEXP_EXTRACT('2025-07', '([0-9]+)-([0-9]+)', 2)",
    "ROUND(CAST(i AS DOUBLE) / 2)",
    "FLOOR(CAST(i AS DOUBLE) / 2)",
    "CAST(TRY_STRPTIME('05.02.2024', '%d.%m.%Y') AS DATE)",
    "CAST(TRY_STRPTIME('5.2.2024', '%d.%m.%Y') AS DATE)",
    "CAST(TRY_STRPTIME('20240205', '%Y%m%d') AS DATE)",
    "CAST(TRY_STRPTIME('2024年2月5日', '%Y年%m月%d日') AS DATE)",
    "CAST(TRY_STRPTIME('on 5/2/2024 at 23:59', 'on %d/%m/%Y at %H:%M') AS DATE)",
    "CAST(TRY_STRPTIME('Feb 5 2024', '%b %d %Y') AS DATE)",
    "CAST(TRY_STRPTIME('30.02.2024', '%d.%m.%Y') AS DATE)",
    "CAST(TRY_STRPTIME(t, '%d.%m.%Y') AS DATE)",
]

QUERIES = [
    "SELECT t, COUNT(*) AS n FROM r GROUP BY GROUPING SETS ((t), ()) ORDER BY t, n",
    "SELECT COUNT(DISTINCT t) FILTER (WHERE i <> 0) AS n, SUM(m) FILTER (WHERE i > 100) AS s FROM r",
    "SELECT t, ROW_NUMBER() OVER (ORDER BY i DESC NULLS LAST, t) AS k FROM r ORDER BY k",
    "SELECT t FROM r ORDER BY t",
    "SELECT t FROM r ORDER BY t DESC",
    "SELECT d FROM r ORDER BY d LIMIT 2",
    "SELECT SUM(m) AS s, SUM(m) * SUM(m) AS q, MIN(t) AS lo, MAX(t) AS hi FROM r",
    "SELECT SUM(m) AS s, COUNT(*) AS n, COUNT(t) AS k FROM r WHERE FALSE",
    'SELECT "a b"."t" AS "数 \'x\'" FROM r AS "a b" ORDER BY 1',
    "WITH x AS (SELECT t, SUM(i) AS i FROM r GROUP BY t) SELECT COUNT(*) AS n FROM x WHERE i > 0",
    "SELECT DISTINCT i > 0 AS p FROM r ORDER BY p",
]


@pytest.fixture(scope="module")
def both(spark) -> tuple[DuckDBEngine, SparkEngine]:
    engines = (DuckDBEngine(), SparkEngine(spark))
    for engine in engines:
        engine.register("r", ROWS)
    return engines


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return one == other


def test_expressions_mean_the_same_on_both(both):
    columns = ", ".join(f"{text} AS c{number}" for number, text in enumerate(EXPRESSIONS))
    query = f"SELECT {columns} FROM r ORDER BY d"
    duck, spark = (engine.query(query).to_pylist() for engine in both)
    differing = [
        f"{text}: {[row[f'c{n}'] for row in duck]} but {[row[f'c{n}'] for row in spark]}"
        for n, text in enumerate(EXPRESSIONS)
        if not all(same(a[f"c{n}"], b[f"c{n}"]) for a, b in zip(duck, spark, strict=True))
    ]
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize("query", QUERIES)
def test_queries_give_the_same_rows_in_the_same_order(both, query):
    duck, spark = (engine.query(query).to_pylist() for engine in both)
    assert duck == spark


def test_averages_are_doubles_on_both(both):
    (duck,), (spark,) = (
        engine.query("SELECT AVG(i) AS i, AVG(m) AS m FROM r").to_pylist() for engine in both
    )
    assert duck["i"] == spark["i"] == 0.0
    assert isinstance(spark["m"], float) and same(duck["m"], spark["m"])


def test_time_stamps_come_without_a_zone(both):
    query = (
        "SELECT CAST('2024-02-29 13:30:00' AS TIMESTAMP) AS at, DATE_TRUNC('month', d) AS m FROM r ORDER BY d"
    )
    duck, spark = (engine.query(query) for engine in both)
    assert duck.to_pylist() == spark.to_pylist()
    assert [str(field.type) for field in spark.schema] == ["timestamp[us]", "timestamp[us]"]


@pytest.mark.parametrize(
    "text, said",
    [
        ("SELECT (", "Line 1, Col: 8"),
        ("SELECT TRY_STRPTIME(x, '%U')", "directive %U"),
        ("SELECT TRY_STRPTIME(x, y)", "plain text"),
    ],
)
def test_what_cannot_be_carried_over_is_refused(text, said):
    with pytest.raises(EngineError, match=said):
        to_spark(text)

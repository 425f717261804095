"""Mappings that nobody should write: hostile SQL, paths that lead elsewhere, options that make no sense."""

from __future__ import annotations

from hypothesis import strategies as st

from .company import HOSTILE, as_csv, sales

GOOD = """SELECT order_id, line_number, kind, order_date, channel_type, net_amount, quantity FROM orders"""

SECRET = "the-canary-sings"
"""Stands in a file beside the workspace; no mapping may read it."""

QUERIES = (
    "SELECT 1; DROP TABLE sales",
    "DROP TABLE sales",
    "DELETE FROM orders",
    "UPDATE orders SET net_amount = 0",
    "COPY (SELECT 1) TO 'stolen.csv'",
    "COPY orders TO 'stolen.csv'",
    "ATTACH 'stolen.db' AS other",
    "CREATE TABLE stolen AS SELECT 1",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET memory_limit = '1KB'",
    "EXPORT DATABASE 'stolen'",
    "CALL pragma_version()",
    "DESCRIBE orders",
    "EXPLAIN ANALYZE SELECT 1",
    "VALUES (1)",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n AS order_id FROM r",
    GOOD.replace("FROM orders", "FROM read_csv('{canary}', header = false) AS orders"),
    GOOD.replace("FROM orders", "FROM '{canary}'"),
    GOOD.replace("FROM orders", "FROM read_text('{canary}')"),
    GOOD.replace("FROM orders", "FROM glob('/*')"),
    GOOD.replace("FROM orders", "FROM information_schema.tables"),
    GOOD.replace("FROM orders", "FROM duckdb_settings()"),
    GOOD.replace("FROM orders", "FROM numbered_orders"),
    GOOD.replace("FROM orders", "FROM source_orders"),
    GOOD.replace("FROM orders", "FROM sales"),
    GOOD.replace("FROM orders", "FROM stored_sales"),
    GOOD.replace("FROM orders", "FROM main.orders"),
    GOOD.replace("FROM orders", "FROM orders, range(1000000000000)"),
    GOOD.replace("net_amount", "(SELECT content FROM read_text('{canary}')) AS net_amount"),
    GOOD.replace("net_amount", "getenv('HOME') AS net_amount"),
    GOOD.replace("net_amount", "current_setting('home_directory') AS net_amount"),
    GOOD.replace("net_amount", "random() AS net_amount"),
    GOOD.replace("net_amount", "error('stop') AS net_amount"),
    GOOD.replace("net_amount", "net_amount / 0 AS net_amount"),
    GOOD.replace("net_amount", "CAST(region AS DECIMAL(18, 4)) AS net_amount"),
    GOOD.replace("net_amount", "[net_amount] AS net_amount"),
    GOOD.replace("net_amount", "{{'a': net_amount}} AS net_amount"),
    GOOD.replace("net_amount", "NULL AS net_amount"),
    GOOD.replace("net_amount", "repeat('x', 100000) AS net_amount"),
    GOOD.replace("net_amount", "no_such_function(net_amount) AS net_amount"),
    GOOD.replace("net_amount", "SUM(net_amount) OVER () AS net_amount"),
    GOOD.replace("net_amount", "SUM(net_amount) AS net_amount"),
    GOOD.replace("order_id", '"order_id"" --" AS order_id'),
    GOOD.replace("order_id", "order_id AS order_id, order_id AS order_id"),
    GOOD.replace("order_id", "COLUMNS(*)"),
    GOOD.replace("order_id", "*"),
    GOOD.replace("order_id", "$1 AS order_id"),
    GOOD.replace("order_id", "? AS order_id"),
    GOOD.replace("order_id", "1e999 AS order_id"),
    GOOD.replace("order_id", "'😀\u202e' AS order_id"),
    GOOD + " /* never closed",
    GOOD + " -- and a remark",
    GOOD + " ORDER BY nobody",
    GOOD + " LIMIT 'x'",
    GOOD + " LIMIT 0",
    GOOD + " WHERE 1 = (SELECT 2)",
    GOOD + " UNION ALL " + GOOD,
    GOOD + " UNION BY NAME SELECT 1 AS order_id",
    GOOD + " JOIN orders AS o ON TRUE",
    GOOD + " JOIN orders USING (order_id)",
    GOOD + " TABLESAMPLE 10%",
    GOOD + " QUALIFY ROW_NUMBER() OVER () = 1",
    GOOD + " GROUP BY ALL HAVING COUNT(*) > 0",
    "FROM orders",
    "FROM orders SELECT " + GOOD[7:-12],
    "SELECT * FROM (PIVOT orders ON kind USING SUM(net_amount))",
    "(" * 200 + GOOD + ")" * 200,
    "SELECT " + "(" * 500 + "1" + ")" * 500 + " AS order_id FROM orders",
    "SELECT " + "+".join(["1"] * 2000) + " AS order_id FROM orders",
    "",
    ";",
    " ",
    "\x00",
    "SELECT",
)
"""Queries for the block of sales; `{canary}` stands for a file that is no source."""

_AT_WORK = (
    "{canary}",
    "TO 'stolen",
    "ATTACH",
    "range(",
    "getenv",
    "TABLESAMPLE",
    "QUALIFY",
    "LIMIT 0",
    "((((((",
)
WORST = tuple(query for query in QUERIES if any(part in query for part in _AT_WORK))
"""Those that read, write or take what is not theirs, or have gone wrong before."""

PATHS = (
    "../secret.csv",
    "/etc/passwd",
    "..",
    ".",
    "*",
    "**/*",
    "orders.csv/",
    "",
    "orders.csv\x00",
    "~",
    "[",
    "con",
)
PATHS += (
    "/dev/zero",
    "/dev/stdin",
    "http://127.0.0.1:9/x.csv",
    "s3://bucket/x.parquet",
    "file:///etc/passwd",
    "$HOME",
)
OPTIONS = (
    'delimiter = ""',
    'delimiter = "ab"',
    'delimiter = "\\n"',
    'delimiter = "\\""',
    'delimiter = "\\u0000"',
    'delimiter = "，"',
    'delimiter = "o"',
    'encoding = "rot13"',
    'encoding = "base64"',
    'encoding = "utf-7"',
    'encoding = "utf-16"',
    'encoding = "idna"',
    'encoding = "punycode"',
    'encoding = "undefined"',
    'encoding = "x"',
    'encoding = "unicode_escape"',
    'encoding = "mbcs"',
    'encoding = "ascii"',
    'encoding = ""',
    "header_row = 0",
    "header_row = 3",
    "header_row = 99999999999999999999",
    'sheet = "x"',
    'table = "x"',
    'password_env = "HOME"',
    'uri = "postgresql://127.0.0.1:9/x"',
    "unknown = 1",
    'encoding = "utf-8-sig"',
    'encoding = "gb18030"',
)
BLOCK_OPTIONS = (
    'values = { kind = { "order" = "gift" } }',
    "values = { nobody = { a = 'b' } }",
    "values = { kind = { } }",
    'values = { kind = { "o\'; --" = "x\'y" } }',
    'dates = { order_date = "%Y-%m-%d" }',
    'dates = { order_date = "%" }',
    'dates = { order_date = "%Q%%%n\'" }',
    'dates = { order_date = "" }',
    "units = { net_amount = 10000 }",
    "units = { net_amount = 1e300 }",
    "units = { net_amount = nan }",
    "units = { net_amount = inf }",
    "units = { net_amount = 0 }",
    "units = { net_amount = -1e-300 }",
    "units = { order_id = 3 }",
    "units = { net_amount = 1e17 }",
    "units = { net_amount = 0.000000000000000000001 }",
    "limit = 3",
)


def mapping(query: str, path: str = "orders.csv", option: str = "", block_option: str = "") -> str:
    """A mapping file with one source and one block."""
    files = f"[files.orders]\npath = {_toml(path)}\n{option}\n"
    return f"{files}\n[[sales]]\nquery = {_toml(query)}\n{block_option}\n"


def source() -> bytes:
    """The orders that these mappings read."""
    return as_csv(sales()).encode()


def _toml(text: str) -> str:
    escaped = "".join(
        sign if sign.isalnum() or sign in " *()=.,_/-" else f"\\U{ord(sign):08X}" for sign in text
    )
    return f'"{escaped}"'


_expressions = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
_queries = st.one_of(
    st.sampled_from(QUERIES),
    st.builds(lambda text: GOOD.replace("region", text), _expressions),
    st.builds(lambda text, at: GOOD[:at] + text + GOOD[at:], _expressions, st.integers(0, len(GOOD))),
    st.builds(lambda at: GOOD[:at], st.integers(0, len(GOOD))),
    st.builds(lambda text: GOOD.replace("net_amount", f"{text} AS net_amount"), _expressions),
)
mappings: st.SearchStrategy[str] = st.one_of(
    st.builds(mapping, _queries),
    st.builds(
        mapping,
        st.just(GOOD),
        st.one_of(st.just("orders.csv"), st.sampled_from(PATHS)),
        st.one_of(st.just(""), st.sampled_from(OPTIONS)),
        st.one_of(st.just(""), st.sampled_from(BLOCK_OPTIONS)),
    ),
    st.builds(
        lambda text, at: mapping(GOOD)[:at] + text + mapping(GOOD)[at:], _expressions, st.integers(0, 200)
    ),
)
"""The text of a mapping file."""

"""Taking data in gives the same rows, accounts and findings on DuckDB and on Spark."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.contracts.tables import TABLES
from channel_analysis.store.engine import DuckDBEngine, Engine
from channel_analysis.store.intake import Intake, register_tables, take_in
from channel_analysis.store.spark import SparkEngine
from channel_analysis.store.staging import IntakeRules
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.store.quality_worlds import Company, company

TEXTS = """\
1_000|1e3|1.23455|-1.23455|1.23445|2024|2024-1-5|2024-01|2024/01/05|2024/1/5|2024.01.05|2024 01 05|
2024-01-05 10:00|2024-01-05 10:00:00.123|2024-01-05T10:00:00Z|2024-01-05T10:00:00+08:00|2024-01-05T|
2024-01-05x|20240105|24-01-05|0024-01-05|-2024-01-05|+2024-01-05|2024-01-05 (BC)|2024-02-30|99999-01-01|
yes|Y|on|TRUE|f|1|0|1.0|2|1.5|9223372036854775807|9223372036854775808|99999999999999.99995|1e14|-1e14|
Infinity|-inf|nan|NaN|1d|1f|.5|5.|.|+5|--5|-|0x1A|0b1|1 000|1,000|1,5|１２|１.5|(5)|5-|1e400|1e-400|1e|-0|
infinity|epoch|today|now|00123|00123.450|
1\t|\u00a01|1\u00a0| 7 |''|"7"|7€|null|NULL|#N/A|喆堃|🚀|\\|%|_""".replace("\n", "").split("|")

FLOATS = [
    *[
        1.00005,
        2.00015,
        -1.00005,
        0.285,
        1.005,
        0.1 + 0.2,
        1e13 + 0.00005,
        1e14,
        -1e15,
        1e-9,
        123456789.12345,
    ],
    *[17850.0, 9007199254740993.0, -0.0, 0.5, 1.5, 2.5, float("inf"), float("-inf"), float("nan"), None],
]

Take = Callable[[Engine, Workspace], tuple[Intake, dict[str, pd.DataFrame]]]


@pytest.fixture
def both(spark, tmp_path) -> Callable[[Path], list[tuple[Intake, dict[str, pd.DataFrame]]]]:
    """Take a workspace's data in on each engine; give the outcome and every table's used rows."""

    def take(folder: Path) -> list[tuple[Intake, dict[str, pd.DataFrame]]]:
        ws = open_workspace(folder)
        stop = ws.settings.data.bad_rows == "stop"
        treatments = tuple(ws.policy.quality.rules.items())
        rules = IntakeRules(ws.settings.company.currency, tuple(ws.policy.channel_types), stop, treatments)
        outcomes = []
        for engine in (DuckDBEngine(), SparkEngine(spark)):
            target = tmp_path / f"taken in by {engine.name}"
            intake = take_in(engine, ws.mapping, ws.source_folder, rules, target, tmp_path / "snapshots")
            outcomes.append((intake, rows_of(engine, intake)))
            other = DuckDBEngine()
            register_tables(other, intake, target)
            assert rows_of(other, intake)["sales"].equals(outcomes[-1][1]["sales"])
        return outcomes

    return take


def rows_of(engine: Engine, intake: Intake) -> dict[str, pd.DataFrame]:
    found = {}
    for name in intake.filled:
        frame = engine.query(f"SELECT * FROM {name}").to_pandas()
        frame = frame.astype(object).where(frame.notna(), None).astype(str)
        found[name] = frame.sort_values(list(TABLES[name].column_names)).reset_index(drop=True)
    return found


def assert_same(outcomes: list[tuple[Intake, dict[str, pd.DataFrame]]]) -> None:
    (duck, duck_rows), (spark, spark_rows) = outcomes
    assert duck.accounts == spark.accounts
    assert duck.findings == spark.findings
    assert duck.filled == spark.filled
    for name, rows in duck_rows.items():
        pd.testing.assert_frame_equal(rows, spark_rows[name])


def text_file(columns: dict[str, list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def test_a_text_is_read_or_refused_alike(both, workspace):
    count = len(TEXTS)
    ids = [f"id{number}" for number in range(count)]
    sales = {
        "order_id": ids,
        "line_number": ["1"] * count,
        "kind": ["order"] * count,
        "order_date": ["2025-01-05"] * count,
        "channel_type": ["visit"] * count,
        "net_amount": TEXTS,
    }
    files = {
        "sales.csv": text_file(sales),
        "costs.csv": text_file(
            {
                "month": ["2025-01-01"] * count,
                "cost_type": ["staff"] * count,
                "amount": TEXTS,
                "cost_id": ids,
            }
        ),
        "receivables.csv": text_file(
            {
                "invoice_id": ids,
                "invoice_date": TEXTS,
                "due_date": ["2025-01-05"] * count,
                "amount": ["1"] * count,
            }
        ),
        "feedback.csv": text_file(
            {"feedback_id": ids, "given_on": ["2025-01-05"] * count, "kind": ["csat"] * count, "score": TEXTS}
        ),
    }
    outcomes = both(workspace(files, data='bad_rows = "set_aside"'))
    assert_same(outcomes)
    accounts = outcomes[0][0].accounts
    assert all(account.rows_set_aside > 20 and account.rows_used > 5 for account in accounts), accounts


def test_floats_become_the_same_money_and_the_same_ids(both, workspace):
    count = len(FLOATS)
    table = {
        "order_id": pa.array([f"{n}" for n in range(count)]),
        "kind": ["order"] * count,
        "order_date": pa.array([pd.Timestamp("2025-01-05 13:30")] * count),
        "channel_type": ["visit"] * count,
        "net_amount": pa.array(FLOATS, pa.float64()),
        "quantity": pa.array(FLOATS, pa.float32()),
        "customer_id": pa.array([x if x is None or x % 1 == 0 else round(x % 1000, 2) for x in FLOATS]),
        "line_number": pa.array(range(count), pa.int16()),
    }
    folder = workspace({}, data='bad_rows = "set_aside"')
    pq.write_table(pa.table(table), folder / "data" / "raw" / "sales.parquet")
    outcomes = both(folder)
    assert_same(outcomes)
    sales = outcomes[0][1]["sales"].set_index("order_id")
    assert sales.loc["0", "net_amount"] == "1.0001"
    assert sales.loc[str(FLOATS.index(17850.0)), "customer_id"] == "17850"


def test_of_repeated_rows_the_first_of_the_first_file_stays(both, workspace):
    folder = workspace({}, data='bad_rows = "set_aside"')
    for number, month in enumerate(("2025-02", "2025-01", "2025-03")):
        path = folder / "data" / "raw" / "sales" / f"month={month}" / "a.parquet"
        path.parent.mkdir(parents=True)
        amounts = [100 * (number + 1) - k for k in range(3)]  # the first is the largest
        line = {"order_id": "A", "kind": "order", "order_date": f"{month}-05", "channel_type": "visit"}
        pq.write_table(
            pa.Table.from_pylist([{**line, "line_number": 1, "net_amount": a} for a in amounts]), path
        )
    outcomes = both(folder)
    assert_same(outcomes)
    assert outcomes[0][1]["sales"]["net_amount"].to_list() == ["200.0000"]


MAPPING = """
[files]
orders = "orders.csv"
items = "items.csv"
[[sales]]
query = '''
WITH per_order AS (SELECT nr, SUM(CAST(amount AS DECIMAL(18, 4))) AS amount FROM items GROUP BY nr)
SELECT o.nr AS order_id, 1 AS line_number, 'order' AS kind, o.day AS order_date, o.kind AS channel_type,
  p.amount AS net_amount, CASE WHEN o.kind = 'V' THEN 'S1' END AS rep_id, o.thousands AS gross_amount
FROM orders AS o LEFT JOIN per_order AS p ON p.nr = o.nr
'''
dates.order_date = "%d.%m.%Y"
units.gross_amount = 1000
[sales.values.channel_type]
V = "visit"
[[costs]]
query = '''
SELECT i.nr AS cost_id, MIN(o.day) AS month, 'staff' AS cost_type,
  SUM(CAST(i.amount AS DECIMAL(18, 4))) / 3 AS amount
FROM items AS i LEFT JOIN orders AS o ON o.nr = i.nr GROUP BY i.nr
'''
dates.month = "%d.%m.%Y"
"""


def test_a_mapping_with_joins_groups_dates_and_units_gives_the_same_rows(both, workspace):
    files = {
        "orders.csv": "nr,day,kind,thousands\n001,5.1.2025,V,1.5\n002,06.02.2025,V,x\n003,31.02.2025,V,2\n"
        "004,07.02.2025,Q,2\n005,08.02.2025,V,\n",
        "items.csv": "nr,amount\n001,10.10\n001,5\n002,7\n003,8\n004,9\n005,0.333\n",
    }
    outcomes = both(workspace(files, data='bad_rows = "set_aside"', mapping=MAPPING))
    assert_same(outcomes)
    rules = {(f.table, f.rule, f.column) for f in outcomes[0][0].findings}
    assert ("sales", "wrong_type", "order_date") in rules
    assert ("sales", "not_allowed", "channel_type") in rules


def spoiled_company() -> Company:
    """A small company with most of what can go wrong in its sales, and stock that does not balance."""
    spoiled = company()
    lines = spoiled.orders()
    changes: list[tuple[str, Callable[[str], str]]] = [
        ("quantity", lambda text: f"-{text}"),
        ("quantity", lambda text: f"{text}000"),
        ("quantity", lambda text: str(3 * int(text))),
        ("gross_amount", lambda text: f"{text}000"),
        ("net_amount", lambda text: f"{text}7"),
        ("net_amount", lambda text: "１２"),
        ("order_date", lambda _text: "1970-01-01"),
        ("order_date", lambda _text: "2099-12-31"),
        ("order_date", lambda _text: "45658"),
        ("order_date", lambda text: f"{text[:4]}-{text[8:]}-{text[5:7]}" if text[8:] < "13" else text),
        ("order_date", lambda text: f"{text} 16:00:00"),
        ("partner_id", lambda text: text.lstrip("0")),
        ("partner_id", lambda text: f"{text[:2]}\u200b{text[2:]}"),
        ("partner_id", lambda text: f" {text}"),
        ("partner_id", lambda _text: "1.2E+05"),
        ("partner_id", lambda _text: "P7"),
        ("product_id", str.lower),
        ("region", lambda text: text.encode().decode("latin-1")),
        ("order_id", lambda text: f"Ｘ{text}"),
    ]
    for place, (column, change) in enumerate(changes):
        for line in lines[20 + place :: 97][:12]:
            line[column] = change(line[column])
    spoiled.tables["sales"] += [line | {"order_id": f"X{line['order_id']}"} for line in lines[600:606]]
    spoiled.tables["sales"] += [
        lines[5],
        {**dict.fromkeys(lines[0], ""), "order_id": "合计", "net_amount": "9"},
    ]
    spoiled.tables["stock"] = [
        {"partner_id": "00001", "product_id": "A1", "month": f"2025-0{month}-01", "opening_quantity": "1",
         "received_quantity": "2", "sold_quantity": "1", "returned_quantity": "0",
         "closing_quantity": closing}
        for month, closing in enumerate(["2", "1", "5", "1", "2", "1", "1"], start=1)
    ]  # fmt: skip
    return spoiled


@pytest.mark.parametrize("sign", ["flag", "set_aside"])
def test_what_is_wrong_is_found_alike(both, workspace, sign):
    policy = "[quality.rules]\n" + "".join(
        f'{rule} = "{sign}"\n'
        for rule in ("sign", "near_duplicate", "lost_zeros", "unit_slip", "stock_balance")
    )
    outcomes = both(workspace(spoiled_company().files(), data='bad_rows = "set_aside"', policy=policy))
    assert_same(outcomes)
    found = {finding.rule for finding in outcomes[0][0].findings}
    assert found >= {
        *("sign", "unit_slip", "arithmetic", "full_width_number", "early_date", "future_date"),
        *("excel_serial_date", "swapped_date", "zone_shift", "lost_zeros", "invisible_characters"),
        *("scientific_id", "unknown", "broken_text", "full_width_text", "near_duplicate", "duplicate_key"),
        *("totals_row", "stock_balance"),
    }


def test_the_example_company_is_taken_in_alike(both, demo_workspace):
    assert_same(both(demo_workspace))


def test_adventureworks_is_taken_in_alike(both, adventureworks_workspace):
    assert_same(both(adventureworks_workspace))

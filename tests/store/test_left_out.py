"""Rows that a mapping leaves out are counted with their money, by reason, and shown."""

from decimal import Decimal

from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.intake import take_in
from channel_analysis.store.spark import SparkEngine
from channel_analysis.store.staging import IntakeRules
from channel_analysis.store.workspace import open_workspace

LINES = "id;code;amount;kind\n1;P1;10,5;a\n2;POST;3,5;a\n3;P2;1;\n4;FEE;-2,5;a\n5;POST;;a\n6;Total;12,5;a\n"
MAPPING = """
[files]
lines = { path = "lines.csv", delimiter = ";", decimal = "," }
[[sales]]
query = \"\"\"
SELECT l.id AS order_id, ROW_NUMBER() OVER (PARTITION BY l.kind ORDER BY l.id) AS line_number,
  'order' AS kind, '2025-01-05' AS order_date, 'visit' AS channel_type, l.amount AS net_amount
FROM lines AS l\"\"\"
[sales.leave_out]
"postage" = "l.code = 'POST'"
"it's a fee" = "TRY_CAST(l.amount AS DOUBLE) < 0 OR l.code = 'FEE'"
"rows that add up others" = "l.code IN ('Total')"
"""


def left(intake) -> list[tuple[str, int, Decimal, str]]:
    return [(f.sample, f.rows, f.amount, f.treatment) for f in intake.findings if f.rule == "left_out"]


def test_rows_left_out_are_no_rows_of_the_table_and_are_told_with_their_money(workspace):
    facts = open_workspace(workspace({"lines.csv": LINES}, mapping=MAPPING)).facts()
    account = facts.intake.account("sales")
    assert (account.rows_given, account.rows_used, account.amount_used) == (2, 2, Decimal("11.5"))
    assert left(facts.intake) == [
        ("it's a fee", 1, Decimal("-2.5000"), "ignored"),
        ("postage", 2, Decimal("3.5000"), "ignored"),
        ("rows that add up others", 1, Decimal("12.5000"), "ignored"),
    ]
    assert left(open_workspace(workspace({}, mapping=MAPPING)).facts().intake) == left(facts.intake)


def test_rows_are_left_out_alike_by_both_engines(workspace, spark, tmp_path):
    ws, outcomes = open_workspace(workspace({"lines.csv": LINES}, mapping=MAPPING)), []
    for engine in (DuckDBEngine(), SparkEngine(spark)):
        rules = IntakeRules("CNY", tuple(ws.policy.channel_types))
        target = tmp_path / engine.name
        intake = take_in(engine, ws.mapping, ws.source_folder, rules, target, tmp_path / "snapshots")
        rows = engine.query("SELECT * FROM sales ORDER BY order_id").to_pylist()
        outcomes.append((intake.accounts, intake.findings, rows))
    assert outcomes[0] == outcomes[1]


def test_a_mistake_beside_rows_left_out_is_named_by_its_row(workspace, refusal):
    (found,) = refusal(workspace({"lines.csv": LINES.replace(";1;", ";x;")}, mapping=MAPPING))
    assert found.startswith("lines.csv row 4, column 'net_amount': 'x (not a number")


def test_mistakes_of_conditions_are_named_with_their_reason(workspace, refusal):
    mapping = MAPPING.replace("l.code = 'POST'", "l.cod = 'POST'").replace("IN ('Total')", "IN (")
    found = refusal(workspace({"lines.csv": LINES}, mapping=mapping))
    assert found[0] == (
        "ours.toml [sales] [leave_out.postage]: there is no column 'cod' in lines | did you mean 'code'?"
    )
    assert found[1].startswith(
        "ours.toml [sales] [leave_out.rows that add up others]: the condition is not SQL"
    )


def test_rows_of_a_grouped_query_cannot_be_left_out(workspace, refusal):
    mapping = MAPPING.replace("FROM lines AS l", "FROM lines AS l GROUP BY l.id, l.kind, l.amount")
    (found, *_) = refusal(workspace({"lines.csv": LINES}, mapping=mapping))
    assert "rows can be left out only where each row comes from one row of a file" in found

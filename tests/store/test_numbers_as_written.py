"""Numbers as people write them are read where the settings say how, and nowhere else."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.store.engine import DuckDBEngine, literal
from channel_analysis.store.intake import take_in
from channel_analysis.store.numbers import NumberForm, offer
from channel_analysis.store.sources import FileSpec
from channel_analysis.store.spark import SparkEngine
from channel_analysis.store.staging import IntakeRules
from channel_analysis.store.workspace import open_workspace

HEADER = "order_id;line_number;kind;order_date;channel_type;net_amount;quantity\n"
FORMS = [
    NumberForm(decimal, thousands, currency)
    for decimal in ".,"
    for thousands in ("", ",", ".", " ", "'")
    for currency in ("", "CNY", "USD", "SEK")
    if decimal != thousands
]
TEXTS = """1|-1|+1|1.5|1,5|1.234|1,234|1.234,56|1,234.56|1 234,56|1'234.56|1’234.56|1\u00a0234,5
1\u202f234|12.34.567|1.23|12,34|1234,5|1.2345|1,234,567.8|1.234.567,8|,5|.5|5,|5.
1.234.56|1,23,456|(1.234,56)|(5)|(-5)|5-|-5-|5−|−5|¥5|￥ 5|5元|5 元|¥-5|-¥5|¥(5)|(¥5)
$5|US$5|5 USD|€5|5 kr|SEK 5|RMB1,5|人民币5|12%|12.5%|12,5 %|12％|-3%|(3%)|5%%|5元%|1e3
1,5e3|1.5E-3|-|--5|()|(|)|¥|%|.|,|1 2|1..2|1,,2|'|''|5;6|abc|12 pcs|0|00123|-0|１２
5\\6""".replace("\n", "|").split("|")


def folder_of(workspace, *lines: str, data: str = 'delimiter = ";"'):
    rows = "".join(f"A{n};1;order;2025-01-05;visit;{line}\n" for n, line in enumerate(lines))
    return workspace({"sales.csv": HEADER + rows}, data=data)


def sold(folder, column: str = "net_amount") -> list[Decimal]:
    engine = open_workspace(folder).facts().engine
    return engine.query(f"SELECT {column} AS x FROM sales ORDER BY order_id")["x"].to_pylist()


@pytest.mark.parametrize(
    ("options", "text", "amount"),
    [
        ('decimal = ","', "1234,56", "1234.56"),
        ('decimal = ","\nthousands = "."', "1.234", "1234"),
        ('decimal = ","\nthousands = "."', "1.234.567,8", "1234567.8"),
        ('decimal = ","\nthousands = " "', "1\u202f234,5", "1234.5"),
        ('thousands = ","', "1,234.50", "1234.50"),
        ('thousands = ","', "1234.50", "1234.50"),
        ('thousands = ","', "￥1,234.50", "1234.50"),
        ('thousands = ","', "1,234.50 元", "1234.50"),
        ('thousands = ","', "RMB 1,234.50", "1234.50"),
        ('thousands = ","', "(1,234.50)", "-1234.50"),
        ('thousands = ","', "1,234.50-", "-1234.50"),
        ('thousands = ","', "¥ -1,234.50", "-1234.50"),
        ('thousands = "\'"', "1'234.50", "1234.50"),
        ('decimal = "."', "(12.50)", "-12.50"),
    ],
)
def test_an_amount_is_read_as_the_settings_say_it_is_written(workspace, options, text, amount):
    folder = folder_of(workspace, f"{text};3", data=f'delimiter = ";"\n{options}')
    assert sold(folder) == [Decimal(amount)]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1.234,56", 'say decimal = ",", thousands = "." under [data] in workspace.toml'),
        ("1,234.56", 'say thousands = "," under [data] in workspace.toml'),
        ("12,5", 'say decimal = "," under [data] in workspace.toml'),
        ("1,234", 'say thousands = "," if this is 1234, or decimal = "," if it is 1.234 under'),
        ("¥12.50", 'say decimal = "." under [data] in workspace.toml'),
        ("(12.50)", 'say decimal = "." under [data] in workspace.toml'),
        ("$12.50", "correct the file"),
        ("12 Stück", "correct the file"),
        ("12%", "correct the file"),
    ],
)
def test_a_number_of_another_form_is_refused_with_the_option_that_reads_it(workspace, refusal, text, remedy):
    (found,) = refusal(folder_of(workspace, "5;1", f"{text};1"))
    assert found.startswith(
        f"sales.csv row 3, column 'net_amount': '{text}' is not an amount (1 row of sales)"
    )
    assert remedy in found


@pytest.mark.parametrize("text", ["1.23", "1.2345", "12.34.567", "1,234.56", "5 pcs", "$5"])
def test_a_number_that_is_not_written_as_said_is_found_with_its_row(workspace, refusal, text):
    data = 'delimiter = ";"\ndecimal = ","\nthousands = "."'
    (found,) = refusal(folder_of(workspace, "1.000,5;1", f"{text};1", data=data))
    assert found.startswith(
        f"sales.csv row 3, column 'net_amount': '{text} (not a number written as 1.234,56)'"
    )


def test_ids_keep_their_points_and_zeros_where_numbers_have_thousands(workspace):
    data = 'delimiter = ";"\ndecimal = ","\nthousands = "."'
    folder = workspace({"sales.csv": HEADER + "1.234;00.1;order;2025-01-05;visit;1.234;1,5\n"}, data=data)
    engine = open_workspace(folder).facts().engine
    row = engine.query("SELECT order_id, line_number, net_amount, quantity FROM sales").to_pylist()[0]
    assert list(row.values()) == ["1.234", "00.1", Decimal(1234), Decimal("1.5")]


def test_the_same_mark_for_decimals_and_thousands_is_refused(workspace, refusal):
    with pytest.raises(InputError, match="cannot be both the decimal and the thousands mark"):
        open_workspace(folder_of(workspace, "1;1", data='thousands = "."'))
    with pytest.raises(InputError, match="cannot be both the decimal and the thousands mark"):
        validated(FileSpec, {"path": "a.csv", "thousands": ".", "decimal": "."}, "ours.toml")


def test_marks_are_of_files_that_hold_texts(workspace):
    with pytest.raises(InputError, match="a Parquet file has no 'decimal'"):
        validated(FileSpec, {"path": "a.parquet", "decimal": ","}, "ours.toml")


def test_a_number_in_a_workbook_is_no_text_whatever_marks_its_texts_have(workspace, workbook, tmp_path):
    cells = [1234.5, 1.234, "1.234", "1.234,5", 7]
    rows = [[f"A{n}", "1", "order", "2025-01-05", "visit", cell, 1] for n, cell in enumerate(cells)]
    header = HEADER.strip().split(";")
    folder = workspace({}, data='decimal = ","\nthousands = "."')
    workbook("workspace/data/raw/sales.xlsx", {"S": [header, *rows]})
    assert sold(folder) == [Decimal(x) for x in ("1234.5", "1.234", "1234", "1234.5", "7")]


MAPPING = """
[files]
ours = {{ path = "ours.csv", delimiter = ";", {options} }}
plain = "plain.csv"
[[sales]]
query = '''
WITH summed AS (SELECT nr, SUM(CAST(betrag AS DECIMAL(18, 4))) AS total, MIN(menge) AS menge
                FROM ours GROUP BY nr)
SELECT o.nr AS order_id, o.zeile AS line_number, CASE WHEN o.art = '1.000' THEN 'order' END AS kind,
  p.day AS order_date, 'visit' AS channel_type, o.betrag AS net_amount, s.total AS gross_amount,
  CASE WHEN CAST(o.betrag AS DOUBLE) < 0 THEN '-5' ELSE COALESCE(NULLIF(o.menge, ''), '1') END AS quantity,
  p.cost AS cost_amount
FROM ours AS o LEFT JOIN plain AS p ON p.nr = o.nr LEFT JOIN summed AS s ON s.nr = o.nr
'''
units.cost_amount = 10
[[staff]]
query = "SELECT nr || zeile AS staff_id, anteil AS discount_authority FROM ours"
"""
OURS = "nr;zeile;art;betrag;menge;anteil\n1;1.000;1.000;1.234,5;2,5;12,5 %\n1;2.000;1.000;(1,5);;0,2\n"
PLAIN = "nr,day,cost\n1,2025-01-05,1.234\n"


def test_a_mapping_reads_each_file_as_it_is_written(workspace):
    mapping = MAPPING.format(options='decimal = ",", thousands = "."')
    folder = workspace({"ours.csv": OURS, "plain.csv": PLAIN}, mapping=mapping)
    engine = open_workspace(folder).facts().engine
    columns = "line_number, net_amount, gross_amount, quantity, cost_amount"
    rows = engine.query(f"SELECT {columns} FROM sales ORDER BY line_number").to_pylist()
    first, second = (tuple(row.values()) for row in rows)
    assert first == ("1.000", *(Decimal(x) for x in ("1234.5", "1233", "2.5", "12.34")))
    assert second == ("2.000", *(Decimal(x) for x in ("-1.5", "1233", "-5", "12.34")))
    shares = engine.query("SELECT discount_authority AS x FROM staff ORDER BY x")["x"].to_pylist()
    assert shares == [0.125, 0.2]


def test_a_mapping_is_told_the_option_of_its_file(workspace, refusal):
    mapping = MAPPING.format(options='decimal = "."')
    query = mapping.replace("CAST(betrag AS DECIMAL(18, 4))", "TRY_CAST(betrag AS DECIMAL(18, 4))")
    query = query.replace("CAST(o.betrag AS DOUBLE)", "TRY_CAST(o.betrag AS DOUBLE)")
    found = refusal(workspace({"ours.csv": OURS, "plain.csv": PLAIN}, mapping=query))
    assert any(
        "column 'quantity': '2,5 (not a number written as 1234.56)' is not a quantity" in text
        and 'say decimal = "," for the file under [files] of the mapping' in text
        for text in found
    ), found


def test_a_unit_is_applied_to_what_was_read_and_a_mistake_marked_once(workspace, refusal):
    mapping = """
[files]
o = { path = "o.csv", delimiter = ";", thousands = ",", currency = "CNY" }
[[sales]]
query = "SELECT id AS order_id, 1 AS line_number, 'order' AS kind, '2025-01-05' AS order_date,
'visit' AS channel_type, amount AS net_amount FROM o"
units.net_amount = 10000
""".replace('"SELECT', '"""SELECT').replace('FROM o"', 'FROM o"""')
    files = {"o.csv": "id;amount\n1;￥1,234.5\n2;2\n"}
    assert sold(workspace(files, mapping=mapping)) == [Decimal(12345000), Decimal(20000)]
    (found,) = refusal(workspace({"o.csv": "id;amount\n1;12,34\n"}, mapping=mapping))
    assert "'12,34 (not a number written as 1,234.56)' is not an amount" in found


SOME = [
    (NumberForm(".", ",", "CNY"), False),
    (NumberForm(",", ".", "EUR"), True),
    (NumberForm(",", " ", ""), True),
    (NumberForm(".", "'", "USD"), False),
    (NumberForm(".", "", "SEK"), True),
]


def read(engine) -> list[dict[str, str | None]]:
    """Every text in every form, in one query: a query of Spark's takes its time."""
    rows = ", ".join(f"({n}, {literal(text)})" for n, text in enumerate(TEXTS))
    forms = (f"{form.read_sql('t', percent)} AS f{n}" for n, (form, percent) in enumerate(SOME))
    sql = f"SELECT n, {', '.join(forms)} FROM (VALUES {rows}) AS r(n, t) ORDER BY n"
    return engine.query(sql).to_pylist()


def test_both_engines_and_python_take_the_same_texts_for_numbers(spark):
    found = read(DuckDBEngine())
    assert found == read(SparkEngine(spark))
    for number, (form, percent) in enumerate(SOME):
        pattern = re.compile(form.pattern(percent))
        for text, row in zip(TEXTS, found, strict=True):
            value = row[f"f{number}"]
            is_number = value is not None and "(not a number" not in value
            assert is_number == bool(pattern.fullmatch(text)), (form, text, value)


def test_written_numbers_are_taken_in_alike_by_both_engines(workspace, spark, tmp_path):
    mapping = MAPPING.format(options='decimal = ",", thousands = ".", currency = "EUR"')
    folder = workspace({"ours.csv": OURS, "plain.csv": PLAIN}, mapping=mapping)
    ws = open_workspace(folder)
    outcomes = []
    for engine in (DuckDBEngine(), SparkEngine(spark)):
        rules = IntakeRules("CNY", tuple(ws.policy.channel_types))
        target = tmp_path / engine.name
        intake = take_in(engine, ws.mapping, ws.source_folder, rules, target, tmp_path / "snapshots")
        rows = engine.query("SELECT * FROM sales ORDER BY line_number").to_pylist()
        outcomes.append((intake, rows, engine.query("SELECT * FROM staff ORDER BY staff_id").to_pylist()))
    assert outcomes[0] == outcomes[1]


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(-(10**12), 10**12, places=4),
    st.sampled_from(FORMS),
    st.booleans(),
    st.sampled_from(["plain", "brackets", "behind"]),
)
def test_what_a_form_writes_it_reads(value, form, grouped, style):
    text = f"{abs(value):,f}" if grouped and form.thousands else f"{abs(value):f}"
    text = text.translate(str.maketrans({",": form.thousands, ".": form.decimal}))
    if value < 0:
        text = {"plain": f"-{text}", "brackets": f"({text})", "behind": f"{text}-"}[style]
    sql = f"SELECT CAST({form.read_sql(literal(text))} AS DECIMAL(20, 4)) AS x"
    assert DuckDBEngine().query(sql)["x"][0].as_py() == value


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789.,' -+()%¥$€元eE"), max_size=9))
def test_an_offer_reads_the_text_it_is_made_for(text):
    said = offer(text)
    if not said or " if " in said:
        return
    options = dict(part.split(" = ") for part in said.split('", '))
    spec = {name: value.strip('"') for name, value in options.items()}
    form = NumberForm(**{"decimal": ".", **spec})
    plain = DuckDBEngine().query(f"SELECT {form.read_sql(literal(text), True)} AS x")["x"][0].as_py()
    assert re.fullmatch(r"-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", plain), (text, said, plain)

"""A mapping binds foreign columns to ours; each of its mistakes is named, all of them at once."""

import datetime
from decimal import Decimal

import pytest

from channel_analysis.errors import InputError
from channel_analysis.store.mapping import main_file, read_mapping
from channel_analysis.store.workspace import open_workspace

ORDERS = {"orders.csv": "no,day,sum\nA1,2025-01-05,10\nA2,2025-02-06,20\n"}
QUERY = """SELECT o.no AS order_id, 1 AS line_number, 'order' AS kind, o.day AS order_date,
  'visit' AS channel_type, o.sum AS net_amount FROM orders AS o"""


def mapping(query: str = QUERY, options: str = "", files: str = 'orders = "orders.csv"') -> str:
    return f'[files]\n{files}\n[[sales]]\nquery = """\n{query}\n"""\n{options}\n'


def sold(folder, columns: str = "order_id, order_date, net_amount") -> list[tuple]:
    engine = open_workspace(folder).facts().engine
    rows = engine.query(f"SELECT {columns} FROM sales ORDER BY order_id").to_pylist()
    return [tuple(row.values()) for row in rows]


def test_foreign_columns_become_ours(workspace):
    assert sold(workspace(ORDERS, mapping=mapping())) == [
        ("A1", datetime.date(2025, 1, 5), Decimal("10")),
        ("A2", datetime.date(2025, 2, 6), Decimal("20")),
    ]


def test_all_mistakes_of_a_query_are_named_at_once(workspace, refusal):
    query = """SELECT o.noo AS order_id, 'order' AS kind, o.day AS order_date, o.day AS order_date,
      'visit' AS chanel_type, k.x AS region, o.sum AS net_amount
      FROM orders AS o LEFT JOIN custmers AS k ON k.id = o.no LEFT JOIN orders AS p ON q.no = o.no"""
    assert refusal(workspace(ORDERS, mapping=mapping(query))) == [
        "ours.toml [sales]: there is no file 'custmers' in [files] | choose one of: orders",
        "ours.toml [sales]: there is no column 'noo' in orders | did you mean 'no'?",
        "ours.toml [sales]: 'q' in 'q.no' names no file of this query | choose one of: o, k, p",
        "ours.toml [sales]: the column 'order_date' is filled 2 times | keep one of them",
        "ours.toml [sales]: 'chanel_type' is no column of sales | did you mean 'channel_type'?",
        "ours.toml [sales]: the required column 'line_number' is not filled (number of the line within it)"
        " | add '... AS line_number' to the query",
        "ours.toml [sales]: the required column 'channel_type' is not filled"
        " (channel type of this line (it wins over the partner's)) | add '... AS channel_type' to the query",
    ]


def test_mistakes_of_several_tables_come_together_and_say_which_block(workspace, refusal):
    more = f'[[sales]]\nquery = "{QUERY.replace("o.sum", "o.total")}"'.replace("\n", " ")
    more = more.replace("[[sales]] ", "[[sales]]\n")
    partners = '[[partners]]\nquery = "SELECT no AS partner_nr FROM orders"'
    assert [
        text.split(" | ")[0]
        for text in refusal(workspace(ORDERS, mapping=mapping() + more + "\n" + partners))
    ] == [
        "ours.toml [sales] block 2: there is no column 'total' in orders",
        "ours.toml [partners]: 'partner_nr' is no column of partners",
        "ours.toml [partners]: the required column 'partner_id' is not filled (our number of the partner)",
    ]


def test_a_table_the_contract_does_not_know_is_refused_with_the_nearest_name(workspace, refusal):
    text = mapping() + '[[slaes]]\nquery = "SELECT 1"\n[[partner]]\nquery = "SELECT 1"\n'
    assert refusal(workspace(ORDERS, mapping=text)) == [
        "ours.toml [slaes]: there is no contract table of this name | did you mean 'sales'?",
        "ours.toml [partner]: there is no contract table of this name | did you mean 'partners'?",
    ]


def test_values_dates_and_units_of_columns_that_are_not_selected_are_refused(workspace, refusal):
    options = '[sales.values.knd]\na = "order"\n[sales.dates]\nknown_at = "%d"\n[sales.units]\nnet_amont = 10'
    problems = refusal(workspace(ORDERS, mapping=mapping(options=options)))
    assert [text.split(":")[0] for text in problems] == [
        "ours.toml [sales] [values.knd]",
        "ours.toml [sales] [dates.known_at]",
        "ours.toml [sales] [units.net_amont]",
    ]
    assert problems[0].endswith("did you mean 'kind'?")
    assert problems[2].endswith("did you mean 'net_amount'?")


def test_an_option_that_does_not_exist_is_refused_at_its_place(workspace, refusal):
    problems = refusal(workspace(ORDERS, mapping=mapping(options="[sales.unit]\nnet_amount = 10")))
    assert len(problems) == 1
    assert problems[0].startswith("ours.toml [sales.")
    assert problems[0].endswith("unit]: this name is not known | did you mean 'units'?")


def test_a_misspelt_option_of_a_file_is_one_problem_with_the_nearest_name(workspace, refusal):
    text = mapping(files='orders = { path = "orders.csv", delimter = ";" }')
    assert refusal(workspace(ORDERS, mapping=text)) == [
        "ours.toml [files.orders.delimter]: this name is not known | did you mean 'delimiter'?"
    ]


@pytest.mark.parametrize(
    "query",
    [
        "ATTACH 'other.db'",
        "COPY (SELECT 1) TO 'stolen.csv'",
        f"{QUERY}; DROP TABLE orders",
        f"{QUERY} UNION ALL {QUERY}",
        "SET threads = 1",
        "",
    ],
)
def test_a_block_is_exactly_one_select(workspace, refusal, query):
    folder = workspace(ORDERS, mapping=mapping(query))
    assert refusal(folder) == ["ours.toml [sales]: a block holds exactly one SELECT | "]
    assert not list(folder.rglob("stolen.csv"))


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('{secret}')",
        "read_text('{secret}')",
        "read_parquet('{secret}')",
        "glob('{secret}')",
        "query('SELECT 1')",
        "range(3)",
        "'{secret}'",
        '"{secret}"',
        "(SELECT * FROM '{secret}')",
        "LATERAL (SELECT * FROM read_text('{secret}'))",
        "LATERAL read_text('{secret}')",
        "information_schema.tables",
    ],
)
def test_a_query_reads_the_files_of_the_mapping_and_nothing_else(workspace, refusal, tmp_path, source):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhidden\n")
    query = f"{QUERY}, {source.format(secret=secret)} AS other"
    problems = refusal(workspace(ORDERS, mapping=mapping(query)))
    assert any("in [files]" in text for text in problems)


@pytest.mark.parametrize(
    "part",
    [
        "(SELECT content FROM read_text('{secret}')) AS region",
        "CASE WHEN EXISTS (SELECT 1 FROM '{secret}') THEN 'x' END AS region",
    ],
)
def test_a_file_hidden_inside_an_expression_is_found(workspace, refusal, tmp_path, part):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhidden\n")
    query = QUERY.replace(" FROM ", f", {part.format(secret=secret)} FROM ")
    assert any("in [files]" in text for text in refusal(workspace(ORDERS, mapping=mapping(query))))


def test_a_common_table_that_calls_itself_a_file_does_not_open_that_file(workspace, refusal, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("no,day,sum\nA1,2025-01-01,1\n")
    query = f'WITH RECURSIVE "{secret}" AS (SELECT no, day, sum FROM "{secret}") ' + QUERY.replace(
        "FROM orders", f'FROM "{secret}"'
    )
    assert any("in [files]" in text for text in refusal(workspace(ORDERS, mapping=mapping(query))))


@pytest.mark.parametrize(
    ("expression", "said"),
    [("no_such_function(o.no)", "no_such_function"), ("CAST(o.no AS INTEGER)", "A1"), ("$1", "parameter")],
)
def test_what_the_engine_cannot_run_is_a_mistake_of_the_block(workspace, refusal, expression, said):
    query = QUERY.replace("o.no AS", f"{expression} AS")
    problems = refusal(workspace(ORDERS, mapping=mapping(query)))
    assert len(problems) == 1
    assert problems[0].startswith("ours.toml [sales]: ")
    assert said in problems[0]


def test_a_table_of_a_schema_that_does_not_exist_is_a_mistake_of_the_block(workspace, refusal):
    problems = refusal(workspace(ORDERS, mapping=mapping(QUERY.replace("FROM orders", "FROM other.orders"))))
    assert len(problems) == 1
    assert problems[0].startswith("ours.toml [sales]: ")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("FROM orders AS o", "FROM orders AS o TABLESAMPLE 10%", "a sample holds other rows at every run"),
        ("o.sum AS", "o.sum * random() AS", "RANDOM() gives something else at every run"),
        ("o.day AS", "current_date AS", "CURRENT_DATE gives something else at every run"),
        ("o.no AS", "uuid() AS", "UUID() gives something else at every run"),
        ("o.day AS", "now() AS", "now gives something else at every run"),
    ],
)
def test_chance_and_the_clock_have_no_say_in_what_is_taken_in(workspace, refusal, before, after, said):
    (problem,) = refusal(workspace(ORDERS, mapping=mapping(QUERY.replace(before, after))))
    assert problem.startswith(f"ours.toml [sales]: {said} | ")


def test_a_file_s_short_name_is_short(workspace, refusal):
    long = "o" * 61
    query = QUERY.replace("FROM orders", f"FROM {long}")
    (problem,) = refusal(workspace(ORDERS, mapping=mapping(query, files=f'{long} = "orders.csv"')))
    assert "the name of a file is too long" in problem


def test_a_query_that_is_not_sql_is_answered_with_its_line(workspace, refusal):
    problems = refusal(
        workspace(
            ORDERS,
            mapping=mapping("SELECT o.no AS order_id,\n  o.day AS order_date\nFROM orders AS o WHERE ("),
        )
    )
    assert len(problems) == 1
    assert problems[0].startswith("ours.toml [sales]: the query is not SQL: ")
    assert "line" in problems[0]


def test_their_names_of_things_become_ours_and_the_rest_stay(workspace):
    files = {
        "orders.csv": "no,day,sum,art\n1,2025-01-05,10,上门\n2,2025-01-05,10,visit\n3,2025-01-05,10,it's\n"
    }
    query = QUERY.replace("'visit' AS", "o.art AS")
    options = '[sales.values.channel_type]\n"上门" = "visit"\n"it\'s" = "online"\n'
    rows = sold(workspace(files, mapping=mapping(query, options)), "order_id, channel_type")
    assert rows == [("1", "visit"), ("2", "visit"), ("3", "online")]


def test_a_list_of_values_left_empty_changes_nothing(workspace):
    assert len(sold(workspace(ORDERS, mapping=mapping(options="[sales.values.kind]\n")))) == 2


def test_dates_are_read_in_the_format_the_mapping_names(workspace):
    files = {"orders.csv": "no,day,sum\nA1,31.01.2025,10\n"}
    options = '[sales.dates]\norder_date = "%d.%m.%Y"\n'
    assert sold(workspace(files, mapping=mapping(options=options)), "order_date") == [
        (datetime.date(2025, 1, 31),)
    ]


def test_a_date_in_another_format_stops_with_its_row_and_text(workspace, refusal):
    files = {"orders.csv": "no,day,sum\nA1,31.01.2025,10\nA2,2025-01-31,10\n"}
    options = '[sales.dates]\norder_date = "%d.%m.%Y"\n'
    problems = refusal(workspace(files, mapping=mapping(options=options)))
    assert len(problems) == 1
    assert problems[0].startswith("orders.csv row 3, column 'order_date': '2025-01-31")


def test_an_optional_date_in_another_format_is_not_lost_in_silence(workspace, refusal):
    files = {
        "orders.csv": "no,day,sum,known\nA1,2025-01-05,1,31.01.2025\nA2,2025-01-05,1,soon\nA3,2025-01-05,1,\n"
    }
    query = QUERY.replace(" FROM ", ", o.known AS known_at FROM ")
    options = '[sales.dates]\nknown_at = "%d.%m.%Y"\n'
    problems = refusal(workspace(files, mapping=mapping(query, options)))
    assert len(problems) == 1
    assert problems[0].startswith("orders.csv row 3, column 'known_at': 'soon")
    assert "(1 row of sales)" in problems[0]


def test_a_format_that_is_none_is_a_mistake_of_the_block(workspace, refusal):
    problems = refusal(workspace(ORDERS, mapping=mapping(options='[sales.dates]\norder_date = "%Q"\n')))
    assert len(problems) == 1
    assert problems[0].startswith("ours.toml [sales]")
    assert "%Q" in problems[0]


@pytest.mark.parametrize("factor", ["nan", "inf"])
def test_a_unit_that_is_no_number_is_refused(workspace, refusal, factor):
    problems = refusal(workspace(ORDERS, mapping=mapping(options=f"[sales.units]\nnet_amount = {factor}\n")))
    assert len(problems) == 1
    assert problems[0].startswith("ours.toml [sales.")
    assert "finite" in problems[0]


def test_amounts_in_ten_thousands_become_units(workspace):
    files = {"orders.csv": "no,day,sum\nA1,2025-01-05,1.23456\nA2,2025-01-05,\n"}
    folder = workspace(files, mapping=mapping(options="[sales.units]\nnet_amount = 10000\n"))
    account = open_workspace(folder).facts().intake.account("sales")
    assert account.amount_used == Decimal("12345.6")
    assert account.rows_set_aside == 1


@pytest.mark.parametrize(
    "given, factor, amount",
    [
        ("200", "10000", "2000000"),
        ("123456789", "10000", "1234567890000"),
        ("0.5", "100000000", "50000000"),
        ("1000000000", "0.140845070422535", "140845070.4225"),
        ("10000000", "0.0000001", "1"),
    ],
)
def test_units_are_exact_for_large_amounts_and_small_factors(workspace, given, factor, amount):
    files = {"orders.csv": f"no,day,sum\nA1,2025-01-05,{given}\n"}
    folder = workspace(files, mapping=mapping(options=f"[sales.units]\nnet_amount = {factor}\n"))
    assert open_workspace(folder).facts().intake.account("sales").amount_used == Decimal(amount)


def test_a_text_where_an_amount_in_ten_thousands_should_be_stops_with_its_row(workspace, refusal):
    files = {"orders.csv": "no,day,sum\nA1,2025-01-05,1.5\nA2,2025-01-05,abc\n"}
    problems = refusal(workspace(files, mapping=mapping(options="[sales.units]\nnet_amount = 10000\n")))
    assert len(problems) == 1
    assert problems[0].startswith("orders.csv row 3, column 'net_amount': 'abc")


def test_an_amount_too_large_for_its_unit_is_called_too_large(workspace, refusal):
    files = {"orders.csv": "no,day,sum\nA1,2025-01-05,99999999999999\n"}
    (text,) = refusal(workspace(files, mapping=mapping(options="[sales.units]\nnet_amount = 10000\n")))
    assert "is too large for an amount" in text


def test_a_bad_value_behind_a_join_or_a_common_table_names_the_file(workspace, refusal):
    files = {**ORDERS, "orders.csv": "no,day,sum\nA1,2025-01-05,abc\n", "k.csv": "id\nA1\n"}
    names = 'orders = "orders.csv"\nk = "k.csv"'
    joined = mapping(QUERY + " JOIN k ON k.id = o.no", files=names)
    common = mapping("WITH late AS (SELECT * FROM orders) " + QUERY.replace("FROM orders", "FROM late"))
    for text in (joined, common):
        (found,) = refusal(workspace(files, mapping=text))
        assert found.startswith("orders.csv order_id A1, line_number 1, column 'net_amount': 'abc'")


def test_a_value_that_is_not_allowed_is_translated_in_the_mapping(workspace, refusal):
    (text,) = refusal(workspace(ORDERS, mapping=mapping(QUERY.replace("'order' AS", "'xyz' AS"))))
    assert "choose one of: order, return; translate it in the mapping's values, or set" in text


def test_amounts_in_a_foreign_currency_are_converted_in_the_mapping(workspace, refusal):
    query = QUERY.replace(" FROM ", ", 'USD' AS currency FROM ")
    (text,) = refusal(workspace(ORDERS, mapping=mapping(query)))
    assert "| convert the amounts in the mapping, or set bad_rows" in text


def test_a_mapping_without_a_block_for_sales_is_told_to_add_one(workspace, refusal):
    text = '[files]\norders = "orders.csv"\n[[partners]]\nquery = "SELECT no AS partner_id FROM orders"\n'
    assert refusal(workspace(ORDERS, mapping=text)) == [
        "ours.toml: nothing fills the table 'sales' | add a block [[sales]] with its query"
    ]


def test_a_query_that_gives_no_rows_is_not_called_an_empty_file(workspace, refusal):
    (text,) = refusal(workspace(ORDERS, mapping=mapping(QUERY + " WHERE o.no = 'none'")))
    assert "no row of sales can be used: the query gives none" in text


def test_a_file_of_a_mapping_says_its_options_in_the_mapping(workspace, refusal):
    files = {"orders.csv": "no;day;sum\nA1;2025-01-05;10\n"}
    (text,) = refusal(workspace(files, mapping=mapping()))
    assert text.endswith('say delimiter = ";" for the file under [files] of ours.toml')


def test_blocks_are_stacked_and_files_joined(workspace):
    files = {**ORDERS, "returns.csv": "no,back\nA2,5\n"}
    back = """SELECT 'R' || r.no AS order_id, 1 AS line_number, 'return' AS kind, o.day AS order_date,
      'visit' AS channel_type, -CAST(r.back AS INTEGER) AS net_amount, r.no AS original_order_id
      FROM returns AS r JOIN orders AS o ON o.no = r.no"""
    text = (
        mapping(files='orders = "orders.csv"\nreturns = "returns.csv"') + f'[[sales]]\nquery = """{back}"""'
    )
    assert sold(workspace(files, mapping=text), "order_id, kind, net_amount, original_order_id") == [
        ("A1", "order", Decimal(10), None),
        ("A2", "order", Decimal(20), None),
        ("RA2", "return", Decimal(-5), "A2"),
    ]


def test_a_common_table_may_take_all_columns_of_a_file(workspace):
    query = "WITH late AS (SELECT * FROM orders WHERE day > '2025-02') " + QUERY.replace(
        "FROM orders", "FROM late"
    )
    assert sold(workspace(ORDERS, mapping=mapping(query)), "order_id") == [("A2",)]


def test_columns_and_files_may_have_names_that_need_quotes(workspace):
    files = {"销售 明细.csv": 'order,"the ""best"" sum",日期\nA1,10,2025-01-05\n'}
    query = """SELECT s."order" AS order_id, 1 AS line_number, 'order' AS kind, s.日期 AS order_date,
      'visit' AS channel_type, s."the ""best"" sum" AS net_amount FROM "sales; --" AS s"""
    text = f"[files]\n'sales; --' = \"销售 明细.csv\"\n[[sales]]\nquery = '''{query}'''\n"
    assert sold(workspace(files, mapping=text)) == [("A1", datetime.date(2025, 1, 5), Decimal(10))]


def test_a_sorted_block_names_an_order_and_not_a_wrong_row(workspace, refusal):
    files = {"orders.csv": "no,day,sum\nA1,2025-01-05,1\nA2,2025-01-05,1\nA3,2025-01-05,abc\n"}
    problems = refusal(workspace(files, mapping=mapping(QUERY + " ORDER BY o.no DESC")))
    assert problems[0].startswith("orders.csv order_id A3, line_number 1, column 'net_amount': 'abc'")


def test_the_file_of_a_block_is_the_one_it_selects_from(workspace):
    query = "WITH x AS (SELECT 1 AS a FROM other) " + QUERY + " JOIN x ON TRUE"
    folder = workspace(ORDERS, mapping=mapping(query))
    assert main_file(read_mapping(folder / "ours.toml").tables["sales"][0]) == "orders"


def test_the_mapping_file_is_named_when_it_is_not_toml(workspace):
    folder = workspace(ORDERS, mapping="[files\n")
    with pytest.raises(InputError, match=r"ours\.toml: not valid TOML.*line 1"):
        open_workspace(folder)

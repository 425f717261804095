"""Every row given is used, set aside or counted as unreadable, and so is the money."""

import csv
import io
import math
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.checks import BLANKS
from channel_analysis.store.contract import contract_mapping
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.intake import Intake, load_intake, save_intake, take_in
from channel_analysis.store.staging import IntakeRules
from channel_analysis.store.workspace import open_workspace

HEADER = "order_id,line_number,kind,order_date,channel_type,net_amount,quantity,partner_id,currency"
HOSTILE = [
    'a "b"',
    "<script>alert(1)</script>",
    "=cmd()",
    "../../etc",
    "🚀",
    "'; --",
    "a,b",
    "00123",
    "名\n称",
]


def line(order="A1", **other: str) -> str:
    values = {
        "order_id": order,
        "line_number": "1",
        "kind": "order",
        "order_date": "2025-01-05",
        "channel_type": "visit",
        "net_amount": "10",
    }
    return ",".join((values | other).get(name, "") for name in HEADER.split(","))


def sales(*lines: str) -> dict[str, str]:
    return {"sales.csv": "\n".join([HEADER, *lines]) + "\n"}


@pytest.fixture
def taken(workspace):
    """Take files in, setting bad rows aside; give engine and outcome."""

    def take(files: dict) -> tuple[DuckDBEngine, Intake]:
        facts = open_workspace(workspace(files, data='bad_rows = "set_aside"')).facts()
        return facts.engine, facts.intake

    return take


def found(intake: Intake) -> list[tuple]:
    return [(f.table, f.rule, f.column, f.rows, f.amount, f.is_set_aside) for f in intake.findings]


def test_a_text_where_a_quantity_should_be_is_named_with_file_row_and_column(workspace, refusal):
    files = sales(line("A1"), line("A2"), line("A3", quantity="abc"), line("A4", quantity="x"))
    assert refusal(workspace(files)) == [
        "sales.csv row 4, column 'quantity': 'abc' is not a quantity (2 rows of sales) | "
        'correct the file, or set bad_rows = "set_aside" in workspace.toml to go on without them'
    ]


def test_all_kinds_of_bad_rows_in_all_tables_are_named_at_once(workspace, refusal):
    files = sales(line("A1", order_date="2025-13-01"), line("A2", kind="gift"), line("A3", currency="USD"))
    files["partners.csv"] = "partner_id,outlets\nP1,many\n"
    assert {text.split(" (")[0] for text in refusal(workspace(files))} == {
        "sales.csv row 2, column 'order_date': '2025-13-01' is not a date",
        "sales.csv row 3, column 'kind': 'gift' is not an allowed value",
        "sales.csv row 4, column 'currency': 'USD' is not the workspace's currency CNY",
        "partners.csv row 2, column 'outlets': 'many' is not a whole number",
    }


def test_an_unknown_channel_type_is_answered_with_the_nearest_and_the_place_to_add_it(workspace, refusal):
    (text,) = refusal(workspace(sales(line(channel_type="distributer"))))
    assert text.startswith("sales.csv row 2, column 'channel_type': 'distributer' is not an allowed value")
    assert "did you mean 'distributor'?" in text
    assert "[channel_types] in policy.toml" in text


def test_a_channel_type_added_in_the_policy_is_taken(workspace):
    policy = '[channel_types.franchise]\nfamily = "indirect"\n'
    folder = workspace(sales(line(channel_type="franchise")), policy=policy)
    assert open_workspace(folder).facts().intake.account("sales").rows_used == 1


@pytest.mark.parametrize("value", ["NaN", "inf", "-Infinity", "1e400", "99999999999999999999"])
@pytest.mark.parametrize("column", ["net_amount", "quantity"])
def test_a_number_that_is_none_does_not_enter_the_figures(taken, column, value):
    _, intake = taken(sales(line("A1"), line("A2", **{column: value})))
    assert found(intake)[0][1:4] == ("wrong_type", column, 1)
    assert intake.account("sales").amount_used == Decimal(10)


def test_a_number_that_is_none_in_a_parquet_file_does_not_enter_the_figures(taken, tmp_path):
    target = tmp_path / "feedback.parquet"
    scores = [5.0, math.nan, math.inf, -math.inf, None]
    rows = {"feedback_id": ["1", "2", "3", "4", "5"], "given_on": ["2025-01-05"] * 5, "kind": ["csat"] * 5}
    pq.write_table(pa.table({**rows, "score": scores}), target)
    engine, intake = taken({**sales(line()), "feedback.parquet": target.read_bytes()})
    assert found(intake) == [("feedback", "wrong_type", "score", 3, Decimal(0), True)]
    assert engine.query("SELECT score FROM feedback ORDER BY 1").to_pylist() == [
        {"score": 5.0},
        {"score": None},
    ]


@pytest.mark.parametrize("day", ["infinity", "99999-01-01", "0001-01-01 (BC)", "2025-02-30", "456580"])
def test_a_day_outside_the_calendar_is_no_date(workspace, refusal, day):
    (text,) = refusal(workspace(sales(line("A1"), line("A2", order_date=day))))
    assert text.startswith(f"sales.csv row 3, column 'order_date': '{day}' is not a date (1 row of sales)")


def test_excels_number_of_a_day_is_told_with_the_day_it_stands_for(workspace, refusal):
    (text,) = refusal(workspace(sales(line("A1"), line("A2", order_date="45658"))))
    assert text.startswith(
        "sales.csv row 3, column 'order_date': '45658' is not a date but Excel's number of one, 2025-01-01"
        " (1 row of sales) | format the column as a date in the workbook, or set bad_rows"
    )


def test_a_number_in_full_width_digits_is_told_with_what_is_odd_about_it(workspace, refusal):
    (text,) = refusal(workspace(sales(line("A1"), line("A2", quantity="１２．５"))))
    assert text.startswith(
        "sales.csv row 3, column 'quantity': '１２．５' is not a quantity: its digits are full-width"
    )


def test_the_mapping_can_read_what_it_is_told_of(workspace):
    mapping = """
[files]
lines = "lines.csv"
[[sales]]
query = '''
SELECT nr AS order_id, 1 AS line_number, 'order' AS kind, 'visit' AS channel_type,
  DATE '1899-12-30' + CAST(day AS INTEGER) AS order_date,
  TRANSLATE(net, '０１２３４５６７８９．', '0123456789.') AS net_amount
FROM lines
'''
"""
    folder = workspace({"lines.csv": "nr,day,net\nA,45658,１２．５\n"}, mapping=mapping)
    facts = open_workspace(folder).facts()
    assert facts.intake.findings == ()
    read = facts.engine.query("SELECT CAST(order_date AS VARCHAR) AS day, net_amount FROM sales").to_pylist()
    assert read == [{"day": "2025-01-01", "net_amount": Decimal("12.5")}]


def test_blank_lines_and_totals_are_no_rows_and_never_stop_a_run(workspace):
    total, month = line("合计", net_amount="20"), ",,,合计,,20,,,"
    folder = workspace(sales(line("A1"), line("A2"), ",, ,,,,,\u3000,", total, month, line("Total 2025-01")))
    intake = open_workspace(folder).facts().intake
    assert found(intake) == [
        ("sales", "blank_line", "order_id", 1, Decimal(0), True),
        ("sales", "totals_row", "order_date", 1, Decimal(20), True),
        ("sales", "totals_row", "order_id", 2, Decimal(30), True),
    ]
    assert intake.account("sales").amount_used == Decimal(20)


def test_a_partner_called_total_is_no_total(taken):
    files = {
        **sales(line("A1", partner_id="P1")),
        "partners.csv": "partner_id,partner_name\nP1,Total Energies\n",
    }
    _, intake = taken(files)
    assert [f for f in intake.findings if f.rule == "totals_row"] == []


def test_of_rows_with_the_same_key_the_first_is_used(taken):
    engine, intake = taken(sales(line("A1", net_amount="1"), line("A2"), line("A1", net_amount="5")))
    assert found(intake) == [("sales", "duplicate_key", "order_id", 1, Decimal(5), True)]
    kept = engine.query("SELECT net_amount FROM sales WHERE order_id = 'A1'").to_pylist()
    assert kept == [{"net_amount": Decimal(1)}]


def test_a_bad_row_does_not_push_out_a_good_one_of_the_same_key(taken):
    _, intake = taken(sales(line("A1", quantity="abc"), line("A1", net_amount="7")))
    assert found(intake) == [("sales", "wrong_type", "quantity", 1, Decimal(10), True)]
    assert intake.account("sales").amount_used == Decimal(7)


def test_rows_without_a_required_value_are_set_aside_even_in_a_strict_run(workspace):
    folder = workspace(sales(line("A1"), line("", net_amount="3"), line("A3", net_amount=" ")))
    intake = open_workspace(folder).facts().intake
    assert found(intake) == [
        ("sales", "missing", "net_amount", 1, Decimal(0), True),
        ("sales", "missing", "order_id", 1, Decimal(3), True),
    ]
    assert intake.account("sales").rows_used == 1


def test_rows_of_a_partner_nobody_knows_are_used_and_noted_with_their_money(taken):
    files = sales(line("A1", partner_id="P1"), line("A2", partner_id="P9", net_amount="4"), line("A3"))
    files["partners.csv"] = "partner_id\nP1\n"
    _, intake = taken(files)
    assert found(intake) == [("sales", "unknown", "partner_id", 1, Decimal(4), False)]
    assert intake.findings[0].sample == "sales.csv row 3: 'P9'"
    assert intake.findings[0].keys == ("order_id=A2 line_number=1",)
    assert intake.account("sales").amount_used == Decimal(24)


def test_without_a_table_of_partners_no_partner_is_unknown(taken):
    _, intake = taken(sales(line("A1", partner_id="P9")))
    assert intake.findings == ()
    assert not intake.has("partners")


def test_amounts_in_a_foreign_currency_are_not_added_up(taken):
    _, intake = taken(
        sales(line("A1", currency="CNY"), line("A2", currency="USD", net_amount="6"), line("A3"))
    )
    assert found(intake) == [("sales", "foreign_currency", "currency", 1, Decimal(6), True)]
    assert intake.account("sales").amount_used == Decimal(20)


def test_broken_lines_are_counted_as_unreadable(taken):
    _, intake = taken(sales(line("A1"), "A2,1", line("A3") + ",more,and more", "", line("A4")))
    account = intake.account("sales")
    assert (account.rows_given, account.rows_used, account.rows_unreadable) == (4, 2, 2)


def test_a_broken_line_of_a_file_read_by_two_blocks_is_one_line(workspace):
    query = """SELECT no || '{0}' AS order_id, 1 AS line_number, 'order' AS kind, '2025-01-05' AS order_date,
      'visit' AS channel_type, {0} AS net_amount FROM wide"""
    blocks = "".join(f'[[sales]]\nquery = """{query.format(month)}"""\n' for month in ("jan", "feb"))
    folder = workspace(
        {"wide.csv": "no,jan,feb\nA,1,2\nbroken\n"},
        mapping='[files]\nwide = "wide.csv"\n' + blocks,
        data='bad_rows = "set_aside"',
    )
    account = open_workspace(folder).facts().intake.account("sales")
    assert (account.rows_given, account.rows_used, account.rows_unreadable) == (3, 2, 1)


def test_every_number_of_a_thing_stays_text(taken):
    files = sales(line("00123", partner_id="0007"), line("1e5"))
    files["partners.csv"] = "partner_id\n0007\n"
    engine, intake = taken(files)
    assert intake.findings == ()
    rows = engine.query("SELECT order_id, partner_id FROM sales ORDER BY order_id").to_pylist()
    assert rows == [{"order_id": "00123", "partner_id": "0007"}, {"order_id": "1e5", "partner_id": None}]


def test_nothing_works_without_sales(workspace, refusal):
    (text,) = refusal(workspace({"partners.csv": "partner_id\nP1\n"}))
    assert "nothing fills the table 'sales'; the folder holds: partners.csv |" in text
    assert "add a file sales.csv, sales.parquet or sales.xlsx" in text


def test_tables_that_are_not_there_are_empty_and_not_missing(taken):
    engine, intake = taken(sales(line()))
    assert engine.query("SELECT count(*) AS n FROM receivables")["n"][0].as_py() == 0
    assert "receivables" not in intake.filled
    with pytest.raises(KeyError, match="receivables"):
        intake.account("receivables")


@pytest.mark.parametrize("header", [HEADER, "order_id,what"])
def test_sales_with_nothing_but_a_header_are_told_so_before_anything_else(workspace, refusal, header):
    folder = workspace({"sales.csv": header + "\n", "partners.csv": "partner_nr\nP1\n"})
    assert refusal(folder) == [
        "sales.csv: the file holds a header and no rows | export it again, with its rows"
    ]


def test_another_table_with_nothing_but_a_header_gives_no_rows(taken):
    _, intake = taken({**sales(line()), "partners.csv": "partner_id\n"})
    account = intake.account("partners")
    assert (account.rows_given, account.first_date) == (0, None)
    assert not intake.has("partners")


def test_sales_of_which_every_row_is_set_aside_are_answered_with_what_was_found(workspace, refusal):
    files = sales(line("A1", net_amount="abc"), line("A2", quantity="x"), line("A3", quantity="y"), "broken")
    (text,) = refusal(workspace(files, data='bad_rows = "set_aside"'))
    assert "no row of sales can be used: 1 of a wrong type (net_amount; sales.csv order_id A1" in text
    assert "; 2 of a wrong type (quantity; sales.csv order_id A2, line_number 1: 'x')" in text
    assert "; 1 that cannot be read" in text


def test_rows_that_cannot_be_read_stop_a_strict_run_with_line_reason_and_count(workspace, refusal):
    files = sales(line("A1"), "A2,1", "A3", line("A4", quantity="abc"))
    assert [text.split(" | ")[0] for text in refusal(workspace(files))] == [
        "sales.csv line 3: the row cannot be read: Expected Number of Columns: 9 Found: 2"
        " (2 rows of the file)",
        "sales.csv order_id A4, line_number 1, column 'quantity': 'abc' is not a quantity (1 row of sales)",
    ]


def test_a_bad_value_of_a_parquet_file_names_the_file(workspace, refusal, tmp_path):
    values = dict(zip(HEADER.split(","), line("O30", quantity="abc").split(","), strict=True))
    pq.write_table(pa.table({name: [value] for name, value in values.items()}), tmp_path / "x.parquet")
    (text,) = refusal(workspace({"sales.parquet": (tmp_path / "x.parquet").read_bytes()}))
    assert text.startswith("sales.parquet order_id O30, line_number 1, column 'quantity': 'abc' is not")


@pytest.mark.parametrize("value", ["99999999999999999999", "-1e14"])
def test_an_amount_that_does_not_fit_is_called_too_large(workspace, refusal, value):
    (text,) = refusal(workspace(sales(line(net_amount=value))))
    assert f"'{value}' is too large for an amount (1 row of sales)" in text


@pytest.mark.parametrize("day", ["0000-01-01", "0001-01-01", "24-01-05", "1899-12-31"])
def test_a_day_before_any_business_is_no_date(workspace, refusal, day):
    (text,) = refusal(workspace(sales(line(order_date=day))))
    assert f"'{day}' is not a date" in text


def test_a_value_with_a_colon_is_shown_whole(workspace, refusal):
    (text,) = refusal(workspace(sales(line(quantity="about: 5"))))
    assert text.startswith("sales.csv row 2, column 'quantity': 'about: 5' is not a quantity")


def test_where_nobody_wrote_a_mapping_no_value_is_translated_in_one(workspace, refusal):
    (text,) = refusal(workspace(sales(line(kind="xyz"))))
    assert "| choose one of: order, return; correct the file, or set bad_rows" in text
    assert "mapping" not in text


def test_of_rows_in_a_foreign_currency_the_amounts_are_to_be_converted(workspace, refusal):
    (text,) = refusal(workspace(sales(line(currency="USD"))))
    assert "| convert the amounts in the file, or in a mapping of your own, or set bad_rows" in text


def test_a_file_of_several_faults_is_answered_with_all_of_them(workspace, refusal):
    files = {**sales(line()), "partners.csv": "", "staff.csv": "staff_id,staff_id\n1,2\n"}
    what = [text.split(": ")[-1].split(" | ")[0] for text in refusal(workspace(files))]
    assert what == ["the file is empty", "the column 'staff_id' stands twice in the header"]


def test_the_outcome_is_read_back_as_it_was_written(taken, tmp_path):
    _, intake = taken(sales(line("A1"), line("A1"), line("A2", quantity="abc")))
    save_intake(intake, tmp_path / "intake.json")
    assert load_intake(tmp_path / "intake.json") == intake
    assert len(intake.findings) == 2


names = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6)
)
rows = st.tuples(
    names,
    st.sampled_from(["order", "return", "gift", ""]),
    st.sampled_from(["2025-01-05", "2025-02-30", "", "x"]),
    st.sampled_from(["visit", "agent", "vist"]),
    st.one_of(st.decimals(-1000, 1000, places=2).map(str), st.sampled_from(["", "abc", "NaN"])),
    st.sampled_from(["", "CNY", "USD"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([(name, "order", "2025-01-05", "visit", "1.25", "") for name in HOSTILE], ["broken", "a,b"])
@given(
    st.lists(rows, max_size=8), st.lists(st.sampled_from(["broken", "a,b", "1,2,3,4,5,6,7,8"]), max_size=2)
)
def test_rows_and_money_given_are_those_used_set_aside_or_unreadable(lines, broken):
    header = ["order_id", "kind", "order_date", "channel_type", "net_amount", "currency", "line_number"]
    lines = [("sound", "order", "2025-01-05", "visit", "1.00", ""), *lines]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [header, *([*row, str(n)] for n, row in enumerate(lines))]
    )
    text.write("".join(f"{row}\n" for row in broken))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sales.csv").write_text(text.getvalue(), encoding="utf-8")
        rules = IntakeRules("CNY", ("visit", "agent"), stop_on_bad_rows=False)
        engine = DuckDBEngine()
        intake = take_in(
            engine, contract_mapping(folder), folder, rules, folder / "cache", folder / "snapshots"
        )
        account = intake.account("sales")
        used = engine.query("SELECT order_id, net_amount FROM sales").to_pylist()
    amounts = [Decimal(row[4]) for row in lines if row[4] not in ("", "abc", "NaN")]
    assert account.rows_given == len(lines) + len(broken)
    assert account.rows_unreadable == len(broken)
    assert account.rows_given == account.rows_used + account.rows_set_aside + account.rows_unreadable
    assert account.amount_given == sum(amounts)
    assert account.amount_given == account.amount_used + account.amount_set_aside
    aside = [finding.rows for finding in intake.findings if finding.treatment == "set_aside"]
    assert sum(aside) == account.rows_set_aside
    assert len(used) == account.rows_used
    assert sum(row["net_amount"] for row in used) == account.amount_used
    assert {row["order_id"] for row in used} <= {row[0].strip(BLANKS) for row in lines}

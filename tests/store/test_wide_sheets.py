"""Tables made for people's eyes: titles, merged headers, months as columns, a sheet per region."""

import datetime
from decimal import Decimal

import pytest

from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.intake import take_in
from channel_analysis.store.sources import FileSpec
from channel_analysis.store.sources.headers import joined
from channel_analysis.store.spark import SparkEngine
from channel_analysis.store.staging import IntakeRules
from channel_analysis.store.workspace import open_workspace

MONTHS = [f"{month}月" for month in range(1, 13)]
NAMED = {"columns": "{month}月", "year": 2025}


@pytest.fixture
def read(attached, rows, tmp_path):
    """Write a CSV file, attach it, give its source and its rows."""

    def given(text: str | bytes, **spec):
        (tmp_path / "given.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        engine = DuckDBEngine()
        source = attached(engine, "given", path="given.csv", **spec)
        return source, in_order(rows(engine, "given"), spec)

    return given


def in_order(found: list[dict], spec: dict) -> list[dict]:
    """Rows of one line of the file have no order of their own: here they are in that of their months."""
    into = spec.get("unpivot", {}).get("into", "month")
    return sorted(found, key=lambda row: (row["id"], row[into])) if "unpivot" in spec else found


@pytest.fixture
def read_book(attached, rows, workbook):
    """Write a workbook, attach it, give its source and its rows."""

    def given(sheets, merged=None, **spec):
        workbook("book.xlsx", sheets, merged or {})
        engine = DuckDBEngine()
        source = attached(engine, "given", path="book.xlsx", **spec)
        return source, in_order(rows(engine, "given"), spec)

    return given


def places(source, count: int) -> list[str]:
    return [source.place(str(source.parts[0].path), row) for row in range(1, count + 1)]


def test_the_lines_above_the_header_are_passed_over_and_rows_keep_their_numbers(read):
    text = '\ufeffSales of "2025\n\nprinted, on, Friday, by\nid,x\n1,a\n"2\n2",b\n3,c\n'
    source, found = read(text, header_row=4)
    assert [row["id"] for row in found] == ["1", "2\n2", "3"]
    assert places(source, 3) == [f"given.csv row {n}" for n in (5, 6, 7)]


def test_a_broken_line_below_a_title_is_named_by_its_line(read):
    source, _ = read("Title\nid,x\n1,a\nbroken\n", header_row=2)
    assert (source.unreadable_rows, source.parts[0].first_unreadable) == (1, 4)


def test_a_header_of_two_lines_is_joined(read):
    text = "编码,2025年,,备注\n,1月,2月,\nA,1,2,x\n"
    source, found = read(text, header_rows=2)
    assert found == [{"编码": "A", "2025年 1月": "1", "2025年 2月": "2", "备注": "x"}]
    assert places(source, 1) == ["given.csv row 3"]


def test_empty_cells_of_a_csv_take_the_value_above_where_asked(read):
    source, found = read("partner,region,x\nA,N,1\n,,2\n  ,,3\nB,,4\n", fill_down=["partner"])
    assert [(row["partner"], row["region"]) for row in found] == [
        ("A", "N"),
        ("A", None),
        ("A", None),
        ("B", None),
    ]
    assert places(source, 4)[-1] == "given.csv row 5"


def test_values_are_filled_down_in_the_order_of_a_large_file(read):
    lines = [f"{n if n % 1000 == 0 else ''},{n},{'x' * 60}" for n in range(100_000)]
    _, found = read("partner,n,pad\n" + "\n".join(lines) + "\n", fill_down=["partner"])
    assert all(int(row["partner"]) == int(row["n"]) // 1000 * 1000 for row in found)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_read_where_it_is_declared(read, encoding):
    text = "name,sum\n喆堃,1\n\n镕,2\n"
    source, found = read(text.encode(encoding), encoding=encoding)
    assert found == [{"name": "喆堃", "sum": "1"}, {"name": "镕", "sum": "2"}]
    assert places(source, 1) == ["given.csv"], "a blank line shifts the rows"


def test_utf16_read_as_utf8_names_the_remedy(tmp_path, refused):
    (tmp_path / "given.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    (text,) = refused(path="given.csv")
    assert 'it can be read as utf-16: save it as UTF-8, or say encoding = "utf-16"' in text


def test_merged_cells_of_a_header_name_all_columns_below_them(read_book):
    sheet = [
        ["2025 plan"],
        [None, "编码", "2025年", None, "2026年", None, None],
        [None, None, "1月", "2月", "1月", "2月", "备注"],
        [None, "A", 1, 2, 3, 4, "x"],
    ]
    merged = {"S": ["A1:G1", "B2:B3", "C2:D2", "E2:F2"]}
    source, found = read_book({"S": sheet}, merged, header_row=2, header_rows=2)
    assert list(found[0]) == ["编码", "2025年 1月", "2025年 2月", "2026年 1月", "2026年 2月", "备注"]
    assert places(source, 1) == ["book.xlsx, sheet 'S' row 4"]


def test_a_header_that_is_not_merged_but_left_empty_is_filled_to_the_right():
    assert joined([["k", "2025", None, None], [None, "1月", "2月", None]]) == [
        "k",
        "2025 1月",
        "2025 2月",
        "",
    ]
    assert joined([["a\n b", None], ["c", "c"]]) == ["a b c", "a b c"]
    assert joined([["x"], ["x"], [None]]) == ["x"]


def test_columns_of_two_header_rows_with_one_name_are_refused(workbook, refused):
    workbook("book.xlsx", {"S": [["a", "a"], ["b", "b"], [1, 2]]})
    (text,) = refused(path="book.xlsx", header_rows=2)
    assert "rows 1 to 2: the column 'a b' stands twice in the header" in text


def test_a_merged_key_holds_for_all_its_rows(read_book):
    sheet = [["partner", "x"], ["A", 1], [None, 2], [], [None, 3], ["B", 4]]
    source, found = read_book({"S": sheet}, {"S": ["A2:A5"]}, fill_down=["partner"])
    assert [row["partner"] for row in found] == ["A", "A", "A", "B"]
    assert places(source, 4)[2:] == ["book.xlsx, sheet 'S' row 5", "book.xlsx, sheet 'S' row 6"]


def test_several_sheets_are_one_source_and_tell_their_names(read_book):
    sheets = {
        "华东": [["x"], [1]],
        "it's <b>": [["x"], [2]],
        "Notes": [["text"], ["y"]],
        "华南": [["x"], [3]],
    }
    source, found = read_book(sheets, sheet=["华南", "it's <b>"], sheet_column="region", file_column="file")
    assert found == [
        {"x": "3", "region": "华南", "file": "book"},
        {"x": "2", "region": "it's <b>", "file": "book"},
    ]
    assert source.place(str(source.parts[1].path), 1) == "book.xlsx, sheet 'it's <b>' row 2"
    assert [row["x"] for row in read_book(sheets, sheet="华*")[1]] == ["1", "3"]


def test_sheets_that_are_not_there_are_all_named(workbook, refused):
    workbook("book.xlsx", {"North": [["x"]], "South": [["x"]]})
    assert [text.split(": ", 1)[1] for text in refused(path="book.xlsx", sheet=["Nort", "West"])] == [
        "there is no sheet 'Nort' | did you mean 'North'?",
        "there is no sheet 'West' | choose one of: North, South",
    ]
    (text,) = refused(path="book.xlsx", sheet="2025-*")
    assert "no sheet is like '2025-*'" in text


def test_the_name_of_each_file_may_become_a_column(tmp_path, attached, rows):
    for name in ("2025-01", "2025-02"):
        (tmp_path / f"{name}.csv").write_text("x\n1\n")
    engine = DuckDBEngine()
    attached(engine, "given", path="2025-*.csv", file_column="month")
    assert [row["month"] for row in rows(engine, "given")] == ["2025-01", "2025-02"]


def test_options_that_name_columns_wrongly_are_refused_together(tmp_path, refused):
    (tmp_path / "given.csv").write_text("partner,x\nA,1\n")
    path = tmp_path / "given.csv"
    assert refused(path="given.csv", fill_down=["partners"], file_column="X") == [
        f"{path} [fill_down]: there is no column 'partners' | did you mean 'partner'?",
        f"{path} [file_column]: there is a column 'X' already | choose another name",
    ]


@pytest.mark.parametrize(
    ("names", "pattern", "year"),
    [
        (MONTHS, "{month}月", 2025),
        ([f"{month:02}月" for month in range(1, 13)], "{month}月", 2025),
        (["一月", "二月", "三月", "四月", "五月", "六月"], "{month}月", 2025),
        (["十月", "十一月", "十二月"], "{month}月", 2025),
        (["Jan", "Feb", "Mar", "Sept", "Dec."], "{month}", 2025),
        (["January", "May", "September", "december"], "{month}", 2025),
        (["2025-01", "2025-12"], "{year}-{month}", None),
        (["2025年1月", "2025年 12月"], "{year}年{month}月", None),
        (["2025-01-01", "2025-02-01"], "{year}-{month}-01", None),
        (["１月", "２月"], "{month}月", 2025),
        (["销量 (1月)", "销量 (2月)"], "销量 ({month}月)", 2025),
    ],
)
def test_columns_of_months_become_rows_of_months(read, names, pattern, year):
    names = [name.replace("年 ", "年") for name in names]
    values = ",".join(str(n) for n in range(len(names)))
    unpivot = {"columns": pattern, **({"year": year} if year else {})}
    _, found = read(f"id,{','.join(names)},合计\nA,{values},9\n", unpivot=unpivot)
    assert [(row["id"], row["合计"], row["amount"]) for row in found] == [
        ("A", "9", str(n)) for n in range(len(names))
    ]
    months = [row["month"] for row in found]
    assert months == sorted(months)
    assert all(datetime.date.fromisoformat(month).day == 1 for month in months)
    assert months[0].startswith("2025-")


def test_the_numbers_of_months_are_those_of_their_names(read):
    header = "id,十二月,三月,Sep,1\n"
    _, found = read(header + "A,12,3,x,x\n", unpivot={"columns": "{month}月", "year": 2025})
    assert {row["month"]: row["amount"] for row in found} == {"2025-12-01": "12", "2025-03-01": "3"}


def test_empty_months_give_no_row_and_the_others_keep_their_line(read):
    source, found = read("id,1月,2月,3月\nA,1,,3\nB,,  ,\nC,,5,\n", unpivot=NAMED)
    assert [(row["id"], row["month"], row["amount"]) for row in found] == [
        ("A", "2025-01-01", "1"),
        ("A", "2025-03-01", "3"),
        ("C", "2025-02-01", "5"),
    ]
    assert places(source, 3)[2] == "given.csv row 4"


def test_several_values_of_a_month_stay_together(read_book):
    sheet = [["id", "1月", None, "2月", None], [None, "计划", "实际", "计划", "实际"], ["A", 1, 2, 3, None]]
    columns = {"plan": "{month}月 计划", "actual": "{month}月 实际"}
    unpivot = {"columns": columns, "year": 2025}
    _, found = read_book({"S": sheet}, {"S": ["B1:C1", "D1:E1"]}, header_rows=2, unpivot=unpivot)
    assert found == [
        {"id": "A", "month": "2025-01-01", "plan": "1", "actual": "2"},
        {"id": "A", "month": "2025-02-01", "plan": "3", "actual": None},
    ]


def test_regions_and_quarters_may_be_columns(read):
    _, found = read(
        "id,北,it's\nA,1,2\n", unpivot={"columns": ["北", "it's"], "into": "region", "value": "x"}
    )
    assert [(row["region"], row["x"]) for row in found] == [("it's", "2"), ("北", "1")]
    _, found = read("id,量_北,量_南\nA,1,2\n", unpivot={"columns": "量_{name}", "into": "region"})
    assert [row["region"] for row in found] == ["北", "南"]
    _, found = read("id,Q1,Q4\nA,1,2\n", unpivot={"columns": "Q{quarter}", "year": 2025})
    assert [row["month"] for row in found] == ["2025-01-01", "2025-10-01"]


def test_without_a_year_a_month_is_its_number_for_the_query_to_complete(read_book):
    sheets = {"2024": [["id", "1月"], ["A", 1]], "2025": [["id", "1月"], ["A", 2]]}
    unpivot = {"columns": "{month}月"}
    _, found = read_book(sheets, sheet="20*", sheet_column="year", unpivot=unpivot)
    assert [(row["year"], row["month"]) for row in found] == [("2024", "1"), ("2025", "1")]


@pytest.mark.parametrize(
    ("unpivot", "said"),
    [
        ({"columns": "{month}月份", "year": 2025}, "no column is like '{month}月份' (unpivot)"),
        ({"columns": ["5月"]}, "no column is like '5月' (unpivot)"),
        ({"columns": "{month}月", "into": "ID"}, "unpivot would make a second column 'ID'"),
        ({"columns": "{month}月", "value": "month"}, "unpivot would make a second column 'month'"),
    ],
)
def test_a_pattern_that_does_not_fit_is_answered_with_the_columns(tmp_path, refused, unpivot, said):
    (tmp_path / "given.csv").write_text("id,1月\nA,1\n")
    assert said in refused(path="given.csv", unpivot=unpivot)[0]


def test_two_columns_of_one_month_are_refused(tmp_path, refused):
    (tmp_path / "given.csv").write_text("id,1月,01月\nA,1,2\n")
    (text,) = refused(path="given.csv", unpivot=NAMED)
    assert "the columns '1月' and '01月' both stand for 2025-01-01" in text


@pytest.mark.parametrize("columns", ["{mouth}月", "amount", "{month}{month}", "{name}{month}", [], {}])
def test_a_pattern_without_sense_is_a_mistake_of_the_mapping(columns):
    with pytest.raises(InputError):
        validated(FileSpec, {"path": "a.csv", "unpivot": {"columns": columns}}, "ours.toml")


PLAN = """
[files.plan]
path = "计划.xlsx"
header_row = 2
fill_down = ["经销商"]
thousands = ","
unpivot = { columns = "{month}月", year = 2025 }
[files.sold]
path = "sold.csv"
unpivot = { columns = "{year}-{month}", value = "sum" }
[[sales]]
query = \"\"\"
SELECT no || '-' || month AS order_id, 1 AS line_number, 'order' AS kind, month AS order_date,
  'distributor' AS channel_type, no AS partner_id, sum AS net_amount FROM sold\"\"\"
[[targets]]
query = \"\"\"
SELECT 经销商 || 产品 || month AS target_id, 'partner' AS level, month AS window_start, 经销商 AS partner_id,
  amount AS target_amount FROM plan\"\"\"
units.target_amount = 10000
"""
PLANNED = [
    ["2025年计划(万元)"],
    ["经销商", "产品", *MONTHS[:3]],
    ["甲", "P", 1.5, "1,000.5"],
    [None, "Q", 2, None, 0],
]
SOLD = "no,2025-01,2025-02\nA,1,2\nB,,4.5\n"


def test_a_wide_plan_is_taken_in_alike_by_both_engines(workspace, workbook, spark, tmp_path):
    folder = workspace({"sold.csv": SOLD}, mapping=PLAN)
    workbook("workspace/data/raw/计划.xlsx", {"S": PLANNED}, {"S": ["A3:A4"]})
    ws, outcomes = open_workspace(folder), []
    for engine in (DuckDBEngine(), SparkEngine(spark)):
        rules = IntakeRules("CNY", tuple(ws.policy.channel_types))
        target = tmp_path / engine.name
        intake = take_in(engine, ws.mapping, ws.source_folder, rules, target, tmp_path / "snapshots")
        targets = engine.query("SELECT * FROM targets ORDER BY target_id").to_pylist()
        sales = engine.query("SELECT * FROM sales ORDER BY order_id").to_pylist()
        outcomes.append((intake, targets, sales))
    assert outcomes[0] == outcomes[1]
    _, targets, sales = outcomes[0]
    assert [(row["target_id"], row["window_start"], row["target_amount"]) for row in targets] == [
        ("甲P2025-01-01", datetime.date(2025, 1, 1), Decimal(15000)),
        ("甲P2025-02-01", datetime.date(2025, 2, 1), Decimal(10_005_000)),
        ("甲Q2025-01-01", datetime.date(2025, 1, 1), Decimal(20000)),
        ("甲Q2025-03-01", datetime.date(2025, 3, 1), Decimal(0)),
    ]
    assert sum(row["net_amount"] for row in sales) == Decimal("7.5")


def test_a_mistake_in_a_month_is_named_by_the_row_of_the_sheet(workspace, workbook, refusal):
    folder = workspace({"sold.csv": SOLD.replace("4.5", "4..5")}, mapping=PLAN)
    workbook("workspace/data/raw/计划.xlsx", {"S": [*PLANNED, ["乙", "P", "many"]]})
    found = refusal(folder)
    assert found[0].startswith(
        "sold.csv row 3, column 'net_amount': '4..5' is not an amount (1 row of sales)"
    )
    assert "计划.xlsx, sheet 'S' row 5, column 'target_amount': 'many (not a number" in found[1]

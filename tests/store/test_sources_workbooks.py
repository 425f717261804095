"""Workbooks: every cell becomes the text it means, every row keeps its number."""

import zipfile

import pytest

from channel_analysis.store.engine import DuckDBEngine

RARE = "喆堃镕燊珺"


@pytest.fixture
def read(attached, rows, workbook):
    """Write a workbook, attach it, give its source and its rows."""

    def given(sheets, **spec):
        workbook("book.xlsx", sheets)
        engine = DuckDBEngine()
        return attached(engine, "given", path="book.xlsx", **spec), rows(engine, "given")

    return given


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("00123", "00123"),
        (123.0, "123"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1234567890123456789.0, "1234567890123456800"),
        (1e-7, "0.0000001"),
        (-0.0, "0"),
        (True, "true"),
        (("date", 45658), "2025-01-01"),
        (("date", 45658.5), "2025-01-01 12:00:00"),
        (("error", "#N/A"), "#N/A"),
        (("error", "#DIV/0!"), "#DIV/0!"),
        (f'it\'s "{RARE}"', f'it\'s "{RARE}"'),
        (None, None),
        ("", None),
    ],
)
def test_a_cell_becomes_the_text_it_means(read, cell, text):
    assert read({"Sheet1": [["id", "value"], ["1", cell]]})[1] == [{"id": "1", "value": text}]


def test_rows_keep_their_numbers_when_empty_ones_stand_between(read):
    table = [[], ["id"], ["a"], [], [None], ["b"], ["c"], [], ["d"], [], []]
    source, found = read({"Sheet1": table}, header_row=2)
    assert [row["id"] for row in found] == ["a", "b", "c", "d"]
    file = str(source.parts[0].path)
    assert [source.place(file, row) for row in (1, 2, 3, 4)] == [
        f"book.xlsx, sheet 'Sheet1' row {row}" for row in (3, 6, 7, 9)
    ]


def test_a_table_that_begins_further_right_and_down_is_read_where_its_header_is(read):
    table = [["Report of sales"], [], [None, "id", "x"], [None, "1", ("error", "#REF!")]]
    assert read({"S": table}, header_row=3)[1] == [{"id": "1", "x": "#REF!"}]


def test_the_only_sheet_that_holds_something_is_read(read):
    source, found = read({"Cover": [], "it's 销售": [["id"], ["1"]], "Notes": [[]]})
    assert (found, source.label) == ([{"id": "1"}], "book.xlsx, sheet 'it's 销售'")


def test_the_sheet_that_is_named_is_read(read):
    assert read({"A": [["id"], ["1"]], "B": [["id"], ["2"]]}, sheet="B")[1] == [{"id": "2"}]


def test_several_filled_sheets_are_listed(workbook, refused):
    path = workbook("book.xlsx", {"A": [["id"]], "B": [["id"]], "C": []})
    assert refused(path="book.xlsx") == [
        f"{path}: 2 sheets hold something: 'A', 'B' | say which one, as in sheet = \"A\""
    ]


def test_an_unknown_sheet_is_answered_with_the_nearest(workbook, refused):
    path = workbook("book.xlsx", {"Partners": [["id"]], "B": [["id"]]})
    what = f"{path}: there is no sheet 'partner' | did you mean 'Partners'?"
    assert refused(path="book.xlsx", sheet="partner") == [what]


def test_a_workbook_of_empty_sheets_is_refused(workbook, refused):
    path = workbook("book.xlsx", {"A": [], "B": []})
    what = f"{path}: all sheets of the workbook are empty | export it again"
    assert refused(path="book.xlsx") == [what]


def test_columns_without_name_and_data_are_left_out(read):
    assert read({"S": [["id", None, "x", None], ["1", None, "2"]]})[1] == [{"id": "1", "x": "2"}]


def test_a_value_under_no_name_is_shown_with_its_place(workbook, refused):
    path = workbook("book.xlsx", {"S": [["id", None], ["1"], ["2", "odd"]]})
    assert refused(path="book.xlsx") == [
        f"{path}, sheet 'S' row 3: column B holds 'odd' and has no name in row 1"
        " | name the column, or say header_row = N for the row that holds the names"
    ]


def test_a_header_row_without_names_is_refused(workbook, refused):
    path = workbook("book.xlsx", {"S": [["id"], ["1"]]})
    (text,) = refused(path="book.xlsx", header_row=9)
    assert text.startswith(f"{path}, sheet 'S' row 9: the row holds no names of columns")


def test_a_name_that_stands_twice_is_refused(workbook, refused):
    workbook("book.xlsx", {"S": [["Id", "id "], ["1", "2"]]})
    (text,) = refused(path="book.xlsx")
    assert "stands twice in the header" in text


def test_a_header_alone_is_a_table_without_rows(read):
    source, found = read({"S": [["id", "x"]]})
    assert (source.columns, found) == (("id", "x"), [])


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls", "book.xlsb", "book.ods"])
def test_a_file_that_only_calls_itself_a_workbook_is_refused(tmp_path, refused, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 rubbish")
    (text,) = refused(path=name)
    assert text.startswith(f"{tmp_path / name}: the workbook cannot be opened")


def test_several_workbooks_are_one_source_and_each_row_knows_its_own(attached, rows, workbook):
    workbook("q/2.xlsx", {"S": [["x", "id"], ["b", "2"]]})
    workbook("q/1.xlsx", {"S": [["id", "x"], ["1", "a"]]})
    workbook("q/~$1.xlsx", {"S": [["lock"]]})
    engine = DuckDBEngine()
    source = attached(engine, "given", path="q/*.xlsx")
    assert rows(engine, "given") == [{"id": "1", "x": "a"}, {"id": "2", "x": "b"}]
    assert source.place(str(source.parts[1].path), 1) == "2.xlsx, sheet 'S' row 2"


def test_a_sheet_of_libreoffice_is_read(tmp_path, attached, rows):
    names = "urn:oasis:names:tc:opendocument:xmlns"
    cells = [
        'office:value-type="string"><text:p>00123',
        'office:value-type="float" office:value="2"><text:p>2',
    ]
    header = "".join(
        f"<table:table-cell office:value-type='string'><text:p>{n}</text:p></table:table-cell>" for n in "ab"
    )
    row = "".join(f"<table:table-cell {cell}</text:p></table:table-cell>" for cell in cells)
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
        f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="S">'
        f"<table:table-row>{header}</table:table-row><table:table-row>{row}</table:table-row>"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "book.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    engine = DuckDBEngine()
    attached(engine, "given", path="book.ods")
    assert rows(engine, "given") == [{"a": "00123", "b": "2"}]

"""A folder named as the contracts say is read; what is misnamed in it is answered with the nearest name."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.store.workspace import open_workspace

SALES = (
    "order_id,line_number,kind,order_date,channel_type,net_amount,region\n"
    "A1,1,order,2025-01-05,visit,10,East\n"
    "A2,1,order,2025-02-06,agent,20,华东\n"
)


def sold(folder) -> Decimal:
    return open_workspace(folder).facts().intake.account("sales").amount_used


@pytest.mark.parametrize("other", ["sales.parquet", "SALES.csv"])
def test_two_files_for_one_table_are_both_named(workspace, refusal, other):
    folder = workspace({"sales.csv": SALES, other: SALES})
    names = " and ".join(sorted(["sales.csv", other]))
    assert refusal(folder) == [
        f"{folder / 'data' / 'raw'}: {names} fill the same table 'sales'"
        " | keep one of them and move the others out of the folder"
    ]


@pytest.mark.parametrize("name", ["Sales.CSV", "SALES.csv", "sales.Csv"])
def test_the_name_of_a_file_may_be_in_capitals(workspace, name):
    assert sold(workspace({name: SALES})) == 30


def test_without_sales_every_file_of_the_folder_is_named_with_the_nearest_table(workspace, refusal):
    files = {"sale.csv": SALES, "partners.csv": "partner_id\nP1\n", "qqqq.csv": "a\n1\n", "notes.md": "x"}
    (text,) = refusal(workspace(files))
    assert "the folder holds: sale.csv: did you mean sales.csv?; partners.csv; qqqq.csv |" in text


def test_a_kind_of_file_that_is_not_read_is_told_to_be_saved_as_csv(workspace, refusal):
    (text,) = refusal(workspace({"sales.tsv": "a"}))
    assert "sales.tsv: save it as sales.csv" in text


def test_a_workbook_that_cannot_be_opened_is_a_problem(workspace, refusal):
    folder = workspace({"sales.xlsx": b"PK"})
    (text,) = refusal(folder)
    assert text.startswith(f"{folder / 'data' / 'raw' / 'sales.xlsx'}: the workbook cannot be opened")


def cells(text: str) -> list[list[object]]:
    return [line.split(",") for line in text.splitlines()]


def as_bytes(workbook, sheets: dict[str, list[list[object]]]) -> bytes:
    return workbook("made/book.xlsx", sheets).read_bytes()


@pytest.mark.parametrize("name", ["sales.xlsx", "SALES.XLSX"])
def test_a_workbook_fills_the_table_it_is_named_as(workspace, workbook, name):
    assert sold(workspace({name: as_bytes(workbook, {"Sheet1": cells(SALES)})})) == 30


def test_the_sheet_named_as_the_table_is_read_before_others(workspace, workbook):
    sheets = {"Notes": [["x"]], "Sales": cells(SALES)}
    assert sold(workspace({"sales.xlsx": as_bytes(workbook, sheets)})) == 30


def test_the_sheets_of_one_workbook_fill_their_tables(workspace, workbook):
    sheets = {
        "Sales": cells(SALES),
        "partners": [["partner_id"], ["P1"]],
        "partnrs": [["x"]],
        "Qqqq": [["x"]],
    }
    intake = open_workspace(workspace({"company.xlsx": as_bytes(workbook, sheets)})).facts().intake
    assert (intake.account("sales").rows_used, intake.account("partners").rows_given) == (2, 1)
    noted = [(f.column, f.sample) for f in intake.findings if f.rule == "ignored"]
    assert noted == [
        ("company.xlsx, sheet 'partnrs'", "did you mean the sheet 'partners'?"),
        ("company.xlsx, sheet 'Qqqq'", "no table has such a name"),
    ]


def test_a_sheet_and_a_file_for_one_table_are_both_named(workspace, workbook, refusal):
    folder = workspace({"company.xlsx": as_bytes(workbook, {"sales": cells(SALES)}), "sales.csv": SALES})
    (text,) = refusal(folder)
    assert "company.xlsx, sheet 'sales' and sales.csv fill the same table 'sales'" in text


def test_a_folder_named_as_a_table_fills_it_with_all_its_files(workspace):
    header, first, second = SALES.replace(",", ";").splitlines()
    folder = workspace({}, data='delimiter = ";"')
    place = folder / "data" / "raw" / "Sales"
    place.mkdir()
    (place / "2025-01.csv").write_text(f"{header}\n{first}\n")
    (place / "2025-02.csv").write_text(f"{header}\n{second}\n")
    assert sold(folder) == 30


def test_a_lake_named_as_a_table_fills_it(workspace):
    folder = workspace({})
    header, *lines = [line.split(",") for line in SALES.splitlines()]
    for month, line in zip(("2025-01", "2025-02"), lines, strict=True):
        place = folder / "data" / "raw" / "sales" / f"month={month}"
        place.mkdir(parents=True)
        pq.write_table(pa.table({n: [v] for n, v in zip(header, line, strict=True)}), place / "0.parquet")
    assert sold(folder) == 30


def test_a_folder_and_a_file_for_one_table_are_both_named(workspace, refusal):
    folder = workspace({"sales.csv": SALES})
    (folder / "data" / "raw" / "sales").mkdir()
    (text,) = refusal(folder)
    assert "sales/ and sales.csv fill the same table 'sales'" in text


def test_an_empty_folder_is_told_to_be_empty(workspace, refusal):
    (text,) = refusal(workspace({}))
    assert "nothing fills the table 'sales'; the folder holds: no csv, parquet or workbook file" in text


def test_files_no_contract_knows_are_noted_with_the_nearest_name(workspace):
    files = {"sales.csv": SALES, "partner.csv": "partner_id\nP1\n", "qqqq.parquet": "x", ".staff.csv": "x"}
    findings = open_workspace(workspace(files)).facts().intake.findings
    assert [(f.table, f.rule, f.column, f.rows, f.is_set_aside, f.sample) for f in findings] == [
        ("partners", "ignored", "partner.csv", 0, False, "did you mean partners.csv?"),
        ("sales", "ignored", "qqqq.parquet", 0, False, "no table has such a name"),
    ]


def test_a_file_no_contract_knows_is_noted_although_the_data_were_taken_in_before(workspace):
    assert open_workspace(workspace({"sales.csv": SALES})).facts().intake.findings == ()
    folder = workspace({"partner.csv": "partner_id\nP1\n"})
    assert [f.column for f in open_workspace(folder).facts().intake.findings] == ["partner.csv"]


def test_a_column_no_contract_knows_is_noted_with_the_nearest_name(workspace):
    text = SALES.replace("region", "regoin")
    (finding,) = open_workspace(workspace({"sales.csv": text})).facts().intake.findings
    assert (finding.rule, finding.column, finding.sample) == ("ignored", "regoin", "did you mean 'region'?")


def test_a_folder_of_another_delimiter_is_read_where_it_is_said(workspace):
    files = {"sales.csv": SALES.replace(",", ";")}
    assert sold(workspace(files, data='delimiter = ";"')) == 30


def test_a_folder_of_another_encoding_is_read_where_it_is_said(workspace):
    folder = workspace({"sales.csv": SALES.encode("gb18030")}, data='encoding = "gb18030"')
    engine = open_workspace(folder).facts().engine
    assert engine.query("SELECT region FROM sales WHERE order_id = 'A2'")["region"][0].as_py() == "华东"


@pytest.mark.parametrize(("delimiter", "shown"), [(";", ";"), ("\t", "\\t")])
def test_a_wrong_delimiter_is_answered_with_the_setting(workspace, refusal, delimiter, shown):
    (text,) = refusal(workspace({"sales.csv": SALES.replace(",", delimiter)}))
    assert f'the delimiter is probably "{shown}"' in text
    assert text.endswith(f'say delimiter = "{shown}" under [data] in workspace.toml')


def test_a_wrong_encoding_is_answered_with_the_setting(workspace, refusal):
    (text,) = refusal(workspace({"sales.csv": SALES.encode("gb18030")}))
    assert text.endswith('or say encoding = "gb18030" under [data] in workspace.toml')


def test_another_encoding_takes_the_data_in_again(workspace):
    files = {"sales.csv": SALES.replace("华东", "é").encode()}
    first = open_workspace(workspace(files)).facts()
    second = open_workspace(workspace(files, data='encoding = "cp1252"')).facts()
    assert first.fingerprint != second.fingerprint
    query = "SELECT region FROM sales WHERE order_id = 'A2'"
    assert first.engine.query(query)["region"][0].as_py() == "é"
    assert second.engine.query(query)["region"][0].as_py() == "Ã©"


def test_a_missing_column_is_answered_with_the_nearest_of_the_file(workspace, refusal):
    folder = workspace({"sales.csv": SALES.replace("net_amount", "netamount").replace("kind", "qqqq")})
    what = [text.removeprefix(f"{folder / 'data' / 'raw'}: ") for text in refusal(folder)]
    header = "order_id, line_number, qqqq, order_date, channel_type, netamount, region"
    assert what == [
        f"sales.csv has no column 'kind' (what the row is) | add it; the file has: {header}",
        "sales.csv has no column 'net_amount' (gross less discount, without tax)"
        " | did you mean its column 'netamount'? rename it to 'net_amount'",
    ]


def test_a_file_none_of_whose_columns_is_known_is_not_answered_with_a_star(workspace, refusal):
    text = "\n".join(refusal(workspace({"sales.csv": "a,b\n1,2\n"})))
    assert "'*'" not in text
    assert "sales.csv has no column 'order_id'" in text
    assert " AS " not in text


def test_missing_columns_of_all_files_are_named_at_once(workspace, refusal):
    files = {"sales.csv": SALES.replace("kind", "knd"), "partners.csv": "partner\nP1\n"}
    assert [text.split(" has no")[0].rpartition(" ")[2] for text in refusal(workspace(files))] == [
        "sales.csv",
        "partners.csv",
    ]

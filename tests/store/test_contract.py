"""A folder named as the contracts say is read; what is misnamed in it is answered with the nearest name."""

from decimal import Decimal

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


def test_without_sales_a_workbook_is_told_to_be_saved_as_csv(workspace, refusal):
    (text,) = refusal(workspace({"sales.xlsx": b"PK"}))
    assert "sales.xlsx: save it as sales.csv" in text


def test_an_empty_folder_is_told_to_be_empty(workspace, refusal):
    (text,) = refusal(workspace({}))
    assert "nothing fills the table 'sales'; the folder holds: no csv or parquet file" in text


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

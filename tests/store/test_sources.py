"""Files as people export them: read whole, in their encoding, or refused with place and remedy."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.sources import FileSpec, Source, attach

RARE = "喆堃镕燊珺"
"""Characters of names that GB2312 lacks and GB18030 has."""


def attached(engine: DuckDBEngine, name: str, spec: FileSpec, folder: Path) -> Source:
    aside = folder.parent / f"{folder.name}-aside"
    return attach(engine, name, spec, folder, aside / "scratch", aside / "snapshots")


def rows_of(engine: DuckDBEngine, name: str) -> list[dict]:
    return engine.query(f"SELECT * EXCLUDE (_file, _row) FROM {name} ORDER BY _file, _row").to_pylist()


def read(folder, content: bytes | str, **spec: str) -> tuple[Source, list[dict]]:
    (folder / "given.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    engine = DuckDBEngine()
    source = attached(engine, "given", FileSpec(path="given.csv", **spec), folder)
    return source, rows_of(engine, "given")


def problem(folder, content: bytes | str, **spec: str) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, content, **spec)
    assert len(caught.value.problems) == 1
    found = caught.value.problems[0]
    return f"{found.where.removeprefix(str(folder))}: {found.what} | {found.fix}"


def test_every_value_of_a_csv_stays_the_text_it_was(tmp_path):
    _, rows = read(tmp_path, "id,date,sum\n00123,2025-01-01,1e5\n")
    assert rows == [{"id": "00123", "date": "2025-01-01", "sum": "1e5"}]


def test_a_missing_file_is_answered_with_the_nearest_name(tmp_path):
    (tmp_path / "partners.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match="there is no such file") as caught:
        attached(DuckDBEngine(), "p", FileSpec(path="partner.csv"), tmp_path)
    assert caught.value.problems[0].fix == "did you mean 'partners.csv'?"


def test_a_missing_file_in_an_empty_folder_points_at_the_settings(tmp_path):
    with pytest.raises(InputError) as caught:
        attached(DuckDBEngine(), "p", FileSpec(path="partners.csv"), tmp_path)
    assert caught.value.problems[0].fix == "check [data] source in workspace.toml"


def test_a_kind_of_file_that_is_not_read_is_refused_with_those_that_are(tmp_path):
    (tmp_path / "sales.pdf").write_text("x")
    with pytest.raises(InputError, match=r"files of kind '\.pdf' are not read"):
        attached(DuckDBEngine(), "s", FileSpec(path="sales.pdf"), tmp_path)


@pytest.mark.parametrize("name", ["SALES.CSV", "sales.Csv"])
def test_the_ending_of_a_file_may_be_in_capitals(tmp_path, name):
    (tmp_path / name).write_text("a\n1\n")
    assert attached(DuckDBEngine(), "s", FileSpec(path=name), tmp_path).columns == ("a",)


def test_an_empty_file_is_refused(tmp_path):
    assert problem(tmp_path, "") == "/given.csv: the file is empty | export it again, with its header"


@pytest.mark.parametrize("content", ["\n", "\ufeff", "a,,b\n1,2,3\n"])
def test_a_header_with_empty_names_is_refused(tmp_path, content):
    text = "/given.csv line 1: the header has empty names | give every column a name of its own"
    assert problem(tmp_path, content) == text


@pytest.mark.parametrize(("header", "name"), [("a,b,a", "a"), ("a, b,b ", "b")])
def test_a_name_that_stands_twice_in_the_header_is_named(tmp_path, header, name):
    what = f"/given.csv line 1: the column '{name}' stands twice in the header"
    assert problem(tmp_path, f"{header}\n1,2,3\n").startswith(what)


def test_names_that_differ_only_in_capitals_stand_twice(tmp_path):
    assert "stands twice in the header" in problem(tmp_path, "Region,region\n1,2\n")


def test_a_file_of_excel_with_a_byte_order_mark_has_a_clean_first_column(tmp_path):
    source, rows = read(tmp_path, "\ufeff订单,sum\r\n1,2\r\n")
    assert source.columns == ("订单", "sum")
    assert rows == [{"订单": "1", "sum": "2"}]


def test_gb18030_read_as_utf8_names_the_line_and_the_remedy(tmp_path):
    content = f"name,sum\nplain,1\n{RARE},2\n".encode("gb18030")
    assert problem(tmp_path, content) == (
        "/given.csv line 3: the text is not utf-8 | "
        'it can be read as gb18030: save it as UTF-8, or say encoding = "gb18030" for the file '
        "under [files] of the mapping"
    )


def test_gb18030_is_read_where_it_is_declared_rare_characters_included(tmp_path):
    _, rows = read(tmp_path, f"name,sum\n{RARE},1\n".encode("gb18030"), encoding="gb18030")
    assert rows == [{"name": RARE, "sum": "1"}]


def test_a_wrong_byte_far_into_a_file_is_found_at_its_line(tmp_path):
    line = b"x" * 99 + b"\n"
    content = b"name\n" + line * 25_000 + b"\xff\n"
    assert problem(tmp_path, content).startswith("/given.csv line 25002: the text is not utf-8")


def test_utf8_declared_as_gb18030_is_offered_as_utf8(tmp_path):
    content = "name\né\n".encode()
    assert "it can be read as utf-8" in problem(tmp_path, content + b"ab\n", encoding="ascii")


@pytest.mark.parametrize("encoding", ["gb18031", "hex"])
def test_an_encoding_that_is_none_of_text_is_refused(tmp_path, encoding):
    with pytest.raises(InputError) as caught:
        validated(FileSpec, {"path": "given.csv", "encoding": encoding}, "ours.toml")
    (found,) = caught.value.problems
    assert found.what == f"there is no such encoding of text (given: '{encoding}')"
    assert (found.where, found.fix) == ("ours.toml [encoding]", "try utf-8 or gb18030")


def test_no_copy_of_a_converted_file_stays_behind(tmp_path):
    read(tmp_path, "a,b\n1,2\n".encode("gb18030"), encoding="gb18030")
    problem(tmp_path, b"a,a\n1,2\n", encoding="gb18030")
    problem(tmp_path, b"a,b\n1,\xff\n", encoding="gb18030")
    scratch = tmp_path.parent / f"{tmp_path.name}-aside" / "scratch"
    assert [path.name for path in scratch.iterdir()] == ["given-0001.parquet"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_read_where_it_is_declared(tmp_path, delimiter):
    _, rows = read(tmp_path, "a,b\n1,2\n".replace(",", delimiter), delimiter=delimiter)
    assert rows == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("delimiter", ["", "||", "\n", '"'])
def test_a_delimiter_is_one_character(tmp_path, delimiter):
    with pytest.raises((InputError, ValueError), match=r"delimiter|1 character"):
        read(tmp_path, "a,b\n1,2\n", delimiter=delimiter)


def test_broken_lines_are_counted_and_the_others_read(tmp_path):
    source, rows = read(tmp_path, 'a,b\n1,2\nshort\n3,4,long,longer\n\n"5"x,6\n7,8\n')
    assert rows == [{"a": "1", "b": "2"}, {"a": "7", "b": "8"}]
    assert source.unreadable_rows == 3
    (part,) = source.parts
    assert (part.first_unreadable, part.why_unreadable) == (3, "Expected Number of Columns: 2 Found: 1")


def test_a_quotation_mark_that_is_never_closed_loses_no_line_in_silence(tmp_path):
    lines = "".join(f"{number},x\n" for number in range(200))
    (text,) = [problem(tmp_path, f'a,b\n1,2\n3,"broken\n{lines}')]
    assert text.startswith("/given.csv line 3: a quotation mark is opened here and never closed")
    assert text.endswith("| close it, or double it inside a text")


def test_the_reason_of_a_row_that_is_too_long_counts_all_of_its_columns(tmp_path):
    source, _ = read(tmp_path, "a,b\n1,2,3,4\n")
    assert source.parts[0].why_unreadable == "Expected Number of Columns: 2 Found: 4"


@pytest.mark.parametrize(("delimiter", "shown"), [(";", ";"), ("\t", "\\t")])
def test_a_header_in_one_piece_is_answered_with_its_probable_delimiter(tmp_path, delimiter, shown):
    assert problem(tmp_path, "a,b\n1,2\n".replace(",", delimiter)) == (
        f'/given.csv line 1: the header is one column; the delimiter is probably "{shown}" | '
        f'say delimiter = "{shown}" for the file under [files] of the mapping'
    )


def test_a_file_of_one_column_is_no_mistake(tmp_path):
    assert read(tmp_path, "a\n1;2\n")[1] == [{"a": "1;2"}]


def test_a_line_break_inside_quotes_belongs_to_the_value(tmp_path):
    source, rows = read(tmp_path, 'a,b\n"1\n2",3\n')
    assert rows == [{"a": "1\n2", "b": "3"}]
    assert source.unreadable_rows == 0


def test_a_row_is_named_as_a_table_calculation_numbers_it(tmp_path):
    engine = DuckDBEngine()
    (tmp_path / "it's 喆.csv").write_text('a,b\r\n"1\n2",3\r\n4,5\r\n')
    source = attached(engine, "given", FileSpec(path="it's 喆.csv"), tmp_path)
    last = engine.query("SELECT _file, _row FROM given WHERE a = '4'").to_pylist()[0]
    assert source.place(last["_file"], last["_row"]) == "it's 喆.csv row 3"


@pytest.mark.parametrize(
    "content", ["a,b\n1,2\nshort\n3,4\n", "a,b\n1,2\n\n3,4\n", "a,b\r\n1,2\r\n\r\n3,4\r\n"]
)
def test_no_row_is_named_wrongly_where_lines_were_left_out(tmp_path, content):
    source, rows = read(tmp_path, content)
    assert len(rows) == 2
    assert source.place(str(source.parts[0].path), 2) == "given.csv"


def test_blank_lines_at_the_end_shift_no_row(tmp_path):
    source, _ = read(tmp_path, "a,b\n1,2\n3,4\n\n\n")
    assert source.place(str(source.parts[0].path), 2) == "given.csv row 3"


def test_rows_of_a_large_file_keep_their_order(tmp_path):
    lines = "".join(f"{number:07},x\n" for number in range(300_000))
    (tmp_path / "given.csv").write_text(f"id,b\n{lines}")
    engine = DuckDBEngine()
    attached(engine, "given", FileSpec(path="given.csv"), tmp_path)
    wrong = engine.query("SELECT COUNT(*) AS n FROM given WHERE CAST(id AS BIGINT) + 1 <> _row")
    assert wrong["n"][0].as_py() == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_break_inside_a_name_of_the_header_costs_no_row(tmp_path, end):
    source, rows = read(tmp_path, f'a,"net\namount"{end}1,2{end}3,4{end}')
    assert rows == [{"a": "1", "net\namount": "2"}, {"a": "3", "net\namount": "4"}]
    assert source.unreadable_rows == 0


def test_a_header_with_zero_bytes_is_refused(tmp_path):
    assert "the header holds zero bytes" in problem(tmp_path, b"a,b\x00\n1,2\n")


def test_lines_that_end_in_different_ways_are_refused(tmp_path):
    text = problem(tmp_path, "a,b\n1,2\n3,4\r\n5,6\n")
    assert text.startswith("/given.csv: the file cannot be read: ")
    assert text.endswith("export it again; all its lines must end in the same way")


def test_a_column_named_as_those_that_number_rows_is_refused(tmp_path):
    what = "/given.csv: the column '_Row' has the name of one that numbers the rows | rename it"
    assert problem(tmp_path, "a,_Row\n1,2\n") == what


def test_two_names_that_look_alike_as_files_do_not_share_one(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "b.csv").write_text("a\n2\n")
    engine = DuckDBEngine()
    attached(engine, "x.y", FileSpec(path="a.csv"), tmp_path)
    attached(engine, "x/y", FileSpec(path="b.csv"), tmp_path)
    assert (rows_of(engine, '"x.y"'), rows_of(engine, '"x/y"')) == ([{"a": "1"}], [{"a": "2"}])


def test_parquet_keeps_its_types_and_names_its_columns(tmp_path):
    pq.write_table(pa.table({"id": ["00123"], "sum": [1.5]}), tmp_path / "it's.parquet")
    engine = DuckDBEngine()
    source = attached(engine, "given", FileSpec(path="it's.parquet"), tmp_path)
    assert source.columns == ("id", "sum")
    assert rows_of(engine, "given") == [{"id": "00123", "sum": 1.5}]


def test_a_file_that_only_calls_itself_parquet_is_refused(tmp_path):
    (tmp_path / "sales.parquet").write_text("order_id\n1\n")
    with pytest.raises(InputError, match="not a Parquet file"):
        attached(DuckDBEngine(), "s", FileSpec(path="sales.parquet"), tmp_path)

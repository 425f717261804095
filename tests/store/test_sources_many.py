"""Several files as one source: patterns, folders and lakes; and what a source's fingerprint covers."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.sources import FileSpec, digest


def lake(folder: Path, months: list[str]) -> None:
    """One Parquet file per month, in folders as Spark writes them."""
    for month in months:
        place = folder / f"month={month}"
        place.mkdir(parents=True)
        pq.write_table(pa.table({"id": [f"00{month[-2:]}"], "sum": [1.5]}), place / "part-0.parquet")
        (place / ".part-0.parquet.crc").write_bytes(b"x")
    (folder / "_SUCCESS").write_text("")
    (folder / "_temporary").mkdir()
    (folder / "_temporary" / "half.parquet").write_text("half")


def write(folder: Path, files: dict[str, str]) -> None:
    """Write text files by name."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def test_files_of_a_pattern_are_one_source_in_the_order_of_their_names(tmp_path, attached, rows):
    write(tmp_path, {"o_2.csv": "b,id\nx,002\n", "o_1.csv": "id,b\n001,y\n", "other.csv": "q\n1\n"})
    engine = DuckDBEngine()
    source = attached(engine, "given", path="o_*.csv")
    assert rows(engine, "given") == [{"id": "001", "b": "y"}, {"id": "002", "b": "x"}]
    assert [source.place(str(part.path), 1) for part in source.parts] == ["o_1.csv row 2", "o_2.csv row 2"]
    assert source.label == "o_1.csv and 1 more"


def test_a_pattern_goes_down_into_folders(tmp_path, attached, rows):
    write(tmp_path, {"in/2024/it's.csv": "id\n1\n", "in/2025/喆 [1].csv": "id\n2\n", "in/.hid/x.csv": "q\n"})
    engine = DuckDBEngine()
    source = attached(engine, "given", path="in/**/*.csv")
    assert [part.label for part in source.parts] == ["2024/it's.csv", "2025/喆 [1].csv"]
    assert rows(engine, "given") == [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize("name", ["sales [1].csv", "sales*.csv", "what?.csv"])
def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path, attached, rows, name):
    write(tmp_path, {name: "id\n1\n", "sales 1.csv": "q\n2\n", "whats.csv": "q\n2\n"})
    engine = DuckDBEngine()
    attached(engine, "given", path=name)
    assert rows(engine, "given") == [{"id": "1"}]


def test_every_problem_of_every_file_of_a_pattern_is_told(tmp_path, refused):
    write(tmp_path, {"a_1.csv": "id,b\n1,2\n", "a_2.csv": "id,id\n1,2\n", "a_3.csv": "x;y\n1;2\n"})
    (tmp_path / "a_4.csv").write_bytes("id,b\n喆,2\n".encode("gb18030"))
    found = [text.removeprefix(f"{tmp_path}/").split(":")[0] for text in refused(path="a_*.csv")]
    assert found == ["a_2.csv line 1", "a_3.csv line 1", "a_4.csv line 2"]


def test_columns_that_differ_are_named_for_every_file(tmp_path, refused):
    write(tmp_path, {"a_1.csv": "id,b\n", "a_2.csv": "id\n", "a_3.csv": "b,id,c\n", "a_4.csv": "b,id\n"})
    assert refused(path="a_*.csv") == [
        f"{tmp_path}/a_2.csv: its columns are not those of a_1.csv: it lacks 'b'"
        " | give all files the same columns, or name fewer files",
        f"{tmp_path}/a_3.csv: its columns are not those of a_1.csv: it has 'c' more"
        " | give all files the same columns, or name fewer files",
    ]


def test_columns_of_parquet_files_must_be_the_same(tmp_path, refused):
    pq.write_table(pa.table({"id": ["1"], "x": [1]}), tmp_path / "a_1.parquet")
    pq.write_table(pa.table({"id": ["1"]}), tmp_path / "a_2.parquet")
    (text,) = refused(path="a_*.parquet")
    assert "its columns are not those of a_1.parquet: it lacks 'x'" in text


def test_ids_that_are_numbers_in_one_file_and_text_in_another_are_refused(tmp_path, refused):
    pq.write_table(pa.table({"id": [1]}), tmp_path / "a_1.parquet")
    pq.write_table(pa.table({"id": ["001"]}), tmp_path / "a_2.parquet")
    (text,) = refused(path="a_*.parquet")
    assert "its column 'id' is of type string; in a_1.parquet it is int64" in text


def test_whole_amounts_in_one_file_cost_no_fractions_of_the_next(tmp_path, attached, rows):
    given = [pa.array([100, 200]), pa.array([10.6, 0.4]), pa.array([None, None]), pa.array([7], pa.int16())]
    for number, amounts in enumerate(given):
        ids = [f"0{number}"] * len(amounts)
        pq.write_table(pa.table({"id": ids, "amount": amounts}), tmp_path / f"a_{number}.parquet")
    engine = DuckDBEngine()
    source = attached(engine, "given", path="a_*.parquet")
    found = [(row["id"], row["amount"]) for row in rows(engine, "given")]
    wanted = [
        ("00", 100.0),
        ("00", 200.0),
        ("01", 10.6),
        ("01", 0.4),
        ("02", None),
        ("02", None),
        ("03", 7.0),
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert [part.label for part in source.parts] == [f"a_{number}.parquet" for number in range(4)]


def test_types_that_differ_between_the_months_of_a_lake_are_refused(tmp_path, refused):
    lake(tmp_path / "lake", ["2025-01", "2025-02", "2025-03"])
    for month, table in {"02": {"id": [7], "sum": [1.5]}, "03": {"id": ["a"], "sum": [1]}}.items():
        pq.write_table(pa.table(table), tmp_path / "lake" / f"month=2025-{month}" / "part-0.parquet")
    (text,) = refused(path="lake")
    assert "month=2025-02/part-0.parquet: its column 'id' is of type int64" in text
    pq.write_table(pa.table({"id": ["b"], "sum": [1.5]}), tmp_path / "lake/month=2025-02/part-0.parquet")
    (text,) = refused(path="lake")
    assert (
        "month=2025-03/part-0.parquet: its column 'sum' is of type int64, in other files it is double" in text
    )


def test_a_pattern_without_a_match_is_answered_with_what_is_there(tmp_path, refused):
    write(tmp_path, {"in/sales.csv": "id\n", "in/notes.md": "x"})
    assert refused(path="in/order*.csv") == [
        f"{tmp_path}/in/order*.csv: no file matches the pattern; {tmp_path}/in holds: notes.md, sales.csv"
        " | correct the pattern"
    ]


@pytest.mark.parametrize("path", ["../*.csv", "in/../../*.csv", "/etc/*.csv"])
def test_a_pattern_may_not_leave_the_source_folder(tmp_path, refused, path):
    assert "a pattern may not leave the source folder" in refused(path=path)[0]


def test_a_file_outside_the_source_folder_may_be_named(tmp_path, attached):
    (tmp_path.parent / f"{tmp_path.name}.csv").write_text("id\n1\n")
    assert attached(DuckDBEngine(), "given", path=f"../{tmp_path.name}.csv").columns == ("id",)


def test_folders_of_a_lake_become_columns_of_text(tmp_path, attached, rows):
    lake(tmp_path / "lake", ["2025-02", "2025-01"])
    engine = DuckDBEngine()
    source = attached(engine, "given", path="lake")
    assert source.columns == ("id", "sum", "month")
    assert rows(engine, "given") == [
        {"id": "0001", "sum": 1.5, "month": "2025-01"},
        {"id": "0002", "sum": 1.5, "month": "2025-02"},
    ]
    assert source.place(str(source.parts[1].path), 1) == "month=2025-02/part-0.parquet"


@pytest.mark.parametrize("path", ["lake", "lake/**/*.parquet", "lake/*/*.parquet", "lake/**"])
def test_files_of_months_that_nobody_asks_for_are_not_opened(tmp_path, attached, path):
    lake(tmp_path / "lake", ["2025-01", "2025-02"])
    engine = DuckDBEngine()
    attached(engine, "given", path=path)
    (tmp_path / "lake" / "month=2025-02" / "part-0.parquet").write_bytes(b"PAR1 rubbish PAR1")
    assert engine.query("SELECT id FROM given WHERE month = '2025-01'").to_pylist() == [{"id": "0001"}]


def test_files_of_a_lake_that_lie_in_other_folders_are_named(tmp_path, refused):
    lake(tmp_path / "lake", ["2025-01"])
    pq.write_table(pa.table({"id": ["1"], "sum": [1.5]}), tmp_path / "lake" / "rest.parquet")
    (text,) = refused(path="lake")
    assert "its folders name nothing, those of the first file 'month'" in text


def test_a_folder_of_csv_files_is_read_as_one_table(tmp_path, attached, rows):
    write(tmp_path, {"in/b.csv": "id;x\n2;b\n", "in/a.csv": "id;x\n1;a\n"})
    engine = DuckDBEngine()
    attached(engine, "given", path="in", delimiter=";")
    assert rows(engine, "given") == [{"id": "1", "x": "a"}, {"id": "2", "x": "b"}]


def test_a_folder_of_several_kinds_is_refused(tmp_path, refused):
    write(tmp_path, {"in/a.csv": "id\n1\n", "in/b.csv.gz": "x"})
    assert refused(path="in") == [
        f"{tmp_path}/in: it holds files of several kinds: .csv, .gz"
        ' | name those that are meant, as in path = "in/*.csv"'
    ]


def test_a_folder_without_tables_is_answered_with_what_it_holds(tmp_path, refused):
    write(tmp_path, {"in/notes.md": "x"})
    assert "the folder holds no file that is read; it holds: notes.md" in refused(path="in")[0]


def test_an_option_that_the_files_of_a_folder_do_not_have_is_refused(tmp_path, refused):
    lake(tmp_path / "lake", ["2025-01"])
    assert refused(path="lake", sheet="A") == [
        f"{tmp_path}/lake [sheet]: a Parquet file has no 'sheet' | remove it; it belongs to a workbook"
    ]


def test_a_delta_table_is_not_taken_for_plain_files(tmp_path, refused):
    pq.write_table(pa.table({"id": ["1"]}), tmp_path / "part.parquet")
    (tmp_path / "_delta_log").mkdir()
    assert "this is a Delta table; its files hold rows that were deleted or replaced" in refused(path=".")[0]


def fingerprint(folder: Path, path: str) -> str:
    return digest(FileSpec(path=path), folder, folder / "snapshots")


def test_the_fingerprint_changes_with_content_and_names_alone(tmp_path):
    write(tmp_path, {"a_1.csv": "id\n1\n", "a_2.csv": "id\n2\n", "b.csv": "id\n"})
    first = fingerprint(tmp_path, "a_*.csv")
    write(tmp_path, {"b.csv": "id\n3\n", "a_2.csv": "id\n2\n"})
    assert fingerprint(tmp_path, "a_*.csv") == first
    write(tmp_path, {"a_2.csv": "id\n3\n"})
    second = fingerprint(tmp_path, "a_*.csv")
    (tmp_path / "a_2.csv").rename(tmp_path / "a_3.csv")
    assert len({first, second, fingerprint(tmp_path, "a_*.csv")}) == 3


@pytest.mark.parametrize("path", ["no.csv", "no_*.csv", "no", "../*.csv", "a**b/*.csv", "x" * 300 + ".csv"])
def test_the_fingerprint_of_what_is_not_there_says_so(tmp_path, path):
    assert fingerprint(tmp_path, path) == "missing"

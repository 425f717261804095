"""A report's tables as a workbook: all of them, formatted, and never a formula."""

import json
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from channel_analysis.errors import InputError
from channel_analysis.report.xlsx import CUT, LONGEST_TEXT, write_xlsx
from channel_analysis.words import languages, words

HOSTILE = [
    "=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "<script>alert(1)</script>", "http://example.com",
    "喆堃镕燊珺", "🚀", "\u202egnp.exe", "00123", "1e5", "TRUE", "x" * 40_000, "a\x00b", "{=1}",
    "]]>", "_x0041_",
]  # fmt: skip


def published(folder, tables):
    (folder / "tables").mkdir(parents=True)
    for name, frame in tables.items():
        pq.write_table(
            pa.Table.from_pandas(frame, preserve_index=False), folder / "tables" / f"{name}.parquet"
        )
    record = {
        "report": "review",
        "period": "2025Q3",
        "languages": ["en"],
        "summary": {"tables": sorted(tables)},
    }
    (folder / "run.json").write_text(json.dumps({"review": record}), encoding="utf-8")
    return folder


def test_a_text_is_a_text_whatever_it_begins_with(tmp_path):
    frame = pd.DataFrame({"partner_name": HOSTILE, "net_sales": np.arange(len(HOSTILE)) / 2})
    write_xlsx(published(tmp_path / "r", {"partners": frame}), "review", "en", tmp_path / "r.xlsx")
    with zipfile.ZipFile(tmp_path / "r.xlsx") as parts:
        for name in parts.namelist():
            text = parts.read(name).decode("utf-8", "replace")
            assert "<f>" not in text and "<f " not in text and "externalLink" not in name
            assert 'TargetMode="External"' not in text
    rows = CalamineWorkbook.from_path(tmp_path / "r.xlsx").get_sheet_by_name("partners").to_python()
    read = [row[0] for row in rows[1:]]
    long = HOSTILE.index("x" * 40_000)
    assert read[long] == "x" * (LONGEST_TEXT - len(CUT)) + CUT
    same = [i for i, text in enumerate(HOSTILE) if i != long and "\x00" not in text and "\r" not in text]
    assert [read[i] for i in same] == [HOSTILE[i] for i in same]
    assert read[HOSTILE.index("a\x00b")] == "a\ufffdb"
    assert all(isinstance(value, str) for value in read)
    assert [row[1] for row in rows[1:]] == [i / 2 for i in range(len(HOSTILE))]


def test_every_kind_of_value_is_kept_and_what_is_missing_is_an_empty_cell(tmp_path):
    day = pd.Timestamp("2025-09-30").date()
    frame = pd.DataFrame(
        {
            "share": [0.25, np.nan],
            "rank": [3, 1],
            "due": [day, None],
            "moved": [True, False],
            "tier": ["gold", None],
        }
    )
    write_xlsx(published(tmp_path / "r", {"kinds": frame}), "review", "en", tmp_path / "r.xlsx")
    rows = CalamineWorkbook.from_path(tmp_path / "r.xlsx").get_sheet_by_name("kinds").to_python()
    assert rows[1] == [0.25, 3.0, day, True, "gold"]
    assert rows[2] == ["", 1.0, "", False, ""]


@pytest.mark.parametrize("language", languages())
def test_all_tables_of_a_real_report_are_there_with_heads_in_its_language(demo_report, tmp_path, language):
    write_xlsx(demo_report.folder, "review", language, tmp_path / "r.xlsx")
    book, said = CalamineWorkbook.from_path(tmp_path / "r.xlsx"), words(language)
    tables = demo_report.summary["tables"]
    listed = book.get_sheet_by_name(said("xlsx.contents")).to_python()[3:]
    assert len(book.sheet_names) == len(tables) + 1 == len(listed) + 1
    for (sheet, n, columns), name in zip(listed, tables, strict=True):
        table = pq.read_table(demo_report.folder / "tables" / f"{name}.parquet")
        assert (n, columns) == (table.num_rows, table.num_columns)
        assert len(sheet) <= 31
    heads = book.get_sheet_by_name("partners").to_python()[0]
    assert said("head.score") in heads and said("head.tier") in heads


def test_equal_tables_give_equal_bytes(demo_report, tmp_path):
    for name in ("a", "b"):
        write_xlsx(demo_report.folder, "review", "zh", tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_names_of_sheets_are_cut_and_stay_apart(tmp_path):
    long = "a" * 40
    tables = {f"{long}{i}": pd.DataFrame({"x": [i]}) for i in range(3)} | {
        "Contents": pd.DataFrame({"x": [9]})
    }
    write_xlsx(published(tmp_path / "r", tables), "review", "en", tmp_path / "r.xlsx")
    names = CalamineWorkbook.from_path(tmp_path / "r.xlsx").sheet_names
    assert len({name.casefold() for name in names}) == 5 and all(len(name) <= 31 for name in names)


def test_a_report_that_is_not_there_and_a_broken_table_are_told(tmp_path):
    with pytest.raises(InputError, match="no report 'review'"):
        write_xlsx(tmp_path, "review", "en", tmp_path / "r.xlsx")
    folder = published(tmp_path / "r", {"partners": pd.DataFrame({"x": [1]})})
    (folder / "tables" / "partners.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match="cannot be read"):
        write_xlsx(folder, "review", "en", tmp_path / "r.xlsx")
    assert not (tmp_path / "r.xlsx").exists()

"""The shelf: every report of a folder, newest first, with links that lead somewhere."""

import json

import pytest
from bs4 import BeautifulSoup

from channel_analysis.report.shelf import write_shelf


@pytest.fixture
def shelve(tmp_path):
    """Put a report on the shelf: `shelve("2025Q3", start=..., **what the summary says)`."""

    def put(period: str, start: str, report: str = "review", languages=("zh", "en"), pages=None, **summary):
        folder = tmp_path / period
        folder.mkdir(exist_ok=True)
        for language in languages if pages is None else pages:
            (folder / f"{report}.{language}.html").write_text("page")
        told = {"start": start, "as_of": "2025-10-17", "currency": "CNY", "grade": "A"}
        told |= {"is_provisional": False, "net_sales": 21_415_978.97, "growth_yoy": 0.1786} | summary
        path = folder / "run.json"
        runs = json.loads(path.read_text()) if path.exists() else {}
        runs[report] = {"report": report, "period": period, "languages": list(languages), "summary": told}
        path.write_text(json.dumps(runs))

    return put


@pytest.fixture
def shelf(tmp_path):
    def read(language="en"):
        return BeautifulSoup(write_shelf(tmp_path, language).read_text(encoding="utf-8"), "html.parser")

    return read


def rows(page) -> list[list[str]]:
    return [[c.get_text() for c in row.find_all(["th", "td"])] for row in page.select("tbody tr")]


def test_a_report_is_listed_with_what_its_run_record_says(shelve, shelf):
    shelve("2025Q3", "2025-07-01")
    assert rows(shelf()) == [
        ["Q3 2025", "Channel review", "中文 · English", "complete", "CNY 21.42 million", "+17.9%", "A",
         "17 Oct 2025"],
    ]  # fmt: skip


def test_the_shelf_speaks_chinese(shelve, shelf):
    shelve("2025Q3", "2025-07-01")
    assert rows(shelf("zh"))[0][:2] == ["2025年第三季度", "渠道评估"]


def test_the_newest_period_comes_first(shelve, shelf):
    for period, start in (("2024Q4", "2024-10-01"), ("2025Q3", "2025-07-01"), ("2025-08", "2025-08-01")):
        shelve(period, start)
    assert [row[0] for row in rows(shelf())] == ["August 2025", "Q3 2025", "Q4 2024"]


def test_all_reports_of_a_period_are_listed(shelve, shelf):
    shelve("2025Q3", "2025-07-01")
    shelve("2025Q3", "2025-07-01", report="sheet")
    assert sorted(row[1] for row in rows(shelf())) == ["Channel review", "sheet"]


def test_a_provisional_period_is_called_so(shelve, shelf):
    shelve("2025Q4", "2025-10-01", is_provisional=True, growth_yoy=None)
    assert rows(shelf())[0][3::2] == ["provisional", "–", "17 Oct 2025"]


def test_links_lead_to_pages_that_are_there(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01", pages=["zh"])
    links = [link["href"] for link in shelf().select("a[hreflang]")]
    assert links == ["2025Q3/review.zh.html"]
    assert (tmp_path / links[0]).is_file()


def test_a_run_record_that_cannot_be_read_is_passed_over(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01")
    for number, text in enumerate(("{", "[]", '{"review": 1}', '{"review": {}}')):
        (tmp_path / f"bad{number}").mkdir()
        (tmp_path / f"bad{number}" / "run.json").write_text(text)
    assert len(rows(shelf())) == 1


def test_a_folder_without_reports_says_so(shelf):
    assert "No report yet." in shelf().get_text()


def test_equal_records_give_equal_bytes(shelve, tmp_path):
    shelve("2025Q3", "2025-07-01")
    assert write_shelf(tmp_path, "zh").read_bytes() == write_shelf(tmp_path, "zh").read_bytes()


def test_a_report_of_any_name_is_text(shelve, shelf):
    shelve("2025Q3", "2025-07-01", report="<script>", languages=[])
    page = shelf()
    assert (rows(page)[0][1], page.find("script")) == ("<script>", None)

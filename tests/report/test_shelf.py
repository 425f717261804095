"""The shelf: every report of a folder, newest first, with links that lead somewhere."""

import json
from urllib.parse import unquote

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
    return [[c.get_text().strip() for c in row.find_all(["th", "td"])] for row in page.select("tbody tr")]


def test_a_report_is_listed_with_what_its_run_record_says(shelve, shelf):
    shelve("2025Q3", "2025-07-01")
    page = shelf()
    assert page.select_one("section h2").get_text() == "Q3 2025"
    assert rows(page) == [
        [
            "Channel review",
            "● complete",
            "CNY 21.42 million",
            "",
            "+17.9%",
            "–",
            "A",
            "17 Oct 2025",
            "中文 · English",
        ]
    ]


def test_the_shelf_speaks_chinese_and_leads_to_the_other_language(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01")
    page = shelf("zh")
    assert page.html["lang"] == "zh-CN" and page.select_one("section h2").get_text() == "2025年第三季度"
    assert rows(page)[0][0] == "渠道评估"
    other = page.select_one("nav a[hreflang=en]")["href"]
    assert "Channel review" in (tmp_path / other).read_text(encoding="utf-8")


def test_the_newest_period_comes_first(shelve, shelf):
    for period, start in (("2024Q4", "2024-10-01"), ("2025Q3", "2025-07-01"), ("2025-08", "2025-08-01")):
        shelve(period, start)
    assert [head.get_text() for head in shelf().select("section h2")] == ["August 2025", "Q3 2025", "Q4 2024"]


def test_all_reports_of_a_period_are_listed(shelve, shelf):
    shelve("2025Q3", "2025-07-01")
    shelve("2025Q3", "2025-07-01", report="sheet")
    assert [row[0] for row in rows(shelf())] == ["Channel review", "sheet"]


def test_the_change_is_the_one_since_the_last_report_of_the_same_kind_of_period(shelve, shelf):
    shelve("2025Q3", "2025-07-01", net_sales=110.0)
    shelve("2025-06", "2025-06-01", net_sales=1.0)
    shelve("2025Q1", "2025-01-01", net_sales=100.0)
    assert [row[5] for row in rows(shelf())] == ["▲ +10.0% (25Q1)", "–", "–"]


def test_a_course_is_drawn_from_three_periods_on_and_tells_itself(shelve, shelf):
    shelve("2025Q3", "2025-07-01", history=[["2025Q1", 3e6], ["2025Q2", None], ["2025Q3", 2e6]])
    assert not shelf().select("svg")
    history = [["2024Q4", 4e6], ["2025Q1", 3e6], ["2025Q2", None], ["2025Q3", 2e6]]
    shelve("2025Q3", "2025-07-01", history=history)
    drawn = shelf().select_one("svg")
    assert drawn["aria-label"] == "Net sales over 3 periods: down from CNY 4.00 million to CNY 2.00 million"
    heights = [float(rect["height"]) for rect in drawn.select("rect")]
    assert heights == pytest.approx([24, 18, 12])


def test_a_provisional_period_is_called_so(shelve, shelf):
    shelve("2025Q4", "2025-10-01", is_provisional=True, growth_yoy=None)
    row = rows(shelf())[0]
    assert (row[1], row[4], row[7]) == ("◐ provisional", "–", "17 Oct 2025")


def test_a_failed_run_is_said_beside_the_last_good_report(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01")
    entry = {
        "when": "2025-10-20T06:00:00+00:00",
        "period": "2025Q3",
        "where": {},
        "page": "review.failed.html",
    }
    (tmp_path / "2025Q3" / "failed.json").write_text(json.dumps({"review": entry, "appraisal": entry}))
    page = shelf()
    first, second = rows(page)
    assert first[1] == "● complete× failed on 20 Oct 2025" and first[8] == "中文 · English"
    assert second[:2] == ["appraisal", "× failed on 20 Oct 2025"] or second[1] == "× failed on 20 Oct 2025"
    assert page.select_one("td a.bad")["href"] == "2025Q3/review.failed.html"


def test_a_report_of_a_part_stands_below_the_companys(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01")
    folder = tmp_path / "2025Q3" / "region-50% #1 华东"
    folder.mkdir()
    (folder / "review.en.html").write_text("page")
    told = {"start": "2025-07-01", "currency": "CNY", "net_sales": 1.0, "is_provisional": False}
    record = {
        "report": "review",
        "period": "2025Q3",
        "where": {"region": "华东"},
        "languages": ["en"],
        "summary": told,
    }
    (folder / "run.json").write_text(json.dumps({"review": {**record, "pages": ["review.en.html"]}}))
    page = shelf()
    assert [row[0] for row in rows(page)] == ["Channel review", "Channel review 华东"]
    link = page.select("tbody tr")[1].select_one("td a")["href"]
    assert (tmp_path / unquote(link)).is_file() and not set("#% ?") & set(link.replace("%", "", 99)) - {"%"}


def test_a_part_is_called_by_its_name_in_the_language_of_the_shelf(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01")
    runs = tmp_path / "2025Q3" / "run.json"
    told = json.loads(runs.read_text())
    told["review"]["where"] = {"region": "East"}
    told["review"]["summary"]["part"] = {"en": "The East", "zh": "华东"}
    runs.write_text(json.dumps(told))
    assert [rows(shelf(language))[0][0] for language in ("en", "zh")] == [
        "Channel review The East",
        "渠道评估 华东",
    ]


def test_the_newest_review_stands_first_with_its_message(demo_report):
    page = BeautifulSoup(
        (demo_report.folder.parent / "index.html").read_text(encoding="utf-8"), "html.parser"
    )
    newest = page.select_one(".newest")
    review = BeautifulSoup(demo_report.pages[0].read_text(encoding="utf-8"), "html.parser")
    assert newest.select_one(".lead").get_text() == review.select_one("#message .lead").get_text()
    for mine, theirs in zip(newest.select(".card"), review.select("#message .card"), strict=True):
        assert mine.select_one(".value").get_text() == theirs.select_one(".value").get_text()
    assert len(newest.select(".findings > li")) == len(review.select("#message .findings > li")) == 3
    assert newest.select_one("svg")["aria-label"]


def test_links_lead_to_pages_that_are_there(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01", pages=["zh"])
    links = [link["href"] for link in shelf().select("td a[hreflang]")]
    assert links == ["2025Q3/review.zh.html"]
    assert (tmp_path / links[0]).is_file()


def test_a_run_record_that_cannot_be_read_is_passed_over(shelve, shelf, tmp_path):
    shelve("2025Q3", "2025-07-01")
    for number, text in enumerate(("{", "[]", '{"review": 1}', '{"review": {}}')):
        (tmp_path / f"bad{number}").mkdir()
        (tmp_path / f"bad{number}" / "run.json").write_text(text)
    assert len(rows(shelf())) == 1


def test_a_folder_without_reports_says_so(shelf):
    assert "There are no reports yet." in shelf().get_text()


def test_equal_records_give_equal_bytes(shelve, tmp_path):
    shelve("2025Q3", "2025-07-01")
    assert write_shelf(tmp_path, "zh").read_bytes() == write_shelf(tmp_path, "zh").read_bytes()


def test_a_report_of_any_name_is_text(shelve, shelf):
    shelve("2025Q3", "2025-07-01", report="<script>", languages=[])
    page = shelf()
    assert (rows(page)[0][0], page.find("script")) == ("<script>", None)

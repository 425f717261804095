"""The page: one file that asks for nothing, runs nothing, links within itself, and is small."""

import re
import tomllib
from itertools import pairwise

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from channel_analysis.contracts.tables import TABLES
from channel_analysis.report.page import page_html

MOST_BYTES = 250_000
OURS = {"KPI", "NPS", "HHI", "SKU", "English", "FY", "Q", "channel", "analysis", "risk", "train"}
OURS |= {"measures", "complete", "policy", "toml"}
SETTINGS = {
    "adventureworks",
    "contract",
    "CNY",
    "USD",
    "AdventureWorks",
    "Example",
    "Appliances",
    "industry",
    "panel",
}
"""Names from settings and data (company, source of the market's size), or codes, shown as they are."""


@pytest.fixture(params=["demo", "adventureworks"])
def published(request):
    """Give each company's report in turn."""
    return request.getfixturevalue(f"{request.param}_report")


@pytest.fixture(params=["zh", "en"])
def path(request, published):
    """Give each page of a report in turn."""
    return published.folder / f"review.{request.param}.html"


@pytest.fixture
def page(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_a_page_is_small(path):
    assert path.stat().st_size <= MOST_BYTES


def test_a_page_holds_no_script_and_no_handler(page):
    handlers = [tag.name for tag in page.find_all() if any(name.startswith("on") for name in tag.attrs)]
    assert (page.find_all("script"), handlers) == ([], [])


def test_a_page_forbids_everything_but_its_own_style_and_pictures(page):
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'", "style-src": "'unsafe-inline'", "img-src": "data:",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip


def test_a_page_names_nothing_to_be_fetched(page):
    fetched = page.find_all(["link", "iframe", "object", "embed", "video", "audio", "base", "source"])
    sources = [tag["src"] for tag in page.select("[src]") if not tag["src"].startswith("data:")]
    imported = re.findall(r"@import|url\(\s*['\"]?(?!#)", " ".join(s.get_text() for s in page("style")))
    assert (fetched, sources, imported) == ([], [], [])


def test_a_page_states_its_language_and_its_signs(page, path):
    assert page.html["lang"] == {"zh": "zh-CN", "en": "en"}[path.suffixes[0][1:]]
    assert page.head.find("meta", attrs={"charset": "utf-8"}) is not None


def test_the_title_of_a_page_is_its_heading(page):
    assert page.title.get_text() == page.h1.get_text() != ""


def test_a_page_has_one_heading_of_the_first_level_and_skips_no_level(page):
    levels = [int(tag.name[1]) for tag in page.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_link_within_a_page_leads_to_an_element(page):
    ids = {tag["id"] for tag in page.select("[id]")}
    assert [a["href"] for a in page.select("a[href^='#']") if a["href"][1:] not in ids] == []


def test_every_name_used_in_a_figure_is_defined_in_it(page):
    missing = []
    for svg in page("svg"):
        used = re.findall(r"(?:href=\"#|url\(#)([^\")]+)", str(svg))
        missing += [name for name in used if svg.find(id=name) is None]
    assert missing == []


def test_no_id_stands_twice(page):
    ids = [tag["id"] for tag in page.select("[id]")]
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


def test_the_contents_list_every_section_in_order(page):
    sections = [tag["id"] for tag in page.select("main section[id]") if "line" not in tag.get("class", [])]
    assert [a["href"][1:] for a in page.select("nav.contents ul a")] == sections


def test_the_sections_stand_in_the_order_of_a_review(page):
    found = [tag["id"] for tag in page.select("main > [id]")]
    assert found == [
        "top", "message", "decisions", "results", "causes", "scorecard", "partners", "stock", "risk",
        "incentives", "sales_force", "data", "irregularities", "outlook", "measures", "appendix",
    ]  # fmt: skip


def test_every_figure_states_its_finding_with_a_number(page):
    captions = [figure.figcaption.get_text() for figure in page.select("figure.chart")]
    assert len(captions) >= 3
    assert [text for text in captions if not re.search(r"\d", text)] == []


def test_the_caption_of_a_figure_is_its_accessible_name(page):
    for figure in page.select("figure.chart"):
        assert figure.svg["aria-label"] == figure.figcaption.get_text()
        assert figure.svg["role"] == "img"


def test_every_table_can_be_reached_and_has_a_name(page):
    for region in page.select("main table"):
        scroll = region.find_parent(class_="scroll")
        name = page.find(id=scroll["aria-labelledby"]).get_text(strip=True)
        assert (scroll["role"], scroll["tabindex"], name != "") == ("region", "0", True)


def test_a_page_links_to_itself_in_the_other_language(page, path):
    link = page.select_one(".language a")
    assert (path.parent / link["href"]).is_file()
    assert (link["lang"], link["href"] == path.name) == (link["hreflang"], False)


def test_a_page_shows_no_traceback_no_input_and_nothing_unformatted(page):
    text = page.main.get_text(" ")
    assert [sign for sign in ("Traceback", "In [", "ca.show", "<NA>", "{", "e+0") if sign in text] == []
    assert not re.search(r"\b(nan|None|NaT|inf)\b", text)


def test_a_chinese_page_holds_no_english_but_codes_and_names_from_data(published):
    text = (published.folder / "review.zh.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html.parser")
    for table in page.select("#findings, #accounts"):
        for cell in table.find_parent("figure").select("tbody td:not(.number)"):
            cell.decompose()  # columns and values as they stand in the data
    for other in page.select("[lang='en'], style, head"):
        other.decompose()
    said = set(re.findall(r"(?<![\w-])[A-Za-z_]{2,}(?![\w-])", page.get_text(" ")))
    columns = {column.name for table in TABLES.values() for column in table.columns}
    assert said - OURS - SETTINGS - columns - partners_words(published) == set()


def partners_words(published) -> set[str]:
    """English words of data: names of partners and reps, segments' values, titles and owners of measures."""
    tables = published.folder / "tables"
    names = list(pd.read_parquet(tables / "partners.parquet")["name"])
    names += list(pd.read_parquet(tables / "segment_parts_net_sales.parquet")["name"])
    decided = pd.read_parquet(tables / "measures.parquet")
    names += [str(text) for column in ("title", "segment", "owner") for text in decided[column]]
    policy = tomllib.loads((published.folder.parent.parent / "policy.toml").read_text(encoding="utf-8"))
    names.append(policy.get("measures", {}).get("default_owner", ""))
    return set(re.findall(r"[A-Za-z_]{2,}", " ".join(names)))


def test_the_shelf_is_a_page_like_the_others(published):
    page = BeautifulSoup((published.folder.parent / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert (page.find_all("script"), page.html["lang"], page.title.get_text()) == (
        [],
        "zh-CN",
        page.h1.get_text(),
    )
    assert len(page.select("tbody tr")) == 1


@pytest.mark.parametrize(
    "title", ['"; } body { color: red } @page {"', "a\\", "</style><script>", "渠道评估：2025年第三季度"]
)
def test_a_title_on_paper_is_text_and_no_style(title):
    page = BeautifulSoup(page_html("", title, "zh"), "html.parser")
    rule = page.style.get_text().splitlines()[-1]
    shown = re.fullmatch(r'@page { @top-left { content: "([^"]*)"; } }', rule)[1]
    assert re.sub(r"\\([0-9a-f]+) ", lambda code: chr(int(code[1], 16)), shown) == title
    assert (page.script, page.body.get_text(strip=True)) == (None, page.select_one(".skip").get_text())


def test_the_first_sentence_of_a_caption_is_set_apart_and_nothing_is_lost(page):
    captions = page.select("figure.chart figcaption")
    assert any(caption.select_one(".rest") for caption in captions)
    assert all(not caption.get_text().startswith(" ") for caption in captions)

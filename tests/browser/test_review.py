"""The published pages in a browser: accessible, quiet, narrow and wide, dark and on paper."""

import re
from itertools import product

import pytest

from channel_analysis.files import CATALOG, read_toml

pytestmark = pytest.mark.browser

PAGES = [*product(["demo", "adventureworks"], ["review.zh.html", "review.en.html"]), ("demo", "index.html")]
A4_AT_96_DPI = 794
"""Width of the sheet in CSS pixels; the style's margins go off it."""
MARGINS = round(2 * 13 / 25.4 * 96)
ON_SCREEN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDER_THAN_PAPER = """() => [...document.querySelectorAll('main table, main svg, main p, main dl, main ul')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.tagName + ' ' + Math.round(e.getBoundingClientRect().right))"""
VARIABLES = """() => { const style = getComputedStyle(document.body); return Object.fromEntries(
  ['paper','panel','text','muted','link','good','bad','warn','actual','before']
  .map(name => [name, style.getPropertyValue('--' + name).trim()])); }"""


@pytest.fixture(params=PAGES, ids=lambda pair: "-".join(pair))
def path(request):
    """Give each published page, and a shelf, in turn."""
    company, name = request.param
    folder = request.getfixturevalue(f"{company}_report").folder
    return folder.parent / name if name == "index.html" else folder / name


def test_a_page_has_no_accessibility_violation_and_asks_for_nothing(open_page, axe_violations, path):
    opened = open_page(path)
    assert axe_violations(opened.page) == []
    assert opened.requests == []


def test_a_page_has_no_violation_on_a_phone_in_the_dark_with_all_tables_open(open_page, axe_violations, path):
    opened = open_page(path, width=360, dark=True)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_violations(opened.page) == []


@pytest.mark.parametrize("width", [360, 1200])
def test_a_page_never_scrolls_sideways(open_page, path, width):
    opened = open_page(path, width=width)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.page.evaluate(ON_SCREEN) == 0


def test_a_page_holds_no_script_once_it_is_open(open_page, path):
    assert open_page(path).page.locator("script").count() == 0


def test_on_paper_no_table_and_no_figure_is_cut(open_page, path):
    opened = open_page(path, width=A4_AT_96_DPI - MARGINS)
    opened.page.emulate_media(media="print")
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.page.evaluate(WIDER_THAN_PAPER) == []


def test_on_paper_a_dark_reader_gets_a_light_page(open_page, path):
    opened = open_page(path, dark=True)
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(VARIABLES)["paper"] == "#ffffff"


def test_a_page_prints(open_page, path):
    assert open_page(path).page.pdf(format="A4", tagged=True).startswith(b"%PDF")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_stand_out_from_what_they_are_written_on(open_page, demo_report, dark):
    colours = open_page(demo_report.pages[0], dark=dark).page.evaluate(VARIABLES)
    pairs = product(("text", "muted", "link", "good", "bad", "warn"), ("paper", "panel"))
    weak = {pair: contrast(*(colours[name] for name in pair)) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_bars_that_matter_stand_out_from_the_paper(open_page, demo_report, dark):
    colours = open_page(demo_report.pages[0], dark=dark).page.evaluate(VARIABLES)
    assert min(contrast(colours[name], colours["paper"]) for name in ("actual", "good", "bad")) >= 3


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.2 defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour.lstrip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def own_words() -> set[str]:
    """Every sign of our own: the Chinese texts, the names of KPIs, channel types, regions, categories."""
    said: list[str] = list("▲▼■–−·○‹÷\N{EM SPACE}")
    for path in [CATALOG / "kpis.toml", *CATALOG.rglob("policy.toml"), CATALOG / "locales" / "zh.toml"]:
        said += texts(read_toml(path))
    return {sign for text in said for sign in re.sub(r"{[^}]*}", "", text)}


def texts(table) -> list[str]:
    if isinstance(table, dict):
        return [text for key, value in table.items() if key != "en" for text in texts(value)]
    return [table] if isinstance(table, str) else []


@pytest.fixture(scope="module")
def noto() -> set[str]:
    """Give the signs Noto Sans SC can draw."""
    pytest.importorskip("pylopdf_fonts_zh_cn", reason="the extra 'zh' is not installed")
    from fontTools.ttLib import TTFont

    from channel_analysis.report.fonts import packaged_font

    return {chr(code) for code in TTFont(packaged_font()).getBestCmap()}


def test_every_sign_of_our_own_chinese_words_can_be_drawn(noto):
    assert sorted(own_words() - noto) == []


def test_names_beyond_the_oldest_standard_can_be_drawn(noto):
    assert set("喆堃镕燊珺") - noto == set()


@pytest.mark.parametrize("company", ["demo", "adventureworks"])
def test_every_sign_of_a_chinese_page_can_be_drawn(request, company, noto):
    folder = request.getfixturevalue(f"{company}_report").folder
    text = (folder / "review.zh.html").read_text(encoding="utf-8")
    assert sorted(set(text) - noto - {"\n"}) == []

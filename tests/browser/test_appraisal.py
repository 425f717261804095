"""The appraisal's page in a browser, for a quarter and a year: accessible, quiet, whole on paper."""

import pytest

from channel_analysis.report.publish import publish

pytestmark = pytest.mark.browser

WIDER_THAN_PAPER = """() => [...document.querySelectorAll('main table, main p, main dl, main ol')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def pages(demo_workspace, tmp_path_factory):
    """Give the pages of the example company's appraisal, of a quarter and of a year."""
    out = tmp_path_factory.mktemp("appraised")
    quarter, year = (publish(demo_workspace, "appraisal", code, out=out)[0] for code in ("2025Q3", "2024"))
    return [*quarter.pages, *year.pages]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_the_page_has_no_violation_asks_for_nothing_and_fits(
    open_page, axe_violations, pages, number, width, dark
):
    opened = open_page(pages[number], width=width, dark=dark)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_violations(opened.page) == []
    assert opened.requests == []
    assert opened.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("number", range(4))
def test_on_paper_nothing_is_cut(open_page, pages, number):
    opened = open_page(pages[number], width=794 - 98)
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(WIDER_THAN_PAPER) == []


def test_a_page_stays_within_the_budget_of_a_review(pages):
    assert max(page.stat().st_size for page in pages) <= 250_000

"""The page on causes in a browser: accessible, quiet, whole on paper and on a phone."""

import pytest

from channel_analysis.report.html import section_html
from channel_analysis.report.page import page_html
from channel_analysis.report.show import section_of
from channel_analysis.words import words
from tests.browser.test_appraisal import WIDER_THAN_PAPER
from tests.report.explanations import hostile, noise, ratio, usual

pytestmark = pytest.mark.browser

CASES = [
    (language, results) for language in ("en", "zh") for results in ((usual, ratio), (hostile,), (noise,))
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Give pages of usual results, of harmful names and of no finding, in both languages."""
    folder, made = tmp_path_factory.mktemp("causes"), []
    for language, results in CASES:
        said = words(language)
        body = "".join(section_html(section_of(result(), said), said) for result in results)
        path = folder / f"{results[0].__name__}.{language}.html"
        body = f"<h1>{said('part.causes')}</h1>{body}"
        path.write_text(page_html(body, said("part.causes"), language), encoding="utf-8")
        made.append(path)
    return made


@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_the_page_has_no_violation_asks_for_nothing_and_fits(
    open_page, axe_violations, pages, number, width, dark
):
    opened = open_page(pages[number], width=width, dark=dark)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_violations(opened.page) == []
    assert opened.requests == []
    assert opened.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("number", range(len(CASES)))
def test_on_paper_nothing_is_cut(open_page, pages, number):
    opened = open_page(pages[number], width=794 - 98)
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(WIDER_THAN_PAPER) == []


@pytest.mark.parametrize("number", range(len(CASES)))
def test_no_label_of_a_chart_is_clipped(open_page, pages, number):
    opened = open_page(pages[number])
    outside = """[...document.querySelectorAll('svg')].flatMap(svg => {
        const box = svg.getBoundingClientRect();
        return [...svg.querySelectorAll('text')].filter(t => {
            const own = t.getBoundingClientRect();
            return own.left < box.left - 4 || own.right > box.right + 4;
        }).map(t => t.textContent);
    })"""
    assert opened.page.evaluate(outside) == []

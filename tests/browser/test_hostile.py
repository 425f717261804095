"""A hostile company's pages in a browser: nothing runs, nothing is asked for, no page loses its shape."""

import re

import pytest

from channel_analysis.report.pdf import write_pdf

pytestmark = pytest.mark.browser

OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
ON_SCREEN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDEST_CELL = """() => Math.max(0, ...[...document.querySelectorAll('td, th')]
  .filter(e => e.colSpan == 1).map(e => e.getBoundingClientRect().width))"""
TALLEST_CELL = """() => Math.max(0, ...[...document.querySelectorAll('td, th, p, figcaption, li, dd')]
  .filter(e => !e.querySelector('p, li, table, dl')).map(e => e.getBoundingClientRect().height))"""
ACTIVE = """() => [...document.querySelectorAll('*')].filter(e =>
  ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'IMG', 'FORM', 'LINK', 'BASE'].includes(e.tagName)
  || [...e.attributes].some(a => /^on/i.test(a.name) || ('href' == a.name && /^\\s*[a-z]+:/i.test(a.value))))
  .map(e => e.outerHTML.slice(0, 120))"""
SHOWN = "document.body.innerText"


@pytest.fixture(scope="module")
def pages(hostile_company):
    """The pages, and the shelf."""
    reports = hostile_company / "reports"
    return [*sorted((reports / "2025Q3").rglob("*.html")), reports / "index.html"]


def test_nothing_runs_and_nothing_is_asked_for(open_page, pages):
    for path in pages:
        opened = open_page(path)
        dialogs = []
        opened.page.on("dialog", lambda asked, said=dialogs: (said.append(asked.message), asked.dismiss()))
        opened.page.evaluate(OPEN_ALL)
        assert opened.requests == [], path.name
        assert dialogs == [], path.name
        assert opened.page.evaluate(ACTIVE) == [], path.name


def test_a_page_that_would_run_something_is_found_out(open_page, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text("<p onclick=x>a</p><a href='javascript:x'>b</a>", encoding="utf-8")
    assert len(open_page(bad).page.evaluate(ACTIVE)) == 2


@pytest.mark.parametrize("width", [360, 1200])
def test_names_of_any_length_leave_the_page_its_shape(open_page, pages, width):
    for path in pages:
        page = open_page(path, width=width).page
        page.evaluate(OPEN_ALL)
        assert page.evaluate(ON_SCREEN) == 0, path.name
        assert page.evaluate(WIDEST_CELL) < 1_000, path.name
        assert page.evaluate(TALLEST_CELL) < 1_500, path.name


def test_what_is_shown_is_the_text_as_it_was_given(open_page, pages):
    shown = ""
    for path in pages:
        page = open_page(path).page
        page.evaluate(OPEN_ALL)
        shown += page.evaluate(SHOWN)
    for text in ("<script>alert(1)</script>", "{{7*7}}", "&#x3c;b", "../../etc/passwd", "=cmd|'/C calc'!A0"):
        assert text in shown


def test_a_hostile_page_has_no_accessibility_violation(open_page, axe_violations, pages):
    for path in pages:
        if path.name.endswith((".en.html", "index.html")):
            opened = open_page(path, width=360)
            opened.page.evaluate(OPEN_ALL)
            assert axe_violations(opened.page) == [], path.name


def test_a_hostile_page_becomes_a_pdf_that_runs_nothing(hostile_company, chromium_path, tmp_path):
    write_pdf(hostile_company / "reports" / "2025Q3" / "review.en.html", tmp_path / "review.pdf")
    content = (tmp_path / "review.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile|URI)\b", content)

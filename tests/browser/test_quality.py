"""The page of a data check in a browser: accessible and quiet, whole or stopped."""

import shutil

import pytest

from channel_analysis.report.checking import check

pytestmark = pytest.mark.browser

WIDER_THAN_PAPER = """() => [...document.querySelectorAll('main table, main p, main dl, main ol')]
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length"""


@pytest.fixture(scope="module")
def checked(demo_workspace, tmp_path_factory):
    """Give the pages of the example company's check, and of one stopped by a wrong file."""
    home = tmp_path_factory.mktemp("checked")
    whole = check(demo_workspace, out=home / "whole")
    stopped = home / "stopped"
    shutil.copytree(demo_workspace, stopped, ignore=shutil.ignore_patterns("reports", "cache"))
    wrong = stopped / "data" / "demo" / "partners.csv"
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("distributor", "distribtor"), encoding="utf-8")
    return [*whole.pages, *check(stopped).pages, whole.shelf]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_a_check_s_page_has_no_violation_asks_for_nothing_and_fits(
    open_page, axe_violations, checked, number, width, dark
):
    opened = open_page(checked[number], width=width, dark=dark)
    opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert axe_violations(opened.page) == []
    assert opened.requests == []
    assert opened.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("number", range(4))
def test_on_paper_a_check_s_tables_are_not_cut(open_page, checked, number):
    opened = open_page(checked[number], width=794 - 98)
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate(WIDER_THAN_PAPER) == 0

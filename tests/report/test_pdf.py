"""A page as PDF: by the machine's browser, by WeasyPrint, or a message that says what to install."""

import shutil
import sys
import types

import pytest

from channel_analysis.errors import InputError
from channel_analysis.report import pdf

HEAD = '<meta charset="utf-8"><title>评估</title>'
PAGE = f'<!DOCTYPE html><html lang="zh-CN"><head>{HEAD}</head><body>华东</body></html>'


@pytest.fixture
def page(tmp_path):
    target = tmp_path / "a #1 喆%20.html"
    target.write_text(PAGE, encoding="utf-8")
    return target


def test_the_browser_prints_a_page_of_any_name(page, tmp_path):
    if not pdf._browser():
        pytest.skip("no Chromium on this machine")
    target = tmp_path / "b #2 喆%20.pdf"
    pdf.write_pdf(page, target)
    printed = target.read_bytes()
    assert printed.startswith(b"%PDF-") and b"%%EOF" in printed[-64:]
    assert b"/StructTreeRoot" in printed, "tagged, so that it can be read out"


def test_without_a_browser_and_weasyprint_it_says_what_to_install(page, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(InputError, match="install Chromium"):
        pdf.write_pdf(page, tmp_path / "b.pdf")
    assert not (tmp_path / "b.pdf").exists()


def test_weasyprint_takes_its_place_and_fetches_nothing(page, tmp_path, monkeypatch):
    seen = {}

    class HTML:
        def __init__(self, string, url_fetcher):
            seen.update(string=string, fetcher=url_fetcher)

        def write_pdf(self, target, pdf_tags):
            target.write_bytes(b"%PDF-1.7 %%EOF")

    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setitem(sys.modules, "weasyprint", types.SimpleNamespace(HTML=HTML))
    pdf.write_pdf(page, tmp_path / "b.pdf")
    assert (tmp_path / "b.pdf").exists() and seen["string"] == PAGE
    with pytest.raises(ValueError, match="not fetched"):
        seen["fetcher"]("https://example.com/logo.png")


@pytest.mark.parametrize("script", ["exit 1", "echo boom >&2; exit 0", "sleep 60"])
def test_a_browser_that_fails_or_hangs_leaves_the_last_good_file(page, tmp_path, monkeypatch, script):
    broken, target = tmp_path / "browser", tmp_path / "b.pdf"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    target.write_bytes(b"the last good one")
    monkeypatch.setenv(pdf.BROWSER_VARIABLE, str(broken))
    monkeypatch.setattr(pdf, "SECONDS", 1)
    with pytest.raises(InputError, match="browser"):
        pdf.write_pdf(page, target)
    assert target.read_bytes() == b"the last good one"
    assert {path.name for path in tmp_path.iterdir()} == {broken.name, target.name, page.name}


def test_a_wrong_name_in_the_environment_is_told(page, tmp_path, monkeypatch):
    monkeypatch.setenv(pdf.BROWSER_VARIABLE, "no-such-browser")
    with pytest.raises(InputError, match="no-such-browser"):
        pdf.write_pdf(page, tmp_path / "b.pdf")

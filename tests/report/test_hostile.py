"""A company whose every name is an attack or an accident: what is published about it is plain text."""

import json
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from channel_analysis.errors import InputError
from channel_analysis.files import safe_names
from channel_analysis.report.choosing import shipped_reports
from channel_analysis.report.page import page_html
from channel_analysis.report.publish import Wanted, publish_all
from channel_analysis.report.runner import Failed
from channel_analysis.words import words
from tests.hostile import COMPANY, LONG, RIGHT_TO_LEFT, TEXTS

FORBIDDEN = ("script", "iframe", "object", "embed", "img", "link", "base", "form", "audio", "video")
LOADING = ("src", "srcset", "data", "action", "formaction", "poster", "background", "xlink:href")
"""Attributes that fetch or send something."""
CONTROLS = {chr(code) for code in [*range(32), 127] if chr(code) not in "\t\n\r"}
ISOLATES, END = set("\u2066\u2067\u2068"), "\u2069"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LIGHT = 'workspace = "."\nperiod = "last-quarter"\nlanguages = ["en"]\ntables = ""\nwhere = {}'


def test_every_report_is_out_in_both_languages(hostile_company):
    names = {report_of(page) for page in published_pages(hostile_company)}
    assert {*shipped_reports()} <= names | {"index"}


def test_no_page_holds_anything_that_runs_or_loads(hostile_company):
    offences = [f"{page.name}: {one}" for page in all_pages(hostile_company) for one in dangers(parsed(page))]
    assert offences == []


@pytest.mark.parametrize(
    "bad",
    [
        "<script>1</script>",
        "<p onclick=x>",
        '<a href="javascript:x">',
        '<a href="http://x.example">',
        "<svg><image xlink:href='http://x.example/'/></svg>",
        "<iframe></iframe>",
        '<p style="background: url(http://x.example)">',
    ],
)
def test_a_page_that_runs_or_loads_something_is_found_out(bad):
    page = BeautifulSoup(page_html(bad, "Bad", "en"), "html.parser")
    assert dangers(page) != []


def test_every_page_forbids_what_it_does_not_hold(hostile_company):
    for page in all_pages(hostile_company):
        policy = parsed(page).find("meta", attrs={"http-equiv": "Content-Security-Policy"})
        assert policy["content"].startswith("default-src 'none'"), page.name


@pytest.mark.parametrize("text", [text for text in TEXTS if text != LONG and text.isprintable()])
def test_names_stand_on_pages_as_they_were_given(hostile_company, text, spoken):
    assert text in spoken, f"no page shows {text!r}"


@pytest.fixture(scope="module")
def spoken(hostile_company):
    """All that the pages say, and what is in the tables beside them."""
    return "\n".join(parsed(page).get_text() for page in all_pages(hostile_company))


def test_no_template_counts_and_no_entity_is_read_twice(spoken):
    assert "{{7*7}}" in spoken
    assert "&#x3c;b" in spoken


def test_no_page_holds_a_control_character(hostile_company):
    found = [
        (page.name, sorted(CONTROLS & set(page.read_text(encoding="utf-8"))))
        for page in all_pages(hostile_company)
    ]
    assert [one for one in found if one[1]] == []


def test_a_right_to_left_mark_turns_no_sentence_around(hostile_company):
    for page in all_pages(hostile_company):
        for paragraph in parsed(page).select("p, figcaption, li, summary, h1, h2, h3"):
            text = paragraph.get_text()
            outside = text_outside_isolates(text)
            assert not set(outside) & set("\u202a\u202b\u202d\u202e"), f"{page.name}: {text[:200]!r}"


def test_a_mark_that_leaks_is_found_out():
    assert RIGHT_TO_LEFT not in text_outside_isolates(words("en").join([RIGHT_TO_LEFT + "\u2069", "b"]))
    assert RIGHT_TO_LEFT in text_outside_isolates(f"\u2068a\u2069{RIGHT_TO_LEFT}")


def test_endless_names_are_cut_in_sentences(hostile_company):
    for page in published_pages(hostile_company):
        longest = max((len(p.get_text()) for p in parsed(page).select("p, figcaption, h2")), default=0)
        assert longest < 3_000, page.name


def test_nothing_is_written_outside_of_the_workspace_s_own_places(hostile_company):
    folders = {"data", "notebooks", "reports", "models"}
    files = {"workspace.toml", "policy.toml", "kpis.toml", "measures.parquet", "priors.csv"}
    ledgers = {"alerts.jsonl", "cases.jsonl", "decisions.jsonl"}
    locks = {f".{name}.lock" for name in files | ledgers}
    assert {path.name for path in hostile_company.iterdir()} <= folders | files | ledgers | locks
    assert {path.name for path in hostile_company.parent.iterdir()} == {"plain", "files", "workspace"}


def test_file_names_are_those_that_every_system_takes(hostile_company):
    for path in (hostile_company / "reports").rglob("*"):
        assert not set(path.name) & set('<>:"|?*\\\x00\r\n\u202e'), path
        assert len(path.name.encode()) <= 200


def test_workbooks_hold_texts_and_no_formulas(hostile_company):
    workbooks = sorted((hostile_company / "reports").rglob("*.xlsx"))
    assert workbooks
    begun = set()
    for path in workbooks:
        with zipfile.ZipFile(path) as parts:
            sheets = [
                ElementTree.fromstring(parts.read(n)) for n in parts.namelist() if "/worksheets/sheet" in n
            ]
            strings = ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))
        assert not [cell for sheet in sheets for cell in sheet.iter(f"{SHEET}f")], path.name
        texts = ["".join(item.itertext()) for item in strings.iter(f"{SHEET}si")]
        begun |= {text[0] for text in texts if text}
    assert begun >= set("=+@")


def test_the_shelf_leads_only_into_its_own_folder(hostile_company):
    shelf = hostile_company / "reports" / "index.html"
    for link in parsed(shelf).select("a[href]"):
        if not link["href"].startswith("#"):
            target = (shelf.parent / link["href"].split("#")[0]).resolve()
            assert target.is_file(), link["href"]
            assert target.is_relative_to(shelf.parent.resolve())


@pytest.mark.parametrize("text", ["../../etc/passwd", "<script>alert(1)</script>", LONG, "a/b\\c:d", "con"])
def test_a_report_narrowed_to_any_name_stays_in_its_folder(small_workspace, write_notebook, light, text):
    heads = "order_id,line_number,kind,order_date,channel_type,net_amount,region"
    sales = f"{heads}\na,1,order,2025-09-30,online,5,{text}\n"
    folder = small_workspace(sales)
    write_notebook(folder, "light", *light, parameters=LIGHT)
    outcome = publish_all(
        folder,
        Wanted(("light",), period="2025Q3", languages=("en",), where={"region": text}, own_notebooks=True),
    )
    assert [str(one.error) for one in outcome.failed] == []
    (published,) = outcome.published
    assert published.folder.parent == (folder / "reports" / "2025Q3").resolve()
    assert published.folder.name.startswith("region-")
    assert json.loads((published.folder / "run.json").read_text(encoding="utf-8"))["light"]["where"] == {
        "region": text
    }
    assert dangers(parsed(outcome.shelf)) == []


@pytest.fixture(scope="module")
def light():
    """Cells of a notebook that computes nothing and says where it looked."""
    save = "ca.save_tables({'mine': pd.DataFrame({'n': [1]})}, tables)"
    return ["import pandas as pd\nimport channel_analysis as ca", save]


def test_a_failure_is_told_as_text(small_workspace, write_notebook):
    message = "".join(TEXTS[:2]) + RIGHT_TO_LEFT + "</pre>\x00\x1b[31m]]>{{7*7}}"
    folder = small_workspace()
    write_notebook(folder, "bad", "# </pre><script>alert(2)</script>\n" + f"raise ValueError({message!r})")
    outcome = publish_all(folder, Wanted(("bad",), own_notebooks=True))
    failed = outcome.failed[0]
    assert isinstance(failed, Failed)
    page = parsed(failed.page)
    assert dangers(page) == []
    assert "<script>alert(1)</script>" in page.get_text()
    assert "<script>alert(2)</script>" in page.get_text()
    assert "{{7*7}}" in page.get_text()
    assert not CONTROLS & set(failed.page.read_text(encoding="utf-8"))


def test_the_companys_name_is_text_in_titles_and_style(hostile_company):
    for page in published_pages(hostile_company):
        found = parsed(page)
        assert found.find("title").get_text().strip()
        assert all("</" not in style.get_text() for style in found.find_all("style"))
    banner = parsed(next(page for page in published_pages(hostile_company) if "review." in page.name))
    assert COMPANY in banner.get_text()


@pytest.mark.parametrize("where", [{"region": "\udc80"}, {"region": "\x00"}, {"region": LONG}])
def test_a_name_that_nothing_has_is_refused_in_words(small_workspace, where):
    with pytest.raises(InputError):
        publish_all(small_workspace(), Wanted(("review",), where=where))


@pytest.mark.parametrize("text", TEXTS)
def test_every_name_makes_a_safe_file_name(text):
    name = safe_names([text, "other"])[text]
    assert Path("folder", name).parent == Path("folder")
    assert len(name.encode()) < 120
    assert not set(name) & set('<>:"/|?*\\\x00\r\n\u202e')


def dangers(page: BeautifulSoup) -> list[str]:
    """What of a page could run, load, send or lead elsewhere."""
    return [*_elements(page), *_attributes(page)]


def _elements(page: BeautifulSoup) -> Iterator[str]:
    for tag in page.find_all(FORBIDDEN):
        yield f"<{tag.name}>"
    for tag in page.find_all("style"):
        if "url(" in tag.get_text() or "@import" in tag.get_text():
            yield "a style that loads"


def _attributes(page: BeautifulSoup) -> Iterator[str]:
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            if name.lower().startswith("on") or name.lower() in LOADING:
                yield f"<{tag.name} {name}>"
            elif name == "style" and "url(" in text:
                yield f"<{tag.name} style={text[:60]}>"
            elif name == "href" and not _is_beside(text):
                yield f"<{tag.name} href={text[:60]}>"


def _is_beside(address: str) -> bool:
    return ":" not in address and not address.startswith(("//", "\\"))


def text_outside_isolates(text: str) -> str:
    """What of a text stands in no isolate, and so can turn what follows."""
    depth, kept = 0, []
    for sign in text:
        depth = max(depth + (sign in ISOLATES) - (sign == END), 0)
        if not depth:
            kept.append(sign)
    return "".join(kept)


def parsed(page: Path) -> BeautifulSoup:
    return _parsed(page, page.stat().st_mtime_ns)


@cache
def _parsed(page: Path, _written: int) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def published_pages(workspace: Path) -> list[Path]:
    """The pages of reports, those of sheets included."""
    return sorted((workspace / "reports" / "2025Q3").rglob("*.html"))


def all_pages(workspace: Path) -> list[Path]:
    """The pages of reports, and the shelf."""
    return [*published_pages(workspace), workspace / "reports" / "index.html"]


def report_of(page: Path) -> str:
    """The report a page belongs to."""
    return page.name.split(".")[0] if page.parent.name == "2025Q3" else page.parent.name

"""In a notebook results show themselves, names complete, mistakes are short and tables are sorted offline."""

import importlib
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import channel_analysis as ca
from channel_analysis.report import jupyter, language, show, sortable
from channel_analysis.report.staging import ReportError
from channel_analysis.results import Result

NOUNS = [
    noun
    for name in sorted(path.stem for path in Path(ca.__file__).parent.glob("[a-z]*.py"))
    for noun in vars(importlib.import_module(f"channel_analysis.{name}")).values()
    if isinstance(noun, type) and is_dataclass(noun) and issubclass(noun, Result)
]
REQUESTS = re.compile(r"""src\s*=\s*["']?https?:|<link|@import|url\(\s*["']?https?:|from\s*["']https?:""")


@pytest.fixture(scope="module")
def ws(demo_workspace):
    return ca.open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def review(ws):
    return ca.review(ws, "2025Q3")


@pytest.fixture(scope="module")
def card(review):
    return review.scorecard


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    jupyter.register()
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setitem(language._chosen, "language", "en")


def seen(shell, value) -> dict:
    return shell.display_formatter.format(value)[0]


def test_every_noun_that_a_page_shows_is_a_result():
    assert set(show.PARTS) <= {noun.__name__ for noun in NOUNS}


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_noun_tells_itself_in_its_own_short_way_and_has_tables_and_a_main_one(noun):
    assert noun.__repr__ is Result.__repr__
    assert noun.to_frame is not Result.to_frame or noun.tables is not Result.tables
    assert noun.__doc__


def test_every_part_of_a_review_is_told_in_a_line_and_gives_frames(review):
    parts = [review, *(getattr(review, field.name) for field in fields(review))]
    results = [part for part in parts if isinstance(part, Result)]
    assert len(results) >= 12
    for result in results:
        assert repr(result).startswith(f"{type(result).__name__} 2025Q3: ")
        assert len(repr(result)) < 200 and "\n" not in repr(result)
        assert type(result.to_frame()) is pd.DataFrame
        assert {type(frame) for frame in result.tables().values()} <= {pd.DataFrame}


def test_the_main_table_is_one_of_the_tables(card):
    assert card.to_frame() is card.tables()["scorecard"]


def test_a_result_shows_itself_as_on_the_page(shell, card):
    told = seen(shell, card)
    assert told["text/plain"] == repr(card)
    assert ca.show(card, "en").html() in told["text/html"]


def test_a_result_shows_itself_in_the_language_chosen(shell, card):
    ca.use_language("zh")
    assert ca.show(card, "zh").html() in seen(shell, card)["text/html"]
    assert ca.show(card).html() == ca.show(card, "zh").html()


def test_without_a_choice_the_environment_tells_the_language(monkeypatch):
    monkeypatch.setitem(language._chosen, "language", "")
    for name, told in (("zh_CN.UTF-8", "zh"), ("de_DE.UTF-8", "en"), ("C.UTF-8", "en")):
        monkeypatch.setenv("LC_ALL", name)
        assert language.reading_language() == told


def test_an_unknown_language_is_refused():
    with pytest.raises(ca.InputError, match="there is no language 'xx'"):
        ca.use_language("xx")


def test_a_report_shows_its_top_and_how_to_reach_every_part(shell, review):
    html = seen(shell, review)["text/html"]
    assert ca.show(review.message, "en").html() in html
    ways = re.findall(r"<td[^>]*>\.(\w+)</td>", html)
    assert ways and all(isinstance(getattr(review, way), Result) for way in ways)
    assert {"scorecard", "explanation", "partners", "risk", "quality", "appendix"} <= set(ways)


def test_what_no_page_shows_is_told_with_its_main_table(shell):
    frame = pd.DataFrame({"region": ["<script>"], "wheels": ["x"], "real": [1.0], "predict": [2.0]})
    dimensions = {"dimensions": ["region", "wheels"], "actual": "real", "expected": "predict"}
    found = ca.find_segments(frame, **dimensions)
    html = seen(shell, found)["text/html"]
    assert "Segments" in html and "<table" in html and "<script>" not in html


def test_the_lab_s_own_switch_of_light_and_dark_holds(shell, card):
    style = seen(shell, card)["text/html"]
    light = re.search(r'theme-light="true"\] [.\w-]+ \{ (.*?) \}', style, re.DOTALL)[1]
    dark = re.search(r'theme-light="false"\] [.\w-]+ \{ (.*?) \}', style, re.DOTALL)[1]
    roles = [re.findall(r"(--\w+):", palette) for palette in (light, dark)]
    assert roles[0] == roles[1] and len(roles[0]) >= 10
    assert light != dark


@pytest.mark.parametrize(
    "error",
    [ca.InputError([ca.Problem("by", "there is no level 'x'", "choose one")]), ReportError("it was stopped")],
    ids=["InputError", "ReportError"],
)
def test_a_mistake_is_shown_without_a_traceback(shell, capsys, error):
    shell.user_ns["error"] = error
    shell.run_cell("def deep(): raise error\ndeep()")
    told = capsys.readouterr().out
    assert told.strip() == f"{type(error).__name__}: {error}"


def test_a_table_of_the_workspace_completes_and_describes_itself(shell, ws):
    assert {"sales", "partners"} <= set(dir(ws.tables)) and set(ws.tables) <= set(dir(ws.tables))
    sales = ws.tables.sales
    assert "net_amount" in sales.columns.index and "product" in repr(sales)
    assert sales.columns.loc["net_amount", "unit"] == "currency"
    assert "gross less discount" in seen(shell, sales)["text/html"]


def test_rows_of_a_table_are_those_of_the_intake(ws):
    account = ws.facts().intake.account("sales")
    frame = ws.tables.sales.to_frame(["order_id", "net_amount"])
    assert len(frame) == ws.tables.sales.rows == account.rows_used
    assert frame["net_amount"].sum() == pytest.approx(float(account.amount_used), abs=0.01)
    assert len(ws.tables.sales.head(3)) == 3


def test_rows_are_taken_by_value_and_names_cannot_break_out(ws):
    partners = ws.tables.partners
    types = partners.to_frame(["channel_type"])["channel_type"].value_counts()
    assert len(partners.to_frame(where={"channel_type": "agent"})) == types["agent"]
    both = partners.to_frame(where={"channel_type": ["agent", "retailer"]})
    assert len(both) == types["agent"] + types["retailer"]
    assert len(partners.to_frame(where={"channel_type": "x' OR '1'='1"})) == 0


def test_a_query_reads_and_nothing_else(ws):
    total = ws.tables.sql("SELECT sum(net_amount) AS total FROM sales")["total"][0]
    assert total == pytest.approx(ws.tables.sales.to_frame(["net_amount"])["net_amount"].sum())
    for query in ("DROP VIEW sales", "COPY sales TO 'x.csv'", "selec"):
        with pytest.raises(ca.InputError, match="does not only read"):
            ws.tables.sql(query)
    with pytest.raises(ca.InputError, match="net_amount"):
        ws.tables.sql("SELECT net_amoun FROM sales")


def test_every_mistake_about_a_table_is_told_at_once_with_the_nearest_name(ws):
    with pytest.raises(ca.InputError) as caught:
        ws.tables.sales.to_frame(["regio"], {"kin": "order"}, limit=0)
    assert [problem.fix for problem in caught.value.problems[:2]] == [
        "did you mean 'region'?",
        "did you mean 'kind'?",
    ]
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("names", "given", "near"), [("tables", "slaes", "sales"), ("kpis", "net_sale", "net_sales")]
)
def test_an_unknown_name_behind_a_dot_offers_the_nearest(ws, names, given, near):
    book = ws.tables if names == "tables" else ca.kpis(ws)
    for ask in (lambda: getattr(book, given), lambda: book[given]):
        with pytest.raises(AttributeError) as caught:
            ask()
        assert isinstance(caught.value, ca.InputError) and f"did you mean '{near}'?" in str(caught.value)
    assert not hasattr(book, given)


def test_a_kpi_tells_its_definition_in_both_languages_and_its_values(ws):
    book = ca.kpis(ws)
    rate = book.return_rate
    assert rate.definition["en"] in repr(rate) and rate.definition["zh"] in repr(rate)
    assert "/" in rate.formula and rate.tables == ("sales",)
    values = rate.values("2025Q3", by="region")
    pd.testing.assert_frame_equal(values, ca.measure(ws, "2025Q3", by="region", kpis="return_rate"))
    assert list(book.to_frame()["kpi"]) == list(book)
    assert set(dir(book)) == {*book, "to_frame"}


def test_sortable_tables_need_no_network(shell, monkeypatch):
    shown = []
    monkeypatch.setattr(shell.display_pub, "publish", lambda data, *_, **__: shown.append(data))
    ca.interactive_tables()
    frame = pd.DataFrame({"name": ["</script><script>alert(1)</script>"] * 30, "value": range(30)})
    html = seen(shell, frame)["text/html"]
    library = "".join(data.get("text/html", "") for data in shown)
    assert len(library) > 100_000
    assert "<script>alert" not in html and html.count("<script") == html.count("</script>")
    assert [REQUESTS.findall(text) for text in (html, library)] == [[], []]
    assert "https:" not in html


def test_short_tables_stay_plain(shell):
    ca.interactive_tables()
    frame = pd.DataFrame({"value": range(sortable.PLAIN_ROWS)})
    assert seen(shell, frame)["text/html"] == frame._repr_html_()


def test_outside_a_notebook_tables_cannot_be_made_sortable():
    with pytest.raises(ca.InputError, match="no notebook"):
        ca.interactive_tables()

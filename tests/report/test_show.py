"""Show: every result becomes a section in each language, and whatever comes from data stays text."""

import dataclasses
import json

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import channel_analysis as ca
from channel_analysis.errors import InputError
from channel_analysis.report.blocks import (
    Card,
    Cards,
    Column,
    Fact,
    Facts,
    Figure,
    Item,
    Items,
    Prose,
    Section,
    Table,
)
from channel_analysis.report.html import section_html
from channel_analysis.report.saving import DONE
from channel_analysis.report.show import MIME
from channel_analysis.words import words

NASTY = ["<script>alert(1)</script>", "\"quoted\" & 'quoted'", "=cmd|' /C calc'!A0", "🚀 喆堃镕", "a]]>b"]
PARTS = ("banner", "message", "results", "scorecard", "quality", "appendix")


def problem(*arguments) -> str:
    with pytest.raises(InputError) as caught:
        ca.show(*arguments)
    return "; ".join(f"{p.where}: {p.what} | {p.fix}" for p in caught.value.problems)


def shown(*blocks) -> BeautifulSoup:
    section = Section("part", "Part", blocks)
    return BeautifulSoup(section_html(section, words("en")), "html.parser")


def blocks_with(name: str) -> list:
    """Every kind of block with a text from data in each of its places."""
    return [
        Prose(name),
        Facts((Fact(name, name),)),
        Cards((Card(name, name, name, name, ()),)),
        Items((Item(name, "part", name),)),
        Table("t", name, (Column(name, (name,), False, name), Column("n", (name,), group=name)), (name,)),
        Figure("f", '<svg viewBox="0 0 1 1"></svg>', f"{name} 1"),
    ]


def test_something_that_is_no_result_is_answered_with_what_can_be_shown():
    said = problem(pd.DataFrame())
    assert said.startswith("show: a DataFrame cannot be shown | show one of: Banner, Message")
    assert said.endswith("such as review.scorecard")


def test_a_language_without_words_is_named(demo_review):
    assert problem(demo_review.banner, ["zh", "fr"]) == (
        "language: there is no language 'fr' | choose one of: en, zh"
    )


def test_no_language_at_all_is_refused(demo_review):
    assert problem(demo_review.banner, []).startswith("language")


@pytest.mark.parametrize("part", PARTS)
def test_a_notebook_gets_the_section_in_both_languages(demo_review, part):
    bundle = ca.show(getattr(demo_review, part), ["zh", "en"])._repr_mimebundle_()
    assert set(bundle[MIME]["html"]) == set(bundle[MIME]["titles"]) == {"zh", "en"}
    assert bundle[MIME]["html"]["zh"] != bundle[MIME]["html"]["en"]


def test_a_notebook_sees_the_first_language(demo_review):
    bundle = ca.show(demo_review.scorecard, ["zh", "en"])._repr_mimebundle_()
    assert bundle[MIME]["html"]["zh"] in bundle["text/html"]
    assert bundle["text/plain"] == "评分卡"


def test_english_is_shown_where_no_language_is_named(demo_review):
    assert "Scorecard" in ca.show(demo_review.scorecard).html()


@pytest.mark.parametrize("part", PARTS)
def test_what_a_notebook_keeps_is_json(demo_review, part):
    bundle = ca.show(getattr(demo_review, part), ["zh", "en"])._repr_mimebundle_()
    assert json.loads(json.dumps(bundle)) == bundle


@pytest.mark.parametrize("part", PARTS)
def test_the_same_result_gives_the_same_bytes(demo_review, part):
    result = getattr(demo_review, part)
    assert ca.show(result, "zh").html() == ca.show(result, "zh").html()


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("place", range(6))
def test_a_text_from_data_is_shown_as_it_stands(name, place):
    assert name in shown(blocks_with(name)[place]).get_text()


@pytest.mark.parametrize("name", NASTY)
def test_a_text_from_data_adds_no_element(name):
    plain, nasty = ([tag.name for tag in shown(*blocks_with(text)).find_all()] for text in ("plain", name))
    assert nasty == plain


@pytest.mark.parametrize("name", NASTY)
def test_a_caption_with_signs_is_the_accessible_name_as_it_stands(name):
    assert shown(blocks_with(name)[5]).svg["aria-label"] == f"{name} 1"


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("part", ["message", "results", "scorecard", "appendix"])
def test_a_channel_of_any_name_is_text_wherever_it_stands(demo_review, part, name):
    result = getattr(demo_review, part)
    names = dataclasses.replace(
        result.scope.names,
        channel_types={key: {"en": name} for key in result.scope.names.channel_types},
    )
    renamed = dataclasses.replace(result, scope=dataclasses.replace(result.scope, names=names))
    page = BeautifulSoup(ca.show(renamed).html(), "html.parser")
    assert name.lower() in page.get_text().lower()  # a sentence begins with a capital
    assert page.find("script") is None


def test_saving_without_a_folder_sums_the_review_up(demo_review):
    bundle = ca.save_tables(demo_review)._repr_mimebundle_()
    assert bundle[DONE]["tables"] == sorted(demo_review.tables())
    assert bundle["text/plain"].endswith(f"tables of {demo_review.banner.scope.period}")


def test_saving_where_a_file_is_in_the_way_names_the_folder(demo_review, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written to"):
        ca.save_tables(demo_review, tmp_path / "file" / "tables")

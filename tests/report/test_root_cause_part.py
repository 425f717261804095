"""The part on causes: every number told stands in the result's tables, in both languages."""

import ast
import dataclasses
import re
import warnings
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import channel_analysis
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.report.blocks import Figure, Items, Prose, Table
from channel_analysis.report.charts_changes import Move, Step, mix_rate, waterfall
from channel_analysis.report.html import section_html
from channel_analysis.report.parts.root_cause_wording import caveat_text, chance, figures_of, segment_name
from channel_analysis.report.show import section_of
from channel_analysis.report.svg import WIDTH, text_width
from channel_analysis.results import Caveat
from channel_analysis.rootcauses import GRADES, TAGS, VERDICTS
from channel_analysis.words import Unit, Words, words
from tests.report.explanations import (
    CASES,
    HOSTILE,
    NAN,
    SCOPE,
    frame,
    hostile,
    ledger,
    no_base,
    offsetting,
    plan,
    quiet,
    ratio,
    usual,
)

NUMBER = re.compile(r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?%?")
PACKAGE = Path(channel_analysis.__file__).parent


@pytest.fixture(params=["en", "zh"])
def said(request):
    """Give the words of each language in turn."""
    return words(request.param)


@pytest.fixture(params=CASES)
def case(request):
    """Give each kind of explanation in turn."""
    return CASES[request.param]()


def text_of(result, said) -> str:
    return BeautifulSoup(section_html(section_of(result, said), said), "html.parser").get_text("\n")


def blocks(result, said, kind) -> list:
    return [block for block in section_of(result, said).blocks if isinstance(block, kind)]


def table(result, said, name: str) -> dict[str, tuple[str, ...]]:
    (found,) = [b for b in blocks(result, said, Table) if b.name == name]
    return {column.heading: column.texts for column in found.columns}


class Plain(Words):
    """Words whose money and periods are the same in every language."""

    def money_unit(self, values, currency):
        return Unit(1.0, 0, "", "e0")

    def period(self, code):
        return code


def plain(language: str) -> Plain:
    return Plain(language, read_toml(CATALOG / "locales" / f"{language}.toml"))


def numbers(text: str) -> list[str]:
    return sorted(NUMBER.findall(text.replace("CNY ", "")))


def million(said, value: float, signed: bool = True) -> str:
    """An amount in the unit that these results are told in."""
    figures = figures_of(usual(), said)
    return figures.change(value) if signed else figures.amount(value)


# The verdict


def test_the_verdict_tells_the_change_what_is_usual_and_what_the_segments_explain(said):
    told = usual()
    lead = blocks(told, said, Prose)[0]
    own = told.segments[told.segments["factor"] == ""]["contribution"].sum()
    apart = told.segments[told.segments["factor"] != ""]["contribution"].sum()
    assert lead.kind == "lead"
    assert million(said, told.change, signed=False) in lead.text
    for amount in (told.usual, own, apart):
        assert million(said, amount) in lead.text
    figures = figures_of(told, said)
    for value in (told.now, told.before):
        assert figures.value(value) in lead.text
    names = {"en": ("East, category Air", "discount: North"), "zh": ("华东、品类 空气", "折扣：华北")}
    assert all(name in lead.text for name in names[said.language])


def test_segments_that_offset_each_other_are_both_told(said):
    told = offsetting()
    figures = figures_of(told, said)
    lead = blocks(told, said, Prose)[0].text
    assert figures.change(500.0) in lead and figures.change(-500.0) in lead
    assert said("root_cause.moved.same", kpi="@", base="@", now="@", amount="@").split("@")[1] in lead


@pytest.mark.parametrize("verdict", [name for name in VERDICTS if name != "segments"])
def test_what_was_not_found_is_said_and_no_segment_is_shown(verdict, said):
    section = section_of(quiet(verdict), said)
    names = said.join(said(f"root_cause.dimension.{name}") for name in usual().dimensions)
    texts = [block.text for block in section.blocks if isinstance(block, Prose)]
    assert texts[0].endswith(said(f"root_cause.verdict.{verdict}", dimensions=names))
    assert said(f"root_cause.to_do.{verdict}") in texts
    assert not [block for block in section.blocks if isinstance(block, Items)]


def test_without_a_base_there_is_one_line_with_the_reason(said):
    section = section_of(no_base(), said)
    assert (section.kind, len(section.blocks)) == ("line", 1)
    assert said("status.no_rows") in section.blocks[0].text
    assert said.period("2024Q3") in section.blocks[0].text


def test_the_heading_names_kpi_period_and_base(said):
    title = section_of(usual(), said).title
    kpi = SCOPE.names.kpis["net_sales"][said.language]
    assert title == said(
        "root_cause.title", kpi=kpi, period=said.period("2025Q3"), base=said.period("2024Q3")
    )
    assert said("root_cause.plan") in section_of(plan(), said).title


def test_how_sure_it_is_comes_from_the_placebo(said):
    what, hardly = said("root_cause.found_strongest"), said("root_cause.hardly")
    assert said("root_cause.sure.earlier", what=what, chance=hardly, runs="11") in text_of(usual(), said)
    what, often = said("root_cause.not_found_strongest"), said("root_cause.of_100", n="43")
    assert said("root_cause.sure.earlier", what=what, chance=often, runs="11") in text_of(
        quiet("noise"), said
    )


def test_a_segment_too_small_for_the_unit_still_shows(said):
    told = usual()
    small = told.segments.assign(contribution=[-1_020_000.0, -330.0, -4_000.0])
    figures = figures_of(dataclasses.replace(told, segments=small), said)
    assert [float(re.sub("[−+]", "", figures.cell_change(v))) > 0 for v in (-330.0, -4_000.0)] == [True, True]


@pytest.mark.parametrize(("smallest", "shown"), [(-0.02, "−2.0"), (-0.0004, "−0.04"), (-0.00004, "−0.004")])
def test_a_segment_of_a_share_shows_in_up_to_two_decimals_more(smallest, shown):
    rate = {"unit": "share", "change": 0.037, "now": 0.152, "before": 0.115}
    small = usual().segments.assign(contribution=[-0.03, smallest, -0.03])
    figures = figures_of(dataclasses.replace(usual(), segments=small, **rate), words("en"))
    assert shown in figures.cell_change(smallest).split()[0]


@pytest.mark.parametrize(
    ("p_value", "shown"), [(0.0004, None), (0.004, "0.4"), (0.031, "3.1"), (0.43, "43"), (NAN, "–")]
)
def test_chances_are_told_as_so_many_of_100_and_never_as_none(p_value, shown, said):
    text = chance(said, p_value)
    assert text == (said("root_cause.hardly") if shown is None else text)
    assert shown is None or shown in text


# Figures, items and tables


def test_the_sentence_on_the_bridge_names_its_largest_bars(said):
    told = usual()
    bars = told.bridge[~told.bridge["is_total"].astype(bool)].set_index("bar")["amount"]
    (text,) = [b.text for b in blocks(told, said, Prose) if said("root_cause.bar.volume") in b.text]
    for bar in bars.abs().nlargest(3).index:
        assert f"{said(f'root_cause.bar.{bar}')} {million(said, bars[bar])}" in text
    assert said("root_cause.bar.mix") not in text
    assert million(said, told.change) in text


def test_captions_state_the_numbers_of_their_tables(said):
    drawn = {figure.name: figure.caption for figure in blocks(usual(), said, Figure)}
    assert set(drawn) == {"bridge_net_sales", "by_segment_net_sales"}
    assert million(said, -830_000.0) in drawn["bridge_net_sales"]
    assert million(said, -1_020_000.0) in drawn["by_segment_net_sales"]
    for caption in drawn.values():
        assert million(said, -1_280_000.0) in caption
    told = ratio()
    (caption,) = [f.caption for f in blocks(told, said, Figure) if f.name == "split_csat"]
    figures = figures_of(told, said)
    for value in (told.split["within"].sum(), told.split["mix"].sum(), told.split["amount"].iloc[0]):
        assert figures.change(value) in caption


def test_items_tell_segment_amount_interval_share_and_first_cause_that_holds(said):
    told = usual()
    (items,) = blocks(told, said, Items)
    assert len(items.items) == 3
    for item, row in zip(items.items, told.segments.to_dict("records"), strict=True):
        assert segment_name(told, said, row["place"]) in item.text
        assert said.share(row["share"], 0) in item.text
        for bound in (row["contribution"], row["low"], row["high"]):
            assert figures_of(told, said).cell_change(bound).lstrip("−") in item.text
    assert said("root_cause.cause.stock_out") in items.items[0].text
    assert said("root_cause.grade.measured") in items.items[0].text
    assert said("root_cause.single_order") in items.items[2].text
    assert said("root_cause.no_cause") in items.items[2].text


def test_a_refuted_cause_is_not_told_first_and_is_marked_in_the_table(said):
    told = usual()
    refuted = dataclasses.replace(told, causes=told.causes.assign(is_refuted=True))
    (items,) = blocks(refuted, said, Items)
    assert said("root_cause.cause.stock_out") not in items.items[0].text
    shown = table(refuted, said, "causes_table_net_sales")[said("root_cause.column.refuted_by")]
    assert all(text.startswith(said("root_cause.refuted", what="")) for text in shown)


def test_the_table_of_segments_shows_what_the_result_holds(said):
    told = usual()
    figures = figures_of(told, said)
    shown = table(told, said, "segments_net_sales")
    assert shown[said.period_short("2025Q3")][0] == figures.cell(2_350_000.0)
    assert shown[said.period_short("2025Q3")][1] == said.share(0.155)
    expected = [figures.between(r.contribution, r.low, r.high) for r in told.segments.itertuples()]
    assert list(shown[figures.titled(said("root_cause.column.contribution"))]) == expected
    assert shown[said("root_cause.column.share")] == ("80%", "26%", "16%")


def test_every_cause_says_how_far_it_goes_and_what_would_refute_it(said):
    told = usual()
    shown = table(told, said, "causes_table_net_sales")
    order = told.causes.sort_values(["place", "rank"])
    assert shown[said("root_cause.column.grade")] == tuple(
        said(f"root_cause.grade.{grade}") for grade in order["grade"]
    )
    assert said("root_cause.refuted_by.sold_on_gap_days") in shown[said("root_cause.column.refuted_by")][0]


def test_the_ledger_is_folded_and_tells_its_largest_remainder(said):
    told = usual()
    (found,) = [b for b in blocks(told, said, Table) if b.name == "ledger_net_sales"]
    assert found.folded
    assert len(found.columns[0].texts) == len(told.ledger)
    assert figures_of(told, said).cell(0.0) in found.caption
    open_ledger = dataclasses.replace(told, ledger=told.ledger.assign(residual=77_000.0))
    (found,) = [b for b in blocks(open_ledger, said, Table) if b.name == "ledger_net_sales"]
    assert figures_of(told, said).cell(77_000.0) in found.caption


def test_new_and_lost_entities_have_no_figure_where_they_were_not(said):
    (found,) = [b for b in blocks(ratio(), said, Table) if b.name == "split_table_csat"]
    rows = dict(
        zip(found.columns[0].texts, zip(*(c.texts for c in found.columns[1:]), strict=True), strict=True)
    )
    new, lost = (
        rows[said(f"root_cause.entry.{e}", name=n)] for e, n in (("new", "P3"), ("lost", "Old Friends"))
    )
    assert (new[0], new[2]) == ("–", "–") and "–" not in (new[1], new[3])
    assert (lost[1], lost[3]) == ("–", "–") and "–" not in (lost[0], lost[2])


def test_caveats_are_said_and_unknown_ones_by_their_code(said):
    assert said("root_cause.caveat.usual_known", subject="", pairs="8") in text_of(usual(), said)
    own = Caveat("own_code", "note", "region", {"n": 3})
    assert "own_code" in caveat_text(said, SCOPE, own)
    lacking = Caveat("usual_known", "note")
    assert "usual_known" in caveat_text(said, SCOPE, lacking)


# Charts


def bars(svg) -> list:
    """Where each bar begins and ends."""
    found = BeautifulSoup(svg, "html.parser")("rect")
    return [(float(tag["x"]), float(tag["x"]) + float(tag["width"])) for tag in found]


def texts(svg) -> dict:
    """Where each text begins."""
    return {tag.get_text(): float(tag["x"]) for tag in BeautifulSoup(svg, "html.parser")("text")}


STEPS = [
    Step("Q3 24", 100.0, "100", is_total=True),
    Step("volume", 30.0, "▲ +30", "good"),
    Step("price", -50.0, "▼ −50", "bad", low=-60.0, high=-40.0),
    Step("Q3 25", 80.0, "80", is_total=True),
]


def test_bars_of_a_waterfall_hang_where_the_one_before_ended():
    first, up, down, last = bars(waterfall(STEPS))
    assert (up[0], down[1], last[0]) == pytest.approx((first[1], up[1], first[0]), abs=0.2)
    assert down[0] == pytest.approx(last[1], abs=0.2)


def test_labels_of_a_waterfall_stand_right_of_bars_and_intervals():
    svg = waterfall(STEPS)
    places, found = texts(svg), bars(svg)
    for label, (_, end) in zip(("100", "▲ +30", "▼ −50", "80"), found, strict=True):
        assert places[label] > end
    wide = dataclasses.replace(STEPS[2], high=10.0)
    svg = waterfall([*STEPS[:2], wide, STEPS[3]])
    whisker = max(float(tag["x2"]) for tag in BeautifulSoup(svg, "html.parser")("line"))
    assert texts(svg)["▼ −50"] > whisker


def test_changes_that_are_small_beside_totals_are_seen_on_a_cut_axis():
    small = [dataclasses.replace(s, amount=s.amount + 1000) if s.is_total else s for s in STEPS]
    first, up, *_ = bars(waterfall(small))
    assert up[1] - up[0] > 0.3 * (first[1] - first[0])
    assert "var(--paper)" in waterfall(small) and "var(--paper)" not in waterfall(STEPS)


def test_nothing_of_a_waterfall_with_14_bars_and_long_names_is_cut():
    name = "华东区域经销商渠道空气净化产品"
    steps = [STEPS[0], *(dataclasses.replace(STEPS[1], name=name) for _ in range(12)), STEPS[3]]
    found = BeautifulSoup(waterfall(steps), "html.parser")
    for tag in found("text"):
        width = text_width(tag.get_text(), bold=tag.has_attr("font-weight"))
        begin = float(tag["x"]) - (width if tag.get("text-anchor") == "end" else 0)
        assert begin >= -1 and begin + width <= WIDTH + 1
    assert name in found.get_text()


def test_a_mix_rate_plot_goes_from_before_to_now_and_names_everybody_once():
    moves = [
        Move("a", 0.3, 0.2, 0.8, 0.7, "bad"),
        Move("b", NAN, 0.2, NAN, 0.7),
        Move("c", 0.5, NAN, 0.9, NAN),
    ]
    found = BeautifulSoup(mix_rate(moves, 0.85, ("w", "r"), (str, str)), "html.parser")
    dots = [(float(tag["cx"]), float(tag["cy"])) for tag in found("circle")]
    (before, now, new, lost) = dots
    assert now == new and now[0] < before[0] < lost[0] and now[1] > before[1] > lost[1]
    named = {tag.get_text(): float(tag["y"]) for tag in found("text")}
    assert [tag.get_text() for tag in found("text") if tag.get_text() in "abc"] == ["a", "b", "c"]
    assert abs(named["a"] - named["b"]) >= 12


def test_a_bridge_of_many_segments_is_shortened_and_still_closes(said):
    told = usual()
    many = {f"region=r{n}": -1000.0 * (n + 1) for n in range(20)}
    rows = [(n + 1, "", name, 9e5, 8e5, 9e5, amount, amount - 1, amount + 1, 0.1, 0.01, "beyond_noise")
            for n, (name, amount) in enumerate(many.items())]  # fmt: skip
    parts = frame("parts", *((n + 1, "region", f"r{n}", f"r{n}") for n in range(20)))
    change = sum(many.values())
    found = dataclasses.replace(
        told, segments=frame("segments", *rows), parts=parts, change=change, now=told.before + change,
        usual=0.0, ledger=ledger(change, by_segment=many), causes=frame("causes"),
    )  # fmt: skip
    (drawn,) = [f for f in blocks(found, said, Figure) if f.name.startswith("by_segment")]
    assert said("root_cause.bar.others") in BeautifulSoup(drawn.svg, "html.parser").get_text()


# Names, languages, codes


def test_hostile_names_are_text(said):
    for told in (hostile(), dataclasses.replace(ratio(), split=hostile().split)):
        page = BeautifulSoup(section_html(section_of(told, said), said), "html.parser")
        assert page.find("script") is None
        assert HOSTILE in page.get_text()
        assert "\u202e" not in page.get_text()
        assert max(map(len, page.get_text("\n").splitlines())) < 1500


def test_charts_of_hostile_names_warn_of_nothing(said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        section_of(hostile(), said)


def test_what_is_missing_is_a_dash_and_never_a_programs_word(case, said):
    shown = text_of(case, said).replace(HOSTILE, "").replace("{n}", "")
    assert re.findall(r"\b(?:nan|NaN|None|NaT|inf|True|False)\b|[{}]", shown) == []


@pytest.mark.parametrize("name", [name for name in CASES if name != "hostile"])
def test_both_languages_tell_the_same_numbers(name):
    english, chinese = (section_of(CASES[name](), plain(language)).blocks for language in ("en", "zh"))
    for one, other in zip(english, chinese, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Table):
            for mine, theirs in zip(one.columns, other.columns, strict=True):
                if mine.heading != words("en")("root_cause.column.chance"):
                    assert [*map(numbers, mine.texts)] == [*map(numbers, theirs.texts)]
            assert numbers(one.caption) == numbers(other.caption)
        if isinstance(one, Figure):
            assert numbers(one.caption) == numbers(other.caption)


def test_chinese_sections_hold_no_english_but_names():
    for name in ("usual", "noise", "everything_moved", "not_in_dimensions", "no_base", "plan"):
        left = text_of(CASES[name](), words("zh")).replace("online", "")
        assert set(re.findall(r"[A-Za-z]{2,}", left)) == set(), name


def test_equal_results_give_equal_bytes(said):
    assert section_html(section_of(usual(), said), said) == section_html(section_of(usual(), said), said)


@pytest.mark.parametrize("family, codes", [("tag", TAGS), ("grade", GRADES), ("verdict", VERDICTS)])
def test_every_code_of_the_nouns_has_words(family, codes, said):
    assert [code for code in codes if not said.has(f"root_cause.{family}.{code}")] == []


def calls(pattern: str, name: str) -> list[ast.Call]:
    found = []
    for path in sorted(PACKAGE.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                found.append(node)
    return found


def texts_of(call: ast.Call) -> set[str]:
    return {a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}


MADE_BY = ("methods/rootcause/*.py", "analysis/change_*.py", "analysis/root_cause.py", "analysis/causes.py")


NUMBERS_OF = {
    "bridge_unmeasured": {"rows": 7, "of": 9},
    "bridge_unlisted": {"rows": 7, "of": 9},
    "range_renewed": {"share": 0.4},
    "new_partners_renewed": {"share": 0.4},
    "change_no_base": {"period": "2024Q3", "reason": "no_rows"},
    "change_incomplete": {"periods": ("online", "retail")},
    "usual_known": {"pairs": 3},
    "usual_unknown": {"against": "last_year"},
    "missing_values": {"rows": 7},
    "dimension_is_id": {"levels": 70_000},
    "layers_limited": {"layers": 3, "dimensions": 12},
    "dimension_not_additive": {},
    "handed_over": {"count": 2},
}
"""Caveats of explanations, with the numbers they come with."""


def test_every_caveat_that_code_names_is_listed_here():
    made = [node for pattern in MADE_BY for node in calls(pattern, "Caveat")]
    codes = {n.args[0].value for n in made if n.args and isinstance(n.args[0], ast.Constant)}
    assert codes
    assert codes <= set(NUMBERS_OF)


@pytest.mark.parametrize("code", NUMBERS_OF)
def test_every_caveat_of_an_explanation_has_words(code, said):
    text = caveat_text(said, SCOPE, Caveat(code, "info", "region", NUMBERS_OF[code]))
    assert code not in text
    assert not re.search(r"[{}]|\b[a-z]+_[a-z]+", text)
    shown = dataclasses.replace(usual(), caveats=(Caveat(code, "info", "region", NUMBERS_OF[code]),))
    assert text in [block.text for block in blocks(shown, said, Prose) if block.kind == "note"]


def test_of_a_ratio_the_mix_is_told_in_place_of_what_is_usual(said):
    told = ratio()
    where = {"mix": -0.002, "rest": told.change + 0.002}
    mixed = dataclasses.replace(told, usual=-0.002, ledger=ledger(told.change, by_segment=where))
    figures = figures_of(mixed, said)
    assert said("root_cause.usual_mix", usual=figures.change(-0.002)) in blocks(mixed, said, Prose)[0].text


def test_every_measure_of_the_policy_is_for_causes_with_words(said):
    catalogue = read_toml(CATALOG / "policy.toml")["measures"]["catalogue"]
    causes = {cause for measure in catalogue.values() for cause in measure.get("causes", ())}
    assert causes
    assert [cause for cause in sorted(causes) if not said.has(f"root_cause.cause.{cause}")] == []


def test_every_hypothesis_has_words_for_its_cause_and_for_what_would_refute_it(said):
    tags, others = set(TAGS), {*GRADES, "money", "share", "count", "days", "points", "index", "ratio", "nan"}
    for node in calls("methods/rootcause/causes*.py", "Hypothesis"):
        for code in texts_of(node) - tags - others:
            family = [f for f in ("cause", "refuted_by") if said.has(f"root_cause.{f}.{code}")]
            assert family, code


def test_both_catalogues_have_the_same_keys():
    english, chinese = (
        {key for key in sorted(words(language).keys()) if key.startswith("root_cause.")}
        for language in ("en", "zh")
    )
    assert english == chinese

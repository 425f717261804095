"""Parts: every number of a sentence, a card or a cell is that of the result's table."""

import dataclasses
import math
import re
from types import SimpleNamespace

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.analysis.findings import (
    of_data,
    of_explanation,
    of_irregularities,
    of_results,
    of_risk,
    of_scores,
    owned,
    weightiest,
)
from channel_analysis.analysis.review import PENDING_PARTS
from channel_analysis.contracts.measures import Measures
from channel_analysis.report.blocks import Cards, Facts, Figure, Items, Prose, Table
from channel_analysis.report.html import section_html
from channel_analysis.report.parts.message import finding_text
from channel_analysis.report.show import section_of
from channel_analysis.results import Pending
from channel_analysis.words import words

DRAWN: dict = {}
"""Sections made so far with their results, by result and language: figures take their time."""


@pytest.fixture(scope="module")
def provisional(demo_workspace):
    """Give the example company's review of the quarter that is under way."""
    return ca.review(ca.open_workspace(demo_workspace), "2025Q4")


@pytest.fixture(params=["en", "zh"])
def said(request):
    """Give the words of each language in turn."""
    return words(request.param)


def section(result, said):
    key = id(result), said.language
    if key not in DRAWN:
        DRAWN[key] = result, section_of(result, said)
    return DRAWN[key][1]


def blocks(result, said, kind) -> list:
    return [block for block in section(result, said).blocks if isinstance(block, kind)]


def prose(result, said) -> str:
    return "\n".join(block.text for block in blocks(result, said, Prose))


def figure(result, said, name: str) -> str:
    return next(block.caption for block in blocks(result, said, Figure) if block.name == name)


def column(result, said, table: str, heading: str) -> list[str]:
    found = next(block for block in blocks(result, said, Table) if block.name == table)
    return next(list(c.texts) for c in found.columns if c.heading.startswith(heading))


def name_of(review, said, channel: str) -> str:
    return review.banner.scope.names.channel_types[channel][said.language]


def kpi_of(review, said, kpi: str) -> str:
    return review.banner.scope.names.kpis[kpi][said.language]


def company(review, kpi: str) -> pd.Series:
    table = review.values
    own = table[(table["level"] == "company") & (table["period"] == review.banner.scope.period)]
    return own.set_index("kpi").loc[kpi]


def types(review) -> pd.DataFrame:
    table = review.results.channels
    return table[table["level"] == "channel_type"].set_index("entity")


def candidates(review) -> list:
    """Every finding a review could tell, whatever weighs more."""
    period = SimpleNamespace(code=review.banner.scope.period)
    return [
        *of_results(review.results, review.values, period),
        *of_explanation(review.explanation, review.plan),
        *of_risk(review.risk),
        *of_irregularities(review.irregularities),
        *of_data(review.quality),
        *of_scores(review.scorecard),
    ]


def unit_of(review, said):
    """The unit results are told in."""
    return said.money_unit([company(review, "net_sales")["value"]], review.banner.scope.currency)


def finding(review, said, code: str) -> str:
    """The sentence of a finding; the test has nothing to say where the review has none of this kind."""
    found = [one for one in candidates(review) if one.code == code]
    return finding_text(found[0], unit_of(review, said), review.banner.scope, said) if found else ""


def test_the_verdict_names_net_sales_growth_and_attainment_of_the_company(review, said):
    verdict, currency = prose(review.message, said), review.banner.scope.currency
    assert said.amount(company(review, "net_sales")["value"], currency) in verdict
    assert said.signed_share(company(review, "growth_yoy")["value"]) in verdict
    assert said.share(company(review, "attainment")["value"]) in verdict


def test_the_finding_on_the_change_names_the_largest_and_the_total(review, said):
    table = review.results.changes
    top = table.loc[table["change"].abs().idxmax()]
    text, currency = finding(review, said, "channel_moved"), review.banner.scope.currency
    for part in (
        name_of(review, said, top["channel_type"]),
        said.amount(top["change"], currency, signed=True, unit=unit_of(review, said)),
        said.amount(table["change"].sum(), currency, signed=True, unit=unit_of(review, said)),
        said.period(top["base"]),
    ):
        assert part in text


def test_the_finding_on_targets_names_the_widest_gap_in_money(demo_review, said):
    table = demo_review.values
    own = table[(table["level"] == "channel_type") & (table["kpi"] == "attainment")]
    own = own[own["period"] == demo_review.banner.scope.period].assign(
        gap=lambda rows: rows["denominator"] - rows["numerator"]
    )
    worst = own.loc[own["gap"].idxmax()]
    text = finding(demo_review, said, "target_missed")
    assert name_of(demo_review, said, worst["entity"]) in text
    assert said.amount(worst["gap"], "CNY", unit=unit_of(demo_review, said)) in text
    assert said.share(worst["value"]) in text


def test_the_finding_on_scores_names_the_lowest_and_what_costs_it_most(review, said):
    text = finding(review, said, "score_lowest")
    lowest = review.scorecard.scores.sort_values("score").iloc[0]
    points = review.scorecard.points
    own = points[points["channel_type"] == lowest["channel_type"]].set_index("kpi")
    lost = 100 * own["effective_weight"] - own["points"]
    parts = (said.number(lowest["score"], 1), kpi_of(review, said, lost.idxmax()), said.number(lost.max(), 1))
    assert not text or all(part in text for part in parts)


def test_each_kind_of_finding_is_met_in_one_of_the_companies(demo_review, adventureworks_review):
    met = {found.code for review in (demo_review, adventureworks_review) for found in candidates(review)}
    assert met == {
        "channel_moved", "growth_from_new", "target_missed", "segment_moved", "irregular_cases",
        "data_set_aside", "score_lowest",
    }  # fmt: skip


def test_the_finding_on_partners_sums_the_watch_list_and_names_the_one_that_may_cost_most(demo_review, said):
    rows = [("P1", "Juxin", "S1", 2e5), ("P2", "Renhe", "S2", 7e5), ("P3", None, None, float("nan"))]
    listed = pd.DataFrame(rows, columns=["partner_id", "partner_name", "owner_id", "expected_loss"])
    (found,) = of_risk(SimpleNamespace(watch_list=lambda: listed))
    text = finding_text(found, unit_of(demo_review, said), demo_review.banner.scope, said)
    assert all(part in text for part in ("3", "Renhe", said.amount(9e5, "CNY"), said.amount(7e5, "CNY")))
    assert (found.owner, found.weight) == ("S2", 9e5)


def test_there_is_no_finding_on_partners_of_whom_nobody_knows_what_they_may_cost():
    listed = pd.DataFrame({"expected_loss": [float("nan")]})
    assert of_risk(SimpleNamespace(watch_list=lambda: listed)) == []
    assert of_risk(None) == []


def test_the_finding_on_irregular_cases_tells_their_number_and_money(demo_review, said):
    cases, text = demo_review.irregularities.cases, finding(demo_review, said, "irregular_cases")
    assert said.number(len(cases)) in text and said.amount(cases["money"].sum(), "CNY") in text


def test_the_finding_on_a_segment_has_its_measure_with_owner_and_day(demo_review, said):
    (found,) = of_explanation(demo_review.explanation, demo_review.plan)
    row = demo_review.plan.proposals.iloc[0]
    assert (found.measure, found.owner, found.due) == (row["measure"], row["owner"], row["due"])
    owned_by = dataclasses.replace(found, owner="S007")
    item = message_part(demo_review, said, owned_by).items[0]
    told = [fact.text for fact in item.facts]
    assert said.date(row["due"]) in told and "S007" in told
    assert said.label(demo_review.banner.scope.names.values["measure"][row["measure"]], "") in told


def message_part(review, said, *findings) -> Items:
    """The list of findings of a message that has these."""
    result = dataclasses.replace(review.message, findings=findings)
    return blocks(result, said, Items)[0]


def test_the_findings_of_most_money_come_first_and_those_without_an_amount_last(review):
    told = weightiest(candidates(review), 99)
    weights = [found.weight for found in told]
    known = [weight for weight in weights if not math.isnan(weight)]
    assert known == sorted(known, reverse=True) == weights[: len(known)]
    assert [f.code for f in review.message.findings] == [f.code for f in told[:3]]


def test_a_finding_without_a_measure_says_who_should_look_at_it(demo_review, said):
    (found,) = [one for one in candidates(demo_review) if one.code == "target_missed"]
    rules = Measures(
        default_owner="Li", owners_by_region={"East": "Zhao"}, owners_by_channel_type={found.subject: "Wang"}
    )
    assert owned(found, rules, SimpleNamespace(where={})).owner == "Wang"
    assert owned(found, rules, SimpleNamespace(where={"region": "East"})).owner == "Zhao"
    assert (
        owned(dataclasses.replace(found, subject=""), rules, SimpleNamespace(where={"region": "West"})).owner
        == "Li"
    )
    with_one, without = message_part(
        demo_review,
        said,
        owned(found, rules, SimpleNamespace(where={})),
        dataclasses.replace(found, owner=""),
    ).items
    assert "Wang" in with_one.facts[-1].text and "policy.toml" in without.facts[-1].text


def test_findings_where_growth_and_comparable_growth_differ_name_both(review, said):
    found = [f for f in review.message.findings if f.code in ("growth_from_new", "decline_from_lost")]
    table = review.results.channels
    families = table[table["level"] == "channel_family"].set_index("entity")
    for one in found:
        text = finding(review, said, one.code)
        row = families.loc[one.subject]
        assert said.signed_share(row["growth_yoy"]) in text
        assert said.signed_share(row["like_for_like_yoy"]) in text


def test_every_finding_links_to_a_section_there_is(review, said):
    shown = (review.results, review.explanation, review.scorecard, review.risk, review.irregularities)
    page = "".join(section_html(section(part, said), said) for part in (*shown, review.quality))
    links = {found.table for found in candidates(review)}
    assert [link for link in links if f'id="{link}"' not in page] == []


def test_there_are_at_most_three_findings_and_six_cards(review, said):
    assert len(blocks(review.message, said, Items)[0].items) <= 3
    assert len(blocks(review.message, said, Cards)[0].items) <= 6


def test_every_card_shows_the_company_value_of_its_kpi(review, said):
    for card, row in zip(
        blocks(review.message, said, Cards)[0].items, review.message.cards.to_dict("records"), strict=True
    ):
        value = company(review, row["kpi"])["value"]
        unit = said.money_unit([value], review.banner.scope.currency)
        assert card.value == (said.money(value, unit) if row["unit"] == "money" else said.share(value))


def test_the_word_beside_a_change_tells_what_its_colour_tells(demo_review, said):
    marks = {
        "good": said("compare.good", shape="", change=""),
        "bad": said("compare.bad", shape="", change=""),
    }
    lines = [line for card in blocks(demo_review.message, said, Cards)[0].items for line in card.comparisons]
    for line in lines:
        assert [mood for mood, mark in marks.items() if line.text.endswith(mark.strip())] == (
            [line.mood] if line.mood != "neutral" else []
        )


def test_a_falling_cost_is_better(demo_review):
    cards = demo_review.message.cards.set_index("kpi")
    number = list(cards.index).index("channel_cost_ratio")
    card = blocks(demo_review.message, words("en"), Cards)[0].items[number]
    change = cards.at["channel_cost_ratio", "value"] - cards.at["channel_cost_ratio", "previous"]
    line = next(c for c in card.comparisons if c.against == "Previous period")
    assert line.mood == ("good" if change < 0 else "bad")


def test_the_caption_of_the_history_names_the_largest_channel_and_its_share(review, said):
    table = types(review)
    top = table["net_sales"].idxmax()
    caption, currency = figure(review.results, said, "history"), review.banner.scope.currency
    for part in (
        name_of(review, said, top),
        said.amount(table.at[top, "net_sales"], currency),
        said.share(table.at[top, "net_sales"] / company(review, "net_sales")["value"]),
    ):
        assert part in caption


def test_the_caption_of_the_waterfall_names_the_total_and_the_largest(review, said):
    table, currency = review.results.changes, review.banner.scope.currency
    top = table.loc[table["change"].abs().idxmax()]
    caption = figure(review.results, said, "changes")
    unit = said.money_unit([table["before"].sum(), table["now"].sum()], currency)
    assert said.amount(table["change"].sum(), currency, signed=True, unit=unit) in caption
    assert said.amount(top["change"], currency, signed=True, unit=unit) in caption


def test_the_changes_of_the_channels_add_up_to_the_company_s(review):
    now, scope = company(review, "net_sales")["value"], review.banner.scope
    values = review.values
    before = values[(values["level"] == "company") & (values["kpi"] == "net_sales")].set_index("period")
    assert review.results.changes["change"].sum() == pytest.approx(now - before.at[scope.last_year, "value"])


def test_the_caption_of_the_scores_names_the_best_with_its_score_and_its_range_if_any(review, said):
    best = review.scorecard.scores.iloc[0]
    caption = figure(review.scorecard, said, "scores")
    assert name_of(review, said, best["channel_type"]) in caption
    has_range = best["score_high"] > best["score_low"]
    for field in ("score", "score_low", "score_high") if has_range else ("score",):
        assert said.number(best[field], 1) in caption


def test_the_caption_of_the_scores_names_all_that_cannot_be_told_apart(demo_review, said):
    scores = demo_review.scorecard.scores
    tied = scores.iloc[1:][scores.iloc[1:]["score_high"] >= scores.iloc[0]["score_low"]]
    caption = figure(demo_review.scorecard, said, "scores")
    assert len(tied) and all(name_of(demo_review, said, name) in caption for name in tied["channel_type"])


def test_a_score_stands_beside_its_points_and_they_add_up(review, said):
    shown = [float(text) for text in column(review.scorecard, said, "scores", said("column.score"))]
    points = review.scorecard.points.groupby("channel_type")["points"].sum()
    order = review.scorecard.scores["channel_type"]
    assert shown == [pytest.approx(points[name], abs=0.0501) for name in order]


def test_net_sales_of_the_table_are_those_of_the_values(review, said):
    rows = review.results.channels
    unit = said.money_unit(rows["net_sales"], review.banner.scope.currency)
    heading = kpi_of(review, said, "net_sales")
    assert column(review.results, said, "channels", heading) == [
        said.money(value, unit) for value in rows["net_sales"]
    ]


def test_shares_of_sales_of_the_channels_add_up_to_the_company(review):
    assert types(review)["sales_share"].sum() == pytest.approx(1.0, abs=1e-9)


def test_a_mark_in_a_cell_is_explained_below_its_table(review, said):
    for table in blocks(review.results, said, Table):
        cells = {text for c in table.columns[1:] for text in c.texts if not re.search(r"\d", text)}
        unexplained = [mark for mark in cells if not any(note.startswith(mark) for note in table.notes)]
        assert unexplained == []


def test_kpis_nobody_has_are_named_with_the_reason(adventureworks_review, said):
    text = prose(adventureworks_review.results, said)
    for kpi, reason in (("csat", "no_table"), ("market_share", "no_table"), ("return_rate", "no_data")):
        lines = [line for line in text.splitlines() if said(f"status.{reason}") in line]
        assert any(kpi_of(adventureworks_review, said, kpi) in line for line in lines)


def test_attainment_outside_the_period_prints_its_own_window_and_actual(adventureworks_review, said):
    row = company(adventureworks_review, "attainment")
    text = prose(adventureworks_review.results, said)
    assert said.amount(row["numerator"], "USD") in text
    assert said.amount(row["denominator"], "USD") in text


def test_the_data_part_accounts_for_every_row(review, said):
    table = review.quality.accounts
    shown = column(review.quality, said, "accounts", said("column.rows_given"))
    total = said.number(table["rows_given"].sum())
    assert shown == [*(said.number(rows) for rows in table["rows_given"]), total]
    parts = table["rows_used"] + table["rows_set_aside"] + table["rows_unreadable"]
    assert (parts == table["rows_given"]).all()


def test_the_banner_counts_the_rows_of_the_accounts(review, said):
    texts = " ".join(fact.text for fact in blocks(review.banner, said, Facts)[0].items)
    assert said.number(review.quality.accounts["rows_given"].sum()) in texts


def test_the_banner_says_what_the_grade_means(review, said):
    texts = [fact.text for fact in blocks(review.banner, said, Facts)[0].items]
    grade = review.quality.grade
    assert any(text.startswith(grade) and said(f"grade.{grade}") in text for text in texts)


def test_tables_nobody_supplied_are_named(adventureworks_review, said):
    text = prose(adventureworks_review.quality, said)
    assert all(said(f"table.{name}") in text for name in adventureworks_review.quality.absent)


def test_a_complete_period_is_not_called_provisional(review, said):
    assert blocks(review.banner, said, Prose) == []


def test_an_incomplete_period_is_provisional_and_names_the_channels(provisional, said):
    text = prose(provisional.banner, said)
    names = [name_of(provisional, said, name) for name in provisional.banner.scope.uncovered]
    assert names and all(name in text for name in names)


@pytest.mark.parametrize("status", ["coverage", "no_weights"])
def test_a_channel_that_is_not_scored_says_why(demo_review, said, status):
    scores = demo_review.scorecard.scores.copy()
    scores.loc[0, ["status", "coverage", "score"]] = [status, 0.55, float("nan")]
    text = prose(dataclasses.replace(demo_review.scorecard, scores=scores), said)
    numbers = {"coverage": said.share(0.55, 0), "needed": said.share(0.7, 0)}
    channel = name_of(demo_review, said, scores.at[0, "channel_type"])
    assert said(f"not_scored.{status}", channel=channel, **numbers) in text


@pytest.mark.parametrize("part", PENDING_PARTS)
def test_a_part_is_to_come_only_where_its_data_are_supplied(review, said, part):
    result = review.pending[part]
    accounts = review.quality.accounts.set_index("table")["rows_used"]
    missing = [table for table in PENDING_PARTS[part] if not accounts.get(table, 0)]
    text = prose(result, said)
    elsewhere = result.report and said("pending.elsewhere", report=said(f"report.{result.report}"))
    assert (text == (elsewhere or said("pending.to_come"))) == (missing == [])
    assert all(said(f"table.{table}") in text for table in missing)


def test_a_part_with_some_of_its_data_names_only_what_is_missing(said):
    text = prose(Pending("risk", ("receivables",), ("partners",)), said)
    assert said("table.receivables") in text
    assert said("table.partners") not in text


def test_every_part_that_is_one_line_keeps_its_title(review, said):
    titles = {section(result, said).title for result in review.pending.values()}
    assert titles == {said(f"part.{name}") for name in PENDING_PARTS}

"""Parts about rules and incentives: what the page says is what the tables hold."""

import dataclasses

import pytest

import channel_analysis as ca
from channel_analysis.report.blocks import Prose, Table
from channel_analysis.report.show import section_of
from channel_analysis.words import words


@pytest.fixture(scope="module")
def ws(demo_workspace):
    return ca.open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def audit(ws):
    return ca.audit_policy(ws, "2025Q3")


@pytest.fixture(scope="module")
def spent(ws):
    return ca.incentives(ws, "2025Q3")


@pytest.fixture(params=["en", "zh"])
def said(request):
    return words(request.param)


def texts(result, said) -> str:
    return " ".join(block.text for block in section_of(result, said).blocks if isinstance(block, Prose))


def table(result, said, name) -> Table:
    return next(b for b in section_of(result, said).blocks if isinstance(b, Table) and b.name == name)


def shown(result, said, name, heading) -> list[str]:
    head = said(f"column.{heading}")
    return next(list(c.texts) for c in table(result, said, name).columns if c.heading == head)


def test_the_table_of_hiding_shows_its_numbers(audit, said):
    assert shown(audit, said, "policy_hiding", "would_rise") == [
        said.number(v) for v in audit.hiding["would_rise"]
    ]
    assert shown(audit, said, "policy_hiding", "certain_gain") == [
        said.signed(v, 1) for v in audit.hiding["certain_gain"]
    ]


def test_a_sound_policy_is_said_to_be_one_and_a_hole_is_named(audit, said):
    risen = int((audit.hiding["would_rise"] > 0).sum())
    assert said("policy_audit.no_hole", n=risen, all=len(audit.hiding)) in texts(audit, said)
    gained = audit.hiding.assign(certain_gain=[5.0, *[0.0] * (len(audit.hiding) - 1)])
    hole = texts(dataclasses.replace(audit, hiding=gained), said)
    name = said.label(audit.scope.names.kpis[gained["kpi"].iloc[0]], "")
    assert said("policy_audit.hole", kpis=name) in hole


def test_a_crowd_at_a_threshold_is_said_only_where_chance_does_not_make_it(audit, said):
    crowded = audit.crowds.assign(above=30, below=3, p_value=0.0001).head(1)
    begins = said.number(crowded["begins"].iloc[0])
    sentence = said("policy_audit.crowd", begins=begins, above="30", below="3")
    assert sentence in texts(dataclasses.replace(audit, crowds=crowded), said)
    calm = audit.crowds.assign(p_value=0.5)
    assert sentence not in texts(dataclasses.replace(audit, crowds=calm), said)


def test_only_weights_that_decide_stand_in_the_table_of_flips(audit, said):
    decisive = audit.flips[audit.flips["flips_at"].notna()]
    assert shown(audit, said, "policy_flips", "flips_at") == [said.share(v, 1) for v in decisive["flips_at"]]
    assert shown(audit, said, "policy_flips", "first") == list(decisive["first_name"])


def test_spend_adds_up_to_the_sentence(spent, said):
    total = said.amount(float(spent.spend["amount"].sum()), spent.scope.currency)
    assert total in texts(spent, said)
    shares = shown(spent, said, "incentive_spend", "of_net_sales")
    sums = spent.spend.groupby("channel_type").agg(amount=("amount", "sum"), net_sales=("net_sales", "first"))
    ratio = (sums["amount"] / sums["net_sales"]).loc[sums["amount"].sort_values(ascending=False).index]
    assert shares == [said.share(v) for v in ratio]


def test_every_programme_stands_in_its_table(spent, said):
    assert shown(spent, said, "programmes", "programme") == list(spent.programmes["programme_name"])
    assert shown(spent, said, "programmes", "participants") == [
        said.number(n) for n in spent.programmes["participants"]
    ]


def test_without_data_both_are_one_line(audit, spent, said):
    nothing = dataclasses.replace(spent, spend=spent.spend.head(0), programmes=spent.programmes.head(0))
    nobody = dataclasses.replace(audit, hiding=audit.hiding.head(0))
    unscored = dataclasses.replace(audit, hiding=audit.hiding.assign(entities=0))
    for result in (nothing, nobody, unscored):
        section = section_of(result, said)
        assert (section.kind, len(section.blocks)) == ("line", 1)


def test_the_scorecard_shows_ranks_with_what_chance_allows_and_changes(ws, said):
    card = ca.review(ws, "2025Q3").scorecard
    scored = card.scores[card.scores["status"] == "ok"]
    ranks = shown(card, said, "scores", "rank")
    for text, row in zip(ranks, scored.to_dict("records"), strict=True):
        assert said.number(row["rank"]) in text and said.number(row["rank_high"]) in text
    arrows = [text.startswith(("▲", "▼")) for text in shown(card, said, "scores", "against_previous")]
    assert arrows == scored["moved"].to_list()

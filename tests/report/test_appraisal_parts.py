"""Parts of appraisal: every number on the page is that of the result's table."""

import dataclasses
import math
import re

import pandas as pd
import pytest

from channel_analysis.report.blocks import Figure, Prose, Table
from channel_analysis.report.parts.wording import value_name
from channel_analysis.report.show import section_of
from channel_analysis.words import words

NUMBER = re.compile(r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?%?")


@pytest.fixture(params=["en", "zh"])
def said(request):
    """Give the words of each language in turn."""
    return words(request.param)


DRAWN: dict = {}
"""Sections made so far with their results, by result and language: figures take their time."""


def blocks(result, said, kind) -> list:
    key = id(result), said.language
    if key not in DRAWN:
        DRAWN[key] = result, section_of(result, said)
    return [block for block in DRAWN[key][1].blocks if isinstance(block, kind)]


def prose(result, said) -> list[str]:
    return [block.text for block in blocks(result, said, Prose)]


def lead(result, said) -> str:
    return next(block.text for block in blocks(result, said, Prose) if block.kind == "lead")


def table(result, said, name: str) -> Table:
    return next(block for block in blocks(result, said, Table) if block.name == name)


def column(result, said, name: str, heading: str, group: str = "") -> list[str]:
    head = said(f"column.{heading}")
    columns = [
        c for c in table(result, said, name).columns if not group or c.group == said(f"column.{group}")
    ]
    return next(list(c.texts) for c in columns if c.heading == head or c.heading.startswith(f"{head}, ")
                or c.heading.startswith(f"{head}（"))  # fmt: skip


def numbers(text: str) -> list[str]:
    return sorted(NUMBER.findall(text))


def shares(said, values, decimals=0) -> list[str]:
    return [said.share(value, decimals) for value in values]


def counts(said, values) -> list[str]:
    return [said.number(value) for value in values]


def money(said, values) -> list[str]:
    unit = said.money_unit(values, "CNY")
    return [said.money(value, unit) for value in values]


def test_states_of_partners_are_those_of_the_table_now_and_before(appraisals, said):
    found = appraisals("lifecycle")
    own = found.states[found.states["channel_type"] == ""].set_index("state")
    by_name = {said(f"lifecycle.state.{state}"): row for state, row in own.to_dict("index").items()}
    rows = [by_name[name] for name in column(found, said, "partner_states_now", "partner_state")]
    assert len(rows) == len(own)
    assert column(found, said, "partner_states_now", "now") == counts(said, [r["partners"] for r in rows])
    before = counts(said, [r["partners_before"] for r in rows])
    assert column(found, said, "partner_states_now", "previous_score") == before


def test_the_lead_counts_who_joined_came_back_and_went(appraisals, said):
    for period in ("2025Q3", "2025Q2", "2025Q1"):
        found = appraisals("lifecycle", period)
        moved = found.transitions[found.transitions["before"] != found.transitions["now"]]
        became = moved.groupby("now")["partners"].sum()
        gone = found.partners["state"].isin(["dormant", "lost"]).sum()
        told = [len(found.partners), gone, *(became[s] for s in ("new", "reactivated", "dormant", "lost"))]
        text = lead(found, said).replace(said.period(found.scope.previous), "")
        assert numbers(text) == sorted(counts(said, told))


def test_the_first_period_of_the_data_is_compared_with_nothing(appraisals, said):
    life, partners = appraisals("lifecycle", "2024Q1"), appraisals("partners", "2024Q1")
    gone = life.partners["state"].isin(["dormant", "lost"]).sum()
    assert numbers(lead(life, said)) == sorted(counts(said, [len(life.partners), gone]))
    assert len(table(life, said, "partner_states_now").columns) == 3
    scored = (partners.partners["status"] == "ok").sum()
    assert numbers(lead(partners, said)) == sorted(counts(said, [len(partners.partners), scored]))
    accounts = table(appraisals("key_accounts", "2024Q1"), said, "largest_accounts")
    assert said("column.on_last_year") not in [c.heading for c in accounts.columns]


def test_partners_gone_are_named_the_largest_first(appraisals, said):
    found = appraisals("lifecycle")
    own = found.partners
    own = own[own["state"].isin(["dormant", "lost"]) & (own["state"] != own["previous_state"])]
    own = own.sort_values("previous_net_sales", ascending=False)
    assert column(found, said, "partners_gone", "partner") == own["partner_name"].to_list()
    both = [*own["previous_net_sales"], *own["net_sales"]]
    shown = [
        text for name in ("previous_score", "now") for text in column(found, said, "partners_gone", name)
    ]
    assert shown == money(said, both)


def test_the_days_of_the_ramp_are_medians_with_intervals(appraisals, said):
    found = appraisals("lifecycle")
    own = found.ramp[found.ramp["step"] == "steady"].to_dict("records")
    shown = column(found, said, "partner_ramp", "days_to", "steady")
    wanted = [sorted(counts(said, (r["median"], r["low"], r["high"]))) for r in own]
    assert [numbers(text) for text in shown] == wanted
    assert column(found, said, "partner_ramp", "reached", "steady") == counts(
        said, [r["reached"] for r in own]
    )


@pytest.mark.parametrize(
    ("median", "low", "high", "shown"),
    [(5.0, 3.0, 9.0, ["3", "5", "9"]), (5.0, 3.0, math.nan, ["3", "5"]), (5.0, 5.0, 5.0, ["5"]),
     (math.nan, math.nan, math.nan, [])],
)  # fmt: skip
def test_an_interval_that_has_no_end_says_so(appraisals, said, median, low, high, shown):
    found = appraisals("lifecycle")
    ramp = found.ramp.assign(median=median, low=low, high=high)
    text = column(dataclasses.replace(found, ramp=ramp), said, "partner_ramp", "days_to", "steady")[0]
    assert numbers(text) == shown
    assert (said("lifecycle.not_half") == text) == math.isnan(median)
    assert (said("lifecycle.or_more", low=said.number(3)) in text) == (math.isnan(high) and median == 5)


def test_concentration_and_losses_are_those_of_the_tables(appraisals, said):
    found = appraisals("lifecycle")
    own = found.concentration[found.concentration["level"] != "region"]
    for name in ("top_1", "top_5", "top_10"):
        assert column(found, said, "concentration", name) == shares(said, own[name], 1)
    assert column(found, said, "concentration", "hhi") == counts(said, own["hhi"])
    assert column(found, said, "concentration", "gini") == [said.number(v, 2) for v in own["gini"]]
    assert column(found, said, "partner_losses", "sales_lost") == money(said, found.losses["net_sales"])
    assert column(found, said, "partner_losses", "share_there") == shares(said, found.losses["net_share"])


def test_the_loss_of_the_largest_is_told_by_name_and_amount(appraisals, said):
    found = appraisals("lifecycle")
    largest = found.partners.loc[found.partners["net_sales"].idxmax()]
    (line,) = [text for text in prose(found, said) if largest["partner_name"] in text]
    assert said.amount(largest["net_sales"], "CNY") in line
    assert said.share(largest["net_sales"] / found.company_sales) in line


def test_regions_left_without_a_partner_are_named(appraisals, said):
    found = appraisals("lifecycle")
    assert said("lifecycle.no_bare") in prose(found, said)
    losses = found.losses.assign(left=found.losses["left"].where(found.losses["entity"] != "Liaoning", 0))
    text = prose(dataclasses.replace(found, losses=losses), said)
    liaoning = {"zh": "辽宁", "en": "Liaoning"}[said.language]
    assert said("lifecycle.bare", regions=liaoning) in text
    assert said("lifecycle.no_bare") not in text


def test_key_accounts_bring_the_sum_of_their_sales(appraisals, said):
    found = appraisals("key_accounts")
    total = found.accounts["net_sales"].sum()
    for shown in (said.amount(total, "CNY"), said.share(total / found.company_sales)):
        assert shown in lead(found, said)
    largest = found.accounts.head(15)
    assert column(found, said, "largest_accounts", "net_sales") == money(said, largest["net_sales"])
    assert column(found, said, "largest_accounts", "share") == shares(said, largest["company_share"], 1)
    days = counts(said, largest["days_since_visit"])
    assert column(found, said, "largest_accounts", "days_since_visit") == days
    pairs = largest[["visits_done", "visits_planned"]].to_numpy()
    shown = column(found, said, "largest_accounts", "visits_done")
    assert [numbers(text) for text in shown] == [sorted(counts(said, pair)) for pair in pairs]
    for text, row in zip(column(found, said, "largest_accounts", "satisfied"), largest.to_dict("records"),
                         strict=True):  # fmt: skip
        ends = shares(said, [row["csat"], row["csat_low"], row["csat_high"]])
        assert numbers(text) == sorted([*ends, said.number(row["answers"])])


def test_accounts_to_look_after_are_those_not_visited_falling_or_overdue(appraisals, said):
    found = appraisals("key_accounts")
    rows = found.accounts
    falling, overdue = rows["change"] <= -0.2, rows["overdue"] > 0
    unseen = rows["last_visit"].map(lambda day: day is None or day < found.scope.start)
    wanted = rows[falling | overdue | unseen]
    assert len(wanted) > 3
    names = column(found, said, "accounts_to_look_after", "account")
    assert names == wanted["customer_name"].to_list()
    why = dict(zip(names, column(found, said, "accounts_to_look_after", "why"), strict=True))
    for row in rows[falling].to_dict("records"):
        assert said.signed_share(row["change"], 0) in why[row["customer_name"]]
    for row in rows[overdue].to_dict("records"):
        assert said.amount(row["overdue"], "CNY") in why[row["customer_name"]]
    for row in rows[unseen].to_dict("records"):
        assert said.date(row["last_visit"]) in why[row["customer_name"]]


def test_an_account_without_order_visit_or_owner_is_to_look_after(appraisals, said):
    found = appraisals("key_accounts")
    rows = found.accounts.head(1).assign(change=0.0, overdue=0.0, orders=0.0)
    rows = rows.assign(last_order=None, last_visit=None, owner_id=None, owner_name=None)
    (why,) = column(dataclasses.replace(found, accounts=rows), said, "accounts_to_look_after", "why")
    ever = [said(f"key_accounts.why.{name}") for name in ("no_order_ever", "not_visited_ever", "unowned")]
    assert why == said.join(ever)


def test_where_nothing_calls_for_attention_that_is_said(appraisals, said):
    found = appraisals("key_accounts")
    calm = found.accounts.assign(change=0.0, overdue=0.0, orders=1.0, last_visit=found.scope.start)
    text = prose(dataclasses.replace(found, accounts=calm), said)
    assert said("key_accounts.all_well", falling=said.share(0.2, 0)) in text


def test_leads_are_those_of_the_table_and_their_sum(appraisals, said):
    found = appraisals("leads")
    whole = found.total.iloc[0]
    for value in (said.number(whole["won"]), said.number(whole["closed"]), said.share(whole["win_rate"], 0)):
        assert value in numbers(lead(found, said).replace(said.period("2025Q3"), ""))
    own = pd.concat([found.groups[found.groups["dimension"] == "source"], found.total])
    for name in ("created", "closed", "won", "open"):
        assert column(found, said, "leads_source", f"lead_{name}") == counts(said, own[name])
    assert column(found, said, "leads_source", "value_won") == money(said, own["value_won"])
    for heading, (rate, low, high) in {
        "lead_rate": ("win_rate", "low", "high"),
        "value_rate": ("value_rate", "value_low", "value_high"),
    }.items():
        wanted = [sorted(shares(said, row)) for row in own[[rate, low, high]].to_numpy()]
        assert [numbers(text) for text in column(found, said, "leads_source", heading)] == wanted


def test_better_and_worse_are_named_only_beyond_chance(appraisals, said):
    found = appraisals("leads")
    sources = found.groups[found.groups["dimension"] == "source"]
    shown = column(found, said, "leads_source", "against_others")
    assert shown[:-1] == [said(f"leads.verdict.{name or 'alike'}") for name in sources["verdict"]]
    told = "\n".join(prose(found, said))
    for row in sources.to_dict("records"):
        name = value_name(said, found.scope, "source", row["entity"])
        assert (name in told) == (row["verdict"] in ("better", "worse"))
    calm = dataclasses.replace(found, groups=found.groups.assign(verdict=""))
    assert said("leads.nobody") in prose(calm, said)


def test_tiers_and_the_best_of_partners_are_those_of_the_tables(appraisals, said):
    found = appraisals("partners")
    sums = found.tiers.groupby("tier")["partners"].sum()
    order = [name for name in found.tier_labels if name in sums]
    assert column(found, said, "partner_tiers", "partners") == counts(said, sums[order])
    scored = found.partners[found.partners["status"] == "ok"]
    best = scored.groupby("group", sort=True).head(3)
    assert column(found, said, "partner_best", "score") == [said.number(v, 1) for v in best["score"]]
    assert column(found, said, "partner_best", "p_best") == shares(said, best["p_best"])
    fallen = column(found, said, "partner_actions", "net_sales")
    assert fallen == money(said, sorted(scored[_acted(found, scored)]["net_sales"], reverse=True)[:15])


def _acted(found, scored):
    place = {name: number for number, name in enumerate(found.tier_labels)}
    fell = scored["tier"].map(place) > scored["tier_before"].map(place)
    return fell | scored["handling"].isin(["plan", "contract"])


def test_attainment_scores_and_recognition_of_reps_are_those_of_the_tables(appraisals, said):
    found = appraisals("sales_force")
    rows = found.reps.set_index("rep_name").loc[column(found, said, "sales_reps", "rep")]
    assert column(found, said, "sales_reps", "attainment") == shares(said, rows["attainment"])
    assert column(found, said, "sales_reps", "net_sales") == money(said, rows["actual"])
    for text, row in zip(column(found, said, "sales_reps", "score"), rows.to_dict("records"), strict=True):
        if row["status"] == "ok":
            wanted = [said.number(row["score"], 1), said.number(row["low"]), said.number(row["high"])]
            assert numbers(text) == sorted(wanted)
    assert column(found, said, "sales_recognition", "rep") == found.recognition["rep_name"].to_list()
    points = found.recognition["contest"] != "customer_development"
    shown = pd.Series(column(found, said, "sales_recognition", "value"))[points.to_numpy()]
    assert shown.to_list() == [said.number(v, 1) for v in found.recognition.loc[points, "value"]]


def test_the_shortlist_is_that_of_the_table(appraisals, said):
    found = appraisals("screening")
    rows = found.shortlist
    assert column(found, said, "shortlist", "candidate") == rows["candidate_name"].to_list()
    assert column(found, said, "shortlist", "coverage_gained") == shares(said, rows["new_coverage"])
    for text, row in zip(column(found, said, "shortlist", "score"), rows.to_dict("records"), strict=True):
        assert said.number(row["score"], 1) in numbers(text)
    others = len(found.candidates) - len(rows)
    assert (
        said("caption.other_candidates", n=said.number(others))
        == table(found, said, "other_candidates").caption
    )


@pytest.mark.parametrize(
    ("part", "figure", "told"),
    [
        ("lifecycle", "partner_states", lambda r: [r.partners["state"].isin(["dormant", "lost"]).sum()]),
        ("partners", "partner_tiers", lambda r: [(r.partners["status"] == "ok").sum()]),
        ("sales_force", "attainment", lambda r: [(r.reps["attainment"] < 1).sum(), len(r.reps)]),
    ],
)  # fmt: skip
def test_captions_of_figures_state_the_numbers_of_their_tables(appraisals, said, part, figure, told):
    (drawn,) = blocks(appraisals(part), said, Figure)
    assert drawn.name == figure
    assert set(counts(said, told(appraisals(part)))) <= set(numbers(drawn.caption))


def test_a_year_stands_beside_its_quarters(appraisals, said):
    found = appraisals("partners", "2024")
    (shown,) = [b for b in blocks(found, said, Table) if b.name == "partner_quarters"]
    names = dict(zip(found.partners["name"], found.partners["entity"], strict=True))
    scores = found.quarters.set_index(["entity", "period"])["score"]
    quarters = [c for c in shown.columns if c.group]
    assert [c.heading for c in quarters] == [said.period_short(f"2024Q{number}") for number in (1, 2, 3, 4)]
    for number, one in enumerate(quarters, start=1):
        wanted = [scores.get((names[name], f"2024Q{number}"), math.nan) for name in shown.columns[0].texts]
        assert list(one.texts) == [said.number(value, 1) for value in wanted]


def test_what_earlier_reports_proposed_stands_with_what_became_of_it(appraisals, said):
    found = appraisals("partners")
    rows = found.decisions.head(1).assign(period="2025Q2", state="final", author="王芳")
    rows = rows.assign(appeal_until=found.scope.start)
    earlier = dataclasses.replace(found, earlier=rows)
    name = found.partners.set_index("entity").at[rows["subject"].iloc[0], "name"]
    assert column(earlier, said, "partner_decisions", "partner") == [name]
    assert column(earlier, said, "partner_decisions", "decided_state") == [said("decision.final")]
    assert column(earlier, said, "partner_decisions", "by_whom") == ["王芳"]
    assert column(earlier, said, "partner_decisions", "appeal_until") == [said.date(found.scope.start)]

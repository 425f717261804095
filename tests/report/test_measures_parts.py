"""The parts on measures: what is told is what the tables hold, with no names that do harm."""

import dataclasses
import datetime
import math
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from channel_analysis.analysis.measures import DECIDED, EFFECTS
from channel_analysis.contracts.policy import Policy
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.report.blocks import Prose, Table
from channel_analysis.report.following import MEASURES, follow_up
from channel_analysis.report.html import section_html
from channel_analysis.report.show import section_of
from channel_analysis.results import Caveat, Names, Scope
from channel_analysis.rootcauses import MeasurePlan, MeasureReview
from channel_analysis.store.measure_entries import PROPOSED, parts_of
from channel_analysis.store.measures import FILE, MeasureRegister
from channel_analysis.words import words
from tests.store.test_measures import proposal

NAN = math.nan
HOSTILE = "<script>alert(1)</script> =cmd('x') \"quoted\" & '../' 🚀 {n} ]]>"
CATALOGUE = read_toml(CATALOG / "policy.toml")["measures"]["catalogue"]
SCOPE = Scope(
    "Example", "2025Q4", datetime.date(2025, 10, 1), datetime.date(2026, 1, 1), "2025Q3", "2024Q4", "CNY",
    datetime.date(2025, 12, 31), None, (), {},
    Names(
        {"distributor": {"en": "Distributors", "zh": "经销商"}},
        {"net_sales": {"en": "Net sales", "zh": "净销售额"}, "csat": {"en": "CSAT", "zh": "满意度"}},
        {"net_sales": "money", "csat": "share"},
        {"region": {"East": {"en": "East", "zh": "华东"}},
         "measure": {name: one["label"] for name, one in CATALOGUE.items()}},
    ),
)  # fmt: skip


def decided(**other) -> dict:
    row = {
        "measure_id": "ab12", "measure": "win_back_partner", "title": "", "segment": "region=East",
        "parts": parts_of([("region", "East", "")]), "kpi": "net_sales", "proof_kpi": "net_sales",
        "tag": "partner", "period": "2025Q3", "owner": "Li", "due": datetime.date(2025, 11, 30),
        "state": "overdue", "closed_on": None, "expected_amount": 1_500_000.0, "effect": 812_000.0,
        "effect_low": 103_000.0, "effect_high": 1_520_000.0, "effect_verdict": "told", "effect_reason": "",
        "comparable": 12,
    }  # fmt: skip
    return row | other


def review(*rows: dict, caveats=()) -> MeasureReview:
    return MeasureReview(pd.DataFrame(list(rows), columns=[*DECIDED, *EFFECTS]), SCOPE, caveats)


def plan(*rows: dict) -> MeasurePlan:
    return MeasurePlan(pd.DataFrame(list(rows), columns=list(PROPOSED)), SCOPE)


def untold(reason: str, verdict="cannot_be_told") -> dict:
    none = {"effect": NAN, "effect_low": NAN, "effect_high": NAN}
    return decided(**none, effect_verdict=verdict, effect_reason=reason, state="open")


def text_of(result, language="en") -> str:
    section = section_of(result, words(language))
    return BeautifulSoup(section_html(section, words(language)), "html.parser").get_text(" ")


def table_of(result, language="en") -> Table:
    return next(block for block in section_of(result, words(language)).blocks if isinstance(block, Table))


def cells(table: Table, heading: str) -> tuple[str, ...]:
    return next(column.texts for column in table.columns if column.heading == heading)


def test_measures_are_told_with_state_owner_and_effect_beside_what_was_expected():
    told = review(decided(), decided(state="done", closed_on=datetime.date(2025, 11, 2), owner="Sun"))
    table = table_of(told)
    assert "2 measures decided before: 1 overdue, 0 open, 1 done, 0 dropped." in text_of(told)
    assert cells(table, "Measure") == ("Win the partner back",) * 2
    assert cells(table, "State") == ("overdue", "done, 2 Nov 2025")
    assert cells(table, "Expected")[0] == "+CNY 1.50 million"
    assert cells(table, "Effect")[0] == (
        "Net sales +CNY 812.0 thousand (+CNY 103.0 thousand to +CNY 1.52 million), "
        "against 12 comparable segments"
    )
    assert table.strong == (0,)


def test_an_effect_that_may_be_chance_or_is_shared_is_told_as_such():
    table = table_of(review(decided(effect_low=-5.0), decided(effect_reason="shared")))
    unsure, shared = cells(table, "Effect")
    assert "may be chance" in unsure
    assert "together with other measures" in shared


def test_a_share_moves_by_points():
    table = table_of(review(decided(proof_kpi="csat", effect=0.021, effect_low=0.01, effect_high=0.03)))
    assert "CSAT +2.1" in cells(table, "Effect")[0]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("pre_trend", "cannot_be_told"), ("placebo", "cannot_be_told"), ("few_comparable", "cannot_be_told"),
        ("no_history", "cannot_be_told"), ("no_noise", "cannot_be_told"), ("dropped", "cannot_be_told"),
        ("company_wide", "cannot_be_told"), ("no_kpi", "cannot_be_told"),
        ("not_by_segment", "cannot_be_told"), ("not_started", "too_early"), ("too_early", "too_early"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_told_with_its_reason_in_words(reason, verdict, language):
    said = text_of(review(untold(reason, verdict)), language)
    assert words(language)(f"measures.reason.{reason}") in said
    assert "_" not in reason or reason not in said


def test_nothing_decided_and_nothing_proposed_are_one_line_each():
    for result in (review(), plan()):
        section = section_of(result, words("en"))
        assert (section.kind, len(section.blocks)) == ("line", 1)


def test_measures_closed_longer_ago_are_counted():
    told = review(decided(), caveats=(Caveat("measures_older", "note", numbers={"n": 3}),))
    assert "3 measures closed longer ago are not listed." in text_of(told)
    assert "3 measures closed" in text_of(review(caveats=told.caveats))


def test_a_plan_names_the_segment_the_cause_the_owner_and_what_will_prove_it():
    table = table_of(plan(proposal(1, measure="win_back_partner"), proposal(2, owner="")))
    assert cells(table, "Segment") == ("R1", "R2")
    assert cells(table, "Owner") == ("Li", "to be named")
    assert cells(table, "Proven by") == ("Net sales",) * 2
    assert cells(table, "Id") == (proposal(1)["measure_id"], proposal(2)["measure_id"])


def test_how_to_complete_what_lacks_an_owner_is_said_only_where_something_does():
    command = "channel-analysis measures complete"
    assert command in text_of(plan(proposal(1), proposal(2, owner="")))
    assert command not in text_of(plan(proposal(1)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_that_mean_harm_stay_text(language):
    parts = parts_of([("region", HOSTILE, ""), ("partner", HOSTILE, HOSTILE)])
    bad = {"parts": parts, "owner": HOSTILE, "segment": HOSTILE, "kpi": HOSTILE, "proof_kpi": HOSTILE}
    for result in (
        review(decided(**bad, measure="", title=HOSTILE)),
        review(untold(HOSTILE)),
        plan(proposal(**bad, measure=HOSTILE, cause=HOSTILE, tag=HOSTILE)),
    ):
        page = section_html(section_of(result, words(language)), words(language))
        assert "<script" not in page
        assert BeautifulSoup(page, "html.parser").find("script") is None


def test_a_chinese_page_holds_no_english():
    rows = [decided(owner="李", due=None), untold("pre_trend") | {"owner": "李"}]
    shown = [text_of(review(*rows), "zh"), text_of(plan(proposal(1, owner="李", parts="[]")), "zh")]
    for said in shown:
        said = said.replace(proposal(1)["measure_id"], "").replace("win_back", "")
        assert re.findall(r"[A-Za-z]{3,}", said) == []


def test_every_measure_of_the_shipped_catalogue_has_a_label_in_both_languages_and_each_tag_has_some():
    for name, measure in CATALOGUE.items():
        assert set(measure["label"]) == {"en", "zh"}, name
    tags = [one["tag"] for one in CATALOGUE.values()]
    assert {tag: tags.count(tag) >= 2 for tag in set(tags)} == dict.fromkeys(
        ("positioning", "strategy", "people", "partner", "market", "data"), True
    )


def test_every_cause_of_the_catalogue_has_words_in_both_languages():
    causes = {cause for one in CATALOGUE.values() for cause in one.get("causes", ())}
    for language in ("en", "zh"):
        assert [one for one in causes if not words(language).has(f"root_cause.cause.{one}")] == []


def test_long_lists_end_with_how_many_more_there_are():
    table = table_of(review(*[decided(measure_id=str(n)) for n in range(25)]))
    assert len(table.columns[0].texts) == 20
    assert table.notes == ("5 more in the saved table.",)


def test_a_published_plan_enters_the_register_once_and_only_what_has_an_owner(tmp_path):
    (tmp_path / "tables").mkdir()
    rows = pd.DataFrame([proposal(1), proposal(2, owner="")])
    rows.to_parquet(tmp_path / "tables" / f"{MEASURES}.parquet")
    day = datetime.date(2025, 9, 30)
    for _ in range(2):
        follow_up(tmp_path, "2025Q3", day, tmp_path, [MEASURES])
        entries = MeasureRegister(tmp_path).entries()
        assert [(one.segment, one.state, one.origin) for one in entries.values()] == [
            ("region=R1", "open", "report")
        ]
        before = (tmp_path / FILE).read_bytes()
    follow_up(tmp_path, "2025Q3", day, tmp_path, [MEASURES])
    assert (tmp_path / FILE).read_bytes() == before
    assert MeasureRegister(tmp_path).digest("2025Q3", datetime.date(2025, 10, 1)) == ""


def test_tables_are_named_for_what_they_hold():
    assert set(review().tables()) == {"measures"}
    assert set(plan().tables()) == {MEASURES}
    assert any(isinstance(block, Prose) for block in section_of(plan(proposal()), words("en")).blocks)
    assert dataclasses.is_dataclass(plan())
    assert Policy.model_fields["measures"].default.per_finding >= 1

"""Measures: what findings propose, and what became of those decided before, effects included."""

import datetime

import numpy as np
import pandas as pd
import pytest

from channel_analysis.analysis.measures import measure_plan, measure_review, proposals_of
from channel_analysis.analysis.scope import resolve_period, scope_of
from channel_analysis.contracts.measures import Measure, Measures
from channel_analysis.contracts.policy import Policy
from channel_analysis.errors import InputError
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.rootcauses import RootCause
from channel_analysis.store.measure_entries import measure_id
from channel_analysis.store.measures import FILE, MeasureRegister
from tests.metrics.small_worlds import company, order

CATALOGUE = {
    "win_back": Measure(tag="partner", causes=("partner_lost",), due_days=30, expected_share=0.3),
    "support": Measure(tag="partner", causes=("partner_silent",)),
    "talk": Measure(tag="partner"),
    "repair": Measure(tag="data", expected_share=1.0),
}
LAST = datetime.date(2025, 9, 30)
REGIONS = [f"R{number}" for number in range(12)]


def rules(**other) -> Policy:
    base = Policy(channel_types={"distributor": {"family": "indirect"}})
    return base.model_copy(update={"measures": Measures(catalogue=CATALOGUE, **other)})


def sales(effect=0.3, drop=-0.3, seed=1) -> list[dict]:
    """Twelve regions over thirty months; the first falls in 2025Q3 and a measure brings it up in 2025Q4."""
    dice = np.random.default_rng(seed)
    rows = []
    for month in pd.date_range("2023-07-01", "2025-12-01", freq="MS"):
        shared = np.exp(dice.normal(0, 0.05))
        for number, region in enumerate(REGIONS):
            amount = (1000 + 100 * number) * shared * np.exp(dice.normal(0, 0.02))
            if number == 0 and month >= pd.Timestamp("2025-07-01"):
                amount *= 1 + drop
            if number == 0 and month >= pd.Timestamp("2025-10-01"):
                amount *= 1 + effect
            for day in (month, month + pd.offsets.MonthEnd(0)):
                rows.append(order(f"{day:%Y-%m-%d}", round(amount / 2, 2), region=region))
    return rows


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    kept = {"measure_id": "A1", "decided_on": "2025-05-01", "measure": "=cmd()", "owner_id": "S1",
            "due_on": "2025-08-01", "status": "open", "closed_on": None, "kpi": "net_sales",
            "expected_effect": 5, "channel_type": None, "region": "R3", "partner_id": None}  # fmt: skip
    table = [
        kept,
        kept | {"measure_id": "A2", "status": "proposed"},
        kept | {"measure_id": "A3", "region": None},
    ]
    return company(tmp_path_factory.mktemp("m") / "ours", sales=sales(), measures=table)


@pytest.fixture
def ws(world):
    (world.root / FILE).unlink(missing_ok=True)
    yield world
    (world.root / FILE).unlink(missing_ok=True)


def scope(ws, period="2025Q4"):
    return scope_of(ws, resolve_period(ws, period), load_kpis(ws))


def decide(ws, region="R0", title="push", **other):
    told = {"title": title, "where": {"region": region}, "kpi": "net_sales", "period": "2025Q3",
            "owner": "Li", "due": datetime.date(2025, 11, 30), "author": "W", "date": LAST}  # fmt: skip
    return MeasureRegister(ws).add(**{**told, **other})


def findings(*segments, causes=(("partner", "partner_lost", False),)) -> dict[str, pd.DataFrame]:
    """Segments (dimension, value, contribution), each with the same causes."""
    places = range(1, len(segments) + 1)
    return {
        "segments": pd.DataFrame(
            [(p, f"{d}={v}", c) for p, (d, v, c) in zip(places, segments, strict=True)],
            columns=["place", "segment", "contribution"],
        ),
        "parts": pd.DataFrame(
            [(p, d, v, "") for p, (d, v, _) in zip(places, segments, strict=True)],
            columns=["place", "dimension", "value", "name"],
        ),
        "causes": pd.DataFrame(
            [(p, r, *cause) for p in places for r, cause in enumerate(causes, start=1)],
            columns=["place", "rank", "tag", "cause", "is_refuted"],
        ),
    }


def proposed(ws, policy, *segments, kpi="net_sales", period="2025Q3", **other) -> pd.DataFrame:
    found = findings(*segments, **other)
    at = scope(ws, period)
    return proposals_of(policy, **found, scope=at, kpi=load_kpis(ws)[kpi], name=kpi)


def explained(ws, proposals, period="2025Q3") -> RootCause:
    heading = {"kpi": "net_sales", "unit": "money", "better": "higher", "period": period, "base": "2024Q3",
               "against": "last_year", "dimensions": ()}  # fmt: skip
    numbers = dict.fromkeys(("now", "before", "change", "usual", "p_value"), 0.0)
    codes = {"verdict": "segments", "noise": "", "placebo": "", "placebo_runs": 0}
    tables = ("ledger", "bridge", "drivers", "split", "segments", "causes")
    empty = {name: pd.DataFrame() for name in tables}
    parts = pd.DataFrame(columns=["place", "dimension", "value", "name"])
    return RootCause(**heading, **numbers, **codes, **empty, parts=parts, proposals=proposals,
                     scope=scope(ws, period))  # fmt: skip


# What is proposed


def test_only_segments_that_went_the_wrong_way_get_measures(ws):
    table = proposed(ws, rules(), ("region", "R0", -100.0), ("region", "R1", 80.0))
    assert set(table["segment"]) == {"region=R0"}
    costs = proposed(ws, rules(), ("region", "R0", -1.0), ("region", "R1", 2.0), kpi="return_rate")
    assert set(costs["segment"]) == {"region=R1"}


def test_a_measure_for_the_very_cause_comes_first_then_those_for_its_tag_up_to_the_policy_s_number(ws):
    table = proposed(ws, rules(), ("region", "R0", -100.0))
    assert list(table["measure"]) == ["win_back", "talk"]
    assert list(proposed(ws, rules(per_finding=1), ("region", "R0", -100.0))["measure"]) == ["win_back"]


def test_causes_that_were_refuted_propose_nothing(ws):
    causes = (("partner", "partner_lost", True), ("data", "feed", False))
    assert list(proposed(ws, rules(), ("region", "R0", -9.0), causes=causes)["measure"]) == ["repair"]


def test_expected_amount_owner_due_date_and_id_follow_the_policy_and_the_data(ws):
    policy = rules(default_owner="Boss", owners_by_region={"R0": "Li"}, due_days=45)
    first, second, *_ = proposed(ws, policy, ("region", "R0", -100.0)).to_dict("records")
    assert (first["expected_amount"], first["owner"], first["state"]) == (pytest.approx(30), "Li", "complete")
    assert first["due"] == LAST + datetime.timedelta(days=30)
    assert second["due"] == LAST + datetime.timedelta(days=45)
    assert first["measure_id"] == measure_id("2025Q3", "net_sales", "region=R0", "win_back")
    other = proposed(ws, policy, ("region", "R1", -100.0))
    assert set(other["owner"]) == {"Boss"}
    by_type = rules(owners_by_channel_type={"distributor": "Wu"})
    assert set(proposed(ws, by_type, ("channel_type", "distributor", -1.0))["owner"]) == {"Wu"}
    assert set(proposed(ws, rules(), ("region", "R1", -100.0))["state"]) == {"proposed"}


def test_a_plan_shows_the_same_whether_the_register_holds_its_measures_already_or_not(ws):
    told = explained(ws, proposed(ws, rules(default_owner="Li"), ("region", "R0", -100.0)))
    at = scope(ws, "2025Q3")
    before = measure_plan(ws, at, [told, told]).proposals
    MeasureRegister(ws).enter(before, "2025Q3")
    pd.testing.assert_frame_equal(measure_plan(ws, at, [told]).proposals, before)
    assert len(measure_review(ws, at).measures) == 2
    done = {"owner": "Sun", "due": None, "author": "W", "date": datetime.date(2025, 10, 9)}
    MeasureRegister(ws).complete(before["measure_id"][0], before.assign(period="2025Q3"), **done)
    after = measure_plan(ws, at, [told]).proposals
    assert (after["owner"][0], after["state"][0]) == ("Sun", "registered")


# What was decided before


def test_a_planted_effect_is_found_against_the_other_regions(ws):
    decide(ws)
    row = measure_review(ws, scope(ws)).measures.set_index("title").loc["push"]
    values = {(r["region"], r["order_date"][:7]): r["net_amount"] for r in sales()}
    own = 2 * sum(values["R0", month] for month in ("2025-10", "2025-11", "2025-12"))
    truth = own * 0.3 / 1.3
    assert (row["effect_verdict"], row["state"]) == ("told", "overdue")
    assert 0 < row["effect_low"] < truth < row["effect_high"]
    assert row["comparable"] == 10  # all but its own and the one with a measure of the company's table


def test_a_measure_about_a_region_where_nothing_happened_has_no_certain_effect(ws):
    decide(ws, region="R5")
    row = measure_review(ws, scope(ws)).measures.set_index("title").loc["push"]
    assert row["effect_verdict"] != "told" or row["effect_low"] < 0 < row["effect_high"]


def test_two_measures_on_one_segment_are_told_to_share_their_effect(ws):
    decide(ws)
    decide(ws, title="pull")
    rows = measure_review(ws, scope(ws)).measures.set_index("title").loc[["push", "pull"]]
    assert list(rows["effect_reason"]) == ["shared", "shared"]
    assert rows["effect"].nunique() == 1


@pytest.mark.parametrize(
    ("other", "verdict", "reason"),
    [
        ({"where": {}}, "cannot_be_told", "company_wide"),
        ({"kpi": "market_share"}, "cannot_be_told", "not_by_segment"),
        ({"kpi": "my_own"}, "cannot_be_told", "no_kpi"),
        ({"region": "Nowhere"}, "cannot_be_told", "no_history"),
        ({"where": {"team": "x"}}, "cannot_be_told", "no_history"),
        ({"where": {"colour": "x"}}, "cannot_be_told", "not_by_segment"),
        ({"date": datetime.date(2025, 11, 3)}, "too_early", "too_early"),
        (
            {"date": datetime.date(2025, 12, 30), "due": datetime.date(2026, 1, 30)},
            "too_early",
            "not_started",
        ),
    ],
)
def test_what_cannot_be_told_has_a_reason(ws, other, verdict, reason):
    decide(ws, **other)
    row = measure_review(ws, scope(ws)).measures.set_index("title").loc["push"]
    assert (row["effect_verdict"], row["effect_reason"]) == (verdict, reason)


def test_a_dropped_measure_has_no_effect_and_hinders_no_other(ws):
    made = decide(ws, title="dropped one", region="R4")
    MeasureRegister(ws).close(made.measure_id, author="W", note="x", date=LAST, state="dropped")
    decide(ws)
    rows = measure_review(ws, scope(ws)).measures.set_index("title")
    assert rows.loc["dropped one", "effect_reason"] == "dropped"
    assert rows.loc["push", "comparable"] == 10


def test_overdue_measures_come_first_and_those_of_the_company_s_own_table_are_among_them(ws):
    decide(ws, title="open one", due=datetime.date(2026, 2, 1))
    done = decide(ws, title="done one", region="R7")
    MeasureRegister(ws).close(done.measure_id, author="W", note="x", date=LAST)
    table = measure_review(ws, scope(ws)).measures
    assert list(table["state"]) == ["overdue", "overdue", "open", "done"]
    assert list(table["measure_id"][:2]) == ["A1", "A3"]
    assert list(table["title"][:2]) == ["=cmd()", "=cmd()"]


def test_measures_decided_later_do_not_show_and_old_closed_ones_are_counted(ws):
    decide(ws, title="later", date=datetime.date(2026, 1, 5), due=datetime.date(2026, 2, 1))
    old = decide(ws, title="old", date=datetime.date(2024, 1, 5), due=datetime.date(2024, 2, 1))
    MeasureRegister(ws).close(old.measure_id, author="W", note="x", date=datetime.date(2024, 2, 1))
    told = measure_review(ws, scope(ws))
    assert list(told.measures["measure_id"]) == ["A1", "A3"]
    assert [(one.code, one.numbers["n"]) for one in told.caveats] == [("measures_older", 1)]


def test_a_damaged_register_stops_a_review_with_a_message(ws):
    (ws.root / FILE).write_bytes(b"no table")
    for ask in (lambda: measure_review(ws, scope(ws)), lambda: measure_plan(ws, scope(ws), [])):
        with pytest.raises(InputError, match=FILE):
            ask()


def test_two_reviews_of_the_same_are_the_same(ws):
    decide(ws)
    first, second = (measure_review(ws, scope(ws)).measures for _ in range(2))
    pd.testing.assert_frame_equal(first, second)

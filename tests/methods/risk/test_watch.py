"""The watch list costs least, and what became of earlier warnings is told truly."""

import datetime
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.methods.risk.watch import expected_loss, expected_saving, follow_up_of, watch_list

COST, SHARE = 2_000.0, 0.3
UNTIL = datetime.date(2025, 12, 31)


def partners(*rows) -> pd.DataFrame:
    """Give partners as (id, expected loss[, trigger[, status]])."""
    full = [(*row, "", "scored")[:4] if len(row) == 2 else (*row, "scored")[:4] for row in rows]
    return pd.DataFrame(full, columns=["partner_id", "expected_loss", "trigger", "status"])


def places(frame: pd.DataFrame, capacity=15, cost=COST) -> dict[str, int]:
    listed = watch_list(frame, capacity, cost, SHARE)
    told = dict(zip(frame["partner_id"], listed, strict=True))
    return {name: int(place) for name, place in told.items() if not np.isnan(place)}


def test_the_expected_loss_is_the_probability_times_all_that_is_at_stake():
    money = [pd.Series([value], index=["P1"]) for value in (0.25, 10_000.0, 4_000.0, 2_000.0)]
    assert expected_loss(*money).loc["P1"].tolist() == [4_000.0, ""]


def test_money_that_is_not_known_counts_as_nothing_and_is_named():
    money = [pd.Series([value, value]) for value in (0.5, None, 100.0, None)]
    assert expected_loss(*money).values.tolist() == [[50.0, "receivable, margin"]] * 2


def test_a_credit_balance_is_no_money_at_stake_and_hides_none():
    money = [pd.Series([value]) for value in (0.5, -900.0, 100.0, 0.0)]
    assert expected_loss(*money).values.tolist() == [[50.0, ""]]


def test_without_a_probability_there_is_no_expected_loss():
    money = [pd.Series([value]) for value in (None, 1.0, 1.0, 1.0)]
    assert np.isnan(expected_loss(*money)["expected_loss"].iloc[0])


def test_the_list_holds_those_whose_review_saves_more_than_it_costs_best_first():
    frame = partners(("A", 10_000.0), ("B", 50_000.0), ("C", 6_666.0), ("D", 6_667.0))
    assert places(frame) == {"B": 1, "A": 2, "D": 3}
    assert expected_saving(frame["expected_loss"], COST, SHARE).round(1).tolist() == [
        1_000.0, 13_000.0, -0.2, 0.1,
    ]  # fmt: skip


def test_a_review_that_saves_just_what_it_costs_is_not_made():
    assert places(partners(("A", 20_000.0)), cost=6_000.0) == {}


def test_the_list_ends_at_the_reviewers_capacity_and_equals_go_by_id():
    frame = partners(("C", 9_000.0), ("B", 9_000.0), ("A", 8_000.0))
    assert places(frame, capacity=2) == {"B": 1, "C": 2}
    assert places(frame, capacity=0) == {}


def test_triggered_partners_come_first_whatever_they_may_cost():
    frame = partners(("A", 90_000.0), ("B", 1.0, "insolvency"), ("C", np.nan, "default", "insufficient"))
    assert places(frame) == {"B": 1, "C": 2, "A": 3}
    assert places(frame, capacity=1) == {"B": 1}


def test_partners_about_whom_nothing_can_be_told_are_never_listed():
    frame = partners(
        ("A", 90_000.0, "", "insufficient"), ("B", 90_000.0, "", "untold"), ("C", 90_000.0, "", "cold_start"),
        ("D", np.nan),
    )  # fmt: skip
    assert places(frame) == {"C": 1}


def test_equal_index_labels_and_no_partners_are_no_trouble():
    frame = partners(("A", 9_000.0), ("B", 9_500.0))
    assert watch_list(frame.set_axis(["x", "x"]), 5, COST, SHARE).tolist() == [2.0, 1.0]
    assert len(watch_list(partners().astype({"expected_loss": float}), 5, COST, SHARE)) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 40_000), st.sampled_from(["", "", "", "default"])), max_size=7),
    st.integers(0, 5), st.floats(0, 9_000), st.floats(0, 1),
)  # fmt: skip
def test_no_other_list_within_the_capacity_has_a_lower_expected_cost(given_rows, capacity, cost, share):
    frame = partners(*((f"P{n}", loss, trigger) for n, (loss, trigger) in enumerate(given_rows)))
    frame = frame.astype({"expected_loss": float, "trigger": object})
    loss = frame["expected_loss"].to_numpy()
    triggered = frozenset(np.flatnonzero(frame["trigger"] != "").tolist())

    def expected_cost(chosen) -> float:
        inside = loss[list(chosen)].sum()
        return cost * len(chosen) + (1 - share) * inside + loss.sum() - inside

    listed = set(np.flatnonzero(watch_list(frame, capacity, cost, share).notna()).tolist())
    assert len(listed) <= capacity
    every = [
        frozenset(some) for size in range(capacity + 1) for some in combinations(range(len(frame)), size)
    ]
    allowed = [some for some in every if len(some & triggered) == min(len(triggered), capacity)]
    assert expected_cost(listed) <= min(map(expected_cost, allowed)) + 1e-6


def alert(partner="P1", period="2025Q1", as_of="2025-03-31", horizon=6, gap=1) -> dict:
    return {
        "partner_id": partner, "period": period, "as_of": datetime.date.fromisoformat(as_of),
        "probability": 0.5, "band": "red", "horizon_months": horizon, "gap_months": gap,
    }  # fmt: skip


def followed(alerts, outcomes=(), until=UNTIL) -> list[list]:
    ends = pd.DataFrame(list(outcomes), columns=["partner_id", "ended_on", "ending"])
    told = follow_up_of(pd.DataFrame(list(alerts)), ends, until)
    return (
        told[["outcome", "ending", "days"]].astype(object).where(told["days"].notna(), None).values.tolist()
    )


def outcomes_of(alerts, outcomes=(), until=UNTIL) -> list[str]:
    ends = pd.DataFrame(list(outcomes), columns=["partner_id", "ended_on", "ending"])
    return follow_up_of(pd.DataFrame(list(alerts)), ends, until)["outcome"].tolist()


def test_a_partner_that_ended_within_the_window_is_told_with_how_and_how_many_days_later():
    assert followed([alert()], [("P1", "2025-10-31", "default")]) == [["ended", "default", 214.0]]
    assert outcomes_of([alert()], [("P1", "2025-11-01", "default")]) == ["held"]


def test_an_end_in_the_gap_counts_and_one_before_the_warning_does_not():
    assert followed([alert()], [("P1", "2025-04-01", "event")]) == [["ended", "event", 1.0]]
    assert outcomes_of([alert()], [("P1", "2025-03-31", "event")]) == ["held"]


@pytest.mark.parametrize(("until", "outcome"), [("2025-10-30", "open"), ("2025-10-31", "held")])
def test_a_window_that_is_not_over_is_open(until, outcome):
    assert outcomes_of([alert()], until=datetime.date.fromisoformat(until)) == [outcome]


def test_what_the_data_do_not_reach_yet_is_not_known():
    late = [("P1", "2025-10-15", "churn")]
    assert outcomes_of([alert()], late, datetime.date(2025, 9, 30)) == ["open"]


def test_one_whom_we_let_go_first_is_ours_and_one_who_failed_first_is_not():
    both = [("P1", "2025-06-01", "ours"), ("P1", "2025-07-01", "default")]
    told = follow_up_of(
        pd.DataFrame([alert()]), pd.DataFrame(both, columns=["partner_id", "ended_on", "ending"]), UNTIL
    )
    assert told[["outcome", "ending", "days"]].values.tolist() == [["ours", "", 62.0]]
    assert outcomes_of([alert()], [("P1", "2025-06-01", "default"), ("P1", "2025-07-01", "ours")]) == [
        "ended"
    ]
    assert outcomes_of([alert()], [("P1", "2025-06-01", "ours"), ("P1", "2025-06-01", "event")]) == ["ended"]


def test_every_alert_has_one_row_in_its_order_whatever_names_hold():
    odd = "=cmd()'\"<script>"
    alerts = [alert(odd), alert("P2"), alert(odd, "2025Q2", "2025-06-30")]
    told = follow_up_of(
        pd.DataFrame(alerts),
        pd.DataFrame([(odd, "2025-09-30", "churn")], columns=["partner_id", "ended_on", "ending"]),
        UNTIL,
    )
    assert told["partner_id"].tolist() == [odd, "P2", odd]
    assert told["outcome"].tolist() == ["ended", "held", "ended"]
    assert told["days"].fillna(-1).tolist() == [183.0, -1.0, 92.0]
    assert told["issued_on"].tolist() == [one["as_of"] for one in alerts]


def test_without_alerts_there_is_nothing_to_follow():
    nothing = pd.DataFrame([alert()]).iloc[:0]
    ends = pd.DataFrame([("P1", "2025-06-01", "ours")], columns=["partner_id", "ended_on", "ending"])
    assert len(follow_up_of(nothing, ends, UNTIL)) == 0

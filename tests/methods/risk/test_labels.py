"""Which ends are bad: what counts, what is chance, what is excluded, what nobody can know yet."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.contracts.risk import Endings, Risk
from channel_analysis.methods.risk.labels import labels_of, state_of

SOUND = {
    "partner_id": "P", "snapshot": "2024-06-30", "window_start": "2024-08-01", "window_end": "2025-01-31",
    "is_complete": True, "net": 600.0, "net_before": 600.0, "orders": 12.0, "orders_before": 12.0,
    "overdue_share": 0.0, "written_off": 0.0, "insolvency": 0.0, "dishonest_debtor": 0.0, "termination": 0.0,
    "exit_on": None, "exit_reason": None, "left_on": None, "days_since_order": 5.0, "trade_months": 40.0,
    "gaps": 30.0, "gap_p95": 40.0, "default_overdue": 0.0, "receivable": 100.0,
}  # fmt: skip


def outcomes(*rows: dict) -> pd.DataFrame:
    frame = pd.DataFrame([SOUND | row for row in rows])
    for name in ("snapshot", "window_start", "window_end", "exit_on", "left_on"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def label(rules: Risk | None = None, **row) -> pd.Series:
    return labels_of(outcomes(row), rules or Risk()).iloc[0]


def test_a_sound_partner_has_no_bad_end():
    found = label()
    assert (found["label"], found["ending"], found["status"]) == (0.0, "", "eligible")
    assert found[["decline", "churn", "default", "event"]].to_list() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("row", "ending"),
    [
        ({"net": 200.0, "orders": 3.0}, "decline"),
        ({"net": 0.0, "orders": 0.0, "trade_months": 9.0}, "churn"),
        ({"exit_on": "2024-10-01", "exit_reason": "theirs"}, "churn"),
        ({"exit_on": "2024-10-01", "exit_reason": "failure"}, "event"),
        ({"overdue_share": 0.10}, "default"),
        ({"written_off": 2.0}, "default"),
        ({"insolvency": 1.0}, "event"),
        ({"dishonest_debtor": 1.0, "written_off": 1.0, "orders": 0.0}, "event"),
    ],
)
def test_each_bad_end_is_found_and_told_by_its_gravest_kind(row, ending):
    found = label(**row)
    assert (found["label"], found["ending"]) == (1.0, ending)


def test_one_invoice_written_off_may_be_in_dispute_and_is_no_default():
    assert label(written_off=1.0)["label"] == 0.0


def test_a_fall_to_so_few_orders_that_chance_could_have_made_it_is_no_decline():
    assert label(net=10.0, orders=1.0, orders_before=3.0)["decline"] == 0
    assert label(net=10.0, orders=0.0, orders_before=5.0)["decline"] == 1
    assert label(net=10.0, orders=0.0, orders_before=4.0)["decline"] == 0


def test_fewer_than_one_in_twenty_partners_without_any_change_are_called_declining():
    dice = np.random.default_rng(3)
    now, before = dice.poisson(6, (2, 20_000)).astype(float)
    rows = pd.concat([outcomes({})] * 20_000, ignore_index=True)
    rows = rows.assign(orders=now, orders_before=before, net=100 * now, net_before=100 * before)
    assert 0 < labels_of(rows, Risk())["decline"].mean() < 0.05


def test_without_trade_before_last_years_months_a_decline_cannot_be_told():
    found = label(net=0.0, orders=3.0, trade_months=11.0)
    assert np.isnan(found["decline"])
    assert found["label"] == 0


def test_a_partner_that_orders_once_a_year_has_not_churned_after_half_a_year():
    assert label(net=0.0, orders=0.0, orders_before=0.0, net_before=0.0, gap_p95=380.0)["label"] == 0


def test_silence_of_a_partner_whose_rhythm_nobody_knows_is_not_labelled():
    found = label(net=0.0, orders=0.0, orders_before=1.0, gaps=2.0)
    assert np.isnan(found["churn"]) and np.isnan(found["label"])


def test_what_lies_beyond_the_data_is_censored_and_never_good():
    found = label(is_complete=False)
    assert found["status"] == "censored"
    assert np.isnan(found["label"])
    assert np.isnan(label(is_complete=False, insolvency=1.0)["label"])


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"exit_on": "2024-10-01", "exit_reason": "ours", "net": 0.0, "orders": 0.0}, "ours"),
        ({"exit_on": "2024-07-15", "exit_reason": "theirs"}, "gone"),
        ({"exit_on": "2024-05-15", "left_on": "2024-05-15", "exit_reason": "ours"}, "gone"),
        ({"trade_months": 6.0}, "new"),
        ({"trade_months": np.nan, "days_since_order": np.nan, "gaps": 0.0, "gap_p95": np.nan}, "new"),
        ({"days_since_order": 200.0}, "idle"),
        ({"default_overdue": 10.0}, "defaulted"),
    ],
)
def test_partners_that_are_no_case_for_early_warning_have_no_label(row, status):
    found = label(**row)
    assert found["status"] == status
    assert np.isnan(found["label"])
    assert found["ending"] == ""


def test_a_slow_partner_is_not_idle_within_its_own_rhythm():
    assert label(days_since_order=200.0, gap_p95=260.0)["status"] == "eligible"


def test_only_the_endings_that_the_policy_counts_make_a_label():
    rules = Risk(endings=Endings(counted=("churn",)))
    found = label(rules, insolvency=1.0, overdue_share=1.0)
    assert (found["label"], found["ending"], found["event"], found["default"]) == (0.0, "", 1.0, 1.0)


def test_what_no_table_tells_is_unknown_and_does_not_hide_the_rest():
    none = dict.fromkeys(
        ("overdue_share", "written_off", "insolvency", "dishonest_debtor", "termination"), np.nan
    )
    found = label(**none, receivable=np.nan, default_overdue=np.nan)
    assert np.isnan(found["default"]) and np.isnan(found["event"])
    assert found["label"] == 0


def test_the_state_at_a_snapshot_uses_nothing_of_its_future():
    rows = outcomes({}, {"trade_months": 2.0}, {"days_since_order": 400.0})
    at_the_day = rows[
        ["left_on", "days_since_order", "trade_months", "gaps", "gap_p95", "default_overdue", "receivable"]
    ]
    assert state_of(at_the_day, Risk()).tolist() == ["eligible", "new", "idle"]

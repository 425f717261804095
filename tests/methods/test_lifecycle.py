"""States of partners, how long they ramp up, and concentration: against other software and by hand."""

import datetime
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.policy import ChannelType, Policy
from channel_analysis.methods.lifecycle import (
    STATES,
    concentration,
    losses,
    ramp_times,
    states_of,
    steady_days,
    survival_median,
    transitions,
)
from channel_analysis.metrics.periods import parse_period

DAY = datetime.date.fromisoformat
POLICY = Policy(
    channel_types={
        "agent": ChannelType(family="indirect"),
        "retailer": ChannelType(family="indirect", activity_window_months=6, churn_window_months=12),
    }
)
QUARTER, BEGINS = parse_period("2025Q2"), DAY("2023-01-01")
NOBODY = pd.Series(dtype=object)


@pytest.mark.parametrize(
    ("life", "state"),
    [
        ({"contract_start": "2025-05-01"}, "new"),
        ({"contract_start": "2024-01-01"}, "dormant"),
        ({"contract_start": "2024-01-01", "left_on": "2025-04-01"}, "lost"),
        ({"contract_start": "2025-03-01", "first_order": "2025-04-02", "last_order": "2025-04-02"}, "new"),
        ({"contract_start": "2024-11-01", "first_order": "2024-12-02", "last_order": "2025-05-02"}, "ramp"),
        ({"contract_start": "2019-11-01", "first_order": "2023-01-02", "last_order": "2025-05-02"}, "active"),
        ({"first_order": "2023-02-02", "last_order": "2025-05-02"}, "active"),
        ({"first_order": "2023-02-02", "last_order": "2025-02-02"}, "dormant"),
        ({"first_order": "2023-02-02", "last_order": "2024-12-31"}, "lost"),
        ({"first_order": "2023-02-02", "last_order": "2024-12-31", "channel_type": "retailer"}, "dormant"),
        ({"first_order": "2023-02-02", "last_order": "2025-01-02", "channel_type": "retailer"}, "active"),
        (
            {"first_order": "2023-02-02", "last_before": "2024-08-30", "first_within": "2025-04-02",
             "last_order": "2025-05-02"},
            "reactivated",
        ),
        ({"first_order": "2023-02-02", "last_order": "2025-05-02", "left_on": "2025-03-31"}, "active"),
    ],
)  # fmt: skip
def test_the_state_of_a_partner_follows_from_its_days(life, state):
    assert states_of(lives(life), QUARTER, POLICY, NOBODY, BEGINS).to_list() == [state]


def test_a_partner_whose_level_is_steady_is_active_and_no_longer_in_ramp():
    life = lives({"contract_start": "2024-11-01", "first_order": "2024-12-02", "last_order": "2025-05-02"})
    assert states_of(life, QUARTER, POLICY, pd.Series({"P0": DAY("2025-05-01")}), BEGINS).to_list() == [
        "active"
    ]


def test_a_level_is_steady_from_the_month_it_stops_rising():
    """1, 2, 4, 8, 8, 8, 8, 8: three months at 24 follow three at 20 with a rise, then 24 follow 24."""
    shares = [1, 2, 4, 8, 8, 8, 8, 8, 8]
    rows = [{"partner_id": "A", "month": 12 * 2024 + i, "share": s / 100} for i, s in enumerate(shares)]
    rows += [{"partner_id": "B", "month": 12 * 2024 + i, "share": 1.5**i} for i in range(9)]
    found = steady_days(pd.DataFrame(rows), DAY("2024-10-01"))
    assert found.to_dict() == {"A": DAY("2024-06-01") + datetime.timedelta(days=30)}


def test_months_to_come_tell_nothing_of_the_level():
    rows = pd.DataFrame([{"partner_id": "A", "month": 12 * 2024 + i, "share": 0.1} for i in range(12)])
    assert steady_days(rows, DAY("2024-06-01")).empty
    assert steady_days(rows, DAY("2024-07-01")).to_dict() == {"A": DAY("2024-04-01")}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=3, max_size=60))
def test_median_times_are_those_of_statsmodels(watched):
    from statsmodels.duration.survfunc import SurvfuncRight

    days, reached = np.array([float(d) for d, _ in watched]), np.array([r for _, r in watched])
    found = survival_median(days, reached)
    if not reached.any():
        assert math.isnan(found.median)
        return
    other = SurvfuncRight(days, reached.astype(int))
    below = other.surv_times[other.surv_prob <= 0.5 + 1e-12]
    assert (found.median if not math.isnan(found.median) else None) == (below[0] if len(below) else None)
    if len(below):
        assert not found.low > found.median
        assert not found.high < found.median


def test_the_interval_of_a_median_is_that_of_brookmeyer_and_crowley():
    from statsmodels.duration.survfunc import SurvfuncRight

    dice = np.random.default_rng(3)
    days, end = dice.exponential(50, 200).round(2), dice.uniform(20, 120, 200).round(2)
    watched, reached = np.minimum(days, end), days <= end
    low, high = SurvfuncRight(watched, reached.astype(int)).quantile_ci(0.5, method="cloglog")
    found = survival_median(watched, reached)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_those_not_there_yet_are_not_left_out_of_the_ramp():
    rows = [
        {"contract_start": "2025-01-01", "first_order": "2025-01-11"},
        {"contract_start": "2025-01-01", "first_order": "2025-01-31"},
        {"contract_start": "2025-02-01"},
        {"contract_start": "2025-02-01", "left_on": "2025-02-05"},
        {"contract_start": "2022-02-01", "first_order": "2023-01-01"},
    ]
    found = ramp_times(lives(*rows), NOBODY, DAY("2025-07-01"), BEGINS).set_index(["channel_type", "step"])
    first = found.loc[("", "first_order")]
    assert (first["partners"], first["reached"], first["median"]) == (4, 2, 30)
    assert (found.loc[("", "steady"), "reached"], math.isnan(found.loc[("", "steady"), "median"])) == (
        0,
        True,
    )


def test_every_partner_is_in_one_cell_of_the_transitions():
    before, now = pd.Series(["", "new", "active", "active"]), pd.Series(["new", "ramp", "lost", "active"])
    found = transitions(before, now, pd.Series([1.0, 2, 3, 4]))
    assert (found["partners"].sum(), found["net_sales"].sum()) == (4, 10)
    assert found.set_index(["before", "now"]).loc[("active", "lost")].to_list() == [1, 3]
    assert set(found["now"]) == set(STATES)


def test_concentration_of_four_partners_by_hand():
    found = concentration(sold(50, 30, 20, -5)).set_index(["level", "entity"]).loc["company", ""]
    assert found["hhi"] == pytest.approx(3800)
    assert found["effective"] == pytest.approx(10_000 / 3800)
    assert (found["top_1"], found["top_5"], found["net_sales"]) == (0.5, 1, 100)
    assert (found["partners"], found["negative_partners"], found["negative_amount"]) == (3, 1, -5)
    assert found["gini"] == pytest.approx(0.2 * 3 / 2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=30))
def test_ginis_coefficient_is_the_mean_difference_over_twice_the_mean(amounts):
    numbers = np.array(amounts, dtype=float)
    n = len(numbers)
    mean_difference = np.abs(numbers[:, None] - numbers[None, :]).sum() / (n * (n - 1))
    found = concentration(sold(*amounts)).iloc[0]["gini"]
    assert found == pytest.approx(mean_difference / (2 * numbers.mean()), abs=1e-12)


def test_one_partner_alone_and_nobody_at_all_have_an_answer():
    alone, nobody = concentration(sold(7)).iloc[0], concentration(sold()).iloc[0]
    assert (alone["hhi"], alone["effective"], math.isnan(alone["gini"])) == (10_000, 1, True)
    assert nobody["partners"] == 0
    assert math.isnan(nobody["hhi"])
    assert losses(sold(), {"net_sales": 0.0, "gross_profit": 0.0})["lost"].sum() == 0


def test_a_region_with_only_the_largest_partner_would_have_none_left():
    partners = sold(500, 300, 200).assign(region=["West", "East", "East"], gross_profit=[50.0, 90.0, 60.0])
    found = losses(partners, {"net_sales": 2000.0, "gross_profit": 400.0}).set_index(
        ["loss", "level", "entity"]
    )
    assert found.loc[("top_1", "region", "West"), "left"] == 0
    assert found.loc[("top_1", "company", ""), ["net_share", "profit_share"]].to_list() == [0.25, 0.125]
    assert found.loc[("top_1", "channel_type", "agent"), "net_share"] == 0.5
    assert found.loc[("top_5", "company", ""), ["lost", "left"]].to_list() == [3, 0]


def lives(*rows: dict) -> pd.DataFrame:
    """Partners' lives: days as text; what is not said is not known."""
    blank = dict.fromkeys(
        ("contract_start", "left_on", "first_order", "last_order", "last_before", "first_within"), None
    )
    frame = [
        {"partner_id": f"P{i}", "channel_type": "agent", "region": "East"}
        | blank
        | {name: DAY(value) if name in blank else value for name, value in row.items()}
        for i, row in enumerate(rows)
    ]
    return pd.DataFrame(frame).astype(object)


def sold(*amounts: float) -> pd.DataFrame:
    """Partners of one type and region by their net sales."""
    return pd.DataFrame(
        {
            "partner_id": [f"P{i}" for i in range(len(amounts))],
            "channel_type": "agent",
            "region": "East",
            "net_sales": np.array(amounts, dtype=float),
            "gross_profit": 0.0,
        }
    )

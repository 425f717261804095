"""Other rules tried on the last periods: who moves, what it costs, and every mistake in them at once."""

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import channel_analysis as ca
from channel_analysis.analysis.what_if import changed_policy, replay
from channel_analysis.contracts.policy import Policy
from channel_analysis.errors import InputError
from channel_analysis.files import CATALOG, overlay, read_toml
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.workspace import read_policy
from tests.metrics.small_worlds import company, order, partner

POLICY = changed_policy(
    read_policy([CATALOG / "policy.toml"]),
    {"partners": {"tiers": {
        "gold": {"begins": 95, "rebate_rate": 0.01}, "silver": {"begins": 80, "rebate_rate": 0.005},
        "standard": {"begins": 55, "rebate_rate": 0.0}, "improvement": {"begins": 30, "rebate_rate": 0.0},
        "review": {"begins": 0, "rebate_rate": 0.0},
    }}},
)  # fmt: skip
NAN = float("nan")
SCORES = {
    "2025Q2": [("A", 100.0, 1000.0), ("B", 85.0, 2000.0), ("C", 50.0, 500.0), ("D", NAN, 700.0)],
    "2025Q3": [("A", 90.0, 1000.0), ("B", 60.0, -50.0), ("E", 96.0, NAN)],
}


def appraised(_ws, period, policy):
    """Partners of given scores, in the highest tier that begins at their score or below."""
    rows = []
    for entity, score, sales in SCORES[period.code]:
        tiers = [(tier.begins, name) for name, tier in policy.partners.tiers.items() if tier.begins <= score]
        rows.append((entity, "agent", max(tiers)[1] if tiers else "", score, sales))
    names = ["entity", "group", "tier", "score", "net_sales"]
    return SimpleNamespace(partners=pd.DataFrame(rows, columns=names))


def replayed(changes, codes=("2025Q2", "2025Q3")):
    periods = [parse_period(code) for code in codes]
    return replay(None, periods, POLICY, changed_policy(POLICY, changes), appraised)


def gold_at(begins: float, rate: float = 0.01) -> dict:
    return {"partners": {"tiers": {"gold": {"begins": begins, "rebate_rate": rate}}}}


def test_who_moves_between_tiers_and_what_it_costs_period_by_period():
    result = replayed(gold_at(85))
    assert result.moves[["period", "entity", "tier_today", "tier_changed", "move"]].to_numpy().tolist() == [
        ["2025Q2", "B", "silver", "gold", "risen"], ["2025Q3", "A", "silver", "gold", "risen"],
    ]  # fmt: skip
    costs = result.costs.set_index("period")
    # 2025Q2: A gold 1 %, B silver 0.5 % and then gold 1 %; 2025Q3: A silver and then gold
    assert costs["cost_today"].tolist() == pytest.approx([10 + 10, 5])
    assert costs["cost_changed"].tolist() == pytest.approx([10 + 20, 10])
    assert costs[["partners", "risen", "fallen", "entered", "left"]].to_numpy().tolist() == [
        [4, 1, 0, 0, 0], [3, 1, 0, 0, 0],
    ]  # fmt: skip
    assert result.periods == ("2025Q2", "2025Q3")


def test_a_higher_bar_lets_fall_and_a_new_tier_takes_in():
    platinum = {
        "partners": {"tiers": {"platinum": {"begins": 99, "rebate_rate": 0.05}, "gold": {"begins": 98}}}
    }
    moves = replayed(platinum).moves.set_index(["period", "entity"])["move"].to_dict()
    assert moves == {("2025Q2", "A"): "risen", ("2025Q3", "E"): "fallen"}


def test_who_has_no_score_has_no_tier_and_no_cost_and_sales_below_0_cost_nothing():
    table = replayed(gold_at(0)).partners.set_index(["period", "entity"])
    assert table.loc[("2025Q2", "D"), ["tier_today", "tier_changed", "move"]].tolist() == ["", "", ""]
    assert table.loc[("2025Q2", "D"), "cost_changed"] == 0
    assert table.loc[("2025Q3", "B"), "cost_changed"] == 0
    assert table.loc[("2025Q3", "E"), "cost_changed"] == 0


@settings(max_examples=30, deadline=None)
@given(st.floats(80, 120), st.floats(0, 1))
def test_costs_add_up_and_unchanged_rules_move_nobody(begins, rate):
    result = replayed(gold_at(begins, rate))
    for column in ("cost_today", "cost_changed", "cost_change"):
        assert result.costs[column].sum() == pytest.approx(result.partners[column].sum())
    change = result.partners["cost_changed"] - result.partners["cost_today"]
    assert result.partners["cost_change"].tolist() == pytest.approx(change.tolist())
    same = replayed(gold_at(POLICY.partners.tiers["gold"].begins))
    assert len(same.moves) == 0 and not same.partners["cost_change"].any()


def test_changes_are_laid_over_the_policy_key_by_key_as_a_file_is():
    changes = {"partners": {"scoring": {"anchors": {"all": {"csat": {"floor": 0.5}}}}, "hysteresis": 1.0}}
    catalogue = read_toml(CATALOG / "policy.toml")
    as_file = Policy.model_validate(overlay(catalogue, changes))
    assert changed_policy(Policy.model_validate(catalogue), changes) == as_file
    assert Policy.model_validate(POLICY.model_dump()) == POLICY


def test_every_mistake_is_told_at_once_with_its_place():
    with pytest.raises(InputError) as caught:
        changed_policy(
            POLICY,
            {
                "partners": {
                    "hysteresi": 1,
                    "tiers": {"gold": {"begins": 500}},
                    "scoring": {"weights": {"all": {"csat": 0.9}}},
                },
                "quality": {"grade_a": 0.01},
                "partner": {},
            },
        )
    told = str(caught.value)
    for part in (
        "did you mean 'hysteresis'", "changes [partners.tiers.gold.begins]", "changes [quality]: this part",
        "changes [partner]: this name is not known",
    ):  # fmt: skip
        assert part in told


def test_weights_that_do_not_sum_to_1_are_refused():
    with pytest.raises(InputError, match="the weights sum to"):
        changed_policy(POLICY, {"partners": {"scoring": {"weights": {"all": {"csat": 0.9}}}}})


@pytest.mark.parametrize("given_changes", [{}, [], None, "partners"])
def test_no_changes_are_refused(given_changes):
    with pytest.raises(InputError, match="these are no changes"):
        changed_policy(POLICY, given_changes)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two partners with orders and targets in three quarters."""
    months = [f"{year}-{month:02d}-28" for year in (2024, 2025) for month in range(1, 13)]
    sales = [order(day, 90 if name == "P1" else 120, partner_id=name, region="East", cost_amount=60)
             for day in months for name in ("P1", "P2")]  # fmt: skip
    weights = "attainment = 0.0\ngrowth_yoy = 0.5\ngross_margin = 0.5\n" + "".join(
        f"{kpi} = 0.0\n"
        for kpi in POLICY.partners.scoring.weights["all"]
        if kpi not in ("attainment", "growth_yoy", "gross_margin")
    )
    policy = f"[partners.scoring.weights.all]\n{weights}"
    for name in POLICY.partners.tiers:  # everybody with a point or more is gold
        policy += f"[partners.tiers.{name}]\nbegins = {int(name == 'gold')}\nrebate_rate = 0.01\n"
    folder = tmp_path_factory.mktemp("small")
    return company(folder, policy, sales=sales, partners=[partner("P1"), partner("P2")])


def test_on_a_workspace_the_last_complete_quarters_are_replayed(small):
    result = ca.what_if(small, gold_at(1, 0.1), periods=2)
    assert result.periods == ("2025Q3", "2025Q4")
    assert set(result.partners["entity"]) == {"P1", "P2"}
    scored = result.partners[result.partners["score_changed"].notna()]
    assert len(scored) and (scored["score_change"] == 0).all()
    assert set(result.partners["tier_today"]) == {"gold"}
    assert result.costs["cost_today"].tolist() == pytest.approx([0.01 * 3 * 210] * 2)
    assert result.costs["cost_changed"].tolist() == pytest.approx([0.1 * 3 * 210] * 2)


def test_an_unknown_period_or_none_is_refused(small):
    for asked, said in (("2025Q9", "is not a period"), ([], "nothing is asked for"), (0, "0 periods")):
        with pytest.raises(InputError, match=said):
            ca.what_if(small, gold_at(90), periods=asked)

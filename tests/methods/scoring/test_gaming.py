"""The audit finds a policy that can be gamed, and lets a sound one pass."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.contracts.appraisal import Tier
from channel_analysis.methods.scoring import score
from channel_analysis.methods.scoring.gaming import cheapest_steps, crowds, hiding

from .worlds import KPIS, SCOPES, all_at, rubric, scored, values

TIERS = {"gold": Tier(begins=90), "silver": Tier(begins=70), "rest": Tier(begins=0)}


def test_hiding_a_bad_kpi_lifts_the_score_but_never_what_is_certain():
    table = hiding(values(a=all_at(1.0) | {"csat": 0.1}), rubric(), SCOPES).set_index("kpi")
    assert table.at["csat", "would_rise"] == 1
    assert table.at["csat", "largest_gain"] == pytest.approx(18.0)
    assert table["certain_gain"].max() <= 1e-9


def test_hiding_what_a_cap_looks_at_does_not_pay():
    rules = rubric(caps={"unhappy": {"kpi": "csat", "below": 0.5, "points": 60}})
    table = hiding(values(a=all_at(1.5) | {"csat": 0.1}), rules, SCOPES).set_index("kpi")
    assert table.at["csat", "certain_gain"] <= 1e-9


def test_hiding_what_a_veto_looks_at_is_told():
    rules = rubric(vetoes={"unhappy": {"kpi": "csat", "below": 0.5}})
    table = hiding(values(a=all_at(1.0) | {"csat": 0.1}), rules, SCOPES).set_index("kpi")
    assert table.at["csat", "escapes"] == 1


def partner(chance):
    return {kpi: float(v) for kpi, v in zip(KPIS, chance.normal(0.8, 0.3, len(KPIS)), strict=True)}


def test_reweighing_costs_those_who_hide_little_where_imputation_and_zeros_move_them_far():
    chance = np.random.default_rng(11)
    entities = {f"p{i:03}": partner(chance) for i in range(300)}
    whole = values(**entities)
    usual = score(whole, rubric(), SCOPES, draws=0).scores.set_index("entity")["score"]
    shifts = {"reweighed": [], "zero": [], "mean": []}
    for name in list(entities)[:60]:
        gone = (whole["entity"] == name) & (whole["kpi"] == worst_of(entities[name]))
        for how, filled in (
            ("reweighed", whole.assign(status=whole["status"].where(~gone, "no_rows"))),
            ("zero", whole.assign(value=whole["value"].where(~gone, 0.0))),
            ("mean", whole.assign(value=whole["value"].where(~gone, 0.8))),
        ):
            scores = score(filled[filled["entity"] == name], rubric(), SCOPES, draws=0).scores
            others = usual.drop(name)
            shifts[how].append((others > usual[name]).sum() - (others > scores.at[0, "score"]).sum())
    random = [hidden_shift(whole, usual, name, chance) for name in list(entities)[:120]]
    assert abs(np.mean(random)) < 6
    assert np.mean(shifts["mean"]) > 10


def worst_of(kpis):
    return min((kpi for kpi in KPIS if kpi != "cost"), key=kpis.get)


def hidden_shift(whole, usual, name, chance):
    kpi = chance.choice(KPIS)
    gone = (whole["entity"] == name) & (whole["kpi"] == kpi)
    given = whole.assign(status=whole["status"].where(~gone, "no_rows"))
    found = score(given[given["entity"] == name], rubric(), SCOPES, draws=0).scores.at[0, "score"]
    others = usual.drop(name)
    return (others > usual[name]).sum() - (others > found).sum()


def steps(tiers=TIERS, hysteresis=0.0, **entities):
    found = scored(**entities)
    tier = dict.fromkeys(entities, "silver")
    return cheapest_steps(found, tier, tiers, rubric(), SCOPES, hysteresis)


def test_the_cheapest_step_takes_the_entity_to_the_next_tier_exactly():
    one = steps(a=all_at(0.8) | {"cost": 1.0}).iloc[0]
    assert (one["next_tier"], one["missing_points"]) == ("gold", pytest.approx(6.0))
    after = scored(a=all_at(0.8) | {"cost": 1.0} | {one["kpi"]: one["needed"]})
    assert after.scores.at[0, "score"] == pytest.approx(90.0)


def test_beyond_the_target_a_step_costs_more():
    one = steps(a=all_at(0.95) | {"cost": 1.0, "sales": 0.1}).iloc[0]
    assert one["kpi"] == "sales"


def test_where_no_single_kpi_is_enough_none_is_named():
    one = steps(a=all_at(0.2)).iloc[0]
    assert one["kpi"] == ""
    assert np.isnan(one["needed"])


def test_the_best_tier_needs_no_step():
    assert len(steps({"silver": Tier(begins=0)}, a=all_at(1.0))) == 0


def test_a_crowd_just_above_a_beginning_is_seen():
    chance = np.random.default_rng(3)
    honest = pd.Series(chance.uniform(40, 110, 300))
    pushed = pd.concat([honest, pd.Series(np.full(25, 70.4))])
    assert crowds(honest, TIERS).set_index("tier").at["silver", "p_value"] > 0.05
    assert crowds(pushed, TIERS).set_index("tier").at["silver", "p_value"] < 0.001
    assert "rest" not in set(crowds(honest, TIERS)["tier"])

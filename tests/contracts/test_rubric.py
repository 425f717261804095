"""Rubrics: bands beside anchors, vetoes and caps by name, every mistake with its place."""

import pytest

from channel_analysis.contracts.appraisal import HANDLINGS
from channel_analysis.contracts.policy import Policy
from channel_analysis.contracts.rubric import Anchors, Band, Cap, Limit, Rubric
from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.files import CATALOG, overlay, read_toml
from channel_analysis.metrics.facts import LEVELS

TYPES = {"agent": {"family": "indirect"}}


def mistakes(**given) -> list[str]:
    with pytest.raises(InputError) as caught:
        validated(Policy, {"channel_types": TYPES, **given}, "policy.toml")
    return [f"{p.where}: {p.what}" for p in caught.value.problems]


def test_a_table_with_too_low_is_a_band_and_one_with_a_floor_are_anchors():
    given = {
        "all": {"weeks": {"too_low": 0, "low": 4, "high": 8, "too_high": 16}, "csat": ends(0.7, 0.9, 1.0)}
    }
    found = Rubric.model_validate({"anchors": given}).anchors["all"]
    assert (type(found["weeks"]), type(found["csat"])) == (Band, Anchors)


def ends(floor, target, stretch):
    return {"floor": floor, "target": target, "stretch": stretch}


def test_mistakes_in_bands_and_anchors_are_named_with_their_place_alone():
    wrong = {
        "weeks": {"too_low": 4, "low": 4, "high": 8, "too_high": 16},
        "csat": {"floor": 0.1, "stretsch": 1},
    }
    found = mistakes(partners={"scoring": {"anchors": {"all": wrong}}})
    assert (
        "policy.toml [partners.scoring.anchors.all.weeks]: too_low, low, high and too_high must rise" in found
    )
    assert "policy.toml [partners.scoring.anchors.all.csat.stretsch]: this name is not known" in found
    assert "policy.toml [partners.scoring.anchors.all.csat.target]: Field required" in found
    assert not [text for text in found if "<" in text]


@pytest.mark.parametrize("sides", [{}, {"below": 1, "above": 2}])
def test_a_limit_has_one_side(sides):
    found = mistakes(partners={"scoring": {"vetoes": {"few": {"kpi": "csat", **sides}}}})
    assert found == ["policy.toml [partners.scoring.vetoes.few]: give either below or above"]


def test_weights_of_every_rubric_must_sum_to_one():
    found = mistakes(
        partners={"scoring": {"weights": {"all": {"csat": 0.5}}}},
        sales_force={"scoring": {"weights": {"agents": {"csat": 1.0}}}},
    )
    assert found == [
        "policy.toml [partners.scoring.weights.all]: the weights sum to 0.5, not 1",
        "policy.toml [sales_force.scoring.weights.agents]: there is no channel type or family 'agents'",
    ]


def test_an_own_scope_wins_over_the_family_and_that_over_all():
    rubric = Rubric(weights={"all": {"a": 1.0}, "indirect": {"b": 1.0}, "agent": {"c": 1.0}})
    assert rubric.weights_of(("agent", "indirect")) == {"c": 1.0}
    assert rubric.weights_of(("retailer", "indirect")) == {"b": 1.0}
    assert rubric.weights_of(("visit", "direct")) == {"a": 1.0}
    assert rubric.weights_of(()) == {"a": 1.0}


def test_limits_that_are_switched_off_do_not_hold():
    rubric = Rubric(
        vetoes={"a": Limit(kpi="x", below=1), "b": Limit(kpi="x", below=1, active=False)},
        caps={"c": Cap(kpi="x", above=1, points=50), "d": Cap(kpi="x", above=1, points=50, active=False)},
    )
    vetoes, caps = rubric.limits()
    assert (list(vetoes), list(caps)) == (["a"], ["c"])


def test_an_unknown_handling_has_no_approver():
    assert mistakes(handling={"approvers": {"rewards": "boss"}})


def test_a_policy_on_top_changes_single_rules_of_the_shipped_one():
    shipped = read_toml(CATALOG / "policy.toml")
    ours = overlay(shipped, {"partners": {"scoring": {"caps": {"overdue": {"active": False}}}}})
    caps = validated(Policy, ours, "policy.toml").partners.scoring.limits()[1]
    assert list(caps) == ["unhappy_customers"]


def test_the_shipped_policy_is_whole():
    policy = validated(Policy, read_toml(CATALOG / "policy.toml"), "policy.toml")
    for rubric in (policy.partners.scoring, policy.sales_force.scoring, policy.candidates.scoring):
        weights = rubric.weights_of(())
        assert sum(weights.values()) == pytest.approx(1.0)
        assert [kpi for kpi in weights if rubric.anchors_of((), kpi) is None] == []
    assert min(tier.begins for tier in policy.partners.tiers.values()) == 0
    assert set(policy.handling.approvers) == set(HANDLINGS)
    assert all({"en", "zh"} <= set(tier.label) for tier in policy.partners.tiers.values())
    assert {"partner", "rep", "team"} <= set(LEVELS)

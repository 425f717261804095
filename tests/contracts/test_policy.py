"""The policy: what holds for a channel type, and every mistake named at once."""

import pytest

from channel_analysis.contracts.policy import Policy
from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.files import CATALOG
from channel_analysis.store.workspace import read_policy

TYPES = {"visit": {"family": "direct"}, "agent": {"family": "indirect"}, "retailer": {"family": "indirect"}}
FALLING = {"floor": 0.3, "target": 0.2, "stretch": 0.1}
RISING = {"floor": 0.1, "target": 0.2, "stretch": 0.3}


def policy(**scoring) -> Policy:
    return validated(Policy, {"channel_types": TYPES, "scoring": scoring}, "policy.toml")


def problems(data: dict) -> list[str]:
    with pytest.raises(InputError) as caught:
        validated(Policy, {"channel_types": TYPES} | data, "policy.toml")
    return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]


def test_weights_of_a_channel_type_win_over_those_of_its_family():
    ours = policy(weights={"indirect": {"cost": 1.0}, "agent": {"cost": 0.4, "sales": 0.6}})
    assert ours.weights_of("agent") == {"cost": 0.4, "sales": 0.6}
    assert ours.weights_of("retailer") == {"cost": 1.0}


def test_a_family_without_weights_gives_no_weights():
    assert policy(weights={"indirect": {"cost": 1.0}}).weights_of("visit") == {}


def test_a_weight_of_zero_takes_a_kpi_out():
    assert policy(weights={"direct": {"cost": 0.0, "sales": 1.0}}).weights_of("visit") == {"sales": 1.0}


def test_the_closest_anchors_hold():
    ours = policy(anchors={"all": {"x": RISING}, "indirect": {"x": FALLING}, "agent": {"y": RISING}})
    assert ours.anchors_of("visit", "x").floor == 0.1
    assert ours.anchors_of("agent", "x").floor == 0.3
    assert ours.anchors_of("agent", "y").floor == 0.1
    assert ours.anchors_of("visit", "y") is None


@pytest.mark.parametrize(("floor", "target", "stretch"), [(1, 1, 2), (1, 3, 2), (2, 1, 3), (3, 3, 3)])
def test_anchors_all_rise_or_all_fall(floor, target, stretch):
    anchors = {"x": {"floor": floor, "target": target, "stretch": stretch}}
    found = problems({"scoring": {"anchors": {"all": anchors}}})
    place = "policy.toml [scoring.anchors.all.x]"
    assert found == [f"{place}: floor, target and stretch must all rise or all fall | "]


def test_every_mistake_is_named_at_once_with_the_nearest_name():
    found = problems(
        {
            "channel_types": {"visit": {"famly": "direct", "family": "dirct"}},
            "qualty": {},
            "scoring": {"coverage": 2, "weights": {"direct": {"x": -0.5}}},
            "quality": {"grade_aa": 0.1},
        }
    )
    places = [text.split(": ")[0] for text in found]
    assert sorted(places) == [
        "policy.toml [channel_types.visit.family]",
        "policy.toml [channel_types.visit.famly]",
        "policy.toml [quality.grade_aa]",
        "policy.toml [qualty]",
        "policy.toml [scoring.coverage]",
        "policy.toml [scoring.weights.direct.x]",
    ]
    fixes = {text.split(": ")[0]: text.split(" | ")[1] for text in found}
    assert fixes["policy.toml [channel_types.visit.famly]"] == "did you mean 'family'?"
    assert fixes["policy.toml [quality.grade_aa]"] == "did you mean 'grade_a'?"
    assert fixes["policy.toml [qualty]"] == "did you mean 'quality'?"


def test_weights_that_miss_one_and_scopes_that_miss_a_name_are_named_together():
    found = problems(
        {
            "scoring": {
                "weights": {"agnt": {"x": 1.0}, "direct": {"x": 0.5}},
                "anchors": {"alll": {"x": RISING}},
            }
        }
    )
    assert found == [
        "policy.toml [scoring.weights.agnt]: there is no channel type or family 'agnt'"
        " | did you mean 'agent'?",
        "policy.toml [scoring.anchors.alll]: there is no channel type or family 'alll' | did you mean 'all'?",
        "policy.toml [scoring.weights.direct]: the weights sum to 0.5, not 1"
        " | mind those of the policies below: what shall not count is set to 0.0",
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_weight_is_a_share(number):
    found = problems({"scoring": {"weights": {"direct": {"x": number}}}})
    assert found[0].startswith("policy.toml [scoring.weights.direct.x]: ")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_an_anchor_is_a_finite_number(number):
    anchors = {"floor": 0, "target": 1, "stretch": number}
    found = problems({"scoring": {"anchors": {"all": {"x": anchors}}}})
    assert found[0].startswith("policy.toml [scoring.anchors.all.x")


def test_a_policy_is_not_changed_once_read():
    ours = policy()
    with pytest.raises(ValueError, match="frozen"):
        ours.scoring = None


def test_the_default_policy_knows_the_channels_of_both_families():
    default = read_policy([CATALOG / "policy.toml"])
    families = {name: kind.family for name, kind in default.channel_types.items()}
    direct = {"visit", "phone", "livestream", "key_account", "online"}
    assert {name for name, family in families.items() if family == "direct"} == direct
    assert {"distributor", "agent", "retailer"} <= {
        n for n, family in families.items() if family == "indirect"
    }
    assert all({"en", "zh"} <= set(kind.label) for kind in default.channel_types.values())


@pytest.mark.parametrize(
    "mapping", [None, *sorted(p.parent.name for p in CATALOG.glob("mappings/*/policy.toml"))]
)
def test_every_weight_of_a_shipped_policy_has_anchors(mapping):
    over = [CATALOG / "mappings" / mapping / "policy.toml"] if mapping else []
    shipped = read_policy([CATALOG / "policy.toml", *over])
    for name in shipped.channel_types:
        weights = shipped.weights_of(name)
        assert sum(weights.values()) == pytest.approx(1)
        assert [kpi for kpi in weights if shipped.anchors_of(name, kpi) is None] == []


def test_direct_channels_lean_on_satisfaction_and_indirect_ones_on_share_and_cost():
    default = read_policy([CATALOG / "policy.toml"])
    direct, indirect = default.weights_of("visit"), default.weights_of("agent")
    assert direct["csat"] + direct["nps"] > indirect.get("csat", 0) + indirect.get("nps", 0)
    assert indirect["market_share"] > direct.get("market_share", 0)
    assert indirect["channel_cost_ratio"] > direct["channel_cost_ratio"]

"""The policy: channel types, scoring rules, thresholds; plain data, checked with every mistake named."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ..errors import did_you_mean
from .appraisal import Candidates, Handling, Partners, SalesForce, Scores
from .measures import Measures
from .risk import Risk
from .rubric import EVERYBODY, Anchors, Band, Rubric
from .rules import RULES
from .settings import Label, Rules, Share, mistake


class ChannelType(Rules):
    """One channel type: its family, its names, and the windows in which a partner counts as active."""

    family: Literal["direct", "indirect"]
    label: Label = {}
    activity_window_months: int = Field(3, ge=1, le=60)
    churn_window_months: int = Field(6, ge=1, le=60)


def _known_rules(given: dict[str, str]) -> dict[str, str]:
    """Every rule known, and every treatment one that its rows can have; all mistakes at once."""
    mistakes = []
    for rule, treatment in given.items():
        known = RULES.get(rule)
        if known is None:
            mistakes.append(mistake((rule,), f"there is no rule '{rule}'", did_you_mean(rule, RULES)))
        elif treatment not in known.treatments:
            what = f"rows {known.what} cannot be treated so (given: {treatment!r})"
            mistakes.append(mistake((rule,), what, did_you_mean(treatment, known.treatments)))
    if mistakes:
        raise ValidationError.from_exception_data("Quality", mistakes)
    return given


class Quality(Rules):
    """Largest share of rows or money with findings for the grades A, B and C; treatments by rule."""

    grade_a: Share = 0.001
    grade_b: Share = 0.01
    grade_c: Share = 0.05
    rules: Annotated[dict[str, str], AfterValidator(_known_rules)] = {}

    def treatment(self, rule: str) -> str:
        """What becomes of rows that break a rule: "flag", "set_aside", "stop" or "off"."""
        return self.rules.get(rule, RULES[rule].default)


class Periods(Rules):
    """When a period counts as covered to its end."""

    coverage_tolerance_days: int = Field(3, ge=0, le=92)


class Irregularities(Rules):
    """When trade is to be checked: what reviewers can take on, how sure a test must be, what is material.

    `dependence` is how rules may depend on each other: "positive" controls false discovery after
    Benjamini and Hochberg, "any" after Benjamini and Yekutieli.
    """

    capacity: int = Field(20, ge=1, le=10_000)
    false_discovery_rate: float = Field(0.10, gt=0, le=0.5)
    dependence: Literal["positive", "any"] = "positive"
    late_share_of_days: float = Field(0.10, gt=0, le=0.5)
    return_days: int = Field(30, ge=1, le=92)
    history_periods: int = Field(8, ge=1, le=40)
    minimum_orders: int = Field(5, ge=1)
    minimum_peers: int = Field(20, ge=5)
    companion_level: float = Field(0.2, gt=0, le=0.5)
    approval_limits: tuple[Annotated[float, Field(gt=0)], ...] = ()
    limit_band: float = Field(0.05, gt=0, le=0.2)
    price_tolerance: Share = 0.001
    discount_tolerance: Share = 0.001
    material_amount: float = Field(100.0, ge=0)


class Policy(Rules):
    """The rules of one company, as read from policy.toml."""

    channel_types: dict[str, ChannelType]
    labels: dict[str, dict[str, Label]] = {}
    scoring: Rubric = Rubric()
    scores: Scores = Scores()
    partners: Partners = Partners()
    sales_force: SalesForce = SalesForce()
    candidates: Candidates = Candidates()
    handling: Handling = Handling()
    risk: Risk = Risk()
    measures: Measures = Measures()
    quality: Quality = Quality()
    periods: Periods = Periods()
    irregularities: Irregularities = Irregularities()

    @model_validator(mode="after")
    def _weights_fit(self) -> Policy:
        known = (EVERYBODY, "direct", "indirect", *self.channel_types)
        rubrics = {
            ("scoring",): self.scoring,
            ("partners", "scoring"): self.partners.scoring,
            ("sales_force", "scoring"): self.sales_force.scoring,
            ("candidates", "scoring"): self.candidates.scoring,
        }
        mistakes = [
            mistake((*place, *where), what, fix)
            for place, rubric in rubrics.items()
            for where, what, fix in rubric.mistakes(known)
        ]
        if mistakes:
            raise ValidationError.from_exception_data("Policy", mistakes)
        return self

    def scopes_of(self, channel_type: str) -> tuple[str, ...]:
        """Where rules for a channel type are looked up: under its own name, then under its family's."""
        rule = self.channel_types.get(channel_type)
        return (channel_type, rule.family) if rule else ()

    def weights_of(self, channel_type: str) -> dict[str, float]:
        """Weights above 0 that hold for a channel type; empty when the policy has none."""
        return self.scoring.weights_of(self.scopes_of(channel_type))

    def anchors_of(self, channel_type: str, kpi: str) -> Anchors | Band | None:
        """Anchors of a KPI: the channel type's own, else its family's, else those for all."""
        return self.scoring.anchors_of(self.scopes_of(channel_type), kpi)

"""The policy: channel types, scoring rules, thresholds; plain data, checked with every mistake named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..errors import InputError, Problem, did_you_mean
from .rules import RULES

Share = Annotated[float, Field(ge=0, le=1)]
Label = dict[str, str]


class Rules(BaseModel):
    """Base of every settings model: unknown names and endless numbers are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ChannelType(Rules):
    """One channel type: its family, its names, and the windows in which a partner counts as active."""

    family: Literal["direct", "indirect"]
    label: Label = {}
    activity_window_months: int = Field(3, ge=1, le=60)
    churn_window_months: int = Field(6, ge=1, le=60)


class Anchors(Rules):
    """Where a KPI earns 0 (floor), 100 (target) and 120 points (stretch); falling when less is better."""

    floor: float
    target: float
    stretch: float

    @model_validator(mode="after")
    def _in_order(self) -> Anchors:
        rising = self.floor < self.target < self.stretch
        falling = self.floor > self.target > self.stretch
        if not (rising or falling):
            raise ValueError("floor, target and stretch must all rise or all fall")
        return self


class Scoring(Rules):
    """Weights and anchors; a channel type's own entry wins over its family's."""

    coverage: Share = 0.7
    weights: dict[str, dict[str, Share]] = {}
    anchors: dict[str, dict[str, Anchors]] = {}


def _known_rules(given: dict[str, str]) -> dict[str, str]:
    """Every rule known, and every treatment one that its rows can have; all mistakes at once."""
    mistakes = []
    for rule, treatment in given.items():
        known = RULES.get(rule)
        if known is None:
            mistakes.append(_mistake((rule,), f"there is no rule '{rule}'", did_you_mean(rule, RULES)))
        elif treatment not in known.treatments:
            what = f"rows {known.what} cannot be treated so (given: {treatment!r})"
            mistakes.append(_mistake((rule,), what, did_you_mean(treatment, known.treatments)))
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
    scoring: Scoring = Scoring()
    quality: Quality = Quality()
    periods: Periods = Periods()
    irregularities: Irregularities = Irregularities()

    @model_validator(mode="after")
    def _weights_fit(self) -> Policy:
        mistakes = [*self._unknown_scopes(), *self._wrong_sums()]
        if mistakes:
            raise ValidationError.from_exception_data("Policy", mistakes)
        return self

    def _unknown_scopes(self) -> Iterator[InitErrorDetails]:
        families = ["direct", "indirect", *self.channel_types]
        for part, known in (("weights", families), ("anchors", ["all", *families])):
            for scope in getattr(self.scoring, part):
                if scope not in known:
                    what = f"there is no channel type or family '{scope}'"
                    yield _mistake(("scoring", part, scope), what, did_you_mean(scope, known))

    def _wrong_sums(self) -> Iterator[InitErrorDetails]:
        for scope, weights in self.scoring.weights.items():
            total = sum(weights.values())
            if abs(total - 1) > 1e-9:
                what = f"the weights sum to {total:g}, not 1"
                fix = "mind those of the policies below: what shall not count is set to 0.0"
                yield _mistake(("scoring", "weights", scope), what, fix)

    def weights_of(self, channel_type: str) -> dict[str, float]:
        """Weights above 0 that hold for a channel type; empty when the policy has none."""
        scopes = (channel_type, self.channel_types[channel_type].family)
        for scope in scopes:
            if scope in self.scoring.weights:
                return {kpi: w for kpi, w in self.scoring.weights[scope].items() if w > 0}
        return {}

    def anchors_of(self, channel_type: str, kpi: str) -> Anchors | None:
        """Anchors of a KPI: the channel type's own, else its family's, else those for all."""
        for scope in (channel_type, self.channel_types[channel_type].family, "all"):
            anchors = self.scoring.anchors.get(scope, {}).get(kpi)
            if anchors is not None:
                return anchors
        return None


def wrong(what: str, fix: str, secret: bool = False) -> PydanticCustomError:
    """A mistake for a validator to raise, with its remedy; the value is not shown when it is a secret."""
    return PydanticCustomError("wrong", "{what}", {"what": what, "fix": fix, "secret": secret})


def _mistake(place: tuple[str, ...], what: str, fix: str) -> InitErrorDetails:
    return InitErrorDetails(type=wrong(what, fix), loc=place, input=None)


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Validate settings; InputError lists every mistake with its place.

    Examples
    --------
    >>> validated(Quality, {"grade_aa": 0.1}, "policy.toml")
    Traceback (most recent call last):
    ...
    channel_analysis.errors.InputError: 1 problem found
      1. policy.toml [grade_aa]: this name is not known
         fix: did you mean 'grade_a'?
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(_problem(model, item, where) for item in error.errors()) from None


def _problem(model: type[BaseModel], item: Any, where: str) -> Problem:
    path = [str(part) for part in item["loc"]]
    place = f"{where} [{'.'.join(path)}]" if path else where
    if item["type"] == "extra_forbidden":
        return Problem(place, "this name is not known", did_you_mean(path[-1], _names_at(model, path)))
    message = item["msg"].removeprefix("Value error, ")
    given, context = item.get("input"), item.get("ctx", {})
    is_shown = isinstance(given, str | int | float) and not context.get("secret")
    fix = context.get("fix", "")
    if item["type"] == "literal_error" and isinstance(given, str):
        fix = did_you_mean(given, re.findall(r"'([^']*)'", context.get("expected", "")))
        fix = fix if fix.startswith("did") else ""
    return Problem(place, f"{message} (given: {given!r})" if is_shown else message, fix)


def _names_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """Names allowed beside the one at `path`, following nested models."""
    current: Any = model
    for part in path[:-1]:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(part)
            current = field.annotation if field else None
        else:
            current = next(iter(getattr(current, "__args__", ())[-1:]), None)
    fields = getattr(current, "model_fields", None)
    return list(fields) if fields else []

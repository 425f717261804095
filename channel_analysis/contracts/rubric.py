"""How something is scored: anchors, bands, weights, vetoes and caps, by channel type and family."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from ..errors import did_you_mean
from .settings import Rules, Share

EVERYBODY = "all"
"""The scope that holds where neither a channel type nor its family has an entry of its own."""


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


class Band(Rules):
    """A KPI whose middle is best: 100 points from `low` to `high`, 0 at `too_low` and at `too_high`."""

    too_low: float
    low: float
    high: float
    too_high: float

    @model_validator(mode="after")
    def _in_order(self) -> Band:
        if not self.too_low < self.low <= self.high < self.too_high:
            raise ValueError("too_low, low, high and too_high must rise")
        return self


def _which(given: Any) -> str:
    """Whether a table gives a band or anchors, by the names in it."""
    names = set(given) if isinstance(given, Mapping) else set(type(given).model_fields)
    return "<band>" if names & set(Band.model_fields) else "<anchors>"


Places = Annotated[
    Annotated[Anchors, Tag("<anchors>")] | Annotated[Band, Tag("<band>")], Discriminator(_which)
]
"""Where a KPI earns how many points; tags in angle brackets are no part of a mistake's place."""


class Limit(Rules):
    """A KPI beyond a limit: `below` or `above` it, one of the two; a policy on top may switch it off."""

    kpi: str
    active: bool = True
    below: float | None = None
    above: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Limit:
        if (self.below is None) == (self.above is None):
            raise ValueError("give either below or above")
        return self

    def is_broken(self, value: Any) -> Any:
        """Whether a value, or each of an array, lies beyond the limit; what is not known (NaN) does not."""
        return value < self.below if self.below is not None else value > self.above


class Cap(Limit):
    """Beyond the limit a score is at most `points`."""

    points: float = Field(ge=0, le=120)


class Rubric(Rules):
    """Weights, anchors, vetoes and caps; a channel type's own entry wins over its family's, then "all".

    Vetoes and caps are named, so that a policy on top can change single ones.
    """

    coverage: Share = 0.7
    weights: dict[str, dict[str, Share]] = {}
    anchors: dict[str, dict[str, Places]] = {}
    vetoes: dict[str, Limit] = {}
    caps: dict[str, Cap] = {}

    def weights_of(self, scopes: tuple[str, ...]) -> dict[str, float]:
        """Weights above 0 of the first scope that has any; empty when none has."""
        for scope in (*scopes, EVERYBODY):
            if scope in self.weights:
                return {kpi: weight for kpi, weight in self.weights[scope].items() if weight > 0}
        return {}

    def anchors_of(self, scopes: tuple[str, ...], kpi: str) -> Anchors | Band | None:
        """Anchors of a KPI of the first scope that has them."""
        for scope in (*scopes, EVERYBODY):
            anchors = self.anchors.get(scope, {}).get(kpi)
            if anchors is not None:
                return anchors
        return None

    def limits(self) -> tuple[dict[str, Limit], dict[str, Cap]]:
        """Vetoes and caps in force, by name."""
        vetoes = {name: limit for name, limit in self.vetoes.items() if limit.active}
        return vetoes, {name: cap for name, cap in self.caps.items() if cap.active}

    def mistakes(self, scopes: Collection[str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """Scopes nobody knows and weights that do not sum to 1: place, what is wrong, how to mend it."""
        for part, known in (("weights", self.weights), ("anchors", self.anchors)):
            for scope in known:
                if scope not in scopes:
                    what = f"there is no channel type or family '{scope}'"
                    yield (part, scope), what, did_you_mean(scope, scopes)
        for scope, weights in self.weights.items():
            total = sum(weights.values())
            if abs(total - 1) > 1e-9:
                what = f"the weights sum to {total:g}, not 1"
                fix = "mind those of the policies below: what shall not count is set to 0.0"
                yield ("weights", scope), what, fix

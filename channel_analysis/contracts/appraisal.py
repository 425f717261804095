"""What follows from scores: tiers and their handling, awards, the sales force, candidates, who approves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .rubric import Limit, Rubric
from .settings import Label, Rules, Share

Days = Annotated[int, Field(ge=0, le=3660)]
HANDLINGS = ("reward", "support", "plan", "contract", "award", "admit")
"""What can be proposed: the first four follow from tiers and warnings."""


class Tier(Rules):
    """A tier: the score it begins at, what it is called, and how its members are handled."""

    begins: float = Field(ge=0, le=120)
    label: Label = {}
    handling: Literal["", "reward", "support", "plan", "contract"] = ""
    rebate_rate: Share = 0.0
    """Extra rebate on net sales that the tier earns: what a rule costs is reckoned from it."""


class Award(Rules):
    """An award: how many places, how sure it must be, and what rules a candidate for it out.

    `open_cases` says what an irregularity that nobody has decided yet does: "hold" keeps the award
    back until it is decided, "ignore" does nothing. Confirmed ones always rule out.
    """

    places: int = Field(1, ge=1, le=100)
    certainty: Share = 0.5
    worst_grade: Literal["A", "B", "C", "D"] = "C"
    open_cases: Literal["hold", "ignore"] = "hold"
    limits: dict[str, Limit] = {}


class Partners(Rules):
    """Appraisal of partners: how they are scored, tiers, the award."""

    scoring: Rubric = Rubric()
    tiers: dict[str, Tier] = {}
    hysteresis: float = Field(3.0, ge=0, le=40)
    award: Award = Award()


class SalesForce(Rules):
    """Appraisal of reps and teams.

    Reps with fewer days in the period than `minimum_days` are shown and not scored; within
    `ramp_days` of their start they are newcomers, compared with newcomers. `fair_band` is how far a
    target may lie from what the territory lets expect before the target is questioned.
    """

    scoring: Rubric = Rubric()
    minimum_days: Days = 30
    ramp_days: Days = 180
    fair_band: float = Field(0.15, gt=0, le=1)
    certainty: Share = 0.9
    recognition_places: int = Field(3, ge=1, le=100)


class Candidates(Rules):
    """Screening of candidates: rubric (no entry of a veto is ever made up for), and the shortlist."""

    scoring: Rubric = Rubric()
    grades: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    vetoed_grades: tuple[str, ...] = ()
    shortlist: int = Field(5, ge=1, le=100)
    minimum_score: float = Field(60.0, ge=0, le=120)


class Handling(Rules):
    """Who approves what a tier or a warning proposes, and how long an appeal may take."""

    approvers: dict[str, str] = {}
    appeal_days: Days = 14

    @model_validator(mode="after")
    def _known_handlings(self) -> Handling:
        unknown = [name for name in self.approvers if name not in HANDLINGS]
        if unknown:
            raise ValueError(f"there is no handling '{unknown[0]}'; there are {', '.join(HANDLINGS)}")
        return self


class Scores(Rules):
    """What holds for every appraisal: chance, movement, weights.

    `certainty` of intervals and of "moved"; `draws` for intervals of scores and ranks; at least
    `prior_entities` peers of closed earlier periods make a prior; `prior_periods` is how many are read.
    """

    certainty: float = Field(0.9, gt=0.5, lt=1)
    draws: int = Field(1000, ge=200, le=20_000)
    prior_periods: int = Field(4, ge=1, le=20)
    prior_entities: int = Field(8, ge=3)
    top: int = Field(10, ge=1, le=1000)

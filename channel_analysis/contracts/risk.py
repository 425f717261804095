"""Partner risk in the policy: what counts as a bad end, how far ahead, bands, and what reviewers can do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from .settings import Rules, Share

Money = Annotated[float, Field(ge=0)]
Ending = Literal["decline", "churn", "default", "event"]
Trigger = Literal["dishonest_debtor", "insolvency", "termination", "default"]


class Endings(Rules):
    """What counts as a bad end of a partner, within the months that are looked ahead.

    decline: sales below `decline_share` of the same months a year before, beyond what chance does to so
    few orders; churn: no order, though the partner's own gaps (95th percentile) are shorter, or an exit
    that was not ours; default: `default_share` of receivables more than `default_days` past due, or
    written off, in `default_invoices` at least (a single one may be in dispute); event: insolvency,
    dishonest-debtor listing, termination.
    """

    counted: tuple[Ending, ...] = ("decline", "churn", "default", "event")
    decline_share: Share = 0.5
    default_share: Share = 0.10
    default_days: int = Field(90, ge=30, le=365)
    default_invoices: int = Field(2, ge=1, le=100)


class Bands(Rules):
    """Probabilities at which bands begin; a band is left downwards only `hysteresis` below its beginning."""

    yellow: Share = 0.10
    orange: Share = 0.20
    red: Share = 0.40
    hysteresis: Share = 0.02

    @model_validator(mode="after")
    def _rise(self) -> Bands:
        if not 0 < self.yellow < self.orange < self.red:
            raise ValueError("bands must rise: yellow below orange below red, all above 0")
        return self


class Risk(Rules):
    """Early warning: months ahead, what is known before, bands, and what a review of a partner costs.

    A snapshot's outcome is looked for in the `horizon_months` after `gap_months`; it needs
    `base_months` of data behind it (indicators that compare years need more, and are missing until
    then). Partners with fewer than `history_months` of trade start cold, from the rate of their kind;
    with fewer than `minimum_events` bad ends in the past only simple models are tried. The watch list
    ends at `capacity` and holds only partners whose review saves more (`saved_share` of the expected
    loss) than its `review_cost`. At least `coverage` of the model's usual weight must be known for a
    score.
    """

    horizon_months: int = Field(6, ge=1, le=24)
    gap_months: int = Field(1, ge=0, le=12)
    snapshots: int = Field(48, ge=2, le=240)
    base_months: int = Field(12, ge=3, le=36)
    history_months: int = Field(6, ge=1, le=36)
    minimum_events: int = Field(50, ge=10)
    coverage: Share = 0.5
    endings: Endings = Endings()
    bands: Bands = Bands()
    triggers: tuple[Trigger, ...] = ("dishonest_debtor", "insolvency", "default")
    capacity: int = Field(15, ge=1, le=10_000)
    review_cost: Money = 2_000.0
    saved_share: Share = 0.3
    override_days: int = Field(180, ge=1, le=730)

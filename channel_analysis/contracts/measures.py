"""Rules for measures: what may be done about which cause, by whom, until when, and what it should bring."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .settings import Label, Rules, Share

Tag = Literal["positioning", "strategy", "people", "partner", "market", "data"]


class Measure(Rules):
    """A measure of the catalogue: for which tag and causes (none: all of the tag), and what proves it.

    One with a `finding` (a code of the message's, such as "target_missed") is the first step after that
    finding instead, whatever its cause.

    `expected_share` is the part of a loss it is expected to bring back, `proof` the KPI that will show
    it, `due_days` its time where it is not the usual one.
    """

    tag: Tag
    causes: tuple[str, ...] = ()
    finding: str = ""
    label: Label = {}
    proof: str = "net_sales"
    due_days: int = Field(0, ge=0, le=730)
    expected_share: Share = 0.3


class Measures(Rules):
    """Measures that findings propose, their owners and their time.

    An owner is looked for by the segment's region, then by its channel type, then `default_owner`;
    without one a measure stays "proposed" until somebody completes it. `per_finding` bounds how many
    are proposed for one finding.
    """

    default_owner: str = ""
    owners_by_region: dict[str, str] = {}
    owners_by_channel_type: dict[str, str] = {}
    due_days: int = Field(60, ge=1, le=730)
    per_finding: int = Field(2, ge=1, le=10)
    catalogue: dict[str, Measure] = {}

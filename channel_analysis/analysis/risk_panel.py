"""The panel of early warning: every partner at every month's end, with indicators and labels."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import InputError, Problem
from ..methods.risk.features import FEATURES, features_of
from ..methods.risk.labels import labels_of, state_of
from ..metrics.panel.grid import month_end, step_of
from ..metrics.panel.outcomes import partner_outcomes
from ..metrics.panel.snapshots import missing_columns, partner_snapshots
from ..metrics.periods import coverage
from ..store.workspace import Workspace
from .scope import last_complete

STATE = ["left_on", "days_since_order", "trade_months", "gaps", "gap_p95", "default_overdue", "receivable"]
"""Measures at the snapshot that labels need beside what happened."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RiskPanel:
    """Partners at month ends, with indicators and, of the past, how it ended.

    `frame`, by snapshot and partner: partner_id, snapshot (last day of a month), channel_type, region,
    label (1.0 a bad end, 0.0 none, NaN unknown), ending, status (see `methods.risk.labels`) and
    the indicators of `methods.risk.features.FEATURES` (floats; NaN: missing). `labels`: decline,
    churn, default, event of the same rows. `measures`: what indicators are made of, money included,
    for the same rows. `families`: family to the indicators that hold anything; `signs`: +1 where more is
    riskier, -1 where less is, 0 undecided. `missing`: tables and columns that are not there.
    """

    frame: pd.DataFrame
    labels: pd.DataFrame
    measures: pd.DataFrame
    families: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, int]
    horizon: int
    gap: int
    until: datetime.date
    missing: tuple[str, ...] = ()
    label: str = "label"
    entity: str = "partner_id"
    period: str = "snapshot"

    @property
    def features(self) -> tuple[str, ...]:
        """All indicators that hold anything, family by family."""
        return tuple(name for names in self.families.values() for name in names)


def risk_panel(
    ws: Workspace,
    until: datetime.date | None = None,
    progress: Progress = lambda _what, _done, _of: None,
) -> RiskPanel:
    """Partners at the last month ends (`policy.risk.snapshots` of them), as they were known then.

    Parameters
    ----------
    ws : Workspace
    until : date, optional
        The last day looked at; the last day of the last complete month when not given. A day within
        a month stands for the end of the month before it.
    progress : callable
        Told what is under way.

    Raises
    ------
    InputError
        When the data do not hold a snapshot with the policy's `base_months` behind it.
    """
    facts, rules = ws.facts(), ws.policy.risk
    end = _last_step(ws, until)
    days = _month_ends(ws, end)
    progress("measures", 0, 2)
    measures = partner_snapshots(facts.engine, facts.intake, ws.policy, days)
    progress("outcomes", 1, 2)
    outcomes = partner_outcomes(facts.engine, facts.intake, ws.policy, days, month_end(end))
    keys = ["partner_id", "snapshot"]
    rows = measures[[*keys, *STATE]].merge(outcomes, on=keys, how="left", validate="one_to_one")
    return _panel(ws, measures, labels_of(rows, rules), month_end(end))


def snapshot_panel(ws: Workspace, days: Sequence[datetime.date]) -> RiskPanel:
    """Partners on some days, the last ones of months, for scoring: labels are NaN.

    status is where a partner stands that day: "eligible", "new", "idle", "defaulted" or "gone".

    Raises
    ------
    InputError
        When a day is not the last one of a month, or none is given.
    """
    facts = ws.facts()
    measures = partner_snapshots(facts.engine, facts.intake, ws.policy, days)
    labels = measures[["partner_id", "snapshot"]].assign(
        **dict.fromkeys(("decline", "churn", "default", "event", "label"), np.nan),
        ending="",
        status=state_of(measures, ws.policy.risk),
    )
    return _panel(ws, measures, labels, max(days))


def _panel(ws: Workspace, measures: pd.DataFrame, labels: pd.DataFrame, until: datetime.date) -> RiskPanel:
    features = features_of(measures)
    lead = measures[["partner_id", "snapshot", "channel_type", "region"]]
    said = labels[["label", "ending", "status"]]
    filled = [name for name in FEATURES if features[name].notna().any()]
    families: dict[str, tuple[str, ...]] = {}
    for name in filled:
        family = FEATURES[name].family
        families[family] = (*families.get(family, ()), name)
    return RiskPanel(
        frame=pd.concat([lead, said, features[list(FEATURES)]], axis=1),
        labels=labels[["partner_id", "snapshot", "decline", "churn", "default", "event"]],
        measures=measures,
        families=families,
        signs={name: FEATURES[name].sign for name in filled},
        horizon=ws.policy.risk.horizon_months,
        gap=ws.policy.risk.gap_months,
        until=until,
        missing=missing_columns(ws.facts().intake),
    )


def _last_step(ws: Workspace, until: datetime.date | None) -> int:
    """The number of the last month looked at."""
    covered = coverage(ws.facts().engine)
    if until is None:
        return step_of(last_complete(ws, "month", covered).start)
    step = step_of(until)
    return step if month_end(step) == until else step - 1


def _month_ends(ws: Workspace, end: int) -> list[datetime.date]:
    """The last snapshots by the policy that have enough data behind them."""
    begins = step_of(min(c.first for c in coverage(ws.facts().engine)))
    base = ws.policy.risk.base_months
    first = max(begins + base - 1, end - ws.policy.risk.snapshots + 1)
    if first > end:
        what = f"the data begin in {month_end(begins):%Y-%m}; by {month_end(end)} these are no {base} months"
        raise InputError([Problem("risk", what, "wait for more, or lower base_months under [risk]")])
    return [month_end(step) for step in range(first, end + 1)]

"""Reps with their targets and territories, fetched and judged: was it the target or the person."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..contracts.policy import Policy
from ..methods.sales_force.roles import attained, due_targets, reps_of
from ..methods.sales_force.targets import target_quality
from ..methods.sales_force.verdicts import TARGET_COLUMNS
from ..methods.sales_force.yardstick import shifts_of
from ..metrics import sales_force as measures
from ..metrics.periods import MONTHS, Period, coverage
from ..store.workspace import Workspace
from .scope import begins_late, incomplete

YEARS = 2
"""How many years before the period under review are looked at."""


@dataclass(frozen=True, slots=True)
class Territories:
    """Reps of a period, indexed by rep_id, their targets with what is due of them, and the verdicts.

    `periods` are numbered as given: the one under review first.
    """

    staff: pd.DataFrame
    reps: pd.DataFrame
    due: pd.DataFrame
    targets: pd.DataFrame
    periods: tuple[Period, ...]

    @property
    def year(self) -> int:
        """Periods in a year."""
        return 12 // MONTHS[self.periods[0].kind]

    def attained(self, number: int) -> pd.Series:
        """Attainment of one period by rep: actual / target due."""
        own = attained(self.due[self.due["number"] == number].assign(number=0), 1)
        return own["actual"] / own["target"]


def territories_of(ws: Workspace, period: Period, policy: Policy) -> Territories:
    """Fetch what is known of reps and their territories, and judge targets and people."""
    facts, rules = ws.facts(), policy.sales_force
    engine, has = facts.engine, facts.intake.has
    periods = periods_back(ws, period)
    staff = measures.staff_rows(engine)
    sales = measures.rep_sales(engine, periods)
    targets = measures.rep_targets(engine, policy, periods) if has("targets") else _no_targets()
    reps = reps_of(staff, sales, targets, (period.start, period.end), rules)
    reps = reps[reps["group"].isin(list(policy.channel_types))]
    due = due_targets(targets, reps)
    found = Territories(staff, reps, due, pd.DataFrame(columns=TARGET_COLUMNS), periods)
    if reps.empty or due.empty:
        return found
    year = found.year
    shared = measures.shared_cells(engine, period)
    territory = measures.territory_sales(engine, periods, shared)
    judged = target_quality(
        reps,
        (attained(due, 1), attained(due, year)),
        territory.pivot(index="rep_id", columns="number", values="amount"),
        _potential(ws, periods, shared),
        _conduct(ws, reps, periods[:year]),
        shifts_of(measures.cell_sales(engine, periods), measures.rep_regions(engine, periods[:1]), year),
        year,
        rules,
    )
    if incomplete(ws, [period]):
        judged = _not_yet(judged)
    return Territories(staff, reps, due, judged, periods)


def _not_yet(judged: pd.DataFrame) -> pd.DataFrame:
    """Judgements withheld while a period goes on: its targets are whole, its sales are not."""
    told = {"verdict": "cannot_tell", "reason": "incomplete", "window": "", "basis": ""}
    return judged.assign(**told, p_value=float("nan"), q_value=float("nan"), p_target=float("nan"))


def periods_back(ws: Workspace, period: Period) -> tuple[Period, ...]:
    """The period and those before it that the data reach back to."""
    covered = coverage(ws.facts().engine)
    found = [period]
    for back in range(1, YEARS * (12 // MONTHS[period.kind]) + 2):
        earlier = period.shift(-back)
        if begins_late(ws, earlier, covered):
            break
        found.append(earlier)
    return tuple(found)


def _potential(ws: Workspace, periods: tuple[Period, ...], shared: list[tuple[str, str]]) -> pd.DataFrame:
    """Potential of territories over the year: partners under contract, their size, and the market."""
    facts = ws.facts()
    parts = [pd.DataFrame(index=pd.Index([], name="rep_id"))]
    if facts.intake.has("partners"):
        found = measures.partner_potential(facts.engine, periods, measures.POTENTIALS, shared)
        parts.append(found.set_index("rep_id").astype(float))
    if facts.intake.has("market"):
        parts.append(measures.market_potential(facts.engine, periods, shared).set_index("rep_id"))
    return pd.concat(parts, axis=1).dropna(axis=1, how="all")


def _conduct(ws: Workspace, reps: pd.DataFrame, periods: tuple[Period, ...]) -> pd.DataFrame:
    """What reps did in the year: visits done and days in role, leads won and closed."""
    facts = ws.facts()
    year = Period(periods[-1].start, periods[0].end, "year")
    found = pd.DataFrame(index=reps.index)
    if facts.intake.has("visits"):
        visits = measures.visit_counts(facts.engine, year).set_index("rep_id")
        began = [max(day or year.start, year.start) for day in reps["start_date"]]
        found = found.join(visits[["done"]]).assign(days=[float((year.end - day).days) for day in began])
    if facts.intake.has("leads"):
        leads = measures.lead_counts(facts.engine, year).groupby("rep_id")[["won", "closed"]].sum()
        found = found.join(leads)
    return found.astype(float)


def _no_targets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rep_id": pd.Series(dtype=object),
            "number": pd.Series(dtype=float),
            "window_start": pd.Series(dtype=object),
            "window_end": pd.Series(dtype=object),
            "target": pd.Series(dtype=float),
            "actual": pd.Series(dtype=float),
        }
    )

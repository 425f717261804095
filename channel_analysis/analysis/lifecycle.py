"""Partners' lifecycle and concentration for a workspace and period."""

from __future__ import annotations

import pandas as pd

from ..appraisals import Lifecycle
from ..methods.lifecycle import (
    ABSENT,
    STATES,
    began_within,
    concentration,
    losses,
    ramp_times,
    states_of,
    steady_days,
    transitions,
)
from ..metrics.kpis import load_kpis
from ..metrics.lifecycle import company_sales, monthly_shares, partner_lives
from ..metrics.periods import Period, parse_period
from ..results import Caveat, Scope
from ..store.workspace import Workspace
from .names import names_of
from .scope import resolve_period, scope_of

PARTNER_COLUMNS = [
    "partner_id", "partner_name", "channel_type", "region", "state", "previous_state", "contract_start",
    "left_on", "first_order", "last_order", "steady_on", "orders", "net_sales", "previous_net_sales",
    "gross_profit",
]  # fmt: skip


def lifecycle(ws: Workspace, period: str = "last-quarter") -> Lifecycle:
    """Say of every partner where it stands in its life, and how much hangs on few partners.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales.
    """
    resolved = resolve_period(ws, period)
    return lifecycle_of(ws, scope_of(ws, resolved, load_kpis(ws)))


def lifecycle_of(ws: Workspace, scope: Scope) -> Lifecycle:
    """The lifecycle at the end of a period that is resolved already."""
    period = parse_period(scope.period, ws.settings.company.fiscal_year_start)
    engine = ws.facts().engine
    begins = ws.facts().intake.account("sales").first_date or period.start
    partners, lives, steady = _partners(ws, period)
    company = company_sales(engine, period)
    return Lifecycle(
        partners=partners.loc[:, PARTNER_COLUMNS],
        states=_states(partners),
        transitions=transitions(partners["previous_state"], partners["state"], partners["net_sales"]),
        ramp=ramp_times(lives, steady, period.end, begins),
        concentration=concentration(partners),
        losses=losses(partners, company),
        company_sales=company["net_sales"],
        scope=scope,
        caveats=tuple(_caveats(ws, scope, partners)),
    )


def _partners(ws: Workspace, period: Period) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Every partner with its state now and before, what is known of their lives, and their steady days."""
    engine, policy = ws.facts().engine, ws.policy
    begins = ws.facts().intake.account("sales").first_date or period.start
    shares = monthly_shares(engine, period.end)
    steady = steady_days(shares, period.end)
    lives, earlier = partner_lives(engine, period), partner_lives(engine, period.previous)
    was_steady = steady_days(shares, period.start)
    before = pd.Series(
        states_of(earlier, period.previous, policy, was_steady, begins).to_numpy(),
        index=earlier["partner_id"],
    )
    if begins >= period.start:
        before[:] = ABSENT  # of a time before the data nothing is known
    sold_before = earlier.set_index("partner_id")["net_sales"]
    names = names_of(ws, "partner", list(lives["partner_id"]))
    who = lives["partner_id"]
    steady_on = who.map(steady).where(began_within(lives, policy, begins))
    partners = lives.assign(
        partner_name=who.map(names),
        state=states_of(lives, period, policy, steady, begins),
        previous_state=who.map(before).astype(object).fillna(ABSENT),
        steady_on=steady_on.where(steady_on.notna(), None),
        previous_net_sales=who.map(sold_before).fillna(0.0),
    )
    return partners, lives, steady


def _states(partners: pd.DataFrame) -> pd.DataFrame:
    """Counts and sales per state, for each channel type and all together ("")."""
    rows = []
    for name in ["", *sorted(partners["channel_type"].unique())]:
        own = partners if not name else partners[partners["channel_type"] == name]
        for state in STATES:
            here = own[own["state"] == state]
            rows.append(
                {
                    "channel_type": name,
                    "state": state,
                    "partners": len(here),
                    "partners_before": int((own["previous_state"] == state).sum()),
                    "net_sales": float(here["net_sales"].sum()),
                }
            )
    return pd.DataFrame(rows)


def _caveats(ws: Workspace, scope: Scope, partners: pd.DataFrame) -> list[Caveat]:
    found = [Caveat("provisional", "warning")] if scope.is_provisional else []
    if not len(partners):
        return [*found, Caveat("no_partners", "note")]
    if not ws.facts().intake.has("partners"):
        found.append(Caveat("no_contracts", "note"))
    negative = partners[partners["net_sales"] < 0]
    if len(negative):
        numbers = {"partners": len(negative), "amount": float(negative["net_sales"].sum())}
        found.append(Caveat("negative_partners", "note", "", numbers))
    return found

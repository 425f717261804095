"""Sheets of partners: everything a page about one partner needs, computed for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ..appraisals import PartnerAppraisal
from ..errors import Problem, did_you_mean, nearest, refuse
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period
from ..results import Caveat, Irregularities, Scope
from ..risks import PartnerRisk
from ..sheets import AUDIENCES, FRAMES, PartnerSheet, PartnerSheets, SheetRules
from ..store.engine import literal
from ..store.workspace import Workspace
from .irregularities import irregularities_of
from .measures import decided_before
from .names import names_of
from .narrow import narrowed_to, own_partners
from .partner_sheet_tables import (
    cards_of,
    cases_of,
    gains_of,
    history_of,
    measures_of,
    partners_of,
    points_of,
    values_at,
)
from .partners import RUBRIC, appraisal_of
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .risk import risk_of
from .scope import resolve_period, scope_of

REASONS = 3
"""Reasons of a risk that a sheet tells."""

NAMED = 5
"""Partners named where none is near the one asked for."""


def partner_sheets(
    ws: Workspace,
    period: str = "last-quarter",
    partners: Sequence[str] = (),
    audience: str = "internal",
    where: Mapping[str, str] | None = None,
) -> PartnerSheets:
    """What the sheets of partners say for one period: a sheet holds nothing of any other partner.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).
    partners : sequence of str
        Ids of the partners wanted; all that were appraised when empty. Ranks are among all.
    audience : str
        "internal" for the account manager; "partner" for the partner itself: without risk,
        irregularities and what is proposed about it.
    where : mapping of str to str, optional
        Only partners of a region, channel_family, channel_type or owner.

    Raises
    ------
    InputError
        With everything that is wrong: an unknown period, partner, audience or part of the company.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    refuse([*_unknown_audience(audience), *_unknown_partners(partners, _listed(ws))])
    own = narrowed_to(ws, where or {}, resolved)
    scope = scope_of(own, resolved, kpis)
    irregular = irregularities_of(ws, replace(scope, where={}))
    appraised = appraisal_of(ws, resolved, ws.policy, irregular)
    everybody = set(appraised.partners["entity"])
    wanted = (everybody & set(partners or everybody)) & (own_partners(ws, own.where) if where else everybody)
    risk = risk_of(ws, resolved, scope)
    made = _composed(ws, resolved, scope, appraised, risk, irregular, audience)
    return _only(made, wanted)


def partner_sheet(
    ws: Workspace, partner_id: str, period: str = "last-quarter", audience: str = "internal"
) -> PartnerSheet:
    """The sheet of one partner; see `partner_sheets`.

    Raises
    ------
    InputError
        As `partner_sheets`, and for a partner that is not known, with the nearest name.
    """
    return next(partner_sheets(ws, period, [partner_id], audience).sheets())


def _composed(
    ws: Workspace,
    period: Period,
    scope: Scope,
    appraised: PartnerAppraisal,
    risk: PartnerRisk,
    irregular: Irregularities,
    audience: str,
) -> PartnerSheets:
    kpis = load_kpis(ws)
    types = sorted(set(appraised.partners["group"]))
    rubric = ws.policy.partners.scoring
    weighed = {group: rubric.weights_of(ws.policy.scopes_of(group)) for group in types}
    values = values_at(ws, kpis, period, sorted({kpi for own in weighed.values() for kpi in own}))
    points = points_of(appraised, values, period, ws.policy)
    owners = names_of(ws, "rep", [o for o in appraised.partners["owner_id"] if isinstance(o, str)])
    is_internal = audience == "internal"
    reasons = risk.reasons if is_internal and len(risk.reasons) else _none("partner_id", "place", "feature")
    return PartnerSheets(
        partners=partners_of(appraised, risk, owners, ws.policy, is_internal),
        cards=cards_of(values, appraised, kpis, period, ws.policy),
        points=points,
        history=history_of(ws, kpis, period, appraised.partners["entity"]),
        gains=gains_of(points),
        reasons=_strongest(reasons),
        cases=cases_of(irregular if is_internal else None),
        measures=measures_of(decided_before(ws, scope)),
        rules=_rules(ws, appraised, risk, audience),
        banner=banner_of(ws, data_quality(ws, scope), kpis, scope, "partner_sheet"),
        appendix=appendix_of(ws, kpis, scope, {RUBRIC: types}),
        scope=scope,
        caveats=_caveats(appraised, scope),
    )


def _rules(ws: Workspace, appraised: PartnerAppraisal, risk: PartnerRisk, audience: str) -> SheetRules:
    tiers = ws.policy.partners.tiers
    return SheetRules(
        audience=audience,
        tier_labels=appraised.tier_labels,
        tier_begins={name: tiers[name].begins for name in appraised.tier_labels},
        certainty=appraised.certainty,
        coverage_needed=appraised.coverage_needed,
        has_risk=bool(risk.card),
        snapshot=risk.snapshot,
        horizon_months=risk.horizon_months,
        gap_months=risk.gap_months,
    )


def _strongest(reasons: pd.DataFrame) -> pd.DataFrame:
    """What raises each partner's risk most."""
    if "contribution" in reasons:
        reasons = reasons[reasons["contribution"] > 0]
    ordered = reasons.sort_values(["partner_id", "place"], kind="stable")
    return ordered.groupby("partner_id", sort=False).head(REASONS).reset_index(drop=True)


def _caveats(appraised: PartnerAppraisal, scope: Scope) -> tuple[Caveat, ...]:
    if not len(appraised.partners):
        return (Caveat("no_partners", "warning"),)
    return (Caveat("provisional", "warning"),) if scope.is_provisional else ()


def _only(made: PartnerSheets, wanted: set[str]) -> PartnerSheets:
    """The rows of some partners."""
    kept = {}
    for name in ("partners", *FRAMES):
        frame = getattr(made, name)
        kept[name] = frame[frame["partner_id"].isin(wanted)].reset_index(drop=True)
    return replace(made, **kept)


def _none(*columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns), dtype=object)


def _listed(ws: Workspace) -> dict[str, str]:
    """Ids and names of the partners whose channel type the policy knows."""
    if not ws.facts().intake.has("partners"):
        return {}
    types = ", ".join(literal(name) for name in ws.policy.channel_types) or "NULL"
    found = ws.facts().engine.query(
        "SELECT partner_id, COALESCE(partner_name, partner_id) AS name FROM partners "
        f"WHERE channel_type IN ({types}) ORDER BY partner_id"
    )
    return dict(zip(found["partner_id"].to_pylist(), found["name"].to_pylist(), strict=True))


def _unknown_audience(audience: str) -> Iterator[Problem]:
    if audience not in AUDIENCES:
        what = f"there is no audience '{audience}'"
        yield Problem("parameter 'audience'", what, did_you_mean(audience, AUDIENCES))


def _unknown_partners(partners: Sequence[str], named: Mapping[str, str]) -> Iterator[Problem]:
    """Partners that nobody appraised, with the nearest id; a name is answered with its id."""
    by_name = {name: partner for partner, name in reversed(list(named.items()))}
    for partner in dict.fromkeys(partners):
        if partner in named:
            continue
        near = by_name.get(partner) or nearest(partner, named) or by_name.get(nearest(partner, by_name), "")
        some = ", ".join(list(named)[:NAMED])
        fix = f"did you mean '{near}' ({named[near]})?" if near else f"write an id, such as {some or 'P001'}"
        yield Problem("parameter 'partners'", f"there is no partner '{partner}' to appraise", fix)

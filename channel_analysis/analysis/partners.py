"""Appraisal of partners: scored, ranked among their type, tiered, awarded, and the policy audited."""

from __future__ import annotations

import pandas as pd

from ..appraisals import PartnerAppraisal
from ..contracts.policy import Policy
from ..methods.scoring import Scored, movement, standings
from ..methods.scoring.engine import CAP
from ..methods.scoring.tiers import award, tier_history
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period, coverage, period_at
from ..results import Caveat, Irregularities, Scope
from ..store.cases import read_cases
from ..store.decisions import read_decisions
from ..store.workspace import Workspace
from .handling import award_proposals, earlier_decisions, starts_by, states_of, tier_proposals
from .irregularities import irregularities_of
from .quality import data_quality
from .scope import resolve_period, scope_of
from .scores import Grounds, grounds

LEVEL = "partner"
RUBRIC = "partners.scoring"


def appraise_partners(ws: Workspace, period: str = "last-quarter") -> PartnerAppraisal:
    """Appraise the partners of a workspace for one period.

    Sales performance, promotion effect, customers and discipline by the policy's `[partners.scoring]`;
    small partners are pulled towards what their channel type was like in closed earlier periods.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year). A
        year is scored by the year's own figures, with its quarters beside.

    Raises
    ------
    InputError
        When the period is none or holds no sales, the rubric names an unknown KPI, or a ledger
        cannot be read.
    """
    return appraisal_of(ws, resolve_period(ws, period), ws.policy)


def appraisal_of(
    ws: Workspace, period: Period, policy: Policy, irregular: Irregularities | None = None
) -> PartnerAppraisal:
    """The appraisal of a period that is resolved already, under a policy that may be another.

    `irregular` is what in the period is to be checked, where that is known already.
    """
    scope = scope_of(ws, period, load_kpis(ws))
    rubric, rules = policy.partners.scoring, policy.scores
    found, listed = partner_grounds(ws, period, policy)
    now = found.scored(period, rubric, policy)
    tiers = _tiers(found, now, policy)
    partners = _table(found, listed, now, period, policy)
    partners = partners.assign(**_tier_columns(partners["entity"], tiers, policy))
    cases = _cases(ws, irregular or irregularities_of(ws, scope), period)
    partners = partners.assign(case=[cases.get(name, "") for name in partners["entity"]])
    own, rules_of_tiers = found.of(period), policy.partners.tiers
    awards = _awards(ws, partners, own, policy, scope)
    return PartnerAppraisal(
        partners=partners,
        points=now.points,
        awards=awards,
        tiers=_tier_table(partners, policy),
        priors=found.priors,
        quarters=_quarters(ws, period, policy),
        **_handled(ws, partners, awards, period, policy, scope),
        tier_labels={
            name: rules_of_tiers[name].label
            for name in sorted(rules_of_tiers, key=lambda n: -rules_of_tiers[n].begins)
        },
        approvers=policy.handling.approvers,
        coverage_needed=rubric.coverage,
        certainty=rules.certainty,
        scope=scope,
        caveats=_caveats(found, partners, scope),
    )


def partner_grounds(ws: Workspace, period: Period, policy: Policy) -> tuple[Grounds, pd.DataFrame]:
    """What partners' scores rest on, and the partners: entity, name, group, region, owner_id."""
    listed = _listed(ws, policy)
    groups = dict(zip(listed["entity"], listed["group"], strict=True))
    return grounds(
        ws, load_kpis(ws), {RUBRIC: policy.partners.scoring}, period, LEVEL, groups, policy
    ), listed


def _listed(ws: Workspace, policy: Policy) -> pd.DataFrame:
    """Partners of a channel type that the policy knows: entity, name, group, region, owner_id."""
    if not ws.facts().intake.has("partners"):
        return pd.DataFrame(columns=["entity", "name", "group", "region", "owner_id"], dtype=object)
    table = ws.facts().engine.query(
        'SELECT partner_id AS entity, COALESCE(partner_name, partner_id) AS name, channel_type AS "group", '
        "region, owner_id FROM partners ORDER BY partner_id"
    )
    frame = table.to_pandas()
    return frame[frame["group"].isin(list(policy.channel_types))].reset_index(drop=True)


def _table(found: Grounds, listed: pd.DataFrame, now: Scored, period: Period, policy: Policy) -> pd.DataFrame:
    """One row per partner with scores, standing and movement."""
    rules, rubric = policy.scores, policy.partners.scoring
    table = listed.merge(now.scores, on=["entity", "group"], how="inner")
    own = found.of(period)
    sales = own[own["kpi"] == "net_sales"].set_index("entity")["raw"]
    table = table.assign(net_sales=table["entity"].map(sales))
    standing = standings(now, rules.top, rules.certainty).drop(columns="group")
    table = table.merge(standing, on="entity", how="left")
    table["peers"] = table.groupby("group")["rank"].transform("count")
    for prefix, base in (("", period.previous), ("last_year_", period.last_year)):
        names = {"before": "previous_score" if not prefix else "last_year_score"}
        names |= {name: f"{prefix}{name}" for name in ("change", "p_change", "moved")}
        if base in found.periods:
            moves = movement(now, found.scored(base, rubric, policy), rules.certainty)
        else:
            moves = pd.DataFrame(columns=["entity", "before", "change", "p_change", "moved"])
        table = table.merge(moves.rename(columns=names), on="entity", how="left")
        table[names["moved"]] = table[names["moved"]].fillna(False).astype(bool)
    table = table.merge(_extremes(now), on="entity", how="left")
    return table.sort_values(["group", "rank", "entity"], kind="stable").reset_index(drop=True)


def _extremes(now: Scored) -> pd.DataFrame:
    """The KPI that gains and the one that costs each partner most against its target."""
    points = now.points[(now.points["status"] == "ok") & (now.points["kpi"] != CAP)]
    gap = points["effective_weight"] * (points["kpi_score"] - 100.0)
    ordered = points.assign(gap=gap).sort_values(["entity", "gap", "kpi"], kind="stable")
    first, last = (ordered.drop_duplicates("entity", keep=end) for end in ("first", "last"))
    return (
        first[["entity", "kpi"]]
        .rename(columns={"kpi": "weakest"})
        .merge(last[["entity", "kpi"]].rename(columns={"kpi": "strongest"}), on="entity")
    )


def certain(scored: Scored) -> pd.Series:
    """The score that is certain, of those with a score."""
    scores = scored.scores.set_index("entity")
    return scores["worst"].where(scores["status"] == "ok")


def _tiers(found: Grounds, now: Scored, policy: Policy) -> list[pd.Series]:
    """Tiers of the periods read, the oldest first, so that a tier has a past; the last is now's."""
    earlier = [
        certain(found.scored(p, policy.partners.scoring, policy, draws=False)) for p in found.periods[:-1]
    ]
    return tier_history([*earlier, certain(now)], policy.partners.tiers, policy.partners.hysteresis)


def _tier_columns(entities: pd.Series, tiers: list[pd.Series], policy: Policy) -> dict[str, pd.Series]:
    now, before = tiers[-1], tiers[-2] if len(tiers) > 1 else pd.Series(dtype=object)
    tier = pd.Series([str(now.get(name, "")) for name in entities], index=entities.index, dtype=object)
    handling = {name: rule.handling for name, rule in policy.partners.tiers.items()}
    return {
        "tier": tier,
        "tier_before": [str(before.get(name, "")) for name in entities],
        "handling": [handling.get(name, "") for name in tier],
    }


def _tier_table(partners: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Per channel type and tier: how many, how many rose into it and fell into it, their net sales."""
    begins = {name: rule.begins for name, rule in policy.partners.tiers.items()}
    own = partners[partners["tier"] != ""]
    now, before = ([begins.get(name, float("nan")) for name in own[c]] for c in ("tier", "tier_before"))
    step = pd.Series(now, index=own.index, dtype=float) - pd.Series(before, index=own.index, dtype=float)
    counted = own.assign(risen=step > 0, fallen=step < 0).groupby(["group", "tier"], sort=True)
    table = counted.agg(
        partners=("entity", "size"),
        risen=("risen", "sum"),
        fallen=("fallen", "sum"),
        net_sales=("net_sales", "sum"),
    ).reset_index()
    order = pd.Series([-begins[name] for name in table["tier"]], index=table.index, dtype=float)
    return table.assign(_b=order).sort_values(["group", "_b"]).drop(columns="_b").reset_index(drop=True)


def _cases(ws: Workspace, found: Irregularities, period: Period) -> dict[str, str]:
    """Partners with an irregularity that is confirmed or open, the former first.

    Those the period itself shows count whether their cases were opened yet or not, so that a second run of a
    report says the same; open ones of later periods do not.
    """
    states = list(zip(found.cases["partner_id"], found.cases["state"], strict=True))
    fiscal_start = ws.settings.company.fiscal_year_start
    for case in read_cases(ws.root).values():
        if case.state == "confirmed" or starts_by(case.period, period, fiscal_start):
            states.append((case.subject.get("partner_id"), case.state))
    cases: dict[str, str] = {}
    for partner, state in states:
        if isinstance(partner, str) and partner and state in ("open", "confirmed"):
            cases[partner] = "confirmed" if "confirmed" in (state, cases.get(partner)) else "open"
    return cases


def _awards(
    ws: Workspace, partners: pd.DataFrame, own: pd.DataFrame, policy: Policy, scope: Scope
) -> pd.DataFrame:
    """Best partners of each channel type, by the policy's award."""
    rules = policy.partners.award
    ruled_out = dict.fromkeys(partners.loc[partners["case"] == "confirmed", "entity"], "irregularity")
    for name, limit in rules.limits.items():
        values = own[(own["kpi"] == limit.kpi) & (own["status"] == "ok")]
        broken = values["entity"][values["raw"].map(limit.is_broken).astype(bool)] if limit.active else []
        ruled_out |= dict.fromkeys(broken, name)
    grades = data_quality(ws, scope).grades.set_index("table")["grade"]
    if "ABCD".find(str(grades.get("sales", "A"))) > "ABCD".index(rules.worst_grade):
        ruled_out |= dict.fromkeys(partners["entity"], "data_grade")
    held = dict.fromkeys(partners.loc[partners["case"] == "open", "entity"], "open_case")
    scored = partners[partners["status"] == "ok"].sort_values(["group", "rank", "entity"])
    table = award(
        scored, ruled_out, held if rules.open_cases == "hold" else {}, rules.places, rules.certainty
    )
    names = dict(zip(partners["entity"], partners["name"], strict=True))
    table.insert(2, "name", table["entity"].map(names))
    return table


def _handled(
    ws: Workspace, partners: pd.DataFrame, awards: pd.DataFrame, period: Period, policy: Policy, scope: Scope
) -> dict[str, pd.DataFrame]:
    """What the period leads to, as it stands in the log, and what earlier reports proposed."""
    steady = (partners["tier"] == partners["tier_before"]) & ~partners["handling"].isin(["plan", "contract"])
    first = (partners["tier_before"] == "") & (partners["handling"] == "support")
    news = partners[~steady & ~first & (partners["tier"] != "")]
    proposals = [*tier_proposals(news, policy), *award_proposals(awards, policy)]
    known = read_decisions(ws.root)
    fiscal_start = ws.settings.company.fiscal_year_start
    return {
        "decisions": states_of(period.code, proposals, known, scope.as_of),
        "earlier": earlier_decisions(known, period, fiscal_start, scope.as_of, "partner_id"),
    }


def _quarters(ws: Workspace, period: Period, policy: Policy) -> pd.DataFrame:
    """Of a year, each quarter's score and tier; a year's own score comes from the year's figures."""
    columns = ["entity", "period", "score", "tier"]
    if period.kind != "year":
        return pd.DataFrame(columns=columns)
    last_day = max(c.last for c in coverage(ws.facts().engine))
    quarter = period_at(min(period.last_day, last_day), "quarter", period.fiscal_start)
    found, _ = partner_grounds(ws, quarter, policy)
    inside = [p for p in found.periods if period.start <= p.start < period.end]
    scored = [found.scored(p, policy.partners.scoring, policy, draws=False) for p in inside]
    tiers = tier_history([certain(s) for s in scored], policy.partners.tiers, policy.partners.hysteresis)
    made = [
        s.scores[["entity", "score"]].assign(
            period=p.code, tier=[str(tier.get(name, "")) for name in s.scores["entity"]]
        )
        for p, s, tier in zip(inside, scored, tiers, strict=True)
    ]
    return pd.concat(made, ignore_index=True)[columns] if made else pd.DataFrame(columns=columns)


def _caveats(found: Grounds, partners: pd.DataFrame, scope: Scope) -> tuple[Caveat, ...]:
    made = [Caveat("provisional", "warning")] if scope.is_provisional else []
    if not len(partners):
        made.append(Caveat("no_partners", "note"))
    elif not len(found.priors):
        made.append(Caveat("no_priors", "note"))
    return tuple(made)

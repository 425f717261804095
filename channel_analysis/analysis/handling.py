"""From results to proposals for somebody to approve, and what was decided about them."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ..contracts.policy import Policy
from ..errors import InputError
from ..metrics.periods import Period, parse_period
from ..store.decisions import Decision, Proposal, decision_id

DECISION_COLUMNS = [
    "decision_id", "period", "subject_kind", "subject", "kind", "name", "handling", "reason", "approver",
    "state", "author", "role", "date", "appeal_until", "note", "numbers", "appeal_days",
]  # fmt: skip


def tier_proposals(tiers: pd.DataFrame, policy: Policy, subject: str = "partner_id") -> list[Proposal]:
    """What the tiers of a period lead to, for every row whose tier has a handling.

    Parameters
    ----------
    tiers : DataFrame
        entity, tier, tier_before ("" or missing: none), handling; of score, worst, group, strongest,
        weakest and reasons (a text, or several) what is there goes with the proposal.
    policy : Policy
        Tiers in `policy.partners`, approvers and days for an appeal in `policy.handling`.
    subject : str
        What the entities are: "partner_id", "rep_id".

    Returns
    -------
    list of Proposal
        In the order of the rows; reason "tier_first", "tier_kept", "tier_risen" or "tier_fallen".
    """
    begins = {name: tier.begins for name, tier in policy.partners.tiers.items()}
    proposals = []
    for row in tiers.to_dict("records"):
        if not _text(row["handling"]):
            continue
        tier, before = str(row["tier"]), _text(row.get("tier_before"))
        numbers = _numbers(row, "score", "worst") | _texts(row, "group", "reasons", "strongest", "weakest")
        numbers |= {"begins": begins[tier]} if tier in begins else {}
        numbers |= {"tier_before": before} if before else {}
        who = {subject: str(row["entity"])}
        reason = _way(begins.get(before), begins.get(tier))
        proposals.append(_proposal(policy, who, "tier", tier, str(row["handling"]), reason, numbers))
    return proposals


def award_proposals(awards: pd.DataFrame, policy: Policy, subject: str = "partner_id") -> list[Proposal]:
    """Awards as proposals, one for each who gets one or a share in one.

    Parameters
    ----------
    awards : DataFrame
        entity, group; with `outcome` only rows "awarded" and "shared"; `award` names it ("best" where
        it is not there); of score, worst, p_best what is there goes with the proposal.
    """
    given = awards
    if "outcome" in awards:
        given = awards[awards["outcome"].isin(["awarded", "shared"])]
    proposals = []
    for row in given.to_dict("records"):
        reason = "award_shared" if row.get("outcome") == "shared" else "award"
        numbers = _numbers(row, "score", "worst", "p_best") | _texts(row, "group")
        who = {subject: str(row["entity"])}
        name = _text(row.get("award")) or "best"
        proposals.append(_proposal(policy, who, "award", name, "award", reason, numbers))
    return proposals


def admission_proposals(candidates: pd.DataFrame, policy: Policy) -> list[Proposal]:
    """The shortlist of a screening as proposals to admit.

    Parameters
    ----------
    candidates : DataFrame
        `Screening.candidates`; rows that are not on the shortlist are left out.
    """
    proposals = []
    for row in candidates[candidates["is_shortlisted"].astype(bool)].to_dict("records"):
        numbers = _numbers(row, "place", "score", "worst", "best", "new_coverage", "active_partners")
        numbers |= _texts(row, "channel_type", "region")
        reason = "shortlisted_closely" if row["is_close"] else "shortlisted"
        who = {"candidate_id": str(row["candidate_id"])}
        proposals.append(_proposal(policy, who, "shortlist", "", "admit", reason, numbers))
    return proposals


def states_of(
    period: str, proposals: Iterable[Proposal], known: Mapping[str, Decision], day: datetime.date
) -> pd.DataFrame:
    """A period's proposals as they stand: what was decided, by whom, until when an appeal can be made.

    A proposal stands there as "proposed" whether the log holds it already or not, so that a second
    run of a report shows the same.

    Parameters
    ----------
    period : str
    proposals : iterable of Proposal
    known : mapping of str to Decision
        As `store.decisions.read_decisions` gives them.
    day : date
        An approval is "final" once its window for an appeal is over by this day.

    Returns
    -------
    DataFrame
        `DECISION_COLUMNS`, a row per proposal in their order; subject_kind and subject are those of
        the first name in the proposal's subject, date is that of the last step a person took;
        numbers is the JSON of what fills the reason.
    """
    rows = []
    for proposal in proposals:
        name = decision_id(period, proposal)
        rows.append(_row(name, period, proposal, known.get(name), day))
    return pd.DataFrame(rows, columns=DECISION_COLUMNS)


def earlier_decisions(
    known: Mapping[str, Decision], period: Period, fiscal_start: int, day: datetime.date, subject: str = ""
) -> pd.DataFrame:
    """What reports on earlier periods proposed, as it stands; what a report closed again is left out.

    Parameters
    ----------
    known : mapping of str to Decision
    period : Period
        The one under review; periods that begin before it are earlier.
    fiscal_start : int
        First month of the company's fiscal year.
    day : date
        As in `states_of`.
    subject : str
        Only proposals about this kind of subject, such as "partner_id"; all when empty.

    Returns
    -------
    DataFrame
        `DECISION_COLUMNS`, in the order in which they were proposed.
    """
    rows = [
        _row(one.id, one.period, one, one, day)
        for one in known.values()
        if (one.author or one.state != "closed")
        and subject in ("", *one.subject)
        and _begins_before(one.period, period, fiscal_start)
    ]
    return pd.DataFrame(rows, columns=DECISION_COLUMNS)


def starts_by(code: str, period: Period, fiscal_start: int) -> bool:
    """Whether a period, by its code, begins no later than another."""
    try:
        return parse_period(code, fiscal_start).start <= period.start
    except InputError:
        return False


def _begins_before(code: str, period: Period, fiscal_start: int) -> bool:
    try:
        return parse_period(code, fiscal_start).start < period.start
    except InputError:
        return False


def _proposal(
    policy: Policy,
    who: Mapping[str, str],
    kind: str,
    name: str,
    handling: str,
    reason: str,
    numbers: Mapping[str, float | str],
) -> Proposal:
    rules = policy.handling
    approver = rules.approvers.get(handling, "")
    return Proposal(who, kind, name, handling, reason, numbers, approver, rules.appeal_days)


def _way(before: float | None, now: float | None) -> str:
    """How somebody came into a tier, by where the tiers begin."""
    if before is None or now is None:
        return "tier_first"
    return "tier_kept" if now == before else "tier_risen" if now > before else "tier_fallen"


def _row(
    name: str, period: str, proposal: Proposal, decision: Decision | None, day: datetime.date
) -> dict[str, Any]:
    kind, subject = next(iter(proposal.subject.items()), ("", ""))
    row: dict[str, Any] = {"decision_id": name, "period": period, "subject_kind": kind, "subject": subject}
    row |= {
        column: getattr(proposal, column) for column in ("kind", "name", "handling", "reason", "approver")
    }
    row |= {"state": "proposed", "author": "", "role": "", "date": None, "appeal_until": None, "note": ""}
    row |= {"numbers": json.dumps(dict(proposal.numbers), sort_keys=True, ensure_ascii=False)}
    row |= {"appeal_days": proposal.appeal_days}
    if decision is None or not decision.author:
        return row
    shown = ("approver", "author", "role", "date", "appeal_until", "note")
    return row | {"state": decision.on(day)} | {column: getattr(decision, column) for column in shown}


def _numbers(row: Mapping[Any, Any], *names: str) -> dict[str, float | str]:
    """Numbers of a row that are there, rounded so that every engine gives the same."""
    given = {name: float(row[name]) for name in names if name in row and row[name] is not None}
    return {name: round(value, 6) for name, value in given.items() if math.isfinite(value)}


def _texts(row: Mapping[Any, Any], *names: str) -> dict[str, float | str]:
    given = {name: _text(row.get(name)) for name in names}
    return {name: text for name, text in given.items() if text}


def _text(given: Any) -> str:
    """A text, or several joined; empty for what is missing."""
    if isinstance(given, str):
        return given
    return ", ".join(map(str, given)) if isinstance(given, list | tuple) else ""

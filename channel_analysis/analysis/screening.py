"""Screening of candidates: criteria and vetoes, coverage gained, the shortlist with reasons and questions."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ..appraisals import Screening
from ..contracts.rubric import Rubric
from ..errors import refuse
from ..methods.scoring import Scored, score
from ..methods.screening import (
    CRITERIA,
    GRADE,
    VETOED_GRADE,
    coverage_gained,
    evidence,
    open_vetoes,
    questions_of,
    reasons_of,
    rubric_mistakes,
    shortlisted,
    with_grades,
)
from ..metrics.kpis import load_kpis
from ..metrics.periods import Period
from ..metrics.screening import candidates_known, territory_sums
from ..results import Caveat, Scope
from ..store.intake import Intake
from ..store.workspace import Workspace
from .scope import resolve_period, scope_of

_SCORES = ["score", "worst", "best", "coverage", "status", "veto", "cap", "capped_from"]
_GAINED = ["new_coverage", "coverage_status", "partners", "active_partners", "partner_amount", "our_share"]


def screen_candidates(ws: Workspace, period: str = "last-quarter") -> Screening:
    """Screen the companies that want to become partners, as they were known at a period's end.

    A veto is made up for by nothing. What a candidate does not tell counts at its worst in the score
    that is certain, and that score decides on the shortlist; so hiding never helps. A candidate's
    score depends on no other candidate.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year). Partners, sales and market
        are those of the period; who applied after its last day of data is left out and counted.

    Raises
    ------
    InputError
        When the period is none or holds no sales, or the policy weighs criteria that are not there.
    """
    refuse(rubric_mistakes(ws.policy.candidates.scoring))
    resolved = resolve_period(ws, period)
    return screening_of(ws, resolved, scope_of(ws, resolved, load_kpis(ws)))


def screening_of(ws: Workspace, period: Period, scope: Scope) -> Screening:
    """The screening of a period that is resolved already."""
    facts, rules = ws.facts(), ws.policy.candidates
    day = min(scope.as_of, period.last_day)
    known, later = candidates_known(facts.engine, day)
    asked = known[["region", "channel_type"]].dropna().drop_duplicates()
    territories = territory_sums(facts.engine, period, ws.policy, asked)
    kept = facts.intake.filled.get("candidates", ())
    basis, rubric = coverage_basis(facts.intake), with_grades(rules)
    gained = coverage_gained(known, territories, basis)
    values = evidence(known, gained, kept, rules)
    scopes = {name: ws.policy.scopes_of(name) for name in ws.policy.channel_types}
    scored = score(values, rubric, scopes, draws=0)
    candidates = _candidates(known, gained, scored, open_vetoes(values, rubric))
    on_list = shortlisted(candidates, rules.shortlist, rules.minimum_score)
    candidates = _best_first(candidates.assign(**on_list))
    return Screening(
        candidates=candidates,
        points=scored.points.rename(
            columns={"entity": "candidate_id", "group": "channel_type", "kpi": "criterion"}
        ),
        reasons=reasons_of(candidates, scored.points, rubric),
        questions=questions_of(candidates, values, scored.points, rubric, rules.minimum_score),
        territories=territories,
        places=rules.shortlist,
        minimum_score=rules.minimum_score,
        day=day,
        scope=scope,
        caveats=(
            *_caveats(ws, scope, len(known), later),
            *_unknown(facts.intake, rubric, basis, territories),
        ),
    )


def coverage_basis(intake: Intake) -> str:
    """By what coverage gained is reckoned: "outlets" of partners, else the "market", else "" for neither.

    The company's tables decide, not what single candidates tell, so that hiding helps nobody.
    """
    if "outlets" in intake.filled.get("partners", ()):
        return "outlets"
    return "market" if "region" in intake.filled.get("market", ()) else ""


def _candidates(
    known: pd.DataFrame, gained: pd.DataFrame, scored: Scored, open_ones: pd.Series
) -> pd.DataFrame:
    """One row per candidate: what it tells, its score and bounds, what it would add and meet."""
    scores = scored.scores.set_index("entity")[_SCORES].rename_axis("candidate_id")
    own = gained.set_index("candidate_id")[[*_GAINED, "overlap"]]
    found = known.drop(columns="known_at").set_index("candidate_id").join(scores).join(own)
    found["candidate_name"] = found["candidate_name"].where(found["candidate_name"].notna(), found.index)
    return found.assign(open_vetoes=open_ones.reindex(found.index)).reset_index()


def _best_first(candidates: pd.DataFrame) -> pd.DataFrame:
    """The shortlist by place, then the others by the score that is certain, those with a veto last."""
    order = candidates.assign(is_out=candidates["veto"] != "", certain=-candidates["worst"].round(6))
    by = ["is_out", "place", "certain", "candidate_id"]
    return candidates.loc[order.sort_values(by, kind="stable").index].reset_index(drop=True)


def _caveats(ws: Workspace, scope: Scope, count: int, later: int) -> Iterator[Caveat]:
    if scope.is_provisional:
        yield Caveat("provisional", "warning")
    if not ws.facts().intake.has("candidates"):
        yield Caveat("no_candidates", "note")
    elif not count:
        yield Caveat("nobody_applied", "note", numbers={"n": later})
    if later:
        yield Caveat("applied_later", "note", numbers={"n": later})


def _unknown(intake: Intake, rubric: Rubric, basis: str, territories: pd.DataFrame) -> Iterator[Caveat]:
    """What the company's tables do not have for any candidate."""
    kept = intake.filled.get("candidates", ())
    columns = {name: GRADE if name == "reputation" else name for name in CRITERIA if name != "new_coverage"}
    weighed = {kpi for own in rubric.weights.values() for kpi, weight in own.items() if weight > 0}
    for criterion, column in columns.items():
        if kept and criterion in weighed and column not in kept:
            yield Caveat("criterion_absent", "note", criterion)
    for name, limit in rubric.limits()[0].items():
        column = GRADE if limit.kpi == VETOED_GRADE else columns.get(limit.kpi, "")
        if kept and column and column not in kept:
            yield Caveat("veto_unchecked", "warning", name)
    if basis:
        yield Caveat(f"coverage_by_{basis}", "note")
    else:
        yield Caveat("coverage_unknown", "note")
    if not territories["market_amount"].notna().any():
        yield Caveat("market_unknown", "note")
    untold = int(territories["outlets_unknown"].sum())
    if basis == "outlets" and untold:
        yield Caveat("outlets_untold", "note", numbers={"n": untold})

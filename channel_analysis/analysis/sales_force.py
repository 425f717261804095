"""Appraisal of the sales force: attainment, targets told from people, scores, recognition, teams."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd

from ..appraisals import SalesForce
from ..contracts.policy import Policy
from ..methods.sales_force.contests import CONTEST_COLUMNS
from ..methods.sales_force.spread import SPREAD_COLUMNS, attainment_spread
from ..methods.sales_force.verdicts import TARGET_COLUMNS
from ..methods.scoring import Scored, movement, standings
from ..methods.scoring.engine import POINT_COLUMNS
from ..metrics.kpis import Kpi, load_kpis
from ..metrics.periods import Period
from ..results import Caveat, Scope
from ..store.workspace import Workspace
from .measure import values_of
from .sales_force_tables import (
    LEAD_COLUMNS,
    RATES,
    RECOGNITION_COLUMNS,
    REP_COLUMNS,
    TEAM_COLUMNS,
    TRAINING_COLUMNS,
    VERDICT,
    contests_of,
    leads_of,
    teams_of,
    training_of,
)
from .scope import resolve_period, scope_of
from .scores import Grounds, grounds
from .territories import Territories, territories_of

RUBRIC = "sales_force.scoring"
NEWCOMERS = "newcomers"
"""Peer group of those within their ramp: they are ranked among themselves."""


def appraise_sales_force(ws: Workspace, period: str = "last-quarter") -> SalesForce:
    """Appraise reps and teams of a workspace for one period.

    Targets are due for the days in role; reps with fewer than the policy's days are shown, not scored;
    newcomers are ranked among newcomers. Whether a missed target is the target's or the person's is
    said only where that can be told. Without a staff table nothing can be said, and that is a caveat.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025H2", "2025", "2025-07", "FY2026Q1", or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales, or the rubric names an unknown KPI.
    """
    resolved = resolve_period(ws, period)
    return sales_force_of(ws, resolved, ws.policy)


def sales_force_of(ws: Workspace, period: Period, policy: Policy) -> SalesForce:
    """The appraisal of a period that is resolved already, under a policy that may be another."""
    kpis = load_kpis(ws)
    scope = scope_of(ws, period, kpis)
    has_staff = ws.facts().intake.has("staff")
    if not has_staff:
        return _nothing(policy, scope, (Caveat("no_staff", "warning"), *_provisional(scope)))
    found = territories_of(ws, period, policy)
    if found.reps.empty:
        return _nothing(policy, scope, (Caveat("no_reps", "warning"), *_provisional(scope)))
    table = _attainment(found)
    rests = _grounds(ws, kpis, period, "rep", found.reps["group"].to_dict(), policy)
    rests = _prorated(rests, table, period)
    now, before = _scored(rests, period, policy)
    table = _with_scores(table, rests, now, before, period, policy)
    table = table.merge(_rates(ws, kpis, period), on="rep_id", how="left").sort_values(
        ["group", "peer_group", "rank", "rep_id"], kind="stable"
    )
    contests, recognition = contests_of(ws, period, table, now, before, policy)
    targets = found.targets.merge(table[["rep_id", "rep_name", "group"]], on="rep_id")
    is_judged = ~table["is_short"]
    spread = attainment_spread(
        table.loc[is_judged].set_index("rep_id")["attainment"], table.set_index("rep_id")["group"]
    )
    return SalesForce(
        reps=table[REP_COLUMNS].reset_index(drop=True),
        teams=_teams(ws, kpis, period, found, table, policy),
        spread=spread,
        targets=targets,
        recognition=recognition,
        contests=contests,
        leads_by_rep=leads_of(ws, period, table),
        training=training_of(ws, found, table),
        points=now.points,
        coverage_needed=policy.sales_force.scoring.coverage,
        certainty=policy.sales_force.certainty,
        scope=scope,
        caveats=(*_provisional(scope), *_caveats(ws, found, table, spread)),
    )


def _attainment(found: Territories) -> pd.DataFrame:
    """One row per rep: role, target, attainment and verdict."""
    now = found.due[found.due["number"] == 0].groupby("rep_id")
    sums = now.agg(actual=("actual", "sum"), full_target=("target", "sum"), target=("due", "sum"))
    table = found.reps.join(sums).rename_axis("rep_id").reset_index()
    table["attainment"] = table["actual"] / table["target"].where(table["target"] > 0)
    verdicts = found.targets.reindex(columns=["rep_id", *VERDICT])
    return table.merge(verdicts, on="rep_id", how="left")


def _grounds(
    ws: Workspace, kpis: dict[str, Kpi], period: Period, level: str, groups: dict[str, str], policy: Policy
) -> Grounds:
    """What the scores of a level rest on."""
    return grounds(ws, kpis, {RUBRIC: policy.sales_force.scoring}, period, level, groups, policy)


def _prorated(rests: Grounds, table: pd.DataFrame, period: Period) -> Grounds:
    """Attainment of those with a part of the period in their role against the target due for that part."""
    part = table[table["is_part"] & (table["target"] > 0)].set_index("rep_id")["attainment"]
    values = rests.values
    own = (values["kpi"] == "attainment") & (values["period"] == period.code) & (values["status"] == "ok")
    due = values["entity"].map(part).where(own)
    ratio = (due / values["value"]).abs().where(due.notna(), 1.0)
    return replace(rests, values=values.assign(value=due.fillna(values["value"]), se=values["se"] * ratio))


def _scored(rests: Grounds, period: Period, policy: Policy) -> tuple[Scored, dict[str, Scored]]:
    """Scores of the period, and of the one before and last year's as far as there are any."""
    rubric = policy.sales_force.scoring
    bases = {"": period.previous, "last_year_": period.last_year}
    earlier = {
        prefix: rests.scored(base, rubric, policy) for prefix, base in bases.items() if base in rests.periods
    }
    return rests.scored(period, rubric, policy), earlier


def _with_scores(
    table: pd.DataFrame,
    rests: Grounds,
    now: Scored,
    before: dict[str, Scored],
    period: Period,
    policy: Policy,
    key: str = "rep_id",
) -> pd.DataFrame:
    """The table with scores, standing among peers, and movement; those with too few days without."""
    rules = policy.scores
    short = set(table.loc[table["is_short"], key])
    peers = table["group"].where(~table["is_newcomer"], NEWCOMERS)
    table = table.assign(peer_group=peers.where(~table["is_short"], ""))
    ranked = _among(now, dict(zip(table[key], table["peer_group"], strict=True)), short)
    scores = ranked.scores.drop(columns=["group", "veto", "cap", "capped_from"])
    table = table.merge(scores.rename(columns={"entity": key}), on=key, how="left")
    standing = standings(ranked, rules.top, rules.certainty, within=key == "rep_id").drop(columns="group")
    table = table.merge(standing.rename(columns={"entity": key}), on=key, how="left")
    for prefix in ("", "last_year_"):
        names = {"entity": key, "before": f"{prefix or 'previous_'}score"}
        names |= {name: f"{prefix}{name}" for name in ("change", "p_change", "moved")}
        moves = pd.DataFrame(columns=list(names))
        if prefix in before:
            moves = movement(ranked, before[prefix], rules.certainty)
        table = table.merge(moves.rename(columns=names), on=key, how="left")
        table[f"{prefix}moved"] = table[f"{prefix}moved"].fillna(False).astype(bool)
    return table


def _among(scored: Scored, peers: dict[str, str], short: set[str]) -> Scored:
    """Scores by peer group; those who were there too briefly have none."""
    scores = scored.scores
    is_short = scores["entity"].isin(list(short))
    scores = scores.assign(
        group=scores["entity"].map(peers), status=scores["status"].mask(is_short, "few_days")
    )
    for name in ("score", "low", "high"):
        scores[name] = scores[name].mask(is_short)
    rows = is_short.to_numpy()
    draws = np.where(rows[:, None], np.nan, scored.draws)
    return Scored(scores, scored.points, draws, np.where(rows, np.nan, scored.spread))


def _rates(ws: Workspace, kpis: dict[str, Kpi], period: Period) -> pd.DataFrame:
    """Satisfaction, win rate and visit completion by rep: value, `_low`, `_high`, `_n`."""
    known = {name: kpis[name] for name in RATES if name in kpis}
    values = values_of(ws, known, [period], ("rep",))
    found = pd.DataFrame({"rep_id": sorted(values["entity"].unique())}, dtype=object)
    for name in RATES:
        own = values[(values["kpi"] == name) & (values["status"] == "ok")]
        columns = {"entity": "rep_id", "value": name, "low": f"{name}_low", "high": f"{name}_high"}
        columns |= {"denominator": f"{name}_n"}
        found = found.merge(own[list(columns)].rename(columns=columns), on="rep_id", how="left")
    return found


def _teams(
    ws: Workspace,
    kpis: dict[str, Kpi],
    period: Period,
    found: Territories,
    table: pd.DataFrame,
    policy: Policy,
) -> pd.DataFrame:
    """Teams with their targets, verdicts and vacancies, scored and ranked as reps are."""
    teams = teams_of(ws, period, found, table)
    groups = dict(zip(teams["team"], teams["group"], strict=True))
    rests = _grounds(ws, kpis, period, "team", groups, policy)
    now, before = _scored(rests, period, policy)
    plain = teams.assign(is_short=False, is_newcomer=False)
    scored = _with_scores(plain, rests, now, before, period, policy, "team")
    return scored[TEAM_COLUMNS]


def _caveats(ws: Workspace, found: Territories, table: pd.DataFrame, spread: pd.DataFrame) -> list[Caveat]:
    notes = []
    if found.due.empty:
        notes.append(Caveat("no_rep_targets", "warning"))
    counts = {
        "prorated_targets": int((table["is_part"] & (table["target"] < table["full_target"])).sum()),
        "few_days": int(table["is_short"].sum()),
        "newcomers": int((table["is_newcomer"] & ~table["is_short"]).sum()),
    }
    notes += [Caveat(code, "note", "", {"reps": count}) for code, count in counts.items() if count]
    two = spread[spread["is_two_humped"].astype(bool)]
    notes += [
        Caveat("two_humped", "warning", str(row["group"]), {"split": row["split_at"], "reps": row["reps"]})
        for row in two.to_dict("records")
    ]
    if ws.facts().intake.has("training"):
        notes.append(Caveat("training_is_no_effect", "note"))
    return notes


def _provisional(scope: Scope) -> tuple[Caveat, ...]:
    return (Caveat("provisional", "warning"),) if scope.is_provisional else ()


def _nothing(policy: Policy, scope: Scope, caveats: tuple[Caveat, ...]) -> SalesForce:
    """The result where there is nobody to appraise."""
    columns = (
        REP_COLUMNS, TEAM_COLUMNS, SPREAD_COLUMNS, [*TARGET_COLUMNS, "rep_name", "group"],
        RECOGNITION_COLUMNS, CONTEST_COLUMNS, LEAD_COLUMNS, TRAINING_COLUMNS, POINT_COLUMNS,
    )  # fmt: skip
    names = [field.name for field in fields(SalesForce)][: len(columns)]
    frames = {name: pd.DataFrame(columns=own) for name, own in zip(names, columns, strict=True)}
    rules = policy.sales_force
    return SalesForce(
        **frames,
        coverage_needed=rules.scoring.coverage,
        certainty=rules.certainty,
        scope=scope,
        caveats=caveats,
    )

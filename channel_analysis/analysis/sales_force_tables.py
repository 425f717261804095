"""Tables of the sales force's appraisal: contests, teams, leads and training."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..contracts.policy import Policy
from ..methods.sales_force.contests import CONTEST_COLUMNS, placed, replays
from ..methods.sales_force.roles import ROLE_COLUMNS
from ..methods.scoring import Scored, standings
from ..metrics import sales_force as measures
from ..metrics.intervals import wilson_interval
from ..metrics.periods import Period, add_months, coverage
from ..store.cases import read_cases
from ..store.workspace import Workspace
from .territories import Territories

VERDICT = ["verdict", "reason", "window", "basis"]
RATES = ("csat", "win_rate", "visit_completion")
VERDICT_COUNTS = {
    "targets_too_high": "target_too_high",
    "targets_too_low": "target_too_low",
    "behind": "behind",
    "ahead": "ahead",
}
SCORE_COLUMNS = [
    "score", "low", "high", "worst", "best", "coverage", "status", "rank", "rank_low", "rank_high",
    "percentile", "p_best", "p_top", "tie_zone", "previous_score", "change", "p_change", "moved",
    "last_year_score", "last_year_change", "last_year_p_change", "last_year_moved",
]  # fmt: skip
REP_COLUMNS = [
    *ROLE_COLUMNS, "actual", "full_target", "target", "attainment", *VERDICT, "peer_group", *SCORE_COLUMNS,
    *(f"{name}{end}" for name in RATES for end in ("", "_low", "_high", "_n")),
]  # fmt: skip
TEAM_COLUMNS = [
    "team", "manager_id", "manager_name", "group", "reps", "newcomers", "vacant_partners",
    "vacant_customers", "actual", "target", "attainment", *VERDICT_COUNTS, *SCORE_COLUMNS,
]  # fmt: skip
RECOGNITION_COLUMNS = [
    "contest", "group", "place", "rep_id", "rep_name", "team", "value", "low", "high", "is_shared",
]  # fmt: skip
LEAD_COLUMNS = [
    "rep_id", "rep_name", "group", "source", "won", "closed", "open", "win_rate", "low", "high", "won_value",
]  # fmt: skip
TRAINING_COLUMNS = [
    "rep_id", "rep_name", "group", "held_on", "courses", "hours", "attainment_before", "attainment_after",
    "win_rate_before", "win_rate_after",
]  # fmt: skip
LOOKBACK_MONTHS = 12
"""A customer without an order for so long is new."""


def contests_of(
    ws: Workspace,
    period: Period,
    table: pd.DataFrame,
    now: Scored,
    before: dict[str, Scored],
    policy: Policy,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contest tables, and the recognition list: everybody with a place.

    Reps about whom an irregularity was confirmed take no part. Scores stand against each channel
    type's own anchors and are compared over all types; new customers' sales within a type.
    """
    ruled_out = {
        case.subject.get("rep_id") for case in read_cases(ws.root).values() if case.state == "confirmed"
    }
    free = table[~table["rep_id"].isin(list(ruled_out)) & (table["status"] == "ok")]
    draws = pd.DataFrame(now.draws, index=now.scores["entity"])
    settled, new = free[~free["is_newcomer"]], free[free["is_newcomer"]]
    found = [
        _contest("best_performance", "", settled, "score", draws, policy),
        _contest("best_newcomer", "", new, "score", draws, policy),
    ]
    if "" in before:
        earlier = pd.DataFrame(before[""].draws, index=before[""].scores["entity"])
        movers = free[free["moved"] & (free["change"] > 0)]
        gained = draws.reindex(movers["rep_id"]) - earlier.reindex(movers["rep_id"])
        found.append(_contest("most_improved", "", movers, "change", gained, policy))
    found += _development(ws, period, free, policy)
    kept = [frame for frame in found if len(frame)] or found[:1]
    contests = pd.concat(kept, ignore_index=True)
    won = contests[contests["place"].notna()].merge(table[["rep_id", "team"]], on="rep_id", how="left")
    return contests, won[RECOGNITION_COLUMNS].reset_index(drop=True)


def _development(ws: Workspace, period: Period, free: pd.DataFrame, policy: Policy) -> list[pd.DataFrame]:
    """Sales to new customers, within each channel type whose reps have customers that are told apart."""
    lookback = add_months(period.start, -LOOKBACK_MONTHS)
    if min(c.first for c in coverage(ws.facts().engine)) > lookback:
        return []
    sales = measures.new_customer_sales(ws.facts().engine, period, lookback).set_index("rep_id")
    known = free.merge(sales, left_on="rep_id", right_index=True).rename(columns={"amount": "development"})
    found = []
    for group, own in known.groupby("group", sort=True):
        names = own["rep_id"].tolist()
        errors = np.sqrt(own["squares"].to_numpy(dtype=float))
        chance = replays(
            names, own["development"].to_numpy(dtype=float), errors, policy.scores.draws, period.code
        )
        draws = pd.DataFrame(chance, index=names)
        found.append(_contest("customer_development", str(group), own, "development", draws, policy))
    return found


def _contest(
    name: str, group: str, own: pd.DataFrame, value: str, draws: pd.DataFrame, policy: Policy
) -> pd.DataFrame:
    """One contest table, best first."""
    if own.empty:
        return pd.DataFrame(columns=CONTEST_COLUMNS)
    chance = draws.reindex(own["rep_id"]).to_numpy(dtype=float)
    tail = (1 - policy.scores.certainty) / 2
    low, high = np.quantile(chance, [tail, 1 - tail], axis=1)
    scores = pd.DataFrame(
        {"entity": own["rep_id"].to_numpy(), "group": group, "score": own[value].to_numpy(), "status": "ok"}
    )
    standing = standings(
        Scored(scores, pd.DataFrame(), chance, chance.std(axis=1)), policy.scores.top, policy.scores.certainty
    )
    ends = pd.DataFrame(
        {"rep_id": scores["entity"], "value": scores["score"], "low": low, "high": high}
    ).merge(own[["rep_id", "rep_name"]], on="rep_id")
    frame = standing.rename(columns={"entity": "rep_id"}).merge(ends, on="rep_id")
    return placed(frame, policy.sales_force.recognition_places).assign(contest=name)[CONTEST_COLUMNS]


def teams_of(ws: Workspace, period: Period, found: Territories, table: pd.DataFrame) -> pd.DataFrame:
    """One row per team: manager, channel type of most reps, size, vacancies, target, verdicts."""
    named = table[table["team"] != ""]
    by_team = named.groupby("team", sort=True)
    teams = by_team.agg(
        manager_id=("manager_id", _most), group=("group", _most), reps=("rep_id", "size"),
        newcomers=("is_newcomer", "sum"), is_part=("is_part", "any"),
        actual=("actual", "sum"), target=("target", "sum"),
    ).reset_index()  # fmt: skip
    teams["attainment"] = teams["actual"] / teams["target"].where(teams["target"] > 0)
    for column, verdict in VERDICT_COUNTS.items():
        counts = named[named["verdict"] == verdict].groupby("team").size()
        teams[column] = teams["team"].map(counts).fillna(0).astype(int)
    tables = [name for name in ("partners", "customers") if ws.facts().intake.has(name)]
    vacant = measures.vacancies(ws.facts().engine, tables, period.end)
    owner_team = found.staff.set_index("staff_id")["team"]
    lost = (
        vacant.assign(team=vacant["rep_id"].map(owner_team)).groupby("team")[["partners", "customers"]].sum()
    )
    for name in ("partners", "customers"):
        teams[f"vacant_{name}"] = teams["team"].map(lost[name]).fillna(0).astype(int)
    names = found.staff.set_index("staff_id")["staff_name"]
    teams["manager_name"] = teams["manager_id"].map(names)
    return teams[[name for name in TEAM_COLUMNS if name in teams]]


def _most(values: pd.Series) -> str | None:
    """The most frequent value, of several the first by name; None where there is none."""
    counts = values.dropna().value_counts()
    return min(counts[counts == counts.max()].index) if len(counts) else None


def leads_of(ws: Workspace, period: Period, table: pd.DataFrame) -> pd.DataFrame:
    """Leads by rep and source, and over all sources (""), with Wilson intervals of the share won."""
    if not ws.facts().intake.has("leads"):
        return pd.DataFrame(columns=LEAD_COLUMNS)
    found = measures.lead_counts(ws.facts().engine, period)
    counts = ["won", "closed", "open", "won_value"]
    whole = found.groupby("rep_id", as_index=False)[counts].sum().assign(source="")
    is_whole = found["source"] == ""
    parts = found.assign(source=found["source"].mask(is_whole, "(none)"))
    rows = pd.concat([whole, parts], ignore_index=True).merge(
        table[["rep_id", "rep_name", "group"]], on="rep_id"
    )
    won, closed = (rows[name].to_numpy(dtype=float) for name in ("won", "closed"))
    low, high = wilson_interval(won, np.where(closed > 0, closed, np.nan))
    low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    rows = rows.assign(win_rate=rows["won"] / rows["closed"].where(rows["closed"] > 0), low=low, high=high)
    return rows.sort_values(["rep_id", "source"], kind="stable")[LEAD_COLUMNS].reset_index(drop=True)


def training_of(ws: Workspace, found: Territories, table: pd.DataFrame) -> pd.DataFrame:
    """Reps trained in the period before, with the period before that and the one under review beside.

    A description: who is sent on a course differs from who is not.
    """
    if not ws.facts().intake.has("training") or len(found.periods) < 3:
        return pd.DataFrame(columns=TRAINING_COLUMNS)
    engine = ws.facts().engine
    held = measures.trainings(engine, found.periods[1:2])
    rows = (
        held.groupby("staff_id")
        .agg(held_on=("held_on", "min"), courses=("course", _listed), hours=("hours", "sum"))
        .rename_axis("rep_id")
        .reset_index()
        .merge(table[["rep_id", "rep_name", "group"]], on="rep_id")
    )
    for side, number in (("before", 2), ("after", 0)):
        rows[f"attainment_{side}"] = rows["rep_id"].map(found.attained(number))
        rows[f"win_rate_{side}"] = np.nan
        if ws.facts().intake.has("leads"):
            leads = (
                measures.lead_counts(engine, found.periods[number]).groupby("rep_id")[["won", "closed"]].sum()
            )
            rows[f"win_rate_{side}"] = rows["rep_id"].map(
                leads["won"] / leads["closed"].where(leads["closed"] > 0)
            )
    return rows[TRAINING_COLUMNS]


def _listed(courses: pd.Series) -> str:
    return "; ".join(dict.fromkeys(courses.dropna().astype(str)))

"""Candidates: what is known of each by criterion, what they would add, who is on the shortlist and why."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..contracts.appraisal import Candidates
from ..contracts.rubric import Limit, Rubric
from ..errors import Problem, did_you_mean

CRITERIA = {
    "outlets": "coverage",
    "new_coverage": "coverage",
    "staff_count": "sales_ability",
    "annual_sales": "sales_ability",
    "working_capital": "sales_ability",
    "reputation": "reputation",
    "years_in_business": "experience",
    "category_experience": "experience",
}
"""Criteria a policy can weigh, and the dimension of each."""

GRADE = "reputation_grade"
VETOED_GRADE = "vetoed_grade"
"""The veto of credit grades, and what it looks at: 1 for a vetoed grade, 0 for another."""

HIDDEN, NOT_KEPT = "no_rows", "no_data"
"""Why a value is missing: the candidate gives none, or the company's tables do not have it for anybody."""

FEW = 2
"""Strongest and weakest criteria that are named."""

REASONS = ["candidate_id", "code", "criterion", "value", "kpi_score", "points"]
QUESTIONS = ["candidate_id", "code", "criterion", "value", "kpi_score", "weight"]


def rubric_mistakes(rubric: Rubric) -> Iterator[Problem]:
    """Names in the rubric of candidates that are no criterion, and criteria that earn nothing."""
    where = "policy.toml [candidates.scoring"
    named = [(f"weights.{scope}", kpi) for scope, own in rubric.weights.items() for kpi in own]
    named += [(f"anchors.{scope}", kpi) for scope, own in rubric.anchors.items() for kpi in own]
    named += [(f"vetoes.{name}", limit.kpi) for name, limit in rubric.vetoes.items()]
    named += [(f"caps.{name}", cap.kpi) for name, cap in rubric.caps.items()]
    for place, kpi in named:
        if kpi not in CRITERIA:
            yield Problem(f"{where}.{place}]", f"there is no criterion '{kpi}'", did_you_mean(kpi, CRITERIA))


def with_grades(rules: Candidates) -> Rubric:
    """The rubric with the policy's vetoed grades as one veto more."""
    if not rules.vetoed_grades:
        return rules.scoring
    vetoes = {**rules.scoring.vetoes, VETOED_GRADE: Limit(kpi=VETOED_GRADE, above=0.5)}
    return rules.scoring.model_copy(update={"vetoes": vetoes})


def coverage_gained(candidates: pd.DataFrame, territories: pd.DataFrame, basis: str) -> pd.DataFrame:
    """What each candidate would add, and whom it would meet there.

    By "outlets", `new_coverage` is the share of the outlets then served in the territory that are
    the candidate's, all of which are taken for new; by "market", the share of the market there that
    is not ours yet.

    Parameters
    ----------
    candidates : DataFrame
        candidate_id, region, channel_type, outlets; one row per candidate.
    territories : DataFrame
        As `metrics.screening.territory_sums` gives them.
    basis : str
        "outlets", "market", or "" where the company's tables have neither.

    Returns
    -------
    DataFrame
        The candidates in their order: candidate_id, new_coverage, coverage_status ("ok", or why there
        is none), territory columns of `territories`, our_share and overlap: "none" (no active partner of
        the type there), "possible", or "unknown" (no region or type is named).
    """
    keys = ["region", "channel_type"]
    found = candidates[["candidate_id", *keys, "outlets"]].rename(columns={"outlets": "brought"})
    found = found.merge(territories, on=keys, how="left")
    named = found["region"].notna() & found["channel_type"].notna()
    brought = found["brought"].astype(float).clip(lower=0)
    share = _share(found["our_amount"].clip(lower=0), found["market_amount"])
    if basis == "outlets":
        gained = _share(brought, brought + found["outlets"]).where(brought != 0, 0.0)
        no_base = (found["active_partners"] > 0) & (found["outlets_unknown"] == found["active_partners"])
        gained, hidden = gained.where(named & brought.notna()), ~named | brought.isna()
    else:
        gained, no_base, hidden = (1 - share).clip(0, 1), share.isna(), ~named
    status = np.where(hidden, HIDDEN, np.where(no_base, NOT_KEPT, "ok"))
    status = status if basis else np.full(len(found), NOT_KEPT)
    overlap = np.where(~named, "unknown", np.where(found["active_partners"] > 0, "possible", "none"))
    return found.drop(columns=[*keys, "brought"]).assign(
        new_coverage=gained.where(status == "ok"), coverage_status=status, our_share=share, overlap=overlap
    )


def evidence(
    candidates: pd.DataFrame, gained: pd.DataFrame, kept: Collection[str], rules: Candidates
) -> pd.DataFrame:
    """What is known of every candidate, one row per criterion, as scoring takes it.

    Parameters
    ----------
    candidates, gained : DataFrame
        As in `coverage_gained`, and what it gives; in the same order.
    kept : collection of str
        Columns that the company has of its candidates. What is missing in them is unknown, and at
        worst worth nothing; what is missing beyond them is nobody's fault.
    rules : Candidates
        The policy's; its grades give a reputation its points.

    Returns
    -------
    DataFrame
        entity, group (channel type, "" where none is named), kpi, dimension, value, status.
    """
    grades = {_grade(name): points for name, points in rules.grades.items()}
    vetoed = {_grade(name) for name in rules.vetoed_grades}
    given = candidates[GRADE].map(lambda text: _grade(text) if isinstance(text, str) else None)
    values = {name: candidates[name].astype(float) for name in CRITERIA if name in candidates}
    values["new_coverage"] = gained["new_coverage"]
    values["reputation"] = given.map(grades).astype(float)
    flags = given.map(lambda grade: float(grade in vetoed) if grade in vetoed | set(grades) else np.nan)
    values[VETOED_GRADE] = flags.astype(float)
    columns = dict.fromkeys(("reputation", VETOED_GRADE), GRADE)
    parts = []
    for name in (*CRITERIA, VETOED_GRADE):
        why = HIDDEN if columns.get(name, name) in kept else NOT_KEPT
        there = np.isfinite(values[name].to_numpy())
        status = gained["coverage_status"] if name == "new_coverage" else np.where(there, "ok", why)
        parts.append(_rows(candidates, name, values[name], status))
    return pd.concat(parts, ignore_index=True)


def open_vetoes(values: pd.DataFrame, rubric: Rubric) -> pd.Series:
    """Vetoes that rest on what a candidate does not tell, joined by ", "; by candidate."""
    names: dict[str, list[str]] = {str(entity): [] for entity in values["entity"].unique()}
    for name, limit in rubric.limits()[0].items():
        untold = values[(values["kpi"] == limit.kpi) & (values["status"] == HIDDEN)]
        for entity in untold["entity"]:
            names[entity].append(name)
    return pd.Series({entity: ", ".join(found) for entity, found in names.items()}, dtype=object)


def shortlisted(scores: pd.DataFrame, places: int, minimum: float) -> pd.DataFrame:
    """Who is on the shortlist, by the score that is certain.

    On it can be who has a score, no veto, no veto that what is not told may bring, and at least
    the minimum for certain. Those as good as the last are on it with them.

    Parameters
    ----------
    scores : DataFrame
        worst, best, status, open_vetoes.
    places : int
    minimum : float

    Returns
    -------
    DataFrame
        With the index of `scores`: place (1 for the best; NaN off the list), is_shortlisted, is_close:
        off the list, who at best passes the last on it (or, while places are left, the minimum);
        on a full list, whom somebody off it may pass.
    """
    certain, hoped = scores["worst"].round(6), scores["best"].round(6)
    able = (scores["status"] == "ok") & (scores["open_vetoes"] == "") & (certain >= minimum)
    place = certain.where(able).rank(method="min", ascending=False)
    on_list = place <= places
    is_full = int(on_list.sum()) >= places
    last = certain[on_list].min() if is_full else minimum
    may_pass = ~on_list & scores["status"].isin(["ok", "coverage"]) & (hoped >= last)
    may_fall = on_list & (certain <= hoped[may_pass].max()) & is_full
    return pd.DataFrame(
        {"place": place.where(on_list), "is_shortlisted": on_list, "is_close": may_pass | may_fall}
    )


def reasons_of(candidates: pd.DataFrame, points: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """Why each candidate stands where it stands, in codes and numbers.

    Parameters
    ----------
    candidates : DataFrame
        candidate_id, veto, coverage, new_coverage, active_partners, overlap, and what they tell.
    points : DataFrame
        Of scoring: entity, kpi, value, kpi_score, points, status.
    rubric : Rubric
        With vetoes.

    Returns
    -------
    DataFrame
        `REASONS`; codes: "veto", "too_little_known" (value: the share of the weights known),
        "strength", "weakness", "coverage_gained" (value: new_coverage), "overlap" (value: active
        partners there).
    """
    known = points[(points["status"] == "ok") & points["kpi"].isin(list(CRITERIA))]
    falling: dict[str, list[dict[Any, Any]]] = {}
    for one in known.sort_values(["kpi_score", "weight"], ascending=False, kind="stable").to_dict("records"):
        falling.setdefault(one["entity"], []).append(one)
    rows: list[dict[str, Any]] = []
    for row in candidates.to_dict("records"):
        name = row["candidate_id"]
        rows += [{"candidate_id": name, **one} for one in _reasons(row, falling.get(name, []), rubric)]
    return pd.DataFrame(rows, columns=REASONS)


def questions_of(
    candidates: pd.DataFrame, values: pd.DataFrame, points: pd.DataFrame, rubric: Rubric, weak: float
) -> pd.DataFrame:
    """What to ask each candidate that no veto rules out, what matters most first.

    Parameters
    ----------
    candidates : DataFrame
        candidate_id, region, reputation_grade, veto, overlap, active_partners.
    values, points : DataFrame
        As `evidence` gives them, and what scoring makes of them.
    rubric : Rubric
        With vetoes.
    weak : float
        A criterion below so many points is asked about.

    Returns
    -------
    DataFrame
        `QUESTIONS`; codes: "veto" (not told, and a veto rests on it), "grade" (a grade that the policy
        does not know), "unknown", "weak", "overlap" (value: active partners of the type there).
        "region" may stand for a criterion. Each is asked about once.
    """
    limited = {limit.kpi for limit in rubric.limits()[0].values()}
    rests = limited - {VETOED_GRADE} | ({"reputation"} if VETOED_GRADE in limited else set())
    status = values.set_index(["entity", "kpi"])["status"].to_dict()
    scored = points.set_index(["entity", "kpi"])[["value", "kpi_score", "weight"]].to_dict("index")
    rows: list[dict[str, Any]] = []
    for row in candidates[candidates["veto"] == ""].to_dict("records"):
        name = row["candidate_id"]
        own = [
            _question(row, kpi, status[name, kpi], scored.get((name, kpi)), rests, weak) for kpi in CRITERIA
        ]
        found = sorted(
            (one for one in own if one), key=lambda one: (_ORDER.index(one["code"]), -one["weight"])
        )
        if row["overlap"] == "possible":
            found.append({"code": "overlap", "criterion": "", "value": row["active_partners"], "weight": 0.0})
        rows += [{"candidate_id": name, **one} for one in found]
    return pd.DataFrame(rows, columns=QUESTIONS)


_ORDER = ("veto", "grade", "unknown", "weak")


def _question(
    row: Mapping[Any, Any],
    kpi: str,
    status: str,
    scored: Mapping[Any, Any] | None,
    rests: Collection[str],
    weak: float,
) -> dict[str, Any] | None:
    """What to ask about one criterion; None when there is nothing."""
    weight = float(scored["weight"]) if scored else 0.0
    asked: dict[str, Any] = {"criterion": kpi, "weight": weight}
    if kpi == "new_coverage":  # outlets are asked about on their own
        lacks_region = status == HIDDEN and not isinstance(row["region"], str)
        return asked | {"code": "unknown", "criterion": "region"} if lacks_region else None
    if status != "ok":
        if kpi == "reputation" and isinstance(row[GRADE], str):
            return asked | {"code": "grade"}
        if status == HIDDEN and kpi in rests:
            return asked | {"code": "veto"}
        return asked | {"code": "unknown"} if weight else None
    if scored and scored["kpi_score"] < weak:
        return asked | {"code": "weak", "value": scored["value"], "kpi_score": scored["kpi_score"]}
    return None


def _reasons(
    row: Mapping[Any, Any], falling: list[dict[Any, Any]], rubric: Rubric
) -> Iterator[dict[str, Any]]:
    """Why one candidate stands where it stands; `falling` is what is known of it, the strongest first."""
    for name in filter(None, row["veto"].split(", ")):
        kpi = rubric.vetoes[name].kpi
        yield {"code": "veto", "criterion": kpi.replace(VETOED_GRADE, "reputation"), "value": row.get(kpi)}
    if row["coverage"] < rubric.coverage - 1e-9:
        yield {"code": "too_little_known", "criterion": "", "value": row["coverage"]}
    strongest = falling[: min(FEW, math.ceil(len(falling) / 2))]
    weakest = falling[len(strongest) :][-FEW:][::-1]
    for code, several in (("strength", strongest), ("weakness", weakest)):
        for one in several:
            numbers = {name: one[name] for name in ("value", "kpi_score", "points")}
            yield {"code": code, "criterion": one["kpi"], **numbers}
    if row["new_coverage"] == row["new_coverage"]:
        yield {"code": "coverage_gained", "criterion": "new_coverage", "value": row["new_coverage"]}
    if row["overlap"] == "possible":
        yield {"code": "overlap", "criterion": "", "value": row["active_partners"]}


def _rows(candidates: pd.DataFrame, kpi: str, values: pd.Series, status: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "entity": candidates["candidate_id"],
            "group": candidates["channel_type"].fillna(""),
            "kpi": kpi,
            "dimension": CRITERIA.get(kpi, "reputation"),
            "value": values.to_numpy(),
            "status": np.asarray(status, dtype=object),
        }
    )


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """A share; NaN where the whole is not known or not above 0."""
    return part.astype(float) / whole.astype(float).where(whole > 0)


def _grade(text: str) -> str:
    """A grade as it is compared: capitals, blanks and full-width letters do not matter."""
    return unicodedata.normalize("NFKC", text).strip().upper()

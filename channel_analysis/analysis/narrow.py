"""Reports about one region, channel or owner: what can be named, and what stays of the company's results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import pandas as pd

from ..appraisals import PartnerAppraisal
from ..errors import Problem, did_you_mean, refuse
from ..metrics.narrowing import DIMENSIONS, belongs_to, narrowed
from ..metrics.periods import Period
from ..results import Irregularities, Scorecard
from ..risks import PartnerRisk
from ..rootcauses import MeasureReview
from ..store.engine import literal
from ..store.workspace import Workspace


def choices(ws: Workspace, dimension: str) -> list[str]:
    """What a dimension of `DIMENSIONS` can be narrowed to: what has sales, sorted.

    Raises
    ------
    InputError
        When there is no such dimension, with the nearest name.
    """
    refuse(_unknown(dimension))
    expression, join = belongs_to("sales", dimension, ws.policy)
    join = join.replace("whole_", "")
    asked = f"SELECT DISTINCT {expression} AS value FROM sales AS t {join}"
    found = ws.whole.facts().engine.query(f"SELECT value FROM ({asked}) AS f WHERE value IS NOT NULL")
    return sorted(found["value"].to_pylist())


def narrowed_to(ws: Workspace, where: Mapping[str, str], period: Period | None = None) -> Workspace:
    """The workspace narrowed to what `where` names.

    Raises
    ------
    InputError
        When a dimension or a value is not known, or nothing was sold there in the period.
    """
    refuse(problems_of_where(ws, where))
    own = narrowed(ws, where)
    if where and period is not None:
        within = f"order_date >= DATE '{period.start}' AND order_date < DATE '{period.end}'"
        rows = own.facts().engine.query(f"SELECT COUNT(*) AS n FROM sales WHERE {within}")["n"][0].as_py()
        if not rows:
            named = ", ".join(f"{name}={value}" for name, value in where.items())
            refuse(
                [Problem("where", f"there are no sales of {named} in {period.code}", "name another period")]
            )
    return own


def problems_of_where(ws: Workspace, where: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with names and values to narrow a report to."""
    for dimension, value in where.items():
        unknown = list(_unknown(dimension))
        yield from unknown
        if unknown:
            continue
        known = choices(ws, dimension)
        if value not in known:
            yield Problem("where", f"there are no sales of {dimension} '{value}'", did_you_mean(value, known))


def _unknown(dimension: str) -> Iterator[Problem]:
    if dimension not in DIMENSIONS:
        what = f"a report cannot be narrowed to a '{dimension}'"
        yield Problem("where", what, did_you_mean(dimension, DIMENSIONS))


# What stays of results that are the whole company's: ranks and risks are among all


def own_channels(card: Scorecard, own: Workspace) -> Scorecard:
    """The scores of channel types that sell in the narrowed part, ranked among all of the company's."""
    if not own.where:
        return card
    sold = set(
        own.facts().engine.query("SELECT DISTINCT channel_type FROM sales")["channel_type"].to_pylist()
    )
    scores, points = (frame[frame["channel_type"].isin(sold)] for frame in (card.scores, card.points))
    return replace(
        card,
        scores=scores.reset_index(drop=True),
        points=points.reset_index(drop=True),
    )


def own_partners(ws: Workspace, where: Mapping[str, str]) -> set[str]:
    """Partners that belong to what a report is narrowed to, whatever others sold there."""
    found = {name: belongs_to("partners", name, ws.policy)[0] for name in where}
    condition = " AND ".join(f"{found[name]} = {literal(value)}" for name, value in where.items()) or "TRUE"
    asked = f"SELECT t.partner_id FROM partners AS t WHERE {condition}"
    return set(ws.whole.facts().engine.query(asked)["partner_id"].to_pylist())


AboutPartners = TypeVar("AboutPartners", PartnerAppraisal, PartnerRisk)


def only_partners(result: AboutPartners, partners: set[str]) -> AboutPartners:
    """A result about all partners, with the rows about some of them; ranks stay as they are."""
    column = "entity" if isinstance(result, PartnerAppraisal) else "partner_id"
    kept = {
        name: frame[frame[column].isin(partners)].reset_index(drop=True)
        for name in result.__dataclass_fields__
        if isinstance(frame := getattr(result, name), pd.DataFrame) and column in frame
    }
    if isinstance(result, PartnerAppraisal):
        for name in ("decisions", "earlier"):
            frame = getattr(result, name)
            kept[name] = frame[frame["subject"].isin(partners)].reset_index(drop=True)
    return replace(result, **kept)


def only_cases(result: Irregularities, partners: set[str]) -> Irregularities:
    """The cases about some partners, with their evidence; the rules' counts are the company's."""
    cases, previous = (f[f["partner_id"].isin(partners)] for f in (result.cases, result.previous))
    evidence = result.evidence[result.evidence["case_id"].isin(cases["case_id"])]
    return replace(
        result,
        cases=cases.reset_index(drop=True),
        evidence=evidence.reset_index(drop=True),
        previous=previous.reset_index(drop=True),
    )


def only_measures(result: MeasureReview, where: Mapping[str, str], partners: set[str]) -> MeasureReview:
    """Measures decided about what a report is narrowed to, or about partners of it."""
    told = result.measures
    kept = [_is_about(parts, where, partners) for parts in told["parts"]]
    return replace(result, measures=told[kept].reset_index(drop=True))


def _is_about(told: str, where: Mapping[str, str], partners: set[str]) -> bool:
    parts = {part[0]: part[1] for part in json.loads(told)}
    return parts.get("partner", "") in partners or all(parts.get(k) == v for k, v in where.items())

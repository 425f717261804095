"""Measures: what findings propose, and what became of those decided before."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..contracts.measures import Measure
from ..contracts.policy import Policy
from ..metrics.kpis import Kpi, load_kpis
from ..results import Caveat, Finding, Scope
from ..rootcauses import MeasurePlan, MeasureReview, RootCause
from ..store.measure_entries import PROPOSED, Entry, measure_id, parts_of, segment_of
from ..store.measures import MeasureRegister
from ..store.workspace import Workspace
from .measure_effects import effects_of

DECIDED = [
    "measure_id", "measure", "title", "segment", "parts", "kpi", "proof_kpi", "tag", "period", "owner", "due",
    "state", "closed_on", "expected_amount",
]  # fmt: skip
"""Columns of measures decided before, without those of effects."""

EFFECTS = ["effect", "effect_low", "effect_high", "effect_verdict", "effect_reason", "comparable"]

LOOK_BACK = datetime.timedelta(days=400)
"""Closed measures are told of for so long after their decision."""

ABOUT: Mapping[str, Callable[[Finding], dict[str, str]]] = {
    **dict.fromkeys(
        ("target_missed", "channel_moved", "score_lowest"), lambda finding: {"channel_type": finding.subject}
    ),
    **dict.fromkeys(
        ("growth_from_new", "decline_from_lost"), lambda finding: {"channel_family": finding.subject}
    ),
}
"""What findings are about, where it is less than the whole."""

_ORDER = {"overdue": 0, "open": 1, "done": 2, "dropped": 3}


# Proposals


def proposals_of(
    policy: Policy,
    segments: pd.DataFrame,
    parts: pd.DataFrame,
    causes: pd.DataFrame,
    scope: Scope,
    kpi: Kpi,
    name: str,
) -> pd.DataFrame:
    """Measures of the policy's catalogue for the segments that moved a KPI the wrong way.

    Each adverse segment gets those that answer its strongest causes not refuted, at most
    `policy.measures.per_finding`; measures for a very cause come before those for all of its tag.

    Parameters
    ----------
    segments, parts, causes : DataFrame
        As in `RootCause`.
    kpi : Kpi
        Its `better` says which way is wrong; nothing is proposed where none is.
    name : str
        The KPI's name.

    Returns
    -------
    DataFrame
        `store.measure_entries.PROPOSED`, in the order of the segments. `expected_amount` is the change
        expected: the measure's share of what the segment added, the other way. `parts` is the segment
        as JSON.
        `state` is "complete" with an owner, "proposed" without.
    """
    rows: list[dict[str, Any]] = []
    wrong_way = {"higher": -1, "lower": 1, "none": 0}[kpi.better]
    for segment in segments.to_dict("records"):
        if not float(segment["contribution"]) * wrong_way > 0:
            continue
        own = causes[(causes["place"] == segment["place"]) & ~causes["is_refuted"].astype(bool)]
        where = parts[parts["place"] == segment["place"]]
        for code, cause in _answers(policy, own):
            rows.append(_proposal(policy, code, cause, segment, where, scope, name))
    return pd.DataFrame(rows, columns=list(PROPOSED))


def measure_plan(ws: Workspace, scope: Scope, explanations: Sequence[RootCause]) -> MeasurePlan:
    """The measures that a period's explanations propose, each about a segment once.

    What people completed or closed in the register stands as it is there, "registered"; all else as it
    is proposed, whether the register holds it already or not.

    Raises
    ------
    InputError
        When the register cannot be read.
    """
    known = MeasureRegister(ws.root).entries()
    found = [one.proposals for one in explanations if len(one.proposals)]
    if not found:
        return MeasurePlan(pd.DataFrame(columns=list(PROPOSED)), scope)
    table = pd.concat(found, ignore_index=True).drop_duplicates(["parts", "measure"], ignore_index=True)
    rows = [_as_registered(row, known) for row in table.to_dict("records")]
    return MeasurePlan(pd.DataFrame(rows, columns=list(PROPOSED)), scope)


def with_first_steps(ws: Workspace, plan: MeasurePlan, findings: Iterable[Finding]) -> MeasurePlan:
    """A plan with the first steps that the message's findings name, beside what explanations propose."""
    catalogue, known = ws.policy.measures.catalogue, MeasureRegister(ws.root).entries()
    rows = [
        _as_registered(_first_step(finding, catalogue[finding.measure], plan.scope), known)
        for finding in findings
        if finding.measure in catalogue and catalogue[finding.measure].finding
    ]
    if not rows:
        return plan
    steps = pd.DataFrame(rows, columns=list(PROPOSED))
    table = pd.concat([plan.proposals, steps], ignore_index=True) if len(plan.proposals) else steps
    return MeasurePlan(table, plan.scope)


def _first_step(finding: Finding, measure: Measure, scope: Scope) -> dict[str, Any]:
    """The measure after a finding, in the shape of what explanations propose."""
    where = {**scope.where, **ABOUT[finding.code](finding)} if finding.code in ABOUT else dict(scope.where)
    place = segment_of(where)
    lost = measure.expected_share * finding.weight
    return {
        "measure_id": measure_id(scope.period, "net_sales", place, finding.measure),
        "measure": finding.measure,
        "segment": place,
        "parts": parts_of(where.items()),
        "kpi": "net_sales",
        "tag": measure.tag,
        "cause": "",
        "contribution": float("nan"),
        "expected_amount": lost if lost > 0 else float("nan"),
        "owner": finding.owner,
        "due": finding.due,
        "decided_on": min(scope.as_of, scope.last_day),
        "proof_kpi": measure.proof,
        "state": "complete" if finding.owner else "proposed",
    }


def _answers(policy: Policy, causes: pd.DataFrame) -> list[tuple[str, str]]:
    """Codes of the catalogue that answer causes, each with the cause, the strongest cause first."""
    found: dict[str, str] = {}
    for row in causes.sort_values("rank", kind="stable").to_dict("records"):
        tag, cause = str(row["tag"]), str(row["cause"])
        for code in _answering(policy.measures.catalogue, tag, cause):
            found.setdefault(code, cause)
    return list(found.items())[: policy.measures.per_finding]


def _answering(catalogue: Mapping[str, Measure], tag: str, cause: str) -> list[str]:
    of_tag = {code: one for code, one in catalogue.items() if one.tag == tag and not one.finding}
    named = [code for code, one in of_tag.items() if cause in one.causes]
    return named + [code for code, one in of_tag.items() if not one.causes]


def _proposal(
    policy: Policy,
    code: str,
    cause: str,
    segment: Mapping[Any, Any],
    parts: pd.DataFrame,
    scope: Scope,
    kpi: str,
) -> dict[str, Any]:
    measure, rules = policy.measures.catalogue[code], policy.measures
    own = zip(parts["dimension"].astype(str), parts["value"].astype(str), strict=True)
    where = {**scope.where, **dict(own)}
    by_region = rules.owners_by_region.get(where.get("region", ""), "")
    by_type = rules.owners_by_channel_type.get(where.get("channel_type", ""), "")
    owner = by_region or by_type or rules.default_owner
    days = measure.due_days or rules.due_days
    names = [*scope.where.values(), *(name if isinstance(name, str) else "" for name in parts["name"])]
    narrowed = [f"{dimension}={value}" for dimension, value in scope.where.items()]
    place = " & ".join([*narrowed, str(segment["segment"])])
    contribution = float(segment["contribution"])
    return {
        "measure_id": measure_id(scope.period, kpi, place, code),
        "measure": code,
        "segment": place,
        "parts": parts_of(zip(where, where.values(), names, strict=True)),
        "kpi": kpi,
        "tag": measure.tag,
        "cause": cause,
        "contribution": contribution,
        "expected_amount": -measure.expected_share * contribution + 0.0,
        "owner": owner.strip(),
        "due": scope.last_day + datetime.timedelta(days=days),
        "decided_on": min(scope.as_of, scope.last_day),
        "proof_kpi": measure.proof or kpi,
        "state": "complete" if owner.strip() else "proposed",
    }


def _as_registered(row: Mapping[Any, Any], known: Mapping[str, Entry]) -> dict[Any, Any]:
    entry = known.get(row["measure_id"])
    if entry is None or not entry.is_touched:
        return dict(row)
    return {**row, "owner": entry.owner, "due": entry.due, "state": "registered"}


# What was decided before


def measure_review(ws: Workspace, scope: Scope, explanations: Sequence[RootCause] = ()) -> MeasureReview:
    """Measures decided before the period's end and not by its own report, overdue ones first.

    Those of the register, and those of the data's table `measures`. Closed ones are told of for
    `LOOK_BACK`; how many are older, a caveat tells.

    Parameters
    ----------
    explanations : sequence of RootCause
        The period's own; their segments are no comparable ones for effects.

    Raises
    ------
    InputError
        When the register cannot be read.
    """
    rows = decided_before(ws, scope)
    recent = [row for row in rows if row["closed_on"] is None or row["decided_on"] >= scope.end - LOOK_BACK]
    older = len(rows) - len(recent)
    caveats = (Caveat("measures_older", "note", numbers={"n": older}),) if older else ()
    if not recent:
        return MeasureReview(pd.DataFrame(columns=[*DECIDED, *EFFECTS]), scope, caveats)
    table = pd.DataFrame(recent).astype({"expected_amount": float})
    table["order"] = table["state"].map(_ORDER)
    table["day"] = table["due"].fillna(datetime.date.max)
    table = table.sort_values(["order", "day", "measure_id"], kind="stable", ignore_index=True)
    effects = effects_of(ws, load_kpis(ws), table, scope, _found_segments(explanations))
    return MeasureReview(pd.concat([table[DECIDED], effects[EFFECTS]], axis=1), scope, caveats)


def decided_before(ws: Workspace, scope: Scope) -> list[dict[str, Any]]:
    """Measures decided before the period's end and not by its own report: `DECIDED`, and decided_on."""
    entries = MeasureRegister(ws.root).before(scope.period, scope.end)
    return [_decided(one, scope.as_of) for one in entries] + _from_data(ws, scope)


def _decided(one: Entry, day: datetime.date) -> dict[str, Any]:
    columns = [*DECIDED, "decided_on"]
    return {name: getattr(one, name) for name in columns} | {"state": one.on(day)}


def _from_data(ws: Workspace, scope: Scope) -> list[dict[str, Any]]:
    """Measures that the company keeps in a table of its own, in the shape of the register's."""
    facts = ws.facts()
    if not facts.intake.has("measures"):
        return []
    wanted = (
        "measure_id, measure, owner_id, decided_on, due_on, status, closed_on, kpi, expected_effect, "
        "channel_type, region, partner_id"
    )
    rows = facts.engine.query(
        f"SELECT {wanted} FROM measures WHERE status <> 'proposed' AND decided_on < DATE '{scope.end}' "
        "ORDER BY measure_id"
    ).to_pylist()
    return [_of_row(row, scope) for row in rows]


def _of_row(row: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    columns = {"channel_type": "channel_type", "region": "region", "partner": "partner_id"}
    where = {name: row[column] for name, column in columns.items() if row[column]}
    due, state = row["due_on"], row["status"]
    if state == "open" and due is not None and due < scope.as_of:
        state = "overdue"
    effect = row["expected_effect"]
    return {
        "measure_id": row["measure_id"],
        "measure": "",
        "title": row["measure"],
        "segment": " & ".join(f"{name}={value}" for name, value in where.items()),
        "parts": parts_of(where.items()),
        "kpi": row["kpi"] or "",
        "proof_kpi": row["kpi"] or "",
        "tag": "",
        "period": f"{row['decided_on']:%Y-%m}",
        "owner": row["owner_id"] or "",
        "due": due,
        "state": state,
        "closed_on": row["closed_on"] if state in ("done", "dropped") else None,
        "expected_amount": float("nan") if effect is None else float(effect),
        "decided_on": row["decided_on"],
    }


def _found_segments(explanations: Iterable[RootCause]) -> list[dict[str, str]]:
    found = []
    for one in explanations:
        for _, parts in one.parts.groupby("place"):
            found.append(dict(zip(parts["dimension"], parts["value"], strict=True)))
    return found

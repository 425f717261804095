"""What in trade is to be checked: rules run, cases cut at capacity, earlier ones followed up."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..errors import InputError
from ..methods.irregularities.candidates import TEXTS, Outcome
from ..methods.irregularities.control import q_values, ranked, within_capacity
from ..metrics.irregular.evidence import evidence_rows
from ..metrics.irregular.since import payments_since, trade_since
from ..metrics.irregular.windows import windows_of
from ..metrics.kpis import load_kpis
from ..metrics.periods import parse_period
from ..results import Caveat, Irregularities, Scope
from ..store.cases import Case, case_id, read_cases
from ..store.workspace import Workspace
from .irregular_rules import RULES, Search, search_all
from .names import names_of
from .scope import resolve_period, scope_of

SUBJECT = ("partner_id", "rep_id", "customer_id", "period")
"""Columns that say what a case is about; its id follows from them and the rule."""

CASE_COLUMNS = [
    "case_id", "rule", "period", "partner_id", "partner_name", "rep_id", "rep_name", "customer_id",
    "customer_name", "first_day", "last_day", "money", "score", "p_value", "q_value", "observed", "expected",
    "count", "total", "peers", "companions", "untested", "state", "author", "state_date",
]  # fmt: skip
EVIDENCE_COLUMNS = ["case_id", "rule", "table", "keys", "day", "amount", "actual", "allowed", "note"]
PREVIOUS_COLUMNS = [
    "case_id", "rule", "partner_id", "partner_name", "rep_id", "rep_name", "period", "state", "author",
    "state_date", "is_found_again", "orders_amount", "returned_amount", "paid_amount", "overdue_amount",
]  # fmt: skip


def find_irregularities(ws: Workspace, period: str = "last-quarter") -> Irregularities:
    """Find what in a period's trade is to be checked, as far as the reviewers' capacity goes.

    Facts (prices below the floor, discounts beyond authority, orders entered twice) are listed above
    the policy's material amount; tests (loads at the period's end, goods sold on elsewhere, orders
    crowding below limits, partners without any other trace, returned and ghost orders, reps hanging
    on one buyer, first digits) under its rate of false discovery over all of them together. The list
    is ordered by money at stake times the chance that it is no accident.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales, or the case ledger cannot be read.
    """
    resolved = resolve_period(ws, period)
    return irregularities_of(ws, scope_of(ws, resolved, load_kpis(ws)))


def irregularities_of(ws: Workspace, scope: Scope) -> Irregularities:
    """The irregularities of a period that is resolved already."""
    search = _search(ws, scope)
    policy, known = search.policy, read_cases(ws.root)
    outcomes = search_all(search)
    found = ranked(_under_control(outcomes, policy.false_discovery_rate, policy.dependence))
    cases = _with_states(found, known)
    listed = cases[within_capacity(cases["state"], cases["rule"], policy.capacity)].reset_index(drop=True)
    return Irregularities(
        cases=_named(ws, listed).loc[:, CASE_COLUMNS],
        evidence=_evidence(search, listed),
        rules=_rules(outcomes, cases, listed),
        previous=_previous(ws, search, scope, known, set(cases["case_id"])),
        false_discovery_rate=policy.false_discovery_rate,
        capacity=policy.capacity,
        scope=scope,
        caveats=(Caveat("provisional", "warning"),) if scope.is_provisional else (),
    )


def _search(ws: Workspace, scope: Scope) -> Search:
    facts, policy = ws.facts(), ws.policy.irregularities
    resolved = parse_period(scope.period, ws.settings.company.fiscal_year_start)
    first = facts.intake.account("sales").first_date or scope.start
    windows = windows_of(
        resolved, policy.history_periods, policy.late_share_of_days, policy.return_days, first
    )
    return Search(facts.engine, facts.intake, windows, policy, scope.as_of)


def _under_control(outcomes: Sequence[Outcome], rate: float, dependence: str) -> pd.DataFrame:
    """Facts, and of all tests together those within the rate of false discovery."""
    facts = [o.candidates for o in outcomes if o.kind == "fact"]
    tests = pd.concat([o.candidates for o in outcomes if o.kind == "test"], ignore_index=True)
    tests = tests[tests["p_value"].notna()]
    settled = tests.assign(q_value=q_values(tests["p_value"].to_numpy(dtype=float), dependence))
    kept = [frame for frame in (*facts, settled[settled["q_value"] <= rate]) if len(frame)]
    found = pd.concat(kept, ignore_index=True) if kept else settled.iloc[:0]
    texts = found[list(TEXTS)].astype(object)
    return found.assign(**texts.where(texts.notna(), None))


def _with_states(found: pd.DataFrame, known: Mapping[str, Case]) -> pd.DataFrame:
    ids = [case_id(str(row["rule"]), _subject(row)) for row in found.to_dict("records")]
    states = [known.get(name) for name in ids]
    return found.assign(
        case_id=ids,
        state=[case.state if case else "open" for case in states],
        author=[case.author if case else "" for case in states],
        state_date=[case.date if case and case.author else None for case in states],
    )


def _subject(row: Mapping[str, object]) -> dict[str, str]:
    return {name: str(row[name]) for name in SUBJECT if isinstance(row[name], str) and row[name]}


def _named(ws: Workspace, cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with the names of whom they are about; the ids stand in where there are none."""
    named = cases
    for level in ("partner", "rep", "customer"):
        ids = cases[f"{level}_id"]
        names = names_of(ws, level, [name for name in ids if isinstance(name, str)])
        known = [names.get(name) if isinstance(name, str) else None for name in ids]
        named = named.assign(**{f"{level}_name": pd.Series(known, index=cases.index, dtype=object)})
    return named


def _evidence(search: Search, cases: pd.DataFrame) -> pd.DataFrame:
    """The rows behind every case of the list."""
    tolerances = (search.policy.price_tolerance, search.policy.discount_tolerance)
    parts = []
    for rule, own in cases.groupby("rule", sort=True):
        subjects = {_who(row): row["case_id"] for row in own.to_dict("records")}
        for limit, names in _by_limit(own, search.policy.limit_band):
            asked = [who for who in subjects if who in names]
            rows = evidence_rows(
                search.engine, str(rule), asked, search.windows, tolerances, search.fate_days, limit
            )
            parts.append(rows.assign(rule=rule, case_id=rows["subject"].map(subjects)))
    if not parts:
        return pd.DataFrame(columns=EVIDENCE_COLUMNS)
    order = {name: number for number, name in enumerate(cases["case_id"])}
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    place = rows["case_id"].map(order)
    return rows.loc[place.sort_values(kind="stable").index, EVIDENCE_COLUMNS].reset_index(drop=True)


def _by_limit(cases: pd.DataFrame, band: float) -> list[tuple[tuple[float, float] | None, set[str]]]:
    """Subjects by the limit they crowd below, as amounts from and to; without a limit all together."""
    found: dict[tuple[float, float] | None, set[str]] = {}
    for row in cases.to_dict("records"):
        kind, _, amount = str(row["companions"]).partition(" ")
        bunched = row["rule"] == "threshold_bunching" and kind == "order"
        limit = (float(amount) * (1 - band), float(amount)) if bunched else None
        found.setdefault(limit, set()).add(_who(row))
    return list(found.items())


def _who(row: Mapping[str, object]) -> str:
    """Whom a case is about, as evidence names it."""
    given = {name: row[f"{name}_id"] for name in ("rep", "partner", "customer")}
    named = [f"{name} {text}" for name, text in given.items() if isinstance(text, str)]
    if row["rule"] == "rep_concentration":
        return " ".join(named)
    if row["rule"] in ("duplicate_orders", "ghost_orders"):
        return named[1] if isinstance(given["rep"], str) else named[0]
    return named[0]


def _rules(outcomes: Sequence[Outcome], cases: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    found, shown = cases["rule"].value_counts(), listed["rule"].value_counts()
    return pd.DataFrame(
        [
            {
                "rule": o.rule,
                "kind": o.kind,
                "tested": o.tested,
                "too_few": o.too_few,
                "missing": ",".join(o.missing),
                "reason": "missing" if o.missing else o.reason,
                "found": int(found.get(o.rule, 0)),
                "listed": int(shown.get(o.rule, 0)),
                "beyond_capacity": int(found.get(o.rule, 0) - shown.get(o.rule, 0)),
            }
            for o in outcomes
        ]
    )


def _previous(
    ws: Workspace, search: Search, scope: Scope, known: Mapping[str, Case], again: set[str]
) -> pd.DataFrame:
    """Cases of earlier periods with what happened since."""
    rows = []
    for case in known.values():
        if case.rule in RULES and _is_earlier(ws, case, scope):
            rows.append(_followed(search, case, scope) | {"is_found_again": case.id in again})
    if not rows:
        return pd.DataFrame(columns=PREVIOUS_COLUMNS)
    frame = pd.DataFrame(rows).assign(customer_id=None)
    return _named(ws, frame).loc[:, PREVIOUS_COLUMNS]


def _is_earlier(ws: Workspace, case: Case, scope: Scope) -> bool:
    try:
        return parse_period(case.period, ws.settings.company.fiscal_year_start).start < scope.start
    except InputError:
        return False


def _followed(search: Search, case: Case, scope: Scope) -> dict[str, object]:
    partner, rep = (case.subject.get(name) for name in ("partner_id", "rep_id"))
    row: dict[str, object] = {
        "case_id": case.id, "rule": case.rule, "partner_id": partner, "rep_id": rep, "period": case.period,
        "state": case.state, "author": case.author, "state_date": case.date if case.author else None,
        "orders_amount": np.nan, "returned_amount": np.nan, "paid_amount": np.nan, "overdue_amount": np.nan,
    }  # fmt: skip
    until: datetime.date = scope.as_of
    who = ("partner_id", partner) if partner else ("rep_id", rep)
    if who[1]:
        row |= trade_since(search.engine, who[0], who[1], case.as_of, until).iloc[0].to_dict()
    if partner and not search.lacks("receivables.partner_id", "receivables.paid_date"):
        row |= payments_since(search.engine, partner, case.as_of, until).iloc[0].to_dict()
    return row

"""What follows a report once its pages are out: cases, proposals, warnings, measures, priors to keep."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..store.alerts import Alert, issue
from ..store.cases import Found, open_cases
from ..store.decisions import Proposal, propose
from ..store.measures import MeasureRegister
from ..store.priors import freeze_priors

if TYPE_CHECKING:
    import pandas as pd

FINDINGS, IRREGULARITIES = "data_findings", "irregularities"
DECISIONS = "decisions"
ALERTS = "risk_alerts"
MEASURES = "measure_proposals"
"""What tables of measures end in; before it stands the report's name."""
PRIORS = {"partner_priors": "partner"}
"""Tables of priors, with the level whose scores rest on them."""

_SUBJECTS = {
    FINDINGS: ("table", "column", "keys"),
    IRREGULARITIES: ("partner_id", "rep_id", "customer_id", "period"),
}
"""Tables whose rows are cases, and which of their columns say what a case is about."""


def follow_up(root: Path, period: str, as_of: datetime.date, folder: Path, names: Iterable[str]) -> list[str]:
    """Open cases, log proposals, enter measures and keep priors of the published tables `names`.

    Gives the ids of new cases.

    Raises
    ------
    InputError
        When a ledger cannot be read or written to.
    """
    import pandas as pd

    if DECISIONS in names:
        table = pd.read_parquet(folder / "tables" / f"{DECISIONS}.parquet")
        propose(root, period, as_of, proposals_in(table))
    if ALERTS in names:
        table = pd.read_parquet(folder / "tables" / f"{ALERTS}.parquet")
        issue_all(root, period, table)
    for name in filter(lambda name: name.endswith(MEASURES), names):
        table = pd.read_parquet(folder / "tables" / f"{name}.parquet")
        MeasureRegister(root).enter(table, period)
    for name, level in PRIORS.items():
        if name in names:
            freeze_priors(root, period, level, pd.read_parquet(folder / "tables" / f"{name}.parquet"))

    found: list[Found] = []
    for name in _SUBJECTS:
        if name in names:
            found += found_in(name, pd.read_parquet(folder / "tables" / f"{name}.parquet"))
    return open_cases(root, period, as_of, found)


def found_in(name: str, frame: pd.DataFrame) -> list[Found]:
    """What of a table is a case: rows with a `case_id`, of data findings those with `is_case`.

    Rows of data findings with the same id are one case; the counts of their rows are added up.
    """
    found: dict[str, Found] = {}
    for row in frame.to_dict("records"):
        if not row["case_id"] or not row.get("is_case", True):
            continue
        before = found.get(row["case_id"])
        rows = (before.rows if before else 0) + (int(row["rows"]) if name == FINDINGS else 0)
        found[row["case_id"]] = Found(str(row["rule"]), _subject(name, row), rows, str(row["case_id"]))
    return list(found.values())


def proposals_in(frame: pd.DataFrame) -> list[Proposal]:
    """The proposals that a table of decisions holds, one per row."""
    return [
        Proposal(
            subject={row["subject_kind"]: row["subject"]},
            kind=row["kind"],
            name=row["name"],
            handling=row["handling"],
            reason=row["reason"],
            numbers=json.loads(row["numbers"]),
            approver=row["approver"],
            appeal_days=int(row["appeal_days"]),
        )
        for row in frame.to_dict("records")
    ]


def issue_all(root: Path, period: str, frame: pd.DataFrame) -> None:
    """Enter the warnings that a table holds, each as it was told."""
    rows = frame.to_dict("records")
    for day in dict.fromkeys(row["as_of"] for row in rows):
        issue(root, period, day, [_alert(period, row) for row in rows if row["as_of"] == day])


def _alert(period: str, row: Mapping[Any, Any]) -> Alert:
    return Alert(
        partner_id=row["partner_id"],
        period=period,
        as_of=row["as_of"],
        probability=None if math.isnan(row["probability"]) else float(row["probability"]),
        band=row["band"],
        trigger=row["trigger"],
        place=int(row["place"]),
        reasons=tuple(filter(None, row["reasons"].split(","))),
        model=row["model"],
        horizon_months=int(row["horizon_months"]),
        gap_months=int(row["gap_months"]),
        expected_loss=None if math.isnan(row["expected_loss"]) else float(row["expected_loss"]),
    )


def _subject(name: str, row: Mapping[Any, Any]) -> dict[str, str]:
    """The columns of a row that say what it is about, as texts; empty ones are left out."""
    given = {column: row.get(column) for column in _SUBJECTS[name]}
    if row.get("rows"):
        given.pop("keys", None)  # samples only; of rows that are not there they say which
    return {column: str(text) for column, text in given.items() if text == text and text not in (None, "")}

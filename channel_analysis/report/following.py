"""What a published report found becomes cases, once its pages are out, so that somebody follows it up."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..store.cases import Found, open_cases

if TYPE_CHECKING:
    import pandas as pd

FINDINGS, IRREGULARITIES = "data_findings", "irregularities"

_SUBJECTS = {
    FINDINGS: ("table", "column", "keys"),
    IRREGULARITIES: ("partner_id", "rep_id", "customer_id", "period"),
}
"""Tables whose rows are cases, and which of their columns say what a case is about."""


def follow_up(root: Path, period: str, as_of: datetime.date, folder: Path, names: Iterable[str]) -> list[str]:
    """Open a case for every row of the published tables `names` that is one; the ids of new cases.

    Raises
    ------
    InputError
        When the ledger cannot be read or written to.
    """
    import pandas as pd

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


def _subject(name: str, row: Mapping[Any, Any]) -> dict[str, str]:
    """The columns of a row that say what it is about, as texts; empty ones are left out."""
    given = {column: row.get(column) for column in _SUBJECTS[name]}
    if row.get("rows"):
        given.pop("keys", None)  # samples only; of rows that are not there they say which
    return {column: str(text) for column, text in given.items() if text == text and text not in (None, "")}

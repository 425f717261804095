"""Saving: every table a report shows becomes a Parquet file, and the notebook says that it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from ..files import written_beside
from ..results import Review

DONE = "application/vnd.channel-analysis.done+json"
"""Type of the output by which the runner knows that the last cell ran, with the report's summary."""


def save_tables(review: Review, folder: str | Path = "") -> Saved:
    """Write every table of a review as `folder/<name>.parquet`; with no folder, only sum up.

    Raises
    ------
    InputError
        When the folder cannot be written to.
    """
    tables = review.tables()
    if str(folder):
        _write(tables, Path(folder))
    scope, verdict = review.banner.scope, review.message.verdict
    return Saved(
        {
            "period": scope.period,
            "start": scope.start.isoformat(),
            "as_of": scope.as_of.isoformat(),
            "currency": scope.currency,
            "grade": review.banner.grade,
            "is_provisional": scope.is_provisional,
            "net_sales": verdict.numbers["net_sales"],
            "growth_yoy": verdict.numbers.get("growth") if "last_year" in verdict.code else None,
            "fingerprints": dict(review.appendix.fingerprints),
            "tables": sorted(tables),
        }
    )


class Saved:
    """What was saved, and a summary of the report for its run record."""

    def __init__(self, summary: dict[str, Any]) -> None:
        self.summary = summary

    def __repr__(self) -> str:
        return f"{len(self.summary['tables'])} tables of {self.summary['period']}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), DONE: self.summary}


def _write(tables: dict[str, Any], folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for name, frame in tables.items():
            with written_beside(folder / f"{name}.parquet") as temporary:
                pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), temporary)
    except OSError as error:
        raise InputError(
            [Problem(str(folder), f"cannot be written to: {error}", "choose another folder")]
        ) from None

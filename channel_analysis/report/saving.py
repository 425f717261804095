"""Saving: every table a report shows becomes a Parquet file, and the notebook says that it is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem, refuse
from ..files import written_beside
from .telling import first_words, part_names

if TYPE_CHECKING:
    import pandas as pd

    from ..appraisals import Appraisal
    from ..results import Review
    from ..risks import RiskReport
    from ..rootcauses import RootCauseReport
    from ..sheets import PartnerSheets
    from ..summaries import DataQualityReport, SalesTeamReport, ScreeningReport

    Report = Review | Appraisal | RiskReport | RootCauseReport | PartnerSheets
    Report |= SalesTeamReport | ScreeningReport | DataQualityReport

DONE = "application/vnd.channel-analysis.done+json"
"""Type of the output by which the runner knows that the last cell ran, with the report's summary."""

KINDS = {
    "Review": "review",
    "Appraisal": "appraisal",
    "RiskReport": "partner_risk",
    "RootCauseReport": "root_cause",
    "PartnerSheets": "partner_sheet",
    "SalesTeamReport": "sales_team",
    "ScreeningReport": "screening",
    "DataQualityReport": "data_quality",
}
"""Whole reports, and their names."""

OWN_OF_EACH = ("weights", "measure_proposals")
"""Tables that hold something else in each report; the review's keep the bare name."""

_UNKNOWN = dict.fromkeys(
    [
        *("period", "start", "as_of", "currency", "grade", "is_provisional", "net_sales", "growth_yoy"),
        *("message", "cards", "history"),
    ]
)
"""What a summary says unless the result tells."""

_NAME = re.compile(r"\w[\w-]*")
"""A name that is safe as a file's."""


def save_tables(result: Report | Mapping[str, pd.DataFrame], folder: str | Path = "") -> Saved:
    """Write every table as `folder/<name>.parquet`; with no folder, only sum up.

    Reports of a period share the folder: tables of `OWN_OF_EACH` carry their report's name, and others of
    one name are equal in all reports.

    Parameters
    ----------
    result : one of `KINDS`, or mapping of str to DataFrame
        A whole report, or tables of one's own by name; these leave open in the run record what they do
        not tell.
    folder : str or Path
        The notebook's parameter `tables`.

    Raises
    ------
    InputError
        When there is something that is no table, or the folder cannot be written to.
    """
    tables = dict(result) if isinstance(result, Mapping) else _tables_of(result)
    refuse(_problems(tables))
    if str(folder):
        _write(tables, Path(folder))
    known = {} if isinstance(result, Mapping) else _known(result)
    return Saved({**_UNKNOWN, "fingerprints": {}, **known, "tables": sorted(tables)})


def _tables_of(result: Report) -> dict[str, pd.DataFrame]:
    if type(result).__name__ not in KINDS:
        what = f"a {type(result).__name__} is neither a report nor tables by name"
        raise InputError([Problem("save_tables", what, 'write save_tables({"name": frame}, tables)')])
    report = KINDS[type(result).__name__]
    return {
        f"{report}_{name}" if name in OWN_OF_EACH and report != "review" else name: table
        for name, table in result.tables().items()
    }


def _problems(tables: Mapping[Any, Any]) -> Iterator[Problem]:
    for name, frame in tables.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            fix = "use letters, digits, - and _"
            yield Problem("save_tables", f"{name!r} cannot be a file's name", fix)
        if type(frame).__name__ != "DataFrame":
            what = f"{name!r} is a {type(frame).__name__}, not a DataFrame"
            yield Problem("save_tables", what, "give a pandas DataFrame")


def _known(result: Report) -> dict[str, Any]:
    """What a report tells of itself; sales only where it speaks of them."""
    scope = result.banner.scope
    told = {
        "period": scope.period,
        "start": scope.start.isoformat(),
        "as_of": scope.as_of.isoformat(),
        "currency": scope.currency,
        "grade": result.banner.grade,
        "is_provisional": scope.is_provisional,
        "fingerprints": dict(result.appendix.fingerprints),
    }
    if scope.where:
        told["part"] = part_names(scope)
    verdict = getattr(getattr(result, "message", None), "verdict", None)
    if verdict is not None:
        told["net_sales"] = verdict.numbers["net_sales"]
        told["growth_yoy"] = verdict.numbers.get("growth") if "last_year" in verdict.code else None
    return told | first_words(result)


class Saved:
    """What was saved, and a summary of the report for its run record."""

    def __init__(self, summary: dict[str, Any]) -> None:
        self.summary = summary

    def __repr__(self) -> str:
        period = self.summary["period"]
        return f"{len(self.summary['tables'])} tables" + (f" of {period}" if period else "")

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

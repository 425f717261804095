"""What a measure of the register is: its columns, its id, and what it must not lack."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..contracts.schema import Column, Table
from ..errors import InputError, Problem
from .ledger import short_hash

STATES = ("open", "done", "dropped")
"""States of a measure; an open one whose day is over is overdue."""

ORIGINS = ("report", "person")
"""Who entered a measure."""

REGISTER = Table(
    name="measures",
    description="Measures decided about segments, with owner and due date, and what became of them.",
    grain="one measure",
    key=("measure_id",),
    date="decided_on",
    columns=(
        Column("measure_id", "text", "hash of period, KPI, segment and measure", required=True),
        Column("period", "text", "period whose findings led to it", required=True),
        Column("kpi", "text", "KPI that moved", required=True),
        Column("measure", "text", "code in the policy's catalogue; empty: one of one's own"),
        Column("title", "text", "what is to be done, of measures of one's own"),
        Column("segment", "text", "segment concerned, such as region=East & category=Air"),
        Column("parts", "text", "the segment as JSON: [dimension, value, name] each"),
        Column("tag", "text", "what its cause points at"),
        Column("cause", "text", "code of the cause"),
        Column("contribution", "number", "what the segment added to the KPI's change", unit="of the KPI"),
        Column("expected_amount", "number", "change that the measure is to bring", unit="of the KPI"),
        Column("proof_kpi", "text", "KPI that will prove it"),
        Column("owner", "text", "who answers for it", required=True),
        Column("due", "date", "last day to get it done", required=True),
        Column("state", "text", "where it stands", required=True, allowed=STATES),
        Column("origin", "text", "who entered it", required=True, allowed=ORIGINS),
        Column("decided_on", "date", "day it was decided", required=True),
        Column("decided_by", "text", "who decided; empty: a report proposed it with an owner"),
        Column("closed_on", "date", "day it was done or dropped"),
        Column("closed_by", "text", "who closed it"),
        Column("note", "text", "why it was decided"),
        Column("closing_note", "text", "what came of it"),
    ),
)
"""What the register's file holds."""

_LAST_YEAR = 9000


@dataclass(frozen=True, slots=True)
class Entry:
    """A measure as it stands: the columns of `REGISTER`."""

    measure_id: str
    period: str
    kpi: str
    measure: str
    title: str
    segment: str
    parts: str
    tag: str
    cause: str
    contribution: float | None
    expected_amount: float | None
    proof_kpi: str
    owner: str
    due: datetime.date
    state: str
    origin: str
    decided_on: datetime.date
    decided_by: str
    closed_on: datetime.date | None
    closed_by: str
    note: str
    closing_note: str

    @property
    def where(self) -> dict[str, str]:
        """Each dimension that bounds the segment, and its value."""
        return {dimension: value for dimension, value, _ in json.loads(self.parts)}

    @property
    def is_touched(self) -> bool:
        """Whether a person did anything about it."""
        return self.origin == "person" or bool(self.decided_by or self.closed_by)

    def on(self, day: datetime.date) -> str:
        """The state on a day: an open measure is "overdue" once its last day is over."""
        return "overdue" if self.state == "open" and day > self.due else self.state


def measure_id(period: str, kpi: str, segment: str, measure: str) -> str:
    """Ten hexadecimal digits that stand for a measure about a segment.

    Examples
    --------
    >>> measure_id("2025Q3", "net_sales", "region=East", "win_back")
    'f8eb8b05d3'
    """
    return short_hash(period, kpi, segment, measure)


def segment_of(where: Mapping[str, str]) -> str:
    """A segment as text, its dimensions in their order.

    Examples
    --------
    >>> segment_of({"region": "East", "category": "Air"})
    'region=East & category=Air'
    """
    return " & ".join(f"{dimension}={value}" for dimension, value in where.items())


def parts_of(parts: Iterable[Sequence[str]]) -> str:
    """The JSON of a segment's parts: dimension, value and name (the value where there is none) each."""
    rows = [[*part[:2], (part[2] if len(part) > 2 and part[2] else part[1])] for part in parts]
    return json.dumps(rows, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A measure that may still lack what an entry must have."""

    measure_id: str
    period: str
    kpi: str
    segment: str
    parts: str
    origin: str
    decided_on: datetime.date
    owner: str = ""
    due: datetime.date | None = None
    measure: str = ""
    title: str = ""
    tag: str = ""
    cause: str = ""
    contribution: float | None = None
    expected_amount: float | None = None
    proof_kpi: str = ""
    state: str = "open"
    decided_by: str = ""
    closed_on: datetime.date | None = None
    closed_by: str = ""
    note: str = ""
    closing_note: str = ""

    def entry(self) -> Entry:
        """The entry, once nothing is missing."""
        return Entry(**asdict(self))


def or_none(value: float) -> float | None:
    """A number, or None in place of NaN, which would not equal itself."""
    return None if math.isnan(value) else float(value)


PROPOSED = (
    "measure_id", "measure", "segment", "parts", "kpi", "tag", "cause", "contribution", "expected_amount",
    "owner", "due", "decided_on", "proof_kpi", "state",
)  # fmt: skip
"""Columns of a table of proposals."""


def check_proposals(columns: Iterable[str], where: str, *more: str) -> None:
    """Refuse a table of proposals that lacks columns, or `more` of them; InputError names all."""
    missing = [name for name in (*PROPOSED, *more) if name not in set(columns)]
    if missing:
        what = f"the proposals lack {', '.join(missing)}"
        raise InputError([Problem(where, what, "run the report on causes or the review again")])


def draft_of(row: Mapping[Any, Any], period: str, origin: str, date: datetime.date | None = None) -> Draft:
    """What a row of `MeasurePlan.proposals` proposes; `date` in place of its own day."""
    texts = ("measure_id", "measure", "segment", "parts", "kpi", "tag", "cause", "owner", "proof_kpi")
    numbers = ("contribution", "expected_amount")
    told: dict[str, Any] = {name: str(row[name]) for name in texts}
    told |= {name: or_none(row[name]) for name in numbers}
    return Draft(
        **told,
        due=row["due"],
        period=period,
        origin=origin,
        decided_on=date or row["decided_on"],
    )


def objections(made: Draft) -> Iterator[Problem]:
    """Everything a measure lacks, or holds that no measure can."""
    where = f"measure {made.measure_id}"
    if not (made.measure or made.title):
        yield Problem(where, "nothing is to be done", "give a measure of the catalogue, or a title")
    if not made.kpi:
        yield Problem(where, "no KPI is named", "name the KPI it is about, such as net_sales")
    if not made.period:
        yield Problem(where, "no period is named", "name the period it follows from, such as 2025Q3")
    if not made.owner:
        yield Problem(where, "it has no owner", "say who answers for it, with --owner")
    if made.due is None:
        yield Problem(where, "it has no due date", "say until when, with --due 2025-12-31")
    elif made.due < made.decided_on:
        what = f"{made.due} lies before {made.decided_on}, the day of the decision"
        yield Problem(where, what, "correct the due date")
    if made.expected_amount is not None and math.isinf(made.expected_amount):
        yield Problem(where, "its expected amount has no end", "give a number, or none")
    days = (made.due, made.decided_on, made.closed_on)
    if any(day is not None and day.year > _LAST_YEAR for day in days):
        yield Problem(where, f"a date lies beyond the year {_LAST_YEAR}", "correct it")
    yield from _unsound(made)


def _unsound(made: Draft) -> Iterator[Problem]:
    for name, value in asdict(made).items():
        try:
            value.encode() if isinstance(value, str) else None
        except UnicodeEncodeError:
            yield Problem(f"measure {made.measure_id}", f"{name} holds half a sign", "write it anew")

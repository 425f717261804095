"""The case ledger: what was found in data or operations, and what somebody decided about it.

`cases.jsonl` in the workspace's root has one event per line and is only ever appended to. A case is
what its events make of it; its id follows from its rule and subject, so the same thing found again
is the same case.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import Problem, refuse
from .ledger import Ledger, date_in, fingerprint, found_by_id, mapping_in, short_hash, texts_in

LEDGER = "cases.jsonl"
"""The ledger's name in a workspace."""

STATES = {"opened": "open", "reopened": "open", "cleared": "cleared", "confirmed": "confirmed"}
"""What each event makes of a case."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger; each says in full what case it is about.

    `subject` names what is concerned, such as {"partner_id": "P7"}; `period` and `as_of` say when
    it was found; `rows` is how many rows it was about when it was (re)opened, 0 where that says nothing.
    """

    event: str
    id: str
    rule: str
    subject: Mapping[str, str]
    period: str
    as_of: datetime.date
    author: str
    date: datetime.date
    note: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands: `author`, `date` and `note` are those of its last event.

    `state` is "open", "cleared" or "confirmed"; `period` and `as_of` are those it was opened with.
    """

    id: str
    rule: str
    subject: Mapping[str, str]
    period: str
    as_of: datetime.date
    state: str
    author: str
    date: datetime.date
    note: str
    rows: int

    def decided(self, event: str, author: str, date: datetime.date, note: str) -> Event:
        """The event by which somebody clears, confirms or reopens this case.

        Raises
        ------
        InputError
            When the case is in that state already, or author or note is empty.
        """
        refuse(self._objections(event, author, note))
        return Event(
            event, self.id, self.rule, self.subject, self.period, self.as_of, author, date, note, self.rows
        )

    def holds(self, rows: int) -> bool:
        """Whether what was decided covers a finding of so many rows; it does not once there are more."""
        return not self.rows or rows <= self.rows

    def _objections(self, event: str, author: str, note: str) -> Iterator[Problem]:
        where = f"case {self.id}"
        if STATES[event] == self.state:
            since = f", since {self.date}" + (f" by {self.author}" if self.author else "")
            yield Problem(where, f"is {self.state} already{since}")
        if not author.strip():
            yield Problem(where, "nobody is named as author", "say who decides, with --by")
        if not note.strip():
            yield Problem(where, "no reason is given", "say why in a sentence, with --note")


@dataclass(frozen=True, slots=True)
class Found:
    """Something found that may be a case: rule, subject and number of rows; `id` if it has one already."""

    rule: str
    subject: Mapping[str, str]
    rows: int = 0
    id: str = ""


def case_id(rule: str, subject: Mapping[str, str]) -> str:
    """Ten hexadecimal digits that stand for a rule and its subject, whatever the order of its names.

    Examples
    --------
    >>> case_id("stuffing", {"partner_id": "P7", "quarter": "2025Q3"})
    'f724f0a399'
    >>> case_id("stuffing", {"quarter": "2025Q3", "partner_id": "P7"})
    'f724f0a399'
    """
    return short_hash(rule, subject)


def read_cases(root: Path) -> dict[str, Case]:
    """Every case by its id, in the order in which they were opened; empty without a ledger.

    Raises
    ------
    InputError
        For lines that cannot be read, each with its number.
    """
    cases: dict[str, Case] = {}
    for event in _LEDGER.read(root):
        cases[event.id] = _after(cases.get(event.id), event)
    return cases


def append(root: Path, events: Iterable[Event]) -> None:
    """Add events to the ledger, all or none; what stands in it is never rewritten.

    Raises
    ------
    InputError
        When the ledger cannot be read or written to.
    """
    with _LEDGER.locked(root):
        _LEDGER.read(root)
        _LEDGER.add(root, events)


def open_cases(root: Path, period: str, as_of: datetime.date, found: Iterable[Found]) -> list[str]:
    """Open a case for everything that has none yet; give the ids of those that were (re)opened.

    A case that was cleared is opened again once it is about more rows than when it was cleared.
    Finding the same things again adds nothing.

    Parameters
    ----------
    root : Path
        The workspace.
    period : str
        Code of the period whose report found it.
    as_of : date
        The last date of the data; it dates the opening, so that no clock is read.
    found : iterable of Found

    Raises
    ------
    InputError
        When the ledger cannot be read or written to.
    """
    wanted = {item.id or case_id(item.rule, item.subject): item for item in found}
    if not wanted:
        return []
    with _LEDGER.locked(root):
        cases = read_cases(root)
        kinds = {name: _opening(cases.get(name), item) for name, item in wanted.items()}
        events = [
            Event(kind, name, item.rule, dict(item.subject), period, as_of, "", as_of, "", item.rows)
            for name, item in wanted.items()
            if (kind := kinds[name])
        ]
        _LEDGER.add(root, events)
    return [event.id for event in events]


def decisions(cases: Mapping[str, Case]) -> str:
    """A fingerprint of what people decided; empty while nobody has decided anything."""
    return fingerprint(case for case in cases.values() if case.author)


def find_case(cases: Mapping[str, Case], given: str) -> Case:
    """The case of an id, or of the beginning of one that no other begins with.

    Raises
    ------
    InputError
        When there is none, or more than one.
    """
    return found_by_id(cases, given, "case", "channel-analysis cases list")


def _opening(case: Case | None, item: Found) -> str:
    if case is None:
        return "opened"
    return "reopened" if case.state == "cleared" and not case.holds(item.rows) else ""


def _after(case: Case | None, event: Event) -> Case:
    """The case once an event happened; opening what is known already changes nothing."""
    if case is None:
        told = asdict(event)
        del told["event"]
        return Case(**told, state=STATES[event.event])
    if event.event == "opened":
        return case
    return replace(
        case,
        state=STATES[event.event],
        author=event.author,
        date=event.date,
        note=event.note,
        rows=event.rows,
    )


def _event(told: dict[str, Any]) -> Event:
    """An event from its line; names nobody knows yet are left alone. ValueError and kin for what is none."""
    texts = texts_in(told, "event", "id", "rule", "period", "author", "note")
    rows = told.get("rows", 0)
    if texts["event"] not in STATES or type(rows) is not int or not texts["id"]:
        raise ValueError(told)
    as_of, date = date_in(told, "as_of"), date_in(told, "date")
    return Event(**texts, as_of=as_of, date=date, subject=mapping_in(told, "subject"), rows=rows)


_LEDGER = Ledger(LEDGER, "case", _event)

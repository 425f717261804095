"""The case ledger: what was found in data or operations, and what somebody decided about it.

`cases.jsonl` in the workspace's root has one event per line and is only ever appended to. A case is
what its events make of it; its id follows from its rule and subject, so the same thing found again
is the same case.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, nearest, refuse

LEDGER = "cases.jsonl"
"""The ledger's name in a workspace."""

STATES = {"opened": "open", "reopened": "open", "cleared": "cleared", "confirmed": "confirmed"}
"""What each event makes of a case."""

_PATIENCE = 30
"""Seconds to wait for another process that writes to the ledger."""

_FIX = "put the line back as it was, or take it out"


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
    text = json.dumps([rule, sorted(subject.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def read_cases(root: Path) -> dict[str, Case]:
    """Every case by its id, in the order in which they were opened; empty without a ledger.

    Raises
    ------
    InputError
        For lines that cannot be read, each with its number.
    """
    cases: dict[str, Case] = {}
    for event in _events(root / LEDGER):
        cases[event.id] = _after(cases.get(event.id), event)
    return cases


def append(root: Path, events: Iterable[Event]) -> None:
    """Add events to the ledger, all or none; what stands in it is never rewritten.

    Raises
    ------
    InputError
        When the ledger cannot be read or written to.
    """
    with _locked(root):
        _events(root / LEDGER)
        _write(root / LEDGER, list(events))


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
    with _locked(root):
        cases = read_cases(root)
        kinds = {name: _opening(cases.get(name), item) for name, item in wanted.items()}
        events = [
            Event(kind, name, item.rule, dict(item.subject), period, as_of, "", as_of, "", item.rows)
            for name, item in wanted.items()
            if (kind := kinds[name])
        ]
        _write(root / LEDGER, events)
    return [event.id for event in events]


def decisions(cases: Mapping[str, Case]) -> str:
    """A fingerprint of what people decided; empty while nobody has decided anything."""
    decided = sorted(repr(case) for case in cases.values() if case.author)
    return hashlib.sha256("\n".join(decided).encode()).hexdigest()[:16] if decided else ""


def find_case(cases: Mapping[str, Case], given: str) -> Case:
    """The case of an id, or of the beginning of one that no other begins with.

    Raises
    ------
    InputError
        When there is none, or more than one.
    """
    begun = [case for name, case in cases.items() if given and name.startswith(given.lower())]
    if len(begun) == 1:
        return begun[0]
    if begun:
        what = f"{len(begun)} cases begin so: {', '.join(case.id for case in begun[:5])}"
        raise InputError([Problem(f"case {given}", what, "give more of the id")])
    near = nearest(given, cases)
    fix = f"did you mean '{near}'?" if near else "see them with: channel-analysis cases list"
    raise InputError([Problem(f"case {given}", "there is no such case", fix)])


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


def _events(path: Path) -> list[Event]:
    try:
        lines = path.read_bytes().split(b"\n")  # only there: a text may hold other ends of lines
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unusable(path, "read", error) from None
    events, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            events.append(_event(json.loads(line.decode("utf-8"))))
        except (ValueError, TypeError, KeyError, AttributeError):
            problems.append(Problem(f"{path} line {number}", "this is no event of a case", _FIX))
    refuse(problems)
    return events


def _event(told: dict[str, Any]) -> Event:
    """An event from its line; names nobody knows yet are left alone. ValueError and kin for what is none."""
    texts = {name: told[name] for name in ("event", "id", "rule", "period", "author", "note")}
    subject, rows = told["subject"], told.get("rows", 0)
    every = (*texts.values(), *subject, *subject.values())
    if not all(isinstance(text, str) for text in every) or texts["event"] not in STATES:
        raise ValueError(told)
    if type(rows) is not int or not texts["id"]:
        raise ValueError(told)
    "".join(every).encode()  # half a sign could stand on no page
    as_of, date = (datetime.date.fromisoformat(told[name]) for name in ("as_of", "date"))
    return Event(**texts, as_of=as_of, date=date, subject=subject, rows=rows)


def _write(path: Path, events: list[Event]) -> None:
    """Append lines in one go; half a sign, as a terminal may pass it on, becomes a question mark."""
    lines = [json.dumps(asdict(event), default=str, ensure_ascii=False) + "\n" for event in events]
    if not lines:
        return
    try:
        with path.open("ab+") as ledger:
            if ledger.tell() and _last_byte(ledger) != b"\n":
                lines.insert(0, "\n")
            ledger.write("".join(lines).encode("utf-8", "replace"))
            ledger.flush()
            os.fsync(ledger.fileno())
    except OSError as error:
        raise _unusable(path, "written to", error) from None


def _last_byte(ledger: Any) -> bytes:
    ledger.seek(-1, os.SEEK_END)
    byte: bytes = ledger.read(1)
    return byte


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(root / f".{LEDGER}.lock").acquire(timeout=_PATIENCE)
    except Timeout:
        what = "another process has been writing to it for long"
        raise InputError([Problem(str(root / LEDGER), what, "try again once it has ended")]) from None
    except OSError as error:
        raise _unusable(root / LEDGER, "written to", error) from None
    with lock:
        yield


def _unusable(path: Path, how: str, error: OSError) -> InputError:
    what = f"cannot be {how}: {error.strerror or error}"
    return InputError([Problem(str(path), what, "correct its permissions")])

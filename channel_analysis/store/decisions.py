"""The log of decisions: what reports propose, who approved it, appeals, and what came of them.

`decisions.jsonl` in the workspace's root has one event per line and is only ever appended to.

```
proposed ── approved ──(window over)── final ── closed        proposed ── closed (no longer proposed)
    │          └── appealed ── upheld ── closed
    └── rejected        └── overturned
```
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, refuse
from .ledger import Ledger, date_in, fingerprint, found_by_id, mapping_in, short_hash, texts_in

LEDGER = "decisions.jsonl"
"""The ledger's name in a workspace."""

STEPS = {
    "approved": ("proposed",),
    "rejected": ("proposed",),
    "appealed": ("approved",),
    "upheld": ("appealed",),
    "overturned": ("appealed",),
    "closed": ("final", "upheld"),
}
"""What people can do, and in which states."""

STATES = ("proposed", *STEPS, "final")
"""States of a proposal; "final": approved, and the time for an appeal is over."""

VERBS = {
    "approved": "approve",
    "rejected": "reject",
    "appealed": "appeal",
    "upheld": "uphold",
    "overturned": "overturn",
    "closed": "close",
}
"""What each step is called on the command line."""

OF_THE_ROLE = ("approved", "rejected", "upheld", "overturned")
"""Steps that only the role named in the proposal can take."""


MOST_DAYS = 3660
"""An appeal takes at most so many days."""

_LAST_YEAR = 9000


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a report proposes to do about somebody.

    `subject` names whom, such as {"partner_id": "P7"}; `kind` and `name` say what it follows from
    ("tier" and "silver", "award" and "best_partner", "shortlist", "warning"); `handling` is "reward",
    "support", "plan", "contract", "award" or "admit". `reason` is a code, `numbers` (numbers and
    texts) are what fills it. `approver` is the role that decides; an appeal may take `appeal_days`.
    """

    subject: Mapping[str, str]
    kind: str
    name: str
    handling: str
    reason: str
    numbers: Mapping[str, float | str]
    approver: str
    appeal_days: int


@dataclass(frozen=True, slots=True)
class Event(Proposal):
    """One line of the ledger; each says in full which proposal it is about."""

    event: str
    id: str
    period: str
    as_of: datetime.date
    author: str
    role: str
    date: datetime.date
    note: str


@dataclass(frozen=True, slots=True)
class Decision(Proposal):
    """A proposal as it stands: author, role, date and note are those of its last event.

    `state` is one of `STATES` except "final", which `on` gives; `appeal_until` is the last day of the
    window for an appeal, None before the approval; `past` are the events that led here.
    """

    id: str
    period: str
    as_of: datetime.date
    state: str
    author: str
    role: str
    date: datetime.date
    note: str
    appeal_until: datetime.date | None = None
    past: tuple[Event, ...] = field(default=(), repr=False)

    def on(self, day: datetime.date) -> str:
        """The state on a day: an approval is "final" once the window for an appeal is over."""
        is_over = self.appeal_until is not None and day > self.appeal_until
        return "final" if self.state == "approved" and is_over else self.state

    def can(self, day: datetime.date) -> tuple[str, ...]:
        """What can be done about it on a day, as the command line calls it."""
        state = self.on(day)
        return tuple(VERBS[step] for step, states in STEPS.items() if state in states)

    def stepped(self, event: str, author: str, role: str, date: datetime.date, note: str) -> Event:
        """The event by which somebody takes a step.

        Raises
        ------
        InputError
            When the step is not open in this state, it is not for this role to take, the date lies
            before that of the step before, or author, role or note is empty.
        """
        refuse(self._objections(event, author, role, date, note))
        of = _shared(self) | {"id": self.id, "period": self.period, "as_of": self.as_of}
        return Event(**of, event=event, author=author, role=role, date=date, note=note)

    def _objections(
        self, event: str, author: str, role: str, date: datetime.date, note: str
    ) -> Iterator[Problem]:
        where, state = f"decision {self.id}", self.on(date)
        if state not in STEPS[event]:
            can = " or ".join(self.can(date))
            yield Problem(where, self._told(state), f"what can be done: {can}" if can else "")
        if self.author and date < self.date:
            yield Problem(where, f"{date} lies before the last step, of {self.date}", "correct the date")
        if not author.strip():
            yield Problem(where, "nobody is named as author", "say who decides, with --by")
        if not role.strip():
            yield Problem(where, "no role is given", "say in which role, with --role")
        elif event in OF_THE_ROLE and _same(role) != _same(self.approver):
            yield self._of_another_role(where, event, role)
        if not note.strip():
            yield Problem(where, "no reason is given", "say why in a sentence, with --note")

    def _told(self, state: str) -> str:
        since = f"since {self.date}" + (f" by {self.author}" if self.author else "")
        if state == "final":
            return f"is final: an appeal could be made until {self.appeal_until}"
        return f"is {state} {since}"

    def _of_another_role(self, where: str, event: str, role: str) -> Problem:
        if not self.approver.strip():
            fix = f"name a role for '{self.handling}' under [handling.approvers] in policy.toml"
            return Problem(where, "the policy names nobody who decides it", fix)
        what = f"a '{role}' cannot {VERBS[event]} it: that is for the {self.approver}"
        return Problem(where, what, f'decide it as --role "{self.approver}"')


def decision_id(period: str, proposal: Proposal) -> str:
    """Ten hexadecimal digits that stand for whom, which period, and what is proposed.

    Reason and numbers are no part of it.

    Examples
    --------
    >>> from dataclasses import replace
    >>> gold = Proposal({"partner_id": "P7"}, "tier", "gold", "reward", "rose", {"score": 97.5}, "", 14)
    >>> decision_id("2025Q3", gold) == decision_id("2025Q3", replace(gold, numbers={}))
    True
    >>> decision_id("2025Q3", gold) == decision_id("2025Q4", gold)
    False
    """
    return short_hash(period, proposal.subject, proposal.kind, proposal.name, proposal.handling)


def read_decisions(root: Path) -> dict[str, Decision]:
    """Every proposal by its id, in the order in which they were made; empty without a ledger.

    Raises
    ------
    InputError
        For lines that cannot be read, each with its number.
    """
    known: dict[str, Decision] = {}
    for event in _LEDGER.read(root):
        known[event.id] = _after(known.get(event.id), event)
    return known


def propose(root: Path, period: str, as_of: datetime.date, proposals: Iterable[Proposal]) -> list[str]:
    """Enter what a published report proposes; give the ids of what was not open yet.

    Proposing the same again adds nothing, whatever was decided about it. An open proposal follows the
    last report: other numbers take the place of earlier ones, and another proposal of the same kind
    about the same subject and period closes it.

    Parameters
    ----------
    root : Path
        The workspace.
    period : str
        Code of the period whose report proposes.
    as_of : date
        The last date of the data; it dates the proposal, so that no clock is read.
    proposals : iterable of Proposal

    Raises
    ------
    InputError
        When the ledger cannot be read or written to.
    """
    wanted = {decision_id(period, proposal): proposal for proposal in proposals}
    if not wanted:
        return []
    with _LEDGER.locked(root):
        known = read_decisions(root)
        news = {name: made for name, made in wanted.items() if _is_news(known.get(name), made)}
        closed = list(_superseded(known, period, wanted))
        events = [_by_report("closed", one.id, period, as_of, one) for one in closed]
        events += [_by_report("proposed", name, period, as_of, made) for name, made in news.items()]
        _LEDGER.add(root, events)
    return [name for name in news if name not in known or known[name].state == "closed"]


def decide(
    root: Path, given: str, event: str, *, author: str, role: str, date: datetime.date, note: str
) -> Decision:
    """Take a step (a key of `STEPS`) about one proposal; see `decide_all`."""
    return decide_all(root, [given], event, author=author, role=role, date=date, note=note)[0]


def decide_all(
    root: Path, given: Sequence[str], event: str, *, author: str, role: str, date: datetime.date, note: str
) -> list[Decision]:
    """Take the same step about several proposals, all or none; give how each stands.

    Parameters
    ----------
    given : sequence of str
        Ids, or beginnings of ids.
    event : str
        A key of `STEPS`.

    Raises
    ------
    InputError
        When there is no such proposal, the step is not open (what can be done is said), or it is
        not for this role to take; the ledger is then as before.
    """
    with _LEDGER.locked(root):
        known = read_decisions(root)
        events: list[Event] = []
        problems: list[Problem] = []
        for name in dict.fromkeys(given):
            try:
                events.append(find_decision(known, name).stepped(event, author, role, date, note))
            except InputError as error:
                problems += error.problems
        refuse(problems)
        _LEDGER.add(root, {one.id: one for one in events}.values())
        known = read_decisions(root)
    return [known[one.id] for one in events]


def find_decision(known: Mapping[str, Decision], given: str) -> Decision:
    """The proposal of an id, or of the beginning of one that no other begins with.

    Raises
    ------
    InputError
        When there is none, or more than one.
    """
    return found_by_id(known, given, "decision", "channel-analysis decisions list")


def decided(known: Mapping[str, Decision]) -> str:
    """A fingerprint of what people decided; empty while nobody has decided anything."""
    return fingerprint(decision.past for decision in known.values() if decision.author)


def _same(role: str) -> str:
    """A role as it is compared: capitals and blanks do not matter."""
    return " ".join(role.split()).casefold()


def _is_news(known: Decision | None, made: Proposal) -> bool:
    """Whether a proposal is not open as it is made now; what people decided stays."""
    if known is None:
        return True
    is_same = known.state == "proposed" and _shared(known) == _shared(made)
    return not known.author and not is_same


def _superseded(
    known: Mapping[str, Decision], period: str, wanted: Mapping[str, Proposal]
) -> Iterator[Decision]:
    """Open proposals of the period in whose place others of their kind about the same subject come."""
    about = {(made.kind, *sorted(made.subject.items())) for made in wanted.values()}
    for one in known.values():
        is_open = one.state == "proposed" and one.period == period
        if is_open and one.id not in wanted and (one.kind, *sorted(one.subject.items())) in about:
            yield one


def _by_report(event: str, name: str, period: str, as_of: datetime.date, made: Proposal) -> Event:
    of = _shared(made) | {"id": name, "period": period, "as_of": as_of, "date": as_of}
    return Event(**of, event=event, author="", role="", note="")


def _shared(made: Proposal) -> dict[str, Any]:
    """What is proposed, apart from all that happened to it."""
    return {one.name: getattr(made, one.name) for one in fields(Proposal)}


def _after(known: Decision | None, event: Event) -> Decision:
    """The proposal once an event happened; a report after people, or a step told twice, changes nothing."""
    if known is not None and known.author and (not event.author or event in known.past):
        return known
    told = {one.name: getattr(event, one.name) for one in fields(Event) if one.name != "event"}
    past, until = (known.past, known.appeal_until) if known else ((), None)
    if event.event == "approved":
        until = event.date + datetime.timedelta(days=event.appeal_days)
    return Decision(**told, state=event.event, appeal_until=until, past=(*past, event))


def _event(told: dict[str, Any]) -> Event:
    """An event from its line; names nobody knows yet are left alone. ValueError and kin for what is none."""
    names = (
        "event",
        "id",
        "period",
        "kind",
        "name",
        "handling",
        "reason",
        "approver",
        "author",
        "role",
        "note",
    )
    texts, days = texts_in(told, *names), told["appeal_days"]
    date = date_in(told, "date")
    if texts["event"] not in ("proposed", *STEPS) or not texts["id"] or date.year > _LAST_YEAR:
        raise ValueError(told)
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        raise ValueError(told)
    return Event(
        **texts,
        subject=mapping_in(told, "subject"),
        numbers=_numbers(told["numbers"]),
        appeal_days=days,
        as_of=date_in(told, "as_of"),
        date=date,
    )


def _numbers(given: dict[str, Any]) -> dict[str, float | str]:
    for name, value in given.items():
        is_number = type(value) in (int, float) and math.isfinite(value)
        texts_in({"name": name, "value": "" if is_number else value}, "name", "value")
    return given


_LEDGER = Ledger(LEDGER, "decision", _event)

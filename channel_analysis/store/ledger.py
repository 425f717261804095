"""Ledgers: files in a workspace with one event per line, only ever appended to, by one writer at a time."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..errors import InputError, Problem, nearest, refuse

_PATIENCE = 30
"""Seconds to wait for another process that writes to a ledger."""

_FIX = "put the line back as it was, or take it out"

Event = TypeVar("Event")
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Ledger(Generic[Event]):
    """A ledger of events, which are dataclasses of texts, dates, numbers and mappings.

    `name` is the file's; `noun` says what its events are about; `event` makes one of a line's names
    and values, or raises ValueError, TypeError, KeyError or AttributeError.
    """

    name: str
    noun: str
    event: Callable[[dict[str, Any]], Event]

    def read(self, root: Path) -> list[Event]:
        """Every event in the order of the lines; empty without a ledger.

        Raises
        ------
        InputError
            For lines that cannot be read, each with its number.
        """
        path = root / self.name
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
                events.append(self.event(json.loads(line.decode("utf-8"))))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                what = f"this is no event of a {self.noun}"
                problems.append(Problem(f"{path} line {number}", what, _FIX))
        refuse(problems)
        return events

    def add(self, root: Path, events: Iterable[Event]) -> None:
        """Append lines in one go; half a sign, as a terminal may pass it on, becomes a question mark.

        To be called while the ledger is `locked`.

        Raises
        ------
        InputError
            When the ledger cannot be written to.
        """
        path = root / self.name
        told: Iterable[Any] = events
        lines = [json.dumps(asdict(event), default=str, ensure_ascii=False) + "\n" for event in told]
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

    @contextmanager
    def locked(self, root: Path) -> Iterator[None]:
        """Keep other writers out; InputError when one has been at it for long."""
        from filelock import FileLock, Timeout

        path = root / self.name
        try:
            lock = FileLock(root / f".{self.name}.lock").acquire(timeout=_PATIENCE)
        except Timeout:
            what = "another process has been writing to it for long"
            raise InputError([Problem(str(path), what, "try again once it has ended")]) from None
        except OSError as error:
            raise _unusable(path, "written to", error) from None
        with lock:
            yield


def short_hash(*parts: object) -> str:
    """Ten hexadecimal digits that stand for plain values: texts, and mappings in whatever order.

    Examples
    --------
    >>> short_hash("stuffing", {"b": "2", "a": "1"}) == short_hash("stuffing", {"a": "1", "b": "2"})
    True
    """
    plain = [sorted(part.items()) if isinstance(part, Mapping) else part for part in parts]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:10]


def fingerprint(things: Iterable[object]) -> str:
    """A hash of things whatever their order; empty without any."""
    told = sorted(map(repr, things))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16] if told else ""


def found_by_id(known: Mapping[str, Thing], given: str, noun: str, see: str) -> Thing:
    """The thing of an id, or of the beginning of one that no other begins with.

    `noun` says what is looked for, `see` how all of them can be seen.

    Raises
    ------
    InputError
        When there is none, or more than one.
    """
    begun = [name for name in known if given and name.startswith(given.lower())]
    if len(begun) == 1:
        return known[begun[0]]
    if begun:
        what = f"{len(begun)} {noun}s begin so: {', '.join(begun[:5])}"
        raise InputError([Problem(f"{noun} {given}", what, "give more of the id")])
    near = nearest(given, known)
    fix = f"did you mean '{near}'?" if near else f"see them with: {see}"
    raise InputError([Problem(f"{noun} {given}", f"there is no such {noun}", fix)])


def texts_in(told: Mapping[str, Any], *names: str) -> dict[str, str]:
    """The named values of a line; ValueError unless each is a text that a page could show."""
    texts = {name: told[name] for name in names}
    _sound(texts.values())
    return texts


def mapping_in(told: Mapping[str, Any], name: str) -> dict[str, str]:
    """A mapping of texts to texts from a line; ValueError when it is none."""
    given: dict[str, str] = told[name]
    _sound((*given, *given.values()))
    return given


def date_in(told: Mapping[str, Any], name: str) -> datetime.date:
    """A date from a line; ValueError when it is none."""
    return datetime.date.fromisoformat(told[name])


def _sound(texts: Iterable[object]) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise ValueError(text)
        text.encode()  # half a sign could stand on no page


def _last_byte(ledger: Any) -> bytes:
    ledger.seek(-1, os.SEEK_END)
    byte: bytes = ledger.read(1)
    return byte


def _unusable(path: Path, how: str, error: OSError) -> InputError:
    what = f"cannot be {how}: {error.strerror or error}"
    return InputError([Problem(str(path), what, "correct its permissions")])

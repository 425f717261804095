"""A source as the rest of the house sees it: columns, Parquet files, and where each row once stood."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq

from ...errors import InputError, Problem, refuse
from .spec import FileSpec

MOST_COLUMNS = 4096
"""A header with more names than this is no table's."""

Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Part:
    """One file, sheet or table of a source.

    The engine reads `path`; `label` is what a person calls the part. `first_line` is the line or row
    of the original in which the first data row stands, 0 where rows cannot be named. `jumps` names
    the rows before which rows of the original were left out: number here, row there. Of the rows
    that cannot be read, `first_unreadable` is the line of the first and `why_unreadable` the
    reader's reason.
    """

    path: Path
    label: str
    first_line: int = 0
    unreadable_rows: int = 0
    first_unreadable: int = 0
    why_unreadable: str = ""
    jumps: tuple[tuple[int, int], ...] = ()

    def place(self, row: int) -> str:
        """What a person calls a row of this part, by its number in the Parquet file."""
        if not self.first_line or self.unreadable_rows:
            return self.label
        numbered = [(1, self.first_line), *self.jumps]
        here, there = numbered[bisect_right(numbered, row, key=lambda jump: jump[0]) - 1]
        return f"{self.label} row {there + row - here}"


@dataclass(frozen=True, slots=True)
class Source:
    """A source attached to the engine under `name`: its columns and the parts it consists of.

    Of one that `is_wide`, columns of the parts are rows of the source.
    """

    name: str
    columns: tuple[str, ...]
    parts: tuple[Part, ...]
    is_wide: bool = False

    @property
    def rows_of_parts(self) -> int:
        """How many rows the Parquet files say that they hold."""
        return sum(pq.read_metadata(part.path).num_rows for part in self.parts)

    @property
    def unreadable_rows(self) -> int:
        """How many rows of all parts could not be read."""
        return sum(part.unreadable_rows for part in self.parts)

    @property
    def label(self) -> str:
        """What a person calls the source: its only part, or the first one and how many more."""
        more = len(self.parts) - 1
        return f"{self.parts[0].label} and {more:,} more" if more else self.parts[0].label

    def place(self, file: str, row: int) -> str:
        """What a person calls a row: `file` and `row` are the engine's columns `_file` and `_row`."""
        part = next((part for part in self.parts if str(part.path) == file), None)
        return part.place(row) if part else self.label


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader needs to know: the source, its folders, and where its options are said."""

    name: str
    spec: FileSpec
    folder: Path
    scratch: Path
    snapshots: Path
    options_place: str

    def target(self, number: int) -> Path:
        """The Parquet file made of the source's part of this number."""
        safe = re.sub(r"[^a-z0-9_]", "_", self.name)
        if safe != self.name:
            safe = f"{safe[:40]}_{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"
        return self.scratch / f"{safe}-{number:04}.parquet"


def each(items: Iterable[Given], work: Callable[[Given], Done]) -> list[Done]:
    """Do the work for every item; InputError holds the problems of all."""
    done: list[Done] = []
    problems: list[Problem] = []
    for item in items:
        try:
            done.append(work(item))
        except InputError as error:
            problems += error.problems
    refuse(problems)
    return done


def refuse_other_columns(columns: Mapping[str, tuple[str, ...]], first_name: str) -> None:
    """Refuse files whose columns are not those of the first one; `columns` by the place of a file."""
    (_, first), *others = columns.items()
    problems = []
    for where, names in others:
        lacks = [f"'{name}'" for name in first if name not in names]
        more = [f"'{name}'" for name in names if name not in first]
        said = [f"it lacks {', '.join(lacks)}"] if lacks else []
        said += [f"it has {', '.join(more)} more"] if more else []
        if said:
            what = f"its columns are not those of {first_name}: {'; '.join(said)}"
            problems.append(Problem(where, what, "give all files the same columns, or name fewer files"))
    refuse(problems)


def header_problem(where: str, columns: tuple[str, ...]) -> Problem | None:
    """What is wrong with the names of a header: none, too many, empty ones, one twice, bytes of no text."""
    if len(columns) > MOST_COLUMNS:
        what = f"the header has {len(columns):,} names; up to {MOST_COLUMNS:,} are read"
        return Problem(where, what, "look whether rows and columns are exchanged")
    times = Counter(name.lower() for name in columns)
    twice = sorted({name for name in columns if times[name.lower()] > 1})
    fix = "give every column a name of its own"
    if twice and twice[0]:
        return Problem(where, f"the column '{twice[0]}' stands twice in the header", fix)
    if any("\0" in name for name in columns):
        return Problem(where, "the header holds zero bytes, which are no text", "export it again, as text")
    if not columns or "" in columns:
        return Problem(where, "the header has empty names", fix)
    return None

"""Wide tables: columns such as 1月..12月 become rows, each still at its place in the file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field, model_validator

from ...contracts.checks import given
from ...contracts.settings import Rules, wrong
from ...errors import Problem, refuse
from ..engine import FILE, ROW, literal, quoted

_CHINESE = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = ("uary", "ruary", "ch", "il", "", "e", "y", "ust", "t(?:ember)?", "ober", "ember", "ember")

_WORDS = [f"{short}(?:{rest})?[.]?" if rest else short for short, rest in zip(_ENGLISH, _LONG, strict=True)]
_MONTH = "|".join(["1[0-2]", "0?[1-9]", "十[一二]?", "[一二三四五六七八九]", *_WORDS])
_PLACES = {
    "month": f"(?P<month>{_MONTH})",
    "year": "(?P<year>(?:19|20)[0-9]{2})",
    "quarter": "(?P<quarter>[1-4一二三四])",
    "name": "(?P<name>.+)",
}


class Unpivot(Rules):
    """Which columns of a file become rows.

    `columns` is a pattern such as "{month}月", "{year}-{month}", "Q{quarter}" or "销量_{name}", a list
    of names, or a table of several patterns by the column their values go to. `into` is the new column
    that says what a row's column stood for: the first day of the month, quarter or year, or the name.
    `value` holds what stood in it. `year` is for patterns that name none; without any year `into` holds
    the number of the month or quarter. Empty cells give no row.
    """

    columns: str | tuple[str, ...] | dict[str, str]
    into: str = Field("month", min_length=1)
    value: str = Field("amount", min_length=1)
    year: int | None = Field(None, ge=1900, le=2100)

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Unpivot:
        for pattern in self.patterns.values():
            unknown = [name for name in re.findall(r"\{([^{}]*)\}", pattern) if name not in _PLACES]
            if unknown:
                raise wrong(f"'{{{unknown[0]}}}' stands for nothing", f"use one of: {_placeholders()}")
            if not re.search(r"\{\w+\}", pattern):
                raise wrong(
                    f"the pattern '{pattern}' matches one column at most",
                    f"put one of {_placeholders()} where the names differ, or list the names",
                )
            places = re.findall(r"\{(\w+)\}", pattern)
            if len(places) > len(set(places)) or ("name" in places and len(places) > 1):
                what = f"the places of '{pattern}' contradict each other"
                raise wrong(what, "keep {name}, or {year} and {month}")
        if not self.patterns and not self.columns:
            raise wrong("no columns are named", 'write columns = "{month}月", or list them')
        return self

    @property
    def patterns(self) -> dict[str, str]:
        """The patterns by the column that their values go to; none where columns are listed."""
        if isinstance(self.columns, str):
            return {self.value: self.columns}
        return self.columns if isinstance(self.columns, dict) else {}


@dataclass(frozen=True, slots=True)
class Wide:
    """What becomes of a wide table's columns: those kept, and for each new row the columns it takes.

    `rows` holds what a row's columns stand for, and the column of each value, or "" where there is none.
    """

    kept: tuple[str, ...]
    into: str
    values: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]

    def sql(self, view: str) -> str:
        """The rows of the wide view as a long table, each with the place of its row."""
        kept = "".join(f"r.{quoted(name)} AS {quoted(name)}, " for name in self.kept)
        stood = f"CASE w.part {self._each(literal(stands_for) for stands_for, _ in self.rows)} END"
        values = [self._value(number) for number in range(len(self.values))]
        named = ", ".join(f"{v} AS {quoted(name)}" for v, name in zip(values, self.values, strict=True))
        filled = " OR ".join(f"{given(f'CAST({value} AS VARCHAR)')} IS NOT NULL" for value in values)
        parts = " UNION ALL ".join(f"SELECT {number} AS part" for number in range(len(self.rows)))
        return (
            f"SELECT {kept}{stood} AS {quoted(self.into)}, {named}, r.{FILE} AS {FILE}, r.{ROW} AS {ROW} "
            f"FROM {quoted(view)} AS r CROSS JOIN ({parts}) AS w WHERE {filled}"
        )

    def _value(self, number: int) -> str:
        taken = (f"r.{quoted(names[number])}" if names[number] else "NULL" for _, names in self.rows)
        return f"CASE w.part {self._each(taken)} END"

    @staticmethod
    def _each(values: Iterator[str]) -> str:
        return " ".join(f"WHEN {number} THEN {value}" for number, value in enumerate(values))


def widened(unpivot: Unpivot, columns: tuple[str, ...], where: str) -> Wide:
    """Find the columns that become rows.

    Raises
    ------
    InputError
        When no column is like the pattern, a listed one is missing, two stand for the same month, or
        a new column has the name of one that is kept.
    """
    found = dict(_listed(unpivot, columns, where)) if not unpivot.patterns else {}
    by_row = {stands_for: {unpivot.value: name} for name, stands_for in found.items()}
    problems = []
    for value, pattern in unpivot.patterns.items():
        matching = {name: _stands_for(unpivot, match) for name, match in _matches(pattern, columns)}
        if not matching:
            problems.append(_no_match(pattern, columns, where))
        for name, stands_for in matching.items():
            other = by_row.setdefault(stands_for, {}).setdefault(value, name)
            if other != name:
                what = f"the columns '{other}' and '{name}' both stand for {stands_for}"
                problems.append(Problem(where, what, f"make the pattern '{pattern}' fit one of them alone"))
        found |= matching
    values = tuple(unpivot.patterns) or (unpivot.value,)
    kept = tuple(name for name in columns if name not in found)
    refuse([*problems, *_taken(kept, (unpivot.into, *values), where)])
    rows = tuple((stood, tuple(names.get(v, "") for v in values)) for stood, names in sorted(by_row.items()))
    return Wide(kept, unpivot.into, values, rows)


def month_number(text: str) -> int:
    """The number of a month as a header writes it: 3, 03, 三, Mar, March.

    Examples
    --------
    >>> [month_number(text) for text in ("3", "03", "三", "十二", "Mar", "September")]
    [3, 3, 3, 12, 3, 9]
    """
    if text.isdigit():
        return int(text)
    return _CHINESE.index(text) + 1 if text in _CHINESE else _ENGLISH.index(text[:3].lower()) + 1


def _matches(pattern: str, columns: tuple[str, ...]) -> Iterator[tuple[str, re.Match[str]]]:
    """The columns like a pattern; full-width digits and line breaks count as plain ones."""
    parts = re.split(r"\{(\w+)\}", _plain(pattern))
    told = "".join(_PLACES[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))
    for name in columns:
        match = re.fullmatch(told, _plain(name), re.IGNORECASE)
        if match:
            yield name, match


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split())


def _stands_for(unpivot: Unpivot, match: re.Match[str]) -> str:
    places = match.groupdict()
    if "name" in places:
        return places["name"]
    year = int(places["year"]) if "year" in places else unpivot.year
    month = 1
    if "month" in places:
        month = month_number(places["month"])
    elif "quarter" in places:
        quarter = month_number(places["quarter"])
        month = 3 * quarter - 2 if year else quarter
    return f"{year}-{month:02}-01" if year else str(month)


def _listed(unpivot: Unpivot, columns: tuple[str, ...], where: str) -> Iterator[tuple[str, str]]:
    missing = [name for name in unpivot.columns if name not in columns]
    refuse(_no_match(name, columns, where) for name in missing)
    yield from ((name, name) for name in unpivot.columns)


def _no_match(pattern: str, columns: tuple[str, ...], where: str) -> Problem:
    more = [f"and {len(columns) - 30} more"] if len(columns) > 30 else []
    listed = ", ".join([*(f"'{name}'" for name in columns[:30]), *more])
    what = f"no column is like '{pattern}' (unpivot); the file has: {listed}"
    return Problem(where, what, f"correct columns under unpivot; {_placeholders()} stand for what differs")


def _taken(kept: tuple[str, ...], made: tuple[str, ...], where: str) -> Iterator[Problem]:
    lower = [name.lower() for name in (*kept, *made)]
    for name in made:
        if lower.count(name.lower()) > 1:
            what = f"unpivot would make a second column '{name}'"
            yield Problem(where, what, "choose another name for into or value")


def _placeholders() -> str:
    return ", ".join(f"{{{name}}}" for name in _PLACES)

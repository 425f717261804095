"""What the values of a column look like: dates and their format, numbers and their marks, words we know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...contracts.checks import DATE_FORM, NUMBER_FORM
from ..numbers import SIGNS, NumberForm
from .names import key, words_for

_DATES = {
    "": DATE_FORM,
    "%Y-%m": "[0-9]{4}-[0-9]{1,2}",
    "%Y/%m": "[0-9]{4}/[0-9]{1,2}",
    "%Y年%m月%d日": "[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日",
    "%Y年%m月": "[0-9]{4}年[0-9]{1,2}月",
    "%Y.%m.%d": "[0-9]{4}[.][0-9]{1,2}[.][0-9]{1,2}",
    "%d.%m.%Y": "([0-2]?[0-9]|3[01])[.](0?[1-9]|1[0-2])[.][0-9]{4}",
    "%Y%m%d": "(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])",
    "%Y%m": "(19|20)[0-9]{2}(0[1-9]|1[0-2])",
    "%d/%m/%Y": "([0-2]?[0-9]|3[01])/(0?[1-9]|1[0-2])/[0-9]{4}",
    "%m/%d/%Y": "(0?[1-9]|1[0-2])/([0-2]?[0-9]|3[01])/[0-9]{4}",
    "%d-%m-%Y": "([0-2]?[0-9]|3[01])-(0?[1-9]|1[0-2])-[0-9]{4}",
    "%d %b %Y": "[0-9]{1,2} [A-Za-z]{3} [0-9]{4}",
}
_TIMES = {" %H:%M": " [0-9]{1,2}:[0-9]{2}", " %H:%M:%S": " [0-9]{1,2}:[0-9]{2}:[0-9]{2}"}
_DATES |= {
    form + time: like + how
    for form, like in tuple(_DATES.items())
    for time, how in _TIMES.items()
    if form.endswith(("%d", "%Y", "日")) and form != "%Y%m%d"
}
"""Formats of dates as `strptime` writes them, and what their texts look like; "" is what needs none."""

_FORMS = [
    NumberForm(decimal, thousands, currency)
    for currency in ("", *SIGNS)
    for decimal, thousands in (
        (".", ""),
        (".", ","),
        (",", "."),
        (",", ""),
        (".", " "),
        (",", " "),
        (".", "'"),
    )
]
_SERIAL = re.compile("[34][0-9]{4}")
_COMPARED = 400
ENOUGH = 0.9
"""The share of values that must be of a kind for the column to be."""


@dataclass(frozen=True)
class Sample:
    """A column of a file: its name, its type in the file and some of its values, none of them empty.

    `type` is "text", "number", "date" or "flag".
    """

    name: str
    type: str
    values: tuple[str, ...]

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The different values, in the order in which they stand."""
        return tuple(dict.fromkeys(self.values))

    def date_format(self) -> str | None:
        """The format that its values are dates in, "" for those read as they are; None if they are none."""
        if self.type in ("date", "number", "flag") or not self.values:
            return "" if self.type == "date" else None
        return self._date_format

    @cached_property
    def _date_format(self) -> str | None:
        return next((form for form, like in _DATES.items() if self._share(like) >= ENOUGH), None)

    def is_day_or_month_first(self) -> bool:
        """Whether nothing in its values tells days from months."""
        return any(
            all(self._share(_DATES[form + time]) >= ENOUGH for form in ("%d/%m/%Y", "%m/%d/%Y"))
            for time in ("", *_TIMES)
        )

    def forms(self) -> list[NumberForm]:
        """The ways of writing numbers in which nearly all of its values are some, the plainest first."""
        if self.type == "number":
            return [_FORMS[0]]
        return self._forms if self.type == "text" and self.values else []

    @cached_property
    def _forms(self) -> list[NumberForm]:
        some = self.distinct[:200]
        if sum(1 for value in some if any(c.isdigit() for c in value)) < ENOUGH * len(some):
            return []
        return [form for form in _FORMS if _share(some, form.pattern(percent=True)) >= ENOUGH]

    def is_plain_number(self) -> bool:
        """Whether its values need no word on how they are written."""
        return self.type == "number" or (bool(self.values) and self._share(NUMBER_FORM) == 1.0)

    def are_serial_dates(self) -> bool:
        """Whether its values look like days as Excel counts them."""
        return bool(self.values) and all(_SERIAL.fullmatch(value) for value in self.values)

    def translated(self, column: str, allowed: Iterable[str]) -> dict[str, str]:
        """Its values that mean one of the allowed ones, and which."""
        words, allowed = words_for(column), tuple(allowed)
        found = {value: words.get(key(value), "") for value in self.distinct}
        return {value: ours for value, ours in found.items() if ours in allowed}

    def _share(self, like: str) -> float:
        return _share(self.distinct[:_COMPARED], like)


def _share(values: Sequence[str], like: str) -> float:
    pattern = re.compile(like)
    return sum(1 for value in values if pattern.fullmatch(value.strip())) / max(len(values), 1)


def common_form(samples: Iterable[Sample]) -> NumberForm | None:
    """The one way in which all these columns write their numbers; None where nothing need be said."""
    columns = [sample for sample in samples if sample.values and sample.type == "text"]
    if all(sample.is_plain_number() for sample in columns):
        return None
    fitting = [{repr(form): form for form in sample.forms()} for sample in columns]
    shared = [form for form in _FORMS if fitting and all(repr(form) in forms for forms in fitting)]
    return shared[0] if shared else None

"""Root causes in words: a KPI's figures in its unit, segments by their names, chances, causes, caveats."""

from __future__ import annotations

import datetime
import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import pandas as pd

from ...metrics.facts import UNASSIGNED
from ...results import Caveat, Scope
from ...rootcauses import RootCause
from ...words import MINUS, Unit, Words
from .wording import channel_name, kpi_text, value_name

LONGEST = 100
"""Characters of a name that are shown; the saved tables have the whole."""

SELF_TOLD = ("region", "channel_type", "channel_family")
"""Dimensions whose values need no word before them: East, not region East."""

DECIMALS = {"count": 0, "index": 0, "points": 1, "per_1000": 1, "days": 1, "weeks": 1, "ratio": 2}

Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """How one KPI's values and changes are written: with their unit in sentences, in one unit in tables."""

    words: Words
    unit: str
    currency: str
    money: Unit
    decimals: int

    @property
    def heading(self) -> str:
        """The unit's name for headings and captions; empty where each figure has its own."""
        if self.unit == "money":
            return self.money.name
        return "" if self.unit == "share" else self.words(f"unit.{self.unit}")

    def titled(self, name: str) -> str:
        """A heading with its unit."""
        return self.words("column.with_unit", name=name, unit=self.heading) if self.heading else name

    def value(self, value: float) -> str:
        """A value in a sentence."""
        return self._with_unit(self.cell(value))

    def amount(self, value: float) -> str:
        """The size of a change in a sentence, without its sign."""
        return self._with_unit(self.cell_change(abs(value)).removeprefix("+"))

    def change(self, value: float) -> str:
        """A change in a sentence, with its sign."""
        return self._with_unit(self.cell_change(value))

    def _with_unit(self, text: str) -> str:
        if self.unit == "money" and text != self.words("none"):
            sign = text[0] if text[0] in f"+{MINUS}" else ""
            parts = {
                "sign": sign,
                "number": text.removeprefix(sign),
                "currency": self.words.currency(self.currency),
            }
            return self.words(f"unit.amount.{self.money.scale}", **parts)
        name = self.heading
        return self.words("root_cause.of_unit", value=text, unit=name) if name else text

    def cell(self, value: float) -> str:
        """A value in a table or a chart."""
        if _untold(value):
            return self.words("none")
        if self.unit == "money":
            return self.words.money(value, self.money)
        return (self.words.share if self.unit == "share" else self.words.number)(value, self.decimals)

    def cell_change(self, value: float) -> str:
        """A change in a table or a chart, with its sign."""
        if _untold(value):
            return self.words("none")
        if self.unit == "money":
            return self.words.signed(value / self.money.divisor, self.money.decimals)
        signed = self.words.signed_points if self.unit == "share" else self.words.signed
        return signed(value, self.decimals)

    def between(self, value: float, low: float, high: float) -> str:
        """A change in a table with its interval, where it has one."""
        return with_range(self.words, self.cell_change(value), self.cell_change(low), self.cell_change(high))

    def change_between(self, value: float, low: float, high: float) -> str:
        """A change in a sentence with its interval, where it has one."""
        return with_range(self.words, self.change(value), self.cell_change(low), self.cell_change(high))


def figures_of(result: RootCause, words: Words) -> Figures:
    """How figures of an explanation are written: money so fine that each segment shows."""
    steps = result.bridge.loc[~result.bridge["is_total"].astype(bool), "amount"]
    changes = [result.change, result.usual, *steps, *result.segments["contribution"]]
    money = words.money_unit(map(float, changes), result.scope.currency)
    least = min((abs(v) for v in result.segments["contribution"] if v), default=math.inf)
    if math.isfinite(least):
        needed = -math.floor(math.log10(least / money.divisor))
        money = replace(money, decimals=max(money.decimals, min(needed, 4 if money.divisor > 1 else 0)))
    return Figures(words, result.unit, result.scope.currency, money, _decimals(result))


def _decimals(result: RootCause) -> int:
    """Decimals: the unit's own, and more where the change or (at most two more) a segment would be lost."""
    own = 1 if result.unit == "share" else DECIMALS.get(result.unit, 2)
    if result.unit == "count":
        return 0
    scale = 100 if result.unit == "share" else 1
    least = min((abs(v) for v in result.segments["contribution"] if v), default=math.nan)
    of_segments = min(_needed(least * scale, 1), own + 2)
    return max(own, min(_needed(abs(result.change) * scale, 2), 6), of_segments)


def _needed(size: float, digits: int) -> int:
    """Decimals at which so many digits of a size show; 0 of a size that is 0 or unknown."""
    return digits - 1 - math.floor(math.log10(size)) if math.isfinite(size) and size > 0 else 0


def with_range(words: Words, value: str, low: str, high: str) -> str:
    """A text with the two ends of its interval, where both are known."""
    if words("none") in (low, high):
        return value
    return words("root_cause.with_range", value=value, range=words("range", low=low, high=high))


# Names


def told(text: object, longest: int = LONGEST) -> str:
    """A name from data as it is shown: on one line, without signs that steer the writing, not endless.

    Examples
    --------
    >>> told("a\\u202eb \\n c"), told("abcdef", 4)
    ('ab c', 'abc…')
    """
    line = "".join(sign for sign in " ".join(str(text)[: 4 * LONGEST].split()) if sign.isprintable())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def fitted(text: str, width: int) -> str:
    """A name cut to so many narrow characters; a wide one, as in Chinese, counts two.

    Examples
    --------
    >>> fitted("North East", 8), fitted("华东空气净化", 6), fitted("East", 4)
    ('North E…', '华东…', 'East')
    """
    widths = [2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text]
    if sum(widths) <= width:
        return text
    kept = sum(used < width for used in accumulate(widths))
    return f"{text[:kept].rstrip()}…"


def segment_name(result: RootCause, words: Words, place: object) -> str:
    """A segment by the names of the values that bound it: East, category Air; of a factor after its name."""
    parts = result.parts[result.parts["place"] == place]
    texts = [part_name(result.scope, words, row) for row in parts.to_dict("records")]
    name = words.join(texts) if texts else words("root_cause.everywhere")
    factors = result.segments.loc[result.segments["place"] == place, "factor"]
    factor = factors.iloc[0] if len(factors) else ""
    if not factor:
        return name
    return words("root_cause.in_factor", factor=own_words(words, "bar", factor), segment=name)


def branch_name(result: RootCause, words: Words, text: str) -> str:
    """A node of the ledger's branch of segments: "region=East & category=Air" or a code, in words."""
    if words.has(f"root_cause.node.{text}"):
        return words(f"root_cause.node.{text}")
    known = result.segments.loc[(result.segments["segment"] == text) & (result.segments["factor"] == "")]
    if len(known):
        return segment_name(result, words, known["place"].iloc[0])
    bounds = [part.partition("=") for part in text.split(" & ")]
    if not all(name in result.dimensions for name, _, _ in bounds):
        return told(text)
    rows = ({"dimension": name, "value": value} for name, _, value in bounds)
    return words.join(part_name(result.scope, words, row) for row in rows)


def part_name(scope: Scope, words: Words, row: Row) -> str:
    """One bound of a segment: the value by its name, after the dimension's where it does not tell itself."""
    dimension, value = str(row["dimension"]), row["value"]
    if _untold(value) or value in ("", UNASSIGNED):
        return words(
            "root_cause.without", dimension=dimension_name(words, dimension), state=words("entity.unassigned")
        )
    name = told(_value(scope, words, dimension, str(value), row.get("name")))
    if dimension in SELF_TOLD:
        return name
    return words("root_cause.named", dimension=dimension_name(words, dimension), value=name)


def _value(scope: Scope, words: Words, dimension: str, value: str, given: object) -> str:
    own = "entity.family" if dimension == "channel_family" else f"root_cause.value.{dimension}"
    if words.has(f"{own}.{value}"):
        return words(f"{own}.{value}")
    known = channel_name(words, scope, value) if dimension == "channel_type" else ""
    known = known or value_name(words, scope, dimension, value)
    return given if known == value and isinstance(given, str) and given else known


def dimension_name(words: Words, dimension: str) -> str:
    """A dimension's name; its own where it is a column of one's own."""
    return own_words(words, "dimension", dimension)


def own_words(words: Words, family: str, code: object) -> str:
    """The words of a code; the code itself where nobody wrote words for it."""
    key = f"root_cause.{family}.{code}"
    return words(key) if words.has(key) else told(code)


def against_name(result: RootCause, words: Words) -> str:
    """The base by its name, such as Q3 2024; of a plan that it is one."""
    return words("root_cause.plan") if result.against == "plan" else words.period(result.base)


def base_head(result: RootCause, words: Words) -> str:
    """The base as a heading of a column."""
    return words("root_cause.plan") if result.against == "plan" else words.period_short(result.base)


# Chances, figures of causes, caveats


def chance(words: Words, p_value: float) -> str:
    """The chance of as much when nothing happened, as so many of 100."""
    if _untold(p_value):
        return words("none")
    if p_value < 0.001:
        return words("root_cause.hardly")
    return words("root_cause.of_100", n=words.number(p_value * 100, 0 if p_value >= 0.095 else 1))


def figure_text(words: Words, unit: object, value: float, currency: str) -> str:
    """A figure of a cause or of a driver in its unit; one of unknown unit as a plain number."""
    if _untold(value):
        return words("none")
    if unit in ("money", "share") or unit in DECIMALS:
        return kpi_text(words, str(unit), value, currency=currency)
    size = abs(value)
    return words.number(value, 0 if size >= 1000 or float(value).is_integer() else 1 if size >= 10 else 3)


def caveat_text(words: Words, scope: Scope, caveat: Caveat) -> str:
    """A caveat in words; one nobody wrote words for by its code."""
    key = f"root_cause.caveat.{caveat.code}"
    numbers = {name: _number(words, name, value) for name, value in dict(caveat.numbers or {}).items()}
    subject = _subject(words, scope, caveat.subject)
    if any(words.has(f"{key}{form}") for form in ("", ".one", ".other")):
        try:
            return words(key, subject=subject, **numbers)
        except KeyError:  # somebody else's caveat of the same code, with other numbers
            pass
    said = words.join([told(caveat.code), *([subject] if subject else [])])
    return words("root_cause.other_caveat", code=said)


def _subject(words: Words, scope: Scope, subject: str) -> str:
    """What a caveat is about: a dimension, a table, or a channel type."""
    for key in (f"root_cause.dimension.{subject}", f"table.{subject}"):
        if words.has(key):
            return words(key)
    return told(channel_name(words, scope, subject)) if subject else ""


def _number(words: Words, name: str, value: object) -> str:
    """A number of a caveat in words: counts, days, periods, statuses, names of dimensions."""
    if isinstance(value, str):
        if name in ("period", "periods", "last"):
            return words.period(value)
        key = f"status.{value}"
        return words(key) if name == "reason" and words.has(key) else dimension_name(words, value)
    if isinstance(value, Iterable):
        return words.join(_number(words, name, one) for one in value)
    if isinstance(value, datetime.date):
        return words.date(value)
    if name == "share" and isinstance(value, float):
        return words.share(value, 0)
    if isinstance(value, float) and not value.is_integer():
        return words.number(value, 2)
    return words.number(value) if isinstance(value, int | float) else told(value)


def _untold(value: object) -> bool:
    return value is None or bool(pd.isna(value))

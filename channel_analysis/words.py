"""Words and numbers in the reader's language: message catalogues, units, dates, signs."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .errors import InputError, Problem, did_you_mean
from .files import CATALOG, read_toml

LEAST = 0.1
"""Amounts below so much of a unit are told in a unit of their own."""

MINUS = "\N{MINUS SIGN}"

LONGEST = 120
"""A run of so many signs without a break is no word; of a longer one sentences tell the beginning."""

_BEGUN = 80
_ENDLESS = re.compile(rf"[^\s,.;:!?，。；：！？、]{{{LONGEST + 1},}}")
_TURNING = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Signs that are written from right to left, or turn those that follow."""
_ISOLATES, _OWN_DIRECTION, _END = "\u2066\u2067\u2068", "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of money for a whole column: what to divide by, how many decimals, how to name it."""

    divisor: float
    decimals: int
    name: str
    scale: str


def languages() -> list[str]:
    """Languages there is a message catalogue for."""
    return sorted(path.stem for path in (CATALOG / "locales").glob("*.toml"))


def check_language(language: str) -> list[Problem]:
    """Problem of a language nobody wrote a catalogue for."""
    known = languages()
    if language in known:
        return []
    return [Problem("language", f"there is no language '{language}'", did_you_mean(language, known))]


@cache
def words(language: str) -> Words:
    """The words of one language; InputError when there is no catalogue for it."""
    problems = check_language(language)
    if problems:
        raise InputError(problems)
    return Words(language, read_toml(CATALOG / "locales" / f"{language}.toml"))


class Words:
    """Texts by key, and numbers, dates and periods as the language writes them."""

    def __init__(self, language: str, catalogue: Mapping[str, Any]) -> None:
        self.language = language
        self.locale = {"zh": "zh_CN", "en": "en_GB"}.get(language, language)
        self._texts = dict(_flattened(catalogue))

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its names filled in; numbers must be formatted before.

        A key may have forms `key.one` and `key.other`, chosen by the integer `n`. Texts filled in may be
        names from data, see `within_sentence`.
        """
        if key not in self._texts and "n" in values:
            key = f"{key}.one" if values["n"] in (1, "1") and f"{key}.one" in self._texts else f"{key}.other"
        texts = {name: within_sentence(v) if isinstance(v, str) else v for name, v in values.items()}
        return self._texts[key].format(**texts)

    def has(self, key: str) -> bool:
        """Whether the catalogue holds a key."""
        return key in self._texts

    def keys(self) -> set[str]:
        """All keys, for comparing catalogues."""
        return set(self._texts)

    def label(self, labels: Mapping[str, str], fallback: str) -> str:
        """A label given per language; the fallback where this language has none."""
        return labels.get(self.language, fallback)

    def join(self, parts: Iterable[str]) -> str:
        """Parts of an enumeration."""
        return self("list.separator").join(map(within_sentence, parts))

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with the language's separators and a true minus sign."""
        if _missing(value):
            return self("none")
        text: str = _pattern(decimals).apply(_rounded(value, decimals), _signs(self.locale))
        return text.replace("-", MINUS)

    def share(self, value: float, decimals: int = 1) -> str:
        """A share as a percentage."""
        return self("none") if _missing(value) else f"{self.number(value * 100, decimals)}%"

    def signed_share(self, value: float, decimals: int = 1) -> str:
        """A change as a percentage with its sign."""
        return self("none") if _missing(value) else self._signed(value * 100, decimals) + "%"

    def signed_points(self, value: float, decimals: int = 1) -> str:
        """A difference of two shares in percentage points, with its sign."""
        if _missing(value):
            return self("none")
        return self("unit.points_change", value=self._signed(value * 100, decimals))

    def signed(self, value: float, decimals: int = 0) -> str:
        """A number with its sign."""
        return self("none") if _missing(value) else self._signed(value, decimals)

    def money_unit(self, values: Iterable[float], currency: str) -> Unit:
        """One unit for a whole column, so that its largest value is easy to read."""
        largest = max((abs(v) for v in values if not _missing(v)), default=0.0)
        steps = (
            ((1e8, "e8"), (1e4, "e4")) if self.language == "zh" else ((1e9, "e9"), (1e6, "e6"), (1e4, "e3"))
        )
        for least, name in steps:
            if largest >= least:
                divisor = float(f"1{name}")
                break
        else:
            divisor, name = 1.0, "e0"
        scaled = largest / divisor
        decimals = 0 if divisor == 1 and largest >= 100 else 2 if scaled < 100 else 1 if scaled < 10000 else 0
        return Unit(divisor, decimals, self(f"unit.money.{name}", currency=self.currency(currency)), name)

    def money(self, value: float, unit: Unit) -> str:
        """An amount in a unit chosen before, without the unit's name."""
        return self("none") if _missing(value) else self.number(value / unit.divisor, unit.decimals)

    def amount(self, value: float, currency: str, signed: bool = False, unit: Unit | None = None) -> str:
        """An amount with its unit, for sentences; in the unit of figures beside it unless that hides it."""
        if _missing(value):
            return self("none")
        if unit is None or abs(value) < LEAST * unit.divisor:
            unit = self.money_unit([value], currency)
        number = (self._signed if signed else self.number)(value / unit.divisor, unit.decimals)
        sign = number[0] if number[0] in f"+{MINUS}" else ""
        parts = {"sign": sign, "number": number.removeprefix(sign), "currency": self.currency(currency)}
        return self(f"unit.amount.{unit.scale}", **parts)

    def currency(self, code: str) -> str:
        """How a currency is named beside amounts."""
        if self.language == "zh":
            return {"CNY": "元", "USD": "美元", "EUR": "欧元", "JPY": "日元", "HKD": "港元"}.get(code, code)
        return code

    def date(self, day: datetime.date | None) -> str:
        """A date, written out short."""
        from babel.dates import format_date

        if day is None:
            return self("none")
        pattern = "y年M月d日" if self.language == "zh" else "d MMM y"
        text: str = format_date(day, format=pattern, locale=self.locale)
        return text

    def period(self, code: str) -> str:
        """A period's code in words: 2025Q3 is 2025年第三季度, FY2014Q1 is Q1 of fiscal 2014."""
        match = re.fullmatch(r"(FY)?(\d{4})(?:([QH])(\d)|-(\d\d))?", code)
        if not match:
            return code
        fiscal, year, letter, number, month = match.groups()
        form = {"Q": "quarter", "H": "half", None: "month" if month else "year"}[letter]
        ordinal = self(f"period.ordinal.{number}") if letter == "Q" else ""
        half = self(f"period.half_name.{number}") if letter == "H" else ""
        name = self(f"period.month_name.{int(month)}") if month else ""
        text = self(f"period.{form}", year=year, number=number, ordinal=ordinal, half=half, month=name)
        return self("period.fiscal", period=text) if fiscal else text

    def period_short(self, code: str) -> str:
        """A period for axes and column heads: Q3 25."""
        match = re.fullmatch(r"(FY)?\d\d(\d\d)([QH]\d)?(?:-(\d\d))?", code)
        if not match:
            return code
        fiscal, year, part, month = match.groups()
        return f"{fiscal or ''}{year}{part or ''}{'-' + month if month else ''}"

    def _signed(self, value: float, decimals: int) -> str:
        text = self.number(value, decimals)
        is_zero = _rounded(value, decimals) == 0
        return text.lstrip(MINUS) if is_zero else text if value < 0 else f"+{text}"


def within_sentence(text: str) -> str:
    """A text that may stand in a sentence: it turns no sign but its own round, and ends.

    One with signs written from right to left gets a direction of its own (Unicode's isolates, which
    nobody sees); of a word longer than `LONGEST` the beginning is told.

    Examples
    --------
    >>> within_sentence("East"), within_sentence("\\u202eEast"), len(within_sentence("W" * 10_000))
    ('East', '\\u2068\\u202eEast\\u2069', 81)
    """
    if len(text) > LONGEST:
        text = _ENDLESS.sub(lambda run: run[0][:_BEGUN] + "…", text)
    if not _TURNING.search(text):
        return text
    depth, kept = 0, []
    for sign in text:
        if sign == _END and not depth:
            continue
        depth += (sign in _ISOLATES) - (sign == _END)
        kept.append(sign)
    return _OWN_DIRECTION + "".join(kept) + _END * (depth + 1)


def _flattened(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


@cache
def _pattern(decimals: int) -> Any:
    """Babel's pattern for numbers with so many decimals, parsed once."""
    from babel.numbers import parse_pattern

    return parse_pattern("#,##0" + ("." + "0" * decimals if decimals else ""))


@cache
def _signs(locale: str) -> Any:
    """Babel's locale, parsed once: asked by name it is parsed for every number."""
    from babel import Locale

    return Locale.parse(locale)


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _rounded(value: float, decimals: int) -> float:
    """Rounded as printed, without a negative zero."""
    return round(float(value), decimals) + 0.0

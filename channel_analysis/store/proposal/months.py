"""Months that stand beside each other: the pattern of their columns, and the year they are of."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MONTH_WORDS = "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
_MONTH_WORDS += "|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
_YEAR = "(?:19|20)[0-9]{2}"
_ENOUGH = 3

_SHAPES = (
    (f"(?P<year>{_YEAR})(?P<between>年 ?)(?P<month>1[0-2]|0?[1-9])(?P<after>月)", True),
    (f"(?P<year>{_YEAR})(?P<between>[-/.])(?P<month>1[0-2]|0?[1-9])(?P<after>-01)?(?![0-9])", True),
    ("(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])(?P<after>月)", False),
    (f"(?P<year>{_YEAR})(?P<between>[- ]?)(?P<month>(?i:{_MONTH_WORDS}))(?![A-Za-z])", True),
    (f"(?<![A-Za-z])(?P<month>(?i:{_MONTH_WORDS}))(?P<between>[- ]?)(?P<year>{_YEAR})", True),
    (f"(?<![A-Za-z])(?P<month>(?i:{_MONTH_WORDS}))(?![A-Za-z])", False),
)


def month_patterns(columns: Sequence[str]) -> list[str]:
    """The patterns, as `unpivot` writes them, that at least three columns are like.

    Examples
    --------
    >>> month_patterns(["编码", "1月", "2月", "3月", "合计"])
    ['{month}月']
    >>> month_patterns(["2025年 1月 计划", "2025年 2月 计划", "2025年 3月 计划"])
    ['{year}年 {month}月 计划']
    """
    found: dict[str, int] = {}
    for name in columns:
        pattern = _pattern(" ".join(name.split()))
        if pattern:
            found[pattern] = found.get(pattern, 0) + 1
    return [pattern for pattern, count in found.items() if count >= _ENOUGH]


def year_in(text: str) -> int | None:
    """The only year that a text names."""
    years = set(re.findall(f"(?<![0-9]){_YEAR}(?![0-9])", text))
    return int(years.pop()) if len(years) == 1 else None


def _pattern(name: str) -> str:
    if "{" in name or "}" in name:
        return ""
    for shape, has_year in _SHAPES:
        match = re.search(shape, name)
        if match:
            told = name[: match.start()] + _written(match, has_year) + name[match.end() :]
            return _with_year(told)
    return ""


def _written(match: re.Match[str], has_year: bool) -> str:
    places = match.groupdict()
    after = places.get("after") or ""
    if not has_year:
        return f"{{month}}{after}"
    between = places.get("between") or ""
    if match.start("year") < match.start("month"):
        return f"{{year}}{between}{{month}}{after}"
    return f"{{month}}{between}{{year}}{after}"


def _with_year(pattern: str) -> str:
    """A pattern whose year stands apart from its month, as in joined headers (2025年 {month}月)."""
    if "{year}" in pattern:
        return pattern
    return re.sub(f"(?<![0-9]){_YEAR}(?![0-9])", "{year}", pattern, count=1)

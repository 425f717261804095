"""Figures of results as words: KPI values, names, changes with shape, sign and mood."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...metrics.facts import UNASSIGNED
from ...results import Caveat, Scope
from ...words import Unit, Words
from ..blocks import Column, Comparison


def kpi_name(words: Words, scope: Scope, kpi: str) -> str:
    """A KPI's name."""
    return words.label(scope.names.kpis.get(kpi, {}), kpi)


def channel_name(words: Words, scope: Scope, channel_type: str) -> str:
    """A channel type's name; the policy's label, else what stands in the data."""
    if channel_type == UNASSIGNED:
        return words("entity.unassigned")
    return words.label(scope.names.channel_types.get(channel_type, {}), channel_type)


def value_name(words: Words, scope: Scope, column: str, value: str) -> str:
    """A value of a column such as region; the policy's label, else what stands in the data."""
    if not isinstance(value, str) or not value:
        return words("entity.unassigned")
    return words.label(scope.names.values.get(column, {}).get(value, {}), value)


def where_name(words: Words, scope: Scope) -> str:
    """What a report is narrowed to, in words; "" for the company."""
    return words.join(
        entity_name(words, scope, dimension, value)
        if dimension in ("channel_family", "channel_type")
        else value_name(words, scope, dimension, value)
        for dimension, value in scope.where.items()
    )


def known_as(row: Mapping[Any, Any], what: str) -> str:
    """The name of a partner, customer or rep of a row, else its id."""
    name = row[f"{what}_name"]
    return name if isinstance(name, str) and name else str(row[f"{what}_id"])


def rate_text(words: Words, share: float, low: float, high: float, n: float) -> str:
    """A share with its interval and the number of observations behind it."""
    if math.isnan(share):
        return words("none")
    ends = words("range", low=words.share(low, 0), high=words.share(high, 0))
    return words("cell.rate", share=words.share(share, 0), range=ends, count=words.number(n))


def names_text(words: Words, names: Sequence[str], most: int = 6) -> str:
    """The first names of several, and how many more there are."""
    listed = words.join(names[:most])
    more = len(names) - most
    return words("partners.and_more", names=listed, n=words.number(more)) if more > 0 else listed


def with_texts(words: Words, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns of a table in which anything is known."""
    return tuple(column for column in columns if set(column.texts) != {words("none")})


def entity_name(words: Words, scope: Scope, level: str, entity: str) -> str:
    """The name of an entity of a level of the results table."""
    if level == "company":
        return (
            words("entity.part", where=where_name(words, scope)) if scope.where else words("entity.company")
        )
    if level == "channel_family":
        return (
            words(f"entity.family.{entity}")
            if words.has(f"entity.family.{entity}")
            else words("entity.unassigned")
        )
    return channel_name(words, scope, entity)


def kpi_text(words: Words, unit: str, value: float, money: Unit | None = None, currency: str = "") -> str:
    """A KPI's value as text; money in the given unit, or with a unit of its own."""
    if value is None or math.isnan(value):
        return words("none")
    if unit == "money":
        return words.money(value, money) if money else words.amount(value, currency)
    if unit == "share":
        return words.share(value)
    decimals = {"count": 0, "index": 0, "points": 1, "per_1000": 1, "days": 1, "weeks": 1, "ratio": 2}[unit]
    return words.number(value, decimals)


def compared(
    words: Words, unit: str, better: str, value: float, base: float, against: str, is_noise: bool = False
) -> Comparison:
    """A comparison line: shape, signed change and a word; grey when noise alone may explain it."""
    if math.isnan(base):
        return Comparison(against, words("compare.none"), "neutral")
    if unit == "share":
        change, moved = words.signed_points(value - base), round((value - base) * 100, 1)
    elif unit == "money" or unit == "count":
        if base <= 0:
            return Comparison(
                against, words("compare.no_base" if base == 0 else "compare.negative_base"), "neutral"
            )
        change, moved = words.signed_share(value / base - 1), round((value / base - 1) * 100, 1)
    else:
        change, moved = words.signed(value - base, 1), round(value - base, 1)
    shape = "▲" if moved > 0 else "▼" if moved < 0 else "■"
    if is_noise:
        return Comparison(against, words("compare.noise", shape=shape, change=change), "neutral")
    if better == "none" or moved == 0:
        return Comparison(against, words("compare.plain", shape=shape, change=change), "neutral")
    mood = "good" if (moved > 0) == (better == "higher") else "bad"
    return Comparison(against, words(f"compare.{mood}", shape=shape, change=change), mood)


def score_change(words: Words, change: float, moved: bool) -> str:
    """A change of a score; only one beyond what chance does gets a shape."""
    if math.isnan(change):
        return words("none")
    said = words.signed(change, 1)
    if not moved:
        return words("partners.within_chance", change=said)
    return words("partners.moved", shape="▲" if change > 0 else "▼", change=said)


def ranks_allowed(words: Words, low: float, high: float) -> str:
    """The ranks that chance allows: a range, or a single one."""
    if low == high:
        return words.number(low)
    return words("range", low=words.number(low), high=words.number(high))


def caveat_text(words: Words, scope: Scope, caveat: Caveat) -> str:
    """A caveat in words."""
    numbers = dict(caveat.numbers or {})
    code = caveat.code
    if code == "bunched_dates":
        return words(f"caveat.{code}", channel=channel_name(words, scope, caveat.subject), **numbers)
    if code == "attainment_window":
        return words(
            f"caveat.{code}",
            actual=words.amount(float(numbers["actual"]), scope.currency),
            target=words.amount(float(numbers["target"]), scope.currency),
            first=words.date(numbers["first"]),
            last=words.date(numbers["last"]),
        )
    if code == "market_sell_in":
        source = numbers["source"] or words("caveat.no_source")
        return words("caveat.market_sell_in", source=source, last=words.period(str(numbers["last"])))
    if code == "cost_lines":
        kinds = words.join(words(f"cost.{kind}") for kind in numbers["kinds"])
        key = "cost_lines" if math.isnan(numbers["allocated"]) else "cost_lines_allocated"
        return words(f"caveat.{key}", kinds=kinds, share=words.share(numbers["allocated"]))
    return words(f"caveat.{code}")


def absent_texts(words: Words, scope: Scope, caveats: tuple[Caveat, ...]) -> list[str]:
    """KPIs that nobody has, one sentence per reason."""
    reasons: dict[str, list[str]] = {}
    for caveat in caveats:
        if caveat.code == "kpi_absent":
            reasons.setdefault(str(caveat.numbers["reason"]), []).append(
                kpi_name(words, scope, caveat.subject)
            )
    return [
        words("caveat.kpi_absent", kpis=words.join(names), reason=words(f"status.{reason}"))
        for reason, names in reasons.items()
    ]

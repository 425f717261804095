"""The message: a verdict, KPI cards, findings that link to their part."""

from __future__ import annotations

import math
from typing import Any

from ...results import Finding, Message, Scope
from ...words import Words
from ..blocks import Block, Card, Cards, Comparison, Item, Items, Prose, Section
from .wording import channel_name, compared, kpi_name, kpi_text


def message(result: Message, words: Words) -> Section:
    """Verdict, cards and findings."""
    scope = result.scope
    cards = tuple(_card(row, scope, words) for row in result.cards.to_dict("records"))
    findings = tuple(_item(finding, scope, words) for finding in result.findings)
    blocks: list[Block] = [Prose(_verdict(result.verdict, scope, words), "lead"), Cards(cards)]
    if findings:
        blocks.append(Items(findings))
    return Section("message", words("part.message"), tuple(blocks))


def _verdict(verdict: Finding, scope: Scope, words: Words) -> str:
    numbers = verdict.numbers
    parts = {"sales": words.amount(float(numbers["net_sales"]), scope.currency)}
    if "growth" in numbers:
        parts["growth"] = words.signed_share(float(numbers["growth"]))
    if "attainment" in numbers:
        parts["attainment"] = words.share(float(numbers["attainment"]))
        parts["target_share"] = words.share(float(numbers["target_share"]), 0)
    return words(f"verdict.{verdict.code}", period=words.period(verdict.subject), **parts)


def _card(row: dict[str, Any], scope: Scope, words: Words) -> Card:
    unit, better, value = row["unit"], row["better"], row["value"]
    money = words.money_unit([value], scope.currency) if unit == "money" else None
    lines: list[Comparison] = []
    if not math.isnan(row["target"]):
        lines.append(compared(words, unit, better, value, row["target"], words("compare.target")))
    for base in ("previous", "last_year") if scope.previous != scope.last_year else ("last_year",):
        is_noise, against = row[f"{base}_is_noise"], words(f"compare.{base}")
        if scope.is_provisional:
            lines.append(Comparison(against, words("compare.provisional"), "neutral"))
        else:
            lines.append(compared(words, unit, better, value, row[base], against, is_noise))
    return Card(
        title=kpi_name(words, scope, row["kpi"]),
        value=kpi_text(words, unit, value, money),
        unit=money.name if money else "" if unit == "share" else words(f"unit.{unit}"),
        detail=_interval(row, words),
        comparisons=tuple(lines),
    )


def _interval(row: dict[str, Any], words: Words) -> str:
    if math.isnan(row["low"]):
        return ""
    low, high = (kpi_text(words, row["unit"], row[end]) for end in ("low", "high"))
    return words("card.interval", low=low, high=high, n=words.number(row["denominator"]))


def _item(finding: Finding, scope: Scope, words: Words) -> Item:
    return Item(
        finding_text(finding, scope, words),
        finding.part,
        words("link.see", part=words(f"part.{finding.part}")),
    )


def finding_text(finding: Finding, scope: Scope, words: Words) -> str:
    """A finding as a sentence whose numbers are those of its part's table."""
    said = {name: _said(name, value, scope, words) for name, value in finding.numbers.items()}
    if finding.code in ("growth_from_new", "decline_from_lost"):
        subject = words(f"entity.family.{finding.subject}")
    else:
        subject = channel_name(words, scope, finding.subject)
    count = {"n": int(finding.numbers["rows"])} if "rows" in finding.numbers else {}
    return words(f"finding.{finding.code}", subject=subject, **said, **count)


def _said(name: str, value: float | str, scope: Scope, words: Words) -> str:
    """A finding's number as its name tells: money, share, change, KPI or period."""
    if name == "kpi":
        return kpi_name(words, scope, str(value))
    if name == "base":
        return words.period(str(value))
    if name == "grade":
        return str(value)
    number = float(value)
    if name in ("change", "total"):
        return words.amount(number, scope.currency, signed=True)
    if name in ("gap", "amount"):
        return words.amount(number, scope.currency)
    if name in ("growth", "like_for_like"):
        return words.signed_share(number)
    return words.share(number) if name == "attainment" else words.number(number, 0 if name == "rows" else 1)

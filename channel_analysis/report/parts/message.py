"""The message: a verdict, KPI cards, findings that link to their part."""

from __future__ import annotations

import math
from typing import Any

from ...results import Finding, Message, Scope
from ...words import Unit, Words
from ..blocks import Block, Card, Cards, Comparison, Fact, Item, Items, Prose, Section
from .measures_decided import day_text, segment_text
from .root_cause_wording import own_words, told
from .wording import channel_name, compared, kpi_name, kpi_text, value_name

POLICY = "policy.toml"
"""Where owners are named."""

COUNTS = ("rows", "partners", "cases", "facts")
"""Numbers of findings that count things; the first of a finding decides between singular and plural."""

CHANGES = ("change", "total", "contribution", "low", "high")
"""Amounts of money told with their sign."""

MONEY = (*CHANGES, "gap", "amount", "loss", "partner_loss", "money")


def message(result: Message, words: Words) -> Section:
    """Verdict, cards and findings."""
    scope = result.scope
    cards = tuple(_card(row, scope, words) for row in result.cards.to_dict("records"))
    unit = words.money_unit([float(result.verdict.numbers["net_sales"])], scope.currency)
    findings = tuple(_item(finding, unit, scope, words) for finding in result.findings)
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


def _item(finding: Finding, unit: Unit, scope: Scope, words: Words) -> Item:
    """A finding with how sure it is, and who is to do what until when."""
    return Item(
        finding_text(finding, unit, scope, words),
        finding.table or finding.part,
        words("link.see", part=words(f"part.{finding.part}")),
        facts=(
            Fact(words("finding_fact.sure"), _sure(finding, scope, words)),
            *_action(finding, scope, words),
        ),
    )


def finding_text(finding: Finding, unit: Unit, scope: Scope, words: Words) -> str:
    """A finding as a sentence whose numbers are those of its part's table; money of results in their unit."""
    said = _all_said(finding, unit if finding.part == "results" else None, scope, words)
    count = next((int(finding.numbers[name]) for name in COUNTS if name in finding.numbers), 0)
    text = words(f"finding.{finding.code}", subject=_subject(finding, scope, words), n=count, **said)
    return text[:1].upper() + text[1:]


def _subject(finding: Finding, scope: Scope, words: Words) -> str:
    if finding.code in ("growth_from_new", "decline_from_lost"):
        return words(f"entity.family.{finding.subject}")
    if finding.code != "segment_moved":
        return channel_name(words, scope, finding.subject)
    segment = segment_text(finding.numbers, scope, words)
    factor = finding.numbers["factor"]
    if not factor:
        return segment
    return words("root_cause.in_factor", factor=own_words(words, "bar", factor), segment=segment)


def _sure(finding: Finding, scope: Scope, words: Words) -> str:
    return words(f"finding_sure.{finding.sure}", **_all_said(finding, None, scope, words))


def _action(finding: Finding, scope: Scope, words: Words) -> list[Fact]:
    """The measure with owner and date; without one, who should look at it."""
    owner = told(finding.owner)
    if not finding.measure:
        key = "finding_fact.look" if owner else "finding_fact.nobody"
        return [Fact(words("finding_fact.next"), words(key, owner=owner, file=POLICY))]
    return [
        Fact(words("measures.column.measure"), told(value_name(words, scope, "measure", finding.measure))),
        Fact(words("column.owner"), owner or words("finding_fact.no_owner", file=POLICY)),
        Fact(words("measures.column.due"), day_text(finding.due, words)),
    ]


def _all_said(finding: Finding, unit: Unit | None, scope: Scope, words: Words) -> dict[str, str]:
    return {name: _said(name, value, unit, scope, words) for name, value in finding.numbers.items()}


def _said(name: str, value: float | str, unit: Unit | None, scope: Scope, words: Words) -> str:
    """A finding's number as its name tells: money, share, change, KPI, count or period."""
    if name == "kpi":
        return kpi_name(words, scope, str(value))
    if name == "base":
        return words.period(str(value))
    if isinstance(value, str):
        return told(value)
    if name in MONEY:
        return words.amount(value, scope.currency, signed=name in CHANGES, unit=unit)
    if name in ("growth", "like_for_like"):
        return words.signed_share(value)
    if name in ("attainment", "false"):
        return words.share(value, 0 if name == "false" else 1)
    return words.number(value, 0 if name in COUNTS else 1)

"""What a report says in short: the verdict in a sentence, and findings that link to their parts."""

from __future__ import annotations

from ...results import Finding, Scope
from ...summaries import Summary
from ...words import Words
from ..blocks import Block, Item, Items, Prose, Section
from .root_cause_wording import told

TEXTS = {"rule": "rule", "table": "table"}
"""Numbers that are codes, with the family of words that names them."""


def summary(result: Summary, words: Words) -> Section:
    """Verdict and findings."""
    blocks: list[Block] = [Prose(summary_text(result.verdict, result.scope, words), "lead")]
    if result.findings:
        blocks.append(Items(tuple(_item(finding, result.scope, words) for finding in result.findings)))
    return Section("message", words("part.message"), tuple(blocks))


def _item(finding: Finding, scope: Scope, words: Words) -> Item:
    link = words("link.see", part=words(f"part.{finding.part}"))
    return Item(summary_text(finding, scope, words), finding.table or finding.part, link)


def summary_text(finding: Finding, scope: Scope, words: Words) -> str:
    """A finding as a sentence; `share_` and `amount_` numbers are shares and money, others count."""
    said = {name: _said(name, value, scope, words) for name, value in finding.numbers.items()}
    count = finding.numbers.get("n", 0)
    numbers = {"period": words.period(scope.period), **said}
    key = f"summary.{finding.code}"
    if not words.has(key):
        numbers, n = {name: text for name, text in numbers.items() if name != "n"}, int(count)
        return words(key, n=n, count=words.number(n), **numbers)
    return words(key, **numbers)


def _said(name: str, value: float | str, scope: Scope, words: Words) -> str:
    if name in TEXTS:
        return words(f"{TEXTS[name]}.{value}")
    if name == "grade":
        return words("banner.grade_text", grade=value, meaning=words(f"grade.{value}"))
    if isinstance(value, str):
        return told(value)
    if name.startswith("amount_"):
        return words.amount(value, scope.currency)
    if name.startswith("share_"):
        return words.share(value, 2 if name == "share_affected" else 0)
    return words.number(value)

"""The banner: what the page is about, as of when, and how sound its data are."""

from __future__ import annotations

from ...results import Banner
from ...words import Words
from ..blocks import Block, Fact, Facts, Prose, Section
from .wording import channel_name, where_name


def banner(result: Banner, words: Words) -> Section:
    """The page's head, in words before colours."""
    scope = result.scope
    facts = (
        Fact(words("banner.scope"), _scope(result, words)),
        Fact(
            words("banner.period"),
            words("banner.period_days", first=words.date(scope.start), last=words.date(scope.last_day)),
        ),
        Fact(words("banner.as_of"), words.date(scope.as_of)),
        Fact(words("banner.grade"), _grade(result, words), f"grade-{result.grade.lower()}"),
        Fact(words("banner.set_aside"), _set_aside(result, words)),
        Fact(words("banner.definitions"), result.definitions),
    )
    blocks: list[Block] = [Facts(facts)]
    if scope.uncovered:
        names = words.join(channel_name(words, scope, name) for name in scope.uncovered)
        blocks.insert(0, Prose(words("banner.provisional", channels=names), "warning"))
    if scope.begins is not None:
        blocks.insert(0, Prose(words("banner.begins_late", first=words.date(scope.begins)), "warning"))
    if scope.where:
        blocks.append(Prose(words("banner.narrowed", where=where_name(words, scope)), "note"))
    title = words(f"banner.title.{result.report}", period=words.period(scope.period))
    if scope.where:
        title = words("banner.title_of", title=title, where=where_name(words, scope))
    return Section("top", title, tuple(blocks), "banner")


def _scope(result: Banner, words: Words) -> str:
    company = result.scope.company or words("banner.no_company")
    if not result.scope.where:
        return company
    return words("banner.title_of", title=company, where=where_name(words, result.scope))


def _grade(result: Banner, words: Words) -> str:
    return words("banner.grade_text", grade=result.grade, meaning=words(f"grade.{result.grade}"))


def _set_aside(result: Banner, words: Words) -> str:
    lost = result.rows_set_aside + result.rows_unreadable
    if not lost:
        return words("banner.nothing_set_aside", rows=words.number(result.rows_given))
    return words(
        "banner.some_set_aside",
        lost=words.number(lost),
        rows=words.number(result.rows_given),
        amount=words.amount(float(result.amount_set_aside), result.scope.currency),
    )

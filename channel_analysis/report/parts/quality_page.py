"""The page of a data check: how sound every table is, what was found in it, and what stopped the intake."""

from __future__ import annotations

from ...results import DataQuality
from ...words import Words
from ..blocks import Block, Column, Fact, Facts, Item, Items, Prose, Section, Table
from .quality import absent, accounts_table, findings_table, grade_rule, rule_name, verdict


def quality_page(result: DataQuality, words: Words) -> list[Section]:
    """Banner, problems if any, grades and accounts, a section per table with findings, the untested."""
    found = [_top(result, words)]
    if result.problems:
        found.append(_problems(result, words))
    if len(result.accounts):
        found.append(_grades(result, words))
    found += [_of_table(name, result, words) for name in result.findings["table"].drop_duplicates()]
    if result.absent:
        untested = (Prose(absent(result, words)),)
        found.append(Section("untested", words("check.untested"), untested, "line"))
    return found


def _top(result: DataQuality, words: Words) -> Section:
    accounts = result.accounts
    lost = int((accounts["rows_set_aside"] + accounts["rows_unreadable"]).sum())
    counts = {"rows": words.number(int(accounts["rows_given"].sum())), "lost": words.number(lost)}
    rows = words("check.rows_lost" if lost else "banner.nothing_set_aside", **counts)
    grade = words("banner.grade_text", grade=result.grade, meaning=words(f"grade.{result.grade}"))
    facts = [
        Fact(words("banner.scope"), result.company or words("banner.no_company")),
        Fact(words("banner.as_of"), words.date(result.as_of)),
        Fact(words("banner.grade"), grade, f"grade-{result.grade.lower()}"),
        Fact(words("banner.set_aside"), rows),
        Fact(words("fingerprint.data"), result.fingerprint or words("none")),
    ]
    blocks: list[Block] = [Facts(tuple(facts))]
    if result.problems:
        blocks.insert(0, Prose(words("check.stopped", n=len(result.problems)), "warning"))
    return Section("top", words("check.title"), tuple(blocks), "banner")


def _problems(result: DataQuality, words: Words) -> Section:
    """What stopped the intake, by place; what is wrong and what to do as the program says it."""
    items = tuple(
        Item(problem.where, quotes=tuple(filter(None, (problem.what, problem.fix))))
        for problem in result.problems
    )
    return Section("problems", words("check.problems"), (Prose(words("check.quoted"), "note"), Items(items)))


def _grades(result: DataQuality, words: Words) -> Section:
    blocks = (
        Prose(verdict(result, words), "lead"),
        Prose(grade_rule(result, words)),
        accounts_table(result, words),
    )
    return Section("grades", words("check.grades"), blocks)


def _of_table(name: str, result: DataQuality, words: Words) -> Section:
    rows = [row for row in result.findings.to_dict("records") if row["table"] == name]
    grades = dict(zip(result.grades["table"], result.grades["grade"], strict=True))
    table = words(f"table.{name}")
    title = words("check.table", table=table, grade=grades.get(name, words("none")))
    caption = words("check.findings", table=table, n=len(rows))
    blocks: list[Block] = [findings_table(rows, f"findings-{name}", caption, result, words, with_table=False)]
    if any(row["keys"] for row in rows):
        columns = (
            Column(
                words("column.rule"), tuple(rule_name(words, r["rule"]) for r in rows if r["keys"]), False
            ),
            Column(words("column.field"), tuple(r["column"] for r in rows if r["keys"]), False),
            Column(words("column.keys"), tuple(r["keys"] for r in rows if r["keys"]), False),
        )
        keys = words("check.keys", table=table)
        blocks.append(Table(f"keys-{name}", keys, columns, folded=words("fold.keys", table=table)))
    return Section(f"data-{name}", title, tuple(blocks))

"""Data and operations: what became of every row, what was found, what is not there."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...contracts.tables import TABLES
from ...results import DataQuality
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import channel_name

MOST_FINDINGS = 6
"""So many findings stand in a review; the page of the data check has them all."""

_MEANT = re.compile(r"(?:did you mean|save it as) '?([^'?]+)'?")
_NUMBERED = re.compile(r" (?:row|line) (\d+)(?![\d-])")
_LAST = re.compile(r"last row (\d{4}-\d\d-\d\d)")
_PARTNERS = re.compile(r"(\d+) partner\(s\)")
_SHEET = re.compile(r", sheet ('.*?')")

Row = Mapping[Any, Any]


def quality(result: DataQuality, words: Words) -> Section:
    """Grade and rule, the worst findings with remedy and state, accounts per table, absent tables."""
    blocks: list[Block] = [Prose(verdict(result, words), "lead"), Prose(grade_rule(result, words), "note")]
    for name, last in result.stopped.items():
        assert result.scope is not None
        channel = channel_name(words, result.scope, name)
        blocks.append(Prose(words("quality.stopped", channel=channel, last=words.date(last)), "warning"))
    rows = result.findings.to_dict("records")
    if rows:
        blocks.append(
            findings_table(rows[:MOST_FINDINGS], "findings", words("caption.data_findings"), result, words)
        )
    if len(rows) > MOST_FINDINGS:
        blocks.append(Prose(words("quality.more", n=words.number(len(rows) - MOST_FINDINGS)), "note"))
    blocks.append(accounts_table(result, words, words("fold.accounts")))
    if result.absent:
        blocks.append(Prose(absent(result, words), "note"))
    return Section("data", words("part.data"), tuple(blocks))


def verdict(result: DataQuality, words: Words) -> str:
    """The grade in a sentence, with what decides it."""
    share = max(result.affected_rows_share, result.affected_amount_share)
    key = "grade" if len(result.findings) else "clean"
    if result.problems:
        key = "grade_stopped"
    elif result.stopped or (result.grade == "D" and share <= result.limits[2]):
        key = "grade_gap"
    elif key == "grade" and not share:
        key = "grade_clear"
    meaning = words(f"grade.{result.grade}")
    return words(f"quality.{key}", grade=result.grade, meaning=meaning, share=words.share(share, 2))


def grade_rule(result: DataQuality, words: Words) -> str:
    """How the grade is found, with the policy's numbers."""
    a, b, c = (_limit(words, limit) for limit in result.limits)
    required = words.join(words(f"table.{name}") for name in result.required)
    return words("quality.rule", a=a, b=b, c=c, required=required)


def _limit(words: Words, share: float) -> str:
    """A limit as a percentage with as many decimals as it needs."""
    decimals = next((n for n in range(4) if abs(round(share * 100, n) - share * 100) < 1e-9), 4)
    return words.share(share, decimals)


def absent(result: DataQuality, words: Words) -> str:
    """What could not be tested because nobody supplied it, or because the intake stopped before."""
    key = "quality.unread" if result.problems else "quality.absent"
    return words(key, tables=words.join(words(f"table.{name}") for name in result.absent))


def findings_table(
    rows: list[Row], name: str, caption: str, result: DataQuality, words: Words, with_table: bool = True
) -> Table:
    """Findings with rows, money, state and remedy; one unit of money for the column."""
    money = words.money_unit([float(r["amount"]) for r in rows], result.currency)
    tables = Column(words("column.table"), tuple(words(f"table.{r['table']}") for r in rows), False)
    columns = (
        Column(words("column.rule"), tuple(rule_name(words, r["rule"]) for r in rows), False),
        *([tables] if with_table else []),
        Column(words("column.field"), tuple(r["column"] or words("none") for r in rows), False),
        Column(words("column.rows"), tuple(words.number(r["rows"]) for r in rows)),
        Column(
            words("column.with_unit", name=words("column.amount"), unit=money.name),
            tuple(
                words.money(float(r["amount"]), money) if TABLES[r["table"]].amount else words("none")
                for r in rows
            ),
        ),
        Column(words("column.share_of_table"), tuple(share_text(words, r) for r in rows)),
        Column(words("column.state"), tuple(became(words, r) for r in rows), False),
        Column(words("column.remedy"), tuple(remedy(words, r["rule"]) for r in rows), False),
        Column(words("column.sample"), tuple(place(words, r) for r in rows), False),
    )
    return Table(name, caption, columns)


def share_of(row: Row) -> float:
    """The larger of the shares of rows and of money."""
    return float(max(row["rows_share"], row["amount_share"]))


def share_text(words: Words, row: Row) -> str:
    """That share in words; nothing for what is no row of the table."""
    return words.share(share_of(row), 2) if row["treatment"] != "ignored" else words("none")


def rule_name(words: Words, rule: str) -> str:
    """What a rule finds."""
    return words(f"rule.{rule}")


def remedy(words: Words, rule: str) -> str:
    """What to do about it."""
    return words(f"remedy.{rule}")


def became(words: Words, row: Row) -> str:
    """What became of the rows of a finding, and where it stands."""
    treatment = words(f"treatment.{row['treatment']}")
    return words("quality.became", treatment=treatment, state=state(words, row))


def state(words: Words, row: Row) -> str:
    """Where a finding stands: since when it is open, or who decided what, and under which number."""
    if row["treatment"] == "stopped":
        return words("state.stopped")
    text = words(f"state.{row['state']}")
    if row["author"]:
        text = words(
            f"state.{row['state']}_by",
            author=row["author"],
            date=words.date(datetime.date.fromisoformat(row["decided"])),
            note=row["note"],
        )
    return words("state.with_case", state=text, id=row["case_id"]) if row["case_id"] else text


def place(words: Words, row: Row) -> str:
    """Where the first row stands; of what nobody knows, which name it may have been meant to be."""
    if row["rule"] == "ignored":
        meant = _MEANT.search(row["sample"])
        return words("place.meant", name=meant[1]) if meant else words("none")
    text = _NUMBERED.sub(lambda found: words("place.row", number=found[1]), row["sample"])
    text = _LAST.sub(lambda found: words("place.last", day=found[1]), text)
    text = _PARTNERS.sub(lambda found: words("place.partners", n=int(found[1])), text)
    return _SHEET.sub(lambda found: words("place.sheet", name=found[1]), text) or words("none")


def accounts_table(result: DataQuality, words: Words, folded: str = "") -> Table:
    """Grade, rows, money and worst finding of every table, all tables' rows last, and the identity."""
    rows = result.accounts.merge(result.grades, on="table", sort=False).to_dict("records")
    money = words.money_unit([float(r["amount_given"]) for r in rows], result.currency)

    def count(field: str) -> Column:
        total = words.number(int(result.accounts[field].sum()))
        texts = (*(words.number(r[field]) for r in rows), total)
        return Column(words(f"column.{field}"), texts, group=words("column.rows"))

    def amount(field: str) -> Column:
        texts = [words.money(float(r[field]), money) if r["amount_given"] else words("none") for r in rows]
        group = words("column.with_unit", name=words("column.amount"), unit=money.name)
        return Column(words(f"column.{field}"), (*texts, words("none")), group=group)

    columns = (
        Column(
            words("column.table"),
            (*(words(f"table.{r['table']}") for r in rows), words("quality.all")),
            False,
        ),
        Column(words("column.grade"), (*(r["grade"] for r in rows), result.grade), False),
        *(count(field) for field in ("rows_given", "rows_used", "rows_set_aside", "rows_unreadable")),
        *(amount(field) for field in ("amount_given", "amount_used", "amount_set_aside")),
        Column(words("column.worst"), (*(_worst(words, r) for r in rows), words("none")), False),
    )
    notes = (*identities(result, words), words("quality.identity"))
    return Table("accounts", words("caption.accounts"), columns, notes, strong=(len(rows),), folded=folded)


def _worst(words: Words, row: Row) -> str:
    if not row["worst_rule"]:
        return words("none")
    parts = {"rule": rule_name(words, row["worst_rule"]), "share": words.share(row["worst_share"], 2)}
    if not row["worst_column"]:
        return words("quality.worst_of_table", **parts)
    return words("quality.worst", column=row["worst_column"], **parts)


def identities(result: DataQuality, words: Words) -> tuple[str, ...]:
    """Rows of all tables, and money of sales, as sums that can be checked by hand."""
    accounts = result.accounts
    counts = {name: words.number(int(accounts[f"rows_{name}"].sum())) for name in _PARTS}
    told = [words("quality.identity_rows", **counts)]
    for sales in accounts[accounts["table"] == "sales"].to_dict("records"):
        amounts = {name: exact(words, sales[f"amount_{name}"], result.currency) for name in _PARTS[:3]}
        told.append(words("quality.identity_sales", **amounts))
    return tuple(told)


_PARTS = ("given", "used", "set_aside", "unreadable")


def exact(words: Words, amount: Decimal, currency: str) -> str:
    """An amount to its last digit, so that a sum on the page adds up."""
    decimals = 2 if amount == round(amount, 2) else 4
    text = words.number(float(abs(amount)), decimals)
    sign = words.number(-1).removesuffix("1") if amount < 0 else ""
    return words("unit.amount.e0", sign=sign, number=text, currency=words.currency(currency))

"""Data and operations: what became of every row, what was found, what is not there."""

from __future__ import annotations

from typing import Any

from ...results import DataQuality
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import channel_name


def quality(result: DataQuality, words: Words) -> Section:
    """Grade, findings, accounts per table, absent tables."""
    share = max(result.affected_rows_share, result.affected_amount_share)
    blocks: list[Block] = [
        Prose(
            words(
                _grade_key(result),
                grade=result.grade,
                meaning=words(f"grade.{result.grade}"),
                share=words.share(share, 2),
            ),
            "lead",
        )
    ]
    for name, last in result.scope.stopped.items():
        channel = channel_name(words, result.scope, name)
        blocks.append(Prose(words("quality.stopped", channel=channel, last=words.date(last)), "warning"))
    if len(result.findings):
        blocks.append(_findings(result, words))
    blocks.append(_accounts(result, words))
    if result.absent:
        names = words.join(words(f"table.{name}") for name in result.absent)
        blocks.append(Prose(words("quality.absent", tables=names), "note"))
    return Section("data", words("part.data"), tuple(blocks))


def _grade_key(result: DataQuality) -> str:
    if result.scope.stopped:
        return "quality.grade_gap"
    return "quality.grade" if len(result.findings) else "quality.clean"


def _findings(result: DataQuality, words: Words) -> Table:
    rows = result.findings.to_dict("records")
    money = words.money_unit([float(r["amount"]) for r in rows], result.scope.currency)
    columns = (
        Column(words("column.rule"), tuple(words(f"rule.{r['rule']}") for r in rows), False),
        Column(words("column.table"), tuple(words(f"table.{r['table']}") for r in rows), False),
        Column(words("column.field"), tuple(r["column"] for r in rows), False),
        Column(words("column.rows"), tuple(words.number(r["rows"]) for r in rows)),
        Column(
            words("column.with_unit", name=words("column.amount"), unit=money.name),
            tuple(words.money(float(r["amount"]), money) for r in rows),
        ),
        Column(words("column.treatment"), tuple(words(f"treatment.{_treatment(r)}") for r in rows), False),
        Column(words("column.sample"), tuple(r["sample"] for r in rows), False),
    )
    return Table("findings", words("caption.data_findings"), columns)


def _treatment(row: dict[str, Any]) -> str:
    if row["rule"] == "ignored":
        return "ignored"
    return "set_aside" if row["is_set_aside"] else "used"


def _accounts(result: DataQuality, words: Words) -> Table:
    rows = result.accounts.to_dict("records")
    money = words.money_unit([float(r["amount_given"]) for r in rows], result.scope.currency)

    def count(field: str) -> Column:
        return Column(
            words(f"column.{field}"), tuple(words.number(r[field]) for r in rows), group=words("column.rows")
        )

    def amount(field: str) -> Column:
        texts = tuple(
            words.money(float(r[field]), money) if r["amount_given"] else words("none") for r in rows
        )
        return Column(
            words(f"column.{field}"),
            texts,
            group=words("column.with_unit", name=words("column.amount"), unit=money.name),
        )

    columns = (
        Column(words("column.table"), tuple(words(f"table.{r['table']}") for r in rows), False),
        *(count(field) for field in ("rows_given", "rows_used", "rows_set_aside", "rows_unreadable")),
        *(amount(field) for field in ("amount_given", "amount_used", "amount_set_aside")),
    )
    return Table(
        "accounts",
        words("caption.accounts"),
        columns,
        (words("quality.identity"),),
        folded=words("fold.accounts"),
    )

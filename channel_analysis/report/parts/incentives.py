"""Support and incentives, described: what was spent on whom, which programmes ran; no effect is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...appraisals import Incentives
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import channel_name

Row = Mapping[Any, Any]


def incentives(result: Incentives, words: Words) -> Section:
    """Spend by channel type, the programmes that ran, and what this cannot say."""
    title = words("part.support")
    absent = [words(f"table.{caveat.subject}") for caveat in result.caveats if caveat.code == "no_table"]
    if not len(result.spend) and not len(result.programmes):
        key = "incentives.no_data" if absent else "incentives.nothing"
        return Section("support", title, (Prose(words(key, tables=words.join(absent))),), "line")
    blocks: list[Block] = [Prose(_lead(result, words), "lead"), Prose(words("incentives.how"), "note")]
    if any(caveat.code == "provisional" for caveat in result.caveats):
        blocks.append(Prose(words("incentives.provisional"), "warning"))
    if absent:
        blocks.append(Prose(words("incentives.without", tables=words.join(absent)), "note"))
    if len(result.spend):
        blocks.append(_spend(result, words))
    if len(result.programmes):
        blocks.append(_programmes(result, words))
    return Section("support", title, tuple(blocks))


def _lead(result: Incentives, words: Words) -> str:
    count = words.number(len(result.programmes))
    if not len(result.spend):
        return words("incentives.lead_programmes", n=count)
    total = float(result.spend["amount"].sum())
    sales = result.spend.drop_duplicates("channel_type")["net_sales"].sum()
    numbers = {"amount": words.amount(total, result.scope.currency), "n": count}
    if not sales > 0:
        return words("incentives.lead_no_sales", **numbers)
    return words("incentives.lead", share=words.share(total / sales), **numbers)


def _spend(result: Incentives, words: Words) -> Table:
    """A row per channel type, a column per type of cost, with the share of net sales."""
    table = result.spend
    wide = table.pivot(index="channel_type", columns="cost_type", values="amount").fillna(0.0)
    whole, before = (table.groupby("channel_type")[c].sum(min_count=1) for c in ("amount", "last_year"))
    sales = table.drop_duplicates("channel_type").set_index("channel_type")["net_sales"]
    order = list(whole.sort_values(ascending=False, kind="stable").index)
    money = words.money_unit([*whole, *wide.to_numpy().ravel()], result.scope.currency)
    names = tuple(channel_name(words, result.scope, str(name)) for name in order)
    columns = [Column(words("column.channel"), names, False)]
    for kind in wide.columns:
        texts = tuple(words.money(wide.at[name, kind], money) for name in order)
        group = words("column.with_unit", name=words("column.spend"), unit=money.name)
        columns.append(Column(words(f"cost.{kind}"), texts, group=group))
    columns += [
        Column(words("column.total"), tuple(words.money(whole[name], money) for name in order)),
        Column(words("column.of_net_sales"), tuple(_share(whole[n], sales[n], words) for n in order)),
        Column(words("column.last_year"), tuple(words.money(before[name], money) for name in order)),
    ]
    caption = words("caption.incentive_spend", period=words.period(result.scope.period))
    return Table("incentive_spend", caption, tuple(columns))


def _share(amount: float, sales: float, words: Words) -> str:
    return words.share(amount / sales) if sales > 0 else words("none")


def _programmes(result: Incentives, words: Words) -> Table:
    rows = result.programmes.to_dict("records")
    sums = ("allocated", "accrued", "claimed", "paid")
    given = [float(r[name]) for r in rows for name in sums if r[name] == r[name]]
    money = words.money_unit(given, result.scope.currency)
    columns = [
        Column(words("column.programme"), tuple(str(r["programme_name"]) for r in rows), False),
        Column(words("column.kind"), tuple(words(f"programme.{r['programme_type']}") for r in rows), False),
        Column(words("column.runs"), tuple(_days(r, words) for r in rows), False),
        Column(words("column.participants"), tuple(words.number(r["participants"]) for r in rows)),
        Column(words("column.chosen_by"), tuple(_assignment(r, words) for r in rows), False),
    ]
    group = words("column.with_unit", name=words("column.amounts"), unit=money.name)
    for name in sums:
        texts = tuple(words.money(float(r[name]), money) for r in rows)
        columns.append(Column(words(f"column.{name}"), texts, group=group))
    caption = words("caption.programmes", n=words.number(len(rows)))
    return Table("programmes", caption, tuple(columns), (words("incentives.programme_note"),))


def _days(row: Row, words: Words) -> str:
    first = words.date(row["first_day"])
    if row["last_day"] is None:
        return words("incentives.since", first=first)
    return words("range", low=first, high=words.date(row["last_day"]))


def _assignment(row: Row, words: Words) -> str:
    return words(f"assignment.{row['assignment']}") if row["assignment"] else words("none")

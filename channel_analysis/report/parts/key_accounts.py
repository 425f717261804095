"""Key accounts: what they bring, which to look after and why, the largest side by side, their teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...appraisals import KeyAccounts
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import known_as, rate_text

SHOWN = 15
"""Accounts of a table on the page; the saved table has them all."""

TEAM_SHOWN = 40
"""Rows of the folded table of teams."""

FALLING = 0.20
"""Sales at least so far below last year's make an account one to look after."""

REASONS = ("no_order", "falling", "not_visited", "overdue", "unowned")

Row = Mapping[Any, Any]


def key_accounts(result: KeyAccounts, words: Words) -> Section:
    """Their share of all sales, those to look after with the reasons, the largest, and who works on them."""
    title = words("part.key_accounts")
    if not len(result.accounts):
        return Section("key_accounts", title, (Prose(words("key_accounts.no_key_accounts")),), "line")
    rows = result.accounts.to_dict("records")
    reasons = [_reasons(row, result, words) for row in rows]
    blocks: list[Block] = [
        Prose(_lead(result, words), "lead"),
        Prose(_counts(reasons, words)),
        *[Prose(text, kind) for text, kind in _caveats(result, words)],
    ]
    watched = [(row, told) for row, told in zip(rows, reasons, strict=True) if told]
    if watched:
        blocks.append(_to_look_after(result, watched, words))
    blocks.append(_largest(result, words))
    if not result.team["is_owner"].astype(bool).all():
        blocks.append(_team(result, words))
    return Section("key_accounts", title, tuple(blocks))


def _lead(result: KeyAccounts, words: Words) -> str:
    total = float(result.accounts["net_sales"].sum())
    numbers = {"n": len(result.accounts), "count": words.number(len(result.accounts))}
    numbers["amount"] = words.amount(total, result.scope.currency)
    numbers["period"] = words.period(result.scope.period)
    if result.company_sales <= 0:
        return words("key_accounts.lead_no_share", **numbers)
    return words("key_accounts.lead", share=words.share(total / result.company_sales), **numbers)


def _counts(reasons: list[dict[str, str]], words: Words) -> str:
    """How many are to be looked after, by reason."""
    found = {name: sum(name in told for told in reasons) for name in REASONS}
    if not any(found.values()):
        return words("key_accounts.all_well", falling=words.share(FALLING, 0))
    told = [words(f"key_accounts.count.{name}", count=words.number(n)) for name, n in found.items() if n]
    n = words.number(sum(map(bool, reasons)))
    return words("key_accounts.to_look_after", count=n, reasons=words.join(told))


def _silent(result: KeyAccounts) -> set[str]:
    """Tables that say nothing of key accounts."""
    codes = ("no_table", "names_no_key_account")
    return {caveat.subject for caveat in result.caveats if caveat.code in codes}


def _reasons(row: Row, result: KeyAccounts, words: Words) -> dict[str, str]:
    """Why an account is to be looked after, by kind."""
    silent, told = _silent(result), {}
    if "sales" not in silent and row["orders"] == 0:
        told["no_order"] = _since("no_order", row["last_order"], row["days_since_order"], words)
    if row["change_status"] == "ok" and row["change"] <= -FALLING:
        told["falling"] = words("key_accounts.why.falling", change=words.signed_share(row["change"], 0))
    visited = row["last_visit"]
    if "visits" not in silent and (visited is None or visited < result.scope.start):
        told["not_visited"] = _since("not_visited", visited, row["days_since_visit"], words)
    if row["overdue"] > 0:
        amount = words.amount(float(row["overdue"]), result.scope.currency)
        share = words.share(row["overdue_share"], 0)
        told["overdue"] = words("key_accounts.why.overdue", amount=amount, share=share)
    if not isinstance(row["owner_id"], str):
        told["unowned"] = words("key_accounts.why.unowned")
    return told


def _since(kind: str, day: Any, days: float, words: Words) -> str:
    """Since when there was none, or that there never was one."""
    if day is None:
        return words(f"key_accounts.why.{kind}_ever")
    return words(f"key_accounts.why.{kind}", day=words.date(day), days=words.number(days))


def _caveats(result: KeyAccounts, words: Words) -> list[tuple[str, str]]:
    told = []
    for caveat in result.caveats:
        if caveat.subject == "leads":  # nothing here rests on them
            continue
        numbers = {name: words.number(value) for name, value in (caveat.numbers or {}).items()}
        table = words(f"table.{caveat.subject}") if caveat.subject else ""
        told.append((words(f"key_accounts.{caveat.code}", table=table, **numbers), caveat.severity))
    return told


def _owner(row: Row, words: Words) -> str:
    names = [row[name] for name in ("owner_name", "owner_id") if isinstance(row[name], str)]
    return names[0] if names else words("none")


def _to_look_after(result: KeyAccounts, watched: list[tuple[Row, dict[str, str]]], words: Words) -> Table:
    """The accounts with a reason, the largest first."""
    shown = watched[:SHOWN]
    money = words.money_unit([row["net_sales"] for row, _ in shown], result.scope.currency)
    columns = (
        Column(words("column.account"), tuple(known_as(row, "customer") for row, _ in shown), False),
        Column(words("column.owner"), tuple(_owner(row, words) for row, _ in shown), False),
        Column(
            words("column.with_unit", name=words("column.net_sales"), unit=money.name),
            tuple(words.money(row["net_sales"], money) for row, _ in shown),
        ),
        Column(words("column.why"), tuple(words.join(told.values()) for _, told in shown), False),
    )
    more = len(watched) - len(shown)
    notes = [words("key_accounts.look_after_note", falling=words.share(FALLING, 0))]
    notes += [words("key_accounts.more", count=words.number(more))] if more else []
    caption = words("caption.accounts_to_look_after", count=words.number(len(watched)))
    return Table("accounts_to_look_after", caption, columns, tuple(notes))


def _largest(result: KeyAccounts, words: Words) -> Table:
    """The largest accounts with what the tables at hand say of them."""
    rows = result.accounts.head(SHOWN).to_dict("records")
    money = words.money_unit([r["net_sales"] for r in rows], result.scope.currency)
    owed = words.money_unit([r["overdue"] for r in rows], result.scope.currency)
    columns = [
        Column(words("column.account"), tuple(known_as(r, "customer") for r in rows), False),
        Column(
            words("column.with_unit", name=words("column.net_sales"), unit=money.name),
            tuple(words.money(r["net_sales"], money) for r in rows),
        ),
        Column(words("column.share"), tuple(words.share(r["company_share"]) for r in rows)),
        *_on_last_year(rows, words),
        Column(words("column.days_since_order"), tuple(words.number(r["days_since_order"]) for r in rows)),
    ]
    overdue = words("column.with_unit", name=words("column.overdue"), unit=owed.name)
    by_table = {
        "feedback": [Column(words("column.satisfied"), tuple(_csat(r, words) for r in rows))],
        "visits": [
            Column(words("column.visits_done"), tuple(_visits(r, words) for r in rows)),
            Column(
                words("column.days_since_visit"), tuple(words.number(r["days_since_visit"]) for r in rows)
            ),
        ],
        "receivables": [Column(overdue, tuple(words.money(r["overdue"], owed) for r in rows))],
    }
    silent = _silent(result)
    columns += [column for table, own in by_table.items() if table not in silent for column in own]
    columns.append(Column(words("column.owner"), tuple(_owner(r, words) for r in rows), False))
    columns.append(Column(words("column.team_size"), tuple(words.number(r["team_size"]) for r in rows)))
    more = len(result.accounts) - len(rows)
    notes = [words("key_accounts.satisfied_note")] if "feedback" not in silent else []
    notes += [words("key_accounts.more", count=words.number(more))] if more else []
    caption = words("caption.largest_accounts", period=words.period(result.scope.period))
    return Table("largest_accounts", caption, tuple(columns), tuple(notes))


def _on_last_year(rows: list[Row], words: Words) -> list[Column]:
    """The change on last year; no column where the data do not reach back so far."""
    if all(row["change_status"] == "no_history" for row in rows):
        return []
    texts = [
        words.signed_share(row["change"], 0)
        if row["change_status"] == "ok"
        else words(f"key_accounts.change.{row['change_status']}")
        for row in rows
    ]
    return [Column(words("column.on_last_year"), tuple(texts))]


def _csat(row: Row, words: Words) -> str:
    return rate_text(words, row["csat"], row["csat_low"], row["csat_high"], row["answers"])


def _visits(row: Row, words: Words) -> str:
    planned, done = words.number(row["visits_planned"]), words.number(row["visits_done"])
    return words("key_accounts.visits", done=done, planned=planned)


def _team(result: KeyAccounts, words: Words) -> Table:
    """Who sold to or visited which account, the owner marked."""
    rows = result.team.head(TEAM_SHOWN).to_dict("records")
    money = words.money_unit([r["net_sales"] for r in rows], result.scope.currency)
    columns = [
        Column(words("column.account"), tuple(known_as(r, "customer") for r in rows), False),
        Column(words("column.rep"), tuple(known_as(r, "rep") for r in rows), False),
        Column(words("column.owner"), tuple(_mark(r, words) for r in rows), False),
        Column(
            words("column.with_unit", name=words("column.net_sales"), unit=money.name),
            tuple(words.money(r["net_sales"], money) for r in rows),
        ),
    ]
    if "visits" not in _silent(result):
        columns.append(Column(words("column.visits"), tuple(words.number(r["visits"]) for r in rows)))
    more = len(result.team) - len(rows)
    notes = (words("key_accounts.more_rows", count=words.number(more)),) if more else ()
    caption, fold = words("caption.account_teams"), words("fold.account_teams")
    return Table("account_teams", caption, tuple(columns), notes, folded=fold)


def _mark(row: Row, words: Words) -> str:
    return words("key_accounts.is_owner") if row["is_owner"] else words("none")

"""Irregular operations: what is to be checked and why, the rows behind it, earlier cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...results import Irregularities
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table

SHOWN_ROWS = 3
"""Rows of evidence a case has on the page; the table that is saved has more."""

Row = Mapping[Any, Any]


def irregularities(result: Irregularities, words: Words) -> Section:
    """The cases with their reasons, their evidence folded, what was not tested, earlier cases."""
    blocks: list[Block] = [Prose(_lead(result, words), "lead"), Prose(_how(result, words), "note")]
    if result.caveats:
        blocks.append(Prose(words("irregular.provisional"), "warning"))
    if len(result.cases):
        blocks.append(_cases(result, words))
    if len(result.evidence):
        blocks.append(_evidence(result, words))
    blocks.append(_rules(result, words))
    untested = _not_tested(result, words)
    if untested:
        blocks.append(Prose(untested, "note"))
    if len(result.previous):
        blocks += [Prose(_previous_lead(result, words)), _previous(result, words)]
    return Section("irregularities", words("part.irregularities"), tuple(blocks))


def _lead(result: Irregularities, words: Words) -> str:
    if not len(result.cases):
        return words("irregular.none", period=words.period(result.scope.period))
    amount = words.amount(float(result.cases["money"].sum()), result.scope.currency)
    return (
        words("irregular.lead", n=len(result.cases), amount=amount) + _gap(words) + _capacity(result, words)
    )


def _capacity(result: Irregularities, words: Words) -> str:
    beyond = int(result.rules["beyond_capacity"].sum())
    key = "irregular.capacity_full" if beyond else "irregular.capacity"
    return words(key, capacity=words.number(result.capacity), beyond=words.number(beyond))


def _how(result: Irregularities, words: Words) -> str:
    rate = words.share(result.false_discovery_rate, 0)
    facts = int((result.cases["p_value"].isna()).sum())
    tests = len(result.cases) - facts
    key = "irregular.how" if len(result.cases) else "irregular.how_none"
    return words(key, facts=words.number(facts), tests=words.number(tests), rate=rate)


def _cases(result: Irregularities, words: Words) -> Table:
    rows = result.cases.to_dict("records")
    money = words.money_unit([r["money"] for r in rows], result.scope.currency)
    columns = (
        Column(words("column.to_check"), tuple(words(f"rule.{r['rule']}") for r in rows), False),
        Column(words("column.who"), tuple(_who(r, words) for r in rows), False),
        Column(words("column.why"), tuple(reason(r, result, words) for r in rows), False),
        Column(
            words("column.with_unit", name=words("column.at_stake"), unit=money.name),
            tuple(words.money(r["money"], money) for r in rows),
        ),
        Column(words("column.decided_state"), tuple(_state(r, words) for r in rows), False),
    )
    caption = words("caption.irregular_cases", period=words.period(result.scope.period))
    return Table("irregular_cases", caption, columns)


def _who(row: Row, words: Words) -> str:
    """Names of whom a case is about; a rep's buyer stands in the reason."""
    names = {who: _name(row, who) for who in ("rep", "partner", "customer")}
    if names["rep"]:
        names["rep"] = words("irregular.who.rep", name=names["rep"])
    if row["rule"] == "rep_concentration":
        return str(names["rep"])
    return words.join(name for name in (names["partner"], names["customer"], names["rep"]) if name)


def _name(row: Row, who: str) -> str:
    """A name, else an id; "" where a case is about nobody of the kind."""
    told = (row.get(f"{who}_name"), row.get(f"{who}_id"))
    return next((name for name in told if isinstance(name, str) and name), "")


def reason(row: Row, result: Irregularities, words: Words) -> str:
    """Why a case is to be checked, in one sentence with its numbers."""
    rule, currency = row["rule"], result.scope.currency
    numbers = {
        "count": words.number(row["count"]),
        "total": words.number(row["total"]),
        "observed": words.share(row["observed"], 0),
        "expected": _small_share(row["expected"], words),
        "period": words.period(row["period"]),
    }
    if rule == "stuffing":
        days = (row["last_day"] - row["first_day"]).days + 1
        return words("irregular.why.stuffing", days=days, signs=_signs(row, words), **numbers)
    if rule == "threshold_bunching":
        kind, _, limit = str(row["companions"]).partition(" ")
        amount = _plain_amount(float(limit), currency, words) if limit else ""
        return words(f"irregular.why.bunching_{kind}", limit=amount, **numbers)
    if rule == "ghost_partner":
        unknown = str(row["untested"] or "").split(",")
        traces = [t for t in ("sell_out", "visits", "receivables", "feedback") if t not in unknown]
        named = words.join(words(f"irregular.trace.{trace}") for trace in traces)
        return words("irregular.why.ghost_partner", traces=named, **numbers)
    if rule == "rep_concentration":
        return _concentration(row, words)
    if rule == "first_digits":
        numbers |= {name: words.share(row[name], 1) for name in ("observed", "expected")}
    if rule == "duplicate_orders":
        return words("irregular.why.duplicate_orders", n=int(row["count"]), **numbers)
    return words(f"irregular.why.{rule}", **numbers)


def _small_share(share: float, words: Words) -> str:
    """A share that is often far below one per cent."""
    return words.share(share, 0 if share >= 0.05 else 1)


def _plain_amount(amount: float, currency: str, words: Words) -> str:
    """A round amount, written out."""
    return words("unit.amount.e0", sign="", number=words.number(amount), currency=words.currency(currency))


def _concentration(row: Row, words: Words) -> str:
    names = (row["partner_name"], row["partner_id"], row["customer_name"], row["customer_id"])
    return words(
        f"irregular.why.concentration_{row['companions']}",
        observed=words.number(row["observed"], 1),
        expected=words.number(row["expected"], 1),
        buyer=next((name for name in names if name), words("none")),
    )


def _signs(row: Row, words: Words) -> str:
    told = [sign for sign in str(row["companions"] or "").split(",") if sign]
    unknown = [sign for sign in str(row["untested"] or "").split(",") if sign]
    text = words("irregular.signs", signs=words.join(words(f"irregular.sign.{sign}") for sign in told))
    if unknown:
        names = words.join(words(f"irregular.unknown.{sign}") for sign in unknown)
        text += words("irregular.signs_unknown", signs=names)
    return text


def _state(row: Row, words: Words) -> str:
    """What became of the case, by whom and when; with its number, by which it can be cleared or confirmed."""
    state, case = words(f"state.{row['state']}"), row["case_id"]
    if not row["author"]:
        return words("state.with_case", state=state, id=case)
    day = words.date(row["state_date"])
    return words("irregular.decided_case", state=state, author=row["author"], date=day, id=case)


def _evidence(result: Irregularities, words: Words) -> Table:
    rows = result.evidence.groupby("case_id", sort=False).head(SHOWN_ROWS).to_dict("records")
    labels = result.scope.names.values.get("region", {})
    money = words.money_unit([r["amount"] for r in rows], result.scope.currency)
    columns = (
        Column(words("column.case"), tuple(r["case_id"] for r in rows), False),
        Column(words("column.to_check"), tuple(words(f"rule.{r['rule']}") for r in rows), False),
        Column(words("column.table"), tuple(words(f"table.{r['table']}") for r in rows), False),
        Column(words("column.record"), tuple(r["keys"] for r in rows), False),
        Column(words("column.day"), tuple(words.date(r["day"]) for r in rows), False),
        Column(
            words("column.with_unit", name=words("column.amount"), unit=money.name),
            tuple(words.money(r["amount"], money) for r in rows),
        ),
        Column(words("column.note"), tuple(_note(r, labels, words) for r in rows), False),
    )
    note = words("irregular.more_rows", n=words.number(SHOWN_ROWS))
    caption, fold = words("caption.irregular_evidence"), words("fold.irregular_evidence")
    return Table("irregular_evidence", caption, columns, (note,), folded=fold)


def _note(row: Row, labels: Mapping[str, Mapping[str, str]], words: Words) -> str:
    rule = row["rule"]
    if rule == "price_below_floor":
        actual, allowed = (words.number(row[name], 2) for name in ("actual", "allowed"))
        return words("irregular.note.price", actual=actual, allowed=allowed)
    if rule == "discount_over_authority":
        actual, allowed = (words.share(row[name]) for name in ("actual", "allowed"))
        return words("irregular.note.discount", actual=actual, allowed=allowed)
    if not row["note"]:
        return ""
    if rule == "ghost_orders":
        return words(f"irregular.note.{row['note']}")
    if rule == "duplicate_orders":
        return words("irregular.note.repeats", note=row["note"])
    region = words.label(labels.get(row["note"], {}), row["note"])
    return words("irregular.note.region", note=region)


def _rules(result: Irregularities, words: Words) -> Table:
    rows = result.rules.to_dict("records")

    def count(name: str) -> Column:
        return Column(words(f"column.{name}"), tuple(words.number(r[name]) for r in rows))

    columns = (
        Column(words("column.to_check"), tuple(words(f"rule.{r['rule']}") for r in rows), False),
        *(count(name) for name in ("tested", "too_few", "found", "listed")),
        Column(words("column.remedy"), tuple(words(f"remedy.{r['rule']}") for r in rows), False),
    )
    caption, fold = words("caption.irregular_rules"), words("fold.irregular_rules")
    return Table("irregular_rules", caption, columns, folded=fold)


def _not_tested(result: Irregularities, words: Words) -> str:
    """Rules that could not be run, with what they lack, in one line."""
    told = [
        words("irregular.not_tested_one", rule=words(f"rule.{r['rule']}"), reason=_why_not(r, words))
        for r in result.rules[result.rules["reason"] != ""].to_dict("records")
    ]
    return words("irregular.not_tested", rules=words.join(told)) if told else ""


def _why_not(row: Row, words: Words) -> str:
    missing = words.join(_column(name, words) for name in row["missing"].split(",") if name)
    return words(f"irregular.reason.{row['reason']}", missing=missing)


def _column(name: str, words: Words) -> str:
    table, _, column = name.partition(".")
    if not column:
        return words(f"table.{table}")
    return words("irregular.column_of", table=words(f"table.{table}"), column=column)


def _previous_lead(result: Irregularities, words: Words) -> str:
    counts = result.previous["state"].value_counts()
    named = {state: words.number(int(counts.get(state, 0))) for state in ("open", "cleared", "confirmed")}
    return words("irregular.previous_lead", **named)


def _previous(result: Irregularities, words: Words) -> Table:
    rows = result.previous.to_dict("records")
    columns = (
        Column(words("column.to_check"), tuple(words(f"rule.{r['rule']}") for r in rows), False),
        Column(words("column.who"), tuple(_who({**r, "rule": ""}, words) for r in rows), False),
        Column(words("column.period"), tuple(words.period(r["period"]) for r in rows), False),
        Column(words("column.decided_state"), tuple(_state(r, words) for r in rows), False),
        Column(words("column.since"), tuple(_since(r, result, words) for r in rows), False),
    )
    caption, fold = words("caption.irregular_previous"), words("fold.irregular_previous")
    return Table("irregular_previous", caption, columns, folded=fold)


def _since(row: Row, result: Irregularities, words: Words) -> str:
    names = {"orders": "orders_amount", "returned": "returned_amount", "paid": "paid_amount"}
    names["overdue"] = "overdue_amount"
    amounts = {name: words.amount(row[column], result.scope.currency) for name, column in names.items()}
    text = words("irregular.since" if pd.isna(row["paid_amount"]) else "irregular.since_paid", **amounts)
    return words("irregular.again", since=text) if row["is_found_again"] else text


def _gap(words: Words) -> str:
    """Between two sentences: Chinese needs no space."""
    return "" if words.language == "zh" else " "

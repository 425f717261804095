"""Partner risk: the verdict, whom to look into and why, and what became of those warned of before."""

from __future__ import annotations

import pandas as pd

from ...risks import PartnerRisk
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .risk_wording import (
    TRAIN,
    Row,
    band_text,
    base_rate,
    caveat_text,
    chance,
    foresight,
    of_100,
    own_name,
    reason_text,
    units_of,
    way_out_text,
    window_text,
)
from .wording import channel_name, known_as, names_text, value_name, with_texts

SHOWN = 20
"""Rows of a table on the page; the saved tables have every partner."""

REASONS = 2
"""Reasons told of each partner."""

GRAVE = ("red", "orange")

UNTESTED = ("nothing_told", "too_few")
"""Verdicts on models of which the past says nothing good."""

OUTCOMES = ("ended", "open", "held", "ours")
"""What may become of a partner that was warned of."""


def risk(result: PartnerRisk, words: Words) -> Section:
    """How many are at risk and what it may cost, the watch list, the follow-up of earlier warnings."""
    title = words("part.risk")
    if not len(result.partners):
        text = words("risk.no_partners") if result.card else words("risk.no_model", command=TRAIN)
        return Section("risk", title, (Prose(text),), "line")
    blocks: list[Block] = [Prose(_verdict(result, words), "lead")]
    if len(result.watch_list()):
        blocks.append(Prose(_to_do(result, words)))
    blocks.append(Prose(_model_line(result, words)))
    blocks += [Prose(caveat_text(words, caveat), caveat.severity) for caveat in result.caveats]
    if len(result.watch_list()):
        blocks += [_watch_list(result, words), Prose(words("risk.how_to_read"), "note")]
    blocks += _followed(result, words)
    blocks += _not_told(result, words)
    return Section("risk", title, tuple(blocks))


# The verdict


def _verdict(result: PartnerRisk, words: Words) -> str:
    table = result.partners
    told = table[table["band"] != "unknown"]
    numbers = {"all": words.number(len(table)), "window": window_text(result, words)}
    if not len(told):
        return words("risk.nothing_told", **numbers)
    grave = told[told["band"].isin(GRAVE)]
    numbers |= {"told": words.number(len(told))}
    if not len(grave):
        return words("risk.nobody", **numbers)
    counts, currency = grave["band"].value_counts(), result.scope.currency
    numbers |= {name: words.number(int(counts.get(name, 0))) for name in GRAVE}
    stake = float(grave[["receivable", "stock", "margin"]].clip(lower=0).sum().sum())
    numbers |= {"stake": words.amount(stake, currency)}
    if grave["expected_loss"].isna().all():
        return words("risk.verdict_no_loss", **numbers)
    loss = words.amount(float(grave["expected_loss"].sum()), currency)
    return words("risk.verdict", loss=loss, **numbers)


def _to_do(result: PartnerRisk, words: Words) -> str:
    listed = result.watch_list()
    count = words.number(len(listed))
    if listed["expected_saving"].isna().all():
        return words("risk.to_do_only", n=len(listed), count=count)
    saving = words.amount(float(listed["expected_saving"].sum()), result.scope.currency)
    return words("risk.to_do", n=len(listed), count=count, saving=saving)


def _model_line(result: PartnerRisk, words: Words) -> str:
    """How far the warnings can be trusted, in one line; without a model how to get one."""
    if not result.card:
        return words("risk.no_model", command=TRAIN)
    verdict, rate = str(result.card.get("verdict", "told")), base_rate(result)
    events = words.number(result.card.get("events", float("nan")))
    if verdict in UNTESTED:
        numbers = {"rate": of_100(words, rate), "months": result.horizon_months, "events": events}
        return words(f"risk.model.{verdict}", **numbers)
    said = words(
        "risk.with_base",
        foresight=foresight(result, words),
        n=of_100(words, rate),
        months=result.horizon_months,
    )
    few = words("risk.model.few_events", events=events)
    return words("risk.two", first=said, second=few) if verdict == "few_events" else said


# The watch list


def _watch_list(result: PartnerRisk, words: Words) -> Table:
    listed = result.watch_list()
    rows = listed.head(SHOWN).to_dict("records")
    money = words.money_unit([r["expected_loss"] for r in rows], result.scope.currency)
    columns = (
        Column(words("column.partner"), tuple(known_as(r, "partner") for r in rows), False),
        Column(words("column.place"), tuple(words.number(r["watch_place"]) for r in rows)),
        Column(words("column.risk_band"), tuple(_band(r, words) for r in rows), False),
        Column(
            words("column.probability"),
            tuple(chance(words, r["probability"], r["low"], r["high"]) for r in rows),
        ),
        Column(words("column.since_last"), tuple(_change(r, words) for r in rows), False),
        Column(
            words("column.with_unit", name=words("column.expected_loss"), unit=money.name),
            tuple(words.money(r["expected_loss"], money) for r in rows),
        ),
        Column(words("column.why"), tuple(_why(r, result, words) for r in rows), False),
        Column(words("column.way_out"), tuple(_way_out(r, result, words) for r in rows), False),
        Column(words("column.belongs_to"), tuple(_belongs_to(r, result, words) for r in rows), False),
    )
    beyond = len(listed) - len(rows)
    notes = [words("risk.band_note"), words("risk.loss_note")]
    notes += [words("risk.more", n=words.number(beyond))] if beyond else []
    caption = words("caption.watch_list", n=words.number(len(listed)), date=words.date(result.snapshot))
    return Table("risk_watch_list", caption, with_texts(words, columns), tuple(notes))


def _band(row: Row, words: Words) -> str:
    said = band_text(words, row["band"])
    author = row["override"]
    if isinstance(author, str) and author:
        return words("risk.overridden", band=said, author=author, model=band_text(words, row["model_band"]))
    return said


def _change(row: Row, words: Words) -> str:
    """The change of the probability since the last period, and the band it comes from where it is another."""
    if pd.isna(row["change"]):
        return words("none" if _told(row["previous_band"]) else "risk.first_time")
    points = round(float(row["change"]) * 100)
    said = words.signed_points(row["change"], 0)
    if points:
        said = f"{'▲' if points > 0 else '▼'} {said}"
    before = row["previous_band"]
    if isinstance(before, str) and before and before != row["band"]:
        return words("risk.was", change=said, band=band_text(words, before))
    return said


def _why(row: Row, result: PartnerRisk, words: Words) -> str:
    """A trigger first, then what raises the score most, each with the peers beside."""
    trigger = row["trigger"]
    told = [words(f"risk.trigger.{trigger}")] if isinstance(trigger, str) and trigger else []
    own = result.reasons[result.reasons["partner_id"] == row["partner_id"]]
    own = own[own["contribution"] > 0].sort_values("place", kind="stable").head(REASONS)
    told += [reason_text(words, r, result.scope.currency) for r in own.to_dict("records")]
    if not told and row["status"] == "cold_start":
        return words("risk.from_its_kind")
    return words("risk.between").join(told) if told else words("none")


def _way_out(row: Row, result: PartnerRisk, words: Words) -> str:
    own = result.ways_out[result.ways_out["partner_id"] == row["partner_id"]].head(1).to_dict("records")
    units = units_of(result)
    told = [way_out_text(words, r, units.get(r["feature"], ""), result.scope.currency) for r in own]
    return told[0] if told else words("none")


def _belongs_to(row: Row, result: PartnerRisk, words: Words) -> str:
    owner = row["owner_id"]
    parts = [
        channel_name(words, result.scope, row["channel_type"]) if _told(row["channel_type"]) else "",
        value_name(words, result.scope, "region", row["region"]) if _told(row["region"]) else "",
        str(owner) if _told(owner) else words("risk.no_owner"),
    ]
    return words.join(part for part in parts if part)


def _told(text: object) -> bool:
    return isinstance(text, str) and bool(text)


# What became of earlier warnings, and who cannot be told


def _followed(result: PartnerRisk, words: Words) -> list[Block]:
    if not len(result.followed):
        return []
    counts = result.followed["outcome"].value_counts()
    numbers = {name: words.number(int(counts.get(name, 0))) for name in OUTCOMES}
    lead = words("risk.followed", n=len(result.followed), count=words.number(len(result.followed)), **numbers)
    rows = result.followed.head(SHOWN).to_dict("records")
    columns = (
        Column(words("column.partner"), tuple(known_as(r, "partner") for r in rows), False),
        Column(words("column.warned_on"), tuple(words.date(r["issued_on"]) for r in rows), False),
        Column(
            words("column.band_then"),
            tuple(
                words(
                    "risk.band_then",
                    band=band_text(words, r["band"]),
                    chance=chance(words, r["probability"], float("nan"), float("nan")),
                )
                for r in rows
            ),
            False,
        ),
        Column(words("column.state"), tuple(_outcome(r, words) for r in rows), False),
        Column(words("column.days_after"), tuple(words.number(r["days"]) for r in rows)),
    )
    beyond = len(result.followed) - len(rows)
    notes = (words("risk.more", n=words.number(beyond)),) if beyond else ()
    table = Table("risk_followed", words("caption.risk_followed"), with_texts(words, columns), notes)
    return [Prose(lead), table]


def _outcome(row: Row, words: Words) -> str:
    said = words(f"risk.outcome.{row['outcome']}")
    ending = row["ending"]
    if not _told(ending) or row["outcome"] == "ours":
        return said
    named = words.join(own_name(words, "ending", name) for name in str(ending).split(","))
    return words("risk.outcome_because", outcome=said, ending=named)


def _not_told(result: PartnerRisk, words: Words) -> list[Block]:
    """Partners whose risk cannot be told, or only from their kind: how many, and the first names."""
    blocks: list[Block] = []
    for status in ("cold_start", "insufficient", "untold"):
        own = result.partners[result.partners["status"] == status]
        if not len(own):
            continue
        names = names_text(words, [known_as(r, "partner") for r in own.to_dict("records")])
        blocks.append(
            Prose(words(f"risk.status.{status}", count=words.number(len(own)), names=names), "note")
        )
    return blocks

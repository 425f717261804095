"""Appraisal of partners: tiers and what follows, the best, those to act on, and who is not scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...appraisals import PartnerAppraisal
from ...words import Words
from ..blocks import Block, Column, Figure, Prose, Section, Table
from ..charts import shares
from .wording import channel_name, kpi_name, kpi_text, names_text, ranks_allowed, score_change, with_texts

SHOWN = 15
"""Rows of a table on the page; the saved table has every partner."""

BEST = 3
"""Best partners shown of each channel type."""

Row = Mapping[Any, Any]


def partners(result: PartnerAppraisal, words: Words) -> Section:
    """Tiers, the best and their awards, those who need a plan or fell, decisions, and the rest."""
    table = result.partners
    if not len(table):
        text = words("partners.no_partners")
        return Section("partners", words("part.partners"), (Prose(text),), "line")
    scored = table[table["status"] == "ok"]
    blocks: list[Block] = [
        Prose(_lead(result, scored, words), "lead"),
        Prose(words("partners.how", rate=_rate(result, words)), "note"),
    ]
    blocks += [Prose(words(f"partners.{caveat.code}"), caveat.severity) for caveat in result.caveats]
    if len(scored):
        blocks += [_tier_figure(result, words), _tiers(result, words), _best(result, scored, words)]
        acted = scored[scored["handling"].isin(["plan", "contract"]) | _fell(scored, result)]
        if len(acted):
            blocks.append(_to_act_on(result, acted, words))
        if len(result.quarters):
            blocks.append(_quarters(result, scored, words))
    if len(result.earlier):
        blocks.append(_decisions(result, words))
    left = _not_scored(result, words)
    return Section("partners", words("part.partners"), (*blocks, *left))


def _rate(result: PartnerAppraisal, words: Words) -> str:
    return words.share(result.certainty, 0)


def _lead(result: PartnerAppraisal, scored: pd.DataFrame, words: Words) -> str:
    if not len(scored):
        return words("partners.nobody_scored", n=words.number(len(result.partners)))
    if scored["change"].isna().all():
        numbers = {"n": words.number(len(scored)), "all": words.number(len(result.partners))}
        return words("partners.lead_no_past", **numbers)
    moved = scored[scored["moved"]]
    numbers = {
        "n": words.number(len(scored)),
        "all": words.number(len(result.partners)),
        "risen": words.number(int(result.tiers["risen"].sum())),
        "fallen": words.number(int(result.tiers["fallen"].sum())),
        "up": words.number(int((moved["change"] > 0).sum())),
        "down": words.number(int((moved["change"] < 0).sum())),
    }
    return words("partners.lead" if len(moved) else "partners.lead_no_moves", **numbers)


def tier_name(result: PartnerAppraisal, name: str, words: Words) -> str:
    """A tier's name, as the policy labels it."""
    return words.label(result.tier_labels.get(name, {}), name) if name else words("none")


def _tier_order(result: PartnerAppraisal) -> list[str]:
    return [name for name in result.tier_labels if name in set(result.tiers["tier"])]


def _tier_figure(result: PartnerAppraisal, words: Words) -> Figure:
    """One bar per channel type, cut by tier."""
    order = _tier_order(result)
    counts = (
        result.tiers.pivot(index="group", columns="tier", values="partners").reindex(columns=order).fillna(0)
    )
    whole = counts.sum(axis=1)
    names = [
        words("partners.of_type", channel=channel_name(words, result.scope, str(g)), n=words.number(whole[g]))
        for g in counts.index
    ]
    labels = [[words.number(v) if v else "" for v in row] for row in counts.to_numpy()]
    parts = counts.div(whole, axis=0).to_numpy().tolist()
    svg = shares(names, parts, labels, [tier_name(result, n, words) for n in order])
    top = order[0]
    count = int(counts[top].sum())
    caption = words(
        "figure.partner_tiers",
        tier=tier_name(result, top, words),
        n=words.number(count),
        all=words.number(int(whole.sum())),
        share=words.share(count / whole.sum(), 0),
    )
    return Figure("partner_tiers", svg, caption)


def _tiers(result: PartnerAppraisal, words: Words) -> Table:
    """Tiers over all channel types, with what the policy does about each."""
    sums = (
        result.tiers.groupby("tier")[["partners", "risen", "fallen", "net_sales"]]
        .sum()
        .reindex(_tier_order(result))
    )
    whole = float(result.partners["net_sales"].sum())
    handling = result.partners.drop_duplicates("tier").set_index("tier")["handling"]
    columns = (
        Column(words("column.tier"), tuple(tier_name(result, n, words) for n in sums.index), False),
        Column(words("column.partners"), tuple(words.number(v) for v in sums["partners"])),
        Column(words("column.risen"), tuple(words.number(v) for v in sums["risen"])),
        Column(words("column.fallen"), tuple(words.number(v) for v in sums["fallen"])),
        Column(words("column.sales_share"), tuple(_part(v, whole, words) for v in sums["net_sales"])),
        Column(
            words("column.handling"),
            tuple(_handling(str(handling.get(n, "")), result, words) for n in sums.index),
            False,
        ),
    )
    caption = words("caption.partner_tiers", period=words.period(result.scope.period))
    return Table("partner_tiers", caption, columns, (words("partners.tier_note"),))


def _part(value: float, whole: float, words: Words) -> str:
    return words.share(value / whole, 0) if whole > 0 else words("none")


def _handling(name: str, result: PartnerAppraisal, words: Words) -> str:
    if not name:
        return words("none")
    approver = result.approvers.get(name, "")
    said = words(f"handling.{name}")
    return words("handling.approved_by", handling=said, role=_role(approver, words)) if approver else said


def _role(name: str, words: Words) -> str:
    """A role in the reader's language where the catalogue knows it, else as the policy names it."""
    key = f"role.{name.replace(' ', '_')}"
    return words(key) if words.has(key) else name


def _best(result: PartnerAppraisal, scored: pd.DataFrame, words: Words) -> Table:
    """The best of each channel type, their ranks with intervals, and what becomes of the award."""
    shown = scored.groupby("group", sort=True).head(BEST)
    outcome = result.awards.drop_duplicates("entity").set_index("entity")
    rows = shown.to_dict("records")
    columns = (
        Column(words("column.partner"), tuple(str(r["name"]) for r in rows), False),
        Column(
            words("column.channel"), tuple(channel_name(words, result.scope, r["group"]) for r in rows), False
        ),
        Column(words("column.score"), tuple(words.number(r["score"], 1) for r in rows)),
        Column(words("column.range"), tuple(_range(r["low"], r["high"], words, 0) for r in rows)),
        Column(words("column.rank"), tuple(_rank(r, words) for r in rows)),
        Column(words("column.percentile"), tuple(words.number(r["percentile"]) for r in rows)),
        Column(words("column.p_best"), tuple(words.share(r["p_best"], 0) for r in rows)),
        Column(words("column.change"), tuple(score_change(words, r["change"], r["moved"]) for r in rows)),
        Column(words("column.award"), tuple(_award(outcome, r["entity"], words) for r in rows), False),
    )
    caption = words("caption.partner_best", n=words.number(BEST))
    notes = (
        words("partners.rank_note", rate=_rate(result, words)),
        words("partners.chance_note"),
        *_award_notes(result, words),
    )
    return Table("partner_best", caption, with_texts(words, columns), notes)


def _range(low: float, high: float, words: Words, decimals: int) -> str:
    return words("range", low=words.number(low, decimals), high=words.number(high, decimals))


def _rank(row: Row, words: Words) -> str:
    between = ranks_allowed(words, row["rank_low"], row["rank_high"])
    return words("partners.rank", rank=words.number(row["rank"]), range=between, n=words.number(row["peers"]))


def _award(outcome: pd.DataFrame, entity: str, words: Words) -> str:
    if entity not in outcome.index:
        return words("none")
    found = outcome.loc[entity]
    reason = str(found["reason"])
    why = f"award_reason.{reason}"
    said = words(f"award.{found['outcome']}")
    if not reason:
        return said
    return words("award.because", outcome=said, reason=words(why) if words.has(why) else reason)


def _award_notes(result: PartnerAppraisal, words: Words) -> tuple[str, ...]:
    """Channel types where nobody is clearly best, with how many share the award."""
    counts = result.awards[result.awards["outcome"] == "shared"].groupby("group").size()
    told = [
        words("partners.shared", channel=channel_name(words, result.scope, str(g)), n=words.number(n))
        for g, n in counts.items()
    ]
    return (words("partners.no_clear_best", channels=words.join(told)),) if told else ()


def _fell(scored: pd.DataFrame, result: PartnerAppraisal) -> pd.Series:
    place = {name: number for number, name in enumerate(result.tier_labels)}
    return scored["tier"].map(place) > scored["tier_before"].map(place)


def _to_act_on(result: PartnerAppraisal, acted: pd.DataFrame, words: Words) -> Table:
    """Partners who fell, or whose tier asks for a plan or for handling by contract; the largest first."""
    shown = acted.sort_values(["net_sales", "entity"], ascending=[False, True]).head(SHOWN)
    rows = shown.to_dict("records")
    money = words.money_unit([r["net_sales"] for r in rows], result.scope.currency)
    values = result.points.set_index(["entity", "kpi"])["value"]
    columns = (
        Column(words("column.partner"), tuple(str(r["name"]) for r in rows), False),
        Column(
            words("column.channel"), tuple(channel_name(words, result.scope, r["group"]) for r in rows), False
        ),
        Column(
            words("column.with_unit", name=words("column.net_sales"), unit=money.name),
            tuple(words.money(r["net_sales"], money) for r in rows),
        ),
        Column(words("column.score"), tuple(words.number(r["score"], 1) for r in rows)),
        Column(words("column.change"), tuple(score_change(words, r["change"], r["moved"]) for r in rows)),
        Column(words("column.tier"), tuple(_tier_step(r, result, words) for r in rows), False),
        Column(words("column.weakest"), tuple(_weakest(r, values, result, words) for r in rows), False),
        Column(
            words("column.handling"), tuple(_handling(str(r["handling"]), result, words) for r in rows), False
        ),
        Column(words("column.decided_state"), tuple(_state(result, r["entity"], words) for r in rows), False),
    )
    beyond = len(acted) - len(shown)
    more = (words("partners.more", n=words.number(beyond)),) if beyond else ()
    caption = words("caption.partner_actions", n=words.number(len(acted)))
    return Table("partner_actions", caption, columns, (words("partners.chance_note"), *more))


def _tier_step(row: Row, result: PartnerAppraisal, words: Words) -> str:
    now = tier_name(result, row["tier"], words)
    if not row["tier_before"] or row["tier_before"] == row["tier"]:
        return now
    return words("partners.tier_step", before=tier_name(result, row["tier_before"], words), now=now)


def _weakest(row: Row, values: pd.Series, result: PartnerAppraisal, words: Words) -> str:
    kpi = str(row["weakest"])
    unit = result.scope.names.units.get(kpi, "ratio")
    value = kpi_text(
        words, unit, float(values.get((row["entity"], kpi), float("nan"))), currency=result.scope.currency
    )
    return words("partners.weakest", kpi=kpi_name(words, result.scope, kpi), value=value)


def _state(result: PartnerAppraisal, entity: str, words: Words) -> str:
    own = result.decisions[(result.decisions["subject"] == entity) & (result.decisions["kind"] == "tier")]
    return words(f"decision.{own['state'].iloc[0]}") if len(own) else words("none")


def _quarters(result: PartnerAppraisal, scored: pd.DataFrame, words: Words) -> Table:
    """The year's score of the largest partners beside those of its quarters."""
    shown = scored.sort_values(["net_sales", "entity"], ascending=[False, True]).head(SHOWN)
    wide = result.quarters.pivot(index="entity", columns="period", values="score").reindex(shown["entity"])
    columns = [
        Column(words("column.partner"), tuple(map(str, shown["name"])), False),
        Column(words("column.year_score"), tuple(words.number(v, 1) for v in shown["score"])),
        Column(words("column.tier"), tuple(tier_name(result, t, words) for t in shown["tier"]), False),
    ]
    for code in wide.columns:
        texts = tuple(words.number(v, 1) for v in wide[code])
        columns.append(Column(words.period_short(str(code)), texts, group=words("column.quarter_scores")))
    caption = words("caption.partner_quarters", n=words.number(len(shown)))
    return Table("partner_quarters", caption, tuple(columns), (words("partners.year_note"),))


def _decisions(result: PartnerAppraisal, words: Words) -> Table:
    """What earlier reports proposed and what became of it."""
    names = dict(zip(result.partners["entity"], result.partners["name"], strict=True))
    rows = result.earlier.tail(SHOWN).to_dict("records")
    columns = (
        Column(
            words("column.partner"), tuple(str(names.get(r["subject"], r["subject"])) for r in rows), False
        ),
        Column(words("column.period"), tuple(words.period_short(r["period"]) for r in rows), False),
        Column(words("column.handling"), tuple(words(f"handling.{r['handling']}") for r in rows), False),
        Column(words("column.decided_state"), tuple(words(f"decision.{r['state']}") for r in rows), False),
        Column(words("column.by_whom"), tuple(str(r["author"]) or words("none") for r in rows), False),
        Column(words("column.appeal_until"), tuple(words.date(r["appeal_until"]) for r in rows), False),
    )
    return Table(
        "partner_decisions", words("caption.partner_decisions"), columns, folded=words("fold.decisions")
    )


def _not_scored(result: PartnerAppraisal, words: Words) -> list[Block]:
    """One sentence per reason why partners have no score, with the first names."""
    left = result.partners[result.partners["status"] != "ok"]
    blocks: list[Block] = []
    for status, own in left.groupby("status", sort=True):
        said = names_text(words, list(map(str, own.sort_values("entity")["name"])))
        needed = words.share(result.coverage_needed, 0)
        text = words(f"partners.not_scored.{status}", n=words.number(len(own)), names=said, needed=needed)
        blocks.append(Prose(text, "note"))
    return blocks

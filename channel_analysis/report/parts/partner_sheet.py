"""One partner's sheet: how it stands, what makes its score, what would raise it, and what is open."""

from __future__ import annotations

import math

from ...sheets import FEWEST_PEERS, PartnerSheet
from ...words import Words, within_sentence
from ..blocks import Block, Card, Cards, Fact, Facts, Figure, Item, Items, Prose, Section
from .partner_sheet_figure import results_figure
from .partner_sheet_inside import internal_blocks
from .partner_sheet_tables import measures_table, points_table
from .wording import channel_name, compared, kpi_name, kpi_text, ranks_allowed, value_name

GAINS_SHOWN = 3
"""What would raise the score most, told so many times."""


def partner_sheet(result: PartnerSheet, words: Words) -> Section:
    """The whole sheet as one section, as a notebook shows it."""
    head, *rest = partner_sections(result, words)
    blocks = [block for section in (head, *rest) for block in section.blocks]
    return Section("partner_sheet", head.title, tuple(blocks))


def partner_sections(result: PartnerSheet, words: Words) -> list[Section]:
    """The sections of a sheet's page, the banner first."""
    made = [
        _head(result, words),
        Section("message", words("sheet.section.message"), tuple(_message(result, words))),
        Section("results", words("sheet.section.results"), (_results(result, words),)),
        Section("score", words("sheet.section.score"), tuple(_score(result, words))),
        _measures(result, words),
    ]
    if result.rules.audience == "internal":
        blocks = (Prose(words("sheet.internal_note"), "note"), *internal_blocks(result, words))
        made.append(Section("internal", words("sheet.section.internal"), blocks))
    made.append(_definitions(result, words))
    return made


def _head(result: PartnerSheet, words: Words) -> Section:
    partner, scope = result.partner, result.scope
    grade = result.banner.grade
    told = words("banner.grade_text", grade=grade, meaning=words(f"grade.{grade}"))
    days = words("banner.period_days", first=words.date(scope.start), last=words.date(scope.last_day))
    known = [
        Fact(words("sheet.partner"), str(partner["partner_id"])),
        Fact(words("column.channel"), channel_name(words, scope, partner["channel_type"])),
        Fact(words("column.region"), value_name(words, scope, "region", partner["region"])),
        Fact(words("column.owner"), _owner(result, words)),
        Fact(words("banner.period"), days),
        Fact(words("banner.as_of"), words.date(scope.as_of)),
        Fact(words("banner.grade"), told, f"grade-{grade.lower()}"),
        Fact(words("sheet.edition"), words(f"sheet.edition_of.{result.rules.audience}")),
    ]
    facts = tuple(Fact(f.term, within_sentence(f.text), f.kind) for f in known)
    title = words("sheet.title", name=partner["partner_name"], period=words.period(scope.period))
    blocks: list[Block] = [Facts(facts)]
    if scope.is_provisional:
        blocks.insert(0, Prose(words("sheet.provisional"), "warning"))
    return Section("top", title, tuple(blocks), "banner")


def _owner(result: PartnerSheet, words: Words) -> str:
    names = (result.partner["owner_name"], result.partner["owner_id"])
    return next((n for n in names if isinstance(n, str) and n), words("none"))


# In short


def _message(result: PartnerSheet, words: Words) -> list[Block]:
    rows = result.cards.to_dict("records")
    cards = Cards(tuple(_card(row, result, words) for row in rows))
    if result.partner["status"] != "ok":
        return [Prose(_unscored(result, words), "lead"), cards]
    sentences = [_sure(result, words), *_rank(result, words), *_outlook(result, words)]
    return [
        Prose(_gap(words).join(_verdict(result, words)), "lead"),
        Prose(_gap(words).join(sentences)),
        cards,
    ]


def _gap(words: Words) -> str:
    """Between two sentences: Chinese needs no space."""
    return "" if words.language == "zh" else " "


def _unscored(result: PartnerSheet, words: Words) -> str:
    needed = words.share(result.rules.coverage_needed, 0)
    return words(f"sheet.not_scored.{result.partner['status']}", needed=needed)


def tier_text(result: PartnerSheet, name: str, words: Words) -> str:
    """A tier's name, as the policy labels it."""
    return words.label(result.rules.tier_labels.get(name, {}), name)


def _verdict(result: PartnerSheet, words: Words) -> list[str]:
    """Score and tier, and what changed."""
    partner = result.partner
    score, tier, before = words.number(partner["score"], 1), partner["tier"], partner["tier_before"]
    if not tier:
        told = [words("sheet.lead_untiered", score=score)]
    else:
        told = [words("sheet.lead", score=score, tier=tier_text(result, tier, words))]
    if math.isnan(partner["change"]):
        return [*told, words("sheet.first_score")]
    key = "sheet.risen" if partner["moved"] else "sheet.steady"
    told.append(words(key, change=words.signed(partner["change"], 1)))
    if before and before != tier:
        begins = result.rules.tier_begins
        rose = begins.get(tier, 0.0) > begins.get(before, 0.0)
        way = "sheet.tier_risen" if rose else "sheet.tier_fallen"
        told.append(words(way, before=tier_text(result, before, words)))
    return told


def _sure(result: PartnerSheet, words: Words) -> str:
    low, high = (words.number(result.partner[end], 1) for end in ("low", "high"))
    return words("sheet.sure", rate=words.share(result.rules.certainty, 0), low=low, high=high)


def _rank(result: PartnerSheet, words: Words) -> list[str]:
    partner = result.partner
    if math.isnan(partner["rank"]):
        return []
    between = ranks_allowed(words, partner["rank_low"], partner["rank_high"])
    numbers = {"rank": words.number(partner["rank"]), "n": words.number(partner["peers"])}
    return [words("sheet.rank", range=between, **numbers)]


def _outlook(result: PartnerSheet, words: Words) -> list[str]:
    partner, told = result.partner, []
    if not math.isnan(partner["capped_from"]):
        told.append(words("sheet.capped", score=words.number(partner["capped_from"], 1)))
    if partner["next_tier"]:
        tier = tier_text(result, partner["next_tier"], words)
        told.append(words("sheet.next_tier", gap=words.number(partner["next_tier_gap"], 1), tier=tier))
    return told


def _card(row: dict[str, float | str], result: PartnerSheet, words: Words) -> Card:
    scope, unit, better, value = result.scope, str(row["unit"]), str(row["better"]), float(row["value"])
    money = words.money_unit([value], scope.currency) if unit == "money" else None
    lines = []
    if not math.isnan(float(row["target"])):
        target = float(row["target"])
        said = words("sheet.target", value=kpi_text(words, unit, target, money))
        lines.append(compared(words, unit, better, value, target, said))
    for base in ("previous", "last_year"):
        if scope.is_provisional or (base == "previous" and scope.previous == scope.last_year):
            continue
        is_noise, against = bool(row[f"{base}_is_noise"]), words(f"compare.{base}")
        lines.append(compared(words, unit, better, value, float(row[base]), against, is_noise))
    return Card(
        title=kpi_name(words, scope, str(row["kpi"])),
        value=kpi_text(words, unit, value, money),
        unit=money.name if money else "" if unit == "share" else words(f"unit.{unit}"),
        detail="",
        comparisons=tuple(lines),
    )


# Results, score, measures, definitions


def _results(result: PartnerSheet, words: Words) -> Figure | Prose:
    if not len(result.history) or not result.history["net_sales"].any():
        return Prose(words("sheet.no_sales", n=words.number(len(result.history))))
    return results_figure(result, words)


def _score(result: PartnerSheet, words: Words) -> list[Block]:
    if not len(result.points):
        return [Prose(words("sheet.no_points"))]
    note = Prose(words("sheet.how", n=words.number(FEWEST_PEERS)), "note")
    blocks: list[Block] = [points_table(result, words)]
    if result.partner["status"] == "ok":
        blocks += _gains(result, words)
    return [*blocks, note]


def _gains(result: PartnerSheet, words: Words) -> list[Block]:
    rows = result.gains.head(GAINS_SHOWN).to_dict("records")
    if not rows:
        return [Prose(words("sheet.no_gains"))]
    units, currency = result.scope.names.units, result.scope.currency
    items = []
    for row in rows:
        unit = units.get(row["kpi"], "ratio")
        value, needed = (kpi_text(words, unit, row[end], currency=currency) for end in ("value", "needed"))
        name, gain = kpi_name(words, result.scope, row["kpi"]), words.signed(row["gain"], 1)
        items.append(Item(words("sheet.gain", kpi=name, value=value, needed=needed, gain=gain)))
    return [Prose(words("sheet.gains_lead"), "lead"), Items(tuple(items))]


def _measures(result: PartnerSheet, words: Words) -> Section:
    title = words("sheet.section.measures")
    if not len(result.measures):
        return Section("measures", title, (Prose(words("sheet.no_measures")),), "line")
    return Section("measures", title, (measures_table(result, words),))


def _definitions(result: PartnerSheet, words: Words) -> Section:
    """What the KPIs of the score mean, in the definitions' own words."""
    known = result.appendix.definitions.set_index("kpi")
    column = f"definition_{words.language}"
    names = [name for name in ("net_sales", *result.points["kpi"]) if name in known.index and column in known]
    told = [
        words("sheet.definition", kpi=kpi_name(words, result.scope, name), text=known.at[name, column])
        for name in dict.fromkeys(names)
    ]
    text = Prose(words("risk.between").join(told), "note")
    return Section("definitions", words("sheet.section.definitions"), (text,))

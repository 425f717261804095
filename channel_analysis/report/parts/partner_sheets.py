"""All partners with a sheet: name, tier, score, change and rank; the page links each to its sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...sheets import PartnerSheets
from ...words import Words
from ..blocks import Column, Prose, Section, Table
from .wording import channel_name, ranks_allowed, score_change, value_name


def partner_sheets(result: PartnerSheets, words: Words) -> Section:
    """A row per partner, the best of each channel type first; one line where there is none."""
    title = words("report.partner_sheet")
    if not len(result.partners):
        return Section("partner_sheets", title, (Prose(words("partners.no_partners")),), "line")
    return Section("partner_sheets", title, (partners_table(result, words),))


def by_rank(result: PartnerSheets) -> list[Mapping[Any, Any]]:
    """The partners in the order of the list: by channel type, then by score."""
    ordered = result.partners.sort_values(
        ["channel_type", "score", "partner_id"], ascending=[True, False, True]
    )
    return ordered.to_dict("records")


def partners_table(result: PartnerSheets, words: Words) -> Table:
    """The list as a table; the first column is the name."""
    scope, rows = result.scope, by_rank(result)
    columns = (
        Column(words("column.partner"), tuple(str(r["partner_name"]) for r in rows), False),
        Column(words("measures.column.id"), tuple(str(r["partner_id"]) for r in rows), False),
        Column(
            words("column.channel"), tuple(channel_name(words, scope, r["channel_type"]) for r in rows), False
        ),
        Column(
            words("column.region"),
            tuple(value_name(words, scope, "region", r["region"]) for r in rows),
            False,
        ),
        Column(words("column.tier"), tuple(_tier(r, result, words) for r in rows), False),
        Column(words("column.score"), tuple(words.number(r["score"], 1) for r in rows)),
        Column(words("column.change"), tuple(score_change(words, r["change"], r["moved"]) for r in rows)),
        Column(words("column.rank"), tuple(_rank(r, words) for r in rows)),
    )
    caption = words("sheet.caption.index", period=words.period(scope.period), n=words.number(len(rows)))
    return Table("partner_list", caption, columns)


def _tier(row: Mapping[Any, Any], result: PartnerSheets, words: Words) -> str:
    tier = row["tier"]
    return words.label(result.rules.tier_labels.get(tier, {}), tier) if tier else words("none")


def _rank(row: Mapping[Any, Any], words: Words) -> str:
    if math.isnan(row["rank"]):
        return words("none")
    between = ranks_allowed(words, row["rank_low"], row["rank_high"])
    return words("partners.rank", rank=words.number(row["rank"]), range=between, n=words.number(row["peers"]))

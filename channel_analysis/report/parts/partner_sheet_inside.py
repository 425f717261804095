"""What of a sheet is for the account manager alone: risk with reasons, open cases, what its tier proposes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...sheets import PartnerSheet
from ...words import Words
from ..blocks import Block, Column, Prose, Table
from .risk_wording import band_text, chance, month_end, reason_text

Row = Mapping[Any, Any]


def internal_blocks(result: PartnerSheet, words: Words) -> list[Block]:
    """Risk, proposal and cases."""
    blocks: list[Block] = [Prose(text) for text in _risk(result, words)]
    handling = result.partner["handling"]
    if handling:
        blocks.append(Prose(words("sheet.proposed", handling=words(f"handling.{handling}"))))
    blocks.append(_cases(result, words) if len(result.cases) else Prose(words("sheet.no_cases")))
    return blocks


def _risk(result: PartnerSheet, words: Words) -> list[str]:
    """How likely a bad end is, or what makes it red; then the reasons."""
    partner, rules = result.partner, result.rules
    if not rules.has_risk:
        return [words("sheet.no_risk")]
    if not partner["risk_status"]:
        return [words("sheet.not_watched")]
    band = band_text(words, partner["band"])
    if partner["trigger"]:
        told = [words("sheet.risk_trigger", band=band, trigger=words(f"risk.trigger.{partner['trigger']}"))]
    elif partner["band"] == "unknown" or math.isnan(partner["probability"]):
        told = [words("sheet.risk_untold")]
    else:
        begins = month_end(rules.snapshot, rules.gap_months)
        window = words("risk.window", n=rules.horizon_months, date=words.date(begins))
        ends = (partner[f"probability{end}"] for end in ("", "_low", "_high"))
        told = [words("sheet.risk", band=band, chance=chance(words, *ends), window=window)]
    reasons = [reason_text(words, row, result.scope.currency) for row in result.reasons.to_dict("records")]
    return [*told, words("sheet.why", reasons=words("risk.between").join(reasons))] if reasons else told


def _cases(result: PartnerSheet, words: Words) -> Table:
    rows = result.cases.to_dict("records")
    money = words.money_unit([r["money"] for r in rows], result.scope.currency)
    columns = (
        Column(words("column.to_check"), tuple(words(f"rule.{r['rule']}") for r in rows), False),
        Column(words("sheet.column.days"), tuple(_days(r, words) for r in rows), False),
        Column(
            words("column.with_unit", name=words("column.at_stake"), unit=money.name),
            tuple(words.money(r["money"], money) for r in rows),
        ),
        Column(words("column.decided_state"), tuple(_state(r, words) for r in rows), False),
    )
    return Table("cases", words("sheet.caption.cases", n=words.number(len(rows))), columns)


def _days(row: Row, words: Words) -> str:
    first, last = row["first_day"], row["last_day"]
    if first is None or first != first:
        return words.period_short(row["period"])
    if first == last:
        return words.date(first)
    return words("range", low=words.date(first), high=words.date(last))


def _state(row: Row, words: Words) -> str:
    return words("state.with_case", state=words(f"state.{row['state']}"), id=row["case_id"])

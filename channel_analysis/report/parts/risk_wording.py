"""Risk in words: chances of a hundred, bands by shape and word, reasons with the peers beside."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...results import Caveat
from ...risks import PartnerRisk
from ...words import Words
from .wording import kpi_text

SHAPES = {"red": "■", "orange": "◆", "yellow": "●", "green": "○", "unknown": "?"}
"""A shape for each band, so that the colour need not be seen; the rising and falling ones are taken."""

TRAIN = "channel-analysis risk train"
"""The command that trains a model; it is the same in every language."""

Row = Mapping[Any, Any]


def of_100(words: Words, share: float) -> str:
    """A share as a number of a hundred, with a decimal only where it would be none."""
    return words("none") if pd.isna(share) else words.number(share * 100, 1 if 0 < share < 0.01 else 0)


def chance(words: Words, share: float, low: float, high: float) -> str:
    """A probability as so many of a hundred, with its interval where there is one."""
    if pd.isna(share):
        return words("none")
    said = words("risk.of_100", n=of_100(words, share))
    if pd.isna(low) or pd.isna(high):
        return said
    return words("cell.with_interval", value=said, low=of_100(words, low), high=of_100(words, high))


def band_text(words: Words, band: str) -> str:
    """A band by its shape and its word."""
    name = band if band in SHAPES else "unknown"
    return f"{SHAPES[name]} {words(f'risk.band.{name}')}"


def own_name(words: Words, family: str, name: str) -> str:
    """The words of a feature, theme or model; its own name where somebody brought it along."""
    key = f"{family}.{name}"
    return words(key) if words.has(key) else name


def feature_value(words: Words, unit: str, value: float, currency: str) -> str:
    """A feature's value in its unit; features of unknown unit as plain numbers."""
    if pd.isna(value):
        return words("none")
    if unit in ("money", "share"):
        return kpi_text(words, unit, value, currency=currency)
    text = words.number(value, 0 if unit in ("count", "days") else 1 if abs(value) >= 10 else 2)
    return words(f"risk.unit.{unit}", value=text) if words.has(f"risk.unit.{unit}") else text


def reason_text(words: Words, row: Row, currency: str) -> str:
    """A reason with its value and the peers' median beside: days past due 41 (peers 6)."""
    name, unit = own_name(words, "feature", row["feature"]), str(row["unit"])
    if pd.isna(row["value"]):
        return words("risk.reason_untold", feature=name)
    value = feature_value(words, unit, row["value"], currency)
    if pd.isna(row["peer_median"]):
        return words("risk.reason", feature=name, value=value)
    peers = feature_value(words, unit, row["peer_median"], currency)
    return words("risk.reason_peers", feature=name, value=value, peers=peers)


def way_out_text(words: Words, row: Row, unit: str, currency: str) -> str:
    """What would take a partner out of its band, and into which."""
    key = "risk.way_down" if row["needed"] < row["value"] else "risk.way_up"
    needed = feature_value(words, unit, row["needed"], currency)
    feature, band = own_name(words, "feature", row["feature"]), band_text(words, row["band"])
    return words(key, feature=feature, needed=needed, band=band, n=of_100(words, row["probability"]))


def units_of(result: PartnerRisk) -> dict[str, str]:
    """The unit of each feature that is a reason."""
    return dict(zip(result.reasons["feature"], result.reasons["unit"].fillna(""), strict=True))


def window_text(result: PartnerRisk, words: Words) -> str:
    """The months that are looked at: the six months after 31 Oct 2025."""
    begins = month_end(result.snapshot, result.gap_months)
    return words("risk.window", n=result.horizon_months, date=words.date(begins))


def month_end(day: datetime.date, months: int) -> datetime.date:
    """The last day of the month so many months after the one of a day."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def base_rate(result: PartnerRisk) -> float:
    """How many of all watched in the past came to a bad end; NaN where the model does not tell."""
    told = result.card.get("base_rate")
    return float("nan") if told is None else float(told)


def foresight(result: PartnerRisk, words: Words) -> str:
    """Of 100 partners that came to a bad end, how many had been warned of, about three months before."""
    told = seen_before(result)
    if not len(told):
        return words("risk.foresight_untold")
    row = told.loc[(told["months"] - 3).abs().idxmin()]
    return words(
        "risk.foresight",
        found=of_100(words, row["flagged"]),
        range=range_of_100(words, row["low"], row["high"]),
        n=int(row["months"]),
        ended=words.number(row["n"]),
    )


def seen_before(result: PartnerRisk) -> pd.DataFrame:
    """The rows of the lead time that rest on anybody."""
    table = result.lead_time
    return table[(table["n"] > 0) & table["flagged"].notna()] if len(table) else table


def range_of_100(words: Words, low: float, high: float) -> str:
    """The two ends of an interval of shares, as numbers of a hundred."""
    return words("range", low=of_100(words, low), high=of_100(words, high))


def caveat_text(words: Words, caveat: Caveat) -> str:
    """A caveat in words."""
    numbers = {name: _number(words, value) for name, value in dict(caveat.numbers or {}).items()}
    return words(f"risk.caveat.{caveat.code}", **numbers)


def _number(words: Words, value: object) -> str:
    if isinstance(value, datetime.date):
        return words.date(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return words.date(datetime.date.fromisoformat(value))
    if isinstance(value, float) and not value.is_integer():
        return words.number(value, 2)
    return words.number(value) if isinstance(value, int | float) else str(value)

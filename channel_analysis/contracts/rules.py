"""The rules data are held to: their codes, what they say, and what may become of rows that break one."""

from __future__ import annotations

from dataclasses import dataclass

ROWS = ("flag", "set_aside", "stop", "off")
"""Treatments of rules that judge sound rows: use and show them, leave them out, refuse, do not look."""

WHOLE = ("flag", "stop", "off")
"""Treatments of rules that judge a table as a whole, where no row could be left out."""

ASIDE_OR_STOP = ("set_aside", "stop")
"""Treatments of rows that cannot enter the figures."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what is said of rows that break it, how they are treated, and how they may be."""

    what: str
    default: str
    treatments: tuple[str, ...]


RULES: dict[str, Rule] = {
    "wrong_type": Rule("of a wrong type", "stop", ASIDE_OR_STOP),
    "excel_serial_date": Rule("with Excel's number of a day for a date", "stop", ASIDE_OR_STOP),
    "full_width_number": Rule("with a number in full-width digits", "stop", ASIDE_OR_STOP),
    "not_allowed": Rule("with a value that is not allowed", "stop", ASIDE_OR_STOP),
    "foreign_currency": Rule("in a foreign currency", "stop", ASIDE_OR_STOP),
    "missing": Rule("without a required value", "set_aside", ASIDE_OR_STOP),
    "blank_line": Rule("without any value", "set_aside", ASIDE_OR_STOP),
    "totals_row": Rule("that sum up others", "set_aside", (*ASIDE_OR_STOP, "off")),
    "duplicate_key": Rule("that repeat an earlier one", "set_aside", ASIDE_OR_STOP),
    "unknown": Rule("naming an entry that no table holds", "flag", ROWS),
    "ignored": Rule("in a column or file that no contract knows", "flag", ("flag", "off")),
    "near_duplicate": Rule("of orders alike in everything but their number", "flag", ROWS),
    "future_date": Rule("dated after the end of the data", "flag", ROWS),
    "early_date": Rule("dated long before the rest", "flag", ROWS),
    "swapped_date": Rule("with day and month exchanged", "flag", ROWS),
    "dates_out_of_order": Rule("with dates in an impossible order", "flag", ROWS),
    "missing_months": Rule("lacking for whole months", "flag", WHOLE),
    "stopped_feed": Rule("that end before the others do", "flag", WHOLE),
    "unit_slip": Rule("in another unit than the rest", "flag", ROWS),
    "currency_mix": Rule("in another currency than the rest", "flag", ROWS),
    "sign": Rule("with the wrong sign", "flag", ROWS),
    "arithmetic": Rule("with amounts that do not add up", "flag", ROWS),
    "stock_balance": Rule("with stock that does not balance", "flag", ROWS),
    "out_of_range": Rule("with a value outside its scale", "flag", ROWS),
    "full_width_text": Rule("with full-width characters in a number of a thing", "flag", ROWS),
    "invisible_characters": Rule("with invisible characters or another spelling", "flag", ROWS),
    "scientific_id": Rule("with a number of a thing turned into powers of ten", "flag", ROWS),
    "lost_zeros": Rule("with the zeros in front lost", "flag", ROWS),
    "broken_text": Rule("with text in a broken encoding", "flag", ROWS),
    "zone_shift": Rule("with days moved by a time zone", "flag", ROWS),
}
"""Every rule by its code; the words for readers stand in the locales under `rule` and `remedy`."""

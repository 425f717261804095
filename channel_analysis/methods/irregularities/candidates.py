"""What a rule found: candidates in one form, and what could be tested at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = [
    "rule",
    "partner_id",
    "rep_id",
    "customer_id",
    "period",
    "first_day",
    "last_day",
    "money",
    "p_value",
    "q_value",
    "observed",
    "expected",
    "count",
    "total",
    "peers",
    "companions",
    "untested",
]
"""Columns of candidates.

`period` is the code of the one it is about. `money` is at
stake; `p_value` is missing for facts; `q_value` is given by rules that know theirs and settled for
the others over the page. `observed` is what was measured and `expected` what honest peers would
show; `count` of `total` rows or orders; `peers` were compared with. `companions` and `untested` name
signs beside the measure that speak for it (of a limit: which one), and signs that could not be
looked at.
"""

TEXTS = ("partner_id", "rep_id", "customer_id", "companions", "untested")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rule: candidates, how many were tested and how many had too little to test.

    `kind` is "fact" or "test"; `missing` names tables and columns ("products.floor_price") without which
    there is no test, `reason` another cause for there being none.
    """

    rule: str
    kind: str
    candidates: pd.DataFrame
    tested: int = 0
    too_few: int = 0
    missing: tuple[str, ...] = ()
    reason: str = ""


def candidates(rule: str, period: str, frame: pd.DataFrame, **columns: object) -> pd.DataFrame:
    """A frame in the form of `COLUMNS`: its own columns of these names, others by keyword."""
    given = frame.assign(rule=rule, period=period, **columns).reset_index(drop=True)
    for name in COLUMNS:
        if name not in given:
            given[name] = None if name in TEXTS or name.endswith("_day") else np.nan
    for name in TEXTS:
        given[name] = given[name].astype(object).where(given[name].notna(), None)
    return given.loc[:, COLUMNS]


def not_tested(rule: str, kind: str, missing: Sequence[str] = (), reason: str = "") -> Outcome:
    """The outcome of a rule that could not be run."""
    return Outcome(rule, kind, none(), missing=tuple(missing), reason=reason)


def none() -> pd.DataFrame:
    """No candidates."""
    return pd.DataFrame(columns=COLUMNS)


def peer_groups(kinds: pd.Series, minimum: int) -> pd.Series:
    """The group each unit is compared in: its own kind, or all together where its kind has too few."""
    sizes = kinds.fillna("").groupby(kinds.fillna("")).transform("size")
    return kinds.fillna("").where(sizes >= minimum, "*")


def by_buyer(orders: pd.DataFrame, **more: tuple[str, str]) -> pd.DataFrame:
    """Orders in question as one row per buyer, with the rep where there is only one.

    `orders` has order_id, day, partner_id, customer_id, rep_id, amount and q_value; `more` names further
    columns as pandas aggregates them.
    """
    keys = ["partner_id", "customer_id"]
    by_partner = orders.assign(customer_id=orders["customer_id"].where(orders["partner_id"].isna(), None))
    table = by_partner.groupby(keys, dropna=False, sort=True).agg(
        money=("amount", "sum"),
        count=("order_id", "size"),
        q_value=("q_value", "mean"),
        first_day=("day", "min"),
        last_day=("day", "max"),
        rep_id=("rep_id", "min"),
        reps=("rep_id", "nunique"),
        **more,
    )
    table = table.reset_index()
    table["rep_id"] = table["rep_id"].astype(object).where(table["reps"] == 1, None)
    table[keys] = table[keys].astype(object).where(table[keys].notna(), None)
    return table

"""What is at stake, whom to look into first, and what became of those who were warned of."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ...metrics.periods import add_months

SCORED = ("scored", "cold_start")
"""Only partners of these statuses are listed for what they may cost; triggered ones are listed anyway."""

STAKES = ("receivable", "stock", "margin")
"""Money that is lost with a partner."""

OURS = "ours"
"""The ending of a partner whom we let go."""


def expected_loss(
    probability: pd.Series, receivable: pd.Series, stock: pd.Series, margin: pd.Series
) -> pd.DataFrame:
    """What a bad end may cost: probability x (receivable + stock + margin), in the workspace's currency.

    Money that is not known counts as 0 and is named; money below 0 (a credit balance) is none at stake.

    Returns
    -------
    DataFrame
        expected_loss (NaN without a probability) and missing ("receivable, stock": what is not known).

    Examples
    --------
    >>> told = expected_loss(*(pd.Series([value]) for value in (0.2, 1000.0, None, 500.0)))
    >>> told.values.tolist()
    [[300.0, 'stock']]
    """
    money = pd.concat([receivable, stock, margin], axis=1, keys=STAKES).astype("float64")
    unknown = money.isna().to_numpy()
    named = [", ".join(name for name, gone in zip(STAKES, row, strict=True) if gone) for row in unknown]
    at_stake = money.fillna(0.0).clip(lower=0.0).sum(axis=1)
    loss = probability.astype("float64") * at_stake
    return pd.DataFrame({"expected_loss": loss, "missing": pd.Series(named, probability.index, dtype=object)})


def expected_saving(loss: pd.Series, review_cost: float, saved_share: float) -> pd.Series:
    """What a review is expected to save: the share of the expected loss it averts, less what it costs."""
    return saved_share * loss.astype("float64") - review_cost


def watch_list(partners: pd.DataFrame, capacity: int, review_cost: float, saved_share: float) -> pd.Series:
    """Places on the list of partners to look into, from 1; NaN for those who are not on it.

    Triggered partners come first, always; then those whose review saves more than it costs, the one
    that saves most first, until the reviewers' capacity is used up. Ties go by partner_id. Of all lists
    of at most `capacity` partners that hold the triggered ones, none has a lower expected cost
    (reviews, and losses that are left). Others about whom nothing can be told are never listed.

    Parameters
    ----------
    partners : DataFrame
        partner_id, status, trigger ("" or missing: none), expected_loss.
    capacity : int
        Partners that can be looked into.
    review_cost : float
        Money for looking into one.
    saved_share : float
        Share of the expected loss that a review averts.

    Examples
    --------
    >>> partners = pd.DataFrame({"partner_id": ["A", "B", "C"], "status": "scored",
    ...     "trigger": ["", "", "insolvency"], "expected_loss": [20000.0, 9000.0, 0.0]})
    >>> watch_list(partners, capacity=2, review_cost=2000.0, saved_share=0.3).tolist()
    [2.0, nan, 1.0]
    """
    saving = expected_saving(partners["expected_loss"], review_cost, saved_share).to_numpy()
    is_triggered = (partners["trigger"].fillna("") != "").to_numpy()
    is_worth_it = partners["status"].isin(SCORED).to_numpy() & (saving > 0)
    ranked = pd.DataFrame(
        {"later": ~is_triggered, "less": -saving, "partner_id": partners["partner_id"].to_numpy()}
    )[is_triggered | is_worth_it]
    listed = ranked.sort_values(["later", "less", "partner_id"], kind="stable").index[: max(capacity, 0)]
    places = np.full(len(partners), np.nan)
    places[listed] = np.arange(1.0, len(listed) + 1)
    return pd.Series(places, index=partners.index, name="watch_place")


def follow_up_of(alerts: pd.DataFrame, outcomes: pd.DataFrame, until: datetime.date) -> pd.DataFrame:
    """What became of the partners who were warned of, as far as it is known on a day.

    "ended": a bad end came after the warning, by the end of its window (it counts, too, when it came in
    the gap before the window began); "ours": we let the partner go before; "held": the window is over
    without either; "open": it is not over yet. What comes first counts, on one day the bad end.

    Parameters
    ----------
    alerts : DataFrame
        partner_id, period, as_of (dates), probability, band, horizon_months, gap_months.
    outcomes : DataFrame
        partner_id, ended_on (dates), ending ("churn", "default" ...; "ours": we decided it); a partner
        may have several.
    until : date
        The last day of the data; what came later is not known.

    Returns
    -------
    DataFrame
        One row per alert, in their order: partner_id, period, issued_on, probability, band, outcome,
        ending ("" unless ended), days (from the warning to the end, NaN without one).
    """
    told = alerts.reset_index(drop=True)
    window = _window_ends(told)
    first = _first_endings(told, window, outcomes, until)
    ending, day = first["ending"], first["ended_on"]
    over = np.where(window <= pd.Timestamp(until), "held", "open")
    came = np.where(ending == OURS, OURS, "ended")
    issued = pd.to_datetime(told["as_of"])
    return pd.DataFrame(
        {
            "partner_id": told["partner_id"],
            "period": told["period"],
            "issued_on": issued.dt.date.astype(object),
            "probability": told["probability"].astype("float64"),
            "band": told["band"],
            "outcome": pd.Series(np.where(ending.isna(), over, came), dtype=object),
            "ending": ending.where(ending != OURS).fillna("").astype(object),
            "days": (day - issued).dt.days.astype("float64"),
        }
    )


def _window_ends(alerts: pd.DataFrame) -> pd.Series:
    """The last day of each alert's window: that of the month so many months after the alert's."""
    days = pd.to_datetime(alerts["as_of"]).dt.date
    rows: Iterable[tuple[datetime.date, int, int]] = zip(
        days, alerts["gap_months"], alerts["horizon_months"], strict=True
    )
    ends = [
        add_months(day, int(gap) + int(horizon) + 1) - datetime.timedelta(1) for day, gap, horizon in rows
    ]
    return pd.Series(pd.to_datetime(pd.Series(ends, dtype=object)), index=alerts.index)


def _first_endings(
    alerts: pd.DataFrame, window: pd.Series, outcomes: pd.DataFrame, until: datetime.date
) -> pd.DataFrame:
    """The first ending of each alert's partner after the alert and within its window, NaN without any."""
    given = outcomes[["partner_id", "ending"]].assign(ended_on=pd.to_datetime(outcomes["ended_on"]))
    given = given[given["ended_on"] <= pd.Timestamp(until)]
    asked = alerts[["partner_id"]].assign(
        alert=alerts.index, issued=pd.to_datetime(alerts["as_of"]), window=window
    )
    pairs = asked.merge(given, on="partner_id")
    pairs = pairs[(pairs["ended_on"] > pairs["issued"]) & (pairs["ended_on"] <= pairs["window"])]
    pairs = pairs.assign(is_ours=pairs["ending"] == OURS)
    ordered = pairs.sort_values(["alert", "ended_on", "is_ours", "ending"], kind="stable")
    first = ordered.drop_duplicates("alert").set_index("alert")
    return first.reindex(alerts.index)[["ending", "ended_on"]]

"""Indicators that take more than one line to make."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .altman import ALTMAN
from .measures import WEIGHT, Floats, Measures, share


def altman(m: Measures) -> Floats:
    assets, debts = m["fin_total_assets"], m["fin_total_liabilities"]
    return ALTMAN["Z''"].score(
        (
            share(m["fin_current_assets"] - m["fin_current_liabilities"], assets),
            share(m["fin_retained_earnings"], assets),
            share(m["fin_ebit"], assets),
            share(m["fin_equity"], debts),
            share(m["fin_sales"], assets),
        )
    )


def in_distress(m: Measures) -> Floats:
    score = altman(m)
    return np.where(np.isnan(score), np.nan, (score < ALTMAN["Z''"].distress).astype(float))


def spread_of_lateness(m: Measures) -> Floats:
    """Standard deviation of days past due over the invoices paid; at least four of them."""
    mean = share(m["paid_days_12"], m["paid_paid_12"])
    variance = share(m["paid_squares_12"], m["paid_paid_12"]) - mean**2
    return np.where(m["paid_paid_12"] >= 4, np.sqrt(np.maximum(variance, 0)), np.nan)


def overdue(above: int, upto: int | None) -> Callable[[Measures], Floats]:
    """Share of the open receivables in one bucket of days past due; 0 when nothing is owed."""

    def bucket(m: Measures) -> Floats:
        part = m[f"overdue_{above}"] - (m[f"overdue_{upto}"] if upto else 0.0)
        return np.where(m["receivable"] == 0, 0.0, share(part, m["receivable"]))

    return bucket


def returned(m: Measures) -> Floats:
    """Share of what was ordered that came back, drawn to the type's by the number of orders."""
    orders, own = m["orders_12"], share(m["returned_12"], m["ordered_12"])
    usual = share(m.pooled(m["returned_12"]), m.pooled(m["ordered_12"]))
    return np.where(orders > 0, (orders * own + WEIGHT * usual) / (orders + WEIGHT), np.nan)


def missed(m: Measures) -> Floats:
    planned = m["visits_planned_12"]
    return share(np.maximum(planned - m["visits_done_12"], 0) + WEIGHT * _usual_miss(m), planned + WEIGHT)


def _usual_miss(m: Measures) -> Floats:
    planned, done = m.pooled(m["visits_planned_12"]), m.pooled(m["visits_done_12"])
    return np.maximum(share(planned - done, planned), 0)


def region_pace(m: Measures) -> Floats:
    """The region's last three months in its year over the whole company's; 1 keeps pace."""
    year, recent = np.maximum(m["net_12"], 0), np.maximum(m["net_3"], 0)
    own = share(m.pooled(recent, "region"), m.pooled(year, "region"))
    return share(own, share(m.everywhere(recent), m.everywhere(year)))


def depth(m: Measures) -> Floats:
    """How many of orders, payments, statements, answers and visits something is known of."""
    known = ("gap_median", "paid_paid_12", "fin_age_days", "marks_12", "visits_planned_12")
    return np.asarray(sum((np.nan_to_num(m[name]) > 0).astype(float) for name in known))


def statement_change(now: Floats, before: Floats) -> Floats:
    """Half the relative change of an amount that is not negative, -1 to 1."""
    return share(now - before, now + before)

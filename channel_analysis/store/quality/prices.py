"""Quantity times price that is not the amount: prices of a unit that a product otherwise never has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...contracts.marks import Mark
from .look import Look
from .scale import Bins, Whole, step
from .slips import price_scale

USUAL_PERCENT = 80
"""So much of a product's lines must have one and the same price for another to be odd."""

TABLE_SHARE = 0.9
"""And so much of all lines."""

ODD_PERCENT = 6
"""A price that more of a product's lines have is another price, not a mistake."""

FAR = 60
"""Steps from the usual price that no change of the price list makes: nearly twice or half."""


def odd_prices(look: Look) -> list[Mark]:
    """Lines at list price whose quantity and amount do not fit the price all other lines of the product have.

    A price that is new, or one that was given up, stands before or after the usual one, and is no mistake.
    """
    if look.table.name != "sales" or not look.holds("product_id", "quantity", "gross_amount", "order_date"):
        return []
    scale = price_scale(look, "product_id", "quantity", "gross_amount")
    bins, price = scale.bins(), step(scale.value)
    near = bins.sums(abs(bins.steps - bins.modes[bins.whose]) <= 1)
    if not bins.rows.any() or near.sum() < TABLE_SHARE * bins.rows.sum():
        return []
    is_rare = _rare(bins, near)
    if not is_rare.any():
        return []
    usual, _ = look.keep("usual_prices", pa.table({"whose": bins.groups, "bin": bins.modes}))
    whose = bins.groups.take(pa.array(bins.whose[is_rare]))
    steps, modes = bins.steps[is_rare], bins.modes[bins.whose[is_rare]]
    rare, _ = look.keep("rare_prices", pa.table({"whose": whose, "bin": steps, "usual": modes}))
    odd, _ = look.keep("odd_prices", _odd_sql(look, price, usual, rare))
    joins = f"LEFT JOIN {odd} AS odd_price ON odd_price.whose = t.product_id AND odd_price.bin = {price}"
    return [Mark("arithmetic", "quantity", "odd_price.bin IS NOT NULL", (joins,))]


def _rare(bins: Bins, near: Whole) -> npt.NDArray[np.bool_]:
    """Prices that hardly any line of a product has, where nearly all have the usual one."""
    totals, is_usual = bins.totals[bins.whose], 100 * near >= USUAL_PERCENT * bins.totals
    is_other = abs(bins.steps - bins.modes[bins.whose]) > 1
    return is_usual[bins.whose] & is_other & (100 * bins.rows <= 200 + ODD_PERCENT * totals)


def _odd_sql(look: Look, price: str, usual: str, rare: str) -> str:
    """Rare prices that are far from the usual one, or stand between days on which it was the price."""
    rows = f"SELECT t.product_id AS whose, {price} AS bin, t.order_date AS day FROM {look.view} AS t"
    spans = "MIN(v.day) AS first_day, MAX(v.day) AS last_day"
    of_usual = (
        f"SELECT u.whose AS whose, {spans} FROM ({rows}) AS v INNER JOIN {usual} AS u "
        "ON u.whose = v.whose AND ABS(v.bin - u.bin) <= 1 GROUP BY u.whose"
    )
    of_rare = (
        f"SELECT r.whose AS whose, r.bin AS bin, r.usual AS usual, {spans} FROM ({rows}) AS v "
        f"INNER JOIN {rare} AS r ON r.whose = v.whose AND r.bin = v.bin GROUP BY r.whose, r.bin, r.usual"
    )
    inside = "r.first_day > u.first_day AND r.last_day < u.last_day"
    return (
        f"SELECT r.whose AS whose, r.bin AS bin FROM ({of_rare}) AS r INNER JOIN ({of_usual}) AS u "
        f"ON u.whose = r.whose WHERE ABS(r.bin - r.usual) > {FAR} OR ({inside})"
    )

"""Quantity times price that is not the amount: prices of a unit that a product otherwise never has."""

from __future__ import annotations

from ...contracts.marks import Mark
from .look import Look
from .slips import price_scale, step

USUAL_SHARE = 0.8
"""So much of a product's lines must have one and the same price for another to be odd."""

TABLE_SHARE = 0.9
"""And so much of all lines."""

ODD_SHARE = 0.06
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
    prices, price = scale.bins(), step(scale.value)
    usual = look.keep("usual_prices", _usual_sql(prices))
    lines = look.ask(
        f"SELECT CAST(SUM(total) AS BIGINT) AS n, CAST(SUM(near) AS BIGINT) AS near FROM {usual}"
    )[0]
    if not lines["n"] or lines["near"] < TABLE_SHARE * lines["n"]:
        return []
    rare = look.keep("rare_prices", _rare_sql(prices, usual))
    if not look.ask(f"SELECT COUNT(*) AS n FROM {rare}")[0]["n"]:
        return []
    odd = look.keep("odd_prices", _odd_sql(look, price, usual, rare))
    joins = f"LEFT JOIN {odd} AS odd_price ON odd_price.whose = t.product_id AND odd_price.bin = {price}"
    return [Mark("arithmetic", "quantity", "odd_price.bin IS NOT NULL", (joins,))]


def _usual_sql(prices: str) -> str:
    """The price of most lines of each product, how many lines it has, and how many are near that price."""
    ranked = (
        "SELECT whose, bin, SUM(n) OVER (PARTITION BY whose) AS total, "
        f"ROW_NUMBER() OVER (PARTITION BY whose ORDER BY n DESC, bin) AS place FROM {prices}"
    )
    return (
        "SELECT r.whose AS whose, r.bin AS bin, CAST(MAX(r.total) AS BIGINT) AS total, "
        f"CAST(SUM(p.n) AS BIGINT) AS near FROM ({ranked}) AS r INNER JOIN {prices} AS p "
        "ON p.whose = r.whose AND ABS(p.bin - r.bin) <= 1 WHERE r.place = 1 GROUP BY r.whose, r.bin"
    )


def _rare_sql(prices: str, usual: str) -> str:
    """Prices that hardly any line of a product has, with the usual one."""
    return (
        f"SELECT p.whose AS whose, p.bin AS bin, u.bin AS usual FROM {prices} AS p INNER JOIN {usual} AS u "
        f"ON u.whose = p.whose WHERE u.near >= {USUAL_SHARE} * u.total AND ABS(p.bin - u.bin) > 1 "
        f"AND p.n <= 2 + {ODD_SHARE} * u.total"
    )


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

"""A partner's net sales over time as a small drawing: what is actual dark, what is not over yet hatched."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import escape

from ...sheets import PartnerSheet
from ...words import Words
from ..blocks import Figure
from ..svg import SIZE, WIDTH, bar, line, svg

HEIGHT = 96
"""Pixels between the least and the most of the bars, 0 included."""

ROOM = 0.7
"""So much of its place a bar fills."""

LABEL, TICK = 18, 22
"""Room above the bars for their figures, and below them for the names of the periods."""


def results_figure(result: PartnerSheet, words: Words) -> Figure:
    """Net sales of the last periods with their figures; a hollow bar is the target."""
    periods, sales = list(result.history["period"]), [float(v) for v in result.history["net_sales"]]
    money = words.money_unit(sales, result.scope.currency)
    plan = _target(result)
    low, high = min(0.0, *sales), max(0.0, *sales, plan if plan == plan else 0.0)
    size = HEIGHT / ((high - low) or 1.0)
    floor, step = LABEL + high * size, WIDTH / len(periods)
    marks, figures, ticks = [], [], []
    if not math.isnan(plan):
        marks.append(bar((len(periods) - 0.95) * step, floor, 0.9 * step, -plan * size, "actual", "hollow"))
    for place, value in enumerate(sales):
        is_last = place == len(sales) - 1
        style = "hatched" if is_last and result.scope.is_provisional else "solid"
        left = (place + (1 - ROOM) / 2) * step
        marks.append(bar(left, floor, ROOM * step, -value * size, "actual" if is_last else "before", style))
        top = max(value, plan if is_last and plan == plan else 0.0, 0.0)
        middle = (place + 0.5) * step
        said = words.money(value, money) if value else words.number(0)
        figures.append((middle, floor - top * size - 9, said))
        ticks.append((middle, floor - low * size + 13, words.period_short(periods[place])))
    marks += [line(0, floor, WIDTH, floor), _texts(figures[:-1], "text"), _texts(figures[-1:], "text", True)]
    drawn = svg(LABEL + HEIGHT + TICK, [*marks, _texts(ticks, "muted")])
    return Figure("results", drawn, _caption(result, money.name, words))


def _texts(placed: Sequence[tuple[float, float, str]], role: str, bold: bool = False) -> str:
    """Centred texts of one look, which is said once."""
    weight = ' font-weight="600"' if bold else ""
    drawn = "".join(
        f'<text x="{x:.0f}" y="{y + 0.35 * SIZE:.0f}">{escape(said)}</text>' for x, y, said in placed
    )
    return f'<g fill="var(--{role})" text-anchor="middle"{weight}>{drawn}</g>'


def _target(result: PartnerSheet) -> float:
    """The target of net sales, where the last bar is the sheet's period."""
    own = result.cards[result.cards["kpi"] == "net_sales"]
    if not len(own) or result.history["period"].iloc[-1] != result.scope.period:
        return math.nan
    return float(own["target"].iloc[0])


def _caption(result: PartnerSheet, unit: str, words: Words) -> str:
    """What the last bar says, against the same period last year where there is any."""
    code, value = (result.history[name].iloc[-1] for name in ("period", "net_sales"))
    numbers = {"period": words.period(code), "amount": words.amount(float(value), result.scope.currency)}
    numbers["unit"] = unit
    base = float(result.history["net_sales"].iloc[-5]) if len(result.history) >= 5 else math.nan
    is_year = code[4:5] != "-" and base > 0 and not result.scope.is_provisional
    if not is_year:
        return words("sheet.caption.results", **numbers)
    return words("sheet.caption.results_year", change=words.signed_share(float(value) / base - 1), **numbers)

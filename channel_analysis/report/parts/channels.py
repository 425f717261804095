"""Results by channel type: one table, history on one scale, what each added to the change."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ...results import ChannelResults
from ...words import Unit, Words
from ..blocks import Block, Column, Figure, Prose, Section, Table
from ..charts import Panel, bars_over_time
from ..charts_changes import Step, limits_of, waterfall
from .wording import absent_texts, caveat_text, channel_name, entity_name, kpi_name, kpi_text

INDENT = "\N{EM SPACE}"


def channels(result: ChannelResults, words: Words) -> Section:
    """Table, history and waterfall, with what a reader must know to compare them."""
    notes = [caveat_text(words, result.scope, c) for c in result.caveats if c.code != "kpi_absent"]
    notes += absent_texts(words, result.scope, result.caveats)
    blocks: list[Block] = list(_tables(result, words))
    blocks += [Prose(note, "note") for note in notes]
    blocks += [_history(result, words)]
    blocks += [_waterfall(result, words)] if len(result.changes) else []
    return Section("results", words("part.results"), tuple(blocks))


TABLES = {
    "channels": {
        "net_sales": "result",
        "attainment": "result",
        "growth_yoy": "result",
        "like_for_like_yoy": "result",
        "market_share": "market",
        "active_partner_rate": "market",
    },
    "channels_quality": {
        "gross_margin": "cost",
        "channel_contribution_margin": "cost",
        "channel_cost_ratio": "cost",
        "csat": "customer",
        "complaint_rate": "customer",
        "return_rate": "customer",
    },
}
"""The tables of this part, each as wide as a page: KPI to the group of columns it stands in."""


MOST_KPIS = 7
"""So many KPIs fit on the width of a page; with fewer there is one table."""


def _tables(result: ChannelResults, words: Words) -> list[Table]:
    """The tables of this part: those with no KPI left out, few KPIs together in one."""
    found = {name: [kpi for kpi in groups if kpi in result.kpis] for name, groups in TABLES.items()}
    if sum(len(kpis) for kpis in found.values()) <= MOST_KPIS:
        found = {"channels": [kpi for kpis in found.values() for kpi in kpis]}
    return [_table(name, kpis, result, words) for name, kpis in found.items() if kpis]


def _table(name: str, kpis: list[str], result: ChannelResults, words: Words) -> Table:
    scope, rows = result.scope, result.channels
    groups = {kpi: group for table in TABLES.values() for kpi, group in table.items()}
    money = words.money_unit(rows["net_sales"], scope.currency)
    pairs = zip(rows["level"], rows["entity"], strict=True)
    names = tuple(
        (INDENT if level == "channel_type" else "") + entity_name(words, scope, level, entity)
        for level, entity in pairs
    )
    columns = [Column(words("column.channel"), names, is_number=False)]
    for kpi in kpis:
        heading, group = kpi_name(words, scope, kpi), words(f"group.{groups[kpi]}")
        unit = scope.names.units[kpi]
        if unit == "money":
            heading = words("column.with_unit", name=heading, unit=money.name)
        texts = tuple(_cell(row, kpi, unit, money, words) for row in rows.to_dict("records"))
        columns.append(Column(heading, texts, group=group))
        if kpi == "net_sales":
            shares = tuple(words.share(value) for value in rows["sales_share"])
            columns.append(Column(words("column.share"), shares, group=group))
    strong = tuple(i for i, level in enumerate(rows["level"]) if level != "channel_type")
    caption = words(f"caption.{name}", period=words.period(scope.period))
    return Table(name, caption, tuple(columns), _legend(rows, kpis, words), strong)


def _cell(row: dict[str, Any], kpi: str, unit: str, money: object, words: Words) -> str:
    if row[f"{kpi}_status"] != "ok":
        return words(f"mark.{row[f'{kpi}_status']}")
    if kpi in ("growth_yoy", "like_for_like_yoy"):
        return words.signed_share(row[kpi])
    if kpi == "csat":
        low, high = (words.share(row[f"csat_{end}"], 0) for end in ("low", "high"))
        return words("cell.with_interval", value=words.share(row[kpi]), low=low, high=high)
    return kpi_text(words, unit, row[kpi], money)  # type: ignore[arg-type]


def _legend(rows: pd.DataFrame, kpis: list[str], words: Words) -> tuple[str, ...]:
    """What the marks in cells without a figure mean."""
    met = {status for kpi in kpis for status in rows[f"{kpi}_status"]} - {"ok"}
    return tuple(
        words("mark.legend", mark=words(f"mark.{status}"), meaning=words(f"status.{status}"))
        for status in sorted(met)
    )


def _history(result: ChannelResults, words: Words) -> Figure:
    scope, history = result.scope, result.history
    periods = list(dict.fromkeys(history["period"]))
    base = periods.index(scope.last_year) if scope.last_year in periods else None
    latest = history[history["period"] == scope.period].sort_values("net_sales", ascending=False)
    types = list(latest["channel_type"])
    unit = words.money_unit(latest["net_sales"], scope.currency)
    panels = [_panel(history, name, periods, base, unit, result, words) for name in types]
    top, whole = latest.iloc[0], latest["net_sales"].sum()
    legend = "figure.legend_base" if base is not None and base < len(periods) - 1 else "figure.legend"
    caption = words(
        "figure.history" if len(types) > 1 else "figure.history_one",
        unit=unit.name,
        legend=words(legend, period=words.period(scope.period)),
        channel=channel_name(words, scope, top["channel_type"]),
        amount=words.amount(top["net_sales"], scope.currency),
        share=words.share(top["net_sales"] / whole if whole > 0 else math.nan),
        n=len(types),
    )
    return Figure("history", bars_over_time(panels), caption)


def _panel(
    history: pd.DataFrame,
    channel_type: str,
    periods: list[str],
    base: int | None,
    unit: Unit,
    result: ChannelResults,
    words: Words,
) -> Panel:
    """One channel type over time; the period and the one a year before carry their figures."""
    own = history[history["channel_type"] == channel_type].set_index("period")
    heights = own.reindex(periods)["net_sales"].fillna(0.0)
    last = len(periods) - 1
    return Panel(
        title=channel_name(words, result.scope, channel_type),
        heights=list(heights),
        ticks=[words.period_short(code) for code in periods],
        kinds=["actual" if place == last else "before" for place in range(len(periods))],
        labels=[words.money(v, unit) if place in (base, last) else "" for place, v in enumerate(heights)],
    )


def _waterfall(result: ChannelResults, words: Words) -> Figure:
    scope, table = result.scope, result.changes
    base = str(table["base"].iloc[0])
    before, now = float(table["before"].sum()), float(table["now"].sum())
    steps = [before, *table["change"], now]
    unit = words.money_unit(steps, scope.currency)
    drawn = [
        Step(words.period_short(base), before, words.money(before, unit), is_total=True),
        *(
            _step(channel_name(words, scope, name), change, unit, words)
            for name, change in zip(table["channel_type"], table["change"], strict=True)
        ),
        Step(words.period_short(scope.period), now, words.money(now, unit), is_total=True),
    ]
    largest = table.loc[table["change"].abs().idxmax()]
    caption = words(
        "figure.changes",
        unit=unit.name,
        base=words.period(base),
        total=words.amount(now - before, scope.currency, signed=True, unit=unit),
        channel=channel_name(words, scope, largest["channel_type"]),
        change=words.amount(largest["change"], scope.currency, signed=True, unit=unit),
    )
    if limits_of(drawn)[2]:
        caption = words("root_cause.two", first=caption, second=words("root_cause.figure.cut"))
    return Figure("changes", waterfall(drawn), caption)


def _step(name: str, change: float, unit: Unit, words: Words) -> Step:
    """A change with sign, shape and colour; more sales are good."""
    shape, mood = ("▲", "good") if change > 0 else ("▼", "bad") if change < 0 else ("■", "neutral")
    said = words.signed(change / unit.divisor, unit.decimals)
    return Step(name, change, f"{shape} {said}", mood)

"""Figures of root causes: the bridge, where a change arose, and how weights and rates moved."""

from __future__ import annotations

import math

import pandas as pd

from ...rootcauses import RootCause
from ...words import Words
from ..blocks import Figure
from ..charts_changes import Move, Step, limits_of, mix_rate, waterfall
from .root_cause_wording import (
    Figures,
    against_name,
    base_head,
    branch_name,
    fitted,
    own_words,
    segment_name,
    told,
)
from .wording import kpi_name

BARS = 14
"""Bars of a waterfall; what is beyond goes into one."""

BY_SEGMENT = "by_segment"
"""The ledger's node under which the change is told by segments."""

MOVES = 8
"""Entities of a mix-rate plot: those that moved the ratio most."""

NAME, SHORT = 34, 18
"""Width of names beside bars and beside dots, in narrow characters."""


def bridge_figure(result: RootCause, figures: Figures, words: Words) -> Figure:
    """The bridge as a waterfall; its caption names the largest bar."""
    rows = result.bridge.to_dict("records")
    steps = [
        _total(row["bar"], row["amount"], result, figures, words)
        if row["is_total"]
        else _step(_bar_name(row, words), row["amount"], row["low"], row["high"], result.better, figures)
        for row in rows
        if row["is_total"] or row["amount"]
    ]
    largest = max((row for row in rows if not row["is_total"]), key=lambda row: abs(row["amount"]))
    caption = words(
        "root_cause.figure.bridge",
        kpi=kpi_name(words, result.scope, result.kpi),
        base=against_name(result, words),
        change=figures.change(result.change),
        bar=own_words(words, "bar", largest["bar"]),
        amount=figures.change(largest["amount"]),
    )
    return _drawn(f"bridge_{result.kpi}", _shortened(steps, figures, words), caption, figures, words)


def segments_figure(result: RootCause, figures: Figures, words: Words) -> list[Figure]:
    """The ledger's branch of segments as a waterfall: what is usual, what all did, each segment, the rest."""
    nodes = result.ledger[result.ledger["parent"] == BY_SEGMENT]
    found = result.segments[result.segments["factor"] == ""].set_index("segment")
    if not len(nodes) or not len(found):
        return []
    steps = [_total("before", result.before, result, figures, words)]
    for node, amount in zip(nodes["node"], nodes["amount"], strict=True):
        name = str(node).removeprefix(f"{BY_SEGMENT}/")
        if name in found.index:
            row = found.loc[name]
            title = fitted(segment_name(result, words, row["place"]), NAME)
            steps.append(_step(title, amount, row["low"], row["high"], result.better, figures))
        elif amount and figures.cell_change(amount) != figures.cell_change(0.0):
            title = fitted(branch_name(result, words, name), NAME)
            steps.append(_step(title, amount, math.nan, math.nan, result.better, figures))
    steps.append(_total("now", result.now, result, figures, words))
    first = found.iloc[0]
    caption = words(
        "root_cause.figure.segments",
        kpi=kpi_name(words, result.scope, result.kpi),
        change=figures.change(result.change),
        segment=segment_name(result, words, first["place"]),
        amount=figures.change_between(first["contribution"], first["low"], first["high"]),
    )
    return [_drawn(f"by_segment_{result.kpi}", _shortened(steps, figures, words), caption, figures, words)]


def _shortened(steps: list[Step], figures: Figures, words: Words) -> list[Step]:
    """No more bars than fit: the smallest changes go into one, before what ends the row."""
    beyond = len(steps) - BARS
    if beyond <= 0:
        return steps
    changes = sorted((step for step in steps if not step.is_total), key=lambda step: abs(step.amount))
    small = changes[: beyond + 1]
    amount = sum(step.amount for step in small)
    name = words("root_cause.bar.others")
    others = Step(f"{name} ({len(small)})", amount, _signed(amount, figures), "neutral")
    return [*(step for step in steps[:-1] if step not in small), others, steps[-1]]


def split_figure(result: RootCause, figures: Figures, words: Words) -> Figure:
    """Weights and rates of the entities that moved a ratio most, before and now."""
    rows = largest_of(result).to_dict("records")
    moves = [
        Move(
            words(
                "root_cause.bar_amount",
                bar=fitted(entity_of(row, result, words), SHORT),
                amount=figures.cell_change(row["amount"]),
            ),
            *_path(row),
            mood_of(row["amount"], result.better),
        )
        for row in rows
    ]
    axes = (words("root_cause.weight_axis"), figures.titled(kpi_name(words, result.scope, result.kpi)))
    svg = mix_rate(moves, result.before, axes, (lambda v: words.share(v, 0), figures.cell))
    sums = {name: figures.change(float(result.split[name].sum())) for name in ("within", "mix")}
    caption = words(
        "root_cause.figure.split",
        n=len(rows),
        count=words.number(len(rows)),
        entity=told(entity_of(rows[0], result, words)),
        amount=figures.change(rows[0]["amount"]),
        base=against_name(result, words),
        whole=figures.value(result.before),
        **sums,
    )
    return Figure(f"split_{result.kpi}", svg, caption)


def largest_of(result: RootCause) -> pd.DataFrame:
    """The entities of a split that moved the ratio most, the largest first."""
    order = result.split["amount"].abs().sort_values(ascending=False, kind="stable").index
    return result.split.loc[order].head(MOVES)


def entity_of(row: dict[str, object], result: RootCause, words: Words) -> str:
    """An entity's name, else what stands in the data; channel types by their names."""
    name = row["name"]
    text = name if isinstance(name, str) and name else str(row["entity"])
    known = result.scope.names.channel_types
    return told(" / ".join(words.label(known.get(part, {}), part) for part in text.split(" / ")))


def mood_of(amount: float, better: str) -> str:
    """Whether a change is good or bad for the KPI; neutral where nobody says which way is better."""
    if better not in ("higher", "lower") or not amount:
        return "neutral"
    return "good" if (amount > 0) == (better == "higher") else "bad"


def _path(row: dict[str, float]) -> tuple[float, float, float, float]:
    """Weight before and now, rate before and now; NaN at the end at which the entity was not there."""
    ends = [row["weight_before"], row["weight"], row["rate_before"], row["rate"]]
    absent = {"new": (0, 2), "lost": (1, 3)}.get(str(row["entry"]), ())
    before, now, rate_before, rate = (math.nan if n in absent else end for n, end in enumerate(ends))
    return before, now, rate_before, rate


def _drawn(name: str, steps: list[Step], caption: str, figures: Figures, words: Words) -> Figure:
    notes = [words("root_cause.figure.unit", unit=figures.heading)] if figures.heading else []
    if any(not math.isnan(step.low) for step in steps):
        notes.append(words("root_cause.figure.interval"))
    if limits_of(steps)[2]:
        notes.append(words("root_cause.figure.cut"))
    for note in notes:
        caption = words("root_cause.two", first=caption, second=note)
    return Figure(name, waterfall(steps), caption)


def _total(bar: str, amount: float, result: RootCause, figures: Figures, words: Words) -> Step:
    names = {"before": base_head(result, words), "now": words.period_short(result.period)}
    return Step(names.get(bar) or own_words(words, "bar", bar), amount, figures.cell(amount), is_total=True)


def _step(name: str, amount: float, low: float, high: float, better: str, figures: Figures) -> Step:
    """A change, whose direction is told by sign and shape as well as by colour."""
    return Step(name, amount, _signed(amount, figures), mood_of(amount, better), low=low, high=high)


def _signed(amount: float, figures: Figures) -> str:
    shape = "▲" if amount > 0 else "▼" if amount < 0 else "■"
    return f"{shape} {figures.cell_change(amount)}"


def _bar_name(row: dict[str, object], words: Words) -> str:
    """A bar's name, with the number of entities behind it where it has any."""
    name = fitted(own_words(words, "bar", row["bar"]), NAME)
    count = row["count"]
    if not isinstance(count, int | float) or math.isnan(count) or not count:
        return name
    return words("root_cause.bar_count", bar=name, count=words.number(count))

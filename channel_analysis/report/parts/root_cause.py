"""Why a KPI moved: the verdict, what the change is made of, where it arose, its causes, and the ledger."""

from __future__ import annotations

import math

import pandas as pd

from ...results import Caveat
from ...rootcauses import RootCause
from ...words import Words
from ..blocks import Block, Item, Items, Prose, Section
from .root_cause_figures import BY_SEGMENT, bridge_figure, segments_figure, split_figure
from .root_cause_tables import (
    causes_table,
    drivers_table,
    ledger_table,
    segments_table,
    split_table,
)
from .root_cause_wording import (
    Figures,
    against_name,
    caveat_text,
    chance,
    dimension_name,
    figure_text,
    figures_of,
    own_words,
    segment_name,
)
from .wording import kpi_name

FIRST = 3
"""Segments told in sentences, and bars told in the sentence on the bridge."""


def root_cause(result: RootCause, words: Words) -> Section:
    """Verdict, bridge, segments with their causes, what to do; then the tables, the ledger folded."""
    title = words(
        "root_cause.title",
        kpi=kpi_name(words, result.scope, result.kpi),
        period=words.period(result.period),
        base=against_name(result, words),
    )
    name = "causes" if result.kpi == "net_sales" else f"causes_{result.kpi}"
    if result.verdict == "no_base":
        return Section(name, title, (Prose(_no_base(result, words)),), "line")
    figures = figures_of(result, words)
    blocks: list[Block] = [Prose(_verdict(result, figures, words), "lead")]
    blocks += [Prose(text) for text in _told(result, figures, words)]
    blocks += [_caveat(caveat, result, words) for caveat in result.caveats]
    blocks += _made_of(result, figures, words)
    blocks += _where(result, figures, words)
    blocks += _mix(result, figures, words)
    if len(result.drivers):
        blocks.append(drivers_table(result, figures, words))
    if len(result.ledger):
        blocks.append(ledger_table(result, figures, words))
    blocks.append(Prose(_how(result, words), "note"))
    return Section(name, title, tuple(blocks))


def _caveat(caveat: Caveat, result: RootCause, words: Words) -> Prose:
    kind = "warning" if caveat.severity == "warning" else "note"
    return Prose(caveat_text(words, result.scope, caveat), kind)


# The verdict


def _no_base(result: RootCause, words: Words) -> str:
    """That there is nothing to compare with, and why."""
    said = words("root_cause.no_base", base=against_name(result, words), period=words.period(result.period))
    for caveat in result.caveats:
        said = _two(words, said, caveat_text(words, result.scope, caveat))
    return said


def _verdict(result: RootCause, figures: Figures, words: Words) -> str:
    """What moved, how much of it is usual, and how the search ended."""
    direction = "rose" if result.change > 0 else "fell" if result.change < 0 else "same"
    said = words(
        f"root_cause.moved.{direction}",
        kpi=kpi_name(words, result.scope, result.kpi),
        amount=figures.amount(result.change),
        base=against_name(result, words),
        before=figures.value(result.before),
        now=figures.value(result.now),
    )
    if not math.isnan(result.usual) and result.usual:
        is_mix = f"{BY_SEGMENT}/mix" in set(result.ledger["node"])
        key = "root_cause.usual_mix" if is_mix else "root_cause.usual"
        said = _two(words, said, words(key, usual=figures.change(result.usual)))
    return _two(words, said, _ending(result, figures, words))


def _ending(result: RootCause, figures: Figures, words: Words) -> str:
    if result.verdict == "segments" and len(result.segments):
        return _found(result, figures, words)
    names = words.join(dimension_name(words, name) for name in result.dimensions)
    return words(f"root_cause.verdict.{result.verdict}", dimensions=names or words("none"))


def _found(result: RootCause, figures: Figures, words: Words) -> str:
    """How much the segments explain, both sides where they offset each other; then what stands apart."""
    is_own = result.segments["factor"] == ""
    own, apart = result.segments[is_own], result.segments[~is_own]
    said = [_explained(result, own, figures, words)] if len(own) else []
    if len(apart):
        numbers = {"n": len(apart), "count": words.number(len(apart)), "names": _names(result, apart, words)}
        amount = figures.change(apart["contribution"].sum())
        said.append(words("root_cause.apart", amount=amount, **numbers))
    return said[0] if len(said) == 1 else _two(words, *said)


def _explained(result: RootCause, own: pd.DataFrame, figures: Figures, words: Words) -> str:
    amounts = own["contribution"]
    up, down = amounts[amounts > 0].sum(), amounts[amounts < 0].sum()
    numbers = {"count": words.number(len(own)), "names": _names(result, own, words)}
    if up and down:
        return words("root_cause.offsetting", up=figures.change(up), down=figures.change(down), **numbers)
    return words("root_cause.found", n=len(own), amount=figures.change(amounts.sum()), **numbers)


def _names(result: RootCause, rows: pd.DataFrame, words: Words) -> str:
    names = [segment_name(result, words, place) for place in rows["place"]]
    return (
        words("root_cause.between").join(names[:FIRST])
        if len(names) <= FIRST
        else words(
            "root_cause.and_more",
            names=words("root_cause.between").join(names[:FIRST]),
            n=words.number(len(names) - FIRST),
        )
    )


def _told(result: RootCause, figures: Figures, words: Words) -> list[str]:
    """How sure that is, and what to do about it."""
    strongest = float(result.segments["p_value"].min()) if len(result.segments) else result.p_value
    runs = {"chance": chance(words, strongest), "runs": words.number(result.placebo_runs)}
    said = []
    if not math.isnan(strongest) and words.has(f"root_cause.sure.{result.placebo}"):
        kind = "found" if result.verdict == "segments" else "not_found"
        said.append(
            words(f"root_cause.sure.{result.placebo}", what=words(f"root_cause.{kind}_strongest"), **runs)
        )
    said.append(words(f"root_cause.to_do.{result.verdict}"))
    proposals = result.proposals
    if len(proposals):
        count = words.number(len(proposals))
        said[-1] = _two(words, said[-1], words("root_cause.proposed", n=len(proposals), count=count))
    return said


def _two(words: Words, first: str, second: str) -> str:
    return words("root_cause.two", first=first, second=second)


# What it is made of, and where it arose


def _made_of(result: RootCause, figures: Figures, words: Words) -> list[Block]:
    """The largest bars in a sentence, and all of them as a waterfall."""
    bars = result.bridge
    steps = bars[~bars["is_total"].astype(bool) & (bars["amount"] != 0)] if len(bars) else bars
    if not len(steps):
        return []
    order = steps["amount"].abs().sort_values(ascending=False, kind="stable").index
    largest = steps.loc[order].head(FIRST)
    texts = [
        words("root_cause.bar_amount", bar=own_words(words, "bar", bar), amount=figures.change(amount))
        for bar, amount in zip(largest["bar"], largest["amount"], strict=True)
    ]
    said = words(
        "root_cause.made_of", n=len(texts), bars=words.join(texts), change=figures.change(result.change)
    )
    return [Prose(said), bridge_figure(result, figures, words)]


def _where(result: RootCause, figures: Figures, words: Words) -> list[Block]:
    """The first segments with their first cause, the waterfall of all, and the tables behind."""
    if not len(result.segments):
        return []
    rows = result.segments.head(FIRST).to_dict("records")
    items = Items(tuple(Item(_segment_text(result, row, figures, words)) for row in rows))
    blocks: list[Block] = [
        items,
        *segments_figure(result, figures, words),
        segments_table(result, figures, words),
    ]
    if len(result.causes):
        blocks.append(causes_table(result, figures, words))
    return blocks


def _segment_text(result: RootCause, row: dict[str, object], figures: Figures, words: Words) -> str:
    bounds = [float(row[name]) for name in ("contribution", "low", "high")]  # type: ignore[arg-type]
    key = "segment" if _is_told_share(row["share"]) else "segment_no_share"
    said = words(
        f"root_cause.{key}",
        segment=segment_name(result, words, row["place"]),
        amount=figures.change_between(*bounds),
        share=words.share(row["share"], 0),  # type: ignore[arg-type]
    )
    if row["verdict"] == "single_order":
        said = _two(words, said, words("root_cause.single_order"))
    own = result.causes[(result.causes["place"] == row["place"]) & ~result.causes["is_refuted"].astype(bool)]
    if not len(own):
        return _two(words, said, words("root_cause.no_cause"))
    return _two(words, said, _cause_text(own.sort_values("rank", kind="stable").iloc[0], result, words))


def _is_told_share(share: object) -> bool:
    return not pd.isna(share) and 0 < share <= 10  # type: ignore[operator]


def _cause_text(row: pd.Series, result: RootCause, words: Words) -> str:
    """The cause with its tag, its grade, and its figure before and now where it has both."""
    numbers = {
        "cause": own_words(words, "cause", row["cause"]),
        "tag": own_words(words, "tag", row["tag"]),
        "grade": own_words(words, "grade", row["grade"]),
    }
    now, before = (
        figure_text(words, row["unit"], row[name], result.scope.currency)
        for name in ("figure", "figure_before")
    )
    if words("none") in (now, before):
        return words("root_cause.first_cause", **numbers)
    return words("root_cause.first_cause_figures", before=before, now=now, **numbers)


def _mix(result: RootCause, figures: Figures, words: Words) -> list[Block]:
    """Of a ratio: how weights and rates moved."""
    if not len(result.split):
        return []
    return [split_figure(result, figures, words), split_table(result, figures, words)]


def _how(result: RootCause, words: Words) -> str:
    """How it was searched, for those who want to know."""
    names = words.join(dimension_name(words, name) for name in result.dimensions)
    return words(
        "root_cause.how",
        dimensions=names or words("none"),
        noise=own_words(words, "noise", result.noise),
        placebo=own_words(words, "placebo", result.placebo),
    )

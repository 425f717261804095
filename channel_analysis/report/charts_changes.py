"""Charts of changes: a waterfall with intervals, weights and rates before and now; layout alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .charts import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CUT = 0.3
"""Where all levels lie within so much of the largest, the axis begins near them and shows that it does."""

ROOM = 0.22
"""Room beside the bars for labels, as a part of what the bars take."""


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of a waterfall: a total from 0, or a change from where the one before it ended.

    `mood` is "good", "bad" or "neutral"; `low` and `high` bound the change, NaN where nothing does.
    """

    name: str
    amount: float
    label: str
    mood: str = "neutral"
    is_total: bool = False
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one entity's weight and rate; NaN before of a new one, now of a lost one."""

    label: str
    weight_before: float
    weight: float
    rate_before: float
    rate: float
    mood: str = "neutral"


TONES = {"good": "good", "bad": "bad", "neutral": "muted"}


def waterfall(ax: Axes, steps: Sequence[Step]) -> None:
    """One row per step from top to bottom, so that long names fit; totals solid, changes where they hang."""
    places = list(range(len(steps)))[::-1]
    begins = begins_of(steps)
    ends = [begin + step.amount for begin, step in zip(begins, steps, strict=True)]
    for number, (place, begin, step) in enumerate(zip(places, begins, steps, strict=True)):
        ax.barh(
            place, step.amount, left=begin, height=0.62 if step.is_total else 0.5, color=_tone(step, number)
        )
        if number + 1 < len(steps):
            ax.plot([ends[number]] * 2, [place + 0.25, place - 1.25], color=COLOURS["muted"], linewidth=0.8)
    _whiskers(ax, places, begins, steps)
    for place, begin, end, step in zip(places, begins, ends, steps, strict=True):
        right = max(begin, end, *(begin + bound for bound in (step.low, step.high) if not math.isnan(bound)))
        _label(ax, step.label, right, place, step.is_total)
    left, right, is_cut = limits_of(steps)
    ax.set_xlim(left, right)
    ax.set_ylim(-0.7, len(steps) - 0.3)
    ax.set_yticks(places, [step.name for step in steps])
    ax.tick_params(axis="y", left=False, labelleft=True, colors=COLOURS["text"])
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    if is_cut:
        _breaks(ax, [place for place, step in zip(places, steps, strict=True) if step.is_total])
    else:
        ax.axvline(0, color=COLOURS["muted"], linewidth=0.9)
    _bare(ax)


def begins_of(steps: Sequence[Step]) -> list[float]:
    """Where each bar begins: totals at 0, changes where the bar before ended.

    Examples
    --------
    >>> begins_of([Step("a", 9.0, "", is_total=True), Step("b", -4.0, ""), Step("c", 1.0, "")])
    [0.0, 9.0, 5.0]
    """
    begins, level = [], 0.0
    for step in steps:
        begins.append(0.0 if step.is_total else level)
        level = begins[-1] + step.amount
    return begins


def limits_of(steps: Sequence[Step]) -> tuple[float, float, bool]:
    """Ends of the axis, and whether it is cut: not at 0 where changes would be lost beside totals.

    Examples
    --------
    >>> limits_of([Step("a", 100.0, "", is_total=True), Step("b", -10.0, "")])[2]
    True
    >>> limits_of([Step("a", 100.0, "", is_total=True), Step("b", -90.0, "")])[2]
    False
    """
    begins = begins_of(steps)
    levels = [begin + step.amount for begin, step in zip(begins, steps, strict=True)]
    levels += [
        begin + bound
        for begin, step in zip(begins, steps, strict=True)
        for bound in (step.low, step.high)
        if not math.isnan(bound)
    ]
    least, most = min(levels), max(levels)
    span = most - least
    if least > 0 and 0 < span < CUT * most:
        return least - 0.35 * span, most + ROOM * 1.35 * span, True
    least, most = min(least, 0.0), max(most, 0.0)
    span = (most - least) or 1.0
    return least - 0.02 * span, most + ROOM * span, False


def mix_rate(
    ax: Axes,
    moves: Sequence[Move],
    whole: float,
    axes: tuple[str, str],
    write: tuple[Callable[[float], str], Callable[[float], str]],
) -> None:
    """Weight to the right, rate upwards: a hollow dot before, an arrow to a full dot now, names on the right.

    Up or down is the entity's own rate, left or right is the mix; `whole` is the rate of all before.
    """
    for move in moves:
        colour = COLOURS[TONES[move.mood]]
        before, now = (move.weight_before, move.rate_before), (move.weight, move.rate)
        if _known(before):
            ax.scatter(*before, s=42, facecolors="none", edgecolors=colour, zorder=3)
        if _known(now):
            ax.scatter(*now, s=52, color=colour, zorder=4)
        if _known(before) and _known(now):
            line = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.5, "shrinkA": 4, "shrinkB": 3}
            ax.annotate("", now, before, arrowprops=line)
    if not math.isnan(whole):
        ax.axhline(whole, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    ax.margins(x=0.06, y=0.16)
    ax.autoscale_view()
    _names_beside(ax, moves)
    for axis, title, text in zip((ax.xaxis, ax.yaxis), axes, write, strict=True):
        axis.set_major_formatter(_formatter(text))
        axis.set_label_text(title, color=COLOURS["muted"])
    ax.locator_params(nbins=5)
    ax.tick_params(colors=COLOURS["muted"], length=0)
    _bare(ax, "bottom", "left")


def spread(heights: Sequence[float], gap: float, top: float) -> list[float]:
    """Heights moved apart until none is nearer than `gap` to another; their order stays, none is above `top`.

    Examples
    --------
    >>> spread([5.0, 5.0, 0.0], 2.0, 6.0)
    [4.0, 6.0, 0.0]
    """
    order = sorted(range(len(heights)), key=lambda place: (heights[place], place))
    moved, lowest = list(heights), -math.inf
    for place in order:
        moved[place] = lowest = max(heights[place], lowest + gap)
    highest = top
    for place in reversed(order):
        moved[place] = min(moved[place], highest)
        highest = moved[place] - gap
    return moved


def _names_beside(ax: Axes, moves: Sequence[Move]) -> None:
    """Each name to the right of the axes, with a thin line to its dot."""
    low, high = ax.get_ylim()
    right = ax.get_xlim()[1]
    ends = [_end(move) for move in moves]
    heights = spread([end[1] for end in ends], (high - low) / max(11, len(moves)), high)
    for move, end, height in zip(moves, ends, heights, strict=True):
        line = {"arrowstyle": "-", "color": COLOURS["rule"], "linewidth": 0.7, "shrinkB": 5}
        ax.annotate(
            move.label,
            end,
            (right, height),
            arrowprops=line,
            va="center",
            ha="left",
            color=COLOURS["text"],
            annotation_clip=False,
            zorder=2,
        )
    ax.set_xlim(right=right)
    ax.set_ylim(low, high)


def _formatter(write: Callable[[float], str]) -> Callable[[float, object], str]:
    return lambda value, _: write(value)


def _end(move: Move) -> tuple[float, float]:
    now = (move.weight, move.rate)
    return now if _known(now) else (move.weight_before, move.rate_before)


def _known(point: tuple[float, float]) -> bool:
    return not any(map(math.isnan, point))


def _tone(step: Step, number: int) -> str:
    if step.is_total:
        return COLOURS["before" if number == 0 else "actual"]
    return COLOURS[TONES[step.mood]]


def _whiskers(ax: Axes, places: Sequence[int], begins: Sequence[float], steps: Sequence[Step]) -> None:
    for place, begin, step in zip(places, begins, steps, strict=True):
        if math.isnan(step.low) or math.isnan(step.high):
            continue
        ends = [begin + step.low, begin + step.high]
        ax.plot(ends, [place, place], color=COLOURS["text"], linewidth=1.1, zorder=4)
        ax.vlines(ends, place - 0.13, place + 0.13, color=COLOURS["text"], linewidth=1.1, zorder=4)


def _label(ax: Axes, text: str, right: float, place: float, is_total: bool) -> None:
    ax.annotate(
        text,
        (right, place),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=COLOURS["text"],
        fontweight="bold" if is_total else "normal",
    )


def _breaks(ax: Axes, places: Sequence[int]) -> None:
    """Two slanted cuts through each total, near the axis' beginning."""
    across = ax.get_yaxis_transform()
    for place in places:
        for begin in (0.025, 0.04):
            ax.plot(
                [begin, begin + 0.012],
                [place - 0.36, place + 0.36],
                color=COLOURS["paper"],
                linewidth=2.2,
                transform=across,
                zorder=5,
            )


def _bare(ax: Axes, *kept: str) -> None:
    for side, spine in ax.spines.items():
        spine.set_visible(side in kept)
        spine.set_color(COLOURS["rule"])

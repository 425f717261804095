"""Charts of changes: a waterfall with intervals, weights and rates before and now; layout alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .charts import ROW, gutter_of, row_name
from .svg import WIDTH, Scale, arrow_head, bar, dot, line, shortened, svg, text, widest

CUT = 0.3
"""Where all levels lie within so much of the largest, the axis begins near them and shows that it does."""


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


def waterfall(steps: Sequence[Step]) -> str:
    """One row per step from top to bottom, so that long names fit; totals solid, changes where they hang."""
    names, begins = [step.name for step in steps], begins_of(steps)
    left, right, is_cut = limits_of(steps)
    begin = gutter_of(names)
    room = widest([step.label for step in steps], bold=True) + 10
    scale = Scale(left, right, begin, WIDTH - room)
    marks = [] if is_cut else [line(scale(0), 0, scale(0), ROW * len(steps))]
    for place, (at, step) in enumerate(zip(begins, steps, strict=True)):
        y, end = ROW * (place + 0.5), at + step.amount
        start = max(at, left)
        half = 10 if step.is_total else 8
        marks.append(row_name(step.name, begin, y))
        marks.append(bar(scale(start), y - half, scale(end) - scale(start), 2 * half, _tone(step, place)))
        if place + 1 < len(steps):
            marks.append(line(scale(end), y + half, scale(end), y + ROW - 8, width=0.8))
        if is_cut and step.is_total:
            marks += _breaks(begin, y)
        marks += _whisker(scale, y, at, step)
        bounds = [at + bound for bound in (step.low, step.high) if not math.isnan(bound)]
        marks.append(text(scale(max(at, end, *bounds)) + 7, y, step.label, bold=step.is_total))
    return svg(ROW * len(steps), marks)


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
        return least - 0.35 * span, most, True
    least, most = min(least, 0.0), max(most, 0.0)
    span = (most - least) or 1.0
    return least, most, False


def mix_rate(
    moves: Sequence[Move],
    whole: float,
    axes: tuple[str, str],
    write: tuple[Callable[[float], str], Callable[[float], str]],
) -> str:
    """Weight to the right, rate upwards: a grey dot before, an arrow to a full dot now, names on the right.

    Up or down is the entity's own rate, left or right is the mix; `whole` is the rate of all before.
    """
    beside = min(widest([move.label for move in moves]), 240)
    points = [point for move in moves for point in _ends(move) if _known(point)]
    ups = [point[1] for point in points] + ([] if math.isnan(whole) else [whole])
    across = Scale(*_wider([point[0] for point in points]), 62, WIDTH - beside - 34)
    up = Scale(*_wider(ups), 240, 30)
    marks = _frame(across, up, axes, write)
    if not math.isnan(whole):
        marks.append(line(across.begin, up(whole), across.end, up(whole), dashed=True))
    marks += _names_beside(moves, across, up)
    for move in moves:
        marks += _moved(move, across, up)
    return svg(284, marks)


def _ends(move: Move) -> tuple[tuple[float, float], tuple[float, float]]:
    return (move.weight_before, move.rate_before), (move.weight, move.rate)


def _wider(values: Sequence[float]) -> tuple[float, float]:
    """Ends of an axis a little beyond its values."""
    low, high = min(values), max(values)
    more = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - more, high + more


def _frame(
    across: Scale,
    up: Scale,
    titles: tuple[str, str],
    write: tuple[Callable[[float], str], Callable[[float], str]],
) -> list[str]:
    marks = [line(across.begin, up.begin, across.end, up.begin), text(0, 9, titles[1], role="muted")]
    marks.append(text(across.begin, 275, titles[0], role="muted"))
    marks += [text(across(x), 254, write[0](x), "middle", "muted") for x in ticks_of(across.low, across.high)]
    marks += [text(across.begin - 8, up(y), write[1](y), "end", "muted") for y in ticks_of(up.low, up.high)]
    return marks


def ticks_of(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers within two ends, a step of 1, 2 or 5 apart.

    Examples
    --------
    >>> ticks_of(0.3, 9.0)
    [2.0, 4.0, 6.0, 8.0]
    """
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(size * unit for size in (1, 2, 5, 10) if size * unit >= rough * 0.999)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]


def _moved(move: Move, across: Scale, up: Scale) -> list[str]:
    before, now = ((across(x), up(y)) if _known((x, y)) else None for x, y in _ends(move))
    role, marks = TONES[move.mood], []
    if before and now:
        marks.append(line(*before, *now, role, 1.5))
        if math.dist(before, now) > 16:
            back = 5 / math.dist(before, now)
            tip = [end - back * (end - start) for start, end in zip(before, now, strict=True)]
            marks.append(arrow_head(tip[0], tip[1], *before, role))
    if before:
        marks.append(dot(*before, 4, "before"))
    return [*marks, dot(*now, 5, role)] if now else marks


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


def _names_beside(moves: Sequence[Move], across: Scale, up: Scale) -> list[str]:
    """Each name to the right of the axes, with a thin line to its dot."""
    ends = [_end(move) for move in moves]
    heights = spread([-up(end[1]) for end in ends], 17, -up.end)
    marks = []
    for move, end, height in zip(moves, ends, heights, strict=True):
        marks.append(line(across(end[0]), up(end[1]), across.end + 22, -height, "rule", 0.8))
        marks.append(text(across.end + 26, -height, shortened(move.label, 240)))
    return marks


def _end(move: Move) -> tuple[float, float]:
    before, now = _ends(move)
    return now if _known(now) else before


def _known(point: tuple[float, float]) -> bool:
    return not any(map(math.isnan, point))


def _tone(step: Step, number: int) -> str:
    if step.is_total:
        return "before" if number == 0 else "actual"
    return TONES[step.mood]


def _whisker(scale: Scale, y: float, begin: float, step: Step) -> list[str]:
    if math.isnan(step.low) or math.isnan(step.high):
        return []
    low, high = scale(begin + step.low), scale(begin + step.high)
    return [
        line(low, y, high, y, "text", 1.2),
        *(line(end, y - 4, end, y + 4, "text", 1.2) for end in (low, high)),
    ]


def _breaks(begin: float, y: float) -> list[str]:
    """Two slanted cuts through a total, near the axis' beginning."""
    return [line(begin + x, y + 12, begin + x + 7, y - 12, "paper", 2.5) for x in (10, 18)]

"""Charts by rows, by columns and over time, as SVG; each returns its drawing.

One notation throughout: what is actual is solid and dark, what was before is solid and grey, a plan is
hollow, a forecast hatched; changes carry sign and shape beside their colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .svg import WIDTH, Scale, bar, dot, line, shortened, svg, text, text_width, widest

ROW = 28
"""Height of a row."""

GUTTER = 210
"""Most width for the names of rows."""

PANELS = 4
"""Panels beside each other."""

STYLES = {
    "actual": ("actual", "solid"),
    "before": ("before", "solid"),
    "plan": ("actual", "hollow"),
    "forecast": ("actual", "hatched"),
}
"""How each kind of figure is drawn: colour and style."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One entity over time: heights, their names, kinds (of `STYLES`), and the labels of some ("" of others).

    `plan` is what the last bar was to reach, NaN where nobody said.
    """

    title: str
    heights: Sequence[float]
    ticks: Sequence[str]
    kinds: Sequence[str]
    labels: Sequence[str]
    plan: float = math.nan


def bars_over_time(panels: Sequence[Panel], height: float = 96) -> str:
    """Panels of bars on one scale, each bar in the notation of its kind; a hollow bar is the plan."""
    across = min(PANELS, len(panels))
    width, top = (WIDTH + 20) / across, 0.0
    low, high = _ends(panels)
    size = height / ((high - low) or 1.0)
    marks = []
    for begin in range(0, len(panels), across):
        beside = panels[begin : begin + across]
        least, most = _ends(beside)
        floor = top + 42 + most * size
        for place, panel in enumerate(beside):
            marks += _panel(panel, place * width, top, floor, min(width - 20, 330), size)
            marks += _ticks(panel, place * width, min(width - 20, 330), floor - least * size + 12)
        top = floor - least * size + 36
    return svg(top - 12, marks)


def _ends(panels: Sequence[Panel]) -> tuple[float, float]:
    """The least and the most of what panels show, 0 included."""
    known = [v for panel in panels for v in (0.0, *panel.heights, panel.plan) if not math.isnan(v)]
    return min(known), max(known)


def _panel(panel: Panel, left: float, top: float, floor: float, width: float, size: float) -> list[str]:
    step = width / max(len(panel.heights), 1)
    marks = [text(left, top + 9, shortened(panel.title, width), bold=True)]
    if not math.isnan(panel.plan):
        marks.append(bar(left + width - step, floor, step, -size * panel.plan, *STYLES["plan"]))
    for place, value in enumerate(panel.heights):
        x = left + (place + 0.12) * step
        marks.append(bar(x, floor, 0.76 * step, -size * value, *STYLES[panel.kinds[place]]))
    marks.append(line(left, floor, left + width, floor))
    return marks + _labels(panel, left, floor, width, step, size)


def _labels(panel: Panel, left: float, floor: float, width: float, step: float, size: float) -> list[str]:
    """The figures of some bars, above all bars they reach over; a figure without room is left out."""
    tops = [max(value, 0.0) for value in panel.heights]
    tops[-1] = max(tops[-1], 0.0 if math.isnan(panel.plan) else panel.plan)
    last, marks, free = len(tops) - 1, [], width
    for place in reversed(range(len(tops))):
        half = 0.5 * text_width(panel.labels[place], bold=place == last)
        middle = min(max((place + 0.5) * step, half), width - half)
        if not panel.labels[place] or (place < last and middle + half > free):
            continue
        reached = range(max(int((middle - half) / step), 0), min(int((middle + half) / step), last) + 1)
        y = floor - size * max(tops[other] for other in reached) - 9
        marks.append(text(left + middle, y, panel.labels[place], "middle", bold=place == last))
        free = middle - half - 6
    return marks


def _ticks(panel: Panel, left: float, width: float, y: float) -> list[str]:
    """Names below bars: the last's, and of the others with a label those that leave it room."""
    last, step = len(panel.ticks) - 1, width / max(len(panel.ticks), 1)
    marks = [text(left + width, y, panel.ticks[last], "end", "muted")]
    begin = width - text_width(panel.ticks[last]) - 6
    for place in [p for p in range(last) if panel.labels[p]][::-1] or ([0] if last > 0 else []):
        middle, half = (place + 0.5) * step, 0.5 * text_width(panel.ticks[place])
        middle = max(middle, half)
        if middle + half <= begin:
            marks.append(text(left + middle, y, panel.ticks[place], "middle", "muted"))
            begin = middle - half - 6
    return marks


def ranges(
    names: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    before: Sequence[float],
    labels: Sequence[str],
    target: float,
    target_label: str,
) -> str:
    """A dot a row with its range as a band, the value before as a grey dot, a line at the target."""
    known = [v for v in (*highs, *values, *before, target) if not math.isnan(v)]
    begin = gutter_of(names)
    scale = Scale(0.0, max(known), begin, WIDTH - widest(labels, bold=True) - 18)
    x, height = scale(target), ROW * len(names) + 24
    marks = [line(x, 20, x, height, dashed=True), text(x, 9, target_label, "middle", "muted")]
    marks.append(line(begin, 22, begin, height, "rule"))
    for place, (name, label) in enumerate(zip(names, labels, strict=True)):
        y = 24 + ROW * (place + 0.5)
        marks.append(row_name(name, begin, y))
        low, high = lows[place], highs[place]
        if not math.isnan(low) and high > low:
            marks.append(bar(scale(low), y - 4, scale(high) - scale(low), 8, "band"))
        if not math.isnan(before[place]):
            marks.append(dot(scale(before[place]), y, 4, "before"))
        marks.append(dot(scale(values[place]), y, 6, "actual"))
        marks.append(text(WIDTH, y, label, "end", bold=True))
    return svg(height, marks)


def shares(
    names: Sequence[str],
    parts: Sequence[Sequence[float]],
    labels: Sequence[Sequence[str]],
    legend: Sequence[str],
) -> str:
    """A bar a row, cut into parts that add up to the whole, the first the darkest; each with its label."""
    begin, height = gutter_of(names), ROW * len(names) + 26
    scale, tones = Scale(0.0, 1.0, begin, WIDTH), [_tone(n, len(legend)) for n in range(len(legend))]
    marks, x = [], begin
    for part, tone in zip(legend, tones, strict=True):
        marks += [bar(x, 3, 11, 11, "actual", tone=tone), text(x + 16, 9, part, role="muted")]
        x += 34 + text_width(part)
    for place, (name, row) in enumerate(zip(names, parts, strict=True)):
        y, level = 26 + ROW * (place + 0.5), 0.0
        marks.append(row_name(name, begin, y))
        for number, (share, label) in enumerate(zip(row, labels[place], strict=True)):
            if share > 0:
                gap = scale(share) - scale(0.0)
                marks.append(bar(scale(level), y - 10, max(gap - 1, 0.5), 20, "actual", tone=tones[number]))
                if gap > text_width(label) + 6:
                    role = "paper" if tones[number] > 0.5 else "text"
                    marks.append(text(scale(level) + gap / 2, y, label, "middle", role))
            level += share
    return svg(height, marks)


def columns(names: Sequence[str], heights: Sequence[float], labels: Sequence[str]) -> str:
    """A column for each name, with its label on top."""
    step, scale = WIDTH / max(len(names), 1), Scale(0.0, max([*heights, 0.0]) or 1.0, 0.0, 110.0)
    wide, marks = min(0.66 * step, 90), []
    for place, (name, height, label) in enumerate(zip(names, heights, labels, strict=True)):
        middle = (place + 0.5) * step
        marks += [
            bar(middle - wide / 2, 132, wide, -scale(height), "actual"),
            text(middle, 122 - scale(height), label, "middle", bold=True),
            text(middle, 146, shortened(name, step - 6), "middle", "muted"),
        ]
    return svg(158, [*marks, line(0, 132, WIDTH, 132)])


def contributions(names: Sequence[str], values: Sequence[float], labels: Sequence[str]) -> str:
    """Bars from a line at 0: to the right what raises, to the left what lowers; each with its label."""
    begin, room = gutter_of(names), widest(labels) + 12
    low, high = min(0.0, *values), max(0.0, *values)
    scale = Scale(low, high, begin + (room if low < 0 else 6), WIDTH - (room if high > 0 else 6))
    height, marks = ROW * len(names), []
    for place, (name, value, label) in enumerate(zip(names, values, labels, strict=True)):
        y, side = ROW * (place + 0.5), 1 if value >= 0 else -1
        marks += [
            row_name(name, begin, y),
            bar(scale(0), y - 9, scale(value) - scale(0), 18, "bad" if value > 0 else "good"),
            text(scale(value) + 7 * side, y, label, "start" if side > 0 else "end"),
        ]
    return svg(height, [*marks, line(scale(0), 0, scale(0), height)])


def observed(
    places: Sequence[float],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    titles: tuple[str, str],
    labels: Sequence[str] = (),
    ticks: Sequence[tuple[float, str]] = (),
    diagonal: bool = False,
) -> str:
    """Percentages as dots at their places, each with its range as an upright band; titles of x and y.

    With labels the dots need no upright axis; on the diagonal both axes would agree.
    """
    top = max(*highs, *values, *(places if diagonal else [0.0])) * 1.05 or 1.0
    left = 10.0 if labels else 40.0
    across = (
        Scale(0.0, top, left, 400) if diagonal else Scale(min(places) - 0.4, max(places) + 0.6, left, WIDTH)
    )
    up = Scale(0.0, top, 200, 30)
    marks = [text(0, 9, titles[1], role="muted"), text(left, 234, titles[0], role="muted")]
    marks.append(line(left, 200, across.end, 200))
    marks += [text(across(x), 213, name, "middle", "muted") for x, name in ticks]
    if not labels:
        marks += [text(left - 8, up(y), name, "end", "muted") for y, name in ticks]
    if diagonal:
        marks.append(line(across(0), up(0), across(top), up(top), dashed=True))
    for place, (x, value) in enumerate(zip(places, values, strict=True)):
        marks.append(bar(across(x) - 3, up(lows[place]), 6, up(highs[place]) - up(lows[place]), "band"))
        marks.append(dot(across(x), up(value), 5, "actual"))
        if labels:
            marks.append(text(across(x) + 11, up(value), labels[place], bold=True))
    return svg(246, marks)


def gutter_of(names: Sequence[str]) -> float:
    """Where bars begin beside the names of their rows."""
    return min(widest(names), GUTTER) + 12


def row_name(name: str, begin: float, y: float) -> str:
    """The name of a row, to the left of where its bar begins."""
    return text(begin - 12, y, shortened(name, GUTTER), "end")


def _tone(number: int, count: int) -> float:
    """Opacity of one of several parts: strong for light text to stand on, then faint for dark text."""
    strong = (count + 1) // 2
    if number < strong:
        return 1 - 0.18 * number / max(strong - 1, 1)
    return 0.40 - 0.27 * (number - strong) / max(count - strong - 1, 1)

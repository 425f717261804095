"""Charts as inline SVG: text stays text, colours are the page's, equal data give equal bytes."""

from __future__ import annotations

import io
import logging
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .fonts import font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 9.6
"""Width of every figure in inches; the page scales it to the column."""

COLOURS = {
    "actual": "#1d4e79",
    "before": "#9db4c8",
    "good": "#1b7a5a",
    "bad": "#b3402a",
    "text": "#202a33",
    "muted": "#5b6770",
    "rule": "#c9d1d8",
    "paper": "#ffffff",
}
"""Colours by role; in the SVG they become the page's variables, so that dark mode can differ."""


@contextmanager
def drawing(
    name: str, rows: float, language: str, columns: int = 1, grid_rows: int = 1
) -> Iterator[_Drawing]:
    """A figure of `rows` inches height to draw on; `drawing.svg` holds its SVG after the block."""
    import matplotlib

    matplotlib.use("svg")
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a missing weight is no news
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_settings(name, language)):
        figure = Figure(figsize=(WIDTH, rows), layout="constrained")
        axes = figure.subplots(grid_rows, columns, sharey=True, squeeze=False)
        made = _Drawing(figure, [axis for line in axes for axis in line])
        yield made
        made.svg = _svg(figure)


class _Drawing:
    """A figure under way: its axes in reading order, and its SVG once it is finished."""

    def __init__(self, figure: Figure, axes: Sequence[Axes]) -> None:
        self.figure, self.axes, self.svg = figure, list(axes), ""

    @property
    def ax(self) -> Axes:
        """The only axes."""
        return self.axes[0]


def bars_over_time(
    ax: Axes, heights: Sequence[float], ticks: Sequence[str], title: str, last_label: str, base: int | None
) -> None:
    """Bars by period, the last one dark with its value, the one compared with in the second tone."""
    colours = [COLOURS["rule"]] * len(heights)
    if base is not None and base >= 0:
        colours[base] = COLOURS["before"]
    colours[-1] = COLOURS["actual"]
    ax.bar(range(len(heights)), heights, color=colours, width=0.78)
    ax.axhline(0, color=COLOURS["muted"], linewidth=0.6)
    ax.annotate(
        last_label,
        (len(heights) - 1, max(*heights[-2:], 0)),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        color=COLOURS["text"],
        fontweight="bold",
    )
    ax.set_title(title, loc="left", color=COLOURS["text"], fontsize=11)
    shown = sorted({0, len(heights) - 1} | ({base} if base is not None and base >= 0 else set()))
    ax.set_xticks(shown, [ticks[i] for i in shown], fontsize=9)
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.margins(y=0.18)
    ax.set_xlim(-0.7, len(heights) + 0.1)
    _bare(ax, keep_bottom=False)


def waterfall(ax: Axes, names: Sequence[str], steps: Sequence[float], labels: Sequence[str]) -> None:
    """Start, steps up and down, end: `steps` are start, each change, end; bars hang where they belong."""
    level = steps[0]
    _whole_bar(ax, 0, steps[0], "before")
    for place, step in enumerate(steps[1:-1], start=1):
        ax.bar(place, step, bottom=level, color=COLOURS["good" if step >= 0 else "bad"], width=0.62)
        ax.plot([place - 0.69, place - 0.31], [level, level], color=COLOURS["muted"], linewidth=0.8)
        level += step
    _whole_bar(ax, len(steps) - 1, steps[-1], "actual")
    tops = _tops(steps)
    for place, label in enumerate(labels):
        ax.annotate(
            label,
            (place, tops[place]),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            color=COLOURS["text"],
            fontsize=10,
        )
    ax.set_xticks(range(len(names)), names, fontsize=10)
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.axhline(0, color=COLOURS["muted"], linewidth=0.8)
    ax.margins(y=0.14)
    _bare(ax, keep_bottom=False)


def ranges(
    ax: Axes,
    names: Sequence[str],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    before: Sequence[float],
    labels: Sequence[str],
    target: float,
    target_label: str,
) -> None:
    """A dot a row with its range as a line, the value before as a hollow dot, a line at the target."""
    places = list(range(len(names)))[::-1]
    ax.hlines(places, lows, highs, color=COLOURS["before"], linewidth=5, zorder=1)
    ax.scatter(before, places, s=38, facecolors="none", edgecolors=COLOURS["muted"], zorder=2)
    ax.scatter(values, places, s=58, color=COLOURS["actual"], zorder=3)
    for place, label, *points in zip(places, labels, highs, values, before, strict=True):
        end = max(point for point in points if not math.isnan(point))
        ax.annotate(
            label, (end, place), xytext=(10, 0), textcoords="offset points", va="center", fontweight="bold"
        )
    ax.axvline(target, color=COLOURS["muted"], linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    ax.annotate(
        target_label,
        (target, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, 2),
        textcoords="offset points",
        color=COLOURS["muted"],
        fontsize=9,
    )
    ax.set_yticks(places, names)
    ax.set_xlim(0, 130)
    ax.tick_params(axis="y", left=False, labelleft=True)
    _bare(ax, keep_bottom=True)


def shares(
    ax: Axes,
    names: Sequence[str],
    parts: Sequence[Sequence[float]],
    labels: Sequence[Sequence[str]],
    legend: Sequence[str],
) -> None:
    """A bar a row, cut into parts that add up to the whole, the first the darkest; each with its label."""
    places = list(range(len(names)))[::-1]
    for number, part in enumerate(legend):
        tone = _tone(number, len(legend))
        begins = [sum(row[:number]) for row in parts]
        widths = [row[number] for row in parts]
        ax.barh(places, widths, left=begins, height=0.68, color=COLOURS["actual"], alpha=tone, label=part)
        for place, begin, width, row in zip(places, begins, widths, labels, strict=True):
            if width > 0.035:
                colour = COLOURS["paper"] if tone > 0.5 else COLOURS["text"]
                ax.annotate(row[number], (begin + width / 2, place), ha="center", va="center", color=colour)
    ax.set_yticks(places, names)
    ax.set_xlim(0, 1)
    ax.tick_params(axis="y", left=False, labelleft=True)
    ax.tick_params(axis="x", labelbottom=False)
    ax.legend(ncols=len(legend), loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=9)
    _bare(ax, keep_bottom=False)


def columns(ax: Axes, names: Sequence[str], heights: Sequence[float], labels: Sequence[str]) -> None:
    """A column for each name, with its label on top."""
    ax.bar(range(len(names)), heights, color=COLOURS["actual"], width=0.66)
    for place, (height, label) in enumerate(zip(heights, labels, strict=True)):
        ax.annotate(
            label, (place, height), xytext=(0, 3), textcoords="offset points", ha="center", fontweight="bold"
        )
    ax.set_xticks(range(len(names)), names)
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.margins(y=0.18)
    _bare(ax, keep_bottom=True)


def contributions(ax: Axes, names: Sequence[str], values: Sequence[float], labels: Sequence[str]) -> None:
    """Bars from a line at 0: to the right what raises, to the left what lowers; each with its label."""
    places = list(range(len(names)))[::-1]
    ax.barh(places, values, height=0.62, color=[COLOURS["bad" if v > 0 else "good"] for v in values])
    for place, value, label in zip(places, values, labels, strict=True):
        side = 1 if value >= 0 else -1
        ax.annotate(
            label,
            (value, place),
            xytext=(6 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
        )
    ax.axvline(0, color=COLOURS["muted"], linewidth=0.9)
    ax.set_yticks(places, names)
    ax.set_ylim(-0.9, len(names) - 0.1)
    ax.tick_params(axis="y", left=False, labelleft=True)
    ax.tick_params(axis="x", labelbottom=False)
    ax.margins(x=0.16)
    _bare(ax, keep_bottom=False)


def observed(
    ax: Axes,
    places: Sequence[float],
    values: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    labels: Sequence[str],
) -> None:
    """Dots at their places, each with its range as an upright line; with labels where there are any."""
    ax.vlines(places, lows, highs, color=COLOURS["before"], linewidth=5, zorder=1)
    ax.scatter(places, values, s=50, color=COLOURS["actual"], zorder=3)
    for place, value, label in zip(places, values, labels, strict=False):
        ax.annotate(
            label, (place, value), xytext=(9, 0), textcoords="offset points", va="center", fontweight="bold"
        )
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.margins(x=0.08)
    _bare(ax, keep_bottom=True)


def _tone(number: int, count: int) -> float:
    """Opacity of one of several parts: strong for light text to stand on, then faint for dark text."""
    strong = (count + 1) // 2
    if number < strong:
        return 1 - 0.18 * number / max(strong - 1, 1)
    return 0.40 - 0.27 * (number - strong) / max(count - strong - 1, 1)


def _whole_bar(ax: Axes, place: int, height: float, colour: str) -> None:
    ax.bar(place, height, color=COLOURS[colour], width=0.62)


def _tops(steps: Sequence[float]) -> list[float]:
    """Height at which each bar of a waterfall ends on top."""
    tops, level = [max(steps[0], 0.0)], steps[0]
    for step in steps[1:-1]:
        tops.append(max(level, level + step))
        level += step
    return [*tops, max(steps[-1], 0.0)]


def _bare(ax: Axes, keep_bottom: bool) -> None:
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_visible(keep_bottom)
    ax.spines["bottom"].set_color(COLOURS["rule"])
    ax.tick_params(axis="x", bottom=False, colors=COLOURS["muted"])


def _settings(name: str, language: str) -> Any:
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.family": font_families(language),
        "font.size": 10.5,
        "axes.unicode_minus": True,
        "text.color": COLOURS["text"],
        "text.parse_math": False,
    }


def _svg(figure: Figure) -> str:
    """The figure's SVG for inlining: no prolog, no metadata, no id unused, the page's size and colours."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"', r"<svg \1", text, count=1)
    text = re.sub(
        r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>",
        r'<svg role="img" \1 xmlns="http://www.w3.org/2000/svg">',
        text,
        count=1,
    )
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", text)
    for role, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{role})")
    text = re.sub(
        r"font: (bold |)([\d.]+px) [^;\"]*",
        lambda m: f"font-size: {m[2]}" + ("; font-weight: 600" if m[1] else ""),
        text,
    )
    return re.sub(r">\s+<", "><", text).strip()

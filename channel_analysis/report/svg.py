"""Drawings as inline SVG: text stays text, colours are the page's by role, equal data give equal bytes.

Measures are CSS pixels of a drawing `WIDTH` wide; the page scales it. A role is one of the page's colours
("actual", "before", "good", "bad", "text", "muted", "rule", "paper"), so that dark mode and paper differ.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import escape

WIDTH = 640
"""Width of every drawing: about that of a column of text."""

SIZE = 12.5
"""Size of text."""

STYLES = ("solid", "hollow", "hatched")
"""Actual and previous figures are solid, plans hollow, forecasts hatched."""

_NARROW, _WIDE = set("fijlrtI.,:;'|!()[] "), set("mwMW%@")


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from data to pixels: `low` lies at `begin`, `high` at `end`."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        return self.begin + (value - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.begin)


def svg(height: float, marks: Iterable[str]) -> str:
    """A drawing of marks; its accessible name is given by the figure around it."""
    box = f"0 0 {WIDTH} {_n(height)}"
    opening = f'<svg role="img" viewBox="{box}" font-size="{SIZE}" xmlns="http://www.w3.org/2000/svg">'
    return f"{opening}{''.join(marks)}</svg>"


def bar(
    x: float, y: float, width: float, height: float, role: str, style: str = "solid", tone: float = 1.0
) -> str:
    """A rectangle from any of its corners; `style` is one of `STYLES`, `tone` its opacity."""
    left, top = min(x, x + width), min(y, y + height)
    place = f'x="{_n(left)}" y="{_n(top)}" width="{_n(abs(width))}" height="{_n(abs(height))}"'
    if style == "solid":
        faint = f' fill-opacity="{tone:.2f}"' if tone < 1 else ""
        return f'<rect {place} fill="var(--{role})"{faint}/>'
    outline = f'<rect {place} fill="none" stroke="var(--{role})" stroke-width="1.5"/>'
    return outline if style == "hollow" else outline + _hatching(left, top, abs(width), abs(height), role)


def line(
    x: float, y: float, to_x: float, to_y: float, role: str = "muted", width: float = 1, dashed: bool = False
) -> str:
    """A straight line."""
    ends = f'x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" y2="{_n(to_y)}"'
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<line {ends} stroke="var(--{role})" stroke-width="{_n(width)}"{dashes}/>'


def dot(x: float, y: float, radius: float, role: str, hollow: bool = False) -> str:
    """A circle."""
    paint = (
        f'fill="var(--paper)" stroke="var(--{role})" stroke-width="1.5"'
        if hollow
        else f'fill="var(--{role})"'
    )
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" {paint}/>'


def arrow_head(x: float, y: float, from_x: float, from_y: float, role: str, size: float = 8) -> str:
    """The head of an arrow that ends at a point and comes from another."""
    angle = math.atan2(y - from_y, x - from_x)
    corners = [(x, y)] + [
        (x - size * math.cos(angle + turn), y - size * math.sin(angle + turn)) for turn in (0.42, -0.42)
    ]
    points = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
    return f'<polygon points="{points}" fill="var(--{role})"/>'


def text(
    x: float, y: float, content: str, anchor: str = "start", role: str = "text", bold: bool = False
) -> str:
    """A line of text whose middle lies at `y`; `anchor` is start, middle or end."""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y + 0.35 * SIZE)}" fill="var(--{role})"{side}{weight}>'
        f"{escape(content)}</text>"
    )


def text_width(content: str, bold: bool = False) -> float:
    """About how wide a text is drawn; rather too wide than too narrow.

    Examples
    --------
    >>> text_width("渠道") == 2 * SIZE
    True
    >>> text_width("ill") < text_width("MMM")
    True
    """
    return sum(map(_em, content)) * SIZE * (1.06 if bold else 1.0)


def widest(contents: Sequence[str], bold: bool = False) -> float:
    """Width of the widest of several texts."""
    return max((text_width(one, bold) for one in contents), default=0.0)


def shortened(content: str, room: float) -> str:
    """A text that fits into a room, with a mark where it was cut.

    Examples
    --------
    >>> shortened("distributor", 40), shortened("shop", 40)
    ('distr…', 'shop')
    """
    if text_width(content) <= room:
        return content
    left, kept = room - text_width("…"), []
    for sign in content:
        left -= text_width(sign)
        if left < 0:
            break
        kept.append(sign)
    return "".join(kept).rstrip() + "…"


def _em(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if unicodedata.combining(sign):
        return 0.0
    if sign in _NARROW:
        return 0.36
    if sign in _WIDE or not (sign.isascii() and (sign.isalnum() or sign in '-_"')):
        return 0.92
    return 0.68 if sign.isupper() else 0.6


def _hatching(x: float, y: float, width: float, height: float, role: str, step: float = 6) -> str:
    """Slanted lines within a rectangle, drawn one by one: a pattern would need an id."""
    marks = []
    for number in range(1, math.ceil((width + height) / step)):
        reach = number * step
        begin = (x + min(reach, width), y + max(reach - width, 0))
        end = (x + max(reach - height, 0), y + min(reach, height))
        marks.append(line(*begin, *end, role))
    return "".join(marks)


def _n(value: float) -> str:
    """A number with at most one decimal, without a negative zero."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")

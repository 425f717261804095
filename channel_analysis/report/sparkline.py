"""Sparklines: a figure's course over periods, small enough to stand beside its number."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from ..words import Words

HEIGHT, STEP, GAP = 26, 11, 3
"""Pixels: height of a sparkline, and of a column with the gap beside it."""

FEWEST = 3
"""Fewer values make no course."""


def sparkline(values: Sequence[float | None], texts: Sequence[str], name: str, said: Words) -> str:
    """Columns from zero, the last one dark; its accessible name tells first, last and direction.

    Parameters
    ----------
    values : sequence of float or None
        The oldest first; None leaves a gap.
    texts : sequence of str
        The first and the last value as they are written.
    name : str
        Whose course it is.

    Returns
    -------
    str
        SVG; "" for fewer than `FEWEST` values.
    """
    known = [value for value in values if value is not None]
    if len(known) < FEWEST or values[-1] is None:
        return ""
    low, high = min(0.0, *known), max(0.0, *known)
    scale = (HEIGHT - 2) / ((high - low) or 1.0)
    marks = [_column(place, value, low, scale, len(values)) for place, value in enumerate(values)]
    direction = "up" if known[-1] > known[0] else "down" if known[-1] < known[0] else "level"
    label = said(f"sparkline.{direction}", name=name, n=len(known), first=texts[0], last=texts[-1])
    width = len(values) * STEP
    opening = f'<svg class="sparkline" role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {HEIGHT}"'
    size = f'width="{width}" height="{HEIGHT}" xmlns="http://www.w3.org/2000/svg"'
    return Markup(f"{opening} {size}>{''.join(marks)}</svg>")


def _column(place: int, value: float | None, low: float, scale: float, of: int) -> str:
    if value is None:
        return ""
    zero = HEIGHT - 1 + low * scale
    height = max(abs(value) * scale, 1.0)
    top = zero - height if value >= 0 else zero
    role = "actual" if place == of - 1 else "before"
    return (
        f'<rect x="{place * STEP}" y="{top:.1f}" width="{STEP - GAP}" height="{height:.1f}" '
        f'fill="var(--{role})"/>'
    )

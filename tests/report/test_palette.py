"""The page's colours: readable on both papers, and apart for readers who see fewer colours."""

import re
from itertools import combinations, product

import pytest

from channel_analysis.report.html import style_sheet

DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
"""How an eye without one kind of cones sees linear light (Machado and others 2009, severity 1)."""


def palettes() -> dict[str, dict[str, str]]:
    """The colours by role: on light and dark screens and on paper."""
    light, dark, paper = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        for block in re.findall(r"--paper:[^}]*", style_sheet())
    )
    return {"light": light, "dark": dark, "print": paper}


@pytest.fixture(params=["light", "dark", "print"])
def palette(request):
    return palettes()[request.param]


def test_paper_is_printed_in_the_light_colours():
    assert palettes()["print"] == palettes()["light"]


def test_every_colour_that_is_used_is_defined_in_every_palette():
    used = set(re.findall(r"var\(--(\w+)\)", style_sheet())) - {"font"}
    assert [used - set(palette) for palette in palettes().values()] == [set()] * 3


def test_text_stands_out_from_what_it_is_written_on(palette):
    pairs = product(("text", "muted", "link", "good", "bad", "warn"), ("paper", "panel"))
    weak = {pair: contrast(*(palette[name] for name in pair)) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_bars_and_dots_stand_out_from_the_paper(palette):
    weak = {name: contrast(palette[name], palette["paper"]) for name in ("actual", "before", "good", "bad")}
    assert {name: round(ratio, 2) for name, ratio in weak.items() if ratio < 3} == {}


def test_a_dot_stands_out_from_the_band_it_lies_on(palette):
    assert contrast(palette["actual"], palette["band"]) >= 3


@pytest.mark.parametrize("eye", [DEUTERANOPIA, PROTANOPIA], ids=["deuteranopia", "protanopia"])
def test_what_must_not_be_taken_for_each_other_is_apart_for_every_eye(palette, eye):
    near = {
        pair: distance(*(seen(palette[name], eye) for name in pair))
        for pair in combinations(("actual", "before", "good", "bad"), 2)
    }
    assert {pair: round(apart, 1) for pair, apart in near.items() if apart < 12} == {}


def test_the_measures_know_black_white_and_what_looks_alike():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert seen("#ffffff", DEUTERANOPIA) == pytest.approx((1, 1, 1), abs=1e-3)
    red, green = (seen(colour, DEUTERANOPIA) for colour in ("#b06000", "#7a7a00"))
    assert distance(red, green) < distance(linear("#b06000"), linear("#7a7a00")) / 2


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.2 defines it."""
    lighter, darker = sorted((luminance(linear(one)), luminance(linear(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def linear(colour: str) -> tuple[float, ...]:
    parts = [int(colour.lstrip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def luminance(light: tuple[float, ...]) -> float:
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def seen(colour: str, eye) -> tuple[float, ...]:
    light = linear(colour)
    return tuple(sum(k * c for k, c in zip(row, light, strict=True)) for row in eye)


def distance(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """How far two lights are apart to the eye (CIE 1976): 2 is just seen, 10 at a glance."""
    return sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5


def lab(light: tuple[float, ...]) -> tuple[float, float, float]:
    r, g, b = (min(max(c, 0.0), 1.0) for c in light)
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)

"""Charts: tested by the numbers in their axes; equal data give equal bytes."""

import dataclasses

import pytest
from bs4 import BeautifulSoup
from matplotlib.colors import to_hex

from channel_analysis.report import charts
from channel_analysis.report.blocks import Figure
from channel_analysis.report.charts import COLOURS, bars_over_time, drawing, ranges, waterfall
from channel_analysis.report.parts.channels import channels
from channel_analysis.report.parts.scorecard import scorecard
from channel_analysis.words import words

STEPS = [100.0, 30.0, -50.0, 15.0, 95.0]


@pytest.fixture
def axes():
    with drawing("test", 3.0, "en") as canvas:
        yield canvas.ax


@pytest.fixture
def drawn(monkeypatch, adventureworks_review):
    """Draw the figures of AdventureWorks' review and keep their axes, by name of the figure."""
    kept = {}

    class Kept(charts._Drawing):
        def __init__(self, figure, axes):
            super().__init__(figure, axes)
            kept[len(kept)] = self

    monkeypatch.setattr(charts, "_Drawing", Kept)
    channels(adventureworks_review.results, words("en"))
    scorecard(adventureworks_review.scorecard, words("en"))
    return dict(zip(("history", "changes", "scores"), kept.values(), strict=True))


def bar_ends(ax) -> list[tuple[float, float]]:
    """Where each bar begins and ends, from left to right."""
    bars = sorted(ax.patches, key=lambda bar: bar.get_x())
    return [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars]


def shown(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def draw_ranges(ax):
    names, labels = ["best", "second"], ["110", "60"]
    ranges(ax, names, [110, 60], [90, 50], [115, 80], [100, float("nan")], labels, 100, "target")


def test_the_steps_of_a_waterfall_close_from_start_to_end(axes):
    waterfall(axes, list("abcde"), STEPS, list("vwxyz"))
    assert bar_ends(axes) == [(0, 100), (100, 130), (130, 80), (80, 95), (0, 95)]


def test_a_waterfall_may_fall_below_zero(axes):
    waterfall(axes, list("abc"), [10.0, -30.0, -20.0], list("xyz"))
    assert bar_ends(axes) == [(0, 10), (10, -20), (0, -20)]


def test_steps_up_and_down_differ_in_colour(axes):
    waterfall(axes, list("abcde"), STEPS, list("vwxyz"))
    colours = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colours == [COLOURS[role] for role in ("before", "good", "bad", "good", "actual")]


def test_every_bar_of_a_waterfall_has_its_label_on_top(axes):
    waterfall(axes, list("abcde"), STEPS, list("vwxyz"))
    assert [(text.get_text(), text.xy[1]) for text in axes.texts] == list(
        zip("vwxyz", [100, 130, 130, 95, 95], strict=True)
    )


def test_bars_over_time_are_as_high_as_the_figures(axes):
    bars_over_time(axes, [3.0, 1.0, 2.0], ["a", "b", "c"], "Shop", "2.0", base=0)
    assert [bar.get_height() for bar in axes.patches] == [3.0, 1.0, 2.0]


def test_the_bar_compared_with_and_the_last_one_stand_out(axes):
    bars_over_time(axes, [3.0, 1.0, 2.0], ["a", "b", "c"], "Shop", "2.0", base=0)
    colours = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colours == [COLOURS[role] for role in ("before", "rule", "actual")]


def test_the_last_bar_carries_its_value(axes):
    bars_over_time(axes, [3.0, 1.0, 2.0], ["a", "b", "c"], "Shop", "2.0", base=None)
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("2.0", (2, 2.0))]


def test_bars_begin_at_zero(axes):
    bars_over_time(axes, [300.0, 310.0], ["a", "b"], "Shop", "310", base=None)
    assert axes.get_ylim()[0] <= 0


def test_a_range_runs_from_its_low_to_its_high_end(axes):
    draw_ranges(axes)
    ends = [tuple(segment[:, 0]) for segment in axes.collections[0].get_segments()]
    assert ends == [(90, 115), (50, 80)]


def test_the_dot_of_a_range_stands_at_the_value(axes):
    draw_ranges(axes)
    assert axes.collections[2].get_offsets()[:, 0].tolist() == [110, 60]


def test_the_best_stands_on_top(axes):
    draw_ranges(axes)
    heights = dict(zip([t.get_text() for t in axes.get_yticklabels()], axes.get_yticks(), strict=True))
    assert heights["best"] > heights["second"]


def test_a_label_stands_right_of_all_its_marks(axes):
    draw_ranges(axes)
    assert [text.xy[0] for text in axes.texts[:2]] == [115, 80]


def test_the_target_is_a_line_with_its_name(axes):
    draw_ranges(axes)
    assert axes.lines[0].get_xdata()[0] == 100
    assert "target" in shown(axes)


def test_the_bars_of_all_channels_are_on_one_scale(drawn):
    limits = {ax.get_ylim() for ax in drawn["history"].axes if ax.patches}
    assert len(limits) == 1


def test_the_history_shows_the_table(drawn, adventureworks_review):
    table = adventureworks_review.results.history
    bars = {round(bar.get_height(), 4) for ax in drawn["history"].axes for bar in ax.patches}
    assert {round(value, 4) for value in table["net_sales"].dropna()} <= bars


def test_the_waterfall_of_the_page_ends_at_the_net_sales_of_the_period(drawn, adventureworks_review):
    ends = bar_ends(drawn["changes"].ax)
    now = adventureworks_review.message.verdict.numbers["net_sales"]
    assert ends[-1][1] == pytest.approx(now, rel=1e-9)
    assert ends[-2][1] == pytest.approx(now, rel=1e-9)


def test_the_scores_of_the_page_are_those_of_the_table(drawn, adventureworks_review):
    dots = drawn["scores"].ax.collections[2].get_offsets()[:, 0].tolist()
    assert dots == adventureworks_review.scorecard.scores["score"].tolist()


def test_equal_data_give_equal_bytes():
    assert drawn_svg("same") == drawn_svg("same")


def test_an_svg_takes_its_colours_from_the_page():
    svg = drawn_svg("colours")
    assert "var(--good)" in svg
    assert not [colour for colour in COLOURS.values() if colour in svg]


def test_an_svg_keeps_its_text_and_holds_no_clock_no_link_and_no_font_file():
    svg = drawn_svg("text")
    assert "Shop &amp; Co" in svg or "Shop & Co" in BeautifulSoup(svg, "html.parser").get_text()
    assert not [
        sign for sign in ("<metadata", "<dc:date", "http://purl", "@font-face", "<?xml") if sign in svg
    ]


def test_an_svg_scales_with_the_page():
    tag = BeautifulSoup(drawn_svg("size"), "html.parser").svg
    assert tag["viewbox"].split()[:2] == ["0", "0"]
    assert "width" not in tag.attrs


def drawn_svg(name: str) -> str:
    with drawing(name, 3.0, "en") as canvas:
        waterfall(canvas.ax, ["Shop & Co", "b", "c"], [1.0, 1.0, 2.0], list("xyz"))
    return canvas.svg


def test_a_caption_without_a_number_is_refused():
    with pytest.raises(ValueError, match="the caption of figure 'f' states no number"):
        Figure("f", "<svg></svg>", "Sales rose")


def test_a_figure_without_last_year_has_no_bar_of_the_second_tone(demo_review):
    first = dataclasses.replace(demo_review.results.scope, last_year="1999Q3")
    figure = next(
        block
        for block in channels(dataclasses.replace(demo_review.results, scope=first), words("en")).blocks
        if isinstance(block, Figure)
    )
    assert "var(--before)" not in figure.svg

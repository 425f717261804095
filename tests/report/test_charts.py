"""Charts: tested by what is drawn, in lengths and places; equal data give equal bytes."""

import dataclasses
import math
import re

import pytest
from bs4 import BeautifulSoup

from channel_analysis.report.blocks import Figure
from channel_analysis.report.charts import (
    Panel,
    bars_over_time,
    columns,
    contributions,
    observed,
    ranges,
    shares,
)
from channel_analysis.report.charts_changes import Step, waterfall
from channel_analysis.report.parts.channels import channels
from channel_analysis.report.parts.scorecard import scorecard
from channel_analysis.report.svg import WIDTH, bar, text_width
from channel_analysis.words import words

NAN = math.nan


def drawn(svg: str) -> BeautifulSoup:
    return BeautifulSoup(svg, "html.parser")


def bars(svg: str, role: str = "") -> list[dict[str, float]]:
    """Rectangles in the order they are drawn; those of one colour."""
    return [
        {name: float(tag[name]) for name in ("x", "y", "width", "height")}
        for tag in drawn(svg)("rect")
        if role in tag.get("fill", "")
    ]


def colours(svg: str) -> list[str]:
    return [tag["fill"] for tag in drawn(svg)("rect")]


def placed(svg: str) -> dict[str, tuple[float, float]]:
    """Where each text begins, ends or stands in the middle."""
    return {tag.get_text(): (float(tag["x"]), float(tag["y"])) for tag in drawn(svg)("text")}


def panel(heights, labels=None, **more) -> Panel:
    names = [chr(97 + place) for place in range(len(heights))]
    kinds = ["before"] * (len(heights) - 1) + ["actual"]
    return Panel("Shop", heights, names, kinds, labels or [""] * len(heights), **more)


STEPS = [
    Step("a", 100.0, "100", is_total=True),
    Step("b", 30.0, "▲ +30", "good"),
    Step("c", -50.0, "▼ −50", "bad"),
    Step("d", 80.0, "80", is_total=True),
]


# Bars over time


def test_bars_are_as_high_as_their_figures():
    heights = [one["height"] for one in bars(bars_over_time([panel([3.0, 1.0, 2.0])]))]
    assert [height / heights[0] for height in heights] == pytest.approx([1, 1 / 3, 2 / 3], abs=0.01)


def test_the_bars_of_all_panels_are_on_one_scale_and_stand_on_one_line():
    found = bars(bars_over_time([panel([4.0]), panel([1.0])]))
    assert found[0]["height"] == pytest.approx(4 * found[1]["height"], abs=0.2)
    assert found[0]["y"] + found[0]["height"] == pytest.approx(found[1]["y"] + found[1]["height"], abs=0.2)


def test_a_second_row_of_panels_keeps_the_scale():
    found = bars(bars_over_time([*[panel([4.0])] * 4, panel([1.0])]))
    assert found[0]["height"] == pytest.approx(4 * found[4]["height"], abs=0.2)
    assert found[4]["y"] > found[0]["y"] + found[0]["height"]


def test_a_loss_hangs_below_the_line():
    gain, loss = bars(bars_over_time([panel([2.0, -1.0])]))
    assert loss["y"] == pytest.approx(gain["y"] + gain["height"], abs=0.2)


def test_what_was_before_is_grey_and_what_is_actual_dark():
    assert colours(bars_over_time([panel([3.0, 2.0])])) == ["var(--before)", "var(--actual)"]


def test_a_plan_is_hollow_and_a_forecast_hatched():
    plan = drawn(bars_over_time([panel([3.0], plan=4.0)])).rect
    assert (plan["fill"], plan["stroke"]) == ("none", "var(--actual)")
    forecast = drawn(bar(0, 0, 30, 40, "actual", "hatched"))
    assert forecast.rect["fill"] == "none" and len(forecast("line")) > 5


def test_the_lines_of_a_hatching_stay_within_the_bar():
    for tag in drawn(bar(10, 20, 30, 40, "actual", "hatched"))("line"):
        assert 10 <= float(tag["x1"]) <= 40 and 10 <= float(tag["x2"]) <= 40
        assert 20 <= float(tag["y1"]) <= 60 and 20 <= float(tag["y2"]) <= 60


def test_labels_of_a_panel_stand_above_every_bar_they_reach_over_and_apart():
    svg = bars_over_time([panel([1.0, 1.0, 9.0, 1.0], ["", "1,000.0", "", "1,234.5"])] * 4)
    first, last = placed(svg)["1,000.0"], placed(svg)["1,234.5"]
    highest = min(one["y"] for one in bars(svg))
    assert first[1] < highest and last[1] < highest
    assert last[0] - first[0] >= (text_width("1,000.0") + text_width("1,234.5", bold=True)) / 2


def test_a_label_without_room_beside_the_last_is_left_out():
    svg = bars_over_time([panel([1.0, 1.0], ["1,000,000.0", "1,234,567.8"])] * 4)
    assert "1,000,000.0" not in placed(svg) and "1,234,567.8" in placed(svg)


# Waterfalls


def test_the_steps_of_a_waterfall_close_from_start_to_end():
    found = bars(waterfall(STEPS))
    unit = found[0]["width"] / 100
    ends = [((one["x"] - found[0]["x"]) / unit, one["width"] / unit) for one in found]
    assert ends == [pytest.approx(pair, abs=0.3) for pair in ((0, 100), (100, 30), (80, 50), (0, 80))]


def test_a_waterfall_may_fall_below_zero():
    found = bars(
        waterfall(
            [
                dataclasses.replace(STEPS[0], amount=10.0),
                STEPS[2],
                dataclasses.replace(STEPS[3], amount=-40.0),
            ]
        )
    )
    assert found[2]["x"] + found[2]["width"] == pytest.approx(found[0]["x"], abs=0.3)


def test_steps_up_and_down_differ_in_colour_and_their_labels_in_sign_and_shape():
    svg = waterfall(STEPS)
    assert colours(svg) == [f"var(--{role})" for role in ("before", "good", "bad", "actual")]
    assert {"▲ +30", "▼ −50"} <= set(placed(svg))


# Ranges, shares, columns, contributions, observations


def scores(**more) -> str:
    given = {
        "names": ["best", "second"], "values": [110, 60], "lows": [90, 50], "highs": [115, 80],
        "before": [100, NAN], "labels": ["110.0", "60.0"], "target": 100.0, "target_label": "target",
    } | more  # fmt: skip
    return ranges(**given)


def test_a_range_runs_from_its_low_to_its_high_end_and_its_dot_stands_at_the_value():
    svg = scores()
    dots = [float(tag["cx"]) for tag in drawn(svg)("circle") if "actual" in tag["fill"]]
    unit = (dots[0] - dots[1]) / 50
    wide, narrow = bars(svg, "band")
    assert (wide["width"] / unit, narrow["width"] / unit) == pytest.approx((25, 30), abs=0.3)
    assert (dots[0] - wide["x"]) / unit == pytest.approx(20, abs=0.3)


def test_the_target_is_a_dashed_line_with_its_name_on_one_scale_with_the_scores():
    svg = scores(values=[100, 60])
    line = next(tag for tag in drawn(svg)("line") if tag.get("stroke-dasharray"))
    dot = next(tag for tag in drawn(svg)("circle") if "actual" in tag["fill"])
    assert float(line["x1"]) == pytest.approx(float(dot["cx"]), abs=0.2)
    assert placed(svg)["target"][0] == pytest.approx(float(line["x1"]), abs=0.2)


def test_the_best_stands_on_top_and_the_period_before_is_a_grey_dot():
    svg = scores()
    assert placed(svg)["best"][1] < placed(svg)["second"][1]
    assert len([tag for tag in drawn(svg)("circle") if "before" in tag["fill"]]) == 1


def test_shares_fill_the_row_and_labels_stand_where_there_is_room():
    svg = shares(["a"], [[0.6, 0.39, 0.01]], [["6", "39", "1,000"]], ["x", "y", "z"])
    parts = [one for one in bars(svg) if one["height"] == 20]
    assert [round(one["width"] / parts[0]["width"] * 0.6, 2) for one in parts] == pytest.approx(
        [0.6, 0.39, 0.01], abs=0.01
    )
    assert {"6", "39", "x", "y", "z"} <= set(placed(svg)) and "1,000" not in placed(svg)


def test_columns_are_as_high_as_their_figures_and_carry_them():
    svg = columns(["a", "b"], [4.0, 1.0], ["4", "1"])
    high, low = bars(svg)
    assert high["height"] == pytest.approx(4 * low["height"], abs=0.2)
    assert placed(svg)["4"][1] < high["y"]


def test_what_raises_goes_right_and_what_lowers_left():
    right, left = bars(contributions(["a", "b"], [2.0, -1.0], ["+2", "−1"]))
    assert left["x"] + left["width"] == pytest.approx(right["x"], abs=0.2)
    assert right["width"] == pytest.approx(2 * left["width"], abs=0.2)


def test_on_the_diagonal_what_was_said_and_seen_agree():
    svg = observed([50.0], [50.0], [40.0], [60.0], ("said", "seen"), diagonal=True)
    dot, line = drawn(svg).circle, next(tag for tag in drawn(svg)("line") if tag.get("stroke-dasharray"))
    x1, y1, x2, y2 = (float(line[name]) for name in ("x1", "y1", "x2", "y2"))
    on_line = y1 + (float(dot["cx"]) - x1) / (x2 - x1) * (y2 - y1)
    assert float(dot["cy"]) == pytest.approx(on_line, abs=0.3)


HOSTILE = "<script>alert(1)</script>" * 400

EVERY_FORM = {
    "over time": lambda name: bars_over_time([dataclasses.replace(panel([1.0, 2.0]), title=name)]),
    "waterfall": lambda name: waterfall([dataclasses.replace(step, name=name) for step in STEPS]),
    "ranges": lambda name: scores(names=[name, name]),
    "shares": lambda name: shares([name], [[0.5, 0.5]], [["1", "1"]], ["x", "y"]),
    "columns": lambda name: columns([name, name], [1.0, 2.0], ["1", "2"]),
    "contributions": lambda name: contributions([name], [1.0], ["+1"]),
}


@pytest.mark.parametrize("form", EVERY_FORM)
@pytest.mark.parametrize(
    "name", ["Shop", "渠道" * 40, HOSTILE, "MW" * 80], ids=["short", "zh", "hostile", "wide"]
)
def test_names_are_text_and_stay_within_the_drawing(form, name):
    svg = EVERY_FORM[form](name)
    assert drawn(svg).find("script") is None
    for tag in drawn(svg)("text"):
        width = text_width(tag.get_text(), bold=tag.has_attr("font-weight"))
        begin = float(tag["x"]) - {"end": 1, "middle": 0.5}.get(tag.get("text-anchor"), 0) * width
        assert begin >= -1 and begin + width <= WIDTH + 1


@pytest.mark.parametrize("form", EVERY_FORM)
def test_equal_data_give_equal_bytes_without_ids_links_styles_or_numbers_that_are_none(form):
    svg = EVERY_FORM[form]("Shop")
    assert svg == EVERY_FORM[form]("Shop")
    assert not re.search(r"\bid=|href|style=|nan|inf", svg)
    assert drawn(svg).svg["viewbox"].startswith("0 0 ") and "width" not in drawn(svg).svg.attrs


@pytest.mark.parametrize("form", EVERY_FORM)
def test_colours_are_those_of_the_page(form):
    paints = re.findall(r'(?:fill|stroke)="([^"]*)"', EVERY_FORM[form]("Shop"))
    assert set(paints) <= {"none", *(f"var(--{role})" for role in ROLES)}


ROLES = ("actual", "before", "band", "good", "bad", "text", "muted", "rule", "paper")


# The figures of a review


def figures(section) -> dict[str, Figure]:
    return {block.name: block for block in section.blocks if isinstance(block, Figure)}


def test_the_history_shows_the_table(adventureworks_review):
    result = adventureworks_review.results
    found = bars(figures(channels(result, words("en")))["history"].svg, "actual")
    now = result.history[result.history["period"] == result.scope.period]["net_sales"].sort_values()[::-1]
    heights = [one["height"] / found[0]["height"] for one in found]
    assert heights == pytest.approx(list(now / now.iloc[0]), abs=0.01)


def test_the_waterfall_of_the_page_goes_from_last_year_to_the_net_sales_of_the_period(adventureworks_review):
    found = bars(figures(channels(adventureworks_review.results, words("en")))["changes"].svg)
    table = adventureworks_review.results.changes
    sums = [table["before"].sum(), *table["change"].abs(), table["now"].sum()]
    assert [one["width"] / found[-1]["width"] for one in found] == pytest.approx(
        [value / sums[-1] for value in sums], abs=0.01
    )


def test_the_scores_of_the_page_are_those_of_the_table(adventureworks_review):
    card = adventureworks_review.scorecard
    svg = figures(scorecard(card, words("en")))["scores"].svg
    dots = [float(tag["cx"]) for tag in drawn(svg)("circle") if "actual" in tag["fill"]]
    told = list(card.scores["score"])
    unit = (dots[0] - dots[-1]) / (told[0] - told[-1])
    assert [(x - dots[-1]) / unit for x in dots] == pytest.approx([s - told[-1] for s in told], abs=0.2)


def test_a_caption_without_a_number_is_refused():
    with pytest.raises(ValueError, match="the caption of figure 'f' states no number"):
        Figure("f", "<svg></svg>", "Sales rose")


def test_a_figure_without_last_year_carries_the_figure_of_the_period_alone(demo_review):
    scope = dataclasses.replace(demo_review.results.scope, last_year="1999Q3")
    svg = figures(channels(dataclasses.replace(demo_review.results, scope=scope), words("en")))["history"].svg
    types = demo_review.results.history["channel_type"].nunique()
    assert len([t for t in placed(svg) if re.fullmatch(r"[\d.,]+", t)]) == types

"""Tables that no search is made for: an answer, or a refusal that says everything that is wrong."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from channel_analysis.errors import InputError
from channel_analysis.methods.rootcause.find import find_segments
from channel_analysis.rootcauses import VERDICTS


def table(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "region": rng.choice(["East", "West", "North"], rows),
            "product": rng.choice(list("abcdef"), rows),
            "real": rng.poisson(50, rows) * 1.0,
            "predict": rng.poisson(50, rows) * 1.0,
        }
    )


def search(frame, dimensions=("region", "product"), actual="real", expected="predict", **more):
    return find_segments(frame, list(dimensions), actual, expected, **more)


def is_answer(found, frame):
    """A verdict, finite figures, and a change that adds up."""
    assert found.verdict in VERDICTS
    told = found.trend + sum(one.contribution for one in found) + found.rest
    figures = [found.actual, found.expected, found.trend, found.rest, found.p_value, told]
    assert np.isfinite(figures).all()
    scale = max(frame["real"].abs().sum(), frame["predict"].abs().sum(), 1.0)
    assert abs(told - (found.actual - found.expected)) <= 1e-9 * scale
    assert all(0 <= one.p_value <= 1 and one.low <= one.contribution <= one.high for one in found)
    return True


def test_a_dimension_that_is_an_id_of_a_million_values_is_answered_or_refused_within_memory():
    rng = np.random.default_rng(0)
    frame = table(1_000_000).assign(order_id=np.arange(1_000_000), price=rng.integers(0, 5, 1_000_000))
    tracemalloc.start()
    try:
        assert is_answer(search(frame, ["region", "product", "order_id"]), frame)
    except InputError as error:
        assert "order_id" in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1.5e9


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_rows_without_a_value_in_a_dimension_are_kept_in_the_sums(missing):
    frame = table().astype({"region": object})
    frame.loc[:30, "region"] = missing
    found = search(frame)
    assert is_answer(found, frame)
    assert found.actual == frame["real"].sum()


def test_a_segment_of_missing_values_can_be_found():
    frame = table(3000).astype({"region": object})
    frame.loc[frame["region"] == "West", "region"] = None
    frame.loc[frame["region"].isna(), "real"] *= 0.3
    found = search(frame)
    assert len(found) == 1
    assert list(found[0]) == ["region"]


def test_negative_expected_values_are_answered():
    frame = table()
    frame.loc[:50, "predict"] = -frame.loc[:50, "predict"]
    assert is_answer(search(frame), frame)
    assert is_answer(search(frame.assign(predict=-frame["predict"].abs())), frame)


def test_an_empty_table_is_refused_or_answered_without_a_segment():
    frame = table().iloc[:0]
    try:
        found = search(frame)
    except InputError:
        return
    assert len(found) == 0


def test_one_row_is_answered():
    frame = table(1)
    found = search(frame)
    assert is_answer(found, frame)


@pytest.mark.parametrize("value", [0.0, 1.0, 12345.67])
def test_identical_periods_are_noise_and_nothing_else(value):
    frame = table()
    frame["predict"] = frame["real"] = frame["real"] * value
    found = search(frame)
    assert is_answer(found, frame)
    assert len(found) == 0
    assert found.verdict == "noise"
    assert found.trend == pytest.approx(0.0)


@pytest.mark.parametrize("empty", ["real", "predict"])
def test_a_period_without_any_sales_is_answered(empty):
    frame = table().assign(**{empty: 0.0})
    assert is_answer(search(frame), frame)


def test_forty_dimensions_are_answered_or_refused():
    rng = np.random.default_rng(1)
    frame = table(2000).assign(**{f"d{n}": rng.choice(list("uvw"), 2000) for n in range(38)})
    names = ["region", "product", *(f"d{n}" for n in range(38))]
    try:
        assert is_answer(search(frame, names), frame)
    except InputError as error:
        assert "40" in str(error)


def test_everything_that_is_wrong_is_said_at_once():
    frame = table().assign(words="many", big=np.inf)
    with pytest.raises(InputError) as caught:
        search(frame, ["region", "colour", "shape"], actual="words", expected="nowhere")
    said = str(caught.value)
    assert all(name in said for name in ("colour", "shape", "words", "nowhere"))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("column", ["real", "predict"])
def test_infinite_values_are_refused_by_name(column, value):
    frame = table()
    frame.loc[3, column] = value
    with pytest.raises(InputError, match=column):
        search(frame)


@pytest.mark.parametrize("column", ["real", "predict"])
def test_missing_figures_are_refused_or_counted(column):
    frame = table()
    frame.loc[:9, column] = np.nan
    try:
        found = search(frame)
    except InputError as error:
        assert column in str(error)
    else:
        assert found.caveats


def test_a_dimension_named_twice_is_refused():
    with pytest.raises(InputError, match="region"):
        search(table(), ["region", "product", "region"])


def test_a_column_that_stands_twice_in_the_table_is_refused():
    frame = table()
    frame.insert(0, "region", "again", allow_duplicates=True)
    with pytest.raises(InputError, match="region"):
        search(frame)


def test_no_dimension_is_refused_or_answered_without_a_segment():
    try:
        found = search(table(), [])
    except InputError:
        return
    assert len(found) == 0


def test_a_figure_used_as_a_dimension_is_refused_by_name():
    with pytest.raises(InputError, match="real"):
        search(table(), ["region", "real"])


def test_unknown_earlier_and_variance_columns_are_refused_by_name():
    with pytest.raises(InputError) as caught:
        search(table(), earlier=("past",), variance="spread")
    assert "past" in str(caught.value)
    assert "spread" in str(caught.value)


def test_a_ratio_against_a_sum_is_refused():
    frame = table().assign(trials=100.0)
    with pytest.raises(InputError):
        search(frame, actual=("real", "trials"), expected="predict")


def test_a_ratio_over_nothing_is_answered():
    frame = table().assign(now=0.0, before=100.0)
    found = search(frame, actual=("real", "now"), expected=("predict", "before"))
    assert not np.isinf([found.actual, found.expected, found.trend, found.rest]).any()


def test_a_negative_variance_is_refused():
    with pytest.raises(InputError, match="spread"):
        search(table().assign(spread=-1.0), variance="spread")


def test_what_is_not_a_table_is_refused():
    with pytest.raises(InputError):
        search({"region": ["East"], "real": [1.0], "predict": [1.0]})


def test_levels_may_be_numbers_dates_and_odd_names():
    frame = table(3000)
    odd = {"East": "<script>alert(1)</script>", "West": "=cmd()", "North": "../🙂'\""}
    frame["region"] = frame["region"].map(odd)
    frame["year"] = np.where(frame.index % 2, 2024, 2025)
    frame["day"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(frame.index % 3, unit="D")
    frame.loc[frame["region"] == "=cmd()", "real"] *= 0.2
    found = search(frame, ["region", "product", "year", "day"])
    assert [dict(one) for one in found] == [{"region": "=cmd()"}]


def test_levels_of_mixed_kinds_are_answered():
    frame = table().astype({"region": object})
    frame.loc[:20, "region"] = 7
    frame.loc[21:40, "region"] = True
    assert is_answer(search(frame), frame)


def test_categories_without_rows_are_no_levels():
    frame = table(3000)
    frame["region"] = pd.Categorical(frame["region"], ["East", "West", "North", "Moon"])
    frame.loc[frame["region"] == "West", "real"] *= 0.3
    assert [dict(one) for one in search(frame)] == [{"region": "West"}]


def test_values_as_decimals_and_whole_numbers_are_figures():
    import decimal

    frame = table().astype({"predict": int})
    frame["real"] = [decimal.Decimal(str(value)) for value in frame["real"]]
    found = search(frame)
    assert found.actual == pytest.approx(float(frame["real"].sum()))


def test_very_large_and_very_small_values_stay_finite():
    frame = table()
    for scale in (1e-12, 1e12):
        other = frame.assign(real=frame["real"] * scale, predict=frame["predict"] * scale)
        assert is_answer(search(other), other.assign(real=other["real"], predict=other["predict"]))

"""Factor trees, ratios and counts: parts add up, whatever zeros, and say what happened."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.errors import InputError
from channel_analysis.methods.rootcause.entities import count_split, rate_split
from channel_analysis.methods.rootcause.split import TERMS, ratio_split
from channel_analysis.methods.rootcause.tree import parse_tree, parts_of_change, shapley

BEFORE, NOW = ("n0", "d0"), ("n1", "d1")
numbers = st.one_of(st.just(0.0), st.integers(-9, 9).map(float), st.floats(-1e3, 1e3))


def parts(rows: dict[str, tuple[float, float, float, float]]) -> pd.DataFrame:
    """Parts of a ratio: numerator and denominator before, then now."""
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[*BEFORE, *NOW])
    return ratio_split(frame.rename_axis("part").reset_index(), "part", BEFORE, NOW).set_index("part")


def by_orders(expression: str, before: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """The slow, obvious twin: the mean over all orders in which factors may change."""
    names = list(before)
    found = dict.fromkeys(names, 0.0)
    orders = list(itertools.permutations(names))
    for order in orders:
        at = dict(before)
        for name in order:
            old = eval(expression, {}, at)
            at[name] = now[name]
            found[name] += (eval(expression, {}, at) - old) / len(orders)
    return found


@given(st.lists(numbers, min_size=8, max_size=8))
@settings(max_examples=60, deadline=None)
def test_parts_are_the_mean_over_all_orders_of_change_and_add_up(values):
    expression = "a * b * (c - d)"
    before, now = (dict(zip("abcd", side, strict=True)) for side in (values[:4], values[4:]))
    found = shapley(parse_tree(expression), before, now)
    slow = by_orders(expression, before, now)
    size = max(1.0, *(abs(v) for v in values)) ** 3
    for name, part in found.items():
        assert float(part) == pytest.approx(slow[name], abs=1e-11 * size)
    change = eval(expression, {}, now) - eval(expression, {}, before)
    assert float(sum(found.values())) == pytest.approx(change, abs=1e-11 * size)
    back = shapley(parse_tree(expression), now, before)
    assert all(float(back[name]) == pytest.approx(-float(found[name]), abs=1e-11 * size) for name in found)


def test_the_order_in_which_factors_are_written_changes_nothing():
    values = {"a": np.array([2.0, 0.0]), "b": np.array([3.0, -1.0]), "c": np.array([5.0, 4.0])}
    later = {"a": np.array([1.0, 7.0]), "b": np.array([0.0, 2.0]), "c": np.array([6.0, 1.0])}
    one, two = (shapley(parse_tree(text), values, later) for text in ("a * b * c", "c * a * b"))
    for name in values:
        np.testing.assert_allclose(one[name], two[name], atol=1e-12)


def test_factors_in_other_units_explain_the_same():
    before, now = {"a": np.array([2.0]), "b": np.array([3.0])}, {"a": np.array([4.0]), "b": np.array([7.0])}
    once = shapley(parse_tree("a * b"), before, now)
    scaled = [{"a": side["a"] * 1000, "b": side["b"] / 1000} for side in (before, now)]
    again = shapley(parse_tree("a * b"), *scaled)
    assert again["a"] == pytest.approx(once["a"]) and again["b"] == pytest.approx(once["b"])


def test_a_leaf_without_a_rate_in_one_period_is_new_or_lost_and_nothing_is_missed():
    tree = parse_tree("orders * value")
    ratios = {"value": parse_tree("net / orders")}
    before = {"orders": np.array([0.0, 2.0, 4.0, 0.0]), "net": np.array([0.0, 10.0, 40.0, 0.0])}
    now = {"orders": np.array([3.0, 0.0, 5.0, 0.0]), "net": np.array([30.0, 0.0, 60.0, 0.0])}
    found = parts_of_change(tree, ratios, before, now)
    assert found["new"].tolist() == [30.0, 0.0, 0.0, 0.0]
    assert found["lost"].tolist() == [0.0, -10.0, 0.0, 0.0]
    assert found["orders"].tolist() == [0.0, 0.0, 11.0, 0.0]
    np.testing.assert_allclose(sum(found.values()), now["net"] - before["net"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a ** b", "'a ** b' is not allowed"),
        ("__import__('os').system('x')", "is not allowed"),
        ("a if b else c", "is not allowed"),
        ("a[0]", "is not allowed"),
        ("a *", "no arithmetic"),
        ("a * True", "'True' is not allowed"),
        ("1 + 2", "names no factor"),
        ("ordrs * price", "there is no 'ordrs'"),
        ("a+b+c+d+e+f+g+h+i", "9 factors are too many"),
        ("(" * 500 + "a" + ")" * 500, "no arithmetic"),
    ],
)
def test_what_is_no_arithmetic_over_names_is_refused_with_its_place(text, said):
    known = ("orders", "price") if "ordrs" in text else ()
    with pytest.raises(InputError) as caught:
        parse_tree(text, known, "kpis.toml [net_sales.tree]")
    assert said in str(caught.value) and "kpis.toml [net_sales.tree]" in str(caught.value)


def test_a_pure_shift_between_parts_moves_no_rate():
    found = parts({"cheap": (10, 100, 30, 300), "dear": (50, 100, 25, 50)})
    assert found["within"].tolist() == [0.0, 0.0]
    assert found["mix"].sum() == pytest.approx(55 / 350 - 60 / 200)
    assert (found["mix"] < 0).all()  # both: the cheap part grew, the dear one shrank


def test_every_rate_may_rise_while_the_whole_falls():
    found = parts({"small": (5, 100, 60, 900), "large": (450, 900, 55, 100)})
    assert (found["within"] > 0).all()
    assert found["amount"].sum() == pytest.approx(115 / 1000 - 455 / 1000)
    assert found["mix"].sum() < -found["within"].sum()


def test_a_part_with_the_average_rate_moves_nothing_by_growing():
    found = parts({"average": (20, 100, 60, 300), "low": (10, 100, 10, 100), "high": (30, 100, 30, 100)})
    assert found["amount"].sum() == pytest.approx(0.0)
    assert found.loc["average", "amount"] == pytest.approx(0.0)


def test_new_and_lost_parts_count_by_how_far_they_are_from_the_average():
    found = parts({"stays": (10, 100, 10, 100), "goes": (40, 100, 0, 0), "comes": (0, 0, 5, 100)})
    assert found["entry"].tolist() == ["new", "lost", "continuing"]
    assert found.loc["goes", "lost"] < 0 and found.loc["comes", "new"] < 0
    assert found["amount"].sum() == pytest.approx(15 / 200 - 50 / 200)


rows = st.lists(st.tuples(*[st.integers(0, 50).map(float)] * 4), min_size=1, max_size=8)


@given(rows)
@settings(max_examples=80, deadline=None)
def test_terms_add_up_to_the_change_of_the_ratio_and_flip_with_the_periods(given_rows):
    frame = pd.DataFrame(given_rows, columns=[*BEFORE, *NOW]).assign(part=range(len(given_rows)))
    found = ratio_split(frame, "part", BEFORE, NOW)
    sums = frame.sum()
    if not sums["d0"] or not sums["d1"]:
        assert found["amount"].isna().all()
        return
    change = sums["n1"] / sums["d1"] - sums["n0"] / sums["d0"]
    size = max(1.0, sums["n1"] / sums["d1"], sums["n0"] / sums["d0"])
    assert found[list(TERMS)].to_numpy().sum() == pytest.approx(change, abs=1e-10 * size)
    back = ratio_split(frame, "part", NOW, BEFORE)
    for one, other in (("within", "within"), ("mix", "mix"), ("new", "lost"), ("lost", "new")):
        np.testing.assert_allclose(back[one], -found[other], atol=1e-10 * size)


def test_splitting_a_part_in_two_alike_halves_changes_no_sum():
    whole = parts({"a": (10, 100, 30, 200), "b": (50, 100, 20, 60)})
    halves = parts({"a1": (5, 50, 15, 100), "a2": (5, 50, 15, 100), "b": (50, 100, 20, 60)})
    for term in TERMS:
        assert halves[term].sum() == pytest.approx(whole[term].sum())


def test_partners_are_counted_as_new_lost_and_continuing():
    frame = pd.DataFrame({"partner": list("abcd"), "was": [1, 1, 0, 1], "now": [1, 0, 1, 0]})
    found = count_split(frame, "partner", "was", "now").set_index("term")
    assert found["amount"].to_dict() == {"new": 1.0, "lost": -2.0, "continuing": 0.0}
    assert found["count"].to_dict() == {"new": 1, "lost": 2, "continuing": 1}


def test_the_rate_of_active_partners_falls_because_new_ones_do_not_order():
    frame = pd.DataFrame(
        {
            "partner": list("abcd"),
            "n0": [1, 1, 0, 0],
            "d0": [1, 1, 0, 0],
            "n1": [1, 1, 0, 0],
            "d1": [1, 1, 1, 1],
        }
    )
    found = rate_split(frame, "partner", BEFORE, NOW).set_index("term")
    assert found["amount"].sum() == pytest.approx(-0.5)
    assert found.loc["new", "count"] == 2 and found.loc["new", "amount"] == pytest.approx(-0.375)

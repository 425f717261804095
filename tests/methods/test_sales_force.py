"""Spread, targets told from people, roles and contests, on small made-up sales forces."""

import datetime

import numpy as np
import pandas as pd
import pytest

from channel_analysis.contracts.appraisal import SalesForce
from channel_analysis.methods.sales_force.contests import placed, replays
from channel_analysis.methods.sales_force.roles import attained, due_targets, reps_of
from channel_analysis.methods.sales_force.spread import (
    BANDS,
    ERROR_RATE,
    attainment_spread,
    best_cut,
    gini,
)
from channel_analysis.methods.sales_force.targets import target_quality
from channel_analysis.methods.sales_force.yardstick import by_history, by_peers, shifts_of, spread_of

POLICY = SalesForce()
DAY = datetime.date.fromisoformat
SPAN = (DAY("2025-10-01"), DAY("2026-01-01"))


def spread_row(values) -> pd.Series:
    series = pd.Series(np.asarray(values, dtype=float))
    return attainment_spread(series, pd.Series("x", index=series.index)).iloc[0]


def test_every_rep_stands_in_exactly_one_band():
    row = spread_row([0.2, 0.5, 0.79, 0.8, 0.99, 1.0, 1.2, 1.21, -0.1])
    assert row[list(BANDS)].tolist() == pytest.approx([2 / 9, 2 / 9, 2 / 9, 2 / 9, 1 / 9])


def test_the_gini_is_the_mean_difference_of_all_pairs():
    values = np.array([0.3, 0.8, 0.9, 1.4, 2.0])
    pairs = np.abs(values[:, None] - values[None, :]).sum() / (len(values) * (len(values) - 1))
    assert gini(values) == pytest.approx(pairs / (2 * values.mean()))


def test_the_best_cut_is_the_best_of_all_cuts():
    values = np.sort(np.random.default_rng(3).normal(size=20))
    whole = ((values - values.mean()) ** 2).sum()
    slow = max(
        1 - sum(((part - part.mean()) ** 2).sum() for part in (values[:k], values[k:])) / whole
        for k in range(4, 17)
    )
    assert best_cut(values)[0] == pytest.approx(slow)


def test_two_sets_of_targets_give_two_humps():
    chance = np.random.default_rng(1)
    row = spread_row(np.concatenate([chance.normal(0.65, 0.06, 12), chance.normal(1.10, 0.06, 14)]))
    assert row["is_two_humped"] and 0.75 < row["split_at"] < 1.0


@pytest.mark.parametrize("shape", ["normal", "uniform", "skewed", "long tails"])
def test_one_hump_is_seldom_taken_for_two(shape):
    chance = np.random.default_rng(7)
    draw = {
        "normal": lambda: chance.normal(1, 0.2, 24),
        "uniform": lambda: chance.uniform(0.5, 1.5, 24),
        "skewed": lambda: chance.lognormal(0, 0.3, 24),
        "long tails": lambda: chance.standard_t(3, 24) * 0.1 + 1,
    }[shape]
    found = sum(bool(spread_row(draw())["is_two_humped"]) for _ in range(120))
    assert found <= 120 * ERROR_RATE + 3 * np.sqrt(120 * ERROR_RATE * (1 - ERROR_RATE))


def test_few_reps_are_told_no_humps():
    assert not spread_row([0.5, 0.5, 0.5, 1.5, 1.5, 1.5])["is_two_humped"]


# ---- yardsticks


def test_what_a_rep_sells_does_not_move_what_is_expected_of_them():
    reps = list("abcdef")
    sold = pd.Series([100.0, 210, 290, 420, 480, 640], index=reps)
    partners = pd.DataFrame({"partners": [1.0, 2, 3, 4, 5, 6]}, index=reps)
    group = pd.Series("x", index=reps)
    weak = sold.copy()
    weak["c"] *= 0.5
    before, after = (by_peers(one, partners, group).expected["c"] for one in (sold, weak))
    assert before == pytest.approx(after)


def test_the_yardstick_that_foretells_better_counts_more():
    chance = np.random.default_rng(2)
    reps = [f"R{n}" for n in range(30)]
    size = np.exp(chance.normal(size=30))
    sold = pd.Series(100 * size, index=reps)
    kinds = {"good": size * np.exp(chance.normal(0, 0.02, 30)), "poor": np.exp(chance.normal(size=30))}
    found = by_peers(sold, pd.DataFrame(kinds, index=reps), pd.Series("x", index=reps))
    assert np.abs(np.log(sold) - found.expected).max() < 0.1


def test_history_is_moved_by_what_peers_did_and_by_the_region():
    reps = list("abcde")
    sales = pd.DataFrame({n: [100.0, 200, 300, 400, 500] for n in range(6)}, index=reps)
    sales[0] *= 1.1
    sales.loc["a", 0] = 55.0
    none = pd.DataFrame({0: 0.0}, index=reps)
    group = pd.Series("x", index=reps)
    assert np.exp(by_history(sales, group, none, 4).expected["a"]) == pytest.approx(110)
    fell = none.copy()
    fell.loc["a", 0] = np.log(0.5)
    assert np.exp(by_history(sales, group, fell, 4).expected["a"]) == pytest.approx(55)


def test_a_lost_region_is_told_by_the_other_channel_types():
    kinds, regions = ["x", "y", "z", "v"], ["East", "North", "South", "West"]
    rows = [
        (kind, place, n, 50.0 if (place == "East" and n == 0) else 100.0)
        for kind in kinds
        for place in regions
        for n in range(5)
    ]
    cells = pd.DataFrame(rows, columns=["channel_type", "region", "number", "amount"])
    where = pd.DataFrame(
        {"rep_id": ["a", "b"], "channel_type": ["x", "x"], "region": ["East", "West"], "amount": [1.0, 1.0]}
    )
    found = shifts_of(cells, where, 4)[0]
    assert found["a"] == pytest.approx(np.log(0.5) * 3 / 4) and found["b"] == 0


def test_spread_of_identical_reps_is_not_zero():
    assert (spread_of(pd.Series([1.0] * 5), pd.Series(["x"] * 5)) > 0).all()


# ---- verdicts


def force(
    bad: str = "", weak: str = "", seed: int = 5, scale: float = 1.0, has_partners: bool = True
) -> pd.DataFrame:
    """Verdicts of twenty reps whose partners are as many as their sales; R03 to be bad or weak."""
    chance = np.random.default_rng(seed)
    reps = [f"R{n:02d}" for n in range(20)]
    size = pd.Series(np.exp(chance.normal(3, 0.5, 20)), index=reps)
    skill = pd.Series(np.exp(chance.normal(0, 0.04, 20)), index=reps)
    skill[weak if weak else []] *= 0.7
    noise = np.exp(chance.normal(0, 0.05, (20, 9)))
    sales = pd.DataFrame(size.to_numpy()[:, None] * skill.to_numpy()[:, None] * noise * scale, index=reps)
    target = size * scale
    target[bad if bad else []] *= 1.4
    now = pd.DataFrame({"actual": sales[0], "target": target, "full_target": target, "periods": 1})
    year = pd.DataFrame(
        {"actual": sales[[0, 1, 2, 3]].sum(axis=1), "target": 4 * target, "full_target": 0.0, "periods": 4}
    )
    table = pd.DataFrame(
        {"group": "x", "region": "East", "is_newcomer": False, "is_short": False}, index=reps
    ).rename_axis("rep_id")
    partners = pd.DataFrame({"partners": size * np.exp(chance.normal(0, 0.05, 20))})
    partners = partners if has_partners else partners[[]]
    conduct, shifts = pd.DataFrame(index=reps), pd.DataFrame(index=reps)
    found = target_quality(table, (now, year), sales, partners, conduct, shifts, 4, POLICY)
    return found.set_index("rep_id")


def test_a_bad_target_is_the_targets_and_a_weak_rep_the_persons():
    assert force(bad="R03").loc["R03", "verdict"] == "target_too_high"
    assert force(weak="R03").loc["R03", "verdict"] == "behind"


def test_without_a_yardstick_of_peers_who_always_missed_is_neither_blamed_nor_excused():
    """What the territory gave is what this person made of it."""
    for planted in ("bad", "weak"):
        row = force(**{planted: "R03"}, has_partners=False).loc["R03"]
        assert (row["verdict"], row["reason"]) == ("cannot_tell", "own_history")


def test_where_nothing_is_planted_nobody_is_blamed():
    for seed in range(10):
        assert set(force(seed=seed)["verdict"]) <= {"as_expected", "cannot_tell"}


def test_the_two_parts_make_the_attainment_exactly():
    found = force(bad="R03")
    whole = np.log(found["actual"] / found["target"])
    assert (found["performance_log"] + found["target_log"] - whole).abs().max() < 1e-12


def test_the_unit_of_money_changes_no_verdict():
    one, other = force(weak="R03"), force(weak="R03", scale=7.3)
    assert one["verdict"].tolist() == other["verdict"].tolist()
    assert one["p_target"].tolist() == pytest.approx(other["p_target"].tolist(), rel=1e-9)


def judged_with(**changed) -> pd.Series:
    """R00's verdict when its role is changed."""
    reps = [f"R{n:02d}" for n in range(8)]
    table = pd.DataFrame(
        {"group": "x", "region": "", "is_newcomer": False, "is_short": False}, index=reps
    ).rename_axis("rep_id")
    now = pd.DataFrame({"actual": 50.0, "target": 100.0, "full_target": 100.0, "periods": 1}, index=reps)
    for name, value in changed.items():
        (now if name in now else table).loc["R00", name] = value
    empty = pd.DataFrame(index=reps)
    found = target_quality(table, (now, now), empty, empty, empty, empty, 4, POLICY)
    return found.set_index("rep_id").loc["R00"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"is_short": True}, "few_days"),
        ({"target": 0.0}, "no_target"),
        ({"is_newcomer": True}, "few_newcomers"),
        ({}, "no_yardstick"),
    ],
)
def test_what_cannot_be_told_has_its_reason(changed, reason):
    row = judged_with(**changed)
    assert (row["verdict"], row["reason"]) == ("cannot_tell", reason)


# ---- roles


def staff(**roles: tuple[str | None, str | None]) -> pd.DataFrame:
    """Staff by id with first and last day in the role."""
    rows = [
        {"staff_id": name, "staff_name": name, "team": "T", "role": "rep", "manager_id": "M",
         "channel_type": "distributor", "region": "East",
         "start_date": DAY(start) if start else None, "end_date": DAY(end) if end else None}
        for name, (start, end) in roles.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def target_rows(*names: str) -> pd.DataFrame:
    rows = [
        {"rep_id": name, "number": 0, "window_start": SPAN[0], "window_end": SPAN[1], "target": 920.0,
         "actual": 460.0}
        for name in names
    ]  # fmt: skip
    return pd.DataFrame(rows)


def sold(*names: str) -> pd.DataFrame:
    rows = [
        {"rep_id": n, "channel_type": "distributor", "number": 0, "amount": 1.0, "orders": 1} for n in names
    ]
    return pd.DataFrame(rows, columns=["rep_id", "channel_type", "number", "amount", "orders"])


def test_half_a_quarter_asks_for_half_the_target():
    people = staff(whole=("2020-01-01", None), half=("2025-11-16", None), left=("2020-01-01", "2025-10-10"))
    targets = target_rows("whole", "half", "left")
    reps = reps_of(people, sold(), targets, SPAN, POLICY)
    due = attained(due_targets(targets, reps), 1)["target"]
    assert due.to_dict() == pytest.approx({"whole": 920.0, "half": 460.0, "left": 100.0})
    assert reps["is_newcomer"].to_dict() == {"whole": False, "half": True, "left": False}
    assert reps["is_short"].to_dict() == {"whole": False, "half": False, "left": True}
    assert reps["has_left"].to_dict() == {"whole": False, "half": False, "left": True}


def test_a_target_set_for_the_own_days_is_due_in_full():
    people = staff(new=("2025-11-16", None))
    targets = target_rows("new").assign(window_start=DAY("2025-11-16"))
    reps = reps_of(people, sold(), targets, SPAN, POLICY)
    assert due_targets(targets, reps)["due"].tolist() == [920.0]


def test_a_manager_with_a_few_orders_is_no_rep_and_who_has_gone_neither():
    people = staff(a=("2020-01-01", None), M=("2020-01-01", None), gone=("2020-01-01", "2025-09-30"))
    reps = reps_of(people, sold("a", "M", "gone"), target_rows("a"), SPAN, POLICY)
    assert reps.index.tolist() == ["a"]


# ---- contests


def standing(*rows: tuple[float, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["p_best", "tie_zone"])


def test_who_is_clearly_best_has_the_place_alone_though_others_share_the_zone():
    found = placed(standing((0.6, 1), (0.3, 1), (0.1, 1)), 3)
    assert found["place"].tolist() == [1, 2, 2]
    assert found["outcome"].tolist() == ["awarded", "shared", "shared"]


def test_too_many_who_cannot_be_told_apart_are_no_award():
    found = placed(standing(*[(0.1, 1)] * 10), 3)
    assert found["place"].isna().all() and set(found["outcome"]) == {"nobody"}


def test_a_reps_replays_do_not_depend_on_others():
    one = replays(["a"], np.array([1.0]), np.array([0.5]), 50, "2025Q4")
    both = replays(["b", "a"], np.array([9.0, 1.0]), np.array([0.5, 0.5]), 50, "2025Q4")
    assert (one[0] == both[1]).all() and one.std() > 0

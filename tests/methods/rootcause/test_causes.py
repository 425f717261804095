"""What is told to be behind a segment: a planted cause is named first, and what did not happen is refuted."""

import datetime
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.rootcause.case import Case
from channel_analysis.methods.rootcause.causes import COLUMNS, causes_of_cases
from channel_analysis.methods.rootcause.causes_offer import dry_runs

START = {0: datetime.date(2025, 7, 1), 1: datetime.date(2024, 7, 1)}
CATEGORIES = ("Air", "Water", "Kitchen", "Cooking")


def lines_of(seed=0, keep=1.0, extra_discount=0.0, new_rep_keep=1.0, gone=(), step=1):
    """Order lines inside ("1") and outside ("0") of a segment; what happens, happens inside and now."""
    rng = np.random.default_rng(seed)
    parts = []
    for member, size in (("1", 800), ("0", 4000)):
        for window in (0, 1):
            number = np.arange(size)
            rep = np.char.add("R", (number % 4).astype(str))
            partner = np.char.add("P", (number % 20).astype(str))
            acts = member == "1" and window == 0
            share = keep * np.where(rep == "R3", new_rep_keep, 1.0) * ~np.isin(partner, gone)
            stays = (rng.random(size) < share) | (not acts)
            gross = rng.integers(80, 120, size).astype(float)
            rate = 0.2 + (extra_discount if acts else 0.0) + rng.uniform(-0.01, 0.01, size)
            day = rng.integers(0, 92, size)
            dated = day - day % step if member == "1" else day
            part = {
                "members": member,
                "window_number": window,
                "order_id": [f"{member}{window}{n}" for n in number],
                "day": [START[window] + datetime.timedelta(days=int(d)) for d in dated],
                "product_id": np.char.add("A", (number % 12).astype(str)),
                "partner_id": partner,
                "rep_id": np.where((rep == "R3") & (window == 0), "N3", rep),
                "net": gross * (1 - rate),
                "gross": gross,
                "discount": gross * rate,
                "quantity": 1.0,
                "listed": gross,
                "promoted": 0.0,
                "late": gross * (1 - rate) * (day >= 82),
                "line_count": 1,
            }
            parts.append(pd.DataFrame(part)[stays])
    return pd.concat(parts, ignore_index=True)


def case_of(lines, market=(1.0, 1.0), rival=(1.0, 1.0), **more):
    """A segment with evidence; market and rival: growth inside and outside."""
    sums = ["net", "gross", "discount", "quantity", "listed", "promoted", "late", "line_count"]
    at = ["members", "window_number"]
    frames = {
        key: lines.groupby([*at, key], as_index=False)[sums].sum()
        for key in ("day", "product_id", "partner_id", "rep_id")
    }
    orders = lines.assign(squares=lines["net"] ** 2, orders=1)
    frames["orders"] = orders.groupby(at, as_index=False)[["orders", "net", "squares"]].sum()
    frames |= {"all_days": frames["day"], "all_orders": frames["orders"]}
    frames["dry_runs"] = pd.DataFrame(columns=["product_id", "days", "share", "empty", "p_value"])
    frames["market"] = market_of(market, rival)
    frames["reps"] = pd.DataFrame(
        {
            "staff_id": ["R0", "R1", "R2", "R3", "N3"],
            "is_new": [False, False, False, False, True],
            "has_left": [False, False, False, True, False],
        }
    )
    frames["partners"] = pd.DataFrame(
        {
            "partner_id": [f"P{n}" for n in range(20)],
            "has_left": False,
            "overdue": 0.0,
            "events": 0,
        }
    )
    inside = lines[lines["members"] == "1"].groupby("window_number")["net"].sum()
    change = float(inside[0] - inside[1])
    frames |= more
    told = frozenset((*frames,))
    return Case(1, 0, change, 1.5 * change, 0.5 * change, "", {"region": ("East",)}, frames, told)


def market_of(market, rival, seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for place, member in enumerate(("1", "0")):
        for cell in range(12):
            size = float(rng.integers(900, 1100))
            for window in (0, 1):
                grown = market[place] if window == 0 else 1.0
                theirs = grown * (rival[place] if window == 0 else 1.0)
                rows.append(
                    {
                        "members": member,
                        "window_number": window,
                        "cell": f"{member}{cell // 4} / {CATEGORIES[cell % 4]}",
                        "market": size * 1000 * grown * rng.uniform(0.98, 1.02),
                        "rival": size * 200 * theirs * rng.uniform(0.98, 1.02),
                    }
                )
    return pd.DataFrame(rows)


def first(case):
    told = causes_of_cases([case]).iloc[0]
    assert not told["is_refuted"]
    return told["tag"], told["cause"]


def refuted(case):
    told = causes_of_cases([case])
    return set(told.loc[told["is_refuted"].astype(bool), "cause"])


def test_a_share_lost_in_a_market_that_held_is_our_position():
    case = case_of(lines_of(keep=0.65))
    assert first(case) == ("positioning", "share_lost")
    assert {"market_size", "rival", "discount", "new_reps"} <= refuted(case)


def test_a_market_that_shrank_is_not_blamed_on_us():
    case = case_of(lines_of(keep=0.65), market=(0.65, 1.0))
    assert first(case) == ("market", "market_size")
    assert "share_lost" in refuted(case)


def test_a_rival_that_grew_where_we_lost_share_comes_before_our_position():
    told = causes_of_cases([case_of(lines_of(keep=0.75), rival=(1.4, 1.0))])
    assert list(told["cause"][:2]) == ["rival", "share_lost"]
    assert set(told["grade"][:2]) == {"associated"}


def test_a_market_that_shrank_everywhere_explains_nothing_about_the_segment():
    assert "market_size" in refuted(case_of(lines_of(keep=0.65), market=(0.8, 0.8)))


def test_a_loss_with_the_accounts_of_a_newcomer_is_a_matter_of_people():
    told = causes_of_cases([case_of(lines_of(new_rep_keep=0.2))])
    assert tuple(told.iloc[0][["tag", "cause"]]) == ("people", "new_reps")
    assert told.iloc[0]["figure"] < 0.4 * told.iloc[0]["figure_before"]


def test_a_deeper_discount_is_measured_at_todays_gross():
    lines = lines_of(extra_discount=0.05)
    case = replace(case_of(lines), contribution=-6000.0, low=-8000.0, high=-4000.0)
    told = causes_of_cases([case]).set_index("cause").loc["discount"]
    inside = lines[(lines["members"] == "1") & (lines["window_number"] == 0)]
    assert told["grade"] == "measured" and not told["is_refuted"]
    assert told["amount"] == pytest.approx(-0.05 * inside["gross"].sum(), rel=0.02)
    assert told["low"] <= told["amount"] <= told["high"] <= 0


def test_partners_that_ended_their_contract_are_named():
    gone = ("P1", "P2", "P3", "P4", "P5", "P6")
    lines = lines_of(gone=gone)
    case = case_of(lines)
    states = case.frames["partners"]
    states["has_left"] = states["partner_id"].isin(gone)
    # outside, the same partners go on: what is lost is lost here
    assert first(case) == ("partner", "partner_lost")
    states["has_left"] = False
    assert first(case) == ("partner", "partner_silent")


def test_one_batch_of_orders_more_is_named_before_any_cause_in_trade():
    lines = lines_of(step=31)
    last = lines[(lines["members"] == "1") & (lines["window_number"] == 0)]["day"].max()
    held = lines[~((lines["members"] == "1") & (lines["window_number"] == 0) & (lines["day"] == last))]
    assert first(case_of(held)) == ("data", "order_dates")
    assert "order_dates" not in set(causes_of_cases([case_of(lines_of(keep=0.6))])["cause"])


def test_a_feed_that_ends_early_is_named_first():
    lines = lines_of()
    ends = datetime.date(2025, 9, 1)
    cut = (lines["members"] == "1") & (lines["window_number"] == 0) & (lines["day"] >= ends)
    assert first(case_of(lines[~cut])) == ("data", "feed")


def test_lines_set_aside_are_named_with_their_amount():
    aside = pd.DataFrame({"members": ["1"], "window_number": [0], "line_count": [280], "net": [22_000.0]})
    told = causes_of_cases([case_of(lines_of(keep=0.65), set_aside=aside)]).iloc[0]
    assert (told["tag"], told["cause"], told["amount"]) == (
        "data",
        "quality",
        pytest.approx(-22_000, rel=0.3),
    )


def test_no_cause_accounts_for_more_than_the_segment_moved_or_for_the_other_direction():
    for keep in (0.4, 0.9, 1.0):
        case = case_of(lines_of(keep=keep, extra_discount=0.03, new_rep_keep=0.5), rival=(1.3, 1.0))
        told = causes_of_cases([case])
        amounts = told["amount"].dropna()
        assert amounts.between(case.contribution, 0).all()
        assert tuple(told.columns) == COLUMNS
        assert list(told["rank"]) == list(range(1, len(told) + 1))
        assert told["is_refuted"].astype(int).is_monotonic_increasing


def test_the_order_of_rows_and_the_currency_change_nothing():
    lines = lines_of(keep=0.7, extra_discount=0.02)
    case, other = case_of(lines), case_of(lines.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(causes_of_cases([case]), causes_of_cases([other]))
    money = ["net", "gross", "discount", "listed", "promoted", "late"]
    dear = case_of(lines.assign(**{name: lines[name] * 7 for name in money}))
    one, two = (causes_of_cases([each]) for each in (case, dear))
    assert list(one["cause"]) == list(two["cause"])
    np.testing.assert_allclose(two["amount"], one["amount"] * 7, rtol=1e-9)


def days_of(out=(), share=0.15, seed=2):
    rng = np.random.default_rng(seed)
    rows = []
    for window, start in START.items():
        for day in range(92):
            for product in range(6):
                dry = window == 0 and product == 0 and out and out[0] <= day <= out[1]
                count = rng.poisson(8 * (share if dry else 1))
                rows.append((f"A{product}", "Air", start + datetime.timedelta(days=day), count))
    found = pd.DataFrame(rows, columns=["product_id", "category", "day", "line_count"])
    return found[found["line_count"] > 0]


def runs_of(days):
    at = [pd.Timestamp(day) for day in ("2025-07-01", "2025-10-01", "2024-07-01", "2024-10-01")]
    none = pd.DataFrame({"product_id": [], "reports": [], "empty": []})
    return dry_runs(days, at[0], at[1], (at[2], at[3]), none)


def test_weeks_without_a_product_are_found_to_the_day():
    found = runs_of(days_of(out=(20, 60)))
    assert list(found["product_id"]) == ["A0"]
    assert abs(int(found["days"].iloc[0]) - 41) <= 3


def test_a_product_that_sells_evenly_or_less_all_along_never_ran_out():
    assert runs_of(days_of()).empty
    assert runs_of(days_of(out=(0, 91))).empty

"""Rules on irregular operations: what is planted is found, honest behaviour is left alone."""

import datetime

import numpy as np
import pandas as pd
import pytest

from channel_analysis.contracts.policy import Irregularities
from channel_analysis.methods.irregularities import digits, loads, partners, prices, repeats, reps, returns
from channel_analysis.methods.irregularities.candidates import COLUMNS
from channel_analysis.methods.irregularities.control import q_values, ranked, within_capacity
from channel_analysis.methods.irregularities.odds import (
    beta_binomial_tail,
    honest_among,
    honest_rate,
    load_tail,
    tempered,
)

POLICY = Irregularities()
DAY = datetime.date(2025, 12, 31)


def peers(count: int, **columns: object) -> pd.DataFrame:
    """So many partners P0, P1, ... of one type, alike unless columns say otherwise."""
    ids = [f"P{number}" for number in range(count)]
    return pd.DataFrame({"partner_id": ids, "channel_type": "distributor", **columns})


def odds_of(outcome, **who: str) -> float:
    frame = outcome.candidates
    for name, value in who.items():
        frame = frame[frame[name] == value]
    return float(frame["p_value"].iloc[0])


class TestOdds:
    """Odds are exact where they can be, and honest where peers differ more than chance."""

    def test_without_spread_the_tail_is_the_binomial_s(self):
        n, rate = 12, 0.3
        exact = [sum(_binomial(j, n, rate) for j in range(k, n + 1)) for k in range(n + 1)]
        found = beta_binomial_tail(np.arange(13.0), np.full(13, 12.0), rate, 0.0)
        assert found == pytest.approx(exact)

    def test_with_spread_the_tail_is_that_of_rates_drawn_from_a_beta(self):
        a, b = 0.1 * 9, 0.9 * 9  # a correlation of 0.1
        draws = np.random.default_rng(1).beta(a, b, 200_000)
        slow = np.mean(np.random.default_rng(2).binomial(20, draws) >= 6)
        found = beta_binomial_tail(np.array([6.0]), np.array([20.0]), 0.1, 0.1)[0]
        assert found == pytest.approx(slow, rel=0.05)

    def test_rates_of_honest_units_are_found_although_some_are_not(self):
        dice = np.random.default_rng(3)
        n = dice.integers(10, 80, 300).astype(float)
        rate = dice.beta(0.05 * 49, 0.95 * 49, 300)  # mean 0.05, correlation 0.02
        rate[:12] = 0.5
        mean, spread = honest_rate(dice.binomial(n.astype(int), rate).astype(float), n)
        assert mean == pytest.approx(0.05, abs=0.012)
        assert spread == pytest.approx(0.02, abs=0.015)

    def test_odds_of_honest_units_are_no_smaller_than_they_should_be(self):
        dice, small = np.random.default_rng(4), 0
        for _ in range(20):
            n = dice.integers(5, 60, 250).astype(float)
            k = dice.binomial(n.astype(int), dice.beta(1.0, 19.0, 250)).astype(float)
            mean, spread = honest_rate(k, n)
            small += int((beta_binomial_tail(k, n, mean, spread) <= 0.01).sum())
        assert small <= 1.3 * 0.01 * 20 * 250

    def test_a_rate_that_most_units_show_nothing_of_is_rare_and_not_never(self):
        dice, means, small = np.random.default_rng(14), [], 0
        for _ in range(30):
            n = dice.integers(6, 40, 60).astype(float)
            k = dice.binomial(n.astype(int), dice.beta(0.015 * 49, 0.985 * 49, 60)).astype(float)
            mean, spread = honest_rate(k, n)
            means.append(mean)
            small += int((beta_binomial_tail(k, n, mean, spread) <= 0.001).sum())
        assert np.mean(means) == pytest.approx(0.015, rel=0.2)
        assert small <= 3

    def test_a_load_s_odds_are_those_of_a_sum_of_orders(self):
        dice = np.random.default_rng(5)
        counts = dice.poisson(4, 100_000)
        sums = np.array([dice.exponential(1.0, count).sum() for count in counts])
        found = load_tail(np.array([10.0]), np.array([4.0]), np.array([8.0]))[0]
        assert found == pytest.approx(np.mean(sums >= 10), rel=0.15)

    def test_odds_are_widened_where_peers_differ_and_never_narrowed(self):
        even = np.linspace(0.001, 0.999, 999)
        assert tempered(np.array([0.001]), np.sqrt(even))[0] == pytest.approx(0.001)
        assert tempered(np.array([0.001]), even**3)[0] > 0.01

    def test_one_event_where_few_are_usual_is_no_news(self):
        usual = honest_among(np.array([1.0, 9.0]), np.array([1.0, 1.0]), np.array([0.1, 0.1]), 0.1)
        assert usual.tolist() == pytest.approx([1.0, 0.15 / 9])


def _binomial(k: int, n: int, rate: float) -> float:
    from math import comb

    return comb(n, k) * rate**k * (1 - rate) ** (n - k)


class TestPrices:
    """Facts: whose lines break a limit of price, by how much."""

    def lines(self, **columns: object) -> pd.DataFrame:
        base = {"rep_id": ["S1", "S1", "S2"], "partner_id": ["P1", "P2", None], "line_count": [10, 10, 30]}
        base |= {"in_promotion": 0, "found": [2, 1, 0], "orders": [1, 1, 0], "money": [500.0, 40.0, 0.0]}
        return pd.DataFrame(base | {"first_day": [DAY, DAY, None], "last_day": [DAY, DAY, None]} | columns)

    def test_prices_go_by_partner_and_discounts_by_rep(self):
        by_partner = prices.price_case("price_below_floor", "2025Q4", self.lines(), 0.0, "partner_id")
        by_rep = prices.price_case("discount_over_authority", "2025Q4", self.lines(), 0.0, "rep_id")
        assert by_partner.candidates["partner_id"].tolist() == ["P1", "P2"]
        assert by_rep.candidates[["rep_id", "money", "count"]].values.tolist() == [["S1", 540.0, 3]]

    def test_less_than_material_is_left_out(self):
        found = prices.price_case("price_below_floor", "2025Q4", self.lines(), 100.0, "partner_id")
        assert found.candidates["partner_id"].tolist() == ["P1"]

    def test_a_limit_that_most_break_is_not_the_one_in_force(self):
        found = prices.price_case(
            "discount_over_authority", "2025Q4", self.lines(found=[10, 10, 0]), 0.0, "rep_id"
        )
        assert (found.reason, len(found.candidates)) == ("limit_not_in_force", 0)


class TestRepeats:
    """Orders entered twice, against how often baskets repeat anyway."""

    pairs = pd.DataFrame(
        {"order_id": ["B"], "repeats": ["A"], "day": [DAY], "gap": [0], "partner_id": ["P1"],
         "customer_id": [None], "rep_id": ["S1"], "of_partner": [True], "line_count": [3],
         "is_habit": [False], "amount": [900.0]}
    )  # fmt: skip

    def found(self, near: int, far: int):
        counts = pd.DataFrame(
            {"of_partner": [True], "line_count": [3], "is_habit": [False], "orders": [5000], "near": [near],
             "far": [far]}
        )  # fmt: skip
        return repeats.duplicate_orders("2025Q4", self.pairs, counts, (1, 14), 0.1, 0.0).candidates

    def test_repeats_that_nobody_else_has_are_found(self):
        assert self.found(near=6, far=0)[["partner_id", "rep_id", "money"]].values.tolist() == [
            ["P1", "S1", 900]
        ]

    def test_standing_orders_are_left_alone(self):
        assert len(self.found(near=6, far=60)) == 0


class TestStuffing:
    """The load, and what must be beside it."""

    DAYS = dict.fromkeys(range(5), (82, 10))

    def loads(self, late: float) -> pd.DataFrame:
        """Sixty partners over five quarters; P0 has so much in the last days of the last one."""
        dice, rows = np.random.default_rng(6), []
        for window in range(5):
            table = peers(60, window=window, orders=30)
            early = dice.gamma(27, 1000.0, 60)
            table["late_amount"] = dice.gamma(3, 1000.0, 60)
            if window == 0:
                table.loc[0, "late_amount"] = late
            table["amount"], table["late_orders"] = early + table["late_amount"], 3
            rows.append(table.assign(early_squares=27 * 2e6))
        return pd.concat(rows, ignore_index=True)

    def stock(self, high: float) -> pd.DataFrame:
        dice = np.random.default_rng(7)
        rows = [peers(60, window=w, value=dice.normal(0, 0.1, 60)) for w in range(5)]
        rows[0].loc[0, "value"] = high
        return pd.concat(rows, ignore_index=True)

    def test_a_load_with_stock_that_lies_is_found(self):
        found = loads.stuffing("2025Q4", self.loads(25_000), self.DAYS, {"stock": self.stock(1.0)}, POLICY)
        case = found.candidates.sort_values("p_value").iloc[0]
        assert (case["partner_id"], case["companions"]) == ("P0", "stock")
        assert case["untested"] == "payment,returns"
        assert case["p_value"] < 0.005
        assert case["money"] == pytest.approx(22_000, rel=0.1)

    def test_the_load_alone_is_not_enough(self):
        found = loads.stuffing("2025Q4", self.loads(25_000), self.DAYS, {"stock": self.stock(-0.2)}, POLICY)
        assert odds_of(found, partner_id="P0") == 1.0

    def test_stock_without_a_load_is_another_matter(self):
        found = loads.stuffing("2025Q4", self.loads(2_000), self.DAYS, {"stock": self.stock(1.0)}, POLICY)
        assert odds_of(found, partner_id="P0") == 1.0

    def test_without_any_companion_there_is_no_test(self):
        found = loads.stuffing("2025Q4", self.loads(25_000), self.DAYS, {}, POLICY)
        assert (found.reason, len(found.candidates)) == ("no_companion", 0)

    def test_the_unit_of_money_changes_no_odds(self):
        one = loads.stuffing("2025Q4", self.loads(25_000), self.DAYS, {"stock": self.stock(1.0)}, POLICY)
        table = self.loads(25_000)
        table[["amount", "late_amount"]] *= 100
        other = loads.stuffing(
            "2025Q4", table.assign(early_squares=table["early_squares"] * 1e4), self.DAYS,
            {"stock": self.stock(1.0)}, POLICY,
        )  # fmt: skip
        assert np.allclose(one.candidates["p_value"], other.candidates["p_value"])


class TestReturns:
    """What comes back after the end of a period."""

    def table(self, back: int) -> pd.DataFrame:
        """Sixty partners with 5 last orders in each of 4 quarters, of which some come back."""
        dice = np.random.default_rng(8)
        rows = [
            peers(60, window=w, orders=5, returned_orders=dice.binomial(5, 0.05, 60), amount=5000.0)
            for w in range(1, 5)
        ]
        for rows_of_window in rows:
            rows_of_window.loc[0, "returned_orders"] = back
        table = pd.concat(rows, ignore_index=True)
        return table.assign(returned_amount=table["returned_orders"] * 1000.0, first_day=DAY, last_day=DAY)

    def others(self, back: float = 0.05) -> pd.DataFrame:
        """Forty orders of each partner outside the last days, so many of which come back."""
        return peers(60, orders=40, returned_orders=np.random.default_rng(15).binomial(40, back, 60))

    def test_who_gives_most_of_the_last_orders_back_is_found(self):
        found = returns.late_returns("2025Q3", self.table(4), self.others(), POLICY)
        assert odds_of(found, partner_id="P0") < 1e-6
        case = found.candidates.set_index("partner_id").loc["P0"]
        assert (case["count"], case["total"], case["money"]) == (16, 20, 4000.0)

    def test_a_usual_return_is_left_alone(self):
        found = returns.late_returns("2025Q3", self.table(1), self.others(), POLICY)
        assert odds_of(found, partner_id="P0") > 0.001

    def test_where_goods_come_back_all_the_time_the_end_of_a_period_is_no_news(self):
        found = returns.late_returns("2025Q3", self.table(3), self.others(0.6), POLICY)
        assert odds_of(found, partner_id="P0") > 0.05

    def ghosts(self, elsewhere: int):
        orders = pd.DataFrame(
            {"order_id": ["A", "B", "C"], "day": DAY, "partner_id": ["P1", "P2", "P3"], "customer_id": None,
             "rep_id": "S1", "of_partner": True, "line_count": 3, "amount": 700.0, "fate": "whole"}
        )  # fmt: skip
        counts = pd.DataFrame(
            {"of_partner": True, "line_count": 3, "is_late": [True, False], "orders": [50, 1000],
             "whole": [3, elsewhere], "billed": 0, "unpaid": 0}
        )  # fmt: skip
        return returns.ghost_orders("2025Q3", orders, counts, POLICY).candidates

    def test_last_orders_that_come_back_whole_where_others_do_not_are_found(self):
        found = self.ghosts(elsewhere=1)
        assert found["partner_id"].tolist() == ["P1", "P2", "P3"]
        assert (found["q_value"] <= 0.05).all()

    def test_where_others_come_back_as_well_nothing_is_found(self):
        assert len(self.ghosts(elsewhere=40)) == 0


class TestPartners:
    """Goods that go elsewhere, and partners of whom nothing but orders is seen."""

    def destinations(self, outside: int) -> pd.DataFrame:
        dice = np.random.default_rng(9)
        table = peers(60, region="East", reports=40, outside=dice.binomial(40, 0.05, 60), amount=4000.0)
        table.loc[0, "outside"] = outside
        return table.assign(outside_amount=table["outside"] * 100.0, first_day=DAY, last_day=DAY)

    def test_who_sells_elsewhere_is_found_with_what_is_beyond_the_usual(self):
        found = partners.diversion("2025Q4", self.destinations(18), POLICY)
        assert odds_of(found, partner_id="P0") < 1e-6
        case = found.candidates.set_index("partner_id").loc["P0"]
        assert case["money"] == pytest.approx(1800 - case["expected"] * 4000)

    def test_an_honest_share_elsewhere_is_left_alone(self):
        found = partners.diversion("2025Q4", self.destinations(3), POLICY)
        assert (found.candidates["p_value"] > 0.001).all()

    def test_with_too_few_peers_there_is_no_test(self):
        few = partners.diversion("2025Q4", self.destinations(18).head(10), POLICY)
        assert (few.reason, few.tested) == ("few_peers", 0)

    def traces(self, **silent: list[int]) -> pd.DataFrame:
        table = peers(60, orders=20, amount=9000.0, amount_now=3000.0, first_day=DAY, last_day=DAY)
        table = table.assign(sell_out=30, visits=4, feedback=1)
        for name, rows in silent.items():
            table.loc[rows, name] = 0
        return table

    NAMES = ("sell_out", "visits", "feedback")

    def test_a_partner_that_only_orders_is_found_with_all_its_orders_at_stake(self):
        table = self.traces(sell_out=[0], visits=[0, 1], feedback=[0, *range(1, 30)])
        found = partners.ghost_partners("2025Q4", table, self.NAMES, POLICY)
        assert odds_of(found, partner_id="P0") < 0.001
        assert found.candidates.set_index("partner_id").loc["P0", "money"] == 9000.0

    def test_any_trace_makes_a_partner_real(self):
        table = self.traces(sell_out=[0], visits=[0])
        assert odds_of(partners.ghost_partners("2025Q4", table, self.NAMES, POLICY), partner_id="P0") == 1.0

    def test_where_silence_is_common_it_means_little(self):
        quiet = {
            "sell_out": [0, *range(20, 45)],
            "visits": [0, *range(10, 35)],
            "feedback": [0, *range(30, 55)],
        }
        found = partners.ghost_partners("2025Q4", self.traces(**quiet), self.NAMES, POLICY)
        assert odds_of(found, partner_id="P0") > 0.02


class TestReps:
    """Orders that crowd below limits, and sales that hang on one buyer or few days."""

    def bands(self, below: int) -> pd.DataFrame:
        dice = np.random.default_rng(10)
        table = pd.DataFrame({"rep_id": [f"S{n}" for n in range(12)], "window": 0, "limit_kind": "order"})
        table = table.assign(
            limit_amount=50_000.0, below=dice.binomial(20, 0.2, 12), first_day=DAY, last_day=DAY
        )
        table["left_count"], table["right_count"] = 10, 10 - table["below"].clip(upper=10)
        table.loc[0, ["below", "right_count"]] = [below, 0]
        return table.assign(money=table["below"] * 49_000.0)

    def test_orders_cut_to_just_below_the_limit_are_found(self):
        found = reps.threshold_bunching("2025Q4", self.bands(18), POLICY)
        case = found.candidates.set_index("rep_id").loc["S0"]
        assert case["p_value"] < 0.001
        assert (case["companions"], case["count"], case["total"]) == ("order 50000", 18, 28)

    def test_orders_that_lie_evenly_are_left_alone(self):
        found = reps.threshold_bunching("2025Q4", self.bands(4), POLICY)
        assert (found.candidates["p_value"] > 0.01).all()

    def test_a_round_limit_where_all_orders_crowd_is_nobody_s_doing(self):
        crowded = self.bands(18).assign(below=18, right_count=0)
        assert (reps.threshold_bunching("2025Q4", crowded, POLICY).candidates["p_value"] > 0.01).all()

    def shares(self, buyers: float) -> pd.DataFrame:
        """Thirty reps over four quarters who sell as if to about 20 buyers; S0 now as if to so many."""
        dice, rows = np.random.default_rng(11), []
        for window in range(4):
            level = dice.lognormal(np.log(20), 0.2, 30)
            if window == 0:
                level[0] = buyers
            rows.append(
                pd.DataFrame(
                    {"rep_id": [f"S{n}" for n in range(30)], "window": window, "team": "A", "orders": 60,
                     "channel_type": "visit", "amount": 1000.0, "buyers": 40, "top_buyer": "C1",
                     "top_is_partner": False, "top_amount": 300.0, "buyer_squares": 1e6 / level, "days": 50,
                     "day_amount": 50.0, "day_squares": 1e6 / 40, "first_day": DAY, "last_day": DAY}
                )
            )  # fmt: skip
        return pd.concat(rows, ignore_index=True)

    def test_sales_that_hang_on_one_buyer_are_found(self):
        found = reps.rep_concentration("2025Q4", self.shares(2.0), POLICY)
        case = found.candidates.set_index("rep_id").loc["S0"]
        assert case["p_value"] < 0.001
        assert (case["companions"], case["customer_id"], case["partner_id"]) == ("buyer", "C1", None)
        assert case["observed"] == pytest.approx(2.0)

    def test_usual_concentration_is_left_alone(self):
        found = reps.rep_concentration("2025Q4", self.shares(16.0), POLICY)
        assert odds_of(found, rep_id="S0") > 0.05

    def test_who_always_had_few_buyers_is_left_alone(self):
        table = self.shares(4.0)
        always = table["rep_id"] == "S0"
        table.loc[always, "buyer_squares"] = 1e6 / 4.0
        assert odds_of(reps.rep_concentration("2025Q4", table, POLICY), rep_id="S0") > 0.05


class TestDigits:
    """First digits only where amounts and colleagues follow the law."""

    def digits(self, shares: np.ndarray, odd: np.ndarray | None = None, decades: int = 4) -> pd.DataFrame:
        rows = []
        for rep in range(5):
            own = odd if odd is not None and rep == 0 else shares
            for digit in range(1, 10):
                count = round(2000 * own[digit - 1] / decades)
                rows += [(f"S{rep}", digit, decade, count, 100.0 * count) for decade in range(decades)]
        return pd.DataFrame(rows, columns=["rep_id", "digit", "decade", "orders", "amount"])

    def test_invented_amounts_among_lawful_ones_are_found(self):
        found = digits.first_digits("2025Q4", self.digits(digits.EXPECTED, np.full(9, 1 / 9)), POLICY)
        assert odds_of(found, rep_id="S0") < 1e-6
        assert found.candidates.set_index("rep_id").loc["S1":, "p_value"].min() > 0.1

    def test_a_price_list_that_follows_no_law_is_not_tested(self):
        found = digits.first_digits("2025Q4", self.digits(np.full(9, 1 / 9)), POLICY)
        assert (found.reason, found.tested) == ("benford_peers", 0)

    def test_amounts_of_two_decades_are_not_tested(self):
        found = digits.first_digits("2025Q4", self.digits(digits.EXPECTED, decades=2), POLICY)
        assert found.reason == "benford_amounts"


class TestControl:
    """False discovery over the page, the order of the list, its end at capacity."""

    def test_q_values_are_those_of_the_slow_definition(self):
        p = np.random.default_rng(12).uniform(size=40) ** 3
        slow = [
            min(p[p >= own].min() if False else min(40 * v / (p <= v).sum() for v in p[p >= own]), 1)
            for own in p
        ]
        assert q_values(p) == pytest.approx(slow)

    def test_any_dependence_costs_more(self):
        p = np.array([0.001, 0.02, 0.5])
        assert (q_values(p, "any") >= q_values(p)).all()
        assert q_values(p, "any")[0] == pytest.approx(0.003 * (1 + 1 / 2 + 1 / 3))

    def test_false_discoveries_stay_within_the_rate(self):
        dice, shares = np.random.default_rng(13), []
        for _ in range(200):
            p = np.concatenate([dice.uniform(size=190), dice.uniform(size=10) * 1e-4])
            found = q_values(p) <= 0.1
            shares.append(found[:190].sum() / max(found.sum(), 1))
        assert np.mean(shares) <= 0.1

    def test_the_order_is_money_times_the_chance_that_it_is_no_accident(self):
        frame = pd.DataFrame([dict.fromkeys(COLUMNS)] * 3).assign(
            rule=["a", "b", "c"], money=[100.0, 105.0, 99.0], q_value=[0.0, 0.1, 0.0]
        )
        assert ranked(frame)["rule"].tolist() == ["a", "c", "b"]

    def test_decided_cases_take_nobody_s_time(self):
        states = pd.Series(["open", "cleared", "open", "confirmed", "open"])
        rules = pd.Series(["a"] * 5)
        assert within_capacity(states, rules, 2).tolist() == [True, True, True, True, False]

    def test_a_rule_about_small_sums_is_seen_beside_one_about_large_ones(self):
        states, rules = pd.Series(["open"] * 5), pd.Series(["a", "a", "a", "a", "b"])
        assert within_capacity(states, rules, 3).tolist() == [True, True, False, False, True]
        assert within_capacity(states, rules, 1).tolist() == [True, False, False, False, False]

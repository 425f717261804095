"""Small partners are pulled towards their type; nobody's prior comes from this period's peers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.methods.scoring import fit_priors, shrink


def rates(hits, tries, kpi="csat", period=0):
    hits, tries = np.asarray(hits, dtype=float), np.asarray(tries, dtype=float)
    return pd.DataFrame(
        {
            "entity": [f"p{i:04}" for i in range(len(hits))],
            "group": "agent",
            "kpi": kpi,
            "numerator": hits,
            "denominator": tries,
            "value": hits / np.where(tries > 0, tries, np.nan),
            "se": np.nan,
            "n": tries,
            "status": np.where(tries > 0, "ok", "zero_denominator"),
        }
    )


def figures(value, se, n=1.0):
    table = rates(np.ones(len(value)), np.ones(len(value)), "growth")
    return table.assign(value=np.asarray(value, dtype=float), se=se, n=n)


def many_rates(seed, entities=2000, mean=0.8, strength=50.0):
    """True rates of many partners and what was counted; a quarter of them has few answers."""
    chance = np.random.default_rng(seed)
    truth = chance.beta(mean * strength, (1 - mean) * strength, entities)
    tries = np.where(
        chance.random(entities) < 0.24, chance.integers(1, 8, entities), chance.integers(8, 120, entities)
    )
    return truth, chance.binomial(tries, truth), tries


def test_the_prior_of_rates_is_the_one_they_were_drawn_from():
    _, hits, tries = many_rates(1)
    prior = fit_priors(rates(hits, tries), ["csat"]).iloc[0]
    assert prior["mean"] == pytest.approx(0.8, abs=0.01)
    assert prior["strength"] == pytest.approx(50, rel=0.25)


def test_the_prior_of_figures_is_the_one_they_were_drawn_from():
    chance = np.random.default_rng(2)
    truth = chance.normal(0.08, 0.10, 2000)
    orders = chance.integers(2, 60, 2000)
    se = 0.5 / np.sqrt(orders)
    prior = fit_priors(figures(truth + se * chance.standard_normal(2000), se, orders), []).iloc[0]
    assert (prior["mean"], prior["spread"]) == (pytest.approx(0.08, abs=0.01), pytest.approx(0.10, rel=0.15))
    assert prior["unit"] == pytest.approx(0.25)


def test_a_partner_that_grew_fortyfold_does_not_tell_what_its_type_is_like():
    chance = np.random.default_rng(8)
    growth = chance.normal(0.05, 0.1, 60)
    growth[0] = 40.0
    prior = fit_priors(figures(growth, 0.05, 20), []).iloc[0]
    assert prior["mean"] == pytest.approx(0.05, abs=0.03)
    assert prior["spread"] < 0.15


def test_partners_who_sold_little_by_chance_do_not_pull_their_type_down():
    chance = np.random.default_rng(5)
    orders = chance.integers(2, 30, 3000)
    amounts = [chance.lognormal(0.0, 0.8, n) for n in orders]
    mean = np.exp(0.32)
    value = np.array([a.sum() / (n * mean) for a, n in zip(amounts, orders, strict=True)])
    se = np.array([np.sqrt((a**2).sum()) / (n * mean) for a, n in zip(amounts, orders, strict=True)])
    table = figures(value, se, orders)
    leaning = float((table["value"] / se**2).sum() / (1 / se**2).sum())
    assert leaning < 0.9
    assert fit_priors(table, [])["mean"].iloc[0] == pytest.approx(1.0, abs=0.02)


def test_raw_rates_fill_the_top_with_small_partners_and_shrunk_ones_do_not():
    small, right = {"raw": [], "shrunk": []}, {"raw": [], "shrunk": []}
    for seed in range(10, 34):
        truth, hits, tries = many_rates(seed, 200)
        own = rates(hits, tries)
        prior = fit_priors(rates(*many_rates(seed + 100, 200)[1:]), ["csat"])
        best = set(np.argsort(-truth)[:50])
        for name, rate in (("raw", own["value"]), ("shrunk", shrink(own, prior)["value"])):
            top = np.argsort(-rate.to_numpy(), kind="stable")[:50]
            small[name].append((tries[top] < 8).mean())
            right[name].append(len(best & set(top)) / 50)
    assert np.mean(small["raw"]) > 0.35
    assert np.mean(small["shrunk"]) < 0.1
    assert np.mean(right["shrunk"]) > np.mean(right["raw"]) + 0.03


def test_shrunk_rates_are_nearer_to_the_truth_and_their_spread_is_honest():
    truth, hits, tries = many_rates(3)
    found = shrink(rates(hits, tries), fit_priors(rates(*many_rates(4)[1:]), ["csat"]))
    raw = ((found["raw"] - truth) ** 2).mean()
    assert ((found["value"] - truth) ** 2).mean() < 0.5 * raw
    inside = (abs(found["value"] - truth) <= 1.645 * found["se"]).mean()
    assert inside == pytest.approx(0.90, abs=0.03)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 50), st.integers(1, 50))
def test_a_shrunk_rate_lies_between_the_rate_and_the_prior(hits, more):
    tries = hits + more
    prior = pd.DataFrame([["agent", "csat", "rate", 0.7, 0.1, 20.0, np.nan, 10, 500]], columns=PRIOR)
    value = shrink(rates([hits], [tries]), prior)["value"].iloc[0]
    assert min(hits / tries, 0.7) - 1e-12 <= value <= max(hits / tries, 0.7) + 1e-12


PRIOR = ["group", "kpi", "kind", "mean", "spread", "strength", "unit", "entities", "observations"]


def test_what_has_no_prior_or_no_standard_error_stays_as_it_is():
    own = pd.concat([rates([3], [4]), figures([0.5], [np.nan])])
    prior = pd.DataFrame([["agent", "growth", "figure", 0.1, 0.1, np.nan, np.nan, 10, 40]], columns=PRIOR)
    assert shrink(own, prior)["value"].tolist() == [0.75, 0.5]


def test_a_figure_of_a_single_order_is_pulled_by_what_is_usual_in_its_type():
    prior = pd.DataFrame([["agent", "growth", "figure", 0.1, 0.1, np.nan, 0.09, 10, 40]], columns=PRIOR)
    found = shrink(figures([1.1], [np.nan], 1.0), prior)
    assert found["value"].iloc[0] == pytest.approx(0.1 + 1.0 * 0.01 / (0.01 + 0.09))
    assert found["se"].iloc[0] == pytest.approx((0.01 * 0.09 / 0.1) ** 0.5)


def test_an_exact_figure_is_not_pulled():
    prior = pd.DataFrame([["agent", "growth", "figure", 0.1, 0.1, np.nan, np.nan, 10, 40]], columns=PRIOR)
    assert shrink(figures([0.5], [0.0]), prior)["value"].tolist() == [0.5]


def test_where_nobody_differs_everybody_is_the_mean():
    prior = pd.DataFrame([["agent", "growth", "figure", 0.1, 0.0, np.nan, np.nan, 10, 40]], columns=PRIOR)
    found = shrink(figures([0.5], [0.2]), prior)
    assert found[["value", "se"]].iloc[0].tolist() == [pytest.approx(0.1), 0.0]


def test_too_few_peers_make_no_prior():
    assert len(fit_priors(rates([1, 2, 3], [4, 4, 4]), ["csat"], minimum=8)) == 0


@pytest.mark.parametrize(("hits", "mean"), [(0, 0.0), (5, 1.0)])
def test_a_rate_that_is_the_same_for_all_has_a_prior_all_the_same(hits, mean):
    prior = fit_priors(rates([hits] * 10, [5] * 10), ["csat"]).iloc[0]
    assert prior["mean"] == pytest.approx(mean, abs=0.02)
    found = shrink(rates([hits], [5]), pd.DataFrame([prior]))
    assert found["alpha"].iloc[0] > 0 and found["beta"].iloc[0] > 0


def test_several_periods_of_a_partner_count_as_one_partner():
    both = pd.concat([rates([4] * 10, [5] * 10), rates([5] * 10, [5] * 10)])
    assert fit_priors(both, ["csat"])["entities"].tolist() == [10]
    assert fit_priors(both, ["csat"])["observations"].tolist() == [100]


def test_missing_values_teach_nothing():
    table = rates([3] * 9, [5] * 9).assign(status="no_rows")
    assert len(fit_priors(table, ["csat"])) == 0
    assert list(fit_priors(table, ["csat"]).columns) == PRIOR

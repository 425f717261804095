"""Step tables: what a model is made of adds up, is monotone, and means the same in SQL."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.methods.risk.additive import Recipe, fit_additive
from channel_analysis.methods.risk.steps import (
    Steps,
    added,
    contributions_of,
    cuts_of,
    log_odds_of,
    log_odds_sql,
)
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.spark import SparkEngine

numbers = st.floats(-1e6, 1e6, allow_nan=False)
step_tables = st.lists(numbers, min_size=0, max_size=12, unique=True).flatmap(
    lambda cuts: st.builds(
        Steps,
        thresholds=st.just(tuple(sorted(cuts))),
        values=st.tuples(*[st.floats(-9, 9) for _ in range(len(cuts) + 1)]),
        missing=st.floats(-9, 9),
    )
)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(4)
    x = pd.DataFrame(rng.normal(size=(6000, 8)), columns=[f"feature {n}" for n in range(7)] + ['the "last"'])
    x[rng.random(x.shape) < 0.1] = np.nan
    odds = np.exp(-2 + 1.2 * x["feature 0"].fillna(0.5) - 0.8 * x["feature 1"].fillna(0))
    y = (rng.random(len(x)) < odds / (1 + odds)).astype(float).to_numpy()
    signs = {"feature 0": 1, "feature 1": -1}
    return fit_additive(x, y, signs, np.repeat(np.arange(600), 10).tolist(), Recipe(rounds=80, bags=2))


def test_contributions_add_up_to_the_score_over_a_million_rows(fitted):
    rng = np.random.default_rng(9)
    x = pd.DataFrame(rng.normal(scale=2, size=(1_000_000, len(fitted.tables))), columns=list(fitted.tables))
    x.iloc[::7, 0] = np.nan
    parts = contributions_of(fitted.tables, x).to_numpy()
    assert (
        np.abs(parts.sum(axis=1) + fitted.intercept - log_odds_of(fitted.tables, fitted.intercept, x)).max()
        < 1e-9
    )


def test_a_signed_feature_never_speaks_against_its_sign(fitted):
    sweep = np.sort(np.random.default_rng(1).normal(scale=4, size=100_000))
    assert (np.diff(fitted.tables["feature 0"].at(sweep)) >= 0).all()
    assert (np.diff(fitted.tables["feature 1"].at(sweep)) <= 0).all()
    assert np.ptp(fitted.tables["feature 0"].at(sweep)) > 1


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_sql_gives_the_same_log_odds_as_python(fitted, engine, request):
    run = DuckDBEngine() if engine == "duckdb" else SparkEngine(request.getfixturevalue("spark"))
    rng = np.random.default_rng(2)
    x = pd.DataFrame(rng.normal(scale=2, size=(2000, len(fitted.tables))), columns=list(fitted.tables))
    x[rng.random(x.shape) < 0.1] = np.nan
    for name, steps in fitted.tables.items():  # on the edges themselves, too
        x.loc[: len(steps.thresholds) - 1, name] = steps.thresholds
    x["row"] = np.arange(len(x))
    run.register("risk_rows", pa.Table.from_pandas(x, preserve_index=False))
    sql = log_odds_sql(fitted.tables, fitted.intercept)
    told = run.query(f"SELECT {sql} AS log_odds FROM risk_rows ORDER BY row")["log_odds"].to_numpy()
    assert np.abs(told - log_odds_of(fitted.tables, fitted.intercept, x)).max() < 1e-12


@settings(max_examples=60, deadline=None)
@given(step_tables, st.lists(st.one_of(numbers, st.just(float("nan"))), min_size=1, max_size=20))
def test_every_value_falls_on_the_step_whose_threshold_it_does_not_exceed(steps, values):
    for value, told in zip(values, steps.at(np.array(values)), strict=True):
        if np.isnan(value):
            assert told == steps.missing
        else:
            assert told == steps.values[sum(value > cut for cut in steps.thresholds)]


@settings(max_examples=60, deadline=None)
@given(step_tables, step_tables, st.lists(numbers, min_size=1, max_size=20))
def test_the_sum_of_two_step_functions_is_their_sum_everywhere(one, other, values):
    x = np.array([*values, *one.thresholds, *other.thresholds, np.nan])
    np.testing.assert_allclose(added(one, other).at(x), one.at(x) + other.at(x), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=60), st.integers(1, 10))
def test_cuts_part_the_values_and_never_lie_beyond_them(values, most):
    cuts = cuts_of(np.array(values), most)
    assert len(cuts) <= most and (np.diff(cuts) > 0).all()
    assert all(min(values) <= cut < max(values) for cut in cuts)

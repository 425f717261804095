"""Drift is noted when partners change, and not because there are few of them."""

import json

import numpy as np
import pandas as pd
import pytest

from channel_analysis.methods.risk.drift import drift_of, reference_of


def features(rng, rows, count=20):
    values = {f"f{number}": rng.normal(size=rows) for number in range(count - 2)}
    return pd.DataFrame(
        {**values, "orders": rng.poisson(3, rows), "dso": np.where(rng.random(rows) < 0.2, np.nan, 45.0)}
    ).astype(float)


def test_a_hundred_stable_partners_alarm_at_the_rate_while_the_usual_rule_alarms_nearly_always():
    rng = np.random.default_rng(7)
    reference = reference_of(features(rng, 5000))
    months = [drift_of(reference, features(rng, 100)) for _ in range(150)]
    noted = np.mean([month["drifted"].any() for month in months])
    usual = np.mean([(month["psi"] > 0.10).any() for month in months])
    single = np.mean([(month["psi"] > month["critical"]).mean() for month in months])
    assert noted <= 0.16
    assert usual > 0.8
    assert single == pytest.approx(0.10, abs=0.04)


def test_a_shifted_feature_is_found_and_no_other():
    rng = np.random.default_rng(8)
    reference = reference_of(features(rng, 5000))
    now = features(rng, 200)
    now["f3"] += 0.7
    table = drift_of(reference, now).set_index("feature")
    assert table["drifted"]["f3"]
    assert table["drifted"].sum() <= 2


def test_a_feature_that_goes_missing_has_drifted():
    rng = np.random.default_rng(9)
    reference = reference_of(features(rng, 5000))
    now = features(rng, 200)
    now.loc[:80, "f0"] = np.nan
    assert drift_of(reference, now).set_index("feature")["drifted"]["f0"]
    assert drift_of(reference, now.drop(columns="f1")).set_index("feature")["drifted"]["f1"]


def test_nothing_to_compare_has_no_figure():
    empty = pd.DataFrame({"a": [np.nan, np.nan], "b": [1.0, 1.0]})
    table = drift_of(reference_of(empty), empty)
    assert not table["drifted"].any()
    assert not drift_of(reference_of(empty), empty.iloc[:0])["drifted"].any()


def test_the_reference_survives_json():
    rng = np.random.default_rng(10)
    reference = reference_of(features(rng, 500))
    again = json.loads(json.dumps(reference))
    now = features(rng, 100)
    pd.testing.assert_frame_equal(drift_of(reference, now), drift_of(again, now))

"""From a panel to a model: planted risks are found, nothing is found where nothing is, few events say so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from channel_analysis import score_risk, train_risk
from channel_analysis.errors import InputError
from channel_analysis.methods.risk.gains import auc
from channel_analysis.methods.risk.panel import spec_of, steps_of

from .worlds import FAMILIES, GAP, HORIZON, SIGNS, planted


def trained(panel, **more):
    keys = {"label": "failed", "entity": "partner_id", "period": "snapshot", "horizon": HORIZON, "gap": GAP}
    return train_risk(
        panel, **(keys | {"families": FAMILIES, "signs": SIGNS, "draws": 60, "folds": 3} | more)
    )


@pytest.fixture(scope="module")
def world():
    return planted(seed=5, partners=200, months=30)


@pytest.fixture(scope="module")
def model(world):
    return trained(world)


def test_a_planted_risk_is_found_nearly_as_well_as_by_who_planted_it(model):
    fresh = planted(seed=77).dropna(subset=["failed"])
    truth = 1.6 * fresh["overdue"].fillna(0) - 0.8 * fresh["trend"]
    y = fresh["failed"].to_numpy()
    assert model.verdict == "told"
    assert auc(y, model.log_odds(fresh)) > auc(y, truth.to_numpy()) - 0.02
    assert model.auc_low < auc(y, model.log_odds(fresh)) + 0.05


def test_probabilities_mean_what_they_say_on_partners_of_another_world(model):
    fresh = planted(seed=78).dropna(subset=["failed"])
    p = model.probability(fresh)
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 1.0)):
        within = (p >= low) & (p < high)
        assert fresh["failed"][within].mean() == pytest.approx(p[within].mean(), abs=0.06)


def test_reasons_of_a_row_add_up_to_its_score(model, world):
    scored = score_risk(model, world)
    total = scored.contributions.sum(axis=1) + model.intercept
    assert np.abs(total - scored.scores["log_odds"]).max() < 1e-9
    told = scored.scores.dropna(subset=["contribution_1", "contribution_2"])
    assert (told["contribution_1"] >= told["contribution_2"]).all()


def test_the_same_panel_gives_the_same_file(model, world):
    assert trained(world).to_json() == model.to_json()


def test_what_is_told_about_a_model_fits_together(model):
    table = model.table("models").set_index("model")
    assert table["chosen"].sum() == 1 and table.at["additive", "kind"] == "additive"
    assert {"points", "logistic"} <= set(table.index)
    assert table.at["additive", "auc"] == model.auc
    assert table["auc_low"].lt(table["auc_high"]).all()
    gains = model.table("gains")
    assert gains["found"].is_monotonic_increasing
    assert sum(model.strength.values()) == pytest.approx(1)
    assert model.strength["overdue"] > model.strength.get("noise", 0) * 3


def test_where_nothing_is_planted_nothing_is_told():
    flat = [planted(seed, partners=120, months=24, strength=0.0, level=-3.6) for seed in (11, 12, 13)]
    models = [trained(panel) for panel in flat]
    silent = [place for place, model in enumerate(models) if model.verdict == "nothing_told"]
    assert len(silent) >= 2
    scored = score_risk(models[silent[0]], flat[silent[0]]).scores
    assert set(scored["status"]) == {"untold"} and set(scored["band"]) == {"unknown"}
    assert scored["probability"].nunique() == 1


def test_with_few_events_only_a_scorecard_pulled_towards_the_signs_is_tried():
    panel = planted(seed=6, partners=60, level=-6.0)
    model = trained(panel, minimum_events=50)
    assert model.events < 50
    assert model.verdict in ("few_events", "nothing_told", "too_few")
    assert "additive" not in set(model.table("models")["model"])


def test_with_fewer_than_ten_events_the_order_follows_from_the_signs_alone():
    panel = planted(seed=6, partners=40, level=-8.0)
    panel.loc[panel.index[3], "failed"] = 1.0
    model = trained(panel)
    assert model.verdict == "too_few" and model.auc is None
    assert np.corrcoef(model.log_odds(panel), panel["overdue"].fillna(0) - panel["trend"])[0, 1] > 0.9
    assert "noise" not in model.tables
    known = panel[panel["failed"].notna()]
    assert model.probability(known).mean() == pytest.approx(known["failed"].mean(), abs=0.001)


def test_a_family_without_any_value_is_left_out_and_named(world):
    empty = world.assign(complaints=np.nan)
    model = trained(empty, families={**FAMILIES, "reputation": ["complaints"], "context": []}, draws=30)
    assert model.declared.missing == ("reputation", "context")


def test_without_a_period_folds_are_by_entity(world):
    model = trained(
        world[world["snapshot"] == world["snapshot"].min()], period=None, horizon=0, gap=0, draws=30
    )
    assert model.split == "entity"


def test_a_past_without_any_bad_end_is_no_ground_to_be_tested_on():
    from sklearn.linear_model import LogisticRegression

    panel = planted(seed=5, partners=150, months=30)[["partner_id", "snapshot", "trend", "failed"]]
    early = panel["snapshot"] < panel["snapshot"].min() + pd.DateOffset(months=12)
    panel.loc[early & panel["failed"].notna(), "failed"] = 0.0
    own = {"families": {"sales": ["trend"]}, "signs": {"trend": -1}, "folds": 5, "draws": 30}
    model = trained(panel, references={"plain": LogisticRegression()}, **own)
    assert "plain" in set(model.table("models")["model"])


def test_any_classifier_may_stand_beside_as_a_reference(world):
    from sklearn.naive_bayes import GaussianNB

    filled = world.fillna({"overdue": 0.0})
    model = trained(filled, references={"naive Bayes": GaussianNB()}, draws=30)
    row = model.table("models").set_index("model").loc["naive Bayes"]
    assert row["kind"] == "reference" and not row["chosen"] and row["auc"] > 0.6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "fail"}, "did you mean 'failed'"),
        ({"entity": "partner"}, "no such column"),
        ({"horizon": 0}, "no number of periods"),
        ({"gap": -1}, "no number of periods"),
        ({"families": {"a": ["overdue"], "b": ["overdue"]}, "signs": {}}, "it stands in the family a, too"),
        ({"families": {"a": []}, "signs": {}}, "there is no feature"),
        ({"families": {"a": "overdue"}, "signs": {}}, "this is one text"),
        ({"signs": {"overdu": 1}}, "no such feature"),
        ({"signs": {"overdue": 2}}, "2 is no sign"),
    ],
)
def test_mistakes_in_the_call_are_named(world, change, said):
    with pytest.raises(InputError, match=said):
        trained(world, **change)


def test_every_mistake_of_a_call_is_told_at_once(world):
    with pytest.raises(InputError) as refused:
        trained(world, label="fail", horizon=0, signs={"overdu": 1})
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p.assign(failed=2.0), "neither 0, 1 nor missing"),
        (lambda p: p.assign(failed=0.0), "no row came to a bad end"),
        (lambda p: p.assign(failed=np.nan), "no row came to a bad end"),
        (lambda p: p.assign(trend=p["trend"] / 0.0), "infinite"),
        (lambda p: p.assign(trend="up"), "trend"),
        (lambda p: p.assign(snapshot=pd.NaT), "no period"),
        (lambda p: p.iloc[:0], "no rows"),
        (lambda p: [1, 2], "not a table"),
    ],
)
def test_values_that_are_none_are_told_with_their_column(world, spoil, said):
    with pytest.raises(InputError, match=said):
        trained(spoil(world))


def test_periods_may_be_dates_pandas_periods_or_numbers():
    dates = pd.Series(pd.to_datetime(["2024-11-30", "2025-01-31"]))
    assert np.diff(steps_of(dates)).tolist() == [2]
    assert steps_of(dates.dt.to_period("M")).tolist() == steps_of(dates).tolist()
    assert steps_of(pd.Series([2001.0, 2004.0])).tolist() == [2001, 2004]
    for wrong in ([1.5, 2], ["soon", "later"]):
        with pytest.raises(InputError):
            steps_of(pd.Series(wrong, name="when"))


def test_without_families_all_numeric_columns_are_features(world):
    spec = spec_of(world, "failed", "partner_id", "snapshot", 6, 1, None, None)
    assert spec.features == ("overdue", "trend", "noise")

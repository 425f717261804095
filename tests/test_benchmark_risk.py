"""The benchmark of risk tests what it says: nothing after the snapshot is seen, entities are drawn whole."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.risk import OURS, judged
from benchmarks.risk_peers import PEERS, rule
from benchmarks.risk_sets import financial_features
from benchmarks.risk_trade import trade_panel
from benchmarks.risk_worlds import HEADING, TOLD, depths, section

DAYS = [pd.Timestamp("2024-06-30"), pd.Timestamp("2024-07-31")]


@pytest.fixture(scope="module")
def lines():
    chance = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "entity": chance.integers(0, 40, 1500).astype(str),
            "date": pd.Timestamp("2024-01-01") + pd.to_timedelta(chance.integers(0, 330, 1500), "D"),
            "amount": chance.normal(100, 80, 1500),
            "product": chance.integers(0, 30, 1500).astype(str),
        }
    )


def traded(lines):
    return trade_panel(lines, DAYS, horizon=90, windows=(30, 90), active=90)


def test_indicators_of_a_snapshot_do_not_change_with_what_came_after(lines):
    whole, cut = traded(lines), traded(lines[lines["date"] <= DAYS[0]])
    first = whole[whole["snapshot"] == DAYS[0]].drop(columns="churns").reset_index(drop=True)
    again = cut[cut["snapshot"] == DAYS[0]].drop(columns="churns").reset_index(drop=True)
    pd.testing.assert_frame_equal(first, again)


def test_a_customer_churns_who_buys_nothing_in_the_days_ahead(lines):
    gone = lines[(lines["entity"] != "7") | (lines["date"] <= DAYS[0])]
    told = traded(gone).set_index(["entity", "snapshot"])["churns"]
    assert told[("7", DAYS[0])] == 1.0
    assert traded(lines).set_index(["entity", "snapshot"])["churns"][("7", DAYS[0])] == 0.0


def test_ratios_over_nothing_are_missing_and_never_infinite():
    names = ["current_assets", "ebitda", "inventory", "income", "receivable", "market", "sales", "assets"]
    names += ["debt", "ebit", "gross", "current_debt", "retained", "liabilities", "expenses", "depreciation"]
    raw = pd.DataFrame({name: [0.0, 5.0, 0.0] for name in names})
    x, signs = financial_features(raw.assign(company=["a", "a", "b"], year=[2001, 2002, 2001]))
    assert not np.isinf(x.to_numpy()).any()
    assert x.loc[0, ["income_assets", "leverage", "current_ratio"]].isna().all()
    assert set(signs) == set(x.columns)


def test_a_model_that_is_better_is_told_apart_from_ours():
    chance = np.random.default_rng(3)
    entities = np.repeat(np.arange(120), 5)
    y = (chance.random(600) < 0.3).astype(float)
    scores = pd.DataFrame({OURS: chance.random(600), "knows": np.clip(y * 0.6 + 0.2, 0, 1)})
    table = judged(y, scores, entities, draws=40)
    assert table.at["knows", "auc"] == 1.0
    assert table.at["knows", "auc_apart_low"] > 0.3
    assert table.at[OURS, "auc_low"] < 0.5 < table.at[OURS, "auc_high"]


@pytest.mark.parametrize("name", ["logistic, raw", "logistic, ranks and flags"])
def test_peers_find_what_is_planted_and_a_rule_needs_no_fit(name):
    chance = np.random.default_rng(9)
    x = pd.DataFrame({"overdue": chance.normal(size=400), "noise": chance.normal(size=400)})
    x.loc[::9, "overdue"] = np.nan
    y = (chance.random(400) < 1 / (1 + np.exp(1 - 2 * x["overdue"].fillna(0)))).to_numpy(float)
    p = PEERS[name](x[:300], y[:300])(x[300:])
    assert p[y[300:] == 1].mean() > p[y[300:] == 0].mean() + 0.1
    assert rule("overdue", -1)(x, y)(pd.DataFrame({"overdue": [2.0]})).tolist() == [-2.0]


def test_the_oracle_counts_months_of_trouble_until_a_partner_is_well_again():
    truth = {
        "ill": {"trouble_start": "2024-03", "recovered": None},
        "well": {"trouble_start": "2024-03", "recovered": "2024-05"},
        "sound": {"trouble_start": None, "recovered": None},
    }
    names = pd.Series(["ill", "ill", "ill", "well", "well", "sound"])
    months = np.array([1, 2, 6, 3, 4, 6]) + 2024 * 12
    assert depths(names, months, truth).tolist() == [0, 1, 5, 2, 0, 0]


def test_the_page_tells_of_flagged_partners_how_many_have_the_planted_cause():
    table = pd.DataFrame({"events": [80, 90], "verdict": ["told", "told"], "auc": [0.6, 0.7]})
    table = table.assign(oracle=[0.8, 0.9], late=[0.7, 0.8])
    partners = pd.DataFrame(
        {
            "cause": ["sales"] * 4 + ["finance"],
            "is_flagged": [True, True, False, False, False],
            "families": [{"sales"}, {"finance", "context"}, set(), {"sales"}, {"finance"}],
        }
    )
    text = section({TOLD: (table, partners)}, {"partners": 5, "months": 60, "lines": 900})
    assert text.startswith(HEADING)
    assert "| sales | 4 | 50.0% (2) | 15.0% to 85.0% | 50.0% (1) |" in text
    assert "| finance | 1 | 0.0% (0) | 0.0% to 79.3% | none |  | 50.0% (1) |" in text

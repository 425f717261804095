"""Early warning of a workspace: trained once, scored at a period's end, followed up, the same twice."""

from __future__ import annotations

import datetime
import json
import shutil

import numpy as np
import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.analysis.risk import model_path
from channel_analysis.methods.risk.gains import auc
from channel_analysis.report.following import follow_up
from channel_analysis.store.alerts import earlier_alerts, override, read_alerts

FAMILIES = {"sales", "finance", "reputation", "relationship", "context"}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """200 partners, many of them in trouble, over four years; the model learns up to March 2025."""
    folder = tmp_path_factory.mktemp("risk") / "company"
    dials = ca.Dials(trouble_hazard=0.025, exit_hazard=0.001)
    ca.simulate(folder / "data" / "raw", partners=200, months=48, lines=60_000, seed=33, dials=dials)
    (folder / "workspace.toml").write_text('[data]\nbad_rows = "set_aside"\n', encoding="utf-8")
    ws = ca.open_workspace(folder)
    ca.train_partner_risk(ws, until=datetime.date(2025, 3, 31))
    return ws


@pytest.fixture(scope="module")
def risk(company):
    return ca.partner_risk(company, "2025Q3")


def truth_of(ws):
    told = json.loads((ws.root / "data" / "raw" / "truth.json").read_text(encoding="utf-8"))
    return {partner["partner_id"]: partner for partner in told["partners"]}


def test_reasons_and_the_usual_level_add_up_to_every_score(company, risk):
    model = ca.RiskModel.load(model_path(company))
    scored = risk.partners[risk.partners["status"] == "scored"].set_index("partner_id")
    total = risk.reasons.groupby("partner_id")["contribution"].sum() + model.intercept
    assert len(scored) > 50
    assert np.abs(total[scored.index] - scored["log_odds"]).max() < 1e-9


def test_partners_truly_in_trouble_for_months_stand_higher_than_others(company):
    truth, troubled, scores = truth_of(company), [], []
    for period, since, now in (("2025Q2", "2025-04", "2025-06"), ("2025Q3", "2025-07", "2025-09")):
        found = ca.partner_risk(company, period).partners
        for row in found[found["status"] == "scored"].to_dict("records"):
            one = truth[row["partner_id"]]
            recovered = one["recovered"] and one["recovered"] <= now
            troubled.append(bool(one["trouble_start"] and one["trouble_start"] <= since and not recovered))
            scores.append(row["log_odds"])
    assert sum(troubled) >= 10
    assert auc(np.array(troubled, dtype=float), np.array(scores)) > 0.6


def test_everybody_under_contract_or_trading_is_told_of_once(company, risk):
    truth = truth_of(company)
    told = risk.partners["partner_id"]
    assert told.is_unique
    gone = {name for name, one in truth.items() if one["exit_date"] and one["exit_date"] <= "2025-09-30"}
    assert not gone & set(told)
    assert risk.partners["band"].isin(["green", "yellow", "orange", "red", "unknown"]).all()
    assert risk.partners.loc[risk.partners["status"] == "ended", "probability"].isna().all()


def test_the_watch_list_ends_at_the_reviewers_capacity_and_pays(company, risk):
    listed = risk.watch_list()
    assert 0 < len(listed) <= company.policy.risk.capacity
    assert listed["watch_place"].tolist() == list(range(1, len(listed) + 1))
    assert ((listed["expected_saving"] > 0) | (listed["trigger"] != "")).all()


def test_money_at_stake_is_what_the_tables_hold(company, risk):
    open_on = (
        "SELECT partner_id, SUM(amount) AS owed FROM receivables WHERE partner_id IS NOT NULL "
        "AND COALESCE(known_at, invoice_date) <= DATE '2025-09-30' "
        "AND COALESCE(paid_date, DATE '2999-01-01') > DATE '2025-09-30' "
        "AND COALESCE(written_off_date, DATE '2999-01-01') > DATE '2025-09-30' GROUP BY partner_id"
    )
    rows = company.facts().engine.query(open_on).to_pylist()
    owed = {row["partner_id"]: float(row["owed"]) for row in rows}
    for row in risk.partners.to_dict("records"):
        assert row["receivable"] == pytest.approx(owed.get(row["partner_id"], 0.0))


def test_a_model_of_the_same_inputs_is_not_trained_again(company):
    before = model_path(company).stat().st_mtime_ns
    model = ca.train_partner_risk(company, until=datetime.date(2025, 3, 31))
    assert model_path(company).stat().st_mtime_ns == before
    assert set(model.declared.families) | set(model.declared.missing) == FAMILIES
    assert model.notes["last_day"] == "2025-03-31"


def test_the_same_twice_gives_the_same_tables(company, risk):
    again = ca.partner_risk(company, "2025Q3")
    for name, table in risk.tables().items():
        pd.testing.assert_frame_equal(table, again.tables()[name], obj=name)


def test_a_page_of_the_past_says_that_the_model_knew_later(company):
    assert "model_knew_later" in [caveat.code for caveat in ca.partner_risk(company, "2024Q4").caveats]
    assert "model_knew_later" not in [caveat.code for caveat in ca.partner_risk(company, "2025Q1").caveats]


def test_warnings_are_kept_as_issued_and_followed_to_their_end(company, tmp_path):
    ws = copied(company, tmp_path)
    first = ca.partner_risk(ws, "2025Q1")
    publish(ws, first, "2025Q1", tmp_path)
    publish(ws, first, "2025Q1", tmp_path)
    issued = read_alerts(ws.root)
    assert {alert.partner_id for alert in issued} == set(first.alerts()["partner_id"]) and issued
    assert earlier_alerts(ws.root, datetime.date(2025, 3, 31)) == []
    followed = ca.partner_risk(ws, "2025Q4").followed
    assert len(followed) == len(issued)
    truth = truth_of(ws)
    for row in followed.to_dict("records"):
        left = truth[row["partner_id"]]["exit_date"]
        reason = truth[row["partner_id"]]["exit_reason"]
        if left and "2025-04-01" <= left <= "2025-10-31":
            assert row["outcome"] == ("ours" if reason == "ours" else "ended")
        else:
            assert row["outcome"] in ("held", "ended")
    assert not (followed["outcome"] == "open").any()


def test_a_band_that_somebody_set_holds_until_its_day_and_is_named(company, tmp_path):
    ws = copied(company, tmp_path)
    top = ca.partner_risk(ws, "2025Q3").watch_list()["partner_id"].iloc[0]
    told = {"band": "green", "author": "Li Lei", "reason": "guarantee of the parent", "most_days": 180}
    day = datetime.date(2025, 9, 1)
    override(ws.root, top, date=day, until=datetime.date(2025, 10, 31), **told)
    row = ca.partner_risk(ws, "2025Q3").partners.set_index("partner_id").loc[top]
    assert (row["band"], row["override"]) == ("green", "Li Lei")
    later = ca.partner_risk(ws, "2025Q4").partners.set_index("partner_id")
    assert top not in later.index or later.at[top, "override"] == ""


def test_without_a_model_the_page_says_how_to_train_one(company, tmp_path):
    ws = copied(company, tmp_path)
    model_path(ws).unlink()
    found = ca.partner_risk(ws, "2025Q3")
    assert [caveat.code for caveat in found.caveats] == ["no_risk_model"]
    assert "risk train" in ca.show(found, "en").html()
    assert not len(found.partners) and not len(found.alerts())


def test_a_damaged_model_is_named_and_training_replaces_it(company, tmp_path):
    ws = copied(company, tmp_path)
    model_path(ws).write_text("{", encoding="utf-8")
    with pytest.raises(ca.InputError, match=r"partner_risk\.json"):
        ca.partner_risk(ws, "2025Q3")


def test_adventureworks_is_warned_of_by_sales_alone(tmp_path, shared_data):
    ca.make_workspace(tmp_path / "aw", mapping="adventureworks", source=str(shared_data("adventureworks_dw")))
    ws = ca.open_workspace(tmp_path / "aw")
    model = ca.train_partner_risk(ws)
    assert set(model.declared.missing) >= {"finance", "reputation"}
    assert model.verdict == "told" and model.auc_low > 0.6
    found = ca.partner_risk(ws, "2013Q3")
    assert (found.partners["status"] == "scored").sum() > 200
    ca.show(found, ["en", "zh"])


def test_a_year_of_online_retail_is_enough_for_a_warning_by_sales_alone(tmp_path, shared_data):
    ca.make_workspace(tmp_path, mapping="online_retail", source=str(shared_data("online_retail_uk")))
    ws = ca.open_workspace(tmp_path)
    model = ca.train_partner_risk(ws, until=datetime.date(2011, 9, 30))
    assert model.verdict == "told" and set(model.declared.families) == {"sales", "context"}
    found = ca.partner_risk(ws, "2011Q3")
    assert "stake_is_sales" in [caveat.code for caveat in found.caveats]
    assert len(found.watch_list()) and found.partners["receivable"].isna().all()
    scored = found.partners[found.partners["status"] == "scored"]
    assert (scored["low"] <= scored["probability"]).all() and (scored["probability"] <= scored["high"]).all()


def copied(ws, folder):
    shutil.copytree(ws.root, folder / "copy", ignore=shutil.ignore_patterns("*.jsonl", ".*"))
    return ca.open_workspace(folder / "copy")


def publish(ws, risk, period, folder):
    """Follow a published page up, as the runner does."""
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    risk.alerts().to_parquet(tables / "risk_alerts.parquet")
    follow_up(ws.root, period, risk.snapshot, folder, ["risk_alerts"])

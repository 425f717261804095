"""The panel of whole companies: all families of the example, sales alone of public sets."""

import datetime

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.analysis.risk_panel import RiskPanel, snapshot_panel
from channel_analysis.store.scaffold import make_workspace
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import company, order, partner


@pytest.fixture(scope="module")
def ws(demo_workspace) -> Workspace:
    return open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def panel(ws) -> RiskPanel:
    return ca.risk_panel(ws)


def test_the_example_company_fills_all_families(panel):
    assert list(panel.families) == ["sales", "finance", "reputation", "relationship", "context"]
    assert {"trend_3", "days_late_3", "complaint_rate_12", "visits_missed_12"} <= set(panel.features)
    assert set(panel.signs) == set(panel.features)
    assert panel.missing == ("leads.partner_id",)


def test_a_row_is_one_partner_on_one_month_end(panel):
    frame = panel.frame
    assert not frame.duplicated(["partner_id", "snapshot"]).any()
    assert frame["snapshot"].dt.is_month_end.all()
    assert frame["snapshot"].min() == pd.Timestamp("2024-12-31")
    assert frame["snapshot"].max() == pd.Timestamp("2025-09-30") == pd.Timestamp(panel.until)
    assert len(frame) == len(panel.labels) == len(panel.measures)


def test_only_snapshots_whose_window_ends_with_the_data_are_labelled(panel):
    frame = panel.frame
    labelled = frame[frame["label"].notna()]
    assert labelled["snapshot"].max() == pd.Timestamp("2025-02-28")
    assert set(labelled["status"]) == {"eligible"}
    assert ((labelled["label"] == 1) == (labelled["ending"] != "")).all()
    assert labelled["label"].sum() >= 4


def test_partners_that_we_left_in_the_window_are_not_labelled(ws, panel):
    rows = ws.facts().engine.query("SELECT partner_id, exit_date FROM partners WHERE exit_reason = 'ours'")
    for row in rows.to_pylist():
        left = pd.Timestamp(row["exit_date"])
        own = panel.frame[(panel.frame["partner_id"] == row["partner_id"]) & panel.frame["label"].notna()]
        assert ((own["snapshot"] + pd.offsets.MonthEnd(7)) < left).all()


def test_the_past_looks_the_same_whatever_until_is(ws, panel):
    earlier = ca.risk_panel(ws, datetime.date(2025, 6, 12))
    assert earlier.until == datetime.date(2025, 5, 31)
    then = panel.frame[panel.frame["snapshot"] <= "2025-05-31"].reset_index(drop=True)
    columns = ["partner_id", "snapshot", *earlier.features]
    pd.testing.assert_frame_equal(earlier.frame[columns], then[columns], check_exact=True)
    assert not earlier.frame["label"].notna().any()


def test_a_snapshot_for_scoring_holds_what_the_panel_holds(ws, panel):
    days = [datetime.date(2025, 8, 31), datetime.date(2025, 9, 30)]
    scored = snapshot_panel(ws, days)
    then = panel.frame[panel.frame["snapshot"] >= "2025-08-31"].reset_index(drop=True)
    columns = ["partner_id", "snapshot", "channel_type", "region", *scored.features]
    pd.testing.assert_frame_equal(scored.frame[columns], then[columns], check_exact=True)
    assert scored.frame["label"].isna().all()


def test_equal_runs_give_equal_panels(ws, panel):
    again = ca.risk_panel(open_workspace(ws.root))
    pd.testing.assert_frame_equal(panel.frame, again.frame, check_exact=True)


def test_data_of_less_than_a_year_are_refused_with_a_message(tmp_path):
    sales = [
        order(f"2024-{month:02}-{day:02}", 10, partner_id="P") for month in range(1, 8) for day in (1, 28)
    ]
    small = company(tmp_path, sales=sales, partners=[partner("P")])
    with pytest.raises(ca.InputError, match="no 12 months"):
        ca.risk_panel(small)


def test_names_that_could_do_harm_stay_text(tmp_path):
    names = ["=cmd()", "<script>", 'O\'Neil "&" Söhne', "../x", "🚀"]
    days = pd.date_range("2023-01-05", "2024-12-31", freq="10D")
    sales = [order(str(day.date()), 10, partner_id=name) for day in days for name in names]
    found = ca.risk_panel(company(tmp_path, sales=sales, partners=[partner(n) for n in names]))
    assert set(found.frame["partner_id"]) == set(names)
    assert found.frame["label"].notna().any()


def test_adventureworks_has_sales_alone_and_the_rest_is_named(adventureworks_workspace):
    found = ca.risk_panel(open_workspace(adventureworks_workspace))
    assert set(found.families) <= {"sales", "relationship", "context"}
    assert {"receivables", "financials", "feedback", "reputation_events"} <= set(found.missing)
    labelled = found.frame["label"].notna()
    assert labelled.sum() > 3000
    assert 0.02 < found.frame.loc[labelled, "label"].mean() < 0.6
    assert set(found.frame["ending"]) <= {"", "churn", "decline"}


def test_the_retailer_has_sales_alone_and_the_rest_is_named(tmp_path, shared_data):
    folder = tmp_path / "workspace"
    make_workspace(folder, mapping="online_retail", source=str(shared_data("online_retail_uk")))
    found = ca.risk_panel(open_workspace(folder))
    assert set(found.families) <= {"sales", "relationship", "context"}
    assert {"receivables", "financials", "feedback", "reputation_events"} <= set(found.missing)
    assert found.frame["snapshot"].nunique() >= 1

"""The appraisal of whole sales forces: the example company, AdventureWorks, and what is not there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import channel_analysis as ca
from benchmarks.sales_force import RIGHT, worlds
from channel_analysis.appraisals import SalesForce
from channel_analysis.simulator import NOTHING_PLANTED
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, order, partner, target

SIZE = {"partners": 600, "months": 24, "lines": 60_000}
STRONG = replace(NOTHING_PLANTED, bad_target_strength=0.6, weak_rep_strength=0.5)
"""Strong enough for thirty reps; benchmarks/sales_force.py has the usual strengths and sixty."""


@pytest.fixture(scope="module")
def example(demo_workspace) -> SalesForce:
    return ca.appraise_sales_force(open_workspace(demo_workspace))


def test_the_parts_of_every_attainment_add_up_to_it(example):
    targets = example.targets
    whole = np.log(targets["actual"] / targets["target"])
    parts = targets["performance_log"] + targets["target_log"]
    assert parts.notna().sum() >= 10
    assert (parts - whole).abs().max() < 1e-9


def test_points_of_every_rep_add_up_to_the_score(example):
    scored = example.reps[example.reps["status"] == "ok"].set_index("rep_id")["score"]
    sums = example.points.groupby("entity")["points"].sum()
    assert len(scored) >= 10
    assert sums[scored.index].tolist() == pytest.approx(scored.tolist())


def test_every_rep_has_a_row_a_verdict_and_a_place_among_peers(example):
    reps = example.reps
    assert reps["rep_id"].is_unique and set(reps["rep_id"]) == set(example.targets["rep_id"])
    assert reps["verdict"].notna().all()
    newcomers = reps[reps["is_newcomer"] & ~reps["is_short"]]
    assert (newcomers["peer_group"] == "newcomers").all()
    assert (reps.loc[reps["is_short"], "score"].isna()).all()


def test_teams_are_their_reps(example):
    by_team = example.reps[example.reps["team"] != ""].groupby("team")[["actual", "target"]].sum()
    teams = example.teams.set_index("team")
    assert teams["reps"].sum() == (example.reps["team"] != "").sum()
    for name in ("actual", "target"):
        assert teams[name].to_dict() == pytest.approx(by_team[name].to_dict())
    assert sorted(teams["rank"].dropna()) == list(range(1, int(teams["rank"].notna().sum()) + 1))


def test_recognition_lists_nobody_twice_in_a_contest_and_no_more_than_there_are_places(example):
    places = example.recognition.groupby(["contest", "group"])
    assert (places.size() <= 3).all() and not example.recognition.duplicated(["contest", "rep_id"]).any()
    improved = example.recognition[example.recognition["contest"] == "most_improved"]["rep_id"]
    assert example.reps.set_index("rep_id").loc[improved, "moved"].all()


def test_leads_of_all_sources_are_their_sum(example):
    leads = example.leads_by_rep
    whole = leads[leads["source"] == ""].set_index("rep_id")["closed"]
    parts = leads[leads["source"] != ""].groupby("rep_id")["closed"].sum()
    assert whole.to_dict() == parts.to_dict()
    known = leads.dropna(subset="win_rate")
    assert (known["low"] <= known["win_rate"] + 1e-12).all()
    assert (known["win_rate"] <= known["high"] + 1e-12).all()


def test_training_is_called_a_description(example):
    assert "training_is_no_effect" in {caveat.code for caveat in example.caveats}
    assert set(example.training["rep_id"]) <= set(example.reps["rep_id"])


def test_the_same_data_give_the_same_tables(example, demo_workspace):
    again = ca.appraise_sales_force(open_workspace(demo_workspace)).tables()
    for name, table in example.tables().items():
        pd.testing.assert_frame_equal(table, again[name])


def test_a_bad_target_and_a_weak_rep_are_told_apart_and_honest_ones_left_alone(tmp_path):
    judged = worlds(tmp_path, [1], STRONG, SIZE)
    by_truth = judged.groupby("truth")["verdict"]
    for truth, verdict in RIGHT.items():
        assert by_truth.get_group(truth).tolist() == [verdict], truth
    honest = by_truth.get_group("honest")
    assert len(honest) >= 25 and not set(honest) & {"behind", "target_too_high"}


def test_while_a_period_goes_on_nobody_is_judged(demo_workspace):
    result = ca.appraise_sales_force(open_workspace(demo_workspace), "2025Q4")
    judged = result.targets[result.targets["target"] > 0]
    assert len(judged) > 10
    assert set(judged["verdict"]) == {"cannot_tell"}
    assert set(result.reps.loc[result.reps["target"] > 0, "verdict"].dropna()) == {"cannot_tell"}
    assert "incomplete" in set(judged["reason"])


def test_without_a_staff_table_there_is_a_caveat_and_no_row(tmp_path):
    ws = company(tmp_path, sales=[order("2025-11-01", 10, rep_id="A"), order("2025-12-31", 5)])
    found = ca.appraise_sales_force(ws, "2025Q4")
    assert "no_staff" in {caveat.code for caveat in found.caveats}
    assert all(table.empty for table in found.tables().values())
    assert {"rep_id", "verdict", "score"} <= set(found.reps.columns)


def small(tmp_path, **tables) -> SalesForce:
    """Two reps with awkward names, one of them new since the middle of the quarter."""
    people = [
        {"staff_id": "A", "staff_name": "=cmd()", "team": "<script>", "role": "rep",
         "start_date": "2020-01-01", "channel_type": "distributor"},
        {"staff_id": "B", "staff_name": "喆'堃\"", "team": "<script>", "role": "rep",
         "start_date": "2025-11-16", "channel_type": "distributor"},
    ]  # fmt: skip
    sales = [
        order(day, 100, partner_id="P1", rep_id=rep)
        for day in ("2025-10-02", "2025-12-31")
        for rep in ("A", "B")
    ]
    sales += [order("2025-07-01", 50, partner_id="P1", rep_id="A")]
    return ca.appraise_sales_force(
        company(tmp_path, sales=sales, staff=people, partners=[partner("P1")], **tables), "2025Q4"
    )


def test_without_targets_there_is_no_spread_and_nobody_is_judged(tmp_path):
    found = small(tmp_path)
    assert found.spread.empty and found.targets.empty
    assert "no_rep_targets" in {caveat.code for caveat in found.caveats}
    assert found.reps["rep_name"].tolist() == ["=cmd()", "喆'堃\""]
    assert found.reps["attainment"].isna().all()


def test_a_newcomer_is_asked_for_the_days_in_the_role(tmp_path):
    rows = [target("rep", "2025-10-01", 920, "2026-01-01", rep_id=name) for name in "AB"]
    found = small(tmp_path, targets=rows)
    reps = found.reps.set_index("rep_id")
    assert reps["target"].to_dict() == pytest.approx({"A": 920.0, "B": 460.0})
    assert reps.loc["B", "attainment"] == pytest.approx(200 / 460)
    assert "prorated_targets" in {caveat.code for caveat in found.caveats}
    assert found.points.query("entity == 'B' and kpi == 'attainment'")["value"].tolist() == pytest.approx(
        [200 / 460]
    )
    assert reps["verdict"].tolist() == ["cannot_tell", "cannot_tell"]


def test_adventureworks_reps_have_quotas_scores_and_teams(adventureworks_workspace):
    found = ca.appraise_sales_force(open_workspace(adventureworks_workspace), "2013Q3")
    assert len(found.reps) == 17 and (found.reps["target"] > 0).all()
    assert found.spread.loc[0, "reps"] == 17
    assert found.reps["actual"].sum() == pytest.approx(7_102_795, rel=0.001)
    assert (found.reps["status"] == "ok").sum() >= 14
    assert {"Europe", "North America"} <= set(found.teams["team"])
    assert not found.reps["verdict"].isin(["behind", "target_too_high"]).any()

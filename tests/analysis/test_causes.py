"""What is behind the segments of a simulated company: each planted cause is told by its right tag, first."""

import pandas as pd
import pytest

from benchmarks.rootcause_worlds import TAGS, by_scopes, judged, planted, workspace_of
from channel_analysis.analysis.causes import causes_of
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.periods import parse_period
from channel_analysis.simulator import simulate


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("causes")
    source = simulate(folder / "world", seed=2, lines=120_000, months=27, partners=500)
    return workspace_of(folder / "workspace", source), *planted(source)


@pytest.fixture(scope="module")
def told(world):
    ws, quarter, truth = world
    return by_scopes(ws, quarter, truth)


def test_every_planted_cause_gets_its_tag_before_all_others(world, told):
    ws, _, truth = world
    staff = ws.facts().engine.query("SELECT staff_id, team FROM staff").to_pylist()
    found = judged(*told, truth, {one["staff_id"]: one["team"] for one in staff})
    assert {one.cause: TAGS[one.cause] in one.tags for one in found} == dict.fromkeys(TAGS, True)


def test_what_did_not_happen_is_refuted_where_it_was_looked_for(told):
    parts, causes = told
    region = parts.loc[parts["dimension"] == "region", "place"].iloc[0]
    refuted = causes[(causes["place"] == region) & causes["is_refuted"].astype(bool)]
    assert {"market_size", "rival"} <= set(refuted["cause"])
    assert (refuted["amount"].dropna() == 0).all()


def test_nothing_is_measured_beyond_what_its_segment_moved(told):
    causes = told[1]
    assert (causes["amount"].dropna() <= 0).all()
    assert (causes.groupby("place")["rank"].cumcount() + 1 == causes["rank"]).all()


def test_asking_twice_gives_the_same_and_no_segments_give_no_causes(world, told):
    ws, quarter, truth = world
    pd.testing.assert_frame_equal(told[1], by_scopes(ws, quarter, truth)[1])
    kpi, period = load_kpis(ws)["net_sales"], parse_period(quarter)
    none = causes_of(ws, kpi, period, period.last_year, pd.DataFrame(), pd.DataFrame())
    assert none.empty and list(none.columns) == list(told[1].columns)


def test_names_that_look_like_code_and_dimensions_nobody_knows_do_no_harm(world):
    ws, quarter, _ = world
    period = parse_period(quarter)
    segments = pd.DataFrame({"place": [1, 2], "contribution": -5.0, "low": -9.0, "high": -1.0})
    parts = pd.DataFrame(
        {
            "place": [1, 1, 2],
            "dimension": ["region", "partner", "segment"],
            "value": ["'); DROP TABLE sales; --", "=cmd() 🙂", "<script>"],
        }
    )
    causes = causes_of(ws, load_kpis(ws)["net_sales"], period, period.last_year, segments, parts)
    assert causes[~causes["is_refuted"].astype(bool)].empty


def test_a_kpi_that_is_no_money_has_causes_without_amounts(world):
    ws, quarter, _ = world
    period = parse_period(quarter)
    segments = pd.DataFrame({"place": [1], "contribution": [-0.02], "low": [-0.03], "high": [-0.01]})
    parts = pd.DataFrame({"place": [1], "dimension": ["channel_type"], "value": ["retailer"]})
    causes = causes_of(ws, load_kpis(ws)["csat"], period, period.previous, segments, parts)
    assert len(causes) > 0 and causes["amount"].isna().all()

"""What an analyst asks a workspace for: periods, and figures with names that people read."""

import pytest

import channel_analysis as ca
from channel_analysis.metrics.facts import LEVELS
from tests.metrics.small_worlds import company, order, partner

DAYS = [f"2025-{month:02d}-{day}" for month in range(1, 7) for day in ("02", "28")]
LINES = [order(day, 100, partner_id="P7") for day in DAYS]


def test_names_of_partners_channels_and_kpis_stand_beside_their_ids(tmp_path):
    named = partner("P7") | {"partner_name": "喆堃 & Söhne"}
    ws = company(tmp_path, sales=LINES, partners=[named])
    frame = ca.measure(ws, "2025Q1", by=["partner", "channel_type"], kpis="net_sales", language="zh")
    assert list(frame.columns[:6]) == ["level", "entity", "name", "period", "kpi", "kpi_name"]
    assert dict(zip(frame["entity"], frame["name"], strict=True)) == {
        "P7": "喆堃 & Söhne",
        "distributor": "经销商",
    }
    assert set(frame["kpi_name"]) == {"净销售额"}


def test_what_has_no_name_keeps_its_id_and_the_rest_is_said_in_words(tmp_path):
    ws = company(
        tmp_path, sales=[*LINES, order("2025-01-05", 5, channel_type="online")], partners=[partner("P7")]
    )
    frame = ca.measure(ws, "2025Q1", by=list(LEVELS), kpis="net_sales", language="en")
    names = frame.set_index(["level", "entity"])["name"]
    assert names["partner", "P7"] == "P7"
    assert names["partner", "(unassigned)"] == "not assigned"
    assert names["channel_family", "indirect"] == "Indirect channels"
    assert names.notna().all()


def test_names_change_no_figure(tmp_path):
    ws = company(tmp_path, sales=LINES, partners=[partner("P7")])
    plain = ca.measure(ws, "2025Q1", by=["company", "partner"])
    named = ca.measure(ws, "2025Q1", by=["company", "partner"], language="en")
    assert named.drop(columns=["name", "kpi_name"]).equals(plain)


def test_asking_for_nothing_is_refused(tmp_path):
    ws = company(tmp_path, sales=LINES)
    with pytest.raises(ca.InputError, match="2 problems"):
        ca.measure(ws, [], by=[])
    with pytest.raises(ca.InputError, match="ask for one or more"):
        ca.periods(ws, last=0)


def test_days_at_the_end_of_time_give_no_traceback(tmp_path):
    ws = company(tmp_path, sales=[*LINES, order("9999-12-31", 1, partner_id="P7")])
    assert ca.measure(ws, "2025Q1", kpis="growth_yoy")["status"].eq("no_history").all()
    assert all(code < "9001" for code in ca.periods(ws, "year"))


def test_an_unknown_language_is_refused_with_those_there_are(tmp_path):
    ws = company(tmp_path, sales=LINES)
    with pytest.raises(ca.InputError, match="'fr'"):
        ca.measure(ws, "2025Q1", kpis="net_sales", language="fr")


def test_the_periods_of_a_workspace_are_its_last_complete_ones(tmp_path):
    ws = company(tmp_path, sales=[*LINES, order("2025-07-03", 1, partner_id="P7")])
    assert ca.periods(ws) == ["2025Q1", "2025Q2"]
    assert ca.periods(ws, "month", last=3) == ["2025-04", "2025-05", "2025-06"]
    assert ca.periods(ws, "half") == ["2025H1"]


def test_a_kind_of_period_that_does_not_exist_is_refused_with_the_nearest(tmp_path):
    ws = company(tmp_path, sales=LINES)
    with pytest.raises(ca.InputError, match="did you mean 'quarter'"):
        ca.periods(ws, "quarters")
    with pytest.raises(ca.InputError, match="no year is complete"):
        ca.periods(ws, "year")

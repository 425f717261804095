"""Lifecycle and concentration of whole companies: nobody and no money is lost between states."""

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, order, partner, returned, values


@pytest.fixture(scope="module")
def demo(demo_workspace):
    return open_workspace(demo_workspace)


def test_states_and_transitions_hold_every_partner_and_all_their_sales(demo):
    found = ca.lifecycle(demo, "2025Q2")
    states = found.states[found.states["channel_type"] == ""]
    assert states["partners"].sum() == found.transitions["partners"].sum() == len(found.partners)
    sales = found.partners["net_sales"].sum()
    assert states["net_sales"].sum() == pytest.approx(sales, rel=1e-12)
    assert found.transitions["net_sales"].sum() == pytest.approx(sales, rel=1e-12)
    by_type = found.states[found.states["channel_type"] != ""].groupby("state")["partners"].sum()
    assert by_type.to_dict() == states.set_index("state")["partners"].to_dict()


def test_the_states_before_are_those_the_period_before_reported(demo):
    now, before = ca.lifecycle(demo, "2025Q2"), ca.lifecycle(demo, "2025Q1")
    told = now.partners.set_index("partner_id")["previous_state"]
    assert told[told != ""].to_dict() == before.partners.set_index("partner_id")["state"].to_dict()


def test_concentration_agrees_with_the_kpis(demo):
    found = ca.lifecycle(demo, "2025Q2").concentration.set_index(["level", "entity"]).loc["company", ""]
    kpis = values(demo, "2025Q2").xs(("2025Q2", "company", ""), level=("period", "level", "entity"))["value"]
    assert found["hhi"] == pytest.approx(kpis["concentration_hhi"], rel=1e-9)
    assert found["top_5"] == pytest.approx(kpis["top_5_share"], rel=1e-9)


def test_shares_lost_are_of_all_sales_direct_ones_included(tmp_path):
    sales = [order("2025-04-05", 60, partner_id="A", region="West"), order("2025-04-05", 20, partner_id="B")]
    sales += [order("2025-04-06", 20, channel_type="online"), order("2025-01-05", 9, partner_id="C")]
    sales += [returned("2025-04-07", 5, partner_id="C")]
    ws = company(tmp_path, sales=sales, partners=[partner("A", "West"), partner("B"), partner("C")])
    found = ca.lifecycle(ws, "2025Q2")
    lost = found.losses.set_index(["loss", "level", "entity"])
    assert lost.loc[("top_1", "company", ""), "net_share"] == pytest.approx(60 / 95)
    assert lost.loc[("top_1", "region", "West"), "left"] == 0
    assert found.company_sales == 95
    (caveat,) = [one for one in found.caveats if one.code == "negative_partners"]
    assert caveat.numbers == {"partners": 1, "amount": -5.0}


def test_partners_no_table_knows_have_a_life_too(tmp_path):
    ws = company(tmp_path, sales=[order("2025-04-05", 60, partner_id="<script>"), order("2025-06-30", 1)])
    found = ca.lifecycle(ws, "2025Q2")
    assert found.partners["partner_id"].to_list() == ["<script>"]
    assert "no_contracts" in {caveat.code for caveat in found.caveats}


def test_a_company_that_only_sells_directly_has_no_partners_and_says_so(tmp_path):
    ws = company(tmp_path, sales=[order("2025-04-05", 60, channel_type="online")])
    found = ca.lifecycle(ws, "2025Q2")
    assert len(found.partners) == 0
    assert "no_partners" in {caveat.code for caveat in found.caveats}
    assert all(isinstance(table, pd.DataFrame) for table in found.tables().values())


def test_adventureworks_resellers_have_lives_without_contracts(adventureworks_workspace):
    found = ca.lifecycle(open_workspace(adventureworks_workspace), "2013Q3")
    assert len(found.partners) == 701
    assert (found.partners["state"] == "active").sum() > 300


def test_of_a_time_before_the_data_nobody_has_a_state(demo_workspace):
    found = ca.lifecycle(ca.open_workspace(demo_workspace), "2024Q1")
    assert set(found.partners["previous_state"]) == {""}
    assert found.states["partners_before"].sum() == 0

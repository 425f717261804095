"""What is measured of reps and territories: small worlds by hand, and the same on both engines."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest

from channel_analysis.metrics import sales_force as measures
from channel_analysis.metrics.periods import Period, parse_period
from channel_analysis.simulator import Dials, simulate
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import company, order, partner, returned, target

NOW = parse_period("2025Q4")
PERIODS = [NOW.shift(-back) for back in range(5)]


@pytest.fixture
def ws(tmp_path) -> Workspace:
    """A and B sell to partners; C took P3 over from B, who left; D and E share a region's direct sales."""
    direct = {"channel_type": "visit", "region": "East"}
    sales = [
        order("2025-10-05", 100, partner_id="P1", rep_id="A"),
        order("2025-11-05", 10, partner_id="P1", rep_id="B"),
        returned("2025-12-05", 20, partner_id="P1", rep_id="A"),
        order("2025-08-05", 70, partner_id="P2", rep_id="B"),
        order("2025-02-05", 30, partner_id="P3", rep_id="B"),
        order("2025-10-06", 40, partner_id="P3", rep_id="C"),
        order("2025-10-07", 5, rep_id="D", customer_id="K1", **direct),
        order("2025-10-08", 6, rep_id="E", customer_id="K2", **direct),
        order("2025-07-08", 8, rep_id="E", customer_id="K1", **direct),
    ]
    people = [
        {"staff_id": name, "team": "T'1", "role": "rep", "channel_type": "distributor",
         "end_date": "2025-09-30" if name == "B" else None}
        for name in "ABCDE"
    ]  # fmt: skip
    return company(
        tmp_path,
        sales=sales,
        staff=people,
        partners=[
            partner("P1", owner_id="A", contract_start="2020-01-01", credit_limit=10.0, outlets=3),
            partner("P2", owner_id="B", contract_start="2025-12-22", credit_limit=None, outlets=1),
            partner("P3", owner_id="B", contract_start="2020-01-01", exit_date="2025-10-11", outlets=2,
                    credit_limit=2.0),
        ],
        targets=[target("rep", "2025-10-01", 200, "2026-01-01", rep_id="A")],
        leads=[
            lead("1", "2025-08-01", "2025-10-03", "won", "fair", 50),
            lead("2", "2025-09-01", "2025-12-31", "lost", None, 9),
            lead("3", "2025-09-01", None, "open", "fair", 9),
            lead("4", "2025-09-01", "2026-01-02", "won", "fair", 9),
        ],
    )  # fmt: skip


def lead(name, created, closed, status, source, value):
    row = {"lead_id": name, "created_on": created, "closed_on": closed, "status": status}
    return row | {"source": source, "value": value, "rep_id": "A"}


def test_a_target_is_set_against_what_was_sold_in_its_window(ws):
    row = measures.rep_targets(ws.facts().engine, ws.policy, PERIODS).iloc[0]
    assert (row["rep_id"], row["number"], row["target"], row["actual"]) == ("A", 0, 200, 80)
    assert row["window_end"] == datetime.date(2026, 1, 1)


def test_a_territory_has_the_past_of_its_selling_points_whoever_sold_there(ws):
    engine = ws.facts().engine
    shared = measures.shared_cells(engine, NOW)
    assert shared == [("visit", "East")]
    found = measures.territory_sales(engine, PERIODS, shared).set_index(["rep_id", "number"])
    assert found["amount"].to_dict() == {
        ("A", 0): 90, ("B", 1): 70, ("C", 0): 40, ("C", 3): 30, ("D", 0): 5, ("D", 1): 8, ("E", 0): 6,
    }  # fmt: skip
    assert found.loc[("A", 0), "own"] == 80 and found.loc[("C", 3), "own"] == 0
    assert found.loc[("A", 0), "orders"] == 2


def test_all_of_the_companys_sales_belong_to_somebody(ws):
    engine = ws.facts().engine
    for shared in ([], measures.shared_cells(engine, NOW)):
        assert measures.territory_sales(engine, PERIODS, shared)["amount"].sum() == 249


def test_partners_count_for_the_days_under_contract(ws):
    found = measures.partner_potential(ws.facts().engine, PERIODS, measures.POTENTIALS[:2], [])
    found = found.set_index("rep_id")
    assert found["partners"].to_dict() == {"A": 365, "B": 10, "C": 283}
    assert found["outlets"].to_dict() == {"A": 1095, "B": 10, "C": 566}
    assert found["credit_limit"].fillna(-1).to_dict() == {"A": 3650, "B": -1, "C": 566}


def test_leads_are_counted_in_the_period_they_closed_in_and_open_ones_apart(ws):
    found = measures.lead_counts(ws.facts().engine, NOW).set_index("source")
    assert found.loc["fair", ["won", "closed", "open", "won_value"]].tolist() == [1, 1, 2, 50]
    assert found.loc["", ["won", "closed", "open"]].tolist() == [0, 1, 0]


def test_who_owned_partners_and_left_leaves_them_vacant(ws):
    found = measures.vacancies(ws.facts().engine, ["partners"], NOW.end)
    assert found.to_dict("records") == [{"rep_id": "B", "partners": 1, "customers": 0}]
    assert measures.vacancies(ws.facts().engine, [], NOW.end).empty


def test_a_customer_without_an_order_in_the_year_before_is_new(ws):
    found = measures.new_customer_sales(ws.facts().engine, NOW, datetime.date(2024, 10, 1))
    row = found.iloc[0]
    assert len(found) == 1 and (row["rep_id"], row["customers"], row["amount"], row["squares"]) == (
        "E", 1, 6, 36,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory, spark) -> tuple[Workspace, Workspace]:
    """A small world on DuckDB and on Spark."""
    root = tmp_path_factory.mktemp("engines")
    simulate(root / "world", partners=40, months=15, lines=6_000, seed=3, dials=Dials())
    (root / "workspace.toml").write_text(
        '[data]\nsource = "world"\nbad_rows = "set_aside"\n', encoding="utf-8"
    )
    duck = open_workspace(root)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    return duck, replace(open_workspace(root), settings=settings)


SHARED = [("key_account", "Hubei"), ("key_account", "Guangdong"), ("visit", "Fu'jian")]
YEAR = Period(PERIODS[3].start, NOW.end, "year")
MEASURES = {
    "staff_rows": lambda e, p: measures.staff_rows(e),
    "rep_targets": lambda e, p: measures.rep_targets(e, p, PERIODS),
    "rep_sales": lambda e, p: measures.rep_sales(e, PERIODS),
    "cell_sales": lambda e, p: measures.cell_sales(e, PERIODS),
    "rep_regions": lambda e, p: measures.rep_regions(e, PERIODS[:1]),
    "shared_cells": lambda e, p: pd.DataFrame(measures.shared_cells(e, NOW)),
    "territory_sales": lambda e, p: measures.territory_sales(e, PERIODS, SHARED),
    "partner_potential": lambda e, p: measures.partner_potential(e, PERIODS, measures.POTENTIALS, SHARED),
    "market_potential": lambda e, p: measures.market_potential(e, PERIODS, SHARED),
    "lead_counts": lambda e, p: measures.lead_counts(e, YEAR),
    "visit_counts": lambda e, p: measures.visit_counts(e, YEAR),
    "new_customer_sales": lambda e, p: measures.new_customer_sales(e, NOW, PERIODS[4].start),
    "trainings": lambda e, p: measures.trainings(e, PERIODS),
    "vacancies": lambda e, p: measures.vacancies(e, ["partners", "customers"], NOW.end),
}


@pytest.mark.parametrize("name", MEASURES)
def test_what_is_measured_is_the_same_on_both_engines(pair, name):
    one, other = (MEASURES[name](ws.facts().engine, ws.policy) for ws in pair)
    assert len(one) or name == "vacancies"
    pd.testing.assert_frame_equal(one, other, check_exact=True)

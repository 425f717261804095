"""Evidence on segments is the same on Spark as on DuckDB."""

from dataclasses import replace

import pandas as pd
import pytest

from channel_analysis.analysis.causes import causes_of
from channel_analysis.metrics import evidence
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.workspace import open_workspace

PERIOD = parse_period("2025Q3")
BASE = PERIOD.last_year
PLACES = (
    {"region": ("Zhejiang",)},
    {"category": ("Air",), "channel_type": ("retailer", "it's")},
    {"rep": ("S001",)},
    {"team": ("Retail",)},
)
BY_SEGMENT = ("market_evidence", "lead_evidence", "visit_evidence", "set_aside")


@pytest.fixture(scope="module")
def engines(demo_workspace, spark):
    duck = open_workspace(demo_workspace)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    return duck, replace(open_workspace(demo_workspace), settings=settings)


def test_every_frame_of_evidence_is_the_same_on_both_engines(engines):
    def frames(ws):
        engine, args = ws.facts().engine, (ws.facts().engine, PLACES, PERIOD, BASE, ws.policy)
        found = evidence.sales_evidence(*args) | evidence.order_squares(*args)
        found |= {name: getattr(evidence, name)(*args) for name in BY_SEGMENT}
        found["days"] = evidence.product_days(engine, PERIOD, BASE)
        found["shelves"] = evidence.empty_shelves(engine, PERIOD)
        found["partners"] = evidence.partner_states(engine, PERIOD, BASE)
        found["products"] = evidence.product_register(engine, PERIOD, BASE)
        found["reps"] = evidence.rep_dates(engine)
        return found

    one, two = (frames(ws) for ws in engines)
    for name, frame in one.items():
        assert len(frame) > 0 or name == "set_aside", name
        pd.testing.assert_frame_equal(frame, two[name], check_exact=True, obj=name)


def test_causes_are_the_same_on_both_engines(engines):
    parts = [
        {"place": place, "dimension": name, "value": values[0], "name": values[0]}
        for place, values_of in enumerate(PLACES, start=1)
        for name, values in values_of.items()
    ]
    segments = pd.DataFrame(
        {"place": [1, 2, 3, 4], "contribution": -50_000.0, "low": -80_000.0, "high": -20_000.0}
    )
    told = [
        causes_of(ws, load_kpis(ws)["net_sales"], PERIOD, BASE, segments, pd.DataFrame(parts))
        for ws in engines
    ]
    assert set(told[0]["place"]) == {1, 2, 3, 4}
    pd.testing.assert_frame_equal(*told, check_exact=True)

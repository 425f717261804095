"""The panel of the example company is the same on Spark as on DuckDB, what happened afterwards included."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest

from channel_analysis.metrics.panel.outcomes import partner_outcomes
from channel_analysis.metrics.panel.snapshots import partner_snapshots
from channel_analysis.store.workspace import open_workspace

DAYS = [datetime.date(2025, 1, 31), datetime.date(2025, 2, 28)]


@pytest.fixture(scope="module")
def workspaces(demo_workspace, spark):
    duck = open_workspace(demo_workspace)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    return duck, replace(open_workspace(demo_workspace), settings=settings)


def test_measures_and_outcomes_are_the_same_to_the_last_bit(workspaces):
    measures, outcomes = [], []
    for ws in workspaces:
        facts = ws.facts()
        measures.append(partner_snapshots(facts.engine, facts.intake, ws.policy, DAYS))
        until = datetime.date(2025, 9, 30)
        outcomes.append(partner_outcomes(facts.engine, facts.intake, ws.policy, DAYS, until))
    assert len(measures[0]) > 200
    assert outcomes[0]["orders"].sum() > 1000
    pd.testing.assert_frame_equal(*measures, check_exact=True)
    pd.testing.assert_frame_equal(*outcomes, check_exact=True)

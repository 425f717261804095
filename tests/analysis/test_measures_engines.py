"""What became of measures is the same on Spark as on DuckDB."""

import datetime
from dataclasses import replace

import pandas as pd

from channel_analysis.analysis.measures import measure_review
from channel_analysis.analysis.scope import resolve_period, scope_of
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.store.measures import MeasureRegister
from channel_analysis.store.workspace import open_workspace
from tests.analysis.test_measures import LAST, sales
from tests.metrics.small_worlds import company

KEPT = {"measure_id": "A1", "decided_on": "2025-05-01", "measure": "=cmd()", "owner_id": "S1", "due_on": None,
        "status": "open", "closed_on": None, "kpi": "net_sales", "expected_effect": 5, "channel_type": None,
        "region": "R3", "partner_id": None}  # fmt: skip


def test_measures_their_states_and_their_effects_are_the_same_on_both_engines(tmp_path, spark):
    duck = company(tmp_path / "ours", sales=sales(), measures=[KEPT])
    told = {"kpi": "net_sales", "period": "2025Q3", "owner": "Li", "author": "W", "date": LAST}
    due = datetime.date(2025, 11, 30)
    MeasureRegister(duck).add(title="push", where={"region": "R0"}, due=due, **told)
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    tables = []
    for ws in (duck, replace(open_workspace(duck.root), settings=settings)):
        scope = scope_of(ws, resolve_period(ws, "2025Q4"), load_kpis(ws))
        tables.append(measure_review(ws, scope).measures)
    assert list(tables[0]["effect_verdict"]) == ["told", "told"]
    pd.testing.assert_frame_equal(*tables)

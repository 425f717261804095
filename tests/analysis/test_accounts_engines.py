"""Lifecycle, key accounts, leads and incentives of a whole company are the same on Spark as on DuckDB."""

from dataclasses import replace

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.store.workspace import open_workspace


@pytest.mark.parametrize("ask", ["lifecycle", "key_accounts", "leads", "incentives"])
def test_every_table_is_the_same_on_both_engines(demo_workspace, spark, ask):
    duck = open_workspace(demo_workspace)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    other = replace(open_workspace(demo_workspace), settings=settings)
    one, two = (getattr(ca, ask)(ws, "2025Q2").tables() for ws in (duck, other))
    assert list(one) == list(two)
    for name, table in one.items():
        assert len(table) > 0
        pd.testing.assert_frame_equal(table, two[name], check_exact=True)

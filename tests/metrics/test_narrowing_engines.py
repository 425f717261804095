"""A narrowed workspace is the same on Spark as on DuckDB."""

from dataclasses import replace

import pandas as pd

from channel_analysis.analysis.measure import values_of
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.narrowing import narrowed
from channel_analysis.metrics.periods import parse_period
from channel_analysis.store.workspace import open_workspace

KPIS = (
    "net_sales",
    "attainment",
    "csat",
    "market_share",
    "active_partner_rate",
    "mdf_utilisation",
    "win_rate",
)


def test_every_kpi_is_the_same_on_both_engines(demo_workspace, spark):
    duck = open_workspace(demo_workspace)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    other = replace(open_workspace(demo_workspace), settings=settings)
    kpis = {name: kpi for name, kpi in load_kpis(duck).items() if name in KPIS}
    for where in ({"region": "Guangdong", "channel_family": "indirect"}, {"owner": "S001"}):
        one, two = (
            values_of(narrowed(ws, where), kpis, [parse_period("2025Q2")], ("company", "channel_type"))
            for ws in (duck, other)
        )
        assert one["value"].notna().any()
        pd.testing.assert_frame_equal(one, two, check_exact=True)

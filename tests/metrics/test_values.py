"""KPI values equal a slow twin on whole companies, add up, and depend on nothing they should not."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.metrics.facts import LEVELS
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.metrics.periods import parse_period
from channel_analysis.metrics.values import COLUMNS, STATUSES, kpi_values
from channel_analysis.simulator.example import write_example
from channel_analysis.store.workspace import Workspace, open_workspace
from tests.metrics.small_worlds import company, order, partner, returned, target, values
from tests.oracle_world import World, world_of
from tests.oracles import answers

PERIODS = {
    "adventureworks": ("2013Q3", "FY2013"),
    "demo": ("2025-08", "2025H1"),
}
MEANING = {
    "no_rows": "nothing",
    "no_data": "nothing",
    "zero_denominator": "nothing",
    "negative_denominator": "negative",
}
"""The twin does not tell a sum of zero from a sum of nothing."""

MONEY = ("net_sales", "gross_profit", "channel_contribution", "contribution_after_allocation")


@pytest.fixture(scope="session")
def adventureworks(shared_data, tmp_path_factory) -> Workspace:
    source = shared_data("adventureworks_dw")
    return opened(tmp_path_factory.mktemp("adventureworks"), "USD", source, "adventureworks")


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Workspace:
    folder = tmp_path_factory.mktemp("demo")
    write_example(folder / "raw")
    return opened(folder, "CNY", folder / "raw", "contract")


@pytest.fixture(params=["adventureworks", "demo"], scope="session")
def whole(request) -> tuple[pd.DataFrame, World, tuple[str, ...]]:
    """Every KPI value of a whole company, its twin's world, and the periods."""
    ws = request.getfixturevalue(request.param)
    codes = PERIODS[request.param]
    spans = [parse_period(code, 7) for code in codes]
    frame = kpi_values(ws.facts(), load_kpis(ws), ws.policy, spans, list(LEVELS))
    return frame, twin_world(ws), codes


def test_every_figure_of_a_whole_company_equals_the_twins(whole):
    frame, world, codes = whole
    differing = [text for code in codes for text in differences(frame, world, code)]
    assert not differing, f"{len(differing)} differ\n" + "\n".join(differing[:20])


def test_every_kpi_is_computed_for_the_example_company(demo):
    frame = values(demo, "2025Q2")
    computed = set(frame[frame["status"] == "ok"].index.get_level_values("kpi"))
    assert computed == set(load_kpis(demo))


def test_money_of_the_entities_of_a_level_adds_up_to_the_companys(whole):
    frame, _world, codes = whole
    money = frame[frame["kpi"].isin(MONEY) & (frame["status"] == "ok")]
    sums = money.groupby(["period", "kpi", "level"])["value"].sum().unstack("level")
    assert len(sums) >= len(codes)
    for level in sums.columns:
        told_apart = sums[sums[level].notna()]
        assert told_apart[level].to_list() == pytest.approx(told_apart["company"].to_list(), rel=1e-9), level


def test_the_value_table_has_its_columns_its_order_and_known_statuses(whole):
    frame, _world, _codes = whole
    assert tuple(frame.columns) == COLUMNS
    assert set(frame["status"]) <= set(STATUSES)
    rank = frame["level"].map({level: number for number, level in enumerate(LEVELS)})
    keys = list(zip(rank, frame["entity"], frame["period"], frame["kpi"], strict=True))
    assert keys == sorted(set(keys))


def test_only_computed_figures_have_a_value(whole):
    frame, _world, _codes = whole
    assert (frame["value"].notna() == (frame["status"] == "ok")).all()
    assert frame[frame["status"] != "ok"][["low", "high"]].isna().all(axis=None)


def test_an_interval_holds_its_value(whole):
    frame, _world, _codes = whole
    bounded = frame[frame["low"].notna()]
    assert len(bounded) > 0
    assert (bounded["low"] <= bounded["value"] + 1e-9).all()
    assert (bounded["value"] <= bounded["high"] + 1e-9).all()


def test_the_company_has_the_same_figures_whichever_levels_stand_beside_it(demo):
    alone = values(demo, "2025Q2", levels=("company",))
    among = values(demo, "2025Q2", levels=("company", "channel_type", "partner", "category"))
    pd.testing.assert_frame_equal(alone, among.loc[alone.index])


def test_a_level_has_the_same_figures_whether_or_not_the_company_is_asked_for(demo):
    told = ["value", "status"]
    alone = values(demo, "2025Q2", levels=("region",))[told]
    among = values(demo, "2025Q2", levels=("company", "region"))[told]
    pd.testing.assert_frame_equal(alone, among.loc[alone.index])


def test_a_period_has_the_same_figures_whichever_periods_are_asked_for_with_it(demo):
    alone = values(demo, "2025Q2", levels=("company", "channel_type", "region"))
    among = values(demo, "2024Q1", "2025Q2", levels=("company", "channel_type", "region"))
    pd.testing.assert_frame_equal(alone, among.loc[alone.index])


def test_a_kpi_has_the_same_figures_asked_for_alone_or_with_all_others(demo):
    every = values(demo, "2025Q2", levels=("company", "channel_type"))
    for name in ("attainment", "overdue_ratio", "growth_yoy"):
        alone = values(demo, "2025Q2", levels=("company", "channel_type"), kpis=[name]).loc[[name]]
        pd.testing.assert_frame_equal(alone, every.loc[[name]].loc[alone.index])


def test_asking_for_a_period_with_rows_that_name_channel_types_changes_no_other_period(tmp_path):
    ws = company(
        tmp_path,
        sales=[order("2025-01-10", 100), order("2025-04-10", 100)],
        market=[
            {"month": "2025-01-01", "market_amount": 1000, "channel_type": None},
            {"month": "2025-04-01", "market_amount": 1000, "channel_type": "distributor"},
        ],
    )
    levels = ("company", "channel_type")
    alone = values(ws, "2025Q1", levels=levels).loc["market_share"]
    among = values(ws, "2025Q1", "2025Q2", levels=levels).loc["market_share"]
    assert alone["status"].to_dict() == among.loc[alone.index, "status"].to_dict()


@settings(max_examples=2, deadline=None)
@given(factor=st.sampled_from([10, 250, 1_000, 86_400, 1_000_000]))
def test_the_unit_of_money_changes_no_ratio(tmp_path_factory, factor):
    plain, scaled = (
        values(
            company(tmp_path_factory.mktemp("unit"), **trading_company(size)),
            "2025Q1",
            levels=("company", "region"),
        )
        for size in (1, factor)
    )
    money = [name for name in plain.index.get_level_values("kpi").unique() if is_money(name)]
    ratios = plain.drop(index=money)
    assert ratios["status"].to_dict() == scaled.loc[ratios.index, "status"].to_dict()
    pd.testing.assert_series_equal(ratios["value"], scaled.loc[ratios.index, "value"], rtol=1e-9)
    grown = (plain.loc[money, "value"] * factor).dropna()
    pd.testing.assert_series_equal(grown, scaled.loc[grown.index, "value"], rtol=1e-9)


def test_a_new_partner_changes_no_other_partners_and_no_other_regions_figures(tmp_path):
    tables = trading_company(1)
    before = values(company(tmp_path / "before", **tables), "2025Q1", levels=("region", "partner"))
    tables["sales"] = [*tables["sales"], order("2025-02-02", 5_000_000, partner_id="Z", region="West")]
    tables["partners"] = [*tables["partners"], partner("Z", "West")]
    after = values(company(tmp_path / "after", **tables), "2025Q1", levels=("region", "partner"))
    pd.testing.assert_frame_equal(before, after.loc[before.index])


def trading_company(size: int) -> dict[str, list[dict]]:
    """Two regions, three partners, one online customer, two quarters a year apart; money times `size`."""
    sales = [
        order("2024-02-01", 120 * size, partner_id="A", region="East", cost_amount=90 * size),
        order("2024-02-09", 300 * size, partner_id="B", region="North", cost_amount=200 * size),
        order("2025-01-05", 150 * size, partner_id="A", region="East", cost_amount=130 * size),
        order("2025-02-07", 240 * size, partner_id="B", region="North", cost_amount=180 * size),
        order("2025-02-08", 60 * size, partner_id="C", region="North"),
        order("2025-03-01", 90 * size, channel_type="online", region="East", customer_id="K"),
        returned("2025-03-09", 30 * size, partner_id="B", region="North", cost_amount=-20 * size),
    ]
    return {
        "sales": [{"gross_amount": line["net_amount"] + 10 * size} | line for line in sales],
        "partners": [partner("A", "East"), partner("B", "North"), partner("C", "North")],
        "targets": [target("region", "2025-01-01", 350 * size, "2025-04-01", region="North")],
        "costs": [
            {
                "month": "2025-02-01",
                "cost_type": "rebate",
                "amount": 12 * size,
                "region": "North",
                "partner_id": "B",
            }
        ],
        "market": [{"month": "2025-03-01", "market_amount": 9_000 * size, "region": "North"}],
        "receivables": [
            {
                "invoice_date": "2025-02-07",
                "due_date": "2025-03-07",
                "amount": 240 * size,
                "partner_id": "B",
            }
        ],
    }


def is_money(kpi: str) -> bool:
    """Whether a KPI is an amount, which grows with the unit."""
    return kpi in (*MONEY, "average_order_value")


def opened(folder: Path, currency: str, source: Path, mapping: str) -> Workspace:
    """A workspace on existing files."""
    lines = [f'[company]\ncurrency = "{currency}"\nfiscal_year_start = 7']
    lines.append(f'[data]\nsource = "{source}"\nmapping = "{mapping}"\n')
    (folder / "workspace.toml").write_text("\n".join(lines), encoding="utf-8")
    return open_workspace(folder)


def twin_world(ws: Workspace) -> World:
    """What the twin reads: the contract tables as they were taken in."""
    engine = ws.facts().engine
    return world_of(lambda name: engine.query(f"SELECT * FROM {name}").to_pandas(), ws.policy)


def differences(frame: pd.DataFrame, world: World, code: str) -> list[str]:
    """Every figure of a period that is not the twin's, and every one the twin alone has."""
    span = parse_period(code, 7)
    twin = answers(world, span.start, span.end)
    rows = frame[frame["period"] == code]
    differing = []
    if set(rows["kpi"]) != set(twin):
        differing.append(f"{code}: KPIs {sorted(set(rows['kpi']) ^ set(twin))}")
    for row in rows.itertuples():
        wanted = twin[row.kpi].pop((row.level, row.entity), None)
        same = wanted is not None and wanted.status in (row.status, MEANING.get(row.status))
        if same and row.status == "ok":
            pairs = [(getattr(row, name), getattr(wanted, name)) for name in NUMBERS]
            same = all(abs(mine - theirs) <= 1e-9 * abs(theirs) for mine, theirs in pairs)
        if not same:
            differing.append(f"{code} {row.kpi} {row.level} {row.entity}: {row[5:]} but {wanted}")
    for kpi, left in twin.items():
        unseen = [entity for entity, answer in left.items() if answer.status == "ok" and answer.value]
        differing += [f"{code} {kpi} {entity}: not in the values" for entity in unseen]
    return differing


NUMBERS = ("numerator", "denominator", "value")

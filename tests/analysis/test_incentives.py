"""Support and incentives described: sums as the books have them, and no effect claimed."""

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.metrics.incentives import INCENTIVES

PERIOD = "2025Q3"


@pytest.fixture(scope="module")
def ws(demo_workspace):
    return ca.open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def found(ws):
    return ca.incentives(ws, PERIOD)


def test_spend_is_what_the_books_hold(ws, found):
    folder = ws.source_folder
    costs = pd.read_parquet(folder / "costs.parquet")
    month = pd.to_datetime(costs["month"])
    own = costs[month.between("2025-07-01", "2025-09-30") & costs["cost_type"].isin(INCENTIVES)]
    assert found.spend["amount"].sum() == pytest.approx(float(own["amount"].astype(float).sum()))
    before = costs[month.between("2024-07-01", "2024-09-30") & costs["cost_type"].isin(INCENTIVES)]
    assert found.spend["last_year"].sum() == pytest.approx(float(before["amount"].astype(float).sum()))


def test_net_sales_are_the_channels_own(ws, found):
    sales = ca.measure(ws, PERIOD, kpis="net_sales").set_index("entity")["value"]
    for row in found.spend.to_dict("records"):
        assert row["net_sales"] == pytest.approx(sales[row["channel_type"]])
        assert row["share"] == pytest.approx(row["amount"] / row["net_sales"])


def test_programmes_are_those_that_ran_on_a_day_of_the_period(ws, found):
    rows = pd.read_csv(ws.source_folder / "programmes.csv", parse_dates=["start_date", "end_date"])
    ran = rows[(rows["start_date"] < "2025-10-01") & ~(rows["end_date"] < "2025-07-01")]
    assert set(found.programmes["programme_id"]) == set(ran["programme_id"])
    sums = ran.groupby("programme_id")[["allocated_amount", "paid_amount"]].sum()
    own = found.programmes.set_index("programme_id").reindex(sums.index)
    assert own["allocated"].to_list() == pytest.approx(sums["allocated_amount"].to_list())
    assert own["paid"].to_list() == pytest.approx(sums["paid_amount"].to_list())
    counts = ran.groupby("programme_id")["participant_id"].nunique()
    assert own["participants"].to_list() == counts.reindex(sums.index).to_list()


def test_without_tables_there_is_a_note_and_no_row(tmp_path):
    ca.make_workspace(tmp_path / "small")
    lines = "".join(f"S{i},1,order,2025-0{1 + i % 9}-15,visit,{100 + i}\n" for i in range(40))
    head = "order_id,line_number,kind,order_date,channel_type,net_amount\n"
    (tmp_path / "small" / "data" / "raw" / "sales.csv").write_text(head + lines)
    result = ca.incentives(ca.open_workspace(tmp_path / "small"), "2025Q2")
    assert (len(result.programmes), len(result.spend)) == (0, 0)
    assert [c.subject for c in result.caveats if c.code == "no_table"] == ["programmes", "costs"]


def test_a_programme_that_goes_on_has_no_last_day(tmp_path):
    ca.make_workspace(tmp_path / "small")
    raw = tmp_path / "small" / "data" / "raw"
    lines = "".join(f"S{i},1,order,2025-0{1 + i % 9}-15,visit,{100 + i}\n" for i in range(40))
    head = "order_id,line_number,kind,order_date,channel_type,net_amount\n"
    (raw / "sales.csv").write_text(head + lines)
    (raw / "programmes.csv").write_text(
        "programme_id,participant_id,programme_type,start_date,end_date\n"
        "A,P1,bonus,2025-01-01,\nA,P2,bonus,2025-01-01,2025-02-01\nB,P1,bonus,2024-01-01,2024-02-01\n"
    )
    found = ca.incentives(ca.open_workspace(tmp_path / "small"), "2025Q2").programmes
    (row,) = found.to_dict("records")
    assert (row["programme_id"], row["last_day"], row["participants"]) == ("A", None, 1)

"""What screening of candidates rests on is the same on Spark as on DuckDB."""

import datetime
from dataclasses import replace

import pandas as pd

from channel_analysis.metrics.periods import parse_period
from channel_analysis.metrics.screening import candidates_known, territory_sums
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, order, partner, returned

DAY = datetime.date(2025, 9, 30)
ASKED = pd.DataFrame(
    {
        "region": ["W'est", "East", "North", "Nowhere"],
        "channel_type": ["agent", "distributor", "agent", "agent"],
    }
)


def test_candidates_and_territories_are_the_same_on_both_engines(tmp_path, spark):
    lines = [
        order("2025-07-01", 100.25, partner_id="P1", region="East"),
        returned("2025-07-09", 10, partner_id="P1", region="East"),
        order("2025-06-30", 70, partner_id="P2", region="East"),
        order("2025-08-05", 30, partner_id="A1", region="North", channel_type="agent"),
    ]
    partners = [
        partner("P1", outlets=30, contract_end="2025-09-30", known_at="2024-01-01"),
        partner("P2", outlets=None, contract_end=None, known_at=None),
        partner("A1", "W'est", "agent", outlets=7, contract_end=None, known_at=None),
        partner("Gone", outlets=99, contract_end="2025-09-29", known_at=None),
    ]
    months = [f"2025-{month:02d}-01" for month in range(4, 10)]
    market = [
        {"month": month, "region": region, "channel_type": kind, "market_amount": amount}
        for month in months
        for region, kind, amount in (("East", "distributor", 90.5), ("North", None, 300))
    ]
    applied = [
        {"candidate_id": name, "applied_on": day, "known_at": known, "annual_sales": 1.5}
        for name, day, known in (
            ("喆", "2025-09-30", None), ("b", None, "2025-09-30"), ("c", "2025-01-01", "2025-10-01"),
            ("d", "2025-10-01", None), ("e", None, None),
        )
    ]  # fmt: skip
    duck = company(tmp_path, "", sales=lines, partners=partners, market=market, candidates=applied)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    other = replace(open_workspace(tmp_path), settings=settings)
    period = parse_period("2025Q3")
    (here, later), (there, too) = (candidates_known(ws.facts().engine, DAY) for ws in (duck, other))
    pd.testing.assert_frame_equal(here, there)
    assert (sorted(here["candidate_id"]), later, too) == (["b", "e", "喆"], 2, 2)
    one, two = (territory_sums(ws.facts().engine, period, ws.policy, ASKED) for ws in (duck, other))
    pd.testing.assert_frame_equal(one, two)
    east = one[one["region"] == "East"].iloc[0]
    # P2 bought before the activity window, of three months; Gone's contract ended a day too early
    assert east[["partners", "active_partners", "outlets", "outlets_unknown"]].tolist() == [2, 1, 30, 0]
    assert east[["partner_amount", "our_amount", "market_amount"]].tolist() == [90.25, 90.25, 271.5]
    named = one.set_index("region")
    assert named["market_basis"].to_dict() == {"East": "type", "North": "region", "Nowhere": "", "W'est": ""}
    assert named["our_amount"].to_dict() == {"East": 90.25, "North": 30, "Nowhere": 0, "W'est": 0}
    assert named["active_partners"].to_dict() == {"East": 1, "North": 0, "Nowhere": 0, "W'est": 1}


def test_a_market_that_lacks_a_month_of_the_period_is_not_known(tmp_path):
    months = [f"2025-{month:02d}-01" for month in range(3, 9)]
    market = [
        {"month": m, "region": "East", "channel_type": "distributor", "market_amount": 5} for m in months
    ]
    ws = company(tmp_path, "", sales=[order("2025-07-01", 1, region="East")], market=market)
    asked = ASKED[ASKED["region"] == "East"]
    bases = [
        territory_sums(ws.facts().engine, parse_period(code), ws.policy, asked)["market_basis"].item()
        for code in ("2025Q2", "2025Q3")
    ]
    assert bases == ["type", ""]

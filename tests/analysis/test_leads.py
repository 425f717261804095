"""Leads by source, channel type and rep: counted by hand; differences found where planted, only there."""

import numpy as np
import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.analysis.leads import _judged
from channel_analysis.methods.leads import lead_results
from channel_analysis.store.workspace import open_workspace
from tests.metrics.small_worlds import company, order


def test_leads_of_a_source_are_those_counted_by_hand(tmp_path):
    rows = [
        ("fair", "2025-04-01", "2025-04-11", "won", 100),
        ("fair", "2025-01-01", "2025-05-01", "lost", 300),
        ("fair", "2025-04-01", "2025-05-01", "lost", None),
        ("fair", "2025-06-01", None, "open", 50),
        ("fair", "2025-04-01", "2025-07-01", "won", 60),
        ("fair", "2025-02-01", "2025-03-31", "won", 999),
        ("fair", "2025-05-01", None, "won", 5),
        (None, "2025-05-01", "2025-05-01", "lost", 10),
    ]
    names = ("source", "created_on", "closed_on", "status", "value")
    leads = [{"lead_id": f"l{i}"} | dict(zip(names, row, strict=True)) for i, row in enumerate(rows)]
    found = ca.leads(
        company(tmp_path, sales=[order("2025-04-01", 1), order("2025-06-30", 1)], leads=leads), "2025Q2"
    )
    fair = found.groups.set_index(["dimension", "entity"]).loc["source", "fair"]
    assert fair[["created", "closed", "won", "lost", "open"]].to_list() == [5, 3, 1, 2, 2]
    assert fair["win_rate"] == pytest.approx(1 / 3)
    assert (fair["value_won"], fair["value_closed"], fair["value_rate"]) == (100, 400, 0.25)
    assert (fair["days_to_close"], fair["open_age"]) == (30, (91 + 30) / 2)
    assert 0 < fair["low"] < 1 / 3 < fair["high"] < 1
    assert fair["value_low"] < 0.25 < fair["value_high"]
    total = found.total.iloc[0]
    assert (total["created"], total["closed"], total["open"]) == (6, 4, 2)
    told = {caveat.code: caveat.numbers for caveat in found.caveats}
    assert told["undated_leads"] == {"leads": 1}
    assert told["leads_without_value"] == {"leads": 1}


def test_every_dimension_holds_every_lead(demo_workspace):
    found = ca.leads(open_workspace(demo_workspace), "2025Q2")
    sums = found.groups.groupby("dimension")[["created", "closed", "won", "lost", "open", "value_won"]].sum()
    for dimension in ("source", "channel_type", "rep"):
        assert sums.loc[dimension].to_list() == pytest.approx(found.total[list(sums)].iloc[0].to_list())


def test_a_source_that_only_has_easier_leads_is_not_called_better():
    """Fairs win as often as calls within each channel type; only their mix differs."""
    found = lead_results(counts({("fair", "a"): (90, 0.6), ("fair", "b"): (10, 0.2),
                                 ("call", "a"): (10, 0.6), ("call", "b"): (90, 0.2)}), "source")  # fmt: skip
    table = found.set_index("entity")
    assert table.loc["fair", "win_rate"] == pytest.approx(0.56)
    assert table.loc["fair", "expected_rate"] == pytest.approx(0.56)
    assert (table["p_value"] > 0.9).all()


def test_a_source_that_wins_more_of_leads_alike_is_found():
    found = lead_results(counts({("fair", "a"): (100, 0.6), ("call", "a"): (100, 0.3)}), "source")
    judged = _judged(found, 0.1).set_index("entity")["verdict"]
    assert judged.to_dict() == {"fair": "better", "call": "worse"}


def test_of_few_leads_nothing_is_said():
    found = _judged(lead_results(counts({("fair", "a"): (2, 1.0), ("call", "a"): (2, 0.0)}), "source"), 0.1)
    assert found["verdict"].to_list() == ["too_few", "too_few"]


def test_where_nobody_differs_hardly_anybody_is_named():
    """40 reps alike, 60 leads each, 100 times: at most one page in ten names anybody (0.10, with room)."""
    dice = np.random.default_rng(2)
    named = 0
    for _ in range(100):
        won = dice.binomial(60, 0.3, 40)
        rows = {(f"s{i}", "a"): (60, hits / 60) for i, hits in enumerate(won)}
        named += (
            _judged(lead_results(counts(rows), "source"), 0.1)["verdict"].isin(["better", "worse"])
        ).any()
    assert named <= 18


def test_p_values_are_those_of_the_stratified_test_of_statsmodels():
    from statsmodels.stats.contingency_tables import StratifiedTable

    cells = {
        ("fair", "a"): (80, 0.5),
        ("fair", "b"): (40, 0.25),
        ("call", "a"): (60, 0.4),
        ("call", "b"): (90, 0.2),
    }
    found = lead_results(counts(cells), "source").set_index("entity")
    tables = []
    for kind in ("a", "b"):
        won = [round(n * rate) for (_, one), (n, rate) in cells.items() if one == kind]
        every = [n for (_, one), (n, _) in cells.items() if one == kind]
        tables.append(np.array([[w, n - w] for w, n in zip(won, every, strict=True)], dtype=float))
    expected = StratifiedTable(tables).test_null_odds(correction=True).pvalue
    assert found["p_value"].to_list() == pytest.approx([expected, expected], rel=1e-9)


def test_the_planted_difference_between_sources_is_found(demo_workspace):
    found = ca.leads(open_workspace(demo_workspace), "2025H1").groups
    verdicts = found[found["dimension"] == "source"].set_index("entity")["verdict"]
    assert verdicts["referral"] == "better"


def test_a_company_without_leads_says_so(tmp_path):
    found = ca.leads(company(tmp_path, sales=[order("2025-04-10", 70)]), "2025Q2")
    assert (len(found.groups), len(found.total)) == (0, 0)
    assert "no_leads" in {caveat.code for caveat in found.caveats}


def counts(cells: dict[tuple[str, str], tuple[int, float]]) -> pd.DataFrame:
    """Decided leads by source and channel type: how many, and the share won."""
    rows = []
    for (source, kind), (n, rate) in cells.items():
        won = round(n * rate)
        for outcome, leads in (("won", won), ("lost", n - won)):
            rows.append(
                {"source": source, "channel_type": kind, "rep_id": "r", "outcome": outcome, "days": 1,
                 "leads": leads, "created": leads, "value": 0.0, "squares": 0.0, "valued": 0}
            )  # fmt: skip
    return pd.DataFrame(rows)

"""Sheets of AdventureWorks' resellers: real names, few KPIs, no model, no staff of theirs."""

import dataclasses

import pytest
from bs4 import BeautifulSoup

import channel_analysis as ca
from channel_analysis.analysis.partner_sheet import partner_sheets
from channel_analysis.report.sheets import write_pages

SHOWN = 40


@pytest.fixture(scope="module")
def sheets(adventureworks_workspace):
    """Give the sheets of 2013Q3."""
    return partner_sheets(ca.open_workspace(adventureworks_workspace), "2013Q3")


def test_points_add_up_and_history_ends_with_the_period(sheets):
    scored = sheets.partners[sheets.partners["status"] == "ok"].set_index("partner_id")
    sums = sheets.points.groupby("partner_id")["points"].sum()
    assert len(scored) > 100
    assert (sums.reindex(scored.index) - scored["score"]).abs().max() < 1e-9
    last = sheets.history[sheets.history["period"] == "2013Q3"].set_index("partner_id")["net_sales"]
    cards = sheets.cards[sheets.cards["kpi"] == "net_sales"].set_index("partner_id")["value"]
    assert (last.reindex(cards.index) - cards).abs().max() < 1e-6
    assert sheets.history.groupby("partner_id").size().eq(8).all()


def test_pages_are_small_and_name_nobody_else(sheets, tmp_path):
    few = dataclasses.replace(sheets, partners=sheets.partners[:SHOWN])
    write_pages(few, ("en", "zh"), tmp_path)
    names = dict(zip(sheets.partners["partner_id"], sheets.partners["partner_name"], strict=True))
    for partner in few.partners["partner_id"]:
        for language in ("en", "zh"):
            text = (tmp_path / f"{partner}.{language}.html").read_text(encoding="utf-8")
            assert len(text.encode()) <= 20_000
            told = BeautifulSoup(text, "html.parser").get_text()
            assert names[partner] in told
            assert not any(other in told for other in names if other != partner)
            assert not any(n in told for n in names.values() if len(n) > 12 and n not in names[partner])

"""A review of one region: its own figures, and the company's ranks."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import channel_analysis as ca
from channel_analysis.analysis.narrow import choices
from channel_analysis.errors import InputError
from channel_analysis.report.html import section_html
from channel_analysis.report.show import section_of
from channel_analysis.store.workspace import open_workspace
from channel_analysis.words import words

PERIOD = "2025Q3"


@pytest.fixture(scope="module")
def ws(demo_workspace):
    return open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def company(ws):
    return ca.review(ws, PERIOD)


@pytest.fixture(scope="module")
def region(ws):
    return ca.review(ws, PERIOD, {"region": "Guangdong"})


def test_figures_are_those_of_the_region(ws, company, region):
    by_region = ca.measure(ws, PERIOD, by="region", kpis=["net_sales"]).set_index("entity")["value"]
    cards = region.message.cards.set_index("kpi")
    assert cards.loc["net_sales", "value"] == by_region["Guangdong"]
    assert region.explanation.now == by_region["Guangdong"] < company.explanation.now
    assert float(region.results.changes["change"].sum()) == pytest.approx(region.explanation.change, abs=0.01)


def test_scores_and_ranks_are_the_companys(company, region):
    everybody = company.partners.partners.set_index("entity")
    own = region.partners.partners.set_index("entity")
    assert 0 < len(own) < len(everybody)
    assert set(own["region"]) == {"Guangdong"}
    pd.testing.assert_frame_equal(own, everybody.loc[own.index], check_dtype=False)
    risks = company.risk.partners.set_index("partner_id")
    mine = region.risk.partners.set_index("partner_id")
    pd.testing.assert_frame_equal(mine, risks.loc[mine.index], check_dtype=False)
    scores = company.scorecard.scores.set_index("channel_type")["score"]
    assert (
        region.scorecard.scores.set_index("channel_type")["score"].to_dict().items()
        <= scores.to_dict().items()
    )


def test_every_table_about_partners_holds_partners_of_the_region_only(ws, region):
    sql = "SELECT partner_id FROM partners WHERE region = 'Guangdong'"
    own = set(ws.facts().engine.query(sql)["partner_id"].to_pylist())
    risk, partners = region.risk.tables(), region.partners.tables()
    seen = 0
    for name, frame in {**risk, **partners, **region.irregularities.tables()}.items():
        column = {"partner_priors": ""}.get(
            name, next((c for c in ("partner_id", "entity") if c in frame), "")
        )
        if column:
            assert set(frame[column].dropna()) <= own, name
            seen += len(frame)
    assert seen > 50


def test_measures_that_a_region_proposes_name_the_region(ws):
    for where in choices(ws, "region"):
        plan = ca.review(ws, "2025Q2", {"region": where}).plan.proposals
        if len(plan):
            assert plan["segment"].str.startswith(f"region={where}").all()
            return
    pytest.fail("no region of the example company has a measure proposed")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_the_regions_is_not_called_the_companys(region, language):
    said = words(language)
    shown = section_html(section_of(region.results, said), said)
    first = BeautifulSoup(shown, "html.parser").select_one("tbody tr").get_text(" ", strip=True)
    assert first.startswith({"en": "Guangdong", "zh": "广东合计"}[language])


def test_what_cannot_be_named_is_refused_with_the_nearest_name(ws):
    with pytest.raises(InputError) as refused:
        ca.review(ws, PERIOD, {"region": "Guangdon", "chanel_type": "agent"})
    told = str(refused.value)
    assert "Guangdong" in told and "channel_type" in told


def test_a_region_without_sales_in_the_period_is_refused(ws, monkeypatch):
    first = ca.periods(ws, "quarter", last=40)[0]
    sold = ws.facts().engine.query("SELECT owner_id FROM partners ORDER BY contract_start DESC LIMIT 1")
    where = {"owner": sold["owner_id"][0].as_py(), "channel_type": "agent", "region": "Beijing"}
    with pytest.raises(InputError, match="there are no sales of"):
        ca.review(ws, first, {**where, "channel_family": "direct"})


def test_choices_are_what_has_sales(ws):
    assert choices(ws, "channel_family") == ["direct", "indirect"]
    assert len(choices(ws, "region")) == 12
    assert choices(ws, "owner")
    with pytest.raises(InputError, match="region"):
        choices(ws, "regoin")

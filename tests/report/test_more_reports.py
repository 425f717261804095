"""Reports on the sales force, candidates and data: they say what their tables say; absent data are a line."""

import json
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import channel_analysis as ca
from channel_analysis.analysis.data_quality_report import data_quality_report
from channel_analysis.analysis.sales_team_report import sales_team_report
from channel_analysis.analysis.screening_report import screening_report
from channel_analysis.report.notebooks import report_names
from channel_analysis.report.parts.summary import summary_text
from channel_analysis.report.saving import save_tables
from channel_analysis.report.sheet import sheet_html
from channel_analysis.report.show import section_of
from channel_analysis.words import words

PERIOD = "2025Q3"
OTHERS = (ca.review, ca.appraise, ca.root_cause_report, ca.partner_risk_report, ca.partner_sheets)
REPORTS = {
    "sales_team": (sales_team_report, ["sales_force", "leads", "key_accounts", "decided"]),
    "screening": (screening_report, ["screening"]),
    "data_quality": (data_quality_report, ["quality", "irregularities", "gaps"]),
}

ABSENT = {"sales_team": ("sales_force", "leads", "key_accounts"), "screening": ("screening",)}
"""Parts that are one line where only sales are known."""


@pytest.fixture(scope="module")
def made(demo_workspace):
    """Give every report of the example company by its name."""
    ws = ca.open_workspace(demo_workspace)
    return {name: report(ws, PERIOD) for name, (report, _) in REPORTS.items()}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Give every report of a company of which only sales are known."""
    folder = tmp_path_factory.mktemp("bare")
    rows = ["order_id,line_number,kind,order_date,channel_type,product_id,quantity,net_amount"]
    rows += [
        f"O{year}{month:02}{day:02},1,order,{year}-{month:02}-{day:02},agent,A,1,{100 + day}"
        for year in (2024, 2025)
        for month in range(1, 13)
        for day in range(1, 28)
    ]
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "data" / "raw" / "sales.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    settings = '[company]\nname = "Bare"\ncurrency = "CNY"\nlanguage = "en"\n'
    (folder / "workspace.toml").write_text(settings, encoding="utf-8")
    ws = ca.open_workspace(folder)
    return {name: report(ws, PERIOD) for name, (report, _) in REPORTS.items()}


def page_of(name, report, language):
    parts = ["banner", "summary", *REPORTS[name][1], "appendix"]
    sections = [section_of(getattr(report, part), words(language)) for part in parts]
    return BeautifulSoup(sheet_html(sections, words(language), [], name), "html.parser")


def verdict(report, language="en"):
    return summary_text(report.summary.verdict, report.summary.scope, words(language))


def test_reports_of_a_period_share_a_folder_without_losing_a_table(made, demo_workspace, tmp_path):
    ws, saved = ca.open_workspace(demo_workspace), {}
    for number, report in enumerate([*made.values(), *(make(ws, PERIOD) for make in OTHERS)]):
        for name in save_tables(report, tmp_path / str(number)).summary["tables"]:
            table = (tmp_path / str(number) / f"{name}.parquet").read_bytes()
            assert saved.setdefault(name, table) == table, name
    assert {"weights", "sales_team_weights", "measure_proposals", "root_cause_measure_proposals"} <= set(
        saved
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_has_banner_message_parts_and_appendix_and_its_links_lead_somewhere(made, name, language):
    page = page_of(name, made[name], language)
    assert page.h1.get_text().startswith(words(language)(f"banner.title.{name}", period="")[:2])
    assert page.select_one("#message .lead") and page.select_one("#appendix")
    ids = {tag["id"] for tag in page.select("[id]")}
    assert {link["href"] for link in page.select("main a")} <= {f"#{one}" for one in ids}
    assert len(page.select("#message .findings li")) <= 3


@pytest.mark.parametrize("name", REPORTS)
def test_a_notebook_shows_the_report_in_its_order_and_saves_its_tables(name):
    assert name in report_names()
    path = next(p for p in ca_notebooks() if p.stem == name)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    shown = re.findall(r"ca\.show\(report\.(\w+), languages\)", source)
    assert shown == ["banner", "summary", *REPORTS[name][1], "appendix"]
    assert source.rstrip().endswith("ca.save_tables(report, tables)")
    assert f"ca.{name}_report(" in source


def ca_notebooks():
    from channel_analysis.report.notebooks import notebook_folders

    return [path for folder in notebook_folders() for path in (folder / "reports").glob("*.ipynb")]


@pytest.mark.parametrize("name", REPORTS)
def test_every_table_is_saved_and_the_record_says_which_period(made, name, tmp_path):
    summary = save_tables(made[name], tmp_path).summary
    assert summary["period"] == PERIOD and summary["grade"] == "A"
    assert {path.stem for path in tmp_path.glob("*.parquet")} == set(summary["tables"])
    own = {f"{name}_weights" if table == "weights" else table for table in made[name].tables()}
    assert set(summary["tables"]) == own


def test_the_sales_force_s_verdict_is_the_sum_of_its_table(made):
    reps = made["sales_team"].sales_force.reps
    own = reps[reps["target"] > 0]
    said = verdict(made["sales_team"])
    assert words("en").share(own["actual"].sum() / own["target"].sum(), 0) in said
    assert f"{int((own['actual'] >= own['target']).sum())} of {len(own)} reps" in said


def test_the_findings_of_the_sales_force_are_its_tables_numbers(made):
    report = made["sales_team"]
    found = {finding.code: finding.numbers for finding in report.summary.findings}
    accounts = report.key_accounts.accounts
    fallen = accounts[accounts["change"] <= -0.2]
    assert found["sales_team_accounts"]["n"] == len(fallen)
    lost = (fallen["net_sales_last_year"] - fallen["net_sales"]).sum()
    assert found["sales_team_accounts"]["amount_lost"] == pytest.approx(lost)
    assert found["sales_team_leads"]["won"] == report.leads.total["won"].item()


def test_the_sales_force_s_measures_are_open_and_have_an_owner_in_it(demo_workspace, made):
    staff = ca.open_workspace(demo_workspace).facts().engine.query("SELECT staff_id, staff_name FROM staff")
    known = {*staff["staff_id"].to_pylist(), *staff["staff_name"].to_pylist()}
    own = made["sales_team"].tables()["team_measures"]
    assert set(own["state"]) <= {"open", "overdue"}
    assert set(own["owner"]) <= known


def test_the_shortlist_s_verdict_and_first_place_are_its_table_s(made):
    found = made["screening"].screening
    assert verdict(made["screening"]) == (
        f"{len(found.shortlist)} of {len(found.candidates)} candidates are on the shortlist."
    )
    best = next(f for f in made["screening"].summary.findings if f.code == "screening_best")
    assert best.numbers["name"] == found.shortlist["candidate_name"].iloc[0]
    assert best.numbers["score"] == found.candidates["score"][found.candidates["is_shortlisted"]].iloc[0]


def test_the_data_s_verdict_counts_the_rows_of_the_accounts(made):
    accounts = made["data_quality"].quality.accounts
    numbers = made["data_quality"].summary.verdict.numbers
    assert numbers["rows"] == accounts["rows_given"].sum()
    assert numbers["left"] == accounts["rows_set_aside"].sum() + accounts["rows_unreadable"].sum()


def test_a_kpi_lacks_something_exactly_where_it_has_no_value(demo_workspace, made):
    gaps = made["data_quality"].gaps.kpis.set_index("kpi")
    values = ca.measure(ca.open_workspace(demo_workspace), PERIOD, by=["company", "channel_type"])
    company = values[values["level"] == "company"].set_index("kpi")
    assert (gaps["status"] == company["status"].reindex(gaps.index)).all()
    by_type = values[values["level"] == "channel_type"].groupby("kpi")
    assert (gaps["measured"] == by_type["value"].count().reindex(gaps.index)).all()
    assert (gaps["total"] == by_type.size().reindex(gaps.index)).all()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_company_that_knows_sales_alone_gets_every_page_with_a_line_where_data_are_absent(
    bare, name, language
):
    page = page_of(name, bare[name], language)
    assert page.select_one("#message .lead").get_text()
    for one in ABSENT.get(name, ()):
        assert "line" in page.select_one(f"#{one}")["class"]


def test_the_page_on_data_names_the_tables_that_a_kpi_lacks(bare):
    gaps = bare["data_quality"].gaps.kpis.set_index("kpi")
    assert gaps.at["csat", "missing"] == "feedback" and gaps.at["csat", "status"] == "no_table"
    page = page_of("data_quality", bare["data_quality"], "en")
    assert words("en")("table.feedback") in page.select_one("#kpi_gaps").get_text()


def test_a_summary_gives_its_sentences_as_rows(made):
    frame = made["sales_team"].summary.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert frame["code"].iloc[0] == "sales_team" and len(frame) >= 2

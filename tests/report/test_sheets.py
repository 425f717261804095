"""Sheets of partners: what they say equals the tables, of nobody else, small, the same every time."""

import dataclasses
import re
import subprocess
import sys

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import channel_analysis as ca
from channel_analysis.analysis.partner_sheet import partner_sheets
from channel_analysis.errors import InputError
from channel_analysis.report.parts.partner_sheet_tables import adjusted
from channel_analysis.report.sheet import slim
from channel_analysis.report.sheets import INDEX, SHEETS, file_names, write_pages
from channel_analysis.words import words

PERIOD = "2025Q3"
LANGUAGES = ("zh", "en")
LARGEST = 20_000
HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd()",
    "../../etc",
    "a\x00b",
    "🚀",
    "\u202egnp.exe",
    "x" * 10_000,
    "]]>",
]


@pytest.fixture(scope="module")
def sheets(demo_workspace):
    """Give the sheets of the example company, with a risk and a case told of the first partners."""
    return with_risk(partner_sheets(ca.open_workspace(demo_workspace), PERIOD))


@pytest.fixture(scope="module")
def pages(sheets, tmp_path_factory):
    """Give every page by its name, written while nothing may start a process."""
    folder = tmp_path_factory.mktemp("sheets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", no_process)
        write_pages(sheets, LANGUAGES, folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def no_process(*_args, **_more):
    raise AssertionError("a process is started")


def with_risk(made):
    """Sheets as if there were a model: every partner is orange with a reason."""
    partners = made.partners.assign(
        risk_status="scored", band="orange", probability=0.37, probability_low=0.2, probability_high=0.6
    )
    reason = {"place": 1, "feature": "pace_3", "contribution": 0.3, "value": 0.589, "peer_median": 0.98}
    reasons = pd.DataFrame([{"partner_id": p, **reason, "unit": "ratio"} for p in partners["partner_id"]])
    rules = dataclasses.replace(made.rules, has_risk=True)
    return dataclasses.replace(made, partners=partners, reasons=reasons, rules=rules)


def some(made, ids, **columns):
    """The sheets of some partners, with columns of their own."""
    told = made.partners["partner_id"].isin(ids)
    return dataclasses.replace(made, partners=made.partners[told].assign(**columns).reset_index(drop=True))


def cells(page, caption):
    """The rows of a table, by what its caption holds."""
    figure = next(f for f in page.select("figure.table") if caption in f.figcaption.get_text())
    return [[cell.get_text() for cell in row.select("th, td")] for row in figure.select("tbody tr")]


def number(text):
    """A figure as it is printed."""
    return float(text.replace("−", "-").replace(",", "").replace("%", "").replace("+", ""))


def test_there_is_a_page_per_partner_and_language_and_a_list_per_language(sheets, pages):
    count = len(sheets.partners)
    assert count > 100
    assert len(pages) == len(LANGUAGES) * (count + 1)


def test_every_list_leads_to_every_sheet_and_to_nothing_else(sheets, pages):
    for language in LANGUAGES:
        page = BeautifulSoup(pages[f"{INDEX}.{language}.html"], "html.parser")
        links = [a["href"] for a in page.select("tbody th a")]
        own = {name for name in pages if name.endswith(f".{language}.html")} - {f"{INDEX}.{language}.html"}
        assert set(links) == own
        assert len(links) == len(own)
        for row in page.select("#partner_sheets tbody tr"):
            assert row.td.get_text() in row.a["href"]


def test_every_sheet_leads_to_itself_in_the_other_language(pages):
    for name, text in pages.items():
        stem, language, _ = name.rsplit(".", 2)
        other = next(one for one in LANGUAGES if one != language)
        assert f'href="{stem}.{other}.html"' in text


def test_the_points_of_every_partner_add_up_to_its_score(sheets):
    scored = sheets.partners[sheets.partners["status"] == "ok"].set_index("partner_id")
    sums = sheets.points.groupby("partner_id")["points"].sum()
    assert len(scored) > 80
    assert (sums.reindex(scored.index) - scored["score"]).abs().max() < 1e-9


def test_the_points_as_printed_add_up_to_the_score_as_printed(sheets, pages):
    scored = sheets.partners[sheets.partners["status"] == "ok"]
    points = sheets.points.set_index("partner_id")
    for partner, score in zip(scored["partner_id"], scored["score"], strict=True):
        rows = cells(BeautifulSoup(pages[f"{partner}.en.html"], "html.parser"), "add up")
        printed = [number(row[-1]) if row[-1] != "–" else 0.0 for row in rows]
        assert printed[-1] == pytest.approx(round(score, 1))
        assert sum(printed[:-1]) == pytest.approx(printed[-1], abs=1e-6)
        own = points.loc[[partner], "points"].fillna(0.0)
        assert max(abs(a - b) for a, b in zip(printed, own, strict=False)) < 0.1


def test_the_figures_on_a_sheet_are_those_of_the_tables(sheets, pages):
    for one in list(sheets.sheets())[::10]:
        page = BeautifulSoup(pages[f"{one.partner['partner_id']}.en.html"], "html.parser")
        said = words("en")
        money = said.money_unit(list(one.history["net_sales"]), "CNY")
        bars = [text.get_text() for text in page.select("svg text")]
        if one.history["net_sales"].any():
            figures = [said.money(v, money) if v else "0" for v in one.history["net_sales"]]
            assert sorted(bars) == sorted([*figures, *(said.period_short(p) for p in one.history["period"])])
        shown = [card.select_one(".value").contents[0].strip() for card in page.select(".card")]
        sales = one.cards[one.cards["kpi"] == "net_sales"]["value"].item()
        assert shown[0] == said.money(sales, said.money_unit([sales], "CNY"))
        if one.partner["status"] == "ok":
            assert said.number(one.partner["score"], 1) in page.select_one(".lead").get_text()
            printed = cells(page, "add up")
            for row, kpi in zip(one.points.to_dict("records"), printed, strict=False):
                if sheets.scope.names.units.get(row["kpi"]) == "share" and row["measured"] == row["measured"]:
                    assert kpi[1] == said.share(row["measured"])


def test_no_sheet_holds_another_partner_s_name_or_id(sheets, pages):
    names = dict(zip(sheets.partners["partner_id"], sheets.partners["partner_name"], strict=True))
    assert len(set(names.values())) > 100
    for partner, name in names.items():
        others = {n for n in names.values() if n not in name} | (set(names) - {partner})
        anybody = re.compile("|".join(re.escape(other) for other in sorted(others)))
        for language in LANGUAGES:
            found = anybody.search(pages[f"{partner}.{language}.html"])
            assert found is None, (partner, found)


def test_what_is_typical_of_others_is_told_of_five_others_at_least_and_is_no_single_one_s(sheets):
    told = sheets.points[sheets.points["peers"].notna()]
    assert len(told)
    assert told["peers_n"].min() >= 5
    few = sheets.points[(sheets.points["peers_n"] < 5)]
    assert few["peers"].isna().all()


def test_ranks_among_fewer_than_six_are_not_told(sheets):
    ranked = sheets.partners[sheets.partners["rank"].notna()]
    assert len(ranked)
    assert ranked["peers"].min() >= 6


def test_the_partner_s_edition_of_a_region_tells_no_risk_and_no_case_and_ranks_among_all(
    demo_workspace, sheets, tmp_path
):
    region = sheets.partners["region"].mode()[0]
    made = partner_sheets(
        ca.open_workspace(demo_workspace), PERIOD, audience="partner", where={"region": region}
    )
    whole = sheets.partners[sheets.partners["region"] == region].reset_index(drop=True)
    same = ["partner_id", "score", "rank", "peers"]
    pd.testing.assert_frame_equal(made.partners[same], whole[same])
    assert not {"band", "case", "handling", "probability"} & set(made.partners.columns)
    assert not len(made.reasons) and not len(made.cases)
    write_pages(made, LANGUAGES, tmp_path)
    for path in tmp_path.glob("*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        assert page.select_one("#internal") is None
        assert page.select_one("#cases") is None


def test_the_internal_edition_tells_the_risk_with_its_reasons(sheets, pages):
    page = BeautifulSoup(pages[f"{sheets.partners['partner_id'][0]}.en.html"], "html.parser")
    told = page.select_one("#internal").get_text()
    assert "◆ orange" in told and "37 of 100" in told and "0.59" in told


def test_no_sheet_is_larger_than_twenty_thousand_bytes(pages):
    sizes = {name: len(text.encode()) for name, text in pages.items() if not name.startswith(INDEX)}
    assert max(sizes.values()) <= LARGEST, max(sizes, key=sizes.get)


def test_no_sheet_has_a_script_or_asks_for_anything(pages):
    for text in pages.values():
        page = BeautifulSoup(text, "html.parser")
        assert not page.select("script, img, link, iframe, object, form")
        assert "default-src 'none'" in text
        assert "url(" not in text


def test_the_same_sheets_have_the_same_bytes(sheets, pages, tmp_path):
    few = some(sheets, list(sheets.partners["partner_id"][:15]))
    write_pages(few, LANGUAGES, tmp_path)
    for path in tmp_path.glob("P*.html"):
        assert path.read_text(encoding="utf-8") == pages[path.name]


def test_names_of_any_kind_are_text_and_stay_in_their_folder(sheets, tmp_path):
    ids = list(sheets.partners["partner_id"][: len(HOSTILE)])
    hostile = some(sheets, ids, partner_name=HOSTILE)
    write_pages(hostile, LANGUAGES, tmp_path / "out")
    for one, name in zip(ids, HOSTILE, strict=True):
        page = BeautifulSoup((tmp_path / "out" / f"{one}.en.html").read_text(encoding="utf-8"), "html.parser")
        assert not page.select("script")
        assert name.replace("\x00", "␀")[:50] in page.h1.get_text().replace("\x00", "␀")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_ids_of_any_kind_make_file_names_of_their_own():
    ids = ["index", "INDEX", "a/b", "a b", "../x", "con", "P1", "p1", "x" * 10_000, "\x00"]
    names = file_names(ids)
    assert len({name.casefold() for name in names.values()} | {INDEX}) == len(ids) + 1
    assert all("/" not in name and ".." not in name and len(name.encode()) < 120 for name in names.values())


def test_all_that_is_wrong_is_said_at_once_with_the_nearest(demo_workspace, sheets):
    ws = ca.open_workspace(demo_workspace)
    name = sheets.partners["partner_name"][0]
    with pytest.raises(InputError) as raised:
        partner_sheets(ws, PERIOD, ["P00001", "p00001", name, "nobody"], audience="interna")
    said = str(raised.value)
    assert len(raised.value.problems) == 4
    assert said.count("did you mean 'P00001'") == 2
    assert "write an id, such as P00001" in said and "did you mean 'internal'" in said


def test_a_partner_s_sheet_is_shown_as_one_section(sheets):
    one = next(sheets.sheets())
    html = ca.show(one, ["zh", "en"]).html("zh")
    assert one.partner["partner_name"] in html
    assert len(sheets.to_frame()) == len(sheets.partners)
    assert "partner_list" in ca.show(sheets, "en").html()


def test_points_are_rounded_so_that_they_add_up():
    for total, values in ((3.12, [1.04, 1.04, 1.04]), (80.0, [50.06, 41.17, -11.23]), (0.0, [0.0, 0.0])):
        shown = adjusted(values, total)
        assert sum(shown) == pytest.approx(round(total, 1))
        assert all(abs(a - b) < 0.1 for a, b in zip(shown, values, strict=True))


def test_a_slim_page_keeps_the_rules_of_every_class_it_uses(pages):
    text = next(text for name, text in pages.items() if name.startswith("P"))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert style.count("{") == style.count("}")
    assert ".card" in style and ".number" in style and "@media print" in style
    assert ".findings" in slim('<style>\n.findings { top: 0; }\n</style><ol class="findings">')
    assert ".findings" not in slim('<style>\n.findings { top: 0; }\n</style><ol class="other">')


def test_making_sheets_starts_no_kernel(demo_workspace, sheets, tmp_path, monkeypatch):
    for module in ("papermill", "nbconvert", "jupyter_client", "matplotlib", "sklearn"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(subprocess, "Popen", no_process)
    asked = []

    def computed(*given):
        asked.append(given[1:])
        return some(sheets, ["P00002"])

    monkeypatch.setattr("channel_analysis.analysis.partner_sheet.partner_sheets", computed)
    given = {"partners": ["P00002"], "audience": "internal"}
    ws = ca.open_workspace(demo_workspace)
    told = SHEETS["partner_sheet"](ws, PERIOD, ("en",), tmp_path, lambda *_: None, {"region": "East"}, given)
    assert asked == [(PERIOD, ["P00002"], "internal", {"region": "East"})]
    assert told["period"] == PERIOD and "partner_sheets" in told["tables"]
    assert sorted(p.name for p in (tmp_path / "partner_sheet").iterdir()) == [
        "P00002.en.html",
        "index.en.html",
    ]
    assert len(pd.read_parquet(tmp_path / "tables" / "partner_sheets.parquet")) == 1

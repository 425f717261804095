"""The part on partner risk: what is told is what the result holds, and what is not known is said to be so."""

import dataclasses
import datetime
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from channel_analysis.contracts.risk import Bands, Endings, Risk
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.methods.risk.features import FEATURES
from channel_analysis.report.blocks import Figure, Prose, Table
from channel_analysis.report.html import section_html
from channel_analysis.report.parts.risk_wording import SHAPES, month_end
from channel_analysis.report.show import section_of
from channel_analysis.results import Caveat, Names, Scope
from channel_analysis.risks import PartnerRisk, RiskModelCard
from channel_analysis.words import Unit, Words, words
from tests.report.test_appraisal_words import caveats_in

NAN = float("nan")
HOSTILE = "<script>alert(1)</script> =cmd('x') \"quoted\" & 'quoted' 🚀 喆堃镕燊珺 {n} ]]>"
NUMBER = re.compile(r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?%?")
COLUMNS = {
    "partners": "partner_id partner_name channel_type region owner_id status probability low high log_odds "
    "band model_band trigger override previous_probability previous_band change quadrant coverage "
    "receivable stock margin expected_loss expected_saving watch_place",
    "reasons": "partner_id place theme feature family contribution value peer_median "
    "previous_contribution unit",
    "ways_out": "partner_id feature value needed probability band",
    "models": "model kind auc auc_low auc_high average_precision brier log_loss recall_5 difference "
    "difference_low difference_high chosen",
    "gains": "share partners events found precision",
    "calibration": "predicted observed low high n",
    "lead_time": "months flagged low high n",
    "drift": "feature family psi critical p_value drifted",
    "endings": "ending events rows",
    "followed": "partner_id partner_name period issued_on probability band outcome ending days",
}
SCOPE = Scope(
    "Example", "2025Q3", datetime.date(2025, 7, 1), datetime.date(2025, 10, 1), "2025Q2", "2024Q3", "CNY",
    datetime.date(2025, 9, 30), None, (), {},
    Names({"distributor": {"en": "Distributors", "zh": "经销商"}}, {}, {}, {"region": {}}),
)  # fmt: skip
CARD = {
    "kind": "additive", "verdict": "told", "base_rate": 0.08, "rows": 4800, "entities": 120, "events": 96,
    "first": "2022-01", "until": "2025-02", "folds": 5, "split": "time", "auc": 0.84, "random_auc": 0.91,
    "missing": ("reputation",), "notes": {"absent": "visits, partners.credit_limit"},
}  # fmt: skip


def frame(name: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS[name].split())


def partner(number: int, band: str, p: float, **other) -> dict:
    """A partner as the result lists it; only what a test speaks of is given."""
    row = {
        "partner_id": f"P{number}", "partner_name": f"伙伴{number}", "channel_type": "distributor",
        "region": "华东", "owner_id": "R7", "status": "scored", "probability": p, "low": p * 0.7,
        "high": min(p * 1.4, 1.0), "log_odds": 0.3, "band": band, "model_band": band, "trigger": "",
        "override": "", "previous_probability": p - 0.12, "previous_band": "yellow", "change": 0.12,
        "quadrant": "high_rising", "coverage": 0.9, "receivable": 400_000.0, "stock": 80_000.0,
        "margin": 20_000.0, "expected_loss": p * 500_000, "expected_saving": p * 150_000 - 2_000,
        "watch_place": NAN,
    }  # fmt: skip
    return row | other


def usual() -> PartnerRisk:
    """Four partners that are told of, one by hand, one triggered, and three about whom little is known."""
    unknown = dict.fromkeys(("probability", "low", "high", "log_odds", "change", "expected_loss"), NAN)
    rows = [
        partner(1, "red", 0.55, watch_place=2.0),
        partner(2, "red", 0.10, trigger="insolvency", watch_place=1.0, change=-0.06, previous_band="red"),
        partner(3, "orange", 0.24, watch_place=3.0, change=NAN, previous_band="", owner_id=""),
        partner(4, "yellow", 0.30, override="Li", model_band="orange", watch_place=4.0, change=0.0),
        partner(5, "green", 0.006),
        partner(6, "yellow", 0.12, status="cold_start", log_odds=NAN),
        partner(7, "unknown", NAN, status="insufficient") | unknown,
    ]
    return PartnerRisk(
        partners=pd.DataFrame(rows),
        reasons=frame(
            "reasons",
            ("P1", 1, "payment", "days_late_3", "finance", 1.42, 41.0, 6.0, 0.9, "days"),
            ("P1", 2, "trend", "trend_12", "sales", 0.61, -0.42, 0.03, 0.5, "ratio"),
            ("P1", 3, "legal", "lawsuits_12", "reputation", 0.22, NAN, NAN, NAN, "count"),
            ("P1", 4, "size", "size_place", "context", -0.35, 0.9, 0.5, -0.3, "share"),
            ("P2", 1, "my_own", "my_own", "other", 0.4, 3.25, 1.5, NAN, "score"),
            ("P3", 1, "overdue", "overdue_90", "finance", 0.8, 0.21, 0.01, NAN, "share"),
        ),
        ways_out=frame("ways_out", ("P1", "days_late_3", 41.0, 18.0, 0.17, "yellow")),
        models=frame(
            "models",
            ("additive", "additive", 0.84, 0.79, 0.88, 0.41, 0.06, 0.21, 0.33, 0.0, 0.0, 0.0, True),
            ("points", "additive", 0.83, 0.78, 0.87, 0.39, 0.06, 0.22, 0.31, -0.01, -0.03, 0.01, False),
            ("recency", "rule", 0.66, 0.6, 0.71, 0.2, NAN, NAN, 0.12, -0.18, -0.23, -0.13, False),
        ),
        gains=frame("gains", (0.05, 60, 31, 0.33, 0.52), (0.1, 120, 52, 0.54, 0.43)),
        calibration=frame(
            "calibration",
            (0.02, 0.02, 0.01, 0.04, 600),
            (0.11, 0.09, 0.06, 0.14, 600),
            (0.42, 0.39, 0.31, 0.48, 600),
        ),
        lead_time=frame(
            "lead_time", (1, 0.75, 0.66, 0.82, 96), (3, 0.61, 0.51, 0.7, 90), (6, 0.44, 0.34, 0.55, 81)
        ),
        drift=frame(
            "drift",
            ("trend_12", "sales", 0.31, 0.19, 0.001, True),
            ("days_late_3", "finance", 0.05, 0.2, 0.6, False),
        ),
        endings=frame("endings", ("decline", 40, 4800), ("churn", 38, 4800), ("default", 18, 4000)),
        followed=frame(
            "followed",
            ("P8", "伙伴8", "2025Q1", datetime.date(2025, 3, 31), 0.5, "red", "ended", "churn", 63.0),
            ("P9", "伙伴9", "2025Q1", datetime.date(2025, 3, 31), 0.3, "orange", "held", "", NAN),
            ("P1", "伙伴1", "2025Q2", datetime.date(2025, 6, 30), 0.4, "red", "open", "", NAN),
            ("P0", "伙伴0", "2025Q1", datetime.date(2025, 3, 31), 0.4, "red", "ours", "ours", 20.0),
        ),
        card=CARD,
        snapshot=datetime.date(2025, 9, 30),
        horizon_months=6,
        gap_months=1,
        scope=SCOPE,
    )


def blank() -> dict[str, pd.DataFrame]:
    """Every table, empty."""
    return {name: frame(name) for name in COLUMNS}


def triggered() -> PartnerRisk:
    """A model that tells nothing about anybody: only a trigger warns."""
    told = usual()
    silent = {"probability": NAN, "low": NAN, "high": NAN, "log_odds": NAN, "change": NAN, "status": "untold",
              "expected_loss": NAN, "expected_saving": NAN}  # fmt: skip
    table = told.partners.assign(**silent)
    is_triggered = table["trigger"] != ""
    table["band"] = is_triggered.map({True: "red", False: "unknown"})
    table["watch_place"] = is_triggered.map({True: 1.0, False: NAN})
    card = {**CARD, "verdict": "nothing_told"}
    return dataclasses.replace(told, **{**blank(), "partners": table, "card": card})


def untrained() -> PartnerRisk:
    """No model: the result is empty, and says so."""
    nothing = {name: pd.DataFrame() for name in COLUMNS}
    nothing["partners"] = pd.DataFrame(columns=["partner_id", "watch_place", "band", "status"])
    return dataclasses.replace(usual(), **nothing, card={}, caveats=(Caveat("no_risk_model", "note"),))


def nothing_told() -> PartnerRisk:
    """A model that tells nothing: everybody is unknown."""
    told = triggered()
    table = told.partners.assign(band="unknown", trigger="", watch_place=NAN)
    return dataclasses.replace(told, partners=table)


def few_events() -> PartnerRisk:
    """A model from few bad ends, of which no lead time can be told."""
    card = {**CARD, "verdict": "few_events", "events": 17}
    return dataclasses.replace(
        usual(), card=card, lead_time=pd.DataFrame(), models=pd.DataFrame({"model": []})
    )


def one_partner() -> PartnerRisk:
    """A company with a single partner."""
    told = usual()
    return dataclasses.replace(told, partners=told.partners.head(1).assign(watch_place=1.0))


def hostile() -> PartnerRisk:
    """Every name from data means harm."""
    told = usual()
    bad = told.partners.assign(
        partner_name=HOSTILE, channel_type=HOSTILE, region=HOSTILE, owner_id=HOSTILE, override=HOSTILE
    )
    reasons = told.reasons.assign(theme=HOSTILE, feature=HOSTILE, family=HOSTILE, unit=HOSTILE)
    followed = told.followed.assign(partner_name=HOSTILE)
    return dataclasses.replace(told, partners=bad, reasons=reasons, followed=followed)


CASES = {
    case.__name__: case
    for case in (usual, untrained, triggered, nothing_told, few_events, one_partner, hostile)
}


@pytest.fixture(params=["en", "zh"])
def said(request):
    """Give the words of each language in turn."""
    return words(request.param)


@pytest.fixture(params=CASES)
def case(request):
    """Give each kind of result in turn."""
    return CASES[request.param]()


@pytest.fixture(params=["section", "card"])
def shown(request, case):
    """Give what is shown of each: the section, and the model's card."""
    return case if request.param == "section" else RiskModelCard(case)


def text_of(result, said) -> str:
    return BeautifulSoup(section_html(section_of(result, said), said), "html.parser").get_text("\n")


def blocks(result, said, kind) -> list:
    return [block for block in section_of(result, said).blocks if isinstance(block, kind)]


def table(result, said, name: str) -> dict[str, tuple[str, ...]]:
    (found,) = [b for b in blocks(result, said, Table) if b.name == name]
    return {column.heading: column.texts for column in found.columns}


class Plain(Words):
    """Words whose money, dates and periods are the same in every language."""

    def money_unit(self, values, currency):
        return Unit(1.0, 0, "", "e0")

    def amount(self, value, currency, signed=False):
        return self.number(value)

    def date(self, day):
        return "–" if day is None else day.isoformat()

    def period(self, code):
        return code


def plain(language: str) -> Plain:
    return Plain(language, read_toml(CATALOG / "locales" / f"{language}.toml"))


# The verdict


def test_the_verdict_counts_who_is_red_or_orange_and_adds_up_what_they_may_cost(said):
    lead = blocks(usual(), said, Prose)[0]
    assert lead.kind == "lead"
    loss = (0.55 + 0.10 + 0.24) * 500_000
    for told in (said.amount(1_500_000.0, "CNY"), said.amount(loss, "CNY")):
        assert told in lead.text
    counts = [n for n in NUMBER.findall(lead.text) if n in ("6", "2", "1")]
    assert {"6", "2", "1"} <= set(counts)


def test_the_months_looked_at_begin_after_the_gap(said):
    assert said.date(datetime.date(2025, 10, 31)) in blocks(usual(), said, Prose)[0].text


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        ((2025, 9, 30), 1, (2025, 10, 31)),
        ((2024, 12, 31), 2, (2025, 2, 28)),
        ((2023, 12, 31), 2, (2024, 2, 29)),
    ],
)
def test_a_month_after_a_months_end_ends_with_its_own_last_day(day, months, end):
    assert month_end(datetime.date(*day), months) == datetime.date(*end)


def test_where_nothing_can_be_told_that_is_the_verdict_and_no_all_clear(said):
    prose = [b.text for b in blocks(nothing_told(), said, Prose)]
    assert prose[0].startswith(said("risk.nothing_told", all="7", window="@").split("@")[0])
    assert said("risk.model.nothing_told", rate="8", months=6, events="96") in prose
    assert any(
        text.startswith(said("risk.status.untold", count="7", names="@").split("@")[0]) for text in prose
    )


def test_without_a_model_the_page_says_how_to_train_one(said):
    for result in (untrained(), RiskModelCard(untrained())):
        section = section_of(result, said)
        assert (section.kind, len(section.blocks)) == ("line", 1)
        assert "channel-analysis risk train" in section.blocks[0].text


def test_a_trigger_warns_though_the_model_tells_nothing_and_no_loss_is_made_up(said):
    why = table(triggered(), said, "risk_watch_list")[said("column.why")][0]
    assert said("risk.trigger.insolvency") in why
    assert said.amount(0.0, "CNY") not in text_of(triggered(), said)


def test_how_many_were_warned_of_in_time_is_told_with_its_range_and_never_by_a_measure_of_ranking(said):
    text = text_of(usual(), said)
    assert (
        said("risk.foresight", found="61", range=said("range", low="51", high="70"), n=3, ended="90") in text
    )
    assert "AUC" not in text


def test_a_model_from_few_bad_ends_says_so(said):
    assert said("risk.model.few_events", events="17") in text_of(few_events(), said)


def test_a_company_without_partners_has_one_line(said):
    section = section_of(dataclasses.replace(usual(), partners=frame("partners")), said)
    assert (section.kind, len(section.blocks)) == ("line", 1)


def test_where_nobody_is_red_or_orange_that_is_said(said):
    told = usual()
    calm = dataclasses.replace(told, partners=told.partners.assign(band="green", watch_place=NAN))
    text = blocks(calm, said, Prose)[0].text
    assert text == said(
        "risk.nobody", told="7", window=said("risk.window", n=6, date=said.date(datetime.date(2025, 10, 31)))
    )
    assert blocks(calm, said, Table)[0].name == "risk_followed"


# The watch list


def test_the_watch_list_goes_by_its_places_and_shows_what_the_result_holds(said):
    told = table(usual(), said, "risk_watch_list")
    assert told[said("column.partner")] == ("伙伴2", "伙伴1", "伙伴3", "伙伴4")
    assert told[said("column.place")] == ("1", "2", "3", "4")
    (shares,) = [texts for heading, texts in told.items() if heading == said("column.probability")]
    assert [NUMBER.findall(text.replace("100", ""))[0] for text in shares] == ["10", "55", "24", "30"]
    assert NUMBER.findall(shares[1].replace("100", "").replace("–", " ")) == ["55", "38", "77"]


def test_a_band_is_told_by_shape_and_word(said):
    bands = table(usual(), said, "risk_watch_list")[said("column.risk_band")]
    assert bands[1] == f"{SHAPES['red']} {said('risk.band.red')}"
    assert len(set(SHAPES.values())) == len(SHAPES) == len({said(f"risk.band.{name}") for name in SHAPES})


def test_a_band_set_by_hand_names_its_author_and_what_the_model_said(said):
    told = table(usual(), said, "risk_watch_list")[said("column.risk_band")][3]
    assert "Li" in told and said("risk.band.orange") in told and said("risk.band.yellow") in told


def test_changes_have_shape_and_sign_and_name_the_band_they_come_from(said):
    told = table(usual(), said, "risk_watch_list")[said("column.since_last")]
    assert told[0].startswith("▼ −6") and said("risk.band.red") not in told[0]
    assert told[1].startswith("▲ +12") and said("risk.band.yellow") in told[1]
    assert told[2] == said("risk.first_time")
    assert told[3].startswith("0")


def test_reasons_come_with_value_and_peers_the_strongest_first(said):
    told = table(usual(), said, "risk_watch_list")[said("column.why")][1]
    first = said(
        "risk.reason_peers",
        feature=said("feature.days_late_3"),
        value=said("risk.unit.days", value="41"),
        peers=said("risk.unit.days", value="6"),
    )
    assert told.startswith(first)
    assert said("feature.trend_12") in told
    untold = dataclasses.replace(usual(), reasons=usual().reasons.assign(value=NAN))
    why = table(untold, said, "risk_watch_list")[said("column.why")][1]
    assert why.startswith(said("risk.reason_untold", feature=said("feature.days_late_3")))
    assert said("feature.size_place") not in told


def test_what_lowers_a_risk_is_no_reason_of_the_watch_list(said):
    assert said("feature.size_place") not in text_of(usual(), said)
    assert said("theme.size") in text_of(RiskModelCard(usual()), said)


def test_features_that_analysts_bring_show_their_own_name(said):
    assert "my_own 3.25" in text_of(usual(), said)


def test_a_way_out_names_the_value_and_the_band_it_leads_to(said):
    told = table(usual(), said, "risk_watch_list")[said("column.way_out")][1]
    assert "18" in told and said("risk.band.yellow") in told and "17" in told


def test_partners_that_cannot_be_told_are_named_and_not_called_safe(said):
    text = text_of(usual(), said)
    assert said("risk.status.insufficient", count="1", names="伙伴7") in text
    assert said("risk.status.cold_start", count="1", names="伙伴6") in text


def test_the_follow_up_counts_what_became_of_every_warning(said):
    told = table(usual(), said, "risk_followed")
    assert told[said("column.state")] == (
        said("risk.outcome_because", outcome=said("risk.outcome.ended"), ending=said("ending.churn")),
        said("risk.outcome.held"),
        said("risk.outcome.open"),
        said("risk.outcome.ours"),
    )
    assert said("risk.followed", n=4, count="4", ended="1", open="1", held="1", ours="1") in text_of(
        usual(), said
    )


# The model's card


def test_reasons_of_the_first_partners_are_those_of_the_table(said):
    found = usual()
    told = table(RiskModelCard(found), said, "risk_reasons")
    own = found.reasons.set_index(["partner_id", "place"])["contribution"]
    ordered = [own["P2", 1], *(own["P1", place] for place in (1, 2, 3, 4)), own["P3", 1]]
    assert told[said("column.contribution")] == tuple(said.signed(value, 2) for value in ordered)
    assert text_of(RiskModelCard(found), said).count(said("risk.adds_up")) == 1


def test_measures_of_the_models_are_those_of_the_table_and_the_chosen_one_is_bold(said):
    (models,) = [b for b in blocks(RiskModelCard(usual()), said, Table) if b.name == "risk_models"]
    assert models.strong == (0,)
    shown = {column.heading: column.texts for column in models.columns}
    assert [text[:5] for text in shown[said("column.model_auc")]] == ["0.840", "0.830", "0.660"]
    assert shown[said("column.model_brier")][2] == said("none")
    assert said("risk.leak_meter", random="0.910", honest="0.840") in models.notes


def test_captions_of_figures_state_the_numbers_of_their_tables(said):
    drawn = {figure.name: figure.caption for figure in blocks(RiskModelCard(usual()), said, Figure)}
    assert set(drawn) == {"risk_reasons", "risk_lead_time", "risk_calibration"}
    assert {"3", "61", "51", "70"} <= set(NUMBER.findall(drawn["risk_lead_time"]))
    assert {"42", "39", "31", "48", "600"} <= set(NUMBER.findall(drawn["risk_calibration"]))
    assert "+0.40" in drawn["risk_reasons"]


def test_families_without_data_and_drifted_indicators_are_named(said):
    text = text_of(RiskModelCard(usual()), said)
    assert said("risk.families_absent", names=said("family.reputation")) in text
    limit = said("irregular.column_of", table=said("table.partners"), column="credit_limit")
    assert said("risk.tables_absent", names=said.join([said("table.visits"), limit])) in text
    assert said("risk.drifted", count="1", all="2", names=said("feature.trend_12")) in text


@pytest.mark.parametrize(
    ("split", "verdict", "told"),
    [
        ("time", "told", "time"),
        ("entity", "told", "entity"),
        ("entity", "too_few", "none"),
        ("none", "told", "none"),
    ],
)
def test_how_the_model_was_tested_is_told_as_it_was(said, split, verdict, told):
    found = dataclasses.replace(usual(), card={**CARD, "split": split, "verdict": verdict})
    assert blocks(RiskModelCard(found), said, Prose)[0].text.endswith(said(f"risk.tested.{told}", folds="5"))


def test_scores_that_rest_on_few_bad_ends_alone_are_called_untested(said):
    found = dataclasses.replace(usual(), card={**CARD, "verdict": "too_few", "events": 6})
    assert said("risk.model.too_few", rate="8", months=6, events="6") in text_of(found, said)


def test_endings_are_counted_by_kind(said):
    told = table(RiskModelCard(usual()), said, "risk_endings")
    assert told[said("column.events")] == ("40", "38", "18")
    assert told[said("column.ending")][0] == said("ending.decline")


def test_equal_results_give_equal_pages(said):
    pages = [section_html(section_of(RiskModelCard(usual()), said), said) for _ in range(2)]
    assert pages[0] == pages[1]


# Words


def test_both_languages_tell_the_same_numbers(shown):
    english, chinese = (section_of(shown, plain(language)).blocks for language in ("en", "zh"))
    for one, other in zip(english, chinese, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Table):
            for mine, theirs in zip(one.columns, other.columns, strict=True):
                assert [*map(told_in, mine.texts)] == [*map(told_in, theirs.texts)]
        else:
            texts = [b.text if isinstance(b, Prose) else b.caption for b in (one, other)]
            assert told_in(texts[0]) == told_in(texts[1])


def told_in(text: str) -> list[str]:
    """The numbers of a text; names of indicators hold numbers that Chinese writes as words."""
    for language in ("en", "zh"):
        for name in FEATURES:
            text = text.replace(words(language)(f"feature.{name}"), "")
    return sorted(NUMBER.findall(text.replace("–", " ")))


def test_chinese_sections_hold_no_english_but_names_and_the_command(shown):
    left = text_of(shown, words("zh")).replace("channel-analysis risk train", "")
    for length in range(len(HOSTILE), 3, -1):  # whole, or what a chart's label has room for
        left = left.replace(HOSTILE[:length] + "…" * (length < len(HOSTILE)), "")
    for own in ("my_own", "credit_limit", "Li"):
        left = left.replace(own, "")
    assert set(re.findall(r"[A-Za-z]{2,}", left)) <= {"KPI"}


def test_hostile_names_are_text(said):
    for result in (hostile(), RiskModelCard(hostile())):
        page = BeautifulSoup(section_html(section_of(result, said), said), "html.parser")
        assert page.find("script") is None
        assert HOSTILE in page.get_text()


def test_what_is_missing_is_a_dash_and_never_a_programs_word(shown, said):
    text = text_of(shown, said).replace(HOSTILE, "")
    assert re.findall(r"\b(?:nan|NaN|None|NaT|inf|True|False)\b|[{}]", text) == []


def test_every_indicator_of_the_registry_and_its_theme_has_words(said):
    wanted = {f"feature.{name}" for name in FEATURES}
    wanted |= {f"theme.{feature.theme}" for feature in FEATURES.values()}
    wanted |= {f"family.{feature.family}" for feature in FEATURES.values()}
    assert {key for key in wanted if not said.has(key)} == set()


def test_indicators_have_names_of_their_own(said):
    names = [said(f"feature.{name}") for name in FEATURES]
    assert len(set(names)) == len(names)


def test_every_code_of_the_policy_has_words(said):
    codes = {f"ending.{name}" for name in Endings().counted}
    codes |= {f"risk.trigger.{name}" for name in (*Risk().triggers, "termination")}
    codes |= {
        f"risk.band.{name}" for name in ("green", "unknown", *Bands.model_fields) if name != "hysteresis"
    }
    assert {code for code in codes if not said.has(code)} == set()


CAVEATS = {
    "model_knew_later": {"day": "2025-09-30"},
    "model_is_older": {"day": "2025-03-31"},
    "partners_ended_already": {"n": 3},
    "stake_is_sales": {},
}


def test_every_caveat_of_the_risk_is_listed_here():
    made = caveats_in("analysis/risk.py")
    assert made and made <= {*CAVEATS, "no_risk_model"}


@pytest.mark.parametrize("code", CAVEATS)
def test_caveats_are_said_in_words(said, code):
    told = dataclasses.replace(usual(), caveats=(Caveat(code, "warning", numbers=CAVEATS[code]),))
    (new,) = [b.text for b in blocks(told, said, Prose) if b.kind == "warning"]
    for value in CAVEATS[code].values():
        shown = (
            said.number(value) if isinstance(value, int) else said.date(datetime.date.fromisoformat(value))
        )
        assert shown in new

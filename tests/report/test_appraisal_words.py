"""Words of appraisal: both languages tell the same, names are only names, every code has its words."""

import ast
import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import channel_analysis
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.report.blocks import Prose, Table
from channel_analysis.report.html import section_html
from channel_analysis.report.show import PARTS, section_of
from channel_analysis.results import Caveat
from channel_analysis.words import Unit, Words, words
from tests.metrics.small_worlds import company, order
from tests.report.conftest import APPRAISALS as DOORS

NAMES = {
    "name", "partner_name", "customer_name", "rep_name", "manager_name", "candidate_name", "owner_name",
    "team", "region", "courses", "entity", "partner_id", "customer_id", "rep_id", "owner_id",
}  # fmt: skip
"""Columns whose texts come from the data."""

HOSTILE = "<script>alert(1)</script> =cmd('x') \"quoted\" & 'quoted' 🚀 喆堃镕燊珺 {n} ]]>"
NUMBER = re.compile(r"[-−+]?\d+(?:,\d{3})*(?:\.\d+)?%?")
PACKAGE = Path(channel_analysis.__file__).parent


@pytest.fixture(params=["en", "zh"])
def said(request):
    """Give the words of each language in turn."""
    return words(request.param)


@pytest.fixture(params=DOORS)
def part(request):
    """Give each part in turn."""
    return request.param


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


def text_of(result, said) -> str:
    return BeautifulSoup(section_html(section_of(result, said), said), "html.parser").get_text("\n")


def numbers(text: str) -> list[str]:
    return sorted(NUMBER.findall(text))


def test_both_languages_tell_the_same_numbers(appraisals, part):
    english, chinese = (section_of(appraisals(part), plain(language)).blocks for language in ("en", "zh"))
    for one, other in zip(english, chinese, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Table):
            for mine, theirs in zip(one.columns, other.columns, strict=True):
                assert [*map(numbers, mine.texts)] == [*map(numbers, theirs.texts)]
            assert [*map(numbers, one.notes)] == [*map(numbers, other.notes)]
        texts = [b.text if isinstance(b, Prose) else b.caption for b in (one, other)]
        assert numbers(texts[0]) == numbers(texts[1])


def test_chinese_sections_hold_no_english_but_names(appraisals, part):
    found = appraisals(part)
    frames = found.tables().values()
    texts = {str(v) for frame in frames for name in NAMES & set(frame.columns) for v in frame[name].dropna()}
    left = text_of(found, words("zh"))
    for name in sorted(texts - {""}, key=len, reverse=True):
        left = left.replace(name, "")
    assert set(re.findall(r"[A-Za-z]{2,}", left)) <= {"KPI", "HHI", "NPS"}


def hostile(found):
    """The result with every name from data replaced by one that means harm."""
    changed = {}
    for field in dataclasses.fields(found):
        frame = getattr(found, field.name)
        if isinstance(frame, pd.DataFrame):
            own = NAMES & set(frame.columns) - {"entity", "region"}
            bad = {name: HOSTILE for name in own if not name.endswith("_id")}
            changed[field.name] = frame.assign(**bad)
    return dataclasses.replace(found, **changed)


def test_hostile_names_are_text(appraisals, part, said):
    page = BeautifulSoup(section_html(section_of(hostile(appraisals(part)), said), said), "html.parser")
    assert page.find("script") is None
    assert HOSTILE in page.get_text()


@pytest.mark.parametrize("period", ["2025Q3", "2024Q1"])
def test_what_is_missing_is_a_dash_and_never_a_programs_word(appraisals, part, said, period):
    shown = text_of(appraisals(part, period), said)
    assert re.findall(r"\b(?:nan|NaN|None|NaT|inf|True|False)\b|[{}]", shown) == []


def test_without_data_each_part_is_one_line(tmp_path, said):
    sales = [order("2025-04-05", 60, channel_type="online"), order("2025-06-30", 1, channel_type="online")]
    ws = company(tmp_path, sales=sales)
    for name, door in DOORS.items():
        section = section_of(getattr(channel_analysis, door)(ws, "2025Q2"), said)
        assert (section.kind, len(section.blocks), section.id) == ("line", 1, name)
        assert section.title == said(f"part.{name}")


def test_every_appraisal_has_its_part():
    assert {name for name in PARTS.values() if name in DOORS} == set(DOORS)


# Every code has its words

CAVEATS = {
    "partners": ["provisional", "no_partners", "no_priors"],
    "sales_force": ["provisional", "no_staff", "no_reps", "no_rep_targets", "prorated_targets", "few_days",
                    "newcomers", "two_humped", "training_is_no_effect"],
    "screening": ["provisional", "no_candidates", "nobody_applied", "applied_later", "criterion_absent",
                  "veto_unchecked", "coverage_by_outlets", "coverage_by_market", "coverage_unknown",
                  "market_unknown", "outlets_untold"],
    "lifecycle": ["provisional", "no_partners", "no_contracts", "negative_partners"],
    "key_accounts": ["provisional", "no_key_accounts", "no_table", "names_no_key_account", "no_owner",
                     "no_company_sales"],
    "leads": ["provisional", "no_leads", "no_leads_in_period", "undated_leads", "no_lead_sources",
              "leads_without_value"],
}  # fmt: skip
SUBJECTS = {"criterion_absent": "outlets", "veto_unchecked": "too_young", "no_table": "receivables",
            "names_no_key_account": "receivables", "two_humped": "distributor"}  # fmt: skip
NUMBERS = {"n": 7, "reps": 7, "partners": 7, "accounts": 7, "leads": 7, "amount": -7.0, "split": 0.7}
ALONE = {"no_staff", "no_reps", "no_candidates", "nobody_applied", "no_leads", "no_leads_in_period"}
"""Caveats that stand in place of a section; those of the others are known by an empty table."""
BESIDE = {"training_is_no_effect", "no_partners", "no_key_accounts"}
"""Caveats said beside a table, or by an empty table alone."""


def tree_of(path: str) -> ast.Module:
    return ast.parse((PACKAGE / path).read_text(encoding="utf-8"))


def caveats_in(path: str) -> set[str]:
    """Codes, and beginnings of codes, of the caveats that a module makes."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Caveat":
            code = node.args[0]
            if isinstance(code, ast.JoinedStr):
                code = code.values[0]
            found |= {code.value} if isinstance(code, ast.Constant) else set()
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "counts":
            found |= {key.value for key in getattr(node.value, "keys", []) if isinstance(key, ast.Constant)}
    return found


def test_every_caveat_an_appraisal_makes_is_listed_here(part):
    made = caveats_in(f"analysis/{part}.py")
    assert made
    assert [code for code in made if not any(known.startswith(code) for known in CAVEATS[part])] == []


def prose_with(found, said, *codes: str) -> list[str]:
    """The sentences of a section whose result has these caveats, of which some stand alone."""
    caveats = []
    for code in codes:
        named = ("split", "reps") if code == "two_humped" else set(NUMBERS) - {"split"}
        numbers = {name: NUMBERS[name] for name in named}
        caveats.append(Caveat(code, "warning", SUBJECTS.get(code, ""), numbers))
    told = section_of(dataclasses.replace(found, caveats=tuple(caveats)), said)
    return [block.text for block in told.blocks if isinstance(block, Prose)]


def test_every_caveat_is_said_in_words(appraisals, said, part):
    found = appraisals(part)
    alone = {code: prose_with(found, said, code) for code in CAVEATS[part] if code in ALONE}
    together = [code for code in CAVEATS[part] if code not in {*ALONE, *BESIDE}]
    new = [text for text in prose_with(found, said, *together) if text not in prose_with(found, said)]
    assert len(new) == len(set(new)) == len(together)
    assert all(len(told) == 1 for told in alone.values())
    for text in (*new, *(told[0] for told in alone.values())):
        assert not re.search(r"[{}]|\b[a-z]+_[a-z]+", text)


def test_that_training_is_described_and_no_more_is_said_beside_its_table(appraisals, said):
    notes = [b.notes for b in section_of(appraisals("sales_force"), said).blocks if isinstance(b, Table)]
    assert (said("sales_force.training_is_no_effect"),) in notes


def strings_in(path: str, *functions: str) -> set[str]:
    """Texts without blanks that stand in some functions, or in assignments to some names, of a module."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        target = getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""
        if getattr(node, "name", "") in functions or target in functions:
            texts = [
                n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            ]
            found |= {text for text in texts if re.fullmatch("[a-z_0-9]+", text)}
    return found


SOURCES = {
    "lifecycle.state": ("methods/lifecycle.py", ["STATES"], set()),
    "leads.verdict": ("analysis/leads.py", ["_judged"], {"p_value", "win_rate", "expected_rate", "bool"}),
    "key_accounts.change": ("methods/key_accounts.py", ["_change"],
                            {"ok", "net_sales", "net_sales_last_year", "change", "change_status"}),
    "verdict_of_rep": ("methods/sales_force/verdicts.py", ["VERDICTS"], set()),
    "award": ("methods/scoring/tiers.py", ["_of_group"], {"tie_zone", "entity", "p_best"}),
    "contest": ("analysis/sales_force_tables.py", ["contests_of", "_development"],
                {"confirmed", "status", "ok", "is_newcomer", "rep_id", "score", "entity", "moved", "change",
                 "place", "team", "left", "amount", "development", "squares", "group"}),
    "screening.question": ("methods/screening.py", ["_question"],
                           {"weight", "criterion", "new_coverage", "region", "ok", "reputation", "code",
                            "kpi_score", "value"}),
    "sales_force.band": ("report/parts/sales_force.py", ["BANDS"], set()),
    "key_accounts.count": ("report/parts/key_accounts.py", ["REASONS"], set()),
    "decision": ("store/decisions.py", ["STATES", "STEPS"], set()),
}  # fmt: skip
"""Families of words: where the code names their members, and what else is named there."""


@pytest.mark.parametrize("family", SOURCES)
def test_every_code_an_appraisal_can_give_has_words(family, said):
    path, functions, others = SOURCES[family]
    named = strings_in(path, *functions) - others
    assert named
    assert [name for name in sorted(named) if not said.has(f"{family}.{name}")] == []


def test_every_reason_of_a_verdict_on_a_rep_has_words(said):
    path = "methods/sales_force/verdicts.py"
    columns = {"verdict", "reason", "window", "basis", "year", "period", "peers", "history", "newcomers",
               "ignore", "is_certain", "p_value", "q_value", "p_target", "is_newcomer", "is_short", "actual",
               "target", "group", "was_on_target", "_new"}  # fmt: skip
    verdicts = strings_in(path, "VERDICTS")
    named = strings_in(path, "judge", "_told", "_newcomers", "_settled") - columns - verdicts
    assert {"may_be_chance", "own_history", "no_target"} <= named
    assert [name for name in sorted(named) if not said.has(f"verdict_reason.{name}")] == []


def policy() -> dict:
    return read_toml(CATALOG / "policy.toml")


FAMILIES = {
    "handling": lambda: [*policy()["handling"]["approvers"]],
    "role": lambda: [name.replace(" ", "_") for name in policy()["handling"]["approvers"].values()],
    "award_reason": lambda: [
        *policy()["partners"]["award"]["limits"],
        "irregularity",
        "open_case",
        "data_grade",
    ],
    "veto": lambda: [*policy()["candidates"]["scoring"]["vetoes"], "vetoed_grade"],
    "criterion": lambda: [*policy()["candidates"]["scoring"]["weights"]["all"], "region", "vetoed_grade"],
    "partners.not_scored": lambda: ["coverage", "vetoed", "no_weights"],
    "sales_force.unscored": lambda: ["coverage", "vetoed", "no_weights", "few_days"],
    "screening.status": lambda: ["coverage", "vetoed", "no_weights"],
    "screening.reason": lambda: ["strength", "weakness"],
    "screening.question": lambda: ["overlap"],
    "lifecycle.state": lambda: ["absent"],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_the_policy_names_has_words(family, said):
    assert [name for name in FAMILIES[family]() if not said.has(f"{family}.{name}")] == []


def test_statuses_of_scores_are_those_with_words():
    source = (PACKAGE / "methods" / "scoring" / "engine.py").read_text(encoding="utf-8")
    (told,) = re.findall(r'`status` is ((?:"\w+",? ?(?:or )?)+)', source)
    given = set(re.findall(r'"(\w+)"', told))
    assert given - {"ok"} == set(FAMILIES["partners.not_scored"]())


def test_reps_without_targets_have_no_column_of_attainment(tmp_path, said):
    sales = [order(f"2025-0{month}-05", 60, rep_id=rep) for month in (1, 4, 5) for rep in ("r1", "r2")]
    staff = [{"staff_id": rep, "staff_name": None, "start_date": "2020-01-01"} for rep in ("r1", "r2")]
    ws = company(tmp_path, sales=[*sales, order("2025-06-30", 1)], staff=staff)
    found = channel_analysis.appraise_sales_force(ws, "2025Q2")
    (reps,) = [b for b in section_of(found, said).blocks if isinstance(b, Table) and b.name == "sales_reps"]
    headings = [column.heading for column in reps.columns]
    assert said("column.rep") in headings
    assert said("column.attainment") not in headings
    assert re.findall(r"\b(?:nan|None|NaT)\b", text_of(found, said)) == []

"""Words: both languages say everything, and write numbers, dates and periods as their readers do."""

import ast
import datetime
import re
import string
from pathlib import Path

import pytest

import channel_analysis
from channel_analysis.analysis.review import PENDING_PARTS
from channel_analysis.contracts.rules import RULES as KNOWN_RULES
from channel_analysis.contracts.tables import TABLES
from channel_analysis.errors import InputError
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.metrics.kpis import Kpi
from channel_analysis.metrics.values import STATUSES
from channel_analysis.report.parts.channels import TABLES as RESULT_TABLES
from channel_analysis.words import MINUS, words

PACKAGE = Path(channel_analysis.__file__).parent
EN, ZH = words("en"), words("zh")
LATIN_ALLOWED = {"KPI", "NPS", "HHI", "SKU", "A", "B", "C", "D"}
OWN_SCALES = {"unit.amount.e3", "unit.amount.e6", "unit.amount.e9", "unit.amount.e4", "unit.amount.e8"}
OWN_SCALES |= {key.replace("amount", "money") for key in OWN_SCALES}

PERIODS = {"period.quarter", "period.half"}
"""Offered every form of their number; each language takes the one it writes."""


def raw(language: str) -> dict[str, str]:
    """A catalogue's texts before their names are filled in."""
    return flat(read_toml(CATALOG / "locales" / f"{language}.toml"))


def flat(table: dict, start: str = "") -> dict[str, str]:
    found = {}
    for key, form in table.items():
        found |= flat(form, f"{start}{key}.") if isinstance(form, dict) else {f"{start}{key}": form}
    return found


def names_in(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


def test_both_languages_have_the_same_keys():
    assert EN.keys() ^ ZH.keys() <= OWN_SCALES


def test_both_languages_fill_in_the_same_names():
    english, chinese = raw("en"), raw("zh")
    shared = (EN.keys() & ZH.keys()) - PERIODS
    assert {key for key in shared if names_in(english[key]) != names_in(chinese[key])} == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_is_empty_but_the_units_that_have_no_word(language):
    empty = {key for key, form in raw(language).items() if not form.strip()}
    assert empty <= {"unit.count", "unit.index"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_text_can_be_filled_in(language):
    failed = {}
    for key, form in raw(language).items():
        given = {name: 7 if f"{{{name}:" in form else f"<{name}>" for name in names_in(form)}
        said = form.format(**given)
        if "{" in said or "}" in said or any(f"<{n}>" not in said for n in given if given[n] != 7):
            failed[key] = said
    assert failed == {}


def test_chinese_texts_hold_no_latin_prose():
    found = {}
    for key, form in raw("zh").items():
        latin = set(re.findall(r"[A-Za-z]+", re.sub(r"{[^}]*}", "", form)))
        if latin - LATIN_ALLOWED:
            found[key] = form
    assert found == {}


def test_english_texts_hold_no_chinese_sign():
    assert [key for key, form in raw("en").items() if re.search(r"[\u3000-\u9fff\uff00-\uffef]", form)] == []


def asked_for() -> tuple[set[str], set[str]]:
    """Whole keys, and beginnings of keys, in the package's calls and templates."""
    keys: set[str] = set()
    beginnings: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and speaks(node.func):
                note(node.args[0], keys, beginnings)
    for path in (CATALOG / "page").rglob("*.j2"):
        keys |= set(re.findall(r"words\([\"']([^\"']+)[\"']", path.read_text(encoding="utf-8")))
    return keys, beginnings


def speaks(called: ast.expr) -> bool:
    if isinstance(called, ast.Call):
        return isinstance(called.func, ast.Name) and called.func.id == "words"
    if isinstance(called, ast.Attribute):
        return called.attr == "has" and not ast.unparse(called.value).endswith("intake")
    return isinstance(called, ast.Name) and called.id in ("words", "said", "self")


def note(key: ast.expr, keys: set[str], beginnings: set[str]) -> None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        keys.add(key.value)
    elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
        beginnings.add(str(key.values[0].value))
    elif isinstance(key, ast.IfExp):
        note(key.body, keys, beginnings)
        note(key.orelse, keys, beginnings)


def test_the_search_for_keys_finds_those_of_code_and_of_templates():
    keys, beginnings = asked_for()
    assert {"figure.scores_tied", "pending.partly", "page.skip", "list.separator"} <= keys
    assert {"verdict.", "mark.", "unit.amount."} <= beginnings


@pytest.mark.parametrize("language", [EN, ZH], ids=["en", "zh"])
def test_every_key_the_code_asks_for_has_its_text(language):
    missing = {key for key in asked_for()[0] if not language.has(key) and not language.has(f"{key}.other")}
    assert missing == set()


@pytest.mark.parametrize("language", [EN, ZH], ids=["en", "zh"])
def test_every_family_of_keys_the_code_asks_for_has_texts(language):
    known = language.keys()
    assert {start for start in asked_for()[1] if not any(key.startswith(start) for key in known)} == set()


def allowed(table: str, column: str) -> tuple[str, ...]:
    return next(c for c in TABLES[table].columns if c.name == column).allowed


KPIS = {name: Kpi(**fields) for name, fields in read_toml(CATALOG / "kpis.toml").items()}
GROUPS = {group for table in RESULT_TABLES.values() for group in table.values()}
RULES = (*KNOWN_RULES, "left_out")
VERDICTS = [f"sales{base}{target}" for base in ("", "_last_year", "_previous") for target in ("", "_target")]
FAMILIES = {
    "status": [*STATUSES, "no_anchors"],
    "mark": sorted(set(STATUSES) - {"ok"}),
    "table": list(TABLES),
    "cost": allowed("costs", "cost_type"),
    "rule": RULES,
    "remedy": RULES,
    "treatment": ("stopped", "set_aside", "flagged", "ignored"),
    "not_scored": ("coverage", "no_weights"),
    "verdict": VERDICTS,
    "grade": "ABCD",
    "part": [*PENDING_PARTS, "message", "results", "scorecard", "data", "appendix"],
    "unit.name": sorted({kpi.unit for kpi in KPIS.values()}),
    "better": sorted({kpi.better for kpi in KPIS.values()}),
    "dimension": sorted({kpi.dimension for kpi in KPIS.values()}),
    "group": sorted(GROUPS),
    "caption": [*RESULT_TABLES, "scores", "points", "data_findings", "accounts", "weights", "definitions"],
    "parameter": ("period", "currency", "fiscal_year_start", "mapping", "bad_rows"),
    "fingerprint": ("data", "definitions"),
    "entity.family": ("direct", "indirect"),
}


@pytest.mark.parametrize("language", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_can_be_said_has_its_words(family, language):
    assert [name for name in FAMILIES[family] if not language.has(f"{family}.{name}")] == []


def test_every_rule_the_checks_can_name_is_among_those_with_words():
    named = set()
    for path in [*(PACKAGE / "store").glob("*.py"), PACKAGE / "contracts" / "checks.py"]:
        source = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"Finding\([\w.]+, \"(\w+)\"", source))
        named |= set(re.findall(r"'(\w+):\{", source)) | set(re.findall(r"THEN '(\w+):", source))
    assert named and named <= set(RULES)


@pytest.mark.parametrize("part", ["label", "definition"])
def test_every_kpi_is_named_and_defined_in_both_languages(part):
    missing = [name for name, kpi in KPIS.items() if set(getattr(kpi, part)) != {"en", "zh"}]
    assert missing == []


def test_every_channel_type_is_named_in_both_languages():
    policies = [CATALOG / "policy.toml", *(CATALOG / "mappings").glob("*/policy.toml")]
    types = {name: rule for path in policies for name, rule in read_toml(path)["channel_types"].items()}
    assert [name for name, rule in types.items() if set(rule["label"]) != {"en", "zh"}] == []


@pytest.mark.parametrize(
    ("values", "language", "unit", "shown"),
    [
        ([123_456_789.0, 9.0], "zh", "亿元", "1.23"),
        ([123_456.0], "zh", "万元", "12.35"),
        ([9_999.0], "zh", "元", "9,999"),
        ([12.5], "zh", "元", "12.50"),
        ([1_234_567_890.0], "en", "CNY billion", "1.23"),
        ([1_234_567.0], "en", "CNY million", "1.23"),
        ([12_345.0], "en", "CNY thousand", "12.35"),
        ([9_999.0], "en", "CNY", "9,999"),
        ([-123_456_789.0], "zh", "亿元", f"{MINUS}1.23"),
        ([21_415_978.97], "zh", "万元", "2,141.6"),
        ([float("nan")], "zh", "元", "–"),
    ],
)
def test_a_column_of_money_has_one_unit_that_suits_its_largest_amount(values, language, unit, shown):
    said = words(language)
    found = said.money_unit(values, "CNY")
    assert (found.name, said.money(values[0], found)) == (unit, shown)


def test_small_amounts_of_a_column_keep_its_unit():
    unit = ZH.money_unit([250_000_000.0, 1_000_000.0], "CNY")
    assert ZH.money(1_000_000.0, unit) == "0.01"


@pytest.mark.parametrize(
    ("language", "amount", "signed", "said"),
    [
        ("zh", 1_729_000.0, True, "+172.9万元"),
        ("en", 1_729_000.0, True, "+CNY 1.73 million"),
        ("en", -1_729_000.0, True, f"{MINUS}CNY 1.73 million"),
        ("en", -1_729_000.0, False, f"{MINUS}CNY 1.73 million"),
        ("zh", -0.001, True, "0.00元"),
        ("en", -0.001, False, "CNY 0.00"),
        ("zh", float("nan"), False, "–"),
    ],
)
def test_an_amount_in_a_sentence_carries_unit_and_sign(language, amount, signed, said):
    assert words(language).amount(amount, "CNY", signed) == said


def test_currencies_have_their_chinese_names_and_their_codes_elsewhere():
    assert [ZH.currency("USD"), ZH.currency("SEK"), EN.currency("USD")] == ["美元", "SEK", "USD"]


def test_negative_numbers_have_a_true_minus():
    assert [EN.number(-1234.5, 1), ZH.share(-0.017)] == [f"{MINUS}1,234.5", f"{MINUS}1.7%"]


@pytest.mark.parametrize("value", [-0.0, -0.0004, 0.0004])
def test_there_is_no_negative_zero(value):
    said = [EN.number(value, 1), EN.share(value), EN.signed(value, 1), EN.signed_share(value)]
    assert said == ["0.0", "0.0%", "0.0", "0.0%"]


@pytest.mark.parametrize(
    ("value", "said"), [(0.082, "+8.2 pts"), (-0.008, f"{MINUS}0.8 pts"), (0.0, "0.0 pts")]
)
def test_a_difference_of_shares_is_in_points(value, said):
    assert EN.signed_points(value) == said


def test_what_is_missing_is_a_dash_in_every_form():
    forms = ("number", "share", "signed", "signed_share", "signed_points")
    assert {getattr(ZH, form)(float("nan")) for form in forms} == {"–"}


@pytest.mark.parametrize(
    ("code", "chinese", "english"),
    [
        ("2025Q3", "2025年第三季度", "Q3 2025"),
        ("2025H1", "2025年上半年", "H1 2025"),
        ("2025H2", "2025年下半年", "H2 2025"),
        ("2025", "2025年", "2025"),
        ("2025-07", "2025年7月", "July 2025"),
        ("FY2014Q1", "2014年第一季度（财年）", "Q1 2014 (fiscal)"),
        ("FY2014", "2014年（财年）", "2014 (fiscal)"),
        ("who knows", "who knows", "who knows"),
    ],
)
def test_a_period_is_written_in_words(code, chinese, english):
    assert (ZH.period(code), EN.period(code)) == (chinese, english)


@pytest.mark.parametrize(
    ("code", "short"), [("2025Q3", "25Q3"), ("FY2014H1", "FY14H1"), ("2025-07", "25-07"), ("2025", "25")]
)
def test_a_period_is_short_on_axes(code, short):
    assert EN.period_short(code) == short


def test_a_date_is_written_as_its_readers_do():
    day = datetime.date(2025, 7, 1)
    assert (ZH.date(day), EN.date(day), ZH.date(None)) == ("2025年7月1日", "1 Jul 2025", "–")


@pytest.mark.parametrize(("n", "said"), [(1, "1 report"), (2, "2 reports"), (0, "0 reports")])
def test_one_is_singular_and_all_else_plural(n, said):
    assert EN("shelf.n", n=n) == said


def test_the_plural_follows_the_count_and_not_its_text():
    said = EN("finding.data_set_aside", n=1204, rows="1,204", amount="CNY 1", grade="A")
    assert said.startswith("1,204 rows were")


def test_a_label_falls_back_to_the_name_in_the_data():
    assert ZH.label({"en": "Online shop"}, "online") == "online"


@pytest.mark.parametrize(
    ("language", "fix"), [("zhs", "did you mean 'zh'?"), ("fr", "choose one of: en, zh")]
)
def test_an_unknown_language_is_answered_with_the_nearest(language, fix):
    with pytest.raises(InputError) as caught:
        words(language)
    assert caught.value.problems[0].fix == fix

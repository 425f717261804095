"""The section on irregular operations says what its tables hold, in both languages, and escapes names."""

import datetime
import re

import pandas as pd
import pytest

from channel_analysis.analysis.irregular_rules import RULES
from channel_analysis.analysis.irregularities import (
    CASE_COLUMNS,
    EVIDENCE_COLUMNS,
    PREVIOUS_COLUMNS,
)
from channel_analysis.report.blocks import Prose, Table
from channel_analysis.report.html import section_html
from channel_analysis.report.show import section_of
from channel_analysis.results import Irregularities, Names, Scope
from channel_analysis.words import words

DAY = datetime.date(2025, 12, 31)
NAMES = Names(channel_types={}, kpis={}, units={}, values={"region": {"West": {"en": "West", "zh": "西部"}}})
SCOPE = Scope("C", "2025Q4", datetime.date(2025, 10, 1), datetime.date(2026, 1, 1), "2025Q3", "2024Q4", "CNY",
              DAY, None, (), {}, NAMES)  # fmt: skip
LATE = datetime.date(2025, 12, 22)
HOSTILE = "<script>alert('喆堃')</script>"
SAID = {
    "price_below_floor": {},
    "discount_over_authority": {},
    "duplicate_orders": {},
    "stuffing": {
        "companions": "stock,payment",
        "untested": "returns",
        "first_day": datetime.date(2025, 12, 22),
    },
    "diversion": {},
    "threshold_bunching": {"companions": "order 50000"},
    "ghost_partner": {"untested": "feedback"},
    "ghost_orders": {},
    "late_returns": {},
    "rep_concentration": {"companions": "day", "customer_id": "C9"},
    "first_digits": {},
}
"""Columns of a case of each rule that its sentence needs."""


@pytest.fixture(params=["en", "zh"])
def said(request):
    """Give the words of each language in turn."""
    return words(request.param)


def case(rule: str, **columns: object) -> dict[str, object]:
    base = dict.fromkeys(CASE_COLUMNS) | {
        "case_id": f"id-{rule}", "rule": rule, "period": "2025Q4", "partner_id": "P1", "partner_name": "Ann",
        "first_day": DAY, "last_day": DAY, "money": 120_000.0, "q_value": 0.0, "observed": 0.44,
        "expected": 0.031, "count": 17, "total": 38, "companions": "", "untested": "", "state": "open",
        "author": "",
    }  # fmt: skip
    return base | SAID[rule] | columns


def result(*cases: dict[str, object], evidence=(), previous=(), **changes: object) -> Irregularities:
    rules = pd.DataFrame(
        [
            {"rule": rule, "kind": "fact", "tested": 100, "too_few": 3, "missing": "", "reason": "",
             "found": 1, "listed": 1, "beyond_capacity": 0} | changes.get(rule, {})
            for rule in RULES
        ]
    )  # fmt: skip
    return Irregularities(
        cases=pd.DataFrame(list(cases), columns=CASE_COLUMNS).astype({"money": float, "p_value": float}),
        evidence=pd.DataFrame(list(evidence), columns=EVIDENCE_COLUMNS),
        rules=rules,
        previous=pd.DataFrame(list(previous), columns=PREVIOUS_COLUMNS),
        false_discovery_rate=0.1,
        capacity=20,
        scope=SCOPE,
    )


def prose(found: Irregularities, said) -> str:
    return "\n".join(b.text for b in section_of(found, said).blocks if isinstance(b, Prose))


def column(found: Irregularities, said, table: str, number: int) -> list[str]:
    blocks = section_of(found, said).blocks
    return list(next(b for b in blocks if isinstance(b, Table) and b.name == table).columns[number].texts)


def test_the_lead_says_how_many_how_much_and_how_sure(said):
    text = prose(result(case("diversion", p_value=0.001), case("price_below_floor")), said)
    assert said.amount(240_000.0, "CNY") in text
    assert re.search(r"\b2\b|2 项", text)
    assert "10%" in text
    assert "20" in text


def test_the_lead_says_how_many_are_beyond_capacity(said):
    text = prose(result(case("diversion"), diversion={"beyond_capacity": 37}), said)
    assert "37" in text


def test_without_cases_the_section_says_so_and_still_shows_what_was_looked_for(said):
    found = result()
    assert said.period("2025Q4") in prose(found, said)
    assert len(column(found, said, "irregular_rules", 0)) == len(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_name_a_remedy_and_a_sentence_with_its_numbers(said, rule):
    found = result(case(rule, p_value=0.001))
    (name,), (why,) = column(found, said, "irregular_cases", 0), column(found, said, "irregular_cases", 2)
    assert name == said(f"rule.{rule}")
    assert re.search(r"\d", why)
    assert "{" not in why
    assert said.has(f"remedy.{rule}")


def test_a_load_names_its_companions_and_what_is_not_known(said):
    (why,) = column(result(case("stuffing")), said, "irregular_cases", 2)
    assert said("irregular.sign.stock") in why
    assert said("irregular.sign.payment") in why
    assert said("irregular.unknown.returns") in why
    assert "10" in why


def test_the_words_are_to_check_and_never_an_accusation():
    for language in ("en", "zh"):
        texts = prose(result(case("stuffing")), words(language)).lower()
        texts += " ".join(words(language)(f"rule.{rule}") for rule in RULES)
        assert not re.search("fraud|cheat|guilty|舞弊|欺诈|造假|虚假", texts)


def test_rules_that_could_not_be_tested_stand_in_one_line_with_what_they_lack(said):
    lacks = {"reason": "missing", "missing": "partners.authorised_region,sell_out"}
    text = prose(result(diversion=lacks, stuffing={"reason": "no_companion"}), said)
    (line,) = (line for line in text.splitlines() if said("rule.diversion") in line)
    assert said("rule.stuffing") in line
    assert said("table.sell_out") in line
    assert "authorised_region" in line


def test_states_name_who_decided_and_the_case_to_decide_on(said):
    decided = case("diversion", state="cleared", author="Li", state_date=DAY)
    first, second = column(result(case("stuffing"), decided), said, "irregular_cases", 4)
    assert said("state.open") in first
    assert "id-stuffing" in first
    for part in (said("state.cleared"), "Li", said.date(DAY), "id-diversion"):
        assert part in second


def row(rule: str, **columns: object) -> dict[str, object]:
    base = {"case_id": f"id-{rule}", "rule": rule, "table": "sales", "keys": "order_id=SO1", "day": DAY}
    return base | {"amount": 90.0, "actual": None, "allowed": None, "note": None} | columns


def test_evidence_says_what_is_wrong_with_a_row_and_is_folded(said):
    found = result(
        case("diversion"),
        evidence=[
            row("diversion", table="sell_out", note="West"),
            row("duplicate_orders", note="SO7"),
            row("price_below_floor", actual=8.5, allowed=10.0),
            row("discount_over_authority", actual=0.3, allowed=0.2),
            row("ghost_orders", note="unpaid"),
        ],
    )
    notes = column(found, said, "irregular_evidence", 6)
    assert said.label(NAMES.values["region"]["West"], "West") in notes[0]
    assert "SO7" in notes[1]
    assert "8.50" in notes[2]
    assert "30.0%" in notes[3]
    assert notes[4] == said("irregular.note.unpaid")
    tables = [b for b in section_of(found, said).blocks if isinstance(b, Table)]
    assert all(table.folded for table in tables if table.name != "irregular_cases")


def test_a_page_shows_a_few_rows_of_each_case(said):
    found = result(case("diversion"), evidence=[row("diversion", keys=f"order_id={n}") for n in range(9)])
    assert len(column(found, said, "irregular_evidence", 0)) == 3


def test_earlier_cases_say_what_happened_since(said):
    earlier = dict.fromkeys(PREVIOUS_COLUMNS) | {
        "case_id": "old", "rule": "stuffing", "partner_name": "Ann", "period": "2025Q3", "state": "confirmed",
        "author": "Li", "state_date": DAY, "is_found_again": True, "orders_amount": 1e6,
        "returned_amount": 2e5, "paid_amount": 3e5, "overdue_amount": 4e5,
    }  # fmt: skip
    found = result(previous=[earlier])
    (since,) = column(found, said, "irregular_previous", 4)
    for amount in (1e6, 2e5, 3e5, 4e5):
        assert said.amount(amount, "CNY") in since
    assert since.endswith(said("irregular.again", since=""))
    assert "1" in prose(found, said)


def test_hostile_names_are_text(said):
    found = result(
        case("diversion", partner_name=HOSTILE), evidence=[row("diversion", note=HOSTILE, keys=HOSTILE)]
    )
    html = section_html(section_of(found, said), said)
    assert "<script>" not in html
    assert "喆堃" in html

"""Rules of the data: their defaults in the policy, what a policy may say of them, and what it may not."""

import pytest

from channel_analysis.contracts.lines import LABELS
from channel_analysis.contracts.marks import row_marks
from channel_analysis.contracts.policy import Policy, Quality
from channel_analysis.contracts.rules import RULES
from channel_analysis.contracts.settings import validated
from channel_analysis.contracts.tables import TABLES
from channel_analysis.errors import InputError
from channel_analysis.files import CATALOG, read_toml
from channel_analysis.store.staging import IntakeRules


def refused(rules: dict[str, str]) -> list[str]:
    data = {"channel_types": {}, "quality": {"rules": rules}}
    with pytest.raises(InputError) as caught:
        validated(Policy, data, "policy.toml")
    return [f"{p.where}: {p.what} | {p.fix}" for p in caught.value.problems]


def test_the_default_policy_says_what_becomes_of_every_rule():
    written = read_toml(CATALOG / "policy.toml")["quality"]["rules"]
    assert written == {code: rule.default for code, rule in RULES.items()}


def test_every_default_is_one_of_the_treatments_that_are_possible():
    assert [code for code, rule in RULES.items() if rule.default not in rule.treatments] == []


def test_all_unknown_rules_and_impossible_treatments_are_named_with_the_nearest():
    rules = {"near_duplicates": "flag", "missing": "flag", "sign": "setaside", "stopped_feed": "set_aside"}
    assert refused(rules) == [
        "policy.toml [quality.rules.near_duplicates]: there is no rule 'near_duplicates'"
        " | did you mean 'near_duplicate'?",
        "policy.toml [quality.rules.missing]: rows without a required value cannot be treated so"
        " (given: 'flag') | choose one of: set_aside, stop",
        "policy.toml [quality.rules.sign]: rows with the wrong sign cannot be treated so (given: 'setaside')"
        " | did you mean 'set_aside'?",
        "policy.toml [quality.rules.stopped_feed]: rows that end before the others do cannot be treated so"
        " (given: 'set_aside') | choose one of: flag, stop, off",
    ]


def test_a_rule_not_named_keeps_its_default():
    quality = validated(Quality, {"rules": {"sign": "stop"}}, "policy.toml")
    assert (quality.treatment("sign"), quality.treatment("unknown")) == ("stop", "flag")


@pytest.mark.parametrize(
    ("stops", "rule", "treatment"),
    [
        (True, "wrong_type", "stop"),
        (False, "wrong_type", "set_aside"),
        (False, "sign", "set_aside"),
        (False, "missing_months", "stop"),
        (True, "near_duplicate", "flag"),
    ],
)
def test_where_bad_rows_are_set_aside_no_rows_stop_a_run(stops, rule, treatment):
    chosen = (("missing_months", "stop"), ("sign", "stop"))
    assert IntakeRules("CNY", (), stops, chosen).treatment(rule) == treatment


def test_every_check_of_a_row_has_a_rule_and_a_column_of_its_table():
    for table in TABLES.values():
        for mark in row_marks(table, table.column_names):
            assert mark.rule in RULES
            assert mark.column in table.column_names, (table.name, mark)


def test_labels_of_totals_are_in_both_languages_and_stand_once():
    assert {"合计", "小计", "Total", "Grand total", "Grand Total", "SUBTOTAL"} <= set(LABELS)
    assert len(set(LABELS)) == len(LABELS)

"""Months, feeds, zones, swapped days and texts: faults of a table are found, honest ones left alone."""

import datetime
import random

import pytest

from channel_analysis.errors import InputError
from channel_analysis.store.quality.days import main_stretch
from channel_analysis.store.quality.gaps import empty_months, has_stopped
from channel_analysis.store.workspace import open_workspace
from tests.store.quality_worlds import company, told

FULL = str.maketrans("0123456789", "０１２３４５６７８９")


def days(first: str, count: int, step: int = 1) -> list[datetime.date]:
    start = datetime.date.fromisoformat(first)
    return [start + datetime.timedelta(days=n * step) for n in range(count)]


def test_months_without_rows_are_named(judged):
    spoiled = company()
    kept = [row for row in spoiled.tables["sales"] if row["order_date"][:7] not in ("2024-05", "2025-02")]
    spoiled.tables["sales"] = [row for row in kept if row["kind"] == "order"]
    (finding,) = judged(spoiled).findings
    assert (finding.table, finding.rule, finding.column) == ("sales", "missing_months", "order_date")
    assert (finding.rows, finding.sample) == (0, "2024-05, 2025-02")
    assert finding.keys == ("month=2024-05", "month=2025-02")


def test_a_region_that_ends_early_is_named_with_its_last_day(judged):
    spoiled = company()
    spoiled.tables["sales"] = [
        row for row in spoiled.orders() if row["region"] != "华南" or row["order_date"] < "2025-09-20"
    ]
    (finding,) = judged(spoiled).findings
    assert (finding.rule, finding.column, finding.keys) == ("stopped_feed", "region", ("region=华南",))
    assert "region=华南 last row 2025-09-" in finding.sample


def test_buyers_of_a_few_dates_a_year_have_honest_gaps():
    quarterly = [day for day in days("2011-01-29", 13, 91) for day in (day, day + datetime.timedelta(1))]
    assert empty_months(quarterly) == []
    assert not has_stopped(quarterly, quarterly[-1] + datetime.timedelta(days=80))


def test_a_month_is_missing_where_every_other_has_its_days():
    daily = [day for day in days("2024-01-01", 700) if (day.year, day.month) != (2024, 6)]
    assert empty_months(daily) == [12 * 2024 + 5]
    assert has_stopped(days("2024-01-01", 300), datetime.date(2025, 3, 1))


@pytest.mark.parametrize(
    ("odd", "rule"),
    [
        ("1970-01-01", "early_date"),
        ("2004-03-07", "early_date"),
        ("2099-12-31", "future_date"),
        ("2027-02-03", "future_date"),
    ],
)
def test_days_far_from_the_rest_are_told(judged, odd, rule):
    spoiled = company()
    for row in spoiled.orders()[30:50:2]:
        row["order_date"] = odd
    assert ("sales", rule, "order_date", 10) in told(judged(spoiled))


def test_the_first_days_of_a_new_month_are_no_future():
    busy = dict.fromkeys(days("2024-01-01", 366 + 2), 90)
    assert main_stretch({**busy, datetime.date(2025, 1, 3): 1}) == (
        datetime.date(2024, 1, 1),
        datetime.date(2025, 1, 3),
    )


def test_courses_held_in_seasons_are_neither_early_nor_late():
    seasons = [*days("2023-07-01", 12), *days("2023-10-01", 40), *days("2024-04-01", 12)]
    stretch = main_stretch(dict.fromkeys(seasons, 1))
    assert stretch == (seasons[0], seasons[-1])


def test_days_and_months_exchanged_are_told_in_a_file_in_order_of_date(judged):
    spoiled = company()
    rows = [
        r
        for r in spoiled.orders()
        if int(r["order_date"][8:]) <= 12 and r["order_date"][8:] != r["order_date"][5:7]
    ]
    chosen = rows[::40]
    for row in chosen:
        year, month, day = row["order_date"].split("-")
        row["order_date"] = f"{year}-{day}-{month}"
    assert told(judged(spoiled)) == [("sales", "swapped_date", "order_date", len(chosen))]


def test_in_a_file_in_no_order_no_day_is_called_exchanged(judged):
    mixed = company()
    random.Random(3).shuffle(mixed.tables["sales"])
    assert told(judged(mixed)) == []


@pytest.mark.parametrize("clock", ["T16:00:00Z", " 16:00:00", " 16:00:00+00:00"])
@pytest.mark.parametrize("share", [1, 5])
def test_midnights_of_another_zone_are_told(judged, clock, share):
    spoiled = company()
    rows = spoiled.tables["sales"][::share]
    for row in rows:
        before = datetime.date.fromisoformat(row["order_date"]) - datetime.timedelta(days=1)
        row["order_date"] = f"{before}{clock}"
    assert ("sales", "zone_shift", "order_date", len(rows)) in told(judged(spoiled))


def test_real_times_of_the_day_are_no_shift(judged):
    stamped = company()
    for number, row in enumerate(stamped.tables["sales"]):
        row["order_date"] += f" {8 + number % 12:02}:{number * 7 % 60:02}:00"
    assert told(judged(stamped)) == []


@pytest.mark.parametrize(
    ("column", "spell", "rule"),
    [
        ("partner_id", lambda text: text.translate(FULL), "full_width_text"),
        ("partner_id", lambda text: text[:2] + "\u200b" + text[2:], "invisible_characters"),
        ("partner_id", lambda text: text[:2] + " " + text[2:], "invisible_characters"),
        ("partner_id", lambda text: f"{text}\u3000", "invisible_characters"),
        ("partner_id", lambda text: text.lstrip("0"), "lost_zeros"),
        ("partner_id", lambda text: "1.2E+05", "scientific_id"),
        ("partner_id", lambda text: "99999", "unknown"),
        ("product_id", str.lower, "invisible_characters"),
        ("region", lambda text: text[0] + "\u200b" + text[1], "invisible_characters"),
        ("region", lambda text: text.encode("gb18030").decode("latin-1"), "broken_text"),
        ("region", lambda text: text.encode().decode("gbk", "replace"), "broken_text"),
        ("region", lambda text: text.encode().decode("latin-1"), "broken_text"),
        ("region", lambda text: "??", "broken_text"),
        ("order_id", lambda text: text.translate(FULL), "full_width_text"),
    ],
)
def test_texts_that_went_wrong_on_their_way_are_told(judged, column, spell, rule):
    spoiled = company()
    for row in spoiled.orders()[40:54:2]:
        row[column] = spell(row[column])
    assert told(judged(spoiled)) == [("sales", rule, column, 7)]


def test_names_in_all_kinds_of_letters_are_not_broken(judged):
    named = company()
    names = [
        "CAFÉ’S",
        "Ångström & Søn",
        "喆堃镕燊珺",
        "🚀",
        "Ａ座商店",
        "L’Épée «d’or»",
        "Ñandú–Çà",
        "=cmd()",
        "a?b",
        "ÄÖÜ",
    ]
    for row, name in zip(named.tables["partners"], names, strict=True):
        row["partner_name"] = name
    assert told(judged(named)) == []


def test_keys_padded_in_the_whole_file_are_how_it_is_written(judged):
    padded = company()
    for row in padded.tables["sales"]:
        row["partner_id"] = row["partner_id"].ljust(12)
    assert told(judged(padded)) == []


def test_two_spellings_of_one_key_are_told_in_its_own_table(judged):
    spoiled = company()
    spoiled.tables["products"].append({"product_id": "a1", "list_price": "47"})
    assert told(judged(spoiled)) == [("products", "invisible_characters", "product_id", 1)]


def test_what_the_policy_sets_aside_leaves_the_figures_and_the_accounts_follow(workspace):
    spoiled = company()
    for row in spoiled.orders()[100:106]:
        row["quantity"] = f"-{row['quantity']}"
    sold = sum(float(row["net_amount"]) for row in spoiled.tables["sales"])
    gone = sum(float(row["net_amount"]) for row in spoiled.orders()[100:106])
    folder = workspace(spoiled.files(), policy='[quality.rules]\nsign = "set_aside"\n')
    facts = open_workspace(folder).facts()
    account = facts.intake.account("sales")
    assert [(f.rule, f.rows, f.treatment) for f in facts.intake.findings] == [("sign", 6, "set_aside")]
    assert (account.rows_set_aside, account.rows_used) == (6, len(spoiled.tables["sales"]) - 6)
    assert float(account.amount_used) == pytest.approx(sold - gone)
    used = facts.engine.query("SELECT COUNT(*) AS n, SUM(net_amount) AS amount FROM sales").to_pylist()[0]
    assert (used["n"], used["amount"]) == (account.rows_used, account.amount_used)


def test_a_treatment_that_changes_takes_the_data_in_anew(workspace):
    spoiled = company()
    spoiled.orders()[100]["quantity"] = "-1"
    flagged = open_workspace(workspace(spoiled.files())).facts()
    aside = open_workspace(workspace({}, policy='[quality.rules]\nsign = "set_aside"\n')).facts()
    off = open_workspace(workspace({}, policy='[quality.rules]\nsign = "off"\narithmetic = "off"\n')).facts()
    assert len({flagged.fingerprint, aside.fingerprint, off.fingerprint}) == 3
    assert [f.treatment for f in aside.intake.findings if f.rule == "sign"] == ["set_aside"]
    assert [f for f in off.intake.findings if f.rule == "sign"] == []


def test_a_rule_that_stops_is_answered_with_place_value_and_ways_out(workspace, refusal):
    spoiled = company()
    spoiled.orders()[0]["quantity"] = "-1"
    policy = '[quality.rules]\nsign = "stop"\nmissing_months = "stop"\narithmetic = "off"\n'
    spoiled.tables["sales"] = [r for r in spoiled.orders() if r["order_date"][:7] != "2024-06"]
    assert refusal(workspace(spoiled.files(), policy=policy)) == [
        "sales.csv row 2, column 'quantity': '-1': 1 row of sales with the wrong sign | correct the file,"
        ' or set sign = "flag" or "set_aside" or "off" under [quality.rules] in policy.toml',
        "sales, column 'order_date': 2024-06: rows of sales lacking for whole months | correct the file,"
        ' or set missing_months = "flag" or "off" under [quality.rules] in policy.toml',
    ]


def test_what_stops_one_table_does_not_keep_the_others_from_being_checked(workspace):
    spoiled = company()
    spoiled.orders()[0]["quantity"] = "abc"
    spoiled.orders()[10]["quantity"] = "-5"
    spoiled.tables["products"].append({"product_id": "a1", "list_price": "47"})
    with pytest.raises(InputError) as caught:
        open_workspace(workspace(spoiled.files())).facts()
    found = {(f.table, f.rule, f.treatment) for f in caught.value.so_far.findings}
    assert {("sales", "wrong_type", "stopped"), ("sales", "sign", "flagged")} < found
    assert ("products", "invisible_characters", "flagged") in found
    assert caught.value.so_far.account("sales").rows_given == len(spoiled.tables["sales"])


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_checked(workspace):
    spoiled = company()
    spoiled.orders()[10]["quantity"] = f"-{spoiled.orders()[10]['quantity']}"
    with pytest.raises(InputError) as caught:
        open_workspace(workspace({**spoiled.files(), "staff.csv": ""})).facts()
    assert [problem.what for problem in caught.value.problems] == ["the file is empty"]
    assert [(f.table, f.rule) for f in caught.value.so_far.findings] == [("sales", "sign")]

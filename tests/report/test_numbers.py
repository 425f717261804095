"""Every number of a published page's sentences stands in the tables that were saved with it."""

import math
import re
from bisect import bisect_left, bisect_right
from functools import cache
from itertools import pairwise

import pandas as pd
import pytest
from bs4 import BeautifulSoup

NUMBER = re.compile(
    r"(?<![\w.])(?P<number>[−+]?\d+(?:,\d{3})*(?:\.\d+)?)(?![\w.]*\d)"
    r"\s*(?:CNY |USD )?(?P<unit>%|pts|个百分点|thousand|million|billion|万|亿)?"
)
UNITS = {
    "%": [100.0], "pts": [100.0], "个百分点": [100.0], "thousand": [1e-3], "million": [1e-6],
    "billion": [1e-9], "万": [1e-4], "亿": [1e-8],
}  # fmt: skip
ANY = [1.0, 100.0, 1e-3, 1e-4, 1e-6, 1e-8]
"""Units of the ends of an interval, which stands after what carries the unit."""

TABLES = {
    "message": ["message_cards", "channel_changes", "channels", "segments_net_sales", "scorecard",
                "risk_partners", "irregularities", "irregular_rules", "data_findings"],
    "decisions": ["measures"],
    "results": ["channels", "channel_history", "channel_changes"],
    "causes": ["ledger_net_sales", "bridge_net_sales", "segments_net_sales", "causes_net_sales",
               "drivers_net_sales"],
    "scorecard": ["scorecard"],
    "partners": ["partners", "partner_tiers", "decisions"],
    "risk": ["risk_partners", "risk_models", "risk_endings"],
    "data": ["data_accounts", "data_findings", "data_grades"],
    "irregularities": ["irregularities", "irregular_rules"],
    "measures": ["measure_proposals"],
    "appendix": ["weights", "definitions"],
}  # fmt: skip
"""What each part of the page may say the numbers of."""

SPOKEN = ".lead, .findings > li, .card, figure.chart figcaption, figure.table figcaption"
"""Where a page speaks."""

SKIPPED = re.compile(
    r"\d{4}年(?:第[一二三四]季度)?|\d+月\d*日?|\bQ[1-4] \d{4}|\b\d{1,2} [A-Z][a-z]{2,3} \d{4}|\d\dQ\d"
    r"|95 ?%|90 ?%|(?<=take on )\d+|(?<=可处理 )\d+"
)
"""Dates, periods, the certainty of intervals and what the policy sets are no figures of a table."""


@pytest.fixture(params=["demo", "adventureworks"])
def folder(request):
    """Give the folder of each company's published review."""
    return request.getfixturevalue(f"{request.param}_report").folder


@cache
def known_of(folder, part: str) -> list[float]:
    """The numbers of a part's tables: values, sums of columns, counts, shares, gaps."""
    paths = [folder / "tables" / f"{name}.parquet" for name in TABLES[part]]
    told = [n for path in paths if path.is_file() for n in of(path)]
    if part == "message":
        told += [*changes_of_cards(folder), *gaps_to_targets(folder), *loss_of_watch_list(folder)]
    return sorted({abs(n) for n in told})


def of(path) -> list[float]:
    """What a table's numbers are: its values, what they add up to, how many rows and of each kind."""
    frame = pd.read_parquet(path)
    told = [float(len(frame)), *shares_of(frame)]
    for _, column in frame.items():
        if pd.api.types.is_numeric_dtype(column):
            values = column.dropna().astype(float)
            told += [*values, values.sum(), values.abs().sum(), float((values > 0).sum())]
        elif column.map(lambda v: isinstance(v, str)).all() and column.nunique() <= 50:
            counts = column.value_counts()
            told += [float(count) for count in counts]
            told.append(float(column.nunique()))
    return [value for value in told if math.isfinite(value)]


def shares_of(frame) -> list[float]:
    """Parts of the whole by kind."""
    told = []
    for _, column in frame.select_dtypes("object").items():
        if column.map(lambda v: isinstance(v, str)).all() and 0 < column.nunique() <= 12:
            told += [float(share) for share in column.value_counts(normalize=True)]
    return told


def is_known(text: str, scales: list[float], known: list[float]) -> bool:
    """Whether some number of the tables is written like this in one of the units."""
    bare = text.replace(",", "").lstrip("−+")
    half = 0.5000001 * 10.0 ** -len(bare.partition(".")[2])
    for scale in scales:
        low, high = (float(bare) - half) / scale, (float(bare) + half) / scale
        if bisect_left(known, low) < bisect_right(known, high):
            return True
    return False


def scales_of(found: re.Match) -> list[float]:
    """Units a number may be in: its own; as an end of an interval, any."""
    if found["unit"]:
        return UNITS[found["unit"]]
    before, after = found.string[: found.start()], found.string[found.end() :]
    is_end = before.endswith(("(", "（", "至 ", "to ")) or after.lstrip().startswith(("to ", "至"))
    return ANY if is_end else [1.0]


def said_by(page, part: str) -> list[tuple[str, list[float], str]]:
    """The numbers a part says, with their units and the sentence they stand in."""
    told = []
    for spoken in page.select(",".join(f"#{part} {one.strip()}" for one in SPOKEN.split(", "))):
        for other in spoken.select("dt, h3, a"):
            other.decompose()
        text = SKIPPED.sub(" ", spoken.get_text(" "))
        told += [(found["number"], scales_of(found), text) for found in NUMBER.finditer(text)]
    return told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_said_stands_in_a_table_of_its_part(folder, language):
    page = BeautifulSoup((folder / f"review.{language}.html").read_text(encoding="utf-8"), "html.parser")
    unknown, met = [], 0
    for part in TABLES:
        known, told = known_of(folder, part), said_by(page, part)
        met += len(told)
        unknown += [
            (part, number, text) for number, scales, text in told if not is_known(number, scales, known)
        ]
    assert met > 40
    assert [f"{part}: {number} in: {text}" for part, number, text in unknown] == []


def changes_of_cards(folder) -> list[float]:
    """The changes of the cards' values against what they are compared with."""
    cards = pd.read_parquet(folder / "tables" / "message_cards.parquet")
    told = [
        change
        for name in ("target", "previous", "last_year")
        for change in (*(cards["value"] / cards[name] - 1), *(cards["value"] - cards[name]))
    ]
    return [abs(change) for change in told if math.isfinite(change)]


def gaps_to_targets(folder) -> list[float]:
    """What channel types are away from their targets, and what part of net sales has targets."""
    values = pd.read_parquet(folder / "tables" / "kpi_values.parquet")
    own = values[(values["kpi"] == "attainment") & (values["status"] == "ok")]
    sales = values[(values["kpi"] == "net_sales") & (values["level"] == "company")].set_index("period")[
        "value"
    ]
    gaps = own[own["level"] == "channel_type"]
    covered = own[own["level"] == "company"]
    shares = covered["numerator"] / covered["period"].map(sales)
    return [*(gaps["numerator"] - gaps["denominator"]).dropna(), *shares.dropna()]


def loss_of_watch_list(folder) -> list[float]:
    """What all partners on the watch list may cost."""
    partners = pd.read_parquet(folder / "tables" / "risk_partners.parquet")
    if "expected_loss" not in partners:
        return []
    return [float(partners.loc[partners["watch_place"].notna(), "expected_loss"].sum())]


def test_a_number_that_was_made_up_is_found():
    assert is_known("12.5", [100.0], [0.125]) and is_known("1,234.6", [1e-4], [12_345_678.0])
    assert not is_known("12.6", [100.0], [0.125]) and not is_known("12.5", [1.0], [0.125])


def test_most_numbers_would_not_pass_if_they_were_a_little_off(folder):
    """What makes the test above worth having: of the numbers of three digits most are noticed."""
    page = BeautifulSoup((folder / "review.en.html").read_text(encoding="utf-8"), "html.parser")
    passed = [
        is_known(f"{float(bare) * off:.{len(bare.partition('.')[2])}f}", scales, known_of(folder, part))
        for part in TABLES
        for number, scales, _ in said_by(page, part)
        if len((bare := number.replace(",", "").lstrip("−+")).replace(".", "")) >= 3
        for off in (0.93, 1.09, 1.17)
    ]
    assert len(passed) > 60
    assert sum(passed) / len(passed) < 0.35


def test_the_same_numbers_are_said_in_both_languages(folder):
    said = []
    for language in ("en", "zh"):
        page = BeautifulSoup((folder / f"review.{language}.html").read_text(encoding="utf-8"), "html.parser")
        cards = [re.findall(r"[−+]?\d[\d,.]*%", card.get_text(" ")) for card in page.select(".card")]
        said.append(cards)
    assert all(one == other for one, other in pairwise(said)) and any(said[0])

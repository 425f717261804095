"""Companies at the edge: one channel, no history, nothing sold, names missing: always an answer."""

import re

import pytest

import channel_analysis as ca
from channel_analysis.report.show import section_of
from channel_analysis.words import words

HEAD = "order_id,line_number,kind,order_date,channel_type,net_amount\n"


def sales(*lines: str) -> str:
    return HEAD + "".join(f"{number},1,{line}\n" for number, line in enumerate(lines))


def reviewed(folder, period="2025Q3"):
    return ca.review(ca.open_workspace(folder), period)


def page(review) -> str:
    parts = (review.banner, review.message, review.results, review.scorecard, review.quality, review.appendix)
    return "".join(ca.show(part).html() for part in parts)


BEFORE = ["order,2024-07-01,online,80", "order,2025-06-30,online,100", "order,2025-06-30,agent,60"]


@pytest.mark.parametrize(
    "lines",
    [
        ["order,2025-09-30,online,120"],
        [*BEFORE, "order,2025-09-30,online,120"],
        [*BEFORE, "order,2025-09-30,online,0"],
        [*BEFORE, "return,2025-09-30,online,-120"],
        [*BEFORE, "order,2025-09-30,online,120", "return,2025-09-30,agent,-120"],
    ],
    ids=["first quarter", "one channel left", "nothing sold", "returns only", "net of zero"],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_the_page_of_a_company_at_the_edge_holds_no_figure_that_is_none(small_workspace, lines):
    text = page(reviewed(small_workspace(sales(*lines))))
    assert not re.search(r"\bnan\b|\binf\b|∞", text.lower())


def test_a_quarter_without_history_says_that_there_is_nothing_to_compare(small_workspace):
    review = reviewed(small_workspace(sales("order,2025-07-01,online,80", "order,2025-09-30,online,40")))
    assert review.message.verdict.code == "sales"
    assert "nothing to compare with" in ca.show(review.message, "en").html()


@pytest.mark.parametrize("period", ["2025-09", "2025Q3", "2025H2", "FY2025Q3", 2025])
def test_every_kind_of_period_can_be_reviewed(small_workspace, period):
    days = [("2024-01-01", 0), ("2024-09-02", 80), ("2025-09-30", 120), ("2025-12-31", 0)]
    folder = small_workspace(sales(*(f"order,{day},online,{amount}" for day, amount in days)))
    assert reviewed(folder, period).message.verdict.numbers["growth"] == pytest.approx(0.5)


def test_partners_without_a_channel_type_do_not_stop_the_review(small_workspace):
    folder = small_workspace(partners="partner_id,name\np1,One\n")
    scores = reviewed(folder).scorecard.scores
    assert sorted(scores["channel_type"]) == ["distributor", "online"]


def test_answers_that_name_no_channel_count_for_the_company(small_workspace):
    folder = small_workspace(feedback="feedback_id,given_on,kind,score\n1,2025-08-01,csat,5\n")
    assert "100.0%" in ca.show(reviewed(folder).results, "en").html()


def test_scores_are_the_same_whatever_the_unit_of_money(small_workspace):
    policy = "[scoring.weights.online]\ngrowth_yoy = 1.0\n[scoring.weights.distributor]\ngrowth_yoy = 1.0\n"
    lines = [("2024-06-01", 5), ("2024-09-02", 80), ("2025-09-30", 83)]
    found = []
    for factor in (1, 10_000):
        text = sales(*(f"order,{day},online,{amount * factor}" for day, amount in lines))
        folder = small_workspace(text, policy=policy)
        found.append(reviewed(folder).scorecard.scores.at[0, "score"])
    assert found[0] == pytest.approx(found[1], abs=1e-9)


def test_a_channel_that_sold_last_year_only_is_in_the_change(small_workspace):
    folder = small_workspace(
        sales("order,2024-06-01,online,1", "order,2024-09-02,agent,80", "order,2025-09-30,online,120"),
        settings="[data]\ncomplete_to = 2025-12-31\n",
    )
    changes = reviewed(folder).results.changes.set_index("channel_type")["change"]
    assert changes.to_dict() == {"online": 120.0, "agent": -80.0}


def test_growth_from_new_points_of_sale_is_said(small_workspace):
    partners = "partner_id,channel_type\np1,agent\np2,agent\n"
    lines = [
        ("2024-06-01", "p1", 1),
        ("2024-09-02", "p1", 80),
        ("2025-09-30", "p1", 60),
        ("2025-09-30", "p2", 90),
    ]
    text = "order_id,line_number,kind,order_date,channel_type,partner_id,net_amount\n" + "".join(
        f"{n},1,order,{day},agent,{partner},{amount}\n" for n, (day, partner, amount) in enumerate(lines)
    )
    review = reviewed(small_workspace(text, partners=partners))
    shown = section_of(review.message, words("en")).blocks
    assert "+87.5%" in str(shown) and "−25.0%" in str(shown)

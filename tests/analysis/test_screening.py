"""Candidates: vetoes are made up for by nothing, hiding never helps, and the shortlist says why."""

from pathlib import Path

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.errors import InputError
from channel_analysis.results import Caveat
from tests.metrics.small_worlds import company, order, partner

SALES = [
    order("2025-07-01", 100, partner_id="P1", region="East"),
    order("2025-09-30", 100, partner_id="P1", region="East"),
    order("2025-08-05", 200, partner_id="P2", region="East"),
    order("2025-08-05", 50, channel_type="online", region="North"),
]
PARTNERS = [
    partner("P1", outlets=30, exit_date=None),
    partner("P2", outlets=10, exit_date=None),
    partner("P3", outlets=70, exit_date=None),
    partner("P4", outlets=90, exit_date="2025-09-01"),
]
GOOD = {
    "applied_on": "2025-08-01", "channel_type": "distributor", "region": "East", "outlets": 60,
    "staff_count": 12, "annual_sales": 20_000_000, "working_capital": 3_000_000, "years_in_business": 6,
    "category_experience": 4, "reputation_grade": "BBB",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script> 喆堃镕 =cmd()'\"🚀"


def candidate(name: str, **more):
    """A candidate on target in everything."""
    return {"candidate_id": name, "candidate_name": f"Firm {name}"} | GOOD | more


def screened(folder: Path, *candidates, policy: str = "", partners=PARTNERS, **tables):
    ws = company(folder, policy, sales=SALES, partners=partners, candidates=list(candidates), **tables)
    return ca.screen_candidates(ws, "2025Q3")


def of(result, name: str) -> pd.Series:
    return result.candidates.set_index("candidate_id").loc[name]


def asked(result, name: str) -> list[tuple[str, str]]:
    own = result.questions[result.questions["candidate_id"] == name]
    return list(zip(own["code"], own["criterion"], strict=True))


def codes(result) -> set[tuple[str, str]]:
    return {(caveat.code, caveat.subject) for caveat in result.caveats}


def test_who_is_on_target_in_everything_scores_100_and_points_add_up(tmp_path):
    # 60 outlets beside the 40 that P1 and P2 serve: 60 % of those then served, target 50 %, stretch 90 %
    result = screened(tmp_path, candidate("A"))
    row = of(result, "A")
    outlets, coverage = 75, 100 + 20 * 0.25
    expected = 0.15 * outlets + 0.2 * coverage + 100 * (1 - 0.35)
    assert (row["score"], row["worst"], row["best"]) == pytest.approx((expected,) * 3)
    assert result.points["points"].sum() == pytest.approx(row["score"], abs=1e-9)
    assert (row["place"], row["is_shortlisted"], row["is_close"]) == (1, True, False)


def test_partners_who_left_or_stopped_buying_serve_no_outlet(tmp_path):
    # P3 is under contract and bought nothing, P4 has left
    row = of(screened(tmp_path, candidate("A")), "A")
    assert (row["partners"], row["active_partners"], row["partner_amount"]) == (3, 2, 400)
    assert (row["new_coverage"], row["overlap"]) == (0.6, "possible")


def test_where_nobody_is_yet_everything_is_new_and_nobody_is_met(tmp_path):
    row = of(screened(tmp_path, candidate("A", region="West")), "A")
    assert (row["new_coverage"], row["active_partners"], row["overlap"]) == (1.0, 0, "none")


def test_a_veto_is_made_up_for_by_nothing(tmp_path):
    strong = {"outlets": 900, "annual_sales": 9e8, "working_capital": 9e8, "staff_count": 99}
    result = screened(
        tmp_path,
        candidate("weak", outlets=50, staff_count=6),
        candidate("graded", reputation_grade=" ｄ ", **strong),
        candidate("young", years_in_business=0.5, **strong),
        candidate("both", years_in_business=0.5, reputation_grade="D", staff_count=None),
    )
    vetoes = result.candidates.set_index("candidate_id")["veto"].to_dict()
    assert vetoes == {
        "weak": "", "graded": "vetoed_grade", "young": "too_young", "both": "too_young, vetoed_grade",
    }  # fmt: skip
    assert result.shortlist["candidate_id"].tolist() == ["weak"]
    assert result.candidates.set_index("candidate_id")["status"].eq("vetoed").sum() == 3
    said = result.reasons[result.reasons["code"] == "veto"]
    assert sorted(zip(said["candidate_id"], said["criterion"], strict=True)) == [
        ("both", "reputation"), ("both", "years_in_business"), ("graded", "reputation"),
        ("young", "years_in_business"),
    ]  # fmt: skip
    assert asked(result, "graded") == []


def test_what_is_not_told_is_unknown_bounds_say_by_how_much_and_it_is_asked(tmp_path):
    result = screened(tmp_path, candidate("told"), candidate("A", working_capital=None))
    told, row = of(result, "told"), of(result, "A")
    assert row["worst"] == pytest.approx(told["score"] - 0.1 * 100)
    assert row["best"] == pytest.approx(told["score"] + 0.1 * 20)
    assert row["worst"] < row["score"] < row["best"]
    assert row["coverage"] == pytest.approx(0.9)
    assert asked(result, "A")[0] == ("unknown", "working_capital")


def test_whoever_tells_too_little_has_no_score_and_the_share_known_is_said(tmp_path):
    silent = dict.fromkeys(["outlets", "annual_sales", "staff_count"])
    result = screened(tmp_path, candidate("A", **silent), candidate("B"))
    row = of(result, "A")
    assert (row["status"], row["is_shortlisted"]) == ("coverage", False)
    assert pd.isna(row["score"]) and row["worst"] == row["worst"]
    (said,) = result.reasons[result.reasons["code"] == "too_little_known"].to_dict("records")
    assert (said["candidate_id"], said["value"]) == ("A", pytest.approx(0.4))
    assert [criterion for _, criterion in asked(result, "A")[:3]] == [
        "outlets",
        "annual_sales",
        "staff_count",
    ]


@pytest.mark.parametrize(
    ("hidden", "veto", "question"),
    [
        ({"reputation_grade": None}, "vetoed_grade", ("veto", "reputation")),
        ({"reputation_grade": "Z9"}, "vetoed_grade", ("grade", "reputation")),
        ({"years_in_business": None}, "too_young", ("veto", "years_in_business")),
    ],
)
def test_whoever_hides_what_a_veto_rests_on_is_asked_first_and_not_on_the_list(
    tmp_path, hidden, veto, question
):
    result = screened(tmp_path, candidate("A", **hidden), candidate("B"))
    row = of(result, "A")
    assert (row["open_vetoes"], row["is_shortlisted"], row["is_close"]) == (veto, False, True)
    assert row["worst"] >= 60
    assert asked(result, "A")[0] == question


def test_what_the_company_keeps_of_nobody_is_nobody_s_fault_and_is_said(tmp_path):
    rows = [{key: text for key, text in candidate("A").items() if key != "reputation_grade"}]
    result = screened(tmp_path, *rows)
    row = of(result, "A")
    assert (row["open_vetoes"], row["is_shortlisted"]) == ("", True)
    assert row["worst"] == row["score"] == row["best"]
    assert {("criterion_absent", "reputation"), ("veto_unchecked", "vetoed_grade")} <= codes(result)


def test_the_shortlist_ends_at_its_places_shared_by_equals_and_close_calls_are_marked(tmp_path):
    result = screened(
        tmp_path,
        candidate("best", annual_sales=60_000_000),
        candidate("second"),
        candidate("equal"),
        candidate("close", working_capital=None),
        candidate("far", annual_sales=1_000_000, staff_count=1),
        policy="[candidates]\nshortlist = 2\n",
    )
    table = result.candidates.set_index("candidate_id")
    assert result.shortlist["candidate_id"].tolist() == ["best", "equal", "second"]
    assert table["place"].dropna().to_dict() == {"best": 1, "equal": 2, "second": 2}
    assert table["is_close"].to_dict() == {
        "best": False, "equal": True, "second": True, "close": True, "far": False,
    }  # fmt: skip


def test_while_places_are_left_only_the_minimum_decides_and_who_may_reach_it_is_close(tmp_path):
    weak = {"annual_sales": 0, "staff_count": 0, "working_capital": 0}
    result = screened(
        tmp_path,
        candidate("A"),
        candidate("not", **weak),
        candidate("may", **weak | {"working_capital": None}),
        policy="[candidates]\nminimum_score = 70\n",
    )
    table = result.candidates.set_index("candidate_id")
    assert table["is_shortlisted"].to_dict() == {"A": True, "may": False, "not": False}
    assert table["is_close"].to_dict() == {"A": False, "may": True, "not": False}


def test_who_applied_or_became_known_after_the_period_is_not_screened_and_counted(tmp_path):
    result = screened(
        tmp_path,
        candidate("A", applied_on="2025-09-30", known_at=None),
        candidate("late", applied_on="2025-10-01", known_at=None),
        candidate("secret", applied_on="2025-08-01", known_at="2025-10-01"),
        candidate("undated", applied_on=None, known_at=None),
    )
    assert set(result.candidates["candidate_id"]) == {"A", "undated"}
    assert Caveat("applied_later", "note", numbers={"n": 2}) in result.caveats


def test_one_candidate_more_changes_nobody_s_score(tmp_path):
    few = [candidate("A"), candidate("B", outlets=None), candidate("C", region="West")]
    more = [candidate("Z", outlets=9_000, annual_sales=9e9), candidate("Y", channel_type=None, region=None)]
    before = screened(tmp_path / "few", *few).candidates.set_index("candidate_id")
    after = screened(tmp_path / "more", *few, *more).candidates.set_index("candidate_id")
    columns = ["score", "worst", "best", "coverage", "new_coverage", "veto"]
    pd.testing.assert_frame_equal(
        before[columns].sort_index(), after.loc[before.index, columns].sort_index(), check_exact=True
    )


def test_without_outlets_the_market_says_what_is_not_ours_yet(tmp_path):
    few = [{key: text for key, text in row.items() if key != "outlets"} for row in PARTNERS]
    market = [
        {"month": f"2025-{month:02d}-01", "region": region, "channel_type": kind, "market_amount": 400}
        for month in (6, 7, 8, 9)
        for region, kind in (("East", "distributor"), ("North", None))
    ]
    result = screened(
        tmp_path, candidate("A"), candidate("N", region="North"), candidate("W", region="West"),
        partners=few, market=market,
    )  # fmt: skip
    table = result.candidates.set_index("candidate_id")
    # East: 400 of 1,200 are ours; North, where only the whole region is measured: 50 of 1,200
    assert table.loc["A", "new_coverage"] == pytest.approx(1 - 400 / 1200)
    assert table.loc["N", "new_coverage"] == pytest.approx(1 - 50 / 1200)
    assert (table.loc["W", "coverage_status"], table.loc["W", "worst"] == table.loc["W", "score"]) == (
        "no_data",
        True,
    )
    assert ("coverage_by_market", "") in codes(result)


def test_without_partners_outlets_and_market_coverage_is_unknown_and_said(tmp_path):
    ws = company(tmp_path, "", sales=SALES, candidates=[candidate("A")])
    result = ca.screen_candidates(ws, "2025Q3")
    row = of(result, "A")
    assert (row["coverage_status"], row["status"], row["is_shortlisted"]) == ("no_data", "ok", True)
    assert row["coverage"] == pytest.approx(0.8)
    assert {("coverage_unknown", ""), ("market_unknown", "")} <= codes(result)


def test_partners_that_tell_no_outlets_are_counted(tmp_path):
    some = [*PARTNERS[:1], partner("P2", outlets=None, exit_date=None)]
    result = screened(tmp_path, candidate("A"), partners=some)
    assert of(result, "A")["new_coverage"] == pytest.approx(60 / 90)
    assert Caveat("outlets_untold", "note", numbers={"n": 1}) in result.caveats


def test_a_company_without_candidates_has_an_empty_screening_that_says_so(tmp_path):
    result = ca.screen_candidates(company(tmp_path, "", sales=SALES), "2025Q3")
    assert [len(table) for table in result.tables().values()] == [0] * 5
    assert ("no_candidates", "") in codes(result)


def test_a_criterion_nobody_knows_is_answered_with_the_nearest(tmp_path):
    policy = (
        "[candidates.scoring.weights.all]\noutlets = 0.05\noutlet = 0.10\n"
        '[candidates.scoring.vetoes.poor]\nkpi = "working_capita"\nbelow = 1.0\n'
    )
    with pytest.raises(InputError) as caught:
        screened(tmp_path, candidate("A"), policy=policy)
    told = str(caught.value)
    assert (
        "2 problems" in told and "did you mean 'outlets'" in told and "did you mean 'working_capital'" in told
    )


def test_names_are_data(tmp_path):
    result = screened(
        tmp_path, candidate(HOSTILE, candidate_name=HOSTILE, region="E'ast; DROP"), candidate("=1+1"),
    )  # fmt: skip
    assert set(result.candidates["candidate_id"]) == {HOSTILE, "=1+1"}
    assert of(result, HOSTILE)["candidate_name"] == HOSTILE
    assert of(result, HOSTILE)["new_coverage"] == 1.0


def test_the_same_data_give_the_same_tables(tmp_path):
    rows = [candidate(str(n), outlets=n * 7 % 90, staff_count=n % 5 or None) for n in range(12)]
    first, second = screened(tmp_path / "a", *rows), screened(tmp_path / "b", *reversed(rows))
    for name, table in first.tables().items():
        by = ["candidate_id"] if "candidate_id" in table else ["region"]
        one, other = (
            frame.sort_values(by, kind="stable").reset_index(drop=True)
            for frame in (table, second.tables()[name])
        )
        pd.testing.assert_frame_equal(one, other, check_exact=True)

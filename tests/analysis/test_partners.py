"""Appraisal of partners of a workspace: scores, tiers, awards and proposals hang together."""

import datetime
import shutil

import pandas as pd
import pytest

import channel_analysis as ca
from channel_analysis.analysis.partners import appraisal_of, partner_grounds
from channel_analysis.analysis.scope import resolve_period
from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.files import overlay
from channel_analysis.report.following import proposals_in
from channel_analysis.store.cases import Found, append, open_cases, read_cases
from channel_analysis.store.decisions import propose, read_decisions
from channel_analysis.store.priors import TABLE, freeze_priors, frozen_priors

PERIOD = "2025Q3"


@pytest.fixture(scope="module")
def ws(demo_workspace):
    return ca.open_workspace(demo_workspace)


@pytest.fixture(scope="module")
def found(ws):
    return ca.appraise_partners(ws, PERIOD)


@pytest.fixture(scope="module")
def review(ws):
    return ca.review(ws, PERIOD)


@pytest.fixture
def copy(demo_workspace, tmp_path):
    """Give a copy of the workspace to decide things in."""
    folder = tmp_path / "copy"
    shutil.copytree(demo_workspace, folder, ignore=shutil.ignore_patterns("reports", "*.jsonl", "priors.csv"))
    return folder


def with_policy(ws, **changes):
    return validated(
        type(ws.policy), overlay(ws.policy.model_dump(exclude_none=True), changes), "policy.toml"
    )


def test_every_partner_has_one_row_and_those_without_a_score_say_why(ws, found):
    assert found.partners["entity"].is_unique
    assert len(found.partners) == ws.facts().intake.account("partners").rows_used
    assert set(found.partners.loc[found.partners["score"].isna(), "status"]) <= {"coverage", "vetoed"}


def test_points_add_up_to_scores(found):
    summed = found.points.groupby("entity")["points"].sum()
    scored = found.partners[found.partners["status"] == "ok"].set_index("entity")["score"]
    assert summed.reindex(scores := scored.index).to_list() == pytest.approx(scored.reindex(scores).to_list())


def test_net_sales_are_those_that_measure_gives(ws, found):
    values = ca.measure(ws, PERIOD, by="partner", kpis="net_sales").set_index("entity")["value"]
    own = found.partners.dropna(subset=["net_sales"]).set_index("entity")["net_sales"]
    assert own.to_dict() == pytest.approx(values.reindex(own.index).fillna(0.0).to_dict())


def test_tiers_follow_the_score_that_is_certain(ws, found):
    begins = {name: tier.begins for name, tier in ws.policy.partners.tiers.items()}
    scored = found.partners[found.partners["status"] == "ok"]
    slack = ws.policy.partners.hysteresis + 1e-9
    assert (scored["worst"] >= scored["tier"].map(begins) - slack).all()
    counts = scored.groupby(["group", "tier"]).size()
    assert found.tiers.set_index(["group", "tier"])["partners"].to_dict() == counts.to_dict()


def test_without_hysteresis_the_tier_is_where_the_score_lies(ws):
    policy = with_policy(ws, partners={"hysteresis": 0.0})
    table = appraisal_of(ws, resolve_period(ws, PERIOD), policy).partners
    scored = table[table["status"] == "ok"]
    begins = {name: tier.begins for name, tier in policy.partners.tiers.items()}
    for row in scored.to_dict("records"):
        higher = [b for b in begins.values() if b > begins[row["tier"]]]
        assert begins[row["tier"]] <= row["worst"] < min(higher, default=121)


def test_an_award_goes_to_the_clearly_best_or_is_shared(found):
    given = found.awards[found.awards["outcome"].isin(["awarded", "shared"])]
    best = found.partners.groupby("group")["p_best"].max()
    for group, own in given.groupby("group"):
        alone = own["outcome"].eq("awarded").all()
        assert len(own) == 1 if alone else len(own) > 1
        assert alone or best[group] < 0.5 or len(own) > 1


def test_who_is_too_far_overdue_gets_no_award(ws, found):
    values = ca.measure(ws, PERIOD, by="partner", kpis="overdue_ratio").set_index("entity")["value"]
    winners = found.awards.loc[found.awards["outcome"].isin(["awarded", "shared", "held"]), "entity"]
    assert (values.reindex(winners) <= 0.30).all()


def case_of(folder, partner, event=""):
    """Open a case about a partner, and decide it when an event is given."""
    day = datetime.date(2025, 9, 30)
    (name,) = open_cases(folder, PERIOD, day, [Found("stuffing", {"partner_id": partner})])
    if event:
        append(folder, [read_cases(folder)[name].decided(event, "Li", day, "seen")])


def outcomes(folder, partner):
    result = ca.appraise_partners(ca.open_workspace(folder), PERIOD)
    own = result.awards[result.awards["entity"] == partner]
    return dict(zip(own["outcome"], own["reason"], strict=True))


@pytest.mark.parametrize(
    ("event", "outcome"),
    [("", {"held": "open_case"}), ("confirmed", {"ruled_out": "irregularity"}), ("cleared", None)],
)
def test_an_open_irregularity_holds_an_award_and_a_confirmed_one_rules_it_out(copy, found, event, outcome):
    winner = found.awards.loc[found.awards["outcome"].isin(["awarded", "shared"]), "entity"].iloc[0]
    case_of(copy, winner, event)
    seen = outcomes(copy, winner)
    assert seen == outcome if outcome else set(seen) <= {"awarded", "shared"}


def test_data_of_too_bad_a_grade_leave_no_award(ws, review):
    policy = with_policy(ws, partners={"award": {"worst_grade": "A"}})
    table = appraisal_of(ws, resolve_period(ws, PERIOD), policy).awards
    grade = review.quality.grades.set_index("table").at["sales", "grade"]
    ruled_out = table["reason"].eq("data_grade")
    assert ruled_out.all() if grade != "A" else not ruled_out.any()


def test_what_is_proposed_can_be_logged_and_shows_the_same_afterwards(copy):
    ws = ca.open_workspace(copy)
    first = ca.appraise_partners(ws, PERIOD)
    assert set(first.decisions["state"]) == {"proposed"}
    ids = propose(copy, PERIOD, first.scope.as_of, proposals_in(first.decisions))
    assert sorted(ids) == sorted(first.decisions["decision_id"])
    assert set(read_decisions(copy)) == set(ids)
    pd.testing.assert_frame_equal(ca.appraise_partners(ws, PERIOD).decisions, first.decisions)
    later = ca.appraise_partners(ws, "2025Q2").earlier
    assert len(later) == 0


def test_tiers_that_stay_ask_for_nothing_new_but_plans_and_contracts(found):
    steady = found.partners[found.partners["tier"] == found.partners["tier_before"]]
    calm = set(steady.loc[~steady["handling"].isin(["plan", "contract"]), "entity"])
    proposed = set(found.decisions.loc[found.decisions["kind"] == "tier", "subject"])
    assert not calm & proposed


def test_an_unknown_kpi_in_the_rubric_is_named_with_its_place(ws):
    rubric = {"weights": {"all": {"attainment": 0.0, "attainmnt": 0.25}}}
    policy = with_policy(ws, partners={"scoring": rubric})
    with pytest.raises(InputError, match=r"partners.scoring.weights.all\]: there is no KPI 'attainmnt'"):
        appraisal_of(ws, resolve_period(ws, PERIOD), policy)


def test_frozen_priors_hold_whatever_the_data_say_later(copy):
    ws = ca.open_workspace(copy)
    period = resolve_period(ws, PERIOD)
    grounds, _ = partner_grounds(ws, period, ws.policy)
    moved = grounds.priors.assign(mean=grounds.priors["mean"] * 0.5)
    assert freeze_priors(copy, PERIOD, "partner", moved)
    again, _ = partner_grounds(ws, period, ws.policy)
    pd.testing.assert_frame_equal(again.priors, moved, check_dtype=False)
    assert not freeze_priors(copy, PERIOD, "partner", grounds.priors)
    assert frozen_priors(copy, "2025Q2", "partner") is None


HEAD = "period,level,group,kpi,kind,mean,spread,strength,unit\n"


@pytest.mark.parametrize(
    "text", ["", "period,level\n2025Q3,partner\n", "\x00\x01", f"{HEAD}a,b,c,d,e,x,1,1,1\n"]
)
def test_a_table_of_priors_that_cannot_be_used_is_refused_with_its_name(tmp_path, text):
    (tmp_path / TABLE).write_text(text)
    with pytest.raises(InputError, match="the priors cannot be used"):
        frozen_priors(tmp_path, PERIOD, "partner")


def test_scores_do_not_change_when_another_partner_is_gone(ws, found):
    period = resolve_period(ws, PERIOD)
    grounds, _ = partner_grounds(ws, period, ws.policy)
    some = grounds.values["entity"].isin(list(found.partners["entity"][:40]))
    fewer = type(grounds)(grounds.values[some], grounds.priors, grounds.periods, grounds.scopes)
    alone = fewer.scored(period, ws.policy.partners.scoring, ws.policy).scores.set_index("entity")
    whole = found.partners.set_index("entity").loc[alone.index]
    columns = ["score", "low", "high", "worst", "best", "coverage"]
    pd.testing.assert_frame_equal(alone[columns], whole[columns], check_exact=True)


def test_a_year_has_its_own_score_and_its_quarters_beside(ws):
    year = ca.appraise_partners(ws, "2024")
    assert set(year.quarters["period"]) <= {"2024Q1", "2024Q2", "2024Q3", "2024Q4"}
    assert {"2024Q3", "2024Q4"} <= set(year.quarters["period"])
    quarter = ca.appraise_partners(ws, "2024Q4").partners.set_index("entity")["score"].dropna()
    beside = year.quarters[year.quarters["period"] == "2024Q4"].set_index("entity")["score"]
    assert beside.reindex(quarter.index).to_list() == pytest.approx(quarter.to_list())
    mean = year.quarters.groupby("entity")["score"].mean()
    own = year.partners.set_index("entity")["score"].dropna()
    assert (own - mean.reindex(own.index)).abs().max() > 1


def test_a_company_without_partners_has_an_empty_appraisal(tmp_path):
    ca.make_workspace(tmp_path / "small")
    lines = "".join(f"S{i},1,order,2025-0{1 + i % 9}-15,visit,{100 + i}\n" for i in range(40))
    head = "order_id,line_number,kind,order_date,channel_type,net_amount\n"
    (tmp_path / "small" / "data" / "raw" / "sales.csv").write_text(head + lines)
    result = ca.appraise_partners(ca.open_workspace(tmp_path / "small"), "2025Q2")
    assert len(result.partners) == len(result.awards) == len(result.decisions) == 0
    assert [caveat.code for caveat in result.caveats if caveat.code != "provisional"] == ["no_partners"]


def test_adventureworks_scores_its_resellers_by_what_is_known(adventureworks_workspace):
    result = ca.appraise_partners(ca.open_workspace(adventureworks_workspace), "2013Q3")
    scored = result.partners[result.partners["status"] == "ok"]
    assert len(scored) > 150
    assert set(result.points["kpi"]) == {"growth_yoy", "gross_margin", "discount_rate"}
    assert (result.partners["rank_high"] - result.partners["rank_low"]).median() > 10


def test_the_audit_of_the_policy_finds_nothing_that_hiding_would_gain(ws):
    audit = ca.audit_policy(ws, PERIOD)
    assert (audit.hiding["certain_gain"] <= 1e-9).all()
    assert audit.hiding["would_rise"].sum() > 0
    assert audit.weights.groupby("group")["weight"].sum().to_list() == pytest.approx([1.0] * 3)
    assert set(audit.crowds["tier"]) == {"gold", "silver", "standard", "improvement"}
    assert audit.flips.groupby("group")["first"].nunique().eq(1).all()


def test_channels_are_scored_by_the_same_engine(review):
    card = review.scorecard
    scored = card.scores[card.scores["status"] == "ok"]
    summed = card.points.groupby("channel_type")["points"].sum()
    assert summed.reindex(scored["channel_type"]).to_list() == pytest.approx(scored["score"].to_list())
    assert (scored["rank_low"] <= scored["rank"]).all()
    assert (scored["rank"] <= scored["rank_high"]).all()
    assert scored["p_best"].sum() == pytest.approx(1.0)
    assert (scored["score_low"] <= scored["score"]).all()
    assert scored["moved"].dtype == bool

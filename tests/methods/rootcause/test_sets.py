"""The sets with known causes: what they plant, and what is found in a few cases of each."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.rootcause import PARTS, main
from benchmarks.rootcause_sets import (
    NULLS,
    PLANTED,
    aiops2019,
    dense_sales,
    f1,
    hits,
    micro_f1,
    null_partners,
    respelled,
    sparse_sales,
    squeeze_b0,
    where,
)
from channel_analysis.methods.rootcause.find import find_segments

FIRST = 50_000
"""Seeds apart from those that anything was tuned on."""


def search(case):
    return find_segments(case.frame, case.dimensions, "real", "predict", earlier=case.earlier)


def counted(cases):
    return [hits(search(case), case.truth) for case in cases]


def inside(case, segment):
    return np.logical_and.reduce([case.frame[name] == value for name, value in segment])


@pytest.mark.parametrize("name", [*PLANTED, *NULLS])
def test_a_seed_fixes_a_case_and_another_gives_another(name):
    draw = (PLANTED | NULLS)[name]
    one, same, other = draw(7), draw(7), draw(8)
    pd.testing.assert_frame_equal(one.frame, same.frame)
    assert one.truth == same.truth
    assert not one.frame["real"].equals(other.frame["real"])
    assert not one.frame.duplicated(one.dimensions).any()


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_segment_is_in_the_data_and_has_moved(name):
    for seed in range(4):
        case = PLANTED[name](seed)
        assert case.truth
        for segment in case.truth:
            own = case.frame[inside(case, segment)]
            assert own["real"].sum() != own["predict"].sum()


@pytest.mark.parametrize("draw", [sparse_sales, dense_sales])
@pytest.mark.parametrize("k", [4, 10])
def test_planted_sales_shift_by_as_many_standard_errors_as_asked_for(draw, k):
    shifts = []
    for seed in range(30):
        case = draw(seed, k)
        own = inside(case, *case.truth)
        rest, held = case.frame[~own], case.frame[own]
        trend = rest["real"].sum() / rest["predict"].sum()
        gap = held["real"].sum() - trend * held["predict"].sum()
        shifts.append(abs(gap) / np.sqrt(held["squares"].sum()))
    assert np.mean(shifts) == pytest.approx(k, abs=0.9)


def test_most_leaves_of_sparse_sales_are_empty_in_one_period():
    case = sparse_sales(1)
    one_period = (case.frame[["real", "predict"]] > 0).sum(axis=1) == 1
    assert one_period.mean() > 0.4
    assert len(case.frame) < 57_600


def test_one_partner_of_the_partner_set_is_a_giant():
    frame = null_partners(3).frame
    sizes = frame.groupby("partner")["past_1"].sum()
    assert sizes.idxmax() == "partner1"
    assert sizes.max() > 0.15 * sizes.sum()


def test_f1_asks_for_exact_spelling():
    truth = {where({"a": "1", "b": "2"}), where({"c": "3"})}
    assert f1([{"b": 2, "a": 1}, {"c": 3}], truth) == 1
    assert f1([{"a": 1}], truth) == 0
    assert f1([{"c": 3}], truth) == pytest.approx(2 / 3)
    assert f1([], set()) == 1
    assert micro_f1([(1, 0, 1), (1, 2, 0)]) == pytest.approx(4 / 7)


def test_the_public_set_b0_reaches_its_mark(shared_data):
    cases = list(squeeze_b0(shared_data("rc_squeeze_b0").parent))
    assert len(cases) == 45
    assert micro_f1(counted(cases)) >= 0.985


def test_the_injected_cases_are_read_and_searched(shared_data):
    cases = list(aiops2019(shared_data("rc_aiops2019_injected").parent))
    assert len(cases) == 25
    for case in cases:
        assert all(inside(case, segment).any() for segment in case.truth)
    told = [hits(respelled(map(where, search(case)), case), case.truth) for case in cases]
    assert micro_f1(told) >= 0.6


@pytest.mark.parametrize(("name", "mark"), [("S-like", 0.9), ("L-like", 0.97)])
def test_causes_under_relative_noise_are_found(name, mark):
    assert micro_f1(counted(PLANTED[name](FIRST + seed) for seed in range(12))) >= mark


@pytest.mark.parametrize(("draw", "mark"), [(sparse_sales, 0.9), (dense_sales, 0.8)])
def test_causes_in_sales_are_found(draw, mark):
    assert micro_f1(counted(draw(FIRST + seed, 10) for seed in range(16))) >= mark


@pytest.mark.parametrize("name", NULLS)
def test_where_nothing_happened_next_to_nothing_is_told(name):
    false = [len(search(NULLS[name](FIRST + seed))) for seed in range(8)]
    assert sum(false) <= 1


def test_the_benchmark_writes_a_page_of_every_part(tmp_path):
    run = ["--small", str(tmp_path), "--date", "2026-11-23", "--parts", *list(PARTS)[:3]]
    main(run)
    page = (tmp_path / "ROOTCAUSE.md").read_text(encoding="utf-8")
    assert all(f"## {title}" in page for title in list(PARTS)[:3])
    assert all(name in page for name in (*PLANTED, *NULLS, "oracle", "top-1 drill-down"))

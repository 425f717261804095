"""The gate finds every planted leak by name, and lets clean panels pass."""

import numpy as np
import pandas as pd
import pytest

from channel_analysis.errors import InputError
from channel_analysis.methods.risk.gate import find_leaks, refuse_leaks
from tests.methods.risk.clean_panels import CLEAN, clean
from tests.methods.risk.leaky_panels import LEAKS, World, honest, planted
from tests.methods.risk.public_panels import failures, resellers, retail


def leaks_of(world: World, **more):
    return find_leaks(world.panel, families=world.families, **world.arguments(), **more)


@pytest.mark.parametrize("seed", [501])
@pytest.mark.parametrize("kind", list(LEAKS))
def test_a_planted_leak_is_found_and_its_culprit_named(kind, seed):
    world, culprits = planted(kind, seed)
    leaks = leaks_of(world)
    assert {leak.culprit for leak in leaks} & culprits, [leak.what for leak in leaks]


@pytest.mark.parametrize("seed", [501])
@pytest.mark.parametrize("kind", list(CLEAN))
def test_a_clean_panel_passes(kind, seed):
    world = clean(kind, seed)
    assert leaks_of(world) == []


def test_all_twelve_kinds_are_planted_in_two_ways_or_more():
    numbers = [kind.split(" ")[0] for kind in LEAKS]
    assert {number: numbers.count(number) >= 2 for number in numbers} == {str(n): True for n in range(1, 13)}
    assert len(CLEAN) >= 20


def test_failures_of_the_next_year_pass_and_the_label_of_the_firm_does_not(shared_data):
    folder = shared_data("us_bankruptcy_nyse_nasdaq")
    assert leaks_of(failures(folder)) == []
    assert [(leak.kind, leak.culprit) for leak in leaks_of(failures(folder, trap=True))] == [
        ("constant label", "bad")
    ]


def test_silent_customers_of_a_wholesaler_pass(shared_data):
    assert leaks_of(retail(shared_data("online_retail_uk"))) == []


def test_silent_resellers_pass(shared_data):
    assert leaks_of(resellers(shared_data("adventureworks_dw"))) == []


def test_training_rows_whose_labels_reach_into_the_test_are_counted():
    world = honest(501)
    step = world.panel["step"].to_numpy()
    good = (np.flatnonzero(step + 7 <= 20), np.flatnonzero(step >= 20))
    late = (np.flatnonzero(step < 20), np.flatnonzero(step >= 20))
    assert leaks_of(world, folds=[good]) == []
    (leak,) = leaks_of(world, folds=[good, late])
    assert leak.culprit == "folds"
    assert leak.evidence["rows"] == ((step < 20) & (step > 13)).sum()


def test_without_time_no_entity_stands_on_both_sides():
    world = clean("no time", 501)
    panel = pd.concat([world.panel, world.panel.iloc[:5].assign(sales=lambda rows: rows["sales"] * 1.1)])
    rows = np.arange(len(panel))
    world.panel = panel
    leaks = leaks_of(world, folds=[(rows[:-5], rows[-5:])])
    assert [leak.evidence["rows"] for leak in leaks if leak.kind == "windows"] == [5]


def test_shuffled_labels_that_can_be_told_stop_the_fit():
    assert [leak.kind for leak in leaks_of(honest(501), shuffled_auc=0.78)] == ["shuffled labels"]
    assert leaks_of(honest(501), shuffled_auc=0.52) == []


def test_every_culprit_is_a_problem_of_its_own():
    world, _ = planted("12 a status updated at exit: text", 501)
    world, _ = LEAKS["2 an account known late: its date"](world, np.random.default_rng(1))
    with pytest.raises(InputError) as error:
        refuse_leaks(leaks_of(world))
    assert {problem.where for problem in error.value.problems} == {"leak in status", "leak in known_at"}
    assert all(problem.fix for problem in error.value.problems)


def test_a_large_panel_is_judged_on_whole_entities_and_says_so(monkeypatch):
    monkeypatch.setattr("channel_analysis.methods.risk.gate.leak.MOST_ROWS", 4000)
    world, _ = planted("12 a status updated at exit: number", 501)
    (leak,) = leaks_of(world)
    assert leak.culprit == "status_code"
    assert leak.evidence["rows"] == len(world.panel)
    assert 3000 < leak.evidence["rows_looked_at"] <= 4100


def test_the_order_of_rows_and_the_index_do_not_matter():
    world, _ = planted("1 a column from the future: next month's sales", 501)
    before = leaks_of(world)
    world.panel = world.panel.sample(frac=1, random_state=1).set_index("sales", drop=False)
    assert leaks_of(world) == before


@pytest.mark.parametrize("label", [np.nan, 0.0, 1.0])
def test_a_label_of_one_value_says_nothing_about_leaks(label):
    world = honest(501, entities=40)
    world.panel["bad"] = label
    assert leaks_of(world) == []


def test_a_panel_of_a_single_row_passes():
    world = honest(501)
    world.panel = world.panel.iloc[:1]
    assert leaks_of(world) == []

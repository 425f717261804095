"""Errors: every problem at once, where it is, what to do, and the nearest name."""

import pickle

import pytest

from channel_analysis.errors import InputError, Problem, did_you_mean, refuse

TWO = [
    Problem("policy.toml [weights]", "there is no KPI 'cost'", "remove it"),
    Problem("sales.csv", "it is empty"),
]


def test_all_problems_are_told_in_order_with_place_and_remedy():
    assert str(InputError(TWO)) == (
        "2 problems found\n"
        "  1. policy.toml [weights]: there is no KPI 'cost'\n"
        "     fix: remove it\n"
        "  2. sales.csv: it is empty"
    )


def test_one_problem_is_one():
    assert str(InputError(TWO[1:])).splitlines()[0] == "1 problem found"


def test_problems_given_one_by_one_are_all_kept():
    assert InputError(problem for problem in TWO).problems == tuple(TWO)


def test_an_error_arrives_whole_from_another_process():
    assert pickle.loads(pickle.dumps(InputError(TWO))).problems == tuple(TWO)


def test_input_is_refused_for_any_problem_and_for_none_it_is_not():
    with pytest.raises(InputError) as caught:
        refuse(iter(TWO))
    assert caught.value.problems == tuple(TWO)
    assert refuse([]) is None


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("return_rat", ["net_sales", "return_rate"], "did you mean 'return_rate'?"),
        ("REGION", ["region", "team"], "did you mean 'region'?"),
        ("region", ["Region", "Team"], "did you mean 'Region'?"),
        ("渠道类形", ["渠道类型", "大区"], "did you mean '渠道类型'?"),
        ("zzz", ["a", "b"], "choose one of: a, b"),
        ("", ["a"], "choose one of: a"),
        ("x", [], "there is nothing to choose from"),
    ],
)
def test_the_nearest_name_is_offered_or_all_of_them(name, options, said):
    assert did_you_mean(name, iter(options)) == said

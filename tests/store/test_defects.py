"""Defects seeded into companies without a fault are found where they are, and nothing else is."""

from itertools import cycle

import pytest

from tests.damage.judge import judge, judge_clean, sound_company
from tests.damage.kinds import companies, every_kind

SEEDS = (101, 102)
LEAST_SHARE = 0.95


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Give the folder of a company without a fault, by its seed, each made once."""
    made = {seed: sound_company(tmp_path_factory.mktemp("companies"), seed) for seed in SEEDS}
    return made.__getitem__


@pytest.mark.parametrize("seed", SEEDS)
def test_of_a_company_without_a_fault_nothing_is_said(sound, seed):
    assert judge_clean(sound(seed)) == []
    assert judge_clean(sound(seed).parent / f"sound-{seed}") == []


def test_of_all_kinds_of_defects_at_least_95_in_100_are_found_where_they_are(sound):
    judged = [judge(sound(seed), kinds, seed) for seed, kinds in zip(cycle(SEEDS), companies(), strict=False)]
    verdicts = [verdict for company in judged for verdict in company.verdicts]
    missed = [f"{v.kind}: {v.truth.rule} {v.truth.rows}, said: {v.said}" for v in verdicts if not v.is_found]
    assert {verdict.kind for verdict in verdicts} == {kind.__name__ for kind in every_kind()}
    assert len(missed) <= (1 - LEAST_SHARE) * len(verdicts), "\n".join(missed)
    assert [alarm for company in judged for alarm in company.false_alarms] == []

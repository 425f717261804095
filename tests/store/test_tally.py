"""Many columns are counted in one scan, alike on both engines; from the counts centres are found."""

import pyarrow as pa
import pytest

from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.quality.scale import Bins
from channel_analysis.store.quality.tally import Counted, Tally, split, tallied_sql
from channel_analysis.store.spark import SparkEngine

ROWS = pa.table(
    {
        "region": ["north", None, "south", "north", "south", "north"],
        "product": ["A", "A", None, "B", "B", "A"],
        "step": pa.array([1, 2, 3, None, 5, 1], pa.int64()),
    }
)
TALLIES = (
    Tally("region", "t.region"),
    Tally("again", "t.region"),
    Tally("step", number="t.step"),
    Tally("steps of products", "t.product", "t.step"),
)
EXPECTED = {
    "region": {("north", None): 3, ("south", None): 2},
    "again": {("north", None): 3, ("south", None): 2},
    "step": {(None, 1): 2, (None, 2): 1, (None, 3): 1, (None, 5): 1},
    "steps of products": {("A", 1): 2, ("A", 2): 1, ("B", 5): 1},
}


def counts(counted: Counted) -> dict[tuple[str | None, int | None], int]:
    pairs = zip(counted.texts.to_pylist(), counted.numbers.to_pylist(), strict=True)
    return dict(zip(pairs, counted.rows.to_pylist(), strict=True))


@pytest.mark.parametrize("name", ["duckdb", "spark"])
def test_values_numbers_and_pairs_are_counted_without_what_is_missing(name, request):
    engine = DuckDBEngine() if name == "duckdb" else SparkEngine(request.getfixturevalue("spark"))
    engine.register("rows_to_count", ROWS)
    answer = engine.query(tallied_sql("rows_to_count AS t", TALLIES))
    assert {name: counts(counted) for name, counted in split(answer, TALLIES).items()} == EXPECTED


@pytest.mark.parametrize("tally", TALLIES)
def test_a_tally_alone_gives_what_it_gives_among_others(tally):
    engine = DuckDBEngine()
    engine.register("rows_to_count", ROWS)
    answer = engine.query(tallied_sql("rows_to_count AS t", [tally]))
    assert counts(split(answer, [tally])[tally.name]) == EXPECTED[tally.name]


def bins(**groups: dict[int, int]) -> Bins:
    rows = [(whose, step, count) for whose, held in groups.items() for step, count in held.items()]
    texts, steps, counted = (pa.array(part) for part in zip(*rows, strict=True))
    return Bins.of(Counted(texts, steps, counted))


def test_a_group_has_the_middle_of_its_values_and_the_step_of_most():
    found = bins(a={900: 1, 100: 2, 101: 4, 102: 3}, b={7: 5, 5: 5})
    assert found.groups.to_pylist() == ["a", "b"]
    assert found.medians.tolist() == [101, 5]
    assert found.modes.tolist() == [101, 5]
    assert found.totals.tolist() == [10, 10]


def test_only_groups_whose_values_lie_together_have_a_centre():
    found = bins(together={100: 6, 500: 4}, apart={100: 5, 500: 4, 900: 1}, few={100: 2})
    assert found.centred(10).tolist() == [True, False, False]
    assert found.distances(10) == {0: 6, 400: 4}

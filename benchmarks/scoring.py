"""What scores are worth: `python -m benchmarks.scoring` plays worlds of 200 partners whose truth is known.

Each partner has a true figure, a number of orders, and what was measured in two periods; priors are learnt
from the earlier one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd

from channel_analysis.contracts.rubric import Rubric
from channel_analysis.methods.scoring import Scored, fit_priors, movement, score, shrink, standings

PARTNERS = 200
SCOPES = {"agent": ("agent",)}
RUBRIC = Rubric.model_validate(
    {
        "weights": {"all": {"growth": 1.0}},
        "anchors": {"all": {"growth": {"floor": 0.0, "target": 1.0, "stretch": 2.0}}},
    }
)
NAMES = [f"p{number:03}" for number in range(PARTNERS)]


def world(seed: int) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """True figures, and what was measured before and now, where nothing changed."""
    chance = np.random.default_rng(seed)
    truth = chance.normal(0.6, 0.12, PARTNERS)
    orders = chance.integers(3, 60, PARTNERS)
    se = 0.8 / np.sqrt(orders)
    before, now = (_measured(truth + se * chance.standard_normal(PARTNERS), se, orders) for _ in range(2))
    return pd.Series(truth, index=NAMES), before, now


def _measured(value: np.ndarray, se: np.ndarray, orders: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "entity": NAMES,
            "group": "agent",
            "kpi": "growth",
            "dimension": "result",
            "numerator": np.nan,
            "denominator": np.nan,
            "value": value,
            "se": se,
            "n": orders,
            "status": "ok",
        }
    )


def played(seed: int) -> Iterator[tuple[str, str, float]]:
    """What a world shows: how figures were taken, the measure, its value."""
    truth, before, now = world(seed)
    priors = fit_priors(before, [])
    rank = truth.rank(ascending=False)
    for how, pull in (("as measured", False), ("pulled to the type", True)):
        tables = [shrink(table, priors) if pull else table for table in (before, now)]
        scored = [
            score(t, RUBRIC, SCOPES, salt=name) for t, name in zip(tables, ("before", "now"), strict=True)
        ]
        yield from ((how, *row) for row in _shown(scored, rank, now))


def _shown(scored: list[Scored], rank: pd.Series, now: pd.DataFrame) -> Iterator[tuple[str, float]]:
    before, after = (standings(one).set_index("entity") for one in scored)
    true = rank.reindex(after.index)
    yield (
        "true rank within its 90 % interval",
        ((true >= after["rank_low"]) & (true <= after["rank_high"])).mean(),
    )
    top = after.nsmallest(50, "rank").index
    few = now.set_index("entity")["n"] < 8
    yield "of the top 50 with fewer than 8 orders", few.reindex(top).mean()
    yield "of the true top 50 found", rank.reindex(top).le(50).mean()
    yield "places the median rank moves without any change", (after["rank"] - before["rank"]).abs().median()
    yield (
        "pages that say somebody moved, without any change",
        float(movement(scored[1], scored[0])["moved"].any()),
    )


def main() -> None:
    """Play the worlds and print what they show on average."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(101, 140), metavar=("FIRST", "LAST"))
    first, last = parser.parse_args().seeds
    rows = [row for seed in range(first, last + 1) for row in played(seed)]
    table = pd.DataFrame(rows, columns=["how", "measure", "value"])
    means = table.pivot_table(index="measure", columns="how", values="value", sort=False)
    sys.stdout.write(
        f"{last - first + 1} worlds of {PARTNERS} partners\n\n| measure | {' | '.join(means.columns)} |\n"
    )
    sys.stdout.write("| --- | ---: | ---: |\n")
    for measure, row in means.iterrows():
        sys.stdout.write(f"| {measure} | {' | '.join(f'{value:.3g}' for value in row)} |\n")


if __name__ == "__main__":
    main()

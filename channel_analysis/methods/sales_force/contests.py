"""Places of contests: to who is clearly best, shared by those who cannot be told apart, or to nobody."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CLEARLY_BEST = 0.5
"""From this probability of being best a first place is one rep's alone."""

CONTEST_COLUMNS = [
    "contest", "group", "place", "rep_id", "rep_name", "value", "low", "high", "p_best", "tie_zone",
    "is_shared", "outcome",
]  # fmt: skip
"""`outcome`: "awarded", "shared", "nobody" (too many cannot be told apart) or "" (no place)."""


def placed(standing: pd.DataFrame, places: int) -> pd.DataFrame:
    """Give the places of one contest.

    The best has the first place alone with a probability of `CLEARLY_BEST` of being best; otherwise
    the leader's whole tie zone shares it. Further zones follow as long as there are places; one that is
    larger than the places there are is no award: nobody there is clearly better.

    Parameters
    ----------
    standing : DataFrame
        p_best, tie_zone, best first.
    places : int
        How many places there are.

    Returns
    -------
    DataFrame
        `standing` with place (missing: none), is_shared, outcome.

    Examples
    --------
    >>> zones = pd.DataFrame({"p_best": [0.4, 0.35, 0.25, 0.0], "tie_zone": [1, 1, 2, 3]})
    >>> placed(zones, 3)[["place", "outcome"]].values.tolist()
    [[1.0, 'shared'], [1.0, 'shared'], [3.0, 'awarded'], [nan, '']]
    """
    zones = standing["tie_zone"].astype(int).to_list()
    if len(zones) and float(standing["p_best"].iloc[0]) >= CLEARLY_BEST:
        zones[0] = 0
    place: list[float] = [float("nan")] * len(zones)
    outcome = [""] * len(zones)
    given = 0
    for zone in sorted(set(zones)):
        own = [number for number, other in enumerate(zones) if other == zone]
        fits = given + len(own) <= places
        for number in own:
            outcome[number] = ("shared" if len(own) > 1 else "awarded") if fits else "nobody"
            place[number] = given + 1.0 if fits else float("nan")
        given += len(own)
        if given >= places:
            break
    is_shared = [name == "shared" for name in outcome]
    return standing.assign(place=place, is_shared=is_shared, outcome=outcome)


def replays(rep_ids: list[str], values: NDArray[np.float64], errors: NDArray[np.float64], count: int,
            salt: str) -> NDArray[np.float64]:  # fmt: skip
    """Values under replays of chance, reps x `count`: normal, of each rep the same whoever else is there."""
    found = np.empty((len(rep_ids), count))
    for number, name in enumerate(rep_ids):
        key = int.from_bytes(hashlib.sha256(f"{salt}\0{name}".encode()).digest()[:16], "big")
        noise = np.random.Generator(np.random.Philox(key=key)).standard_normal(count)
        found[number] = values[number] + np.nan_to_num(errors[number]) * noise
    return found

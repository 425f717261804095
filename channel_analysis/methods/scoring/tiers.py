"""Tiers with hysteresis, and awards that need somebody who is clearly best."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from ...contracts.appraisal import Tier


def tier_of(score: float, tiers: Mapping[str, Tier], before: str = "", hysteresis: float = 0.0) -> str:
    """The tier of a score; it takes `hysteresis` points more to rise into one, or less to fall out of one.

    Examples
    --------
    >>> tiers = {"gold": Tier(begins=90), "silver": Tier(begins=70), "rest": Tier(begins=0)}
    >>> [tier_of(score, tiers, "silver", 3) for score in (95, 92, 68, 66)]
    ['gold', 'silver', 'silver', 'rest']
    >>> tier_of(92, tiers), tier_of(float("nan"), tiers)
    ('gold', '')
    """
    if score != score or not tiers:
        return ""
    falling = sorted(tiers, key=lambda name: -tiers[name].begins)
    plain = next((name for name in falling if score >= tiers[name].begins), falling[-1])
    if before not in tiers or plain == before:
        return plain
    if tiers[plain].begins > tiers[before].begins:
        steady = next((n for n in falling if score >= tiers[n].begins + hysteresis), falling[-1])
        return steady if tiers[steady].begins > tiers[before].begins else before
    return before if score >= tiers[before].begins - hysteresis else plain


def tier_history(
    certain: Sequence[pd.Series], tiers: Mapping[str, Tier], hysteresis: float
) -> list[pd.Series]:
    """The tier of every entity in each of several periods, the oldest first.

    Parameters
    ----------
    certain : sequence of Series
        For each period the score that is certain, by entity; NaN for those without a score, who
        have no tier and come back without a past.
    """
    found: list[pd.Series] = []
    for scores in certain:
        before = found[-1] if found else pd.Series(dtype=object)
        names = {
            entity: tier_of(score, tiers, str(before.get(entity, "")), hysteresis)
            for entity, score in scores.items()
        }
        found.append(pd.Series(names, dtype=object))
    return found


AWARD_COLUMNS = ["group", "entity", "place", "score", "p_best", "outcome", "reason"]


def award(
    standing: pd.DataFrame,
    ruled_out: Mapping[str, str],
    held: Mapping[str, str],
    places: int,
    certainty: float,
) -> pd.DataFrame:
    """Who gets the award of each group.

    The best of those not ruled out, when the probability of being best reaches `certainty`; else all
    those of the leader's tie zone share it.

    Parameters
    ----------
    standing : DataFrame
        Standings with `score`, best first within each group.
    ruled_out, held : mapping of str to str
        Entities that cannot get it, and those for whom it waits, with the reason.

    Returns
    -------
    DataFrame
        `AWARD_COLUMNS`; outcome is "awarded", "shared", "held" or "ruled_out" (those who would have
        had a place).
    """
    rows = []
    for group, own in standing.groupby("group", sort=True):
        rows += _of_group(str(group), own, ruled_out, held, places, certainty)
    return pd.DataFrame(rows, columns=AWARD_COLUMNS)


def _of_group(
    group: str,
    own: pd.DataFrame,
    ruled_out: Mapping[str, str],
    held: Mapping[str, str],
    places: int,
    certainty: float,
) -> list[list[object]]:
    rows: list[list[object]] = []
    given = 0
    for place, (_, peers) in enumerate(own.groupby("tie_zone", sort=True), start=1):
        if given >= places:
            break
        out = peers["entity"].isin(list(ruled_out))
        rows += [_row(group, row, place, "ruled_out", ruled_out[row["entity"]]) for row in _rows(peers[out])]
        there = peers[~out]
        if not len(there):
            continue
        leads = place == 1 and float(there["p_best"].iloc[0]) >= certainty
        winners = there.iloc[:1] if leads or len(there) == 1 else there
        for row in _rows(winners):
            outcome = "held" if row["entity"] in held else "awarded" if len(winners) == 1 else "shared"
            rows.append(_row(group, row, place, outcome, held.get(row["entity"], "")))
        given += len(winners)
    return rows


def _rows(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return frame.to_dict("records")


def _row(group: str, row: Mapping[Hashable, Any], place: int, outcome: str, reason: str) -> list[object]:
    return [group, row["entity"], place, row["score"], row["p_best"], outcome, reason]

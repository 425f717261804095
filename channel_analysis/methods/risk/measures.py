"""Measures as indicators use them: shares, changes, and what a partner's peers make of the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

WEIGHT = 10.0
"""So many observations of the type's rate are added to a partner's own before it is taken."""


class Measures:
    """Columns of the panel of measures, and what a partner's peers (same snapshot and type) make of them."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._peers = _codes(frame, "snapshot", "channel_type")
        self._places = _codes(frame, "snapshot", "region")

    def __getitem__(self, name: str) -> Floats:
        """A measure as floats."""
        return self._frame[name].to_numpy(dtype=np.float64)

    def pooled(self, values: Floats, over: str = "channel_type") -> Floats:
        """The sum over all peers (or all partners of the region) at the snapshot, for each row."""
        codes = self._peers if over == "channel_type" else self._places
        return np.asarray(np.bincount(codes, np.nan_to_num(values))[codes]) if len(codes) else values

    def everywhere(self, values: Floats) -> Floats:
        """The sum over all partners at the snapshot, for each row."""
        codes = _codes(self._frame, "snapshot")
        return np.asarray(np.bincount(codes, np.nan_to_num(values))[codes]) if len(codes) else values

    def shrunk(self, events: str, of: str, per: float = 1.0) -> Floats:
        """(events + WEIGHT x the type's rate) / (of + WEIGHT), times `per`; NaN without any observation."""
        happened, seen = self[events], self[of]
        some = (seen > 0) & ~np.isnan(happened)
        rate = share(self.pooled(np.where(some, happened, 0)), self.pooled(np.where(some, seen, 0)))
        return np.where(some, (happened + WEIGHT * rate) / (np.where(some, seen, 1) + WEIGHT), np.nan) * per

    def pace(self, recent: str, year: str) -> Floats:
        """The recent part of a partner's year over the same part of its type's year: 1 keeps pace.

        Both years hold the same months, so seasons cancel out. Only partners with a whole year count.
        """
        whole = self["trade_months"] > 12
        own, all_of = np.maximum(self[recent], 0), np.maximum(self[year], 0)
        usual = share(self.pooled(np.where(whole, own, 0)), self.pooled(np.where(whole, all_of, 0)))
        return np.where(whole, np.minimum(share(share(own, all_of), usual), 4.0), np.nan)

    def change(self, now: str, before: str, needs: int) -> Floats:
        """(now - before) / (now + before) of partners that traded through both; -1 to 1."""
        late, early = np.maximum(self[now], 0), np.maximum(self[before], 0)
        compared = (self["trade_months"] > needs) & (early > 0)
        return np.where(compared, share(late - early, late + early), np.nan)

    def place(self, name: str) -> Floats:
        """The share of peers that a partner exceeds or equals in a measure."""
        ranks = pd.Series(self[name]).groupby(self._peers).rank(pct=True)
        return ranks.to_numpy(dtype=np.float64)


def share(part: Floats, whole: Floats) -> Floats:
    """A part of a whole; NaN where the whole is not above zero."""
    positive = whole > 0
    return np.where(positive, part / np.where(positive, whole, 1.0), np.nan)


def _codes(frame: pd.DataFrame, *columns: str) -> npt.NDArray[np.int64]:
    """A number for each combination of columns, the same whatever else is in the frame's index."""
    found = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes, names = pd.factorize(frame[column])
        found = found * (len(names) + 1) + codes
    return np.asarray(pd.factorize(found)[0], dtype=np.int64)

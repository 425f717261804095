"""Altman's three scores, each with its own coefficients and its own zones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Altman:
    """One variant: weights of the five ratios, a constant, and where its zones begin.

    The ratios are working capital, retained earnings and EBIT over total assets, equity over total
    liabilities, sales over total assets. `at_market` says that equity is taken at its market value.
    """

    weights: tuple[float, float, float, float, float]
    distress: float
    safe: float
    constant: float = 0.0
    at_market: bool = False

    def score(self, ratios: tuple[Floats, Floats, Floats, Floats, Floats]) -> Floats:
        """The score of each firm; NaN where a ratio it needs is."""
        parts = [weight * ratio for weight, ratio in zip(self.weights, ratios, strict=True) if weight]
        return np.asarray(self.constant + sum(parts))

    def zone(self, score: float) -> str:
        """The zone of a score: "distress", "grey" or "safe"; "" when there is none.

        Examples
        --------
        >>> ALTMAN["Z''"].zone(1.0), ALTMAN["Z''"].zone(2.0), ALTMAN["Z"].zone(3.0)
        ('distress', 'grey', 'safe')
        """
        if np.isnan(score):
            return ""
        return "distress" if score < self.distress else "safe" if score > self.safe else "grey"


ALTMAN = {
    "Z": Altman((1.2, 1.4, 3.3, 0.6, 1.0), 1.81, 2.99, at_market=True),
    "Z'": Altman((0.717, 0.847, 3.107, 0.420, 0.998), 1.23, 2.90),
    "Z''": Altman((6.56, 3.26, 6.72, 1.05, 0.0), 1.10, 2.60),
    "Z'' emerging": Altman((6.56, 3.26, 6.72, 1.05, 0.0), 4.35, 5.85, constant=3.25),
}
"""Altman (1968); (1983) private firms; (1995) firms that do not manufacture, and emerging markets."""

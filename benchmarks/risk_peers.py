"""What the benchmark of risk sets beside `train_risk`: learners from elsewhere, and rules of one feature.

Each takes training features and labels and gives what scores other rows, as probabilities (of rules:
anything that rises with risk). Text columns are none of theirs: frames hold floats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float64]]
Scorer = Callable[[pd.DataFrame], Floats]
Fit = Callable[[pd.DataFrame, Floats], Scorer]


def light_gbm(x: pd.DataFrame, y: Floats) -> Scorer:
    """LightGBM with usual settings."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(
        n_estimators=200,
        learning_rate=0.05,
        num_leaves=15,
        min_child_samples=50,
        reg_lambda=1.0,
        n_jobs=1,
        random_state=0,
        verbose=-1,
    )
    model.fit(x.to_numpy(), y)
    return lambda other: model.predict_proba(other.to_numpy())[:, 1]


def full_boosting(x: pd.DataFrame, y: Floats) -> Scorer:
    """scikit-learn's boosting, free to combine features."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=200,
        max_leaf_nodes=15,
        min_samples_leaf=50,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    model.fit(x.to_numpy(), y)
    return lambda other: model.predict_proba(other.to_numpy())[:, 1]


def scorecard(x: pd.DataFrame, y: Floats) -> Scorer:
    """A points scorecard: bins and weights of evidence by optbinning, missing values a bin of their own."""
    from optbinning import BinningProcess
    from sklearn.linear_model import LogisticRegression

    names = list(x.columns)
    bins = BinningProcess(names, max_n_prebins=12, n_jobs=1)
    woe = bins.fit_transform(x, y, metric="woe", metric_missing="empirical")
    model = LogisticRegression(C=0.1, max_iter=500).fit(np.asarray(woe), y)

    def score(other: pd.DataFrame) -> Floats:
        told = bins.transform(other, metric="woe", metric_missing="empirical")
        return model.predict_proba(np.asarray(told))[:, 1]

    return score


def logistic(x: pd.DataFrame, y: Floats) -> Scorer:
    """Logistic regression on standardised features, medians for what is missing."""
    from sklearn.preprocessing import StandardScaler

    return _logistic(x, y, [StandardScaler()], with_flags=False)


def logistic_of_ranks(x: pd.DataFrame, y: Floats) -> Scorer:
    """Logistic regression on normal scores of ranks, with a flag for what is missing."""
    from sklearn.preprocessing import QuantileTransformer

    ranks = QuantileTransformer(n_quantiles=200, output_distribution="normal", random_state=0)
    return _logistic(x, y, [ranks], with_flags=True)


def _logistic(x: pd.DataFrame, y: Floats, steps: list[Any], with_flags: bool) -> Scorer:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    impute = SimpleImputer(strategy="median", add_indicator=with_flags, keep_empty_features=True)
    model = make_pipeline(impute, *steps, LogisticRegression(C=0.1, max_iter=500))
    model.fit(x.to_numpy(), y)
    return lambda other: model.predict_proba(other.to_numpy())[:, 1]


def points(signs: dict[str, int]) -> Fit:
    """Our own points scorecard, the champion's twin."""

    def fit(x: pd.DataFrame, y: Floats) -> Scorer:
        from channel_analysis.methods.risk.calibration import probability_of
        from channel_analysis.methods.risk.points import fit_points
        from channel_analysis.methods.risk.steps import log_odds_of

        card = fit_points(x, y, {name: sign for name, sign in signs.items() if name in x.columns})
        return lambda other: probability_of(log_odds_of(dict(card.tables), card.intercept, other))

    return fit


def rule(feature: str, sign: int) -> Fit:
    """One feature alone, without a fit; missing counts as usual."""

    def fit(x: pd.DataFrame, _y: Floats) -> Scorer:
        usual = float(np.nanmedian(x[feature]))
        return lambda other: sign * other[feature].fillna(usual).to_numpy()

    return fit


PEERS: dict[str, Fit] = {
    "LightGBM": light_gbm,
    "boosting with interactions (scikit-learn)": full_boosting,
    "points scorecard (optbinning)": scorecard,
    "logistic, raw": logistic,
    "logistic, ranks and flags": logistic_of_ranks,
}

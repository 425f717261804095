"""All that is told about a model beside its tables: how good, how early, on what data, with what versions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from ...metrics.intervals import wilson_interval
from .additive import Additive, Recipe, fit_additive
from .calibration import Affine, probability_of, spread_of
from .comparison import CHAMPION, TWIN, Compared, Learnt, scorer_of
from .drift import reference_of
from .gains import auc, calibration_table, gains_table
from .lead_time import lead_time
from .model import Declared, Record, Reference, RiskModel, Sureness, Verdict
from .panel import Floats, Ints, Spec
from .split import Fold, is_purged
from .steps import contributions_of

SHARES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.30, 0.50)
NAMED_VERSIONS = ("channel_analysis", "scikit-learn", "numpy", "pandas")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the comparison led to: the model's kind, its verdict, and whether it was calibrated."""

    kind: str
    verdict: Verdict
    events: int
    is_calibrated: bool = False
    gain: float = 0.0
    line: Affine = field(default_factory=Affine)


def endings_in(learnt: Learnt, spec: Spec) -> pd.DataFrame:
    """Runs of consecutive steps labelled 1: each is one bad end (entity, last step of the run).

    A run's last row is the last before which the end had not come; without a period every row labelled
    1 is one.
    """
    bad = np.flatnonzero(learnt.y == 1)
    found = pd.DataFrame({"entity": learnt.entities[bad], "step": learnt.steps[bad]})
    if spec.period is None:
        return found.reset_index(drop=True)
    found = found.sort_values(["entity", "step"], kind="stable").reset_index(drop=True)
    follows = found["entity"].eq(found["entity"].shift(-1)) & (found["step"].shift(-1) - found["step"] <= 1)
    return found[~follows].reset_index(drop=True)


def described(
    learnt: Learnt,
    spec: Spec,
    fitted: Additive,
    compared: Compared,
    outcome: Outcome,
    folds: Sequence[Fold],
    seed: int,
) -> RiskModel:
    """The model with everything that is told about it."""
    return RiskModel(
        kind=outcome.kind,
        verdict=outcome.verdict,
        declared=_declared(spec),
        intercept=fitted.intercept,
        tables=dict(fitted.tables),
        base_rate=float(learnt.y.mean()),
        rows=len(learnt.y),
        entities=len(set(learnt.entities.tolist())),
        events=outcome.events,
        first=_step_text(learnt.steps.min(), spec),
        until=_step_text(learnt.steps.max(), spec),
        split="none" if not folds else "time" if is_purged(folds, compared.learnt.steps) else "entity",
        folds=len(folds),
        is_calibrated=outcome.is_calibrated,
        calibration_gain=outcome.gain,
        sureness=_sureness(learnt, fitted, compared, outcome),
        strength=_strength(fitted, learnt.x),
        usual={str(feature): float(m) for feature, m in learnt.x.median().items() if not math.isnan(m)},
        reference=_references(fitted, learnt.x),
        versions={package: version(package) for package in NAMED_VERSIONS},
        **_tested(compared, outcome, spec, seed),
    )


def _tested(compared: Compared, outcome: Outcome, spec: Spec, seed: int) -> dict[str, Any]:
    """How good the model was on what it had not seen; nothing where the events are too few to tell."""
    if outcome.verdict == "too_few" or "auc" not in compared.table.columns:
        return {}
    scores, rows = _out_of_fold(compared, outcome.kind), compared.tested
    own = compared.table.set_index("model").loc[_tried(compared, outcome.kind)]
    return {
        **{name: float(own[name]) for name in ("auc", "auc_low", "auc_high")},
        "random_auc": _random_auc(compared.learnt, spec, seed),
        "models": records_of(compared.table),
        "gains": records_of(_gains(compared, scores, rows)),
        "calibration": records_of(_calibration(compared, outcome.line(scores), rows, spec)),
        "lead_time": records_of(_lead_time(compared, scores, rows, spec)),
    }


def _strength(fitted: Additive, x: pd.DataFrame) -> dict[str, float]:
    """What share of all that is said each feature says: its mean distance from what is usual."""
    weight = contributions_of(fitted.tables, x).abs().mean()
    total = max(float(weight.sum()), 1e-12)
    return {str(feature): float(own) / total for feature, own in weight.items()}


def _references(fitted: Additive, x: pd.DataFrame) -> dict[str, Reference]:
    return {
        name: Reference(thresholds=tuple(told["thresholds"]), counts=tuple(told["counts"]))
        for name, told in reference_of(x[list(fitted.tables)]).items()
    }


def records_of(frame: pd.DataFrame) -> tuple[Record, ...]:
    """Rows as plain values, what is missing as None."""
    return tuple(
        {str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")
    )


def _sureness(learnt: Learnt, fitted: Additive, compared: Compared, outcome: Outcome) -> Sureness | None:
    """From scores out of fold; where everybody has the base rate, from how often the rate held.

    Untested scores have the level's own uncertainty, and their slope is believed to a half.
    """
    if outcome.verdict == "too_few":
        level, half = float(np.log(learnt.y.mean() / (1 - learnt.y.mean()))), 0.25
        own = 1 / (outcome.events + 0.5) + half * level**2
        return Sureness(variance_shift=own, covariance=-half * level, variance_slope=half)
    if outcome.kind == "base_rate":
        scores, y, who = np.full(len(learnt.y), fitted.intercept), learnt.y, learnt.entities
    else:
        rows = compared.tested
        scores, y = _out_of_fold(compared, outcome.kind)[rows], compared.learnt.y[rows]
        scores, who = outcome.line(scores), compared.learnt.entities[rows]
    if not len(y):
        return None
    found = spread_of(scores, y, who.tolist())
    return Sureness(
        shift=found.line.shift,
        slope=found.line.slope,
        variance_shift=found.variance_shift,
        covariance=found.covariance,
        variance_slope=found.variance_slope,
    )


def _declared(spec: Spec) -> Declared:
    return Declared(
        label=spec.label,
        entity=spec.entity,
        period=spec.period,
        horizon=spec.horizon,
        gap=spec.gap,
        families=dict(spec.families),
        signs=dict(spec.signs),
        missing=spec.missing,
    )


def _tried(compared: Compared, kind: str) -> str:
    """The model that was judged: the one kept, or which would have been kept had it told anything."""
    if kind in compared.scores.columns:
        return kind
    return CHAMPION if CHAMPION in compared.scores.columns else TWIN


def _out_of_fold(compared: Compared, kind: str) -> Floats:
    found: Floats = compared.scores[_tried(compared, kind)].to_numpy()
    return found


def _random_auc(learnt: Learnt, spec: Spec, seed: int) -> float | None:
    """AUC on rows picked at random: what it is above the honest figure, the split would have leaked."""
    rng = np.random.default_rng(seed)
    test = rng.random(len(learnt.y)) < 0.2
    if min(len(np.unique(learnt.y[test])), len(np.unique(learnt.y[~test]))) < 2:
        return None
    past = learnt.take(np.flatnonzero(~test))
    model = fit_additive(past.x, past.y, spec.signs, past.entities.tolist(), Recipe(bags=1))
    return float(auc(learnt.y[test], scorer_of(model)(learnt.x[test])))


def _gains(compared: Compared, scores: Floats, rows: Ints) -> pd.DataFrame:
    """Within each step, as reviewers pick."""
    learnt = compared.learnt
    return gains_table(learnt.y[rows], scores[rows], SHARES, learnt.steps[rows])


def _calibration(compared: Compared, scores: Floats, rows: Ints, spec: Spec) -> pd.DataFrame:
    """Ten bins; labels of neighbouring steps overlap, so that their rows count for one window each."""
    found = calibration_table(probability_of(scores[rows]), compared.learnt.y[rows])
    overlap = max(spec.horizon, 1) if spec.period is not None else 1
    n = np.maximum(found["n"].to_numpy(dtype=np.float64) / overlap, 1.0)
    low, high = wilson_interval(found["observed"].to_numpy(dtype=np.float64) * n, n)
    return found.assign(low=low, high=high)


def _lead_time(compared: Compared, scores: Floats, rows: Ints, spec: Spec) -> pd.DataFrame:
    learnt = compared.learnt
    if spec.period is None or not len(rows):
        return pd.DataFrame()
    last = endings_in(learnt, spec).groupby("entity")["step"].max()
    ends = {name: int(step) + spec.gap + 1 for name, step in last.items()}
    return lead_time(learnt.entities[rows], learnt.steps[rows], scores[rows], ends)


def _step_text(step: int, spec: Spec) -> str:
    """A step as a reader writes it: a month of dates, else the number."""
    if spec.period is None:
        return ""
    return f"{step // 12:04d}-{step % 12 + 1:02d}" if step > 9999 else str(step)


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else float(value)
    if isinstance(value, np.bool_):
        return bool(value)
    return int(value) if isinstance(value, np.integer) else value

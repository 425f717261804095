"""From a panel to a model: gate, folds, comparison, calibration, choice, and what is told about all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...errors import InputError, Problem
from .additive import Additive, Recipe, fit_additive
from .calibration import Affine, calibrated
from .comparison import (
    TWIN,
    Compared,
    Learnt,
    Progress,
    compare,
    fit_deployable,
    fitters_of,
    sample_of,
    scorer_of,
)
from .describe import Outcome, described, endings_in
from .gains import auc
from .gate import find_leaks, refuse_leaks
from .model import RiskModel, Verdict
from .panel import Floats, Spec, labels_in, numbers_of, panel_hash, spec_of, steps_of
from .split import Fold, PurgedPanelSplit, entity_split, is_purged

LEAST_EVENTS = 10
"""With fewer events nothing can be tested: the order follows from the signs, and the verdict says so."""

WORTH = 0.55
"""Ahead in fewer than 55 of 100 pairs is no ground for a warning: sizes alone tell as much."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is fitted and judged."""

    recipe: Recipe
    minimum_events: int
    folds: int
    draws: int
    seed: int


def train_risk(
    panel: pd.DataFrame,
    label: str,
    entity: str,
    period: str | None,
    horizon: int,
    gap: int,
    families: Mapping[str, Sequence[str]] | None = None,
    signs: Mapping[str, int] | None = None,
    *,
    references: Mapping[str, object] | None = None,
    rules: Mapping[str, str] | None = None,
    recipe: Recipe | None = None,
    minimum_events: int = 50,
    folds: int = 5,
    draws: int = 300,
    seed: int = 0,
    progress: Progress = lambda _what, _done, _of: None,
) -> RiskModel:
    """Train a model of risk on any panel of entities and periods.

    Parameters
    ----------
    panel : DataFrame
        One row per entity and period, with what was known at the period's end.
    label : str
        Column: 1 where the entity came to a bad end in (t + gap, t + gap + horizon], 0 where it did
        not, missing where that is not known yet.
    entity, period : str
        Columns. Without a period (None) folds are by entity, and nothing is said about the future.
    horizon, gap : int
        In periods: months where the period column holds dates, else its own steps.
    families : mapping of str to list of str
        Features by family, such as {"sales": [...], "finance": [...]}; without it all numeric columns.
    signs : mapping of str to int
        Features of which more is riskier (1) or less is (-1); the model never says otherwise.
    references : mapping of str to estimator
        Classifiers of scikit-learn's manner that become rows of the comparison; they are never kept.
    rules : mapping of str to str
        Features that plain rules go by: "recency" (more is riskier), "trend" (less is riskier).
    minimum_events : int
        What the signs say counts as much as so many bad ends do; with fewer of them only a points scorecard
        and simple rules are tried.

    Raises
    ------
    InputError
        For columns that are not there, values that are none, and every leak found in the panel.

    Returns
    -------
    RiskModel
        Additive in log-odds; see its `verdict` for what it is worth.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> partner, year = np.repeat(np.arange(150), 12), np.tile(np.arange(2010, 2022), 150)
    >>> panel = pd.DataFrame({"partner": partner, "year": year})
    >>> panel["overdue"] = rng.normal(size=len(panel))
    >>> odds = np.exp(2 * panel["overdue"] - 2)
    >>> panel["failed"] = (rng.random(len(panel)) < odds / (1 + odds)).astype(float)
    >>> model = train_risk(panel, label="failed", entity="partner", period="year", horizon=1, gap=0,
    ...     families={"finance": ["overdue"]}, signs={"overdue": 1}, draws=50)
    >>> model.verdict, model.auc_low > 0.7
    ('told', True)
    """
    spec = spec_of(panel, label, entity, period, horizon, gap, families, signs)
    labels = labels_in(panel, label)
    steps = steps_of(panel[period]) if period is not None else np.zeros(len(panel), dtype=np.int64)
    known = np.flatnonzero(~np.isnan(labels))
    if len(np.unique(labels[known])) < 2:
        what = "no row came to a bad end" if not (labels == 1).any() else "every row came to a bad end"
        fix = "give rows of both kinds, each with a whole outcome window"
        raise InputError([Problem(f"panel column {label}", what, fix)])
    own = panel.iloc[known].reset_index(drop=True)
    split = _folds(spec, steps[known], own[entity].to_numpy(), folds)
    progress("looking for leaks", 0, 1)
    shuffled = _shuffled(own, labels[known], split, spec, seed)
    in_time = split if period is not None and is_purged(split, steps[known]) else ()
    refuse_leaks(
        find_leaks(own, spec.features, label, entity, period, horizon, gap, in_time, shuffled, spec.families)
    )
    x, names = numbers_of(own, spec.features), own[entity].map(str).to_numpy(dtype=object)
    learnt = Learnt(x, labels[known], names, steps[known])
    settings = Settings(recipe or Recipe(), minimum_events, folds, draws, seed)
    model = _model(learnt, spec, references or {}, rules or {}, settings, progress)
    return model.model_copy(update={"data": panel_hash(panel, [*_keys(spec), *spec.features])})


def _keys(spec: Spec) -> list[str]:
    return [name for name in (spec.entity, spec.period, spec.label) if name is not None]


def _folds(spec: Spec, steps: np.ndarray, entities: np.ndarray, folds: int) -> list[Fold]:
    """Purged folds in time; by entity without a period, or where the steps are too few."""
    if spec.period is not None:
        found = PurgedPanelSplit(spec.horizon, spec.gap, folds).split(steps)
        if found:
            return found
    return entity_split(entities.tolist(), folds)


def _shuffled(own: pd.DataFrame, y: Floats, folds: Sequence[Fold], spec: Spec, seed: int) -> float | None:
    """AUC of the champion on labels dealt out at random: 0.5, unless rows of the test were learnt."""
    numeric = [name for name in spec.features if pd.api.types.is_numeric_dtype(own.dtypes[name])]
    if not folds or not numeric:
        return None
    train, test = folds[-1]
    dealt = np.random.default_rng(seed).permutation(y)
    if min(dealt[train].sum(), dealt[test].sum()) < 20:
        return None
    x = own[numeric].astype(np.float64).replace([np.inf, -np.inf], np.nan)
    names = own[spec.entity].map(str).to_numpy(dtype=object)
    past = sample_of(Learnt(x, dealt, names, np.zeros(len(y), dtype=np.int64)).take(train), 20_000)
    model = fit_additive(past.x, past.y, spec.signs, past.entities.tolist(), Recipe(rounds=40, bags=1))
    return float(auc(dealt[test], scorer_of(model)(x.iloc[test])))


def _model(
    learnt: Learnt,
    spec: Spec,
    references: Mapping[str, object],
    rules: Mapping[str, str],
    settings: Settings,
    progress: Progress,
) -> RiskModel:
    events = len(endings_in(learnt, spec))
    is_few = events < settings.minimum_events
    trust = events / (events + settings.minimum_events) if events >= LEAST_EVENTS else 0.0
    sample = sample_of(learnt)
    split = _folds(spec, sample.steps, sample.entities, settings.folds)
    fitters = fitters_of(spec, settings.recipe, trust, references, rules)
    if is_few:
        fitters = {TWIN: fitters[TWIN], **_simple_ones(fitters)}
    compared = compare(sample, split, fitters, settings.draws, settings.seed, progress)
    verdict = _verdict(compared, events, is_few)
    progress("fitting the model on all rows", 0, 1)
    if verdict == "nothing_told":
        fitted, outcome = Additive({}, _level(learnt.y)), Outcome("base_rate", verdict, events)
    else:
        kind = TWIN if is_few else compared.chosen
        line, is_calibrated, gain = calibrated(_blocks(compared, kind))
        names = learnt.entities.tolist()
        fitted = fit_deployable(kind, learnt.x, learnt.y, names, spec, settings.recipe, trust)
        fitted = _on_line(fitted, line)
        outcome = Outcome(kind, verdict, events, is_calibrated, gain, line)
    return described(learnt, spec, fitted, compared, outcome, split, settings.seed)


def _simple_ones(fitters: Mapping[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """Simple rules, logistic regression and references: what is compared where events are few."""
    return {
        name: (kind, fit)
        for name, (kind, fit) in fitters.items()
        if kind in ("rule", "reference") or name == "logistic"
    }


def _verdict(compared: Compared, events: int, is_few: bool) -> Verdict:
    """What can be told: nothing unless the interval of the AUC lies above `WORTH`."""
    if events < LEAST_EVENTS:
        return "too_few"
    table = compared.table.set_index("model")
    if "auc_low" not in table.columns:
        return "too_few"
    low = table.at[TWIN if is_few else compared.chosen, "auc_low"]
    if not low > WORTH:
        return "nothing_told"
    return "few_events" if is_few else "told"


def _level(y: Floats) -> float:
    rate = float(np.clip(y.mean(), 1e-6, 1 - 1e-6))
    return float(np.log(rate / (1 - rate)))


def _blocks(compared: Compared, model: str) -> list[tuple[Floats, Floats]]:
    """Scores and labels of each block of time, those without either outcome left out."""
    scores, y = compared.scores[model].to_numpy(), compared.learnt.y
    numbers = range(int(compared.block.max(initial=-1)) + 1)
    blocks = [(scores[compared.block == number], y[compared.block == number]) for number in numbers]
    return [block for block in blocks if len(np.unique(block[1])) == 2]


def _on_line(fitted: Additive, line: Affine) -> Additive:
    """The model with its calibration folded into its tables."""
    tables = {name: steps.scaled(line.slope) for name, steps in fitted.tables.items()}
    return Additive(tables, line.shift + line.slope * fitted.intercept)

"""The model as it is kept: a JSON file of step tables with all that is known about how good it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from ...contracts.settings import Rules, validated, wrong
from ...errors import InputError, Problem
from ...files import written_beside
from ...store.engine import quoted
from .calibration import Affine, Spread, probability_of
from .panel import MOST_FEATURES, Floats, Spec, numbers_of
from .steps import Steps, contributions_of, log_odds_of, log_odds_sql

MOST_BYTES = 20_000_000
COLUMNS = {
    "models": ["model", "kind", "auc", "auc_low", "auc_high", "average_precision", "brier", "log_loss",
               "recall_5", "difference", "difference_low", "difference_high", "chosen"],
    "gains": ["share", "partners", "events", "found", "found_low", "found_high", "precision",
              "precision_low", "precision_high"],
    "calibration": ["predicted", "observed", "low", "high", "n"],
    "lead_time": ["months", "flagged", "low", "high", "n", "false_flags"],
    "endings": ["ending", "events", "rows"],
}  # fmt: skip
"""Columns of the tables that a model tells; all there are where a table is empty."""

Name = Annotated[str, Field(min_length=1, max_length=300)]
Text = Annotated[str, Field(max_length=2000)]
Record = dict[Name, bool | int | float | Text | None]
Records = Annotated[tuple[Record, ...], Field(max_length=5000)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]

Verdict = Literal["told", "few_events", "nothing_told", "too_few"]


class Declared(Rules):
    """The panel a model was fitted on: see `Spec`."""

    label: Name
    entity: Name
    period: Name | None
    horizon: int = Field(ge=0, le=1200)
    gap: int = Field(ge=0, le=1200)
    families: dict[Name, tuple[Name, ...]]
    signs: dict[Name, Literal[-1, 0, 1]] = {}
    missing: tuple[Name, ...] = ()


class Reference(Rules):
    """How a feature was spread at the fit: rows up to each threshold, beyond, and without value."""

    thresholds: tuple[float, ...] = Field(max_length=200)
    counts: tuple[Annotated[float, Field(ge=0, le=1e12)], ...] = Field(max_length=202)

    @model_validator(mode="after")
    def _fit(self) -> Reference:
        if len(self.counts) != len(self.thresholds) + 2:
            what = f"{len(self.thresholds)} thresholds with {len(self.counts)} counts"
            raise wrong(what, "give two counts more than thresholds")
        if any(low >= high for low, high in zip(self.thresholds, self.thresholds[1:], strict=False)):
            raise wrong("the thresholds do not rise", "sort them, each once")
        return self


class Sureness(Rules):
    """How sure the level of scores is: see `calibration.Spread`."""

    shift: float = Field(0.0, ge=-50, le=50)
    slope: float = Field(1.0, ge=0, le=50)
    variance_shift: float = Field(0.0, ge=0, le=1e6)
    covariance: float = Field(0.0, ge=-1e6, le=1e6)
    variance_slope: float = Field(0.0, ge=0, le=1e6)


class ColdStart(Rules):
    """What is believed of partners too new for the model: `events` of `n` such partners, and the rate."""

    rate: Share
    events: Count
    n: Count


class RiskModel(Rules):
    """An additive model of risk.

    log-odds = `intercept` + one step function per feature. `verdict` says what it is worth: "told";
    "few_events": learnt in part, the rest from signs; "too_few": from signs, untested; "nothing_told":
    hardly better than chance, so there are no tables and everybody has the base rate. `models`, `gains`,
    `calibration`, `lead_time` and `endings` are the rows of the tables that `risks.PartnerRisk`
    describes, `strength` is what share of the usual weight each feature carries, `usual` each
    feature's median.
    """

    format: Literal["channel_analysis risk model 1"] = "channel_analysis risk model 1"
    kind: Literal["additive", "points", "base_rate"]
    verdict: Verdict
    declared: Declared
    intercept: float = Field(ge=-100, le=100)
    tables: dict[Name, Steps] = Field(max_length=MOST_FEATURES)
    base_rate: Share
    rows: Count
    entities: Count
    events: Count
    first: Text = ""
    until: Text = ""
    split: Literal["time", "entity", "none"]
    folds: Count
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    random_auc: float | None = None
    is_calibrated: bool = False
    sureness: Sureness | None = None
    cold_start: ColdStart | None = None
    calibration_gain: float = 0.0
    models: Records = ()
    gains: Records = ()
    calibration: Records = ()
    lead_time: Records = ()
    endings: Records = ()
    strength: dict[Name, float] = {}
    usual: dict[Name, float] = {}
    reference: dict[Name, Reference] = {}
    notes: dict[Name, Text] = {}
    data: Annotated[str, Field(max_length=64)] = ""
    versions: dict[Name, Name] = {}

    @model_validator(mode="after")
    def _tables_are_declared(self) -> RiskModel:
        strangers = sorted(set(self.tables) - set(self.features))
        if strangers:
            fix = "each table belongs to a feature of a declared family"
            raise wrong(f"there are tables of undeclared features: {', '.join(strangers[:5])}", fix)
        return self

    @property
    def features(self) -> tuple[str, ...]:
        """All declared features, family by family."""
        return tuple(name for names in self.declared.families.values() for name in names)

    @property
    def spec(self) -> Spec:
        """What the model was fitted on."""
        return Spec(**dict(self.declared))

    @property
    def family(self) -> dict[str, str]:
        """The family of each feature."""
        return {name: family for family, names in self.declared.families.items() for name in names}

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Each feature's part of the log-odds, rows as in `frame`; with `intercept` they add up to them."""
        return contributions_of(self.tables, self._numbers(frame))

    def log_odds(self, frame: pd.DataFrame) -> Floats:
        """The log-odds of each row; InputError when a feature the model needs is not there."""
        return log_odds_of(self.tables, self.intercept, self._numbers(frame))

    def probability(self, frame: pd.DataFrame) -> Floats:
        """The probability of a bad end within the horizon, of each row."""
        return probability_of(self.log_odds(frame))

    def interval(self, log_odds: Floats) -> tuple[Floats, Floats]:
        """Probabilities between which the true rate of such scores lies (90 %), NaN if unknown."""
        if self.sureness is None:
            return np.full(len(log_odds), np.nan), np.full(len(log_odds), np.nan)
        told = self.sureness
        spread = Spread(
            Affine(told.shift, told.slope), told.variance_shift, told.covariance, told.variance_slope
        )
        return spread.interval(log_odds)

    def coverage(self, frame: pd.DataFrame) -> Floats:
        """The share of the model's usual weight that is known of each row; 1 where there are no tables."""
        total = sum(self.strength.get(name, 0.0) for name in self.tables)
        known = np.zeros(len(frame))
        numbers = self._numbers(frame)
        for name in self.tables:
            known += self.strength.get(name, 0.0) * numbers[name].notna().to_numpy()
        return known / total if total > 0 else np.ones(len(frame))

    def sql(self, source: str) -> str:
        """A query that adds the column `log_odds` to a table or view of an engine."""
        return f"SELECT *, {log_odds_sql(self.tables, self.intercept)} AS log_odds FROM {quoted(source)}"

    def table(self, name: str) -> pd.DataFrame:
        """One of `models`, `gains`, `calibration`, `lead_time`, `endings` as a frame."""
        rows = list(getattr(self, name))
        return pd.DataFrame(rows) if rows else pd.DataFrame(columns=COLUMNS[name])

    def to_json(self) -> str:
        """The file's text: the same bytes for the same model."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def save(self, path: Path | str) -> None:
        """Write the file, whole or not at all."""
        with written_beside(Path(path)) as temporary:
            temporary.write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def load(path: Path | str) -> RiskModel:
        """Read a file; InputError says what is wrong with it."""
        path = Path(path)
        try:
            if path.stat().st_size > MOST_BYTES:
                what = f"it has more than {MOST_BYTES // 1_000_000} MB"
                raise InputError([Problem(str(path), what, "no model is as large: train it anew")])
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            what = f"cannot be read: {error.strerror or error}"
            raise InputError([Problem(str(path), what, "train a model, or correct the path")]) from None
        except UnicodeDecodeError:
            raise InputError(
                [Problem(str(path), "this is no text in UTF-8", "train the model anew")]
            ) from None
        return RiskModel.from_json(text, str(path))

    @staticmethod
    def from_json(text: str, where: str = "model") -> RiskModel:
        """The model in a text; InputError says what is wrong with it."""
        try:
            told = json.loads(text, parse_constant=_refused, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            what = f"this is no JSON that a model could stand in: {str(error)[:200] or 'too deep'}"
            raise InputError([Problem(where, what, "train the model anew")]) from None
        if not isinstance(told, dict):
            raise InputError([Problem(where, f"a {type(told).__name__} is no model", "train the model anew")])
        try:
            return validated(RiskModel, told, where)
        except InputError as error:
            raise InputError(error.problems[:20]) from None

    def _numbers(self, frame: pd.DataFrame) -> pd.DataFrame:
        return numbers_of(frame, list(self.tables))


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in it")
    return found

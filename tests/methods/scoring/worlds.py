"""Small worlds for the scoring engine: a rubric, and values of a few entities."""

import pandas as pd

from channel_analysis.contracts.rubric import Rubric
from channel_analysis.methods.scoring import Scored, score

RISING = {"floor": 0.0, "target": 1.0, "stretch": 2.0}
FALLING = {"floor": 2.0, "target": 1.0, "stretch": 0.0}
DIMENSIONS = {"sales": "result", "growth": "result", "share": "market", "csat": "customer", "cost": "cost"}
KPIS = list(DIMENSIONS)
EVEN = dict.fromkeys(KPIS, 0.2)
ANCHORS = {kpi: FALLING if kpi == "cost" else RISING for kpi in KPIS}
SCOPES = {
    "agent": ("agent", "indirect"),
    "retailer": ("retailer", "indirect"),
    "online": ("online", "direct"),
}


def rubric(weights=EVEN, anchors=ANCHORS, coverage=0.7, vetoes=None, caps=None, **own) -> Rubric:
    """Weights hold for indirect channel types; those of other scopes by name."""
    return Rubric.model_validate(
        {
            "coverage": coverage,
            "weights": {"indirect": weights, **own},
            "anchors": {"all": anchors},
            "vetoes": vetoes or {},
            "caps": caps or {},
        }
    )


def values(group="agent", **entities) -> pd.DataFrame:
    """Values by entity: a number, (number, standard error), None (kept back) or a reason it is missing."""
    rows = []
    for entity, kpis in entities.items():
        for kpi, told in kpis.items():
            value, se = told if isinstance(told, tuple) else (told, None)
            status = value if isinstance(value, str) else "no_rows" if value is None else "ok"
            value = None if isinstance(value, str) else value
            rows.append((entity, group, kpi, DIMENSIONS.get(kpi, "result"), value, se, status))
    columns = ["entity", "group", "kpi", "dimension", "value", "se", "status"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "se": float})


def scored(rules=None, given=None, draws=200, **entities) -> Scored:
    """The scores of a few agents."""
    return score(values(**entities) if given is None else given, rules or rubric(), SCOPES, draws=draws)


def row(rules=None, **kpis) -> pd.Series:
    """The scores of a single agent."""
    return scored(rules, a=kpis).scores.iloc[0]


def all_at(value) -> dict:
    """Every KPI at one value."""
    return dict.fromkeys(KPIS, value)

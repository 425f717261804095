"""What stands above and below a report: the banner, and the appendix with definitions, rules and inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..contracts.policy import Policy
from ..metrics.kpis import Kpi
from ..results import Appendix, Banner, DataQuality, Scope
from ..store.workspace import Workspace

WEIGHT_COLUMNS = [
    "rubric", "channel_type", "kpi", "weight", "floor", "target", "stretch", "too_low", "low", "high",
    "too_high",
]  # fmt: skip
"""Of anchors floor, target and stretch are filled, of bands the other four."""


def definitions_version(kpis: Mapping[str, Kpi], ws: Workspace) -> str:
    """A short name for the KPI definitions and rules in force; it changes when any of them does."""
    text = (
        repr(sorted((name, kpi.model_dump_json()) for name, kpi in kpis.items()))
        + ws.policy.model_dump_json()
    )
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def banner_of(
    ws: Workspace, quality: DataQuality, kpis: Mapping[str, Kpi], scope: Scope, report: str = "review"
) -> Banner:
    """What a report is about, as of when, and how sound its data are."""
    accounts = ws.facts().intake.accounts
    sales = ws.facts().intake.account("sales")
    return Banner(
        scope=scope,
        grade=quality.grade,
        rows_given=sum(account.rows_given for account in accounts),
        rows_set_aside=sum(account.rows_set_aside for account in accounts),
        rows_unreadable=sum(account.rows_unreadable for account in accounts),
        amount_set_aside=sales.amount_set_aside,
        definitions=definitions_version(kpis, ws),
        report=report,
    )


def appendix_of(
    ws: Workspace, kpis: Mapping[str, Kpi], scope: Scope, rubrics: Mapping[str, Sequence[str]]
) -> Appendix:
    """Definitions, the rules of rubrics (by their place in the policy) for channel types, and inputs."""
    definitions = [
        {
            "kpi": name,
            "unit": kpi.unit,
            "better": kpi.better,
            "version": kpi.version,
            **{f"definition_{language}": text for language, text in kpi.definition.items()},
        }
        for name, kpi in kpis.items()
    ]
    settings = ws.settings
    rows = [row for place, types in rubrics.items() for row in _rules(ws.policy, place, types)]
    return Appendix(
        definitions=pd.DataFrame(definitions),
        weights=pd.DataFrame(rows, columns=WEIGHT_COLUMNS),
        parameters={
            "period": scope.period,
            "currency": settings.company.currency,
            "fiscal_year_start": str(settings.company.fiscal_year_start),
            "mapping": settings.data.mapping,
            "bad_rows": settings.data.bad_rows,
        },
        fingerprints={
            "data": ws.facts().fingerprint[:16],
            "definitions": definitions_version(kpis, ws),
        },
        scope=scope,
    )


def _rules(policy: Policy, place: str, types: Sequence[str]) -> Iterator[dict[str, object]]:
    rubric: Any = policy
    for name in place.split("."):
        rubric = getattr(rubric, name)
    for channel_type in types:
        scopes = policy.scopes_of(channel_type)
        for kpi, weight in rubric.weights_of(scopes).items():
            anchors = rubric.anchors_of(scopes, kpi)
            ends = anchors.model_dump() if anchors else {}
            yield {"rubric": place, "channel_type": channel_type, "kpi": kpi, "weight": weight, **ends}

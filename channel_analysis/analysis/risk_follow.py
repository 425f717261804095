"""What became of the partners that earlier reports warned of."""

from __future__ import annotations

import datetime
from dataclasses import asdict

import numpy as np
import pandas as pd

from ..methods.risk.labels import labels_of
from ..methods.risk.watch import follow_up_of
from ..metrics.panel.grid import month_end, step_of
from ..metrics.panel.outcomes import partner_outcomes
from ..metrics.panel.snapshots import partner_snapshots
from ..store.alerts import Alert, earlier_alerts
from ..store.workspace import Workspace
from .risk_panel import STATE

COLUMNS = [
    "partner_id", "partner_name", "period", "issued_on", "probability", "band", "outcome", "ending", "days",
]  # fmt: skip


def followed(ws: Workspace, before: datetime.date, until: datetime.date) -> pd.DataFrame:
    """The warnings issued before a day, each with what came of it as far as it is known.

    Returns
    -------
    DataFrame
        `COLUMNS`, the newest period first; see `methods.risk.watch.follow_up_of`.
    """
    alerts = earlier_alerts(ws.root, before)
    if not alerts:
        return pd.DataFrame(columns=COLUMNS)
    told = pd.DataFrame([asdict(alert) for alert in alerts])
    found = follow_up_of(told, _outcomes(ws, alerts, until), until)
    dated = found["ending"].isin(["event", "churn"])
    found["days"] = found["days"].where(dated)
    names = _names(ws)
    found.insert(1, "partner_name", [names.get(name, name) for name in found["partner_id"]])
    order = found.assign(order=-found["probability"].fillna(-1))
    order = order.sort_values(
        ["issued_on", "order", "partner_id"], ascending=[False, True, True], kind="stable"
    )
    return found.loc[order.index, COLUMNS].reset_index(drop=True)


def _outcomes(ws: Workspace, alerts: list[Alert], until: datetime.date) -> pd.DataFrame:
    """Bad ends after the days of warnings: partner_id, ended_on, ending.

    What came within a window is dated by the partner's exit where there was one, else by the window's end.
    """
    facts, rules = ws.facts(), ws.policy.risk
    days = sorted({month_end(step_of(alert.as_of)) for alert in alerts})
    measures = partner_snapshots(facts.engine, facts.intake, ws.policy, days)
    outcomes = partner_outcomes(facts.engine, facts.intake, ws.policy, days, until)
    keys = ["partner_id", "snapshot"]
    rows = measures[[*keys, *STATE]].merge(outcomes, on=keys, how="left", validate="one_to_one")
    labels = labels_of(rows, rules)
    ended = (labels["label"] == 1).to_numpy()
    left = rows["exit_on"].notna().to_numpy() & (rows["exit_on"] <= pd.Timestamp(until)).to_numpy()
    in_window = left & (rows["exit_on"] <= rows["window_end"]).to_numpy()
    reason = rows["exit_reason"].map({"ours": "ours", "failure": "event"}).fillna("churn")
    return pd.DataFrame(
        {
            "partner_id": rows["partner_id"],
            "ended_on": rows["exit_on"].where(in_window, rows["window_end"]),
            "ending": np.where(ended & (labels["ending"] != ""), labels["ending"], reason),
        }
    )[ended | in_window].drop_duplicates()


def _names(ws: Workspace) -> dict[str, str]:
    rows = ws.facts().engine.query("SELECT partner_id, partner_name FROM partners").to_pylist()
    return {row["partner_id"]: row["partner_name"] for row in rows if row["partner_name"]}

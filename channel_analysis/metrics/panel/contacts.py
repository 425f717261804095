"""What we and a partner did together: visits, training, programmes, leads, as known at each month's end."""

from __future__ import annotations

import numpy as np

from ...contracts.policy import Policy
from ...store.engine import Engine
from .grid import Floats, Grid, known_facts, known_sql, month_sql
from .parts import Part


def visits(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Visits planned and done in 3 and 12 months; one done after a month's end was not done yet."""
    planned = grid.read(engine, _counted(known_facts("visits", "planned_on", grid, "partner_id")))
    facts = known_facts("visits", "done_on", grid, "partner_id")
    done = grid.read(engine, _counted(f"{facts} AND done_on IS NOT NULL"))
    return {
        "visits_planned_3": grid.within(planned, "n", 3),
        "visits_done_3": grid.within(done, "n", 3),
        "visits_planned_12": grid.within(planned, "n", 12),
        "visits_done_12": grid.within(done, "n", 12),
    }


def training(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Hours of training of a partner's people in 12 months."""
    facts = known_facts("training", "held_on", grid, "partner_id, hours")
    sums = "SELECT partner_id, month, known, SUM(CAST(hours AS DECIMAL(18, 4))) AS hours"
    cells = grid.read(engine, f"{sums} FROM ({facts}) AS t GROUP BY partner_id, month, known")
    return {"training_hours_12": grid.within(cells, "hours", 12)}


def programmes(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Programmes that a partner joined in 12 months."""
    known = known_sql("start_date")
    taken = (
        f"SELECT participant_id AS partner_id, {month_sql('start_date')} AS month, "
        f"{month_sql(known)} AS known FROM programmes WHERE participant_kind = 'partner'"
    )
    cells = grid.read(engine, _counted(taken))
    return {"programmes_12": grid.within(cells, "n", 12)}


def leads(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Leads that came to a partner in 12 months, and those won in 12 months."""
    came = grid.read(engine, _counted(known_facts("leads", "created_on", grid, "partner_id")))
    facts = known_facts("leads", "closed_on", grid, "partner_id, status")
    won = grid.read(engine, _counted(f"{facts} AND closed_on IS NOT NULL AND status = 'won'"))
    return {"leads_12": grid.within(came, "n", 12), "leads_won_12": grid.within(won, "n", 12)}


def contract(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Years since the contract began, and its days left.

    A contract's end is often moved when it is renewed or broken off; so it counts only where the
    entry says since when it has been known.
    """
    cells = grid.read(
        engine,
        "SELECT partner_id, contract_start, contract_end, "
        f"COALESCE({month_sql(known_sql('contract_start'))}, 0) AS known, "
        f"{month_sql('known_at')} AS said FROM partners WHERE partner_id IS NOT NULL",
    )
    begun = grid.latest(cells, "contract_start")
    ends = grid.latest(cells, "contract_end", "said")
    return {
        "contract_years": np.maximum(grid.end_days - begun, 0) / 365.25,
        "contract_days_left": ends - grid.end_days,
    }


def _counted(facts: str) -> str:
    counted = "SELECT partner_id, month, known, COUNT(*) AS n"
    return f"{counted} FROM ({facts}) AS f GROUP BY partner_id, month, known"


PARTS = (
    Part(
        ("visits_planned_3", "visits_done_3", "visits_planned_12", "visits_done_12"),
        ("visits.partner_id", "visits.done_on"),
        visits,
    ),
    Part(("training_hours_12",), ("training.partner_id", "training.hours"), training),
    Part(("programmes_12",), ("programmes.participant_kind",), programmes),
    Part(("leads_12", "leads_won_12"), ("leads.partner_id", "leads.closed_on"), leads),
    Part(("contract_years", "contract_days_left"), ("partners.contract_start",), contract),
)

"""Every query of the search for irregular operations gives the same on Spark as on DuckDB."""

from dataclasses import replace

import pandas as pd
import pytest

from channel_analysis.analysis.irregular_rules import RULES, Search
from channel_analysis.metrics.irregular import digits, ghosts, loads, partners, prices, repeats, reps
from channel_analysis.metrics.irregular.evidence import PARTNER, REP, evidence_rows
from channel_analysis.metrics.irregular.since import payments_since, trade_since
from channel_analysis.metrics.irregular.windows import orders_sql, rows_of, windows_of
from channel_analysis.metrics.periods import coverage, parse_period
from channel_analysis.simulator import Dials, simulate
from channel_analysis.store.workspace import Workspace, open_workspace

SETTINGS = '[data]\nsource = "world"\nbad_rows = "set_aside"\n'
POLICY = "[irregularities]\napproval_limits = [20000, 50000.5]\nminimum_peers = 5\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory, spark) -> tuple[Search, Search]:
    """A small world with much planted, searched on DuckDB and on Spark."""
    root = tmp_path_factory.mktemp("engines")
    dials = Dials(duplicate_order_share=0.05, ghost_order_share=0.05, price_breach_share=0.2)
    simulate(root / "world", partners=40, months=12, lines=6_000, seed=3, dials=dials)
    (root / "workspace.toml").write_text(SETTINGS, encoding="utf-8")
    (root / "policy.toml").write_text(POLICY, encoding="utf-8")
    duck = open_workspace(root)
    duck.facts()
    settings = duck.settings.model_copy(update={"engine": "spark", "spark": spark})
    other = replace(open_workspace(root), settings=settings)
    return _search(duck), _search(other)


def _search(ws: Workspace) -> Search:
    facts = ws.facts()
    last = max(c.last for c in coverage(facts.engine))
    first = min(c.first for c in coverage(facts.engine))
    windows = windows_of(parse_period("2025Q4"), 2, 0.1, 30, first)
    return Search(facts.engine, facts.intake, windows, ws.policy.irregularities, last)


MEASURES = {
    "end_loads": lambda s: loads.end_loads(s.engine, s.windows),
    "stock_covers": lambda s: loads.stock_covers(s.engine, s.windows),
    "overdue_shares": lambda s: loads.overdue_shares(s.engine, s.windows),
    "late_returns": lambda s: loads.late_returns(s.engine, s.windows),
    "other_returns": lambda s: loads.other_returns(s.engine, s.windows, 40),
    "ghost_counts": lambda s: ghosts.ghost_counts(s.engine, s.windows[1:], (40, 92), with_invoices=True),
    "ghost_orders": lambda s: ghosts.ghost_orders(s.engine, s.windows[1], (40, 92), with_invoices=True),
    "below_floor": lambda s: prices.below_floor(s.engine, s.windows[0], 0.001),
    "beyond_authority": lambda s: prices.beyond_authority(s.engine, s.windows[0], 0.001),
    "repeat_counts": lambda s: repeats.repeat_counts(s.engine, s.windows),
    "repeated_orders": lambda s: repeats.repeated_orders(s.engine, s.windows),
    "destinations": lambda s: partners.destinations(s.engine, s.windows[0]),
    "traces": lambda s: partners.traces(s.engine, s.windows, list(partners.TRACES)),
    "around_limits": lambda s: reps.around_limits(s.engine, s.windows, [20_000.0, 50_000.5], 0.05),
    "around_authority": lambda s: reps.around_authority(s.engine, s.windows, 0.01),
    "concentrations": lambda s: reps.concentrations(s.engine, s.windows),
    "first_digits": lambda s: digits.first_digits(s.engine, s.windows),
    "trade_since": lambda s: trade_since(s.engine, "partner_id", "P00001", s.windows[1].start, s.as_of),
    "payments_since": lambda s: payments_since(s.engine, "P00001", s.windows[1].start, s.as_of),
}


@pytest.mark.parametrize("name", MEASURES)
def test_what_is_measured_is_the_same_on_both_engines(pair, name):
    one, other = (MEASURES[name](search) for search in pair)
    assert len(one)
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"first_digits"}))
def test_evidence_is_the_same_on_both_engines(pair, rule):
    search = pair[0]
    named = f"SELECT DISTINCT {PARTNER} AS who, {REP} AS rep FROM ({orders_sql(search.windows)}) AS o"
    known = rows_of(search.engine, named).dropna()
    subjects = [*known["who"], *known["rep"], *(known["rep"] + " " + known["who"])]
    asked = (subjects, search.windows, (0.001, 0.001), (40, 92, True), (19_000.0, 20_000.0))
    one, other = (evidence_rows(s.engine, rule, *asked) for s in pair)
    assert len(one)
    pd.testing.assert_frame_equal(one, other, check_exact=True)

"""Key accounts of a workspace in a period: what they buy, say and owe, and who looks after them."""

from __future__ import annotations

import pandas as pd

from ..appraisals import KeyAccounts
from ..methods.key_accounts import COLUMNS, account_results
from ..metrics.key_accounts import account_figures, account_team
from ..metrics.key_accounts import key_accounts as listed_accounts
from ..metrics.kpis import load_kpis
from ..metrics.lifecycle import company_sales
from ..metrics.periods import parse_period
from ..results import Caveat, Scope
from ..store.workspace import Workspace
from .names import names_of
from .scope import resolve_period, scope_of

TEAM_COLUMNS = ["customer_id", "customer_name", "rep_id", "rep_name", "is_owner", "net_sales", "visits"]
READ = ("sales", "feedback", "visits", "leads", "receivables")
"""Tables that say something of customers."""


def key_accounts(ws: Workspace, period: str = "last-quarter") -> KeyAccounts:
    """The key accounts of a company side by side, ranked by sales.

    Parameters
    ----------
    ws : Workspace
    period : str
        "2025Q3", "2025-07" and so on, or "last-quarter" (month, half, year).

    Raises
    ------
    InputError
        When the period is none or holds no sales.
    """
    resolved = resolve_period(ws, period)
    return key_accounts_of(ws, scope_of(ws, resolved, load_kpis(ws)))


def key_accounts_of(ws: Workspace, scope: Scope) -> KeyAccounts:
    """The key accounts in a period that is resolved already."""
    period = parse_period(scope.period, ws.settings.company.fiscal_year_start)
    engine, intake = ws.facts().engine, ws.facts().intake
    tables = [name for name in READ if intake.has(name)]
    company = company_sales(engine, period)["net_sales"]
    first = intake.account("sales").first_date
    has_history = first is not None and first <= period.last_year.start
    accounts = account_results(
        listed_accounts(engine),
        account_figures(engine, period, tables),
        company,
        min(period.last_day, scope.as_of),
        has_history,
    )
    team = _named_team(ws, accounts, account_team(engine, period, tables))
    sizes = team["customer_id"].value_counts()
    owners = names_of(ws, "rep", [name for name in accounts["owner_id"] if isinstance(name, str)])
    accounts = accounts.assign(
        owner_name=accounts["owner_id"].map(owners),
        team_size=accounts["customer_id"].map(sizes).fillna(0).astype(int),
    )
    return KeyAccounts(
        accounts=accounts.loc[:, list(COLUMNS)],
        team=team,
        company_sales=company,
        scope=scope,
        caveats=tuple(_caveats(scope, accounts, tables, company)),
    )


def _named_team(ws: Workspace, accounts: pd.DataFrame, team: pd.DataFrame) -> pd.DataFrame:
    """The project team of each account: in the accounts' order, who sold most first."""
    names = names_of(ws, "rep", list(team["rep_id"]))
    told = accounts.set_index("customer_id")
    owner = team["customer_id"].map(told["owner_id"])
    team = team.assign(
        customer_name=team["customer_id"].map(told["customer_name"]),
        rep_name=team["rep_id"].map(names),
        is_owner=(team["rep_id"] == owner).to_numpy(dtype=bool),
        place=team["customer_id"].map(told["rank"]),
    )
    keys = ["place", "net_sales", "visits", "rep_id"]
    ordered = team.sort_values(keys, ascending=[True, False, False, True], kind="stable")
    return ordered.loc[:, TEAM_COLUMNS].reset_index(drop=True)


def _caveats(scope: Scope, accounts: pd.DataFrame, tables: list[str], company: float) -> list[Caveat]:
    found = [Caveat("provisional", "warning")] if scope.is_provisional else []
    if not len(accounts):
        return [*found, Caveat("no_key_accounts", "note")]
    found += [Caveat("no_table", "note", name) for name in READ if name not in tables]
    silent = {"sales": "net_sales", "feedback": "answers", "visits": "visits_planned", "receivables": "owed"}
    for table, column in silent.items():
        if table in tables and not accounts[column].any():
            found.append(Caveat("names_no_key_account", "note", table))
    unowned = int(accounts["owner_id"].isna().sum())
    if unowned:
        found.append(Caveat("no_owner", "warning", "", {"accounts": unowned}))
    return found if company > 0 else [*found, Caveat("no_company_sales", "warning")]

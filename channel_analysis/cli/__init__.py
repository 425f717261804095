"""The command line: make a workspace, run its reports, look things up."""

from __future__ import annotations

import typer

from .cases import cases
from .checking import check
from .decisions import decisions
from .handing import mail
from .mapping import map_
from .measures import measures
from .reports import report
from .risk import risk
from .simulation import simulate
from .verifying import verify
from .workspaces import dictionary, init

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Sales channel performance: from a company's own data to a report a manager opens.",
)

for command in (init, simulate, check, report, verify, mail, dictionary):
    app.command()(command)
app.command("map")(map_)
app.add_typer(cases, name="cases")
app.add_typer(decisions, name="decisions")
app.add_typer(measures, name="measures")
app.add_typer(risk, name="risk")

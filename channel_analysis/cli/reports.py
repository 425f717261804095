"""The command that runs reports and publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, Problem, refuse
from .columns import plain
from .terminal import messages, progress_shown, stop

if TYPE_CHECKING:
    from ..report.publish import Outcome
    from ..report.runner import Failed, Published


Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")]
Named = Annotated[
    list[str], typer.Option("--report", help="Which report; may be given several times, or: all.")
]
PeriodCode = Annotated[str, typer.Option(help="2025Q3, 2025H2, 2025, 2025-07, FY2026Q1, last-quarter ...")]
Since = Annotated[
    str, typer.Option(metavar="PERIOD", help="Every complete period from this one on that is not out yet.")
]
Language = Annotated[list[str], typer.Option(help="zh or en; may be given twice; both when left out.")]
Out = Annotated[Path | None, typer.Option(help="Folder for reports; the workspace's own when left out.")]
Parameters = Annotated[
    list[str],
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another parameter of the notebook."),
]
Where = Annotated[
    list[str],
    typer.Option(metavar="NAME=VALUE", help="Only a part: region=East; channel_family, channel_type, owner."),
]
Each = Annotated[str, typer.Option(metavar="NAME", help="A report for every region (channel_family ...).")]
Jobs = Annotated[int, typer.Option(help="How many run at once; 0: as many as there are cores.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="The pages as PDF as well.")]
Xlsx = Annotated[bool, typer.Option("--xlsx", help="The tables as workbook as well.")]
Force = Annotated[bool, typer.Option("--force", help="Run what is up to date as well.")]
OwnNotebooks = Annotated[
    bool,
    typer.Option("--own-notebooks", help="Let the workspace's own notebooks run; they may hold any code."),
]


def report(
    folder: Folder = Path(),
    name: Named = ["review"],  # noqa: B006
    period: PeriodCode = "last-quarter",
    since: Since = "",
    language: Language = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    each: Each = "",
    out: Out = None,
    parameter: Parameters = [],  # noqa: B006
    pdf: Pdf = False,
    xlsx: Xlsx = False,
    jobs: Jobs = 0,
    force: Force = False,
    own_notebooks: OwnNotebooks = False,
) -> None:
    """Run reports and publish their pages, tables and run records; what is up to date is not run.

    Exit code 0: all are out, new or up to date. 1: a report failed; what was out before stays, and
    REPORT.failed.html beside it says why. 2: the input cannot be used. 130 or 143: stopped.
    """
    handouts = [ending for ending, asked in (("pdf", pdf), ("xlsx", xlsx)) if asked]
    with messages():
        from ..report.publish import Wanted, publish_all

        given, parts = pairs("parameter", parameter), pairs("where", where)
        wanted = Wanted(
            name, period, since, language, out, given, parts, each, handouts, force, own_notebooks, jobs
        )
        with progress_shown() as progress:
            outcome = publish_all(folder, wanted, progress)
        _tell(outcome)
    _end(outcome)


def _tell(outcome: Outcome) -> None:
    """Pages on standard output, all else on standard error."""
    for one in outcome.published:
        for note in one.notes:
            typer.echo(plain(note), err=True)
        if not one.is_new:
            typer.echo(f"{_called(one)}: up to date", err=True)
        for page in one.pages:
            typer.echo(str(page))
    if not outcome.published and not outcome.failed:
        typer.echo("nothing to run: no period since then is complete", err=True)
    typer.echo(str(outcome.shelf))


def _called(one: Published) -> str:
    return f"{one.report} {one.folder.name}"


def _end(outcome: Outcome) -> None:
    """Say what failed, and end with the code that says so."""
    if not outcome.failed:
        return
    asked = len(outcome.failed) + len(outcome.published)
    for failed in outcome.failed:
        typer.echo(_why(failed, alone=asked == 1), err=True)
        if failed.page:
            typer.echo(f"see {failed.page}", err=True)
    if asked == 1:
        raise typer.Exit(2 if isinstance(outcome.failed[0].error, InputError) else 1)
    stop(f"{len(outcome.failed)} of {asked} reports failed", 1)


def _why(failed: Failed, alone: bool) -> str:
    if alone:
        return str(failed.error)
    called = f": {failed.job.label}" if isinstance(failed.error, InputError) else ""
    return f"{failed.job.period}{plain(called)}: {failed.error}"


_EXAMPLES = {"parameter": "-p period=2025Q3", "where": "--where region=East"}


def pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    """Names with their values; InputError for what is no pair, and for a name given twice."""
    pairs, problems = {}, []
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            fix = f"write {_EXAMPLES[option]}"
            problems.append(Problem(f"--{option} {text}", "this is not NAME=VALUE", fix))
        elif name.strip() in pairs:
            fix = "leave one of them"
            problems.append(Problem(f"--{option} {name.strip()}", "this is given more than once", fix))
        pairs[name.strip()] = value
    refuse(problems)
    return pairs

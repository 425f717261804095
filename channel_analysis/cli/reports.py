"""The command that runs a report and publishes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, Problem
from .terminal import messages, progress_shown


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    period: Annotated[
        str, typer.Option(help="2025Q3, 2025H2, 2025, 2025-07, FY2026Q1, last-quarter ...")
    ] = "last-quarter",
    language: Annotated[
        list[str], typer.Option(help="zh or en; may be given twice; both when left out.")
    ] = [],  # noqa: B006
    out: Annotated[
        Path | None, typer.Option(help="Folder for reports; the workspace's own when left out.")
    ] = None,
    name: Annotated[str, typer.Option("--report", help="Which report.")] = "review",
    parameter: Annotated[
        list[str],
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another parameter of the notebook."),
    ] = [],  # noqa: B006
) -> None:
    """Run a report and publish its pages, its tables and its run record."""
    with messages():
        from ..report.publish import publish

        given = dict(_pair(text) for text in parameter)
        with progress_shown() as progress:
            published, shelf = publish(folder, name, period, language, out, given, progress)
        for note in published.notes:
            typer.echo(note, err=True)
        for page in (*published.pages, shelf):
            typer.echo(str(page))


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InputError([Problem(f"--parameter {text}", "this is not NAME=VALUE", "write -p period=2025Q3")])
    return name.strip(), value

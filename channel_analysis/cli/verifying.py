"""The command that makes published reports again and says whether they are the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .columns import plain
from .terminal import messages, progress_shown

if TYPE_CHECKING:
    from ..report.verify import Verified


def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The workspace, or a folder for reports within it.")
    ] = Path(),
    period: Annotated[str, typer.Option(help="Only this period, such as 2025Q3.")] = "",
    own_notebooks: Annotated[
        bool, typer.Option("--own-notebooks", help="Let the workspace's own notebooks run.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=0, help="How many run at once; 0: as many as there are cores.")
    ] = 0,
) -> None:
    """Make published reports again from their run records, elsewhere, and compare every page and table.

    Exit code 0: all are the same. 1: one differs, is missing, or cannot be made again. 2: inputs are not
    what they were, so that it cannot be told; they are named.
    """
    with messages():
        from ..report.verify import verify as verified

        with progress_shown() as progress:
            found = verified(folder, period, own_notebooks, jobs, progress)
        for one in found:
            _tell(one)
    codes = {one.code for one in found}
    if codes != {0}:
        raise typer.Exit(1 if 1 in codes else 2)


def _tell(one: Verified) -> None:
    """A line per page and one for the tables; all that differ by name."""
    if one.changed:
        names = ", ".join(one.changed)
        typer.echo(f"cannot be told: {one.folder / one.report}: changed since: {plain(names)}")
    if one.error:
        typer.echo(f"failed: {one.folder / one.report}: {one.error}")
    tables = {name: state for name, state in one.files.items() if name.startswith("tables/")}
    for name, state in one.files.items():
        if state != "same" or name not in tables:
            typer.echo(f"{state}: {one.folder / name}")
    if tables and set(tables.values()) == {"same"}:
        typer.echo(f"same: {one.folder / 'tables'}: {len(tables)} tables of {one.report}")

"""Commands that make things: a workspace, the data dictionary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import messages, stop


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    demo: Annotated[bool, typer.Option("--demo", help="Fill it with the example company.")] = False,
    mapping: Annotated[
        str, typer.Option(help="A mapping that comes along, such as adventureworks.")
    ] = "contract",
    source: Annotated[str, typer.Option("--from", metavar="PATH", help="Folder with the data files.")] = "",
) -> None:
    """Make a workspace: settings, policy, KPIs, notebooks, data and reports, each with comments."""
    with messages():
        from ..store.scaffold import make_workspace

        made = make_workspace(
            folder, mapping=mapping, source=str(Path(source).resolve()) if source else None, demo=demo
        )
        for path in made:
            typer.echo(f"  {path}")
        typer.echo(f"Next: channel-analysis report {folder}")


def dictionary(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the file is up to date.")] = False,
    target: Annotated[Path, typer.Option(help="The file to write.")] = Path("data/DICTIONARY.md"),
) -> None:
    """Write the data dictionary from the contracts."""
    from ..contracts.dictionary import dictionary as text
    from ..files import written_beside

    if not check:
        with messages(), written_beside(target) as temporary:
            temporary.write_text(text(), encoding="utf-8")
        typer.echo(str(target))
    elif not target.is_file() or target.read_text(encoding="utf-8") != text():
        stop(f"{target} is out of date\n  fix: run channel-analysis dictionary", 1)

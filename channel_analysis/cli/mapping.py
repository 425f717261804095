"""The command that proposes a mapping for unknown files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, Problem
from .terminal import messages


def map_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.")],
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of showing it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Propose a mapping for unknown files: their columns to ours, for a person to finish."""
    with messages():
        from ..files import written_beside
        from ..store.proposal import propose_mapping

        if out is not None and out.exists() and not force:
            raise InputError(
                [Problem(str(out), "the file is there already", "choose another, or say --force")]
            )
        text = propose_mapping(path)
        if out is None:
            typer.echo(text, nl=False)
            return
        with written_beside(out) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
        typer.echo(str(out))

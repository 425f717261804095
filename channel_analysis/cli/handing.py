"""The command that mails a published report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import messages


def mail(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    to: Annotated[list[str], typer.Option(help="An address; may be given several times.")] = [],  # noqa: B006
    name: Annotated[str, typer.Option("--report", help="Which report.")] = "review",
    period: Annotated[str, typer.Option(help="2025Q3, ..., last-quarter")] = "last-quarter",
    where: Annotated[list[str], typer.Option(metavar="NAME=VALUE", help="Only a part: region=East.")] = [],  # noqa: B006
    language: Annotated[str, typer.Option(help="zh or en; the workspace's own when left out.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for reports; the workspace's own when left out.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Attach the page as PDF.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write the message beside the report instead of sending it.")
    ] = False,
) -> None:
    """Mail a published report: a short summary, and the page attached.

    The server is named by the environment: CHANNEL_ANALYSIS_SMTP_HOST, _FROM, and where needed _PORT,
    _SECURITY (starttls, ssl, none), _USER and _PASSWORD. Exit code 0: handed in. 1: the server refused.
    2: the input cannot be used, or no such report is out.
    """
    with messages():
        from ..report.posting import post
        from .reports import pairs

        parts = pairs("where", where)
        written = post(folder, name, period, parts, language, to, out, pdf, dry_run)
        typer.echo(str(written) if written else f"sent to {', '.join(to)}")

"""The command that checks a workspace's data and says what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import refuse
from .columns import aligned, plain, say
from .terminal import messages, progress_shown, stop

if TYPE_CHECKING:
    from ..report.blocks import Table
    from ..results import DataQuality
    from ..words import Words


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    language: Annotated[
        str, typer.Option(help="zh or en: what is printed; the workspace's own when left out.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for reports; the workspace's own when left out.")
    ] = None,
) -> None:
    """Check the data: accounts, findings, grades. Exit code 0: nothing found, 1: findings, 2: unusable."""
    with messages():
        from ..words import check_language, words

        refuse(check_language(language) if language else [])
        from ..report.checking import check as checked

        with progress_shown() as progress:
            done = checked(folder, out, progress)
        said = words(language or done.language)
        for line in _told(done.quality, said):
            say(line)
        for note in done.notes:
            typer.echo(plain(note), err=True)
        for page in (*done.pages, done.shelf):
            typer.echo(str(page))
    if done.error is not None:
        stop(str(done.error), 2)
    if not set(done.quality.findings["state"]) <= {"cleared", "noted"}:
        raise typer.Exit(1)


def _told(quality: DataQuality, said: Words) -> Iterator[str]:
    """The grade, every finding, the accounts with their identity."""
    from ..report.parts.quality import absent, accounts_table, verdict

    yield verdict(quality, said)
    rows = quality.findings.to_dict("records")
    if rows:
        yield f"\n{said('check.found')}"
    for number, row in enumerate(rows, start=1):
        yield from _finding(number, row, quality, said)
    if len(quality.accounts):
        table = accounts_table(quality, said)
        yield f"\n{said('check.accounts')}"
        yield _lines(table)
        yield from (f"{note}" for note in table.notes)
    if quality.absent:
        yield absent(quality, said)
    yield ""


def _finding(number: int, row: Mapping[Any, Any], quality: DataQuality, said: Words) -> Iterator[str]:
    from ..report.parts.quality import became, place, remedy, rule_name, share_text

    names = {"rule": rule_name(said, row["rule"]), "table": said(f"table.{row['table']}")}
    key = "check.finding" if row["column"] else "check.finding_of_table"
    extent = {"rows": said.number(row["rows"]), "share": share_text(said, row)}
    amount = said.amount(float(row["amount"]), quality.currency)
    yield plain(f"{number:3}. {said(key, column=row['column'], **names)}")
    for text in (
        said("check.extent_amount" if row["amount"] else "check.extent", amount=amount, **extent),
        became(said, row),
        said("check.where", place=place(said, row)),
        said("check.remedy", remedy=remedy(said, row["rule"])),
    ):
        yield plain(f"     {text}")


def _lines(table: Table) -> str:
    """A page's table as lines; a column's group stands before its head."""
    heads = [f"{column.group} {column.heading}".strip() for column in table.columns]
    numbers = frozenset(n for n, column in enumerate(table.columns) if n and column.is_number)
    return aligned(heads, list(zip(*(column.texts for column in table.columns), strict=True)), numbers)

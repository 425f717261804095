"""The command that simulates a company with planted truths."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem, did_you_mean, refuse
from .terminal import messages, progress_shown

if TYPE_CHECKING:
    from ..simulator import Dials


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")],
    partners: Annotated[int | None, typer.Option(help="Partners ever under contract; 1200.")] = None,
    months: Annotated[int | None, typer.Option(help="Months of data; 36.")] = None,
    lines: Annotated[str, typer.Option(help="About how many lines of sales; 600_000.")] = "",
    seed: Annotated[int | None, typer.Option(help="Which of the worlds; 7.")] = None,
    last_day: Annotated[str, typer.Option(help="Last day of the data; 2025-12-31.")] = "",
    dial: Annotated[
        list[str],
        typer.Option("--dial", metavar="NAME=VALUE", help="A dial of what is planted; may be given often."),
    ] = [],  # noqa: B006
    sound: Annotated[bool, typer.Option("--sound", help="Plant nothing but what --dial says.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="The small company of init --demo, where nothing else is said.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that no simulation wrote.")
    ] = False,
) -> None:
    """Simulate a manufacturer with all its tables; truth.json beside them tells what was planted."""
    with messages():
        from ..simulator import simulate as write
        from ..simulator.example import EXAMPLE

        given: dict[str, Any] = {"partners": partners, "months": months, "seed": seed}
        given |= {"lines": _number(lines), "last_day": _day(last_day)}
        arguments = dict(EXAMPLE) if example else {}
        arguments |= {name: value for name, value in given.items() if value is not None}
        arguments["dials"] = _dials(dial, sound, arguments.get("dials"))
        with progress_shown() as progress:
            write(folder, **arguments, progress=progress, force=force)
        typer.echo(f"The simulated company's files are in {folder}")
        typer.echo(f"Next: channel-analysis init WORKSPACE --from {folder}")


def _number(text: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        problem = Problem(f"--lines {text}", "this is not a whole number", "write 600000 or 600_000")
        raise InputError([problem]) from None


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError([Problem(f"--last-day {text}", "this is not a date", "write YYYY-MM-DD")]) from None


def _dials(texts: list[str], sound: bool, usual: Dials | None) -> Dials:
    """The dials asked for; InputError lists every one that is none or has no number."""
    from dataclasses import fields, replace

    from ..simulator import NOTHING_PLANTED, Dials

    known = [field.name for field in fields(Dials)]
    given, problems = {}, []
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in known:
            problems.append(
                Problem(f"--dial {text}", f"there is no dial '{name}'", did_you_mean(name, known))
            )
            continue
        try:
            given[name] = float(value)
        except ValueError:
            problems.append(Problem(f"--dial {text}", "this is not NAME=NUMBER", f"write --dial {name}=0"))
    refuse(problems)
    return replace(NOTHING_PLANTED if sound else usual or Dials(), **given)

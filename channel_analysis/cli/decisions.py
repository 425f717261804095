"""Commands on the log of decisions: what reports propose, approval by the named role, appeals."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, Problem, did_you_mean
from .columns import aligned, say
from .terminal import messages

if TYPE_CHECKING:
    from ..store.decisions import Decision

decisions = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Decide what reports propose, and hear appeals."
)

Workspace = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="The workspace.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Proposals, or the beginnings of ids.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides or appeals.")]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="In which role.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, in a sentence.")]

HEADS = (
    "id",
    "state",
    "period",
    "subject",
    "proposed",
    "reason",
    "approver",
    "decided",
    "appeal_until",
    "note",
)


@decisions.command("list")
def list_decisions(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    state: Annotated[str, typer.Option(help="proposed, approved, final, rejected, appealed ...")] = "",
    period: Annotated[str, typer.Option(help="One period, such as 2025Q3.")] = "",
) -> None:
    """List what was proposed and decided in a workspace, the oldest first."""
    with messages():
        from ..store.decisions import STATES, read_decisions
        from ..store.workspace import read_settings

        read_settings(folder)
        today = datetime.date.today()
        known = read_decisions(folder.resolve())
        _refuse_unknown("--state", state, STATES)
        _refuse_unknown("--period", period, tuple(dict.fromkeys(one.period for one in known.values())))
        shown = [one for one in known.values() if state in ("", one.on(today)) and period in ("", one.period)]
        if not shown:
            say("No decision matches." if known else "Nothing has been proposed.")
        else:
            say(aligned(HEADS, [_row(one, today) for one in shown]))


@decisions.command("approve")
def approve(ids: Ids, by: By = "", role: Role = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Approve a proposal, in the role that it names. The time for an appeal begins."""
    _decide("approved", ids, by, role, note, folder)


@decisions.command("reject")
def reject(ids: Ids, by: By = "", role: Role = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Reject a proposal, in the role that it names."""
    _decide("rejected", ids, by, role, note, folder)


@decisions.command("appeal")
def appeal(ids: Ids, by: By = "", role: Role = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Note an appeal against what was approved, within the time for it."""
    _decide("appealed", ids, by, role, note, folder)


@decisions.command("uphold")
def uphold(ids: Ids, by: By = "", role: Role = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Decide after an appeal that what was approved stands."""
    _decide("upheld", ids, by, role, note, folder)


@decisions.command("overturn")
def overturn(ids: Ids, by: By = "", role: Role = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Decide after an appeal that what was approved is lifted."""
    _decide("overturned", ids, by, role, note, folder)


@decisions.command("close")
def close(ids: Ids, by: By = "", role: Role = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Close what was decided for good, once it has been carried out."""
    _decide("closed", ids, by, role, note, folder)


def _decide(event: str, ids: list[str], by: str, role: str, note: str, folder: Path) -> None:
    with messages():
        from ..store.decisions import decide_all
        from ..store.workspace import read_settings

        read_settings(folder)
        who = {"author": by.strip(), "role": role.strip(), "note": note.strip()}
        for one in decide_all(folder.resolve(), ids, event, date=datetime.date.today(), **who):
            until = f"; an appeal may be made until {one.appeal_until}" if event == "approved" else ""
            say(f"{one.id} is {one.state}{until}.")


def _refuse_unknown(option: str, given: str, known: tuple[str, ...]) -> None:
    if given and given not in known:
        raise InputError([Problem(option, f"there is no '{given}'", did_you_mean(given, known))])


def _row(one: Decision, today: datetime.date) -> list[str]:
    subject = " ".join(f"{name}={text}" for name, text in one.subject.items())
    proposed = f"{one.handling} ({one.kind} {one.name})" if one.name else f"{one.handling} ({one.kind})"
    decided = f"{one.date} {one.author} ({one.role})" if one.author else ""
    until = str(one.appeal_until) if one.appeal_until else ""
    state = one.on(today)
    return [one.id, state, one.period, subject, proposed, one.reason, one.approver, decided, until, one.note]

"""Commands on the case ledger: what was found, and what somebody decided about it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, Problem, did_you_mean
from .columns import aligned, say
from .terminal import messages

if TYPE_CHECKING:
    from ..store.cases import Case
    from ..words import Words

cases = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Follow up what reports and checks have found."
)

Workspace = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="The workspace.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The case, or the beginning of its id.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, in a sentence.")]

_STATES = ("open", "cleared", "confirmed")


@cases.command("list")
def list_cases(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    state: Annotated[str, typer.Option(help="open, cleared or confirmed.")] = "",
    rule: Annotated[str, typer.Option(help="One rule, such as duplicate_key.")] = "",
    language: Annotated[str, typer.Option(help="zh or en; the workspace's own when left out.")] = "",
) -> None:
    """List the cases of a workspace, the oldest first."""
    with messages():
        from ..store.cases import read_cases
        from ..words import words

        said = words(language or _language(folder))
        known = read_cases(folder.resolve())
        _refuse_unknown("--state", state, _STATES)
        _refuse_unknown("--rule", rule, sorted({case.rule for case in known.values()}))
        shown = [
            case
            for case in known.values()
            if (not state or case.state == state) and (not rule or case.rule == rule)
        ]
        if not shown:
            say(said("cases.none" if known else "cases.empty"))
        else:
            heads = [
                said(f"cases.{name}")
                for name in ("id", "state", "rule", "subject", "found", "decided", "note")
            ]
            say(aligned(heads, [_row(case, said) for case in shown]))


@cases.command("clear")
def clear_case(case: Id, by: By = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Clear a case: looked at, and nothing is wrong. It stays listed and no longer counts."""
    _decide("cleared", case, by, note, folder)


@cases.command("confirm")
def confirm_case(case: Id, by: By = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Confirm a case: looked at, and it is what it seems."""
    _decide("confirmed", case, by, note, folder)


@cases.command("reopen")
def reopen_case(case: Id, by: By = "", note: Note = "", folder: Workspace = Path()) -> None:
    """Open a case again that was cleared or confirmed."""
    _decide("reopened", case, by, note, folder)


def _decide(event: str, given: str, by: str, note: str, folder: Path) -> None:
    with messages():
        from ..store.cases import append, find_case, read_cases
        from ..words import words

        said, root = words(_language(folder)), folder.resolve()
        case = find_case(read_cases(root), given)
        append(root, [case.decided(event, by.strip(), datetime.date.today(), note.strip())])
        state = read_cases(root)[case.id].state
        say(said("cases.changed", id=case.id, state=said(f"state.{state}")))


def _language(folder: Path) -> str:
    from ..store.workspace import read_settings

    return read_settings(folder).company.language


def _refuse_unknown(option: str, given: str, known: tuple[str, ...] | list[str]) -> None:
    if given and given not in known:
        raise InputError([Problem(option, f"there is no '{given}'", did_you_mean(given, known))])


def _row(case: Case, said: Words) -> list[str]:
    rule = said(f"rule.{case.rule}") if said.has(f"rule.{case.rule}") else case.rule
    decided = f"{case.date} {case.author}" if case.author else ""
    subject = " ".join(f"{name}={text}" for name, text in case.subject.items())
    found = f"{case.period} ({case.as_of})"
    return [case.id, said(f"state.{case.state}"), rule, subject, found, decided, case.note]

"""Commands on the register of measures: what is to be done, by whom, until when, and what came of it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem, did_you_mean, refuse
from .columns import aligned, plain, say
from .terminal import messages

if TYPE_CHECKING:
    import pandas as pd

    from ..store.workspace import Workspace

measures = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Decide on measures, give them owners, and close them.",
)

WorkspaceOption = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="The workspace.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The measure, or the beginning of its id.")]
Owner = Annotated[str, typer.Option("--owner", metavar="NAME", help="Who answers for it.")]
Due = Annotated[str, typer.Option("--due", metavar="DATE", help="The last day to get it done.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, or what came of it.")]

Title = Annotated[str, typer.Option("--title", metavar="TEXT", help="What is to be done.")]
Code = Annotated[str, typer.Option("--measure", metavar="CODE", help="A measure of the policy's catalogue.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="DIMENSION=VALUE", help="The segment; once for each dimension."),
]
Expected = Annotated[
    float | None, typer.Option(metavar="X", help="The change it is to bring, in the KPI's unit.")
]
Reports = Annotated[Path | None, typer.Option(metavar="DIR", help="Where reports are published.")]

HEADS = ("id", "state", "period", "measure", "segment", "kpi", "owner", "due", "expected", "closed", "note")
STATES = ("open", "overdue", "done", "dropped", "proposed")
PROPOSED = "*measure_proposals.parquet"


@measures.command("list")
def list_measures(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    state: Annotated[str, typer.Option(help="open, overdue, done, dropped or proposed.")] = "",
    period: Annotated[str, typer.Option(help="One period, such as 2025Q3.")] = "",
    reports: Reports = None,
) -> None:
    """List the measures of a workspace, overdue ones first, and proposals that lack an owner last."""
    with messages():
        from ..store.measures import MeasureRegister
        from ..store.workspace import read_settings

        read_settings(folder)
        root = folder.resolve()
        known = MeasureRegister(root).list(datetime.date.today()).to_dict("records")
        ids = {row["measure_id"] for row in known}
        proposed = _published(reports or root / "reports").to_dict("records")
        known += [row for row in proposed if row["state"] == "proposed" and row["measure_id"] not in ids]
        _refuse_unknown("--state", state, STATES)
        _refuse_unknown("--period", period, tuple(dict.fromkeys(row["period"] for row in known)))
        shown = [row for row in known if state in ("", row["state"]) and period in ("", row["period"])]
        if not shown:
            say("No measure matches." if known else "No measure has been decided or proposed.")
        else:
            say(aligned(HEADS, [_row(row) for row in shown], frozenset({8})))


@measures.command("add")
def add(
    title: Title = "",
    measure: Code = "",
    where: Where = None,
    kpi: Annotated[str, typer.Option(metavar="KPI", help="The KPI it is to move.")] = "net_sales",
    period: Annotated[str, typer.Option(metavar="P", help="The period that led to it, as 2025Q3.")] = "",
    expected: Expected = None,
    owner: Owner = "",
    due: Due = "",
    by: By = "",
    note: Note = "",
    folder: WorkspaceOption = Path(),
) -> None:
    """Enter a measure of one's own, or one of the catalogue, for a segment."""
    with messages():
        from ..store.measures import MeasureRegister
        from ..store.workspace import open_workspace

        ws, today = open_workspace(folder), datetime.date.today()
        segment, wrong = _segment(where or [])
        wrong += [*_wrong_day(due), *_wrong_names(ws, kpi, measure, segment, period)]
        known = ws.policy.measures.catalogue.get(measure)
        told: dict[str, Any] = {
            "kpi": kpi,
            "period": period or f"{today:%Y-%m}",
            "owner": owner,
            "due": _day(due),
            "author": by,
            "date": today,
            "measure": measure,
            "title": title,
            "where": segment,
            "tag": known.tag if known else "",
            "proof_kpi": known.proof if known else "",
            "expected_amount": math.nan if expected is None else expected,
            "note": note,
        }
        register = MeasureRegister(ws)
        refuse([*wrong, *register.mistakes_in(**told)])
        say(plain(_said(register.add(**told))))


@measures.command("complete")
def complete(
    measure: Id,
    owner: Owner = "",
    due: Due = "",
    by: By = "",
    note: Note = "",
    folder: WorkspaceOption = Path(),
    reports: Reports = None,
) -> None:
    """Give a proposal its owner, by which it enters the register; or an open measure another owner or day."""
    with messages():
        from ..store.measures import MeasureRegister
        from ..store.workspace import read_settings

        read_settings(folder)
        refuse(_wrong_day(due))
        root = folder.resolve()
        entry = MeasureRegister(root).complete(
            measure,
            _published(reports or root / "reports"),
            owner=owner,
            due=_day(due),
            author=by,
            date=datetime.date.today(),
            note=note,
        )
        say(plain(_said(entry)))


@measures.command("close")
def close(
    measure: Id,
    state: Annotated[str, typer.Option("--as", metavar="STATE", help="done or dropped.")] = "done",
    by: By = "",
    note: Note = "",
    folder: WorkspaceOption = Path(),
) -> None:
    """Close an open measure that is done, or that is dropped."""
    with messages():
        from ..store.measures import MeasureRegister
        from ..store.workspace import read_settings

        read_settings(folder)
        register = MeasureRegister(folder.resolve())
        told = {"author": by, "note": note, "state": state.strip()}
        entry = register.close(measure, date=datetime.date.today(), **told)
        say(f"{entry.measure_id} is {entry.state}.")


def _published(reports: Path) -> pd.DataFrame:
    """The proposals of every published report, the newest period last, with their period."""
    import pandas as pd

    from ..store.measure_entries import check_proposals

    found = []
    for path in sorted(reports.glob(f"*/tables/{PROPOSED}")):
        try:
            found.append(pd.read_parquet(path).assign(period=path.parent.parent.name))
        except (OSError, ValueError) as error:
            what = f"the proposals of a report cannot be read: {str(error).splitlines()[0]}"
            raise InputError([Problem(str(path), what, "run the report again")]) from None
        check_proposals(found[-1].columns, str(path))
    if not found:
        return pd.DataFrame()
    return pd.concat(found).drop_duplicates(["period", "measure_id"], ignore_index=True)


def _segment(given: list[str]) -> tuple[dict[str, str], list[Problem]]:
    segment: dict[str, str] = {}
    problems = []
    for text in given:
        dimension, sign, value = text.partition("=")
        if not sign or not dimension.strip() or not value.strip():
            problems.append(Problem("--where", f"'{text}' names no value", "write --where region=East"))
        elif dimension.strip() in segment:
            problems.append(Problem("--where", f"'{dimension.strip()}' stands twice", "name one value"))
        else:
            segment[dimension.strip()] = value.strip()
    return segment, problems


def _wrong_names(
    ws: Workspace, kpi: str, measure: str, segment: dict[str, str], period: str
) -> Iterator[Problem]:
    from ..metrics.kpis import load_kpis
    from ..metrics.leaves import dimensions_of
    from ..metrics.periods import LAST, check_period

    kpis = load_kpis(ws)
    catalogue = ws.policy.measures.catalogue
    if measure and measure not in catalogue:
        what = f"the policy's catalogue has no measure '{measure}'"
        yield Problem("--measure", what, did_you_mean(measure, catalogue))
    if period in LAST:
        yield Problem("--period", f"'{period}' is no period's code", "write it out, such as 2025Q3")
    elif period:
        yield from check_period(period, ws.settings.company.fiscal_year_start)
    if kpi not in kpis:
        yield Problem("--kpi", f"there is no KPI '{kpi}'", did_you_mean(kpi, kpis))
        return
    try:
        known = dimensions_of(kpis[kpi], ws.policy)
    except InputError as error:
        yield from error.problems
        return
    for name in segment:
        if name not in known:
            yield Problem("--where", f"{kpi} cannot be told by '{name}'", did_you_mean(name, known))


def _wrong_day(text: str) -> Iterator[Problem]:
    if text and _day(text) is None:
        yield Problem("--due", f"'{text}' is no date", "write it as 2025-12-31")


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        return None


def _refuse_unknown(option: str, given: str, known: tuple[str, ...]) -> None:
    if given and given not in known:
        raise InputError([Problem(option, f"there is no '{given}'", did_you_mean(given, known))])


def _said(entry: Any) -> str:
    return f"{entry.measure_id} is {entry.state}, owner {entry.owner}, due {entry.due}."


def _shown(value: float) -> str:
    """Amounts and counts in full, shares with the digits that tell something."""
    return f"{value:,.2f}".removesuffix(".00") if abs(value) >= 1 else f"{value:.4f}".rstrip("0").rstrip(".")


def _row(row: dict[Any, Any]) -> list[str]:
    expected = float(row["expected_amount"])
    closed = row.get("closed_on")
    texts = (row["measure_id"], row["state"], row["period"], row["measure"] or row.get("title", ""))
    return [
        *texts,
        row["segment"],
        row["kpi"],
        row["owner"],
        str(row["due"]),
        "" if math.isnan(expected) else _shown(expected),
        str(closed) if isinstance(closed, datetime.date) else "",
        row.get("closing_note") or row.get("note", ""),
    ]

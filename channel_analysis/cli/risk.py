"""Commands on partner risk: train and look at the model, score partners, overrides, earlier warnings."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem, did_you_mean, nearest, refuse
from .columns import aligned, plain, say
from .terminal import messages, progress_shown

if TYPE_CHECKING:
    from ..risks import PartnerRisk
    from ..store.alerts import Alert, Override
    from ..store.workspace import Workspace

risk = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Warn early of partners that may come to a bad end."
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")]
WorkspaceOption = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="The workspace.")]
Partner = Annotated[str, typer.Argument(metavar="PARTNER", help="The partner's id.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a sentence.")]

SCORES = ("place", "partner", "name", "probability", "band", "expected_loss", "first_reason")
ALERTS = ("period", "as_of", "place", "partner", "probability", "band", "trigger", "expected_loss", "reasons")
VERDICTS = {
    "told": "The model tells partners at risk from others",
    "few_events": "Few bad ends: a simple model that leans on what experts expect",
    "nothing_told": "Nothing tells partners at risk from others: everybody has the base rate",
    "too_few": "Too few bad ends to learn from: scores rest on what such indicators usually mean, untested",
}
"""What each verdict of a model means."""

OVERRIDES = ("partner", "band", "from", "until", "by", "reason")


@risk.command("train")
def train(
    folder: Folder = Path(),
    until: Annotated[
        str,
        typer.Option(metavar="DATE", help="Learn from what was known by this day; all data when left out."),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Train anew even if nothing has changed.")] = False,
) -> None:
    """Train the model of partner risk on the past, and save it in the workspace."""
    with messages():
        refuse(_wrong_day("--until", until) if until else ())
        day = datetime.date.fromisoformat(until) if until else None
        from ..analysis.risk import model_path, train_partner_risk
        from ..store.workspace import open_workspace

        ws = open_workspace(folder)
        with progress_shown() as progress:
            model = train_partner_risk(ws, until=day, force=force, progress=progress)
        say(f"{VERDICTS[model.verdict]} ({model.events} bad ends, {model.entities} partners).")
        typer.echo(str(model_path(ws)))


@risk.command("score")
def score(
    folder: Folder = Path(),
    period: Annotated[str, typer.Option(help="2025Q3, 2025-07, last-quarter ...")] = "last-quarter",
    limit: Annotated[int, typer.Option(min=1, help="How many partners to show.")] = 20,
) -> None:
    """Show the partners at risk, the gravest first: probability, band, what it may cost, the first reason."""
    with messages():
        ws = _with_model(folder)
        from ..analysis.risk import partner_risk

        with progress_shown() as progress:
            ws.facts(progress)
            progress("scoring partners", 0, 1)
            found = partner_risk(ws, period)
            progress("scoring partners", 1, 1)
        rows = found.partners.head(limit).to_dict("records")
        if not rows:
            say("There is no partner to score.")
            return
        first = _first_reasons(found)
        say(aligned(SCORES, [_scored(row, first) for row in rows], frozenset({0, 3, 5})))
        left = len(found.partners) - len(rows)
        if left:
            say(f"\n{left} more partners; show them with --limit {len(found.partners)}.")


@risk.command("card")
def card(
    folder: Folder = Path(),
    language: Annotated[str, typer.Option(help="zh or en; the workspace's own when left out.")] = "",
) -> None:
    """Print the card of the trained model: what it is, learnt from, and how good it is, as Markdown."""
    with messages():
        from ..words import check_language

        refuse(check_language(language) if language else [])
        ws = _with_model(folder)
        from ..analysis.risk import risk_model_card
        from ..report.markdown import section_markdown
        from ..report.show import section_of
        from ..words import words

        section = section_of(risk_model_card(ws), words(language or ws.settings.company.language))
        say("\n".join(plain(line) for line in section_markdown(section).split("\n")))


@risk.command("override")
def override(
    partner: Partner,
    band: Annotated[str, typer.Option(metavar="B", help="green, yellow, orange or red.")] = "",
    by: By = "",
    reason: Reason = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day on which it holds.")] = "",
    folder: WorkspaceOption = Path(),
) -> None:
    """Set a partner's band in place of the model's, for a time."""
    with messages():
        from ..store.alerts import Override, mistakes_in
        from ..store.alerts import override as set_band
        from ..store.workspace import open_workspace

        ws, today = open_workspace(folder), datetime.date.today()
        most_days, wrong = ws.policy.risk.override_days, [*_wrong_day("--until", until)]
        last = today if wrong else datetime.date.fromisoformat(until)
        made = Override(partner, band.strip(), by.strip(), reason.strip(), today, last)
        refuse([*_wrong_partner(ws, partner), *mistakes_in(made, most_days), *wrong])
        told = {"band": made.band, "author": made.author, "reason": made.reason}
        set_band(ws.root, partner, **told, date=today, until=last, most_days=most_days)
        say(plain(f"{partner} is {made.band} until {last}, by {made.author}."))


@risk.command("withdraw")
def withdraw(partner: Partner, by: By = "", reason: Reason = "", folder: WorkspaceOption = Path()) -> None:
    """End a partner's override before its last day."""
    with messages():
        from ..store.alerts import withdraw as end
        from ..store.workspace import read_settings

        read_settings(folder)
        today = datetime.date.today()
        end(folder.resolve(), partner, author=by.strip(), reason=reason.strip(), date=today)
        say(plain(f"The override of {partner} has ended."))


@risk.command("alerts")
def alerts(
    folder: Folder = Path(),
    period: Annotated[str, typer.Option(help="One period, such as 2025Q3.")] = "",
) -> None:
    """List the warnings as they were issued, the oldest first, and the overrides that hold today."""
    with messages():
        from ..store.alerts import overrides_on, read_alerts
        from ..store.workspace import read_settings

        read_settings(folder)
        root = folder.resolve()
        known, holding = read_alerts(root), overrides_on(root, datetime.date.today())
        _refuse_unknown("--period", period, dict.fromkeys(one.period for one in known))
        shown = [_alerted(one) for one in known if period in ("", one.period)]
        say(aligned(ALERTS, shown, frozenset({2, 4, 7})) if shown else "Nobody has been warned of.")
        if holding:
            say("\n" + aligned(OVERRIDES, [_overridden(one) for one in holding.values()]))


def _with_model(folder: Path) -> Workspace:
    """The workspace, once it has a trained model."""
    from ..analysis.risk import model_path
    from ..store.workspace import open_workspace

    ws = open_workspace(folder)
    path = model_path(ws)
    if not path.is_file():
        fix = "train one with: channel-analysis risk train DIR"
        raise InputError([Problem(str(path), "there is no trained model", fix)])
    return ws


def _wrong_partner(ws: Workspace, partner: str) -> Iterator[Problem]:
    with progress_shown() as progress:
        facts = ws.facts(progress)
    told = facts.engine.query(
        "SELECT partner_id FROM partners UNION SELECT partner_id FROM sales WHERE partner_id IS NOT NULL"
    )
    known = sorted(told["partner_id"].to_pylist())
    if partner not in known:
        near = nearest(partner, known)
        fix = f"did you mean '{near}'?" if near else "ids stand in the partners table, column partner_id"
        yield Problem(f"partner {partner}", "there is no such partner", fix)


def _wrong_day(option: str, text: str) -> Iterator[Problem]:
    try:
        is_day = str(datetime.date.fromisoformat(text)) == text
    except ValueError:
        is_day = False
    if not is_day:
        what = f"'{text}' is not a date" if text else "no day is given"
        yield Problem(option, what, "write it as YYYY-MM-DD")


def _refuse_unknown(option: str, given: str, known: Iterable[str]) -> None:
    if given and given not in known:
        raise InputError([Problem(option, f"there is no '{given}'", did_you_mean(given, known))])


def _first_reasons(found: PartnerRisk) -> dict[str, str]:
    """The strongest reason of each partner: theme, feature and value, where it adds to the risk."""
    if not len(found.reasons):
        return {}
    first = found.reasons[(found.reasons["place"] == 1) & (found.reasons["contribution"] > 0)]
    return {row["partner_id"]: _reason(row) for row in first.to_dict("records")}


def _reason(row: dict[Any, Any]) -> str:
    value = "no value" if row["value"] is None or math.isnan(row["value"]) else f"{row['value']:,.4g}"
    return f"{row['theme']}: {row['feature']} {value}"


def _scored(row: dict[Any, Any], first: dict[str, str]) -> list[str]:
    return [
        _number(row["watch_place"], ".0f"),
        str(row["partner_id"]),
        row["partner_name"] if isinstance(row["partner_name"], str) else "",
        _number(row["probability"], ".1%"),
        f"{row['band']} ({row['trigger']})" if row["trigger"] else str(row["band"]),
        _number(row["expected_loss"], ",.0f"),
        first.get(row["partner_id"], ""),
    ]


def _alerted(one: Alert) -> list[str]:
    return [
        one.period,
        str(one.as_of),
        str(one.place) if one.place else "",
        one.partner_id,
        _number(one.probability, ".1%"),
        one.band,
        one.trigger,
        _number(one.expected_loss, ",.0f"),
        ", ".join(one.reasons),
    ]


def _overridden(one: Override) -> list[str]:
    return [one.partner_id, one.band, str(one.date), str(one.until), one.author, one.reason]


def _number(value: float | None, form: str) -> str:
    return "" if value is None or math.isnan(value) else format(value, form)

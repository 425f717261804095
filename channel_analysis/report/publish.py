"""From a command to pages: plan, take the data in, run, open cases, list on the shelf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import InputError, Problem, refuse
from ..store.cases import read_cases
from ..store.decisions import read_decisions
from ..store.workspace import Workspace, open_workspace
from .batch import cores
from .choosing import ALL, file_names, parts_of, periods_of, reports_with_data, shipped_reports
from .jobs import Job, check_each, check_since, check_where, plan
from .records import folder_of
from .runner import Failed, Published, run
from .staging import awaits_follow_up, followed_up, not_writable

Progress = Callable[[str, int, int], None]

MOST_WORKERS = 1000
"""No machine has so many cores to spare."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command asks for.

    Parameters
    ----------
    reports : sequence of str
        Names of reports; "all" is every one that comes along and whose data are there.
    period, since : str
        A period's code or last-quarter and its kin; or the first of several, which are all made up to
        the last complete one.
    languages : sequence of str
        All there are when empty, the workspace's own first.
    out : Path, optional
        Where reports are kept; `reports/` of the workspace by default.
    given : mapping of str to str
        Further parameters of the notebooks.
    where : mapping of str to str
        What the reports are narrowed to, such as {"region": "East"}.
    each : str
        A dimension, for each of whose values a report is made.
    handouts : sequence of str
        "pdf", "xlsx": further files beside the pages.
    force : bool
        Whether to run what is up to date.
    own_notebooks : bool
        Whether notebooks of the workspace may run, which may do whatever they like.
    workers : int
        How many run at once; as many as there are cores when 0.
    """

    reports: Sequence[str] = ("review",)
    period: str = "last-quarter"
    since: str = ""
    languages: Sequence[str] = ()
    out: Path | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    each: str = ""
    handouts: Sequence[str] = ()
    force: bool = False
    own_notebooks: bool = False
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all that was asked for, and the shelf that lists it."""

    published: tuple[Published, ...]
    failed: tuple[Failed, ...]
    shelf: Path


def publish(
    folder: Path,
    report: str = "review",
    period: str = "last-quarter",
    languages: Sequence[str] = (),
    out: Path | None = None,
    given: Mapping[str, str] = {},
    progress: Progress = lambda _what, _done, _of: None,
    where: Mapping[str, str] = {},
    force: bool = False,
    own_notebooks: bool = False,
) -> tuple[Published, Path]:
    """Make a report of a workspace and give what was published, and the shelf that lists it.

    One that is up to date is not made again unless `force` says so. What the report found and somebody
    should look at becomes an open case after the pages are out.

    Parameters
    ----------
    folder : Path
        The workspace.
    report : str
        Name of a report that comes along; of one in the workspace's `notebooks/reports` with
        `own_notebooks`, which lets its code run.
    period : str
        A period's code, or last-month, last-quarter, last-half, last-year.
    languages : sequence of str
        "zh", "en" or both; all there are when empty, the workspace's own first.
    out : Path, optional
        Where reports are kept; `reports/` of the workspace by default.
    given : mapping of str to str
        Further parameters of the notebook.
    where : mapping of str to str
        What the report is narrowed to, such as {"region": "East"}.

    Raises
    ------
    InputError
        For every mistake in the arguments, the workspace or its data, before a kernel starts.
    ReportError
        When the run fails; what was published before is untouched.
    """
    wanted = Wanted(
        reports=(report,),
        period=period,
        languages=languages,
        out=out,
        given=given,
        where=where,
        force=force,
        own_notebooks=own_notebooks,
    )
    made = publish_all(folder, wanted, progress)
    for failed in made.failed:
        raise failed.error
    return made.published[0], made.shelf


def publish_all(folder: Path, wanted: Wanted, progress: Progress = lambda _what, _done, _of: None) -> Outcome:
    """Make every report that is wanted; one that fails stops no other.

    Raises
    ------
    InputError
        For every mistake in what is wanted, the workspace or its data, before a kernel starts.
    """
    ws = open_workspace(folder)
    plans = _planned(ws, wanted)
    _take_in(ws, progress)
    jobs = _jobs(ws, wanted, plans)
    ended = run(ws, jobs, wanted.workers or cores(), progress, lambda job, done: _followed(ws, job, done))
    published = tuple(one for one in ended if isinstance(one, Published))
    failed = tuple(one for one in ended if isinstance(one, Failed))
    return Outcome(published, failed, _shelf(ws, plans[0].out, failed))


def _shelf(ws: Workspace, out: Path, failed: Sequence[Failed]) -> Path:
    """List everything on the shelf; where reports failed, theirs is the word to be heard."""
    from .shelf import write_shelf

    try:
        return write_shelf(out, ws.settings.company.language)
    except OSError as error:
        if failed:
            return out / "index.html"
        raise not_writable(out, error) from None


def _planned(ws: Workspace, wanted: Wanted) -> list[Job]:
    """A job per report, checked as far as that goes without data; InputError names every mistake.

    Of all reports those that are about the whole company alone are left out where a part is wanted.
    """
    whole, planned = ALL in wanted.reports, []
    problems = [*check_where(wanted.where)] if whole else []
    for report in dict.fromkeys(shipped_reports() if whole else wanted.reports):
        try:
            planned.append(_plan(ws, wanted, report, whole))
        except InputError as error:
            problems += error.problems
    if whole:
        planned = [job for job in planned if job.can_be_narrowed or not (wanted.where or wanted.each)]
    problems += check_each(wanted.each, wanted.where, planned)
    problems += check_since(wanted.since, wanted.period, ws.settings.company.fiscal_year_start)
    if not 0 <= wanted.workers <= MOST_WORKERS:
        problems.append(Problem("jobs", f"{wanted.workers} reports cannot run at once", "give 1 or more"))
    refuse(dict.fromkeys(problems))
    return planned


def _plan(ws: Workspace, wanted: Wanted, report: str, whole: bool) -> Job:
    """The job of a report; of all reports none is the workspace's own, and the narrowing comes later."""
    company = ws.settings.company
    return plan(
        ws.root,
        report,
        wanted.since or wanted.period,
        wanted.languages,
        wanted.out,
        wanted.given,
        company.language,
        company.fiscal_year_start,
        where={} if whole else wanted.where,
        own_notebooks=wanted.own_notebooks and not whole,
        force=wanted.force,
        handouts=wanted.handouts,
    )


def _take_in(ws: Workspace, progress: Progress) -> None:
    """Read data and all that people keep beside them, once for all reports."""
    from ..metrics.kpis import load_kpis

    load_kpis(ws)
    read_cases(ws.root)
    read_decisions(ws.root)
    ws.refresh()
    ws.facts(lambda what, done, of: progress(f"data: {what}", done, of))


def _jobs(ws: Workspace, wanted: Wanted, plans: Sequence[Job]) -> list[Job]:
    """A job per period, part of the company and report."""
    named = {job.period for job in plans}
    periods = [code for period in sorted(named) for code in periods_of(ws, period, wanted.since)]
    parts = parts_of(ws, wanted.where, wanted.each)
    names = file_names(ws, parts)
    if ALL in wanted.reports:
        there = reports_with_data(ws)
        plans = [job for job in plans if job.report in there]
    return [_resolved(job, code, part, names) for code in periods for part in parts for job in plans]


def _resolved(job: Job, code: str, part: Mapping[str, str], names: Mapping[str, str]) -> Job:
    own = {"period": code, "where": dict(part)}
    return replace(
        job,
        period=code,
        where=dict(part),
        folder=folder_of(job.out, code, part, names),
        parameters={**job.parameters, **{name: own[name] for name in own if name in job.parameters}},
    )


def _followed(ws: Workspace, job: Job, published: Published) -> Published:
    """Open what is a case; what to tell where the ledger cannot be written to.

    A narrowed report leaves that to the company's.
    """
    from .following import follow_up

    if not awaits_follow_up(job.folder, job.report):
        return published
    as_of = ws.facts().intake.account("sales").last_date
    tables: Sequence[str] = published.summary.get("tables", ())
    notes: tuple[str, ...] = ()
    if as_of is not None and not job.where:
        try:
            follow_up(ws.root, job.period, as_of, job.folder, tables)
        except InputError as error:
            notes = tuple(f"{problem.where}: {problem.what}" for problem in error.problems)
    if not notes:
        followed_up(job.folder, job.report)
    return replace(published, notes=notes)

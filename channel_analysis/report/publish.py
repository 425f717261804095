"""From a command to pages: plan, take the data in, run, list on the shelf, open cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..store.cases import read_cases
from ..store.decisions import read_decisions
from ..store.workspace import Workspace, open_workspace
from .jobs import plan
from .runner import Published, run


def publish(
    folder: Path,
    report: str = "review",
    period: str = "last-quarter",
    languages: Sequence[str] = (),
    out: Path | None = None,
    given: Mapping[str, str] = {},
    progress: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
) -> tuple[Published, Path]:
    """Make a report of a workspace and give what was published, and the shelf that lists it.

    What the report found and somebody should look at becomes an open case after the pages are out.

    Parameters
    ----------
    folder : Path
        The workspace.
    report : str
        Name of a notebook in `notebooks/reports`.
    period : str
        A period's code, or last-month, last-quarter, last-half, last-year.
    languages : sequence of str
        "zh", "en" or both; all there are when empty, the workspace's own first.
    out : Path, optional
        Where reports are kept; `reports/` of the workspace by default.
    given : mapping of str to str
        Further parameters of the notebook.

    Raises
    ------
    InputError
        For every mistake in the arguments, the workspace or its data, before a kernel starts.
    ReportError
        When the run fails; what was published before is untouched.
    """
    ws = open_workspace(folder)
    company = ws.settings.company
    job = plan(ws.root, report, period, languages, out, given, company.language, company.fiscal_year_start)
    from ..analysis.scope import resolve_period  # heavy, and not needed to refuse a wrong argument
    from ..metrics.kpis import load_kpis
    from .shelf import write_shelf

    load_kpis(ws)
    read_cases(ws.root)
    read_decisions(ws.root)
    ws.refresh()
    ws.facts(lambda what, done, of: progress(f"data: {what}", done, of))
    resolved = resolve_period(ws, job.period)
    published = run(ws, job, resolved.code, progress)
    shelf = write_shelf(job.out, company.language)
    return replace(published, notes=_followed(ws, resolved.code, published)), shelf


def _followed(ws: Workspace, period: str, published: Published) -> tuple[str, ...]:
    """Open what is a case; what to tell where the ledger cannot be written to."""
    from .following import follow_up

    as_of = ws.facts().intake.account("sales").last_date
    tables: Sequence[str] = published.summary.get("tables", ())
    if as_of is None:
        return ()
    try:
        follow_up(ws.root, period, as_of, published.folder, tables)
    except InputError as error:
        return tuple(f"{problem.where}: {problem.what}" for problem in error.problems)
    return ()

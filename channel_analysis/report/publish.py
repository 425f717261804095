"""From a command to pages: plan, take the data in, run, list on the shelf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..store.workspace import open_workspace
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
    ws.refresh()
    ws.facts(lambda what, done, of: progress(f"data: {what}", done, of))
    resolved = resolve_period(ws, job.period)
    published = run(ws, job, resolved.code, progress)
    return published, write_shelf(job.out, company.language)

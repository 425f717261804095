"""Hand-outs: a report's pages as PDF and its tables as workbook, published together with the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import written_beside
from .records import RUNS, told

if TYPE_CHECKING:
    from .jobs import Job

ENDINGS = ("pdf", "xlsx")
"""What a report can be handed out as."""


def handout_files(job: Job, languages: Iterable[str]) -> list[str]:
    """Names of the files that a job's hand-outs are, beside its pages."""
    return [
        f"{page.removesuffix('.html')}.{ending}"
        for page in job.pages([*languages])
        for ending in job.handouts
    ]


def add_handouts(job: Job, files: Path, record: Mapping[str, Any]) -> None:
    """Write the hand-outs of a report whose pages and tables stand in `files`.

    Raises
    ------
    InputError
        When what writes them is not installed.
    """
    if not job.handouts:
        return
    from .pdf import write_pdf
    from .xlsx import write_xlsx

    runs = files / RUNS
    with written_beside(runs) as temporary:
        temporary.write_text(told({job.report: record}), encoding="utf-8")
    for language in record["languages"]:
        page = files / job.pages([language])[0]
        for ending in job.handouts:
            target = page.with_suffix(f".{ending}")
            if ending == "pdf":
                write_pdf(page, target)
            else:
                write_xlsx(files, job.report, language, target)
    runs.unlink()

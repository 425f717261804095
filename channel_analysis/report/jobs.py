"""Jobs: what is to be run, with everything checked that can be checked without data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, did_you_mean, refuse
from ..metrics.periods import LAST, check_period
from ..words import check_language
from ..words import languages as known_languages
from .notebooks import filled_in, find_report, with_parameters
from .secrets import without_secrets
from .sheets import PARAMETERS, SHEETS

_OWN = {
    "workspace": "name the workspace first: channel-analysis report DIR",
    "tables": "leave it out; tables stand beside the pages",
    "where": "write --where region=East",
}
"""Parameters of every notebook that come from elsewhere, with where."""

_SECRET = re.compile(r"passw|passphrase|secret|token|credential|api_?key|private_?key|(^|_)pwd($|_)", re.I)
"""What a parameter is called that nobody else is to know."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run: the report, its parameters, the languages, where it is published.

    `notebook` is None for sheets, which need no kernel; `is_own` says that it is the workspace's own.
    `where` is what the report is narrowed to, empty for the company. `handouts` are endings of further
    files beside the pages: "pdf", "xlsx".
    """

    report: str
    notebook: Path | None
    period: str
    parameters: Mapping[str, Any]
    languages: tuple[str, ...]
    out: Path
    folder: Path
    where: Mapping[str, str] = field(default_factory=dict)
    is_own: bool = False
    force: bool = False
    handouts: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How progress and messages call the job."""
        return " ".join([self.report, *self.where.values()])

    @property
    def can_be_narrowed(self) -> bool:
        """Whether the report can be about a part of the company."""
        return self.notebook is None or "where" in self.parameters

    def pages(self, languages: Sequence[str]) -> list[str]:
        """Names of the pages a reader opens first, as seen from the folder."""
        pattern = "{}/index.{}.html" if self.notebook is None else "{}.{}.html"
        return [pattern.format(self.report, language) for language in languages]


def plan(
    root: Path,
    report: str,
    period: str,
    languages: Sequence[str],
    out: Path | None,
    given: Mapping[str, str],
    first_language: str = "en",
    fiscal_start: int = 1,
    *,
    where: Mapping[str, str] = {},
    own_notebooks: bool = False,
    force: bool = False,
    handouts: Sequence[str] = (),
) -> Job:
    """Check everything that can be checked without data; InputError names all mistakes at once."""
    period = given.get("period", period)
    named = given["languages"].split(",") if "languages" in given else languages
    named = [language.strip() for language in named]
    problems = check_period(period, fiscal_start)
    problems += [problem for language in named for problem in check_language(language)]
    problems += [*_set_elsewhere(given), *check_where(where)]
    wanted = tuple(dict.fromkeys(named)) or _all_languages(first_language)
    notebook, is_own, parameters = None, False, {}
    try:
        notebook, is_own = find_report(report, root, own_notebooks, SHEETS)
        rest = {name: value for name, value in given.items() if name not in _OWN}
        parameters = _parameters(report, notebook, rest)
    except InputError as error:
        problems += error.problems
    own = {"workspace": str(root), "period": period, "languages": list(wanted), "where": dict(where)}
    parameters |= {name: value for name, value in own.items() if name in parameters}
    place, part = (out or root / "reports").resolve(), dict(sorted(where.items()))
    job = Job(
        report, notebook, period, parameters, wanted, place, place, part, is_own, force, tuple(handouts)
    )
    refuse(problems or (_whole_only(job, "where") if where and not job.can_be_narrowed else ()))
    return job


def _whole_only(job: Job, option: str) -> Iterator[Problem]:
    fix = f"leave --{option} out, or give its notebook a parameter: where = {{}}"
    yield Problem(option, f"{job.report} is about the whole company", fix)


def check_each(each: str, where: Mapping[str, str], jobs: Sequence[Job]) -> Iterator[Problem]:
    """Problems of the dimension for each of whose values a report is to be made."""
    from ..metrics.narrowing import DIMENSIONS

    if each and each not in DIMENSIONS:
        yield Problem("each", f"there are no reports by '{each}'", did_you_mean(each, DIMENSIONS))
    elif each in where:
        yield Problem("each", f"--where names a {each} already", "leave one of them out")
    elif each:
        for job in jobs:
            yield from () if job.can_be_narrowed else _whole_only(job, "each")


def _parameters(report: str, notebook: Path | None, given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a notebook, or of sheets, with the given ones in place."""
    if notebook:
        return with_parameters(notebook, given)
    own = {name: value for name, value in given.items() if name not in ("period", "languages")}
    return filled_in(report, PARAMETERS.get(report, {}), own)


def _set_elsewhere(given: Mapping[str, str]) -> Iterator[Problem]:
    """Parameters that the runner sets itself, and secrets, which would stand in notebooks and records."""
    for name, value in given.items():
        if name in _OWN:
            yield Problem(f"parameter '{name}'", "the runner sets it itself", _OWN[name])
        elif _SECRET.search(name) or without_secrets(value) != value:
            fix = "put it into an environment variable and read it in the notebook"
            yield Problem(f"parameter '{name}'", "a secret would be kept in the run record", fix)


def check_where(where: Mapping[str, str]) -> Iterator[Problem]:
    """Problems of the names in what a report is narrowed to; values are checked with the data."""
    from ..metrics.narrowing import DIMENSIONS

    for name in where:
        if name not in DIMENSIONS:
            yield Problem(
                "where", f"a report cannot be narrowed to a '{name}'", did_you_mean(name, DIMENSIONS)
            )


def check_since(since: str, period: str, fiscal_start: int) -> list[Problem]:
    """Problems of the first period to catch up with: it is one by name, and the only one given."""
    if since in LAST:
        return [Problem("since", f"'{since}' names no first period", "write it as 2025Q1, 2025-01 or 2025")]
    if since and period not in ("", "last-quarter"):
        return [Problem("since", "period and since exclude each other", "leave one of them out")]
    return [Problem("since", p.what, p.fix) for p in check_period(since, fiscal_start)] if since else []


def _all_languages(first: str) -> tuple[str, ...]:
    return tuple(sorted(known_languages(), key=lambda language: (language != first, language)))

"""Jobs: what is to be run, with everything checked that can be checked without data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, refuse
from ..metrics.periods import check_period
from ..words import check_language
from ..words import languages as known_languages
from .notebooks import find_report, with_parameters

_OWN = {
    "workspace": "name the workspace first: channel-analysis report DIR",
    "tables": "leave it out; tables stand beside the pages",
}
"""Parameters of every notebook that come from elsewhere, with where."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run: the notebook, its parameters, the languages, where it is published."""

    report: str
    notebook: Path
    period: str
    parameters: Mapping[str, Any]
    languages: tuple[str, ...]
    out: Path


def plan(
    root: Path,
    report: str,
    period: str,
    languages: Sequence[str],
    out: Path | None,
    given: Mapping[str, str],
    first_language: str = "en",
    fiscal_start: int = 1,
) -> Job:
    """Check everything that can be checked without data; InputError names all mistakes at once."""
    period = given.get("period", period)
    named = given["languages"].split(",") if "languages" in given else languages
    named = [language.strip() for language in named]
    problems = check_period(period, fiscal_start)
    problems += [problem for language in named for problem in check_language(language)]
    problems += [
        Problem(f"parameter '{name}'", "the runner sets it itself", instead)
        for name, instead in _OWN.items()
        if name in given
    ]
    wanted = tuple(dict.fromkeys(named)) or _all_languages(first_language)
    parameters: dict[str, Any] = {}
    notebook = Path()
    try:
        notebook = find_report(report, root)
        parameters = with_parameters(notebook, {k: v for k, v in given.items() if k not in _OWN})
        own = {"workspace": str(root), "period": period, "languages": list(wanted)}
        parameters |= {name: value for name, value in own.items() if name in parameters}
    except InputError as error:
        problems += error.problems
    refuse(problems)
    return Job(report, notebook, period, parameters, wanted, (out or root / "reports").resolve())


def _all_languages(first: str) -> tuple[str, ...]:
    return tuple(sorted(known_languages(), key=lambda language: (language != first, language)))

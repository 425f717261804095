"""What went wrong with the input: every problem at once, where it is and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where it is, what is wrong, how to put it right."""

    where: str
    what: str
    fix: str = ""


class InputError(Exception):
    """The input cannot be used as it is; carries every problem found, and what was done by then, if anything.

    Examples
    --------
    >>> print(InputError([Problem("policy.toml [weights]", "there is no KPI 'cost'", "remove it")]))
    1 problem found
      1. policy.toml [weights]: there is no KPI 'cost'
         fix: remove it
    """

    def __init__(self, problems: Iterable[Problem], so_far: object = None) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.so_far = so_far
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        lines = [f"{count} problem{'' if count == 1 else 's'} found"]
        for number, problem in enumerate(self.problems, start=1):
            lines.append(f"  {number}. {problem.where}: {problem.what}")
            if problem.fix:
                lines.append(f"     fix: {problem.fix}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the problems, for the cell above shows the call."""
        return [f"InputError: {self}"]


class UnknownName(InputError, AttributeError):
    """There is nothing of that name behind a dot; an AttributeError as well, so that `hasattr` answers."""


def refuse(problems: Iterable[Problem]) -> None:
    """Raise InputError when there is any problem; do nothing otherwise."""
    found = tuple(problems)
    if found:
        raise InputError(found)


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Offer the nearest of `options`, or list them all when none is near.

    Examples
    --------
    >>> did_you_mean("return_rat", ["net_sales", "return_rate"])
    "did you mean 'return_rate'?"
    >>> did_you_mean("zzz", ["a", "b"])
    'choose one of: a, b'
    """
    known = list(options)
    near = nearest(name, known)
    if near:
        return f"did you mean '{near}'?"
    return f"choose one of: {', '.join(known)}" if known else "there is nothing to choose from"


def nearest(name: str, options: Iterable[str]) -> str:
    """The nearest of `options`, whatever the case of its letters; empty when none is near."""
    by_lower = {option.lower(): option for option in options}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else ""

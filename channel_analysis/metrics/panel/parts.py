"""What measures a part of the panel gives, and which tables and columns it cannot do without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...contracts.policy import Policy
from ...store.engine import Engine
from ...store.intake import Intake
from .grid import Floats, Grid


@dataclass(frozen=True, slots=True)
class Part:
    """Measures of one kind: their names, the columns needed ("table.column"), and how they are made.

    `of` gives an array of partners by months for each name. Measures of a part that lacks a column
    are missing.
    """

    names: tuple[str, ...]
    needs: tuple[str, ...]
    of: Callable[[Engine, Grid, Policy], dict[str, Floats]]

    def lacks(self, intake: Intake) -> tuple[str, ...]:
        """What is not there: a table, or a column of a table that is."""
        tables = dict.fromkeys(need.partition(".")[0] for need in self.needs)
        absent = [table for table in tables if not intake.has(table)]
        columns = [
            need
            for need in self.needs
            if need.partition(".")[0] not in absent
            and need.partition(".")[2] not in intake.filled.get(need.partition(".")[0], ())
        ]
        return (*absent, *columns)

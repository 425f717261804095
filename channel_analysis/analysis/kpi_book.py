"""The KPIs of a workspace to leaf through: what each means, how it is made, and its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import Problem, UnknownName, did_you_mean
from ..metrics.kpis import Kpi, load_kpis
from ..metrics.terms import Term
from ..store.workspace import Workspace
from .measure import measure

if TYPE_CHECKING:
    import pandas as pd


def kpis(ws: Workspace) -> KpiBook:
    """The KPIs in force in a workspace: `kpis(ws).net_sales`, `kpis(ws)["net_sales"]`, `list(kpis(ws))`.

    Raises
    ------
    InputError
        With every mistake of the workspace's kpis.toml.
    """
    return KpiBook(ws, load_kpis(ws))


class KpiBook:
    """KPIs by name, as the catalogue and the workspace define them."""

    def __init__(self, ws: Workspace, known: dict[str, Kpi]) -> None:
        self._ws = ws
        self._known = known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __dir__(self) -> list[str]:
        return [*self._known, "to_frame"]

    def __getitem__(self, name: str) -> KpiEntry:
        if name not in self._known:
            fix = did_you_mean(name, self._known)
            raise UnknownName([Problem("kpis", f"there is no KPI '{name}'", fix)])
        return KpiEntry(self._ws, name, self._known[name])

    def __getattr__(self, name: str) -> KpiEntry:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def to_frame(self) -> pd.DataFrame:
        """One row per KPI: kpi, name_en, name_zh, unit, better, dimension, formula, tables."""
        import pandas as pd

        return pd.DataFrame([self[name].facts() for name in self])

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        lines = [f"  {name:<{width}}  {self[name].definition.get('en', '')}" for name in self]
        return "\n".join([f"{len(self)} KPIs", *lines])


class KpiEntry:
    """One KPI: its name and definition per language, formula, unit, what it needs, and its values."""

    def __init__(self, ws: Workspace, name: str, kpi: Kpi) -> None:
        self._ws = ws
        self._kpi = kpi
        self.name = name
        self.label = dict(kpi.label)
        self.definition = dict(kpi.definition)
        self.unit = kpi.unit
        self.better = kpi.better
        self.tables = tuple(kpi.tables)
        self.needs = tuple(kpi.needs)

    @property
    def formula(self) -> str:
        """Numerator and denominator in SQL, with the tables they are of."""
        if self._kpi.of:
            against = {"previous": "the period before", "last_year": "last year"}[self._kpi.base]
            return f"change of {self._kpi.of} against {against}"
        below = _told(self._kpi.denominator)
        scale = "" if self._kpi.scale == 1 else f" * {self._kpi.scale:g}"
        return _told(self._kpi.numerator) + (f" / ({below})" if below else "") + scale

    def values(
        self,
        period: str | Sequence[str] = "last-quarter",
        by: str | Sequence[str] = "channel_type",
        language: str = "",
    ) -> pd.DataFrame:
        """Its values; see `measure` for what comes and what is refused."""
        return measure(self._ws, period, by=by, kpis=self.name, language=language)

    def facts(self) -> dict[str, str]:
        """What is told of it in one row of `KpiBook.to_frame`."""
        names = {f"name_{language}": self.label.get(language, "") for language in ("en", "zh")}
        kind = {"unit": self.unit, "better": self.better, "dimension": self._kpi.dimension}
        return {"kpi": self.name, **names, **kind, "formula": self.formula, "tables": ", ".join(self.tables)}

    def __repr__(self) -> str:
        better = "neither is better" if self.better == "none" else f"{self.better} is better"
        lines = [f"{self.name}: {' / '.join(self.label.values())} ({self.unit}, {better})"]
        lines += [f"  {text}" for text in self.definition.values()]
        lines += [f"  = {self.formula}", *(f"  needs {text}" for text in self.needs)]
        return "\n".join([*lines, '  .values("last-quarter", by="channel_type")'])


def _told(terms: Sequence[Term]) -> str:
    """Terms added up, each with its table."""
    return " + ".join(f"{term.expr} of {term.table}" for term in terms)

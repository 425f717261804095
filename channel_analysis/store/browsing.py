"""Looking at the tables of a workspace: by name, with what the contract says about every column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..contracts.schema import Column, Table
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, UnknownName, did_you_mean, refuse
from .engine import EngineError, literal, quoted

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .workspace import Workspace


class SuppliedTables:
    """The tables a workspace was supplied with: `ws.tables.sales`, or `ws.tables["sales"]`."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    def __iter__(self) -> Iterator[str]:
        intake = self._ws.facts().intake
        return (name for name in TABLES if intake.has(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __dir__(self) -> list[str]:
        return [*self, "sql", "to_frame"]

    def __getitem__(self, name: str) -> SuppliedTable:
        if name not in self:
            raise UnknownName([_absent(name, list(self))])
        return SuppliedTable(self._ws, TABLES[name])

    def __getattr__(self, name: str) -> SuppliedTable:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def to_frame(self) -> pd.DataFrame:
        """One row per table: table, rows, description."""
        import pandas as pd

        rows = [(name, self[name].rows, TABLES[name].description) for name in self]
        return pd.DataFrame(rows, columns=["table", "rows", "description"])

    def sql(self, query: str) -> pd.DataFrame:
        """The rows of a query in DuckDB's dialect over the tables, by their names.

        Raises
        ------
        InputError
            When the query does not only read, or the engine refuses it.

        Examples
        --------
        `ws.tables.sql("SELECT region, count(*) AS n FROM partners GROUP BY region ORDER BY n DESC")`
        """
        try:
            reads = isinstance(sqlglot.parse_one(query, read="duckdb"), exp.Query)
        except SqlglotError as error:
            raise InputError([_refused(str(error))]) from None
        if not reads:
            raise InputError(
                [Problem("sql", "this query does not only read", "begin it with SELECT or WITH")]
            )
        return _asked(self._ws, query)

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        lines = [
            f"  {name:<{width}}  {rows:>9,} rows  {text}" for name, rows, text in self.to_frame().to_numpy()
        ]
        return "\n".join([f"{len(self)} tables", *lines])


class SuppliedTable:
    """One table of a workspace: what a row is, which columns are filled, and its rows when asked for."""

    def __init__(self, ws: Workspace, table: Table) -> None:
        self._ws = ws
        self._table = table

    @property
    def name(self) -> str:
        """The table's name."""
        return self._table.name

    @property
    def rows(self) -> int:
        """How many rows are used."""
        query = f"SELECT COUNT(*) AS n FROM {quoted(self.name)}"
        count: int = self._ws.facts().engine.query(query)["n"][0].as_py()
        return count

    @property
    def columns(self) -> pd.DataFrame:
        """The columns that hold anything: name (the index), type, unit, description."""
        import pandas as pd

        rows = [(c.name, c.type, c.unit, c.description) for c in self._filled()]
        return pd.DataFrame(rows, columns=["column", "type", "unit", "description"]).set_index("column")

    def head(self, n: int = 5) -> pd.DataFrame:
        """The first `n` rows of the columns that hold anything."""
        return self.to_frame(limit=n)

    def to_frame(
        self,
        columns: Sequence[str] = (),
        where: Mapping[str, object] | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Rows as a DataFrame, in the order in which they came in.

        Parameters
        ----------
        columns : list of str
            Those that hold anything when empty.
        where : dict
            A value, or a list of values, by column: `{"region": "East", "kind": ["order", "return"]}`.
        limit : int
            The most rows; all without it.

        Returns
        -------
        DataFrame
            Money and quantities as float64, days as datetime64.

        Raises
        ------
        InputError
            For columns that the table does not have, with the nearest, and a limit below 1.
        """
        wanted, conditions = [columns] if isinstance(columns, str) else list(columns), dict(where or {})
        refuse([*self._unknown([*wanted, *conditions]), *_limits(limit)])
        chosen = ", ".join(quoted(name) for name in wanted or (c.name for c in self._filled()))
        kept = " AND ".join(_condition(name, value) for name, value in conditions.items()) or "TRUE"
        most = "" if limit is None else f" LIMIT {limit}"
        return _asked(self._ws, f"SELECT {chosen} FROM {quoted(self.name)} WHERE {kept}{most}")

    def sql(self, query: str) -> pd.DataFrame:
        """The rows of a query that names this table, and others if need be; see `SuppliedTables.sql`."""
        return SuppliedTables(self._ws).sql(query)

    def __repr__(self) -> str:
        filled = self._filled()
        width = max(len(column.name) for column in filled)
        lines = [f"  {column.name:<{width}}  {_described(column)}" for column in filled]
        return "\n".join([f"{self.name}: {self.rows:,} rows; {self._table.grain} each", *lines])

    def _filled(self) -> list[Column]:
        names = self._ws.facts().intake.filled[self.name]
        return [column for column in self._table.columns if column.name in names]

    def _unknown(self, names: Sequence[str]) -> Iterator[Problem]:
        known = self._table.column_names
        for name in dict.fromkeys(names):
            if name not in known:
                what = f"the table has no column '{name}'"
                yield Problem(f"tables.{self.name}", what, did_you_mean(name, known))


def _absent(name: str, supplied: Sequence[str]) -> Problem:
    if name in TABLES:
        fix = "the data dictionary says what it would hold"
        return Problem("tables", f"the table '{name}' was not supplied", fix)
    return Problem("tables", f"there is no table '{name}'", did_you_mean(name, supplied))


def _limits(limit: int | None) -> Iterator[Problem]:
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        yield Problem("limit", f"{limit!r} rows cannot be given", "ask for one or more")


def _condition(name: str, value: object) -> str:
    """One column's condition; values are compared as texts, so that 2025-07-01 finds a day."""
    values = [str(one) for one in (value if isinstance(value, list | tuple | set) else [value])]
    options = ", ".join(literal(one) for one in sorted(values))
    return f"CAST({quoted(name)} AS VARCHAR) IN ({options})" if values else "FALSE"


def _described(column: Column) -> str:
    unit = f" ({column.unit})" if column.unit else ""
    return f"{column.type:<8}  {column.description}{unit}"


def _asked(ws: Workspace, query: str) -> pd.DataFrame:
    try:
        found = ws.facts().engine.query(query)
    except EngineError as error:
        raise InputError([_refused(str(error))]) from None
    return _plain(found).to_pandas(date_as_object=False)


def _refused(message: str) -> Problem:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    offer = next((line for line in lines[1:] if "andidate" in line or "Did you mean" in line), "")
    return Problem("sql", lines[0], offer or "correct the query; `ws.tables` lists the tables")


def _plain(found: pa.Table) -> pa.Table:
    """Exact decimals as numbers that pandas calculates with."""
    import pyarrow as pa

    types = [pa.float64() if pa.types.is_decimal(field.type) else field.type for field in found.schema]
    return found.cast(pa.schema(list(zip(found.schema.names, types, strict=True))))

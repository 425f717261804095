"""The data dictionary: every contract table and column as one Markdown page."""

from __future__ import annotations

from collections.abc import Sequence

from .schema import CHANNEL_TYPES, Column, Table
from .tables import TABLES

_INTRO = """\
# Data dictionary

What the tables hold that every figure is made from. `channel-analysis dictionary` writes this page
from the contracts; change them, not the page. Only `sales` has to be there: whatever else is absent
switches off what needs it, and the report says so.

How to read it:

- **Grain** is what one row stands for. The **key** tells rows apart: of rows with the same key the
  first is used, the others are set aside. The **date** places a row in a period. **Counted as
  money** is the column that the accounts of used and set-aside rows add up.
- **Types**: `text` (every number of an order, a partner, ... is text: 00123 stays 00123), `date`,
  `integer`, `money` and `quantity` (exact, four decimals), `number` (neither NaN nor infinite),
  `flag` (true or false).
- **Required** columns are filled in every row; rows without them are set aside and counted. All
  others may be empty or absent.
- **Units**: "currency" is the currency of the workspace, in units (元, not 万元); a "share" is 0 to 1.
  A mapping converts other units.
- **Dates** are days, written YYYY-MM-DD; a mapping reads other formats. A month is its first day.
- **known_at** is the day a fact became known to us. It keeps what was learned later out of earlier
  judgements; where it is empty the event's own date counts.
- **Refers to** names the column a value should be found in. Rows that name an entry no table holds
  are used, and noted.
- **Channel types** are those of the policy (`[channel_types]` in policy.toml)."""

_HEADER = ("column", "type", "unit", "required", "allowed values", "refers to", "description")


def dictionary() -> str:
    """Describe all contract tables in Markdown, in the order a reader meets them."""
    return "\n\n".join([_INTRO, _contents(), *(_section(table) for table in TABLES.values())]) + "\n"


def _contents() -> str:
    rows = [
        (f"[{table.name}](#{table.name})", "yes" if table.required else "", table.description)
        for table in TABLES.values()
    ]
    return "## Tables\n\n" + _table(("table", "required", "what it holds"), rows)


def _section(table: Table) -> str:
    facts = [f"- Grain: {table.grain}", f"- Key: {', '.join(f'`{name}`' for name in table.key)}"]
    facts.append(f"- Date: `{table.date}`" if table.date else "- Date: none")
    if table.amount:
        facts.append(f"- Counted as money: `{table.amount}`")
    rows = [_row(column) for column in table.columns]
    return "\n\n".join([f"## {table.name}", table.description, "\n".join(facts), _table(_HEADER, rows)])


def _row(column: Column) -> tuple[str, ...]:
    return (
        f"`{column.name}`",
        column.type,
        column.unit,
        "yes" if column.required else "",
        _allowed(column),
        _reference(column),
        column.description,
    )


def _allowed(column: Column) -> str:
    if column.allowed == (CHANNEL_TYPES,):
        return "channel types"
    return ", ".join(f"`{value}`" for value in column.allowed)


def _reference(column: Column) -> str:
    if not column.references:
        return ""
    return f"[{column.references}](#{column.references.partition('.')[0]})"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)

"""Defects of a file as it is written: encodings, totals, blank lines, headers in the middle."""

from __future__ import annotations

import pandas as pd

from .world import Rng, Truth, World, amount, number

TOTALS = ("合计", "Total", "总计", "小计", "Grand total", "Subtotal")


def totals_of_months(world: World, rng: Rng) -> Truth:
    """A report pasted as data: a line with the total behind each month."""
    months = world.frames["sales"]["order_date"].str.extract("^([0-9]{4}-[0-9]{2})-")[0].ffill()
    return _with_totals(world, rng, months, {})


def total_at_the_end(world: World, rng: Rng) -> Truth:
    """The last line is the total."""
    return _with_totals(world, rng, pd.Series("all", world.frames["sales"].index), {})


def totals_of_regions_in_full(world: World, rng: Rng) -> Truth:
    """Lines with totals of regions that look like sales otherwise: day, kind and channel type are there."""
    sales = world.frames["sales"]
    likeness = {"kind": "order", "order_date": sales["order_date"].max(), "line_number": "1"}
    likeness["channel_type"] = sales["channel_type"].iloc[-1]
    return _with_totals(world, rng, sales["region"].where(sales["region"] != "", "-"), likeness)


def _with_totals(world: World, rng: Rng, groups: pd.Series, likeness: dict[str, str]) -> Truth:
    sales = world.frames["sales"]
    sums = sales.assign(net=number(sales["net_amount"]), units=number(sales["quantity"])).groupby(groups)
    word = str(rng.choice(TOTALS))
    lines = pd.DataFrame("", index=range(len(sums)), columns=sales.columns)
    lines["order_id"] = [f"{word} {name}" if name != "all" else word for name in sums.groups]
    lines["net_amount"] = amount(sums["net"].sum()).to_numpy()
    lines["quantity"] = amount(sums["units"].sum()).to_numpy()
    for name, value in likeness.items():
        lines[name] = value
    rows = world.append("sales", lines)
    return world.truth("totals_row", "sales", "", rows)


def totals_of_costs(world: World, rng: Rng) -> Truth:
    """A total below the costs of the last month."""
    costs = world.frames["costs"]
    line = pd.DataFrame("", index=[0], columns=costs.columns)
    line["month"], line["cost_type"] = costs["month"].iloc[-1], costs["cost_type"].iloc[-1]
    line["cost_id"], line["amount"] = str(rng.choice(TOTALS)), f"{number(costs['amount']).sum():.2f}"
    return world.truth("totals_row", "costs", "", world.append("costs", line))


def blank_lines(world: World, rng: Rng) -> Truth:
    """Lines of nothing but delimiters, from rows that were cleared in a workbook."""
    sales = world.frames["sales"]
    count = int(rng.integers(3, 30))
    lines = pd.DataFrame("", index=range(count), columns=sales.columns)
    world.append("sales", lines)
    return Truth("blank_line", "sales", (), (count, count))


def header_in_the_middle(world: World, rng: Rng) -> Truth:
    """Two exports put together, with the header of the second between them."""
    names = world.frames["receivables"].columns
    rows = world.append("receivables", pd.DataFrame([list(names)], columns=names))
    return world.truth("wrong_type", "receivables", "", rows, "totals_row", "not_allowed", "blank_line")


def half_in_gb18030(world: World, rng: Rng) -> Truth:
    """Rows of one branch are in GB18030, those of the others in UTF-8."""
    world.touch("sales", world.frames["sales"].index[:0])
    start = float(rng.uniform(0.3, 0.9))

    def write(text: str) -> bytes:
        lines = text.splitlines(keepends=True)
        cut = int(len(lines) * start)
        return "".join(lines[:cut]).encode() + "".join(lines[cut:]).encode("gb18030")

    world.written["sales"] = write
    return Truth("broken_text", "sales", may_refuse=True, tokens=("utf-8", "UTF-8"))


def replaced_signs(world: World, rng: Rng) -> Truth:
    """Names in which a program replaced what it could not read."""
    partners = world.frames["partners"]
    rows = world.pick("partners", rng, partners["partner_name"].str.len() > 2)
    partners.loc[rows, "partner_name"] = [
        "\ufffd\ufffd" + name[2:] for name in partners.loc[rows, "partner_name"]
    ]
    return world.truth("broken_text", "partners", "partner_name", rows)


def mojibake(world: World, rng: Rng) -> Truth:
    """Names in UTF-8 that a program took for Latin letters."""
    partners = world.frames["partners"]
    rows = world.pick("partners", rng, partners["partner_name"].str.contains("[\u4e00-\u9fff]"))
    partners.loc[rows, "partner_name"] = [
        name.encode().decode("latin-1") for name in partners.loc[rows, "partner_name"]
    ]
    return world.truth("broken_text", "partners", "partner_name", rows)


def mojibake_of_regions(world: World, rng: Rng) -> Truth:
    """Regions in GB18030 that a program took for Latin letters."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["region"].str.contains("[\u4e00-\u9fff]"))
    sales.loc[rows, "region"] = [
        text.encode("gb18030").decode("latin-1") for text in sales.loc[rows, "region"]
    ]
    return world.truth("broken_text", "sales", "region", rows)


def question_marks(world: World, rng: Rng) -> Truth:
    """Names of which nothing but question marks is left."""
    partners = world.frames["partners"]
    rows = world.pick("partners", rng, partners["partner_name"].str.contains("[\u4e00-\u9fff]{3}"))
    partners.loc[rows, "partner_name"] = ["?" * len(name) for name in partners.loc[rows, "partner_name"]]
    return world.truth("broken_text", "partners", "partner_name", rows)

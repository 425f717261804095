"""Tables: heads for rows and columns, numbers to the right, nothing random, nothing unescaped."""

import pytest
from bs4 import BeautifulSoup

from channel_analysis.report.blocks import Column, Table
from channel_analysis.report.tables import table_html

TABLE = Table(
    "sales",
    "Sales",
    (
        Column("Channel", ("All", "Shop"), is_number=False),
        Column("Sales", ("30", "−10"), group="Result"),
        Column("Share", ("100%", "33%"), group="Result"),
        Column("Note", ("", "<b>new</b>"), is_number=False),
    ),
    notes=("○  no rows",),
    strong=(0,),
)


@pytest.fixture(scope="module")
def table() -> BeautifulSoup:
    return BeautifulSoup(table_html(TABLE), "html.parser")


def texts(found) -> list[str]:
    return [cell.get_text(strip=True) for cell in found]


def test_every_row_has_its_name_as_its_head(table):
    assert texts(table.select("tbody th[scope=row]")) == ["All", "Shop"]


def test_every_column_has_a_head(table):
    assert sorted(texts(table.select("thead th[scope=col]"))) == ["Channel", "Note", "Sales", "Share"]


def test_columns_of_a_group_stand_under_its_name(table):
    group = table.select_one("thead th[scope=colgroup]")
    assert (group.get_text(strip=True), group["colspan"]) == ("Result", "2")


def test_cells_stand_in_the_order_of_the_columns(table):
    rows = [texts(row.find_all("td")) for row in table.select("tbody tr")]
    assert rows == [["30", "100%", ""], ["−10", "33%", "<b>new</b>"]]


def test_numbers_stand_to_the_right_and_words_to_the_left(table):
    classes = ["number" in cell.get("class", []) for cell in table.select("tbody tr:first-child td")]
    assert classes == [True, True, False]


def test_rows_that_matter_most_are_bold(table):
    assert [bool("strong" in row.get("class", [])) for row in table.select("tbody tr")] == [True, False]


def test_notes_stand_in_the_foot(table):
    assert texts(table.select("tfoot td")) == ["○  no rows"]


def test_nothing_of_a_table_is_random():
    assert table_html(TABLE) == table_html(TABLE)


def test_a_table_carries_no_style_and_no_ids(table):
    assert table.select("style, [id], [headers]") == []


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="columns of table 'bad' differ in length"):
        Table("bad", "Bad", (Column("a", ("1",)), Column("b", ())))

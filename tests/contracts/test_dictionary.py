"""The data dictionary on disk is the one the contracts give, and nothing is left out of it."""

import re
from pathlib import Path

from channel_analysis.contracts.dictionary import dictionary
from channel_analysis.contracts.tables import TABLES

ON_DISK = Path(__file__).resolve().parents[2] / "data" / "DICTIONARY.md"


def sections() -> dict[str, str]:
    parts = re.split(r"^## (\w+)$", dictionary(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_on_disk_is_the_generated_one():
    assert ON_DISK.read_text(encoding="utf-8") == dictionary(), "write it again: channel-analysis dictionary"


def test_every_table_has_a_section_in_the_order_of_the_contracts():
    assert list(sections()) == ["Tables", *TABLES]


def test_the_contents_lead_to_every_table():
    assert re.findall(r"\[(\w+)\]\(#(\w+)\)", sections()["Tables"]) == [(name, name) for name in TABLES]


def test_every_column_stands_in_its_table_with_type_and_description():
    for name, table in TABLES.items():
        lines = [line for line in sections()[name].splitlines() if line.startswith("| `")]
        assert [line.split(" | ")[:2] for line in lines] == [[f"| `{c.name}`", c.type] for c in table.columns]
        for line, column in zip(lines, table.columns, strict=True):
            assert line.endswith(f"| {column.description} |")


def test_a_reader_learns_key_date_money_allowed_values_and_references_of_sales():
    text = sections()["sales"]
    assert "- Key: `order_id`, `line_number`" in text
    assert "- Date: `order_date`" in text
    assert "- Counted as money: `net_amount`" in text
    assert "| `kind` | text |  | yes | `order`, `return` |" in text
    assert "| `partner_id` | text |  |  |  | [partners.partner_id](#partners) |" in text
    assert "| `net_amount` | money | currency | yes |" in text


def test_every_row_of_every_table_has_as_many_cells_as_its_header():
    for text in sections().values():
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")}
        assert len(counts) == 1

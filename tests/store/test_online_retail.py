"""Online Retail: every line is a product sale, a return, or left out for a reason that is shown."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from channel_analysis.store.scaffold import make_workspace
from channel_analysis.store.workspace import Facts, open_workspace

LINES, MONEY = 541_909, Decimal("9747747.9340")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, shared_data: Callable[[str], Path]) -> Path:
    folder = tmp_path_factory.mktemp("online_retail") / "workspace"
    make_workspace(folder, mapping="online_retail", source=str(shared_data("online_retail_uk")))
    return folder


@pytest.fixture(scope="module")
def facts(workspace) -> Facts:
    return open_workspace(workspace).facts()


def total(facts: Facts, what: str, where: str = "TRUE"):
    return facts.engine.query(f"SELECT {what} AS x FROM sales WHERE {where}")["x"][0].as_py()


def test_lines_and_money_of_the_set_are_all_accounted_for(facts):
    account = facts.intake.account("sales")
    left = [finding for finding in facts.intake.findings if finding.rule == "left_out"]
    assert account.rows_given + sum(finding.rows for finding in left) == LINES
    assert account.amount_given + sum(finding.amount for finding in left) == MONEY
    assert (account.rows_set_aside, account.rows_unreadable) == (0, 0)


def test_what_is_no_product_sale_is_left_out_with_its_money(facts):
    left = {f.sample: (f.rows, f.amount) for f in facts.intake.findings if f.rule == "left_out"}
    assert left == {
        "postage and carriage charged on": (2110, Decimal("279462.1200")),
        "bank charges, marketplace fees and commission": (87, Decimal("-236629.5690")),
        "manual corrections": (572, Decimal("-68671.6400")),
        "corrections of bad debt": (3, Decimal("-11062.0600")),
        "samples": (63, Decimal("-3049.3900")),
        "gift vouchers": (34, Decimal("685.8100")),
        "stock corrections without a price and a customer": (2464, Decimal("0.0000")),
    }
    assert all(f.treatment == "ignored" for f in facts.intake.findings if f.rule == "left_out")


def test_invoices_with_a_c_in_front_are_returns_and_no_other(facts):
    assert total(facts, "COUNT(*)", "(order_id LIKE 'C%') <> (kind = 'return')") == 0
    assert total(facts, "MAX(net_amount)", "kind = 'return'") < 0
    assert total(facts, "MIN(net_amount)", "kind = 'order'") >= 0


def test_accounts_are_partners_and_lines_without_one_are_kept(facts):
    assert total(facts, "COUNT(DISTINCT partner_id)", "channel_type = 'wholesale'") <= 4372
    assert facts.intake.account("partners").rows_used == 4372
    assert total(facts, "COUNT(*)", "(channel_type = 'guest') <> (partner_id IS NULL)") == 0
    assert total(facts, "COUNT(*)", "channel_type = 'guest'") > 130_000
    assert total(facts, "COUNT(*)", "net_amount = 0 AND partner_id IS NOT NULL") > 0


def test_countries_are_regions_and_ids_are_text(facts):
    assert total(facts, "COUNT(DISTINCT region)") == 38
    assert total(facts, "COUNT(*)", "partner_id LIKE '%.%'") == 0
    unknown = "product_id NOT IN (SELECT product_id FROM products)"
    assert total(facts, "COUNT(*)", unknown) == 0


def test_the_set_is_the_same_on_every_run(workspace, facts):
    query = "SELECT order_id, line_number, product_id, net_amount FROM sales ORDER BY order_id, line_number"
    again = open_workspace(workspace).facts().engine.query(f"{query} LIMIT 5000")
    assert facts.engine.query(f"{query} LIMIT 5000").equals(again)


def test_the_company_has_its_name_and_its_currency(workspace):
    company = open_workspace(workspace).settings.company
    assert (company.name, company.currency) == ("Online Retail", "GBP")

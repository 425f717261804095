"""A workspace opens with all its mistakes named, and takes the same data in once."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from channel_analysis.errors import InputError
from channel_analysis.store import workspace as module
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.scaffold import make_workspace
from channel_analysis.store.workspace import Workspace, open_workspace, shipped_mappings

SALES = (
    "order_id,line_number,kind,order_date,channel_type,net_amount\n"
    "A1,1,order,2025-01-05,visit,10\n"
    "A2,1,order,2025-02-06,agent,20\n"
)
FRANCHISE = '[channel_types.franchise]\nfamily = "indirect"\n'


@pytest.fixture
def intakes(monkeypatch) -> list[Path]:
    """Count how often data are taken in."""
    seen: list[Path] = []
    take_in = module.take_in

    def counted(engine, mapping, folder, rules, target, snapshots, progress):
        seen.append(target)
        return take_in(engine, mapping, folder, rules, target, snapshots, progress)

    monkeypatch.setattr(module, "take_in", counted)
    return seen


def problems(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        open_workspace(folder)
    return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]


def net_sales(folder: Path) -> Decimal:
    facts = open_workspace(folder).facts()
    return facts.engine.query("SELECT sum(net_amount) AS total FROM sales")["total"][0].as_py()


def test_a_folder_without_settings_is_no_workspace_and_the_remedy_is_named(tmp_path):
    (text,) = problems(tmp_path)
    assert text == (
        f"{tmp_path}/workspace.toml: this folder is no workspace: the file is missing | "
        f"make one with: channel-analysis init {tmp_path}"
    )


def test_all_mistakes_of_the_settings_are_named_at_once_with_the_nearest_names(workspace):
    folder = workspace(
        {"sales.csv": SALES}, data='sorce = "x"\nbad_rows = "stp"\n[compny]\n[company]\ncurrency = "yuan"'
    )
    found = {text.split(": ")[0]: text for text in problems(folder)}
    assert set(found) == {
        "workspace.toml [data.sorce]",
        "workspace.toml [data.bad_rows]",
        "workspace.toml [compny]",
        "workspace.toml [company.currency]",
    }
    assert found["workspace.toml [data.sorce]"].endswith("did you mean 'source'?")
    assert found["workspace.toml [compny]"].endswith("did you mean 'company'?")
    assert "'stp'" in found["workspace.toml [data.bad_rows]"]
    assert "'yuan'" in found["workspace.toml [company.currency]"]


def test_a_currency_is_answered_with_how_it_is_written(workspace):
    assert problems(workspace({"sales.csv": SALES}, data='[company]\ncurrency = "yuan"')) == [
        "workspace.toml [company.currency]: this is no currency code (given: 'yuan')"
        " | write it as three capital letters, such as CNY"
    ]


def test_delimiter_and_encoding_of_the_folder_are_checked(workspace):
    folder = workspace({"sales.csv": SALES}, data='delimiter = ";;"\nencoding = "hex"')
    assert problems(folder) == [
        "workspace.toml [data.delimiter]: a delimiter is one character (given: ';;')"
        ' | write it as ",", ";", "|" or "\\t"',
        "workspace.toml [data.encoding]: there is no such encoding of text (given: 'hex')"
        " | try utf-8 or gb18030",
    ]


def test_a_workspace_that_cannot_be_written_to_keeps_its_intake_elsewhere(
    workspace, monkeypatch, intakes, tmp_path
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = workspace({"sales.csv": SALES})
    (folder / "data" / "cache").write_text("in the way")
    monkeypatch.setattr(module.tempfile, "tempdir", str(elsewhere))
    assert (net_sales(folder), net_sales(folder)) == (Decimal(30), Decimal(30))
    assert len(intakes) == 1
    assert intakes[0].is_relative_to(elsewhere)


def test_two_workspaces_that_cannot_be_written_to_do_not_share_a_place(monkeypatch, tmp_path):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    places = {module._cache_elsewhere(Path(name)) for name in ("/a", "/b", "/a")}
    assert len(places) == 2


def test_a_place_that_is_taken_by_something_else_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    first = module._cache_elsewhere(Path("/a"))
    first.rmdir()
    first.write_text("not a folder")
    assert module._cache_elsewhere(Path("/a")) != first


def test_a_source_folder_that_is_not_there_is_named(workspace):
    (text,) = problems(workspace({}, data='source = "nowhere"'))
    assert "nowhere: the source folder does not exist" in text
    assert "correct source under [data] in workspace.toml" in text


def test_a_mapping_nobody_ships_is_answered_with_the_nearest(workspace):
    assert problems(workspace({"sales.csv": SALES}, data='mapping = "adventurworks"')) == [
        "workspace.toml [data.mapping]: there is no mapping 'adventurworks', neither shipped nor as a file"
        " | did you mean 'adventureworks'?"
    ]
    assert "adventureworks" in shipped_mappings()


def test_a_mistake_of_the_policy_is_named_as_the_policys(workspace):
    folder = workspace({"sales.csv": SALES}, policy="[qualty]\ngrade_a = 0.1\n")
    assert problems(folder) == ["policy.toml [qualty]: this name is not known | did you mean 'quality'?"]


def test_the_policy_of_the_workspace_is_laid_over_the_shipped_one(workspace):
    ws = open_workspace(workspace({"sales.csv": SALES}, policy=FRANCHISE + "[quality]\ngrade_b = 0.02\n"))
    assert ws.policy.channel_types["franchise"].family == "indirect"
    assert ws.policy.channel_types["visit"].label["en"] == "Field sales"
    assert (ws.policy.quality.grade_a, ws.policy.quality.grade_b) == (0.001, 0.02)


def test_opening_reads_no_data(workspace, intakes):
    ws = open_workspace(workspace({"sales.csv": "order_id\nnothing else\n"}))
    assert isinstance(ws, Workspace)
    assert intakes == []


def test_the_same_data_are_taken_in_once(workspace, intakes):
    folder = workspace({"sales.csv": SALES})
    ws = open_workspace(folder)
    first, again = ws.facts(), ws.facts()
    later = open_workspace(folder).facts()
    assert len(intakes) == 1
    assert again is first
    assert (later.intake, later.fingerprint) == (first.intake, first.fingerprint)
    assert later.engine.query("SELECT * FROM sales").equals(first.engine.query("SELECT * FROM sales"))


def test_a_file_that_is_only_touched_is_not_taken_in_again(workspace, intakes):
    folder = workspace({"sales.csv": SALES})
    net_sales(folder)
    os.utime(folder / "data" / "raw" / "sales.csv", (1, 1))
    assert net_sales(folder) == Decimal(30)
    assert len(intakes) == 1


def test_a_changed_file_of_the_same_size_and_date_is_taken_in_again(workspace, intakes):
    folder = workspace({"sales.csv": SALES})
    path = folder / "data" / "raw" / "sales.csv"
    assert net_sales(folder) == Decimal(30)
    stamp = path.stat().st_mtime_ns
    path.write_text(SALES.replace(",20", ",70"))
    os.utime(path, ns=(stamp, stamp))
    assert net_sales(folder) == Decimal(80)
    assert len(intakes) == 2


def test_a_new_file_is_taken_in(workspace, intakes):
    folder = workspace({"sales.csv": SALES})
    net_sales(folder)
    workspace({"partners.csv": "partner_id\nP1\n"})
    assert open_workspace(folder).facts().intake.has("partners")
    assert len(intakes) == 2


def test_a_changed_mapping_is_taken_in_again(workspace, intakes):
    files = {"orders.csv": "no,day,sum\nA1,2025-01-05,10\n"}
    text = """[files]\norders = "orders.csv"\n[[sales]]\nquery = '''SELECT no AS order_id, 1 AS line_number,
      'order' AS kind, day AS order_date, 'visit' AS channel_type, sum AS net_amount FROM orders'''\n"""
    assert net_sales(workspace(files, mapping=text)) == Decimal(10)
    assert net_sales(workspace(files, mapping=text + "[sales.units]\nnet_amount = 10000\n")) == Decimal(
        100_000
    )
    assert len(intakes) == 2


def test_new_channel_types_take_the_data_in_again_and_other_rules_do_not(workspace, intakes):
    files = {"sales.csv": SALES}
    net_sales(workspace(files, policy="[quality]\ngrade_a = 0.002\n"))
    net_sales(workspace(files, policy="[quality]\ngrade_a = 0.003\n"))
    assert len(intakes) == 1
    net_sales(workspace(files, policy=FRANCHISE))
    assert len(intakes) == 2


def test_going_back_to_earlier_data_does_not_take_them_in_again(workspace, intakes):
    for total in (30, 80, 30):
        assert net_sales(workspace({"sales.csv": SALES.replace(",20", f",{total - 10}")})) == Decimal(total)
    assert len(intakes) == 2


def test_the_data_of_a_workspace_stand_twice_at_most(workspace):
    for amount in range(20, 26):
        folder = workspace({"sales.csv": SALES.replace(",20", f",{amount}")})
        assert net_sales(folder) == Decimal(10 + amount)
    assert len(list((folder / "data" / "cache").glob("*/sales.parquet"))) <= 2


def test_a_crash_before_the_end_leaves_nothing_that_is_later_believed(workspace, monkeypatch, intakes):
    folder = workspace({"sales.csv": SALES, "partners.csv": "partner_id\nP1\n"})

    def crash(what: str, _done: int, _of: int) -> None:
        if what == "partners":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_workspace(folder).facts(crash)
    stored = next((folder / "data" / "cache").glob("*/sales.parquet"))
    stored.write_bytes(b"half")
    assert net_sales(folder) == Decimal(30)
    assert len(intakes) == 2


def test_a_crash_while_the_outcome_is_written_leaves_nothing_that_is_later_believed(workspace, monkeypatch):
    folder = workspace({"sales.csv": SALES})

    def crash(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("channel_analysis.store.intake.json.dumps", crash)
        with pytest.raises(KeyboardInterrupt):
            open_workspace(folder).facts()
    assert list((folder / "data" / "cache").glob("*/*.json")) == []
    assert net_sales(folder) == Decimal(30)


def test_a_stored_intake_that_lost_a_file_is_made_again(workspace):
    folder = workspace({"sales.csv": SALES})
    net_sales(folder)
    next((folder / "data" / "cache").glob("*/sales.parquet")).unlink()
    assert net_sales(folder) == Decimal(30)


def test_a_refused_intake_leaves_nothing_behind(workspace, refusal):
    folder = workspace({"sales.csv": SALES.replace(",20", ",abc")})
    assert len(refusal(folder)) == 1
    assert [path for path in (folder / "data").rglob("*") if path.is_file()] == [
        folder / "data/raw/sales.csv"
    ]


def test_each_source_and_each_table_is_told_in_one_count_while_data_are_taken_in(workspace):
    told: list[tuple[str, int, int]] = []
    folder = workspace({"sales.csv": SALES, "partners.csv": "partner_id\nP1\n"})
    open_workspace(folder).facts(lambda *what: told.append(what))
    names = ["reading sales", "reading partners", "sales", "partners", "checking sales", "checking partners"]
    assert [what for what, _, _ in told] == names
    assert [(done, of) for _, done, of in told] == [(step, 6) for step in range(6)]


@pytest.fixture(scope="module")
def adventureworks(shared_data, tmp_path_factory):
    """AdventureWorks through its shipped mapping, in a workspace that was just made."""
    folder = tmp_path_factory.mktemp("adventureworks")
    make_workspace(folder, mapping="adventureworks", source=str(shared_data("adventureworks_dw")))
    return open_workspace(folder).facts()


def test_adventureworks_is_taken_in_to_the_cent_and_only_its_price_lists_end_before_they_begin(
    adventureworks,
):
    query = """SELECT channel_type = 'online' AS online, count(*) AS lines, sum(net_amount) AS net,
      sum(net_amount - cost_amount) AS margin, list(DISTINCT currency) AS currencies
      FROM sales GROUP BY 1 ORDER BY 1"""
    reseller, online = adventureworks.engine.query(query).to_pylist()
    found = [(f.table, f.rule, f.column, f.rows) for f in adventureworks.intake.findings]
    assert found == [
        ("products", "dates_out_of_order", "listed_to", 98)
    ]  # of 504, each by its newest version
    assert (reseller["lines"], online["lines"]) == (60_855, 60_398)
    assert round(reseller["net"], 2) == Decimal("80450596.98")
    assert round(online["net"], 2) == Decimal("29358677.22")
    assert round(reseller["margin"]) == 470_483
    assert round(online["margin"]) == 12_080_884
    assert reseller["currencies"] == online["currencies"] == ["USD"]


def test_every_row_of_adventureworks_is_used(adventureworks):
    counts = {account.table: account.rows_used for account in adventureworks.intake.accounts}
    assert counts["sales"] == 121_253
    assert counts["partners"] == 701
    assert all(account.rows_given == account.rows_used for account in adventureworks.intake.accounts)
    assert adventureworks.intake.account("sales").first_date.isoformat() == "2010-12-29"


def test_the_currency_of_adventureworks_does_not_depend_on_its_currency_key(shared_data):
    folder = shared_data("adventureworks_dw")
    engine = DuckDBEngine()
    engine.register("sales", folder / "FactInternetSales.parquet")
    engine.register("product", folder / "DimProduct.parquet")
    ratios = engine.query(
        """SELECT sum(s.SalesAmount) / sum(p.ListPrice * s.OrderQuantity) AS ratio
        FROM sales AS s JOIN product AS p USING (ProductKey) GROUP BY s.CurrencyKey"""
    )["ratio"].to_pylist()
    assert len(ratios) > 1
    assert max(ratios) / min(ratios) < 1.02


def test_nothing_is_left_in_the_folder_a_program_runs_in(workspace, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    engine = open_workspace(workspace({"sales.csv": "order_id\n"})).engine
    spill = engine.query("SELECT current_setting('temp_directory') AS place")["place"][0].as_py()
    assert Path(spill).is_absolute() and Path(spill).is_dir()
    assert not Path(spill).is_relative_to(tmp_path / "here")

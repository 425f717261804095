"""Unknown files are answered with a mapping that a person finishes; what is proposed runs as it is."""

import csv
import io
import random
import re
import tomllib
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import channel_analysis as ca
from channel_analysis.cli import app
from channel_analysis.contracts.schema import CHANNEL_TYPES
from channel_analysis.contracts.tables import TABLES
from channel_analysis.errors import InputError
from channel_analysis.store.mapping import read_mapping
from channel_analysis.store.proposal.grid import find_header
from channel_analysis.store.proposal.months import month_patterns
from channel_analysis.store.proposal.names import key, likeness, read_aliases, unit
from channel_analysis.store.proposal.text import key as toml_key
from channel_analysis.store.proposal.text import several_lines, value
from channel_analysis.store.workspace import open_workspace

KNOWN = [
    "经销商名称",
    "经销商代码",
    "经销商编码",
    "门店编号",
    "渠道类型",
    "授权区域",
    "经营区域",
    "大区",
    "小区",
    "有效期开始",
    "有效期结束",
    "上级代理",
    "业务员姓名",
    "年营业额",
    "流动资金",
    "销售人数",
    "网点数量",
    "合同金额",
    "经销商返佣",
    "经销商余额",
    "订单日期",
    "销售额",
    "数量",
    "折扣",
    "退货",
    "客户名称",
    "产品名称",
    "地区",
    "省/自治区",
]
SALES = """订单编号,行号,单据类型,订单日期,渠道类型,大区,经销商代码,业务员,产品编码,数量,折扣,金额(万元),备注
A001,1,销售,2025年1月5日,经销商,华东,D01,R1,P1,2,0,"1,200.5",x
A001,2,销售,2025年1月5日,经销商,华东,D01,R1,P2,1,0,"3,000",
A002,1,退货,2025年2月7日,代理,华南,D02,R1,P1,-1,0,-600.25,y
"""


def proposed(folder: Path, files: dict[str, str | bytes]) -> dict:
    """The proposal for files, parsed; it must be a mapping."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return parsed(ca.propose_mapping(folder), folder)


def parsed(text: str, folder: Path) -> dict:
    target = folder.parent / "ours.toml"
    target.write_text(text, encoding="utf-8")
    read_mapping(target)
    return tomllib.loads(text)


def filled(block: dict) -> dict[str, str]:
    """The columns a proposed query fills, with what fills them."""
    lines = [line.strip() for line in block["query"].splitlines()[1:] if " AS " in line]
    pairs = (re.match(r"(.*) AS (\w+),? -- ", line) for line in lines if not line.startswith("-- TODO"))
    return {pair[2]: pair[1] for pair in pairs if pair}


def taken_in(tmp_path: Path, source: Path, text: str):
    """Take the files in by the proposal as it stands."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "ours.toml").write_text(text, encoding="utf-8")
    settings = f'[data]\nmapping = "ours.toml"\nsource = "{source}"\n'
    (folder / "workspace.toml").write_text(settings, encoding="utf-8")
    return open_workspace(folder).facts()


def test_every_column_of_every_table_has_names_in_both_languages():
    aliases = read_aliases()
    assert set(aliases["tables"]) == set(TABLES)
    for table in TABLES.values():
        own = aliases["tables"][table.name]["columns"]
        assert set(own) <= set(table.column_names), table.name
        for column in table.column_names:
            names = [*own.get(column, []), *aliases["columns"].get(column, [])]
            assert any(re.search("[一-鿿]", name) for name in names), (table.name, column)
            assert any(name.isascii() for name in names), (table.name, column)


def test_every_allowed_value_has_words_that_people_write():
    for table in TABLES.values():
        for column in table.columns:
            wanted = set(column.allowed) - {CHANNEL_TYPES}
            assert wanted <= set(read_aliases()["values"].get(column.name, {})), (table.name, column.name)


@pytest.mark.parametrize("name", KNOWN)
def test_names_of_real_systems_are_known(name):
    best = max(likeness(name, table, column) for table in TABLES.values() for column in table.columns)
    assert best >= 0.9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_chinese_file_is_mapped_and_runs_as_proposed(tmp_path, encoding):
    source = tmp_path / "files"
    found = proposed(source, {"销售明细2025.csv": SALES.encode(encoding)})
    (block,) = found["sales"]
    assert filled(block) == {
        "order_id": '"订单编号"',
        "line_number": '"行号"',
        "kind": '"单据类型"',
        "order_date": '"订单日期"',
        "channel_type": '"渠道类型"',
        "region": '"大区"',
        "partner_id": '"经销商代码"',
        "rep_id": '"业务员"',
        "product_id": '"产品编码"',
        "quantity": '"数量"',
        "discount_amount": '"折扣"',
        "net_amount": '"金额(万元)"',
    }
    assert block["dates"] == {"order_date": "%Y年%m月%d日"}
    assert block["units"] == {"net_amount": 10000}
    assert block["values"] == {
        "kind": {"销售": "order", "退货": "return"},
        "channel_type": {"经销商": "distributor", "代理": "agent"},
    }
    facts = taken_in(tmp_path, source, ca.propose_mapping(source))
    sold = facts.engine.query("SELECT kind, SUM(net_amount) AS n FROM sales GROUP BY kind ORDER BY kind")
    assert [float(n) for n in sold["n"].to_pylist()] == [42_005_000.0, -6_002_500.0]


def test_a_wide_workbook_with_title_merged_header_keys_and_totals_is_mapped(tmp_path, workbook):
    months = [f"{month}月" for month in range(1, 13)]
    rows = [
        ["2025年销售计划(万元)"],
        ["经销商代码", "产品编码", *months, "合计"],
        ["D01", "P1", *range(1, 13), 78],
        [None, "P2", *range(1, 13), 78],
        ["D02", "P1", *range(1, 13), 78],
        ["合计", None, *[3 * n for n in range(1, 13)], 234],
    ]
    workbook("files/计划.xlsx", {"计划": rows}, {"计划": ["A1:O1", "A3:A4"]})
    (tmp_path / "files" / "销售.csv").write_text(SALES, encoding="utf-8")
    text = ca.propose_mapping(tmp_path / "files")
    found = parsed(text, tmp_path / "files")
    (plan,) = [spec for spec in found["files"].values() if spec["path"] == "计划.xlsx"]
    assert plan["unpivot"] == {"columns": "{month}月", "year": 2025}
    assert (plan["header_row"], plan["fill_down"]) == (2, ["经销商代码"])
    assert filled(found["targets"][0])["window_start"] == '"month"'
    assert "合计" in text
    facts = taken_in(tmp_path, tmp_path / "files", text)
    row = facts.engine.query("SELECT COUNT(*) AS n, SUM(target_amount) AS s, MIN(level) AS l FROM targets")
    assert row.to_pylist() == [{"n": 36, "s": 3 * 78, "l": "partner"}]


def test_a_header_of_two_merged_rows_is_found(tmp_path, workbook):
    rows = [
        ["渠道计划"],
        ["经销商编码", "2025年", None, None, "2026年", None, None],
        [None, "1月", "2月", "3月", "1月", "2月", "3月"],
        ["D01", 1, 2, 3, 4, 5, 6],
    ]
    workbook("files/plan.xlsx", {"S": rows}, {"S": ["A1:G1", "A2:A3", "B2:D2", "E2:G2"]})
    found = parsed(ca.propose_mapping(tmp_path / "files"), tmp_path / "files")
    spec = found["files"]["plan"]
    assert (spec["header_row"], spec["header_rows"]) == (2, 2)
    assert spec["unpivot"] == {"columns": "{year}年 {month}月"}


@pytest.mark.parametrize(
    ("grid", "row", "rows"),
    [
        ([["id", "x"], ["1", "2"]], 1, 1),
        ([["Report"], [], ["id", "x"], ["1", "2"]], 3, 1),
        ([["Report", "2025-01-01"], ["id", "x", "y", "z"], ["1", "2", "3", "4"]], 2, 1),
        ([["k", "2025", None, None], [None, "1月", "2月", "3月"], ["A", "1", "2", "3"]], 1, 2),
        ([["k", "Q1", "Q1"], [None, "Plan", "Actual"], ["A", "1", "2"]], 1, 2),
        ([["A"], ["x"]], 1, 1),
        ([], 1, 1),
    ],
)
def test_the_rows_of_the_header_are_found(grid, row, rows):
    header = find_header(grid)
    assert (header.row, header.rows) == (row, rows)


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (["1月", "2月", "3月"], ["{month}月"]),
        (["一月", "二月", "十二月"], ["{month}月"]),
        (["Jan", "Feb", "Mar"], ["{month}"]),
        (["Jan 2025", "Feb 2025", "Mar 2025"], ["{month} {year}"]),
        (["2025-01", "2025-02", "2025-03"], ["{year}-{month}"]),
        (["2025-01-01", "2025-02-01", "2025-03-01"], ["{year}-{month}-01"]),
        (
            ["1月 计划", "1月 实际", "2月 计划", "2月 实际", "3月 计划", "3月 实际"],
            ["{month}月 计划", "{month}月 实际"],
        ),
        (["1月", "2月"], []),
        (["Mario", "Augsburg", "Decade", "{month}月"], []),
    ],
)
def test_months_beside_each_other_are_seen(names, patterns):
    assert month_patterns(names) == patterns


def test_months_and_sheets_alike_become_one_source(tmp_path, workbook):
    lines = "order no,date,amount\nA,2025-01-05,1\n"
    files = {"orders_2025-01.csv": lines, "orders_2025-02.csv": lines, "other.csv": "x,y\n1,2\n"}
    workbook(
        "files/stock.xlsx",
        {"华东": [["月份", "期末库存"], ["2025-01", 1]], "华南": [["月份", "期末库存"], ["2025-02", 1]]},
    )
    found = proposed(tmp_path / "files", files)
    paths = {spec["path"]: spec for spec in found["files"].values()}
    assert set(paths) == {"orders_*-*.csv", "other.csv", "stock.xlsx"}
    assert paths["stock.xlsx"]["sheet"] == ["华东", "华南"]
    assert paths["stock.xlsx"]["sheet_column"] == "sheet"


def test_ids_are_recognised_by_the_entries_they_name(tmp_path):
    partners = "经销商代码,经销商名称\n" + "".join(f"D{n:03},名{n}\n" for n in range(40))
    sales = "订单号,日期,销售额,Kennung\n" + "".join(
        f"A{n},2025-01-05,{n},D{n % 40:03}\n" for n in range(200)
    )
    found = proposed(tmp_path / "files", {"partners.csv": partners, "sales.csv": sales})
    assert filled(found["sales"][0])["partner_id"] == '"Kennung"'


def test_what_is_not_placed_or_missing_is_said_with_samples(tmp_path):
    text = "order no,date,amount,Wetter\nA,2025-01-05,1.5,Regen\nB,2025-01-06,2,\n"
    found = proposed(tmp_path / "files", {"orders.csv": text})
    proposal = (tmp_path / "ours.toml").read_text()
    assert "-- TODO ... AS channel_type: required and not found" in found["sales"][0]["query"]
    assert "#   Wetter: Regen" in proposal


def test_amounts_are_made_of_prices_where_there_are_none(tmp_path):
    text = "InvoiceNo;Quantity;InvoiceDate;UnitPrice;Channel\n"
    text += "1;2;01.12.2010 08:26;1,5;online\n2;-1;02.12.2010 8:26;1.000,5;online\n"
    source = tmp_path / "files"
    found = proposed(source, {"retail.csv": text})
    assert found["files"]["retail"]["delimiter"] == ";"
    proposal = (tmp_path / "ours.toml").read_text()
    facts = taken_in(tmp_path, source, proposal)
    rows = facts.engine.query("SELECT kind, net_amount FROM sales ORDER BY order_id").to_pylist()
    assert [(row["kind"], float(row["net_amount"])) for row in rows] == [("order", 3.0), ("return", -1000.5)]


def test_a_day_that_may_be_a_month_is_to_be_checked(tmp_path):
    found = proposed(
        tmp_path / "files", {"orders.csv": "order no,date,amount\nA,01/02/2025,1\nB,03/04/2025,2\n"}
    )
    assert "CHECK whether the day or the month comes first" in found["sales"][0]["query"]
    found = proposed(
        tmp_path / "files", {"orders.csv": "order no,date,amount\nA,13/02/2025,1\nB,03/04/2025,2\n"}
    )
    assert found["sales"][0]["dates"]["order_date"] == "%d/%m/%Y"


HOSTILE = [
    'a"b',
    "it's",
    "x]]y",
    "'''",
    '"""',
    "-- drop",
    "/* c */",
    "{month}",
    "a\nb",
    "🚀",
    "=cmd()",
    "\\",
    "<script>",
    "喆堃",
]


def test_hostile_names_and_values_give_a_mapping_that_reads_them(tmp_path):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["订单号", "日期", "销售额", "渠道类型", "a'''b\"", *HOSTILE])
    for n, word in enumerate(HOSTILE):
        writer.writerow([f"{word}{n}", "2025-01-05", n, "online", word, *HOSTILE])
    source = tmp_path / "files"
    names = ["it's '''.csv", 'q".csv', "-- x.csv", "[a].csv", "🚀\n.csv"]
    found = proposed(source, {name: text.getvalue() for name in names})
    assert {spec["path"] for spec in found["files"].values()} == set(names)
    facts = taken_in(tmp_path, source, (tmp_path / "ours.toml").read_text(encoding="utf-8"))
    assert facts.intake.account("sales").rows_given == len(names) * len(HOSTILE)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_stays_itself_in_toml(text):
    written = f"x = {value(text)}\n{toml_key(text)} = 1\n" if text not in ("x", "y") else "x = 1"
    assert tomllib.loads(f"y = {several_lines(text)}")["y"].strip("\n") == text.strip("\n")
    if text not in ("x", "y"):
        assert tomllib.loads(written) == {"x": text, text: 1}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=5), min_size=1, max_size=6),
    st.binary(max_size=30),
)
def test_any_file_gets_a_proposal_or_a_message(tmp_path_factory, rows, rest):
    folder = tmp_path_factory.mktemp("any") / "files"
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    try:
        proposed(folder, {"a.csv": text.getvalue().encode("utf-8", "replace") + rest})
    except InputError as error:
        assert error.problems


def test_units_are_read_from_names():
    assert [
        unit(name) for name in ("金额(万元)", "销售额（亿元）", "Sales (thousands)", "数量(台)", "折扣")
    ] == [1e4, 1e8, 1e3, 1, 1]
    assert key("销售额（万元）") == key("销售额")


def test_the_command_writes_a_file_once_and_tells_what_it_cannot_read(tmp_path):
    (tmp_path / "orders.csv").write_text("order no,date,amount\nA,2025-01-05,1\n")
    run = CliRunner()
    shown = run.invoke(app, ["map", str(tmp_path / "orders.csv")])
    assert shown.exit_code == 0
    assert "[[sales]]" in shown.stdout
    out = tmp_path / "out" / "ours.toml"
    assert run.invoke(app, ["map", str(tmp_path), "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8") == shown.stdout
    again = run.invoke(app, ["map", str(tmp_path), "--out", str(out)])
    assert (again.exit_code, "the file is there already" in again.output) == (2, True)
    assert run.invoke(app, ["map", str(tmp_path), "--out", str(out), "--force"]).exit_code == 0
    (tmp_path / "empty").mkdir()
    assert run.invoke(app, ["map", str(tmp_path / "empty")]).exit_code == 2
    assert run.invoke(app, ["map", str(tmp_path / "nowhere")]).exit_code == 2


def test_a_file_that_cannot_be_read_is_named_beside_those_that_can(tmp_path):
    files = {
        "orders.csv": "order no,date,amount\nA,2025-01-05,1\n",
        "bad.xlsx": b"PK rubbish",
        "empty.csv": b"",
    }
    proposed(tmp_path / "files", files)
    text = (tmp_path / "ours.toml").read_text()
    assert "bad.xlsx: the workbook cannot be opened" in text
    assert "empty.csv: the file is empty" in text


def test_equal_files_give_equal_proposals(demo_workspace):
    folder = demo_workspace / "data" / "demo"
    assert ca.propose_mapping(folder) == ca.propose_mapping(folder)


def roughly(name: str, draw: random.Random) -> str:
    """A name as a system might spell it: joined, in capitals, with a remark, or with a slip of the pen."""
    if not name.isascii():
        return draw.choice([name, f"{name}(必填)", f"*{name}", name])
    slip = draw.randrange(1, len(name))
    return draw.choice(
        [
            name.replace(" ", "_").upper(),
            name.title().replace(" ", ""),
            f"{name} (text)",
            name[:slip] + name[slip + 1 :] if len(name) > 9 else name,
        ]
    )


def first_rows(path: Path) -> list[list[str]]:
    """The header and the first lines of a file."""
    if path.suffix == ".parquet":
        table = pq.read_table(path).slice(0, 400)
        rows = [["" if value is None else str(value) for value in row.values()] for row in table.to_pylist()]
        return [table.column_names, *rows]
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(islice(csv.reader(stream), 401))


def disguised(folder: Path, target: Path, seed: int, is_rough: bool = False) -> dict[str, dict[str, str]]:
    """The first lines of a company's files, each column under one of its other names; ours by theirs.

    Rough ones are spelt differently from the alias table, and no file tells its table.
    """
    draw, truth = random.Random(seed), {}
    target.mkdir()
    for number, path in enumerate(sorted(file for file in folder.iterdir() if file.stem in TABLES)):
        table, rows = path.stem, first_rows(path)
        names: dict[str, str] = {}
        for column in rows[0]:
            aliases = read_aliases()
            own = aliases["tables"][table]["columns"].get(column) or aliases["columns"][column]
            free = [name for name in own if name.lower() not in {n.lower() for n in names}]
            name = draw.choice(free or [column])
            rough = roughly(name, draw)
            names[rough if is_rough and rough not in names else name] = column
        truth[table] = names
        said = (
            f"f{number}" if is_rough else f"{number} {draw.choice(read_aliases()['tables'][table]['names'])}"
        )
        with (target / f"{said}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([list(names), *rows[1:]])
    return truth


def share_placed(folder: Path, target: Path, seed: int, is_rough: bool) -> tuple[int, int]:
    """How many of the columns of disguised files are placed right, and how many there are."""
    truth = disguised(folder, target, seed, is_rough)
    found = tomllib.loads(ca.propose_mapping(target))
    placed = {
        (table, column, source.strip('"'))
        for table, blocks in found.items()
        if table in TABLES
        for block in blocks
        for column, source in filled(block).items()
    }
    wanted = {(table, ours, theirs) for table, names in truth.items() for theirs, ours in names.items()}
    return len(wanted & placed), len(wanted)


@pytest.mark.parametrize(("seed", "is_rough", "least"), [(0, False, 0.95), (1, True, 0.8)])
def test_our_own_files_under_other_names_are_recognised(demo_workspace, tmp_path, seed, is_rough, least):
    right, wanted = share_placed(demo_workspace / "data" / "demo", tmp_path / "files", seed, is_rough)
    assert right / wanted >= least


def test_the_files_of_the_contract_are_recognised_as_they_are(demo_workspace, tmp_path):
    text = ca.propose_mapping(demo_workspace / "data" / "demo")
    facts = taken_in(tmp_path, demo_workspace / "data" / "demo", text)
    own = open_workspace(demo_workspace).facts()
    assert facts.intake.accounts == own.intake.accounts


def test_the_shared_sets_are_proposed_as_a_person_would(shared_data, tmp_path):
    text = ca.propose_mapping(shared_data("adventureworks_dw"))
    found = parsed(text, tmp_path / "files")
    sources = {spec["path"]: name for name, spec in found["files"].items()}
    lines = next(b for b in found["sales"] if sources["FactResellerSales.parquet"] in b["query"])
    assert {
        "order_id": '"SalesOrderNumber"',
        "line_number": '"SalesOrderLineNumber"',
        "order_date": '"OrderDate"',
        "partner_id": '"ResellerKey"',
        "rep_id": '"EmployeeKey"',
        "product_id": '"ProductKey"',
        "quantity": '"OrderQuantity"',
        "net_amount": '"SalesAmount"',
        "cost_amount": '"TotalProductCost"',
    }.items() <= filled(lines).items()
    for path, table in (
        ("DimReseller", "partners"),
        ("DimEmployee", "staff"),
        ("DimCustomer", "customers"),
        ("DimProduct", "products"),
        ("FactSalesQuota", "targets"),
    ):
        assert any(f'"{sources[f"{path}.parquet"]}"' in block["query"] for block in found[table]), path
    assert "FactCurrencyRate.parquet: fills no table" in text


def test_crm_opportunities_are_leads_and_cases_feedback(shared_data, tmp_path):
    found = parsed(ca.propose_mapping(shared_data("ms_crm_service_sample")), tmp_path / "files")
    assert '"opportunities"' in found["leads"][0]["query"]
    assert filled(found["leads"][0])["status"] == '"Status"'
    assert '"cases"' in found["feedback"][0]["query"]
    assert filled(found["feedback"][0])["score"] == '"CSAT"'

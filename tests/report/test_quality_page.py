"""The page of a data check: every row accounted for, in both languages, alike every time, and safe."""

import json
import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from channel_analysis.errors import InputError
from channel_analysis.report.checking import check
from channel_analysis.report.publish import publish
from channel_analysis.store.cases import append, read_cases
from channel_analysis.words import words

HEAD = "order_id,line_number,kind,order_date,channel_type,product_id,net_amount\n"
HOSTILE = "<script>alert(1)</script> 喆堃🚀"
OURS = {"English", "KPI", "A", "B", "C", "D"}


def orders(count=300, twice=0, unknown=0, product="p1") -> str:
    """Orders of one product; some stand twice, some name a product nobody knows."""
    lines = []
    for n in range(count):
        day, name = f"2025-{n % 9 + 1:02d}-{n % 27 + 1:02d}", product if n < unknown else "p1"
        lines.append(f'o{n},1,order,{day},online,"{name}",{100 + n}\n')
    return HEAD + "".join(lines + lines[:twice])


PRODUCTS = "product_id,product_name\np1,Fan\n"


@pytest.fixture(scope="module")
def damaged(small_workspace):
    """Give a workspace of 300 orders: 6 stand twice, 30 name a product nobody knows; checked once."""
    folder = small_workspace(orders(twice=6, unknown=30, product=HOSTILE), products=PRODUCTS)
    return folder, check(folder)


@pytest.fixture(params=["en", "zh"])
def page(request, damaged):
    """Give the damaged workspace's page in each language."""
    return read(damaged[1], request.param)


def read(done, language: str) -> BeautifulSoup:
    path = next(page for page in done.pages if page.name == f"quality.{language}.html")
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def tree(folder) -> dict[str, bytes]:
    """Every file but locks and run records."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files if p.name != "run.json"}


def texts(page, selector: str) -> list[str]:
    return [element.get_text(" ", strip=True) for element in page.select(selector)]


def decide(folder, event: str, rule: str) -> None:
    case = next(one for one in read_cases(folder).values() if one.rule == rule)
    append(folder, [case.decided(event, "Li <b>", case.as_of, "=cmd() seen")])


def test_both_pages_are_written_the_workspace_s_own_language_first(damaged):
    assert [page.name for page in damaged[1].pages] == ["quality.en.html", "quality.zh.html"]


def test_a_page_runs_nothing_and_asks_for_nothing(page):
    assert (page.find_all("script"), page.select("[src], link, iframe")) == ([], [])
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'")


def test_a_name_from_the_data_is_text(page):
    assert any(HOSTILE in text for text in texts(page, "td"))


def test_the_page_has_a_heading_for_every_table_with_findings(page):
    assert texts(page, "section h2 ~ figure figcaption") != []
    assert [tag["id"] for tag in page.select("main > [id]")] == ["top", "grades", "data-sales", "untested"]


def test_the_printed_identity_adds_up(page):
    rows, money = texts(page, "#accounts ~ .scroll tfoot td")[:2]
    numbers = [int(text.replace(",", "")) for text in re.findall(r"\d[\d,]*", rows)]
    amounts = [float(text.replace(",", "")) for text in re.findall(r"\d[\d,]*\.\d+", money)]
    assert numbers == [307, 301, 6, 0]
    assert amounts[0] == pytest.approx(amounts[1] + amounts[2])
    assert amounts[2] == sum(100 + n for n in range(6))


def test_the_last_line_of_the_accounts_is_the_sum_of_the_others(page):
    lines = [texts(row, "th, td")[2:6] for row in page.select("#accounts ~ .scroll tbody tr")]
    counts = [[int(text.replace(",", "")) for text in line] for line in lines]
    assert counts[-1] == [sum(column) for column in zip(*counts[:-1], strict=True)]


def test_the_rule_of_the_grade_stands_on_the_page_with_the_policy_s_numbers(small_workspace):
    folder = small_workspace(orders(twice=6), policy="[quality]\ngrade_a = 0.0005\ngrade_c = 0.07\n")
    for language in ("en", "zh"):
        text = read(check(folder), language).select_one("#grades").get_text()
        assert [share in text for share in ("0.05%", "1%", "7%")] == [True] * 3


def test_every_finding_is_shown_with_its_remedy_and_what_matters_with_its_case(damaged, page):
    said = words("zh" if page.html["lang"] == "zh-CN" else "en")
    rows = damaged[1].quality.findings.to_dict("records")
    shown = texts(page, "#findings-sales ~ .scroll tbody tr")
    assert [row["rule"] for row in rows] == ["unknown", "duplicate_key"]
    for row, text in zip(rows, shown, strict=True):
        for part in (said(f"rule.{row['rule']}"), said(f"remedy.{row['rule']}"), row["case_id"]):
            assert part in text and part


def test_what_was_not_supplied_is_said_to_be_untested(page):
    said = words("zh" if page.html["lang"] == "zh-CN" else "en")
    text = page.select_one("#untested").get_text()
    assert said("table.visits") in text and said("table.sales") not in text.replace(said("table.staff"), "")


def test_a_chinese_page_holds_no_english_but_names_from_the_data(damaged):
    page = read(damaged[1], "zh")
    findings = "#findings-sales ~ .scroll"
    data = [f"{findings} td:nth-of-type(1)", f"{findings} td:last-child", "#keys-sales ~ .scroll td"]
    for cell in page.select(", ".join(["[lang=en]", "style", "head", *data])):
        cell.decompose()
    said = set(re.findall(r"(?<![\w-])[A-Za-z]{2,}(?![\w-])", page.get_text(" ")))
    assert said - OURS - {"Small", "product_id"} == set()


def test_the_same_data_give_the_same_bytes_though_cases_were_opened_between(small_workspace):
    folder = small_workspace(orders(twice=6))
    assert read_cases(folder) == {}
    check(folder)
    before = tree(folder / "reports")
    assert [case.rule for case in read_cases(folder).values()] == ["duplicate_key"]
    ledger = (folder / "cases.jsonl").read_bytes()
    check(folder)
    assert (tree(folder / "reports"), (folder / "cases.jsonl").read_bytes()) == (before, ledger)


def test_a_cleared_finding_stays_on_the_page_and_leaves_the_grade(small_workspace):
    folder = small_workspace(orders(twice=6))
    assert check(folder).quality.grade == "C"
    decide(folder, "cleared", "duplicate_key")
    done = check(folder)
    assert done.quality.grade == "A"
    for language in ("en", "zh"):
        [line] = texts(read(done, language), "#findings-sales ~ .scroll tbody tr")
        assert "Li <b>" in line and "=cmd() seen" in line


def test_a_finding_that_grew_after_it_was_cleared_is_open_again(small_workspace):
    folder = small_workspace(orders(twice=6))
    check(folder)
    decide(folder, "cleared", "duplicate_key")
    (folder / "data" / "raw" / "sales.csv").write_text(orders(twice=7), encoding="utf-8")
    assert check(folder).quality.grade == "C"
    assert [case.state for case in read_cases(folder).values()] == ["open"]


def test_the_tables_stand_beside_the_page(damaged):
    folder, done = damaged
    tables = folder / "reports" / "quality" / "tables"
    names = ["quality_accounts.parquet", "quality_findings.parquet", "quality_grades.parquet"]
    assert sorted(path.name for path in tables.iterdir()) == names
    kept = pd.read_parquet(tables / "quality_findings.parquet")
    assert kept["rows"].tolist() == done.quality.findings["rows"].tolist() == [30, 6]


def test_the_shelf_lists_the_check_with_its_grade(damaged):
    page = BeautifulSoup(damaged[1].shelf.read_text(encoding="utf-8"), "html.parser")
    [row] = page.select("tbody tr")
    assert [link["href"] for link in row.select("a")] == [
        "quality/quality.en.html",
        "quality/quality.zh.html",
    ]
    assert [texts(row, "th, td")[n] for n in (0, 6)] == ["Data check", "D"]


def test_hundreds_of_findings_stay_one_page_within_its_size(small_workspace):
    columns = [f"column_{number}" for number in range(200)]
    head, *lines = orders(20).splitlines()
    text = "\n".join([f"{head},{','.join(columns)}", *(f"{line}{',1' * 200}" for line in lines)]) + "\n"
    done = check(small_workspace(text))
    assert len(done.quality.findings) >= 200
    assert max(page.stat().st_size for page in done.pages) <= 250_000


STOPPED = orders(twice=6).replace("o7,1,order,2025-08-08,online", "o7,1,order,soon,onlin")


@pytest.fixture(scope="module")
def stopped(small_workspace):
    """Give a workspace whose check was stopped by a date that is none, after a good report and check."""
    folder = small_workspace(orders(twice=6))
    check(folder)
    (folder / "reports" / "2025Q3").mkdir()
    (folder / "reports" / "2025Q3" / "review.en.html").write_text("the last good page")
    (folder / "data" / "raw" / "sales.csv").write_text(STOPPED, encoding="utf-8")
    ledger = (folder / "cases.jsonl").read_bytes()
    return folder, check(folder), ledger


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_stopped_the_intake_stands_on_the_page_with_what_was_read_by_then(stopped, language):
    done, said = stopped[1], words(language)
    page = read(done, language)
    assert [problem.what for problem in done.error.problems] == texts(
        page, "#problems li span:nth-of-type(1)"
    )
    assert texts(page, ".warning") == [said("check.stopped", n=len(done.error.problems))]
    numbers = re.findall(r"\d[\d,]*", texts(page, "#accounts ~ .scroll tfoot td")[0])
    assert numbers[0] == "306"


def test_a_failure_touches_no_other_report_and_opens_no_case(stopped):
    folder, done, ledger = stopped
    assert (folder / "reports" / "2025Q3" / "review.en.html").read_text() == "the last good page"
    assert (folder / "cases.jsonl").read_bytes() == ledger
    assert done.quality.grade == "D"
    record = json.loads((folder / "reports" / "quality" / "run.json").read_text(encoding="utf-8"))
    assert record["quality"]["outcome"] == "stopped"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("workspace.toml", "[company]\ncurency = 1\n", "curency"),
        ("policy.toml", "[qualty]\n", "qualty"),
        ("cases.jsonl", "{\n", "cases.jsonl line 1"),
        ("data/raw/sales.csv", "", "sales.csv"),
        ("data/raw/sales.csv", HEAD, "no rows"),
        ("data/raw/sales.csv", "a,b\n1,2\n", "order_id"),
    ],
)
def test_whatever_cannot_be_used_is_named_on_a_page(small_workspace, file, text, said):
    folder = small_workspace(orders(20))
    (folder / file).write_text(text, encoding="utf-8")
    done = check(folder)
    assert said in str(done.error)
    for language in ("en", "zh"):
        page = read(done, language)
        assert said in page.select_one("#problems").get_text()
        assert page.select_one("#top .grade-d") is not None


def test_a_folder_that_is_no_workspace_gets_no_page(tmp_path):
    with pytest.raises(InputError, match="no workspace"):
        check(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_named_with_whatever_else_is_wrong(small_workspace, tmp_path):
    (tmp_path / "file").write_text("mine")
    folder = small_workspace(HEAD)
    with pytest.raises(InputError) as caught:
        check(folder, out=tmp_path / "file")
    assert ("no rows" in str(caught.value), "cannot be written to" in str(caught.value)) == (True, True)


def test_a_ledger_that_cannot_be_written_to_is_told_and_the_page_is_out(small_workspace, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    folder = small_workspace(orders(twice=6))
    monkeypatch.setattr("os.fsync", refuse)
    done = check(folder)
    assert ["cases.jsonl: cannot be written to" in note for note in done.notes] == [True]
    assert all(page.is_file() for page in done.pages)


def test_a_review_opens_cases_once_its_pages_are_out_and_reads_the_same_again(small_workspace):
    folder = small_workspace(orders(twice=6, unknown=30, product="p2"), products=PRODUCTS)
    published, _ = publish(folder, period="2025Q3", languages=["en"])
    before = tree(folder / "reports")
    cases = read_cases(folder)
    assert {(case.rule, case.period, case.state) for case in cases.values()} == {
        ("duplicate_key", "2025Q3", "open"), ("unknown", "2025Q3", "open"),
    }  # fmt: skip
    page = BeautifulSoup(published.pages[0].read_text(encoding="utf-8"), "html.parser")
    assert all(name in page.select_one("#data").get_text() for name in cases)
    publish(folder, period="2025Q3", languages=["en"])
    assert tree(folder / "reports") == before


def test_a_decision_makes_pages_of_another_language_outdated(small_workspace):
    folder = small_workspace(orders(twice=6))
    publish(folder, period="2025Q3", languages=["en"])
    decide(folder, "cleared", "duplicate_key")
    published, _ = publish(folder, period="2025Q3", languages=["zh"])
    assert [path.name for path in published.folder.glob("*.html")] == ["review.zh.html"]


def test_a_ledger_that_cannot_be_read_stops_a_report_before_it_runs(small_workspace):
    folder = small_workspace(orders(20))
    (folder / "cases.jsonl").write_text("{\n")
    with pytest.raises(InputError, match="line 1: this is no event of a case"):
        publish(folder, period="2025Q3")
    assert not (folder / "reports").exists()

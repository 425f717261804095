"""However broken a file or a mapping is: it is refused in words, or every row of it is accounted for."""

import os
import subprocess
import sys
import tempfile
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.damage import binaries, mappings, texts
from tests.damage.company import HOSTILE, as_csv, partners, sales
from tests.damage.survival import Given, assert_nothing_lost, physical, records, survive

SOUND = as_csv(sales()).encode()
PARTNERS = as_csv(partners()).encode()
LENIENT, STRICT = 'bad_rows = "set_aside"', 'bad_rows = "stop"'

EXAMPLES = int(os.environ.get("DAMAGED_FILES", "120"))
"""How many broken files all tests together throw at the intake."""

IS_SEARCH = "DAMAGED_FILES" in os.environ
"""Whether other files are broken in every run, to find what no run found before."""

broken = settings(deadline=None, derandomize=not IS_SEARCH, suppress_health_check=list(HealthCheck))
modes = st.sampled_from([LENIENT, LENIENT, STRICT])


def outcome(files: dict[str, bytes], data: str = LENIENT, mapping: str = "") -> bool:
    """Take files in, assert what must hold of any, and of CSV that no row is lost; give whether they were."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        root.mkdir()
        canary = Path(folder) / "secret.csv"
        canary.write_text(mappings.SECRET, encoding="utf-8")
        facts = survive(Given(files, data, mapping.replace("{canary}", str(canary))), root)
        assert {path.name for path in Path(folder).iterdir()} == {"workspace", "secret.csv"}
        if facts is not None:
            _assert_counted(facts, files)
            _assert_no_canary(facts)
        return facts is not None


def _assert_counted(facts, files: dict[str, bytes]) -> None:
    """The rows of sales.csv are those of the file, by hand or, with quotation marks, by another reader."""
    data = files.get("sales.csv")
    if data is None:
        return
    there = physical(data)
    if there is not None:
        assert_nothing_lost(facts, there)
    elif b"\x00" not in data and data.count(b'"') % 2 == 0 and _quotes_enclose(data):
        filled, every = records(data)
        assert filled <= facts.intake.account("sales").rows_given <= every


def _quotes_enclose(data: bytes) -> bool:
    """Whether quotation marks stand where programs put them: around a cell, doubled within."""
    rest = data.replace(b'""', b"")
    parts = rest.split(b'"')
    return all(part == b"" or part[-1:] in b",\n\r" for part in parts[:-1:2]) and all(
        part == b"" or part[:1] in b",\n\r" for part in parts[2::2]
    )


def _assert_no_canary(facts) -> None:
    columns = facts.engine.schema("SELECT * FROM stored_sales").names
    text = " || ".join(f"COALESCE(CAST(\"{name}\" AS VARCHAR), '')" for name in columns)
    sql = f"SELECT COUNT(*) AS n FROM stored_sales WHERE {text} LIKE '%{mappings.SECRET}%'"
    assert facts.engine.query(sql)["n"][0].as_py() == 0


@settings(broken, max_examples=EXAMPLES * 30 // 100)
@given(st.lists(texts.breaks, min_size=1, max_size=3), modes)
@example([lambda data: b"\x00"], LENIENT)
@example([lambda data: data.replace(b"kind", b"kin\x00")], LENIENT)
@example([lambda data: texts.widened(data, 20_000)], LENIENT)
def test_a_broken_csv_file_is_refused_in_words_or_every_row_is_accounted_for(changes, mode):
    data = reduce(lambda so_far, change: change(so_far), changes, SOUND)
    outcome({"sales.csv": data, "partners.csv": PARTNERS}, mode)


@settings(broken, max_examples=EXAMPLES * 6 // 100)
@given(st.lists(texts.breaks, min_size=1, max_size=2), modes)
def test_another_table_that_is_broken_costs_no_row_of_sales(changes, mode):
    data = reduce(lambda so_far, change: change(so_far), changes, PARTNERS)
    outcome({"sales.csv": SOUND, "partners.csv": data}, mode)


@settings(broken, max_examples=EXAMPLES * 20 // 100)
@given(binaries.parquet_files, st.lists(binaries.byte_breaks, max_size=2), st.booleans(), modes)
def test_a_parquet_file_of_any_types_and_broken_anywhere_is_refused_or_accounted_for(
    data, changes, is_broken, mode
):
    outcome({"sales.parquet": _changed(data, changes) if is_broken else data, "partners.csv": PARTNERS}, mode)


@settings(broken, max_examples=EXAMPLES * 20 // 100)
@given(
    binaries.workbooks,
    st.lists(st.one_of(binaries.archive_breaks, binaries.byte_breaks), max_size=2),
    st.booleans(),
    st.sampled_from(["sales.xlsx", "company.xlsx", "sales.xls"]),
    modes,
)
def test_a_workbook_of_any_cells_and_broken_anywhere_is_refused_or_accounted_for(
    data, changes, is_broken, name, mode
):
    outcome({name: _changed(data, changes) if is_broken else data, "partners.csv": PARTNERS}, mode)


@settings(broken, max_examples=EXAMPLES * 24 // 100)
@given(mappings.mappings, modes)
def test_no_mapping_reads_writes_or_breaks_what_it_should_not(text, mode):
    outcome({"orders.csv": mappings.source()}, mode, text)


@pytest.mark.parametrize("query", mappings.WORST)
def test_of_the_most_hostile_queries_each_is_refused_or_does_no_harm(query):
    outcome({"orders.csv": mappings.source()}, LENIENT, mappings.mapping(query))


@pytest.mark.parametrize("place", binaries.FAR_CELLS)
def test_a_cell_far_away_from_the_others_does_not_end_the_process(tmp_path, place):
    """In a process of its own, for a reader that runs out of memory takes everything with it."""
    cell = f'<c r="{place}"><v>1</v></c>'
    sheet = binaries.rows_xml("sales", {(3, 8): cell})
    Given({"sales.xlsx": binaries.as_workbook([("sales", sheet)])}).write(tmp_path)
    code = (
        "import sys\nfrom pathlib import Path\nfrom channel_analysis.errors import InputError\n"
        "from channel_analysis.store.workspace import open_workspace\n"
        "try:\n    open_workspace(Path(sys.argv[1])).facts()\n"
        "except InputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-400:]
    assert place in done.stdout or not done.stdout


def test_files_of_any_name_lie_beside_the_sales_without_harm():
    names = [text for text in HOSTILE if "/" not in text and "\x00" not in text and len(text) < 90]
    contents = {"csv": PARTNERS, "xlsx": b"PK", "parquet": b"PAR1"}
    beside = {f"{name}.{ending}": content for name in names for ending, content in contents.items()}
    assert outcome({"sales.csv": SOUND, **beside})


def _changed(data: bytes, changes: list[texts.Break]) -> bytes:
    for change in changes:
        try:
            data = change(data)
        except (ValueError, OSError, NotImplementedError, KeyError, EOFError, *binaries.NO_ARCHIVE):
            continue
    return data

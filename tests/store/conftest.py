"""Small worlds for the store: a workspace made of a few lines, and the problems it is refused for."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.store.engine import DuckDBEngine, quoted
from channel_analysis.store.intake import Intake
from channel_analysis.store.sources import FileSpec, Source, attach
from channel_analysis.store.sources.xlsx import column_letters
from channel_analysis.store.workspace import open_workspace
from tests.store.quality_worlds import Company


@pytest.fixture
def workspace(tmp_path) -> Callable[..., Path]:
    """Write a workspace: source files by name, settings under [data], a mapping, a policy."""

    def write(files: dict[str, str | bytes], *, data: str = "", mapping: str = "", policy: str = "") -> Path:
        folder = tmp_path / "workspace"
        raw = folder / "data" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (raw / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        bound = 'mapping = "ours.toml"\n' if mapping else ""
        (folder / "workspace.toml").write_text(f"[data]\n{bound}{data}\n", encoding="utf-8")
        if mapping:
            (folder / "ours.toml").write_text(mapping, encoding="utf-8")
        if policy:
            (folder / "policy.toml").write_text(policy, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def judged(workspace) -> Callable[..., Intake]:
    """Take a company of `quality_worlds` in, bad rows set aside; give the outcome."""

    def take(spoiled: Company, policy: str = "") -> Intake:
        folder = workspace(spoiled.files(), data='bad_rows = "set_aside"', policy=policy)
        return open_workspace(folder).facts().intake

    return take


@pytest.fixture
def refusal() -> Callable[[Path], list[str]]:
    """Take in a workspace that must be refused; give every problem as 'where: what | fix'."""

    def problems(folder: Path) -> list[str]:
        with pytest.raises(InputError) as caught:
            open_workspace(folder).facts()
        return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]

    return problems


@pytest.fixture
def attached(tmp_path) -> Callable[..., Source]:
    """Attach a source of a folder by its settings; scratch and snapshots lie beside the folder."""

    def attach_it(engine: DuckDBEngine, name: str, **spec: object) -> Source:
        aside = tmp_path.parent / f"{tmp_path.name}-aside"
        given = validated(FileSpec, spec, "ours.toml")
        return attach(engine, name, given, tmp_path, aside / "scratch", aside / "snapshots")

    return attach_it


@pytest.fixture
def rows() -> Callable[[DuckDBEngine, str], list[dict]]:
    """Give the rows of an attached source without their numbers, in the order of its parts."""

    def given(engine: DuckDBEngine, name: str) -> list[dict]:
        sql = f"SELECT * EXCLUDE (_file, _row) FROM {quoted(name)} ORDER BY _file, _row"
        return engine.query(sql).to_pylist()

    return given


@pytest.fixture
def refused(attached) -> Callable[..., list[str]]:
    """Attach a source that must be refused; give every problem as 'where: what | fix'."""

    def problems(**spec: object) -> list[str]:
        with pytest.raises(InputError) as caught:
            attached(DuckDBEngine(), "given", **spec)
        return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]

    return problems


@pytest.fixture
def workbook(tmp_path) -> Callable[..., Path]:
    """Write a workbook of Excel: sheets by name, each a list of rows.

    A cell is a text, a number, a bool, None, a date as ("date", its number of days), or an error as
    ("error", its text).
    """

    def write(
        name: str, sheets: Mapping[str, list[list[object]]], merged: Mapping[str, list[str]] = {}
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(path, sheets, merged)
        return path

    return write


def write_workbook(
    path: Path, sheets: Mapping[str, list[list[object]]], merged: Mapping[str, list[str]] = {}
) -> None:
    """Write the least that a reader of .xlsx takes for a workbook; `merged` are cells by sheet ("B1:D1")."""
    office = "http://schemas.openxmlformats.org"
    main, links = f"{office}/spreadsheetml/2006/main", f"{office}/officeDocument/2006/relationships"
    package = f"{office}/package/2006"
    numbered = list(enumerate(sheets, start=1))
    listed = "".join(f'<sheet name={quoteattr(n)} sheetId="{i}" r:id="r{i}"/>' for i, n in numbered)
    targets = [("r0", "styles", "styles.xml")]
    targets += [(f"r{i}", "worksheet", f"worksheets/sheet{i}.xml") for i, _ in numbered]
    related = "".join(f'<Relationship Id="{i}" Type="{links}/{t}" Target="{to}"/>' for i, t, to in targets)
    first = f'<Relationship Id="r1" Type="{links}/officeDocument" Target="xl/workbook.xml"/>'
    styles = '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
    kinds = '<Default Extension="xml" ContentType="application/xml"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types">{kinds}</Types>')
        archive.writestr(
            "_rels/.rels", f'<Relationships xmlns="{package}/relationships">{first}</Relationships>'
        )
        book = f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>{listed}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        together = f'<Relationships xmlns="{package}/relationships">{related}</Relationships>'
        archive.writestr("xl/_rels/workbook.xml.rels", together)
        archive.writestr("xl/styles.xml", f'<styleSheet xmlns="{main}">{styles}</styleSheet>')
        for number, (name, rows) in enumerate(sheets.items(), start=1):
            lines = "".join(_row_xml(row, cells) for row, cells in enumerate(rows, start=1))
            places = "".join(f'<mergeCell ref="{place}"/>' for place in merged.get(name, ()))
            joined = f"<mergeCells>{places}</mergeCells>" if places else ""
            sheet = f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData>{joined}</worksheet>'
            archive.writestr(f"xl/worksheets/sheet{number}.xml", sheet)


def _row_xml(row: int, cells: list[object]) -> str:
    written = "".join(_cell_xml(f"{column_letters(place)}{row}", cell) for place, cell in enumerate(cells))
    return f'<row r="{row}">{written}</row>'


def _cell_xml(place: str, cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
        case ("date", number):
            return f'<c r="{place}" s="{1 if isinstance(number, int) else 2}"><v>{number}</v></c>'
        case ("error", text):
            return f'<c r="{place}" t="e"><f>NA()</f><v>{text}</v></c>'
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    return f'<c r="{place}"><v>{cell!r}</v></c>'

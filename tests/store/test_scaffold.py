"""A new workspace opens at once, explains itself, and never costs anybody a file."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel_analysis.contracts.dictionary import dictionary
from channel_analysis.contracts.policy import Periods, Policy, Quality
from channel_analysis.errors import InputError
from channel_analysis.metrics.kpis import load_kpis
from channel_analysis.store.scaffold import TEMPLATES, make_workspace
from channel_analysis.store.workspace import Company, Data, Reporting, Settings, open_workspace

FILES = {"workspace.toml", "policy.toml", "kpis.toml", "notebooks/README.md"}
FILES |= {"data/README.md", "data/DICTIONARY.md"}
FOLDERS = {"data/raw", "notebooks/explore", "notebooks/reports", "reports"}


def problems(folder: Path, **options) -> list[str]:
    with pytest.raises(InputError) as caught:
        make_workspace(folder, **options)
    return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def uncommented(path: Path) -> str:
    """Take the bare # away, as the file's first lines tell the reader to."""
    text = re.sub(r"^#(?=[^ #\n])", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    return text


def test_a_new_workspace_has_all_an_analyst_owns(tmp_path):
    written = make_workspace(tmp_path / "new" / "ours")
    assert {path.relative_to(tmp_path / "new" / "ours").as_posix() for path in written} == FILES
    assert {name for name in tree(tmp_path / "new" / "ours") if "." not in name} >= FOLDERS


def test_a_new_workspace_opens_with_the_defaults_of_the_house(tmp_path):
    make_workspace(tmp_path)
    assert open_workspace(tmp_path).settings == Settings()


def test_what_is_given_stands_in_the_settings(tmp_path):
    make_workspace(tmp_path, company="华东电器", currency="EUR", language="en", fiscal_year_start=4)
    company = open_workspace(tmp_path).settings.company
    assert company == Company(name="华东电器", currency="EUR", language="en", fiscal_year_start=4)


def test_adventureworks_counts_in_dollars(tmp_path):
    make_workspace(tmp_path, mapping="adventureworks")
    ws = open_workspace(tmp_path)
    assert ws.settings.company.currency == "USD"
    assert "value_added_reseller" in ws.policy.channel_types


def test_companies_that_are_known_have_their_names(tmp_path):
    for folder, options, name in (
        ("demo", {"demo": True}, "示例家电 Example Appliances"),
        ("aw", {"mapping": "adventureworks"}, "AdventureWorks"),
        ("own", {"mapping": "adventureworks", "company": "Ours"}, "Ours"),
        ("plain", {}, ""),
    ):
        make_workspace(tmp_path / folder, **options)
        assert open_workspace(tmp_path / folder).settings.company.name == name


def test_a_new_workspace_has_the_data_dictionary_at_hand(tmp_path):
    make_workspace(tmp_path)
    assert (tmp_path / "data" / "DICTIONARY.md").read_text(encoding="utf-8") == dictionary()


def test_a_source_that_is_not_there_is_answered_with_near_names_only(tmp_path):
    for name in ("bin", "boot", "dev"):
        (tmp_path / name).mkdir()
    (text,) = problems(tmp_path / "ours", source=str(tmp_path / "nowhere"))
    assert text.endswith("the source folder does not exist | name the folder of the source files")


def test_the_settings_of_the_repository_are_explained_like_those_of_a_new_workspace():
    comments = [
        [text for text in path.read_text(encoding="utf-8").splitlines() if text.startswith("#")]
        for path in (TEMPLATES / "workspace.toml", TEMPLATES.parents[2] / "workspace.toml")
    ]
    assert comments[0] == comments[1]


def test_a_currency_that_is_given_wins_over_that_of_the_mapping(tmp_path):
    make_workspace(tmp_path, mapping="adventureworks", currency="EUR")
    assert open_workspace(tmp_path).settings.company.currency == "EUR"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_any_name_of_a_company_is_kept_letter_for_letter(company):
    with tempfile.TemporaryDirectory() as name:
        make_workspace(Path(name), company=company)
        assert open_workspace(name).settings.company.name == company


@pytest.mark.parametrize(
    "company",
    [
        'The "Best" Co.',
        "back\\slash",
        "it's",
        '"""',
        "@source@",
        "两\n行",
        "🚀",
        "\x7f\x00",
        "$name {name}",
        "# x",
    ],
)
def test_a_hostile_name_of_a_company_is_kept_letter_for_letter(tmp_path, company):
    make_workspace(tmp_path, company=company)
    assert open_workspace(tmp_path).settings == Settings(company=Company(name=company))


@pytest.mark.parametrize("name", ['quo"ted', "back\\slash", "数据", "a b"])
def test_the_source_may_be_absolute_whatever_it_is_called(tmp_path, name):
    source = tmp_path / name
    source.mkdir()
    make_workspace(tmp_path / "ours", source=str(source))
    assert open_workspace(tmp_path / "ours").source_folder == source


def test_a_relative_source_is_seen_from_the_workspace(tmp_path):
    (tmp_path / "files").mkdir()
    make_workspace(tmp_path / "ours", source="../files")
    assert open_workspace(tmp_path / "ours").source_folder == tmp_path / "files"
    assert 'source = "../files"' in (tmp_path / "ours" / "workspace.toml").read_text()


def test_a_source_inside_the_workspace_may_be_filled_later(tmp_path):
    make_workspace(tmp_path, source="data/demo")
    (tmp_path / "data" / "demo").mkdir()
    assert open_workspace(tmp_path).source_folder == tmp_path / "data" / "demo"


def test_all_reasons_against_a_workspace_are_named_at_once_and_nothing_is_made(tmp_path):
    (tmp_path / "export").mkdir()
    before = tree(tmp_path)
    found = problems(
        tmp_path / "ours",
        mapping="adventurework",
        source=str(tmp_path / "exports"),
        currency="yuan",
        language="de",
        fiscal_year_start=0,
    )
    assert [text.split(": ")[0] for text in found] == [
        "mapping",
        str(tmp_path / "exports"),
        "workspace.toml [company.currency]",
        "workspace.toml [company.fiscal_year_start]",
        "workspace.toml [company.language]",
    ]
    assert found[0].endswith("did you mean 'adventureworks'?")
    assert found[1].endswith("the source folder does not exist | did you mean 'export'?")
    assert tree(tmp_path) == before


def test_a_file_is_no_source_folder(tmp_path):
    (tmp_path / "sales.csv").write_text("x")
    (text,) = problems(tmp_path / "ours", source=str(tmp_path / "sales.csv"))
    assert "this is a file, not a folder" in text


def test_a_workspace_is_not_made_over_another(tmp_path):
    make_workspace(tmp_path, company="first")
    before = (tmp_path / "workspace.toml").read_bytes()
    assert problems(tmp_path, company="second") == [
        f"{tmp_path}/workspace.toml: this folder is a workspace already"
        " | edit the file, or choose another folder"
    ]
    assert (tmp_path / "workspace.toml").read_bytes() == before


def test_files_that_are_there_stay_as_they_are_and_are_not_counted_as_written(tmp_path):
    (tmp_path / "data").mkdir()
    mine = {"policy.toml": "# mine\n", "data/README.md": "mine\n", "notes.txt": "mine\n"}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    written = {path.relative_to(tmp_path).as_posix() for path in make_workspace(tmp_path)}
    assert written == FILES - set(mine)
    assert {name: (tmp_path / name).read_text() for name in mine} == mine


@pytest.mark.parametrize("obstacle", ["data/raw", "notebooks", "reports"])
def test_where_something_is_in_the_way_all_of_it_is_taken_back(tmp_path, obstacle):
    folder = tmp_path / "ours"
    (folder / obstacle).parent.mkdir(parents=True)
    (folder / obstacle).write_text("in the way")
    before = tree(tmp_path)
    (text,) = problems(folder)
    assert "the workspace cannot be written" in text
    assert obstacle in text
    assert tree(tmp_path) == before


def test_a_full_disk_leaves_no_half_workspace(tmp_path, monkeypatch):
    opened = Path.open

    def full(self, mode="r", *rest, **options):
        if mode == "x" and self.name == "workspace.toml":
            raise OSError(28, "No space left on device", str(self))
        return opened(self, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", full)
    (text,) = problems(tmp_path / "new" / "ours")
    assert "No space left on device" in text
    assert tree(tmp_path) == set()


def test_with_the_example_company_there_is_something_to_look_at(tmp_path):
    written = make_workspace(tmp_path, demo=True)
    assert tmp_path / "data" / "demo" / "sales.parquet" in written
    ws = open_workspace(tmp_path)
    assert ws.source_folder == tmp_path / "data" / "demo"
    assert ws.facts().intake.account("sales").rows_used > 1000


def test_files_of_an_example_that_is_there_stay_as_they_are(tmp_path):
    mine = tmp_path / "data" / "demo" / "sales.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert {path.relative_to(tmp_path).as_posix() for path in make_workspace(tmp_path, demo=True)} == FILES
    assert [path.name for path in mine.parent.iterdir()] == ["sales.csv"]


def test_an_example_that_breaks_off_is_taken_back(tmp_path, monkeypatch):
    def broken(folder: Path) -> None:
        (folder / "sales.parquet").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("channel_analysis.simulator.example.write_example", broken)
    (text,) = problems(tmp_path / "ours", demo=True)
    assert "No space left on device" in text
    assert tree(tmp_path) == set()


def test_the_example_company_does_not_mix_with_other_files(tmp_path):
    (text,) = problems(tmp_path / "ours", demo=True, mapping="adventureworks")
    assert text.startswith("demo: the example company comes with files and names of its own")


def test_every_setting_is_in_the_file_with_a_line_that_explains_it():
    lines = (TEMPLATES / "workspace.toml").read_text(encoding="utf-8").splitlines()
    for model in (Company, Data, Reporting):
        for name in model.model_fields:
            at = next(i for i, text in enumerate(lines) if re.match(rf"#?{name} = ", text))
            assert lines[at - 1].startswith("# "), name


def test_every_part_of_the_policy_is_shown():
    text = (TEMPLATES / "policy.toml").read_text(encoding="utf-8")
    for name in Policy.model_fields:
        assert re.search(rf"^#\[{name}", text, flags=re.MULTILINE), name
    for name in (*Quality.model_fields, *Periods.model_fields):
        assert f"\n#{name} = " in text or f"\n#[quality.{name}]" in text


@pytest.mark.parametrize("mapping", ["contract", "adventureworks"])
def test_the_examples_work_when_their_comment_signs_are_taken_away(tmp_path, mapping):
    make_workspace(tmp_path, mapping=mapping)
    before = load_kpis(open_workspace(tmp_path))
    for name in ("workspace.toml", "policy.toml", "kpis.toml"):
        uncommented(tmp_path / name)
    ws = open_workspace(tmp_path)
    assert ws.settings.data.complete_to.isoformat() == "2025-06-30"
    assert ws.policy.channel_types["franchise"].family == "indirect"
    assert ws.policy.weights_of("franchise") == {
        "growth_yoy": 0.4,
        "active_partner_rate": 0.35,
        "return_rate": 0.25,
    }
    assert ws.policy.anchors_of("franchise", "growth_yoy").target == 0.12
    assert ws.policy.anchors_of("franchise", "active_partner_rate") is not None
    assert ws.policy.scoring.coverage == 0.6
    assert ws.policy.labels["region"]["East"]["zh"] == "华东"
    after = load_kpis(ws)
    assert set(after) - set(before) == {"units_sold", "net_price", "units_growth"}
    assert after["csat"].version == 2
    assert "score >= 5" in after["csat"].numerator[0].expr
    assert after["csat"].denominator == before["csat"].denominator


def test_before_that_they_change_nothing(tmp_path):
    make_workspace(tmp_path)
    ws = open_workspace(tmp_path)
    policy, kpis = ws.policy, load_kpis(ws)
    (tmp_path / "policy.toml").unlink()
    (tmp_path / "kpis.toml").unlink()
    bare = open_workspace(tmp_path)
    assert (bare.policy, load_kpis(bare)) == (policy, kpis)


def test_the_same_call_gives_the_same_bytes(tmp_path):
    trees = []
    for _ in range(2):
        written = make_workspace(tmp_path / "ours", company="x")
        trees.append({path.name: path.read_bytes() for path in written})
        shutil.rmtree(tmp_path / "ours")
    assert trees[0] == trees[1]

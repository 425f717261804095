"""Files of the house: TOML read and laid over, hashes, and writing that is whole or not at all."""

import hashlib
import re

import pytest

from channel_analysis.errors import InputError
from channel_analysis.files import overlay, read_toml, safe_names, sha256_of_file, written_beside


def problem(path) -> str:
    with pytest.raises(InputError) as caught:
        read_toml(path)
    found = caught.value.problems[0]
    return f"{found.where}: {found.what} | {found.fix}"


def test_settings_may_be_written_by_an_editor_that_adds_a_byte_order_mark(tmp_path):
    path = tmp_path / "workspace.toml"
    path.write_bytes('\ufeffname = "经销商"\r\n'.encode())
    assert read_toml(path) == {"name": "经销商"}


def test_a_settings_file_that_is_missing_is_named(tmp_path):
    assert problem(tmp_path / "policy.toml") == f"{tmp_path / 'policy.toml'}: there is no such file | "


def test_settings_that_are_not_utf8_are_named_with_the_byte(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_bytes('name = "经销商"'.encode("gb18030"))
    assert problem(path) == f"{path}: byte 8 is not UTF-8 | save the file as UTF-8"


def test_settings_that_are_not_toml_are_named_with_the_line(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("a = 1\nb = = 2\n")
    assert "line 2" in problem(path)


def test_a_name_that_stands_twice_comes_with_its_remedy(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("a = 1\na = 2\n")
    assert problem(path).endswith("every name may stand once in its table")


def test_tables_merge_and_all_else_is_replaced():
    base = {"weights": {"direct": {"csat": 0.5, "nps": 0.5}}, "order": [1, 2], "kept": 1}
    over = {"weights": {"direct": {"nps": 0.2}, "agent": {}}, "order": [3]}
    expected = {"weights": {"direct": {"csat": 0.5, "nps": 0.2}, "agent": {}}, "order": [3], "kept": 1}
    assert overlay(base, over) == expected


def test_laying_over_changes_neither_of_the_two():
    base, over = {"a": {"x": 1}}, {"a": {"y": 2}}
    overlay(base, over)
    assert (base, over) == ({"a": {"x": 1}}, {"a": {"y": 2}})


def test_a_table_laid_over_a_plain_value_replaces_it_and_the_other_way_round():
    assert overlay({"a": 1, "b": {"x": 1}}, {"a": {"x": 1}, "b": 1}) == {"a": {"x": 1}, "b": 1}


def test_a_large_file_is_hashed_whole(tmp_path):
    content = b"0123456789abcdef" * 150_000
    (tmp_path / "large").write_bytes(content)
    assert sha256_of_file(tmp_path / "large") == hashlib.sha256(content).hexdigest()


def test_a_file_appears_whole_in_a_folder_made_for_it(tmp_path):
    target = tmp_path / "new" / "page.html"
    with written_beside(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]


def test_a_failure_while_writing_keeps_the_old_file_and_leaves_no_rest(tmp_path):
    target = tmp_path / "page.html"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), written_beside(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


HOSTILE = ["", ".", "../../etc/passwd", "a/b", "a\\b", "a\0b", "CON", "nul", "COM1", " ", "\u202egnp"]
HOSTILE += ["x" * 300, "喆" * 300]


def test_a_name_from_data_becomes_a_file_name_that_every_system_takes():
    names = safe_names([*HOSTILE, "West", "west", "华东"])
    assert names["华东"] == "华东"
    assert len({name.casefold() for name in names.values()}) == len(names)
    for name in names.values():
        assert re.fullmatch(r"[\w-]+", name) and len(name.encode()) <= 90
        assert name.casefold() not in {"con", "nul", "com1"}

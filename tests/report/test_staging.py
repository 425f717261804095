"""Publishing whole or not at all: killed, or out of room, at every single step."""

import errno
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from channel_analysis.errors import InputError
from channel_analysis.files import sha256_of_file
from channel_analysis.report.records import read_runs
from channel_analysis.report.staging import FILES, ReportError, commit, opened, work_folder

OLD = {"r.en.html": "old", "r.zh.html": "旧", "tables/a.parquet": "old a", "tables/b.parquet": "old b"}
NEW = {"r.en.html": "new", "r.zh.html": "新", "tables/a.parquet": "new a", "sheets/x.html": "new x"}
STEPS = range(1, 9)
"""More than there are steps of one kind in publishing `NEW`."""


def stage(out: Path, files: dict[str, str], report: str = "r") -> None:
    """Publish files as a run does, in its folder `out / "p"`."""
    folder = out / "p"
    with opened(out, folder):
        work = work_folder(folder)
        for name, text in files.items():
            path = work / FILES / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        commit(folder, work, {"report": report, "languages": ["en", "zh"]})


def there(folder: Path) -> dict[str, str]:
    """What a reader sees: every file but locks, records and hidden ones."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}
    return {name: text for name, text in found.items() if not name.startswith(".") and name != "run.json"}


def is_true(folder: Path) -> bool:
    """Whether the record tells of exactly the files that are there."""
    told = read_runs(folder / "run.json")["r"]["files"]
    return told == {name: sha256_of_file(folder / name) for name in there(folder)}


@pytest.fixture
def out(tmp_path) -> Path:
    """Give a folder for reports where one was published."""
    stage(tmp_path, OLD)
    assert (there(tmp_path / "p"), is_true(tmp_path / "p")) == (OLD, True)
    return tmp_path


def at_step(number: int, act: Callable[[], None], inner: Callable) -> Callable:
    """A function that acts before its call of that number."""
    calls = []

    def step(*given, **more):
        calls.append(given)
        if len(calls) == number:
            act()
        return inner(*given, **more)

    return step


def in_a_process_killed_at(step: int, name: str, out: Path) -> bool:
    """Publish `NEW` in a process that is killed before a call of os.`name`; whether it came so far."""
    child = os.fork()
    if child == 0:
        setattr(os, name, at_step(step, lambda: os.kill(os.getpid(), signal.SIGKILL), getattr(os, name)))
        stage(out, NEW)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["replace", "mkdir", "unlink"])
def test_killed_at_any_step_every_file_is_whole_and_the_next_run_finishes(out, name, step):
    killed = in_a_process_killed_at(step, name, out)
    seen = there(out / "p")
    assert all(text in (OLD.get(file), NEW.get(file)) for file, text in seen.items())
    assert set(OLD) & set(NEW) <= set(seen)
    with opened(out, out / "p"):
        pass
    assert there(out / "p") in ([OLD, NEW] if killed else [NEW])
    assert is_true(out / "p")
    assert [path.name for path in (out / "p").glob(".r*")] == []


def test_some_of_these_steps_are_before_the_new_report_is_out_and_some_after(out, tmp_path_factory):
    ends = []
    for step in STEPS:
        folder = tmp_path_factory.mktemp("step")
        shutil.copytree(out, folder, dirs_exist_ok=True)
        if in_a_process_killed_at(step, "replace", folder):
            with opened(folder, folder / "p"):
                ends.append(there(folder / "p") == NEW)
    assert {False, True} == set(ends)
    assert ends == sorted(ends)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["replace", "mkdir"])
def test_out_of_room_at_any_step_nothing_is_lost_and_the_next_run_publishes(out, monkeypatch, name, step):
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, name, at_step(step, full, getattr(os, name)))
        try:
            stage(out, NEW)
        except (OSError, InputError) as error:
            assert "No space left" in str(error)
    seen = there(out / "p")
    assert all(text in (OLD.get(file), NEW.get(file)) for file, text in seen.items())
    stage(out, NEW)
    assert (there(out / "p"), is_true(out / "p")) == (NEW, True)


def test_a_report_s_files_of_before_go_and_those_of_others_stay(out):
    stage(out, {"s.en.html": "s", "tables/b.parquet": "its own b"}, report="s")
    stage(out, NEW)
    assert there(out / "p") == {**NEW, "s.en.html": "s", "tables/b.parquet": "its own b"}
    assert set(read_runs(out / "p" / "run.json")) == {"r", "s"}


def test_a_folder_in_the_place_of_a_page_does_not_keep_it_from_its_place(out):
    (out / "p" / "r.en.html").unlink()
    (out / "p" / "r.en.html").mkdir()
    stage(out, NEW)
    assert there(out / "p") == NEW


def test_a_folder_is_one_run_s_at_a_time_and_another_one_is_free(out):
    with opened(out, out / "p"):
        with opened(out, out / "p" / "region-East"):
            pass
        with pytest.raises(ReportError, match="another run is writing here"), opened(out, out / "p"):
            pass
    stage(out, NEW)


def test_what_a_killed_run_left_half_done_is_cleared_away(out):
    work = work_folder(out / "p")
    (work / FILES / "r.en.html").write_text("half")
    with opened(out, out / "p"):
        assert list((out / "p").glob(".run-*")) == []
    assert there(out / "p") == OLD


def test_a_folder_that_may_not_be_written_to_is_named_with_its_remedy(out, monkeypatch):
    def refused(*_given: object, **_more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refused)
    with pytest.raises(InputError, match="correct its permissions"), opened(out, out / "q"):
        pass

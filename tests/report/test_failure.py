"""A run that fails says why, to whoever ran it and to whoever opens the shelf, and keeps secrets."""

import json
import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from channel_analysis.cli import app
from channel_analysis.report.failure import drop_failure, error_of, read_failures, write_failure
from channel_analysis.report.jobs import Job
from channel_analysis.report.secrets import without_secrets
from channel_analysis.words import words

HOSTILE = "<script>alert(1)</script> =cmd() \u202e 🚀 " + "x" * 10_000
REASONS = {
    "ValueError": "cell",
    "InputError": "input",
    "DeadKernelError": "killed",
    "Killed": "killed",
    "Deadline": "deadline",
    "MemoryError": "memory",
    "OutOfMemoryException": "memory",
    "Unfinished": "unfinished",
    "Ended": "ended",
}


def outcome(error: str = "ValueError", message: str = "on fire", source: str = "a = 1\nb = 2") -> dict:
    return {"error": error, "message": message, "cell": 3, "source": source}


@pytest.fixture
def job(tmp_path) -> Job:
    return Job("review", Path("review.ipynb"), "2025Q3", {}, ("zh", "en"), tmp_path, tmp_path)


def page_of(job: Job, language: str = "en", kept: dict | None = None, **told: str) -> BeautifulSoup:
    page = write_failure(job, outcome(**told), kept or {}, language)
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("error", REASONS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_what_happened_where_and_what_to_do(job, error, language):
    said = words(language)
    text = page_of(job, language, error=error).find("main").get_text()
    for key in (f"failure.reason.{REASONS[error]}", "failure.none_kept", "failure.what_to_do"):
        assert said(key) in text
    assert ("workspace.toml" in text) == (REASONS[error] in ("memory", "killed", "deadline"))
    assert "{" not in text
    assert said("failure.cell", cell=3) in text
    assert f"{error}: on fire" in text and "a = 1\nb = 2" in text


def test_the_page_leads_to_what_was_published_before(job):
    page = page_of(job, kept={"pages": ["review.zh.html", "review.en.html"]})
    assert [link["href"] for link in page.select("main a")] == ["review.zh.html", "review.en.html"]
    assert words("en")("failure.kept") in page.get_text()


def test_whatever_a_cell_holds_and_raises_is_text_on_the_page_and_of_bounded_length(job):
    page = page_of(job, message=HOSTILE, source=f"{HOSTILE}\n" * 40, error="<b>")
    assert page.find("main").find(["script", "b"]) is None
    assert "<script>alert(1)</script> =cmd()" in page.select("main pre")[-1].get_text()
    assert len(page.select("main pre")[-1].get_text()) < 2100
    assert page.select("main pre")[0].get_text().count("\n") < 6


def test_the_failure_of_each_report_is_kept_until_it_succeeds(job, tmp_path):
    write_failure(job, outcome(), {}, "zh")
    entry = read_failures(tmp_path)["review"]
    assert {"when", "cell", "source", "error", "message", "page", "where", "period"} <= set(entry)
    assert (entry["cell"], entry["page"], entry["period"]) == (3, "review.failed.html", "2025Q3")
    drop_failure(tmp_path, "other")
    assert set(read_failures(tmp_path)) == {"review"}
    drop_failure(tmp_path, "review")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", ["MemoryError", "DeadKernelError", "Killed"])
def test_a_memory_limit_is_named_where_it_may_have_been_the_cause(job, error):
    said = str(error_of(job, outcome(error), "512MB"))
    assert "under a memory limit of 512MB" in said and "memory_limit under [report]" in said
    assert "memory limit of" not in str(error_of(job, outcome("ValueError"), "512MB"))


SECRETS = {
    "SMTP_PASSWORD": "tr0ub4dor&3",
    "API_TOKEN": "abcdef123456",
    "PWD": "/home/ann",
    "SHORT_KEY": "ab",
}


@pytest.mark.parametrize(
    "text",
    [
        "535 login with tr0ub4dor&3 refused",
        "GET https://ann:tr0ub4dor&3@host/x",
        "https://ann:other-secret@host:5432/db",
        "password=other-secret",
        "PGPASSWORD='other secret here'",
        '{"api_key": "other-secret"}',
        "token: other-secret",
        "Authorization: Bearer other-secret-abcdef",
        "db_password = 'other-secret'",
    ],
)
def test_secrets_do_not_stand_in_messages(text):
    said = without_secrets(text, SECRETS)
    assert not re.search("tr0ub4dor|other|secret here|abcdef", said), said


@pytest.mark.parametrize(
    "text",
    ["cell 4 (import os) failed: KeyError: 'region'", "/home/ann/x ab", "2025Q3: a = b", "https://a.b/c"],
)
def test_what_is_no_secret_stays(text):
    assert without_secrets(text, SECRETS) == text


def test_the_page_and_the_record_of_a_failure_hold_no_secret(job, monkeypatch, tmp_path):
    monkeypatch.setenv("SMTP_PASSWORD", "tr0ub4dor&3")
    write_failure(job, outcome(message="tr0ub4dor&3", source="login('tr0ub4dor&3')"), {}, "en")
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "tr0ub4dor" not in written
    assert "tr0ub4dor" not in str(error_of(job, outcome(message="tr0ub4dor&3"), ""))


EAT = "x = bytearray(3_000_000_000)"
"""A cell that takes more than the limit below."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_a_cell_that_takes_more_memory_than_it_may_is_stopped_and_named(small_workspace, write_notebook):
    folder = small_workspace(settings='[report]\nmemory_limit = "2GB"\n')
    write_notebook(folder, "hungry", EAT)
    options = ["report", str(folder), "--own-notebooks", "--report", "hungry"]
    done = CliRunner().invoke(app, options)
    assert (done.exit_code, "hungry: cell 2 (x = bytearray" in done.stderr) == (1, True), done.stderr
    assert "under a memory limit of 2GB: MemoryError" in done.stderr
    out = folder / "reports" / "2025Q3"
    assert json.loads((out / "failed.json").read_text())["hungry"]["reason"] == "memory"
    assert EAT in (out / "hungry.failed.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", ["4", "GB", "-1GB", "4 gigabytes"])
def test_a_memory_limit_that_is_none_is_refused_with_how_to_write_it(small_workspace, size):
    folder = small_workspace(settings=f'[report]\nmemory_limit = "{size}"\n')
    done = CliRunner().invoke(app, ["report", str(folder)])
    assert (done.exit_code, "write it as 4GB or 512MB" in done.stderr) == (2, True)

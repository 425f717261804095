"""`channel-analysis mail`: written down without a server, refused with every mistake at once."""

import email
import email.policy

import pytest
from typer.testing import CliRunner

from channel_analysis.cli import app

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def without_server(monkeypatch):
    for name in ("HOST", "FROM", "PASSWORD"):
        monkeypatch.delenv(f"CHANNEL_ANALYSIS_SMTP_{name}", raising=False)


def test_a_dry_run_writes_the_message_beside_the_report(demo_report):
    workspace = demo_report.folder.parent.parent
    told = run(app, ["mail", str(workspace), "--to", "a@example.com", "--language", "en", "--dry-run"])
    assert told.exit_code == 0, told.output
    written = demo_report.folder / "review.en.eml"
    assert told.stdout.strip() == str(written)
    message = email.message_from_bytes(written.read_bytes(), policy=email.policy.default)
    assert message["Subject"].startswith("Channel review") and next(message.iter_attachments())
    first = written.read_bytes()
    run(app, ["mail", str(workspace), "--to", "a@example.com", "--language", "en", "--dry-run"])
    assert written.read_bytes() == first
    written.unlink()


def test_without_a_server_nothing_is_sent_and_the_variables_are_named(demo_report):
    told = run(app, ["mail", str(demo_report.folder.parent.parent), "--to", "a@example.com"])
    assert told.exit_code == 2
    assert "CHANNEL_ANALYSIS_SMTP_HOST" in told.stderr and "CHANNEL_ANALYSIS_SMTP_FROM" in told.stderr


def test_a_report_that_is_not_out_is_said(demo_report):
    workspace = str(demo_report.folder.parent.parent)
    wanted = ["mail", workspace, "--to", "a@example.com", "--dry-run", "--report", "screening"]
    told = run(app, wanted)
    assert told.exit_code == 2 and "no report 'screening' is published" in told.stderr

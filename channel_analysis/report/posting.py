"""From a command to a mailed report: find what is published, write the message, hand it in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..analysis.scope import resolve_period
from ..errors import refuse
from ..files import written_beside
from ..store.workspace import Workspace, open_workspace
from ..words import check_language
from .mail import PREFIX, message_of, send, server_of
from .records import folder_of, read_runs, run_files

NOBODY = "channel-analysis@localhost"
"""Sender of messages that are only written down, unless the environment names one."""


def post(
    folder: Path,
    report: str,
    period: str,
    where: Mapping[str, str],
    language: str,
    to: Sequence[str],
    out: Path | None = None,
    as_pdf: bool = False,
    dry_run: bool = False,
) -> Path | None:
    """Mail a published report, or with `dry_run` write the message beside it and give its path.

    Raises
    ------
    InputError
        When the workspace, addresses or the server's variables cannot be used, or nothing is published.
    ReportError
        When the server does not take the message.
    """
    ws = open_workspace(folder)
    language = language or ws.settings.company.language
    refuse(check_language(language))
    server = None if dry_run else server_of()
    place = _published(ws, (out or ws.root / "reports").resolve(), report, period, where)
    sender = server.sender if server else os.environ.get(f"{PREFIX}FROM") or NOBODY
    message = message_of(place, report, language, to, sender, as_pdf)
    if server:
        send(message, server)
        return None
    target = place / f"{report}.{language}.eml"
    with written_beside(target) as temporary:
        temporary.write_bytes(message.as_bytes())
    return target


def _published(ws: Workspace, out: Path, report: str, period: str, where: Mapping[str, str]) -> Path:
    """The folder that holds the report: by what its record says, else where it would stand."""
    code = resolve_period(ws, period).code
    for path in run_files(out):
        record = read_runs(path).get(report, {})
        if record.get("period") == code and dict(record.get("where", {})) == dict(where):
            return path.parent
    return folder_of(out, code, where)

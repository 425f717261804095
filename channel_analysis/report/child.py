"""The child process of a run, seen from its parent: started, watched, ended in time, its outcome read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import InputError, Problem
from .notebooks import default_parameters

if TYPE_CHECKING:
    from ..store.workspace import Workspace
    from .jobs import Job

Progress = Callable[[str, int, int], None]


class ReportError(RuntimeError):
    """A report could not be made; what was published before is untouched."""


def run_child(ws: Workspace, job: Job, period: str, work: Path, progress: Progress) -> dict[str, Any]:
    """Run the job's notebook in a process of its own and give the summary its last cell left.

    Raises
    ------
    InputError
        When the notebook refuses its input.
    ReportError
        When a cell fails, the kernel dies or the deadline passes; it names the cell.
    """
    # short, for a socket's path has some 100 bytes at most
    with tempfile.TemporaryDirectory(prefix="ca-", ignore_cleanup_errors=True) as sockets:
        _write_order(ws, job, period, work, sockets)
        code = _watched(ws, job, work, sockets, progress)
    if code or not (work / "outcome.json").is_file():
        said = (work / "errors.txt").read_text(encoding="utf-8").strip().splitlines()
        raise ReportError(f"{job.report}: the run ended with code {code}: {(said or ['no message'])[-1]}")
    outcome: dict[str, Any] = json.loads((work / "outcome.json").read_text(encoding="utf-8"))
    if "summary" not in outcome:
        raise _failure(job, outcome)
    summary: dict[str, Any] = outcome["summary"]
    return summary


def _watched(ws: Workspace, job: Job, work: Path, sockets: str, progress: Progress) -> int:
    """The child's exit code; whatever interrupts the watch ends the child and all it started."""
    command = [sys.executable, "-m", "channel_analysis.report.execute", str(work / "job.json")]
    minutes = ws.settings.report.deadline_minutes
    cell = 0
    with (
        (work / "errors.txt").open("w", encoding="utf-8") as errors,
        _started(command, errors, sockets) as child,
        _Deadline(child.pid, minutes * 60) as deadline,
    ):
        for line in child.stdout or ():
            told = line.split()
            if len(told) == 4 and told[0] == "cell":
                cell = int(told[1])
                progress(job.report, int(told[2]), int(told[3]))
        code = child.wait()
    if deadline.passed:
        raise ReportError(f"{job.report}: the deadline of {minutes:g} minutes passed in cell {cell}")
    return code


@contextmanager
def _started(command: list[str], errors: IO[str], sockets: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, so that Ctrl-C reaches its parent alone, which ends all of it."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=_environment(sockets),
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            end_family(child.pid)
        for stream in (child.stdin, child.stdout):
            if stream:
                stream.close()
        child.wait()


def end_family(pid: int) -> None:
    """Kill all a process started and then the process itself, and wait until they are gone."""
    import psutil

    try:
        head = psutil.Process(pid)
        family = [*head.children(recursive=True), head]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)


def _write_order(ws: Workspace, job: Job, period: str, work: Path, sockets: str) -> None:
    """What the child is to do, as a file: no parameter passes through a shell or a command line."""
    cells = json.loads(job.notebook.read_text(encoding="utf-8"))["cells"]
    given = {"workspace": str(ws.root), "period": period, "tables": str(work / "tables")}
    known = default_parameters(job.notebook)
    order = {
        "report": job.report,
        "notebook": str(job.notebook),
        "workspace": str(ws.root),
        "parameters": {name: {**job.parameters, **given}[name] for name in known},
        "languages": list(job.languages),
        "cells": len(cells),
        "sockets": sockets,
    }
    (work / "job.json").write_text(json.dumps(order, ensure_ascii=False), encoding="utf-8")


class _Deadline:
    """Ends a child process and everything it started once its time is up."""

    def __init__(self, pid: int, seconds: float) -> None:
        self.passed = False
        self._pid = pid
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.passed = True
        end_family(self._pid)


def _environment(sockets: str) -> dict[str, str]:
    """The child's environment: the same package, one hash order, no debugger's warnings."""
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = {"PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "MPLBACKEND": "svg"}
    places = {"JUPYTER_RUNTIME_DIR": sockets, "PYTHONPATH": os.pathsep.join(paths)}
    return {**os.environ, **quiet, **places}


def _failure(job: Job, outcome: Mapping[str, Any]) -> Exception:
    """The exception for a notebook that did not come to its end."""
    if outcome["error"] == "InputError":
        return InputError(_problems(str(outcome["message"])))
    if outcome["error"] == "Unfinished":
        return ReportError(f"{job.report}: {outcome['message']}")
    first_line = next((line for line in outcome["source"].splitlines() if line.strip()), "")
    where = f"cell {outcome['cell']}" + (f" ({first_line.strip()})" if first_line else "")
    return ReportError(f"{job.report}: {where} failed: {outcome['error']}: {outcome['message']}")


def _problems(text: str) -> list[Problem]:
    """Problems back from an InputError's text, as it crossed the kernel's border."""
    found: list[Problem] = []
    for line in text.splitlines()[1:]:
        stripped = line.strip()
        if stripped.startswith("fix: ") and found:
            found[-1] = Problem(found[-1].where, found[-1].what, stripped.removeprefix("fix: "))
        elif stripped:
            where, _, what = stripped.partition(". ")[2].partition(": ")
            found.append(Problem(where, what))
    return found or [Problem("report", text)]

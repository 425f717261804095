"""The child process of a run, seen from its parent: started, watched, ended in time, its outcome read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .notebooks import default_parameters
from .staging import FILES

if TYPE_CHECKING:
    from ..store.workspace import Workspace
    from .jobs import Job

Progress = Callable[[str, int, int], None]


class Children:
    """The child processes that run now, so that all can be ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._ended = False

    @contextmanager
    def started(self, command: list[str], errors: IO[str], sockets: str) -> Iterator[subprocess.Popen[str]]:
        """A process in a session of its own: Ctrl-C reaches its parent alone, which ends all of it."""
        with self._lock:
            if self._ended:
                raise OSError("the run was stopped")
            child = _begun(command, errors, sockets)
            self._running.add(child.pid)
        try:
            yield child
        finally:
            if child.poll() is None:
                end_family(child.pid)
            for stream in (child.stdin, child.stdout):
                if stream:
                    stream.close()
            child.wait()
            with self._lock:
                self._running.discard(child.pid)

    def end(self) -> None:
        """End every child and all they started; no other can be started from now on."""
        with self._lock:
            self._ended = True
            for pid in self._running:
                end_family(pid)


def run_child(ws: Workspace, job: Job, work: Path, children: Children, progress: Progress) -> dict[str, Any]:
    """Run a job in a process of its own; pages and tables come to stand in `work / FILES`.

    Returns
    -------
    dict
        `summary` as the report's last cell left it; or `error`, `message`, and the `cell` with its
        `source` where it came to grief: what a cell raised, or "Deadline", "Killed", "Ended".
    """
    # short, for a socket's path has some 100 bytes at most
    with tempfile.TemporaryDirectory(prefix="ca-", ignore_cleanup_errors=True) as sockets:
        _write_order(ws, job, work, sockets)
        outcome = _watched(ws, job, work, sockets, children, progress)
    return outcome


def _watched(
    ws: Workspace, job: Job, work: Path, sockets: str, children: Children, progress: Progress
) -> dict[str, Any]:
    """The outcome of a child, also of one that could leave none."""
    command = [sys.executable, "-m", "channel_analysis.report.execute", str(work / "job.json")]
    minutes, cell = ws.settings.report.deadline_minutes, 0
    with (
        (work / "errors.txt").open("w", encoding="utf-8") as errors,
        children.started(command, errors, sockets) as child,
        _Deadline(child.pid, minutes * 60) as deadline,
    ):
        for line in child.stdout or ():
            told = line.split()
            if len(told) == 4 and told[0] == "cell":
                cell = int(told[1])
                progress(job.label, int(told[2]), int(told[3]))
        code = child.wait()
    stopped = {"cell": cell, "source": _source(job, cell)}
    if deadline.passed:
        return {**stopped, "error": "Deadline", "message": f"the deadline of {minutes:g} minutes passed"}
    if code < 0:
        return {**stopped, "error": "Killed", "message": f"the process was killed: {_signal(-code)}"}
    if code or not (work / "outcome.json").is_file():
        said = (work / "errors.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = said[-1] if said else "the disk is full" if _is_full(work) else "no message"
        message = f"the run ended with code {code}: {why}"
        return {**stopped, "error": "Ended", "message": message}
    outcome: dict[str, Any] = json.loads((work / "outcome.json").read_text(encoding="utf-8"))
    if "summary" not in outcome and not outcome["source"]:
        outcome["source"] = _source(job, outcome["cell"])
    return outcome


def _is_full(work: Path) -> bool:
    """Whether nothing can be written any more, not even why."""
    return shutil.disk_usage(work).free < 1 << 20


def _source(job: Job, number: int) -> str:
    """The source of a notebook's code cell by its number; empty where there is none."""
    if not job.notebook or number < 1:
        return ""
    cells = json.loads(job.notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return code[number - 1] if number <= len(code) else ""


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _begun(command: list[str], errors: IO[str], sockets: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=_environment(sockets),
        start_new_session=True,
    )


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


def _write_order(ws: Workspace, job: Job, work: Path, sockets: str) -> None:
    """What the child is to do, as a file: no parameter passes through a shell or a command line."""
    order = {
        "report": job.report,
        "workspace": str(ws.root),
        "period": job.period,
        "languages": list(job.languages),
        "where": dict(job.where),
        "files": str(work / FILES),
        "memory": ws.settings.report.memory_bytes,
        "sockets": sockets,
        "notebook": str(job.notebook) if job.notebook else "",
        "parameters": dict(job.parameters),
    }
    if job.notebook:
        given = {"workspace": str(ws.root), "period": job.period, "tables": str(work / FILES / "tables")}
        known = default_parameters(job.notebook)
        order["parameters"] = {name: {**job.parameters, **given}[name] for name in known}
        order["cells"] = len(json.loads(job.notebook.read_text(encoding="utf-8"))["cells"])
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

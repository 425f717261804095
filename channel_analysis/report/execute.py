"""The child process of a run: papermill executes a notebook, nbconvert renders it; sheets are made here.

Called as `python -m channel_analysis.report.execute JOB.json`. It tells its progress as lines
`cell NUMBER DONE OF` on standard output and leaves `outcome.json` beside the job.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from ..errors import InputError
from .child import end_family
from .saving import DONE


def main(job_file: Path) -> None:
    """Execute and render one job; the outcome is written, never raised."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit_memory(job["memory"])
    outcome = _pages_of_notebook(job, job_file.parent) if job["notebook"] else _pages_of_sheets(job)
    (job_file.parent / "outcome.json").write_text(json.dumps(outcome, ensure_ascii=False), encoding="utf-8")


def _pages_of_notebook(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    outcome = _executed(job, folder)
    if "summary" in outcome:
        from .render import render

        for language in job["languages"]:
            page = render(folder / "executed.ipynb", language, job["languages"], job["report"])
            target = Path(job["files"], f"{job['report']}.{language}.html")
            target.write_text(page, encoding="utf-8")
    return outcome


def _pages_of_sheets(job: dict[str, Any]) -> dict[str, Any]:
    """Make sheets in this very process; the summary, or what was refused."""
    from ..store.workspace import open_workspace
    from .sheets import SHEETS

    def tell(_what: str, done: int, of: int) -> None:
        _say(0, done, of)

    try:
        ws = open_workspace(job["workspace"])
        maker = SHEETS[job["report"]]
        files, languages = Path(job["files"]), tuple(job["languages"])
        return {"summary": maker(ws, job["period"], languages, files, tell, job["where"], job["parameters"])}
    except (InputError, MemoryError) as error:
        return {"error": type(error).__name__, "message": str(error), "cell": 0, "source": ""}


def _limit_memory(size: int) -> None:
    """Let no process of the run take more than so many bytes, where the system can see to it."""
    if not size:
        return
    try:
        import resource
    except ImportError:  # there is none on Windows
        return
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _executed(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run the notebook; the summary of its last cell, or the cell that failed and why."""
    # a grammar of web addresses, which jsonschema takes where it is: a second to build, for no notebook
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    place = {"cell": 0}
    try:
        document = papermill.execute_notebook(
            _notebook(Path(job["notebook"])),
            None,  # papermill takes braces in a path for parameters
            parameters=job["parameters"],
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,
            cwd=job["workspace"],
            config=_transport(Path(job["sockets"])),
            on_cell_start=lambda cell, cell_index: _tell(place, cell, cell_index, job["cells"]),
        )
    except PapermillExecutionError as error:
        return {
            "error": error.ename,
            "message": str(error.evalue),
            "cell": place["cell"],
            "source": error.source,
        }
    except (DeadKernelError, CellTimeoutError) as error:
        return {"error": type(error).__name__, "message": str(error), "cell": place["cell"], "source": ""}
    except RuntimeError as error:
        if "ernel died" not in str(error):
            raise
        return {"error": "DeadKernelError", "message": str(error), "cell": place["cell"], "source": ""}
    document.metadata.pop("papermill", None)
    nbformat.write(document, folder / "executed.ipynb")
    return _finished(document)


def _notebook(path: Path) -> Any:
    """The notebook, with the kernel's language where its author left it out."""
    import nbformat

    document = nbformat.read(path, as_version=4)
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document.metadata["kernelspec"] = {**spec, **document.metadata.get("kernelspec", {})}
    return document


def _transport(sockets: Path) -> Any:
    """Sockets in a folder instead of TCP ports: nobody else can listen in, no two runs can collide."""
    from traitlets.config import Config

    config = Config()
    if sys.platform != "win32":
        config.KernelManager.transport = "ipc"
        config.KernelManager.ip = str(sockets / "k")
    return config


def _tell(place: dict[str, int], cell: Any, index: int, cells: int) -> None:
    """Say which code cell runs (papermill's own cell of parameters is not counted) and how far it is."""
    if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", []):
        place["cell"] += 1
    _say(place["cell"], index, cells)


def _say(cell: int, done: int, of: int) -> None:
    sys.stdout.write(f"cell {cell} {done} {of}\n")
    sys.stdout.flush()


def _finished(document: Any) -> dict[str, Any]:
    """The summary shown by the last cell; without it the notebook did not come to its end."""
    outputs = [o for cell in document.cells if cell.cell_type == "code" for o in cell.outputs]
    for output in reversed(outputs):
        if DONE in output.get("data", {}):
            return {"summary": output["data"][DONE]}
    message = "the notebook ended without saving its tables\n  fix: end it with ca.save_tables(..., tables)"
    return {"error": "Unfinished", "message": message, "cell": len(document.cells), "source": ""}


def _end_with_parent() -> None:
    """Standard input ends when the parent does; nobody is left to take the outcome, so end as well."""
    while os.read(sys.stdin.fileno(), 1):
        continue
    end_family(os.getpid())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The child process of a run: papermill executes the notebook, nbconvert renders it, all in one folder.

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

from .child import end_family
from .saving import DONE


def main(job_file: Path) -> None:
    """Execute and render one job; the outcome is written, never raised."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    folder = job_file.parent
    threading.Thread(target=_end_with_parent, daemon=True).start()
    outcome = _executed(job, folder)
    if "summary" in outcome:
        from .render import render

        for language in job["languages"]:
            page = render(folder / "executed.ipynb", language, job["languages"], job["report"])
            (folder / f"page.{language}.html").write_text(page, encoding="utf-8")
    (folder / "outcome.json").write_text(json.dumps(outcome, ensure_ascii=False), encoding="utf-8")


def _executed(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run the notebook; the summary of its last cell, or the cell that failed and why."""
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
    sys.stdout.write(f"cell {place['cell']} {index} {cells}\n")
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

"""Run the notebooks people open and keep in them what the tests compare: the outputs of untagged cells.

    python tools/notebooks.py [notebooks/tour.ipynb ...]

A cell tagged `nbval-ignore-output` shows what may look different elsewhere (figures, sections of a page,
sortable tables) and is kept empty; of all others the plain outputs are kept, with their counts, which
are the same in every run.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
IGNORED = "nbval-ignore-output"
KEPT = ("text/plain", "text/html")


def main(arguments: list[str]) -> int:
    """Refresh the notebooks named, or all of them."""
    every = [ROOT / "notebooks" / "tour.ipynb", *sorted((ROOT / "notebooks" / "explore").glob("*.ipynb"))]
    for path in [Path(name) for name in arguments] or every:
        document = nbformat.read(path, as_version=4)
        NotebookClient(document, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
        path.write_text(nbformat.writes(stripped(document)) + "\n", encoding="utf-8")
    return 0


def stripped(document: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with nothing in it that differs from run to run."""
    document.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in document.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = {"tags": tags} if tags else {}
        if cell.cell_type == "code":
            cell.outputs = [] if IGNORED in tags else [_plain(output) for output in cell.outputs]
            cell.execution_count = cell.execution_count if cell.outputs else None
    return document


def _plain(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if "data" in output:
        output.data = {kind: output.data[kind] for kind in KEPT if kind in output.data}
    return output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

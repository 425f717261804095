"""The command line: make a workspace, run its reports, look things up."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from .errors import InputError

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Sales channel performance: from a company's own data to a report a manager opens.",
)

Progress = Callable[[str, int, int], None]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    demo: Annotated[bool, typer.Option("--demo", help="Fill it with the example company.")] = False,
    mapping: Annotated[
        str, typer.Option(help="A mapping that comes along, such as adventureworks.")
    ] = "contract",
    source: Annotated[str, typer.Option("--from", metavar="PATH", help="Folder with the data files.")] = "",
) -> None:
    """Make a workspace: settings, policy, KPIs, notebooks, data and reports, each with comments."""
    with _messages():
        from .store.scaffold import make_workspace

        made = make_workspace(
            folder, mapping=mapping, source=str(Path(source).resolve()) if source else None, demo=demo
        )
        for path in made:
            typer.echo(f"  {path}")
        typer.echo(f"Next: channel-analysis report {folder}")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")],
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that are not the example company's.")
    ] = False,
) -> None:
    """Write the files of the example company, the same on every machine."""
    with _messages():
        from .store.demo.guard import write_guarded

        write_guarded(folder, force=force)
        typer.echo(f"The example company's files are in {folder}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.")] = Path(),
    period: Annotated[
        str, typer.Option(help="2025Q3, 2025H2, 2025, 2025-07, FY2026Q1, last-quarter ...")
    ] = "last-quarter",
    language: Annotated[
        list[str], typer.Option(help="zh or en; may be given twice; both when left out.")
    ] = [],  # noqa: B006
    out: Annotated[
        Path | None, typer.Option(help="Folder for reports; the workspace's own when left out.")
    ] = None,
    name: Annotated[str, typer.Option("--report", help="Which report.")] = "review",
    parameter: Annotated[
        list[str],
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another parameter of the notebook."),
    ] = [],  # noqa: B006
) -> None:
    """Run a report and publish its pages, its tables and its run record."""
    with _messages():
        from .report.publish import publish

        given = dict(_pair(text) for text in parameter)
        with _progress() as progress:
            published, shelf = publish(folder, name, period, language, out, given, progress)
        for page in (*published.pages, shelf):
            typer.echo(str(page))


@app.command()
def dictionary(
    check: Annotated[bool, typer.Option("--check", help="Only say whether the file is up to date.")] = False,
    target: Annotated[Path, typer.Option(help="The file to write.")] = Path("data/DICTIONARY.md"),
) -> None:
    """Write the data dictionary from the contracts."""
    from .contracts.dictionary import dictionary as text
    from .files import written_beside

    if not check:
        with _messages(), written_beside(target) as temporary:
            temporary.write_text(text(), encoding="utf-8")
        typer.echo(str(target))
    elif not target.is_file() or target.read_text(encoding="utf-8") != text():
        _stop(f"{target} is out of date\n  fix: run channel-analysis dictionary", 1)


@contextmanager
def _messages() -> Iterator[None]:
    """Errors as messages: 2 for input that cannot be used, 1 for a report that failed."""
    try:
        with _ended_by_signals():
            yield
    except InputError as error:
        _stop(str(error), 2)
    except OSError as error:
        fix = "choose another place, or correct its permissions"
        _stop(f"{error.filename or 'a file'}: {error.strerror or error}\n  fix: {fix}", 2)
    except RuntimeError as error:
        _stop(str(error), 1)
    except _Ended as ended:
        _stop("stopped", 128 + ended.number)
    except KeyboardInterrupt:
        _stop("stopped", 130)


class _Ended(KeyboardInterrupt):
    """The process was told to end; everything it started ends as on Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take SIGTERM, and a closed terminal, as Ctrl-C while a command runs."""

    def end(number: int, _frame: object) -> None:
        raise _Ended(number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        names = []
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _pair(text: str) -> tuple[str, str]:
    from .errors import Problem

    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InputError([Problem(f"--parameter {text}", "this is not NAME=VALUE", "write -p period=2025Q3")])
    return name.strip(), value


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, of: int) -> None:
            task = tasks.setdefault(what.partition(":")[0], -1)
            if task < 0:
                task = tasks[what.partition(":")[0]] = bar.add_task(what, total=of)
            bar.update(task, completed=done, total=of, description=what)  # type: ignore[arg-type]

        yield show


def _plain_lines() -> Progress:
    """A line at each quarter of a task, so that a log stays short."""
    told: dict[str, int] = {}

    def show(what: str, done: int, of: int) -> None:
        task, quarter = what.partition(":")[0], 4 * done // max(of, 1)
        if told.get(task) != quarter:
            told[task] = quarter
            typer.echo(f"{task}: {done} of {of}", err=True)

    return show


if __name__ == "__main__":
    app()

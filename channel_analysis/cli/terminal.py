"""What every command shares: errors as messages with exit codes, progress on a terminal or in a log."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from ..errors import InputError
from .columns import plain

Progress = Callable[[str, int, int], None]


@contextmanager
def messages() -> Iterator[None]:
    """Errors as messages: 2 for input that cannot be used, 1 for a report that failed."""
    try:
        with _ended_by_signals():
            yield
    except InputError as error:
        stop(str(error), 2)
    except OSError as error:
        fix = "choose another place, or correct its permissions"
        stop(f"{error.filename or 'a file'}: {error.strerror or error}\n  fix: {fix}", 2)
    except RuntimeError as error:
        stop(str(error), 1)
    except _Ended as ended:
        stop("stopped", 128 + ended.number)
    except KeyboardInterrupt:
        stop("stopped", 130)


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


def stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """A progress bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, of: int) -> None:
            task = tasks.setdefault(what.partition(":")[0], -1)
            if task < 0:
                task = tasks[what.partition(":")[0]] = bar.add_task(plain(what), total=of)
            bar.update(task, completed=done, total=of, description=plain(what))  # type: ignore[arg-type]

        yield show


def _plain_lines() -> Progress:
    """A line at each quarter of a task, so that a log stays short."""
    told: dict[str, int] = {}

    def show(what: str, done: int, of: int) -> None:
        task, quarter = what.partition(":")[0], 4 * done // max(of, 1)
        if told.get(task) != quarter:
            told[task] = quarter
            typer.echo(plain(f"{task}: {done} of {of}"), err=True)

    return show

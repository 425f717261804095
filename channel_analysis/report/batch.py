"""Several runs at once: child processes do the work on as many cores, threads only wait for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from .child import Children, Progress

Done = TypeVar("Done")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    tasks: Sequence[Callable[[Children, Progress], Done]],
    workers: int,
    done: Callable[[int, Done], None],
    progress: Progress,
) -> None:
    """Run tasks, so many at once; `done` and `progress` are called here, one after the other.

    Whatever interrupts, be it Ctrl-C or an error of `done`, ends every child before it is passed on.
    """
    told: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    children = Children()
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(tasks)))) as pool:
        try:
            for number, task in enumerate(tasks):
                future = pool.submit(task, children, lambda *step: told.put((-1, step)))
                future.add_done_callback(partial(_tell, told, number))
            left = len(tasks)
            while left:
                number, what = told.get()
                if number < 0:
                    progress(*what)
                else:
                    left -= 1
                    done(number, what.result())
        finally:
            children.end()
            pool.shutdown(wait=True, cancel_futures=True)


def _tell(told: SimpleQueue[tuple[int, Any]], number: int, future: Future[Any]) -> None:
    told.put((number, future))

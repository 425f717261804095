"""Kill reports at random moments, and take away what they need: is a broken page ever published?

    python -m benchmarks.kills --times 100

A small report of one sleeping cell is made over and over, each time of another version, while the kernel,
the child process or the command itself is killed, or told to end, at a seeded random moment; half of the
moments lie where files are being published. After every blow each published file has to be whole, of the
old version or of the new one, the exit code and the message right, no process left behind. After every few
blows (`--every`) the next run has to succeed and to leave nothing but its own version. The accidents of
`ACCIDENTS` come first.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PERIOD = "2025Q3"
SALES = """order_id,line_number,kind,order_date,channel_type,net_amount
a,1,order,2024-07-01,online,80
b,1,order,2025-06-30,online,100
c,1,order,2025-09-30,online,120
"""
WORK = """import time
import pandas as pd
import channel_analysis as ca
table = pd.DataFrame({"version": [version] * 2000})
time.sleep(0.2)"""
SHOW = 'f"<version {version}>"'
SAVE = 'ca.save_tables({"mine": table, "yours": table}, tables)'
HANG = 'if mode == "hang":\n    time.sleep(600)'
RAISE = 'if mode == "raise":\n    raise ValueError("the cell came to grief")'
EAT = 'if mode == "eat":\n    eaten = [bytearray(1 << 28) for _ in range(64)]'
PARAMETERS = 'tables = ""\nversion = 0\nmode = ""'
SETTINGS = '[company]\nlanguage = "en"\n[report]\ndeadline_minutes = {minutes}\nmemory_limit = "3GB"\n'
CHILD, KERNEL = "channel_analysis.report.execute", "ipykernel_launcher"
_VERSION = re.compile(rb"version (?:&lt;)?\d+|&lt;version \d+")


@dataclass
class Place:
    """A workspace with a report that says its version, and what its files are like when they are whole."""

    folder: Path
    version: int = 0
    whole: dict[str, bytes] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        """Where it is published."""
        return self.folder / "reports" / PERIOD

    def begin(self, mode: str = "", *more: str, out: Path | None = None) -> subprocess.Popen[str]:
        """Start the report of the next version."""
        self.version += 1
        command = [sys.executable, "-m", "channel_analysis.cli", "report", str(self.folder), "--report", "n"]
        command += ["--own-notebooks", "--force", "-p", f"version={self.version}", "-p", f"mode={mode}"]
        command += ["--out", str(out)] if out else []
        pipe = subprocess.PIPE
        return subprocess.Popen([*command, *more], stdout=pipe, stderr=pipe, text=True)

    def faults(self, allowed: set[int]) -> Iterator[str]:
        """What of the published files is not whole, or of a version that it cannot be."""
        for name in sorted(self.whole):
            path = self.out / name
            if not path.is_file():
                yield f"{name} is missing"
            elif name == "run.json":
                yield from _faults_of_record(path)
            elif name.endswith(".parquet"):
                yield from _faults_of_table(path, allowed)
            else:
                content = path.read_bytes()
                if _VERSION.sub(b"version", content) != self.whole[name]:
                    yield f"{name} is neither the old page nor the new one"
                elif not {int(n) for n in re.findall(rb"version (\d+)", content)} <= allowed:
                    yield f"{name} is of another version"

    def leftovers(self) -> list[str]:
        """Files that no reader asked for."""
        known = {*self.whole, "tables"}
        return sorted(path.name for path in self.out.iterdir() if path.name not in known)


def _faults_of_record(path: Path) -> Iterator[str]:
    try:
        json.loads(path.read_text(encoding="utf-8"))["n"]["files"]
    except (ValueError, KeyError):
        yield "run.json is not whole"


def _faults_of_table(path: Path, allowed: set[int]) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        values = pq.read_table(path).column("version").to_pylist()
    except (pa.ArrowException, OSError) as error:
        yield f"{path.name} cannot be read: {error}"
        return
    if len(values) != 2000 or not {*values} <= allowed:
        yield f"{path.name} holds something else"


def make_place(folder: Path) -> Place:
    """Write the workspace, publish its report once, and keep how its files look."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "notebooks" / "reports").mkdir(parents=True)
    (folder / "data" / "raw" / "sales.csv").write_text(SALES)
    (folder / "workspace.toml").write_text(SETTINGS.format(minutes=10))
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    cells += map(new_code_cell, [WORK, SHOW, RAISE, HANG, EAT, SAVE])
    nbformat.write(new_notebook(cells=cells), folder / "notebooks" / "reports" / "n.ipynb")
    place = Place(folder)
    code, said = _ended(place.begin())
    if code:
        raise RuntimeError(said)
    files = [path for path in place.out.rglob("*") if path.is_file()]
    place.whole = {
        path.relative_to(place.out).as_posix(): _VERSION.sub(b"version", path.read_bytes()) for path in files
    }
    return place


def _ended(run: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str]:
    said = run.communicate(timeout=seconds)[1]
    return run.returncode, said


@dataclass
class Blow:
    """One kill: whom, with what, when (seconds from the start, or from where publishing begins)."""

    victim: str
    number: signal.Signals
    late: bool
    seconds: float


def blows(times: int, seed: int, usual: float) -> Iterator[Blow]:
    """So many blows, drawn with a seed; half of them while files are being published."""
    drawn = random.Random(seed)
    kinds = [
        ("command", signal.SIGKILL),
        ("child", signal.SIGKILL),
        ("kernel", signal.SIGKILL),
        ("command", signal.SIGKILL),
        ("command", signal.SIGTERM),
        ("command", signal.SIGINT),
    ]
    for number in range(times):
        victim, sign = kinds[number % len(kinds)]
        late = victim == "command" and drawn.random() < 0.5
        yield Blow(victim, sign, late, drawn.uniform(0, 0.12 if late else usual))


def strike(place: Place, blow: Blow, good: set[int], then: bool) -> list[str]:
    """One run and one blow, and the next run if wanted; what went wrong, if anything.

    `good` are the versions that may be out; it is brought up to date.
    """
    run = place.begin()
    was_struck, family = _struck(place, run, blow)
    code, said = _ended(run)
    left = psutil.wait_procs(family, timeout=20)[1]
    good.add(place.version)
    wrong = [*place.faults(good), *_wrong_word(blow, was_struck, code, said)]
    wrong += [f"process {one.pid} is still there" for one in left]
    if then:
        failed = _next(place)
        wrong += failed
        if not failed:
            good.clear()
            good.add(place.version)
    return wrong


def _struck(place: Place, run: subprocess.Popen[str], blow: Blow) -> tuple[bool, list[psutil.Process]]:
    """Wait for the moment and strike; whether there was anybody to strike, and all who then lived."""
    if blow.late:
        while run.poll() is None and not [*place.out.glob(".run-*/outcome.json")]:
            time.sleep(0.002)
    time.sleep(blow.seconds)
    mark = {"child": CHILD, "kernel": KERNEL}.get(blow.victim)
    until = time.monotonic() + 30
    while run.poll() is None and time.monotonic() < until:
        family = _family(run.pid)
        victims = [one for one in family if mark and _has(one, mark)] if mark else [psutil.Process(run.pid)]
        if victims:
            victims[-1].send_signal(blow.number)
            return True, family
        time.sleep(0.01)
    return False, []


def _family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _has(process: psutil.Process, mark: str) -> bool:
    try:
        return any(mark in part for part in process.cmdline())
    except psutil.Error:
        return False


def _wrong_word(blow: Blow, was_struck: bool, code: int, said: str) -> Iterator[str]:
    """What of the exit code and the message is not as documented."""
    right = {
        ("command", signal.SIGKILL): {-signal.SIGKILL},
        ("command", signal.SIGTERM): {143, -signal.SIGTERM},
        ("command", signal.SIGINT): {130, -signal.SIGINT},
    }.get((blow.victim, blow.number), {1})
    if code == 0 or ("KeyboardInterrupt" in said and "channel_analysis" not in said):
        return  # the run was over before, or Python was still starting and none of ours had begun
    if not was_struck or code not in right:
        yield f"exit code {code}: {said[-400:]}"
    if "Traceback" in said and code not in (-signal.SIGTERM, -signal.SIGINT):
        yield f"a traceback: {said[-400:]}"
    if blow.victim != "command" and "memory" not in said:
        yield f"no advice: {said[-400:]}"
    if code in (130, 143) and not said.rstrip().endswith("stopped"):
        yield f"it does not say that it was stopped: {said[-400:]}"


def _failing(mode: str, word: str) -> Callable[[Place], list[str]]:
    def accident(place: Place) -> list[str]:
        old = place.version
        code, said = _ended(place.begin(mode))
        wrong = [*place.faults({old})]
        if code != 1 or word not in said or "Traceback" in said:
            wrong.append(f"exit code {code}: {said[-400:]}")
        if not (place.out / "n.failed.html").is_file():
            wrong.append("there is no page about the failure")
        return wrong + _next(place)

    return accident


def _hanging(place: Place) -> list[str]:
    """A cell that hangs is ended at the deadline, which is short this once."""
    settings = place.folder / "workspace.toml"
    settings.write_text(SETTINGS.format(minutes=0.5))
    old = place.version
    code, said = _ended(place.begin("hang"))
    settings.write_text(SETTINGS.format(minutes=10))
    wrong = [*place.faults({old})]
    if code != 1 or "deadline" not in said or "Traceback" in said:
        wrong.append(f"exit code {code}: {said[-400:]}")
    return wrong + _next(place)


def _two_at_once(place: Place) -> list[str]:
    """The second is told to wait; the first is published."""
    first, second = place.begin(), place.begin()
    ended = [_ended(first), _ended(second)]
    codes = sorted(code for code, _ in ended)
    wrong = [*place.faults({place.version - 1, place.version})]
    if codes != [0, 1] or not any("another run is writing here" in said for _, said in ended):
        wrong.append(f"they ended with {codes}: {[said[-200:] for _, said in ended]}")
    return wrong + _next(place)


def _with_folder(options: str, word: str) -> Callable[[Place], list[str]]:
    """Reports on a disk of its own: small, or turned read-only once a report is out."""

    def accident(place: Place) -> list[str]:
        out = place.folder / "disk"
        out.mkdir(exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(out)]).returncode:
            return ["NOT RUN: no disk can be mounted here"]
        other = Place(place.folder, place.version, place.whole)
        try:
            return _on_disk(other, out, options, word)
        finally:
            place.version = other.version
            subprocess.run(["umount", str(out)], check=True)

    return accident


def _on_disk(place: Place, out: Path, options: str, word: str) -> list[str]:
    code, said = _ended(place.begin(out=out))
    if code:
        return [f"nothing was published to begin with: {said[-300:]}"]
    before = _contents(out / PERIOD)
    if options == "full":
        (out / "ballast").write_bytes(b"x" * (_room(out) - 8_192))
    else:
        subprocess.run(["mount", "-o", f"remount,{options}", str(out)], check=True)
    code, said = _ended(place.begin(out=out))
    wrong = [] if _contents(out / PERIOD) == before else ["what was out has changed"]
    if code not in (1, 2) or word not in said or "Traceback" in said:
        wrong.append(f"exit code {code}: {said[-400:]}")
    if options == "full":
        (out / "ballast").unlink()
    else:
        subprocess.run(["mount", "-o", "remount,rw", str(out)], check=True)
    code, said = _ended(place.begin(out=out))
    return wrong if code == 0 else [*wrong, f"the next run ended with {code}: {said[-300:]}"]


def _room(out: Path) -> int:
    import shutil

    return shutil.disk_usage(out).free


def _contents(folder: Path) -> dict[str, bytes]:
    hidden = [path for path in folder.rglob("*") if path.is_file() and ".failed." not in path.name]
    return {str(path.relative_to(folder)): path.read_bytes() for path in hidden if path.name != "failed.json"}


def _moved_clock(place: Place) -> list[str]:
    """A clock that jumps back by years: the same pages, byte for byte, and the run record whole."""
    import os

    code, said = _ended(place.begin())
    before = {n: c for n, c in _contents(place.out).items() if n != "run.json"}
    patch = place.folder / "clock"
    patch.mkdir(exist_ok=True)
    (patch / "sitecustomize.py").write_text(
        "import time\n_real = time.time\ntime.time = lambda: _real() - 20 * 365 * 86400\n"
    )
    paths = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(patch), *filter(None, [paths])])
    try:
        place.version -= 1
        code, said = _ended(place.begin())
    finally:
        os.environ["PYTHONPATH"] = paths
    wrong = [] if code == 0 else [f"exit code {code}: {said[-300:]}"]
    after = {n: c for n, c in _contents(place.out).items() if n != "run.json"}
    return [*wrong, *([] if after == before else ["the bytes are others"]), *_next(place)]


def _next(place: Place) -> list[str]:
    code, said = _ended(place.begin())
    if code:
        return [f"the next run ended with {code}: {said[-300:]}"]
    wrong = [f"after the next run: {fault}" for fault in place.faults({place.version})]
    return wrong + [f"after the next run {name} is left" for name in place.leftovers()]


ACCIDENTS: dict[str, Callable[[Place], list[str]]] = {
    "a cell raises": _failing("raise", "the cell came to grief"),
    "a cell hangs": _hanging,
    "a cell takes all memory": _failing("eat", "memory"),
    "two runs at once": _two_at_once,
    "a full disk": _with_folder("full", "room"),
    "a read-only disk": _with_folder("ro", "permissions"),
    "a clock that jumps back": _moved_clock,
}


def main() -> int:
    """Strike so many times and let every accident happen; 1 where anything was broken."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--times", type=int, default=100)
    asked.add_argument("--seed", type=int, default=8)
    asked.add_argument("--every", type=int, default=4, help="blows until a run is let through")
    asked.add_argument("--only", choices=("blows", "accidents"))
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        place = make_place(Path(folder, "workspace"))
        is_right = given.only == "blows" or _accidents(place)
        times = 0 if given.only == "accidents" else given.times
        is_right &= _all_blows(place, times, given.seed, given.every)
    return 0 if is_right else 1


def _accidents(place: Place) -> bool:
    found = {name: accident(place) for name, accident in ACCIDENTS.items()}
    for name, wrong in found.items():
        print(f"{name}: {'; '.join(wrong) or 'as it should be'}", flush=True)
    return not any(found.values())


def _all_blows(place: Place, times: int, seed: int, every: int) -> bool:
    started = time.monotonic()
    _ended(place.begin())
    usual, counts, good = time.monotonic() - started, Counter[str](), {place.version}
    for number, blow in enumerate(blows(times, seed, usual), start=1):
        found = strike(place, blow, good, then=number % every == 0 or number == times)
        counts[f"{blow.number.name} of the {blow.victim}: {'broken' if found else 'right'}"] += 1
        print(f"{number}: {blow.number.name} {blow.victim}: {'; '.join(found) or 'right'}", flush=True)
    print("\n".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    return not any(name.endswith("broken") for name in counts)


if __name__ == "__main__":
    raise SystemExit(main())

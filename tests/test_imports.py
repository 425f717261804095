"""The front door opens fast: nothing heavy is imported before it is used."""

import resource
import subprocess
import sys
from pathlib import Path

HEAVY = {
    "matplotlib",
    "nbconvert",
    "papermill",
    "seaborn",
    "sklearn",
    "statsmodels",
}


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, channel_analysis; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def test_the_list_of_heavy_modules_names_installed_ones():
    code = f"import importlib.util as u; print(*[m for m in {sorted(HEAVY)} if not u.find_spec(m)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_help_answers_within_a_third_of_a_second():
    spent = min(_cpu_seconds_of_help() for _ in range(5))
    assert spent < 0.3, f"channel-analysis --help takes {spent:.2f} CPU seconds"


def _cpu_seconds_of_help() -> float:
    before = _children()
    done = subprocess.run([*_command(), "--help"], capture_output=True, text=True, check=True)
    assert "report" in done.stdout
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _command() -> list[str]:
    script = Path(sys.executable).with_name("channel-analysis")
    return [str(script)] if script.exists() else [sys.executable, "-m", "channel_analysis.cli"]

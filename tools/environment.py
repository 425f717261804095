"""Write environment.yml, the conda environment, from pyproject.toml; `--check` only compares."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FROM_CONDA = [
    "jupyterlab",
    "nbval",
    "pandas",
    "papermill",
    "scikit-learn",
    "seaborn",
    "statsmodels",
]


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` answer 1 when it is not what would be written."""
    wanted = environment((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    target = ROOT / "environment.yml"
    if "--check" not in arguments:
        target.write_text(wanted, encoding="utf-8")
        return 0
    if target.is_file() and target.read_text(encoding="utf-8") == wanted:
        return 0
    print("environment.yml does not agree with pyproject.toml", file=sys.stderr)
    print("  fix: python tools/environment.py", file=sys.stderr)
    return 1


def environment(pyproject: str) -> str:
    """Return the text of environment.yml for the text of a pyproject.toml."""
    versions = _versions(tomllib.loads(pyproject)["project"])
    lines = [
        "# Written by tools/environment.py from pyproject.toml; change that and run it again.",
        "name: channel-analysis",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        "  - python=3.11",
        "  - pip",
        *(f'  - "{name}{versions[name]}"' for name in FROM_CONDA),
        "  - pip:",
        '      - "-e .[lab,zh]"',
    ]
    return "\n".join(lines) + "\n"


def _versions(project: dict) -> dict[str, str]:
    extras = project["optional-dependencies"].values()
    every = [*project["dependencies"], *(line for extra in extras for line in extra)]
    split = [re.fullmatch(r"([\w.-]+)(?:\[[^]]*\])?(.*)", line) for line in every]
    return {found[1].lower(): found[2] for found in split if found}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The lab opens on the tour, on this machine alone, and what its configurations call is there."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BINDER = ROOT / ".binder"
DEVCONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
EXPOSED = re.compile(r"0\.0\.0\.0|--ip|allow-root|token=|password=|disable_check|allow_origin")


def recipe(target: str) -> tuple[list[str], str]:
    """What a target of the Makefile needs, and its commands."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(rf"^{target}:([^#\n]*)[^\n]*\n((?:\t[^\n]*\n)+)", text, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    return found[1].split(), found[2]


def test_make_lab_opens_the_tour_after_the_example_company_is_made():
    needs, commands = recipe("lab")
    assert needs == ["ready"]
    opened = shlex.split(commands)[-1]
    assert (ROOT / opened).is_file() and opened.endswith("tour.ipynb")
    assert "simulate data/demo --example" in recipe("ready")[1]


def test_the_devcontainer_calls_a_target_of_the_makefile():
    settings = json.loads(DEVCONTAINER.read_text(encoding="utf-8"))
    command, target = settings["postCreateCommand"].split()
    assert command == "make" and recipe(target)
    assert "python:3.11" in settings["image"]
    assert [
        name for name in settings["customizations"]["codespaces"]["openFiles"] if not (ROOT / name).is_file()
    ] == []


def test_binder_installs_extras_that_there_are_bound_by_the_lock():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    constraint, package = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert (BINDER / constraint.removeprefix("-c ")).resolve() == ROOT / "requirements.lock"
    wanted = re.fullmatch(r"-e \.\[([\w,]+)\]", package)[1].split(",")
    assert "lab" in wanted and set(wanted) <= set(extras)
    assert (BINDER / "runtime.txt").read_text(encoding="utf-8").strip() == "python-3.11"


def test_binder_makes_the_example_company_by_a_command_that_there_is():
    from typer.main import get_command

    from channel_analysis.cli import app

    script = BINDER / "postBuild"
    assert script.stat().st_mode & 0o111
    command = shlex.split(script.read_text(encoding="utf-8").splitlines()[-1])
    assert command[0] == "channel-analysis"
    options = {option for one in get_command(app).commands[command[1]].params for option in one.opts}
    assert {word for word in command if word.startswith("--")} <= options


@pytest.mark.parametrize("path", ["Makefile", ".binder/postBuild", ".devcontainer/devcontainer.json"])
def test_the_server_keeps_its_token_and_to_this_machine(path):
    assert EXPOSED.findall((ROOT / path).read_text(encoding="utf-8")) == []

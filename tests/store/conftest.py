"""Small worlds for the store: a workspace made of a few lines, and the problems it is refused for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from channel_analysis.errors import InputError
from channel_analysis.store.workspace import open_workspace


@pytest.fixture
def workspace(tmp_path) -> Callable[..., Path]:
    """Write a workspace: source files by name, settings under [data], a mapping, a policy."""

    def write(files: dict[str, str | bytes], *, data: str = "", mapping: str = "", policy: str = "") -> Path:
        folder = tmp_path / "workspace"
        raw = folder / "data" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (raw / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        bound = 'mapping = "ours.toml"\n' if mapping else ""
        (folder / "workspace.toml").write_text(f"[data]\n{bound}{data}\n", encoding="utf-8")
        if mapping:
            (folder / "ours.toml").write_text(mapping, encoding="utf-8")
        if policy:
            (folder / "policy.toml").write_text(policy, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def refusal() -> Callable[[Path], list[str]]:
    """Take in a workspace that must be refused; give every problem as 'where: what | fix'."""

    def problems(folder: Path) -> list[str]:
        with pytest.raises(InputError) as caught:
            open_workspace(folder).facts()
        return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]

    return problems

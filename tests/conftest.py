"""What every test can ask for: the shared data, and a run in which nothing may be skipped."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from channel_analysis.report.runner import Published
    from channel_analysis.store.spark import SparkOptions

ROOT = Path(__file__).resolve().parent.parent
NOT_PRESENT = "shared data not present"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give the folder of a public data set by name, or skip where it is not on this machine.

    The folders stand in ../shared/data beside the repository; CHANNEL_ANALYSIS_SHARED names
    another place.
    """
    home = Path(os.environ.get("CHANNEL_ANALYSIS_SHARED") or ROOT.parent / "shared" / "data")

    def folder(name: str) -> Path:
        if not (home / name).exists():
            pytest.skip(f"{NOT_PRESENT}: {name}")
        return home / name

    return folder


@pytest.fixture(scope="session")
def spark() -> Iterator["SparkOptions"]:
    """Options of a Spark in this process, set to begin quickly; skip where there is no Java."""
    from channel_analysis.store.spark import SparkOptions

    if not shutil.which("java"):
        pytest.skip("no Java on this machine")
    pytest.importorskip("pyspark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
        yield SparkOptions(master="local[2]", conf={"spark.sql.shuffle.partitions": "2"})


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workspace with the example company, made once."""
    from channel_analysis.store.scaffold import make_workspace

    folder = tmp_path_factory.mktemp("demo") / "workspace"
    make_workspace(folder, demo=True)
    return folder


@pytest.fixture(scope="session")
def adventureworks_workspace(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Callable[[str], Path]
) -> Path:
    """Give a workspace bound to AdventureWorks, made once."""
    from channel_analysis.store.scaffold import make_workspace

    folder = tmp_path_factory.mktemp("adventureworks") / "workspace"
    make_workspace(folder, mapping="adventureworks", source=str(shared_data("adventureworks_dw")))
    return folder


@pytest.fixture(scope="session")
def demo_report(demo_workspace: Path) -> "Published":
    """Publish the example company's review in both languages, once."""
    from channel_analysis.report.publish import publish

    return publish(demo_workspace)[0]


@pytest.fixture(scope="session")
def adventureworks_report(adventureworks_workspace: Path) -> "Published":
    """Publish AdventureWorks' review in both languages, once."""
    from channel_analysis.report.publish import publish

    return publish(adventureworks_workspace)[0]


@pytest.fixture(scope="session")
def hostile_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish every report of a company whose every text is hostile, once; give its workspace."""
    import channel_analysis as ca
    from channel_analysis.analysis.risk import train_partner_risk
    from channel_analysis.report.publish import Wanted, publish_all
    from tests.hostile import make_hostile_company

    folder = make_hostile_company(tmp_path_factory.mktemp("hostile"))
    train_partner_risk(ca.open_workspace(folder))
    outcome = publish_all(folder, Wanted(reports=("all",), handouts=("xlsx",)))
    assert [str(one.error) for one in outcome.failed] == []
    return folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CHANNEL_ANALYSIS_NO_SKIP=1 a skipped test fails the run, missing shared data apart."""
    if session.exitstatus == pytest.ExitCode.OK and _forbidden_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Name the tests that should not have been skipped."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skips = _forbidden_skips(config)
    if reporter and skips:
        reporter.section("skipped, and nothing may be (CHANNEL_ANALYSIS_NO_SKIP=1)")
        for nodeid, reason in skips:
            reporter.line(f"{nodeid}: {reason}")


def _forbidden_skips(config: pytest.Config) -> list[tuple[str, str]]:
    if os.environ.get("CHANNEL_ANALYSIS_NO_SKIP") != "1":
        return []
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    reasons = [(report.nodeid, _reason(report)) for report in skipped]
    return [found for found in reasons if not found[1].startswith(NOT_PRESENT)]


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")

"""Spark where a workspace says: here, on a cluster, by Spark Connect; and what is missing is told."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from channel_analysis.contracts.settings import validated
from channel_analysis.errors import InputError
from channel_analysis.store import spark as module
from channel_analysis.store.engine import EngineError
from channel_analysis.store.spark import SparkEngine, SparkOptions
from channel_analysis.store.workspace import open_workspace

QUERY = (
    "SELECT month, COUNT(*) AS n, SUM(CAST(m AS DECIMAL(18, 4))) AS m FROM lines "
    "GROUP BY GROUPING SETS ((month), ()) ORDER BY month"
)


def problems(ask: Callable[[], object]) -> list[str]:
    with pytest.raises(InputError) as caught:
        ask()
    return [f"{problem.where}: {problem.what} | {problem.fix}" for problem in caught.value.problems]


def begun(**options: object) -> list[str]:
    return problems(lambda: SparkEngine(SparkOptions.model_validate(options)).query("SELECT 1 AS a"))


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    (text,) = begun()
    assert text.startswith(
        "workspace.toml [engine]: the engine 'spark' needs pyspark, which is not installed"
    )
    assert text.endswith("| pip install 'channel_analysis[spark]', or engine = \"duckdb\"")


def test_without_java_what_to_install_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    fix = "install Java 17 or later (Debian, Ubuntu: apt-get install default-jre-headless)"
    assert begun() == [f"workspace.toml [engine]: the engine 'spark' needs Java: none was found | {fix}"]
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    place = f"JAVA_HOME is {tmp_path} and holds none"
    assert begun() == [f"workspace.toml [engine]: the engine 'spark' needs Java: {place} | {fix}"]


def test_what_spark_lacks_is_told_once_and_not_for_every_file(monkeypatch, tmp_path):
    (tmp_path / "raw").mkdir()
    for name in ("sales", "partners", "staff"):
        (tmp_path / "raw" / f"{name}.csv").write_text("order_id\nA\n", encoding="utf-8")
    text = 'engine = "spark"\n[data]\nsource = "raw"\n'
    (tmp_path / "workspace.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert len(problems(lambda: open_workspace(tmp_path).facts())) == 1


def test_a_java_that_is_too_old_is_named(monkeypatch, tmp_path):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    (text,) = begun()
    assert f"needs Java 17; {java} is Java 11" in text
    assert text.endswith("or point JAVA_HOME at it")


@pytest.mark.parametrize("option, address", [("remote", "sc://{}"), ("master", "spark://{}")])
def test_a_server_that_nobody_listens_at_is_told_at_once(option, address):
    started = time.monotonic()
    where = f"127.0.0.1:{free_port()}"
    (text,) = begun(**{option: address.format(where)})
    assert text.startswith(f"workspace.toml [spark.{option}]: nobody answers at {where}")
    assert text.endswith(f"| start Spark there or correct {option} under [spark]")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "remote, said",
    [
        ("sc://host:15002/;token=hunter2", "a token does not belong in a file"),
        ("host:15002", "this is no address of Spark Connect"),
    ],
)
def test_an_address_is_checked_and_a_token_never_repeated(remote, said):
    (text,) = problems(lambda: validated(SparkOptions, {"remote": remote}, "workspace.toml [spark]"))
    assert said in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "key", ["spark.hadoop.fs.s3a.secret.key", "spark.ssl.keyPassword", "spark.x.access.key"]
)
def test_a_secret_among_sparks_settings_is_refused_and_never_repeated(key):
    given = {"conf": {key: "hunter2"}}
    (text,) = problems(lambda: validated(SparkOptions, given, "workspace.toml [spark]"))
    assert text.startswith(f"workspace.toml [spark] [conf]: the value of '{key}' does not belong")
    assert "SPARK_CONF_DIR" in text
    assert "hunter2" not in text


def test_a_token_comes_from_the_environment_alone(monkeypatch):
    monkeypatch.setenv("SPARK_TOKEN", "hunter2")
    options = SparkOptions(remote="sc://host:15002/;use_ssl=true")
    assert module._address(options) == "sc://host:15002/;use_ssl=true;token=hunter2"
    assert "hunter2" not in repr(options)
    bare = SparkOptions(remote="sc://host:15002/")
    assert module._address(bare) == "sc://host:15002/;token=hunter2"


def test_settings_of_an_engine_are_checked_when_a_workspace_is_opened(tmp_path):
    (tmp_path / "raw").mkdir()
    text = (
        'engine = "sparc"\n[duckdb]\nmemory_limit = "much"\n[data]\nsource = "raw"\n[spark]\nmasterr = "x"\n'
    )
    (tmp_path / "workspace.toml").write_text(text, encoding="utf-8")
    found = "\n".join(problems(lambda: open_workspace(tmp_path)))
    assert found.count("workspace.toml") == 3
    assert "did you mean 'spark'?" in found
    assert "write it as 4GB or 512MB" in found
    assert "did you mean 'master'?" in found


def test_settings_of_ones_own_reach_spark(spark):
    conf = {**spark.conf, "spark.sql.shuffle.partitions": "3"}
    engine = SparkEngine(spark.model_copy(update={"conf": conf}))
    assert engine.session.conf.get("spark.sql.shuffle.partitions") == "3"
    assert engine.session.conf.get("spark.sql.session.timeZone") == "UTC"


@pytest.fixture(scope="module")
def server(spark, tmp_path_factory) -> Iterator[str]:
    """A Spark Connect server in a process of its own."""
    port = free_port()
    service = "org.apache.spark.sql.connect.service.SparkConnectServer"
    conf = ["--conf", f"spark.connect.grpc.binding.port={port}", "--conf", "spark.ui.enabled=false"]
    command = [program("spark-submit"), "--master", "local[1]", "--class", service, *conf, "spark-internal"]
    with running(command, port, tmp_path_factory.mktemp("connect")):
        yield f"sc://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def cluster(spark, tmp_path_factory) -> Iterator[str]:
    """A cluster of one machine: a master and a worker, each in a process of its own."""
    port, folder = free_port(), tmp_path_factory.mktemp("cluster")
    deploy, address = "org.apache.spark.deploy", f"spark://127.0.0.1:{port}"
    places = ["--host", "127.0.0.1", "--webui-port", "0"]
    master = [program("spark-class"), f"{deploy}.master.Master", *places, "--port", str(port)]
    worker_port = free_port()
    size = ["--cores", "1", "--memory", "1g", "--port", str(worker_port), "--work-dir", str(folder / "work")]
    worker = [program("spark-class"), f"{deploy}.worker.Worker", *places, *size, address]
    with running(master, port, folder), running(worker, worker_port, folder):
        yield address


def test_spark_connect_gives_the_same_answers(server, tmp_path):
    engine = SparkEngine(SparkOptions(remote=server))
    assert_works(engine, tmp_path)
    engine.close()
    assert not [name for name in os.environ if name.startswith("SPARK_") and "CONNECT" in name]


def test_sessions_of_one_server_do_not_see_each_others_tables(server):
    one, other = (SparkEngine(SparkOptions(remote=server)) for _ in range(2))
    one.register("t", "SELECT 1 AS a")
    with pytest.raises(EngineError, match="cannot be found"):
        other.query("SELECT * FROM t")
    one.close()
    other.close()


def test_a_cluster_gives_the_same_answers(cluster, tmp_path):
    """In a process of its own, for a process has one Spark of the kind that is not Connect."""
    code = (
        "import sys; from pathlib import Path\n"
        "from channel_analysis.store.spark import SparkEngine, SparkOptions\n"
        "from tests.store.test_spark import assert_works\n"
        "conf = {'spark.executor.memory': '512m', 'spark.driver.host': '127.0.0.1'}\n"
        "engine = SparkEngine(SparkOptions(master=sys.argv[1], conf=conf))\n"
        "assert_works(engine, Path(sys.argv[2]))\n"
        "print('master', engine.session.conf.get('spark.master'))\n"
    )
    command = [sys.executable, "-c", code, cluster, str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"master {cluster}" in done.stdout


def assert_works(engine: SparkEngine, folder: Path) -> None:
    """What intake and KPIs need: Parquet and Arrow in, a grouped query out, rows written and read again."""
    for month, amounts in {"2025-01": ["0.10", "1.25"], "2025-02": ["-2.5"]}.items():
        path = folder / "lake" / f"month={month}" / "part.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"m": amounts, "id": ["00123"] * len(amounts)}), path)
    files = tuple(sorted((folder / "lake").glob("*/*.parquet")))
    engine.register("raw", module.ParquetFiles(files, base=folder / "lake", numbered=True))
    engine.write("SELECT month, m, id, _row FROM raw", folder / "stored.parquet")
    engine.register("lines", folder / "stored.parquet")
    engine.register("names", pa.table({"id": ["00123"], "名": ["it's"]}))
    rows = [(row["month"], row["n"], str(row["m"])) for row in engine.query(QUERY).to_pylist()]
    assert rows == [("2025-01", 2, "1.3500"), ("2025-02", 1, "-2.5000"), (None, 3, "-1.1500")]
    named = engine.query(
        "SELECT COUNT(*) AS n FROM lines AS l JOIN names AS n ON n.id = l.id WHERE \"名\" = 'it''s'"
    )
    assert named.to_pylist() == [{"n": 3}]
    assert str(engine.schema("SELECT m, _row FROM lines").types[1]) == "int64"
    with pytest.raises(EngineError, match="nothing"):
        engine.query("SELECT nothing FROM lines")


def program(name: str) -> str:
    import pyspark

    return str(Path(pyspark.__file__).parent / "bin" / name)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class running:
    """A server process that answers at a port while the block runs; it ends with all its children."""

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        self._command, self._port = command, port
        self._log = folder / f"{port}.log"

    def __enter__(self) -> None:
        environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.3)
        self.__exit__()
        raise AssertionError(self._log.read_text(errors="replace")[-2000:])

    def __exit__(self, *_given: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)

"""PostgreSQL as a source, against a server of the tests' own: exact values, equal snapshots, no secrets."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from channel_analysis.errors import InputError
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.sources import FileSpec, digest, refresh_snapshots
from channel_analysis.store.sources.postgres import _message
from channel_analysis.store.workspace import Workspace, open_workspace

SECRET = "hush-hush % it's"
TABLES = """
CREATE TABLE orders (id text, amount numeric, rate numeric(18, 4), day date, at timestamp,
  moment timestamptz, paid boolean, units integer, price money, code char(5), extra jsonb, tags text[]);
INSERT INTO orders VALUES
  ('00123', 123456789012345678901234.1234567890, 1.5, '2025-01-02', '2025-01-02 03:04:05',
   '2025-01-02 00:30:00+08', true, 7, '1.50', 'ab', '{"a": 1}', '{x,y}'),
  ('喆堃镕燊珺', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE SCHEMA "we'ird";
CREATE TABLE "we'ird"."it""s.t" ("the ""id"" x" text);
INSERT INTO "we'ird"."it""s.t" VALUES ('0''1');
CREATE SEQUENCE counter; GRANT USAGE ON SEQUENCE counter TO PUBLIC;
CREATE TABLE hidden (a int); CREATE TABLE empty (id text, n numeric);
CREATE TABLE large AS SELECT i::text AS id, i * 1.5 AS n FROM generate_series(1, 200000) AS i;
ALTER DATABASE postgres SET timezone = 'Asia/Shanghai';
CREATE ROLE reporting LOGIN PASSWORD 'hush-hush % it''s';
GRANT USAGE ON SCHEMA public, "we'ird" TO reporting;
GRANT SELECT ON orders, empty, large, "we'ird"."it""s.t" TO reporting;
"""


def program(name: str) -> str:
    """Find one of the server's programs, or skip."""
    places = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))
    if found is None:
        pytest.skip("no PostgreSQL server on this machine")
    return found


def run(*command: str | Path) -> None:
    """Run one of the server's programs; as root in the name of the user postgres."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    user = ["runuser", "-u", "postgres", "--"] if as_root else []
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([*user, *map(str, command)], stdout=said, stderr=said, cwd="/", timeout=60)
        said.seek(0)
        assert done.returncode == 0, said.read().decode()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a server on a free port, with tables and a role that may read some; give its address."""
    initdb, control, psql = program("initdb"), program("pg_ctl"), program("psql")
    place = Path(tempfile.mkdtemp(prefix="channel-analysis-postgres-"))
    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(place, "postgres")
        data = place / "data"
        run(initdb, "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k '{place}' -F"
        run(control, "-D", data, "-o", options, "-l", place / "log", "-w", "start")
        try:
            run(psql, "-h", place, "-p", str(port), "-U", "owner", "-d", "postgres", "-v", "ON_ERROR_STOP=1",
                "-q", "-c", TABLES)  # fmt: skip
            allowed = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
            (data / "pg_hba.conf").write_text(allowed)
            run(control, "-D", data, "reload")
            yield f"postgresql://reporting@127.0.0.1:{port}/postgres"
        finally:
            run(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place)


@pytest.fixture(autouse=True)
def password(monkeypatch) -> None:
    """The password stands in the environment, as libpq reads it."""
    monkeypatch.setenv("PGPASSWORD", SECRET)


def aside(folder: Path) -> Path:
    return folder.parent / f"{folder.name}-aside"


def test_values_arrive_exactly_as_the_server_holds_them(server, attached, rows):
    engine = DuckDBEngine()
    source = attached(engine, "given", uri=server, table="public.orders")
    first, second = rows(engine, "given")
    given = {name: str(value) for name, value in first.items()}
    assert given == {
        "id": "00123", "amount": "123456789012345678901234.1234567890", "rate": "1.5000", "day": "2025-01-02",
        "at": "2025-01-02 03:04:05", "moment": "2025-01-02 00:30:00", "paid": "True", "units": "7",
        "price": "1.50", "code": "ab", "extra": '{"a": 1}', "tags": "{x,y}",
    }  # fmt: skip
    assert (second["id"], second["amount"]) == ("喆堃镕燊珺", None)
    kinds = engine.schema('SELECT day, "at", moment, paid, units FROM given').types
    assert [str(kind) for kind in kinds] == ["date32[day]", "timestamp[us]", "timestamp[us]", "bool", "int32"]
    assert source.place(str(source.parts[0].path), 1) == "table 'public.orders'"


@pytest.mark.parametrize(
    ("spec", "given"),
    [
        ({"table": '"we\'ird"."it""s.t"'}, [{'the "id" x': "0'1"}]),
        (
            {"query": "WITH o AS (SELECT id FROM orders) SELECT id AS x FROM o WHERE id < '1'; "},
            [{"x": "00123"}],
        ),
        ({"query": "SELECT 'a' AS x -- the end"}, [{"x": "a"}]),
        ({"table": "empty"}, []),
    ],
)
def test_tables_of_hostile_names_and_queries_are_read(server, attached, rows, spec, given):
    engine = DuckDBEngine()
    source = attached(engine, "given", uri=server, **spec)
    assert rows(engine, "given") == given
    assert source.columns


def test_a_snapshot_lasts_until_it_is_read_anew_and_depends_on_the_rows_alone(tmp_path, server):
    drawn = {}
    for order in ("id", "n DESC", "random()"):
        spec = FileSpec(uri=server, query=f"SELECT * FROM large ORDER BY {order}")
        drawn[order] = digest(spec, tmp_path, tmp_path / "snapshots")
    assert len(set(drawn.values())) == 1
    moving = FileSpec(uri=server, query="SELECT random() AS n")
    first = digest(moving, tmp_path, tmp_path / "snapshots")
    assert digest(moving, tmp_path, tmp_path / "snapshots") == first
    refresh_snapshots([moving, FileSpec(path="sales.csv")], tmp_path / "snapshots")
    assert digest(moving, tmp_path, tmp_path / "snapshots") != first


def test_a_workspace_goes_on_with_what_it_read_until_it_is_refreshed(workspace, server, monkeypatch):
    query = "SELECT '007' AS nr, DATE '2025-01-05' AS day, floor(random() * 1e9)::bigint AS amount"
    mapping = f"""
    [files]
    lines = {{ uri = "{server}", query = "{query}" }}
    [[sales]]
    query = '''SELECT nr AS order_id, 1 AS line_number, 'order' AS kind, day AS order_date,
    'visit' AS channel_type, amount AS net_amount FROM lines'''
    """
    folder = workspace({}, mapping=mapping)
    ws = open_workspace(folder)
    first = sold(ws)
    assert sold(open_workspace(folder)) == first
    ws.refresh()
    second = sold(ws)
    assert second != first
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(InputError, match="cannot connect"):
        ws.refresh()
    assert sold(ws) == sold(open_workspace(folder)) == second


def test_what_no_source_names_any_more_is_forgotten(workspace, server):
    def rows(nr: str) -> str:
        query = f"SELECT '{nr}' AS nr, DATE '2025-01-05' AS day"
        return f"""
        [files]
        lines = {{ uri = "{server}", query = "{query}" }}
        [[sales]]
        query = '''SELECT nr AS order_id, 1 AS line_number, 'order' AS kind, day AS order_date,
        'visit' AS channel_type, 1 AS net_amount FROM lines'''
        """

    for nr in ("001", "002"):
        folder = workspace({}, mapping=rows(nr))
        assert [row["order_id"] for row in sold(open_workspace(folder))] == [nr]
    assert len(list((folder / "data" / "cache" / "snapshots").iterdir())) == 1


def sold(ws: Workspace) -> list[dict]:
    return ws.facts().engine.query("SELECT order_id, net_amount FROM sales").to_pylist()


def test_the_password_may_stand_in_a_variable_of_its_own(server, attached, monkeypatch):
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("ERP_PASSWORD", SECRET)
    source = attached(DuckDBEngine(), "given", uri=server, table="orders", password_env="ERP_PASSWORD")
    assert source.columns[0] == "id"


def test_an_unknown_table_is_answered_with_the_nearest(server, refused):
    (text,) = refused(uri=server, table="public.order")
    where = f"table 'public.order' of {server.partition('@')[2]}"
    assert text == f"{where}: there is no table 'public.order' | did you mean 'public.orders'?"


@pytest.mark.parametrize(
    ("spec", "what", "fix"),
    [
        ({"table": "hidden"}, "permission denied for table hidden", "ask for the right to read it"),
        ({"query": "SELECT nothing FROM orders"}, 'column "nothing" does not exist', "check the query"),
        ({"query": "SELECT 1 / (id::int - 199999) AS x FROM large"}, "division by zero", "check the query"),
        ({"query": "SELECT 1; DROP TABLE orders"}, "syntax error at or near", "check the query"),
        ({"query": 'SELECT 1 AS a, 2 AS "A"'}, "the column 'A' stands twice", "give every column a name"),
        ({"query": "SELECT set_config('x.y', pg_sleep(9)::text, true)"}, "statement timeout", "ask for less"),
        ({"query": "SELECT nextval('s')"}, 'relation "s" does not exist', "check the query"),
    ],
)
def test_what_the_server_refuses_is_a_problem_with_a_remedy(server, refused, monkeypatch, spec, what, fix):
    setup = ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = '2s'")
    monkeypatch.setattr("channel_analysis.store.sources.postgres._SETUP", setup)
    (text,) = refused(uri=server, **spec)
    assert what in text.partition(" | ")[0]
    assert fix in text.partition(" | ")[2]


def test_nothing_can_be_written_on_the_server(server, refused):
    (text,) = refused(uri=server, query="SELECT nextval('counter') AS made")
    assert "read-only transaction" in text


def unreachable() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"postgresql://reporting@127.0.0.1:{free.getsockname()[1]}/erp"


def test_a_server_that_is_down_is_a_problem_with_a_remedy(refused):
    uri = unreachable()
    (text,) = refused(uri=uri, table="orders")
    assert text.startswith(f"table 'orders' of {uri.partition('@')[2]}: cannot connect: connection to server")
    assert text.endswith("| check the uri, and that the server runs and lets this machine in")


def test_an_unknown_database_is_a_problem(server, refused):
    (text,) = refused(uri=f"{server}_not", table="orders")
    assert 'database "postgres_not" does not exist' in text


def test_without_the_driver_the_remedy_is_its_installation(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    (text,) = refused(uri="postgresql://h/d", table="t")
    assert text == (
        "table 't' of h/d: PostgreSQL's driver is not installed | pip install 'channel_analysis[postgres]'"
    )


def test_a_variable_that_is_not_set_is_a_problem_that_does_not_name_it(refused):
    (text,) = refused(uri="postgresql://h/d", table="t", password_env="hunter2")
    assert "the environment variable that password_env names is not set" in text
    assert "hunter2" not in text


def test_a_wrong_password_is_a_problem_that_does_not_repeat_it(server, refused, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "wrong-secret")
    for more in ({}, {"password_env": "PGPASSWORD"}):
        (text,) = refused(uri=server, table="orders", **more)
        assert "password authentication failed" in text
        assert "put the right password into PGPASSWORD" in text
        assert "wrong-secret" not in text


def test_a_missing_password_is_a_problem_that_names_the_variable(server, refused, monkeypatch):
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    (text,) = refused(uri=server, table="orders")
    assert "no password supplied" in text
    assert "PGPASSWORD" in text


def test_no_secret_is_kept_anywhere(tmp_path, server, attached, monkeypatch, caplog, capfd):
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("ERP_PASSWORD", SECRET)
    settings = {"uri": server, "table": "orders", "password_env": "ERP_PASSWORD"}
    source = attached(DuckDBEngine(), "given", **settings)
    assert "hush" not in f"{source!r} {FileSpec(**settings)!r} {caplog.text} {capfd.readouterr()}"
    kept = [path for path in aside(tmp_path).rglob("*") if path.is_file()]
    assert [path.name.partition("-")[0] for path in kept] == ["postgres"]
    assert not any(b"hush" in path.read_bytes() or "hush" in str(path) for path in kept)


def test_what_a_driver_says_is_shown_without_the_password(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "of libpq")
    said = '"postgresql://h?password=hush%20it%27s&x=of%20libpq hush it\'s"'
    error = OSError(f"IO: [libpq] Failed to connect: {said}\nmore")
    assert _message(error, "hush it's") == '"postgresql://h?password=***&x=*** ***"'


def test_a_failed_reading_leaves_no_snapshot(tmp_path, server, attached: Callable):
    with pytest.raises(InputError):
        attached(DuckDBEngine(), "given", uri=server, query="SELECT 1 / (id::int - 199999) AS x FROM large")
    assert list((aside(tmp_path) / "snapshots").iterdir()) == []

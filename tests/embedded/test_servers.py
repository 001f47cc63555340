"""The embedded servers as the rest of the product meets them, on the real programs."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from embedded import DataFolderInUse, EmbeddedServerError, EmbeddedServers
from embedded.process import started_at

START_AND_WAIT = """
import json, sys
from pathlib import Path
from embedded import EmbeddedServers
servers = EmbeddedServers(Path(sys.argv[1]))
servers.start()
with __import__("psycopg").connect(servers.database_url.replace("+psycopg", "")) as connection:
    connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
print(json.dumps(servers.pids()), flush=True)
sys.stdin.read()
"""


def query(servers: EmbeddedServers, statement: str) -> object:
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def answers(servers: EmbeddedServers) -> bool:
    try:
        return query(servers, "SELECT 42") == 42
    except psycopg.OperationalError:
        return False


async def start_workflow(servers: EmbeddedServers, workflow_id: str) -> None:
    client = await Client.connect(servers.temporal_address)
    await client.start_workflow("Nobody", id=workflow_id, task_queue="nobody")


async def status(servers: EmbeddedServers, workflow_id: str) -> str:
    client = await Client.connect(servers.temporal_address)
    found = (await client.get_workflow_handle(workflow_id).describe()).status
    return found.name if found else "unknown"


async def test_a_second_start_goes_on_where_the_first_was(open_folder: Path) -> None:
    data = open_folder / "kept"
    servers = EmbeddedServers(data)
    servers.start()
    first, address = servers.pids(), servers.temporal_address
    query(servers, "CREATE TABLE kept AS SELECT 'Größe' AS word")
    await start_workflow(servers, "kept")
    servers.stop()
    assert [started_at(pid) for pid in first.values()] == [None, None]
    assert servers.pids() == {}

    with EmbeddedServers(data, search_attributes=("Integration", "Added")) as again:
        assert query(again, "SELECT lower(word) FROM kept") == "größe"
        assert await status(again, "kept") == "RUNNING"
        assert again.temporal_address == address
        client = await Client.connect(again.temporal_address)
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
        assert {"Integration", "Connector", "Feature", "Outcome", "Added"} <= set(listed.custom_attributes)


async def test_finished_runs_are_kept_for_thirty_days(servers: EmbeddedServers) -> None:
    client = await Client.connect(servers.temporal_address)
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    assert found.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)


def test_a_second_process_is_refused_and_told_who_holds_the_folder(servers: EmbeddedServers, open_folder: Path) -> None:
    before = servers.pids()
    with pytest.raises(DataFolderInUse, match=f"process {os.getpid()}"):
        EmbeddedServers(open_folder / "running").start()
    servers.start()
    assert servers.pids() == before
    assert answers(servers)


def test_postgres_listens_on_its_private_socket_only(servers: EmbeddedServers) -> None:
    folder = Path(servers.database_url.partition("host=")[2].partition("&")[0])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert query(servers, "SHOW listen_addresses") == ""
    assert query(servers, "SELECT current_user::text || usesuper FROM pg_user WHERE usename = current_user") == (
        "connectfalse"
    )
    assert query(servers, "SHOW fsync") == query(servers, "SHOW synchronous_commit") == "on"


def test_a_killed_postgres_comes_back_at_the_same_address(
    servers: EmbeddedServers, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    url, killed = servers.database_url, servers.pids()["postgres"]
    query(servers, "CREATE TABLE survives AS SELECT 7 AS number")
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: servers.pids().get("postgres", killed) != killed and answers(servers))
    assert servers.database_url == url
    assert query(servers, "SELECT number FROM survives") == 7


async def test_a_killed_temporal_comes_back_and_old_clients_go_on(
    servers: EmbeddedServers, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    client = await Client.connect(servers.temporal_address)
    await start_workflow(servers, "survives")
    killed = servers.pids()["temporal"]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: servers.pids().get("temporal", killed) != killed)
    described = await client.get_workflow_handle("survives").describe(rpc_timeout=timedelta(seconds=20))
    assert described.status is not None
    assert described.status.name == "RUNNING"


async def test_servers_in_a_long_path_run_beside_others(servers: EmbeddedServers, open_folder: Path) -> None:
    data = open_folder / ("Ordner mit Umlaut ä und Leerzeichen " * 3) / ("x" * 120) / "data"
    with EmbeddedServers(data) as beside:
        assert len(str(data)) > 200
        assert beside.temporal_address != servers.temporal_address
        assert beside.temporal_ui_url != servers.temporal_ui_url
        query(beside, "CREATE TABLE only_here ()")
        assert query(servers, "SELECT to_regclass('only_here')::text") is None
        await start_workflow(beside, "beside")
        assert await status(beside, "beside") == "RUNNING"


def test_the_servers_of_a_killed_process_are_ended_at_the_next_start(
    open_folder: Path,
    other_process: Callable[..., subprocess.Popen[str]],
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    data = open_folder / "orphans"
    parent = other_process(START_AND_WAIT, data)
    assert parent.stdout is not None
    orphans: dict[str, int] = json.loads(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert all(started_at(pid) for pid in orphans.values())

    with EmbeddedServers(data) as servers:
        assert [started_at(pid) for pid in orphans.values()] == [None, None]
        assert query(servers, "SELECT answer FROM kept") == 42
        assert set(servers.pids()) == {"postgres", "temporal"}


def test_a_folder_that_cannot_be_made_is_named(open_folder: Path) -> None:
    (open_folder / "file").touch()
    with pytest.raises(EmbeddedServerError, match="file/data cannot be used"):
        EmbeddedServers(open_folder / "file" / "data").start()


def test_a_server_that_does_not_start_is_explained_by_its_log(servers: EmbeddedServers, open_folder: Path) -> None:
    data = open_folder / "broken"
    broken = EmbeddedServers(data, temporal=False)
    broken.start()
    broken.stop()
    with (data / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = nonsense\n")
    with pytest.raises(EmbeddedServerError, match=r"(?s)postgres ended with status 1.*nonsense"):
        broken.start()
    assert broken.pids() == {}
    (data / "postgres" / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedServerError, match="database files are missing"):
        broken.start()


def test_a_given_port_that_is_taken_is_named(servers: EmbeddedServers, open_folder: Path) -> None:
    taken = int(servers.temporal_address.rpartition(":")[2])
    with pytest.raises(EmbeddedServerError, match=f"Port {taken} is in use"):
        EmbeddedServers(open_folder / "port", postgres=False, temporal_port=taken).start()


def test_addresses_are_refused_before_the_start(open_folder: Path) -> None:
    servers = EmbeddedServers(open_folder / "never")
    for name in ("database_url", "temporal_address", "temporal_ui_url"):
        with pytest.raises(EmbeddedServerError, match="not running"):
            getattr(servers, name)

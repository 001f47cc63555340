"""How children, orphans and ports are handled, with small processes instead of servers."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from embedded.child import Child, Launch
from embedded.errors import EmbeddedServerError
from embedded.ports import choose_ports
from embedded.process import PidRecord, StopSteps, folder_identity, started_at, stop_orphan, write_pid_file

GENTLE: StopSteps = ((signal.SIGTERM, 5.0),)


class ShortLived:
    """A server that is ready once and then always dies at once."""

    name: ClassVar[str] = "short"
    stop_steps: ClassVar[StopSteps] = ((signal.SIGKILL, 5.0),)
    start_timeout: ClassVar[float] = 10.0

    def __init__(self) -> None:
        self.launches: list[float] = []

    def prepare(self) -> None:
        pass

    def launch(self) -> Launch:
        self.launches.append(time.monotonic())
        return Launch(("/bin/sh", "-c", "sleep 60" if len(self.launches) == 1 else "exit 3"), {})

    def is_ready(self) -> bool:
        return True

    def clean_up(self) -> None:
        pass


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_a_child_that_keeps_dying_is_started_less_and_less_often(
    tmp_path: Path, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    server = ShortLived()
    child = Child(server, tmp_path)
    child.start()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: len(server.launches) == 4)
    child.stop()
    begun = server.launches
    assert begun[2] - begun[1] >= 0.4
    assert begun[3] - begun[2] >= 0.8
    assert not (tmp_path / "short.pid").exists()


def test_a_log_that_has_grown_large_is_put_aside_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with (tmp_path / "logs" / "short.log").open("wb") as log:
        log.truncate(11 * 1024 * 1024)
    child = Child(ShortLived(), tmp_path)
    child.start()
    child.stop()
    assert (tmp_path / "logs" / "short.log").stat().st_size < 1024
    assert (tmp_path / "logs" / "short.log.1").stat().st_size == 11 * 1024 * 1024


def test_an_orphan_is_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    write_pid_file(tmp_path / "server.pid", sleeper.pid)
    stop_orphan(tmp_path / "server.pid", GENTLE)
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not (tmp_path / "server.pid").exists()


def test_an_unrelated_process_with_the_same_pid_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    record = PidRecord(pid=sleeper.pid, started="another boot:1", folder=folder_identity(tmp_path))
    (tmp_path / "server.pid").write_text(record.model_dump_json())
    stop_orphan(tmp_path / "server.pid", GENTLE)
    assert started_at(sleeper.pid) is not None
    assert not (tmp_path / "server.pid").exists()


def test_a_copied_data_folder_does_not_end_the_servers_of_the_original(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    (tmp_path / "original").mkdir()
    (tmp_path / "copy").mkdir()
    write_pid_file(tmp_path / "original" / "server.pid", sleeper.pid)
    (tmp_path / "copy" / "server.pid").write_bytes((tmp_path / "original" / "server.pid").read_bytes())
    stop_orphan(tmp_path / "copy" / "server.pid", GENTLE)
    assert started_at(sleeper.pid) is not None


def test_ports_stay_until_another_program_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = choose_ports(file, None, None)
    assert choose_ports(file, None, None) == first
    assert first.temporal != first.ui
    with socket.create_server(("127.0.0.1", first.temporal)):
        second = choose_ports(file, None, None)
        assert second.temporal != first.temporal
        assert second.ui == first.ui
        with pytest.raises(EmbeddedServerError, match=f"Port {first.temporal} is in use"):
            choose_ports(file, first.temporal, None)
    assert choose_ports(file, first.temporal, None).temporal == first.temporal

"""`connect up` as a person runs it: one group per data folder, supervised, stopped by Ctrl-C, going on where it was."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[2]


class Instance:
    """One `connect up` in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        environment = os.environ | {"CONNECT_DATA": str(folder), "CONNECT_WEB_PORT": str(port), "PYTHONPATH": str(ROOT)}
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def answer(self) -> Any:
        """The one line that it prints when everything runs, or why it does not."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def interrupt(self) -> int:
        """Press Ctrl-C and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def connect(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same data folder."""
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def children(self) -> dict[str, psutil.Process]:
        """Its live children by what they run."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                command = " ".join(child.cmdline())
            except psutil.ZombieProcess:
                continue
            name = next(
                (each for each in ("cli worker", "cli web", "postgres", "temporal") if each in command), command
            )
            found[name] = child
        return found


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., Instance]]:
    with ExitStack() as stack:
        parent = Path(tempfile.mkdtemp(prefix="connect-up-"))
        parent.chmod(0o711)
        stack.callback(shutil.rmtree, parent, ignore_errors=True)

        def start(name: str = "var", port: int = 18200) -> Instance:
            instance = Instance(parent / name, port)
            stack.callback(instance.process.wait, 60)
            stack.callback(instance.process.send_signal, signal.SIGINT)
            return instance

        yield start


@pytest.fixture(scope="module")
def first(start: Callable[..., Instance]) -> tuple[Instance, Any]:
    """An instance that serves, and what it answered; the last test stops it."""
    instance = start()
    return instance, instance.answer()


def serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_another(instance: Instance, name: str, pid: int) -> bool:
    child = instance.children().get(name)
    return child is not None and child.pid != pid


def test_a_killed_worker_and_web_are_started_again(first: tuple[Instance, Any]) -> None:
    instance, running = first
    for name in ("cli worker", "cli web"):
        before = instance.children()[name]
        before.kill()
        until(partial(is_another, instance, name, before.pid))
    until(lambda: serves(running["web_url"]))


def test_a_group_serves_refuses_a_second_one_on_its_data_and_stops_whole(
    start: Callable[..., Instance], first: tuple[Instance, Any]
) -> None:
    instance, running = first
    assert serves(running["web_url"])
    second = start()
    assert str(instance.process.pid) in second.answer()["error"]
    assert second.process.wait(60) == 1
    beside = start("other")
    assert beside.answer()["web_url"] != running["web_url"]
    added = instance.connect("user", "add", "anna@shop.example", "--password", "correct horse", "--json")
    assert added.returncode == 0, added.stderr
    children = list(instance.children().values())
    assert len(children) == 4
    assert instance.interrupt() == 0
    assert psutil.wait_procs(children, timeout=10)[1] == []
    again = start()
    assert serves(again.answer()["web_url"])
    taken = again.connect("user", "add", "anna@shop.example", "--password", "correct horse", "--json")
    assert "already" in json.loads(taken.stdout)["error"], "the account of the first start is still there"
    short = again.connect("user", "add", "ben@shop.example", "--password", "short", "--json")
    assert "password" in json.loads(short.stdout)["error"]


def test_what_runs_nowhere_is_said_with_the_way_out(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "journal", "--json"]
    environment = os.environ | {"CONNECT_DATA": str(tmp_path / "nothing"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "connect up" in json.loads(done.stdout)["error"]

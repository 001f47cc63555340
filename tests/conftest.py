"""Fixtures that all tests share: vendors' data, real PostgreSQL, real Temporal."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine
from sqlmodel import Session
from xdist.scheduler import LoadFileScheduling

from embedded import EmbeddedServers
from erp.database import make_engine, migrate

MEMORY = Path("/dev/shm")
NEEDED = 6 * 1024**3
"""Bytes of memory that the databases of two test processes never fill."""

HEAVIEST = (
    "tests/faults/",
    "tests/commands/",
    "tests/workflows/",
    "tests/bench/",
    "tests/web/",
    "tests/erp/test_traffic_lights.py",
)
"""What takes longest, longest first; none of it may be what the last process is still at when the others have ended."""

TOGETHER = ("tests/faults/",)
"""Folders whose files share one running product: started once, in one process."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep what the tests write in memory, where there is enough of it.

    A fresh database is six hundred files, and on a disk they cost ten times the test that wants them. What is proved
    stays the same: a killed server's files are the system's, whether or not a disk lies below them.
    """
    # The order is ours, see `pytest_collection_modifyitems`.
    config.option.loadscopereorder = False
    if hasattr(config, "workerinput") or not _has_memory():
        return
    folder = Path(tempfile.mkdtemp(prefix="connect-", dir=MEMORY))
    # The memory is given back at the very end, after multiprocessing (-100) has removed what it keeps in there.
    Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-200)
    # As /tmp is: PostgreSQL's account and a closed folder's tests use it, too.
    folder.chmod(0o1777)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _has_memory() -> bool:
    """Whether there is a folder in memory, large enough, from which programs may be started."""
    if not MEMORY.is_dir():
        return False
    found = os.statvfs(MEMORY)
    return (
        os.access(MEMORY, os.W_OK)
        and not found.f_flag & os.ST_NOEXEC
        and min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available) >= NEEDED
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first, then the files with the most tests; what has one file stays together.

    xdist's own order is by number of tests alone: a file of one long test comes last and keeps one core waiting.
    """
    files = Counter(_file(item.nodeid) for item in items)

    def order(item: pytest.Item) -> tuple[int, int, str]:
        file = _file(item.nodeid)
        rank = next((number for number, heavy in enumerate(HEAVIEST) if file.startswith(heavy)), len(HEAVIEST))
        return rank, -files[file], file

    items.sort(key=order)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


class FilesTogether(LoadFileScheduling):
    """A file's tests stay in one process, as with `--dist loadfile`, and so do files that share what is dear to start."""

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether | None:
    """Use our distribution where the option is the one of `pyproject.toml`; any other is left to xdist."""
    return FilesTogether(config, log) if config.getvalue("dist") == "loadfile" else None


def require(condition: bool, reason: str) -> None:
    """Skip with a clear reason, or fail where `.ci/run` promised to provide everything."""
    if condition:
        return
    if os.environ.get("CONNECT_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count any skip as a failure where everything was promised: a test that did not run has proved nothing."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CONNECT_REQUIRE_ALL") == "1":
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the vendors' specifications and recorded answers (`CONNECT_SHARED`, default `../shared`)."""
    folder = Path(os.environ.get("CONNECT_SHARED", Path(__file__).parents[2] / "shared"))
    require(folder.is_dir(), f"vendors' data not found at {folder}; set CONNECT_SHARED")
    return folder


def _playwrights_own() -> str | None:
    """The Chromium that `playwright install` puts into its own folder, where somebody did so."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


@pytest.fixture(scope="session")
def chromium() -> str:
    """A Chromium that Playwright can drive: Debian's or another one on the path, else Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None) or _playwrights_own()
    require(found is not None, "no Chromium found; install the package chromium")
    return str(found)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """PostgreSQL and Temporal for the whole session, in a folder that a database user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="connect-tests-"))
    folder.chmod(0o711)
    with EmbeddedServers(folder / "var") as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(servers: EmbeddedServers) -> str:
    """A migrated database that others are copied from, so that a fresh one costs milliseconds."""
    migrate(servers.database_url)
    return "connect"


def _drop(admin: str, name: str) -> None:
    """Drop a database; PostgreSQL's own vacuum, which may be in it, belongs to nobody and is waited for."""
    with psycopg.connect(admin, autocommit=True) as connection:
        for _ in range(100):
            try:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            except psycopg.errors.InsufficientPrivilege:
                connection.execute("SELECT pg_sleep(0.1)")
            else:
                return
    raise TimeoutError(name)


@pytest.fixture
def database_url(servers: EmbeddedServers, template_database: str) -> Iterator[str]:
    """A fresh, migrated database of this test's own."""
    name = f"t{uuid4().hex[:12]}"
    plain = servers.database_url.replace("+psycopg", "")
    admin = plain.replace("/connect?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE {name} TEMPLATE "{template_database}"'.encode())
    yield servers.database_url.replace("/connect?", f"/{name}?")
    _drop(admin, name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on this test's database."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on this test's database."""
    with Session(engine, expire_on_commit=False, autoflush=False) as session:
        yield session

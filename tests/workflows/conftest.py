"""A whole world per mode: database, Temporal and worker; `tests/world.py` acts in it."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.worker import Worker

from activities.deps import Deps
from connectors.transport import TransportOptions
from embedded import EmbeddedServers
from erp.database import make_engine, make_sessions, migrate
from erp.secrets import Keyring
from settings import Settings
from tests.world import World
from worker import connect, make_worker
from workflows.client import Lifecycle


async def _world(cached: int) -> AsyncIterator[World]:
    """Its own Temporal server, because the task queue's name is fixed."""
    folder = Path(tempfile.mkdtemp(prefix="connect-world-"))
    folder.chmod(0o711)
    with EmbeddedServers(folder / "var") as own:
        migrate(own.database_url)
        deps = Deps(
            sessions=make_sessions(make_engine(own.database_url, pool=20)),
            keyring=Keyring({"k1": bytes(range(32))}),
            transport=TransportOptions(allow_private=True),
            exchange=folder / "exchange",
        )
        client = await connect(Settings(), own.temporal_address)
        worker: Worker = make_worker(client, deps, cached=cached)
        async with worker:
            world = World(deps, client, Lifecycle(client))
            with world.stack:
                yield world
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    """A world with an ordinary worker; each file has its own, because the ERP's articles and stock belong to all of a world's shops."""
    async for each in _world(cached=1000):
        yield each


@pytest.fixture(scope="module")
async def forgetful_world() -> AsyncIterator[World]:
    """A world whose worker replays every workflow on every task: finds what is not deterministic."""
    async for each in _world(cached=0):
        yield each

"""A whole system for a measurement: real servers, workers and a shop, each in a process of its own, in a temporary folder."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any, ClassVar

import psutil
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

import connectors
import worker
from bench import BenchError
from bench.shop import Filled, Served, served
from canonical.check import CheckReport
from canonical.feature import Feature
from canonical.lifecycle import (
    ApplyFilter,
    By,
    ChooseFeatures,
    Configure,
    CreateIntegration,
    ForFeature,
    GoLive,
    IntegrationState,
    Pause,
    RunNow,
)
from canonical.runs import Built
from canonical.settings import MappingKind
from embedded import EmbeddedServers
from embedded.child import Child, Launch
from embedded.process import StopSteps
from erp import numbers
from erp.credentials import store_credentials
from erp.database import make_engine, make_sessions, migrate
from erp.mappings import set_mapping
from erp.preparation import ensure_defaults
from erp.rules.customer import email_key
from erp.seed import seed_articles
from erp.tables import Customer
from settings import Settings
from workflows.client import Lifecycle

BY, ID, CONNECTOR = "bench", "bench", "woocommerce"
SETTINGS: dict[Feature, dict[str, Any]] = {
    Feature.ORDERS: {
        "import_states": ["processing", "on-hold"],
        "default_project": "SHOP",
        "shipping_article": "PORTO",
        "discount_article": "RABATT",
        "surcharge_article": "ZUSCHLAG",
        "match_criteria": ["email"],
    },
    Feature.STOCK: {"warehouses": ["HAUPT"], "subtract_reservations": True},
}
MAPPINGS = {
    MappingKind.PAYMENT: {"bacs": "prepayment", "ppcp-gateway": "paypal", "stripe": "card", "cod": "cod"},
    MappingKind.SHIPPING: {"flat_rate": "dhl", "free_shipping": "dhl", "local_pickup": "pickup"},
}


@dataclass(frozen=True)
class _WorkerProcess:
    """A worker as a child; ready when it has written its ready file."""

    folder: Path
    environment: Mapping[str, str]
    name: ClassVar[str] = "worker"
    stop_steps: ClassVar[StopSteps] = ((SIGTERM, 30.0), (SIGKILL, 5.0))
    start_timeout: ClassVar[float] = 60.0

    @property
    def _ready(self) -> Path:
        return self.folder / "ready"

    def prepare(self) -> None:
        """Forget an earlier start."""
        self._ready.unlink(missing_ok=True)

    def launch(self) -> Launch:
        """Run `connect worker`."""
        return Launch(
            (sys.executable, "-m", "cli", "worker"), {**self.environment, "CONNECT_READY_FILE": str(self._ready)}
        )

    def is_ready(self) -> bool:
        """Whether the worker polls."""
        return self._ready.exists()

    def clean_up(self) -> None:
        """Nothing stays behind."""


@dataclass
class World:
    """What a measurement needs to act as a person at the wizard would, and to look at the result."""

    settings: Settings
    database_url: str
    shop: Served
    sessions: sessionmaker[Session]
    pids: dict[str, int]
    lifecycle: Lifecycle

    def number(self, query: str, **parameters: object) -> Any:
        """One value from the database."""
        with self.sessions() as session:
            return session.execute(text(query), parameters).scalar_one()

    async def send(self, update: str, command: BaseModel) -> IntegrationState:
        """Send one update to the integration's entity."""
        return await self.lifecycle.send(ID, update, command, IntegrationState)

    async def until(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until something holds; raises `BenchError` when it does not in time."""
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            if time.monotonic() > deadline:
                raise BenchError(f"not after {seconds:.0f} s: {what}")
            await asyncio.sleep(0.1)

    async def set_up(self, filled: Filled, feature: Feature) -> None:
        """Play the wizard with one feature up to productive mode; master data comes first."""
        with self.sessions() as session:
            prepare_master_data(session, filled)
            session.commit()
        await self.lifecycle.install(CONNECTOR, BY)
        await self.lifecycle.create(CreateIntegration(id=ID, connector=CONNECTOR, name="Bench", by=BY))
        self._store_credentials()
        await self.send("credentials_stored", By(by=BY))
        report = await self.lifecycle.send(ID, "test_connection", By(by=BY), CheckReport)
        if not report.ok:
            raise BenchError("the connection test failed")
        await self.send("choose_features", ChooseFeatures(features=(feature,), by=BY))
        await self.send("configure", Configure(feature=feature, values=SETTINGS[feature], by=BY))
        with self.sessions() as session:
            for kind, table in MAPPINGS.items():
                for channel_value, erp_value in table.items():
                    set_mapping(session, ID, kind, channel_value, erp_value, BY)
            session.commit()
        if feature is Feature.STOCK:
            await self.lifecycle.send(ID, "apply_filter", ApplyFilter(rules=(), by=BY), Built)
        await self.send("activate", ForFeature(feature=feature, by=BY))
        await self.send("go_live", GoLive(start_at=datetime.now(UTC) - timedelta(days=60), by=BY))
        await self._hold_schedules(feature)

    async def _hold_schedules(self, feature: Feature) -> None:
        """Keep every schedule from firing into the measurement at a full quarter of an hour; runs by hand go all the same."""
        await self.send("pause", Pause(feature=feature, note="measured by hand", by=BY))
        client = self.lifecycle.client
        async for schedule in await client.list_schedules():
            await client.get_schedule_handle(schedule.id).pause(note="measured by hand")

    def _store_credentials(self) -> None:
        keys = {"consumer_key": self.shop.consumer_key, "consumer_secret": self.shop.consumer_secret}
        form = connectors.spec_of(CONNECTOR).credentials.model_validate({"url": self.shop.url, **keys})
        with self.sessions() as session:
            store_credentials(session, worker.keyring(self.settings), ID, form)
            session.commit()

    async def run(self, feature: Feature, seconds: float) -> None:
        """Run a feature by hand and wait until that run has ended as done."""
        since = self.number("SELECT clock_timestamp()")
        await self.send("run_now", RunNow(feature=feature, by=BY))
        query = (
            "SELECT coalesce((SELECT outcome FROM run WHERE feature = :feature AND trigger = 'hand' AND ended_at > :since"
            " ORDER BY ended_at LIMIT 1), '')"
        )
        outcome = ""

        def has_ended() -> bool:
            nonlocal outcome
            outcome = self.number(query, feature=feature.value, since=since)
            return bool(outcome)

        await self.until(has_ended, f"the end of the run of {feature.value}", seconds)
        if outcome != "done":
            raise BenchError(f"the run of {feature.value} ended {outcome}")
        lost = [name for name, pid in self.pids.items() if not psutil.pid_exists(pid)]
        if lost:
            raise BenchError(f"died meanwhile: {', '.join(lost)}")


def prepare_master_data(session: Session, filled: Filled) -> None:
    """Give the ERP what a merchant has before the first order: defaults, articles, stock, and customers of old."""
    ensure_defaults(session)
    seed_articles(session, filled.articles)
    drawn = numbers.draw(session, None, "customer", len(filled.buyers))
    session.add_all(
        Customer(number=number, name=name, email=email, email_key=email_key(email))
        for number, (email, name) in zip(drawn, filled.buyers.items(), strict=True)
    )
    session.flush()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that the database's account may pass through, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="connect-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def running(folder: Path, filled: Filled, workers: int) -> AsyncIterator[World]:
    """Start everything, and stop it at the end; nothing listens beyond loopback."""
    with ExitStack() as stack:
        settings = Settings(data=folder / "var", allow_private_addresses=True, database_url="", temporal_address="")
        servers = stack.enter_context(EmbeddedServers(settings.data))
        migrate(servers.database_url)
        shop = stack.enter_context(served(filled))
        engine = make_engine(servers.database_url, pool=4)
        stack.callback(engine.dispose)
        environment = os.environ | {
            "CONNECT_DATA": str(settings.data),
            "CONNECT_DATABASE_URL": servers.database_url,
            "CONNECT_TEMPORAL_ADDRESS": servers.temporal_address,
            "CONNECT_ALLOW_PRIVATE_ADDRESSES": "true",
            "CONNECT_LOG_LEVEL": "WARNING",
        }
        pids = {"sandbox": shop.pid}
        for number in range(1, workers + 1):
            place = folder / f"worker-{number}"
            place.mkdir()
            child = Child(_WorkerProcess(place, environment), place)
            stack.callback(child.stop)
            child.start()
            pids[f"worker_{number}"] = child.pid or 0
        lifecycle = Lifecycle(await worker.connect(settings, servers.temporal_address))
        yield World(settings, servers.database_url, shop, make_sessions(engine), pids | servers.pids(), lifecycle)

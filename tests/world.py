"""What workflow and fault tests share: a person's acts at the wizard, and simulated shops connected through the real updates."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from temporalio.client import Client

import connectors
from activities.deps import Deps
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
    RunNow,
)
from canonical.runs import Built
from canonical.settings import MappingKind
from erp.credentials import store_credentials
from erp.mappings import set_mapping
from erp.preparation import ensure_defaults
from erp.seed import seed_articles
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, catalogue
from workflows.client import Lifecycle

BY = "tester"
ORDER_SETTINGS = {
    "import_states": ["processing", "on-hold"],
    "default_project": "SHOP",
    "shipping_article": "PORTO",
    "discount_article": "RABATT",
    "surcharge_article": "ZUSCHLAG",
}
PAYMENTS = {"bacs": "prepayment", "ppcp-gateway": "paypal", "stripe": "card", "cod": "cod"}
SHIPPING = {"flat_rate": "dhl", "free_shipping": "dhl", "local_pickup": "pickup"}


@dataclass
class World:
    """What a test needs to act as a person would, and to look at the result."""

    deps: Deps
    client: Client
    lifecycle: Lifecycle
    stack: ExitStack = field(default_factory=ExitStack)

    def number(self, query: str, **params: object) -> Any:
        """One value from the database."""
        with self.deps.sessions() as session:
            return session.execute(text(query), params).scalar_one()

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something holds; fails with its name."""
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            assert time.monotonic() < deadline, f"not in time: {what}"
            await asyncio.sleep(0.05)

    async def connect_shop(self, shop: WooShop) -> "Connected":
        """Serve a shop and create an integration with its credentials stored, as the wizard does."""
        server = self.stack.enter_context(SandboxServer(shop))
        integration_id = uuid4().hex[:10]
        await self.lifecycle.install("woocommerce", BY)
        command = CreateIntegration(id=integration_id, connector="woocommerce", name=f"Shop {integration_id}", by=BY)
        await self.lifecycle.create(command)
        connected = Connected(self, shop, server, integration_id)
        connected.store_keys(shop.consumer_key, shop.consumer_secret)
        await connected.send("credentials_stored", By(by=BY))
        return connected

    async def connect_other(self, shop: Any, integration_id: str, name: str) -> "Connected":
        """Serve a shop of any system and create a tested integration of this id."""
        connected = Connected(self, shop, self.stack.enter_context(SandboxServer(shop)), integration_id)
        await self.lifecycle.install(shop.key, BY)
        await self.lifecycle.create(CreateIntegration(id=integration_id, connector=shop.key, name=name, by=BY))
        form = connectors.spec_of(shop.key).credentials.model_validate(shop.credentials())
        with self.deps.sessions.begin() as session:
            store_credentials(session, self.deps.keyring, integration_id, form)
        await connected.send("credentials_stored", By(by=BY))
        assert (await connected.test()).ok
        return connected


@dataclass
class Connected:
    """A shop connected to the world by an integration."""

    world: World
    shop: WooShop
    server: SandboxServer
    id: str

    async def send(self, update: str, command: Any) -> IntegrationState:
        """Send an update as the wizard or a page does."""
        return await self.world.lifecycle.send(self.id, update, command, IntegrationState)

    def store_keys(self, key: str, secret: str) -> None:
        """Store credentials as the page does."""
        form = connectors.spec_of("woocommerce").credentials
        credentials = form.model_validate({"url": self.server.url, "consumer_key": key, "consumer_secret": secret})
        with self.world.deps.sessions() as session:
            store_credentials(session, self.world.deps.keyring, self.id, credentials)
            session.commit()

    async def test(self) -> CheckReport:
        """Test the connection."""
        return await self.world.lifecycle.send(self.id, "test_connection", By(by=BY), CheckReport)

    async def set_up(self, *features: Feature, mapped: bool = True) -> None:
        """Play the wizard and the settings pages up to stage 1 of go-live."""
        assert (await self.test()).ok
        await self.send("choose_features", ChooseFeatures(features=features, by=BY))
        with self.world.deps.sessions() as session:
            ensure_defaults(session)
            seed_articles(session, catalogue(self.shop))
            for kind, table in ((MappingKind.PAYMENT, PAYMENTS), (MappingKind.SHIPPING, SHIPPING)):
                for value, target in table.items() if mapped else ():
                    set_mapping(session, self.id, kind, value, target, BY)
            session.commit()
        values: dict[Feature, dict[str, Any]] = {
            Feature.ORDERS: ORDER_SETTINGS
            if mapped
            else ORDER_SETTINGS | {"default_payment": "paypal", "default_shipping": "dhl"},
            Feature.STOCK: {"warehouses": ["HAUPT"]},
            Feature.SHIPMENTS: {"send_tracking": True},
        }
        for feature in features:
            await self.send("configure", Configure(feature=feature, values=values[feature], by=BY))
        if Feature.STOCK in features:
            await self.world.lifecycle.send(self.id, "apply_filter", ApplyFilter(rules=(), by=BY), Built)
        for feature in features:
            await self.send("activate", ForFeature(feature=feature, by=BY))

    async def go_live(self) -> IntegrationState:
        """Stage 2 of go-live, with the orders of the last two months."""
        return await self.send("go_live", GoLive(start_at=datetime.now(UTC) - timedelta(days=60), by=BY))

    async def run(self, feature: Feature, *records: str) -> str:
        """Run a feature by hand and say how the run ended."""
        since = self.world.number("SELECT clock_timestamp()")
        await self.send("run_now", RunNow(feature=feature, records=records, by=BY))
        return await self.outcome(feature, since)

    async def outcome(self, feature: Feature, since: datetime) -> str:
        """Wait for the end of the first run that ended after a moment, its workflow included, and say how it ended."""
        query = (
            "SELECT coalesce((SELECT workflow_id || '#' || id || '#' || outcome FROM run WHERE integration_id = :id"
            " AND feature = :feature AND ended_at > :since ORDER BY ended_at LIMIT 1), '')"
        )
        parameters: dict[str, Any] = {"id": self.id, "feature": feature.value, "since": since}
        await self.world.until(lambda: bool(self.world.number(query, **parameters)), f"run of {feature.value}")
        workflow_id, run_id, outcome = str(self.world.number(query, **parameters)).split("#")
        await self.world.client.get_workflow_handle(workflow_id, run_id=run_id).result()
        return outcome

    def orders(self) -> int:
        """How many orders of this integration are in the ERP."""
        return int(self.world.number("SELECT count(*) FROM sales_order WHERE integration_id = :id", id=self.id))

"""`connect demo`: everything up, a simulated shop, the set-up played through by the wizard's own updates, orders flowing."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import typer
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, col, select

import connectors
import worker
from canonical.check import CheckReport
from canonical.feature import Feature, Mode
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
from canonical.runs import AUTO_SHIP, Built
from canonical.settings import MappingKind
from commands.console import AsJson, StoryError, reporting, say
from commands.group import Group, Running
from commands.processes import set_up_logging, wait_for_signal
from commands.story import Story, StorySummary
from erp.accounts import NewAccount, count_accounts, create_account
from erp.credentials import store_credentials
from erp.database import make_engine, make_sessions
from erp.mappings import set_mapping
from erp.preparation import ensure_defaults
from erp.seed import seed_articles
from erp.tables import Integration
from sandbox.server import SandboxServer
from sandbox.woocommerce import WooShop, catalogue, seed_shop
from sandbox.woocommerce.seed import random_order
from settings import Settings
from workflows import ids
from workflows.client import Lifecycle

app = typer.Typer()

ARTICLES, ORDERS = 300, 120
BY = "demo"
NAME = "Demo-Shop"
LOGIN, PASSWORD = "demo@example.com", "connect-demo"
FEATURES = (Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS)
SETTINGS: dict[Feature, dict[str, Any]] = {
    Feature.ORDERS: {
        "import_states": ["processing", "on-hold"],
        "default_project": "SHOP",
        "shipping_article": "PORTO",
        "discount_article": "RABATT",
        "surcharge_article": "ZUSCHLAG",
        "match_criteria": ["email"],
        "vat_id_trusted": True,
    },
    Feature.STOCK: {"warehouses": ["HAUPT"], "subtract_reservations": True},
    Feature.SHIPMENTS: {"send_tracking": True, "cancel_in_channel": True},
}
PAYMENTS = {"bacs": "prepayment", "ppcp-gateway": "paypal", "stripe": "card", "cod": "cod", "cheque": "prepayment"}
SHIPPING = {"flat_rate": "dhl", "free_shipping": "dhl", "local_pickup": "pickup"}


class Summary(BaseModel):
    """What one integration of the demo shows; totals are gross, in the orders' currency."""

    connector: str
    orders_in_shop: int
    orders_in_erp: int
    duplicates: int
    parked: int
    total_shop: Decimal
    total_erp: Decimal
    stock_updates_confirmed: int
    shipments_confirmed: int
    story: StorySummary | None = None
    """Orders of every kind, followed to their end; left out when the demo was played on this data before."""

    @property
    def ok(self) -> bool:
        """Whether everything adds up."""
        return (
            self.orders_in_shop == self.orders_in_erp > 0
            and self.total_shop == self.total_erp
            and not self.duplicates
            and not self.parked
            and self.stock_updates_confirmed > 0
            and self.shipments_confirmed > 0
            and (self.story is None or self.story.ok)
        )


class Demo:
    """One demo: a shop, the running group, and the steps of a person at the wizard."""

    def __init__(
        self, shop: WooShop, url: str, running: Running, settings: Settings, tell: Callable[[str], None]
    ) -> None:
        self.shop, self.url, self.running, self.settings, self.tell = shop, url, running, settings, tell
        self.engine = make_engine(running.database_url, pool=3)
        self.sessions: sessionmaker[Session] = make_sessions(self.engine)

    async def play(self) -> Summary:
        """Set everything up, go live, import, ship, invoice, follow one order of every kind, and wait until the shop has confirmed."""
        self.lifecycle = Lifecycle(await worker.connect(self.settings, self.running.temporal_address))
        known = self._known_integration()
        self.integration_id = known or "demo"
        self._prepare_master_data()
        story = None if known else Story(self)
        if story:
            story.prepare()
            story.place()
        await self._connect()
        await self._set_up()
        await self._go_live()
        self.tell("Importing orders …")
        await self.run(Feature.ORDERS)
        told = None
        if story:
            self.tell("Following one order of every kind: shipped, paid, cancelled, returned, invoiced …")
            told = await story.play()
        self.tell("Shipping, reporting stock and tracking …")
        await self.lifecycle.client.get_schedule_handle(ids.house(AUTO_SHIP)).trigger()
        await self.until(self._some_shipped, "nothing was shipped")
        await self.until(self._nothing_to_send, "stock or shipments were not confirmed in time")
        return self.summary(told)

    def _known_integration(self) -> str | None:
        with self.sessions() as session:
            query = select(Integration.id).where(col(Integration.name) == NAME, col(Integration.deleted_at).is_(None))
            return session.exec(query).first()

    def _prepare_master_data(self) -> None:
        with self.sessions() as session:
            ensure_defaults(session)
            seed_articles(session, catalogue(self.shop))
            if count_accounts(session) == 0:
                create_account(
                    session, NewAccount.model_validate({"email": LOGIN, "name": "Demo", "password": PASSWORD})
                )
            session.commit()

    async def _connect(self) -> None:
        spec = connectors.spec_of("woocommerce")
        self.tell("Installing the connector, creating the integration, testing the connection …")
        await self.lifecycle.install(spec.key, BY)
        await self.lifecycle.create(CreateIntegration(id=self.integration_id, connector=spec.key, name=NAME, by=BY))
        keys = {"consumer_key": self.shop.consumer_key, "consumer_secret": self.shop.consumer_secret}
        with self.sessions() as session:
            form = spec.credentials.model_validate({"url": self.url, **keys})
            store_credentials(session, worker.keyring(self.settings), self.integration_id, form)
            session.commit()
        await self._send("credentials_stored", By(by=BY))
        report = await self.lifecycle.send(self.integration_id, "test_connection", By(by=BY), CheckReport)
        if not report.ok:
            raise StoryError("the connection test failed: " + ", ".join(i.name for i in report.items if i.failure))

    async def _send(self, update: str, command: BaseModel) -> IntegrationState:
        return await self.lifecycle.send(self.integration_id, update, command, IntegrationState)

    async def _set_up(self) -> None:
        self.tell("Choosing features, settings, mappings and articles …")
        await self._send("choose_features", ChooseFeatures(features=FEATURES, by=BY))
        for feature, values in SETTINGS.items():
            await self._send("configure", Configure(feature=feature, values=values, by=BY))
        with self.sessions() as session:
            for kind, table in ((MappingKind.PAYMENT, PAYMENTS), (MappingKind.SHIPPING, SHIPPING)):
                for channel_value, erp_value in table.items():
                    set_mapping(session, self.integration_id, kind, channel_value, erp_value, BY)
            session.commit()
        await self.lifecycle.send(self.integration_id, "apply_filter", ApplyFilter(rules=(), by=BY), Built)
        for feature in FEATURES:
            await self._send("activate", ForFeature(feature=feature, by=BY))

    async def _go_live(self) -> None:
        state = await self.lifecycle.status(self.integration_id)
        if state.mode is not Mode.PRODUCTIVE:
            self.tell("Going live …")
            start = datetime.now(UTC) - timedelta(days=60)
            await self._send("go_live", GoLive(start_at=start, by=BY))

    async def run(self, feature: Feature) -> None:
        """Run a feature by hand and wait for its end."""
        since = datetime.now(UTC)
        await self._send("run_now", RunNow(feature=feature, by=BY))
        await self.until(lambda: self._ended(feature, since), f"the run of {feature.value} did not end in time")

    async def until(self, holds: Callable[[], bool], complaint: str, seconds: float = 90) -> None:
        """Wait until something holds; raises `StoryError`."""
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            if time.monotonic() > deadline:
                raise StoryError(complaint)
            await asyncio.sleep(0.1)

    def _number(self, query: str, **params: object) -> Any:
        with self.sessions() as session:
            return session.execute(text(query), {"id": self.integration_id, **params}).scalar_one()

    def _ended(self, feature: Feature, since: datetime) -> bool:
        return bool(
            self._number(
                "SELECT count(*) FROM run WHERE integration_id = :id AND feature = :feature AND started_at >= :since"
                " AND ended_at IS NOT NULL AND trigger = 'hand'",
                feature=feature.value,
                since=since - timedelta(seconds=1),
            )
        )

    def _some_shipped(self) -> bool:
        return bool(self._number("SELECT count(*) FROM link WHERE integration_id = :id AND kind = 'shipments'"))

    def _nothing_to_send(self) -> bool:
        waiting = self._number(
            "SELECT count(*) FROM link WHERE integration_id = :id AND dirty_at IS NOT NULL AND state <> 'failed'"
        )
        return not waiting

    def summary(self, story: StorySummary | None) -> Summary:
        """Compare shop and ERP, record by record where the shop can be asked."""
        with self.sessions() as session:
            rows = session.execute(
                text(
                    "SELECT external_id, channel_total FROM sales_order WHERE integration_id = :id"
                    " AND fulfilled_by = 'merchant'"
                ),
                {"id": self.integration_id},
            ).all()
            links = session.execute(
                text(
                    "SELECT l.kind, l.record, l.sent_value, s.order_id, o.external_id FROM link l"
                    " LEFT JOIN shipment s ON l.kind = 'shipments' AND s.id = l.record_id LEFT JOIN sales_order o ON o.id = s.order_id"
                    " WHERE l.integration_id = :id AND l.state = 'sent' AND l.dirty_at IS NULL"
                ),
                {"id": self.integration_id},
            ).all()
        booked = {external_id for external_id, _ in rows}
        with self.shop.lock:
            documents = {str(order["id"]): order for order in self.shop.orders.values()}
            levels = {product.sku: product.stock_quantity for product in self.shop.products.values()}
        wanted = SETTINGS[Feature.ORDERS]["import_states"]
        meant = [order for key, order in documents.items() if order["status"] in wanted or key in booked]
        return Summary(
            connector="woocommerce",
            orders_in_shop=len(meant),
            orders_in_erp=len(booked),
            duplicates=len(rows) - len(booked),
            parked=self._number("SELECT count(*) FROM inbox_document WHERE integration_id = :id AND state = 'parked'"),
            total_shop=sum((Decimal(order["total"]) for order in meant), Decimal(0)),
            total_erp=sum((total for _, total in rows), Decimal(0)),
            stock_updates_confirmed=sum(
                1 for kind, record, value, *_ in links if kind == "stock" and str(levels.get(record)) == value
            ),
            shipments_confirmed=sum(
                1
                for kind, *_, external_id in links
                if kind == "shipments" and documents.get(external_id, {}).get("status") == "completed"
            ),
            story=story,
        )

    def invitation(self, summary: Summary, seconds: float) -> str:
        """Place one more order, and say where to look."""
        random_order(self.shop, random.Random())  # noqa: S311 - an invented customer
        return f"""
{summary.orders_in_erp} of {summary.orders_in_shop} orders imported, {summary.total_erp} of {summary.total_shop} in all;
{summary.stock_updates_confirmed} stock levels and {summary.shipments_confirmed} shipments confirmed by the shop, after {seconds:.0f} s.

  Connect        {self.running.web_url}   (log in as {LOGIN} with the password {PASSWORD})
  Sandbox shop   {self.url}   (place an order, see stock and shipments arrive, switch faults on)
  Temporal UI    {self.running.temporal_ui_url}

Ctrl-C stops everything; the data stays in the data folder.
"""

    def close(self) -> None:
        """Give back connections."""
        self.engine.dispose()


@app.command("demo")
def demo(
    exit_: bool = typer.Option(False, "--exit", help="End with a summary; exit status 1 unless everything adds up."),
    as_json: AsJson = False,
) -> None:
    """Play the whole story on this machine, with a simulated shop; keeps running so that you can look around."""
    begun = time.monotonic()
    os.environ.setdefault("CONNECT_ALLOW_PRIVATE_ADDRESSES", "true")
    settings = Settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    set_up_logging(settings.model_copy(update={"log_level": "WARNING"}))

    def tell(line: str) -> None:
        if not as_json:
            say(None, False, line)

    with reporting(as_json):
        shop = WooShop(state_file=settings.data.resolve() / "demo-shop.jsonl")
        if not shop.products:
            seed_shop(shop, articles=ARTICLES, orders=ORDERS, unknown_sku_share=0)
        with SandboxServer(shop) as server:
            tell("Starting PostgreSQL, Temporal, worker and web …")
            with Group(settings, dev_links={"Sandbox-Shop": server.url}, web=not exit_) as group:
                assert group.running is not None
                play = Demo(shop, server.url, group.running, settings, tell)
                summary = asyncio.run(play.play())
                answer = {
                    "ok": summary.ok,
                    "integrations": [summary.model_dump(mode="json")],
                    "seconds": round(time.monotonic() - begun, 1),
                }
                if exit_:
                    play.close()
                    say(answer, as_json)
                    raise typer.Exit(0 if summary.ok else 1)
                tell(play.invitation(summary, time.monotonic() - begun))
                wait_for_signal()
                play.close()

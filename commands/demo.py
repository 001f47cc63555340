"""`connect demo`: everything up, a simulated shop, the set-up played through by the wizard's own updates, orders flowing."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import typer
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, col, select

import worker
from canonical.feature import Feature
from canonical.runs import AUTO_SHIP
from canonical.settings import MappingKind
from commands.console import AsJson, StoryError, reporting, say
from commands.demo_shops import SHARED_SKU, DemoShop
from commands.demo_table import Levelled, OwnSummary, ShopSummary, Summary, table
from commands.group import Group, Running
from commands.processes import set_up_logging, wait_for_signal
from commands.story import Story, StorySummary
from erp.accounts import NewAccount, count_accounts, create_account
from erp.database import make_engine, make_sessions
from erp.preparation import ensure_defaults
from erp.seed import seed_articles
from erp.tables import Integration
from sandbox.mirakl import MiraklShop
from sandbox.server import SandboxServer
from sandbox.shop import SimulatedShop
from sandbox.shopify import ShopifyShop
from sandbox.shopware5 import Shopware5Shop
from sandbox.shopware6 import Shopware6Shop
from sandbox.woocommerce import WooShop, catalogue, seed_shop
from sandbox.woocommerce.seed import random_order
from settings import Settings
from workflows import ids
from workflows.client import Lifecycle

app = typer.Typer()

ARTICLES, ORDERS = 300, 120
SELLING: tuple[type[Any], ...] = (ShopifyShop, Shopware6Shop, MiraklShop)
"""The other systems' shops, smaller, set up without a person's choices in detail; Shopware 5 is only read."""
OTHER_ARTICLES, OTHER_ORDERS, SEED = 25, 12, 2
PIECES, LEVELLED_WITHIN = 2, 360
"""What is sold in one shop, and seconds until all others must know: a hint that comes too early waits for the schedule."""
EQUAL_WITHIN = 60
BY = "demo"
NAME = "Demo-Shop"
LOGIN, PASSWORD = "demo@example.com", "connect-demo"
WISHES: Mapping[str, Any] = {
    "import_states": ["pending", "processing", "on-hold"], "match_criteria": ["email"], "default_payment": None, "default_shipping": None,
    "default_payment_if_unmapped": False, "default_shipping_if_unmapped": False,
}  # fmt: skip
"""What is chosen at the first shop in more detail than at the others: each payment and shipping method is mapped."""
PAYMENTS = {"bacs": "prepayment", "ppcp-gateway": "paypal", "stripe": "card", "cod": "cod", "cheque": "prepayment"}
SHIPPING = {"flat_rate": "dhl", "free_shipping": "dhl", "local_pickup": "pickup"}


class Demo:
    """One demo: the shops, the running group, and the steps of a person at the wizard."""

    def __init__(
        self,
        shop: WooShop,
        others: Sequence[SimulatedShop],
        running: Running,
        settings: Settings,
        tell: Callable[[str], None],
    ) -> None:
        self.shop, self.running, self.settings, self.tell = shop, running, settings, tell
        self._other_shops = others
        self.engine = make_engine(running.database_url, pool=3)
        self.sessions: sessionmaker[Session] = make_sessions(self.engine)
        self._may_ship = asyncio.Event()

    async def play(self) -> Summary:
        """Play every shop's story at the same time, then one sale that all of them must hear of."""
        self.lifecycle = Lifecycle(await worker.connect(self.settings, self.running.temporal_address))
        self.others = [DemoShop(each, self.lifecycle, self.sessions, self.settings) for each in self._other_shops]
        known = self._known_integration()
        self.integration_id = known or "demo"
        mappings = {MappingKind.PAYMENT: PAYMENTS, MappingKind.SHIPPING: SHIPPING}
        self.own = DemoShop(
            self.shop, self.lifecycle, self.sessions, self.settings, self.integration_id, NAME, WISHES, mappings
        )
        self._prepare_master_data()
        story = None if known else Story(self)
        if story:
            story.prepare()
            story.place()
        told = await self._play_all(story)
        levelled = await self._level()
        return Summary(integrations=[self._own_summary(told)], shops=await self._compared(), levelled=levelled)

    async def _compared(self) -> list[ShopSummary]:
        """Compare shops and ERP; where something is on its way at this very moment, again, until all are equal."""
        deadline = time.monotonic() + EQUAL_WITHIN
        while True:
            shops = await asyncio.to_thread(lambda: [each.compared() for each in (self.own, *self.others)])
            if all(shop.ok for shop in shops) or time.monotonic() > deadline:
                return shops
            await asyncio.sleep(1)

    async def _play_all(self, story: Story | None) -> StorySummary | None:
        """Play every shop at the same time; the first that fails ends all, with its own error."""
        try:
            async with asyncio.TaskGroup() as group:
                own = group.create_task(self._play_own(story))
                for each in self.others:
                    group.create_task(each.play(self.tell, self._ship))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return own.result()

    async def _play_own(self, story: Story | None) -> StorySummary | None:
        """Set the first shop up in every detail, go live, import, ship, invoice, and follow one order of every kind."""
        await self.own.connect()
        self.tell("Choosing features, settings, mappings and articles, going live …")
        await self.own.set_up()
        self.tell("Importing orders …")
        await self.run(Feature.ORDERS)
        told = None
        if story:
            self.tell("Following one order of every kind: shipped, paid, cancelled, returned, invoiced …")
            told = await story.play()
        self._may_ship.set()
        await self.own.ship(self._ship)
        return told

    async def _ship(self) -> None:
        """Have the warehouse ship, once the story has shown what ships when."""
        await self._may_ship.wait()
        await self.lifecycle.client.get_schedule_handle(ids.house(AUTO_SHIP)).trigger()

    async def _level(self) -> Levelled:
        """Sell the article that all shops have in one of them, and wait until every other one is offered less.

        Nobody sends stock by hand: whoever imports orders gives the hint.
        """
        seller, *others = [each for each in self.others if each.features]
        offering = {each.spec.key: each.shop for each in (self.own, *others)}
        before = {key: shop.ledger().stock[SHARED_SKU] for key, shop in offering.items()}
        seconds: dict[str, float] = {}
        begun = time.monotonic()

        def all_lower() -> bool:
            for key, shop in offering.items():
                if key not in seconds and shop.ledger().stock[SHARED_SKU] == before[key] - PIECES:
                    seconds[key] = round(time.monotonic() - begun, 1)
            return len(seconds) == len(offering)

        seller.shop.buy([(SHARED_SKU, PIECES)])
        await seller.run(Feature.ORDERS)
        await self.until(all_lower, "a sale did not lower what the other shops offer", LEVELLED_WITHIN)
        for each in (self.own, seller, *others):
            await each.until(each.has_sent, "the sale was not told in time", LEVELLED_WITHIN)
        return Levelled(sold_in=seller.spec.key, seconds=seconds)

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

    async def run(self, feature: Feature) -> None:
        """Run a feature by hand and wait for its end."""
        since = datetime.now(UTC)
        await self.own.run(feature)
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

    def _own_summary(self, story: StorySummary | None) -> OwnSummary:
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
        wanted = WISHES["import_states"]
        meant = [order for key, order in documents.items() if order["status"] in wanted or key in booked]
        return OwnSummary(
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

    def invitation(self, summary: OwnSummary, seconds: float) -> str:
        """Place one more order, and say where to look."""
        random_order(self.shop, random.Random())  # noqa: S311 - an invented customer
        return f"""
{summary.orders_in_erp} of {summary.orders_in_shop} orders imported, {summary.total_erp} of {summary.total_shop} in all;
{summary.stock_updates_confirmed} stock levels and {summary.shipments_confirmed} shipments confirmed by the shop, after {seconds:.0f} s.

  Connect        {self.running.web_url}   (log in as {LOGIN} with the password {PASSWORD})
  Sandbox shop   {self.shop.base_url}   (place an order, see stock and shipments arrive, switch faults on)
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

    with reporting(as_json), ExitStack() as stack:
        shop = WooShop(state_file=settings.data.resolve() / "demo-shop.jsonl")
        if not shop.products:
            seed_shop(shop, articles=ARTICLES, orders=ORDERS, unknown_sku_share=0)
        files = {kind: settings.data.resolve() / f"demo-{kind.__name__}.jsonl" for kind in SELLING}
        others = [*(kind(state_file=file) for kind, file in files.items()), Shopware5Shop()]
        links = {"Sandbox-Shop": stack.enter_context(SandboxServer(shop)).url}
        for other in others:
            if SHARED_SKU not in other.ledger().articles:
                other.seed(articles=OTHER_ARTICLES, orders=OTHER_ORDERS, seed=SEED)
                other.add_article(SHARED_SKU, "Tasse Morgen", "12.90", stock=100)
            links[f"Sandbox {other.key}"] = stack.enter_context(SandboxServer(other)).url
        tell("Starting PostgreSQL, Temporal, worker and web …")
        group = stack.enter_context(Group(settings, dev_links=links, web=not exit_))
        assert group.running is not None
        play = Demo(shop, others, group.running, settings, tell)
        summary = asyncio.run(play.play())
        tell(table(summary))
        if exit_:
            play.close()
            seconds = round(time.monotonic() - begun, 1)
            say({"ok": summary.ok} | summary.model_dump(mode="json") | {"seconds": seconds}, as_json)
            raise typer.Exit(0 if summary.ok else 1)
        tell(play.invitation(summary.integrations[0], time.monotonic() - begun))
        wait_for_signal()
        play.close()

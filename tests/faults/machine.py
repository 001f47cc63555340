"""`connect up` as it runs on one machine, with processes that a test may kill at a chosen moment."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import psutil
import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

import worker
from activities.deps import Deps
from canonical.feature import Feature
from canonical.lifecycle import By, Pause, RunNow
from commands.group import Group
from connectors.transport import TransportOptions
from erp import numbers
from erp.database import make_engine, make_sessions
from erp.shipping import ParcelForm, ship_order
from erp.stock import Movement, Reason, post_movements
from sandbox.woocommerce import WooShop
from settings import Settings
from tests.world import BY, Connected, World
from workflows import ids
from workflows.client import Lifecycle

Victim = Literal["worker", "temporal", "postgres"]
ALL = (Feature.ORDERS, Feature.STOCK, Feature.SHIPMENTS)


@dataclass
class Machine(World):
    """The whole product on this machine but for the pages: embedded servers and a worker, each a process of its own."""

    group: Group = field(kw_only=True)
    data: Path = field(kw_only=True)

    def pid(self, victim: Victim) -> int | None:
        """The process that serves now, None while it is being started again."""
        assert self.group.servers is not None
        return self.group.children["worker"].pid if victim == "worker" else self.group.servers.pids().get(victim)

    def kill(self, victim: Victim) -> int:
        """`kill -9` of a process and of all that it started, itself first, so that it cannot tidy up; returns its pid."""
        pid = self.pid(victim)
        assert pid is not None, f"{victim} does not run"
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return pid

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 100) -> None:
        """Wait until something holds; a database that is down tells nothing yet."""

        def tells() -> bool:
            try:
                return holds()
            except DBAPIError:
                return False

        await super().until(tells, what, seconds)

    def administrator(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection that may do everything, each statement a transaction."""
        assert self.group.running is not None
        url = self.group.running.database_url.replace("+psycopg", "").replace("connect@", "postgres@")
        return psycopg.connect(url, autocommit=True)

    def database_home(self) -> Path:
        """The folder with PostgreSQL's files."""
        with self.administrator() as database:
            return Path(*database.execute("SHOW data_directory").fetchone() or ())

    def rows(self, query: str, **params: object) -> list[Any]:
        """All rows of a query."""
        with self.deps.sessions() as session:
            return list(session.execute(text(query), params).all())

    @asynccontextmanager
    async def live_shop(self, shop: WooShop) -> AsyncIterator["Story"]:
        """Connect a shop, let the ERP's stock differ from the shop's, and go live.

        The schedules are held: only what a test asks for is imported or sent.
        """
        importable = [order for order in shop.orders.values() if order["status"] in ("processing", "on-hold")]
        connected = await self.connect_shop(shop)
        await connected.set_up(*ALL)
        for feature in ALL:
            await connected.send("pause", Pause(feature=feature, note="a test asks", by=BY))
        with self.deps.sessions() as session:
            deliver_goods(session)
            session.commit()
        await connected.go_live()
        try:
            yield Story(self, connected, importable)
        finally:
            shop.faults.clear()
            shop.faults.release()
            await connected.send("stop", By(by=BY))


def deliver_goods(session: Session) -> None:
    """Put a thousand pieces of each stock article on the shelf."""
    listed = session.execute(text("SELECT number FROM article WHERE is_stock_article AND kind <> 'matrix'")).scalars()
    reference = uuid4().hex
    goods = [Movement(number, "HAUPT", Decimal(1000), Reason.RECEIPT, reference) for number in listed]
    post_movements(session, goods)


@dataclass
class Story:
    """One shop's way: orders come in, stock and tracking go out, and a process dies on the way."""

    machine: Machine
    connected: Connected
    importable: Sequence[dict[str, Any]]
    """The shop's orders that belong into the ERP."""

    @property
    def shop(self) -> WooShop:
        """The simulated shop."""
        return self.connected.shop

    def number(self, query: str) -> int:
        """One number of this integration."""
        return int(self.machine.number(query, id=self.connected.id))

    def rows(self, query: str) -> list[Any]:
        """Rows of this integration."""
        return self.machine.rows(query, id=self.connected.id)

    def documents(self, state: str) -> int:
        """How many documents of the inbox are in a state."""
        return self.number(f"SELECT count(*) FROM inbox_document WHERE integration_id = :id AND state = '{state}'")

    def batches(self, feature: Feature, state: str) -> int:
        """How many push batches of a feature are in a state."""
        return self.number(
            f"SELECT count(*) FROM push_batch WHERE integration_id = :id AND feature = '{feature.value}' AND state = '{state}'"
        )

    def unsent(self, feature: Feature) -> int:
        """How many records the channel has not confirmed."""
        return self.number(
            "SELECT count(*) FROM link WHERE integration_id = :id AND dirty_at IS NOT NULL AND state <> 'failed'"
            f" AND kind = '{feature.value}'"
        )

    async def ask(self, feature: Feature) -> None:
        """Ask for a run, as the page does; do not wait for its end."""
        await self.connected.send("run_now", RunNow(feature=feature, by=BY))

    async def import_all(self) -> None:
        """Wait until every document is decided and every order that belongs here is booked."""
        await self.machine.until(
            lambda: self.connected.orders() == len(self.importable) and not self.documents("new"), "all orders booked"
        )

    async def send_all(self, feature: Feature) -> None:
        """Ask for a run and wait until the channel has confirmed everything."""
        await self.ask(feature)
        await self.machine.until(
            lambda: not self.unsent(feature) and not self.batches(feature, "sending"),
            f"all of {feature.value} confirmed",
        )

    def ship(self, count: int) -> set[str]:
        """Ship the oldest orders that may leave and whose goods are there, with a parcel each; returns the numbers of the articles that left the shelf."""
        with self.machine.deps.sessions() as session:
            query = (
                "SELECT id FROM sales_order o WHERE integration_id = :id AND fulfilment_state = 'open' AND payment_state = 'paid'"
                " AND holds = '{}' AND NOT EXISTS (SELECT FROM sales_order_line l JOIN article a ON a.id = l.article_id"
                " AND a.is_stock_article LEFT JOIN stock_level s ON s.article_id = a.id"
                " WHERE l.order_id = o.id AND coalesce(s.physical, 0) < 20) ORDER BY id LIMIT :count"
            )
            ids = session.execute(text(query), {"id": self.connected.id, "count": count}).scalars().all()
            assert len(ids) == count
            for order_id in ids:
                ship_order(session, order_id, [ParcelForm(tracking_number=f"{self.connected.id}-{order_id}")], BY)
            left = session.execute(
                text(
                    "SELECT DISTINCT a.number FROM shipment_line s JOIN sales_order_line l ON l.id = s.order_line_id"
                    " JOIN article a ON a.id = l.article_id WHERE l.order_id = ANY(:ids)"
                ),
                {"ids": list(ids)},
            ).scalars()
            moved = set(left)
            session.commit()
        return moved.intersection(self.levels())

    def levels(self) -> dict[str, int]:
        """What lies on the ERP's shelf of each article whose stock this shop manages, counted from the ledger."""
        rows = self.rows(
            "SELECT a.number, sum(m.quantity) AS pieces FROM stock_movement m JOIN article a ON a.id = m.article_id"
            " JOIN article_list_entry e ON e.article_id = a.id AND e.integration_id = :id GROUP BY 1"
        )
        managed = {product.sku for product in self.shop.products.values() if product.manage_stock is True}
        return {row.number: int(row.pieces) for row in rows if row.number in managed}

    @contextmanager
    def booking_held(self) -> Iterator[None]:
        """Hold the order numbers, so that whatever is fetched cannot be booked; a killed database forgets the hold."""
        session = self.machine.deps.sessions()
        try:
            project = session.execute(text("SELECT id FROM project WHERE code = 'SHOP'")).scalar_one()
            numbers.hold(session, project, "order")
            yield
        finally:
            session.invalidate()


async def run_machine(folder: Path) -> AsyncIterator[Machine]:
    """Start everything; auto-ship is held, because a test decides what is shipped when."""
    settings = Settings(data=folder / "var", allow_private_addresses=True)
    with Group(settings, web=False) as group:
        assert group.running is not None
        engine = make_engine(group.running.database_url, pool=5)
        deps = Deps(make_sessions(engine), worker.keyring(settings), TransportOptions(allow_private=True))
        client = await worker.connect(settings, group.running.temporal_address)
        await client.get_schedule_handle(ids.house("auto-ship")).pause(note="a test ships")
        machine = Machine(deps, client, Lifecycle(client), group=group, data=settings.data)
        with machine.stack:
            yield machine
        await asyncio.to_thread(engine.dispose)

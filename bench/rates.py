"""How much of what a vendor permits is used: two senders share an account's limiter, and a simulated shop counts and refuses."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

import connectors
from bench import BenchError
from bench.invented import seeded_store
from bench.world import temporary_folder
from canonical.failure import FailureError
from canonical.feature import Feature
from canonical.push import StockLevel
from connectors.account import Account, NoTokenStore
from connectors.transport import TransportOptions
from erp.database import make_engine, make_sessions
from erp.limits import AccountLimiter, Rate
from erp.merchant_seed import Size
from sandbox.server import SandboxServer
from sandbox.shopify.cost import Bucket

SENDERS = 2
BATCH = 20
AIM = 0.9
FASTER = 20
"""So many times faster runs the clock of the shop whose limits are of minutes, and so much shorter are they."""
OR11 = "OR11"


class Share(BaseModel):
    """What one account used of what it may."""

    name: str
    unit: str
    used: float
    permitted: float
    """What may be had at once, and what came back while it was measured."""
    share: float
    refused: int
    """Answers that said: too many."""


class RatesResult(BaseModel):
    """One share per account."""

    shares: list[Share]

    def text(self) -> str:
        """The result for a person."""
        return "\n".join(
            f"{each.name:12} {each.used:7,.0f} of {each.permitted:7,.0f} {each.unit}: {each.share:.1%}, refused {each.refused}"
            for each in self.shares
        )


class CountingBucket(Bucket):
    """Shopify's bucket that also counts what was paid and whom it refused."""

    used, refused = 0, 0

    def take(self, cost: int) -> bool:
        """Reserve points."""
        permitted = super().take(cost)
        with self._lock:
            self.used += cost if permitted else 0
            self.refused += not permitted
        return permitted

    def give_back(self, points: int) -> None:
        """Return what was not used."""
        super().give_back(points)
        with self._lock:
            self.used -= points


@dataclass(frozen=True)
class Case:
    """An account: its shop, what its connector does over and over, and what is permitted."""

    name: str
    connector: str
    shop: str
    """The class in the sandbox's package."""
    unit: str
    rate: Rate
    """What the shop permits, or where it does not count, what the connector declares."""
    work: Callable[[Any, int, dict[str, str]], None]
    path: str = ""
    """The requests that count; a pattern."""
    faster: int = 1


def _send_stock(connector: Any, number: int, refs: dict[str, str]) -> None:
    """Send a batch; the shop's ids are looked up the first time only, as links keep them."""
    skus = [f"A{n}" for n in range(BATCH)]
    answer = connector.send_stock([StockLevel(key=s, sku=s, ref=refs.get(s, ""), quantity=number % 900) for s in skus])
    refs.update({result.key: result.ref for result in answer.results})


def _fetch_orders(connector: Any, number: int, refs: dict[str, str]) -> None:
    del number, refs
    connector.fetch_orders(connector.first_cursor(datetime.now(UTC).isoformat()), 100)


def cases() -> list[Case]:
    """Points of a bucket that the shop keeps, calls per second that the connector declares, and a call per minute."""
    limits = {key: connectors.spec_of(key).limits for key in ("woocommerce", "shopware6", "mirakl")}
    declared = {key: Rate(limit.per_second, limit.burst) for key, limit in limits.items()}
    lane = limits["mirakl"].lanes[OR11]
    return [
        Case("Shopify", "shopify", "ShopifyShop", "points", Rate(200, 1000), _send_stock),
        Case("WooCommerce", "woocommerce", "WooShop", "calls", declared["woocommerce"], _send_stock),
        Case("Shopware 6", "shopware6", "Shopware6Shop", "calls", declared["shopware6"], _send_stock),
        Case(
            f"Mirakl {OR11}", "mirakl", "MiraklShop", "calls", Rate(FASTER / 60, lane.burst), _fetch_orders, "/api/orders", FASTER
        ),
    ]  # fmt: skip


def measure(*, seconds: int) -> RatesResult:
    """Send for some seconds to each shop; raises `BenchError` when a call was refused for its rate, or too little was used."""
    with temporary_folder() as folder, seeded_store(folder, Size(articles=0, customers=1)) as url:
        engine = make_engine(url, pool=2 * SENDERS)
        shares = [_measured(make_sessions(engine), case, seconds) for case in cases()]
        engine.dispose()
    bad = [each for each in shares if each.refused or not AIM <= each.share <= 1.01]
    if bad:
        raise BenchError("not as it should be:\n" + RatesResult(shares=bad).text())
    return RatesResult(shares=shares)


def _measured(sessions: sessionmaker[Session], case: Case, seconds: int) -> Share:
    with _served(case) as shop:
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as pool:
            for sender in [pool.submit(_send, sessions, case, shop.facts, began + seconds) for _ in range(SENDERS)]:
                sender.result()
        spent = time.perf_counter() - began
        used, refused = shop.counted()
    permitted = case.rate.burst + case.rate.per_second * spent
    return Share(
        name=case.name, unit=case.unit, used=used, permitted=round(permitted, 1), share=round(used / permitted, 3), refused=refused
    )  # fmt: skip


def _send(sessions: sessionmaker[Session], case: Case, facts: Mapping[str, Any], until: float) -> None:
    """One batch after the other, each with a connector of its own as an activity has it; a refusal is waited off."""
    spec = connectors.spec_of(case.connector)
    form = spec.credentials.model_validate(facts["credentials"])
    limits = spec.limits
    lanes = {name: Rate(lane.per_second * case.faster, lane.burst) for name, lane in limits.lanes.items()}
    rate = Rate(limits.per_second, limits.burst)
    tokens = NoTokenStore()
    settings = {Feature.STOCK: spec.features[Feature.STOCK].settings.model_validate(facts["stock"])}
    number, refs = 0, dict[str, str]()
    while time.perf_counter() < until:
        number += 1
        account = Account(AccountLimiter(sessions, case.name, rate, lanes), tokens)
        connector = connectors.build(case.connector, form, settings, account, TransportOptions(allow_private=True))
        try:
            case.work(connector, number, refs)
        except FailureError as error:
            if error.failure.code != "RATE_LIMITED":
                raise
            time.sleep(min(1.0, (error.failure.retry_after or timedelta(seconds=1)).total_seconds()))
        finally:
            connector.close()


# --- the shop in a process of its own -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shop:
    facts: Mapping[str, Any]
    _line: Connection

    def counted(self) -> tuple[float, int]:
        """What was used, and how many were refused."""
        self._line.send("count")
        used, refused = self._line.recv()
        return used, refused


@contextmanager
def _served(case: Case) -> Iterator[_Shop]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(case, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(60):
            raise BenchError(f"the shop of {case.name} did not start")
        yield _Shop(ours.recv(), ours)
    finally:
        ours.send("stop")
        process.join(20)
        process.kill()


def _serve(case: Case, line: Connection) -> None:
    """Serve until told to stop; the shop has as many articles as a batch."""
    shop = _shop(case)
    if case.connector != "mirakl":
        for number in range(BATCH):
            shop.add_article(f"A{number}", f"Article {number}", "9.90", stock=5)
    with SandboxServer(shop):
        line.send(_facts(case.connector, shop))
        while line.recv() == "count":
            counted = shop.requests.count(path=case.path or None, status=200), shop.requests.count(status=429)
            line.send((shop.bucket.used, shop.bucket.refused) if case.connector == "shopify" else counted)


def _shop(case: Case) -> Any:
    began, size, rate = datetime.now(UTC), int(case.rate.burst), case.rate.per_second
    options: dict[str, dict[str, Any]] = {
        "shopify": {"bucket": size, "restore_rate": rate},
        "mirakl": {"enforce_frequency": True, "clock": lambda: began + (datetime.now(UTC) - began) * case.faster},
    }
    shop = getattr(import_module(f"sandbox.{case.connector}"), case.shop)(**options.get(case.connector, {}))
    if case.connector == "shopify":
        shop.bucket = CountingBucket(size, rate)
    return shop


def _facts(key: str, shop: Any) -> dict[str, Any]:
    """What a person would paste and choose."""
    chosen = {}
    if key == "shopify":
        chosen = {"location_map": {"HAUPT": next(iter(shop.store.table("Location"))).rpartition("/")[2]}}
    return {"credentials": shop.credentials(), "stock": chosen}

"""The import of orders measured whole: from the shop's pages to booked orders, by the real updates, checked to the cent."""

import asyncio
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import text

from bench import BenchError, stages
from bench.history import Record, record_since
from bench.meter import Meter
from bench.shop import Filled, fill
from bench.world import World, running, temporary_folder
from canonical.feature import Feature

ARTICLES = 1000
UNKNOWN_SKU_SHARE = 0.05
LONGEST_SECONDS = 1800


class OrdersResult(BaseModel):
    """What one measurement gave; rates count every order that was fetched, stored and decided."""

    orders: int
    booked: int
    parked: int
    skipped: int
    lines: int
    bytes_per_order: int
    workers: int
    seconds: float
    """From the first fetch to the last booking, by Temporal's history."""
    orders_per_second: float
    booked_per_second: float
    plain_orders_per_second: float
    requests: int
    requests_per_order: float
    temporal_actions: int
    temporal_actions_per_1000: float
    cpu_seconds: dict[str, float]
    peak_memory_mb: dict[str, int]
    activity_seconds: dict[str, float]
    """How long the run's activities took together; fetching overlaps applying."""
    stages: dict[str, float]
    """Percent of the time of the same import, one activity after the other in one process."""

    def text(self) -> str:
        """The result for a person."""
        lines = [
            f"{self.orders} orders with {self.lines} lines, {self.bytes_per_order} bytes each, {self.workers} worker(s)",
            f"{self.booked} booked, {self.parked} parked, {self.skipped} skipped; each once, sums equal",
            f"{self.orders_per_second:.0f} orders/s ({self.booked_per_second:.0f} booked/s), {self.seconds:.2f} s;"
            f" without rules {self.plain_orders_per_second:.0f} orders/s",
            f"{self.requests} requests ({self.requests_per_order:.4f} per order),"
            f" {self.temporal_actions_per_1000:.1f} Temporal actions per 1,000 orders",
        ]
        lines += [
            f"  {name:10} {seconds:7.2f} CPU s  {self.peak_memory_mb[name]:5} MB at most"
            for name, seconds in self.cpu_seconds.items()
        ]
        lines.append("stages: " + ", ".join(f"{name} {share} %" for name, share in self.stages.items()))
        return "\n".join(lines)


def measure(*, orders: int, workers: int = 1) -> OrdersResult:
    """Measure the import of so many orders; raises `BenchError` when the result is wrong."""
    with temporary_folder() as folder:
        filled = fill(folder / "shop.jsonl", articles=ARTICLES, orders=orders, unknown_sku_share=UNKNOWN_SKU_SHARE)
        return asyncio.run(_measure(folder, filled, orders, workers))


async def _measure(folder: Path, filled: Filled, orders: int, workers: int) -> OrdersResult:
    async with running(folder, filled, workers) as world:
        await world.set_up(filled, Feature.ORDERS)
        before = world.shop.requests()
        since: datetime = world.number("SELECT clock_timestamp()")
        with Meter(world.pids) as meter:
            await world.run(Feature.ORDERS, LONGEST_SECONDS)
        requests = world.shop.requests() - before
        record = await record_since(world.lifecycle.client, since)
        states = check(world, filled, orders)
        seconds = _seconds(record)
        shares = stages.shares(world, filled)
        plain = stages.plain_rate(world, orders)
    usage = meter.usage()
    return OrdersResult(
        orders=orders,
        booked=states.get("booked", 0),
        parked=states.get("parked", 0),
        skipped=states.get("skipped", 0),
        lines=filled.lines,
        bytes_per_order=filled.document_bytes // orders,
        workers=workers,
        seconds=round(seconds, 2),
        orders_per_second=round(orders / seconds, 1),
        booked_per_second=round(states.get("booked", 0) / seconds, 1),
        plain_orders_per_second=plain,
        requests=requests,
        requests_per_order=round(requests / orders, 4),
        temporal_actions=record.actions,
        temporal_actions_per_1000=round(1000 * record.actions / orders, 2),
        cpu_seconds={name: cost.cpu_seconds for name, cost in usage.items()},
        peak_memory_mb={name: cost.peak_memory_mb for name, cost in usage.items()},
        activity_seconds={
            name: round(sum(each.seconds for each in record.of(name)), 2) for name in ("fetch_page", "apply_page")
        },
        stages=shares,
    )


def _seconds(record: Record) -> float:
    """From the start of the first fetch to the end of the last booking."""
    return (record.of("apply_page")[-1].completed - record.of("fetch_page")[0].started).total_seconds()


def check(world: World, filled: Filled, orders: int) -> dict[str, int]:
    """Compare inbox, orders, lines and journal with the shop's books; returns how many documents ended in which state."""
    with world.sessions() as session:
        booked = session.execute(text("SELECT external_id, total FROM sales_order")).all()
        lines = dict(
            session.execute(
                text(
                    "SELECT o.external_id, sum(l.gross) FROM sales_order_line l JOIN sales_order o ON o.id = l.order_id GROUP BY 1"
                )
            ).all()
        )
        parked = set(session.execute(text("SELECT external_id FROM inbox_document WHERE state = 'parked'")).scalars())
        told = session.execute(text("SELECT count(*) FROM journal WHERE event = 'booked'")).scalar_one()
        states = dict(session.execute(text("SELECT state, count(*) FROM inbox_document GROUP BY 1")).all())
    same("orders booked twice", len(booked) - len({row.external_id for row in booked}), 0)
    same("orders", {row.external_id: row.total for row in booked}, filled.totals)
    same("sums of lines", lines, filled.totals)
    same("parked orders", parked, set(filled.parked))
    same("journal events of booked orders", told, len(filled.totals))
    same("documents", sum(states.values()), orders)
    same("undecided documents", states.get("new", 0), 0)
    return states


def same(what: str, found: object, wanted: object) -> None:
    """Raise `BenchError` naming what differs."""
    if found == wanted:
        return
    if isinstance(found, dict | set) and isinstance(wanted, dict | set):
        odd = sorted(key for key in {*found, *wanted} if _value(found, key) != _value(wanted, key))
        raise BenchError(f"{what}: {len(odd)} differ, such as {odd[:5]}")
    raise BenchError(f"{what}: {found} instead of {wanted}")


def _value(where: dict[str, Decimal] | set[str], key: str) -> object:
    return where.get(key) if isinstance(where, dict) else key in where

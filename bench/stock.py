"""Stock of many articles measured whole: a change in the ERP, planned, sent in the shop's batches, confirmed by the shop."""

import asyncio
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import text

from bench import BenchError
from bench.history import Record, record_since
from bench.meter import Meter
from bench.shop import Filled, fill_with_articles, levels
from bench.world import World, running, temporary_folder
from canonical.feature import Feature
from erp.stock import Movement, Reason, post_movements

LONGEST_SECONDS = 1800


class StockResult(BaseModel):
    """What one measurement gave; the first run sends every article, the second what changed, the third nothing."""

    articles: int
    changed: int
    first_seconds: float
    first_requests: int
    plan_seconds: float
    """Finding, computing and freezing what must be sent, in all activities of the second run."""
    accepted_seconds: float
    """From the start of the second run until the answers of the shop were written into the links."""
    requests: int
    requests_unchanged: int
    temporal_actions: int
    cpu_seconds: dict[str, float]
    peak_memory_mb: dict[str, int]

    def text(self) -> str:
        """The result for a person."""
        return "\n".join(
            [
                f"{self.articles} articles sent for the first time in {self.first_seconds:.1f} s, {self.first_requests} requests",
                f"{self.changed} changed: planned in {self.plan_seconds:.2f} s, accepted after {self.accepted_seconds:.1f} s,"
                f" {self.requests} requests, {self.temporal_actions} Temporal actions; every level as in the ERP",
                f"nothing changed: {self.requests_unchanged} requests",
            ]
            + [
                f"  {name:10} {seconds:7.2f} CPU s  {self.peak_memory_mb[name]:5} MB at most"
                for name, seconds in self.cpu_seconds.items()
            ]
        )


def measure(*, articles: int, changed: int) -> StockResult:
    """Measure the export of changed levels; raises `BenchError` when the shop does not have them afterwards."""
    if changed > articles:
        raise BenchError("more changes than articles")
    with temporary_folder() as folder:
        filled = fill_with_articles(folder / "shop.jsonl", articles)
        result, wanted = asyncio.run(_measure(folder, filled, changed))
        found = {sku: level for sku, level in levels(filled.state_file).items() if level is not None}
        if found != wanted:
            raise BenchError(
                f"{sum(found.get(sku) != level for sku, level in wanted.items())} levels differ in the shop"
            )
    return result


async def _measure(folder: Path, filled: Filled, changed: int) -> tuple[StockResult, dict[str, int]]:
    async with running(folder, filled, workers=1) as world:
        await world.set_up(filled, Feature.STOCK)
        first, first_requests = await _run(world)
        _change(world, filled, changed)
        before = world.shop.effects()
        with Meter(world.pids) as meter:
            second, requests = await _run(world)
        effects = world.shop.effects() - before
        if effects != changed:
            raise BenchError(f"the shop counts {effects} new levels instead of {changed}")
        _, unchanged = await _run(world)
        wanted = _levels(world)
    usage = meter.usage()
    result = StockResult(
        articles=len(filled.articles),
        changed=changed,
        first_seconds=_seconds(first),
        first_requests=first_requests,
        plan_seconds=round(sum(each.seconds for each in second.of("collect_batch")), 2),
        accepted_seconds=_seconds(second),
        requests=requests,
        requests_unchanged=unchanged,
        temporal_actions=second.actions,
        cpu_seconds={name: cost.cpu_seconds for name, cost in usage.items()},
        peak_memory_mb={name: cost.peak_memory_mb for name, cost in usage.items()},
    )
    return result, wanted


async def _run(world: World) -> tuple[Record, int]:
    before = world.shop.requests()
    since: datetime = world.number("SELECT clock_timestamp()")
    await world.run(Feature.STOCK, LONGEST_SECONDS)
    return await record_since(world.lifecycle.client, since), world.shop.requests() - before


def _seconds(record: Record) -> float:
    """From the start of the first collecting to the end of the last settling."""
    settled = record.of("settle_batch")
    return round((settled[-1].completed - record.of("collect_batch")[0].started).total_seconds(), 2)


def _change(world: World, filled: Filled, count: int) -> None:
    """Receive one piece of evenly spread articles, as a delivery does."""
    step = len(filled.articles) // count
    with world.sessions() as session:
        post_movements(
            session,
            [
                Movement(article["sku"], "HAUPT", Decimal(1), Reason.RECEIPT, "bench")
                for article in filled.articles[: step * count : step]
            ],
        )
        session.commit()


def _levels(world: World) -> dict[str, int]:
    with world.sessions() as session:
        query = "SELECT a.number, l.physical FROM stock_level l JOIN article a ON a.id = l.article_id"
        return {number: int(physical) for number, physical in session.execute(text(query))}

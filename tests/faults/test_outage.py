"""A shop that is down and comes back goes on by itself: deferred runs, no block, and the schedule alone picks up."""

from datetime import timedelta
from typing import Any

from temporalio.client import ScheduleIntervalSpec, ScheduleSpec, ScheduleUpdate, ScheduleUpdateInput

from canonical.feature import Feature
from sandbox.woocommerce import WooShop, seed_shop
from tests.faults.machine import Machine
from tests.world import Connected
from workflows import ids

AN_HOUR = 3600


def feature_row(machine: Machine, connected: Connected) -> Any:
    (row,) = machine.rows(
        "SELECT deferred_since, blocked_at, paused_at, last_outcome FROM integration_feature"
        " WHERE integration_id = :id AND feature = 'orders'",
        id=connected.id,
    )
    return row


async def run_by_schedule(machine: Machine, connected: Connected) -> str:
    """Let the schedule do what it does every fifteen minutes."""
    since = machine.number("SELECT clock_timestamp()")
    await machine.client.get_schedule_handle(ids.feature(connected.id, Feature.ORDERS)).trigger()
    return await connected.outcome(Feature.ORDERS, since)


async def test_a_shop_that_is_down_for_an_hour_goes_on_without_a_person(machine: Machine) -> None:
    shop = WooShop()
    seed_shop(shop, articles=20, orders=30)
    wanted = [order for order in shop.orders.values() if order["status"] in ("processing", "on-hold")]
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    schedule = machine.client.get_schedule_handle(ids.feature(connected.id, Feature.ORDERS))

    shop.faults.set(mode="503", retry_after=AN_HOUR)
    assert await run_by_schedule(machine, connected) == "deferred"
    down_since = feature_row(machine, connected).deferred_since
    assert down_since is not None
    for _ in range(2):
        assert await run_by_schedule(machine, connected) == "deferred"
    row = feature_row(machine, connected)
    assert (row.deferred_since, row.blocked_at, row.paused_at) == (down_since, None, None)
    assert not (await schedule.describe()).schedule.state.paused
    told = machine.rows(
        "SELECT code, params FROM journal WHERE integration_id = :id AND event = 'deferred'", id=connected.id
    )
    assert [event.code for event in told] == ["SERVER_ERROR"] * 3
    assert connected.orders() == 0

    async def every_second(given: ScheduleUpdateInput) -> ScheduleUpdate:
        changed = given.description.schedule
        changed.spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=1))])
        return ScheduleUpdate(schedule=changed)

    shop.faults.clear()
    await schedule.update(every_second)
    await machine.until(lambda: connected.orders() == len(wanted), "the schedule imports by itself")
    await machine.until(lambda: feature_row(machine, connected).deferred_since is None, "the outage is over")
    assert (
        machine.rows("SELECT id FROM run WHERE integration_id = :id AND trigger <> 'schedule'", id=connected.id) == []
    )
    await schedule.delete()


async def test_a_connection_that_is_cut_again_and_again_defers_and_keeps_what_was_fetched(machine: Machine) -> None:
    shop = WooShop()
    seed_shop(shop, articles=20, orders=12)
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    assert await run_by_schedule(machine, connected) == "done"
    before = connected.orders()
    shop.place_order([(next(iter(shop.skus)), 1)], next(iter(shop.orders.values()))["billing"], payment_method="stripe")
    shop.faults.set(mode="drop")
    assert await run_by_schedule(machine, connected) == "deferred"
    assert connected.orders() == before > 0
    shop.faults.clear()
    assert await run_by_schedule(machine, connected) == "done"
    assert connected.orders() == before + 1

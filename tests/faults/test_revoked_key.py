"""A key that is revoked while a run goes on: the run ends blocked, nothing is lost, and with new keys it goes on."""

from canonical.feature import Feature
from canonical.lifecycle import ForFeature, RunNow
from sandbox.woocommerce import WooShop, seed_shop
from sandbox.woocommerce.auth import Key
from tests.faults.machine import Machine
from tests.faults.test_bad_input import check_words, reason_of
from tests.world import BY

ORDERS = 190
"""More than the shop gives in one page."""


def filled_shop() -> WooShop:
    shop = WooShop()
    seed_shop(shop, articles=20, orders=ORDERS)
    return shop


async def test_a_key_revoked_after_the_first_page_blocks_the_run_and_loses_nothing(machine: Machine) -> None:
    shop = filled_shop()
    connected = await machine.connect_shop(shop)
    await connected.set_up(Feature.ORDERS)
    await connected.go_live()
    shop.requests.clear()
    shop.faults.set("hang", path="/orders", skip=1)
    since = machine.number("SELECT clock_timestamp()")
    await connected.send("run_now", RunNow(feature=Feature.ORDERS, by=BY))
    await machine.until(lambda: shop.faults.waiting == 1, "the second page is asked for")
    shop.revoke()
    shop.faults.release()
    assert await connected.outcome(Feature.ORDERS, since) == "blocked"
    assert [entry.status for entry in shop.requests if "/orders" in entry.path] == [200, 401]
    check_words(reason_of(machine, connected, "blocked"), connected.server.url.partition("://")[2])
    blocked = (
        "SELECT count(*) FROM integration_feature"
        " WHERE integration_id = :id AND blocked_at IS NOT NULL AND blocked->>'code' = 'ACCESS'"
    )
    await machine.until(lambda: machine.number(blocked, id=connected.id) == 1, "the banner is there")
    made = Key("ck_" + "b" * 40, "cs_" + "b" * 40, "read_write")
    shop.gate.grant(made)
    connected.store_keys(made.consumer_key, made.consumer_secret)
    since = machine.number("SELECT clock_timestamp()")
    await connected.send("resolve", ForFeature(feature=Feature.ORDERS, by=BY))
    assert await connected.outcome(Feature.ORDERS, since) == "done"
    importable = [order for order in shop.orders.values() if order["status"] in ("processing", "on-hold")]
    assert connected.orders() == len(importable) > 100
    assert machine.number(blocked, id=connected.id) == 0

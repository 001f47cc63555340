"""One stock, two shops: what sells in one is offered less in the other, by itself."""

import time

from canonical.feature import Feature
from canonical.lifecycle import Configure
from sandbox.woocommerce import WooShop, seed_shop
from tests.world import BY, Connected, World

BUYER = {
    "first_name": "Anna", "last_name": "Muster", "address_1": "Weg 1", "city": "Berlin", "postcode": "10115", "country": "DE",
    "email": "anna@example.com",
}  # fmt: skip


async def connected(world: World) -> Connected:
    """A shop with the same articles as the other one, live, its stock sent."""
    shop = WooShop()
    seed_shop(shop, articles=20, orders=0)
    one = await world.connect_shop(shop)
    await one.set_up(Feature.ORDERS, Feature.STOCK)
    values = {"warehouses": ["HAUPT"], "subtract_reservations": True}
    await one.send("configure", Configure(feature=Feature.STOCK, values=values, by=BY))
    await one.go_live()
    assert await one.run(Feature.STOCK) == "done"
    return one


def offered(of: Connected, sku: str) -> int:
    """What a shop may sell of an article."""
    return of.shop.products[of.shop.skus[sku]].stock_quantity or 0


async def test_a_sale_in_one_shop_lowers_what_the_other_is_offered(world: World) -> None:
    """Prints how long it took from the beginning of the import (`pytest -n 0 -s`); docs/performance.md names it."""
    one, other = await connected(world), await connected(world)
    sku = next(p.sku for p in one.shop.products.values() if p.type == "simple" and (p.stock_quantity or 0) > 20)
    before = offered(other, sku)
    assert before == offered(one, sku) > 20
    one.shop.place_order([(sku, 3)], BUYER, payment_method="stripe")
    begun = time.monotonic()
    assert await one.run(Feature.ORDERS) == "done"
    await world.until(lambda: offered(other, sku) == before - 3, "the other shop is offered less")
    print(f"the other shop is offered less after {time.monotonic() - begun:.1f} s")

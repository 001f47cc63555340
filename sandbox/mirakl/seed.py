"""Fill a marketplace shop with lifelike offers and orders, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.mirakl import seed_data as words
from sandbox.mirakl.checkout import Promotion

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
T = TypeVar("T")
SPAN = timedelta(days=3)
CHUNK = 500


def seed_shop(shop: MiraklShop, *, articles: int, orders: int, seed: int = 1, until: datetime | None = None) -> None:
    """Add articles (parents of variants included in the count) and orders in the days before `until` (now).

    Stock is counted anew at the end, so that levels look alive however many orders there are.
    """
    rng = random.Random(seed)
    until = until or shop.clock()
    with shop.changes():
        _add_articles(shop, rng, articles)
    skus = list(shop.offers)
    step = SPAN / max(1, orders)
    wanted, number = len(shop.orders) + orders, 0
    while len(shop.orders) < wanted:
        with shop.changes():
            while len(shop.orders) < wanted and (number := number + 1) % CHUNK:
                _order(shop, rng, skus, created=until - SPAN + step * number, room=wanted - len(shop.orders))
    with shop.changes():
        for offer in shop.offers.values():
            offer.set_stock(rng.choice((0, 1, 3)) if rng.random() < 0.05 else rng.randrange(5, 250))
            shop.save("offers", offer.sku, offer)


def random_order(shop: MiraklShop) -> Json:
    """An invented customer buys now."""
    rng = random.Random()
    return _order(shop, rng, list(shop.offers), created=shop.clock())


def _add_articles(shop: MiraklShop, rng: random.Random, wanted: int) -> None:
    made = number = 0
    while made < wanted:
        number += 1
        if number % 8 == 0 and wanted - made >= 3:
            made += _add_family(shop, rng, number, min(wanted - made - 1, 8))
            continue
        prefix, name, category, low, high, tax_class = words.ARTICLES[number % len(words.ARTICLES)]
        quality = words.QUALITIES[number // len(words.ARTICLES) % len(words.QUALITIES)]
        price = f"{rng.randrange(low, high) / 100:.2f}"
        sku, title = f"MK-{prefix}-{1000 + number}", f"{name} „{quality}“ {number}"
        shop.add_article(sku, title, price, stock=100, ean=_ean(number), tax_class=tax_class, category=category)
        made += 1


def _add_family(shop: MiraklShop, rng: random.Random, number: int, variants: int) -> int:
    parent, name = f"MK-TS-{1000 + number}", f"T-Shirt „{words.QUALITIES[number % len(words.QUALITIES)]}“"
    shop.add_family(parent, name)
    price = f"{1990 + rng.randrange(0, 10) * 100}"
    combinations = [(size, colour) for size in words.SIZES for colour in words.COLOURS][:variants]
    for index, (size, (code, colour)) in enumerate(combinations):
        shop.add_article(
            f"{parent}-{size}-{code[:3].upper()}",
            f"{name} {size} {colour}",
            f"{int(price) / 100:.2f}",
            stock=50,
            ean=_ean(number * 10 + index + 5_000_000),
            category="FASHION-SHIRTS",
            family=parent,
        )
    return len(combinations) + 1


def _ean(number: int) -> str:
    digits = f"40{number:010d}"
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _order(shop: MiraklShop, rng: random.Random, skus: Sequence[str], *, created: datetime, room: int = 1) -> Json:
    chosen = rng.sample(list(skus), min(_pick(rng, words.LINE_COUNTS), len(skus)))
    country = _pick(rng, words.COUNTRIES)
    billing = _address(rng, country)
    shipping = _address(rng, country) if rng.random() < 0.1 else dict(billing)
    if rng.random() < 0.1:
        shipping["additional_info"] = rng.choice(words.HINTS)
    shipping_type = _pick(rng, words.SHIPPINGS)
    organization = None
    if rng.random() < 0.08:
        billing["company"] = rng.choice(words.COMPANIES)
        organization = {"name": billing["company"], "organization_id": f"org-{rng.randrange(1000, 9999)}"}
    more: Json = {"postage": Decimal(rng.choice(("4.95", "4.95", "0", "3.49")))}
    if rng.random() < 0.1:
        more["promotion"] = Promotion("HERBST", Decimal(rng.choice((5, 10))), "HERBST26")
    order = shop.place_order(
        [(sku, rng.choice((1, 1, 1, 2, 3))) for sku in chosen],
        billing=billing,
        shipping=shipping,
        at=created,
        payment_type=_pick(rng, words.PAYMENTS),
        shipping_type=shipping_type,
        pickup_point=f"PUDO-{rng.randrange(1000, 9999)}" if shipping_type == "PICKUP" else None,
        channel="WEB_AT" if country == "AUT" else "WEB_DE",
        organization=organization,
        order_fields=_fields(rng, "internal-reference", 0.1),
        line_fields=_fields(rng, "gift-message", 0.05),
        customer_id=f"Customer_{rng.randrange(1, 400):05d}",
        **more,
    )
    if rng.random() < 0.04 and room > 1:
        # The same basket had goods with another way of shipping: a second order of the same commercial order.
        shop.place_order(
            [(rng.choice(list(skus)), 1)],
            billing=billing,
            shipping=shipping,
            at=created,
            commercial_id=order["commercial_id"],
            suffix="B",
            customer_id=order["customer"]["customer_id"],
        )
    return order


def _fields(rng: random.Random, code: str, share: float) -> list[Json]:
    return [{"code": code, "type": "STRING", "value": f"Wert {rng.randrange(100)}"}] if rng.random() < share else []


def _address(rng: random.Random, country: str) -> dict[str, str]:
    city, zip_code = rng.choice(words.PLACES[country])
    address = {
        "firstname": rng.choice(words.FIRST_NAMES),
        "lastname": rng.choice(words.LAST_NAMES),
        "street_1": f"{rng.choice(words.STREETS[country])} {rng.randrange(1, 199)}",
        "zip_code": zip_code,
        "city": city,
        "country_iso_code": country,
    }
    if rng.random() < 0.6:
        address["phone"] = f"+49 171 {rng.randrange(1000000, 9999999)}"
    return address


def _pick(rng: random.Random, weighted: Sequence[tuple[T, int]]) -> T:
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]

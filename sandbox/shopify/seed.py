"""Fill a shop with lifelike articles and orders, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from sandbox.shopify import stock
from sandbox.shopify.catalog import Entry, add_product
from sandbox.shopify.checkout import Basket, Discount, Item, Payment, Postage
from sandbox.shopify.lines import GIFT_CARD, TIP
from sandbox.shopify.money import rounded
from sandbox.shopify.partners import new_company, new_customer
from sandbox.shopify.store import Json
from sandbox.woocommerce import seed_data as words

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

T = TypeVar("T")
CHUNK = 500
REGISTERED_SHARE, BUNCH_SHARE = 0.25, 0.05
SEEDED_SECONDS = 4 * 86_400
CHF_RATE = Decimal("0.9437")
PAYMENTS = (
    (Payment("shopify_payments"), 50),
    (Payment("paypal"), 25),
    (Payment("Klarna", kind="AUTHORIZATION"), 12),
    (Payment("Vorkasse"), 9),
    (Payment("Vorkasse", status="PENDING"), 4),
)
POSTAGE = (
    (Postage(), 70),
    (Postage("DHL Express", Decimal("12.90"), "dhl_express"), 10),
    (Postage("Versandkostenfrei", Decimal("0.00"), "free"), 12),
    (Postage("Spedition", Decimal("39.00"), "freight"), 8),
)
DISCOUNTS = (
    ((), 84),
    ((Discount("WILLKOMMEN10", percent=Decimal(10)),), 6),
    ((Discount("FUENF", amount=Decimal(5)),), 4),
    ((Discount("Sommeraktion", percent=Decimal(15), source="automatic"),), 3),
    ((Discount("VERSANDFREI", percent=Decimal(100), target="shipping"),), 2),
    ((Discount("Kulanz", amount=Decimal("3.33"), source="manual"), Discount("ZEHN", percent=Decimal(10))), 1),
)


@dataclass(frozen=True)
class Person:
    """A buyer with addresses; a guest has no customer id, a company a location."""

    billing: Json
    shipping: Json
    email: str
    customer_id: str | None = None
    company_location_id: str | None = None
    vat_id: str = ""


def seed_shop(shop: ShopifyShop, *, articles: int, orders: int, seed: int = 1, until: datetime | None = None) -> None:
    """Add products (`articles` counts variants) and orders changed in the days before `until`.

    Stock is counted anew at the end, so levels look alive however many orders there are. Deterministic but for the dates,
    which end at `until` (now).
    """
    rng = random.Random(seed)
    until = until or shop.clock()
    with shop.changes():
        _add_articles(shop, rng, articles)
        regulars = [_regular(shop, rng, number) for number in range(1, 2 + max(3, orders // 25))]
    known = list(shop.store.skus)
    moments = _moments(rng, orders, until)
    for start in range(0, orders, CHUNK):
        with shop.changes():
            for created, modified in moments[start : start + CHUNK]:
                shop.place_order(_basket(shop, rng, known, regulars), at=created, modified=modified)
    with shop.changes():
        _count_stock(shop, rng)


def random_order(shop: ShopifyShop, rng: random.Random | None = None) -> Json:
    """Let one invented customer buy something and pay, now."""
    rng = rng or random.Random()
    basket = _basket(shop, rng, list(shop.store.skus), [_person(rng)])
    return shop.place_order(basket)


# --- articles ---------------------------------------------------------------------------------------------------------------


def _add_articles(shop: ShopifyShop, rng: random.Random, wanted: int) -> None:
    made, number = 0, 0
    while made < wanted:
        number += 1
        if number % 12 == 0 and wanted - made >= 4:
            made += _add_matrix(shop, rng, number, wanted - made)
        else:
            _add_simple(shop, rng, number)
            made += 1


def _add_simple(shop: ShopifyShop, rng: random.Random, number: int) -> None:
    prefix, name, low, high, tax_class = words.ARTICLES[number % len(words.ARTICLES)]
    quality = words.QUALITIES[number // len(words.ARTICLES) % len(words.QUALITIES)]
    title = f"{name} „{quality}“" if number < 345 else f"{name} „{quality}“ {number}"
    price = Decimal(rng.randrange(low, high)) / 100
    compare_at = f"{price + 5:.2f}" if rng.random() < 0.1 else None
    barcode = f"40{number:010d}0" if rng.random() < 0.5 else ""
    entry = Entry(
        f"{prefix}-{1000 + number}",
        f"{price:.2f}",
        100,
        barcode,
        compare_at=compare_at,
        weight=rng.randrange(5, 400) / 100,
        elsewhere=20 if rng.random() < 0.3 else 0,
    )
    add_product(shop, title, [entry], taxClass="reduced" if tax_class else "standard", productType=name)


def _add_matrix(shop: ShopifyShop, rng: random.Random, number: int, room: int) -> int:
    prefix, name, cents, attributes = words.VARIABLES[number // 12 % len(words.VARIABLES)]
    quality = words.QUALITIES[number % len(words.QUALITIES)]
    sku = f"{prefix}-{1000 + number}"
    combinations: list[dict[str, str]] = [{}]
    for attribute, options in attributes.items():
        combinations = [{**chosen, attribute: option} for chosen in combinations for option in options]
    price = f"{(cents + rng.randrange(0, 10) * 100) / 100:.2f}"
    entries = []
    for chosen in combinations[:room]:
        suffix = "-".join(o[:2].upper() if not o[0].isdigit() else o for o in chosen.values())
        entries.append(Entry(f"{sku}-{suffix}", price, 50, options=chosen))
    add_product(shop, f"{name} „{quality}“", entries, matrixSku=sku, productType=name)
    return len(entries)


def _count_stock(shop: ShopifyShop, rng: random.Random) -> None:
    for variant in shop.store.table("ProductVariant").values():
        for level in variant["item"]["levels"].values():
            level[stock.AVAILABLE] = rng.choice((0, 1, 3)) if rng.random() < 0.05 else rng.randrange(5, 250)
        shop.store.put(variant)


# --- people -----------------------------------------------------------------------------------------------------------------


def _regular(shop: ShopifyShop, rng: random.Random, number: int) -> Person:
    person = _person(rng)
    address = person.billing
    if number % 4 == 0:
        name = rng.choice(words.COMPANIES)
        vat_id = f"DE{rng.randrange(100_000_000, 999_999_999)}"
        location = new_company(shop, name, address, vat_id)
        billing = {**address, "company": name}
        return Person(billing, billing, person.email, None, location["id"], vat_id)
    customer = new_customer(shop, address["firstName"], address["lastName"], person.email, address)
    return Person(address, person.shipping, person.email, customer["id"])


def _person(rng: random.Random) -> Person:
    country = _pick(rng, words.COUNTRIES)
    billing = _address(rng, country)
    vat_id = ""
    if rng.random() < 0.15:
        billing["company"] = rng.choice(words.COMPANIES)
        vat_id = f"DE{rng.randrange(100_000_000, 999_999_999)}" if rng.random() < 0.5 else ""
    billing["phone"] = f"+49171{rng.randrange(1000000, 9999999)}" if rng.random() < 0.6 else None
    shipping = dict(billing)
    chance = rng.random()
    if chance < 0.06 and country == "DE":
        number = str(rng.randrange(1_000_000, 99_999_999))
        shipping |= {"address2": number, "address1": f"Packstation {rng.randrange(101, 399)}"}
    elif chance < 0.16:
        shipping = _address(rng, country)
    return Person(billing, shipping, f"kunde{rng.randrange(10_000, 10_000_000)}@example.org", vat_id=vat_id)


def _address(rng: random.Random, country: str) -> Json:
    city, code = rng.choice(words.PLACES[country])
    number = f"{rng.randrange(1, 199)}{rng.choice(('', '', '', 'a', '/14'))}"
    street = rng.choice(words.STREETS[country])
    return {
        "firstName": rng.choice(words.FIRST_NAMES),
        "lastName": rng.choice(words.LAST_NAMES),
        "company": None,
        "address1": f"{number} {street}" if country == "FR" else f"{street} {number}",
        "address2": "Hinterhaus, 2. OG" if rng.random() < 0.08 else None,
        "city": city,
        "zip": code,
        "province": None,
        "provinceCode": None,
        "countryCodeV2": country,
        "phone": None,
    }


# --- orders -----------------------------------------------------------------------------------------------------------------


def _moments(rng: random.Random, count: int, until: datetime) -> list[tuple[datetime, datetime]]:
    """Creation and change of each order, oldest change first and the last one at `until`, mostly in different seconds."""
    step = max(1, min(3600, SEEDED_SECONDS // max(1, count)))
    modified, moments = until, []
    for _ in range(count):
        created = modified - timedelta(seconds=rng.choice((0, 1, 130, 130, rng.randrange(60, 86_400))))
        moments.append((created, modified))
        if rng.random() >= BUNCH_SHARE:
            modified -= timedelta(seconds=rng.randrange(max(1, step // 2), step + 1))
    return moments[::-1]


def _basket(shop: ShopifyShop, rng: random.Random, known: Sequence[str], regulars: Sequence[Person]) -> Basket:
    buyer = rng.choice(regulars) if rng.random() < REGISTERED_SHARE else _person(rng)
    skus = rng.sample(known, min(_pick(rng, words.LINE_COUNTS), len(known)))
    is_net = buyer.company_location_id is not None
    items = [_item(shop, sku, rng.choice((1, 1, 1, 2, 3)), is_net=is_net) for sku in skus]
    chance = rng.random()
    if chance < 0.02:
        items.append(Item(1, price=Decimal("3.00"), title="Tip", kind=TIP))
    elif chance < 0.03:
        items.append(Item(1, price=Decimal("25.00"), title="Geschenkgutschein", kind=GIFT_CARD))
    payment = _pick(rng, PAYMENTS)
    if rng.random() < 0.03 and payment.kind == "SALE" and payment.status == "SUCCESS":
        payment = Payment(payment.gateway, gift_card=Decimal("10.00"))
    is_swiss = buyer.shipping["countryCodeV2"] == "CH"
    return Basket(
        items,
        buyer.billing,
        buyer.shipping,
        postage=_pick(rng, POSTAGE),
        discounts=_pick(rng, DISCOUNTS),
        payment=payment,
        email=buyer.email,
        phone=buyer.billing["phone"] or "",
        note=rng.choice(words.COMMENTS) if rng.random() < 0.12 else "",
        attributes={"vat_id": buyer.vat_id} if buyer.vat_id else {},
        tags=("B2B",) if is_net else ("Stammkunde",) if buyer.customer_id else (),
        customer_id=buyer.customer_id,
        company_location_id=buyer.company_location_id,
        taxes_included=not is_net and shop.taxes_included,
        presentment_currency="CHF" if is_swiss else shop.currency,
        presentment_rate=CHF_RATE if is_swiss else Decimal(1),
        channel=_pick(rng, (("web", 92), ("pos", 4), ("tiktok", 4))),
    )


def _item(shop: ShopifyShop, sku: str, quantity: int, *, is_net: bool) -> Item:
    """A line of a basket; companies buy at net prices."""
    item = shop.item(sku, quantity)
    if not is_net or not shop.taxes_included:
        return item
    reduced = (item.product or {}).get("taxClass") == "reduced"
    rate = Decimal("1.07") if reduced else Decimal("1.19")
    return shop.item(sku, quantity, price=rounded(Decimal((item.variant or {})["price"]) / rate))


def _pick(rng: random.Random, weighted: Sequence[tuple[T, int]]) -> T:
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]

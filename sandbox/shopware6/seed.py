"""Fill a shop with lifelike articles and orders, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from sandbox.shopware6.basics import COUNTRIES
from sandbox.shopware6.basket import Basket, Buyer
from sandbox.woocommerce import seed_data as words

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop

T = TypeVar("T")
CHUNK = 500
ACCOUNT_SHARE = 0.4
PAYMENTS = (("paypal", 45), ("card", 20), ("prepayment", 15), ("invoice", 15), ("cod", 5))
SECTIONS = {"KU": "Küche", "BU": "Bücher", "KA": "Küche", "TE": "Küche", "TS": "Mode", "HD": "Mode", "SO": "Mode"}
TAX_OF = {"": "standard", "reduced-rate": "reduced"}


def seed_shop(shop: Shopware6Shop, *, articles: int, orders: int, seed: int = 1) -> None:
    """Add articles (variants included in the count) and orders placed in the days before now, the last one a minute ago."""
    rng = random.Random(seed)
    until = shop.clock()
    with shop.store.transaction():
        skus = _add_articles(shop, rng, articles, until - timedelta(days=90))
    regulars = [_buyer(rng, f"1{number:04d}") for number in range(max(3, orders // 25))]
    moments = _moments(rng, orders, until - timedelta(minutes=1))
    for start in range(0, orders, CHUNK):
        with shop.store.transaction():
            for moment in moments[start : start + CHUNK]:
                shop.place_order(_basket(rng, skus, regulars, moment))


def random_order(shop: Shopware6Shop, rng: random.Random | None = None) -> str:
    """Let one invented customer buy something now; returns the order's id."""
    rng = rng or random.Random()
    skus = [row["productNumber"] for row in shop.store.tables["product"].values() if not row.get("childCount")]
    return shop.place_order(_basket(rng, skus, [_buyer(rng, "")], None))


# --- articles ---------------------------------------------------------------------------------------------------------------


def _add_articles(shop: Shopware6Shop, rng: random.Random, wanted: int, created: datetime) -> list[str]:
    skus: list[str] = []
    number = made = 0
    while made < wanted:
        number += 1
        if number % 12 == 0 and wanted - made >= 4:
            variants = _add_matrix(shop, rng, number, wanted - made, created)
            skus += variants
            made += len(variants) + 1
        else:
            skus.append(_add_simple(shop, rng, number, created))
            made += 1
    return skus


def _add_simple(shop: Shopware6Shop, rng: random.Random, number: int, created: datetime) -> str:
    prefix, name, low, high, tax_class = words.ARTICLES[number % len(words.ARTICLES)]
    quality = words.QUALITIES[number // len(words.ARTICLES) % len(words.QUALITIES)]
    sku = f"{prefix}-{1000 + number}"
    product = shop.add_product(
        sku,
        f"{name} „{quality}“" if number < 345 else f"{name} „{quality}“ {number}",
        f"{rng.randrange(low, high) / 100:.2f}",
        tax=TAX_OF[tax_class],
        stock=rng.choice((0, 1, 3)) if rng.random() < 0.05 else rng.randrange(30, 900),
        categories=[shop.add_category(SECTIONS.get(prefix, "Haus & Garten"), name)],
        created=created,
        ean=_ean(number) if rng.random() < 0.5 else None,
        weight=rng.randrange(5, 400) / 100,
        description=f"<p>{name} aus unserem Sortiment</p>",
        manufacturerId=shop.add_manufacturer(words.COMPANIES[number % len(words.COMPANIES)]),
    )
    if number % 3 == 0:
        shop.add_picture(product, sku.lower())
    return sku


def _add_matrix(shop: Shopware6Shop, rng: random.Random, number: int, room: int, created: datetime) -> list[str]:
    prefix, name, price, attributes = words.VARIABLES[number // 12 % len(words.VARIABLES)]
    sku = f"{prefix}-{1000 + number}"
    title = f"{name} „{words.QUALITIES[number % len(words.QUALITIES)]}“"
    gross = f"{(price + rng.randrange(0, 10) * 100) / 100:.2f}"
    category = shop.add_category(SECTIONS.get(prefix, "Mode"), name)
    parent = shop.add_product(sku, title, gross, categories=[category], created=created)
    combinations: list[dict[str, str]] = [{}]
    for attribute, options in attributes.items():
        combinations = [{**chosen, attribute: option} for chosen in combinations for option in options]
    skus = []
    for chosen in combinations[: room - 1]:
        suffix = "-".join(option[:2].upper() if not option[0].isdigit() else option for option in chosen.values())
        shop.add_product(
            f"{sku}-{suffix}",
            title,
            None,
            stock=rng.randrange(20, 300),
            parent=parent,
            options=list(chosen.items()),
            created=created,
        )
        skus.append(f"{sku}-{suffix}")
    return skus


def _ean(number: int) -> str:
    digits = f"40{number:010d}"
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


# --- people and orders ------------------------------------------------------------------------------------------------------


def _buyer(rng: random.Random, number: str) -> Buyer:
    country = _pick(rng, words.COUNTRIES)
    last = rng.choice(words.LAST_NAMES)
    billing = _address(rng, country, rng.choice(words.FIRST_NAMES), last)
    vat: tuple[str, ...] = ()
    if rng.random() < 0.15:
        billing["company"] = rng.choice(words.COMPANIES)
        vat = ("DE123456789",) if country == "DE" and rng.random() < 0.4 else ()
    if rng.random() < 0.7:
        billing["phoneNumber"] = f"+49 171 {rng.randrange(1000000, 9999999)}"
    shipping = dict(billing)
    if rng.random() < 0.15:
        shipping = _address(rng, country, rng.choice(words.FIRST_NAMES), last)
    tag = number or rng.randrange(10_000, 10_000_000)
    return Buyer(billing, shipping, f"kunde{tag}@example.org", number, vat, rng.choice(("mr", "mrs", "not_specified")))


def _address(rng: random.Random, country: str, first: str, last: str) -> dict[str, str]:
    city, zipcode = rng.choice(words.PLACES[country])
    address = {
        "firstName": first,
        "lastName": last,
        "street": f"{rng.choice(words.STREETS[country])} {rng.randrange(1, 199)}{rng.choice(('', '', '', 'a'))}",
        "zipcode": zipcode,
        "city": city,
        "country": country if country in COUNTRIES else "DE",
    }
    if rng.random() < 0.08:
        address["additionalAddressLine1"] = "Hinterhaus, 2. OG"
    return address


def _moments(rng: random.Random, count: int, until: datetime) -> list[datetime]:
    """When the orders were placed, the oldest first; some share a second, as orders do on busy days."""
    step = max(1, min(3600, 4 * 86_400 // max(1, count)))
    moment, found = until, []
    for _ in range(count):
        found.append(moment)
        if rng.random() >= 0.05:
            moment -= timedelta(seconds=rng.randrange(max(1, step // 2), step + 1))
    return found[::-1]


def _basket(rng: random.Random, skus: Sequence[str], regulars: Sequence[Buyer], at: datetime | None) -> Basket:
    buyer = rng.choice(regulars) if rng.random() < ACCOUNT_SHARE else _buyer(rng, "")
    count = min(_pick(rng, words.LINE_COUNTS), len(skus))
    payment = _pick(rng, PAYMENTS)
    is_dealer = bool(buyer.vat_ids) and bool(buyer.number)
    country = buyer.shipping["country"]
    chance = rng.random()
    return Basket(
        lines=[(sku, rng.choice((1, 1, 1, 2, 3))) for sku in rng.sample(list(skus), count)],
        buyer=buyer,
        payment=payment,
        payment_state="authorized" if payment == "invoice" else "paid",
        shipping=_pick(rng, (("standard", 88), ("express", 12))),
        channel="b2b" if is_dealer else "storefront",
        tax_status="net" if is_dealer else "tax-free" if country == "CH" else "gross",
        currency="CHF" if country == "CH" and chance < 0.5 else "EUR",
        promotion=("SOMMER10", Decimal(10)) if chance < 0.1 else None,
        credit=Decimal("-2.50") if 0.1 <= chance < 0.12 else None,
        free_shipping=0.12 <= chance < 0.2,
        failed_payments=1 if 0.2 <= chance < 0.23 else 0,
        bundle=[(sku, 1) for sku in rng.sample(list(skus), min(2, len(skus)))] if 0.23 <= chance < 0.25 else (),
        comment=rng.choice(words.COMMENTS) if rng.random() < 0.12 else "",
        tags=("Eilig",) if rng.random() < 0.05 else (),
        at=at,
    )


def _pick(rng: random.Random, weighted: Sequence[tuple[T, int]]) -> T:
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]

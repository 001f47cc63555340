"""Fill a shop with lifelike articles and orders, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sandbox.woocommerce import seed_data as words
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.model import Product

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

T = TypeVar("T")
UNKNOWN_ARTICLES = 5
CHUNK = 500
REGISTERED_SHARE = 0.2
# A few changes fall into the same second, as when someone edits orders in bulk.
BUNCH_SHARE = 0.05
SEEDED_SECONDS = 4 * 86_400


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with addresses; `number` is 0 for a guest."""

    number: int
    billing: dict[str, str]
    shipping: dict[str, str]


def seed_shop(
    shop: WooShop,
    *,
    articles: int,
    orders: int,
    seed: int = 1,
    unknown_sku_share: float = 0.0,
    until: datetime | None = None,
) -> None:
    """Add products (`articles` counts sellable ones, variations included) and orders changed in the days before `until`.

    `unknown_sku_share` of the orders contain an SKU that `catalogue` leaves out. Stock is counted anew at the end, so levels
    look alive however many orders there are. Deterministic but for the dates, which end at `until` (now).
    """
    rng = random.Random(seed)
    until = until or shop.clock()
    with shop.changes():
        _add_articles(shop, rng, articles, until - timedelta(days=90))
    known = [p.sku for p in _sellable(shop) if not p.sku.startswith(words.UNKNOWN_PREFIX)]
    unknown = [sku for sku in shop.skus if sku.startswith(words.UNKNOWN_PREFIX)]
    regulars = [_person(rng, number) for number in range(2, 2 + max(3, orders // 25))]
    moments = _moments(rng, orders, until)
    for start in range(0, orders, CHUNK):
        with shop.changes():
            for created, modified in moments[start : start + CHUNK]:
                extra = unknown if rng.random() < unknown_sku_share else []
                _order(shop, rng, known, regulars, extra, created=created, modified=modified)
    with shop.changes():
        _count_stock(shop, rng)


def random_order(shop: WooShop, rng: random.Random | None = None) -> Json:
    """Let one invented customer buy something that the ERP knows, now."""
    rng = rng or random.Random()
    known = [p.sku for p in _sellable(shop) if not p.sku.startswith(words.UNKNOWN_PREFIX)]
    return _order(shop, rng, known, [_person(rng, 2)], [])


def catalogue(shop: WooShop) -> list[Json]:
    """The shop's articles for an ERP: sku, name, kind (simple, matrix, variant), parent, tax class, price (gross text), stock.

    Articles with an `UNKNOWN-` SKU are left out; parents come before their variants.
    """
    kinds = {"variable": "matrix", "variation": "variant"}
    found = []
    for product in shop.products.values():
        if not product.sku or product.sku.startswith(words.UNKNOWN_PREFIX) or product.status == "trash":
            continue
        parent = shop.products.get(product.parent_id)
        options = ", ".join(attribute["option"] for attribute in product.attributes) if parent else ""
        found.append(
            {
                "sku": product.sku,
                "name": f"{product.name} {options}".strip(),
                "kind": kinds.get(product.type, "simple"),
                "parent_sku": parent.sku if parent else None,
                "tax_class": product.tax_class,
                "tax_status": product.tax_status,
                "is_stock_article": product.manage_stock is True and product.type != "variable",
                "price": product.price,
                "stock": product.stock_quantity if product.manage_stock else None,
            }
        )
    return found


# --- articles ---------------------------------------------------------------------------------------------------------------


def _add_articles(shop: WooShop, rng: random.Random, wanted: int, created: datetime) -> None:
    before = set(shop.products)
    shop.add_product("PFAND-025", "Pfand 0,25 €", "0.25", tax_status="none", virtual=True)
    made, number = 1, 0
    while made < wanted:
        number += 1
        if number % 12 == 0 and wanted - made >= 4:
            made += _add_variable(shop, rng, number, wanted - made)
        else:
            _add_simple(shop, rng, number)
            made += 1
    for index in range(1, UNKNOWN_ARTICLES + 1):
        shop.add_product(f"{words.UNKNOWN_PREFIX}{index}", f"Neuheit {index}", "9.90", stock=1000)
    for product_id in shop.products.keys() - before:
        shop.products[product_id].created = shop.products[product_id].modified = created


def _add_simple(shop: WooShop, rng: random.Random, number: int) -> None:
    prefix, name, low, high, tax_class = words.ARTICLES[number % len(words.ARTICLES)]
    quality = words.QUALITIES[number // len(words.ARTICLES) % len(words.QUALITIES)]
    price = f"{rng.randrange(low, high) / 100:.2f}"
    title = f"{name} „{quality}“" if number < 345 else f"{name} „{quality}“ {number}"
    gtin = f"40{number:010d}" if rng.random() < 0.5 else ""
    weight = f"{rng.randrange(5, 400) / 100:g}"
    sku = f"{prefix}-{1000 + number}"
    shop.add_product(sku, title, price, stock=100, tax_class=tax_class, gtin=_with_check_digit(gtin), weight=weight)


def _with_check_digit(digits: str) -> str:
    if not digits:
        return ""
    total = sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _add_variable(shop: WooShop, rng: random.Random, number: int, room: int) -> int:
    prefix, name, price, attributes = words.VARIABLES[number // 12 % len(words.VARIABLES)]
    quality = words.QUALITIES[number % len(words.QUALITIES)]
    sku = f"{prefix}-{1000 + number}"
    shown = [
        {
            "id": found["id"],
            "name": a,
            "slug": found["slug"],
            "position": i,
            "visible": True,
            "variation": True,
            "options": list(o),
        }
        for i, (a, o) in enumerate(attributes.items())
        for found in [shop.terms.attribute_with(a, o)]
    ]
    parent = shop.add_product(sku, f"{name} „{quality}“", "", type="variable", attributes=shown)
    combinations: list[dict[str, str]] = [{}]
    for attribute, options in attributes.items():
        combinations = [{**chosen, attribute: option} for chosen in combinations for option in options]
    cents = price + rng.randrange(0, 10) * 100
    for chosen in combinations[:room]:
        suffix = "-".join(option[:2].upper() if not option[0].isdigit() else option for option in chosen.values())
        shop.add_variation(parent, f"{sku}-{suffix}", f"{cents / 100:.2f}", chosen, stock=50)
    return min(room, len(combinations))


def _count_stock(shop: WooShop, rng: random.Random) -> None:
    for product in shop.products.values():
        if product.manage_stock is True:
            product.set_stock(rng.choice((0, 1, 3)) if rng.random() < 0.05 else rng.randrange(5, 250))
        shop.save_product(product)


def _sellable(shop: WooShop) -> list[Product]:
    return [p for p in shop.products.values() if p.type in {"simple", "variation"} and p.sku and p.status == "publish"]


# --- people -----------------------------------------------------------------------------------------------------------------


def _person(rng: random.Random, number: int) -> Person:
    country = _pick(rng, words.COUNTRIES)
    first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
    billing = _address(rng, country, first, last)
    if rng.random() < 0.15:
        billing["company"] = rng.choice(words.COMPANIES)
    tag = number or rng.randrange(10_000, 10_000_000)
    billing["email"] = f"kunde{tag}@example.org"
    billing["phone"] = f"+49 171 {rng.randrange(1000000, 9999999)}" if rng.random() < 0.7 else ""
    shipping = {key: value for key, value in billing.items() if key not in {"email", "phone"}}
    chance = rng.random()
    if chance < 0.06 and country == "DE":
        shipping |= {
            "company": str(rng.randrange(1_000_000, 99_999_999)),
            "address_1": f"Packstation {rng.randrange(101, 399)}",
        }
    elif chance < 0.16:
        shipping = _address(rng, country, rng.choice(words.FIRST_NAMES), last)
    return Person(number, billing, shipping)


def _address(rng: random.Random, country: str, first: str, last: str) -> dict[str, str]:
    city, postcode = rng.choice(words.PLACES[country])
    number = f"{rng.randrange(1, 199)}{rng.choice(('', '', '', 'a', '/14'))}"
    street = rng.choice(words.STREETS[country])
    return {
        "first_name": first,
        "last_name": last,
        "company": "",
        "address_1": f"{number} {street}" if country == "FR" else f"{street} {number}",
        "address_2": "Hinterhaus, 2. OG" if rng.random() < 0.08 else "",
        "city": city,
        "state": "",
        "postcode": postcode,
        "country": country,
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


def _order(
    shop: WooShop,
    rng: random.Random,
    known: Sequence[str],
    regulars: Sequence[Person],
    extra: Sequence[str],
    *,
    created: datetime | None = None,
    modified: datetime | None = None,
) -> Json:
    buyer = rng.choice(regulars) if rng.random() < REGISTERED_SHARE else _person(rng, 0)
    count = _pick(rng, words.LINE_COUNTS)
    skus = rng.sample(known, min(count, len(known)))
    if extra:
        skus[-1] = rng.choice(extra)
    payment = _pick(rng, words.PAYMENTS)
    status = _pick(rng, words.STATUSES) if created else None
    if payment == "bacs" and status == "processing" and rng.random() < 0.3:
        status = "on-hold"
    fees = [("Nachnahmegebühr", "5.00")] if payment == "cod" else []
    if rng.random() < 0.02:
        fees.append(("Skonto", "-1.50"))
    return shop.place_order(
        [(sku, rng.choice((1, 1, 1, 2, 3))) for sku in skus],
        buyer.billing,
        shipping=buyer.shipping,
        payment_method=payment,
        shipping_methods=[_pick(rng, (("flat_rate", 84), ("free_shipping", 12), ("local_pickup", 4)))],
        coupons=_coupons(rng),
        fees=fees,
        customer_id=buyer.number,
        customer_note=rng.choice(words.COMMENTS) if rng.random() < 0.12 else "",
        status=status,
        created=created,
        modified=modified,
    )


def _coupons(rng: random.Random) -> list[str]:
    chance = rng.random()
    if chance < 0.015:
        return ["stueck2", "willkommen10"]
    return ["willkommen10"] if chance < 0.07 else ["fuenf"] if chance < 0.12 else []


def _pick(rng: random.Random, weighted: Sequence[tuple[T, int]]) -> T:
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]

"""Fill a shop with lifelike articles and purchases, the same ones for the same seed."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.shopware5.catalogue import Detail
from sandbox.woocommerce import seed_data as words

if TYPE_CHECKING:
    from sandbox.shopware5.shop import Shopware5Shop

TAX_OF = {"": "standard", "reduced-rate": "reduced"}


def seed_shop(shop: Shopware5Shop, *, articles: int, orders: int, seed: int) -> None:
    """Add articles (variants counted) and purchases of one article each; call it under the shop's lock."""
    rng = random.Random(seed)
    number = made = 0
    while made < articles:
        number += 1
        if number % 12 == 0 and articles - made >= 4:
            made += _add_matrix(shop, rng, number, articles - made)
        else:
            _add_simple(shop, rng, number)
            made += 1
    for _ in range(orders):
        random_purchase(shop, rng)


def random_purchase(shop: Shopware5Shop, rng: random.Random | None = None) -> str:
    """Let an invented customer buy one article; returns the order's id."""
    rng = rng or random.Random()
    return shop.buy([(rng.choice(list(shop.contents.details)), rng.choice((1, 1, 2)))])


def _add_simple(shop: Shopware5Shop, rng: random.Random, number: int) -> None:
    prefix, name, low, high, tax_class = words.ARTICLES[number % len(words.ARTICLES)]
    price = Decimal(rng.randrange(low, high)) / 100
    weight = f"{rng.randrange(5, 400) / 100:.3f}"
    shop.add(
        f"{name} „{words.QUALITIES[number % len(words.QUALITIES)]}“",
        [Detail(0, f"SW{prefix}{1000 + number}", rng.randrange(0, 250), price, weight=weight)],
        tax=TAX_OF[tax_class],
        supplier=rng.choice(words.COMPANIES),
        categories=[("Haus & Garten", name)],
        english=f"Article {number}" if number % 4 == 0 else "",
        has_image=number % 3 == 0,
        description=f"{name} aus unserem Sortiment",
    )


def _add_matrix(shop: Shopware5Shop, rng: random.Random, number: int, room: int) -> int:
    prefix, name, cents, attributes = words.VARIABLES[number // 12 % len(words.VARIABLES)]
    combinations: list[dict[str, str]] = [{}]
    for group, options in attributes.items():
        combinations = [{**chosen, group: option} for chosen in combinations for option in options]
    price = Decimal(cents + rng.randrange(0, 10) * 100) / 100
    details = [
        Detail(0, f"SW{prefix}{1000 + number}.{i}", rng.randrange(20, 300), price, options=chosen)
        for i, chosen in enumerate(combinations[:room], 1)
    ]
    quality = words.QUALITIES[number % len(words.QUALITIES)]
    shop.add(f"{name} „{quality}“", details, categories=[("Mode", name)], has_image=True)
    return len(details)

"""The simulated Shopware 5 shop: a catalogue to migrate from. People can buy in it, but its orders are not shown by the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from starlette.types import ASGIApp

from sandbox.effects import Effect, RequestLog
from sandbox.faults import Faults
from sandbox.shop import Exchange, Ledger, OrderFacts
from sandbox.shopware5.auth import Gate
from sandbox.shopware5.catalogue import Article, Catalogue, Detail

Json = dict[str, Any]
USER, API_KEY = "connect", "SandboxApiKeyOfTheBackendUser0000000001"
READ_USER, READ_KEY = "reader", "SandboxApiKeyOfAnotherBackendUser00000001"


class Shopware5Shop:
    """A Shopware 5 shop, safe to use from several threads.

    `withheld` names resources that the user's role may not read: article, category, manufacturer, media, customergroup,
    translation, shop. With `throws_exceptions` errors come as HTML, as in a shop whose developer left that on.
    """

    key: ClassVar[str] = "shopware5"

    def __init__(
        self,
        *,
        withheld: Iterable[str] = (),
        version: str = "5.7.19",
        throws_exceptions: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.withheld, self.version, self.throws_exceptions = frozenset(withheld), version, throws_exceptions
        self.clock = clock
        self.base_url = "http://shopware5.invalid"
        self.requests = RequestLog()
        self.effects: list[Effect] = []
        self.faults = Faults()
        self.traffic: list[Exchange] | None = None
        self.lock = threading.RLock()
        self.gate = Gate({USER: API_KEY, READ_USER: READ_KEY}, clock)
        self.contents = Catalogue()
        self._orders: dict[str, OrderFacts] = {}

    def application(self) -> ASGIApp:
        """The HTTP application: API, page and switches."""
        from sandbox.shopware5.app import build_app

        return build_app(self)

    def close(self) -> None:
        """Release hanging requests."""
        self.faults.release()

    def credentials(self, *, read_only: bool = False) -> Json:
        """Address, backend user and API key."""
        user, key = (READ_USER, READ_KEY) if read_only else (USER, API_KEY)
        return {"url": self.base_url, "user": user, "api_key": key}

    def revoke(self) -> None:
        """The owner takes the API keys away."""
        self.gate.revoke()

    def seed(self, *, articles: int, orders: int, seed: int = 1) -> None:
        """Fill with lifelike articles (variants counted) and some purchases, the same for the same seed."""
        from sandbox.shopware5.seed import seed_shop

        with self.lock:
            seed_shop(self, articles=articles, orders=orders, seed=seed)

    def catalogue(self) -> list[Json]:
        """The articles for an ERP; the vendor has no number for a parent, so it is its main variant's with a suffix."""
        found: list[Json] = []
        for article in self.contents.articles.values():
            has_variants = bool(article.details[0].options)
            parent = f"{article.details[0].number}-Container" if has_variants else None
            shared = {"tax_class": article.tax}
            if has_variants:
                price = f"{article.details[0].gross:.2f}"
                found.append(
                    {"sku": parent, "name": article.name, "kind": "matrix", "parent_sku": None, "price": price}
                    | {**shared, "stock": None}
                )
            found += [
                {
                    "sku": one.number,
                    "name": " ".join([article.name, ", ".join(one.options.values())]).strip(),
                    "kind": "variant" if has_variants else "simple",
                    "parent_sku": parent,
                    "price": f"{one.gross:.2f}",
                    "stock": one.stock,
                    **shared,
                }
                for one in article.details
            ]
        return found

    def add_article(self, sku: str, name: str, price: str, *, stock: int = 0, ean: str = "") -> None:
        """Somebody adds a simple article with a gross price."""
        self.add(name, [Detail(0, sku, stock, Decimal(price), ean or None)])

    def add(
        self,
        name: str,
        details: Sequence[Detail],
        *,
        tax: str = "standard",
        supplier: str = "shopware AG",
        categories: Sequence[Sequence[str]] = (),
        english: str = "",
        has_image: bool = False,
        description: str = "",
    ) -> int:
        """Somebody adds an article with its variants, whose ids are given here; returns the article's id."""
        with self.lock:
            numbered = [replace(one, id=self.contents.next_id("detail")) for one in details]
            article = Article(
                id=self.contents.next_id("article"),
                name=name,
                tax=tax,
                supplier=self.contents.add_supplier(supplier),
                added=self.clock() - timedelta(days=30),
                details=numbered,
                categories=[self.contents.add_category(*path) for path in categories],
                english=english,
                image=self.contents.add_media(numbered[0].number, self.clock()) if has_image else None,
                description=description,
            )
            self.contents.add_article(article)
            return article.id

    def buy(self, lines: Sequence[tuple[str, int]], *, at: datetime | None = None) -> str:
        """Somebody buys: stock goes down; returns the order's id. Raises KeyError for an unknown number."""
        del at  # the API shows no orders, so their moment is nowhere to be seen
        with self.lock:
            details = [(self.contents.details[sku][1], quantity) for sku, quantity in lines]
            for detail, quantity in details:
                detail.stock -= quantity
            total = sum((detail.gross * quantity for detail, quantity in details), Decimal(0))
            order = str(self.contents.next_id("order"))
            self._orders[order] = OrderFacts(total)
            return order

    def touch(self, order: str, at: datetime) -> None:
        """Somebody changes an order, which nobody can see from outside; raises KeyError for an unknown one."""
        del at
        self._orders[order] = replace(self._orders[order])

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        with self.lock:
            details = self.contents.details
            return Ledger(
                orders=dict(self._orders),
                stock={number: one.stock for number, (_, one) in details.items()},
                prices={number: one.gross for number, (_, one) in details.items()},
                articles={number: article.name for number, (article, _) in details.items()},
                categories=tuple(
                    path for row in self.contents.categories if (path := self.contents.category_path(row))
                ),
            )

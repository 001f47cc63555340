"""The simulated shop: what it knows, what people do in it, and the evidence of what connectors did to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from starlette.types import ASGIApp

from sandbox.effects import Effect, RequestLog
from sandbox.faults import Faults
from sandbox.shop import Exchange, Ledger
from sandbox.shopify import catalog, ledger, orders, stock, times, totals
from sandbox.shopify.auth import Tokens
from sandbox.shopify.bulk import BulkOperations
from sandbox.shopify.checkout import Basket, Item
from sandbox.shopify.cost import Bucket
from sandbox.shopify.errors import Refused
from sandbox.shopify.paging import Sorted
from sandbox.shopify.scopes import DEFAULT_SCOPES, READ_ONLY_SCOPES
from sandbox.shopify.store import Json, Store
from sandbox.shopify.webhooks import Webhooks

API_VERSION = "2026-10"
CLIENT_ID, CLIENT_SECRET = "5a0db0c5e15a0db0c5e15a0db0c5e15a", "1c0ffee5ea1c0ffee5ea1c0ffee5ea1c"
TOKEN, READ_ONLY_TOKEN = f"shpat_{'a1b2c3d4' * 4}", f"shpat_{'0ead0a11' * 4}"
DOMAIN = "muster-laden.myshopify.com"
ANNA: Json = {
    "firstName": "Anna",
    "lastName": "Weiß",
    "company": None,
    "address1": "Hauptstr. 1",
    "address2": None,
    "city": "Hamburg",
    "zip": "20095",
    "country": "Germany",
    "countryCodeV2": "DE",
    "phone": None,
}


class ShopifyShop:
    """A Shopify shop, safe to use from several threads.

    `scopes` are what the app is granted (write includes read), `bucket` and `restore_rate` the cost points, `protected_data`
    whether the app may see names, addresses and the like, `taxes_included` whether the shop's prices are gross,
    `bulk_seconds` how long a bulk operation runs (0: until it is asked for once). With `state_file` every change is on the disk
    before it is answered, and a new shop on the same file goes on where the last one ended.
    """

    key: ClassVar[str] = "shopify"

    def __init__(
        self,
        *,
        scopes: Sequence[str] = DEFAULT_SCOPES,
        bucket: int = 2000,
        restore_rate: float = 100.0,
        protected_data: bool = True,
        taxes_included: bool = True,
        currency: str = "EUR",
        bulk_seconds: float = 0.0,
        state_file: Path | None = None,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self.domain, self.currency, self.taxes_included = DOMAIN, currency, taxes_included
        self.protected_data, self.clock = protected_data, clock
        self.base_url = f"https://{DOMAIN}"
        self.lock = threading.RLock()
        self.tokens = Tokens(CLIENT_ID, CLIENT_SECRET, scopes, clock)
        self.tokens.add(TOKEN, scopes)
        self.tokens.add(READ_ONLY_TOKEN, [scope for scope in READ_ONLY_SCOPES if not scope.startswith("write_")])
        self.bucket = Bucket(bucket, restore_rate)
        self.effects: list[Effect] = []
        self.requests = RequestLog()
        self.faults = Faults()
        self.traffic: list[Exchange] | None = None
        self.store = Store(state_file)
        self.order_number = 1000
        self.webhooks = Webhooks(self)
        self.bulk = BulkOperations(self, bulk_seconds)
        self.idempotent: dict[str, tuple[str, Json]] = {}
        self.searches: dict[tuple[object, ...], Sorted] = {}
        self._depth = 0
        self._restore()
        if not self.store.table("Location"):
            with self.changes():
                catalog.furnish(self)

    # --- changes: one transaction in memory and on disk -----------------------------------------------------------------

    @contextmanager
    def changes(self) -> Iterator[None]:
        """Group changes under the lock; the outermost group is written to the state file at once, flushed to disk."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    self.store.flush()

    def moment(self) -> str:
        """This moment as the API writes it."""
        return times.text_of(self.clock())

    def record(self, kind: str, key: str, value: object, request_id: str) -> None:
        """Note the effect of an accepted write; call it inside `changes()`."""
        effect = Effect(self.clock(), kind, key, str(value), request_id)
        self.effects.append(effect)
        self.store.note("effect", effect.as_json())

    @contextmanager
    def undone_if_refused(self) -> Iterator[None]:
        """Forget the effects noted inside when a mutation is refused half way: nothing of it was stored."""
        noted, pending = len(self.effects), self.store.pending()
        try:
            yield
        except Refused:
            del self.effects[noted:]
            self.store.forget_notes("effect", pending)
            raise

    def save_order(self, order: Json, event: str, *, touch: bool = True) -> None:
        """Store an order's new version with all that follows from it; call it inside `changes()`."""
        totals.refresh(order)
        if touch:
            order["updatedAt"] = self.moment()
        self.store.put(order)
        self.webhooks.order_changed(order, event)

    def save_product(self, product: Json, event: str = "update") -> None:
        """Store a product's new version; call it inside `changes()`."""
        product["updatedAt"] = self.moment()
        self.store.put(product)
        self.webhooks.product_changed(product, event)

    # --- what people do -------------------------------------------------------------------------------------------------

    def credentials(self, *, read_only: bool = False) -> Json:
        """What a person pastes into the wizard: the shop's address and a custom app's token, with its client id and secret."""
        return {
            "shop": self.base_url or self.domain,
            "token": READ_ONLY_TOKEN if read_only else TOKEN,
            "client_id": self.tokens.client_id,
            "client_secret": self.tokens.client_secret,
        }

    def revoke(self) -> None:
        """The shop's owner uninstalls the app: tokens and secret are worth nothing any more."""
        self.tokens.revoke()
        with self.changes():
            self.store.note("revoked", self.tokens.client_secret)

    def seed(self, *, articles: int, orders: int, seed: int = 1) -> None:
        """Fill with lifelike articles (variants included in the count) and importable orders, the same for the same seed."""
        from sandbox.shopify.seed import seed_shop

        seed_shop(self, articles=articles, orders=orders, seed=seed)

    def catalogue(self) -> list[Json]:
        """The articles for an ERP that is to have the same ones, parents before their variants."""
        return ledger.catalogue(self)

    def add_article(self, sku: str, name: str, price: str, *, stock: int = 0, ean: str = "") -> None:
        """Somebody adds a simple article with a gross price."""
        with self.changes():
            catalog.add_product(self, name, [catalog.Entry(sku, price, stock, ean)])

    def add_product(self, name: str, entries: Sequence[catalog.Entry], **fields: object) -> Json:
        """Somebody adds a product with its variants; fields are those of the document (`taxClass`, `vendor` …)."""
        with self.changes():
            return catalog.add_product(self, name, entries, **fields)

    def buy(self, lines: Sequence[tuple[str, int]], *, at: datetime | None = None) -> str:
        """Somebody buys and pays; returns the order's global id. Raises KeyError for an unknown SKU."""
        items = [self.item(sku, quantity) for sku, quantity in lines]
        basket = Basket(items, ANNA, ANNA, email="anna@example.org", taxes_included=self.taxes_included)
        return str(self.place_order(basket, at=at)["id"])

    def item(self, sku: str, quantity: int, *, price: Decimal | None = None) -> Item:
        """A line of a basket by SKU; raises KeyError for an unknown one."""
        variant = self.variant(sku)
        return Item(quantity, variant, self.store.get(variant["productId"]), price)

    def place_order(self, basket: Basket, *, at: datetime | None = None, modified: datetime | None = None) -> Json:
        """A customer checks a basket out; returns the order's document."""
        with self.changes():
            return orders.place(self, basket, at or self.clock(), modified)

    def touch(self, order: str, at: datetime) -> None:
        """Somebody changes an order in the shop at a moment: its note then says "geändert"."""
        with self.changes():
            document = self.store.table("Order")[order]
            document["note"], document["updatedAt"] = "geändert", times.text_of(at)
            self.save_order(document, "update", touch=False)

    def pay(self, order: str) -> None:
        """The merchant notes that a bank transfer arrived."""
        with self.changes():
            orders.pay(self, self.store.table("Order")[order])

    def set_stock(self, sku: str, pieces: int) -> None:
        """Someone counts the shelf of the first location, which is not an effect of a connector."""
        with self.changes():
            variant = self.variant(sku)
            location = next(iter(self.store.table("Location")))
            level = stock.activate(variant, location, pieces, self.moment())
            level[stock.AVAILABLE] = pieces
            self.store.put(variant)

    # --- reading --------------------------------------------------------------------------------------------------------

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        with self.lock:
            return ledger.ledger(self)

    def variant(self, sku: str) -> Json:
        """A variant by SKU; raises KeyError for an unknown one."""
        ids = self.store.skus.get(sku)
        if not ids:
            raise KeyError(sku)
        return self.store.table("ProductVariant")[ids[0]]

    def variants_of(self, product: Json) -> list[Json]:
        """A product's variants in their order."""
        return [self.store.table("ProductVariant")[variant_id] for variant_id in product["variantIds"]]

    def visible_since(self, *, all_orders: bool) -> str:
        """From when on orders are seen: without `read_all_orders` only those of the last 60 days."""
        return "" if all_orders else times.text_of(self.clock() - timedelta(days=60))

    def application(self) -> ASGIApp:
        """The HTTP application: API, page and switches."""
        from sandbox.shopify.app import build_app

        return build_app(self)

    def close(self) -> None:
        """Stop delivering webhooks and close the state file; the shop stays usable and opens it again when needed."""
        self.faults.release()
        self.webhooks.close()
        self.store.close()

    def _restore(self) -> None:
        for kind, value in self.store.load():
            if kind == "effect":
                self.effects.append(Effect.from_json(value))
            elif kind == "token":
                self.tokens.restore(value)
            elif kind == "idempotent":
                self.idempotent[value[0]] = (value[1], value[2])
            elif kind == "revoked":
                self.tokens.revoke()
                self.tokens.client_secret = value
        numbers = [order["number"] for order in self.store.table("Order").values()]
        self.order_number = max([self.order_number, *numbers])

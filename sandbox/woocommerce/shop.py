"""The simulated shop: what it knows, what people do in it, and the evidence of what connectors did to it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from starlette.types import ASGIApp

from sandbox.effects import Effect, RequestLog
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.shop import Exchange, Ledger
from sandbox.woocommerce import checkout, memory, statuses, terms, times, view
from sandbox.woocommerce.auth import Gate, Key
from sandbox.woocommerce.basket import (
    DEFAULT_COUPONS,
    UNPAID_GATEWAYS,
    Basket,
    BasketLine,
    Coupon,
    postage_for,
    vat_metas,
)
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.links import PLACEHOLDER, order_links
from sandbox.woocommerce.media import Media
from sandbox.woocommerce.model import Product
from sandbox.woocommerce.orderbook import OrderBook
from sandbox.woocommerce.webhooks import Webhooks

CONSUMER_KEY, CONSUMER_SECRET = f"ck_{'5a0db0c5e1' * 4}", f"cs_{'1c0ffee5ea' * 4}"
READ_ONLY_KEY, READ_ONLY_SECRET = f"ck_{'0ead0a1105' * 4}", f"cs_{'5e1f1e55ca' * 4}"


class WooShop:
    """A WooCommerce shop, safe to use from several threads.

    With `state_file` every change is on the disk before it is answered, and a new `WooShop` on the same file goes on where
    the last one was killed. `https=False` makes it a plain-HTTP shop (OAuth 1.0a needed), `https=True` one that believes its
    requests came over TLS (HTTP Basic works). Amounts are text, times aware UTC.
    """

    key: ClassVar[str] = "woocommerce"

    def __init__(
        self,
        *,
        consumer_key: str = CONSUMER_KEY,
        consumer_secret: str = CONSUMER_SECRET,
        read_only_key: str = READ_ONLY_KEY,
        read_only_secret: str = READ_ONLY_SECRET,
        state_file: Path | None = None,
        version: str = "11.0.1",
        fulfillments_enabled: bool = False,
        https: bool = False,
        prices_include_tax: bool = True,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self.consumer_key, self.consumer_secret = consumer_key, consumer_secret
        self.read_only_key, self.read_only_secret = read_only_key, read_only_secret
        self.version = version
        self.fulfillments_enabled = fulfillments_enabled
        self.https = https
        self.prices_include_tax = prices_include_tax
        self.clock = clock
        self.base_url = PLACEHOLDER
        self.lock = threading.RLock()
        self.keys = (
            Key(consumer_key, consumer_secret, "read_write"),
            Key(read_only_key, read_only_secret, "read"),
        )
        self.gate = Gate({key.consumer_key: key for key in self.keys}, https=https)
        self.products: dict[int, Product] = {}
        self.variations_of: dict[int, list[int]] = {}
        self.orders = OrderBook()
        self.notes: dict[int, list[Json]] = {}
        self.fulfillments: dict[int, list[Json]] = {}
        self.refunds: dict[int, list[Json]] = {}
        self.coupons: dict[str, Coupon] = {}
        self.effects: list[Effect] = []
        self.requests = RequestLog()
        self.faults = Faults()
        self.traffic: list[Exchange] | None = None
        self.webhooks = Webhooks(self)
        self.terms = terms.Terms(self)
        self.media = Media(self)
        self.agrees = True
        """Whether the owner agrees when an application asks for keys."""
        self.skus: dict[str, int] = {}
        self.products_version = 0
        self._counters: dict[str, int] = {"post": 10, "term": terms.DEFAULT_CATEGORY}
        self._journal = Journal(state_file)
        self._pending: Json = {}
        self._depth = 0
        for change in self._journal.read():
            memory.replay(self, change)
            self._counters |= change.get("counters", {})
        if not self.coupons:
            for code, kind, amount in DEFAULT_COUPONS:
                self.add_coupon(code, kind, amount)

    # --- changes: one transaction in memory and on disk -----------------------------------------------------------------

    @contextmanager
    def changes(self) -> Iterator[None]:
        """Group changes under the lock; the outermost group is written to the state file as one line, flushed to disk."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth and self._pending:
                    pending, self._pending = self._pending, {}
                    self._journal.append({**pending, "counters": dict(self._counters)})

    def next_id(self, kind: str) -> int:
        """The next number of a kind: `post` (products, orders, refunds), `item`, `meta`, `note`, `fulfillment`, `webhook`."""
        self._counters[kind] = self._counters.get(kind, 0) + 1
        return self._counters[kind]

    def record(self, kind: str, key: str, value: object, request_id: str) -> None:
        """Note the effect of an accepted write; call it inside `changes()`."""
        effect = Effect(self.clock(), kind, key, str(value), request_id)
        self.effects.append(effect)
        self._pending.setdefault("effects", []).append(effect.as_json())

    def save_product(self, product: Product) -> None:
        """Store a product or variation and what finds it; call it inside `changes()`."""
        self.products_version += 1
        memory.index(self, product)
        self._pending.setdefault("products", {})[str(product.id)] = product.as_record()
        self.webhooks.product_updated(product)

    def remove_product(self, product: Product) -> None:
        """Forget a product for good; call it inside `changes()`."""
        self.products_version += 1
        memory.forget(self, product.id)
        self._pending.setdefault("products", {})[str(product.id)] = None
        self.webhooks.product_deleted(product)

    def note_change(self, kind: str, key: str, record: Json | list[str] | None) -> None:
        """Have a term, attribute, picture or key written to the state file; call it inside `changes()`."""
        self._pending.setdefault(kind, {})[key] = record

    def grant(self, key: Key) -> None:
        """Make a key, as the owner does for an application; call it inside `changes()`."""
        self.gate.grant(key)
        self.note_change("keys", key.consumer_key, [key.consumer_secret, key.permission])

    def save_order(self, order: Json, event: str = "updated") -> None:
        """Store an order's new version; call it inside `changes()`."""
        self.orders.put(order)
        self._pending.setdefault("orders", {})[str(order["id"])] = order
        self.webhooks.order_changed(order, event)

    def save_of_order(self, kind: str, order_id: int, item: Json) -> None:
        """Append a note, fulfillment or refund (`kind` is the plural) to an order; call it inside `changes()`."""
        self.of_order(kind).setdefault(order_id, []).append(item)
        self._pending.setdefault(kind, []).append([order_id, item])

    def save_webhook(self, webhook: Json) -> None:
        """Store a webhook with its secret; call it inside `changes()`."""
        self.webhooks.hooks[webhook["id"]] = webhook
        self._pending.setdefault("webhooks", {})[str(webhook["id"])] = webhook

    def remove_webhook(self, webhook_id: int) -> None:
        """Forget a webhook; call it inside `changes()`."""
        self.webhooks.hooks.pop(webhook_id, None)
        self._pending.setdefault("webhooks", {})[str(webhook_id)] = None

    # --- what people do -------------------------------------------------------------------------------------------------

    def add_product(self, sku: str, name: str, price: str, *, type: str = "simple", **fields: Any) -> Product:
        """Add a product (`type` simple or variable) with its price as entered; `stock=None` leaves stock unmanaged."""
        return self._add(Product(0, type, sku, name, self.clock(), self.clock(), regular_price=price), fields)

    def add_variation(
        self, parent: Product, sku: str, price: str, options: Mapping[str, str], **fields: Any
    ) -> Product:
        """Add a variation such as `{"Größe": "M"}` to a variable product; the attributes and options come to be with it."""
        with self.changes():
            chosen = {name: self.terms.attribute_with(name, [option]) for name, option in options.items()}
        attributes = [
            {"id": found["id"], "name": name, "slug": found["slug"], "option": option}
            for (name, found), option in zip(chosen.items(), options.values(), strict=True)
        ]
        variation = Product(0, "variation", sku, parent.name, self.clock(), self.clock(), regular_price=price)
        variation.parent_id, variation.tax_class, variation.attributes = parent.id, parent.tax_class, attributes
        return self._add(variation, fields)

    def add_article(self, sku: str, name: str, price: str, *, stock: int = 0, ean: str = "") -> None:
        """Somebody adds a simple article with a gross price and managed stock."""
        self.add_product(sku, name, price, stock=stock, gtin=ean)

    def add_coupon(self, code: str, kind: str, amount: str) -> Coupon:
        """Add a discount code: `percent`, `fixed_cart` or `fixed_product`."""
        with self.changes():
            coupon = Coupon(self.next_id("post"), code, kind, Decimal(amount))
            self.coupons[code] = coupon
            self._pending.setdefault("coupons", []).append([coupon.id, code, kind, amount])
            return coupon

    def place_order(
        self,
        lines: Sequence[tuple[str, int]],
        billing: Mapping[str, str],
        *,
        shipping: Mapping[str, str] | None = None,
        payment_method: str = "bacs",
        shipping_methods: Sequence[str] = ("flat_rate",),
        coupons: Sequence[str] = (),
        fees: Sequence[tuple[str, str]] = (),
        customer_id: int = 0,
        customer_note: str = "",
        created_via: str = "checkout",
        vat_id: str = "",
        meta_data: Sequence[Json] = (),
        status: str | None = None,
        created: datetime | None = None,
        modified: datetime | None = None,
    ) -> Json:
        """A customer buys: lines are (SKU, quantity), fees (name, net amount); returns the order as the API shows it.

        With `vat_id` the buyer is a business that the shop taxes not, as plug-ins for EU VAT ids do.

        Without `status` it is what the payment method gives: on-hold for a bank transfer, else processing. Raises KeyError for
        an SKU or coupon the shop does not have.
        """
        delivery = dict(billing if shipping is None else shipping)
        country = delivery.get("country", "") or billing.get("country", "")
        basket = Basket(
            lines=[self.basket_line(sku, quantity) for sku, quantity in lines],
            billing=dict(billing),
            shipping=delivery,
            postage=[postage_for(method, country) for method in shipping_methods],
            coupons=[self.coupons[code] for code in coupons],
            fees=[(name, Decimal(net)) for name, net in fees],
            payment_method=payment_method,
            customer_id=customer_id,
            customer_note=customer_note,
            created_via=created_via,
            is_vat_exempt=bool(vat_id),
            meta_data=[*meta_data, *vat_metas(vat_id)],
        )
        wanted = status or ("on-hold" if payment_method in {"bacs", "cheque"} else "processing")
        return self.open_order(basket, wanted, created=created, modified=modified)

    def basket_line(self, sku: str, quantity: int) -> BasketLine:
        """A line of a basket by SKU; raises KeyError for an unknown one."""
        product = self.products[self.skus[sku]]
        return BasketLine(product, quantity, self.products.get(product.parent_id))

    def open_order(
        self, basket: Basket, status: str, *, created: datetime | None = None, modified: datetime | None = None
    ) -> Json:
        """Turn a basket into an order in the given status, stock reduced where the status says so."""
        with self.changes():
            created = created or self.clock()
            order = checkout.build_order(
                basket,
                self.next_id("post"),
                self.next_id,
                includes_tax=self.prices_include_tax,
                version=self.version,
            )
            order["date_created"], order["date_created_gmt"] = times.local_text(created), times.gmt_text(created)
            modified = modified or created
            is_paid = status in statuses.PAID and basket.payment_method not in UNPAID_GATEWAYS
            paid_at = min(created + timedelta(minutes=2), modified) if is_paid else None
            statuses.enter(self, order, status, modified, paid_at=paid_at)
            statuses.touch(order, modified)
            key = f"{PLACEHOLDER}/checkout/order-pay/{order['id']}/?pay_for_order=true&key={order['order_key']}"
            order["payment_url"] = key
            order["_links"] = order_links(order["id"], order["customer_id"])
            self.save_order(order, "created")
            return order

    def buy(self, lines: Sequence[tuple[str, int]], *, at: datetime | None = None) -> str:
        """Somebody buys and pays at once, so that the order can be imported; returns its id."""
        order = self.place_order(lines, view.BUYER, status="processing", created=at, modified=at)
        return str(order["id"])

    def touch(self, order: str, at: datetime) -> None:
        """Somebody changes an order: its customer note then says "geändert"."""
        view.touch(self, order, at)

    def revoke(self) -> None:
        """The shop's owner deletes the keys that `credentials` gives."""
        for key in self.keys:
            self.gate.revoke(key.consumer_key)

    def seed(self, *, articles: int, orders: int, seed: int = 1) -> None:
        """Fill with lifelike articles and orders that merchants import."""
        from sandbox.woocommerce.seed import seed_shop

        seed_shop(self, articles=articles, orders=orders, seed=seed)

    def pay(self, order_id: int) -> None:
        """The merchant notes that a bank transfer arrived: the order is paid and goes on."""
        with self.changes():
            order, now = copy.deepcopy(self.orders[order_id]), self.clock()
            statuses.enter(self, order, "processing", now, paid_at=now)
            statuses.touch(order, now)
            self.save_order(order)

    def load_orders(self, documents: Sequence[Json]) -> None:
        """Take over recorded orders exactly as they are."""
        with self.changes():
            for document in documents:
                self._counters["post"] = max(self._counters["post"], document["id"])
                self.save_order(document, "created")

    def load_products(self, documents: Sequence[Json]) -> None:
        """Take over recorded products and variations (parents first)."""
        with self.changes():
            for document in documents:
                self._counters["post"] = max(self._counters["post"], document["id"])
                self.save_product(Product.from_document(document))

    def set_stock(self, sku: str, quantity: int) -> None:
        """Someone counts the shelf: the shop's own change of a level, which is not an effect of a connector."""
        with self.changes():
            product = self.products[self.skus[sku]]
            product.set_stock(quantity)
            product.modified = self.clock()
            self.save_product(product)

    # --- reading --------------------------------------------------------------------------------------------------------

    def variations(self, product_id: int) -> list[Product]:
        """A product's variations in the order of their ids."""
        return [self.products[variation_id] for variation_id in self.variations_of.get(product_id, ())]

    def credentials(self, *, read_only: bool = False) -> Json:
        """What a person pastes into the wizard."""
        key = self.keys[1 if read_only else 0]
        return {"url": self.base_url, "consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}

    def catalogue(self) -> list[Json]:
        """The articles for an ERP that is to have the same ones."""
        from sandbox.woocommerce.seed import catalogue

        return catalogue(self)

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        return view.ledger(self)

    def application(self) -> ASGIApp:
        """The HTTP application: API, page and switches."""
        from sandbox.woocommerce.app import build_app

        return build_app(self)

    def close(self) -> None:
        """Stop delivering webhooks and close the state file; the shop stays usable and opens it again when needed."""
        self.faults.release()
        self.webhooks.close()
        self._journal.close()

    # --- inside ---------------------------------------------------------------------------------------------------------

    def _add(self, product: Product, fields: Mapping[str, Any]) -> Product:
        with self.changes():
            product.id = self.next_id("post")
            for name, value in fields.items():
                if name == "stock":
                    product.manage_stock = value is not None
                    if value is not None:
                        product.set_stock(value)
                else:
                    setattr(product, name, value)
            if product.sku in self.skus:
                raise ValueError(f"the shop has a product with SKU {product.sku!r} already")
            self.save_product(product)
            return product

    def of_order(self, kind: str) -> dict[int, list[Json]]:
        """The notes, fulfillments or refunds by order."""
        return {"notes": self.notes, "fulfillments": self.fulfillments, "refunds": self.refunds}[kind]

"""The simulated marketplace instance with one seller's shop: what it knows and what people do in it."""

from __future__ import annotations

import threading
from bisect import insort
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
from sandbox.mirakl import lifecycle, memory
from sandbox.mirakl.amounts import INCLUDED, cents, gross
from sandbox.mirakl.catalogue import CATEGORIES, category_paths
from sandbox.mirakl.checkout import Basket, Promotion, Terms, build_order
from sandbox.mirakl.fixed import REASONS
from sandbox.mirakl.frequency import Frequencies
from sandbox.mirakl.imports import Import
from sandbox.mirakl.model import TAX_RATES, Offer, Product, text, utc_now
from sandbox.shop import Exchange, Ledger, OrderFacts

Json = dict[str, Any]
API_KEY = "3f9a6c1e-77b0-4c55-9d3e-2a84c0de5a17"
CHANNELS = {"WEB_DE": "Webshop Deutschland", "WEB_AT": "Webshop Österreich"}
BUYER = {
    "civility": "Frau",
    "firstname": "Anna",
    "lastname": "Weiß",
    "street_1": "Hauptstr. 1",
    "zip_code": "20095",
    "city": "Hamburg",
    "country_iso_code": "DEU",
    "phone": "+49 171 1234567",
}


class MiraklShop:
    """One seller's shop on one Mirakl instance, safe to use from several threads.

    - `needs_acceptance`: orders wait in WAITING_ACCEPTANCE (the operator's `order_acceptance` is NOT_AUTOMATIC); otherwise they
      are accepted by themselves and ready to ship.
    - `debits_on_poll`: after acceptance an order moves one step towards SHIPPING with each reading of orders, else at once.
    - `tax_mode`, `order_taxes`: whether amounts contain taxes, and whether lines name them at all.
    - `partial_acceptance`, `multi_shipment`, `has_stock_imports`: what the operator switched on; without the last, STO01 to
      STO03 do not exist (as on older versions).
    - `shown_statuses`: what an import shows to successive polls before COMPLETE; its effect is there at once.
    - `enforce_frequency`: refuse calls above the maximum that the specification states; `clock` tells the time for it.
    - `hides_addresses`: no addresses before SHIPPING.
    - `has_novelties`: orders have fields and values that the specification does not know yet.
    """

    key: ClassVar[str] = "mirakl"

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        shop_id: int = 2042,
        state_file: Path | None = None,
        needs_acceptance: bool = False,
        debits_on_poll: bool = False,
        tax_mode: str = INCLUDED,
        order_taxes: bool = True,
        partial_acceptance: bool = True,
        multi_shipment: bool = False,
        has_stock_imports: bool = True,
        hides_addresses: bool = True,
        has_novelties: bool = False,
        shown_statuses: Sequence[str] = ("RUNNING",),
        warehouses: Sequence[str] = (),
        enforce_frequency: bool = False,
        update_delta: timedelta = timedelta(minutes=1),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.api_key, self.shop_id = api_key, shop_id
        self.needs_acceptance, self.debits_on_poll = needs_acceptance, debits_on_poll
        self.terms = Terms(tax_mode, order_taxes, channels=CHANNELS, has_novelties=has_novelties)
        self.partial_acceptance, self.multi_shipment = partial_acceptance, multi_shipment
        self.has_stock_imports, self.hides_addresses = has_stock_imports, hides_addresses
        self.shown_statuses, self.warehouses = tuple(shown_statuses), tuple(warehouses)
        self.update_delta = update_delta
        self.clock = clock
        self.base_url = "http://127.0.0.1"
        self.lock = threading.RLock()
        self.keys = {api_key}
        self.frequencies = Frequencies(clock, is_enforced=enforce_frequency)
        self.products: dict[str, Product] = {}
        self.offers: dict[str, Offer] = {}
        self.offers_version = 0
        self.families: dict[str, str] = {}
        self.orders: dict[str, Json] = {}
        self.order_keys: list[tuple[str, str]] = []
        self.moving: set[str] = set()
        self.documents: dict[int, Json] = {}
        self.shipments: dict[str, Json] = {}
        self.imports: dict[str, Import] = {}
        self.sources: dict[str, Json] = {}
        self.rendered: dict[str, bytes] = {}
        self.fails_next_import = ""
        self.product_mapping: dict[str, str] = {}
        """The seller's own columns of product files by the operator's attributes, as set in Mirakl's mapping assistant."""
        self.effects: list[Effect] = []
        self.requests = RequestLog()
        self.faults = Faults()
        self.traffic: list[Exchange] | None = None
        self.counters: dict[str, int] = {"offer": 2100, "import": 3000, "order": 10, "refund": 1100, "document": 500}
        self._journal = Journal(state_file)
        self._is_kept = state_file is not None
        self.pending: Json = {}
        self._depth = 0
        for change in self._journal.read():
            memory.replay(self, change)

    # --- changes: one transaction in memory and on disk -----------------------------------------------------------------

    @contextmanager
    def changes(self) -> Iterator[None]:
        """Group changes under the lock; the outermost group is written to the state file as one line."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth and self.pending:
                    pending, self.pending = self.pending, {}
                    if self._is_kept:
                        self._journal.append(memory.plain({**pending, "counters": self.counters}))

    def next_id(self, kind: str) -> int:
        """The next number of a kind."""
        self.counters[kind] = self.counters.get(kind, 0) + 1
        return self.counters[kind]

    def record(self, kind: str, key: str, value: object, request_id: str) -> None:
        """Note the effect of an accepted write; call it inside `changes()`."""
        effect = Effect(self.clock(), kind, key, str(value), request_id)
        self.effects.append(effect)
        self.pending.setdefault("effects", []).append(effect.as_json())

    def save_order(self, order: Json) -> None:
        """Store an order's new version; call it inside `changes()`."""
        if order["order_id"] not in self.orders:
            insort(self.order_keys, (order["created_date"], order["order_id"]))
        self.orders[order["order_id"]] = order
        self.rendered.pop(order["order_id"], None)
        self.pending.setdefault("orders", {})[order["order_id"]] = order

    def save(self, kind: str, key: Any, value: Any) -> None:
        """Store (or with None forget) a product, offer, document, shipment, import or source; inside `changes()`."""
        store: dict[Any, Any] = getattr(self, kind)
        self.offers_version += kind == "offers"
        if value is None:
            store.pop(key, None)
        else:
            store[key] = value
        self.pending.setdefault(kind, {})[str(key)] = memory.as_record(value)

    # --- what people do -------------------------------------------------------------------------------------------------

    def add_article(
        self,
        sku: str,
        name: str,
        price: str,
        *,
        stock: int = 0,
        ean: str = "",
        tax_class: str = "standard",
        category: str = "",
        family: str = "",
        brand: str = "Nordlicht",
    ) -> None:
        """The seller offers an article with a gross price; the operator's catalogue then has the product."""
        with self.changes():
            number = self.next_id("offer")
            product = Product(f"MKP{number:012d}", name, ean, category or CATEGORIES[-1].code, brand, name, family)
            offer = Offer(number, sku, product.product_sku, self.as_entered(Decimal(price), tax_class))
            offer.quantity, offer.tax_class = stock, tax_class
            self.save("products", product.product_sku, product)
            self.save("offers", sku, offer)

    def add_family(self, sku: str, name: str) -> None:
        """Name the parent of variants, which the marketplace itself knows only as a variant group code."""
        with self.changes():
            self.save("families", sku, name)

    def place_order(
        self,
        lines: Sequence[tuple[str, int]],
        *,
        billing: Mapping[str, str] = BUYER,
        shipping: Mapping[str, str] | None = None,
        at: datetime | None = None,
        updated: datetime | None = None,
        commercial_id: str = "",
        suffix: str = "A",
        state: str = "",
        promotion: Promotion | None = None,
        **more: Any,
    ) -> Json:
        """A customer buys; lines are (SKU, pieces); `state` leaves the order where it is said, `more` goes to `Basket`.

        Raises KeyError for an SKU that this seller does not offer.
        """
        with self.changes():
            chosen = [(self.offers[sku], self.products[self.offers[sku].product_sku], count) for sku, count in lines]
            created = at or self.clock()
            number = self.next_id("order")
            more.setdefault("customer_id", f"Customer_{number:05d}")
            basket = Basket(chosen, billing, shipping or billing, promotion=promotion, **more)
            order = build_order(basket, commercial_id or f"Order_{number:05d}", suffix, created, self.terms)
            for offer, _, count in chosen:
                offer.take(count)
                self.save("offers", offer.sku, offer)
            wanted = state or ("WAITING_ACCEPTANCE" if self.needs_acceptance else "SHIPPING")
            self._lead_to(order, wanted, updated or created)
            self.save_order(order)
            return order

    def buy(self, lines: Sequence[tuple[str, int]], *, at: datetime | None = None) -> str:
        """Somebody buys; the order can be shipped at once, or waits for acceptance where the shop needs that."""
        return str(self.place_order(lines, at=at)["order_id"])

    def touch(self, order: str, at: datetime) -> None:
        """The customer changes the delivery instructions, which Mirakl keeps with the shipping address."""
        with self.changes():
            changed = lifecycle.changed(self.orders[order], at)
            changed["customer"]["shipping_address"]["additional_info"] = "geändert"
            self.save_order(changed)

    def set_state(self, order: str, state: str) -> None:
        """The operator or time moves an order (RECEIVED, CLOSED, or a state that no client has heard of)."""
        with self.changes():
            changed = lifecycle.changed(self.orders[order], self.clock())
            lifecycle.enter(changed, state, self.clock())
            self.save_order(changed)

    def open_incident(self, order: str, line: str, reason: str = "1") -> None:
        """The customer reports a problem with a line that was shipped."""
        with self.changes():
            changed = lifecycle.changed(self.orders[order], self.clock())
            for entry in changed["order_lines"]:
                if entry["order_line_id"] == line:
                    entry |= {
                        "order_line_state": "INCIDENT_OPEN",
                        "order_line_state_reason_code": reason,
                        "order_line_state_reason_label": REASONS[reason][1],
                    }
            self.save_order(changed)

    def revoke(self) -> None:
        """The seller deletes the API key."""
        with self.lock:
            self.keys.clear()

    def grant(self, api_key: str) -> None:
        """The seller makes a new API key."""
        with self.lock:
            self.keys.add(api_key)

    def seed(self, *, articles: int, orders: int, seed: int = 1) -> None:
        """Fill with lifelike offers and orders."""
        from sandbox.mirakl.seed import seed_shop

        seed_shop(self, articles=articles, orders=orders, seed=seed)

    # --- reading --------------------------------------------------------------------------------------------------------

    def credentials(self, *, read_only: bool = False) -> Json:
        """What a person pastes; Mirakl has no keys that only read, so `read_only` is the same."""
        del read_only
        return {"url": self.base_url, "api_key": self.api_key, "shop_id": str(self.shop_id)}

    def catalogue(self) -> list[Json]:
        """The articles for an ERP that is to have the same ones; prices gross."""
        rows: list[Json] = []
        seen: set[str] = set()
        with self.lock:
            for offer in self.offers.values():
                family = self.products[offer.product_sku].family
                if family and family not in seen:
                    seen.add(family)
                    rows.append(self._row(family, self.families.get(family, family), "matrix", "", offer, stock=0))
                kind = "variant" if family else "simple"
                title = self.products[offer.product_sku].title
                rows.append(self._row(offer.sku, title, kind, family, offer, stock=offer.quantity))
        return rows

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        with self.lock:
            return Ledger(
                orders={order_id: self._facts(order) for order_id, order in self.orders.items()},
                stock={sku: offer.quantity for sku, offer in self.offers.items()},
                prices={sku: self.as_gross(offer.price, offer.tax_class) for sku, offer in self.offers.items()},
                articles={sku: self.products[offer.product_sku].title for sku, offer in self.offers.items()},
                categories=category_paths(),
            )

    def as_entered(self, price: Decimal, tax_class: str) -> Decimal:
        """A gross price as this instance's prices are entered."""
        is_gross = self.terms.tax_mode == INCLUDED
        return price if is_gross else cents(price * 100 / (100 + TAX_RATES[tax_class]))

    def as_gross(self, price: Decimal, tax_class: str) -> Decimal:
        """The inverse of `as_entered`."""
        return price if self.terms.tax_mode == INCLUDED else cents(price * (100 + TAX_RATES[tax_class]) / 100)

    def application(self) -> ASGIApp:
        """The HTTP application: API, page and switches."""
        from sandbox.mirakl.app import build_app

        return build_app(self)

    def close(self) -> None:
        """Let hanging requests go and close the state file."""
        self.faults.release()
        self._journal.close()

    # --- inside ---------------------------------------------------------------------------------------------------------

    def _lead_to(self, order: Json, state: str, now: datetime) -> None:
        """Lead a new order through the states before the wanted one."""
        if state in {"SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}:
            order["acceptance_decision_date"] = text(now)
            lifecycle.enter(order, "SHIPPING", now)
        if state in {"RECEIVED", "CLOSED"}:
            lifecycle.enter(order, "SHIPPED", now)
        if state != "SHIPPING":
            lifecycle.enter(order, state, now)
        if state in lifecycle.DEBIT_STEPS:
            self.moving.add(order["order_id"])
        order["last_updated_date"] = text(now)

    def _row(self, sku: str, name: str, kind: str, parent: str, offer: Offer, *, stock: int) -> Json:
        price = str(self.as_gross(offer.price, offer.tax_class))
        row: Json = {"sku": sku, "name": name, "kind": kind, "parent_sku": parent, "tax_class": offer.tax_class}
        ean = "" if kind == "matrix" else self.products[offer.product_sku].ean
        return row | {"price": price, "stock": stock, "ean": ean}

    def _facts(self, order: Json) -> OrderFacts:
        state, order_id = order["order_state"], order["order_id"]
        shipped = [s for s in self.shipments.values() if s["order_id"] == order_id]
        numbers = [order["shipping_tracking"], *(s["tracking"].get("tracking_number") for s in shipped)]
        return OrderFacts(
            total=gross(order, order["order_lines"]),
            currency=order["currency_iso_code"],
            is_importable=state == "SHIPPING",
            is_shipped=state in {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"},
            is_cancelled=state in {"REFUSED", "CANCELED"},
            is_acknowledged=state in lifecycle.ACCEPTED,
            tracking=tuple(dict.fromkeys(number for number in numbers if number)),
            documents=tuple(d["file_name"] for d in self.documents.values() if d["order_id"] == order_id),
            refunded=lifecycle.refunded(order),
        )

"""The simulated shop: what it knows, what people do in it, and the evidence of what connectors did to it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from starlette.types import ASGIApp

from sandbox.effects import Effect, RequestLog
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.shop import Exchange, Ledger
from sandbox.shopware6 import facts, times
from sandbox.shopware6.auth import Gate, Integration
from sandbox.shopware6.basics import TAXES, Installer, base_row
from sandbox.shopware6.basket import Basket
from sandbox.shopware6.checkout import Checkout
from sandbox.shopware6.criteria import MAX_LIMIT
from sandbox.shopware6.definitions import ENTITIES
from sandbox.shopware6.files import file_values
from sandbox.shopware6.ids import id_of
from sandbox.shopware6.indexing import index_categories, index_products
from sandbox.shopware6.integrations import register
from sandbox.shopware6.store import Change, Row, Store
from sandbox.shopware6.values import EURO
from sandbox.shopware6.webhooks import Webhooks
from sandbox.shopware6.writing import DEFAULTS

Json = dict[str, Any]
ACCESS_KEY, SECRET = "SWIASANDBOXFULLRIGHTS00001", "SandboxSecretOfTheIntegrationWithAllRights000001"
READ_KEY, READ_SECRET = "SWIASANDBOXREADONLY0000001", "SandboxSecretOfTheIntegrationThatMayOnlyRead0001"
FIRST_ORDER_NUMBER = 10_000
OTHER_RIGHTS = frozenset({"document.viewer", "number_range:read", "state_machine_history:create"})
"""Rights beside those of the entities here."""


class Shopware6Shop:
    """A Shopware 6 shop, safe to use from several threads.

    `withheld` takes privileges such as `order:update` away from the integration, which is an administrator otherwise;
    `token_seconds` is the life of a token; `max_limit` the highest `limit` of a search. With `state_file` every change is on
    the disk before it is answered, and a new shop on the same file goes on where the last one ended.
    """

    key: ClassVar[str] = "shopware6"

    def __init__(
        self,
        *,
        withheld: Iterable[str] = (),
        state_file: Path | None = None,
        version: str = "6.7.2.0",
        token_seconds: int = 600,
        max_limit: int = MAX_LIMIT,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self.version, self.max_limit, self.clock = version, max_limit, clock
        self.base_url = "http://shopware6.invalid"
        self.requests = RequestLog()
        self.effects: list[Effect] = []
        self.faults = Faults()
        self.traffic: list[Exchange] | None = None
        self.files: dict[str, bytes] = {}
        """The bytes of uploaded files, by the id of their media row."""
        self._counters: dict[str, int] = {"order": FIRST_ORDER_NUMBER}
        self._counting = threading.Lock()
        self._pending: Json = {}
        self._journal = Journal(state_file)
        self.store = Store(self._commit)
        self.webhooks = Webhooks(self)
        integrations = self._integrations(frozenset(withheld))
        self.gate = Gate(integrations, self.clock, token_seconds)
        if not self._restore():
            with self.store.transaction():
                Installer(self.store, times.text(self.clock())).install()
        register(self.store, integrations, times.text(self.clock()))

    # --- what every simulated shop offers -------------------------------------------------------------------------------

    def application(self) -> ASGIApp:
        """The HTTP application: API, page and switches."""
        from sandbox.shopware6.app import build_app

        return build_app(self)

    def close(self) -> None:
        """Release hanging requests, stop delivering webhooks and close the state file."""
        self.faults.release()
        self.webhooks.close()
        self._journal.close()

    def credentials(self, *, read_only: bool = False) -> Json:
        """Address, access key id and secret of the integration."""
        keys = (READ_KEY, READ_SECRET) if read_only else (ACCESS_KEY, SECRET)
        return {"url": self.base_url, "client_id": keys[0], "client_secret": keys[1]}

    def revoke(self) -> None:
        """The owner deletes the integrations, tokens included."""
        self.gate.revoke()

    def seed(self, *, articles: int, orders: int, seed: int = 1) -> None:
        """Fill with lifelike articles and importable orders, the same for the same seed but for the dates."""
        from sandbox.shopware6.seed import seed_shop

        seed_shop(self, articles=articles, orders=orders, seed=seed)

    def catalogue(self) -> list[Json]:
        """The articles for an ERP that is to have the same ones."""
        return facts.catalogue(self.store)

    def add_article(self, sku: str, name: str, price: str, *, stock: int = 0, ean: str = "") -> None:
        """Somebody adds a simple article with a gross price."""
        self.add_product(sku, name, price, stock=stock, ean=ean or None)

    def buy(self, lines: Sequence[tuple[str, int]], *, at: datetime | None = None) -> str:
        """Somebody buys and pays; returns the order's id. Raises KeyError for an unknown SKU."""
        return self.place_order(Basket(lines=lines, at=at))

    def touch(self, order: str, at: datetime) -> None:
        """Somebody changes an order's comment."""
        with self.store.transaction():
            row = self.store.tables["order"][order]
            self.store.put("order", {**row, "customerComment": "geändert", "updatedAt": times.text(at)})
        self.webhooks.written({"order": [order]})

    def ledger(self) -> Ledger:
        """What is in the shop now."""
        with self.store.lock:
            return facts.ledger(self.store)

    # --- what people do -------------------------------------------------------------------------------------------------

    def place_order(self, basket: Basket) -> str:
        """A customer buys what is in the basket; returns the order's id."""
        with self.store.transaction():
            number = str(self.next_number("order"))
            order = Checkout(self.store, basket, number, times.text(self.clock()), self.new_id).place()
        self.webhooks.happened(
            "checkout.order.placed", [{"entity": "order", "operation": "insert", "primaryKey": order}]
        )
        self.webhooks.written({"order": [order]}, "insert")
        return order

    def add_product(
        self,
        sku: str,
        name: str,
        price: str | None,
        *,
        tax: str = "standard",
        stock: int = 0,
        parent: str | None = None,
        options: Sequence[tuple[str, str]] = (),
        categories: Sequence[str] = (),
        created: datetime | None = None,
        **values: Any,
    ) -> str:
        """Somebody adds a product with a gross price; `options` are (group, option) of a variant of `parent`. Returns its id."""
        row_id = id_of("product", sku)
        if row_id in self.store.tables["product"]:
            raise ValueError(f"the shop has a product with number {sku!r} already")
        moment = times.text(created or self.clock())
        own: Json = {"productNumber": sku, "stock": stock, "parentId": parent, "variation": None, **values}
        if parent is None:
            own |= {**DEFAULTS["product"], "name": name, "taxId": id_of("tax", tax), **values}
        if price is not None:
            own["price"] = [price_of(Decimal(price), Decimal(str(TAXES[tax][1])))]
        with self.store.transaction():
            number = self.next_number("product")
            self.store.put("product", base_row("product", row_id, moment, autoIncrement=number, **own))
            if parent is None:
                self._show_in_storefront(row_id, moment)
            for group, option in options:
                self.store.link("product_option", row_id, self.add_option(group, option, moment))
            for category in categories:
                self.store.link("product_category", row_id, category)
            index_products(self.store, [row_id])
        return row_id

    def add_option(self, group: str, option: str, moment: str) -> str:
        """A property group with one of its options, made if it is not there yet; returns the option's id."""
        group_id, option_id = id_of("property_group", group), id_of("property_group", group, option)
        if group_id not in self.store.tables["property_group"]:
            defaults = DEFAULTS["property_group"]
            self.store.put("property_group", base_row("property_group", group_id, moment, name=group, **defaults))
        if option_id not in self.store.tables["property_group_option"]:
            values = {"groupId": group_id, "name": option, "position": 1}
            self.store.put("property_group_option", base_row("property_group_option", option_id, moment, **values))
        return option_id

    def add_manufacturer(self, name: str) -> str:
        """A manufacturer, made if it is not there yet; returns its id."""
        row_id = id_of("product_manufacturer", name)
        if row_id not in self.store.tables["product_manufacturer"]:
            row = base_row("product_manufacturer", row_id, times.text(self.clock()), name=name)
            with self.store.transaction():
                self.store.put("product_manufacturer", row)
        return row_id

    def add_picture(self, product_id: str, name: str) -> str:
        """A picture of a product, which becomes its cover; returns the id of its media row."""
        media_id, link_id = id_of("media", name), id_of("product_media", product_id, name)
        moment = times.text(self.clock())
        values = {
            **file_values(name, "jpg", "image/jpeg", 20_480, media_id),
            "mediaFolderId": id_of("folder", "product"),
        }
        with self.store.transaction():
            self.store.put("media", base_row("media", media_id, moment, private=False, uploadedAt=moment, **values))
            link = {"productId": product_id, "mediaId": media_id, "position": 1}
            self.store.put("product_media", base_row("product_media", link_id, moment, **link))
            self.store.put("product", {**self.store.tables["product"][product_id], "coverId": link_id})
        return media_id

    def add_category(self, *names: str) -> str:
        """A category by its path below the root, made if it is not there yet; returns its id."""
        parent = id_of("category")
        with self.store.transaction():
            for depth in range(1, len(names) + 1):
                row_id = id_of("category", *names[:depth])
                if row_id not in self.store.tables["category"]:
                    moment = times.text(self.clock())
                    values = {**DEFAULTS["category"], "name": names[depth - 1], "parentId": parent, "childCount": 0}
                    values["autoIncrement"] = self.next_number("category")
                    self.store.put("category", base_row("category", row_id, moment, **values))
                    index_categories(self.store, [row_id])
                parent = row_id
        return parent

    def set_stock(self, sku: str, quantity: int) -> None:
        """Somebody counts the shelf: the shop's own change, which is not an effect of a connector."""
        with self.store.transaction():
            row = self.product(sku)
            self.store.put("product", {**row, "stock": quantity, "availableStock": quantity})

    def product(self, sku: str) -> Row:
        """The product with this number; raises KeyError for none."""
        return self.store.tables["product"][next(iter(self.store.pointing("product", "productNumber", sku)), sku)]

    # --- for the parts of the shop --------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A fresh id, the same sequence in every shop."""
        return id_of("new", self.next_number("id"))

    def next_number(self, kind: str) -> int:
        """The next number of a kind: `order`, `product`, `id`, a number range."""
        with self._counting:
            self._counters[kind] = self._counters.get(kind, 0) + 1
            return self._counters[kind]

    def number(self, kind: str) -> int:
        """The number that was given last."""
        return self._counters.get(kind, 0)

    def record(self, kind: str, key: str, value: object, request_id: str) -> None:
        """Note the effect of an accepted write; call it inside a transaction that changes something."""
        effect = Effect(self.clock(), kind, key, str(value), request_id)
        self.effects.append(effect)
        self._pending.setdefault("effects", []).append(effect.as_json())

    def keep_file(self, media_id: str, content: bytes) -> None:
        """Keep an uploaded file; call it inside the transaction that writes its media row."""
        self.files[media_id] = content
        self._pending.setdefault("files", {})[media_id] = base64.b64encode(content).decode()

    # --- inside ---------------------------------------------------------------------------------------------------------

    def _integrations(self, withheld: frozenset[str]) -> list[Integration]:
        everything = frozenset(
            f"{name}:{right}" for name in ENTITIES for right in ("read", "create", "update", "delete")
        )
        reading = frozenset(f"{name}:read" for name in ENTITIES)
        rights = (everything | OTHER_RIGHTS) - withheld if withheld else None
        return [
            Integration(ACCESS_KEY, SECRET, rights),
            Integration(READ_KEY, READ_SECRET, reading | {"document.viewer"}),
        ]

    def _show_in_storefront(self, product_id: str, moment: str) -> None:
        channel = id_of("sales_channel", "storefront")
        values = {"productId": product_id, "salesChannelId": channel, "visibility": 30}
        row = base_row("product_visibility", id_of("visibility", product_id), moment, **values)
        self.store.put("product_visibility", row)

    def _commit(self, change: Change) -> None:
        pending, self._pending = self._pending, {}
        self._journal.append({**change, **pending, "counters": dict(self._counters)})

    def _restore(self) -> bool:
        """Take over the state file; False where there is nothing in it."""
        is_restored = False
        for change in self._journal.read():
            is_restored = True
            self.store.restore(change)
            self.effects += [Effect.from_json(effect) for effect in change.get("effects", ())]
            self.files |= {row: base64.b64decode(text) for row, text in change.get("files", {}).items()}
            self._counters |= change.get("counters", {})
        return is_restored


def price_of(gross: Decimal, rate: Decimal) -> Json:
    """A product's price in euros, net to cents."""
    net = (gross * 100 / (100 + rate)).quantize(Decimal("0.01"))
    return {
        "currencyId": EURO,
        "net": float(net),
        "gross": float(gross),
        "linked": True,
        "listPrice": None,
        "percentage": None,
        "regulationPrice": None,
        "apiAlias": "price",
        "extensions": [],
    }

"""Offers: list (OF21, OF22), conditions (OF61), whole offers by file (OF01 to OF03) or JSON (OF24)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.mirakl.answers import Answer, link_header
from sandbox.mirakl.catalogue import BY_CODE
from sandbox.mirakl.errors import bad_request, not_found
from sandbox.mirakl.files import BadLine, Row, UnreadableFile, choice, price, read_csv, whole, write_csv
from sandbox.mirakl.fixed import OFFER_STATES
from sandbox.mirakl.imports import Import, discount_of, error_report, find_import, polled, start_import
from sandbox.mirakl.model import Offer, offer_document
from sandbox.mirakl.parameters import Call, listed

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
MODES = ("NORMAL", "PARTIAL_UPDATE", "REPLACE")
MAX_OFFERS = 10_000
SORTS = ("totalPrice", "price", "productTitle")
ID_TYPES = ("SKU", "SHOP_SKU", "EAN")
FIELDS = {
    "shop_sku": "sku",
    "product_id": "product-id",
    "product_id_type": "product-id-type",
    "description": "description",
    "internal_description": "internal-description",
    "price": "price",
    "quantity": "quantity",
    "min_quantity_alert": "min-quantity-alert",
    "state_code": "state",
    "leadtime_to_ship": "leadtime-to-ship",
    "logistic_class": "logistic-class",
    "update_delete": "update-delete",
}
"""The fields of OF24 by the columns of OF01."""


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    api = OffersApi(shop)
    return {
        "OF21": ("GET", "/api/offers", api.search),
        "OF24": ("POST", "/api/offers", api.replace),
        "OF61": ("GET", "/api/offers/states", api.states),
        "OF01": ("POST", "/api/offers/imports", api.create_import),
        "OF02": ("GET", "/api/offers/imports/{import}", api.import_status),
        "OF03": ("GET", "/api/offers/imports/{import}/error_report", api.import_report),
        "OF22": ("GET", "/api/offers/{offer}", api.get),
    }


class OffersApi:
    """Handlers of these operations."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop
        self._order_of: tuple[int, str, bool] | None = None
        self._in_order: list[Offer] = []

    def search(self, call: Call) -> Answer:
        """OF21: a page of this shop's offers; by total price unless `sort` says otherwise."""
        most, offset = call.window()
        skus, products, states = call.codes("sku"), call.codes("product_id"), call.codes("offer_state_codes")
        sort = call.text("sort") or "totalPrice"
        if sort not in SORTS:
            raise bad_request(f"sort: accepted values are {', '.join(SORTS)}")
        with self._shop.lock:
            found = self._sorted(sort, is_descending=call.text("order") == "desc")
            if skus or products or states or call.flag("favorite"):
                found = [
                    offer
                    for offer in found
                    if (not skus or offer.sku in skus)
                    and (not products or offer.product_sku in products)
                    and (not states or offer.state in states)
                    and not call.flag("favorite")
                ]
            page = [self._document(offer) for offer in found[offset : offset + most]]
        headers = link_header(call, f"{self._shop.base_url}/api/offers", len(found))
        return Answer({"offers": page, "total_count": len(found)}, headers=headers)

    def get(self, call: Call) -> Json:
        """OF22: one offer by its id."""
        with self._shop.lock:
            for offer in self._shop.offers.values():
                if str(offer.offer_id) == call.ids["offer"]:
                    return self._document(offer)
        raise not_found("Offer", call.ids["offer"])

    def states(self, _call: Call) -> Json:
        """OF61: the conditions an offer can have."""
        states = [{"code": code, "label": label} for code, label in OFFER_STATES.items()]
        return {"offer_states": states, "total_count": len(states)}

    def replace(self, call: Call) -> Answer:
        """OF24: whole offers as JSON; a field that is not sent falls back to its default."""
        entries = listed(call.json(), "offers", most=MAX_OFFERS)
        rows = [_row_of(entry) for entry in entries]
        with self._shop.changes():
            made = self._start(call)
            if made.status == "COMPLETE":
                made.mode = "NORMAL"
                self._run(made, rows, call, is_partial=False)
            self._shop.save("imports", made.id, made)
        location = f"{self._shop.base_url}/api/offers/imports/{made.id}"
        return Answer({"import_id": int(made.id)}, 201, {"Location": location})

    def create_import(self, call: Call) -> Answer:
        """OF01: whole offers as a file. NORMAL resets fields left empty, PARTIAL_UPDATE keeps them, REPLACE deletes others.

        The same file again, while the first import still runs, is the same import.
        """
        form = call.form()
        _, content = form.file("file")
        mode = form.fields.get("import_mode", "")
        if mode not in MODES:
            raise bad_request(f"import_mode: accepted values are {', '.join(MODES)}")
        fingerprint = hashlib.sha256(mode.encode() + content).hexdigest()
        with self._shop.changes():
            for known in self._shop.imports.values():
                if known.fingerprint == fingerprint and not known.is_done:
                    return self._created(known)
            made = self._start(call)
            made.mode, made.fingerprint = mode, fingerprint
            if made.status == "COMPLETE":
                self._run_file(made, content, call)
            self._shop.save("imports", made.id, made)
        return self._created(made)

    def import_status(self, call: Call) -> Json:
        """OF02: how far the import is."""
        with self._shop.changes():
            found = find_import(self._shop, call.ids["import"], "offer")
            status = polled(self._shop, found)
            is_done = status in {"COMPLETE", "FAILED"}
            counts = found.counts if is_done else {}
            return {
                "date_created": found.created,
                "has_error_report": is_done and bool(found.report),
                "import_id": int(found.id),
                "lines_in_error": found.bad if is_done else 0,
                "lines_in_pending": 0,
                "lines_in_success": found.good if is_done else 0,
                "lines_read": found.bad + found.good if is_done else 0,
                "mode": found.mode,
                "offer_deleted": counts.get("deleted", 0),
                "offer_inserted": counts.get("inserted", 0),
                "offer_updated": counts.get("updated", 0),
                "reason_status": found.reason if is_done else "",
                "status": status,
                "type": "MIRAKL",
            }

    def import_report(self, call: Call) -> Answer:
        """OF03: the lines in error."""
        return error_report(self._shop, call.ids["import"], "offer", "application/octet-stream")

    def _sorted(self, sort: str, *, is_descending: bool) -> list[Offer]:
        """All offers in order; sorted anew only after a change, as a long listing would sort them for each page."""
        wanted = (self._shop.offers_version, sort, is_descending)
        if self._order_of != wanted:
            titles = {key: product.title for key, product in self._shop.products.items()}

            def rank(offer: Offer) -> tuple[Any, int]:
                return (titles[offer.product_sku] if sort == "productTitle" else offer.price), offer.offer_id

            self._in_order = sorted(self._shop.offers.values(), key=rank, reverse=is_descending)
            self._order_of = wanted
        return self._in_order

    def _document(self, offer: Offer) -> Json:
        product = self._shop.products[offer.product_sku]
        category = BY_CODE.get(product.category)
        return offer_document(offer, product, self._shop.clock(), category.label if category else product.category)

    def _start(self, _call: Call) -> Import:
        return start_import(self._shop, "offer", number=str(self._shop.next_id("import")))

    def _created(self, made: Import) -> Answer:
        location = f"{self._shop.base_url}/api/offers/imports/{made.id}"
        return Answer({"import_id": int(made.id)}, 201, {"Location": location})

    def _run_file(self, made: Import, content: bytes, call: Call) -> None:
        try:
            rows = read_csv(content, ("sku",))
        except UnreadableFile as error:
            made.status, made.reason = "FAILED", str(error)
            return
        self._run(made, rows, call, is_partial=made.mode == "PARTIAL_UPDATE")
        if made.mode == "REPLACE":
            named = {row["sku"] for row in rows}
            for sku in [sku for sku in self._shop.offers if sku not in named]:
                self._delete(sku, made, call)

    def _run(self, made: Import, rows: list[Row], call: Call, *, is_partial: bool) -> None:
        bad = []
        for number, row in enumerate(rows, 2):
            try:
                self._apply(row, made, call, is_partial=is_partial)
                made.good += 1
            except BadLine as error:
                bad.append({**row, "error-line": number, "error-message": str(error)})
        made.bad = len(bad)
        columns = (*(rows[0] if rows else ()), "error-line", "error-message")
        made.report = write_csv(columns, bad) if bad else ""

    def _apply(self, row: Row, made: Import, call: Call, *, is_partial: bool) -> None:
        action = choice(row.get("update-delete", ""), "update-delete", ("", "update", "delete"))
        sku = row["sku"]
        known = self._shop.offers.get(sku)
        if action == "delete":
            if known is None:
                raise BadLine(f"The offer with SKU '{sku}' does not exist")
            self._delete(sku, made, call)
            return
        if not sku:
            raise BadLine("The sku must be given")
        if known is None and is_partial:
            raise BadLine(f"The offer with SKU '{sku}' does not exist")
        offer = self._built(row, known, is_partial=is_partial)
        made.counts["updated" if known else "inserted"] = made.counts.get("updated" if known else "inserted", 0) + 1
        self._shop.save("offers", sku, offer)
        self._note(known, offer, call)

    def _built(self, row: Row, known: Offer | None, *, is_partial: bool) -> Offer:
        def given(name: str) -> bool:
            return bool(row.get(name)) or not is_partial

        base = known or Offer(self._shop.next_id("offer"), row["sku"], self._product_of(row), Decimal(0))
        offer = Offer(**{**base.as_record(), "warehouses": dict(base.warehouses)})
        if given("price"):
            offer.price = price(row.get("price", ""), "price")
        if given("discount-price") or given("price"):
            offer.discount = discount_of(row, offer.price)
        if given("quantity"):
            offer.set_stock(whole(row.get("quantity") or "0", "quantity"))
        if given("state"):
            offer.state = choice(row.get("state", ""), "state", tuple(OFFER_STATES))
        if given("description"):
            offer.description = row.get("description", "")
        if given("internal-description"):
            offer.internal_description = row.get("internal-description", "")
        if given("leadtime-to-ship"):
            offer.leadtime = whole(row.get("leadtime-to-ship") or "1", "leadtime-to-ship")
        if given("min-quantity-alert"):
            offer.min_quantity_alert = whole(row.get("min-quantity-alert") or "0", "min-quantity-alert")
        if not is_partial:
            offer.channel_prices, offer.volume_prices, offer.additional_fields = [], [], []
        return offer

    def _product_of(self, row: Row) -> str:
        kind, key = row.get("product-id-type", ""), row.get("product-id", "")
        choice(kind, "product-id-type", ID_TYPES)
        for product in self._shop.products.values():
            if key and key == {"SKU": product.product_sku, "EAN": product.ean}.get(kind):
                return product.product_sku
        source = self._shop.sources.get(key)
        if kind == "SHOP_SKU" and source is not None and source["product_sku"]:
            return str(source["product_sku"])
        raise BadLine(f"The product does not exist: {kind} {key}")

    def _delete(self, sku: str, made: Import, call: Call) -> None:
        made.counts["deleted"] = made.counts.get("deleted", 0) + 1
        self._shop.save("offers", sku, None)
        self._shop.record("product", sku, "deleted", call.request_id)

    def _note(self, known: Offer | None, offer: Offer, call: Call) -> None:
        if known is None:
            self._shop.record("product", offer.sku, "offered", call.request_id)
        if known is None or known.quantity != offer.quantity:
            self._shop.record("stock", offer.sku, offer.quantity, call.request_id)
        if known is None or (known.price, known.discount) != (offer.price, offer.discount):
            gross = self._shop.as_gross(offer.price, offer.tax_class)
            self._shop.record("price", offer.sku, gross, call.request_id)


def _row_of(entry: Json) -> Row:
    """An offer of OF24 as a line of OF01."""
    for name in ("shop_sku", "price", "product_id", "product_id_type", "state_code", "update_delete"):
        if name not in entry:
            raise bad_request(f"offers.{name}: must not be null")
    row = {column: "" if entry.get(name) is None else str(entry[name]) for name, column in FIELDS.items()}
    discount = entry.get("discount") or {}
    row["discount-price"] = "" if discount.get("price") is None else str(discount["price"])
    row["discount-start-date"] = discount.get("start_date") or ""
    row["discount-end-date"] = discount.get("end_date") or ""
    return row

"""Imports that run asynchronously, and those of stock (STO01 to STO03) and prices (PRI01 to PRI03)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.mirakl.answers import Answer, sought
from sandbox.mirakl.errors import not_found
from sandbox.mirakl.files import BadLine, Row, UnreadableFile, choice, date, price, read_csv, whole, write_csv
from sandbox.mirakl.model import Offer, text
from sandbox.mirakl.parameters import Call

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
STOCK_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")
PRICE_COLUMNS = ("offer-sku", "price", "discount-price", "discount-start-date", "discount-end-date")
STATUSES = ("WAITING", "RUNNING", "COMPLETE", "FAILED")
MAX_PRICES = 50


@dataclass
class Import:
    """One import with its outcome, which shows only when its statuses before the last were read."""

    id: str
    kind: str
    created: str
    status: str = "COMPLETE"
    reason: str = ""
    steps: list[str] = field(default_factory=list)
    good: int = 0
    bad: int = 0
    report: str = ""
    mode: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    fingerprint: str = ""
    reports: dict[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether the outcome shows."""
        return not self.steps

    def poll(self) -> str:
        """The status that this reading shows; each one is shown once before the last."""
        return self.steps.pop(0) if self.steps else self.status


def start_import(shop: MiraklShop, kind: str, *, number: str = "", steps: Sequence[str] | None = None) -> Import:
    """A new import; inside `changes()`. An operator's machine that is out of order lets it fail as a whole."""
    made = Import(number or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{shop.next_id('import')}")), kind, "")
    made.created = text(shop.clock())
    made.steps = list(shop.shown_statuses if steps is None else steps)
    if shop.fails_next_import:
        made.status, made.reason, shop.fails_next_import = "FAILED", shop.fails_next_import, ""
    return made


def polled(shop: MiraklShop, found: Import) -> str:
    """Read an import's status and keep that it was read; inside `changes()`."""
    status = found.poll()
    shop.save("imports", found.id, found)
    return status


def find_import(shop: MiraklShop, number: str, kind: str) -> Import:
    """An import of a kind by its id; 404 where there is none."""
    found = shop.imports.get(number)
    if found is None or found.kind != kind:
        raise not_found("Import", number)
    return found


def error_report(shop: MiraklShop, number: str, kind: str, media_type: str) -> Answer:
    """The lines in error as a file; 404 while there is none."""
    with shop.lock:
        found = find_import(shop, number, kind)
        if not found.is_done or not found.report:
            raise not_found("Error report of import", number)
        return Answer(found.report.encode(), 200, {}, media_type)


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    stock, prices = StockApi(shop), PricesApi(shop)
    found: dict[str, tuple[str, str, Callable[[Call], Any]]] = {
        "PRI01": ("POST", "/api/offers/pricing/imports", prices.create),
        "PRI02": ("GET", "/api/offers/pricing/imports", prices.search),
        "PRI03": ("GET", "/api/offers/pricing/imports/{import_id}/error_report", prices.report),
    }
    if shop.has_stock_imports:
        found |= {
            "STO01": ("POST", "/api/offers/stock/imports", stock.create),
            "STO02": ("GET", "/api/offers/stock/imports/{import_id}/status", stock.status),
            "STO03": ("GET", "/api/offers/stock/imports/{import_id}/error_report", stock.report),
        }
    return found


class StockApi:
    """Stock of offers by SKU, globally or per warehouse."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def create(self, call: Call) -> Answer:
        """STO01: take the file; its good lines count, the others are in the report."""
        _, content = call.form().file("file")
        with self._shop.changes():
            made = start_import(self._shop, "stock")
            if made.status == "COMPLETE":
                self._run(made, content, call)
            self._shop.save("imports", made.id, made)
        location = f"{self._shop.base_url}/api/offers/stock/imports/{made.id}/status"
        return Answer({"import_id": made.id}, 201, {"Location": location})

    def status(self, call: Call) -> Json:
        """STO02: how far the import is."""
        with self._shop.changes():
            found = find_import(self._shop, call.ids["import_id"], "stock")
            status = polled(self._shop, found)
            is_done = status in {"COMPLETE", "FAILED"}
            return {
                "date_created": found.created,
                "has_error_report": is_done and bool(found.report),
                "import_id": found.id,
                "lines_in_error": found.bad if is_done else None,
                "lines_in_success": found.good if is_done else None,
                "shop_id": self._shop.shop_id,
                "status": status,
            }

    def report(self, call: Call) -> Answer:
        """STO03: the lines in error, ready to be sent again."""
        return error_report(self._shop, call.ids["import_id"], "stock", "text/csv")

    def _run(self, made: Import, content: bytes, call: Call) -> None:
        try:
            rows = read_csv(content, STOCK_COLUMNS[:2])
        except UnreadableFile as error:
            made.status, made.reason = "FAILED", str(error)
            return
        bad = []
        for number, row in enumerate(rows, 2):
            try:
                self._apply(row, call)
                made.good += 1
            except BadLine as error:
                bad.append({"error-line": number, "error-message": str(error), **row})
        made.bad = len(bad)
        made.report = write_csv(("error-line", "error-message", *STOCK_COLUMNS), bad) if bad else ""

    def _apply(self, row: Row, call: Call) -> None:
        offer = self._shop.offers.get(row["offer-sku"])
        if offer is None:
            raise BadLine(f"The offer with SKU '{row['offer-sku']}' does not exist")
        action = choice(row.get("update-delete", ""), "update-delete", ("", "update", "delete"))
        warehouse = row.get("warehouse-code", "")
        if warehouse and warehouse not in self._shop.warehouses:
            raise BadLine(f"The warehouse '{warehouse}' does not exist")
        quantity = 0 if action == "delete" else whole(row["quantity"], "quantity")
        before = offer.quantity
        offer.set_stock(quantity, warehouse)
        if action == "delete" and warehouse:
            offer.warehouses.pop(warehouse)
        self._shop.save("offers", offer.sku, offer)
        if offer.quantity != before or warehouse:
            self._shop.record("stock", offer.sku, offer.quantity, call.request_id)


class PricesApi:
    """Prices of offers by SKU. An offer's lines replace all its prices: what is not sent is deleted."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def create(self, call: Call) -> Answer:
        """PRI01: take the file; an offer with a bad line keeps its prices, and all its lines are in the report."""
        _, content = call.form().file("file")
        with self._shop.changes():
            made = start_import(self._shop, "price")
            if made.status == "COMPLETE":
                self._run(made, content, call)
            self._shop.save("imports", made.id, made)
        location = f"{self._shop.base_url}/api/offers/pricing/imports?import_id={made.id}"
        return Answer({"import_id": made.id, "importId": made.id}, 201, {"Location": location})

    def search(self, call: Call) -> Json:
        """PRI02: imports, newest first, by seek paging."""
        wanted = call.codes("import_id")
        start, end = call.moment("start_date"), call.moment("end_date")
        statuses = call.known("status", STATUSES)
        with self._shop.changes():
            found = [
                entry
                for entry in reversed(self._shop.imports.values())
                if entry.kind == "price"
                and (not wanted or entry.id in wanted)
                and (start is None or entry.created >= text(start))
                and (end is None or entry.created <= text(end))
            ]
            shown = [self._shown(entry) for entry in found]
        return sought(call, [entry for entry in shown if not statuses or entry["status"] in statuses])

    def report(self, call: Call) -> Answer:
        """PRI03: the lines of offers in error, ready to be sent again."""
        return error_report(self._shop, call.ids["import_id"], "price", "text/csv")

    def _shown(self, found: Import) -> Json:
        status = polled(self._shop, found)
        is_done = status in {"COMPLETE", "FAILED"}
        return {
            "date_created": found.created,
            "has_error_report": is_done and bool(found.report),
            "import_id": found.id,
            "lines_in_error": found.bad if is_done else 0,
            "lines_in_success": found.good if is_done else 0,
            "offers_in_error": found.counts.get("bad_offers", 0) if is_done else 0,
            "offers_updated": found.counts.get("offers", 0) if is_done else 0,
            "origin": "API",
            "reason_status": found.reason if is_done else "",
            "shop_id": self._shop.shop_id,
            "status": status,
        }

    def _run(self, made: Import, content: bytes, call: Call) -> None:
        try:
            rows = read_csv(content, PRICE_COLUMNS[:2])
        except UnreadableFile as error:
            made.status, made.reason = "FAILED", str(error)
            return
        by_offer: dict[str, list[tuple[int, Row]]] = {}
        for number, row in enumerate(rows, 2):
            by_offer.setdefault(row["offer-sku"], []).append((number, row))
        bad: list[dict[str, object]] = []
        for sku, lines in by_offer.items():
            problems = self._replace(sku, lines, call)
            if problems:
                bad += [{"error-line": n, "error-message": problems.get(n, ""), **row} for n, row in lines]
        made.bad, made.good = len(bad), len(rows) - len(bad)
        made.counts = {"bad_offers": len({row["offer-sku"] for row in bad})}
        made.counts["offers"] = len(by_offer) - made.counts["bad_offers"]
        columns = ("error-line", "error-message", *(rows[0] if rows else PRICE_COLUMNS))
        made.report = write_csv(columns, bad) if bad else ""

    def _replace(self, sku: str, lines: list[tuple[int, Row]], call: Call) -> dict[int, str]:
        """Replace an offer's prices; returns the problems by line, in which case nothing is changed."""
        offer = self._shop.offers.get(sku)
        first = lines[0][0]
        if offer is None:
            return {first: f"The offer with SKU '{sku}' does not exist"}
        if len(lines) > MAX_PRICES:
            return {first: f"At most {MAX_PRICES} prices can be created for an offer"}
        problems: dict[int, str] = {}
        prices = []
        for number, row in lines:
            try:
                prices.append(_price_of(row))
            except BadLine as error:
                problems[number] = str(error)
        defaults = [entry for entry in prices if not entry["channel"]]
        if not problems and len(defaults) != 1:
            problems[first] = "Exactly one price without channel is needed"
        if not problems:
            self._apply(offer, defaults[0], [entry for entry in prices if entry["channel"]], call)
        return problems

    def _apply(self, offer: Offer, default: Json, channels: list[Json], call: Call) -> None:
        before = (offer.price, offer.discount)
        offer.price, offer.discount = default["price"], default["discount"]
        offer.volume_prices = default["volumes"]
        offer.channel_prices = channels
        self._shop.save("offers", offer.sku, offer)
        if (offer.price, offer.discount) != before:
            shown = self._shop.as_gross(offer.price, offer.tax_class)
            self._shop.record("price", offer.sku, shown, call.request_id)


def _price_of(row: Row) -> Json:
    amount = price(row["price"], "price")
    discount = discount_of(row, amount)
    # A scale may begin with the first piece, as in the vendor's examples: that is the price itself.
    volumes = [
        {"threshold": pieces, "price": price(value, "price-ranges")}
        for threshold, _, value in (part.partition("|") for part in row.get("price-ranges", "").split(",") if part)
        if (pieces := whole(threshold, "price-ranges")) > 1
    ]
    return {"price": amount, "discount": discount, "channel": row.get("channels", ""), "volumes": volumes}


def discount_of(row: Row, amount: Decimal) -> Json | None:
    """The discount of a line of prices or offers; raises BadLine."""
    reduced = row.get("discount-price", "")
    start = date(row.get("discount-start-date", ""), "discount-start-date")
    end = date(row.get("discount-end-date", ""), "discount-end-date")
    if not reduced:
        if start or end:
            raise BadLine("The discount-price must be given with its dates")
        return None
    value = price(reduced, "discount-price")
    if value >= amount:
        raise BadLine("The discount-price must be below the price")
    if start and end and end < start:
        raise BadLine("The discount-end-date must be after the discount-start-date")
    return {"price": value, "start": start, "end": end}

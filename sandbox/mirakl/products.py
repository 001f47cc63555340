"""Product data: categories (H11), attributes (PM11), values (VL11), imports (P41 to P47) and what became of them (CM11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.mirakl.answers import Answer, link_header
from sandbox.mirakl.catalogue import (
    ATTRIBUTES,
    BY_CODE,
    CATEGORIES,
    VALUES,
    Attribute,
    attribute_document,
    attributes_for,
    descendants,
    hierarchy_document,
    values_document,
)
from sandbox.mirakl.errors import bad_request, not_found
from sandbox.mirakl.files import BadLine, Row, UnreadableFile, read_csv, write_csv
from sandbox.mirakl.imports import Import, find_import, start_import
from sandbox.mirakl.model import Product, text
from sandbox.mirakl.parameters import Call

if TYPE_CHECKING:
    from sandbox.mirakl.shop import MiraklShop

Json = dict[str, Any]
STEPS = {"WAITING": "TRANSFORMATION_WAITING", "RUNNING": "TRANSFORMATION_RUNNING"}
STATUSES = (
    *("TRANSFORMATION_WAITING", "TRANSFORMATION_RUNNING", "TRANSFORMATION_FAILED", "WAITING", "RUNNING", "SENT"),
    *("COMPLETE", "CANCELLED", "FAILED"),
)
LENGTHS = {8, 12, 13, 14}


def operations(shop: MiraklShop) -> dict[str, tuple[str, str, Callable[[Call], Any]]]:
    """Method, path and handler by operation."""
    api = ProductsApi(shop)
    imports = "/api/products/imports"
    return {
        "H11": ("GET", "/api/hierarchies", api.hierarchies),
        "PM11": ("GET", "/api/products/attributes", api.attributes),
        "VL11": ("GET", "/api/values_lists", api.values),
        "P41": ("POST", imports, api.create),
        "P51": ("GET", imports, api.search),
        "P42": ("GET", imports + "/{import}", api.status),
        "P44": ("GET", imports + "/{import}/error_report", lambda call: api.report(call, "errors")),
        "P45": ("GET", imports + "/{import}/new_product_report", lambda call: api.report(call, "new")),
        "P47": ("GET", imports + "/{import}/transformation_error_report", lambda call: api.report(call, "lines")),
        "CM11": ("GET", "/api/mcm/products/sources/status/export", api.sources),
    }


class ProductsApi:
    """Handlers of these operations."""

    def __init__(self, shop: MiraklShop) -> None:
        self._shop = shop

    def hierarchies(self, call: Call) -> Json:
        """H11: the tree of categories, or the part below one."""
        codes = self._below(call)
        return {"hierarchies": [hierarchy_document(category) for category in CATEGORIES if category.code in codes]}

    def attributes(self, call: Call) -> Json:
        """PM11: the attributes, of all categories or of one with its parents and children."""
        if not call.text("hierarchy"):
            found = list(ATTRIBUTES)
        else:
            wanted = {a.code for code in self._below(call) for a in attributes_for(code)}
            found = [attribute for attribute in ATTRIBUTES if attribute.code in wanted]
        if call.flag("with_roles"):
            found = [attribute for attribute in found if attribute.role]
        return {"attributes": [attribute_document(attribute) for attribute in found]}

    def values(self, call: Call) -> Json:
        """VL11: the lists of values, or one of them."""
        code = call.text("code")
        if code and code not in VALUES:
            raise not_found("Values list", code)
        return {"values_lists": [values_document(key) for key in ([code] if code else VALUES)]}

    def create(self, call: Call) -> Answer:
        """P41: take a file of products; what it is good for shows in P42 and CM11."""
        form = call.form()
        _, content = form.file("file")
        mapping = {} if form.fields.get("operator_format") == "true" else self._shop.product_mapping
        with self._shop.changes():
            steps = [STEPS.get(step, step) for step in self._shop.shown_statuses]
            made = start_import(self._shop, "product", number=str(self._shop.next_id("import")), steps=steps)
            if made.status == "COMPLETE":
                self._run(made, content, mapping, call)
            self._shop.save("imports", made.id, made)
        location = f"{self._shop.base_url}/api/products/imports/{made.id}"
        return Answer({"import_id": int(made.id)}, 201, {"Location": location})

    def search(self, call: Call) -> Answer:
        """P51: imports of products, newest first."""
        most, offset = call.window()
        since, statuses = call.moment("last_request_date"), call.known("status", STATUSES)
        with self._shop.lock:
            shown = [
                self._shown(entry)
                for entry in reversed(self._shop.imports.values())
                if entry.kind == "product" and (since is None or entry.created >= text(since))
            ]
        found = [entry for entry in shown if not statuses or entry["import_status"] in statuses]
        headers = link_header(call, f"{self._shop.base_url}/api/products/imports", len(found))
        page = found[offset : offset + most]
        return Answer({"product_import_trackings": page, "total_count": len(found)}, headers=headers)

    def status(self, call: Call) -> Json:
        """P42: how far the import is."""
        with self._shop.changes():
            found = find_import(self._shop, call.ids["import"], "product")
            shown = self._shown(found)
            found.poll()
            self._shop.save("imports", found.id, found)
            return shown

    def report(self, call: Call, name: str) -> Answer:
        """P44, P45, P47: a file about the import; 404 while there is none."""
        with self._shop.lock:
            found = find_import(self._shop, call.ids["import"], "product")
            if not found.is_done or not found.reports.get(name):
                raise not_found("Report of import", found.id)
            return Answer(found.reports[name].encode(), 200, {}, "application/octet-stream")

    def sources(self, call: Call) -> Any:
        """CM11: which of the seller's products are live, and why the others are not; 204 for none."""
        since, wanted = call.moment("updated_since"), call.text("status")
        if wanted not in {"", "LIVE", "NOT_LIVE"}:
            raise bad_request(f"status: '{wanted}' is not a valid value")
        skus = call.codes("provider_unique_identifier")
        with self._shop.lock:
            found = [
                source["status"]
                for sku, source in self._shop.sources.items()
                if (since is None or source["updated"] >= text(since))
                and (not wanted or source["status"]["status"] == wanted)
                and (not skus or sku in skus)
            ]
        return found or Answer()

    def _below(self, call: Call) -> list[str]:
        code, levels = call.text("hierarchy"), call.text("max_level")
        depth = call.number("max_level", 0, 0, 99) if levels else None
        if not code:
            roots = [category.code for category in CATEGORIES if not category.parent]
            return [c for root in roots for c in descendants(root, None if depth is None else max(0, depth - 1))]
        if code not in BY_CODE:
            raise not_found("Hierarchy", code)
        return descendants(code, depth)

    def _shown(self, found: Import) -> Json:
        is_done = found.is_done
        failed = is_done and found.status == "FAILED"
        return {
            "conversion_options": None,
            "conversion_type": None,
            "date_created": found.created,
            "has_error_report": is_done and bool(found.reports.get("errors")),
            "has_new_product_report": is_done and bool(found.reports.get("new")),
            "has_transformation_error_report": is_done and bool(found.reports.get("lines")),
            "has_transformed_file": False,
            "import_id": int(found.id),
            "import_status": ("FAILED" if failed else "COMPLETE") if is_done else found.steps[0],
            "integration_details": None,
            "reason_status": found.reason if failed else None,
            "shop_id": self._shop.shop_id,
            "transform_lines_in_error": found.bad if is_done else 0,
            "transform_lines_in_success": found.good if is_done else 0,
            "transform_lines_read": found.good + found.bad if is_done else 0,
            "transform_lines_with_warning": 0,
        }

    def _run(self, made: Import, content: bytes, mapping: Mapping[str, str], call: Call) -> None:
        """Read the seller's file; columns that the seller mapped inside Mirakl are read as the operator's attributes."""
        own = {code: column for column, code in mapping.items()}
        try:
            given = read_csv(content, [own.get(code, code) for code in ("category", "shop-sku")])
            rows = [{mapping.get(name, name): value for name, value in row.items()} for row in given]
        except UnreadableFile as error:
            made.status, made.reason = "FAILED", str(error)
            return
        bad, errors, new = [], [], []
        for number, row in enumerate(rows, 2):
            try:
                problems = self._checked(row)
            except BadLine as error:
                bad.append({**row, "error-line": number, "error-message": str(error)})
                continue
            made.good += 1
            self._keep(row, problems, call)
            if problems:
                message = "; ".join(str(problem["message"]) for problem in problems)
                errors.append({**row, "error-line": number, "error-message": message})
            else:
                new.append(
                    {"shop-sku": row["shop-sku"], "product-sku": self._shop.sources[row["shop-sku"]]["product_sku"]}
                )
        made.bad = len(bad)
        columns = (*(rows[0] if rows else ()), "error-line", "error-message")
        made.reports = {
            "lines": write_csv(columns, bad) if bad else "",
            "errors": write_csv(columns, errors) if errors else "",
            "new": write_csv(("shop-sku", "product-sku"), new) if new else "",
        }

    def _checked(self, row: Row) -> list[Json]:
        """What keeps a product from going live; raises BadLine for a line that is no product at all."""
        category = BY_CODE.get(row["category"])
        if category is None:
            raise BadLine(f"The category '{row['category']}' does not exist")
        if any(other.parent == category.code for other in CATEGORIES):
            raise BadLine(f"The category '{category.code}' is not a leaf")
        if not row["shop-sku"]:
            raise BadLine("The attribute 'shop-sku' is required")
        return [
            problem
            for attribute in attributes_for(category.code)
            if (problem := _problem(attribute, row.get(attribute.code, ""))) is not None
        ]

    def _keep(self, row: Row, problems: list[Json], call: Call) -> None:
        sku = row["shop-sku"]
        known = self._shop.sources.get(sku, {}).get("product_sku", "")
        product_sku = known
        if not problems:
            existing = next((p for p in self._shop.products.values() if p.ean == row["ean"]), None)
            product_sku = existing.product_sku if existing else known or f"MKP{self._shop.next_id('offer'):012d}"
            product = Product(product_sku, row["title"], row["ean"], row["category"], row.get("brand", ""))
            product.description, product.family = row.get("description", ""), row.get("variant-group", "")
            self._shop.save("products", product_sku, product)
        status: Json = {
            "provider_unique_identifier": sku,
            "status": "NOT_LIVE" if problems else "LIVE",
            "unique_identifiers": [{"code": "EAN", "value": row["ean"]}] if row.get("ean") else [],
            "errors": [
                {"code": "MCM-04000", "message": "The product integration contains errors."} | problem
                for problem in problems
            ],
            "warnings": [],
        }
        source = {"status": status, "product_sku": product_sku, "updated": text(self._shop.clock())}
        self._shop.save("sources", sku, source)
        self._shop.record("product", sku, status["status"], call.request_id)


def _problem(attribute: Attribute, value: str) -> Json | None:
    message = ""
    if not value:
        message = f"The '{attribute.code}' attribute is required." if attribute.level == "REQUIRED" else ""
    elif attribute.values:
        known = VALUES[attribute.values][1]
        unknown = [part for part in value.split("|") if part not in known]
        message = f"The value '{unknown[0]}' of '{attribute.code}' is not in its list." if unknown else ""
    elif attribute.code == "ean" and not _is_ean(value):
        message = f"The EAN '{value}' is not valid."
    elif attribute.type == "MEDIA" and not value.startswith(("http://", "https://")):
        message = f"The '{attribute.code}' attribute must be a URL."
    elif attribute.type in {"INTEGER", "DECIMAL"} and not value.replace(".", "", attribute.type == "DECIMAL").isdigit():
        message = f"The '{attribute.code}' attribute must be a number."
    elif attribute.type == "BOOLEAN" and value not in {"true", "false"}:
        message = f"The '{attribute.code}' attribute must be true or false."
    if not message:
        return None
    detail = {"attribute_code": attribute.code, "code": "ERROR", "message": message}
    return {"integration_details": [detail], "message": message}


def _is_ean(value: str) -> bool:
    if not value.isdigit() or len(value) not in LENGTHS:
        return False
    digits = [int(digit) for digit in reversed(value)]
    return sum(digit * (3 if i % 2 else 1) for i, digit in enumerate(digits)) % 10 == 0

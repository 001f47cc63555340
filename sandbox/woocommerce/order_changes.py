"""Writes on orders: creating, changing status, texts, meta data and lines; only what really changes leaves an effect."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.woocommerce import checkout, statuses, taxes
from sandbox.woocommerce.arguments import Arg
from sandbox.woocommerce.basket import Basket, BasketLine, Postage
from sandbox.woocommerce.errors import Json, WooError
from sandbox.woocommerce.notes import add_note

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

UPDATE_ARGS = {
    "status": Arg(enum=statuses.SETTABLE),
    **{
        name: Arg()
        for name in ("customer_note", "payment_method", "payment_method_title", "transaction_id", "currency")
    },
    "customer_id": Arg(("integer",)),
    "set_paid": Arg(("boolean",)),
    **{name: Arg(("object",)) for name in ("billing", "shipping")},
    **{
        name: Arg(("array",), items="object")
        for name in ("line_items", "shipping_lines", "fee_lines", "coupon_lines", "meta_data")
    },
}
CREATE_ARGS = {**UPDATE_ARGS, "status": Arg(enum=statuses.SETTABLE, default="pending")}
TEXTS = ("customer_note", "payment_method", "payment_method_title", "transaction_id")


def create_order(shop: WooShop, values: Json, request_id: str) -> Json:
    """Make an order from an API body; lines need a product, prices are the shop's unless `total` is given (net)."""
    with shop.changes():
        basket = Basket(
            lines=[_basket_line(shop, line) for line in values.get("line_items", ())],
            billing=values.get("billing", {}),
            shipping=values.get("shipping", {}),
            postage=[_postage(line) for line in values.get("shipping_lines", ())],
            coupons=[_coupon(shop, line) for line in values.get("coupon_lines", ())],
            fees=[(line.get("name", ""), Decimal(line.get("total", "0"))) for line in values.get("fee_lines", ())],
            payment_method=values.get("payment_method", ""),
            payment_title=values.get("payment_method_title", ""),
            customer_id=values.get("customer_id", 0),
            customer_note=values.get("customer_note", ""),
            currency=values.get("currency", "EUR"),
            created_via="rest-api",
            meta_data=values.get("meta_data", ()),
        )
        status = "processing" if values.get("set_paid") and values["status"] == "pending" else values["status"]
        order = shop.open_order(basket, status)
        shop.record("order", str(order["id"]), order["total"], request_id)
        return order


def apply_changes(shop: WooShop, order: Json, changes: Json, request_id: str) -> Json:
    """Change an order and record each real change; setting what it already is changes nothing, not even its date.

    `order` is a copy: a refusal in the middle leaves the stored order and the effects untouched.
    """
    if changes.get("set_paid") and not order["date_paid"]:
        changes = {"status": "processing", **changes}
    effects = [*_change_texts(order, changes), *_change_meta(shop, order, changes)]
    if changes.get("line_items"):
        _change_lines(shop, order, changes["line_items"])
        effects.append(("order", "line_items"))
    if changes.get("status", order["status"]) != order["status"]:
        _change_status(shop, order, changes["status"])
        effects.append(("order_status", changes["status"]))
    if effects:
        statuses.touch(order, shop.clock())
        shop.save_order(order)
    for kind, value in effects:
        shop.record(kind, str(order["id"]), value, request_id)
    return order


def _change_texts(order: Json, changes: Json) -> Iterator[tuple[str, str]]:
    for name in TEXTS:
        if name in changes and changes[name] != order[name]:
            order[name] = changes[name]
            yield "order", f"{name}={changes[name]}"
    for name in ("billing", "shipping"):
        new = {field: value for field, value in changes.get(name, {}).items() if order[name].get(field) != value}
        if new:
            order[name] |= new
            yield "order", f"{name}: {', '.join(new)}"


def _change_meta(shop: WooShop, order: Json, changes: Json) -> Iterator[tuple[str, str]]:
    for meta in changes.get("meta_data", ()):
        if set_meta(shop, order, meta.get("key", ""), meta.get("value")):
            yield "order_meta", f"{meta.get('key', '')}={meta.get('value')}"


def set_meta(shop: WooShop, order: Json, name: str, value: Any) -> bool:
    """Set a meta value on an order, True if that changed it."""
    for meta in order["meta_data"]:
        if meta["key"] == name:
            changed: bool = meta["value"] != value
            meta["value"] = value
            return changed
    order["meta_data"].append({"id": shop.next_id("meta"), "key": name, "value": value})
    return True


def _change_status(shop: WooShop, order: Json, status: str) -> None:
    before = statuses.NAMES.get(order["status"], order["status"])
    statuses.enter(shop, order, status, shop.clock())
    text = f"Order status changed from {before} to {statuses.NAMES.get(status, status)}."
    add_note(shop, order["id"], text, for_customer=False)


def _change_lines(shop: WooShop, order: Json, lines: list[Json]) -> None:
    """A line without `id` is added, one with `quantity` 0 removed, another quantity rescales the line."""
    for given in lines:
        if "id" not in given:
            checkout.add_line(order, _basket_line(shop, given), shop.next_id)
            continue
        line = next((line for line in order["line_items"] if line["id"] == given["id"]), None)
        if line is None:
            raise WooError(
                400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order."
            )
        quantity = given.get("quantity", line["quantity"])
        if quantity == 0:
            order["line_items"].remove(line)
        elif quantity != line["quantity"]:
            _rescale(line, quantity)
    checkout.total_up(order, shop.next_id)


def _rescale(line: Json, quantity: int) -> None:
    factor = Decimal(quantity) / Decimal(line["quantity"])
    for name in ("subtotal", "subtotal_tax", "total", "total_tax"):
        line[name] = str(taxes.cents(Decimal(line[name]) * factor))
    for tax in line["taxes"]:
        tax["total"], tax["subtotal"] = line["total_tax"], line["subtotal_tax"]
    line["quantity"] = quantity


def _basket_line(shop: WooShop, given: Json) -> BasketLine:
    product_id = given.get("variation_id") or given.get("product_id")
    if not product_id and given.get("sku"):
        product_id = shop.skus.get(given["sku"])
    if not product_id:
        raise WooError(400, "woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    product = shop.products.get(product_id)
    if product is None:
        raise WooError(400, "woocommerce_rest_invalid_product_id", "Invalid product ID.")
    total = Decimal(given["total"]) if "total" in given else None
    return BasketLine(product, int(given.get("quantity", 1)), shop.products.get(product.parent_id), total)


def _postage(given: Json) -> Postage:
    net = Decimal(given.get("total", "0"))
    return Postage(given.get("method_id", ""), given.get("method_title", ""), str(given.get("instance_id", "")), net)


def _coupon(shop: WooShop, given: Json) -> Any:
    coupon = shop.coupons.get(str(given.get("code", "")).lower())
    if coupon is None:
        text = f'Coupon "{given.get("code", "")}" does not exist!'
        raise WooError(400, "woocommerce_rest_invalid_coupon", text)
    return coupon

"""What the shop keeps in memory of its products, and how all its state is read back from its file."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.effects import Effect
from sandbox.woocommerce.auth import Key
from sandbox.woocommerce.basket import Coupon
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.model import Product

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop


def replay(shop: WooShop, change: Json) -> None:
    """Do again what one line of the state file says."""
    for product_id, record in change.get("products", {}).items():
        if record is None:
            forget(shop, int(product_id))
        else:
            index(shop, Product.from_record(record))
    for order in change.get("orders", {}).values():
        shop.orders.put(order)
    for kind in ("notes", "fulfillments", "refunds"):
        for order_id, item in change.get(kind, ()):
            shop.of_order(kind).setdefault(order_id, []).append(item)
    for webhook_id, webhook in change.get("webhooks", {}).items():
        shop.webhooks.hooks.pop(int(webhook_id), None)
        if webhook is not None:
            shop.webhooks.hooks[webhook["id"]] = webhook
    for coupon_id, code, kind, amount in change.get("coupons", ()):
        shop.coupons[code] = Coupon(coupon_id, code, kind, Decimal(amount))
    for name, (secret, permission) in change.get("keys", {}).items():
        shop.gate.grant(Key(name, secret, permission))
    shop.terms.restore(change)
    shop.media.restore(change)
    shop.effects += [Effect.from_json(effect) for effect in change.get("effects", ())]


def index(shop: WooShop, product: Product) -> None:
    """Keep a product where it is found by id, SKU and parent."""
    shop.products[product.id] = product
    if product.sku:
        shop.skus[product.sku] = product.id
    if product.type == "variation":
        siblings = shop.variations_of.setdefault(product.parent_id, [])
        if product.id not in siblings:
            siblings.append(product.id)


def forget(shop: WooShop, product_id: int) -> None:
    """Take a product out of all that finds it."""
    product = shop.products.pop(product_id, None)
    if product is None:
        return
    if shop.skus.get(product.sku) == product_id:
        del shop.skus[product.sku]
    siblings = shop.variations_of.get(product.parent_id, [])
    if product_id in siblings:
        siblings.remove(product_id)
    shop.variations_of.pop(product_id, None)

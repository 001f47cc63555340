"""All resolvers of the schema by `Type.field`; a field without one is read from the parent's document by its name."""

from __future__ import annotations

from sandbox.shopify import (
    fulfilling,
    media,
    metafields,
    order_changes,
    partners,
    price_lists,
    product_changes,
    publishing,
    read_orders,
    read_products,
    read_shop,
    returning,
    stock_changes,
    subscriptions,
    translating,
    variant_changes,
)
from sandbox.shopify.schema import Resolver

MODULES = (
    *(
        read_shop,
        read_orders,
        read_products,
        partners,
        price_lists,
        media,
        metafields,
        fulfilling,
        order_changes,
        returning,
        stock_changes,
    ),
    *(product_changes, variant_changes, publishing, translating, subscriptions),
)
RESOLVERS: dict[str, Resolver] = {key: resolver for module in MODULES for key, resolver in module.RESOLVERS.items()}

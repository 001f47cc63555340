"""Which access scopes types, queries and mutations need, and what a granted scope includes."""

from __future__ import annotations

from collections.abc import Iterable

ORDERS = ("read_orders", "read_marketplace_orders", "read_quick_sale")
FULFILLMENT_READS = (
    "read_assigned_fulfillment_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "read_marketplace_fulfillment_orders",
)
FULFILLMENT_WRITES = (
    "write_assigned_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)
RETURN_READS = ("read_returns", "read_marketplace_returns")
RETURN_WRITES = ("write_returns", "write_marketplace_returns")
ORDER_READS = ORDERS[:2]
FULFILLMENTS = (*ORDER_READS, *FULFILLMENT_READS)

TYPES: dict[str, tuple[str, ...]] = {
    "Order": ORDERS,
    "AdditionalFee": ORDERS[:1],
    "Refund": ORDER_READS,
    "OrderTransaction": ORDER_READS,
    "Fulfillment": FULFILLMENTS,
    "FulfillmentOrder": FULFILLMENT_READS,
    "Return": RETURN_READS,
    "Customer": ("read_customers",),
    "Company": ("read_customers", "read_companies"),
    "CompanyLocation": ("read_customers", "read_companies"),
    "Product": ("read_products",),
    "ProductVariant": ("read_products",),
    "Collection": ("read_products",),
    "InventoryItem": ("read_inventory", "read_products"),
    "InventoryLevel": ("read_inventory",),
    "Location": ("read_locations", "read_inventory", "read_markets_home"),
    "PriceList": ("read_products",),
    "QuantityPriceBreak": ("read_products",),
    "QuantityRule": ("read_products",),
    "Catalog": ("read_products", "read_product_listings"),
    "TranslatableResource": ("read_translations",),
    "ShopLocale": ("read_locales", "read_markets_home"),
}

FIELDS: dict[str, tuple[str, ...]] = {
    "QueryRoot.fulfillment": FULFILLMENTS,
    "QueryRoot.fulfillmentOrders": FULFILLMENT_READS,
    "QueryRoot.orderByIdentifier": ORDER_READS,
    "QueryRoot.ordersCount": ORDER_READS,
    "QueryRoot.productsCount": ("read_products",),
    "QueryRoot.productVariantsCount": ("read_products",),
    "QueryRoot.publications": ("read_publications",),
    "QueryRoot.return": RETURN_READS,
    "QueryRoot.returnReasonDefinitions": ("read_returns",),
    "Mutation.bulkOperationRunQuery": (),
    "Mutation.collectionAddProducts": ("write_products",),
    "Mutation.collectionCreate": ("write_products",),
    "Mutation.collectionRemoveProducts": ("write_products",),
    "Mutation.fileUpdate": ("write_files", "write_themes"),
    "Mutation.fulfillmentCancel": FULFILLMENT_WRITES,
    "Mutation.fulfillmentCreate": FULFILLMENT_WRITES,
    "Mutation.fulfillmentTrackingInfoUpdate": FULFILLMENT_WRITES,
    "Mutation.inventoryActivate": ("write_inventory",),
    "Mutation.inventoryAdjustQuantities": ("write_inventory",),
    "Mutation.inventoryItemUpdate": ("write_inventory", "write_products"),
    "Mutation.inventorySetQuantities": ("write_inventory",),
    "Mutation.orderCancel": ("write_orders", "write_marketplace_orders"),
    "Mutation.orderClose": ("write_orders", "write_marketplace_orders"),
    "Mutation.orderMarkAsPaid": ("write_orders",),
    "Mutation.orderUpdate": ("write_orders", "write_marketplace_orders", "write_quick_sale"),
    "Mutation.priceListFixedPricesAdd": ("write_products",),
    "Mutation.priceListFixedPricesDelete": ("write_products",),
    "Mutation.productCreate": ("write_products",),
    "Mutation.productCreateMedia": ("write_products",),
    "Mutation.productDelete": ("write_products",),
    "Mutation.productDeleteMedia": ("write_products",),
    "Mutation.productOptionUpdate": ("write_products",),
    "Mutation.productOptionsCreate": ("write_products",),
    "Mutation.productReorderMedia": ("write_products",),
    "Mutation.productSet": ("write_products",),
    "Mutation.productUpdate": ("write_products",),
    "Mutation.productVariantAppendMedia": ("write_products",),
    "Mutation.productVariantsBulkCreate": ("write_products",),
    "Mutation.productVariantsBulkDelete": ("write_products",),
    "Mutation.productVariantsBulkUpdate": ("write_products",),
    "Mutation.publishablePublish": ("write_publications",),
    "Mutation.publishableUnpublish": ("write_publications",),
    "Mutation.quantityPricingByVariantUpdate": ("write_products",),
    "Mutation.refundCreate": ("write_orders", "write_marketplace_orders", "write_buyer_membership_orders"),
    "Mutation.returnApproveRequest": RETURN_WRITES,
    "Mutation.returnClose": RETURN_WRITES,
    "Mutation.returnCreate": RETURN_WRITES,
    "Mutation.returnDeclineRequest": RETURN_WRITES,
    "Mutation.returnProcess": RETURN_WRITES,
    "Mutation.translationsRegister": ("write_translations",),
    "Mutation.translationsRemove": ("write_translations",),
}

DEFAULT_SCOPES = (
    *("read_all_orders", "write_orders", "write_products", "write_inventory", "read_locations", "read_customers"),
    *("read_companies", "write_assigned_fulfillment_orders", "write_merchant_managed_fulfillment_orders"),
    *("write_third_party_fulfillment_orders", "write_returns", "write_publications", "write_translations"),
    *("read_locales", "write_files", "read_product_listings"),
)

READ_ONLY_SCOPES = tuple(scope.replace("write_", "read_") for scope in DEFAULT_SCOPES)


def with_implied(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes with what they include: writing includes reading."""
    given = set(scopes)
    return frozenset(given | {scope.replace("write_", "read_", 1) for scope in given if scope.startswith("write_")})


def required_for(parent: str, name: str, returned: str) -> tuple[frozenset[str], str] | None:
    """One of which scopes a field needs, and how the API words it; None where it needs none."""
    key = f"{parent}.{name}"
    scopes = FIELDS[key] if key in FIELDS else TYPES.get(returned.removesuffix("Connection"), ())
    return (frozenset(scopes), wording(scopes)) if scopes else None


def wording(scopes: tuple[str, ...]) -> str:
    """The need as the API words it."""
    parts = [f"`{scope}` access scope" for scope in scopes]
    return f"{', '.join(parts[:-1])} or {parts[-1]}." if len(parts) > 1 else f"{parts[0]}."

"""Where our feature matrix differs from the published one (D§9.1) on purpose, each with its reason."""

from canonical.capability import Capability

DIFFERENCES: dict[tuple[str, Capability], tuple[bool, str]] = {
    ("shopify", Capability.ORDER_FEES): (
        True,
        "Tips, duties and additional fees are part of the shop's total: an order without them would not add up.",
    ),
    ("shopify", Capability.VALUE_VOUCHERS): (
        True,
        "Gift cards are sold and redeemed in the shop's orders: sold ones are lines without tax, redeemed ones a payment.",
    ),
    ("woocommerce", Capability.REFUNDS): (
        True,
        "The shop's interface allows it and merchants ask for it: an executed refund of the ERP is paid out there.",
    ),
    ("shopware6", Capability.IMPORT_ARTICLES): (
        True,
        "In development there, though its help page describes it as usable: products come with variants and texts.",
    ),
    ("shopware6", Capability.IMPORT_PRICES): (
        True,
        "In development there, though its help page describes it as usable: the prices come with the products.",
    ),
    ("shopware6", Capability.IMPORT_MEDIA): (
        True,
        "In development there, though its help page describes it as usable: the pictures come with the products.",
    ),
    ("mirakl", Capability.FOREIGN_NUMBERS): (
        True,
        "Its settings page describes them as for the others: an offer's SKU may be another number than the article's.",
    ),
    ("mirakl", Capability.PSEUDO_PRICE): (
        True,
        "An offer has a discount price beside its price: the pseudo price becomes the price where the settings say so.",
    ),
    ("mirakl", Capability.GROUP_PRICES): (
        True,
        "An import of prices deletes those that it does not name, so prices of groups and quantities are sent with them.",
    ),
    ("mirakl", Capability.ORDER_VAT_ID): (
        True,
        "Marketplaces for business customers state the VAT id of the buyer's organisation.",
    ),
    ("mirakl", Capability.ORDER_FEES): (
        True,
        "A line's fees, such as a deposit, are part of the total: an order without them would not add up.",
    ),
    ("mirakl", Capability.LINE_TRACKING): (
        True,
        "Where the marketplace permits several shipments per order, each delivery note is a shipment of its lines.",
    ),
    ("mirakl", Capability.SEVERAL_TRACKING): (
        True,
        "Several parcels are shipments where the marketplace permits them; else their numbers are joined in its one field.",
    ),
    ("mirakl", Capability.SHIPPED_STATUS): (
        True,
        "The interface wants it: after the tracking number the order is confirmed as shipped, or it stays open.",
    ),
    ("mirakl", Capability.REFUNDS): (
        True,
        "The interface pays refunds out per line, with a reason of the marketplace: the merchant need not do it there again.",
    ),
}
"""By connector and row: whether we have it, and why that differs."""

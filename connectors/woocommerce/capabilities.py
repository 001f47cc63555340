"""The rows of the feature matrix (D§9.1) that WooCommerce has, with the condition where there is one."""

from canonical.capability import Capability
from connectors.spec import Text

_ALWAYS = Text("", "")
_YOAST = Text("mit dem Plug-in Yoast SEO", "with the plug-in Yoast SEO")

CAPABILITIES: dict[Capability, Text] = {
    Capability.MATCH_SKU: _ALWAYS,
    Capability.FOREIGN_NUMBERS: _ALWAYS,
    Capability.IMPORT_ARTICLES: _ALWAYS,
    Capability.IMPORT_PRICES: _ALWAYS,
    Capability.IMPORT_MEDIA: _ALWAYS,
    Capability.ARTICLE_BASICS: _ALWAYS,
    Capability.ARTICLE_MEASURES: _ALWAYS,
    Capability.VARIANTS: _ALWAYS,
    Capability.ARTICLE_IS_STOCK: _ALWAYS,
    Capability.ARTICLE_INACTIVE: _ALWAYS,
    Capability.ARTICLE_CLOSEOUT: _ALWAYS,
    Capability.EAN: Text("ab WooCommerce 9.1", "from WooCommerce 9.1 on"),
    Capability.DESCRIPTION: _ALWAYS,
    Capability.SHORT_TEXT: Text("nicht an Varianten", "not at variants"),
    Capability.META_TEXTS: _YOAST,
    Capability.META_KEYWORDS: _YOAST,
    Capability.TAGS: _ALWAYS,
    Capability.PROPERTIES: _ALWAYS,
    Capability.BUNDLES: Text("nur der Kopf", "only the head"),
    Capability.CROSS_SELLING: _ALWAYS,
    Capability.IMAGES: Text("an Varianten eines", "one at variants"),
    Capability.IMAGE_TITLE: _ALWAYS,
    Capability.IMAGE_DESCRIPTION: _ALWAYS,
    Capability.CATEGORY_TREE: _ALWAYS,
    Capability.STOCK: Text(
        "an Produkten, deren Bestand der Shop verwaltet", "for products whose stock the shop manages"
    ),
    Capability.PRICES: _ALWAYS,
    Capability.PSEUDO_PRICE: _ALWAYS,
    Capability.DUPLICATE_BY_ID: _ALWAYS,
    Capability.ORDER_ADDRESSES: _ALWAYS,
    Capability.ORDER_CUSTOMERS: _ALWAYS,
    Capability.ORDER_VAT_ID: Text("aus den Feldern üblicher Plug-ins", "from the fields of the usual plug-ins"),
    Capability.LINE_TEXT_ERP: _ALWAYS,
    Capability.ORDER_DISCOUNTS: _ALWAYS,
    Capability.ORDER_FEES: _ALWAYS,
    Capability.ORDER_SHIPPING: _ALWAYS,
    Capability.ORDER_MAPPINGS: _ALWAYS,
    Capability.ORDER_CLERK: _ALWAYS,
    Capability.TRACKING: Text(
        "als Kundennotiz, als Fulfillment oder im Feld eines Plug-ins",
        "as a note to the buyer, as a fulfilment, or in a plug-in's field",
    ),
    Capability.SEVERAL_TRACKING: _ALWAYS,
    Capability.SHIPPED_STATUS: _ALWAYS,
    Capability.CANCELLATION: _ALWAYS,
    Capability.REFUNDS: Text(
        "Auszahlung, wenn der Zahlungsanbieter sie kann", "paid out if the payment provider can do so"
    ),
}

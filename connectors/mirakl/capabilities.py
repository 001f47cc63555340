"""The rows of the feature matrix (D§9.1) that Mirakl has, with their conditions."""

from collections.abc import Mapping

from canonical.capability import Capability
from connectors.spec import Text

_ALWAYS = Text("", "")
_BY_MAPPING = Text(
    "Über die Attribut-Zuordnung, oder als Spalte unserer eigenen Produktdatei.",
    "By the attribute mapping, or as a column of our own product file.",
)

CAPABILITIES: Mapping[Capability, Text] = {
    Capability.MATCH_SKU: _ALWAYS,
    Capability.FOREIGN_NUMBERS: _ALWAYS,
    Capability.ARTICLE_BASICS: _BY_MAPPING,
    Capability.ARTICLE_UNIT: _BY_MAPPING,
    Capability.ARTICLE_MEASURES: _BY_MAPPING,
    Capability.VARIANTS: Text(
        "Varianten mit gemeinsamer Gruppe; der Matrixartikel selbst ist im Marktplatz kein Produkt.",
        "Variants with a common group; the matrix article itself is no product in the marketplace.",
    ),
    Capability.ARTICLE_INACTIVE: Text(
        "Als Spalte unserer eigenen Produktdatei; Produkte lassen sich nicht löschen.",
        "As a column of our own product file; products cannot be deleted.",
    ),
    Capability.MANUFACTURER: _BY_MAPPING,
    Capability.MANUFACTURER_NUMBER: _BY_MAPPING,
    Capability.EAN: _BY_MAPPING,
    Capability.DESCRIPTION: _BY_MAPPING,
    Capability.SHORT_TEXT: _BY_MAPPING,
    Capability.CUSTOM_FIELDS: _BY_MAPPING,
    Capability.PROPERTIES: _BY_MAPPING,
    Capability.BUNDLES: Text("Der Kopf als einfaches Produkt.", "The head as a simple product."),
    Capability.IMAGES: _BY_MAPPING,
    Capability.STOCK: _ALWAYS,
    Capability.PRICES: _ALWAYS,
    Capability.PSEUDO_PRICE: Text("Als Rabatt auf den Pseudopreis.", "As a discount on the pseudo price."),
    Capability.GROUP_PRICES: Text(
        "Wo der Marktplatz Staffel- und Kundengruppenpreise eingeschaltet hat.",
        "Where the marketplace has volume and customer pricing switched on.",
    ),
    Capability.DUPLICATE_BY_ID: _ALWAYS,
    Capability.ORDER_ADDRESSES: _ALWAYS,
    Capability.ORDER_CUSTOMERS: Text(
        "Die E-Mail-Adresse ist anonym und taugt nicht zum Abgleich.",
        "The e-mail address is anonymous and no good for matching.",
    ),
    Capability.ORDER_VAT_ID: Text("Auf Marktplätzen für Geschäftskunden.", "On marketplaces for business customers."),
    Capability.LINE_TEXT_ERP: _ALWAYS,
    Capability.ORDER_DISCOUNTS: _ALWAYS,
    Capability.ORDER_FEES: _ALWAYS,
    Capability.ORDER_SHIPPING: _ALWAYS,
    Capability.CHANNEL_PROJECTS: _ALWAYS,
    Capability.ORDER_MAPPINGS: Text(
        "Als Kommentar gilt die Zusatzangabe der Lieferadresse.",
        "The additional information of the delivery address counts as comment.",
    ),
    Capability.ORDER_CLERK: _ALWAYS,
    Capability.TRACKING: _ALWAYS,
    Capability.LINE_TRACKING: Text(
        "Wo der Marktplatz mehrere Lieferungen je Auftrag erlaubt.",
        "Where the marketplace permits several shipments per order.",
    ),
    Capability.SEVERAL_TRACKING: Text(
        "Als Lieferungen, wo der Marktplatz es erlaubt, sonst aneinandergereiht.",
        "As shipments where the marketplace permits it, else joined.",
    ),
    Capability.SHIPPED_STATUS: _ALWAYS,
    Capability.CANCELLATION: Text("Nur unversendete Aufträge und Positionen.", "Only unshipped orders and lines."),
    Capability.REFUNDS: Text("Mit einem Grund des Marktplatzes.", "With a reason of the marketplace."),
    Capability.INVOICE_PDF: _ALWAYS,
}

"""The rows of the feature matrix (D§9.1): what a connector may declare to be able to do, with words in two languages."""

from dataclasses import dataclass
from enum import StrEnum


class Capability(StrEnum):
    """One row of D§9.1; the value is its name in docs and tests."""

    MATCH_CHANNEL_ID = "match_channel_id"
    MATCH_SKU = "match_sku"
    FOREIGN_NUMBERS = "foreign_numbers"
    IMPORT_ARTICLES = "import_articles"
    IMPORT_STOCK = "import_stock"
    IMPORT_PRICES = "import_prices"
    IMPORT_MEDIA = "import_media"
    ARTICLE_BASICS = "article_basics"
    ARTICLE_UNIT = "article_unit"
    ARTICLE_MEASURES = "article_measures"
    ARTICLE_MIN_STOCK = "article_min_stock"
    ARTICLE_MIN_ORDER = "article_min_order"
    ARTICLE_DELIVERY_TIME = "article_delivery_time"
    VARIANT_ORDER = "variant_order"
    VARIANTS = "variants"
    VARIANT_CONVERSION = "variant_conversion"
    ARTICLE_IS_STOCK = "article_is_stock"
    ARTICLE_INACTIVE = "article_inactive"
    ARTICLE_LOCK = "article_lock"
    ARTICLE_CLOSEOUT = "article_closeout"
    ARTICLE_SOLD_OUT = "article_sold_out"
    MANUFACTURER = "manufacturer"
    MANUFACTURER_NUMBER = "manufacturer_number"
    MANUFACTURER_LINK = "manufacturer_link"
    EAN = "ean"
    CUSTOMS_NUMBER = "customs_number"
    ORIGIN_COUNTRY = "origin_country"
    DESCRIPTION = "description"
    SHORT_TEXT = "short_text"
    TRANSLATIONS = "translations"
    META_TEXTS = "meta_texts"
    META_KEYWORDS = "meta_keywords"
    TAGS = "tags"
    CUSTOM_FIELDS = "custom_fields"
    PROPERTIES = "properties"
    CUSTOM_TO_STANDARD = "custom_to_standard"
    PROPERTY_TO_STANDARD = "property_to_standard"
    BUNDLES = "bundles"
    CROSS_SELLING = "cross_selling"
    IMAGES = "images"
    IMAGE_TITLE = "image_title"
    IMAGE_DESCRIPTION = "image_description"
    ARTICLE_CATEGORY = "article_category"
    CATEGORY_TREE = "category_tree"
    STOCK = "stock"
    STOCK_LOCATIONS = "stock_locations"
    PRICES = "prices"
    PSEUDO_PRICE = "pseudo_price"
    GROUP_PRICES = "group_prices"
    BASE_PRICE = "base_price"
    DUPLICATE_BY_ID = "duplicate_by_id"
    DUPLICATE_BY_NUMBER = "duplicate_by_number"
    ORDER_ADDRESSES = "order_addresses"
    ORDER_CUSTOMERS = "order_customers"
    ORDER_VAT_ID = "order_vat_id"
    LINE_TEXT_ERP = "line_text_erp"
    LINE_TEXT_SHOP = "line_text_shop"
    ORDER_DISCOUNTS = "order_discounts"
    ORDER_FEES = "order_fees"
    ORDER_SHIPPING = "order_shipping"
    CHANNEL_PROJECTS = "channel_projects"
    ORDER_MAPPINGS = "order_mappings"
    VALUE_VOUCHERS = "value_vouchers"
    ORDER_CLERK = "order_clerk"
    TAG_PROJECTS = "tag_projects"
    TRACKING = "tracking"
    LINE_TRACKING = "line_tracking"
    SEVERAL_TRACKING = "several_tracking"
    SHIPPED_STATUS = "shipped_status"
    CANCELLATION = "cancellation"
    RETURNS_STATUS = "returns_status"
    CUSTOMER_MAIL = "customer_mail"
    PAYMENT_STATUS = "payment_status"
    REFUNDS = "refunds"
    INVOICE_PDF = "invoice_pdf"


@dataclass(frozen=True)
class Row:
    """A row's area and words."""

    area: str
    area_de: str
    label: str
    label_de: str


ROWS: dict[Capability, Row] = {
    Capability.MATCH_CHANNEL_ID: Row("Mapping", "Zuordnung", "match by channel id", "Abgleich über die ID des Kanals"),
    Capability.MATCH_SKU: Row("Mapping", "Zuordnung", "match by SKU", "Abgleich über die Artikelnummer (SKU)"),
    Capability.FOREIGN_NUMBERS: Row("Mapping", "Zuordnung", "foreign numbers", "Fremdnummern"),
    Capability.IMPORT_ARTICLES: Row("Initial import", "Datenübernahme", "article master data", "Artikelstammdaten"),
    Capability.IMPORT_STOCK: Row("Initial import", "Datenübernahme", "stock", "Bestand"),
    Capability.IMPORT_PRICES: Row("Initial import", "Datenübernahme", "prices", "Preise"),
    Capability.IMPORT_MEDIA: Row("Initial import", "Datenübernahme", "media", "Medien"),
    Capability.ARTICLE_BASICS: Row(
        "Article: master", "Artikel: Stamm", "name, number, weight", "Name, Nummer, Gewicht"
    ),
    Capability.ARTICLE_UNIT: Row("Article: master", "Artikel: Stamm", "unit (Einheit)", "Einheit"),
    Capability.ARTICLE_MEASURES: Row(
        "Article: master", "Artikel: Stamm", "length, height, width", "Länge, Höhe, Breite"
    ),
    Capability.ARTICLE_MIN_STOCK: Row(
        "Article: master", "Artikel: Stamm", "min. stock (Min. Lagermenge)", "Min. Lagermenge"
    ),
    Capability.ARTICLE_MIN_ORDER: Row(
        "Article: master", "Artikel: Stamm", "min. order quantity", "Mindestbestellmenge"
    ),
    Capability.ARTICLE_DELIVERY_TIME: Row("Article: master", "Artikel: Stamm", "delivery time", "Lieferzeit"),
    Capability.VARIANT_ORDER: Row(
        "Article: variants", "Artikel: Varianten", "variant sort order", "Reihenfolge der Varianten"
    ),
    Capability.VARIANTS: Row(
        "Article: variants",
        "Artikel: Varianten",
        "update / create variants and matrix",
        "Varianten und Matrix anlegen und ändern",
    ),
    Capability.VARIANT_CONVERSION: Row(
        "Article: variants",
        "Artikel: Varianten",
        "turn simple into variant/matrix",
        "Einfach zu Variante/Matrix wandeln",
    ),
    Capability.ARTICLE_IS_STOCK: Row("Article: status", "Artikel: Status", "is stock article", "Lagerartikel"),
    Capability.ARTICLE_INACTIVE: Row(
        "Article: status", "Artikel: Status", "inactive (online-shop option)", "inaktiv (Online-Shop-Option)"
    ),
    Capability.ARTICLE_LOCK: Row("Article: status", "Artikel: Status", "lock (Sperre)", "Sperre"),
    Capability.ARTICLE_CLOSEOUT: Row(
        "Article: status", "Artikel: Status", "remaining stock only (Restmenge)", "nur Restmenge"
    ),
    Capability.ARTICLE_SOLD_OUT: Row("Article: status", "Artikel: Status", "sold out", "ausverkauft"),
    Capability.MANUFACTURER: Row("Article: maker", "Artikel: Hersteller", "manufacturer", "Hersteller"),
    Capability.MANUFACTURER_NUMBER: Row(
        "Article: maker", "Artikel: Hersteller", "manufacturer number", "Herstellernummer"
    ),
    Capability.MANUFACTURER_LINK: Row(
        "Article: maker", "Artikel: Hersteller", "manufacturer link", "Link zum Hersteller"
    ),
    Capability.EAN: Row("Article: maker", "Artikel: Hersteller", "EAN", "EAN"),
    Capability.CUSTOMS_NUMBER: Row("Article: maker", "Artikel: Hersteller", "customs tariff number", "Zolltarifnummer"),
    Capability.ORIGIN_COUNTRY: Row("Article: maker", "Artikel: Hersteller", "country of origin", "Herkunftsland"),
    Capability.DESCRIPTION: Row("Article: texts", "Artikel: Texte", "description", "Beschreibung"),
    Capability.SHORT_TEXT: Row("Article: texts", "Artikel: Texte", "short text", "Kurztext"),
    Capability.TRANSLATIONS: Row(
        "Article: texts", "Artikel: Texte", "English + further languages", "Englisch und weitere Sprachen"
    ),
    Capability.META_TEXTS: Row(
        "Article: texts", "Artikel: Texte", "meta title, meta description", "Meta-Titel, Meta-Beschreibung"
    ),
    Capability.META_KEYWORDS: Row("Article: texts", "Artikel: Texte", "meta keywords", "Meta-Schlagworte"),
    Capability.TAGS: Row("Article: attributes", "Artikel: Merkmale", "labels/tags", "Labels/Tags"),
    Capability.CUSTOM_FIELDS: Row("Article: attributes", "Artikel: Merkmale", "custom fields", "Freifelder"),
    Capability.PROPERTIES: Row("Article: attributes", "Artikel: Merkmale", "properties", "Eigenschaften"),
    Capability.CUSTOM_TO_STANDARD: Row(
        "Article: attributes", "Artikel: Merkmale", "custom field -> standard field", "Freifeld in Standardfeld"
    ),
    Capability.PROPERTY_TO_STANDARD: Row(
        "Article: attributes", "Artikel: Merkmale", "property -> standard field", "Eigenschaft in Standardfeld"
    ),
    Capability.BUNDLES: Row(
        "Article: types", "Artikel: Arten", "BOM head, JIT BOM head", "Stückliste, Just-in-time-Stückliste (Kopf)"
    ),
    Capability.CROSS_SELLING: Row("Article: types", "Artikel: Arten", "cross-selling", "Cross-Selling"),
    Capability.IMAGES: Row("Article: images", "Artikel: Bilder", "images 1–n", "Bilder 1–n"),
    Capability.IMAGE_TITLE: Row("Article: images", "Artikel: Bilder", "image title", "Bildtitel"),
    Capability.IMAGE_DESCRIPTION: Row("Article: images", "Artikel: Bilder", "image description", "Bildbeschreibung"),
    Capability.ARTICLE_CATEGORY: Row(
        "Article: categories", "Artikel: Kategorien", "article category (Warengruppe)", "Warengruppe"
    ),
    Capability.CATEGORY_TREE: Row("Article: categories", "Artikel: Kategorien", "category tree", "Artikelbaum"),
    Capability.STOCK: Row(
        "Stock", "Bestand", "stock, correction value, pseudo stock", "Bestand, Korrekturwert, Pseudobestand"
    ),
    Capability.STOCK_LOCATIONS: Row("Stock", "Bestand", "several warehouses kept apart", "mehrere Lager getrennt"),
    Capability.PRICES: Row(
        "Prices",
        "Preise",
        "tax rate, sales price, one chosen group price",
        "Steuersatz, Verkaufspreis, ein gewählter Gruppenpreis",
    ),
    Capability.PSEUDO_PRICE: Row("Prices", "Preise", "pseudo price / RRP", "Pseudopreis / UVP"),
    Capability.GROUP_PRICES: Row("Prices", "Preise", "group prices, scale prices", "Gruppen- und Staffelpreise"),
    Capability.BASE_PRICE: Row("Prices", "Preise", "base price per unit", "Grundpreis je Einheit"),
    Capability.DUPLICATE_BY_ID: Row(
        "Order import", "Auftragsimport", "duplicate key: order id", "Dublettenschutz über die Auftrags-ID"
    ),
    Capability.DUPLICATE_BY_NUMBER: Row(
        "Order import", "Auftragsimport", "duplicate key: order number", "Dublettenschutz über die Auftragsnummer"
    ),
    Capability.ORDER_ADDRESSES: Row(
        "Order import", "Auftragsimport", "billing + delivery address", "Rechnungs- und Lieferadresse"
    ),
    Capability.ORDER_CUSTOMERS: Row(
        "Order import",
        "Auftragsimport",
        "create customer; match per project / across; VAT id trusted",
        "Kunde anlegen; Abgleich je Projekt oder übergreifend; USt-IdNr. als geprüft",
    ),
    Capability.ORDER_VAT_ID: Row("Order import", "Auftragsimport", "VAT id transferred", "USt-IdNr. wird übertragen"),
    Capability.LINE_TEXT_ERP: Row(
        "Order import", "Auftragsimport", "line name/description from ERP", "Name/Beschreibung der Position aus dem ERP"
    ),
    Capability.LINE_TEXT_SHOP: Row(
        "Order import", "Auftragsimport", "line description from shop", "Beschreibung der Position aus dem Shop"
    ),
    Capability.ORDER_DISCOUNTS: Row(
        "Order import", "Auftragsimport", "discounts to discount article", "Rabatte auf den Rabattartikel"
    ),
    Capability.ORDER_FEES: Row("Order import", "Auftragsimport", "fees (deposit etc.)", "Gebühren (Pfand usw.)"),
    Capability.ORDER_SHIPPING: Row("Order import", "Auftragsimport", "shipping cost article", "Versandkostenartikel"),
    Capability.CHANNEL_PROJECTS: Row("Order import", "Auftragsimport", "channels to projects", "Kanäle zu Projekten"),
    Capability.ORDER_MAPPINGS: Row(
        "Order import",
        "Auftragsimport",
        "map shipping, payment; autoship stops; comment",
        "Versand- und Zahlungsart zuordnen; Autoversand-Stopps; Kommentar",
    ),
    Capability.VALUE_VOUCHERS: Row(
        "Order import", "Auftragsimport", "value vouchers (Wertgutscheine)", "Wertgutscheine"
    ),
    Capability.ORDER_CLERK: Row(
        "Order import", "Auftragsimport", "clerk, delivery terms", "Bearbeiter, Lieferbedingung"
    ),
    Capability.TAG_PROJECTS: Row("Order import", "Auftragsimport", "project by tag", "Projekt über Tag"),
    Capability.TRACKING: Row("Status", "Status", "tracking", "Sendungsnummer"),
    Capability.LINE_TRACKING: Row("Status", "Status", "tracking per line", "Sendungsnummer je Position"),
    Capability.SEVERAL_TRACKING: Row("Status", "Status", "several tracking numbers", "mehrere Sendungsnummern"),
    Capability.SHIPPED_STATUS: Row("Status", "Status", "shipped status", "Status „versendet“"),
    Capability.CANCELLATION: Row("Status", "Status", "cancellation", "Stornierung"),
    Capability.RETURNS_STATUS: Row("Status", "Status", "returns status", "Status der Retoure"),
    Capability.CUSTOMER_MAIL: Row("Status", "Status", "customer mail switch", "Schalter für die Kunden-Mail"),
    Capability.PAYMENT_STATUS: Row("Status", "Status", "payment status", "Zahlungsstatus"),
    Capability.REFUNDS: Row("Refunds", "Rückzahlungen", "automatic refunds", "automatische Rückzahlungen"),
    Capability.INVOICE_PDF: Row("Documents", "Belege", "invoice PDF", "Rechnungs-PDF"),
}
"""In the order of D§9.1."""

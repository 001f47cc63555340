"""Settings per feature that only Shopify has, besides those that all connectors share (D§2, rows marked SH)."""

from canonical.settings import (
    ArticleSettings,
    ExportTrigger,
    FieldMode,
    LocationStockSettings,
    MappingKind,
    OrderSettings,
    PriceSettings,
    RefundSettings,
    ShipmentSettings,
    setting,
)


class ShopifyOrderSettings(OrderSettings):
    """Order import from Shopify (D§2.5); `import_states` are financial states, or FULFILLED for orders shipped already."""

    import_states: frozenset[str] = setting(
        frozenset({"PAID", "PARTIALLY_REFUNDED"}),
        "Payment states to import",
        "Zahlungsstatus für Auftragsimport",
        "PAID, PARTIALLY_PAID, AUTHORIZED, PENDING …; FULFILLED also imports what the shop shipped already. Others wait until their state changes.",
        "PAID, PARTIALLY_PAID, AUTHORIZED, PENDING …; mit FULFILLED kommt auch, was der Shop schon versendet hat. Andere warten, bis ihr Status sich ändert.",
        section="selection",
        mandatory=True,
    )
    import_test_orders: bool = setting(
        False,
        "Import test orders",
        "Testbestellungen übernehmen",
        "Orders paid by the shop's test gateway; numbers by hand always come.",
        "Bestellungen über das Test-Gateway des Shops; von Hand angeforderte Nummern kommen immer.",
        section="selection",
    )
    vat_id_from_company: bool = setting(
        False,
        "VAT id of the company (Shopify Plus)",
        "USt-IdNr. aus dem Firmenprofil (Shopify Plus)",
        "Reads the standard field of B2B customers. Off: the fields that themes and apps write into the order.",
        "Liest das Standardfeld der B2B-Kunden. Aus: die Felder, die Themes und Apps in die Bestellung schreiben.",
        section="tax",
    )


class ShopifyStockSettings(LocationStockSettings):
    """Stock export to Shopify's locations (D§2.3)."""


class ShopifyPriceSettings(PriceSettings):
    """Prices to Shopify (D§2.4)."""

    b2b_groups: frozenset[str] = setting(
        frozenset(),
        "Groups for B2B catalogues",
        "Gruppen für B2B-Kataloge",
        "Prices of these groups go to the B2B catalogue of the same name; needs 'group and scale prices'.",
        "Preise dieser Gruppen gehen in den gleichnamigen B2B-Katalog; braucht „Erweiterte Preise“.",
        section="prices",
        channel_options="catalogs",
    )


class ShopifyArticleSettings(ArticleSettings):
    """Articles to Shopify (D§2.1), with the taxonomy of D§2.2: Shopify has no tree of categories that could be sent."""

    sales_channels: frozenset[str] = setting(
        frozenset(),
        "Sales channels",
        "Sales Channels",
        "Where articles are published; nothing chosen: that stays as it is in the shop.",
        "Wo Artikel veröffentlicht werden; nichts gewählt: das bleibt, wie es im Shop ist.",
        section="articles",
        channel_options="publications",
    )
    tax_collection_reduced: str = setting(
        "",
        "Collection for the reduced tax rate",
        "Collection für reduzierten Steuersatz",
        "A manual collection with a tax override; Shopify has no tax class at the product.",
        "Eine manuelle Collection mit Steuerüberschreibung; Shopify kennt keine Steuerklasse am Produkt.",
        section="articles",
        channel_options="collections",
    )
    tax_collection_exempt: str = setting(
        "",
        "Collection for the exempt tax rate",
        "Collection für befreiten Steuersatz",
        "A manual collection; exempt variants are marked as not taxable besides.",
        "Eine manuelle Collection; befreite Varianten werden zusätzlich als nicht steuerpflichtig gekennzeichnet.",
        section="articles",
        channel_options="collections",
    )
    sell_without_stock: bool = setting(
        False,
        "Sell without stock",
        "Verkauf ohne Bestand",
        "Except for articles with 'remaining stock only'.",
        "Außer bei Artikeln mit „nur Restmenge“.",
        section="articles",
    )
    custom_field_mode: FieldMode = setting(
        FieldMode.SAME_NAME,
        "Custom fields to metafields",
        "Freifeldzuordnung",
        "Metafields of the same name or key, or by the table.",
        "Metafelder mit gleichem Namen oder Schlüssel, oder nach der Tabelle.",
        section="fields",
    )
    custom_field_map: dict[str, str] = setting(
        {},
        "Table of custom fields",
        "Tabelle der Freifelder",
        "Custom field → metafield (namespace.key)",
        "Freifeld → Metafeld (namespace.key)",
        section="fields",
        channel_options="metafields",
        mapping=MappingKind.CUSTOM_FIELD,
    )
    property_mode: FieldMode = setting(
        FieldMode.SAME_NAME,
        "Properties to metafields",
        "Eigenschaft zu Metafeld",
        "Metafields of the same name or key, or by the table.",
        "Metafelder mit gleichem Namen oder Schlüssel, oder nach der Tabelle.",
        section="fields",
    )
    property_map: dict[str, str] = setting(
        {},
        "Table of properties",
        "Tabelle der Eigenschaften",
        "Property → metafield (namespace.key)",
        "Eigenschaft → Metafeld (namespace.key)",
        section="fields",
        channel_options="metafields",
        mapping=MappingKind.PROPERTY,
    )
    taxonomy_map: dict[str, str] = setting(
        {},
        "Article tree to Shopify's taxonomy",
        "Artikelbaum → Shopify-Taxonomie",
        "A category holds for all below it. Collections are built in Shopify, for instance from tags.",
        "Eine Kategorie gilt für alle darunter. Collections baust du in Shopify, etwa aus Tags.",
        section="categories",
        channel_options="taxonomy",
        mapping=MappingKind.CATEGORY,
    )
    category_to_product_type: bool = setting(
        False,
        "Article category to product type",
        "Warengruppe in Produkttyp übertragen?",
        section="categories",
    )


class ShopifyShipmentSettings(ShipmentSettings):
    """Order status and tracking for Shopify (D§2.6)."""

    export_trigger: ExportTrigger = setting(
        ExportTrigger.EACH_SHIPMENT,
        "When to report",
        "Auftragsstatus für Export",
        "With each shipment, or all lines when the order is complete.",
        "Mit jeder Lieferung oder alle Positionen, wenn der Auftrag vollständig ist.",
        section="shipments",
    )
    notify_customer: bool = setting(
        False,
        "Shop mails the buyer",
        "Versandbenachrichtigung per Mail",
        "Shopify's own shipping and cancellation mails.",
        "Die Versand- und Stornomails von Shopify.",
        section="shipments",
    )
    carrier_map: dict[str, str] = setting(
        {},
        "Carriers",
        "Versanddienstleister-Zuordnung",
        "Shopify builds the tracking link by the carrier's name, for instance 'DHL Express'; unmapped ones go as they are.",
        "Shopify bildet den Sendungslink aus dem Namen, etwa „DHL Express“; ohne Zuordnung geht der Name unverändert hinaus.",
        section="shipments",
        mapping=MappingKind.CARRIER,
    )
    send_returns: bool = setting(
        False,
        "Report returns",
        "Retouren zurückmelden",
        "Goods that came back appear as a return in the shop.",
        "Zurückgekommene Ware erscheint im Shop als Rückgabe.",
        section="shipments",
    )


class ShopifyRefundSettings(RefundSettings):
    """Refunds through Shopify (D§2.8)."""

    notify_customer: bool = setting(
        False,
        "Shop mails the buyer",
        "Shop benachrichtigt den Käufer",
        "Shopify's own refund mail.",
        "Die Erstattungsmail von Shopify.",
        section="refunds",
    )

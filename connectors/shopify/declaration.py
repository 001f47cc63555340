"""What Shopify's connector declares: its features, the rows of the feature matrix that it has, and its words."""

from collections.abc import Mapping
from datetime import timedelta

from canonical.capability import Capability
from canonical.feature import Feature
from connectors.shopify.settings import (
    ShopifyArticleSettings,
    ShopifyOrderSettings,
    ShopifyPriceSettings,
    ShopifyRefundSettings,
    ShopifyShipmentSettings,
    ShopifyStockSettings,
)
from connectors.spec import FeatureSpec, Text

SUMMARY = Text(
    de="Aufträge, Artikel, Bestände je Standort, Preise, Versandstatus und Erstattungen über die GraphQL-Schnittstelle.",
    en="Orders, articles, stock per location, prices, order status and refunds over the GraphQL interface.",
)
HELP = (
    Text(
        "Empfohlen: verbinde den Shop über eine öffentliche App; du stimmst nur im Shop zu und brauchst hier nichts einzutragen.",
        "Recommended: connect the shop by a public app; you only agree in the shop and need not enter anything here.",
    ),
    Text(
        "Eigene App: lege sie im Dev Dashboard von Shopify an und installiere sie in deinem Shop.",
        "An app of your own: create it in Shopify's Dev Dashboard and install it in your shop.",
    ),
    Text(
        "Erlaube ihr Aufträge, Kunden, Produkte, Bestand, Standorte, Fulfillment-Aufträge, Rückgaben, Veröffentlichungen, Dateien und Übersetzungen; der Verbindungstest nennt je Funktion, was fehlt.",
        "Allow it orders, customers, products, inventory, locations, fulfilment orders, returns, publications, files and translations; the connection test names what a feature lacks.",
    ),
    Text(
        "Kopiere Client-ID und Client-Secret aus den Einstellungen der App hierher.",
        "Copy client ID and client secret from the app's settings to here.",
    ),
    Text(
        "Eine ältere, in der Shop-Verwaltung angelegte App hat stattdessen ein Token, das mit shpat_ beginnt.",
        "An older app made in the shop's admin has a token instead, which begins with shpat_.",
    ),
    Text(
        "Ohne die Freigabe read_all_orders zeigt Shopify nur die Aufträge der letzten 60 Tage.",
        "Without the scope read_all_orders, Shopify shows only the orders of the last 60 days.",
    ),
)

FEATURES: Mapping[Feature, FeatureSpec] = {
    Feature.ORDERS: FeatureSpec(
        ShopifyOrderSettings,
        every=timedelta(minutes=15),
        hints=("orders/create", "orders/updated", "orders/cancelled"),
        note=Text("Beträge in der Währung des Shops.", "Amounts in the shop's own currency."),
    ),
    Feature.ARTICLES: FeatureSpec(
        ShopifyArticleSettings,
        every=timedelta(minutes=10),
        batch=20,
        note=Text(
            "Varianten und Metafelder, die nicht von hier kommen, bleiben unberührt.",
            "Variants and metafields that do not come from here are left alone.",
        ),
    ),
    Feature.STOCK: FeatureSpec(
        ShopifyStockSettings,
        every=timedelta(minutes=5),
        batch=250,
        note=Text(
            "Nur an Varianten, deren Bestand der Shop verfolgt.", "Only for variants whose stock the shop tracks."
        ),
    ),
    Feature.PRICES: FeatureSpec(ShopifyPriceSettings, every=timedelta(minutes=5), batch=100),
    Feature.SHIPMENTS: FeatureSpec(ShopifyShipmentSettings, every=timedelta(minutes=10), batch=20),
    Feature.REFUNDS: FeatureSpec(ShopifyRefundSettings, every=timedelta(minutes=10), batch=10),
}

_ALWAYS = Text("", "")
_B2B = Text("in B2B-Kataloge gleichen Namens", "to B2B catalogues of the same name")
CAPABILITIES: Mapping[Capability, Text] = {
    Capability.MATCH_SKU: _ALWAYS,
    Capability.FOREIGN_NUMBERS: _ALWAYS,
    Capability.IMPORT_ARTICLES: _ALWAYS,
    Capability.IMPORT_PRICES: _ALWAYS,
    Capability.IMPORT_MEDIA: _ALWAYS,
    Capability.ARTICLE_BASICS: _ALWAYS,
    Capability.ARTICLE_UNIT: Text("als Metafeld connect.unit", "as metafield connect.unit"),
    Capability.VARIANTS: Text("bis zu 2.048 je Produkt und drei Optionen", "up to 2,048 per product and three options"),
    Capability.ARTICLE_IS_STOCK: _ALWAYS,
    Capability.ARTICLE_INACTIVE: Text("das ganze Produkt wird zum Entwurf", "the whole product becomes a draft"),
    Capability.ARTICLE_CLOSEOUT: _ALWAYS,
    Capability.MANUFACTURER: _ALWAYS,
    Capability.EAN: _ALWAYS,
    Capability.CUSTOMS_NUMBER: _ALWAYS,
    Capability.ORIGIN_COUNTRY: _ALWAYS,
    Capability.DESCRIPTION: _ALWAYS,
    Capability.TRANSLATIONS: Text("in Sprachen, die der Shop führt", "in languages that the shop has"),
    Capability.META_TEXTS: _ALWAYS,
    Capability.TAGS: _ALWAYS,
    Capability.CUSTOM_FIELDS: Text(
        "in Metafelder, die der Shop definiert hat", "to metafields that the shop has defined"
    ),
    Capability.PROPERTIES: Text("in Metafelder, die der Shop definiert hat", "to metafields that the shop has defined"),
    Capability.BUNDLES: Text("nur der Kopf", "only the head"),
    Capability.IMAGES: Text("über öffentliche Adressen", "by public addresses"),
    Capability.IMAGE_DESCRIPTION: _ALWAYS,
    Capability.ARTICLE_CATEGORY: Text("als Produkttyp", "as product type"),
    Capability.STOCK: _ALWAYS,
    Capability.STOCK_LOCATIONS: _ALWAYS,
    Capability.PRICES: _ALWAYS,
    Capability.PSEUDO_PRICE: _ALWAYS,
    Capability.GROUP_PRICES: _B2B,
    Capability.DUPLICATE_BY_ID: _ALWAYS,
    Capability.ORDER_ADDRESSES: _ALWAYS,
    Capability.ORDER_CUSTOMERS: _ALWAYS,
    Capability.ORDER_VAT_ID: Text(
        "aus dem Firmenprofil (Plus) oder Feldern der Bestellung", "from the company (Plus) or fields of the order"
    ),
    Capability.LINE_TEXT_ERP: _ALWAYS,
    Capability.LINE_TEXT_SHOP: _ALWAYS,
    Capability.ORDER_DISCOUNTS: _ALWAYS,
    Capability.ORDER_FEES: Text("Trinkgeld, Zölle, Zusatzgebühren", "tips, duties, additional fees"),
    Capability.ORDER_SHIPPING: _ALWAYS,
    Capability.CHANNEL_PROJECTS: _ALWAYS,
    Capability.ORDER_MAPPINGS: _ALWAYS,
    Capability.VALUE_VOUCHERS: Text(
        "verkauft als Position, eingelöst als Zahlung", "sold as a line, redeemed as a payment"
    ),
    Capability.ORDER_CLERK: _ALWAYS,
    Capability.TAG_PROJECTS: _ALWAYS,
    Capability.TRACKING: _ALWAYS,
    Capability.LINE_TRACKING: _ALWAYS,
    Capability.SEVERAL_TRACKING: _ALWAYS,
    Capability.SHIPPED_STATUS: _ALWAYS,
    Capability.CANCELLATION: Text(
        "ganze Aufträge und Teile, die noch nicht versendet sind", "whole orders, and parts that are not shipped yet"
    ),
    Capability.RETURNS_STATUS: _ALWAYS,
    Capability.CUSTOMER_MAIL: _ALWAYS,
    Capability.REFUNDS: _ALWAYS,
}

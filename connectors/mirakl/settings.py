"""What a person enters for a marketplace of Mirakl: the account, and per feature what only these marketplaces know."""

import re
from dataclasses import replace
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from canonical.catalogue import DataType
from canonical.settings import (
    ArticleSettings,
    DocumentSettings,
    MappingKind,
    OrderSettings,
    PriceSettings,
    RefundSettings,
    ShipmentSettings,
    StockSettings,
    setting,
)
from connectors.forms import address_of, key_invalid, url_invalid

_KEY = re.compile(r"[!-~]{8,}")
_BEFORE_KEY = re.compile(r"^(authorization:?)?(bearer)?(?=.)", re.IGNORECASE)


def clean_url(pasted: str) -> str:
    """Make the marketplace's address of what was pasted: its host, whatever page was open; raises `URL_INVALID`."""
    address = address_of(pasted)
    if "." not in address.host and address.port is None:
        raise url_invalid(pasted)
    scheme = "https" if address.host.endswith(".mirakl.net") else address.scheme
    return replace(address, scheme=scheme).origin


class MiraklCredentials(BaseModel):
    """One shop of one marketplace. Form errors have the code as their type, and never contain what was entered."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str = Field(
        title="Address of the marketplace",
        description="As in the browser when you are logged in: https://marketplace.mirakl.net",
        json_schema_extra={
            "title_de": "Adresse des Marktplatzes",
            "help_de": "Wie im Browser, wenn du angemeldet bist: https://marktplatz.mirakl.net",
        },
    )
    api_key: SecretStr = Field(
        title="API key",
        description="From your user's settings in the marketplace",
        json_schema_extra={
            "title_de": "API-Schlüssel",
            "help_de": "Aus den Einstellungen deines Benutzers im Marktplatz",
        },
    )
    shop_id: str = Field(
        default="",
        title="Shop id",
        description="Only if your user has several shops in this marketplace; a number",
        json_schema_extra={
            "title_de": "Shop-ID",
            "help_de": "Nur wenn dein Benutzer mehrere Shops in diesem Marktplatz hat; eine Zahl",
        },
    )

    @field_validator("url")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_url(value)

    @field_validator("api_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        """Mirakl takes the bare key; what other systems put before it is cut off."""
        key = _BEFORE_KEY.sub("", "".join(value.get_secret_value().split()))
        if not _KEY.fullmatch(key):
            raise key_invalid("API key", "xxxxxxxx-xxxx-…")
        return SecretStr(key)

    @field_validator("shop_id")
    @classmethod
    def _is_id(cls, value: str) -> str:
        digits = "".join(value.split()).rpartition("=")[2]
        if digits and not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            raise key_invalid("Shop id", "2003")
        return digits

    @property
    def is_secure(self) -> bool:
        """Whether the marketplace is called over TLS."""
        return self.url.startswith("https://")


class MiraklOrderSettings(OrderSettings):
    """Order import (D§2.5): only accepted orders are imported, in SHIPPING they have addresses and are paid."""

    import_states: frozenset[str] = setting(
        frozenset({"SHIPPING"}),
        "States to import",
        "Zahlungsstatus für Auftragsimport",
        "In SHIPPING an order is accepted, paid and has its addresses.",
        "In SHIPPING ist ein Auftrag angenommen, bezahlt und hat seine Adressen.",
        section="selection",
        mandatory=True,
    )
    auto_accept: bool = setting(
        False,
        "Accept orders automatically",
        "Aufträge automatisch akzeptieren",
        "Off: only orders that you accepted in the marketplace or here are imported.",
        "Aus: nur Aufträge, die du im Marktplatz oder hier angenommen hast, werden importiert.",
        section="selection",
    )


class OfferMatch(StrEnum):
    """By what the marketplace finds the product of a new offer."""

    MARKETPLACE_NUMBER = "marketplace_number"
    GTIN = "gtin"


class MiraklStockSettings(StockSettings):
    """The stock half of the offers (D§2.3), and what a new offer needs."""

    offer_match: OfferMatch = setting(
        OfferMatch.GTIN,
        "New offers find their product by",
        "Neue Angebote finden ihr Produkt über",
        "The marketplace's own article number, or the GTIN (EAN).",
        "Die Artikelnummer des Marktplatzes oder die GTIN (EAN).",
        section="offers",
    )
    new_offer_state: str = setting(
        "11",
        "Condition of new offers",
        "Zustand neuer Angebote",
        "The marketplace's code; 11 is usually 'New'. Empty: no offers are created.",
        "Der Code des Marktplatzes; 11 ist meist „Neu“. Leer: es werden keine Angebote angelegt.",
        section="offers",
        channel_options="offer_states",
    )


class MiraklPriceSettings(PriceSettings):
    """The price half of the offers (D§2.4). Every price of an offer is replaced by what is sent."""

    send_pseudo_price: bool = setting(
        False,
        "Pseudo price as discount",
        "Pseudopreis als Rabatt",
        "The pseudo price becomes the price and the sales price its discount; off: only the sales price.",
        "Der Pseudopreis wird der Preis und der Verkaufspreis dessen Rabattpreis; aus: nur der Verkaufspreis.",
        section="prices",
    )
    group_map: dict[str, str] = setting(
        {},
        "Customer groups",
        "Kundengruppenzuordnung",
        "Our group's name to the id of a customer group of the marketplace.",
        "Name unserer Gruppe zur ID einer Kundengruppe des Marktplatzes.",
        section="prices",
        mapping=MappingKind.CUSTOMER_GROUP,
    )


class ProductFormat(StrEnum):
    """Whose columns the product file has."""

    OPERATOR = "operator"
    """The marketplace's attribute codes, from the mapping page here."""
    OWN = "own"
    """Our columns; the merchant maps them once in the marketplace's mapping assistant (D§8.5)."""


class MiraklArticleSettings(ArticleSettings):
    """The product file (D§2.1)."""

    data_types: frozenset[DataType] = setting(
        frozenset(
            {DataType.MASTER_DATA, DataType.VARIANTS, DataType.IMAGES, DataType.PROPERTIES, DataType.CUSTOM_FIELDS}
        ),
        "Data types",
        "Datentypen",
        "Which parts are sent; others stay as they are in the marketplace.",
        "Welche Teile gesendet werden; andere bleiben im Marktplatz, wie sie sind.",
        section="articles",
        mandatory=True,
    )
    product_format: ProductFormat = setting(
        ProductFormat.OPERATOR,
        "Format of the product file",
        "Format der Produktdatei",
        "The marketplace's own columns by the mapping page here, or ours by the mapping assistant in the marketplace.",
        "Die Spalten des Marktplatzes über die Zuordnung hier oder unsere über den Zuordnungsassistenten im Marktplatz.",
        section="articles",
    )
    category_attribute: str = setting(
        "category",
        "Attribute of the category",
        "Attribut der Kategorie",
        "The code of the marketplace's attribute that holds the category.",
        "Der Code des Marktplatz-Attributs, in dem die Kategorie steht.",
        section="articles",
        min_length=1,
        max_length=100,
        channel_options="attributes",
    )
    sku_attribute: str = setting(
        "shop_sku",
        "Attribute of your article number",
        "Attribut deiner Artikelnummer",
        "The code of the marketplace's attribute that holds the seller's article number.",
        "Der Code des Marktplatz-Attributs, in dem die Artikelnummer des Verkäufers steht.",
        section="articles",
        min_length=1,
        max_length=100,
        channel_options="attributes",
    )
    variant_attribute: str = setting(
        "variant_group_code",
        "Attribute of the variant group",
        "Attribut der Variantengruppe",
        "The code of the marketplace's attribute that keeps variants together.",
        "Der Code des Marktplatz-Attributs, das Varianten zusammenhält.",
        section="articles",
        max_length=100,
        channel_options="attributes",
    )
    catalog_manager: bool = setting(
        False,
        "Marketplace with catalogue manager (MCM)",
        "Marktplatz mit Katalogmanager (MCM)",
        "Reads back whether a product is live, and why it is not.",
        "Liest zurück, ob ein Produkt online ist und warum nicht.",
        section="articles",
    )


class MiraklShipmentSettings(ShipmentSettings):
    """Order status and tracking (D§2.6)."""

    carrier_map: dict[str, str] = setting(
        {},
        "Carriers",
        "Versanddienstleister-Zuordnung",
        "To the marketplace's carriers; one that it does not know needs a tracking link.",
        "Zu den Versanddienstleistern des Marktplatzes; einer, den er nicht kennt, braucht einen Sendungslink.",
        section="shipments",
        channel_options="carriers",
        mapping=MappingKind.CARRIER,
    )
    multi_shipment: bool = setting(
        False,
        "Several shipments per order",
        "Mehrere Lieferungen je Auftrag",
        "Only where the marketplace allows it; off: tracking numbers are joined and the order is shipped at the end.",
        "Nur wo der Marktplatz es erlaubt; aus: Sendungsnummern werden gesammelt, versendet wird am Ende.",
        section="shipments",
    )
    cancel_reason: str = setting(
        "",
        "Reason of cancellations",
        "Grund von Stornierungen",
        "The marketplace's code; without it only whole orders can be cancelled.",
        "Der Code des Marktplatzes; ohne ihn lassen sich nur ganze Aufträge stornieren.",
        section="shipments",
        channel_options="cancel_reasons",
    )


class MiraklDocumentSettings(DocumentSettings):
    """Documents to the marketplace (D§2.7)."""

    document_type: str = setting(
        "CUSTOMER_INVOICE",
        "Type of invoices",
        "Belegart der Rechnung",
        "The marketplace's code of the document type.",
        "Der Code des Marktplatzes für die Belegart.",
        section="documents",
        channel_options="document_types",
        mandatory=True,
    )


class MiraklRefundSettings(RefundSettings):
    """Refunds through the marketplace (D§2.8)."""

    reason: str = setting(
        "",
        "Reason of refunds",
        "Grund von Erstattungen",
        "The marketplace's code, for refunds without a reason of their own.",
        "Der Code des Marktplatzes, für Erstattungen ohne eigenen Grund.",
        section="refunds",
        channel_options="refund_reasons",
        mandatory=True,
    )

"""What a person enters for Shopware 6: the account of an integration, and per feature what only this shop system knows."""

import re
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from canonical.catalogue import DataType
from canonical.settings import (
    ArticleSettings,
    CategorySettings,
    DocumentSettings,
    ExportTrigger,
    FieldMode,
    MappingKind,
    OrderSettings,
    PriceSettings,
    ShipmentSettings,
    setting,
)
from connectors.forms import key_invalid, shop_address

_NOT_THE_SHOP = re.compile(r"/(admin|api|store-api|account|index\.php)(/.*)?$", re.IGNORECASE)
"""What people copy along with the address; a folder before it belongs to the shop and stays."""
_ID = re.compile(r"SWIA[A-Z0-9]+", re.IGNORECASE)


def clean_url(pasted: str) -> str:
    """Make the shop's address of what was pasted; raises the form error `URL_INVALID`."""
    return shop_address(pasted, _NOT_THE_SHOP)


class Shopware6Credentials(BaseModel):
    """An integration of one shop. Form errors have the code as their type, and never contain what was entered."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str = Field(
        title="Address of the shop",
        description="As you open the shop in the browser: https://shop.example",
        json_schema_extra={
            "title_de": "Adresse des Shops",
            "help_de": "So wie du den Shop im Browser öffnest: https://shop.example",
        },
    )
    client_id: str = Field(
        title="Access key ID",
        description="Begins with SWIA",
        json_schema_extra={"title_de": "Zugangs-ID", "help_de": "Beginnt mit SWIA"},
    )
    client_secret: SecretStr = Field(
        title="Secret access key",
        description="Shown only once, when the integration is created",
        json_schema_extra={
            "title_de": "Sicherheitsschlüssel",
            "help_de": "Wird nur einmal gezeigt, beim Anlegen der Integration",
        },
    )

    @model_validator(mode="before")
    @classmethod
    def _swap(cls, data: Any) -> Any:
        """Put the two values where they belong if they were pasted into each other's field."""
        if not isinstance(data, dict):
            return data
        key, secret = _plain(data.get("client_id")), _plain(data.get("client_secret"))
        if _ID.fullmatch(secret) and not _ID.fullmatch(key):
            key, secret = secret, key
        return {**data, "client_id": key, "client_secret": secret}

    @field_validator("url")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_url(value)

    @field_validator("client_id")
    @classmethod
    def _is_key(cls, value: str) -> str:
        if not _ID.fullmatch(value):
            raise key_invalid("Access key ID", "SWIA…")
        return value

    @field_validator("client_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[\x21-\x7e]{8,}", value.get_secret_value()):
            raise key_invalid("Secret access key", "≥ 8")
        return value

    @property
    def is_secure(self) -> bool:
        """Whether the shop is called over TLS."""
        return self.url.startswith("https://")


def _plain(value: object) -> str:
    """A pasted value without the spaces and line breaks around and in it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value if isinstance(value, str) else ""
    return "".join(text.split())


class VariantListing(StrEnum):
    """How the storefront's lists show a product with variants (D§2.1)."""

    MAIN_PRODUCT = "main_product"
    EXPAND = "expand"


class ToProperty(StrEnum):
    """Which custom fields become properties of the shop instead of custom fields (D§2.1)."""

    NONE = "none"
    AUTO = "auto"
    MANUAL = "manual"


# fmt: off
class Shopware6OrderSettings(OrderSettings):
    """Order import from Shopware 6 (D§2.5): by payment state, of all or of chosen sales channels."""

    import_states: frozenset[str] = setting(frozenset({"paid", "authorized"}), "Payment states to import", "Zahlungsstatus für Auftragsimport", "Shopware's own names: open, paid, authorized, paid_partially, in_progress, reminded …; completed also imports what the shop sent already.", "Shopwares eigene Namen: open, paid, authorized, paid_partially, in_progress, reminded …; mit completed kommt auch, was der Shop schon versendet hat.", section="selection", mandatory=True)
    import_channels: frozenset[str] = setting(frozenset(), "Sales channels", "Sales-Channel-Auswahl", "None chosen: orders of all of them.", "Keiner gewählt: Aufträge aus allen.", section="selection", channel_options="sales_channels")
    report_in_progress: bool = setting(True, "Set to 'in progress'", "Auf „In Bearbeitung“ setzen", "An imported order is 'in progress' in the shop.", "Ein importierter Auftrag steht im Shop auf „In Bearbeitung“.", section="selection")
    mail_on_in_progress: bool = setting(False, "Mail at 'in progress'", "Status-E-Mail bei „In Bearbeitung“", "The shop tells the buyer.", "Der Shop teilt es dem Käufer mit.", section="selection")
    country_map: dict[str, str] = setting({}, "Countries", "Länderzuordnung", "Only for countries of the shop whose ISO code is missing or another one is meant.", "Nur für Länder des Shops ohne ISO-Code oder wenn ein anderes gemeint ist.", section="customers", mapping=MappingKind.COUNTRY)


class Shopware6ShipmentSettings(ShipmentSettings):
    """Order status and tracking for Shopware 6 (D§2.6)."""

    export_trigger: ExportTrigger = setting(ExportTrigger.EACH_SHIPMENT, "When to report", "Auftragsstatus für Export", "With each shipment, or only when the order is complete.", "Mit jeder Lieferung oder erst, wenn der Auftrag vollständig ist.", section="shipments")
    notify_customer: bool = setting(False, "Shop mails the buyer", "Versandbenachrichtigung per Mail", "The mail of the shop's flow for 'shipped'.", "Die Mail aus dem Flow des Shops für „versendet“.", section="shipments")


class Shopware6DocumentSettings(DocumentSettings):
    """Documents for Shopware 6 (D§2.7)."""

    mark_as_sent: bool = setting(False, "Mark as sent", "Als versendet markieren", "The shop shows the invoice as sent.", "Der Shop führt die Rechnung als versendet.", section="documents")


class Shopware6CategorySettings(CategorySettings):
    """Categories for Shopware 6 (D§2.2)."""

    root_category: str = setting("", "Root category", "Wurzelkategorie", "The tree is created below it; empty: below the shop's first top category.", "Darunter entsteht der Baum; leer: unter der ersten obersten Kategorie des Shops.", section="categories", channel_options="categories")
    exclude_root: bool = setting(False, "Only below our roots", "Nur unterhalb der eigenen Wurzel", "Our topmost nodes are not sent, what is below them hangs at the root category.", "Unsere obersten Knoten werden nicht gesendet, was darunter liegt, hängt an der Wurzelkategorie.", section="categories")


class Shopware6PriceSettings(PriceSettings):
    """Prices for Shopware 6 (D§2.4): always gross and net; tiers need a rule of the shop."""

    currency_map: dict[str, str] = setting({}, "Currencies", "Währungszuordnung", "Empty: the shop's currency with the same ISO code.", "Leer: die Währung des Shops mit demselben ISO-Code.", section="prices", channel_options="currencies", mapping=MappingKind.CURRENCY)
    group_map: dict[str, str] = setting({}, "Groups to rules", "Preisregeln / Kundengruppenzuordnung", "For scale prices of everybody the name is 'Standardpreis'.", "Für Staffelpreise aller ist der Name „Standardpreis“.", section="prices", channel_options="price_rules", mapping=MappingKind.CUSTOMER_GROUP)


class Shopware6ArticleSettings(ArticleSettings):
    """Articles for Shopware 6 (D§2.1)."""

    data_types: frozenset[DataType] = setting(frozenset(DataType), "Data types", "Datentypen", "Which parts are sent; others stay as they are in the shop.", "Welche Teile gesendet werden; andere bleiben im Shop, wie sie sind.", section="articles", mandatory=True)
    tax_normal: str = setting("", "Normal tax", "Steuersatz normal", "One of the shop's taxes.", "Eine Steuer des Shops.", section="articles", channel_options="taxes", mandatory=True)
    tax_reduced: str = setting("", "Reduced tax", "Steuersatz ermäßigt", section="articles", channel_options="taxes", mandatory=True)
    tax_exempt: str = setting("", "Exempt tax", "Steuersatz befreit", section="articles", channel_options="taxes")
    sales_channels: frozenset[str] = setting(frozenset(), "Sales channels", "Sales Channels", "Where articles are to be seen; none: visibility is left to the shop.", "Wo Artikel zu sehen sind; keiner: die Sichtbarkeit bleibt Sache des Shops.", section="articles", channel_options="sales_channels")
    media_folder: str = setting("", "Media folder", "Medienordner", "Where images are put.", "Wohin Bilder kommen.", section="articles", channel_options="media_folders")
    custom_field_mode: FieldMode = setting(FieldMode.SAME_NAME, "Custom fields", "Freifeldzuordnung", "By the same technical name (missing ones are created), or by the table.", "Über den gleichen technischen Namen (fehlende werden angelegt) oder über die Tabelle.", section="fields")
    custom_field_map: dict[str, str] = setting({}, "Table of custom fields", "Tabelle der Freifelder", section="fields", channel_options="custom_fields", mapping=MappingKind.CUSTOM_FIELD)
    custom_field_to_property: ToProperty = setting(ToProperty.NONE, "Custom field to property", "Freifeld zu Eigenschaft", "All, or those of the table; they are then no custom fields.", "Alle oder die der Tabelle; sie werden dann keine Freifelder.", section="fields")
    property_map: dict[str, str] = setting({}, "Table of custom fields to properties", "Tabelle Freifeld → Eigenschaft", section="fields", channel_options="property_groups", mapping=MappingKind.PROPERTY)
    delivery_time: str = setting("", "Delivery time", "Lieferzeit", "For articles whose own text the shop does not know.", "Für Artikel, deren eigenen Text der Shop nicht kennt.", section="fields", channel_options="delivery_times")
    cross_selling_title: str = setting("Zubehör", "Title of cross-selling", "Titel des Cross-Sellings", section="page", min_length=1, max_length=255)
    cms_layout: str = setting("", "Layout", "Layout der Artikelseite", "Empty: the shop's default.", "Leer: der Standard des Shops.", section="page", channel_options="cms_layouts")
    variant_listing: VariantListing = setting(VariantListing.MAIN_PRODUCT, "Variants in lists", "Varianten in Listen", section="page")
# fmt: on

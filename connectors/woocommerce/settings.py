"""What a person enters for WooCommerce: the account, and per feature what only this shop system knows."""

import re
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from canonical.catalogue import DataType, TaxCategory
from canonical.settings import (
    ArticleSettings,
    CategorySettings,
    OrderSettings,
    PriceSettings,
    RefundSettings,
    ShipmentSettings,
    setting,
)
from connectors.forms import key_invalid, shop_address

_NOT_THE_SHOP = re.compile(r"/(wp-admin|wp-json|wp-login\.php|wc-api|index\.php)(/.*)?$")
"""What people copy along with the address; a WordPress folder before it belongs to the shop and stays."""


def clean_url(pasted: str) -> str:
    """Make the shop's address of what was pasted; raises the form error `URL_INVALID`."""
    return shop_address(pasted, _NOT_THE_SHOP)


class WooCredentials(BaseModel):
    """One account of one shop. Form errors have the code as their type, and never contain what was entered."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str = Field(
        title="Address of the shop",
        description="As you open the shop in the browser: https://shop.example",
        json_schema_extra={
            "title_de": "Adresse des Shops",
            "help_de": "So wie du den Shop im Browser öffnest: https://shop.example",
        },
    )
    consumer_key: str = Field(
        title="Consumer key",
        description="Begins with ck_",
        json_schema_extra={"title_de": "Consumer Key (Schlüssel)", "help_de": "Beginnt mit ck_"},
    )
    consumer_secret: SecretStr = Field(
        title="Consumer secret",
        description="Begins with cs_",
        json_schema_extra={"title_de": "Consumer Secret (Geheimnis)", "help_de": "Beginnt mit cs_"},
    )

    @model_validator(mode="before")
    @classmethod
    def _swap(cls, data: Any) -> Any:
        """Put the two values where they belong if they were pasted into each other's field."""
        if not isinstance(data, dict):
            return data
        key, secret = _plain(data.get("consumer_key")), _plain(data.get("consumer_secret"))
        if key.startswith("cs_") and secret.startswith("ck_"):
            key, secret = secret, key
        return {**data, "consumer_key": key, "consumer_secret": secret}

    @field_validator("url")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_url(value)

    @field_validator("consumer_key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        if not re.fullmatch(r"ck_\w+", value):
            raise key_invalid("Consumer key", "ck_…")
        return value

    @field_validator("consumer_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"cs_\w+", value.get_secret_value()):
            raise key_invalid("Consumer secret", "cs_…")
        return value

    @property
    def is_secure(self) -> bool:
        """Whether the shop is called over TLS."""
        return self.url.startswith("https://")


def _plain(value: object) -> str:
    """A pasted value without the spaces and line breaks around and in it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value if isinstance(value, str) else ""
    return "".join(text.split())


class WooShopAddress(BaseModel):
    """What must be known before a shop is asked for a key: its address."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str = Field(
        title="Address of the shop",
        description="As you open the shop in the browser: https://shop.example",
        json_schema_extra={
            "title_de": "Adresse des Shops",
            "help_de": "So wie du den Shop im Browser öffnest: https://shop.example",
        },
    )

    @field_validator("url")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_url(value)


class WooOrderSettings(OrderSettings):
    """Order import from WooCommerce (D§2.5); plug-ins add states of their own, so they can be read from the shop."""

    import_states: frozenset[str] = setting(
        frozenset({"processing", "on-hold"}),
        "States to import",
        "Zahlungsstatus für Auftragsimport",
        "Orders in other states wait until their state changes.",
        "Aufträge in anderem Status warten, bis er sich ändert.",
        section="selection",
        channel_options="order_statuses",
        mandatory=True,
    )


class Backorders(StrEnum):
    """What the shop does when an article that is no remaining stock is sold out."""

    UNCHANGED = "unchanged"
    NO = "no"
    NOTIFY = "notify"
    YES = "yes"


class WooArticleSettings(ArticleSettings):
    """Articles to WooCommerce (D§2.1)."""

    data_types: frozenset[DataType] = setting(
        frozenset(
            {
                DataType.MASTER_DATA,
                DataType.VARIANTS,
                DataType.CROSS_SELLING,
                DataType.IMAGES,
                DataType.TAGS,
                DataType.PROPERTIES,
            }
        ),
        "Data types",
        "Datentypen",
        "Which parts are sent; others stay as they are in the shop.",
        "Welche Teile gesendet werden; andere bleiben im Shop, wie sie sind.",
        section="articles",
        mandatory=True,
    )
    meta_texts: bool = setting(
        False,
        "Meta texts",
        "Meta-Texte",
        "Title, description and keywords for search engines; the shop needs the plug-in Yoast SEO.",
        "Titel, Beschreibung und Schlagworte für Suchmaschinen; der Shop braucht das Plug-in Yoast SEO.",
        section="articles",
    )
    show_properties: bool = setting(
        False,
        "Show properties",
        "Eigenschaften als Zusatzinfo anzeigen",
        "On the product page.",
        "Auf der Produktseite.",
        section="articles",
    )
    backorders: Backorders = setting(
        Backorders.UNCHANGED,
        "Backorders",
        "Lieferrückstand",
        "What the shop permits when an article is sold out; remaining stock never permits it.",
        "Was der Shop erlaubt, wenn ein Artikel ausverkauft ist; Restmengen erlauben es nie.",
        section="articles",
    )
    default_category: str = setting(
        "",
        "Default category",
        "Standardkategorie",
        "For articles without one.",
        "Für Artikel ohne Kategorie.",
        section="articles",
        channel_options="categories",
        pattern=r"^\d*$",
    )
    tax_class_normal: str = setting(
        "standard",
        "Tax class for the normal rate",
        "Steuerklasse normal",
        section="tax",
        channel_options="tax_classes",
        min_length=1,
    )
    tax_class_reduced: str = setting(
        "reduced-rate",
        "Tax class for the reduced rate",
        "Steuerklasse ermäßigt",
        section="tax",
        channel_options="tax_classes",
        min_length=1,
    )
    tax_class_special: str = setting(
        "reduced-rate",
        "Tax class for the special rate",
        "Steuerklasse Sondersatz",
        section="tax",
        channel_options="tax_classes",
        min_length=1,
    )
    tax_class_exempt: str = setting(
        "zero-rate",
        "Tax class for exempt articles",
        "Steuerklasse befreit",
        section="tax",
        channel_options="tax_classes",
        min_length=1,
    )

    @property
    def tax_classes(self) -> dict[TaxCategory, str]:
        """The shop's class of each of our tax categories."""
        return {
            TaxCategory.NORMAL: self.tax_class_normal,
            TaxCategory.REDUCED: self.tax_class_reduced,
            TaxCategory.SPECIAL: self.tax_class_special,
            TaxCategory.EXEMPT: self.tax_class_exempt,
        }


class WooPriceSettings(PriceSettings):
    """Prices to WooCommerce (D§2.4); it has no prices of customer groups or scales."""

    prices_net: bool = setting(
        False,
        "Send net prices",
        "Nettopreise übertragen",
        "As the shop enters them: WooCommerce → Settings → Tax. Off: gross.",
        "So wie der Shop sie führt: WooCommerce → Einstellungen → Steuer. Aus: brutto.",
        section="prices",
    )
    pre_round: bool = setting(
        False,
        "Round prices",
        "Preise vorrunden",
        "To the cent; off: converted prices keep four decimals.",
        "Auf den Cent; aus: umgerechnete Preise behalten vier Nachkommastellen.",
        section="prices",
    )


class WooCategorySettings(CategorySettings):
    """Categories to WooCommerce (D§2.2)."""


class WooRefundSettings(RefundSettings):
    """Refunds through WooCommerce (D§2.8)."""

    api_refund: bool = setting(
        True,
        "Pay out through the payment provider",
        "Über den Zahlungsanbieter auszahlen",
        "Off: the refund is only noted in the shop, and you pay it out yourself.",
        "Aus: die Erstattung wird im Shop nur vermerkt, und du zahlst sie selbst aus.",
        section="refunds",
    )


class TrackingWay(StrEnum):
    """How tracking reaches the buyer: WooCommerce's core has no field for it."""

    CUSTOMER_NOTE = "customer_note"
    FULFILLMENTS = "fulfillments"
    ORDER_META = "order_meta"


class WooShipmentSettings(ShipmentSettings):
    """Order status and tracking for WooCommerce (D§2.6)."""

    tracking_way: TrackingWay = setting(
        TrackingWay.CUSTOMER_NOTE,
        "Way of the tracking number",
        "Weg der Sendungsnummer",
        "A note that is mailed to the buyer, the shop's feature 'fulfillments', or a field of a tracking plug-in.",
        "Eine Notiz, die der Käufer per E-Mail bekommt, die Shop-Funktion „Fulfillments“ oder das Feld eines Tracking-Plugins.",
        section="shipments",
    )
    note_text: str = setting(
        "{carrier} {tracking_numbers} {url}",
        "Text of the note",
        "Text der Notiz",
        "Placeholders: {tracking_numbers}, {carrier}, {url}.",
        "Platzhalter: {tracking_numbers}, {carrier}, {url}.",
        section="shipments",
        min_length=1,
        max_length=500,
    )
    meta_key: str = setting(
        "_tracking_number",
        "Field of the tracking plug-in",
        "Feld des Tracking-Plugins",
        "Only for the way 'order_meta'.",
        "Nur für den Weg „order_meta“.",
        section="shipments",
        min_length=1,
        max_length=100,
    )

    @field_validator("note_text")
    @classmethod
    def _names_numbers(cls, value: str) -> str:
        """Without the numbers in it, a repeat could not see that the note was sent."""
        if "{tracking_numbers}" not in value:
            raise PydanticCustomError(
                "placeholder_missing", "{placeholder} is missing", {"placeholder": "{tracking_numbers}"}
            )
        return value

"""What a person enters for WooCommerce: the account, and per feature what only this shop system knows."""

import re
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from canonical.settings import OrderSettings, ShipmentSettings, setting

_NOT_THE_SHOP = re.compile(r"/(wp-admin|wp-json|wp-login\.php|wc-api|index\.php)(/.*)?$")
"""What people copy along with the address; a WordPress folder before it belongs to the shop and stays."""
_HOST = re.compile(r"[^\s/@\\:<>\"']+")


def clean_url(pasted: str) -> str:
    """Make the shop's address of what was pasted; raises the form error `URL_INVALID`."""
    text = "".join(pasted.split())
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _url_invalid(pasted) from None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host.strip("[]")) or parts.username is not None:
        raise _url_invalid(pasted)
    folder = _NOT_THE_SHOP.sub("", parts.path.rstrip("/")).rstrip("/")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{folder}"


def _url_invalid(pasted: str) -> PydanticCustomError:
    return PydanticCustomError("URL_INVALID", "'{value}' is not a valid address", {"value": pasted.strip()})


def _key_invalid(field: str, expected: str) -> PydanticCustomError:
    context = {"field": field, "expected": expected}
    return PydanticCustomError("KEY_INVALID", "{field}: this is not what it looks like ({expected})", context)


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
            raise _key_invalid("Consumer key", "ck_…")
        return value

    @field_validator("consumer_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"cs_\w+", value.get_secret_value()):
            raise _key_invalid("Consumer secret", "cs_…")
        return value

    @property
    def is_secure(self) -> bool:
        """Whether the shop is called over TLS."""
        return self.url.startswith("https://")


def _plain(value: object) -> str:
    """A pasted value without the spaces and line breaks around and in it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value if isinstance(value, str) else ""
    return "".join(text.split())


class WooOrderSettings(OrderSettings):
    """Order import from WooCommerce (D§2.5); nothing is added to what all shops have."""


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

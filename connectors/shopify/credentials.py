"""What a person enters for Shopify: the shop, and a token or an app's own id and secret; other ways leave their field empty."""

import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.forms import key_invalid
from connectors.shopify.address import clean_shop

_TOKEN = re.compile(r"shp(at|ca|ua|pa)_\w+")
_SECRET_PREFIX = "shpss_"  # noqa: S105 - how Shopify begins the secrets of apps, not one of them
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,}")
_SHOP = Field(
    title="Address of the shop",
    description="name.myshopify.com, or the address of the shop's admin; not the shop's own domain",
    json_schema_extra={
        "title_de": "Adresse des Shops",
        "help_de": "name.myshopify.com oder die Adresse der Verwaltung; nicht die eigene Domain des Shops",
    },
)


def _plain(value: object) -> str:
    """A pasted value without the spaces and line breaks around and in it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value if isinstance(value, str) else ""
    return "".join(text.split())


class _App(BaseModel):
    """What both forms share. Form errors have the code as their type, and never contain what was entered."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    shop: str = _SHOP

    @field_validator("shop")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_shop(value)

    @property
    def is_secure(self) -> bool:
        """Whether the shop is called over TLS."""
        return self.shop.startswith("https://")


class ShopifyCredentials(_App):
    """One shop: a custom app's token, or the id and secret of an app; with both, the secret only verifies webhooks."""

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Admin API access token",
        description="Of a custom app made in the shop's admin; begins with shpat_. Leave it empty for an app of the Dev Dashboard.",
        json_schema_extra={
            "title_de": "Zugriffstoken der Admin-API",
            "help_de": "Einer in der Shop-Verwaltung angelegten App; beginnt mit shpat_. Leer lassen bei einer App aus dem Dev Dashboard.",
        },
    )
    client_id: str = Field(
        default="",
        title="Client ID",
        description="Of an app made in the Dev Dashboard; not needed with a token.",
        json_schema_extra={
            "title_de": "Client-ID",
            "help_de": "Einer App aus dem Dev Dashboard; mit Token nicht nötig.",
        },
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Client secret",
        description="Of the same app. With a token it is only used to verify what the shop reports (webhooks).",
        json_schema_extra={
            "title_de": "Client-Secret (Geheimnis)",
            "help_de": "Derselben App. Mit Token dient es nur dazu, Meldungen des Shops (Webhooks) zu prüfen.",
        },
    )

    @model_validator(mode="before")
    @classmethod
    def _sort(cls, data: Any) -> Any:
        """Put values where they belong if they were pasted into another's field; both kinds tell themselves apart."""
        if not isinstance(data, dict):
            return data
        token, secret = _plain(data.get("token")), _plain(data.get("client_secret"))
        if token.startswith(_SECRET_PREFIX) or _TOKEN.fullmatch(secret):
            token, secret = secret, token
        return {**data, "token": token, "client_id": _plain(data.get("client_id")), "client_secret": secret}

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        token, secret = self.token.get_secret_value(), self.client_secret.get_secret_value()
        if token:
            if not _TOKEN.fullmatch(token):
                raise key_invalid("Admin API access token", "shpat_…")
        elif not _CLIENT_ID.fullmatch(self.client_id):
            raise key_invalid("Client ID", "shpat_… / Client ID")
        elif len(secret) < 8:
            raise key_invalid("Client secret", f"{_SECRET_PREFIX}…")
        return self


class ShopifyGrantForm(_App):
    """What must be known before the merchant is sent to the shop's own page: the shop, and the public app."""

    client_id: str = Field(
        title="Client ID",
        description="Of your app in the Dev Dashboard",
        json_schema_extra={"title_de": "Client-ID", "help_de": "Deiner App im Dev Dashboard"},
    )
    client_secret: SecretStr = Field(
        title="Client secret",
        description="Of the same app",
        json_schema_extra={"title_de": "Client-Secret (Geheimnis)", "help_de": "Derselben App"},
    )

    @field_validator("client_id")
    @classmethod
    def _is_id(cls, value: str) -> str:
        if not _CLIENT_ID.fullmatch(_plain(value)):
            raise key_invalid("Client ID", "Client ID")
        return _plain(value)

    @field_validator("client_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr) -> SecretStr:
        if len(_plain(value)) < 8:
            raise key_invalid("Client secret", f"{_SECRET_PREFIX}…")
        return SecretStr(_plain(value))

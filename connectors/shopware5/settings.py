"""What a person enters for Shopware 5: a user of the backend with an API key."""

import re

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.forms import key_invalid, shop_address

_NOT_THE_SHOP = re.compile(r"/(backend|api|shopware\.php|index\.php|account)(/.*)?$", re.IGNORECASE)
"""What people copy along with the address; a folder before it belongs to the shop and stays."""


def clean_url(pasted: str) -> str:
    """Make the shop's address of what was pasted; raises the form error `URL_INVALID`."""
    return shop_address(pasted, _NOT_THE_SHOP)


class Shopware5Credentials(BaseModel):
    """An API user of one shop. Form errors have the code as their type, and never contain what was entered."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    url: str = Field(
        title="Address of the shop",
        description="As you open the shop in the browser: https://shop.example",
        json_schema_extra={
            "title_de": "Adresse des Shops",
            "help_de": "So wie du den Shop im Browser öffnest: https://shop.example",
        },
    )
    user: str = Field(
        title="API user",
        description="The user's login name in the backend",
        json_schema_extra={"title_de": "API-Benutzer", "help_de": "Der Anmeldename des Benutzers im Backend"},
    )
    api_key: SecretStr = Field(
        title="API key",
        description="From the user's tab 'API access'",
        json_schema_extra={"title_de": "API-Schlüssel", "help_de": "Aus „API-Zugang“ am Benutzer"},
    )

    @field_validator("url")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_url(value)

    @field_validator("user")
    @classmethod
    def _is_user(cls, value: str) -> str:
        name = value.strip()
        if not name or ":" in name:
            raise key_invalid("API user", "admin")
        return name

    @field_validator("api_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        key = "".join(value.get_secret_value().split())
        if not re.fullmatch(r"[\x21-\x7e]{8,}", key):
            raise key_invalid("API key", "≥ 8")
        return SecretStr(key)

    @property
    def is_secure(self) -> bool:
        """Whether the shop is called over TLS."""
        return self.url.startswith("https://")

"""Shopware 5: articles for the initial import over its REST API; nothing runs by schedule."""

from typing import TYPE_CHECKING

from pydantic import BaseModel

from canonical.capability import Capability
from connectors.shopware5.settings import Shopware5Credentials
from connectors.spec import ConnectorKind, ConnectorSpec, Limits, Text

if TYPE_CHECKING:
    from connectors.account import Account
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

SPEC = ConnectorSpec(
    key="shopware5",
    title="Shopware 5",
    kind=ConnectorKind.SHOP,
    api_version="REST API 5.2–5.7",
    summary=Text(
        de="Einmalige Übernahme der Artikel, zum Beispiel für den Umzug zu Shopware 6.",
        en="Takes the articles over once, for instance to move to Shopware 6.",
    ),
    credentials=Shopware5Credentials,
    credentials_help=(
        Text("Melde dich im Backend des Shops an.", "Log in to the shop's backend."),
        Text(
            "Öffne Einstellungen → Benutzerverwaltung und bearbeite einen Benutzer.",
            "Open Configuration → User administration and edit a user.",
        ),
        Text("Schalte „API-Zugang“ ein und speichere.", "Switch 'API access' on and save."),
        Text("Kopiere den Anmeldenamen und den API-Schlüssel hierher.", "Copy the login name and the API key here."),
    ),
    limits=Limits(per_second=5, burst=10),
    capabilities={
        Capability.IMPORT_ARTICLES: Text("", ""),
        Capability.IMPORT_PRICES: Text(
            "In der Währung des Shops; brutto oder netto, wie die Kundengruppe sie erfasst.",
            "In the shop's currency; gross or net, as the customer group enters them.",
        ),
        Capability.IMPORT_MEDIA: Text("", ""),
    },
    is_productive=False,
    imports_catalogue=True,
)


def build(
    credentials: BaseModel,
    settings: "FeatureSettingsByFeature",  # noqa: ARG001
    account: "Account",
    options: "TransportOptions",
) -> "Connector":
    """Make a connector for one account; no call is made yet."""
    from connectors.shopware5.answers import classify
    from connectors.shopware5.auth import UserAuth
    from connectors.shopware5.client import Shopware5
    from connectors.transport import Transport

    keys = Shopware5Credentials.model_validate(credentials, from_attributes=True)
    transport = Transport(
        f"{keys.url}/api",
        auth=UserAuth(keys.user, keys.api_key),
        limiter=account.limiter,
        options=options,
        classify=classify,
    )
    return Shopware5(transport, url=keys.url, is_secure=keys.is_secure)


def reader() -> "Connector":
    """Make a connector without an account; every call to a shop fails with `CREDENTIALS_MISSING`."""
    from connectors.shopware5.client import Shopware5
    from connectors.transport import NoTransport

    return Shopware5(NoTransport())

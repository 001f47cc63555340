"""Mirakl: one interface for many marketplaces, each operator's own instance with its own address, codes and options."""

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel

from canonical.feature import Feature
from connectors.mirakl.brands import BRANDS
from connectors.mirakl.capabilities import CAPABILITIES
from connectors.mirakl.lanes import LANES
from connectors.mirakl.settings import (
    MiraklArticleSettings,
    MiraklCredentials,
    MiraklDocumentSettings,
    MiraklOrderSettings,
    MiraklPriceSettings,
    MiraklRefundSettings,
    MiraklShipmentSettings,
    MiraklStockSettings,
)
from connectors.spec import ConnectorKind, ConnectorSpec, FeatureSpec, Limits, Text

if TYPE_CHECKING:
    from connectors.account import Account
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

SPEC = ConnectorSpec(
    key="mirakl",
    title="Mirakl",
    kind=ConnectorKind.MARKETPLACE,
    api_version="MMP/MCM 2026-08",
    summary=Text(
        de="Marktplätze mit Mirakl: Aufträge kommen herein; Angebote, Produkte, Versand, Belege und Erstattungen gehen hinaus.",
        en="Marketplaces by Mirakl: orders come in; offers, products, shipping, documents and refunds go out.",
    ),
    credentials=MiraklCredentials,
    credentials_help=(
        Text(
            "Melde dich im Verkäuferbereich des Marktplatzes an; die Adresse im Browser gehört in das erste Feld.",
            "Log in to the marketplace's seller area; the address in the browser belongs into the first field.",
        ),
        Text(
            "Klicke oben rechts auf deinen Benutzer und öffne „Meine Benutzereinstellungen“ → „API-Schlüssel“.",
            "Click your user at the top right and open 'My user settings' → 'API key'.",
        ),
        Text(
            "Erzeuge einen Schlüssel und kopiere ihn hierher; ein früherer Schlüssel gilt dann nicht mehr.",
            "Generate a key and copy it here; an earlier key is void then.",
        ),
        Text(
            "Hat dein Benutzer mehrere Shops, trage die ID des Shops ein; für jeden Shop legst du eine Integration an.",
            "If your user has several shops, enter the shop's id; create one integration for each shop.",
        ),
    ),
    limits=Limits(per_second=5, burst=10, lanes=LANES),
    features={
        Feature.ORDERS: FeatureSpec(
            MiraklOrderSettings,
            every=timedelta(minutes=15),
            note=Text(
                "Nur angenommene Aufträge; Adressen gibt es erst im Zustand SHIPPING.",
                "Only accepted orders; there are no addresses before the state SHIPPING.",
            ),
        ),
        Feature.STOCK: FeatureSpec(
            MiraklStockSettings,
            every=timedelta(minutes=5),
            batch=5000,
            note=Text("Die Bestandshälfte der Angebote.", "The stock half of the offers."),
        ),
        Feature.PRICES: FeatureSpec(
            MiraklPriceSettings,
            every=timedelta(minutes=5),
            batch=2000,
            note=Text(
                "Die Preishälfte der Angebote; ersetzt alle Preise eines Angebots.",
                "The price half of the offers; replaces all prices of an offer.",
            ),
        ),
        Feature.ARTICLES: FeatureSpec(
            MiraklArticleSettings,
            every=timedelta(hours=1),
            batch=1000,
            note=Text(
                "Der Marktplatz übernimmt Produkte in seiner eigenen Zeit.",
                "The marketplace integrates products in its own time.",
            ),
        ),
        Feature.SHIPMENTS: FeatureSpec(MiraklShipmentSettings, every=timedelta(minutes=10), batch=100),
        Feature.DOCUMENTS: FeatureSpec(MiraklDocumentSettings, every=timedelta(minutes=15), batch=20),
        Feature.REFUNDS: FeatureSpec(MiraklRefundSettings, every=timedelta(minutes=15), batch=100),
    },
    capabilities=CAPABILITIES,
    lists_articles=True,
    answers_orders=True,
    has_taxonomy=True,
    makes_initial_files=True,
    choices=(
        "carriers",
        "document_types",
        "refund_reasons",
        "cancel_reasons",
        "offer_states",
        "channels",
        "attributes",
    ),
    brands=BRANDS,
)


def build(
    credentials: BaseModel,
    settings: "FeatureSettingsByFeature",
    account: "Account",
    options: "TransportOptions",
) -> "Connector":
    """Make a connector for one account; no call is made yet."""
    from connectors.mirakl.answers import classify
    from connectors.mirakl.api import Api
    from connectors.mirakl.auth import BareKeyAuth
    from connectors.mirakl.client import Mirakl
    from connectors.transport import Transport

    keys = MiraklCredentials.model_validate(credentials, from_attributes=True)
    transport = Transport(
        f"{keys.url}/api",
        auth=BareKeyAuth(keys.api_key),
        limiter=account.limiter,
        options=options,
        classify=classify,
    )
    return Mirakl(Api(transport, keys.shop_id), settings, is_secure=keys.is_secure, version=SPEC.api_version)


def reader() -> "Connector":
    """Make a connector that only reads stored documents; every call to a marketplace fails with `CREDENTIALS_MISSING`."""
    from connectors.mirakl.api import Api
    from connectors.mirakl.client import Mirakl
    from connectors.transport import NoTransport

    return Mirakl(Api(NoTransport()), {}, is_secure=True, version=SPEC.api_version)

"""The registry: all connectors, our own and those of other distributions, found by key; importing it imports no client."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from canonical.channel import WebhookHint
from connectors.spec import ConnectorSpec

if TYPE_CHECKING:
    from connectors.account import Account
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

OWN = ("shopify", "woocommerce", "shopware6", "shopware5", "mirakl")
ENTRY_POINT_GROUP = "connect.connectors"


@cache
def _modules() -> Mapping[str, Any]:
    """Our own packages, then those that other distributions register; a key is taken once."""
    modules = {key: import_module(f"connectors.{key}") for key in OWN}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        modules.setdefault(entry.name, entry.load())
    return modules


@cache
def _specs() -> Mapping[str, ConnectorSpec]:
    """Each connector, and behind it its brands."""
    found: dict[str, ConnectorSpec] = {}
    for key, module in _modules().items():
        spec: ConnectorSpec = module.SPEC
        found[key] = spec
        for brand in spec.brands:
            summary = brand.summary if brand.summary.de else spec.summary
            found[brand.key] = replace(
                spec, key=brand.key, title=brand.title, summary=summary, brands=(), family=spec.key
            )
    return found


def specs() -> dict[str, ConnectorSpec]:
    """Every connector's declaration by key, in the order of the gallery."""
    return dict(_specs())


def spec_of(key: str) -> ConnectorSpec:
    """The declaration of one connector or brand; raises `KeyError` for an unknown key."""
    return _specs()[key]


def _module_of(key: str) -> Any:
    return _modules()[spec_of(key).implementation]


def build(
    key: str,
    credentials: BaseModel,
    settings: "FeatureSettingsByFeature",
    account: "Account",
    options: "TransportOptions",
) -> "Connector":
    """Make a connector for one account; no call is made yet. Raises `FailureError` for an address that cannot be called."""
    connector: Connector = _module_of(key).build(credentials, settings, account, options)
    return connector


def reader(key: str) -> "Connector":
    """Make a connector that only reads stored documents: it has no account and no network."""
    connector: Connector = _module_of(key).reader()
    return connector


def read_webhook(
    key: str, credentials: BaseModel, headers: Mapping[str, str], body: bytes, secret: str
) -> WebhookHint | None:
    """Verify a webhook on its raw body, in constant time, and say what it hints at; None: it is not from the vendor.

    `secret` is what `ensure_webhooks` was given; some vendors sign with a secret of the credentials instead. Header names
    are in lower case. Only for connectors with `SPEC.has_webhooks`.
    """
    hint: WebhookHint | None = _module_of(key).read_webhook(credentials, headers, body, secret)
    return hint


def authorize_url(key: str, form: BaseModel, *, return_url: str, callback_url: str, state: str) -> str:
    """The vendor's page where the merchant grants access; `form` is that of one of `SPEC.grants`. No network."""
    url: str = _module_of(key).authorize_url(form, return_url=return_url, callback_url=callback_url, state=state)
    return url


def granted_credentials(  # noqa: PLR0917 - a grant is all of these
    key: str,
    form: BaseModel,
    answer: Mapping[str, str],
    state: str,
    account: "Account",
    options: "TransportOptions",
) -> BaseModel:
    """Make credentials of what the vendor sent: the query of the return (REDIRECT) or the posted keys (CALLBACK).

    Checks state and signature, exchanges a code where there is one. Raises `FailureError` GRANT_REFUSED or of the network.
    """
    credentials: BaseModel = _module_of(key).granted_credentials(form, answer, state, account, options)
    return credentials

"""The registry: all connectors, our own and those of other distributions, found by key; importing it imports no client."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from connectors.spec import ConnectorSpec

if TYPE_CHECKING:
    from connectors.limiter import Limiter
    from connectors.protocol import Connector, FeatureSettingsByFeature
    from connectors.transport import TransportOptions

OWN = ("woocommerce",)
ENTRY_POINT_GROUP = "connect.connectors"


@cache
def _modules() -> Mapping[str, Any]:
    """Our own packages, then those that other distributions register; a key is taken once."""
    modules = {key: import_module(f"connectors.{key}") for key in OWN}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        modules.setdefault(entry.name, entry.load())
    return modules


def specs() -> dict[str, ConnectorSpec]:
    """Every connector's declaration by key, in the order of the gallery."""
    return {key: module.SPEC for key, module in _modules().items()}


def spec_of(key: str) -> ConnectorSpec:
    """The declaration of one connector; raises `KeyError` for an unknown key."""
    spec: ConnectorSpec = _modules()[key].SPEC
    return spec


def build(
    key: str,
    credentials: BaseModel,
    settings: "FeatureSettingsByFeature",
    limiter: "Limiter",
    options: "TransportOptions",
) -> "Connector":
    """Make a connector for one account; no call is made yet. Raises `FailureError` for an address that cannot be called."""
    connector: Connector = _modules()[key].build(credentials, settings, limiter, options)
    return connector


def reader(key: str) -> "Connector":
    """Make a connector that only reads stored documents: it has no account and no network."""
    connector: Connector = _modules()[key].reader()
    return connector

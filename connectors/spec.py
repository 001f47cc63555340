"""A connector's declaration: the only place where its features, settings, limits and wizard steps are stated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel

from canonical.feature import Feature
from canonical.settings import FeatureSettings


class ConnectorKind(StrEnum):
    """The shelf of the gallery that a connector stands on."""

    SHOP = "shop"
    MARKETPLACE = "marketplace"
    CLASSIC = "classic"


@dataclass(frozen=True)
class Limits:
    """What the vendor permits per account; `burst` calls at once, `per_second` in the long run."""

    per_second: float
    burst: int
    page: int = 100


@dataclass(frozen=True)
class Text:
    """A text in the two languages of the pages."""

    de: str
    en: str


@dataclass(frozen=True)
class FeatureSpec:
    """One feature as a connector offers it; `batch` is the vendor's largest batch of a push."""

    settings: type[FeatureSettings]
    every: timedelta
    batch: int = 1
    note: Text = Text("", "")
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectorSpec:
    """Everything that pages, schedules, tests and docs know about a connector."""

    key: str
    title: str
    kind: ConnectorKind
    api_version: str
    summary: Text
    credentials: type[BaseModel]
    """The form of the wizard's second step; `SecretStr` fields are stored encrypted."""
    credentials_help: tuple[Text, ...]
    """The vendor's own path to the credentials, in numbered sentences."""
    limits: Limits
    features: Mapping[Feature, FeatureSpec] = field(default_factory=dict)

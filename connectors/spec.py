"""A connector's declaration: the only place where its features, settings, limits and wizard steps are stated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel

from canonical.capability import Capability
from canonical.channel import GrantKind
from canonical.feature import Feature
from canonical.settings import FeatureSettings


class ConnectorKind(StrEnum):
    """The shelf of the gallery that a connector stands on."""

    SHOP = "shop"
    MARKETPLACE = "marketplace"
    CLASSIC = "classic"


@dataclass(frozen=True)
class Lane:
    """A limit of its own for some calls of an account (Mirakl: one list of orders a minute)."""

    per_second: float
    burst: int = 1


@dataclass(frozen=True)
class Limits:
    """What the vendor permits per account; `burst` calls (or cost points) at once, `per_second` in the long run."""

    per_second: float
    burst: int
    page: int = 100
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    """By name, for calls that have a limit besides; a connector names the lane when it calls."""


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
    """The webhook topics that mean: something of this feature changed."""


@dataclass(frozen=True)
class Grant:
    """A way to authorise an account at the vendor's own page instead of pasting keys."""

    kind: GrantKind
    form: type[BaseModel]
    """What must be known before: the shop's address, for a public app also the app's own id and secret."""
    note: Text
    is_recommended: bool = False


@dataclass(frozen=True)
class Brand:
    """An entry of the gallery that is this connector for one marketplace: its own key and title, the same code."""

    key: str
    title: str
    summary: Text = Text("", "")


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
    capabilities: Mapping[Capability, Text] = field(default_factory=dict)
    """The rows of the feature matrix that it has; a text says on what condition, an empty one: without any."""
    is_productive: bool = True
    """False: only for the initial import, nothing runs by schedule (Shopware 5)."""
    imports_catalogue: bool = False
    """Whether the initial import is offered (D§1.6): the connector satisfies `PullsCatalogue`."""
    lists_articles: bool = False
    """Whether its articles can be listed for the pairing worksheet: it satisfies `PullsCatalogue`."""
    answers_orders: bool = False
    """Whether it satisfies `AnswersOrders`: accepting before, or reporting after the import."""
    has_taxonomy: bool = False
    """Whether its categories and attributes are mapped here: it satisfies `DescribesTaxonomy`."""
    makes_initial_files: bool = False
    """Whether the files with which it is begun by hand are offered: it satisfies `MakesInitialFiles`."""
    has_webhooks: bool = False
    """Whether it satisfies `KeepsWebhooks` and its package has `read_webhook`."""
    choices: tuple[str, ...] = ()
    """The lists of `ListsChoices`; settings name them as `channel_options`."""
    grants: tuple[Grant, ...] = ()
    brands: tuple[Brand, ...] = ()
    family: str = ""
    """The key of the connector whose brand this is; empty for a connector itself."""

    @property
    def implementation(self) -> str:
        """The key of the package that does the work."""
        return self.family or self.key

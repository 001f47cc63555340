"""What activities are given when the worker wires them, and how they open a channel."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

import connectors
from adapters.mail import MailServer
from canonical.feature import Feature
from canonical.settings import AdvancedSettings, FeatureSettings
from connectors.account import Account
from connectors.protocol import Connector
from connectors.spec import ConnectorSpec
from connectors.transport import TransportOptions
from erp.access_tokens import SealedTokens
from erp.credentials import load_credentials
from erp.feature_settings import load_settings
from erp.integrations import get
from erp.limits import AccountLimiter, Rate
from erp.secrets import Keyring


@dataclass(frozen=True)
class Deps:
    """The worker's database, keys and rules of the house."""

    sessions: sessionmaker[Session]
    keyring: Keyring
    transport: TransportOptions
    exchange: Path = Path("var/exchange")
    """The folder that all folders of printers, carriers and providers are in; no path leads out of it."""
    mail: MailServer | None = None
    """Where mails are handed over; without one they wait."""
    public_url: str = ""
    """Where shops reach our pages from the internet; without it there are no webhooks and no stored images for shops."""


@dataclass(frozen=True)
class Channel:
    """An opened connector with the settings it was opened for."""

    connector: Connector
    spec: ConnectorSpec
    settings: dict[Feature, FeatureSettings]


def feature_settings(
    session: Session, integration_id: str, spec: ConnectorSpec, feature: Feature, revision: int | None = None
) -> FeatureSettings:
    """A feature's settings in its connector's own model; a pinned revision where a run has one."""
    settings, _ = load_settings(session, integration_id, feature, spec.features[feature].settings, revision)
    return settings


def advanced_settings(session: Session, integration_id: str) -> AdvancedSettings:
    """The integration's settings for all features."""
    settings, _ = load_settings(session, integration_id, None, AdvancedSettings)
    return settings


def open_account(deps: Deps, integration_id: str, spec: ConnectorSpec) -> Account:
    """The integration's limiter, which holds across workers, and its sealed tokens."""
    lanes = {name: Rate(lane.per_second, lane.burst) for name, lane in spec.limits.lanes.items()}
    rate = Rate(spec.limits.per_second, spec.limits.burst)
    return Account(
        limiter=AccountLimiter(deps.sessions, integration_id, rate, lanes),
        tokens=SealedTokens(deps.sessions, deps.keyring, integration_id),
    )


@contextmanager
def open_channel(
    deps: Deps, integration_id: str, feature: Feature | None = None, revision: int | None = None
) -> Iterator[Channel]:
    """Open an integration's connector with its credentials and limiter; connections are given back at the end.

    Raises `FailureError` CREDENTIALS_MISSING.
    """
    with deps.sessions() as session:
        row = get(session, integration_id)
        spec = connectors.spec_of(row.connector)
        credentials = load_credentials(session, deps.keyring, integration_id, spec.credentials)
        settings = {
            each: feature_settings(session, integration_id, spec, each, revision if each is feature else None)
            for each in spec.features
        }
    account = open_account(deps, integration_id, spec)
    connector = connectors.build(row.connector, credentials, settings, account, deps.transport)
    try:
        yield Channel(connector, spec, settings)
    finally:
        connector.close()

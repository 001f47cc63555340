"""What computing of outgoing records is given: whose records they are, and which settings hold."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from canonical.settings import AdvancedSettings, FeatureSettings
from erp.tables import Link

Settings = TypeVar("Settings", bound=FeatureSettings)


@dataclass(frozen=True)
class PushContext(Generic[Settings]):
    """The same for all records of a batch; the settings are the revision that the run pinned."""

    integration_id: str
    settings: Settings
    advanced: AdvancedSettings
    public_url: str = ""
    """Where channels reach us, without a slash at the end; empty where nobody said."""


def was_tried(link: Link) -> bool:
    """Whether a channel may know a record that must not be said twice: it was accepted before, or a try went wrong."""
    return link.sent_at is not None or link.code not in ("", "DOCUMENT_NOT_READY")

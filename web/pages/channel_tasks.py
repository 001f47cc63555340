"""The overview's card of what is to be looked after at the channel, for connectors that report such tasks."""

from typing import Any

from sqlmodel import Session

import connectors
from canonical.failure import Failure
from connectors.protocol import ReportsTasks
from erp.queries import channel_tasks, integrations


def card(session: Session, integration_id: str, connector: str) -> dict[str, Any]:
    """What the card shows: the open tasks, when the channel was asked, why it could not be, and the way there.

    Empty for a connector that reports no tasks; then there is no card.
    """
    if connector not in connectors.specs() or not isinstance(connectors.reader(connector), ReportsTasks):
        return {}
    asked = channel_tasks.asked(session, integration_id)
    address = integrations.setup(session, integration_id).shown.get("url", "")
    return {
        "tasks": channel_tasks.open_tasks(session, integration_id),
        "tasks_asked_at": asked.ended_at if asked else None,
        "tasks_failure": Failure.of(asked.code, **asked.params) if asked and asked.code else None,
        "channel_url": address if address.startswith(("https://", "http://")) else "",
    }

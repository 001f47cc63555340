"""What is open at a channel and waits for a person, for the integration's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from erp.channel_tasks import PURPOSE
from erp.tables import Scan

MOST = 50
"""Tasks that the page lists: those due first, then the oldest."""

_OPEN = text(
    """
    SELECT t.order_ref, t.kind, t.text, t.due_at, t.seen_at, o.id, coalesce(o.number, ''), count(*) OVER () AS total
    FROM channel_task t LEFT JOIN sales_order o ON o.integration_id = t.integration_id AND o.external_id = t.order_ref
    WHERE t.integration_id = :id AND t.closed_at IS NULL
    ORDER BY t.due_at NULLS LAST, t.seen_at, t.order_ref, t.kind LIMIT :most
    """
)


@dataclass(frozen=True)
class OpenTask:
    """Something open at the channel; `order_id` and `order_number` are ours, where the order was imported."""

    order_ref: str
    kind: str
    text: str
    due_at: datetime | None
    seen_at: datetime
    order_id: int | None
    order_number: str
    total: int
    """How many are open in all."""


def open_tasks(session: Session, integration_id: str) -> Sequence[OpenTask]:
    """What the channel told last as open."""
    return [OpenTask(*row) for row in session.execute(_OPEN, {"id": integration_id, "most": MOST})]


def asked(session: Session, integration_id: str) -> Scan | None:
    """When the channel was asked last, and why it could not be."""
    return session.get(Scan, (integration_id, PURPOSE))

"""Orders that a channel holds back until the merchant accepts or refuses them, with what was answered so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

CODE = "ACCEPTANCE_PENDING"
MOST = 50
"""Orders that the page lists; the oldest come first, and are those whose time runs out."""

# The newer of accept and refuse counts (`order_replies`); its link tells whether the channel took it.
_WAITING = text(
    """
    SELECT d.id, d.external_id, d.number, d.received_at, coalesce(f.value -> 'params' ->> 'until', '') AS until,
           coalesce(r.kind, '') AS answer, coalesce(r.actor, '') AS actor, r.at AS answered_at,
           coalesce(l.state, '') AS state, coalesce(l.code, '') AS code, coalesce(l.params, '{}') AS params,
           count(*) OVER () AS total
    FROM inbox_document d
    CROSS JOIN LATERAL (SELECT value FROM jsonb_array_elements(d.findings) WHERE value ->> 'code' = :code LIMIT 1) f
    LEFT JOIN LATERAL (SELECT o.kind, o.actor, o.at, o.id FROM order_reply o WHERE o.integration_id = d.integration_id
                       AND o.external_id = d.external_id AND o.kind IN ('accept', 'refuse')
                       ORDER BY o.at DESC LIMIT 1) r ON true
    LEFT JOIN link l ON l.integration_id = d.integration_id AND l.kind = 'orders' AND l.record_id = r.id
    WHERE d.integration_id = :id AND d.feature = 'orders' AND d.state = 'parked' AND (:order = '' OR d.external_id = :order)
    ORDER BY d.id LIMIT :most
    """
)


@dataclass(frozen=True)
class WaitingOrder:
    """An order that waits; `answer` is what was said by whom, `state` whether the channel took it."""

    document_id: int
    external_id: str
    number: str
    received_at: datetime
    until: str
    """The channel's deadline as text, or a dash."""
    answer: str
    actor: str
    answered_at: datetime | None
    state: str
    code: str
    params: dict[str, Any]
    total: int
    """How many wait in all."""


def waiting(session: Session, integration_id: str) -> Sequence[WaitingOrder]:
    """The oldest orders that wait to be accepted."""
    return _find(session, integration_id, "")


def waiting_order(session: Session, integration_id: str, external_id: str) -> WaitingOrder | None:
    """One order, if the channel still waits for an answer to it as far as we know."""
    return next(iter(_find(session, integration_id, external_id)), None) if external_id else None


def _find(session: Session, integration_id: str, external_id: str) -> list[WaitingOrder]:
    values = {"id": integration_id, "code": CODE, "order": external_id, "most": MOST}
    return [WaitingOrder(*row) for row in session.execute(_WAITING, values)]

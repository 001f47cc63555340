"""What a channel is told about orders before goods leave: accepted, refused, in progress; part of the feature orders."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.push import AnswerKind, OrderAnswer
from erp.push_context import PushContext, was_tried
from erp.tables import Link, OrderReply


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the replies to the orders that a person means by the channel's ids."""
    replies = select(col(OrderReply.id)).where(
        col(OrderReply.integration_id) == integration_id, col(OrderReply.external_id).in_(list(records))
    )
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id, col(Link.kind) == "orders", col(Link.record_id).in_(replies)
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


# An order is accepted or refused, not both: what a person decided last counts.
_REPLIES = text(
    """
    SELECT r.id, r.external_id, r.kind, r.lines, r.notify FROM order_reply r
    WHERE r.id = ANY(:ids) AND NOT (r.kind IN ('accept', 'refuse') AND EXISTS (
        SELECT FROM order_reply n WHERE n.integration_id = r.integration_id AND n.external_id = r.external_id
        AND n.kind IN ('accept', 'refuse') AND n.at > r.at))
    """
)


def payloads(session: Session, context: PushContext[Any], links: Sequence[Link]) -> dict[int, OrderAnswer]:  # noqa: ARG001
    """Say per link id what is answered; a link without an entry is not to be sent. One statement."""
    rows = {row.id: row for row in session.execute(_REPLIES, {"ids": [link.record_id for link in links]})}
    return {
        link.id: OrderAnswer(
            key=link.record,
            order_ref=row.external_id,
            kind=AnswerKind(row.kind),
            lines=tuple(row.lines),
            notify=row.notify,
            is_repeat=was_tried(link),
        )
        for link in links
        if link.id is not None and (row := rows.get(link.record_id)) is not None
    }


def fingerprint(answer: OrderAnswer) -> str:
    """What tells that an answer is to be given: it never changes, so once is enough."""
    return f"answer {answer.kind.value}"


def shown(answer: OrderAnswer) -> str:
    """An answer in a few words for the journal."""
    return answer.kind.value.replace("_", " ")

"""Links: which record is known to a channel under which id, what it accepted last, and what must be sent."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, text, update
from sqlmodel import Session, col

from erp import journal
from erp.tables import Link


def mark_stock_dirty(session: Session, article_ids: Collection[int]) -> None:
    """Mark the stock of articles as to be sent, in every integration that lists them.

    Called in the transaction of whatever changes an availability; idempotent, one statement. A failed link waits for
    such a change too, so it is tried again.
    """
    if not article_ids:
        return
    session.execute(
        text(
            "UPDATE link SET dirty_at = clock_timestamp(), state = CASE WHEN state = 'failed' THEN 'never' ELSE state END,"
            " next_try_at = NULL, attempts = 0 WHERE kind = 'stock' AND record_id = ANY(:ids)"
        ),
        {"ids": sorted(article_ids)},
    )


def send_again(session: Session, link_ids: Sequence[int], by: str) -> int:
    """Mark links to be sent again by hand, whatever was accepted before; returns how many."""
    links = session.exec(
        update(Link)
        .where(col(Link.id).in_(link_ids))
        .values(
            dirty_at=func.clock_timestamp(),
            state="never",
            fingerprint="",
            attempts=0,
            next_try_at=None,
            code="",
            params={},
        )
        .returning(col(Link.integration_id), col(Link.kind), col(Link.record))
    ).all()
    journal.write(
        session,
        [
            journal.event(
                integration_id, kind, "run_again", hop="erp_to_hub", status="pending", record=record, actor=by
            )
            for integration_id, kind, record in links
        ],
    )
    return len(links)

"""Links: which record is known to a channel under which id, what it accepted last, and what must be sent."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, text, update
from sqlmodel import Session, col

from erp import journal
from erp.tables import Link

# Links are locked in the order of their ids: two transactions that change different components of one set wait for each
# other instead of deadlocking.
_MARKED = """
    WITH locked AS MATERIALIZED (
        SELECT id FROM link WHERE kind = :kind AND record_id IN ({meant}) ORDER BY id FOR NO KEY UPDATE)
    UPDATE link l SET dirty_at = clock_timestamp(), next_try_at = NULL, attempts = 0,
        state = CASE WHEN state = 'failed' THEN 'never' ELSE state END
    FROM locked WHERE l.id = locked.id
"""
_GIVEN = "SELECT unnest(CAST(:ids AS bigint[]))"
_SETS = """
    UNION SELECT c.article_id FROM component c JOIN article a ON a.id = c.article_id AND a.kind = 'jit'
    WHERE c.component_id = ANY(:ids)
"""
_MARK = text(_MARKED.format(meant=_GIVEN))
_MARK_STOCK = text(_MARKED.format(meant=_GIVEN + _SETS))


def mark_dirty(session: Session, kind: str, record_ids: Collection[int]) -> None:
    """Mark what channels know of records (stock, prices, articles …) as to be sent, in every integration that lists them.

    Called in the transaction of the change; idempotent, one statement. A failed link waits for such a change too, so it
    is tried again.
    """
    if record_ids:
        session.execute(_MARK, {"kind": kind, "ids": sorted(record_ids)})


def mark_stock_dirty(session: Session, article_ids: Collection[int]) -> None:
    """Mark the stock of articles, and of the JIT articles made of them, as to be sent; whatever changes an availability calls this."""
    if article_ids:
        session.execute(_MARK_STOCK, {"kind": "stock", "ids": sorted(article_ids)})


def mark_integration_dirty(session: Session, integration_id: str) -> None:
    """Mark all stock of one integration as to be sent, because its settings say something else now.

    Idempotent, one statement. What comes out the same is not sent: collecting compares with what was accepted.
    """
    session.execute(
        text(
            """
            WITH locked AS MATERIALIZED (
                SELECT id FROM link WHERE integration_id = :integration_id AND kind = 'stock'
                ORDER BY id FOR NO KEY UPDATE)
            UPDATE link l SET dirty_at = clock_timestamp() FROM locked WHERE l.id = locked.id
            """
        ),
        {"integration_id": integration_id},
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

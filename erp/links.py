"""Links: which record is known to a channel under which id, what it accepted last, and what must be sent."""

from collections.abc import Collection, Sequence

from sqlalchemy import case, cast, func, or_, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, col, select

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
STATES = ("articles", "categories", "prices", "stock")
"""Kinds of records that are told as they stand: saying it twice changes nothing."""
_GIVEN = "SELECT unnest(CAST(:ids AS bigint[]))"
_SETS = """
    UNION SELECT c.article_id FROM component c JOIN article a ON a.id = c.article_id AND a.kind = 'jit'
    WHERE c.component_id = ANY(:ids)
"""
_MARK = text(_MARKED.format(meant=_GIVEN))
_FAMILY = """
    UNION SELECT p.parent_id FROM article p WHERE p.id = ANY(:ids) AND p.parent_id IS NOT NULL
    UNION SELECT v.id FROM article v WHERE v.parent_id = ANY(:ids)
"""
_MARK_STOCK = text(_MARKED.format(meant=_GIVEN + _SETS))
_MARK_FAMILY = text(_MARKED.format(meant=_GIVEN + _FAMILY))


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


# The channel's own count moved with the order, so what it accepted before says nothing: the fingerprint goes.
_RENEW = text(
    """
    WITH meant AS (
        SELECT DISTINCT l.article_id FROM sales_order o JOIN sales_order_line l ON l.order_id = o.id
        WHERE o.integration_id = :integration_id AND o.external_id = ANY(:refs) AND l.article_id IS NOT NULL),
    locked AS MATERIALIZED (
        SELECT k.id FROM link k JOIN meant ON meant.article_id = k.record_id
        WHERE k.integration_id = :integration_id AND k.kind = 'stock' ORDER BY k.id FOR NO KEY UPDATE OF k)
    UPDATE link l SET dirty_at = clock_timestamp(), next_try_at = NULL, attempts = 0, fingerprint = '',
        state = CASE WHEN state = 'failed' THEN 'never' ELSE state END
    FROM locked WHERE l.id = locked.id
    """
)


def renew_stock(session: Session, integration_id: str, order_refs: Collection[str]) -> None:
    """Have a channel told the stock of these orders' articles, even where it is what the channel accepted last.

    Shops count for themselves: a sale lowers what they offer, a cancellation or a refund raises it again. Where our quantity
    stays the same meanwhile, comparing with what was accepted would leave the shop with another number than ours until the
    next change (D§2.3). By the channel's ids of the orders; idempotent, one statement.
    """
    if order_refs:
        session.execute(_RENEW, {"integration_id": integration_id, "refs": sorted(order_refs)})


def mark_family_dirty(session: Session, article_ids: Collection[int]) -> None:
    """Mark articles as to be sent with what depends on them: the matrix article of a variant, the variants of a matrix article.

    A parent names the options of its variants, and they name theirs in the parent's order. One statement.
    """
    if article_ids:
        session.execute(_MARK_FAMILY, {"kind": "articles", "ids": sorted(article_ids)})


def mark_numbers_dirty(session: Session, article_ids: Collection[int]) -> None:
    """Mark stock, prices and contents of articles as to be sent, because channels know them by another number now."""
    mark_stock_dirty(session, article_ids)
    mark_dirty(session, "prices", article_ids)
    mark_family_dirty(session, article_ids)


def mark_integration_dirty(session: Session, integration_id: str, kinds: Collection[str]) -> None:
    """Mark all records of these kinds of one integration as to be sent, because its settings say something else now.

    Also those that failed: the settings may have been the reason. Idempotent, one statement. What comes out the same is not
    sent: collecting compares with what was accepted.
    """
    session.execute(
        text(
            """
            WITH locked AS MATERIALIZED (
                SELECT id FROM link WHERE integration_id = :integration_id AND kind = ANY(:kinds)
                ORDER BY id FOR NO KEY UPDATE)
            UPDATE link l SET dirty_at = clock_timestamp(), next_try_at = NULL, attempts = 0,
                state = CASE WHEN state = 'failed' THEN 'never' ELSE state END
            FROM locked WHERE l.id = locked.id
            """
        ),
        {"integration_id": integration_id, "kinds": sorted(kinds)},
    )


def has_dirty(session: Session, integration_id: str, kind: str) -> bool:
    """Whether records of a kind are to be sent now."""
    query = select(Link.id).where(
        col(Link.integration_id) == integration_id,
        col(Link.kind) == kind,
        col(Link.dirty_at).is_not(None),
        col(Link.state) != "failed",
        or_(col(Link.next_try_at).is_(None), col(Link.next_try_at) <= func.clock_timestamp()),
    )
    return session.exec(query.limit(1)).first() is not None


def send_again(session: Session, link_ids: Sequence[int], by: str) -> int:
    """Mark links to be sent again by hand, whatever was accepted before; returns how many.

    Of what must not be told twice the trace of the last try stays, so that it leaves as a repeat (D§10.5).
    """
    links = session.exec(
        update(Link)
        .where(col(Link.id).in_(link_ids))
        .values(
            dirty_at=func.clock_timestamp(),
            state="never",
            fingerprint="",
            attempts=0,
            next_try_at=None,
            code=case((col(Link.kind).in_(STATES), ""), else_=col(Link.code)),
            params=case((col(Link.kind).in_(STATES), cast({}, JSONB)), else_=col(Link.params)),
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

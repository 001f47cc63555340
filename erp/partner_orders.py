"""Orders that a fulfilment provider ships: which they are, the files that hand them over, and their withdrawal."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from canonical.order import Address
from canonical.partner import HandedLine, HandedOrder, OrderFile
from erp import journal, traffic_lights
from erp.bulk import insert_rows
from erp.deliveries import needs_of, open_lines
from erp.orders import lock_order
from erp.partners import lock_partner
from erp.tables import Order, PartnerFile, PartnerOrder, ShippingMethod

BY = "partners"
_NUMBER = re.compile(r"-(\d+)\.")

# Goods that are promised to orders which the provider has already are still on its shelf: only its tracking moves them.
_PROMISED = """
    SELECT po.warehouse_id, l.article_id, sum(l.quantity - l.cancelled - l.shipped) AS quantity
    FROM partner_order po JOIN sales_order_line l ON l.order_id = po.order_id AND l.kind IN ('article', 'component')
    WHERE po.state IN ('waiting', 'handed_over') AND l.article_id IS NOT NULL GROUP BY 1, 2
"""
_HELD = "w.kind = 'provider' AND NOT w.is_locked AND p.is_active"
_CANDIDATES = f"""
    , promised AS ({_PROMISED}),
    free AS (
        SELECT n.order_id FROM needs n JOIN stock_level s ON s.article_id = n.article_id
        JOIN warehouse w ON w.id = s.warehouse_id JOIN partner p ON p.id = w.partner_id AND {_HELD}
        JOIN goods g ON g.order_id = n.order_id
        LEFT JOIN promised r ON r.warehouse_id = s.warehouse_id AND r.article_id = n.article_id
        WHERE s.physical - coalesce(r.quantity, 0) >= n.need
        GROUP BY n.order_id, s.warehouse_id, g.articles HAVING count(*) = g.articles)
    SELECT o.id FROM sales_order o JOIN queued q ON q.order_id = o.id AND q.queue = 'provider' AND NOT q.at_provider
    WHERE o.id IN (SELECT order_id FROM free) AND NOT o.is_cancelled AND o.holds = '{{}}' AND o.autoship
    ORDER BY o.fast_lane DESC, o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED
"""  # noqa: S608
_WANTED = (
    "o.fulfilment_state = 'open' AND o.autoship AND NOT o.is_cancelled AND o.holds = '{}' AND o.fulfilled_by = 'merchant'"
    " AND NOT EXISTS (SELECT FROM partner_order po WHERE po.order_id = o.id)"
)
_ASSIGN = text(traffic_lights.sql(_WANTED, _CANDIDATES))
_FREE = text(
    f"""
    WITH promised AS ({_PROMISED})
    SELECT s.warehouse_id, w.partner_id, s.article_id, s.physical - coalesce(r.quantity, 0)
    FROM stock_level s JOIN warehouse w ON w.id = s.warehouse_id JOIN partner p ON p.id = w.partner_id AND {_HELD}
    LEFT JOIN promised r ON r.warehouse_id = s.warehouse_id AND r.article_id = s.article_id
    WHERE s.article_id = ANY(:articles) ORDER BY s.warehouse_id
    """  # noqa: S608
)


def assign_orders(session: Session, limit: int) -> int:
    """Give orders whose lights are green but for their goods, which only a provider has, to that provider; says how many.

    Each whole to one warehouse, fast lane first, then the oldest. What is promised to orders that a provider has already
    does not count as being there. Set-based; idempotent: an order is assigned once. Waiting orders that may not ship any
    more (held, cancelled, the provider switched off) go back first.
    """
    partners = list(
        session.execute(text("SELECT id FROM partner WHERE is_active ORDER BY id FOR NO KEY UPDATE")).scalars()
    )
    _take_back(session)
    if not partners:
        return 0
    ids = list(session.execute(_ASSIGN, {"limit": limit}).scalars())
    if not ids:
        return 0
    lines = open_lines(session, ids)
    articles = sorted({line.article_id for of_order in lines.values() for line in of_order})
    places: dict[tuple[int, int], dict[int, Decimal]] = defaultdict(dict)
    for warehouse_id, partner_id, article_id, free in session.execute(_FREE, {"articles": articles}):
        places[warehouse_id, partner_id][article_id] = free
    rows = []
    for order_id in ids:
        place = _take(places, needs_of(lines[order_id]))
        if place is not None:
            rows.append({"order_id": order_id, "warehouse_id": place[0], "partner_id": place[1], "state": "waiting"})
    insert_rows(session, PartnerOrder, [row | {"assigned_at": "now"} for row in rows])
    return len(rows)


def _take(places: Mapping[tuple[int, int], dict[int, Decimal]], needs: Mapping[int, Decimal]) -> tuple[int, int] | None:
    """Take an order's goods out of the first warehouse that holds them all."""
    for place, free in places.items():
        if all(free.get(article_id, Decimal(0)) >= need for article_id, need in needs.items()):
            for article_id, need in needs.items():
                free[article_id] -= need
            return place
    return None


def _take_back(session: Session) -> None:
    session.execute(
        text(
            """
            DELETE FROM partner_order po USING sales_order o, partner p
            WHERE o.id = po.order_id AND p.id = po.partner_id AND po.state = 'waiting' AND (
                o.is_cancelled OR o.holds <> '{}' OR NOT o.autoship OR o.fulfilment_state <> 'open'
                OR o.payment_state = 'refunded' OR NOT p.is_active)
            """
        )
    )


@dataclass(frozen=True)
class FileDraft:
    """A file that is decided and not yet written down; held by the transaction that made it."""

    partner_id: int
    content: OrderFile
    order_ids: Sequence[int]
    withdrawn_ids: Sequence[int]


_WAITING = text(
    """
    SELECT po.order_id FROM partner_order po JOIN sales_order o ON o.id = po.order_id
    WHERE po.partner_id = :partner AND po.file_id IS NULL AND po.state = 'waiting' AND NOT o.is_cancelled AND o.holds = '{}'
    ORDER BY po.order_id LIMIT :limit FOR UPDATE OF o
    """
)
# Nothing of it may be delivered any more: cancelled, or shipped by somebody else.
_TO_WITHDRAW = text(
    """
    SELECT o.id, o.number FROM partner_order po JOIN sales_order o ON o.id = po.order_id
    WHERE po.partner_id = :partner AND po.state = 'handed_over'
      AND (o.is_cancelled OR o.fulfilment_state IN ('shipped', 'returned'))
    ORDER BY o.id LIMIT :limit
    """
)
_LINES = text(
    """
    SELECT l.order_id, l.id, a.number, a.ean, a.name, l.quantity - l.cancelled - l.shipped AS quantity
    FROM sales_order_line l JOIN article a ON a.id = l.article_id AND a.is_stock_article
    WHERE l.order_id = ANY(:orders) AND l.kind IN ('article', 'component') AND l.quantity > l.cancelled + l.shipped
    ORDER BY l.order_id, l.position
    """
)


def draft_file(session: Session, partner_id: int, limit: int) -> FileDraft | None:
    """Decide a provider's next file: its waiting orders, and what it must not deliver any more; None when there is nothing.

    The caller renders the content and calls `freeze_file` in the same transaction, which holds the orders.
    """
    partner = lock_partner(session, partner_id)
    ids = list(session.execute(_WAITING, {"partner": partner_id, "limit": limit}).scalars())
    withdrawn = session.execute(_TO_WITHDRAW, {"partner": partner_id, "limit": limit}).all()
    if not ids and not withdrawn:
        return None
    content = OrderFile(
        partner=partner.code,
        number=_last_number(session, partner_id) + 1,
        orders=_orders(session, ids),
        cancellations=tuple(row.number for row in withdrawn),
    )
    return FileDraft(partner_id, content, ids, [row.id for row in withdrawn])


def _last_number(session: Session, partner_id: int) -> int:
    """Numbers count on without a gap, so that a provider notices a file that it has not seen."""
    query = (
        select(PartnerFile.name)
        .where(col(PartnerFile.partner_id) == partner_id, col(PartnerFile.direction) == "out")
        .order_by(col(PartnerFile.id).desc())
        .limit(1)
    )
    found = _NUMBER.search(session.exec(query).first() or "")
    return int(found[1]) if found else 0


def _orders(session: Session, ids: Sequence[int]) -> tuple[HandedOrder, ...]:
    lines: dict[int, list[HandedLine]] = defaultdict(list)
    for row in session.execute(_LINES, {"orders": list(ids)}):
        line = HandedLine(line_id=row.id, article=row.number, ean=row.ean, name=row.name, quantity=row.quantity)
        lines[row.order_id].append(line)
    query = (
        select(Order, ShippingMethod.code)
        .outerjoin(ShippingMethod, col(ShippingMethod.id) == col(Order.shipping_method_id))
        .where(col(Order.id).in_(ids))
        .order_by(col(Order.id))
    )
    return tuple(
        HandedOrder(
            number=order.number,
            ordered_at=order.ordered_at or order.created_at,
            shipping_method=method or "",
            delivery=Address.model_validate(order.delivery),
            lines=tuple(lines[order.id or 0]),
        )
        for order, method in session.exec(query.execution_options(populate_existing=True))
    )


def freeze_file(session: Session, draft: FileDraft, name: str, body: bytes) -> int:
    """Keep a file's content before it is written anywhere, with what is in it; returns its id.

    From here on the file is written as it is, however often that is tried.
    """
    row = PartnerFile(
        partner_id=draft.partner_id,
        direction="out",
        name=name,
        digest=hashlib.sha256(body).hexdigest(),
        records=len(draft.order_ids) + len(draft.withdrawn_ids),
        body=body,
    )
    session.add(row)
    session.flush()
    for ids, state in ((draft.order_ids, "handed_over"), (draft.withdrawn_ids, "withdrawn")):
        session.execute(
            text("UPDATE partner_order SET file_id = :file, state = :state WHERE order_id = ANY(:ids)"),
            {"file": row.id, "state": state, "ids": list(ids)},
        )
    return row.id or 0


def files_to_write(session: Session, partner_id: int) -> list[tuple[int, str, bytes]]:
    """The frozen files that the provider has not got yet: id, name, content, in the order of their numbers."""
    query = (
        select(PartnerFile)
        .where(
            col(PartnerFile.partner_id) == partner_id,
            col(PartnerFile.direction) == "out",
            col(PartnerFile.state) == "new",
        )
        .order_by(col(PartnerFile.id))
    )
    return [(row.id or 0, row.name, row.body or b"") for row in session.exec(query)]


_IN_FILE = text(
    """
    SELECT o.integration_id, o.external_id, o.number, po.state, p.name AS partner
    FROM partner_order po JOIN sales_order o ON o.id = po.order_id JOIN partner p ON p.id = po.partner_id
    WHERE po.file_id = :file ORDER BY o.id
    """
)


def mark_written(session: Session, file_id: int) -> None:
    """Note that a file is where the provider looks, and tell it in the orders' journal; once."""
    name = session.execute(
        text(
            "UPDATE partner_file SET state = 'written', settled_at = now() WHERE id = :file AND state = 'new' RETURNING name"
        ),
        {"file": file_id},
    ).scalar_one_or_none()
    if name is None:
        return
    events = [
        journal.event(
            row.integration_id,
            "orders",
            "withdrawn" if row.state == "withdrawn" else "handed_over",
            hop="erp_to_hub",
            record=row.external_id,
            params={"number": row.number, "partner": row.partner, "file": name},
            actor=BY,
        )
        for row in session.execute(_IN_FILE, {"file": file_id})
    ]
    journal.write(session, events)


def hand_over_again(session: Session, order_id: int) -> None:
    """Let an order that a provider gave back, or that was withdrawn, go out to it once more.

    Raises `LookupError` for an order that never was with a provider and `FailureError` STATE_FORBIDS where it is not
    withdrawn, is held, cancelled or shipped.
    """
    order = lock_order(session, order_id)
    row: Any = session.get(PartnerOrder, order_id, populate_existing=True)
    if row is None:
        raise LookupError(order_id)
    forbids = "cancelled" if order.is_cancelled else ", ".join(order.holds)
    if not forbids and order.fulfilment_state != "open":
        forbids = order.fulfilment_state
    if not forbids and row.state != "withdrawn":
        forbids = row.state
    if forbids:
        raise FailureError(Failure.of("STATE_FORBIDS", state=forbids))
    row.state, row.file_id = "waiting", None
    session.add(row)
    session.flush()

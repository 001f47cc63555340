"""Which refunds are paid out through a channel: those that were executed here, each once (D§2.8)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from canonical.document import DocumentContent
from canonical.money import ZERO, cents, split_in_proportion, unit_of
from canonical.push import Refund, RefundLine
from canonical.settings import RefundSettings
from erp.push_context import PushContext, was_tried
from erp.tables import Link, Order, Payment


def links_of(session: Session, integration_id: str, records: Sequence[str]) -> list[int]:
    """Find the refunds that a person means by their references, or by order numbers (ours or the channel's)."""
    wanted = list(records)
    meant = (
        select(col(Payment.id))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(
            col(Order.integration_id) == integration_id,
            or_(
                col(Payment.reference).in_(wanted),
                col(Order.number).in_(wanted),
                col(Order.external_number).in_(wanted),
                col(Order.external_id).in_(wanted),
            ),
        )
    )
    query = select(col(Link.id)).where(
        col(Link.integration_id) == integration_id, col(Link.kind) == "refunds", col(Link.record_id).in_(meant)
    )
    return [link_id for link_id in session.exec(query) if link_id is not None]


_REFUNDS = text(
    """
    SELECT p.id, p.amount, p.note, p.document_id, o.external_id, o.external_number, o.currency, d.content, d.return_id
    FROM payment p JOIN sales_order o ON o.id = p.order_id LEFT JOIN document d ON d.id = p.document_id
    WHERE p.id = ANY(:ids) AND p.kind = 'refund' AND p.state = 'executed' AND p.origin = 'erp'
    """
)


def payloads(session: Session, context: PushContext[RefundSettings], links: Sequence[Link]) -> dict[int, Refund]:
    """Say per link id which refund is paid out; a link without an entry is not to be sent.

    Only what was executed here: a refund that the channel made itself is never told back (D§10.5, loops). Lines come from
    the credit note where there is one and they fit the amount. A fixed number of statements.
    """
    rows = {row.id: row for row in session.execute(_REFUNDS, {"ids": [link.record_id for link in links]})}
    refs = _refs(session, [row for row in rows.values() if row.content])
    found = {}
    for link in links:
        row = rows.get(link.record_id)
        if row is None or link.id is None:
            continue
        lines, shipping = _explained(row, refs)
        found[link.id] = Refund(
            key=link.record,
            order_ref=row.external_id,
            order_number=row.external_number,
            amount=row.amount,
            currency=row.currency,
            lines=lines,
            shipping=shipping,
            note=row.note or (row.content or {}).get("reason", ""),
            restocks=context.settings.restock,
            is_repeat=was_tried(link),
        )
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """How the channel calls an order line: by one reference, or piece by piece where several were merged."""

    line_ref: str
    pieces: tuple[str, ...]


_REFS = text(
    """
    SELECT l.id, l.line_ref, l.line_refs FROM sales_order_line l WHERE l.id = ANY(:lines)
    """
)
_BEFORE = text(
    """
    SELECT r.return_id, r.order_line_id, coalesce(sum(e.quantity), 0) FROM return_line r
    LEFT JOIN return_line e ON e.order_line_id = r.order_line_id AND e.return_id < r.return_id
    WHERE r.return_id = ANY(:returns) GROUP BY 1, 2
    """
)


def _refs(session: Session, rows: Sequence[Any]) -> dict[tuple[int | None, int], _Known]:
    """The channel's references by return and order line: of merged lines the pieces that this return brought back."""
    lines = {line["line_id"] for row in rows for line in row.content["lines"]}
    if not lines:
        return {}
    known = {row[0]: row for row in session.execute(_REFS, {"lines": sorted(lines)})}
    returns = sorted({row.return_id for row in rows if row.return_id is not None})
    before: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for return_id, line_id, quantity in session.execute(_BEFORE, {"returns": returns}):
        before[return_id, line_id] = quantity
    return {
        (row.return_id, line["line_id"]): _Known(found[1], tuple(found[2][int(before[row.return_id, found[0]]) :]))
        for row in rows
        for line in row.content["lines"]
        if (found := known.get(line["line_id"])) is not None
    }


def _explained(row: Any, refs: dict[tuple[int | None, int], _Known]) -> tuple[tuple[RefundLine, ...], Decimal]:
    """The lines and the shipping of a refund, gross; discounts are shared out among the goods, so that all adds up.

    Where the credit note gives back more than the refund does, nobody knows for which line: then nothing is said.
    """
    if not row.content:
        return (), ZERO
    content = DocumentContent.model_validate(row.content)
    goods = [line for line in content.lines if line.kind == "article" and line.gross > 0]
    shipping = sum((line.gross for line in content.lines if line.kind == "shipping"), ZERO)
    discount = [line for line in content.lines if line.kind == "discount"]
    weights, unit = [line.gross for line in goods], unit_of(row.currency)
    off = [ZERO] * len(goods), [ZERO] * len(goods)
    if goods and discount:
        off = (
            split_in_proportion(sum((line.gross for line in discount), ZERO), weights, unit),
            split_in_proportion(sum((line.tax for line in discount), ZERO), weights, unit),
        )
    lines = [
        part
        for line, less, less_tax in zip(goods, *off, strict=True)
        if (known := refs.get((row.return_id, line.line_id))) is not None and line.gross + less > 0
        for part in _lines(known, line.quantity, line.gross + less, line.tax + less_tax)
    ]
    if sum((line.amount for line in lines), shipping) > row.amount:
        return (), ZERO
    return tuple(lines), cents(shipping)


def _lines(known: _Known, quantity: Decimal, amount: Decimal, tax: Decimal) -> list[RefundLine]:
    if known.line_ref and not known.pieces:
        return [RefundLine(line_ref=known.line_ref, quantity=quantity.normalize() + 0, amount=amount, tax=tax)]
    pieces = known.pieces[: int(quantity)]
    if not pieces:
        return []
    equal = [Decimal(1)] * len(pieces)
    amounts, taxes = split_in_proportion(amount, equal), split_in_proportion(tax, equal)
    return [
        RefundLine(line_ref=ref, quantity=Decimal(1), amount=part, tax=part_tax)
        for ref, part, part_tax in zip(pieces, amounts, taxes, strict=True)
    ]


def fingerprint(refund: Refund) -> str:
    """What tells that a refund is to be paid out: what is executed never changes, so once is enough."""
    return f"refund {refund.key} {refund.amount}"


def shown(refund: Refund) -> str:
    """A refund in a few words for the journal."""
    return f"{refund.amount} {refund.currency}"


OUR_REFUNDS = """
    SELECT coalesce(sum(p.amount) FILTER (WHERE l.sent_at IS NOT NULL), 0) AS paid_out,
           coalesce(sum(p.amount) FILTER (WHERE l.sent_at IS NULL AND l.state <> 'failed'), 0) AS on_its_way
    FROM payment p JOIN link l ON l.integration_id = sales_order.integration_id AND l.kind = 'refunds' AND l.record_id = p.id
    WHERE p.order_id = sales_order.id AND p.kind = 'refund' AND p.origin = 'erp'
"""
"""Of a `sales_order` what was paid out through the channel, and what perhaps was: the channel's sum of refunds has both."""


_PAID_OUT_OF = "SELECT ours.paid_out FROM sales_order CROSS JOIN LATERAL ({ours}) AS ours WHERE id = :id"
_PAID_OUT = text(_PAID_OUT_OF.format(ours=OUR_REFUNDS))


def paid_out(session: Session, order_id: int) -> Decimal:
    """Sum up what was refunded here and paid out through the channel of an order; gross, in its currency."""
    return Decimal(session.execute(_PAID_OUT, {"id": order_id}).scalar_one())


_LINK = text(
    """
    INSERT INTO link (integration_id, kind, record, record_id, external_ref, fingerprint, state, dirty_at, code, params,
                      attempts, sent_value)
    SELECT o.integration_id, 'refunds', p.id::text, p.id, '', '', 'never', clock_timestamp(), '', '{}', 0, ''
    FROM payment p JOIN sales_order o ON o.id = p.order_id
    JOIN integration_feature f ON f.integration_id = o.integration_id AND f.feature = 'refunds' AND f.is_chosen
    WHERE p.id = :id AND p.origin = 'erp'
    ON CONFLICT (integration_id, kind, record) DO NOTHING
    """
)


def link_refund(session: Session, payment_id: int) -> None:
    """Give an executed refund a link that is to be sent, where its integration pays refunds out; in its transaction."""
    session.execute(_LINK, {"id": payment_id})

"""The records that go to channels, as the journal lists them: what the channel confirmed, what waits, what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, exists, func, literal, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from canonical.feature import Feature
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Article, Category, Document, Integration, Link, Order, OrderReply, Payment, Shipment

SHOWN = (
    Feature.STOCK,
    Feature.PRICES,
    Feature.ARTICLES,
    Feature.CATEGORIES,
    Feature.SHIPMENTS,
    Feature.DOCUMENTS,
    Feature.REFUNDS,
    Feature.ORDERS,
)
"""The features whose records go out, in the order in which people look; of the feature orders it is the replies."""
ABOUT_ARTICLES = (Feature.STOCK, Feature.PRICES, Feature.ARTICLES)


@dataclass(frozen=True)
class LinkFilter:
    """What a tab of sent records is narrowed to; the fields are the URL's."""

    integration: str = ""
    state: str = ""
    q: str = ""
    before: str = ""


@dataclass(frozen=True)
class LinkRow:
    """One record of ours in a channel."""

    id: int
    integration_id: str
    integration_name: str
    feature: Feature
    record: str
    """What the channel's answer is about; `name` is what people call it."""
    name: str
    title: str
    """The name of an article or category; empty for what belongs to an order."""
    reply: str
    """What a reply to an order says: accept, refuse or in_progress."""
    amount: Decimal | None
    """Of a refund, gross, in `currency`."""
    currency: str
    state: str
    """never, waiting, sent or failed."""
    code: str
    params: dict[str, str]
    attempts: int
    dirty_at: datetime | None
    next_try_at: datetime | None
    sent_at: datetime | None
    sent_value: str
    record_id: int
    order_id: int | None
    order_number: str

    @property
    def about(self) -> str:
        """The record under which the journal tells of it: a reply is told with its order."""
        return self.name if self.feature is Feature.ORDERS else self.record


def kinds(session: Session) -> list[Feature]:
    """The features of which there are records at all; each is one look into an index."""
    found = [exists().where(col(Link.kind) == feature.value) for feature in SHOWN]
    there = session.execute(columns(*found)).one()
    return [feature for feature, is_there in zip(SHOWN, there, strict=True) if is_there]


def failed(session: Session) -> set[Feature]:
    """The features of which records failed and wait for a person; reads the failed ones only."""
    kinds_of_failed = select(col(Link.kind)).where(col(Link.state) == "failed").distinct()
    return {Feature(kind) for kind in session.exec(kinds_of_failed)}


def links(session: Session, feature: Feature, wanted: LinkFilter, size: int = PAGE) -> Page[LinkRow]:
    """A page of the records that a feature sends, newest link first."""
    query = _columns(feature).where(col(Link.kind) == feature.value)
    if wanted.integration:
        query = query.where(col(Link.integration_id) == wanted.integration)
    if wanted.state == "waiting":
        query = query.where(col(Link.dirty_at).is_not(None), col(Link.state) != "failed")
    elif wanted.state == "sent":
        query = query.where(col(Link.state) == "sent", col(Link.dirty_at).is_(None))
    elif wanted.state:
        query = query.where(col(Link.state) == wanted.state)
    if wanted.q:
        query = query.where(_named(feature, wanted.q))
    if (before := number_key(wanted.before)) is not None:
        query = query.where(col(Link.id) < before)
    found = session.execute(query.order_by(col(Link.id).desc()).limit(size + 1)).all()
    return cut([_row(row) for row in found], lambda row: row.id, size)


def link(session: Session, link_id: int) -> LinkRow | None:
    """One record of ours in a channel."""
    stored = session.get(Link, link_id)
    if stored is None:
        return None
    found = session.execute(_columns(Feature(stored.kind)).where(col(Link.id) == link_id)).first()
    return _row(found) if found else None


def _named(feature: Feature, q: str) -> ColumnElement[bool]:
    """Records by the beginning of their own number, or by their order's number, ours or the channel's."""
    of_order = or_(col(Order.number) == q, col(Order.external_number) == q, col(Order.external_id) == q)
    orders = select(col(Order.id)).where(of_order)
    meant: Sequence[Any] = ()
    if feature is Feature.CATEGORIES:
        return col(Link.record_id).in_(
            select(col(Category.id)).where(col(Category.name).startswith(q, autoescape=True))
        )
    if feature is Feature.SHIPMENTS:
        meant = (
            and_(col(Link.record_id).in_(orders), col(Link.record).in_(select(col(Order.number)).where(of_order))),
            col(Link.record).in_(select(col(Shipment.number)).where(col(Shipment.order_id).in_(orders))),
        )
    if feature is Feature.DOCUMENTS:
        meant = (col(Link.record_id).in_(select(col(Document.id)).where(col(Document.order_id).in_(orders))),)
    if feature is Feature.REFUNDS:
        by_order = or_(col(Payment.order_id).in_(orders), col(Payment.reference) == q)
        return col(Link.record_id).in_(select(col(Payment.id)).where(by_order, col(Payment.kind) == "refund"))
    if feature is Feature.ORDERS:
        externals = select(col(Order.external_id)).where(of_order)
        named = or_(col(OrderReply.external_id) == q, col(OrderReply.external_id).in_(externals))
        return col(Link.record_id).in_(select(col(OrderReply.id)).where(named))
    return or_(col(Link.record).startswith(q, autoescape=True), *meant)


def _columns(feature: Feature) -> Any:
    """A link with what people call its record, and the order or article that it is about."""
    if feature in ABOUT_ARTICLES:
        return _select(title=col(Article.name)).outerjoin(Article, col(Article.id) == col(Link.record_id))
    if feature is Feature.CATEGORIES:
        named = func.coalesce(col(Category.name), col(Link.record))
        return _select(name=named).outerjoin(Category, col(Category.id) == col(Link.record_id))
    if feature is Feature.SHIPMENTS:
        order_id = func.coalesce(col(Shipment.order_id), col(Link.record_id))
        return (
            _select(has_order=True)
            .outerjoin(Shipment, col(Shipment.number) == col(Link.record))
            .outerjoin(Order, col(Order.id) == order_id)
        )
    if feature is Feature.DOCUMENTS:
        return (
            _select(has_order=True)
            .outerjoin(Document, col(Document.id) == col(Link.record_id))
            .outerjoin(Order, col(Order.id) == col(Document.order_id))
        )
    if feature is Feature.REFUNDS:
        named = func.coalesce(col(Payment.reference), col(Link.record))
        return (
            _select(name=named, amount=col(Payment.amount), has_order=True)
            .outerjoin(Payment, col(Payment.id) == col(Link.record_id))
            .outerjoin(Order, col(Order.id) == col(Payment.order_id))
        )
    named = func.coalesce(col(OrderReply.external_id), col(Link.record))
    return (
        _select(name=named, reply=col(OrderReply.kind), has_order=True)
        .outerjoin(OrderReply, col(OrderReply.id) == col(Link.record_id))
        .outerjoin(
            Order,
            and_(
                col(Order.integration_id) == col(Link.integration_id),
                col(Order.external_id) == col(OrderReply.external_id),
            ),
        )
    )


def _select(*, has_order: bool = False, **given: Any) -> Select[Any]:
    nothing = literal("", String)
    order: tuple[Any, ...] = (literal(None), nothing, nothing)
    if has_order:
        order = (col(Order.id), col(Order.number), col(Order.currency))
    found: Select[Any] = columns(
        Link,
        col(Integration.name).label("integration_name"),
        given.get("name", col(Link.record)).label("name"),
        given.get("title", nothing).label("title"),
        given.get("reply", nothing).label("reply"),
        given.get("amount", literal(None)).label("amount"),
        *(column.label(name) for column, name in zip(order, ("order_id", "order_number", "currency"), strict=True)),
    )
    return found.join_from(Link, Integration, col(Integration.id) == col(Link.integration_id))


def _row(row: Any) -> LinkRow:
    stored: Link = row.Link
    is_waiting = stored.dirty_at is not None and stored.state != "failed"
    return LinkRow(
        id=stored.id or 0,
        integration_id=stored.integration_id,
        integration_name=row.integration_name,
        feature=Feature(stored.kind),
        record=stored.record,
        name=row.name,
        title=row.title or "",
        reply=row.reply or "",
        amount=row.amount,
        currency=row.currency or "",
        state="waiting" if is_waiting else stored.state,
        code=stored.code,
        params={key: str(value) for key, value in stored.params.items()},
        attempts=stored.attempts,
        dirty_at=stored.dirty_at,
        next_try_at=stored.next_try_at,
        sent_at=stored.sent_at,
        sent_value=stored.sent_value,
        record_id=stored.record_id,
        order_id=row.order_id,
        order_number=row.order_number or "",
    )

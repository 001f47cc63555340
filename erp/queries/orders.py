"""Orders for the back office, read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, union
from sqlmodel import Session, col, select

from erp.cancellation import line_amounts
from erp.queries.journal import buyer_of
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.rules.amounts import Amounts, remaining
from erp.tables import (
    Article,
    Customer,
    DeliveryTerm,
    Integration,
    Order,
    OrderChange,
    OrderLine,
    Parcel,
    PaymentMethod,
    Project,
    Shipment,
    ShippingMethod,
    Warehouse,
)

NOTHING = Amounts(Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True)
class OrderFilter:
    """What the list is narrowed to; the fields are the URL's."""

    integration: str = ""
    state: str = ""
    """A fulfilment state, hold, unpaid, changed or cancelled."""
    q: str = ""
    before: str = ""


@dataclass(frozen=True)
class OrderRow:
    """One order in a list."""

    order: Order
    buyer: str
    integration_name: str


@dataclass(frozen=True)
class TaxSum:
    """Net, tax and gross of all lines with one rate."""

    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True)
class LineRow:
    """A line with its article's number and what is left of it after part cancellations."""

    line: OrderLine
    article_number: str
    left: Amounts


@dataclass(frozen=True)
class ShipmentRow:
    """A shipment with its parcels."""

    shipment: Shipment
    warehouse: str
    parcels: Sequence[Parcel]


@dataclass(frozen=True)
class OrderDetail:
    """An order with all that hangs on it, in a fixed number of statements."""

    order: Order
    integration_name: str
    customer: Customer | None
    project: str
    payment: str
    shipping: str
    delivery_term: str
    lines: Sequence[LineRow]
    taxes: Sequence[TaxSum]
    shipments: Sequence[ShipmentRow]


def orders(session: Session, wanted: OrderFilter, size: int = PAGE) -> Page[OrderRow]:
    """A page of orders, newest first."""
    conditions = _conditions(wanted)
    query = (
        select(Order, Integration.name)
        .join(Integration, col(Integration.id) == col(Order.integration_id))
        .where(*conditions)
    )
    if wanted.q:
        query = query.where(col(Order.id).in_(_named(wanted.q, conditions, size + 1)))
    found = session.exec(query.order_by(col(Order.id).desc()).limit(size + 1)).all()
    return cut(
        [OrderRow(order, buyer_of(order.billing), name) for order, name in found], lambda row: row.order.id, size
    )


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    """What a filter asks of an order, without its search text."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.integration:
        conditions.append(col(Order.integration_id) == wanted.integration)
    if wanted.state == "cancelled":
        conditions.append(col(Order.is_cancelled).is_(True))
    elif wanted.state == "hold":
        conditions += [col(Order.holds) != [], ~col(Order.is_cancelled)]
    elif wanted.state == "unpaid":
        conditions += [col(Order.payment_state).in_(("open", "partial")), ~col(Order.is_cancelled)]
    elif wanted.state == "changed":
        conditions += [col(Order.id).in_(select(OrderChange.order_id).where(col(OrderChange.state) == "open"))]
        conditions += [~col(Order.is_cancelled)]
    elif wanted.state:
        conditions += [col(Order.fulfilment_state) == wanted.state, ~col(Order.is_cancelled)]
    if (before := number_key(wanted.before)) is not None:
        conditions.append(col(Order.id) < before)
    return conditions


def _named(text: str, conditions: Sequence[ColumnElement[bool]], most: int) -> Any:
    """Orders by the beginning of our number or the channel's, each by its index and cut to a page."""
    found = [
        select(Order.id)
        .where(*conditions, number.startswith(text, autoescape=True))
        .order_by(col(Order.id).desc())
        .limit(most)
        .subquery()
        for number in (col(Order.number), col(Order.external_number))
    ]
    return union(*(select(part.c.id) for part in found))


def order(session: Session, order_id: int) -> OrderDetail | None:
    """One order with lines, tax per rate, shipments and the names of its master data."""
    found = session.get(Order, order_id)
    if found is None:
        return None
    integration = session.get(Integration, found.integration_id)
    project = session.get(Project, found.project_id)
    payment = session.get(PaymentMethod, found.payment_method_id) if found.payment_method_id else None
    shipping = session.get(ShippingMethod, found.shipping_method_id) if found.shipping_method_id else None
    term = session.get(DeliveryTerm, found.delivery_term_id) if found.delivery_term_id else None
    lines = session.exec(
        select(OrderLine, Article.number)
        .outerjoin(Article, col(Article.id) == col(OrderLine.article_id))
        .where(col(OrderLine.order_id) == order_id)
        .order_by(col(OrderLine.position))
    ).all()
    left = remaining([line_amounts(line) for line, _ in lines])
    return OrderDetail(
        order=found,
        integration_name=integration.name if integration else found.integration_id,
        customer=session.get(Customer, found.customer_id),
        project=project.name if project else "",
        payment=payment.name if payment else "",
        shipping=shipping.name if shipping else "",
        delivery_term=term.name if term else "",
        lines=[LineRow(line, number or "", left.get(line.id or 0, NOTHING)) for line, number in lines],
        taxes=taxes([(line.tax_rate, left[line.id or 0]) for line, _ in lines if line.id in left]),
        shipments=_shipments(session, order_id),
    )


def taxes(lines: Sequence[tuple[Decimal, Amounts]]) -> list[TaxSum]:
    """Sum amounts per tax rate, highest rate first; a rate of which nothing is left is passed over."""
    sums: dict[Decimal, tuple[Decimal, Decimal, Decimal]] = {}
    for rate, line in lines:
        net, tax, gross = sums.get(rate, (Decimal(0), Decimal(0), Decimal(0)))
        sums[rate] = (net + line.net, tax + line.tax, gross + line.gross)
    return [TaxSum(rate, *sums[rate]) for rate in sorted(sums, reverse=True) if any(sums[rate])]


def _shipments(session: Session, order_id: int) -> list[ShipmentRow]:
    found = session.exec(
        select(Shipment, Warehouse.name)
        .join(Warehouse, col(Warehouse.id) == col(Shipment.warehouse_id))
        .where(col(Shipment.order_id) == order_id)
        .order_by(col(Shipment.id))
    ).all()
    parcels = session.exec(
        select(Parcel).where(col(Parcel.shipment_id).in_([shipment.id for shipment, _ in found]))
    ).all()
    return [
        ShipmentRow(shipment, warehouse, [parcel for parcel in parcels if parcel.shipment_id == shipment.id])
        for shipment, warehouse in found
    ]

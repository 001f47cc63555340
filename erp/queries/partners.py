"""What the providers' pages show: each with what waits and what stops it, its files with their reports, its orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, or_, select

from canonical.failure import Failure
from erp.queries.journal import buyer_of
from erp.queries.paging import PAGE, Page, cut, number_key
from erp.tables import Order, Partner, PartnerFile, PartnerOrder, Warehouse


@dataclass(frozen=True)
class ProviderRow:
    """A provider with how many orders wait for a file, how many it has, and how many files need a person."""

    partner: Partner
    waiting: int
    handed_over: int
    troubled: int

    @property
    def state(self) -> str:
        """ok, failing, inactive or new."""
        if not self.partner.is_active:
            return "inactive"
        if self.partner.code_of_failure:
            return "failing"
        return "ok" if self.partner.last_success_at else "new"

    @property
    def failure(self) -> Failure | None:
        """What stops it."""
        code = self.partner.code_of_failure
        return Failure.of(code, **self.partner.params) if code else None


@dataclass(frozen=True)
class FileFilter:
    """What the list of files is narrowed to; the fields are the URL's."""

    direction: str = ""
    state: str = ""
    before: str = ""


@dataclass(frozen=True)
class OrderFilter:
    """What the list of a provider's orders is narrowed to; the fields are the URL's."""

    state: str = ""
    before: str = ""


@dataclass(frozen=True)
class HandedRow:
    """An order that a provider has or had; without a file it still waits."""

    order: Order
    handed: PartnerOrder
    buyer: str
    file: str


def providers(session: Session, partner_id: int | None = None) -> list[ProviderRow]:
    """All providers by name, or one of them, with their counts, in one statement."""

    def counted(state: str) -> Any:
        return (
            select(func.count())
            .where(col(PartnerOrder.partner_id) == col(Partner.id), col(PartnerOrder.state) == state)
            .correlate(Partner)
            .scalar_subquery()
        )

    troubled = (
        select(func.count())
        .where(col(PartnerFile.partner_id) == col(Partner.id), col(PartnerFile.state).in_(("bad", "partial")))
        .correlate(Partner)
        .scalar_subquery()
    )
    query: Any = select(Partner, counted("waiting"), counted("handed_over"), troubled).order_by(col(Partner.name))
    if partner_id is not None:
        query = query.where(col(Partner.id) == partner_id)
    return [ProviderRow(*row) for row in session.exec(query)]


def warehouses(session: Session, partner_id: int | None) -> Sequence[Warehouse]:
    """The providers' warehouses that are free or this provider's."""
    query = select(Warehouse).where(
        col(Warehouse.kind) == "provider",
        or_(col(Warehouse.partner_id).is_(None), col(Warehouse.partner_id) == partner_id),
    )
    return session.exec(query.order_by(col(Warehouse.name))).all()


def files(session: Session, partner_id: int, wanted: FileFilter, size: int = PAGE) -> Page[PartnerFile]:
    """A page of a provider's files, newest first, without their contents."""
    query = select(PartnerFile).options(defer(PartnerFile.body)).where(col(PartnerFile.partner_id) == partner_id)  # type: ignore[arg-type]
    if wanted.direction:
        query = query.where(col(PartnerFile.direction) == wanted.direction)
    if wanted.state:
        query = query.where(col(PartnerFile.state) == wanted.state)
    if (before := number_key(wanted.before)) is not None:
        query = query.where(col(PartnerFile.id) < before)
    found = session.exec(query.order_by(col(PartnerFile.id).desc()).limit(size + 1)).all()
    return cut(found, lambda row: row.id, size)


def file(session: Session, partner_id: int, file_id: int) -> PartnerFile | None:
    """One file with its content."""
    query = select(PartnerFile).where(col(PartnerFile.id) == file_id, col(PartnerFile.partner_id) == partner_id)
    return session.exec(query).one_or_none()


def orders(session: Session, partner_id: int, wanted: OrderFilter, size: int = PAGE) -> Page[HandedRow]:
    """A page of a provider's orders, newest first."""
    query = (
        select(Order, PartnerOrder, PartnerFile.name)
        .join(PartnerOrder, col(PartnerOrder.order_id) == col(Order.id))
        .outerjoin(PartnerFile, col(PartnerFile.id) == col(PartnerOrder.file_id))
        .where(col(PartnerOrder.partner_id) == partner_id)
    )
    if wanted.state:
        query = query.where(col(PartnerOrder.state) == wanted.state)
    if (before := number_key(wanted.before)) is not None:
        query = query.where(col(Order.id) < before)
    found = session.exec(query.order_by(col(Order.id).desc()).limit(size + 1)).all()
    rows = [HandedRow(order, handed, buyer_of(order.billing), name or "") for order, handed, name in found]
    return cut(rows, lambda row: row.order.id, size)

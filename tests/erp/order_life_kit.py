"""Orders with prices, money and shipments, for the tests of what happens to them after the import."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from canonical.money import cents
from erp.stock import Movement, Reason, post_movements
from erp.tables import JournalEvent, Link, Order, OrderLine, Payment, Project, Reservation, StockLevel

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADDRESS = {
    "first_name": "Jo",
    "last_name": "Doe",
    "street": "Hauptstr. 1",
    "postcode": "20095",
    "city": "Hamburg",
    "country": "DE",
    "email": "jo@example.org",
}
ISSUER = {
    "name": "Shop GmbH", "street": "Lager 1", "postcode": "20095", "city": "Hamburg", "country": "DE",
    "vat_id": "DE123456789",
}  # fmt: skip
D = Decimal


class OrderKit:
    """Orders of 10.00 per piece at 19 %, with postage of 4.90, that can be paid and shipped."""

    def __init__(self, session: Session, shop: Any) -> None:
        self.session, self.shop = session, shop
        project = session.get(Project, shop.project.id)
        assert project is not None
        project.issuer = ISSUER
        session.flush()

    def order(self, lines: Mapping[str, int], *, postage: str = "4.90", paid: str = "", **values: Any) -> Any:
        """An order of article numbers and pieces; with money where `paid` says how much came in."""
        given = {"payment_state": "open", "billing": ADDRESS, "delivery": ADDRESS, "tax_country": "DE"} | values
        order: Any = self.shop.order(lines, **given)
        for line in self.lines(order).values():
            self.price(line, line.quantity * 10)
        if postage:
            self.extra(order, "shipping", D(postage))
        self.sum_up(order)
        if paid:
            self.pay(order, D(paid))
        self.session.commit()
        return order

    def extra(self, order: Order, kind: str, gross: Decimal, **values: Any) -> OrderLine:
        """A further line of one piece."""
        position = len(self.lines(order)) + 1
        given = {"order_id": order.id, "position": position, "kind": kind, "title": kind, "quantity": D(1)} | values
        line: OrderLine = self.shop.add(OrderLine(**given))
        self.price(line, gross)
        return line

    def price(self, line: OrderLine, gross: Decimal, rate: Decimal = D(19)) -> None:
        """Give a line its price, tax contained."""
        line.gross, line.tax_rate = gross, rate
        line.tax = cents(gross * rate / (100 + rate))
        line.net = line.gross - line.tax
        self.session.add(line)
        self.session.flush()

    def sum_up(self, order: Order) -> None:
        """Let the order's total be the sum of its lines."""
        lines = self.lines(order).values()
        order.total = order.channel_total = sum((line.gross for line in lines), D(0))
        order.total_tax = sum((line.tax for line in lines), D(0))
        self.session.add(order)
        self.session.flush()

    def pay(self, order: Any, amount: Decimal) -> None:
        """Money that the channel reported with the order."""
        self.shop.add(
            Payment(order_id=order.id, kind="payment", amount=amount, reference="import", origin="channel", at=NOW)
        )
        order.paid, order.payment_state = amount, "paid" if amount >= order.total else "partial"
        order.paid_at = NOW if order.payment_state == "paid" else None
        self.session.add(order)
        self.session.flush()

    def fill(self, quantity: int, *numbers: str) -> None:
        """Goods on the shelf."""
        receipts = [Movement(number, "MAIN", D(quantity), Reason.RECEIPT, "fill") for number in numbers]
        post_movements(self.session, receipts)

    def lines(self, order: Order) -> dict[str, OrderLine]:
        """The order's lines by title, fresh."""
        query = select(OrderLine).where(OrderLine.order_id == order.id).order_by(col(OrderLine.position))
        return {line.title: line for line in self.session.exec(query.execution_options(populate_existing=True))}

    def line(self, order: Order, number: str) -> int:
        """The id of an article's line."""
        return self.lines(order)[f"Article {number}"].id or 0

    def fresh(self, row: Any) -> Any:
        """The row as the database has it."""
        self.session.refresh(row)
        return row

    def refunds(self, order: Order) -> list[tuple[Decimal, str]]:
        """Amounts and states of the order's refunds."""
        query = select(Payment).where(Payment.order_id == order.id, Payment.kind == "refund").order_by(col(Payment.id))
        rows = self.session.exec(query.execution_options(populate_existing=True))
        return [(row.amount, row.state) for row in rows]

    def reserved(self, order: Order) -> Decimal:
        """What is kept for the order."""
        kept = select(col(Reservation.quantity)).where(Reservation.order_id == order.id)
        return sum(self.session.exec(kept), D(0))

    def physical(self, article: Any) -> Decimal:
        """What lies in all warehouses."""
        levels = select(col(StockLevel.physical)).where(StockLevel.article_id == article.id)
        return sum(self.session.exec(levels), D(0))

    def events(self, order: Order) -> list[str]:
        """What the journal says about the order."""
        query = select(JournalEvent).where(JournalEvent.record == order.external_id).order_by(col(JournalEvent.id))
        return [event.event for event in self.session.exec(query)]

    def reports(self) -> list[str]:
        """What is to be told to the channel."""
        query = select(Link.record).where(Link.kind == "shipments", col(Link.dirty_at).is_not(None))
        return list(self.session.exec(query))

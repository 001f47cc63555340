"""A small ERP for the tests of the services: an integration, articles, orders."""

from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlmodel import Session, select

from erp.stock import Movement, Reason, post_movements
from erp.tables import (
    Article,
    ArticleListEntry,
    Customer,
    Integration,
    Link,
    NumberRange,
    Order,
    OrderLine,
    PaymentMethod,
    Project,
    Reservation,
    ShippingMethod,
    Warehouse,
)

ADDRESS = {
    "first_name": "Jo",
    "last_name": "Doe",
    "street": "Hauptstr. 1",
    "postcode": "20095",
    "city": "Hamburg",
    "country": "DE",
}

ISSUER = {
    "name": "Shop GmbH", "street": "Ring 1", "postcode": "10115", "city": "Berlin", "country": "DE",
    "vat_id": "DE123456789",
}  # fmt: skip


class Shop:
    """Makes rows that hang together; each method flushes, so ids are known."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._ids, self._receipts = count(1), count(1)
        self.integration = self.add(Integration(id="shop-1", connector="woocommerce", name="Shop 1"))
        self.project = self.add(Project(code="SHOP", name="Shop", issuer=ISSUER))
        for kind, prefix in (("delivery_note", "LS"), ("parcel", "PK")):
            self.add(NumberRange(project_id=self.project.id, kind=kind, prefix=prefix, next_value=100001))
        self.customer = self.add(Customer(number="10001", name="Jo Doe"))
        self.invoice = self.add(PaymentMethod(code="invoice", name="Invoice", ships_unpaid=True))
        self.paypal = self.add(PaymentMethod(code="paypal", name="PayPal"))
        self.dhl = self.add(
            ShippingMethod(code="dhl", name="DHL", carrier="DHL", tracking_url="https://dhl.example/?n={number}")
        )
        self.pickup = self.add(ShippingMethod(code="pickup", name="Pick-up", is_pickup=True))
        self.main = self.add(Warehouse(code="MAIN", name="Main"))
        self.outlet = self.add(Warehouse(code="OUTLET", name="Outlet"))

    def add(self, row: Any) -> Any:
        """Store a row and know its id."""
        self.session.add(row)
        self.session.flush()
        return row

    def article(self, number: str, **values: Any) -> Article:
        """An article that takes part in nothing yet."""
        return self.add(Article(**({"number": number, "name": f"Article {number}"} | values)))

    def stock(self, quantity: Any, *numbers: str, warehouse: str = "MAIN") -> None:
        """Receive pieces of articles into a warehouse."""
        reference = f"stock-{next(self._receipts)}"
        movements = [Movement(number, warehouse, Decimal(quantity), Reason.RECEIPT, reference) for number in numbers]
        post_movements(self.session, movements)

    def listed(self, number: str, *, dirty: Any = None, **values: Any) -> Article:
        """An article in the integration's list, with a stock link."""
        article = self.article(number, **values)
        self.add(ArticleListEntry(integration_id="shop-1", article_id=article.id))
        self.add(Link(integration_id="shop-1", kind="stock", record=number, record_id=article.id, dirty_at=dirty))
        return article

    def order(self, lines: dict[str, Any], *, reserve: bool = True, **values: Any) -> Order:
        """A paid order of article numbers with quantities; each line is reserved."""
        n = next(self._ids)
        defaults = {
            "number": f"A{n}", "integration_id": "shop-1", "external_id": f"ext-{n}", "external_number": f"#{n}",
            "project_id": self.project.id, "customer_id": self.customer.id, "currency": "EUR",
            "payment_method_id": self.paypal.id, "payment_state": "paid", "shipping_method_id": self.dhl.id,
            "delivery": ADDRESS,
        }  # fmt: skip
        order = self.add(Order(**(defaults | values)))
        for position, (number, quantity) in enumerate(lines.items(), 1):
            article = self.session.exec(select(Article).where(Article.number == number)).one()
            line = self.add(
                OrderLine(
                    order_id=order.id, position=position, kind="article", article_id=article.id,
                    line_ref=f"l{n}-{position}", title=article.name, quantity=Decimal(quantity),
                )
            )  # fmt: skip
            if reserve and article.is_stock_article:
                self.add(
                    Reservation(order_line_id=line.id, order_id=order.id, article_id=article.id, quantity=line.quantity)
                )
        return order


@pytest.fixture
def shop(session: Session) -> Shop:
    """A shop in the fresh database; nothing is committed yet."""
    return Shop(session)

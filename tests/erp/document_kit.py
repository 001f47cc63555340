"""Orders with amounts, shipments and returns, for the tests of documents."""

from decimal import Decimal
from typing import Any

from sqlmodel import select

from canonical.money import cents
from erp.tables import Order, OrderLine, OrderReturn, ReturnLine, Shipment, ShipmentLine

ISSUER = {
    "name": "Muster & Söhne GmbH",
    "street": "Hafenstraße 12",
    "postcode": "20457",
    "city": "Hamburg",
    "country": "DE",
    "vat_id": "DE123456789",
    "tax_number": "27/123/45678",
    "register_entry": "Amtsgericht Hamburg, HRB 12345",
    "managing_directors": "Erika Muster",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
    "bank": "Musterbank",
    "email": "rechnung@muster.example",
    "phone": "+49 40 123456",
    "website": "www.muster.example",
}
BUYER = {
    "first_name": "Jörg",
    "last_name": "Müller",
    "street": "Am Markt 3",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "email": "joerg@mueller.example",
}
Line = tuple[str, str, str, str]
"""Kind, quantity, gross amount, tax rate."""


class Desk:
    """Writes orders as they are after booking; each method flushes, so ids are known."""

    def __init__(self, shop: Any) -> None:
        self.shop, self.session = shop, shop.session
        shop.project.issuer = ISSUER
        self.session.flush()
        self.article = shop.article("A-1", name="Kaffeebecher „Häfen“")

    def order(self, *lines: Line, **values: Any) -> Order:
        """A shipped, unpaid order with lines; amounts are split by the rate."""
        defaults = {"billing": BUYER, "delivery": BUYER, "fulfilment_state": "shipped", "tax_country": "DE"}
        order = self.shop.order({}, **(defaults | {"payment_state": "open"} | values))
        for position, line in enumerate(lines, 1):
            self.line(order, position, line)
        order.total = sum((Decimal(line[2]) for line in lines), Decimal(0))
        self.session.flush()
        return order

    def line(self, order: Order, position: int, line: Line, **values: Any) -> Any:
        """One line of an order."""
        kind, quantity, gross, rate = line
        whole = Decimal(gross)
        net = cents(whole * 100 / (100 + Decimal(rate)))
        is_article = kind in ("article", "component")
        row = OrderLine(
            **{
                "order_id": order.id, "position": position, "kind": kind, "title": f"{kind} {position}",
                "article_id": self.article.id if is_article else None, "quantity": Decimal(quantity),
                "net": net, "tax": whole - net, "gross": whole, "tax_rate": Decimal(rate),
                "shipped": Decimal(quantity) if is_article else 0,
            } | values
        )  # fmt: skip
        return self.shop.add(row)

    def lines(self, order: Order) -> list[OrderLine]:
        """An order's lines."""
        return list(self.session.exec(select(OrderLine).where(OrderLine.order_id == order.id).order_by("position")))

    def shipment(self, order: Order, number: str, **values: Any) -> Shipment:
        """A shipment of everything that an order has of articles and components."""
        shipment = self.shop.add(Shipment(number=number, order_id=order.id, warehouse_id=self.shop.main.id, **values))
        for line in self.lines(order):
            if line.kind in ("article", "component"):
                self.shop.add(ShipmentLine(shipment_id=shipment.id, order_line_id=line.id, quantity=line.quantity))
        return shipment

    def returned(self, order: Order, quantities: dict[int, str], **values: Any) -> int:
        """A return by position of the order's lines; gives its id."""
        number = f"RT{len(self.session.exec(select(OrderReturn.id)).all()) + 1}"
        found = self.shop.add(OrderReturn(number=number, order_id=order.id, state="received", **values))
        for line in self.lines(order):
            if line.position in quantities:
                quantity = Decimal(quantities[line.position])
                self.shop.add(ReturnLine(return_id=found.id, order_line_id=line.id, quantity=quantity))
                line.returned += quantity
        self.session.flush()
        return int(found.id)

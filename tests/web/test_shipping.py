"""The pages of shipping and printing: what an order waits for, two parcels by hand, labels, printers and their log."""

from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from erp import prints
from erp.stock import Movement, Reason, post_movements
from erp.tables import (
    Article,
    Customer,
    Order,
    OrderLine,
    Parcel,
    PrintJob,
    Project,
    Shipment,
    ShippingMethod,
    Warehouse,
)
from tests.web.conftest import Browser, Place, text_of

ADDRESS = {"first_name": "Jo", "last_name": "Doe", "street": "Ring 1", "city": "Berlin", "country": "DE"}


def sessions(place: Place) -> Any:
    return place.world.deps.sessions


def order(place: Place, number: str, quantity: int = 2, stock: int = 0, **values: Any) -> int:
    """An order of one article of its own, with so much stock, beside the orders of the shop; returns its id."""
    with sessions(place).begin() as session:
        project = session.exec(select(Project)).first()
        customer = session.exec(select(Customer)).first()
        method = _method(session)
        article = Article(number=f"ART-{number}", name="Thing")
        session.add(article)
        given = {
            "number": number, "integration_id": place.connected.id, "external_id": number, "project_id": project.id,
            "customer_id": customer.id, "currency": "EUR", "payment_state": "paid", "shipping_method_id": method.id,
            "delivery": ADDRESS, "billing": ADDRESS,
        }  # fmt: skip
        row = Order(**(given | values))
        session.add(row)
        session.flush()
        session.add(
            OrderLine(
                order_id=row.id, position=1, kind="article", article_id=article.id, title="Thing",
                quantity=Decimal(quantity),
            )
        )  # fmt: skip
        session.flush()
        if stock:
            code = session.exec(select(Warehouse.code).where(Warehouse.kind == "own")).first()
            post_movements(session, [Movement(article.number, code, Decimal(stock), Reason.RECEIPT, number)])
        return int(row.id)


def _method(session: Session) -> ShippingMethod:
    found = session.exec(select(ShippingMethod).where(ShippingMethod.code == "web-test")).first()
    if found is None:
        found = ShippingMethod(code="web-test", name="Parcel service", carrier="DHL")
        session.add(found)
        session.flush()
    return found


def one(place: Place, query: Any) -> Any:
    with sessions(place)() as session:
        return session.exec(query).one()


async def test_an_order_is_shown_under_what_it_waits_for(anna: Browser, place: Place) -> None:
    order(place, "W-1", stock=2)
    order(place, "W-2")
    order(place, "W-3", stock=2, payment_state="open", total=Decimal("9.90"))
    order(place, "W-4", stock=2, delivery={})
    expected = {"ready": "W-1", "stock": "W-2", "payment": "W-3", "person": "W-4"}
    for queue, number in expected.items():
        page = text_of(await anna.open(f"/shipping?queue={queue}"))
        assert [each for each in expected.values() if each in page] == [number]
    assert "ART-W-2 fehlt im Lager" in text_of(await anna.open("/shipping?queue=stock"))
    assert "Es fehlen noch 9.90 EUR" in text_of(await anna.open("/shipping?queue=payment"))
    await anna.open("/shipping?queue=nonsense", 404)


async def test_chosen_orders_ship_at_once(anna: Browser, place: Place) -> None:
    ready, late = order(place, "C-1", stock=2), order(place, "C-2")
    await anna.open("/shipping")
    page = await anna.send("/shipping/ship", order=[str(ready), str(late), "x"])
    assert "1 von 2 Aufträgen sind unterwegs" in text_of(page)
    assert one(place, select(Order.fulfilment_state).where(Order.id == ready)) == "shipped"
    assert "Wähle zuerst Aufträge aus" in await anna.send("/shipping/ship")


async def test_an_order_leaves_by_hand_in_two_parcels_of_a_part(anna: Browser, place: Place) -> None:
    order_id = order(place, "H-1", quantity=3, stock=3)
    line = one(place, select(OrderLine.id).where(OrderLine.order_id == order_id))
    await anna.open("/shipping")
    form = {f"line-{line}": "2,0", "tracking_number": "T-1\r\nT-2, T-1\n"}
    assert "Die Ware ist unterwegs" in await anna.send(f"/orders/{order_id}/ship", **form)
    numbers = select(Parcel.tracking_number).join(Shipment).where(Shipment.order_id == order_id).order_by(Parcel.id)
    with sessions(place)() as session:
        assert session.exec(numbers).all() == ["T-1", "T-2"]
    assert one(place, select(Order.fulfilment_state).where(Order.id == order_id)) == "partial"


async def test_what_cannot_be_shipped_is_refused_and_nothing_is_booked(anna: Browser, place: Place) -> None:
    order_id = order(place, "R-1", quantity=3, stock=1)
    line = one(place, select(OrderLine.id).where(OrderLine.order_id == order_id))
    await anna.open("/shipping")
    path = f"/orders/{order_id}/ship"
    assert "liegen von ART-R-1 nur 1" in text_of(await anna.send(path))
    assert "Menge 9" in text_of(await anna.send(path, **{f"line-{line}": "9"}))
    assert "Menge ?" in text_of(await anna.send(path, **{f"line-{line}": "many"}))
    assert "höchstens 80 Zeichen" in text_of(await anna.send(path, tracking_number="x" * 81))
    assert one(place, select(Order.fulfilment_state).where(Order.id == order_id)) == "open"
    await anna.send("/orders/999999/ship", 404)


async def test_a_missing_label_is_shown_with_its_reason_and_a_way_out(anna: Browser, place: Place) -> None:
    order_id = order(place, "L-1", stock=2)
    await anna.open("/shipping")
    await anna.send(f"/orders/{order_id}/ship", tracking_number="OLD")
    parcel = one(place, select(Parcel.id).where(Parcel.tracking_number == "OLD"))
    with sessions(place).begin() as session:
        session.execute(
            text(
                "UPDATE parcel SET label_state = 'failed', label_code = 'CARRIER_REFUSED', label_reason = 'No such street'"
                " WHERE id = :id"
            ),
            {"id": parcel},
        )
    page = text_of(await anna.open("/shipping/labels"))
    assert "Der Versanddienstleister lehnt das Paket ab: No such street" in page
    assert "Die Paketmarke ist erneut angefordert" in await anna.send(f"/parcels/{parcel}/label")
    await anna.send(f"/parcels/{parcel}/tracking", tracking_number="NEW")
    assert one(place, select(Parcel.tracking_number).where(Parcel.id == parcel)) == "NEW"
    assert "Es fehlt keine Paketmarke" in await anna.open("/shipping/labels")
    await anna.open(f"/parcels/{parcel}/label", 404)
    await anna.send("/parcels/999999/tracking", 404, tracking_number="X")


async def test_printers_rules_and_the_log_are_managed_on_one_page(anna: Browser, place: Place) -> None:
    base = "/settings/printing"
    assert "Noch kein Drucker" in await anna.open(base)
    new = {"code": "table", "name": "Packtisch", "adapter": "folder", "address": "table"}
    bad = await anna.send(f"{base}/printers", **(new | {"adapter": "ipp"}))
    assert "„table“ ist keine gültige Druckeradresse" in text_of(bad)
    assert "Der Drucker ist angelegt" in await anna.send(f"{base}/printers", **new)
    with sessions(place)() as session:
        printer = session.execute(text("SELECT id FROM printer WHERE code = 'table'")).scalar_one()
    await anna.send(f"{base}/rules", kind="label", printer_id=str(printer), copies="2")
    assert "1 bis 20 Exemplare" in await anna.send(f"{base}/rules", kind="label", printer_id=str(printer), copies="99")
    page = text_of(await anna.open(base))
    assert "Paketmarke Packtisch alle 2" in page
    await anna.send(f"{base}/printers/{printer}/test")
    job = one(place, select(PrintJob.id).where(PrintJob.printer_id == printer))
    with sessions(place).begin() as session:
        session.execute(
            text(
                'UPDATE print_job SET state = \'failed\', attempts = 1, code = \'PRINTER_REFUSED\', params = \'{"printer": "x", "status": "IPP"}\''
            )
        )
    assert "Der Drucker x lehnt den Druck ab (IPP)" in text_of(await anna.open(f"{base}?state=failed"))
    assert "Es wird erneut gedruckt" in await anna.send(f"{base}/jobs/{job}/again")
    assert one(place, select(PrintJob.state).where(PrintJob.id == job)) == "pending"
    assert "Der Drucker ist ausgeschaltet" in await anna.send(f"{base}/printers/{printer}/off")
    with sessions(place)() as session:
        rule = session.execute(text("SELECT id FROM print_rule")).scalar_one()
    assert "Noch wird nichts von selbst gedruckt" in text_of(await anna.send(f"{base}/rules/{rule}/remove"))
    await anna.send(f"{base}/printers/{printer}/explode", 404)
    assert prints.KINDS

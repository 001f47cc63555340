"""The pages of an order's life: holds, changes, money, returns, conflicts with the shop; and the lists of money and returns."""

from decimal import Decimal as D
from itertools import count
from typing import Any

import pytest
from sqlmodel import Session, col, select

from erp.order_changes import ChangedOrder, note_changes
from erp.shipping import ship_order
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, Order, OrderLine, OrderReturn, Payment, Project, Reservation, Warehouse
from tests.erp.order_life_kit import ADDRESS, ISSUER
from tests.web.conftest import Browser, Place, text_of

_NUMBERS = count(1)


@pytest.fixture
def session(place: Place) -> Any:
    """The pages' own database."""
    with place.world.deps.sessions() as opened:
        yield opened


@pytest.fixture
def order(place: Place, session: Session) -> Any:
    """An order of three pieces for 30.00 and postage, unpaid, with its goods on the shelf."""
    template = session.exec(select(Order).where(Order.integration_id == place.connected.id)).first()
    article = session.exec(select(Article).where(col(Article.is_stock_article)).order_by(col(Article.id))).first()
    warehouse = session.exec(select(Warehouse).where(Warehouse.kind == "own").order_by(col(Warehouse.id))).first()
    assert template and article and warehouse
    project = session.get(Project, template.project_id)
    assert project
    project.issuer = ISSUER
    n = next(_NUMBERS)
    made = Order(
        number=f"LIFE-{n}", integration_id=template.integration_id, external_id=f"life-{n}", external_number=f"L{n}",
        project_id=template.project_id, customer_id=template.customer_id, currency="EUR", total=D("34.90"),
        total_tax=D("5.57"), channel_total=D("34.90"), billing=ADDRESS, delivery=ADDRESS, tax_country="DE",
        payment_method_id=template.payment_method_id, shipping_method_id=template.shipping_method_id, autoship=False,
    )  # fmt: skip
    session.add(made)
    session.flush()
    goods = OrderLine(
        order_id=made.id or 0, position=1, kind="article", article_id=article.id, line_ref=f"life-{n}-1", title="Life line",
        quantity=D(3), net=D("25.21"), tax=D("4.79"), gross=D("30.00"), tax_rate=D(19),
    )  # fmt: skip
    postage = OrderLine(
        order_id=made.id or 0, position=2, kind="shipping", title="Postage", quantity=D(1), net=D("4.12"), tax=D("0.78"),
        gross=D("4.90"), tax_rate=D(19),
    )  # fmt: skip
    session.add_all([goods, postage])
    session.flush()
    session.add(
        Reservation(order_line_id=goods.id or 0, order_id=made.id or 0, article_id=article.id or 0, quantity=D(3))
    )
    post_movements(session, [Movement(article.number, warehouse.code, D(5), Reason.RECEIPT, f"life-{n}")])
    session.commit()
    return made


@pytest.fixture
async def jo(place: Place) -> Any:
    """A person who reads English."""
    browser = place.browser("en")
    await browser.log_in()
    yield browser
    await browser.http.aclose()


def fresh(session: Session, row: Any) -> Any:
    session.commit()
    session.refresh(row)
    return row


def line_of(session: Session, order: Any) -> int:
    return (
        session.exec(select(col(OrderLine.id)).where(OrderLine.order_id == order.id, OrderLine.kind == "article")).one()
        or 0
    )


async def test_an_order_is_held_with_a_reason_and_released(session: Session, order: Any, jo: Browser) -> None:
    await jo.open(f"/orders/{order.id}")
    assert "Say why" in text_of(await jo.send(f"/orders/{order.id}/hold", reason=" "))
    page = text_of(await jo.send(f"/orders/{order.id}/hold", reason="calls back"))
    assert "Shipping is on hold: calls back" in page
    assert "Still open Ships now" not in page
    page = text_of(await jo.send(f"/orders/{order.id}/lift", hold="hold_by_hand:calls back"))
    assert "Shipping is on hold" not in page
    assert "Still open Ships now" in page
    assert fresh(session, order).holds == []


async def test_pieces_are_cancelled_on_the_page_and_the_total_follows(
    session: Session, order: Any, jo: Browser
) -> None:
    page = await jo.open(f"/orders/{order.id}")
    line = line_of(session, order)
    assert f'name="cancel-{line}"' in page
    assert "no number" in text_of(await jo.send(f"/orders/{order.id}/lines", **{f"cancel-{line}": "two"}))
    page = text_of(await jo.send(f"/orders/{order.id}/lines", **{f"cancel-{line}": "2"}, reason="sold out"))
    assert "2 cancelled" in page
    assert "€14.90" in page
    assert "the shop states €34.90" in page
    refused = text_of(await jo.send(f"/orders/{order.id}/lines", **{f"cancel-{line}": "2"}))
    assert "quantity 2 is not possible" in refused


async def test_a_payment_is_entered_and_what_is_too_much_goes_back_in_two_steps(
    session: Session, order: Any, jo: Browser
) -> None:
    page = text_of(await jo.open("/payments"))
    assert order.number in page
    await jo.send(f"/orders/{order.id}/payment", amount="30,00", reference="bank 1", day="2026-11-20")
    assert "Still missing €4.90" in text_of(await jo.open(f"/orders/{order.id}"))
    page = text_of(await jo.send(f"/orders/{order.id}/payment", amount="10", reference="bank 2"))
    assert "€5.10 too much paid" in page
    await jo.send(f"/orders/{order.id}/refund-excess")
    refund: Any = session.exec(select(Payment).where(Payment.order_id == order.id, Payment.kind == "refund")).one()
    assert order.number in text_of(await jo.open("/payments?state=open"))
    await jo.send(f"/payments/{refund.id}/release", next="/payments?state=open")
    assert order.number in text_of(await jo.open("/payments?state=released"))
    await jo.send(f"/payments/{refund.id}/execute")
    assert (fresh(session, refund).state, fresh(session, order).paid) == ("executed", D("34.90"))
    refused = text_of(await jo.send(f"/payments/{refund.id}/fail", note="too late"))
    assert "not possible in the state 'executed'" in refused
    assert order.number in text_of(await jo.open("/payments?state=executed"))
    assert "bank 1" in text_of(await jo.open("/payments?state=booked"))


async def test_a_waiting_order_is_noted_as_paid_from_the_list(session: Session, order: Any, jo: Browser) -> None:
    await jo.open("/payments")
    page = text_of(await jo.send(f"/orders/{order.id}/paid", next="/payments?state=waiting"))
    assert order.number not in page
    assert fresh(session, order).payment_state == "paid"


async def test_an_address_is_corrected_and_its_country_stays(session: Session, order: Any, jo: Browser) -> None:
    await jo.open(f"/orders/{order.id}")
    form = ADDRESS | {"street": "Nebenweg 2"}
    assert "Nebenweg 2" in text_of(await jo.send(f"/orders/{order.id}/address/delivery", **form))
    refused = text_of(await jo.send(f"/orders/{order.id}/address/delivery", **form | {"country": "FR"}))
    assert "The country stays DE" in refused
    assert "needs street" in text_of(await jo.send(f"/orders/{order.id}/address/billing", **form | {"street": ""}))
    await jo.send(f"/orders/{order.id}/address/other", status=404, **form)
    assert fresh(session, order).billing["street"] == "Hauptstr. 1"


async def test_a_note_is_added(order: Any, jo: Browser) -> None:
    await jo.open(f"/orders/{order.id}")
    assert "rings twice" in text_of(await jo.send(f"/orders/{order.id}/note", note="rings twice"))


async def test_a_change_of_the_shop_is_shown_side_by_side_and_decided(
    session: Session, order: Any, jo: Browser
) -> None:
    ours = {"ref": order.external_id + "-1", "refs": [], "quantity": "3", "net": "25.21", "tax": "4.79"}
    theirs = ours | {"quantity": "1", "net": "8.40", "tax": "1.60", "title": "Life line"}
    given = {"lines": [ours], "delivery": ADDRESS}, {"lines": [theirs], "delivery": ADDRESS | {"city": "Lübeck"}}
    note_changes(session, [ChangedOrder(order.id, ("lines", "delivery"), *given)])
    session.commit()
    assert order.number in text_of(await jo.open("/orders?state=changed"))
    page = text_of(await jo.open(f"/orders/{order.id}"))
    for said in (
        "The order was changed in the shop",
        "Lübeck",
        "Take over",
        "Keep ours",
        "Life line 3 ×",
        "Life line 1 ×",
    ):
        assert said in page
    page = text_of(await jo.send(f"/orders/{order.id}/take-change"))
    assert "The order was changed in the shop" not in page
    assert "Taken over from the shop" in page
    found = fresh(session, order)
    assert (found.total, found.delivery["city"], found.holds) == (D("14.90"), "Lübeck", [])
    assert "already decided" not in page
    assert "not possible in the state" in text_of(await jo.send(f"/orders/{order.id}/keep-ours"))


async def test_an_order_cancelled_in_the_shop_is_cancelled_here_or_kept(
    session: Session, order: Any, jo: Browser
) -> None:
    order.holds = ["cancelled_in_channel"]
    session.add(order)
    session.commit()
    page = text_of(await jo.open(f"/orders/{order.id}"))
    assert "Cancelled in the shop" in page
    assert "Ship it all the same" in page
    await jo.send(f"/orders/{order.id}/keep-alive")
    assert fresh(session, order).holds == []
    order.holds = ["cancelled_in_channel"]
    session.add(order)
    session.commit()
    page = text_of(await jo.send(f"/orders/{order.id}/follow-cancellation"))
    assert "The order is cancelled Cancelled in the shop" in page
    assert fresh(session, order).is_cancelled


async def test_goods_come_back_on_the_pages(session: Session, order: Any, jo: Browser) -> None:
    await jo.open(f"/orders/{order.id}")
    await jo.send(f"/orders/{order.id}/paid")
    ship_order(session, order.id, [], "jo")
    session.commit()
    page = await jo.open(f"/orders/{order.id}")
    line = line_of(session, order)
    assert f'name="return-{line}"' in page
    page = text_of(await jo.send(f"/orders/{order.id}/returns", **{f"return-{line}": "2"}, reason="too small"))
    assert "What came back?" in page
    found: Any = session.exec(select(OrderReturn).where(OrderReturn.order_id == order.id)).one()
    warehouse = session.exec(select(col(Warehouse.code)).where(Warehouse.kind == "own")).first()
    form = {f"quantity-{line}": "2", f"warehouse-{line}": warehouse, f"condition-{line}": "as new"}
    page = text_of(await jo.send(f"/returns/{found.id}/receive", **form))
    assert "Settle with a credit note" in page
    page = text_of(await jo.send(f"/returns/{found.id}/settle"))
    assert "The return is settled" in page
    page = text_of(await jo.open(f"/orders/{order.id}"))
    assert "2 returned" in page
    assert "Credit note" in page
    assert found.number in text_of(await jo.open("/returns?state=settled"))
    refused = text_of(await jo.send(f"/returns/{found.id}/cancel"))
    assert "not possible in the state 'settled'" in refused


async def test_the_rest_is_cancelled_after_a_part_has_left(session: Session, order: Any, jo: Browser) -> None:
    ship_order(session, order.id, [], "jo", lines={line_of(session, order): D(1)})
    session.commit()
    assert "Cancel the rest" in text_of(await jo.open(f"/orders/{order.id}"))
    page = text_of(await jo.send(f"/orders/{order.id}/cancel", what="rest", reason="sold out"))
    assert "The rest is cancelled." in page
    assert (fresh(session, order).fulfilment_state, order.total) == ("shipped", D("14.90"))


@pytest.mark.parametrize("path", ["/returns/999999", "/orders/99999999999999999999", "/returns/99999999999999999999"])
async def test_what_is_not_there_is_not_found(jo: Browser, path: str) -> None:
    await jo.open(path, status=404)
    await jo.open("/orders")
    await jo.send("/payments/999999/release", status=404)
    await jo.send("/payments/1/explode", status=404)
    await jo.send("/returns/999999/settle", status=404)


async def test_an_order_that_left_without_an_invoice_gets_it_by_hand(session: Session, order: Any, jo: Browser) -> None:
    project = session.get_one(Project, order.project_id)
    project.invoices_by_itself = False
    session.commit()
    assert "Issue the invoice" not in await jo.open(f"/orders/{order.id}")
    ship_order(session, order.id, [], "jo")
    project.invoices_by_itself = True
    session.commit()
    assert "Issue the invoice" in await jo.open(f"/orders/{order.id}")
    assert "The invoice is issued" in text_of(await jo.send("/documents/invoices", order=str(order.id)))
    assert "Issue the invoice" not in await jo.open(f"/orders/{order.id}")

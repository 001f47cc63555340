"""Shipping by hand and by auto-ship, and what people do with booked orders."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.autoship import ship_released
from erp.cancellation import cancel_order
from erp.orders import lift_holds, set_autoship
from erp.payments import mark_paid
from erp.shipping import ParcelForm, ship_order
from erp.stock import Movement, Reason, post_movements
from erp.tables import (
    JournalEvent,
    Link,
    Order,
    OrderLine,
    Parcel,
    Reservation,
    Shipment,
    StockLevel,
    StockMovement,
    Warehouse,
)

PAID_AT = datetime(2026, 11, 1, tzinfo=UTC)


def fill(session: Session, quantity: int, *numbers: str, warehouse: str = "MAIN") -> None:
    post_movements(
        session, [Movement(number, warehouse, Decimal(quantity), Reason.RECEIPT, "fill") for number in numbers]
    )


def fresh(session: Session, row: Any) -> Any:
    session.refresh(row)
    return row


def events(session: Session) -> list[str]:
    return list(session.exec(select(JournalEvent.event).order_by(JournalEvent.id)))


def physical(session: Session) -> dict[int, Decimal]:
    session.expire_all()
    return {level.article_id: level.physical for level in session.exec(select(StockLevel))}


def test_a_shipped_order_moves_stock_frees_reservations_and_is_to_be_reported(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    fill(session, 10, "A-1")
    order = shop.order({"A-1": 3})
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    shipment = ship_order(session, order.id, [ParcelForm(tracking_number=" JD 1 ")], "jo")
    assert physical(session) == {article.id: 7}
    assert session.exec(select(Reservation)).all() == []
    assert fresh(session, order).fulfilment_state == "shipped"
    assert session.exec(select(OrderLine.shipped)).one() == 3
    parcel = session.exec(select(Parcel)).one()
    assert (parcel.tracking_number, parcel.carrier) == ("JD 1", "DHL")
    assert parcel.tracking_url == "https://dhl.example/?n=JD%201"
    links = {(link.kind, link.record, link.record_id): link.dirty_at for link in session.exec(select(Link))}
    assert links.keys() == {("stock", "A-1", article.id), ("shipments", shipment.number, shipment.id)}
    assert all(links.values())
    assert shipment.completes_order
    assert events(session) == ["shipped", "invoiced"]


def test_a_part_ships_first_and_the_rest_completes_the_order(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    order = shop.order({"A-1": 3})
    line = session.exec(select(OrderLine)).one()
    first = ship_order(session, order.id, [], "jo", lines={line.id: Decimal(1)})
    assert (first.completes_order, order.fulfilment_state) == (False, "partial")
    assert session.exec(select(Reservation.quantity)).one() == 2
    second = ship_order(session, order.id, [], "jo")
    assert (second.completes_order, order.fulfilment_state) == (True, "shipped")
    assert session.exec(select(Reservation)).all() == []
    assert second.number != first.number
    left = session.exec(select(StockMovement.quantity).where(StockMovement.reason == "shipment")).all()
    assert sorted(left) == [-2, -1]


@pytest.mark.parametrize("quantity", [0, -1, 4])
def test_a_quantity_that_is_not_open_is_refused(session: Session, shop: Any, quantity: int) -> None:
    shop.article("A-1")
    order = shop.order({"A-1": 3})
    line = session.exec(select(OrderLine)).one()
    with pytest.raises(FailureError, match="QUANTITY_INVALID"):
        ship_order(session, order.id, [], "jo", lines={line.id: Decimal(quantity)})


@pytest.mark.parametrize(
    "values", [{"is_cancelled": True}, {"fulfilment_state": "shipped"}, {"holds": ["TOTAL_DIFFERENCE"]}]
)
def test_cancelled_shipped_and_held_orders_do_not_ship(session: Session, shop: Any, values: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    order = shop.order({"A-1": 3}, **values)
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        ship_order(session, order.id, [], "jo")
    assert ship_released(session, 10).done == 0


def test_an_unknown_warehouse_is_refused_and_a_known_one_is_taken(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 5, "A-1")
    fill(session, 5, "A-1", warehouse="OUTLET")
    order = shop.order({"A-1": 3})
    with pytest.raises(FailureError, match="MASTER_DATA_MISSING"):
        ship_order(session, order.id, [], "jo", warehouse_code="MOON")
    assert ship_order(session, order.id, [], "jo", warehouse_code="OUTLET").warehouse_id == shop.outlet.id


def test_a_released_order_ships_by_itself_once(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    shop.order({"A-1": 3})
    assert ship_released(session, 10).done == 1
    assert ship_released(session, 10).done == 0
    parcel = session.exec(select(Parcel)).one()
    assert parcel.carrier == "DHL"
    assert parcel.tracking_url.endswith(parcel.tracking_number)


@pytest.mark.parametrize(
    "values",
    [{"autoship": False}, {"payment_state": "open"}, {"fulfilment_state": "partial"}, {"holds": ["X"]}],
)
def test_an_order_that_is_not_released_waits(session: Session, shop: Any, values: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    shop.order({"A-1": 3}, **values)
    assert ship_released(session, 10).done == 0


def test_a_project_can_forbid_autoship(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    shop.order({"A-1": 3})
    shop.project.autoship_allowed = False
    session.flush()
    assert ship_released(session, 10).done == 0


def test_an_invoice_order_ships_unpaid(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    shop.order({"A-1": 3}, payment_state="open", payment_method_id=shop.invoice.id)
    assert ship_released(session, 10).done == 1


def test_a_pick_up_has_no_parcel(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    shop.order({"A-1": 3}, shipping_method_id=shop.pickup.id)
    assert ship_released(session, 10).done == 1
    assert session.exec(select(Parcel)).all() == []


def test_an_order_without_stock_articles_completes_without_a_parcel(session: Session, shop: Any) -> None:
    shop.article("SERVICE", is_stock_article=False)
    order = shop.order({"SERVICE": 1})
    assert ship_released(session, 10).done == 1
    assert fresh(session, order).fulfilment_state == "shipped"
    assert session.exec(select(Parcel)).all() == []
    assert physical(session) == {}


def test_the_last_pieces_go_to_the_oldest_order_and_stock_never_falls_below_zero(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    fill(session, 4, "A-1")
    first, second, third = shop.order({"A-1": 3}), shop.order({"A-1": 3}), shop.order({"A-1": 1})
    assert ship_released(session, 10).done == 2
    assert [fresh(session, order).fulfilment_state for order in (first, second, third)] == [
        "shipped",
        "open",
        "shipped",
    ]
    assert physical(session) == {article.id: 0}


def test_orders_that_wait_for_goods_do_not_keep_others_from_their_turn(session: Session, shop: Any) -> None:
    shop.article("OUT")
    shop.article("A-1")
    fill(session, 10, "A-1")
    for _ in range(5):
        shop.order({"OUT": 1})
    shop.order({"A-1": 1})
    assert ship_released(session, 2).done == 1


def test_an_order_ships_from_the_one_warehouse_that_holds_everything(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.article("A-2")
    fill(session, 5, "A-1")
    fill(session, 5, "A-1", "A-2", warehouse="OUTLET")
    shop.order({"A-1": 1, "A-2": 1})
    assert ship_released(session, 10).done == 1
    assert session.exec(select(Shipment.warehouse_id)).one() == shop.outlet.id


def test_two_lines_of_one_article_move_their_sum(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    fill(session, 5, "A-1")
    order = shop.order({"A-1": 2})
    shop.add(OrderLine(order_id=order.id, position=2, kind="article", article_id=article.id, quantity=Decimal(3)))
    assert ship_released(session, 10).done == 1
    assert physical(session) == {article.id: 0}


def test_two_shippers_at_once_ship_each_order_once(engine: Engine, session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    fill(session, 100, "A-1")
    for _ in range(40):
        shop.order({"A-1": 1})
    session.commit()
    done = []

    def ship() -> None:
        with Session(engine) as own:
            while count := ship_released(own, 7).done:
                done.append(count)
                own.commit()

    threads = [threading.Thread(target=ship) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 40
    assert len(session.exec(select(Shipment)).all()) == 40
    assert physical(session) == {article.id: 60}


def test_the_number_of_statements_does_not_grow_with_the_orders_of_a_batch(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 1000, "A-1")
    for _ in range(300):
        shop.order({"A-1": 1})
    session.commit()
    assert ship_released(session, 1).done == 1, "the first draws open the number ranges"
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    assert ship_released(session, 3).done == 3
    few = len(said)
    assert ship_released(session, 296).done == 296
    assert len(said) == 2 * few


def test_a_cancelled_order_gives_back_its_reservation_and_is_to_be_reported(session: Session, shop: Any) -> None:
    shop.listed("A-1")
    order = shop.order({"A-1": 3})
    cancel_order(session, order.id, "jo")
    cancel_order(session, order.id, "jo")
    assert order.is_cancelled
    assert session.exec(select(Reservation)).all() == []
    links = {link.kind: link for link in session.exec(select(Link))}
    assert links["stock"].dirty_at
    assert (links["shipments"].record, links["shipments"].record_id) == (order.number, order.id)
    assert events(session) == ["cancelled"]


def test_a_shipped_order_is_not_cancelled(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 5, "A-1")
    order = shop.order({"A-1": 3})
    ship_order(session, order.id, [], "jo")
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        cancel_order(session, order.id, "jo")


def test_lifting_the_last_hold_paying_and_autoship_release_an_order(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    order = shop.order({"A-1": 3}, holds=["X", "Y"], payment_state="open", autoship=False)
    lift_holds(session, order.id, ["X", "ELSE"], "jo")
    assert not order.autoship
    lift_holds(session, order.id, ["Y"], "jo")
    lift_holds(session, order.id, ["Y"], "jo")
    mark_paid(session, order.id, PAID_AT, "jo")
    mark_paid(session, order.id, datetime(2027, 1, 1, tzinfo=UTC), "jo")
    assert (order.holds, order.paid_at, order.autoship) == ([], PAID_AT, True)
    set_autoship(session, order.id, False, "jo")
    assert ship_released(session, 10).done == 0
    set_autoship(session, order.id, True, "jo")
    assert ship_released(session, 10).done == 1
    expected = ["hold_lifted", "hold_lifted", "paid", "autoship_off", "autoship_on", "shipped", "invoiced"]
    assert events(session) == expected
    assert session.exec(select(JournalEvent.record)).first() == order.external_id


def test_an_unknown_order_is_a_lookup_error(session: Session) -> None:
    with pytest.raises(LookupError):
        cancel_order(session, 4711, "jo")


def test_a_number_that_names_another_record_is_never_taken_over(session: Session, shop: Any) -> None:
    shop.article("A-1")
    order = shop.order({"A-1": 1})
    shop.add(Link(integration_id="shop-1", kind="shipments", record=order.number, record_id=-1))
    cancel_order(session, order.id, "jo")
    assert session.exec(select(Link.record_id, Link.dirty_at)).one() == (-1, None)


def test_shipping_is_undone_as_a_whole(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 10, "A-1")
    order = shop.order({"A-1": 3})
    session.commit()
    ship_order(session, order.id, [], "jo")
    session.rollback()
    assert session.exec(select(Shipment)).all() == []
    assert session.exec(select(Order.fulfilment_state)).one() == "open"


def test_nobody_ships_from_a_marketplaces_warehouse(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.add(Warehouse(code="FBA", name="Marketplace", kind="marketplace"))
    fill(session, 5, "A-1", warehouse="FBA")
    order = shop.order({"A-1": 1})
    with pytest.raises(FailureError, match="STOCK_MISSING"):
        ship_order(session, order.id, [], "jo")
    with pytest.raises(FailureError, match="MASTER_DATA_MISSING"):
        ship_order(session, order.id, [], "jo", warehouse_code="FBA")


def test_a_person_may_ship_from_a_locked_warehouse_but_the_open_ones_come_first(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.main.is_locked = True
    fill(session, 5, "A-1")
    first = ship_order(session, shop.order({"A-1": 1}).id, [], "jo")
    fill(session, 5, "A-1", warehouse="OUTLET")
    second = ship_order(session, shop.order({"A-1": 1}).id, [], "jo")
    assert (first.warehouse_id, second.warehouse_id) == (shop.main.id, shop.outlet.id)


def test_an_order_that_the_channel_ships_is_not_shipped_by_hand(session: Session, shop: Any) -> None:
    shop.article("A-1")
    fill(session, 5, "A-1")
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        ship_order(session, shop.order({"A-1": 1}, fulfilled_by="channel").id, [], "jo")

"""Fulfilment providers: which orders go to them, in which file, and what becomes of what they send."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import event, text
from sqlmodel import Session, select

from canonical.failure import Failure, FailureError
from canonical.partner import RefusedRecord, TrackedLine, TrackedParcel, TrackingRecord
from erp import partner_orders, partner_tracking, partners
from erp.autoship import ship_released
from erp.cancellation import cancel_order
from erp.partner_orders import FileDraft, assign_orders, draft_file, freeze_file, hand_over_again, mark_written
from erp.partner_tracking import apply_record, set_aside, settle_bad, settle_file, take_again, take_file
from erp.partners import PartnerForm
from erp.secrets import Keyring
from erp.shipping import ship_order
from erp.stock import Movement, Reason, post_movements
from erp.tables import (
    JournalEvent,
    Link,
    Order,
    OrderLine,
    Parcel,
    Partner,
    PartnerFile,
    PartnerOrder,
    Shipment,
    StockLevel,
    Warehouse,
)

KEYS = Keyring({"k1": bytes(range(32))})
SFTP = {"transport": "sftp", "host": "sftp.example", "user": "us", "secret": "geheim"}
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4b0cHOEyTRZqbQWDlcSRZKcKzHdxFxr0pBKtBc6bzF"


def form(**values: Any) -> PartnerForm:
    return PartnerForm(**({"code": "LOGI", "name": "Logistik GmbH", "folder": "logi"} | values))


@pytest.fixture
def partner(session: Session, shop: Any) -> Partner:
    """A provider with its own warehouse, in which lie ten pieces of A-1."""
    made = partners.create_partner(session, KEYS, form())
    shop.article("A-1", ean="4006381333931")
    fill(session, "A-1", 10)
    return made


def fill(session: Session, number: str, quantity: int, warehouse: str = "LOGI", reference: str = "fill") -> None:
    post_movements(session, [Movement(number, warehouse, Decimal(quantity), Reason.RECEIPT, reference)])


def assigned(session: Session) -> dict[str, str]:
    query = select(Order.number, PartnerOrder.state).join(PartnerOrder, PartnerOrder.order_id == Order.id)
    session.expire_all()
    return dict(session.exec(query).all())


def hand_over(session: Session, partner: Partner) -> FileDraft:
    """Assign and freeze, and say what was in the file."""
    assign_orders(session, 100)
    draft = draft_file(session, partner.id or 0, 100)
    assert draft is not None
    file_id = freeze_file(session, draft, f"orders-{draft.content.number:06}.xml", str(draft).encode())
    mark_written(session, file_id)
    return draft


def shipped(order: Order, *numbers: str, lines: Sequence[TrackedLine] = (), **values: Any) -> TrackingRecord:
    parcels = tuple(TrackedParcel(number=number, carrier=values.pop("carrier", "")) for number in numbers)
    return TrackingRecord(line=1, order=order.number, parcels=parcels, lines=tuple(lines), **values)


def events(session: Session) -> list[tuple[str, str]]:
    return list(session.exec(select(JournalEvent.event, JournalEvent.record).order_by(JournalEvent.id)))


def level(session: Session, warehouse: str) -> Decimal:
    query = select(StockLevel.physical).join(Warehouse).where(Warehouse.code == warehouse)
    return session.exec(query).one()


# --- which orders ---------------------------------------------------------------------------------------------------------


def test_a_released_order_whose_goods_only_a_provider_has_goes_to_it_once(
    session: Session, shop: Any, partner: Any
) -> None:
    order = shop.order({"A-1": 3})
    assert assign_orders(session, 100) == 1
    assert assign_orders(session, 100) == 0
    assert assigned(session) == {order.number: "waiting"}
    assert ship_released(session, 100).done == 0


def test_goods_in_a_warehouse_of_our_own_are_shipped_by_ourselves(session: Session, shop: Any, partner: Any) -> None:
    fill(session, "A-1", 10, "MAIN")
    shop.order({"A-1": 3})
    assert assign_orders(session, 100) == 0
    assert ship_released(session, 100).done == 1


@pytest.mark.parametrize(
    "values",
    [
        {"payment_state": "open"}, {"autoship": False}, {"holds": ["X"]}, {"is_cancelled": True},
        {"fulfilled_by": "channel"}, {"fulfilment_state": "partial"}, {"delivery": {}},
    ],
)  # fmt: skip
def test_an_order_that_auto_ship_would_not_take_does_not_go_to_a_provider(
    session: Session, shop: Any, partner: Any, values: Any
) -> None:
    shop.order({"A-1": 3}, **values)
    assert assign_orders(session, 100) == 0


def test_goods_that_are_promised_to_handed_over_orders_are_not_promised_twice(
    session: Session, shop: Any, partner: Any
) -> None:
    orders = [shop.order({"A-1": 4}) for _ in range(3)]
    hand_over(session, partner)
    assert assigned(session) == {orders[0].number: "handed_over", orders[1].number: "handed_over"}
    assert assign_orders(session, 100) == 0
    fill(session, "A-1", 2, reference="more")
    assert assign_orders(session, 1) == 1
    assert assigned(session)[orders[2].number] == "waiting"


def test_an_order_whose_goods_are_promised_keeps_no_younger_one_from_its_turn(
    session: Session, shop: Any, partner: Any
) -> None:
    shop.order({"A-1": 8})
    hand_over(session, partner)
    waits, fits = shop.order({"A-1": 4}), shop.order({"A-1": 1})
    assert assign_orders(session, 1) == 1
    assert fits.number in assigned(session) and waits.number not in assigned(session)


def test_an_order_goes_whole_to_one_provider_that_has_all_of_it(session: Session, shop: Any, partner: Any) -> None:
    partners.create_partner(session, KEYS, form(code="FAST", folder="fast"))
    shop.article("A-2")
    fill(session, "A-2", 5, "FAST")
    shop.order({"A-1": 1, "A-2": 1})
    assert assign_orders(session, 100) == 0
    fill(session, "A-1", 5, "FAST", reference="second")
    assert assign_orders(session, 100) == 1
    assert session.exec(select(Partner.code).join(PartnerOrder)).one() == "FAST"


def test_neither_a_locked_warehouse_nor_an_inactive_provider_gets_orders(
    session: Session, shop: Any, partner: Any
) -> None:
    partners.create_partner(session, KEYS, form(code="FAST", folder="fast"))
    fill(session, "A-1", 10, "FAST")

    def taker() -> str:
        order = shop.order({"A-1": 1})
        assert assign_orders(session, 100) == 1
        query = select(Partner.code).join(PartnerOrder).where(PartnerOrder.order_id == order.id)
        return session.exec(query).one()

    assert taker() == "LOGI"
    session.execute(text("UPDATE warehouse SET is_locked = true WHERE code = 'LOGI'"))
    assert taker() == "FAST"
    session.execute(text("UPDATE warehouse SET is_locked = false WHERE code = 'LOGI'"))
    session.execute(text("UPDATE partner_order SET state = 'shipped'"))
    partners.set_active(session, partner.id, False)
    assert taker() == "FAST"


def test_a_waiting_order_that_is_held_goes_back_and_comes_again_when_released(
    session: Session, shop: Any, partner: Any
) -> None:
    order = shop.order({"A-1": 1})
    assign_orders(session, 100)
    session.execute(text("UPDATE sales_order SET holds = '{X}'"))
    assert draft_file(session, partner.id, 100) is None
    assign_orders(session, 100)
    assert assigned(session) == {}
    session.execute(text("UPDATE sales_order SET holds = '{}'"))
    assert assign_orders(session, 100) == 1
    assert assigned(session) == {order.number: "waiting"}


def test_assigning_a_hundred_orders_takes_as_many_statements_as_assigning_one(
    session: Session, shop: Any, partner: Any
) -> None:
    fill(session, "A-1", 1000, reference="many")

    def statements(orders: int) -> int:
        for _ in range(orders):
            shop.order({"A-1": 1})
        seen: list[str] = []

        def count(*call: Any) -> None:
            seen.append(call[2])

        event.listen(session.get_bind(), "before_cursor_execute", count)
        try:
            hand_over(session, partner)
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", count)
        return len(seen)

    assert statements(1) == statements(100)


# --- files out ------------------------------------------------------------------------------------------------------------


def test_a_file_has_what_is_still_to_be_delivered_and_nothing_else(session: Session, shop: Any, partner: Any) -> None:
    shop.article("SERVICE", is_stock_article=False)
    address = {"first_name": "Anna", "last_name": "Weiß", "street": "Packstation 145", "post_number": "123456",
               "postcode": "20095", "city": "Hamburg", "country": "DE"}  # fmt: skip
    moment = datetime(2026, 11, 20, 8, tzinfo=UTC)
    order = shop.order({"A-1": 3, "SERVICE": 1}, delivery=address, ordered_at=moment)
    session.execute(text("UPDATE sales_order_line SET cancelled = 1 WHERE quantity = 3"))
    (handed,) = hand_over(session, partner).content.orders
    assert (handed.number, handed.ordered_at, handed.shipping_method) == (order.number, moment, "dhl")
    assert (handed.delivery.name, handed.delivery.post_number) == ("Anna Weiß", "123456")
    (line,) = handed.lines
    assert (line.article, line.ean, line.name, line.quantity) == ("A-1", "4006381333931", "Article A-1", 2)
    assert session.get_one(OrderLine, line.line_id).order_id == order.id
    assert events(session) == [("handed_over", order.external_id)]


def test_files_are_numbered_without_a_gap_and_each_order_is_in_one(session: Session, shop: Any, partner: Any) -> None:
    numbers = [shop.order({"A-1": 1}).number for _ in range(3)]
    assign_orders(session, 100)
    handed = []
    for expected in (1, 2):
        draft = draft_file(session, partner.id, 2)
        assert draft is not None and draft.content.number == expected
        handed += [order.number for order in draft.content.orders]
        freeze_file(session, draft, f"orders-{expected:06}.xml", b"x")
    assert handed == numbers
    assert draft_file(session, partner.id, 2) is None
    assert [name for _, name, _ in partner_orders.files_to_write(session, partner.id)] == [
        "orders-000001.xml", "orders-000002.xml",
    ]  # fmt: skip


def test_a_frozen_file_is_told_once(session: Session, shop: Any, partner: Any) -> None:
    shop.order({"A-1": 1})
    hand_over(session, partner)
    (file,) = session.exec(select(PartnerFile)).all()
    mark_written(session, file.id or 0)
    session.refresh(file)
    assert file.state == "written" and file.records == 1
    assert file.digest == hashlib.sha256(file.body or b"").hexdigest()
    assert len(events(session)) == 1
    assert partner_orders.files_to_write(session, partner.id) == []


def test_an_order_that_is_cancelled_after_it_was_handed_over_is_withdrawn_in_the_next_file(
    session: Session, shop: Any, partner: Any
) -> None:
    handed, waiting = shop.order({"A-1": 1}), None
    hand_over(session, partner)
    waiting = shop.order({"A-1": 1})
    assign_orders(session, 100)
    cancel_order(session, handed.id, "jo")
    cancel_order(session, waiting.id, "jo")
    draft = hand_over(session, partner)
    assert draft.content.cancellations == (handed.number,) and draft.content.orders == ()
    assert assigned(session)[handed.number] == "withdrawn"
    assert ("withdrawn", handed.external_id) in events(session)
    assert draft_file(session, partner.id, 100) is None


def test_an_order_that_a_person_ships_after_it_was_handed_over_is_withdrawn(
    session: Session, shop: Any, partner: Any
) -> None:
    order = shop.order({"A-1": 1})
    hand_over(session, partner)
    fill(session, "A-1", 1, "MAIN")
    ship_order(session, order.id, [], "jo", warehouse_code="MAIN")
    assert hand_over(session, partner).content.cancellations == (order.number,)


# --- tracking in ----------------------------------------------------------------------------------------------------------


def test_tracking_ships_the_order_from_the_providers_warehouse_and_is_to_be_reported(
    session: Session, shop: Any, partner: Any
) -> None:
    order = shop.order({"A-1": 3})
    hand_over(session, partner)
    fill(session, "A-1", 10, "MAIN")  # goods of our own that arrive later are not what the provider shipped
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    assert apply_record(session, partner.id, shipped(order, "T1", "T2", shipped_at=at)) == "booked"
    shipment = session.exec(select(Shipment)).one()
    assert shipment.warehouse_id == session.exec(select(Warehouse.id).where(Warehouse.code == "LOGI")).one()
    assert shipment.shipped_at == at
    assert [parcel.tracking_number for parcel in session.exec(select(Parcel).order_by(Parcel.id))] == ["T1", "T2"]
    assert level(session, "LOGI") == 7
    session.refresh(order)
    assert order.fulfilment_state == "shipped"
    assert assigned(session) == {order.number: "shipped"}
    link = session.exec(select(Link).where(Link.kind == "shipments")).one()
    assert link.record == shipment.number and link.dirty_at is not None


def test_the_same_tracking_is_booked_once(session: Session, shop: Any, partner: Any) -> None:
    order = shop.order({"A-1": 3})
    hand_over(session, partner)
    record = shipped(order, "T1", "T2")
    assert apply_record(session, partner.id, record) == "booked"
    assert apply_record(session, partner.id, record) == "known"
    assert apply_record(session, partner.id, shipped(order, "T2")) == "known"
    assert level(session, "LOGI") == 7
    with pytest.raises(FailureError, match="TRACKING_MIXED"):
        apply_record(session, partner.id, shipped(order, "T2", "T3"))
    with pytest.raises(FailureError, match="TRACKING_ALREADY_SHIPPED"):
        apply_record(session, partner.id, shipped(order, "T3"))


def test_parts_arrive_one_after_the_other(session: Session, shop: Any, partner: Any) -> None:
    order = shop.order({"A-1": 3})
    line = hand_over(session, partner).content.orders[0].lines[0]
    one = TrackedLine(line_id=line.line_id, quantity=Decimal(1))
    apply_record(session, partner.id, shipped(order, "T1", lines=[one]))
    assert assigned(session) == {order.number: "handed_over"}
    assert session.exec(select(Shipment.completes_order)).all() == [False]
    two = TrackedLine(article="A-1", quantity=Decimal(2))
    apply_record(session, partner.id, shipped(order, "T2", lines=[two]))
    assert assigned(session) == {order.number: "shipped"}
    assert level(session, "LOGI") == 7


def test_an_article_on_several_lines_fills_them_in_their_order(session: Session, shop: Any, partner: Any) -> None:
    shop.article("A-2")
    fill(session, "A-2", 1)
    order = shop.order({"A-1": 2, "A-2": 1})
    article_id = session.exec(text("SELECT id FROM article WHERE number = 'A-1'")).scalar_one()  # type: ignore[call-overload]
    shop.add(OrderLine(order_id=order.id, position=3, kind="article", article_id=article_id, quantity=Decimal(3)))
    hand_over(session, partner)
    named = [TrackedLine(article="A-1", quantity=Decimal(4))]
    apply_record(session, partner.id, shipped(order, "T1", lines=named))
    query = select(OrderLine.shipped).order_by(OrderLine.position)
    session.expire_all()
    assert session.exec(query).all() == [2, 0, 2]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([TrackedLine(article="A-1", quantity=Decimal(4))], "TRACKING_TOO_MUCH"),
        ([TrackedLine(line_id=10**17, quantity=Decimal(1))], "TRACKING_LINE_UNKNOWN"),
        ([TrackedLine(article="B-9", quantity=Decimal(1))], "TRACKING_LINE_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_delivery_of_what_is_not_open_is_refused(
    session: Session, shop: Any, partner: Any, lines: Any, code: str
) -> None:
    order = shop.order({"A-1": 3})
    hand_over(session, partner)
    with pytest.raises(FailureError, match=code):
        apply_record(session, partner.id, shipped(order, "T1", lines=lines))


def test_only_the_provider_that_has_the_order_can_ship_it(session: Session, shop: Any, partner: Any) -> None:
    other = partners.create_partner(session, KEYS, form(code="FAST", folder="fast"))
    order, waiting = shop.order({"A-1": 3}), shop.order({"A-1": 3})
    hand_over(session, partner)
    for partner_id, number in ((other.id, order.number), (partner.id, "A-none")):
        with pytest.raises(FailureError, match="TRACKING_ORDER_UNKNOWN"):
            record = TrackingRecord(line=1, order=number, parcels=(TrackedParcel(number="T1"),))
            apply_record(session, partner_id or 0, record)
    session.execute(text("UPDATE partner_order SET file_id = NULL WHERE order_id = :id"), {"id": waiting.id})
    with pytest.raises(FailureError, match="TRACKING_ORDER_UNKNOWN"):
        apply_record(session, partner.id, shipped(waiting, "T1"))


def test_more_than_the_books_say_lies_there_is_refused_until_it_is_booked(
    session: Session, shop: Any, partner: Any
) -> None:
    order = shop.order({"A-1": 3})
    hand_over(session, partner)
    post_movements(session, [Movement("A-1", "LOGI", Decimal(-8), Reason.CORRECTION, "lost")])
    session.commit()
    with pytest.raises(FailureError, match="STOCK_MISSING"):
        apply_record(session, partner.id, shipped(order, "T1"))
    session.rollback()
    fill(session, "A-1", 5, reference="found")
    assert apply_record(session, partner.id, shipped(order, "T1")) == "booked"


def test_an_order_that_is_on_hold_or_cancelled_meanwhile_is_refused(session: Session, shop: Any, partner: Any) -> None:
    held, cancelled = shop.order({"A-1": 1}), shop.order({"A-1": 1})
    hand_over(session, partner)
    session.execute(text("UPDATE sales_order SET holds = '{X}' WHERE id = :id"), {"id": held.id})
    cancel_order(session, cancelled.id, "jo")
    for order in (held, cancelled):
        with pytest.raises(FailureError, match="STATE_FORBIDS"):
            apply_record(session, partner.id, shipped(order, "T1"))


def test_a_provider_that_cannot_deliver_puts_the_order_on_hold_once(session: Session, shop: Any, partner: Any) -> None:
    order = shop.order({"A-1": 1})
    hand_over(session, partner)
    refusal = TrackingRecord(line=1, order=order.number, refusal="damaged")
    assert apply_record(session, partner.id, refusal) == "booked"
    assert apply_record(session, partner.id, refusal) == "known"
    session.refresh(order)
    assert order.holds == ["PROVIDER_REFUSED"]
    assert assigned(session) == {order.number: "withdrawn"}
    told = session.exec(select(JournalEvent.params).where(JournalEvent.event == "provider_refused")).all()
    assert told == [{"partner": "Logistik GmbH", "reason": "damaged"}]
    assert draft_file(session, partner.id, 100) is None
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        hand_over_again(session, order.id)
    session.execute(text("UPDATE sales_order SET holds = '{}'"))
    session.expire_all()
    assert assign_orders(session, 100) == 0
    hand_over_again(session, order.id)
    assert [each.number for each in hand_over(session, partner).content.orders] == [order.number]


def test_parcels_of_a_delivery_note_are_named_later(session: Session, shop: Any, partner: Any) -> None:
    order = shop.order({"A-1": 1})
    shipment = ship_order(session, order.id, [], "jo", warehouse_code="LOGI")
    session.execute(text("UPDATE link SET dirty_at = NULL"))
    parcels = (TrackedParcel(number="T 1"), TrackedParcel(number="T2", carrier="DPD", url="https://dpd.example/T2"))
    record = TrackingRecord(line=1, delivery_note=shipment.number, parcels=parcels)
    assert apply_record(session, partner.id, record) == "booked"
    assert apply_record(session, partner.id, record) == "known"
    first, second = session.exec(select(Parcel).order_by(Parcel.id)).all()
    assert (first.carrier, first.tracking_url) == ("DHL", "https://dhl.example/?n=T%201")
    assert (second.carrier, second.tracking_url) == ("DPD", "https://dpd.example/T2")
    assert session.exec(select(Link.dirty_at).where(Link.kind == "shipments")).one() is not None
    with pytest.raises(FailureError, match="TRACKING_ORDER_UNKNOWN"):
        apply_record(session, partner.id, record.model_copy(update={"delivery_note": "LS0"}))


def test_a_parcel_of_another_carrier_does_not_get_our_carriers_link(session: Session, shop: Any, partner: Any) -> None:
    order = shop.order({"A-1": 1})
    hand_over(session, partner)
    apply_record(session, partner.id, shipped(order, "T1", carrier="DPD"))
    parcel = session.exec(select(Parcel)).one()
    assert (parcel.carrier, parcel.tracking_url) == ("DPD", "")


# --- files in -------------------------------------------------------------------------------------------------------------


def test_a_file_is_taken_once_by_name_and_content(session: Session, partner: Any) -> None:
    first = take_file(session, partner.id, "t.xml", b"1")
    again = take_file(session, partner.id, "t.xml", b"1")
    other = take_file(session, partner.id, "t.xml", b"2")
    assert first.id == again.id != other.id
    assert [file_id for file_id, _ in partner_tracking.files_to_apply(session, partner.id, 9)] == [first.id, other.id]
    settle_file(session, first.id or 0, ["booked", "known"], [])
    settle_file(session, other.id or 0, [], [])
    assert take_file(session, partner.id, "t.xml", b"1").state == "done"
    assert partner_tracking.files_to_apply(session, partner.id, 9) == []


def test_refused_records_are_reported_by_line_and_the_file_can_be_taken_again(session: Session, partner: Any) -> None:
    row = take_file(session, partner.id, "t.xml", b"1")
    unknown = Failure.of("TRACKING_ORDER_UNKNOWN", order="A7")
    refused = [RefusedRecord(line=9, order="A9", failure=unknown), RefusedRecord(line=7, order="A7", failure=unknown)]
    settle_file(session, row.id or 0, ["booked"], refused)
    session.refresh(row)
    assert (row.state, row.records) == ("partial", 3)
    assert [(each["line"], each["order"], each["code"]) for each in row.report["refused"]] == [
        (7, "A7", "TRACKING_ORDER_UNKNOWN"), (9, "A9", "TRACKING_ORDER_UNKNOWN"),
    ]  # fmt: skip
    settle_bad(session, row.id or 0, unknown)  # another worker that was slower changes nothing
    assert session.get_one(PartnerFile, row.id, populate_existing=True).state == "partial"
    take_again(session, partner.id, row.id or 0)
    assert [file_id for file_id, _ in partner_tracking.files_to_apply(session, partner.id, 9)] == [row.id]
    settle_file(session, row.id or 0, ["known"], [])
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        take_again(session, partner.id, row.id or 0)
    with pytest.raises(LookupError):
        take_again(session, partner.id + 1, row.id or 0)


def test_a_file_that_is_too_large_is_set_aside_without_its_content(session: Session, partner: Any) -> None:
    failure = Failure.of("FILE_TOO_LARGE", file="h.xml", megabytes=50)
    row = set_aside(session, partner.id, "h.xml", 1 << 30, failure)
    assert (row.state, row.body, row.report["code"]) == ("bad", None, "FILE_TOO_LARGE")
    assert set_aside(session, partner.id, "h.xml", 1 << 30, failure).id == row.id
    with pytest.raises(FailureError, match="STATE_FORBIDS"):
        take_again(session, partner.id, row.id or 0)


# --- the provider itself --------------------------------------------------------------------------------------------------


def test_a_new_provider_gets_a_warehouse_of_its_code_or_the_free_ones_that_were_chosen(
    session: Session, shop: Any, partner: Any
) -> None:
    warehouse = session.exec(select(Warehouse).where(Warehouse.code == "LOGI")).one()
    assert (warehouse.kind, warehouse.partner_id) == ("provider", partner.id)
    shop.add(Warehouse(code="FREE", name="Free", kind="provider"))
    other = partners.create_partner(session, KEYS, form(code="FAST", folder="fast", warehouses=("FREE",)))
    assert session.exec(select(Warehouse.partner_id).where(Warehouse.code == "FREE")).one() == other.id
    for code in ("LOGI", "MAIN", "MOON"):
        with pytest.raises(FailureError, match="WAREHOUSE_UNKNOWN"):
            partners.change_partner(session, KEYS, other.id or 0, form(code="FAST", folder="f", warehouses=(code,)))
    with pytest.raises(FailureError, match="CODE_TAKEN"):
        partners.create_partner(session, KEYS, form())


@pytest.mark.parametrize(
    "values",
    [
        {"folder": ""}, {"folder": "../x"}, {"folder": "/etc"}, {"folder": "a/../../b"}, {"in_folder": "out"},
        {"in_folder": "out/"}, {"bad_folder": "../bad"}, {"out_folder": "/out"}, {"folder": "a\\b"}, {"format": "edi"},
        {"transport": "sftp"}, {"transport": "sftp", "host": "a b", "user": "u"}, {"transport": "sftp", "host": "h"},
        {"code": "a b"}, {"port": 0},
    ],
)  # fmt: skip
def test_what_cannot_be_an_exchange_is_refused(values: Any) -> None:
    with pytest.raises(ValidationError):
        form(**values)


def test_a_secret_is_sealed_kept_when_left_out_and_never_given_to_another_server(session: Session, shop: Any) -> None:
    made = partners.create_partner(session, KEYS, form(**SFTP))
    assert made.secret is not None and b"geheim" not in made.secret
    partners.pin_host_key(session, made.id or 0, HOST_KEY)
    access = partners.access_of(session, KEYS, made.id or 0)
    assert (access.host, access.port, access.user, access.secret) == ("sftp.example", 22, "us", "geheim")
    assert access.host_key == HOST_KEY and "geheim" not in str(made)
    kept = SFTP | {"secret": ""}
    partners.change_partner(session, KEYS, made.id or 0, form(**kept, name="Other"))
    assert partners.access_of(session, KEYS, made.id or 0).secret == "geheim"
    assert made.host_key == HOST_KEY
    session.commit()
    for other in ({"host": "evil.example"}, {"port": 2222}, {"user": "other"}):
        with pytest.raises(FailureError, match="CREDENTIALS_MISSING"):
            partners.change_partner(session, KEYS, made.id or 0, form(**(kept | other)))
        session.rollback()
    partners.change_partner(session, KEYS, made.id or 0, form(**(SFTP | {"host": "new.example"})))
    assert made.host_key == ""
    with pytest.raises(FailureError, match="CREDENTIALS_MISSING"):
        partners.access_of(session, Keyring({"k2": bytes(32)}), made.id or 0)


@pytest.mark.parametrize("key", ["", "ssh-dss AAAA", "ssh-ed25519 <script>", "ssh-ed25519 AAAA\nssh-rsa AAAA"])
def test_what_is_no_key_of_a_server_is_not_pinned(session: Session, partner: Any, key: str) -> None:
    with pytest.raises(FailureError, match="KEY_INVALID"):
        partners.pin_host_key(session, partner.id, key)


def test_a_failure_stops_its_provider_until_it_is_mended_and_says_since_when(
    session: Session, partner: Any, shop: Any
) -> None:
    other = partners.create_partner(session, KEYS, form(code="FAST", folder="fast"))
    partners.note_failure(session, partner.id, Failure.of("SERVER_UNREACHABLE", host="h"))
    since = partner.failing_since
    assert partners.due_partners(session) == [other.id, partner.id]
    partners.note_failure(session, partner.id, Failure.of("LOGIN_REFUSED", host="h", user="u"))
    assert (partner.failing_since, partner.code_of_failure) == (since, "LOGIN_REFUSED")
    assert partners.due_partners(session) == [other.id]
    partners.try_again(session, partner.id)
    assert partners.due_partners(session) == [partner.id, other.id]
    partners.note_failure(session, partner.id, Failure.of("LOGIN_REFUSED", host="h", user="u"))
    partners.note_success(session, partner.id)
    assert (partner.code_of_failure, partner.failing_since) == ("", None) and partner.last_success_at is not None
    partners.set_active(session, partner.id, False)
    assert partners.due_partners(session) == [other.id]

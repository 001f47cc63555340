"""What is reported about orders: shipments with their parcels, and cancellations."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from canonical.feature import Feature
from canonical.push import OrderStatus, Outcome, PushAnswer, PushResult
from canonical.runs import RunRef
from canonical.settings import AdvancedSettings, ExportTrigger, ShipmentSettings
from erp import push
from erp.cancellation import cancel_lines, cancel_order, cancel_rest
from erp.returns import ReceivedLine, announce_return, receive_return
from erp.shipping import ParcelForm, ship_order
from erp.tables import Link, OrderLine
from tests.erp.order_life_kit import OrderKit
from tests.erp.push_kit import Channel

SHIPMENTS = RunRef(integration_id="shop-1", feature=Feature.SHIPMENTS)
PLAIN = AdvancedSettings()


def report(
    session: Session, run: str = "run-1", settings: ShipmentSettings | None = None, records: Sequence[str] = ()
) -> Any:
    """Collect reports and open them: what a channel would be told."""
    batch = push.collect(session, SHIPMENTS, run, settings or ShipmentSettings(), PLAIN, 100, records).batch_id
    return push.open_portion(session, batch, 100) if batch else []


def accept(items: Sequence[Any]) -> PushAnswer:
    return PushAnswer(results=tuple(PushResult(key=item.key, outcome=Outcome.ACCEPTED) for item in items))


@pytest.fixture
def shipped(session: Session, shop: Any) -> Any:
    """An order of two lines, one of them unknown to the shop, shipped in two parcels."""
    shop.article("A-1")
    shop.article("A-2")
    shop.stock(10, "A-1", "A-2")
    order = shop.order({"A-1": 3, "A-2": 1})
    session.execute(text("UPDATE sales_order_line SET line_ref = '' WHERE position = 2"))
    parcels = [ParcelForm(tracking_number="JD1"), ParcelForm(tracking_number="JD2", carrier="DPD")]
    ship_order(session, order.id, parcels, "jo")
    return order


def test_a_shipment_is_reported_with_parcels_and_the_lines_the_shop_knows(session: Session, shipped: Any) -> None:
    (status,) = report(session)
    assert (status.key, status.order_ref, status.order_number) == ("LS100001", "ext-1", "#1")
    assert status.kind == "shipped"
    assert status.completes_order
    assert [(p.tracking_number, p.carrier) for p in status.parcels] == [("JD1", "DHL"), ("JD2", "DPD")]
    assert [(line.line_ref, line.quantity) for line in status.lines] == [("l1-1", Decimal(3))]
    assert status.shipped_at.tzinfo
    assert not status.is_repeat


def without_tracking(session: Session, shop: Any) -> Any:
    return report(session, settings=ShipmentSettings(send_tracking=False))[0].parcels


def cancellations(session: Session, shop: Any) -> Any:
    return [(s.key, s.kind.value) for s in report(session, settings=ShipmentSettings(cancel_in_channel=True))]


SHIPMENT_CASES = {
    "send_tracking": (without_tracking, ()),
    "cancel_in_channel": (cancellations, [("LS100001", "shipped"), ("A2", "cancelled")]),
}


@pytest.mark.parametrize("name", SHIPMENT_CASES)
def test_each_shipment_setting_changes_what_is_reported(session: Session, shop: Any, shipped: Any, name: str) -> None:
    cancel_order(session, shop.order({"A-1": 1}).id, "jo")
    told, expected = SHIPMENT_CASES[name]
    with session.begin_nested() as savepoint:
        (status,) = report(session)
        assert [parcel.tracking_number for parcel in status.parcels] == ["JD1", "JD2"]
        savepoint.rollback()
    assert told(session, shop) == expected


def test_no_shipment_setting_is_without_a_case() -> None:
    assert set(SHIPMENT_CASES) == set(ShipmentSettings.model_fields)


def test_a_cancellation_that_is_not_wanted_loses_its_mark(session: Session, shop: Any) -> None:
    shop.article("A-1")
    cancel_order(session, shop.order({"A-1": 1}).id, "jo")
    assert report(session) == []
    assert session.exec(select(Link.dirty_at)).one() is None
    assert report(session, settings=ShipmentSettings(cancel_in_channel=True)) == []


def test_an_unanswered_report_is_repeated_as_such_and_the_others_are_not(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(10, "A-1")
    for _ in range(4):
        ship_order(session, shop.order({"A-1": 1}).id, [], "jo")
    batch = push.collect(session, SHIPMENTS, "dead", ShipmentSettings(), PLAIN, 100, ()).batch_id
    push.store_answer(session, batch, accept(push.open_portion(session, batch, 1)))
    push.open_portion(session, batch, 2)
    assert push.collect(session, SHIPMENTS, "alive", ShipmentSettings(), PLAIN, 100, ()).batch_id == batch
    portions: list[Any] = []
    while portion := push.open_portion(session, batch, 1):
        portions += portion
        push.store_answer(session, batch, accept(portion))
    assert [(s.key, s.is_repeat) for s in portions] == [("LS100002", True), ("LS100003", True), ("LS100004", False)]


def test_what_was_perhaps_reported_is_still_a_repeat_after_the_rest_was_settled(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(10, "A-1")
    for _ in range(3):
        ship_order(session, shop.order({"A-1": 1}).id, [], "jo")
    batch = push.collect(session, SHIPMENTS, "dead", ShipmentSettings(), PLAIN, 100, ()).batch_id
    push.store_answer(session, batch, accept(push.open_portion(session, batch, 1)))
    push.open_portion(session, batch, 1)
    push.settle(session, batch, "dead")
    rest = push.collect(session, SHIPMENTS, "alive", ShipmentSettings(), PLAIN, 100, ()).batch_id
    again: list[OrderStatus] = push.open_portion(session, rest, 10)  # type: ignore[assignment]
    assert [(s.key, s.is_repeat) for s in again] == [("LS100002", True), ("LS100003", False)]


@pytest.mark.parametrize("record", ["A1", "#1", "ext-1", "LS100001"])
def test_a_report_is_repeated_by_hand_by_any_of_its_numbers(session: Session, shipped: Any, record: str) -> None:
    batch = push.collect(session, SHIPMENTS, "run-1", ShipmentSettings(), PLAIN, 100, ()).batch_id
    push.store_answer(session, batch, accept(push.open_portion(session, batch, 10)))
    push.settle(session, batch, "run-1")
    assert session.exec(select(Link.sent_value)).one() == "shipped JD1, JD2"
    (status,) = report(session, "by-hand", records=[record])
    assert status.is_repeat, "some channels forbid to say it twice, so the connector looks first"


def test_a_merged_line_is_reported_as_the_channels_items_each_once(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(10, "A-1")
    order = shop.order({"A-1": 3})
    session.execute(text("UPDATE sales_order_line SET line_refs = '{i1,i2,i3}'"))
    line = session.execute(text("SELECT id FROM sales_order_line")).scalar_one()
    ship_order(session, order.id, [], "jo", lines={line: Decimal(2)})
    ship_order(session, order.id, [], "jo")
    told = [[(item.line_ref, item.quantity) for item in status.lines] for status in report(session)]
    assert told == [[("i1", 1), ("i2", 1)], [("i3", 1)]]


def test_a_sets_head_is_reported_when_all_its_components_have_left(session: Session, shop: Any) -> None:
    shop.article("SET", is_stock_article=False)
    part = shop.article("PART")
    shop.stock(10, "PART")
    order = shop.order({"SET": 1})
    head = session.execute(text("SELECT id FROM sales_order_line")).scalar_one()
    line = OrderLine(
        order_id=order.id, position=2, kind="component", parent_id=head, article_id=part.id, quantity=Decimal(2)
    )
    shop.add(line)
    ship_order(session, order.id, [], "jo", lines={line.id or 0: Decimal(1)})
    ship_order(session, order.id, [], "jo")
    told = [[(item.line_ref, item.quantity) for item in status.lines] for status in report(session)]
    assert told == [[], [("l1-1", 1)]], "the channel does not know the components"


def test_a_packed_shipment_is_told_to_nobody(session: Session, shipped: Any) -> None:
    session.execute(text("UPDATE shipment SET state = 'packed'"))
    assert report(session) == []
    assert report(session, "by-hand", records=["LS100001"]) == []


class Wide(ShipmentSettings):
    """The settings of connectors that are told more, or later."""

    cancel_in_channel: bool = True
    send_returns: bool = True
    export_trigger: ExportTrigger = ExportTrigger.EACH_SHIPMENT


@pytest.fixture
def kit(session: Session, shop: Any) -> OrderKit:
    made = OrderKit(session, shop)
    for number in ("A-1", "A-2"):
        shop.article(number)
    made.fill(10, "A-1", "A-2")
    return made


def wide(session: Session, **settings: Any) -> Channel:
    return Channel(session, Feature.SHIPMENTS, Wide(**settings))


def said(statuses: Sequence[Any]) -> list[tuple[str, bool, list[tuple[str, Decimal]]]]:
    return [
        (status.kind.value, status.completes_order, [(line.line_ref, line.quantity) for line in status.lines])
        for status in statuses
    ]


def come_back(session: Session, kit: Any, order: Any, number: str, quantity: int) -> str:
    line = kit.line(order, number)
    found = announce_return(session, order.id, {line: Decimal(quantity)}, "", "jo")
    assert wide(session).dirty() == set(), "what is announced is not here yet"
    received = {line: ReceivedLine(quantity=Decimal(quantity), warehouse="MAIN")}
    receive_return(session, found.id or 0, received, "jo")
    return found.number


def test_goods_that_came_back_are_reported_under_the_returns_number(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2, "A-2": 1})
    ship_order(session, order.id, [], "jo")
    channel = wide(session)
    channel.send()
    number = come_back(session, kit, order, "A-1", 2)
    (status,) = channel.send()
    assert (status.key, status.order_ref) == (number, "ext-1")
    assert said([status]) == [("returned", False, [("l1-1", 2)])]
    come_back(session, kit, order, "A-2", 1)
    assert said(channel.send()) == [("returned", True, [("l1-2", 1)])]
    assert channel.send() == []
    assert [status.key for status in channel.send(records=[number], run="by-hand")] == [number]


def test_returns_are_reported_only_where_the_settings_say_so(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2})
    ship_order(session, order.id, [], "jo")
    plain = Channel(session, Feature.SHIPMENTS, ShipmentSettings())
    plain.send()
    come_back(session, kit, order, "A-1", 1)
    assert plain.send() == []
    assert wide(session, send_returns=False).send() == []


def test_pieces_of_a_merged_line_come_back_each_once(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 3})
    session.execute(text("UPDATE sales_order_line SET line_refs = '{i1,i2,i3}' WHERE kind = 'article'"))
    ship_order(session, order.id, [], "jo")
    channel = wide(session)
    channel.send()
    come_back(session, kit, order, "A-1", 2)
    assert said(channel.send()) == [("returned", False, [("i1", 1), ("i2", 1)])]
    come_back(session, kit, order, "A-1", 1)
    assert said(channel.send()) == [("returned", True, [("i3", 1)])]


def test_a_part_that_is_cancelled_is_reported_with_its_lines(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 3, "A-2": 1})
    channel = wide(session)
    cancel_lines(session, order.id, {kit.line(order, "A-1"): Decimal(1)}, "jo")
    (status,) = channel.send()
    assert status.key == order.number
    assert said([status]) == [("cancelled", False, [("l1-1", 1)])]
    ship_order(session, order.id, [], "jo", lines={kit.line(order, "A-1"): Decimal(1)})
    channel.send()
    cancel_rest(session, order.id, "jo")
    told = {status.kind.value: status for status in channel.send()}
    assert said([told["cancelled"]]) == [("cancelled", False, [("l1-1", 2), ("l1-2", 1)])]
    assert told["cancelled"].is_repeat, "what was said before is looked up"
    assert told["shipped"].completes_order


def test_a_part_that_the_channel_cancelled_itself_is_not_told_back(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 3})
    cancel_lines(session, order.id, {kit.line(order, "A-1"): Decimal(1)}, "jo", tells_channel=False)
    assert wide(session).send() == []


def test_a_channel_that_wants_complete_orders_hears_of_all_shipments_at_the_end(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2})
    channel = wide(session, export_trigger=ExportTrigger.COMPLETED)
    ship_order(session, order.id, [], "jo", lines={kit.line(order, "A-1"): Decimal(1)})
    assert channel.send() == []
    assert channel.dirty() == set(), "nothing is looked at again and again meanwhile"
    ship_order(session, order.id, [], "jo")
    assert said(channel.send()) == [("shipped", False, [("l1-1", 1)]), ("shipped", True, [("l1-1", 1)])]
    assert channel.send() == []


def test_a_shipment_that_was_reported_is_not_marked_by_the_next_one(session: Session, kit: Any) -> None:
    order = kit.order({"A-1": 2})
    channel = wide(session)
    ship_order(session, order.id, [], "jo", lines={kit.line(order, "A-1"): Decimal(1)})
    assert len(channel.send()) == 1
    ship_order(session, order.id, [], "jo")
    assert len(channel.dirty()) == 1

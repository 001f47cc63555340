"""Auto-ship: which orders leave, in which order, in which parcels, and what is issued; counter sales and FBA at once."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from erp.autoship import ship_now, ship_released
from erp.fulfilment import settle_at_once
from erp.parcels import Packed, split
from erp.shipping import ship_order
from erp.tables import (
    Document,
    JournalEvent,
    Link,
    Mail,
    Order,
    OrderLine,
    Parcel,
    Project,
    Reservation,
    Shipment,
    ShipmentLine,
    StockLevel,
    Warehouse,
)

D = Decimal


def states(session: Session, *orders: Order) -> list[str]:
    for order in orders:
        session.refresh(order)
    return [order.fulfilment_state for order in orders]


def documents(session: Session, order: Order) -> list[str]:
    return sorted(session.exec(select(Document.kind).where(Document.order_id == order.id)))


def physical(session: Session, article: Any, warehouse: Any) -> Decimal:
    level = session.get(StockLevel, (article.id, warehouse.id), populate_existing=True)
    return level.physical if level else D(0)


# --- parcels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goods", "most", "weights"),
    [
        ([], None, []),
        ([(3, None)], D(10), [None]),
        ([(3, "4")], None, [D(12)]),
        ([(3, "4")], D(10), [D(8), D(4)]),
        ([(1, "6"), (1, "3"), (2, "4")], D(10), [D(10), D(7)]),
        ([(2, "12")], D(10), [D(12), D(12)]),
        ([(5, "4"), (1, None)], D(20), [D(20)]),
        ([("2.5", "4")], D(5), [D(4), D(4), D(2)]),
    ],
)
def test_goods_are_split_into_parcels_by_weight(goods: Any, most: Any, weights: Any) -> None:
    assert split([Packed(D(quantity), weight and D(weight)) for quantity, weight in goods], most) == weights


@settings(deadline=None)
@given(
    goods=st.lists(st.tuples(st.integers(1, 200), st.decimals("0.01", "10", places=2)), min_size=1, max_size=6),
    most=st.decimals("10", "40", places=1),
)
def test_no_parcel_is_too_heavy_and_nothing_is_left_behind(goods: Any, most: Decimal) -> None:
    weights = split([Packed(D(quantity), weight) for quantity, weight in goods], most)
    assert sum(weight or 0 for weight in weights) == sum(quantity * weight for quantity, weight in goods)
    assert all(weight is not None and 0 < weight <= most for weight in weights)


def test_a_heavy_order_leaves_in_several_numbered_parcels(session: Session, shop: Any) -> None:
    shop.article("A-1", weight=D(12))
    shop.dhl.max_parcel_weight = D(31)
    shop.stock(10, "A-1")
    order = shop.order({"A-1": 5})
    assert ship_released(session, 10).done == 1
    parcels = session.exec(select(Parcel).order_by(Parcel.id)).all()
    assert [parcel.weight for parcel in parcels] == [24, 24, 12]
    assert [parcel.tracking_number for parcel in parcels] == ["PK100001", "PK100002", "PK100003"]
    assert all(parcel.tracking_url.endswith(parcel.tracking_number) for parcel in parcels)
    assert states(session, order) == ["shipped"]
    params = session.exec(select(JournalEvent.params).where(JournalEvent.event == "shipped")).one()
    assert params["parcels"] == 3


# --- who ships, and from where ----------------------------------------------------------------------------------------


def test_the_fast_lane_goes_first_then_the_oldest(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(2, "A-1")
    first, second, fast = shop.order({"A-1": 1}), shop.order({"A-1": 1}), shop.order({"A-1": 1}, fast_lane=True)
    assert ship_released(session, 1).done == 1
    assert states(session, first, second, fast) == ["open", "open", "shipped"]
    assert ship_released(session, 10).done == 1
    assert states(session, first, second, fast) == ["shipped", "open", "shipped"]


def test_the_fast_lane_gets_the_last_pieces_within_a_batch(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(1, "A-1")
    older, fast = shop.order({"A-1": 1}), shop.order({"A-1": 1}, fast_lane=True)
    assert ship_released(session, 10).done == 1
    assert states(session, older, fast) == ["open", "shipped"]


@pytest.mark.parametrize("limit", [1, 10])
def test_what_is_reserved_for_an_older_order_is_not_taken_by_a_younger_one(
    session: Session, shop: Any, limit: int
) -> None:
    shop.article("A-1")
    shop.stock(3, "A-1")
    waiting = shop.order({"A-1": 2}, payment_state="open")
    too_many, enough = shop.order({"A-1": 2}, reserve=False), shop.order({"A-1": 1}, reserve=False)
    assert ship_released(session, limit).done == 1
    assert states(session, waiting, too_many, enough) == ["open", "open", "shipped"]


def test_goods_that_two_unreserved_orders_want_are_given_once(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    shop.stock(3, "A-1")
    kept = shop.order({"A-1": 1}, payment_state="open")
    first, second = shop.order({"A-1": 2}, reserve=False), shop.order({"A-1": 1}, reserve=False)
    assert ship_released(session, 10).done == 1
    assert states(session, kept, first, second) == ["open", "shipped", "open"]
    assert physical(session, article, shop.main) == 1


def test_nothing_is_taken_from_locked_warehouses_providers_and_marketplaces(session: Session, shop: Any) -> None:
    shop.article("A-1")
    for code, values in {
        "LOCK": {"is_locked": True},
        "PROV": {"kind": "provider"},
        "FBA": {"kind": "marketplace"},
    }.items():
        shop.add(Warehouse(code=code, name=code, **values))
        shop.stock(5, "A-1", warehouse=code)
    order = shop.order({"A-1": 1})
    assert ship_released(session, 10).done == 0
    shop.stock(1, "A-1", warehouse="OUTLET")
    assert ship_released(session, 10).done == 1
    assert session.exec(select(Shipment.warehouse_id)).one() == shop.outlet.id
    assert states(session, order) == ["shipped"]


def test_a_chosen_order_ships_now_only_if_it_is_ready(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(5, "A-1")
    ready, unpaid, other = shop.order({"A-1": 1}), shop.order({"A-1": 1}, payment_state="open"), shop.order({"A-1": 1})
    assert ship_now(session, [ready.id, unpaid.id], "jo") == 1
    assert states(session, ready, unpaid, other) == ["shipped", "open", "open"]
    assert session.exec(select(JournalEvent.actor).where(JournalEvent.event == "shipped")).one() == "jo"


# --- JIT --------------------------------------------------------------------------------------------------------------


def jit(session: Session, shop: Any) -> tuple[Order, OrderLine, list[OrderLine]]:
    """An order of one JIT set with two components."""
    shop.article("SET", is_stock_article=False)
    order = shop.order({"SET": 1})
    head = session.exec(select(OrderLine)).one()
    parts = [
        shop.add(
            OrderLine(
                order_id=order.id, position=2 + n, kind="component", parent_id=head.id, quantity=D(2),
                article_id=shop.article(f"PART-{n}").id,
            )
        )
        for n in range(2)
    ]  # fmt: skip
    shop.stock(9, "PART-0", "PART-1")
    return order, head, parts


def test_a_sets_head_counts_as_shipped_with_its_last_component(session: Session, shop: Any) -> None:
    order, head, parts = jit(session, shop)
    first = ship_order(session, order.id, [], "jo", lines={parts[0].id: D(2)})
    assert states(session, order) == ["partial"]
    session.refresh(head)
    assert head.shipped == 0
    second = ship_order(session, order.id, [], "jo")
    session.refresh(head)
    assert (head.shipped, states(session, order)) == (1, ["shipped"])
    rows = session.exec(select(ShipmentLine.shipment_id).where(ShipmentLine.order_line_id == head.id)).all()
    assert rows == [second.id]
    assert not first.completes_order


# --- documents --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ("standard", ["delivery_note", "invoice", "pick_list"]),
        ("invoice_and_delivery_note", ["delivery_note", "invoice", "pick_list"]),
        ("delivery_note", ["delivery_note", "pick_list"]),
        ("invoice", ["invoice", "pick_list"]),
    ],
)
def test_the_setting_documents_of_auto_ship_decides_what_is_issued(
    session: Session, shop: Any, wanted: str, kinds: list[str]
) -> None:
    shop.article("A-1")
    shop.stock(5, "A-1")
    order = shop.order({"A-1": 1}, autoship_documents=wanted)
    assert ship_released(session, 10).done == 1
    assert documents(session, order) == kinds


def test_a_project_that_does_not_invoice_by_itself_gets_no_invoice(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(5, "A-1")
    shop.project.invoices_by_itself = False
    order = shop.order({"A-1": 1})
    assert ship_released(session, 10).done == 1
    assert documents(session, order) == ["delivery_note", "pick_list"]


def test_a_part_gets_a_delivery_note_and_the_invoice_comes_when_the_order_is_complete(
    session: Session, shop: Any
) -> None:
    shop.article("A-1")
    shop.stock(5, "A-1")
    order = shop.order({"A-1": 3})
    line = session.exec(select(OrderLine)).one()
    ship_order(session, order.id, [], "jo", lines={line.id: D(1)})
    assert documents(session, order) == ["delivery_note"]
    ship_order(session, order.id, [], "jo")
    assert documents(session, order) == ["delivery_note", "delivery_note", "invoice"]


@pytest.mark.parametrize(
    ("mails", "email", "count"), [(True, "jo@x.example", 1), (True, "", 0), (False, "jo@x.example", 0)]
)
def test_the_buyer_gets_a_mail_about_the_shipment_where_the_project_says_so(
    session: Session, shop: Any, mails: bool, email: str, count: int
) -> None:
    shop.article("A-1")
    shop.stock(5, "A-1")
    shop.project.mails_shipments = mails
    shop.order({"A-1": 1}, billing={"email": email})
    ship_released(session, 10)
    assert len(session.exec(select(Mail).where(Mail.kind == "shipment")).all()) == count


# --- counter sales and orders that the channel fulfils ----------------------------------------------------------------


def test_a_counter_sale_moves_stock_and_is_invoiced_at_once(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    shop.stock(5, "A-1")
    order = shop.order({"A-1": 2}, is_pos=True)
    settle_at_once(session, [order.id])
    settle_at_once(session, [order.id])
    assert states(session, order) == ["shipped"]
    assert physical(session, article, shop.main) == 3
    assert documents(session, order) == ["delivery_note", "invoice"]
    assert session.exec(select(Parcel)).all() == []
    assert session.exec(select(Reservation)).all() == []


def test_a_counter_sale_without_stock_in_the_books_is_held_and_ships_when_released(session: Session, shop: Any) -> None:
    shop.article("A-1")
    order = shop.order({"A-1": 2}, is_pos=True)
    settle_at_once(session, [order.id])
    assert states(session, order) == ["open"]
    assert (order.holds, documents(session, order)) == (["stock_missing"], [])
    shop.stock(2, "A-1")
    assert ship_released(session, 10).done == 0
    order.holds = []
    session.flush()
    assert ship_released(session, 10).done == 1
    assert states(session, order) == ["shipped"]
    assert session.exec(select(Parcel)).all() == []


def test_an_order_that_the_channel_fulfils_only_gets_an_invoice(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    shop.stock(5, "A-1")
    order = shop.order({"A-1": 2}, fulfilled_by="channel")
    settle_at_once(session, [order.id])
    assert states(session, order) == ["shipped"]
    assert physical(session, article, shop.main) == 5, "nothing is picked"
    assert session.exec(select(Reservation)).all() == []
    assert session.exec(select(OrderLine.shipped)).one() == 2
    assert session.exec(select(Shipment)).all() == []
    assert session.exec(select(Link).where(Link.kind == "shipments")).all() == [], "the channel knows"
    assert documents(session, order) == ["invoice"]


def test_an_order_on_hold_is_settled_when_the_hold_is_lifted(session: Session, shop: Any) -> None:
    shop.article("A-1")
    order = shop.order({"A-1": 2}, fulfilled_by="channel", holds=["total_difference"])
    settle_at_once(session, [order.id])
    assert ship_released(session, 10).done == 0
    assert documents(session, order) == []
    order.holds = []
    session.flush()
    assert ship_released(session, 10).done == 1
    assert documents(session, order) == ["invoice"]


def test_mixed_orders_of_one_batch_run_each_their_right_way(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    shop.stock(6, "A-1")
    ours = [shop.order({"A-1": 1}) for _ in range(2)]
    theirs = [shop.order({"A-1": 1}, fulfilled_by="channel") for _ in range(2)]
    counter = [shop.order({"A-1": 1}, is_pos=True) for _ in range(2)]
    settle_at_once(session, [order.id for order in (*ours, *theirs, *counter)])
    assert states(session, *ours) == ["open"] * 2
    assert states(session, *theirs, *counter) == ["shipped"] * 4
    assert ship_released(session, 10).done == 2
    assert states(session, *ours) == ["shipped"] * 2
    assert physical(session, article, shop.main) == 2
    assert {tuple(documents(session, order)) for order in ours} == {("delivery_note", "invoice", "pick_list")}
    assert {tuple(documents(session, order)) for order in theirs} == {("invoice",)}
    assert {tuple(documents(session, order)) for order in counter} == {("delivery_note", "invoice")}
    assert len(session.exec(select(Parcel)).all()) == 2
    numbers = session.execute(text("SELECT number FROM document WHERE kind = 'invoice' ORDER BY id")).scalars().all()
    assert [int(number[-6:]) for number in numbers] == list(range(100001, 100007)), "one range, no gap"


def test_two_shippers_of_two_projects_do_not_block_each_other_for_ever(
    engine: Engine, session: Session, shop: Any
) -> None:
    shop.article("A-1")
    shop.stock(100, "A-1")
    other = shop.add(Project(code="B", name="B", issuer=shop.project.issuer))
    for n in range(40):
        shop.order({"A-1": 1}, project_id=(shop.project.id, other.id)[n % 2])
    session.commit()
    failures: list[BaseException] = []

    def ship() -> None:
        try:
            with Session(engine) as own:
                while ship_released(own, 3).done:
                    own.commit()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=ship) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert session.execute(text("SELECT count(*) FROM document WHERE kind = 'invoice'")).scalar_one() == 40

"""Traffic lights: one test per light, and the database's queue says the same as the pure function for any order."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from canonical.codes import CODES
from erp.autoship import ship_now
from erp.stock import Movement, Reason, post_movements
from erp.tables import (
    Order,
    OrderLine,
    Partner,
    PartnerOrder,
    PaymentMethod,
    Reservation,
    ShippingMethod,
    Warehouse,
)
from erp.traffic_lights import OPEN, QUEUES, Facts, Light, facts_of, lights, queue_of, sql
from tests.erp.conftest import ADDRESS

GREEN = Facts(
    order_id=1, is_cancelled=False, fulfilled_by="merchant", fulfilment_state="open", payment_state="paid",
    ships_unpaid=False, paid=Decimal(10), total=Decimal(10), currency="EUR", has_goods=True, goods="here", lacking="",
    at_provider=False, needs_address=True, has_address=True, has_vat_id=True, has_rate=True, customer_locked=False,
    lock_reason="", project="Shop", project_ships=True, holds=(), autoship=True, method="DHL", has_folder=True, heavy="",
)  # fmt: skip

CASES = [
    ({"is_cancelled": True}, "fulfils", "ORDER_CANCELLED", "person"),
    ({"fulfilled_by": "channel"}, "fulfils", "CHANNEL_SHIPS", "person"),
    ({"fulfilment_state": "partial"}, "fulfils", "STARTED_BY_HAND", "person"),
    ({"fulfilment_state": "packed"}, "fulfils", "ALREADY_LEFT", "person"),
    ({"at_provider": True}, "fulfils", "AT_PROVIDER", "provider"),
    ({"payment_state": "open", "paid": Decimal("2.50")}, "paid", "PAYMENT_OPEN", "payment"),
    ({"payment_state": "refunded"}, "paid", "PAYMENT_REFUNDED", "person"),
    ({"goods": "missing"}, "stock", "GOODS_MISSING", "stock"),
    ({"goods": "reserved"}, "stock", "GOODS_RESERVED", "stock"),
    ({"goods": "spread"}, "stock", "GOODS_SPREAD", "stock"),
    ({"goods": "provider"}, "stock", "GOODS_AT_PROVIDER", "provider"),
    ({"has_address": False}, "address", "ADDRESS_LACKS", "person"),
    ({"has_vat_id": False}, "tax", "VAT_ID_MISSING", "person"),
    ({"has_rate": False}, "tax", "CURRENCY_RATE_MISSING", "person"),
    ({"customer_locked": True}, "customer", "CUSTOMER_LOCKED", "person"),
    ({"project_ships": False}, "project", "PROJECT_WITHOUT_AUTOSHIP", "person"),
    ({"holds": ("total_difference",)}, "hold", "ORDER_ON_HOLD", "person"),
    ({"autoship": False}, "autoship", "AUTOSHIP_OFF", "person"),
    ({"method": ""}, "label", "SHIPPING_METHOD_MISSING", "person"),
    ({"has_folder": False}, "label", "LABEL_FOLDER_MISSING", "person"),
    ({"heavy": "A-1"}, "label", "PIECE_TOO_HEAVY", "person"),
]


def changed(**values: Any) -> Facts:
    return Facts(**({name: getattr(GREEN, name) for name in Facts.__dataclass_fields__} | values))


def shown(found: tuple[Light, ...]) -> list[tuple[str, str]]:
    """The lights that are not green, with their codes."""
    return [(light.name, light.reason.code) for light in found if light.reason]


def test_an_order_with_nothing_against_it_is_green_and_ready() -> None:
    assert shown(lights(GREEN)) == []
    assert queue_of(lights(GREEN)) == "ready"


@pytest.mark.parametrize(("values", "name", "code", "queue"), CASES, ids=[case[2] for case in CASES])
def test_each_reason_turns_its_own_light_and_says_what_is_waited_for(
    values: Any, name: str, code: str, queue: str
) -> None:
    found = lights(changed(**values))
    assert shown(found) == [(name, code)]
    assert queue_of(found) == queue
    reason = next(light.reason for light in found if light.reason)
    assert "{" not in reason.text("de") + reason.text("en"), "every value that the text names is there"
    assert CODES[code].hint_de


@pytest.mark.parametrize(
    "values",
    [
        {"payment_state": "open", "ships_unpaid": True},
        {"needs_address": False, "has_address": False},
        {"has_goods": False, "method": "", "heavy": "A-1"},
    ],
)
def test_what_an_order_does_not_need_does_not_stop_it(values: Any) -> None:
    assert queue_of(lights(changed(**values))) == "ready"


def test_a_person_comes_before_money_and_money_before_goods() -> None:
    waits = {"payment_state": "open", "goods": "missing"}
    assert queue_of(lights(changed(**waits, autoship=False))) == "person"
    assert queue_of(lights(changed(**waits))) == "payment"


def queues(session: Session, wanted: str = "true") -> dict[int, str]:
    """What the database says about each order."""
    return {row.order_id: row.queue for row in session.execute(text(sql(wanted, "SELECT order_id, queue FROM queued")))}


ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "quantity": st.integers(0, 3),
            "article": st.sampled_from(["A-1", "A-2", "HEAVY", "SERVICE"]),
            "reserve": st.booleans(),
            "payment": st.sampled_from(["paid", "open", "partial", "refunded"]),
            "method": st.sampled_from(["paypal", "invoice", None]),
            "shipping": st.sampled_from(["dhl", "pickup", "file", "nowhere", None]),
            "delivery": st.sampled_from([None, {}, {"company": "X", "street": "S 1", "city": "C", "country": "D"}]),
            "odd": st.sampled_from(
                [{}] * 6
                + [
                    {"autoship": False}, {"holds": ["X"]}, {"is_cancelled": True}, {"fulfilled_by": "channel"},
                    {"fulfilment_state": "partial"}, {"fulfilment_state": "packed"}, {"is_pos": True},
                    {"tax_kind": "reverse_charge"}, {"tax_kind": "reverse_charge", "vat_id": "ATU1"},
                    {"currency": "CHF"}, {"currency": "CHF", "exchange_rate": Decimal("0.95")}, {"fast_lane": True},
                ]
            ),
            "partner": st.sampled_from([None] * 5 + ["waiting", "withdrawn", "handed_over"]),
        }
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip
WORLDS = st.fixed_dictionaries(
    {
        "stock": st.fixed_dictionaries(
            {place: st.integers(0, 4) for place in ("MAIN", "OUTLET", "LOCKED", "PROVIDER", "FBA")}
        ),
        "customer_locked": st.sampled_from([False, False, False, True]),
        "autoship_allowed": st.sampled_from([True, True, True, False]),
    }
)


Ids = dict[Any, Any]


@pytest.fixture
def known(session: Session, shop: Any) -> dict[str, Ids]:
    """What every world has alike, made once: articles, places, methods and a partner; the ids by name."""
    values: dict[str, Any] = {
        "A-1": {},
        "A-2": {"weight": 1},
        "HEAVY": {"weight": 50},
        "SERVICE": {"is_stock_article": False},
    }
    articles = {number: shop.article(number, **each).id for number, each in values.items()}
    shop.add(Warehouse(code="LOCKED", name="Locked", is_locked=True))
    shop.add(Warehouse(code="PROVIDER", name="Provider", kind="provider"))
    shop.add(Warehouse(code="FBA", name="Marketplace", kind="marketplace"))
    shop.dhl.max_parcel_weight = Decimal(31)
    methods: Ids = {"dhl": shop.dhl.id, "pickup": shop.pickup.id, None: None}
    for code, folder in (("file", "carrier"), ("nowhere", "")):
        row = shop.add(ShippingMethod(code=code, name=code, adapter="file", adapter_folder=folder))
        methods[code] = row.id
    payments: Ids = {"paypal": shop.paypal.id, "invoice": shop.invoice.id, None: None}
    others: Ids = {"partner": shop.add(Partner(code="P", name="Provider")).id, "main": shop.main.id}
    others |= {"project": shop.project.id, "customer": shop.customer.id}
    return {"articles": articles, "methods": methods, "payments": payments, "others": others}


def build(session: Session, known: dict[str, Ids], world: Any, orders: Any) -> None:
    """Make a world and its orders, each table's rows in one statement: a statement per row is most of such a test's time."""
    goods = [
        Movement(number, place, Decimal(quantity), Reason.RECEIPT, "goods")
        for place, quantity in world["stock"].items()
        if quantity
        for number in ("A-1", "A-2", "HEAVY")
    ]
    post_movements(session, goods)
    session.execute(text("UPDATE customer SET is_locked = :customer_locked"), world)
    session.execute(text("UPDATE project SET autoship_allowed = :autoship_allowed"), world)
    made = [Order(**order_values(known, number, each)) for number, each in enumerate(orders)]
    session.add_all(made)
    session.flush()
    lines = [line for order, each in zip(made, orders, strict=True) for line in lines_of(known, order.id, each)]
    session.add_all(lines)
    session.flush()
    reserving = {order.id for order, each in zip(made, orders, strict=True) if each["reserve"]}
    stocked = set(known["articles"].values()) - {known["articles"]["SERVICE"]}
    session.add_all(
        Reservation(order_line_id=line.id, order_id=line.order_id, article_id=line.article_id, quantity=line.quantity)
        for line in lines
        if line.order_id in reserving and line.article_id in stocked
    )
    partner, main = known["others"]["partner"], known["others"]["main"]
    session.add_all(
        PartnerOrder(order_id=order.id, partner_id=partner, warehouse_id=main, state=each["partner"])
        for order, each in zip(made, orders, strict=True)
        if each["partner"]
    )
    session.flush()


def order_values(known: dict[str, Ids], number: int, each: Any) -> dict[str, Any]:
    """An order's row, as the shop of `conftest.py` makes it, with what was drawn."""
    return {
        "number": f"A{number}", "integration_id": "shop-1", "external_id": f"ext-{number}",
        "external_number": f"#{number}", "project_id": known["others"]["project"],
        "customer_id": known["others"]["customer"], "currency": "EUR", "payment_state": each["payment"],
        "payment_method_id": known["payments"][each["method"]],
        "shipping_method_id": known["methods"][each["shipping"]],
        "delivery": ADDRESS if each["delivery"] is None else each["delivery"],
    } | each["odd"]  # fmt: skip


def lines_of(known: dict[str, Ids], order_id: int | None, each: Any) -> list[OrderLine]:
    """An order's lines: the drawn article, and a piece of A-1 where the order keeps its goods."""
    goods = {each["article"]: each["quantity"]} if each["quantity"] else {}
    wanted = goods | {"A-1": 1} if each["reserve"] else goods
    return [
        OrderLine(
            order_id=order_id, position=position, kind="article", article_id=known["articles"][number],
            line_ref=f"l{order_id}-{position}", title=f"Article {number}", quantity=Decimal(quantity),
        )
        for position, (number, quantity) in enumerate(wanted.items(), 1)
    ]  # fmt: skip


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=WORLDS, orders=ORDERS)
def test_the_database_and_the_lights_say_the_same_of_any_order(
    session: Session, known: dict[str, Ids], world: Any, orders: Any
) -> None:
    with session.begin_nested() as savepoint:
        build(session, known, world, orders)
        said = queues(session)
        facts = facts_of(session, list(said))
        assert {order_id: queue_of(lights(facts[order_id])) for order_id in said} == said
        assert set(said.values()) <= set(QUEUES)
        shown_on_page = queues(session, OPEN)
        assert shown_on_page == {key: said[key] for key in shown_on_page}
        ready = [order_id for order_id, queue in said.items() if queue == "ready"]
        first = ready[:1] or list(said)[:1]
        assert ship_now(session, first, "jo") == len(ready[:1]), "what is ready ships, and nothing else does"
        savepoint.rollback()
    session.expire_all()


@pytest.mark.parametrize(
    ("places", "goods", "queue"),
    [
        ({"MAIN": 3}, "here", "ready"),
        ({"LOCKED": 3}, "missing", "stock"),
        ({"FBA": 3}, "missing", "stock"),
        ({"PROVIDER": 3}, "provider", "provider"),
        ({"PROVIDER": 3, "OUTLET": 3}, "here", "ready"),
        ({"MAIN": 2, "OUTLET": 1}, "spread", "stock"),
        ({"MAIN": 2}, "missing", "stock"),
    ],
)
def test_where_the_goods_lie_decides_who_ships_them(
    session: Session, shop: Any, places: dict[str, int], goods: str, queue: str
) -> None:
    shop.add(Warehouse(code="LOCKED", name="Locked", is_locked=True))
    shop.add(Warehouse(code="PROVIDER", name="Provider", kind="provider"))
    shop.add(Warehouse(code="FBA", name="Marketplace", kind="marketplace"))
    shop.article("A-1")
    for place, quantity in places.items():
        shop.stock(quantity, "A-1", warehouse=place)
    order = shop.order({"A-1": 3})
    assert facts_of(session, [order.id])[order.id].goods == goods
    assert queues(session) == {order.id: queue}
    assert ship_now(session, [order.id], "jo") == (queue == "ready")


def test_goods_kept_for_another_order_are_not_there_for_this_one(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.stock(3, "A-1")
    kept, other = shop.order({"A-1": 2}, payment_state="open"), shop.order({"A-1": 2}, reserve=False)
    found = facts_of(session, [kept.id, other.id])
    assert (found[kept.id].goods, found[other.id].goods) == ("here", "reserved")
    assert found[other.id].lacking == "A-1"


def test_components_count_as_goods_and_a_head_does_not(session: Session, shop: Any) -> None:
    shop.article("SET", is_stock_article=False)
    part = shop.article("PART")
    order = shop.order({"SET": 1})
    head = session.get(OrderLine, session.execute(text("SELECT max(id) FROM sales_order_line")).scalar_one())
    assert head is not None
    shop.add(
        OrderLine(
            order_id=order.id, position=2, kind="component", parent_id=head.id, article_id=part.id, quantity=Decimal(2)
        )
    )
    assert queues(session) == {order.id: "stock"}
    shop.stock(2, "PART")
    assert queues(session) == {order.id: "ready"}


def test_what_was_cancelled_is_no_longer_waited_for(session: Session, shop: Any) -> None:
    shop.article("A-1")
    order = shop.order({"A-1": 3}, reserve=False)
    shop.stock(1, "A-1")
    assert queues(session) == {order.id: "stock"}
    session.execute(text("UPDATE sales_order_line SET cancelled = 2"))
    assert queues(session) == {order.id: "ready"}


def test_facts_of_many_orders_are_one_statement(session: Session, shop: Any) -> None:
    shop.article("A-1")
    ids = [shop.order({"A-1": 1}).id for _ in range(20)]
    assert set(facts_of(session, ids)) == set(ids)


def test_master_data_that_is_missing_is_no_error(session: Session, shop: Any) -> None:
    shop.add(PaymentMethod(code="later", name="Later"))
    order = shop.order({}, payment_method_id=None, shipping_method_id=None, delivery={})
    assert isinstance(order, Order)
    assert queues(session) == {order.id: "ready"}

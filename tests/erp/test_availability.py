"""The quantity that a channel may sell: every part of the formula, every override of one shop, sets made of components."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlmodel import Session

from canonical.failure import FailureError
from canonical.settings import StockSettings
from erp.availability import available, computed, traps, warnings
from erp.stock import Movement, Reason, post_movements
from erp.tables import Article, ArticleOption, Component, Integration, OrderLine

MAIN = StockSettings(warehouses=frozenset({"MAIN"}))
PSEUDO = MAIN.model_copy(update={"use_pseudo_stock": True})
NUMBERS = "INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category," \
    " is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted, syncs_stock," \
    " stock_correction) SELECT 'N' || n, 'n', '', 'simple', '', '', '', 'normal'," \
    " true, false, false, false, false, false, false, true, 0 FROM generate_series(1, 100000) n"  # fmt: skip


def receive(session: Session, article: str, quantity: Any, warehouse: str = "MAIN") -> None:
    post_movements(session, [Movement(article, warehouse, Decimal(quantity), Reason.RECEIPT, f"r{quantity}")])


def offered(session: Session, article: Article, said: StockSettings = MAIN, integration: str = "shop-1") -> int:
    assert article.id is not None
    return available(session, said, [article.id], integration)[article.id]


def stocked(session: Session, shop: Any) -> int:
    """Ten pieces in MAIN and four in OUTLET; an open order of three, of which two are reserved; safety stock one and a half."""
    article = shop.article("A-1", stock_correction=Decimal("-1.5"), pseudo_stock=Decimal(77))
    receive(session, "A-1", 10)
    receive(session, "A-1", 4, "OUTLET")
    shop.order({"A-1": 2})
    shop.order({"A-1": 1}, reserve=False)
    shop.order({"A-1": 100}, reserve=False, is_cancelled=True)
    shop.order({"A-1": 100}, reserve=False, fulfilment_state="shipped")
    shop.order({"A-1": 100}, reserve=False, fulfilled_by="channel")
    assert article.id is not None
    return int(article.id)


CODES = frozenset({"MAIN"})
CASES: dict[str, tuple[StockSettings, int]] = {
    "warehouses": (StockSettings(warehouses=frozenset({"MAIN", "OUTLET"})), 14),
    "subtract_reservations": (StockSettings(warehouses=CODES, subtract_reservations=True), 8),
    "subtract_open_orders": (StockSettings(warehouses=CODES, subtract_open_orders=True), 7),
    "apply_correction": (StockSettings(warehouses=CODES, apply_correction=True), 8),
    "use_pseudo_stock": (StockSettings(warehouses=CODES, use_pseudo_stock=True), 77),
}


@pytest.mark.parametrize("name", CASES)
def test_each_stock_setting_changes_what_may_be_sold(session: Session, shop: Any, name: str) -> None:
    article_id = stocked(session, shop)
    changed, quantity = CASES[name]
    assert available(session, MAIN, None, "shop-1") == {article_id: 10}
    assert available(session, changed, [article_id], "shop-1") == {article_id: quantity}


def test_no_stock_setting_is_without_a_case() -> None:
    assert set(CASES) == set(StockSettings.model_fields)


def test_all_settings_work_together(session: Session, shop: Any) -> None:
    article_id = stocked(session, shop)
    everything = StockSettings(
        warehouses=CODES, subtract_reservations=True, subtract_open_orders=True, apply_correction=True
    )
    assert available(session, everything, None, "shop-1") == {article_id: 3}  # 10 - 2 - 3 - 1.5, rounded down


def test_of_an_open_line_only_what_is_neither_shipped_nor_cancelled_is_taken_off(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    receive(session, "A-1", 20)
    shop.order({"A-1": 10}, reserve=False, fulfilment_state="partial")
    session.execute(text("UPDATE sales_order_line SET shipped = 3, cancelled = 2"))
    assert offered(session, article, MAIN.model_copy(update={"subtract_open_orders": True})) == 15


def test_the_components_of_an_ordered_set_are_open_orders_too(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    receive(session, "A-1", 20)
    order = shop.order({})
    shop.add(OrderLine(order_id=order.id, position=1, kind="component", article_id=article.id, quantity=Decimal(4)))
    assert offered(session, article, MAIN.model_copy(update={"subtract_open_orders": True})) == 16


def test_a_quantity_is_never_negative_and_an_article_without_stock_has_none(session: Session, shop: Any) -> None:
    empty, promised = shop.article("A-1"), shop.article("A-2")
    receive(session, "A-2", 1)
    shop.order({"A-2": 4})
    reserved = MAIN.model_copy(update={"subtract_reservations": True, "use_pseudo_stock": True})
    assert available(session, reserved, None, "shop-1") == {empty.id: 0, promised.id: 0}


def test_without_a_warehouse_or_with_an_unknown_one_nothing_is_computed(session: Session, shop: Any) -> None:
    with pytest.raises(FailureError, match="NO_WAREHOUSE"):
        available(session, StockSettings(), None, "shop-1")
    with pytest.raises(FailureError, match="SETTINGS_INCOMPLETE"):
        available(session, StockSettings(warehouses=frozenset({"MAIN", "GONE"})), None, "shop-1")


OVERRIDES: dict[str, tuple[dict[str, Any], dict[str, Any], StockSettings, int, int]] = {
    "inactive at the article": ({"is_inactive": True}, {}, MAIN, 0, 0),
    "inactive in one shop": ({}, {"is_inactive": True}, MAIN, 0, 10),
    "active in one shop": ({"is_inactive": True}, {"is_inactive": False}, MAIN, 10, 0),
    "inactive goes before pseudo stock": ({"pseudo_stock": Decimal(5)}, {"is_inactive": True}, PSEUDO, 0, 5),
    "pseudo stock of one shop": ({"pseudo_stock": Decimal(5)}, {"pseudo_stock": Decimal(7)}, PSEUDO, 7, 5),
    "pseudo stock without the setting": ({}, {"pseudo_stock": Decimal(7)}, MAIN, 10, 10),
    "correction of one shop": (
        {"stock_correction": Decimal(-1)},
        {"stock_correction": Decimal(-4)},
        MAIN.model_copy(update={"apply_correction": True}),
        6,
        9,
    ),
    "no correction in one shop": (
        {"stock_correction": Decimal(-1)},
        {"stock_correction": Decimal(0)},
        MAIN.model_copy(update={"apply_correction": True}),
        10,
        9,
    ),
    "remaining stock is not offered beyond what is there": (
        {"pseudo_stock": Decimal(99)},
        {"remaining_stock_only": True},
        PSEUDO,
        10,
        99,
    ),
    "remaining stock may be hidden": (
        {"remaining_stock_only": True, "pseudo_stock": Decimal(0)},
        {"remaining_stock_only": False},
        PSEUDO,
        0,
        0,
    ),
    "remaining stock without pseudo stock": ({"remaining_stock_only": True}, {}, PSEUDO, 10, 10),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_what_is_said_for_one_shop_goes_before_the_article_and_leaves_the_other_shop_alone(
    session: Session, shop: Any, name: str
) -> None:
    of_article, of_shop, said, here, there = OVERRIDES[name]
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    article = shop.article("A-1", **of_article)
    receive(session, "A-1", 10)
    shop.add(ArticleOption(article_id=article.id, integration_id="shop-1", **of_shop))
    assert offered(session, article, said) == here
    assert offered(session, article, said, "shop-2") == there


def kit(session: Session, shop: Any, **values: Any) -> Article:
    """Two of A and half a metre of B make one set: of 9 A and 3.2 B come four sets."""
    a, b = shop.article("A"), shop.article("B", allows_decimals=True)
    receive(session, "A", 9)
    receive(session, "B", "3.2")
    head: Article = shop.article("KIT", kind="jit", is_stock_article=False, **values)
    for part, quantity in ((a, "2"), (b, "0.5")):
        shop.add(Component(article_id=head.id, component_id=part.id, quantity=Decimal(quantity)))
    return head


def test_a_set_is_offered_as_often_as_its_scarcest_component_allows(session: Session, shop: Any) -> None:
    head = kit(session, shop)
    assert offered(session, head) == 4
    receive(session, "A", 100)
    assert offered(session, head) == 6


def test_a_set_loses_what_is_reserved_of_its_components(session: Session, shop: Any) -> None:
    head = kit(session, shop)
    shop.order({"A": 4})
    assert offered(session, head, MAIN.model_copy(update={"subtract_reservations": True})) == 2
    assert (
        available(session, MAIN.model_copy(update={"subtract_reservations": True}), None, "shop-1")[head.id or 0] == 2
    )


def test_a_set_counts_the_safety_stock_of_its_components_and_its_own(session: Session, shop: Any) -> None:
    head = kit(session, shop, stock_correction=Decimal(-1))
    session.execute(text("UPDATE article SET stock_correction = -2 WHERE number = 'A'"))
    assert offered(session, head, MAIN.model_copy(update={"apply_correction": True})) == 2  # (9 - 2) / 2 - 1


def test_the_pseudo_stock_of_a_component_is_nothing_that_can_be_packed(session: Session, shop: Any) -> None:
    head = kit(session, shop)
    session.execute(text("UPDATE article SET pseudo_stock = 1000 WHERE number IN ('A', 'B')"))
    assert offered(session, head, PSEUDO) == 4
    session.execute(text("UPDATE article SET pseudo_stock = 8 WHERE number = 'KIT'"))
    assert offered(session, head, PSEUDO) == 8


@pytest.mark.parametrize("change", ["is_stock_article = false", "is_deleted = true"])
def test_a_component_that_cannot_be_packed_makes_no_set(session: Session, shop: Any, change: str) -> None:
    head = kit(session, shop)
    session.execute(text(f"UPDATE article SET {change} WHERE number = 'B'"))
    assert offered(session, head) == 0


def test_a_set_without_components_or_without_stock_of_one_is_not_offered(session: Session, shop: Any) -> None:
    head = kit(session, shop)
    assert offered(session, shop.article("EMPTY", kind="jit", is_stock_article=False)) == 0
    shop.add(Component(article_id=head.id, component_id=shop.article("C").id, quantity=Decimal(1)))
    assert offered(session, head) == 0


def test_a_bundle_with_stock_of_its_own_is_counted_by_that(session: Session, shop: Any) -> None:
    head = kit(session, shop)
    session.execute(text("UPDATE article SET kind = 'bundle', is_stock_article = true WHERE number = 'KIT'"))
    receive(session, "KIT", 2)
    assert offered(session, head) == 2


PARTS = st.lists(
    st.tuples(st.integers(0, 3), st.decimals("0.25", 4, places=2)), min_size=1, max_size=4, unique_by=lambda p: p[0]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stock=st.lists(st.decimals(0, 40, places=2), min_size=4, max_size=4), parts=PARTS)
def test_so_many_sets_can_be_packed_and_not_one_more(
    session: Session, shop: Any, stock: list[Decimal], parts: list[tuple[int, Decimal]]
) -> None:
    with session.begin_nested() as nested:
        articles = [shop.article(f"C{n}") for n in range(4)]
        head = shop.article("SET", kind="jit", is_stock_article=False)
        for article, quantity in zip(articles, stock, strict=True):
            receive(session, article.number, quantity)
        for n, quantity in parts:
            shop.add(Component(article_id=head.id, component_id=articles[n].id, quantity=quantity))
        sets = offered(session, head)
        nested.rollback()
    assert all(sets * quantity <= stock[n] for n, quantity in parts)
    assert any((sets + 1) * quantity > stock[n] for n, quantity in parts)


def test_subtracting_twice_is_warned_of_only_where_orders_are_reserved_by_themselves(
    session: Session, shop: Any
) -> None:
    both = StockSettings(warehouses=CODES, subtract_reservations=True, subtract_open_orders=True)
    assert warnings(both, projects_reserve=True) == ["SUBTRACTED_TWICE"]
    assert warnings(both, projects_reserve=False) == []
    assert warnings(StockSettings(), projects_reserve=True) == ["NO_WAREHOUSE"]
    assert traps(session, both) == ["SUBTRACTED_TWICE"]
    session.execute(text("UPDATE project SET reserves_stock = false"))
    assert traps(session, both) == []


def test_a_few_articles_are_looked_up_and_the_others_not_read(session: Session, shop: Any) -> None:
    session.execute(text(NUMBERS))
    session.execute(text("INSERT INTO stock_level SELECT id, :main, 5 FROM article"), {"main": shop.main.id})
    session.execute(text("ANALYZE"))
    everything = StockSettings(
        warehouses=CODES, subtract_reservations=True, subtract_open_orders=True, apply_correction=True
    )
    statement = computed(everything, narrowed=True)
    given = {"warehouses": ["MAIN"], "integration": "shop-1", "ids": list(range(100, 200))}
    plan = "\n".join(session.execute(text(f"EXPLAIN {statement}"), given).scalars())
    assert "Seq Scan on article a" not in plan
    assert "Seq Scan on stock_level" not in plan


def test_the_availability_of_a_hundred_thousand_articles_takes_one_statement_and_a_check(
    session: Session, shop: Any
) -> None:
    session.execute(text(NUMBERS))
    session.execute(text("INSERT INTO stock_level SELECT id, :main, 5 FROM article"), {"main": shop.main.id})
    session.execute(text("ANALYZE"))
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    answer = available(
        session,
        StockSettings(warehouses=CODES, subtract_reservations=True, subtract_open_orders=True),
        None,
        "shop-1",
    )
    assert len(answer) == 100_000
    assert set(answer.values()) == {5}
    assert len(said) == 2, "whether the warehouses exist, and all quantities"

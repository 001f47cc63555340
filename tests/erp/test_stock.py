"""The stock ledger and the quantity that a channel may sell."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlmodel import Session, select

from canonical.failure import FailureError
from canonical.settings import StockSettings
from erp.stock import Movement, Reason, available, post_movements, warnings
from erp.tables import Link, StockLevel


def move(
    article: str, quantity: Any, reference: str = "r1", warehouse: str = "MAIN", reason: str = "receipt"
) -> Movement:
    return Movement(article, warehouse, Decimal(quantity), Reason(reason), reference)


def levels(session: Session) -> dict[tuple[int, int], Decimal]:
    rows = session.exec(select(StockLevel).execution_options(populate_existing=True))
    return {(row.article_id, row.warehouse_id): row.physical for row in rows}


def test_a_movement_changes_the_level_and_marks_the_stock_as_to_be_sent(session: Session, shop: Any) -> None:
    article = shop.listed("A-1")
    assert post_movements(session, [move("A-1", 5), move("A-1", -2, reason="correction")]) == {article.id}
    assert levels(session) == {(article.id, shop.main.id): Decimal(3)}
    assert session.exec(select(Link.dirty_at)).one() is not None


def test_the_same_movement_twice_counts_once(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    post_movements(session, [move("A-1", 5)])
    assert post_movements(session, [move("A-1", 5), move("A-1", 1, "r2")]) == {article.id}
    assert post_movements(session, [move("A-1", 5)]) == set()
    assert levels(session) == {(article.id, shop.main.id): Decimal(6)}


@pytest.mark.parametrize(("movement", "named"), [(move("NOPE", 1), "NOPE"), (move("A-1", 1, warehouse="MOON"), "MOON")])
def test_an_unknown_article_or_warehouse_is_refused(
    session: Session, shop: Any, movement: Movement, named: str
) -> None:
    shop.article("A-1")
    with pytest.raises(FailureError) as refused:
        post_movements(session, [move("A-1", 5), movement])
    assert refused.value.failure.code == "MASTER_DATA_MISSING"
    assert refused.value.failure.params["value"] == named
    assert levels(session) == {}


def test_two_movements_with_one_key_in_a_call_are_refused_because_one_would_be_lost(
    session: Session, shop: Any
) -> None:
    shop.article("A-1")
    with pytest.raises(ValueError, match="same reason"):
        post_movements(session, [move("A-1", 5), move("A-1", 7)])


@pytest.fixture
def three_articles(shop: Any) -> None:
    for number in ("P-1", "P-2", "P-3"):
        shop.article(number)


MOVEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["P-1", "P-2", "P-3"]),
        st.sampled_from(["MAIN", "OUTLET"]),
        st.decimals(-50, 50, places=4),
        st.sampled_from(list(Reason)),
        st.sampled_from(["r1", "r2", "r3"]),
    ),
    max_size=8,
    unique_by=lambda m: (m[3], m[4], m[0], m[1]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(MOVEMENTS, max_size=4))
def test_the_levels_are_always_the_sums_of_the_ledger(session: Session, three_articles: None, calls: list[Any]) -> None:
    for call in calls:
        post_movements(session, [Movement(*values) for values in call])
    ledger = session.execute(text("SELECT article_id, warehouse_id, sum(quantity) FROM stock_movement GROUP BY 1, 2"))
    assert levels(session) == {(article, warehouse): quantity for article, warehouse, quantity in ledger}


def stocked(session: Session, shop: Any) -> int:
    """Ten pieces in MAIN and four in OUTLET; an open order of three, of which two are reserved; safety stock one and a half."""
    article = shop.article("A-1", stock_correction=Decimal("-1.5"), pseudo_stock=Decimal(77))
    post_movements(session, [move("A-1", 10), move("A-1", 4, warehouse="OUTLET")])
    shop.order({"A-1": 2})
    shop.order({"A-1": 1}, reserve=False)
    shop.order({"A-1": 100}, reserve=False, is_cancelled=True)
    shop.order({"A-1": 100}, reserve=False, fulfilment_state="shipped")
    assert article.id is not None
    return article.id


MAIN = frozenset({"MAIN"})
CASES: dict[str, tuple[StockSettings, int]] = {
    "warehouses": (StockSettings(warehouses=frozenset({"MAIN", "OUTLET"})), 14),
    "subtract_reservations": (StockSettings(warehouses=MAIN, subtract_reservations=True), 8),
    "subtract_open_orders": (StockSettings(warehouses=MAIN, subtract_open_orders=True), 7),
    "apply_correction": (StockSettings(warehouses=MAIN, apply_correction=True), 8),
    "use_pseudo_stock": (StockSettings(warehouses=MAIN, use_pseudo_stock=True), 77),
}


@pytest.mark.parametrize("name", CASES)
def test_each_stock_setting_changes_what_may_be_sold(session: Session, shop: Any, name: str) -> None:
    article_id = stocked(session, shop)
    changed, quantity = CASES[name]
    assert available(session, StockSettings(warehouses=MAIN), None) == {article_id: 10}
    assert available(session, changed, [article_id]) == {article_id: quantity}


def test_no_stock_setting_is_without_a_case() -> None:
    assert set(CASES) == set(StockSettings.model_fields)


def test_all_settings_work_together(session: Session, shop: Any) -> None:
    article_id = stocked(session, shop)
    everything = StockSettings(
        warehouses=MAIN, subtract_reservations=True, subtract_open_orders=True, apply_correction=True
    )
    assert available(session, everything, None) == {article_id: 3}  # 10 - 2 - 3 - 1.5, rounded down


def test_a_quantity_is_never_negative_and_an_article_without_stock_has_none(session: Session, shop: Any) -> None:
    empty, short = shop.article("A-1"), shop.article("A-2", pseudo_stock=None)
    post_movements(session, [move("A-2", -3)])
    assert available(session, StockSettings(warehouses=MAIN, use_pseudo_stock=True), None) == {empty.id: 0, short.id: 0}


def test_without_a_warehouse_or_with_an_unknown_one_nothing_is_computed(session: Session, shop: Any) -> None:
    with pytest.raises(FailureError, match="NO_WAREHOUSE"):
        available(session, StockSettings(), None)
    with pytest.raises(FailureError, match="SETTINGS_INCOMPLETE"):
        available(session, StockSettings(warehouses=frozenset({"MAIN", "GONE"})), None)


def test_subtracting_twice_is_warned_of_only_where_orders_are_reserved_by_themselves() -> None:
    both = StockSettings(warehouses=MAIN, subtract_reservations=True, subtract_open_orders=True)
    assert warnings(both, projects_reserve=True) == ["SUBTRACTED_TWICE"]
    assert warnings(both, projects_reserve=False) == []
    assert warnings(StockSettings(), projects_reserve=True) == ["NO_WAREHOUSE"]


def test_the_availability_of_a_hundred_thousand_articles_takes_one_statement_and_a_check(
    session: Session, shop: Any
) -> None:
    session.execute(
        text(
            "INSERT INTO article (number, name, description, kind, category, manufacturer, ean, tax_category,"
            " is_stock_article, is_postage, is_discount, is_surcharge, allows_decimals, is_locked, is_deleted,"
            " syncs_stock, stock_correction) SELECT 'N' || n, 'n', '', 'simple', '', '', '', 'normal',"
            " true, false, false, false, false, false, false, true, 0 FROM generate_series(1, 100000) n"
        )
    )
    session.execute(text("INSERT INTO stock_level SELECT id, :main, 5 FROM article"), {"main": shop.main.id})
    session.execute(text("ANALYZE"))
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    answer = available(
        session, StockSettings(warehouses=MAIN, subtract_reservations=True, subtract_open_orders=True), None
    )
    assert len(answer) == 100_000
    assert set(answer.values()) == {5}
    assert len(said) == 2, "whether the warehouses exist, and all quantities"

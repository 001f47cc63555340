"""The stock ledger: levels are sums of movements, never below zero, and nothing counts twice."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.stock import Movement, Reason, ledger_differences, post_movements
from erp.tables import Link, StockLevel, StockMovement


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


@pytest.mark.parametrize(
    ("movement", "code"),
    [(move("NOPE", 1), "ARTICLE_UNKNOWN"), (move("A-1", 1, warehouse="MOON"), "WAREHOUSE_UNKNOWN")],
)
def test_an_unknown_article_or_warehouse_is_refused(session: Session, shop: Any, movement: Movement, code: str) -> None:
    shop.article("A-1")
    with pytest.raises(FailureError) as refused:
        post_movements(session, [move("A-1", 5), movement])
    assert refused.value.failure.code == code
    assert set(refused.value.failure.params.values()) & {"NOPE", "MOON"}
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
def test_the_levels_are_always_the_sums_of_the_ledger_and_never_negative(
    session: Session, three_articles: None, calls: list[Any]
) -> None:
    for call in calls:
        before = levels(session)
        try:
            post_movements(session, [Movement(*values) for values in call])
        except FailureError as refused:
            assert refused.failure.code == "STOCK_MISSING"
            assert {key: level for key, level in levels(session).items() if level} == {
                key: level for key, level in before.items() if level
            }
    assert ledger_differences(session) == []
    assert all(level >= 0 for level in levels(session).values())


def test_what_is_not_there_cannot_leave_and_the_whole_call_is_refused(session: Session, shop: Any) -> None:
    for number in ("A-1", "A-2"):
        shop.article(number)
    post_movements(session, [move("A-1", 5), move("A-2", 5)])
    with pytest.raises(FailureError) as refused:
        post_movements(session, [move("A-1", -1, "s1"), move("A-2", "-5.5", "s1")])
    assert refused.value.failure.code == "STOCK_MISSING"
    assert refused.value.failure.params["sku"] == "A-2"
    assert set(levels(session).values()) == {Decimal(5)}


def test_movements_of_one_call_count_together_so_what_comes_may_leave_at_once(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    post_movements(session, [move("A-1", -3, "out"), move("A-1", 4, "in")])
    assert levels(session) == {(article.id, shop.main.id): Decimal(1)}


def test_the_database_itself_refuses_a_negative_level(session: Session, shop: Any) -> None:
    shop.article("A-1")
    post_movements(session, [move("A-1", 1)])
    with pytest.raises(IntegrityError, match="ck_stock_level_physical"):
        session.execute(text("UPDATE stock_level SET physical = physical - 2"))


def test_a_movement_keeps_its_note_and_who_made_it(session: Session, shop: Any) -> None:
    shop.article("A-1")
    post_movements(
        session, [Movement("A-1", "MAIN", Decimal(5), Reason.RECEIPT, "r1", "two broken", "jo@shop.example")]
    )
    stored = session.exec(select(StockMovement)).one()
    assert (stored.note, stored.actor) == ("two broken", "jo@shop.example")


def test_a_level_that_is_not_the_sum_of_its_movements_is_found(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.article("A-2")
    post_movements(session, [move("A-1", 5), move("A-2", 5)])
    assert ledger_differences(session) == []
    session.execute(
        text("UPDATE stock_level SET physical = 7 WHERE article_id = (SELECT id FROM article WHERE number = 'A-1')")
    )
    session.execute(text("DELETE FROM stock_level WHERE article_id = (SELECT id FROM article WHERE number = 'A-2')"))
    found = [(each.article, each.warehouse, each.level, each.ledger) for each in ledger_differences(session)]
    assert found == [("A-1", "MAIN", 7, 5), ("A-2", "MAIN", 0, 5)]

"""Bills of materials and options per shop: what may be in a bundle, and what holds for an article in one shop."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import event
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.article_options import OptionForm, Options, options_for, store_options
from erp.components import ComponentForm, store_components
from erp.tables import ArticleOption, Component, Integration, Link, Price


def rows(*given: tuple[str, Any]) -> list[ComponentForm]:
    return [ComponentForm(number=number, quantity=Decimal(quantity)) for number, quantity in given]


@pytest.fixture
def parts(session: Session, shop: Any) -> None:
    shop.article("SET", kind="bundle")
    shop.article("JIT", kind="jit", is_stock_article=False)
    shop.article("JIT-2", kind="jit", is_stock_article=False)
    shop.article("A")
    shop.article("OIL", allows_decimals=True)
    shop.article("LOCKED", is_locked=True)
    shop.article("SERVICE", is_stock_article=False)
    shop.article("MATRIX", kind="matrix")
    shop.article("GONE", is_deleted=True)


def test_a_bill_of_materials_is_replaced_as_a_whole(session: Session, shop: Any, parts: None) -> None:
    store_components(session, "JIT", rows(("A", 2), ("OIL", "0.5")), "jo")
    store_components(session, "JIT", rows(("SET", 1), ("A", 3)), "jo")
    found = session.exec(select(Component).order_by(Component.position))  # type: ignore[arg-type]
    assert [row.quantity for row in found] == [1, 3]
    store_components(session, "JIT", [], "jo")
    assert session.exec(select(Component)).all() == []


@pytest.mark.parametrize(
    ("article", "row", "code"),
    [
        ("A", ("OIL", 1), "NOT_A_BUNDLE"),
        ("JIT", ("NOPE", 1), "ARTICLE_UNKNOWN"),
        ("JIT", ("GONE", 1), "ARTICLE_UNKNOWN"),
        ("JIT", ("JIT-2", 1), "COMPONENT_JIT"),
        ("SET", ("JIT", 1), "COMPONENT_JIT"),
        ("JIT", ("LOCKED", 1), "COMPONENT_UNUSABLE"),
        ("JIT", ("SERVICE", 1), "COMPONENT_UNUSABLE"),
        ("JIT", ("MATRIX", 1), "COMPONENT_UNUSABLE"),
        ("JIT", ("A", "0.5"), "COMPONENT_NOT_WHOLE"),
        ("SET", ("SET", 1), "COMPONENT_CYCLE"),
    ],
)
def test_what_cannot_be_a_component_is_refused(
    session: Session, parts: None, article: str, row: tuple[str, Any], code: str
) -> None:
    with pytest.raises(FailureError, match=code):
        store_components(session, article, rows(row), "jo")


def test_a_component_is_there_once(session: Session, parts: None) -> None:
    with pytest.raises(FailureError, match="COMPONENT_TWICE"):
        store_components(session, "SET", rows(("A", 1), ("A", 2)), "jo")
    with pytest.raises(ValidationError):
        ComponentForm(number="A", quantity=Decimal(0))


def test_a_jit_article_that_is_a_stock_article_gets_no_components(session: Session, shop: Any, parts: None) -> None:
    shop.article("OLD", kind="jit", is_stock_article=True)
    with pytest.raises(FailureError, match="KIND_IN_STOCK"):
        store_components(session, "OLD", rows(("A", 1)), "jo")


def test_a_bundle_is_never_in_itself_over_others(session: Session, shop: Any) -> None:
    for number in ("S-1", "S-2", "S-3"):
        shop.article(number, kind="bundle")
    store_components(session, "S-1", rows(("S-2", 1)), "jo")
    store_components(session, "S-2", rows(("S-3", 1)), "jo")
    with pytest.raises(FailureError, match="COMPONENT_CYCLE") as caught:
        store_components(session, "S-3", rows(("S-1", 1)), "jo")
    assert caught.value.failure.params == {"sku": "S-3", "component": "S-1"}


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10))
def test_no_series_of_bills_of_materials_makes_a_circle(
    session: Session, shop: Any, edges: list[tuple[int, int]]
) -> None:
    session.rollback()
    ids = [shop.article(f"B{n}", kind="bundle").id for n in range(5)]
    for owner, part in edges:
        try:
            store_components(session, f"B{owner}", rows((f"B{part}", 1)), "jo")
        except FailureError as error:
            assert error.failure.code == "COMPONENT_CYCLE"
    below = {row.article_id: row.component_id for row in session.exec(select(Component))}
    for start in ids:
        at, steps = below.get(start), 0
        while at is not None:
            assert steps < 5
            at, steps = below.get(at), steps + 1


def test_the_stock_of_a_bundle_is_sent_anew_when_its_components_change(session: Session, shop: Any) -> None:
    shop.listed("JIT", kind="jit", is_stock_article=False)
    shop.article("A")
    store_components(session, "JIT", rows(("A", 1)), "jo")
    session.expire_all()
    assert session.exec(select(Link.dirty_at)).one() is not None


def test_what_is_empty_is_taken_from_the_article(session: Session, shop: Any) -> None:
    shop.add(Integration(id="shop-2", connector="woocommerce", name="Shop 2"))
    article = shop.article("A", stock_correction=Decimal(-2), pseudo_stock=Decimal(9))
    shop.add(Price(article_id=article.id, amount=Decimal(10), pseudo_amount=Decimal(15)))
    own = Options(False, False, True, Decimal(-2), Decimal(9), Decimal(15))
    form = OptionForm(is_inactive=True, syncs_stock=False, pseudo_stock=Decimal(0), pseudo_price=Decimal(20))
    store_options(session, "A", "shop-1", form, "jo")
    assert options_for(session, "shop-2", [article.id]) == {article.id: own}
    assert options_for(session, "shop-1", None) == {
        article.id: Options(True, False, False, Decimal(-2), Decimal(0), Decimal(20))
    }
    store_options(session, "A", "shop-1", OptionForm(), "jo")
    assert session.exec(select(ArticleOption)).all() == []
    assert options_for(session, "shop-1", [article.id]) == {article.id: own}


def test_options_of_many_articles_are_one_statement(session: Session, shop: Any) -> None:
    for n in range(20):
        shop.article(f"A-{n}")
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    assert len(options_for(session, "shop-1", None)) == 20
    assert len(said) == 1


def test_stored_options_are_sent_and_need_a_shop(session: Session, shop: Any) -> None:
    article = shop.listed("A")
    shop.add(Link(integration_id="shop-1", kind="prices", record="A", record_id=article.id))
    store_options(session, "A", "shop-1", OptionForm(pseudo_stock=Decimal(3)), "jo")
    session.expire_all()
    assert all(session.exec(select(Link.dirty_at)))
    with pytest.raises(FailureError, match="SHOP_UNKNOWN"):
        store_options(session, "A", "nope", OptionForm(pseudo_stock=Decimal(3)), "jo")
    with pytest.raises(ValidationError):
        OptionForm(pseudo_stock=Decimal(-1))

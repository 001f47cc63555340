"""Prices: the choice rule for one article and for many, and their upkeep."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import event, text
from sqlmodel import Session, select

from canonical.failure import FailureError
from erp.prices import (
    STANDARD,
    PriceForm,
    PriceSource,
    add_price,
    change_price,
    choose_price,
    delete_price,
    prices_for,
    set_standard,
    source_of,
)
from erp.tables import Customer, CustomerGroup, Link, Price

TODAY = date(2026, 11, 22)
GROUP = PriceSource(group_id=1, name="B2B")


def price(amount: Any, **values: Any) -> Price:
    given = {"article_id": 1, "currency": "EUR", "from_quantity": Decimal(1)} | values
    return Price(amount=Decimal(amount), **given)


def chosen(prices: list[Price], quantity: Any = 1, source: PriceSource = STANDARD, currency: str = "EUR") -> Decimal:
    return choose_price(prices, source=source, quantity=Decimal(quantity), on=TODAY, currency=currency).amount


def test_the_largest_quantity_that_is_reached_decides() -> None:
    scale = [price(10), price(9, from_quantity=Decimal(10)), price(8, from_quantity=Decimal(100))]
    assert [chosen(scale, quantity) for quantity in (1, 9, 10, 99, 100, 500)] == [10, 10, 9, 9, 8, 8]


def test_the_quantity_decides_before_the_day() -> None:
    prices = [price(9, from_quantity=Decimal(10)), price(10, valid_from=date(2026, 11, 1))]
    assert chosen(prices, 10) == 9


def test_of_several_valid_prices_the_one_that_became_valid_last_counts() -> None:
    prices = [price(10), price(9, valid_from=date(2026, 1, 1)), price(8, valid_from=date(2026, 11, 1))]
    assert chosen(prices) == 8


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (TODAY, TODAY, 7),
        (date(2026, 11, 23), None, 10),
        (date(2026, 11, 1), date(2026, 11, 21), 10),
    ],
)
def test_first_and_last_day_are_included_and_other_days_are_not(
    first: date | None, last: date | None, expected: int
) -> None:
    assert chosen([price(10), price(7, valid_from=first, valid_to=last)]) == expected


def test_a_chosen_source_without_a_price_gives_no_other() -> None:
    with pytest.raises(FailureError, match="NO_PRICE") as caught:
        choose_price([price(10)], source=GROUP, quantity=Decimal(1), on=TODAY, currency="EUR", sku="A-1")
    assert caught.value.failure.params == {"sku": "A-1", "source": "B2B", "currency": "EUR"}
    with pytest.raises(FailureError, match="NO_PRICE"):
        chosen([price(10, customer_group_id=1), price(9, customer_id=1)])
    assert chosen([price(10), price(7, customer_group_id=1)], source=GROUP) == 7


def test_the_currency_counts_exactly() -> None:
    with pytest.raises(FailureError, match="NO_PRICE"):
        chosen([price(10)], currency="CHF")


def test_a_source_is_a_group_or_one_customer_by_exact_name(session: Session, shop: Any) -> None:
    group = shop.add(CustomerGroup(code="b2b", name="B2B"))
    anna = shop.add(Customer(number="2", name="Anna"))
    shop.add(Customer(number="3", name="B2B"))
    shop.add(Customer(number="4", name="Jo Doe"))
    assert source_of(session, "") == STANDARD
    assert source_of(session, "B2B") == PriceSource(group_id=group.id, name="B2B")
    assert source_of(session, "Anna") == PriceSource(customer_id=anna.id, name="Anna")
    for name in ("anna", "Jo Doe", "b2b"):
        with pytest.raises(FailureError, match="PRICE_SOURCE_UNKNOWN"):
            source_of(session, name)


DAYS = st.sampled_from([None, date(2026, 11, 1), TODAY, date(2026, 12, 1)])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "group", "customer"]), st.sampled_from(["EUR", "CHF"]), st.sampled_from([1, 5, 10]), DAYS,
            DAYS, st.integers(0, 99),
        ),
        max_size=8, unique_by=lambda one: one[:4],
    ),
    st.sampled_from([None, "group", "customer"]), st.sampled_from([1, 7, 10]),
)  # fmt: skip
def test_one_statement_for_many_chooses_as_the_pure_rule(
    session: Session, shop: Any, rows: list[Any], wanted: str | None, quantity: int
) -> None:
    session.rollback()
    ids = {
        "group": shop.add(CustomerGroup(code="g", name="G")).id,
        "customer": shop.add(Customer(number="9", name="C")).id,
    }
    article = shop.article("P-1")

    def source(kind: str | None) -> dict[str, Any]:
        return {f"{'customer_' if kind == 'group' else ''}{kind}_id": ids[kind]} if kind else {}

    prices = [
        shop.add(
            Price(
                article_id=article.id, currency=currency, from_quantity=Decimal(from_quantity), valid_from=first,
                valid_to=last, amount=Decimal(amount), **source(kind),
            )
        )
        for kind, currency, from_quantity, first, last, amount in rows
    ]  # fmt: skip
    meant = {
        None: STANDARD,
        "group": PriceSource(group_id=ids["group"]),
        "customer": PriceSource(customer_id=ids["customer"]),
    }
    found = prices_for(session, [article.id], source=meant[wanted], on=TODAY, quantity=Decimal(quantity))
    try:
        expected = choose_price(prices, source=meant[wanted], quantity=Decimal(quantity), on=TODAY, currency="EUR")
    except FailureError:
        assert found == {}
    else:
        assert found == {article.id: expected}


def test_the_prices_of_many_articles_are_one_statement(session: Session, shop: Any) -> None:
    for n in range(20):
        shop.add(Price(article_id=shop.article(f"A-{n}").id, amount=Decimal(n)))
    said: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: said.append(a[2]))
    assert len(prices_for(session, None, source=STANDARD, on=TODAY)) == 20
    assert len(said) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"amount": "-1"},
        {"pseudo_amount": "-1"},
        {"from_quantity": "0"},
        {"currency": "Euro"},
        {"group": "a", "customer": "b"},
        {"valid_from": "2026-02-01", "valid_to": "2026-01-31"},
    ],
)
def test_a_price_that_cannot_be_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PriceForm.model_validate({"amount": "1"} | values)


def test_prices_are_kept_once_per_source_currency_quantity_and_first_day(session: Session, shop: Any) -> None:
    shop.article("A-1")
    shop.add(CustomerGroup(code="b2b", name="B2B"))
    form = PriceForm(group="B2B", amount=Decimal(8), pseudo_amount=Decimal(12), is_gross=False)
    first = add_price(session, "A-1", form, "jo")
    with pytest.raises(FailureError, match="PRICE_TAKEN"):
        add_price(session, "A-1", form, "jo")
    other = add_price(session, "A-1", form.model_copy(update={"from_quantity": Decimal(10)}), "jo")
    with pytest.raises(FailureError, match="PRICE_TAKEN"):
        change_price(session, other.id or 0, form, "jo")
    change_price(session, first.id or 0, form.model_copy(update={"amount": Decimal(7)}), "jo")
    delete_price(session, other.id or 0, "jo")
    (row,) = session.exec(select(Price))
    assert (row.amount, row.pseudo_amount, row.is_gross) == (7, 12, False)
    for unknown, code in ((PriceForm(group="X", amount=Decimal(1)), "PRICE_SOURCE_UNKNOWN"),):
        with pytest.raises(FailureError, match=code):
            add_price(session, "A-1", unknown, "jo")
    with pytest.raises(FailureError, match="RECORD_GONE"):
        delete_price(session, other.id or 0, "jo")
    with pytest.raises(FailureError, match="ARTICLE_UNKNOWN"):
        add_price(session, "NOPE", form, "jo")


def test_a_changed_price_is_sent_anew(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    shop.add(Link(integration_id="shop-1", kind="prices", record="A-1", record_id=article.id, state="failed"))
    form = PriceForm(amount=Decimal(5), from_quantity=Decimal(3))
    added = add_price(session, "A-1", form, "jo").id or 0
    for change in (
        lambda: change_price(session, added, form, "jo"),
        lambda: delete_price(session, added, "jo"),
        lambda: set_standard(session, article.id, Decimal(4)),
    ):
        session.execute(text("UPDATE link SET dirty_at = NULL"))
        change()
        session.expire_all()
        assert session.exec(select(Link.dirty_at)).one() is not None


def test_the_standard_price_is_set_changed_and_deleted(session: Session, shop: Any) -> None:
    article = shop.article("A-1")
    for amount in (Decimal(4), Decimal(5), None, None):
        set_standard(session, article.id, amount)
        assert session.exec(select(Price.amount)).all() == ([amount] if amount is not None else [])

"""Prices: the choice rule of D§2.4, for one article or for a hundred thousand, and their upkeep.

The standard price of an article belongs to neither a group nor a customer. A chosen source without a price gives no other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

import sqlalchemy
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ScalarSelect, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.article_lookup import find_article, note
from erp.links import mark_dirty
from erp.tables import Article, Customer, CustomerGroup, Price

EUR = "EUR"


@dataclass(frozen=True)
class PriceSource:
    """Whose price is meant: a group's, a customer's, or with neither the standard price; `name` is for messages."""

    group_id: int | None = None
    customer_id: int | None = None
    name: str = ""


STANDARD = PriceSource()


class PriceForm(BaseModel):
    """A price per unit as a person enters it; `group` is a customer group's name, `customer` a customer's number."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    group: str = Field(default="", max_length=120)
    customer: str = Field(default="", max_length=40)
    currency: str = Field(default=EUR, pattern="^[A-Z]{3}$")
    from_quantity: Decimal = Field(default=Decimal(1), gt=0, max_digits=14, decimal_places=4)
    amount: Decimal = Field(ge=0, max_digits=14, decimal_places=4)
    pseudo_amount: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=4)
    """The price shown crossed out, in the same currency, gross or net like the amount."""
    is_gross: bool = True
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.group and self.customer:
            raise PydanticCustomError("PRICE_TWO_SOURCES", "a price belongs to a group or to a customer")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise PydanticCustomError("PRICE_DATES", "the last day is before the first")
        return self


def choose_price(
    prices: Iterable[Price], *, source: PriceSource, quantity: Decimal, on: date, currency: str, sku: str = ""
) -> Price:
    """Choose among one article's prices (D§2.4); pure. The row says amount, pseudo amount, and whether they are gross.

    Only prices of exactly this source and currency, valid on the day (first and last day included), count; of these the one
    from the largest quantity that is reached, and of several of those the one that became valid last. Raises `FailureError`
    NO_PRICE where none is left: another source never stands in.
    """
    fitting = [
        price
        for price in prices
        if (price.customer_group_id, price.customer_id) == (source.group_id, source.customer_id)
        and price.currency == currency
        and price.from_quantity <= quantity
        and (price.valid_from is None or price.valid_from <= on)
        and (price.valid_to is None or price.valid_to >= on)
    ]
    if not fitting:
        raise FailureError(Failure.of("NO_PRICE", sku=sku, source=source.name, currency=currency))
    return max(fitting, key=lambda price: (price.from_quantity, price.valid_from or date.min))


def source_of(session: Session, name: str) -> PriceSource:
    """Find whose price a channel's setting names: a group or a customer by its exact name, or nobody's (D§2.4).

    A group comes before a customer of the same name. Raises `FailureError` PRICE_SOURCE_UNKNOWN for a name that nobody or
    several customers have: a guess would publish somebody else's price.
    """
    if not name:
        return STANDARD
    group = session.exec(select(CustomerGroup.id).where(col(CustomerGroup.name) == name)).first()
    if group is not None:
        return PriceSource(group_id=group, name=name)
    customers = session.exec(select(Customer.id).where(col(Customer.name) == name).limit(2)).all()
    if len(customers) != 1:
        raise FailureError(Failure.of("PRICE_SOURCE_UNKNOWN", name=name))
    return PriceSource(customer_id=customers[0], name=name)


def prices_for(
    session: Session,
    article_ids: Sequence[int] | None,
    *,
    source: PriceSource,
    on: date,
    quantity: Decimal = Decimal(1),
    currency: str = EUR,
) -> dict[int, Price]:
    """Choose the price of many articles (None asks for all) by the rule of `choose_price`, in one statement.

    An article without such a price is not in the answer: the caller reports NO_PRICE for it.
    """
    query = (
        select(Price)
        .prefix_with("DISTINCT ON (price.article_id)")
        .where(
            col(Price.customer_group_id).is_not_distinct_from(source.group_id),
            col(Price.customer_id).is_not_distinct_from(source.customer_id),
            col(Price.currency) == currency,
            col(Price.from_quantity) <= quantity,
            *_valid(on),
        )
        .order_by(
            col(Price.article_id), col(Price.from_quantity).desc(), col(Price.valid_from).desc().nulls_last()
        )
    )  # fmt: skip
    if article_ids is not None:
        query = query.where(col(Price.article_id) == func.any(list(article_ids)))
    return {price.article_id: price for price in session.exec(query)}


def _valid(on: Any) -> tuple[Any, Any]:
    return (
        or_(col(Price.valid_from).is_(None), col(Price.valid_from) <= on),
        or_(col(Price.valid_to).is_(None), col(Price.valid_to) >= on),
    )


def standard_gross(column: Any = col(Price.amount)) -> ScalarSelect[Any]:
    """An article's standard price for one piece in EUR, gross, as it is valid today; for queries over `article`."""
    return (
        sqlalchemy.select(column)
        .where(
            col(Price.article_id) == col(Article.id),
            col(Price.customer_group_id).is_(None),
            col(Price.customer_id).is_(None),
            col(Price.currency) == EUR,
            col(Price.is_gross),
            col(Price.from_quantity) <= 1,
            *_valid(func.current_date()),
        )
        .order_by(col(Price.from_quantity).desc(), col(Price.valid_from).desc().nulls_last())
        .limit(1)
        .correlate(Article)
        .scalar_subquery()
    )


def add_price(session: Session, article_number: str, form: PriceForm, by: str) -> Price:
    """Give an article a price, and mark its prices as to be sent.

    Raises `FailureError` PRICE_TAKEN when there is one of the same source, currency, quantity and first day, and
    ARTICLE_UNKNOWN, PRICE_SOURCE_UNKNOWN for an unknown group or customer.
    """
    article = find_article(session, article_number)
    values = _values(session, form)
    made: Any = insert(Price).values(article_id=article.id, **values).on_conflict_do_nothing().returning(col(Price.id))
    price_id = session.execute(made).scalar()
    if price_id is None:
        raise FailureError(Failure.of("PRICE_TAKEN", sku=article_number))
    _changed(session, "price_set", article_number, session.get_one(Price, price_id), by)
    return session.get_one(Price, price_id)


def change_price(session: Session, price_id: int, form: PriceForm, by: str) -> None:
    """Replace a price, and mark the article's prices as to be sent; raises as `add_price` does."""
    price, number = _found(session, price_id)
    values = _values(session, form)
    key = ("customer_group_id", "customer_id", "currency", "from_quantity", "valid_from")
    same = [getattr(Price, name).is_not_distinct_from(values[name]) for name in key]
    twin = select(Price.id).where(col(Price.article_id) == price.article_id, col(Price.id) != price_id, *same)
    if session.exec(twin).first() is not None:
        raise FailureError(Failure.of("PRICE_TAKEN", sku=number))
    for name, value in values.items():
        setattr(price, name, value)
    session.add(price)
    session.flush()
    _changed(session, "price_set", number, price, by)


def delete_price(session: Session, price_id: int, by: str) -> None:
    """Delete a price, and mark the article's prices as to be sent; raises `FailureError` RECORD_GONE."""
    price, number = _found(session, price_id)
    session.delete(price)
    session.flush()
    _changed(session, "price_deleted", number, price, by)


def set_standard(session: Session, article_id: int, amount: Decimal | None) -> None:
    """Set the plain standard price (EUR, gross, from one piece, without dates), or delete it; idempotent.

    Marks the article's prices as to be sent.
    """
    plain = plain_standard(session, article_id)
    if plain is None and amount is not None:
        session.add(Price(article_id=article_id, amount=amount))
    elif plain is not None and amount is None:
        session.delete(plain)
    elif plain is not None and amount is not None:
        plain.amount, plain.is_gross = amount, True
        session.add(plain)
    session.flush()
    mark_dirty(session, "prices", {article_id})


def plain_standard(session: Session, article_id: int) -> Price | None:
    """An article's standard price in EUR from one piece without a first day; there is at most one."""
    query = select(Price).where(
        col(Price.article_id) == article_id,
        col(Price.customer_group_id).is_(None),
        col(Price.customer_id).is_(None),
        col(Price.currency) == EUR,
        col(Price.from_quantity) == 1,
        col(Price.valid_from).is_(None),
    )
    return session.exec(query).first()


def _values(session: Session, form: PriceForm) -> dict[str, Any]:
    values = form.model_dump(exclude={"group", "customer"})
    group = _id_of(session, CustomerGroup, CustomerGroup.name, form.group)
    customer = _id_of(session, Customer, Customer.number, form.customer)
    return values | {"customer_group_id": group, "customer_id": customer}


def _id_of(session: Session, table: Any, column: Any, value: str) -> int | None:
    if not value:
        return None
    found: int | None = session.exec(select(table.id).where(column == value)).first()
    if found is None:
        raise FailureError(Failure.of("PRICE_SOURCE_UNKNOWN", name=value))
    return found


def _found(session: Session, price_id: int) -> tuple[Price, str]:
    query = select(Price, Article.number).join(Article, col(Article.id) == col(Price.article_id))
    row = session.exec(query.where(col(Price.id) == price_id).with_for_update(of=Price)).first()
    if row is None:
        raise FailureError(Failure.of("RECORD_GONE"))
    return row[0], row[1]


def _changed(session: Session, event: str, number: str, price: Price, by: str) -> None:
    mark_dirty(session, "prices", {price.article_id})
    cents = price.amount.quantize(Decimal("0.01"))
    amount = cents if cents == price.amount else price.amount.normalize()
    note(session, event, number, by, amount=amount, currency=price.currency)

"""The choices of a setting that come from the ERP's master data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from canonical.settings import Options
from erp.rules.language import LANGUAGES
from erp.tables import (
    Article,
    Customer,
    DeliveryTerm,
    PaymentMethod,
    Project,
    ShippingMethod,
    TaxRate,
    Warehouse,
)

MOST = 500
"""A select with more choices helps nobody; the page offers free input beyond."""


@dataclass(frozen=True)
class Choice:
    """What is stored and what a person reads."""

    value: str
    label: str


def _coded(
    table: type[Project] | type[PaymentMethod] | type[ShippingMethod] | type[DeliveryTerm] | type[Warehouse],
) -> Callable[[Session], list[Choice]]:
    def read(session: Session) -> list[Choice]:
        rows = session.exec(select(table.code, table.name).order_by(col(table.name)).limit(MOST))
        return [Choice(code, f"{name} ({code})" if name != code else name) for code, name in rows]

    return read


def _articles(flag: str) -> Callable[[Session], list[Choice]]:
    def read(session: Session) -> list[Choice]:
        rows = session.exec(
            select(Article.number, Article.name)
            .where(col(getattr(Article, flag)), ~col(Article.is_deleted))
            .order_by(col(Article.number))
            .limit(MOST)
        )
        return [Choice(number, f"{number} · {name}") for number, name in rows]

    return read


def _customers(session: Session) -> list[Choice]:
    rows = session.exec(select(Customer.number, Customer.company, Customer.name).order_by(col(Customer.id)).limit(MOST))
    return [Choice(number, f"{number} · {company or name}") for number, company, name in rows]


def _countries(session: Session) -> list[Choice]:
    codes = session.exec(select(TaxRate.country).distinct().order_by(col(TaxRate.country)))
    return [Choice(code, code) for code in codes]


def _languages(_: Session) -> list[Choice]:
    return [Choice(code, name) for code, name in LANGUAGES.items()]


_READERS: Mapping[Options, Callable[[Session], list[Choice]]] = {
    Options.PROJECTS: _coded(Project),
    Options.PAYMENT_METHODS: _coded(PaymentMethod),
    Options.SHIPPING_METHODS: _coded(ShippingMethod),
    Options.DELIVERY_TERMS: _coded(DeliveryTerm),
    Options.WAREHOUSES: _coded(Warehouse),
    Options.CUSTOMERS: _customers,
    Options.LANGUAGES: _languages,
    Options.COUNTRIES: _countries,
    Options.POSTAGE_ARTICLES: _articles("is_postage"),
    Options.DISCOUNT_ARTICLES: _articles("is_discount"),
    Options.SURCHARGE_ARTICLES: _articles("is_surcharge"),
}


def choices(session: Session, options: Options) -> list[Choice]:
    """Read the choices of one kind."""
    return _READERS[options](session)

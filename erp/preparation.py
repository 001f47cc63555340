"""Preparation: the master data that orders need (D§4.1), created with sound defaults, and what of it is missing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, col, select

from erp import numbers
from erp.tables import (
    Article,
    Customer,
    DeliveryTerm,
    NumberRange,
    PaymentMethod,
    Project,
    ShippingMethod,
    TaxRate,
    Warehouse,
)

Row = Mapping[str, Any]

PROJECT = "SHOP"
WAREHOUSE = "HAUPT"
POSTAGE = "PORTO"
DISCOUNT = "RABATT"
SURCHARGE = "ZUSCHLAG"
DEFAULT_CUSTOMER = "SAMMELKUNDE"

PAYMENT_METHODS: Sequence[Row] = (
    {"code": "prepayment", "name": "Vorkasse", "ships_unpaid": False, "is_cash": False},
    {"code": "paypal", "name": "PayPal", "ships_unpaid": False, "is_cash": False},
    {"code": "card", "name": "Kreditkarte", "ships_unpaid": False, "is_cash": False},
    {"code": "cod", "name": "Nachnahme", "ships_unpaid": True, "is_cash": False},
    {"code": "invoice", "name": "Rechnung", "ships_unpaid": True, "is_cash": False},
    {"code": "cash", "name": "Barzahlung", "ships_unpaid": False, "is_cash": True},
)

SHIPPING_METHODS: Sequence[Row] = (
    {
        "code": "dhl",
        "name": "DHL Paket",
        "carrier": "DHL",
        "tracking_url": "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}",
        "is_pickup": False,
    },
    {
        "code": "dpd",
        "name": "DPD",
        "carrier": "DPD",
        "tracking_url": "https://tracking.dpd.de/status/de_DE/parcel/{number}",
        "is_pickup": False,
    },
    {"code": "freight", "name": "Spedition", "carrier": "Spedition", "tracking_url": "", "is_pickup": False},
    {"code": "pickup", "name": "Selbstabholung", "carrier": "", "tracking_url": "", "is_pickup": True},
)

VAT: Mapping[str, tuple[str, str]] = {
    "AT": ("20", "10 13"),
    "BE": ("21", "6 12"),
    "BG": ("20", "9"),
    "CY": ("19", "5 9 3"),
    "CZ": ("21", "12"),
    "DE": ("19", "7"),
    "DK": ("25", ""),
    "EE": ("24", "13 9"),
    "ES": ("21", "10 4"),
    "FI": ("25.5", "14 13.5 10"),
    "FR": ("20", "5.5 10 2.1"),
    "GR": ("24", "13 6"),
    "HR": ("25", "13 5"),
    "HU": ("27", "5 18"),
    "IE": ("23", "13.5 9 4.8"),
    "IT": ("22", "10 5 4"),
    "LT": ("21", "9 5"),
    "LU": ("17", "8 3 14"),
    "LV": ("21", "12 5"),
    "MT": ("18", "7 5"),
    "NL": ("21", "9"),
    "PL": ("23", "8 5"),
    "PT": ("23", "6 13"),
    "RO": ("21", "11"),
    "SE": ("25", "12 6"),
    "SI": ("22", "9.5 5"),
    "SK": ("23", "19 5"),
}
"""VAT of the EU countries in percent: normal, then reduced rates. A start that the merchant's tax adviser confirms."""


class Prepared(BaseModel):
    """What was created, as `table:code`; empty when everything was there."""

    model_config = ConfigDict(frozen=True)

    created: tuple[str, ...]


def ensure_defaults(session: Session) -> Prepared:
    """Create the master data that a shop's orders need, with sound defaults; what is there stays as it is.

    Idempotent, also beside a second caller. Exchange rates are left out: a wrong one is worse than none.
    """
    # One at a time: the range of customers belongs to no project, and no constraint can tell its twin.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('preparation'))"))
    created = _ensure(session, Project, "code", [_project()])
    created += _ensure(session, Warehouse, "code", [{"code": WAREHOUSE, "name": "Hauptlager"}])
    created += _ensure(session, PaymentMethod, "code", PAYMENT_METHODS)
    created += _ensure(session, ShippingMethod, "code", SHIPPING_METHODS)
    created += _ensure(session, DeliveryTerm, "code", [{"code": "standard", "name": "Lieferung frei Haus"}])
    created += _ensure(session, Article, "number", _special_articles())
    created += _ensure(session, Customer, "number", [_default_customer()])
    created += _ensure_number_ranges(session)
    created += _ensure_tax_rates(session)
    return Prepared(created=tuple(created))


def _ensure(session: Session, table: type[SQLModel], key: str, rows: Sequence[Row]) -> list[str]:
    column = col(getattr(table, key))
    statement = insert(table).on_conflict_do_nothing(index_elements=[key]).returning(column)
    made = session.execute(statement, [dict(row) for row in rows]).scalars()
    return [f"{table.__tablename__}:{code}" for code in made]


def _project() -> Row:
    return {
        "code": PROJECT,
        "name": "Onlineshop",
        "reserves_stock": True,
        "always_postage_line": False,
        "autoship_allowed": True,
    }


def _special_articles() -> list[Row]:
    """The articles of an order's lines that are no goods; none has stock (D§4.1)."""
    named = (
        (POSTAGE, "Versandkosten", "is_postage"),
        (DISCOUNT, "Rabatt", "is_discount"),
        (SURCHARGE, "Zuschlag", "is_surcharge"),
    )
    plain = Article(number="", name="", is_stock_article=False, syncs_stock=False)
    shared = plain.model_dump(exclude={"id", "parent_id", "created_at", "price_gross", "pseudo_stock"})
    return [shared | {"number": number, "name": name, flag: True} for number, name, flag in named]


def _default_customer() -> Row:
    customer = Customer(number=DEFAULT_CUSTOMER, name="Sammelkunde", country="DE", language="de")
    return customer.model_dump(exclude={"id", "project_id", "created_at"})


def _ensure_number_ranges(session: Session) -> list[str]:
    project_id = session.exec(select(Project.id).where(col(Project.code) == PROJECT)).one()
    made = []
    for kind, prefix in numbers.PREFIXES.items():
        owner = None if kind in numbers.SHARED else project_id
        query = select(NumberRange.id).where(
            col(NumberRange.kind) == kind, col(NumberRange.project_id).is_not_distinct_from(owner)
        )
        if session.exec(query).first() is None:
            session.add(NumberRange(project_id=owner, kind=kind, prefix=prefix, next_value=numbers.FIRST))
            made.append(f"number_range:{kind}")
    session.flush()
    return made


def _ensure_tax_rates(session: Session) -> list[str]:
    rows = [
        {"country": country, "kind": kind, "rate": Decimal(rate)}
        for country, (normal, reduced) in VAT.items()
        for kind, rates in (("normal", normal), ("reduced", reduced))
        for rate in rates.split()
    ]
    statement = (
        insert(TaxRate)
        .on_conflict_do_nothing(index_elements=["country", "kind", "rate"])
        .returning(col(TaxRate.country), col(TaxRate.rate))
    )
    return [f"tax_rate:{country} {rate.normalize()}" for country, rate in session.execute(statement, rows)]


_CHECKS: Mapping[str, Any] = {
    "project": select(Project.id),
    "warehouse": select(Warehouse.id),
    "payment_methods": select(PaymentMethod.id),
    "shipping_methods": select(ShippingMethod.id),
    "delivery_term": select(DeliveryTerm.id),
    "tax_rates": select(TaxRate.id),
    "postage_article": select(Article.id).where(col(Article.is_postage), ~col(Article.is_stock_article)),
    "discount_article": select(Article.id).where(col(Article.is_discount)),
    "surcharge_article": select(Article.id).where(col(Article.is_surcharge), ~col(Article.is_stock_article)),
    "default_customer": select(Customer.id),
}


def missing(session: Session) -> list[str]:
    """Name what the preparation checklist (D§4.1) finds nowhere in the ERP; `erp/readiness.py` judges an integration's choices."""
    return [name for name, query in _CHECKS.items() if session.exec(query.limit(1)).first() is None]

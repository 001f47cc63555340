"""Preparation: the master data that orders need (D§4.1), created with sound defaults; `erp/checklist.py` says what is missing."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, col, select

from erp import numbers
from erp.checklist import Item
from erp.tables import (
    Article,
    ArticleText,
    Customer,
    DeliveryTerm,
    DeliveryThreshold,
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
POS_CUSTOMER = "LADENKUNDE"

DEFAULTS: Mapping[Item, str] = {
    Item.PROJECT: PROJECT,
    Item.POSTAGE_ARTICLE: POSTAGE,
    Item.DISCOUNT_ARTICLE: DISCOUNT,
    Item.SURCHARGE_ARTICLE: SURCHARGE,
    Item.DELIVERY_TERM: "standard",
    Item.DEFAULT_CUSTOMER: DEFAULT_CUSTOMER,
    Item.POS_CUSTOMER: POS_CUSTOMER,
}
"""What the settings of an integration name once an item is created."""
SPECIAL: Mapping[str, tuple[str, str]] = {
    POSTAGE: ("Versandkosten", "is_postage"),
    DISCOUNT: ("Rabatt", "is_discount"),
    SURCHARGE: ("Zuschlag", "is_surcharge"),
}
ENGLISH: Mapping[str, str] = {POSTAGE: "Shipping", DISCOUNT: "Discount", SURCHARGE: "Surcharge"}
CUSTOMERS: Mapping[str, str] = {DEFAULT_CUSTOMER: "Sammelkunde", POS_CUSTOMER: "Ladenkunde"}
DELIVERY_TERM: Row = {"code": "standard", "name": "Lieferung frei Haus"}

PAYMENT_METHODS: Sequence[Row] = (
    {
        "code": "prepayment",
        "name": "Vorkasse",
        "ships_unpaid": False,
        "is_cash": False,
    },
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
    "XI": ("20", "5"),
}
"""VAT of the EU countries and of Northern Ireland in percent: normal, then reduced rates. A start that the merchant's tax adviser confirms."""


class Prepared(BaseModel):
    """What was created, as `table:code`; empty when everything was there."""

    model_config = ConfigDict(frozen=True)

    created: tuple[str, ...]


def ensure_defaults(session: Session) -> Prepared:
    """Create the master data that a shop's orders need, with sound defaults; what is there stays as it is.

    Idempotent, also beside a second caller. Exchange rates are left out: a wrong one is worse than none.
    """
    return ensure(session, tuple(_CREATORS))


def ensure(session: Session, items: Sequence[Item]) -> Prepared:
    """Create the defaults for some items of the checklist; an item that only a person can fill is passed over."""
    # One at a time: the ranges of the whole house belong to no project, and no constraint can tell their twins.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('preparation'))"))
    return Prepared(created=tuple(name for item in items for name in _CREATORS.get(item, _nothing)(session)))


def _nothing(_: Session) -> list[str]:
    return []


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


def _special_article(number: str) -> Row:
    """An article for an order's lines that are no goods; it has no stock (D§4.1)."""
    plain = Article(number=number, name="", is_stock_article=False, syncs_stock=False)
    name, mark = SPECIAL[number]
    return plain.model_dump(exclude={"id", "parent_id", "created_at"}, exclude_none=True) | {"name": name, mark: True}


def _customer(number: str) -> Row:
    customer = Customer(number=number, name=CUSTOMERS[number], country="DE", language="de")
    return customer.model_dump(exclude={"id", "created_at"}, exclude_none=True)


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
    made = [f"tax_rate:{country} {rate.normalize()}" for country, rate in session.execute(statement, rows)]
    threshold = insert(DeliveryThreshold).values(id=1, threshold=DeliveryThreshold().threshold)
    created = threshold.on_conflict_do_nothing().returning(col(DeliveryThreshold.id))
    return made + [f"delivery_threshold:{id}" for id in session.execute(created).scalars()]


def _ensure_project(session: Session) -> list[str]:
    return _ensure(session, Project, "code", [_project()]) + _ensure_number_ranges(session)


def _ensure_warehouse(session: Session) -> list[str]:
    return _ensure(session, Warehouse, "code", [{"code": WAREHOUSE, "name": "Hauptlager"}])


def _ensure_translations(session: Session) -> list[str]:
    """Give postage, discount and surcharge English names, without which English documents would lack them (D§4.1)."""
    rows = session.execute(select(Article.id, Article.number).where(col(Article.number).in_(ENGLISH))).all()
    texts = [{"article_id": id, "language": "en", "name": ENGLISH[number]} for id, number in rows]
    if not texts:
        return []
    statement = insert(ArticleText).on_conflict_do_nothing().returning(col(ArticleText.article_id))
    return [f"article_text:{id}" for id in session.execute(statement, texts).scalars()]


_CREATORS: Mapping[Item, Callable[[Session], list[str]]] = {
    Item.PROJECT: _ensure_project,
    Item.WAREHOUSE: _ensure_warehouse,
    Item.PAYMENT_METHODS: lambda session: _ensure(session, PaymentMethod, "code", PAYMENT_METHODS),
    Item.SHIPPING_METHODS: lambda session: _ensure(session, ShippingMethod, "code", SHIPPING_METHODS),
    Item.DELIVERY_TERM: lambda session: _ensure(session, DeliveryTerm, "code", [DELIVERY_TERM]),
    Item.POSTAGE_ARTICLE: lambda session: _ensure(session, Article, "number", [_special_article(POSTAGE)]),
    Item.DISCOUNT_ARTICLE: lambda session: _ensure(session, Article, "number", [_special_article(DISCOUNT)]),
    Item.SURCHARGE_ARTICLE: lambda session: _ensure(session, Article, "number", [_special_article(SURCHARGE)]),
    Item.DEFAULT_CUSTOMER: lambda session: _ensure(session, Customer, "number", [_customer(DEFAULT_CUSTOMER)]),
    Item.POS_CUSTOMER: lambda session: _ensure(session, Customer, "number", [_customer(POS_CUSTOMER)]),
    Item.TAX_RATES: _ensure_tax_rates,
    Item.TRANSLATIONS: _ensure_translations,
}
"""What one click creates, in the order in which they need each other."""

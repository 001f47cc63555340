"""The preparation of a merchant's master data (D§4.1): sound defaults for what every order import needs."""

from decimal import Decimal
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel, col, select

from erp.tables import Article, Customer, DeliveryTerm, PaymentMethod, Project, ShippingMethod, TaxRate, Warehouse

PROJECT = {"code": "SHOP", "name": "Online-Shop"}
WAREHOUSE = {"code": "HAUPT", "name": "Hauptlager"}
SPECIAL_ARTICLES = (
    {"number": "PORTO", "name": "Versandkosten", "is_postage": True},
    {"number": "RABATT", "name": "Rabatt", "is_discount": True},
    {"number": "ZUSCHLAG", "name": "Zuschlag", "is_surcharge": True},
)
PAYMENT_METHODS = (
    {"code": "prepayment", "name": "Vorkasse"},
    {"code": "paypal", "name": "PayPal"},
    {"code": "card", "name": "Kreditkarte"},
    {"code": "cod", "name": "Nachnahme", "ships_unpaid": True},
    {"code": "invoice", "name": "Rechnung", "ships_unpaid": True},
    {"code": "cash", "name": "Barzahlung", "is_cash": True},
)
SHIPPING_METHODS = (
    {
        "code": "dhl",
        "name": "DHL Paket",
        "carrier": "DHL",
        "tracking_url": "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}",
    },
    {"code": "dpd", "name": "DPD", "carrier": "DPD", "tracking_url": "https://tracking.dpd.de/status/de_DE/parcel/{number}"},
    {"code": "freight", "name": "Spedition", "carrier": "Spedition"},
    {"code": "pickup", "name": "Selbstabholung", "is_pickup": True},
)
DELIVERY_TERM = {"code": "DAP", "name": "Frei Haus"}
CUSTOMER = {"number": "DEFAULT", "name": "Sammelkunde", "country": "DE"}
EU_RATES = {
    "AT": "20 13 10", "BE": "21 12 6", "BG": "20 9", "CY": "19 9 5", "CZ": "21 12", "DE": "19 7", "DK": "25", "EE": "24 13 9",
    "ES": "21 10 4", "FI": "25.5 14 10", "FR": "20 10 5.5 2.1", "GR": "24 13 6", "HR": "25 13 5", "HU": "27 18 5", "IE": "23 13.5 9",
    "IT": "22 10 5 4", "LT": "21 12 5", "LU": "17 14 8 3", "LV": "21 12 5", "MT": "18 7 5", "NL": "21 9", "PL": "23 8 5",
    "PT": "23 13 6", "RO": "21 11", "SE": "25 12 6", "SI": "22 9.5 5", "SK": "23 19 5",
}  # fmt: skip
"""VAT rates of the EU, normal first; the merchant checks them before going live."""


def _ensure(session: Session, table: type[SQLModel], key: str, rows: list[dict[str, Any]]) -> None:
    """Insert what is missing; a row that exists stays as the merchant has it."""
    defaults = [table.model_validate(row).model_dump(exclude={"id", "created_at"}, exclude_none=True) for row in rows]
    session.execute(insert(table).on_conflict_do_nothing(index_elements=[key]), defaults)


def ensure_defaults(session: Session) -> None:
    """Create what is missing for a first integration; idempotent, changes nothing that exists."""
    _ensure(session, Project, "code", [PROJECT])
    _ensure(session, Warehouse, "code", [WAREHOUSE])
    _ensure(session, Article, "number", [row | {"is_stock_article": False, "syncs_stock": False} for row in SPECIAL_ARTICLES])
    _ensure(session, PaymentMethod, "code", list(PAYMENT_METHODS))
    _ensure(session, ShippingMethod, "code", list(SHIPPING_METHODS))
    _ensure(session, DeliveryTerm, "code", [DELIVERY_TERM])
    _ensure(session, Customer, "number", [CUSTOMER])
    known = set(session.exec(select(col(TaxRate.country)).distinct()).all())
    rates = [
        TaxRate(country=country, kind="normal" if position == 0 else "reduced", rate=Decimal(rate))
        for country, listed in EU_RATES.items()
        if country not in known
        for position, rate in enumerate(listed.split())
    ]
    session.add_all(rates)
    session.flush()

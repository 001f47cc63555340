"""Keeping master data: payment and shipping methods, terms, groups, projects, tax and exchange rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from canonical.failure import Failure, FailureError
from canonical.settings import MappingKind
from erp.releases import release_waiting
from erp.tables import (
    CustomerGroup,
    DeliveryTerm,
    ExchangeRate,
    PaymentMethod,
    Project,
    ShippingMethod,
    TaxRate,
    VatRegistration,
)
from erp.tables import Mapping as MappingRow

Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[\w.\-]+$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Days = Annotated[int, Field(ge=1, le=3650)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, extra="forbid")


class PaymentMethodForm(_Form):
    """A payment method as a person enters it."""

    code: Code
    name: Name
    ships_unpaid: bool = False
    is_cash: bool = False
    due_days: Days | None = None
    remind_days: Days | None = None
    expire_days: Days | None = None


class ShippingMethodForm(_Form):
    """A shipping method as a person enters it; the weight in kilogrammes."""

    code: Code
    name: Name
    carrier: str = Field(default="", max_length=40)
    tracking_url: str = Field(default="", max_length=300, pattern=r"^(https?://\S*\{number\}\S*)?$")
    is_pickup: bool = False
    adapter: Literal["manual", "file"] = "manual"
    adapter_folder: str = Field(default="", max_length=300)
    max_parcel_weight: Decimal | None = Field(default=None, gt=0, max_digits=10, decimal_places=3)


class DeliveryTermForm(_Form):
    """A delivery term as a person enters it."""

    code: Code
    name: Name


class CustomerGroupForm(_Form):
    """A customer group as a person enters it; channels choose it by its exact name (D§2.4)."""

    code: Code
    name: Name


class ProjectForm(_Form):
    """A project as a person enters it; its documents have a page of their own."""

    code: Code
    name: Name
    reserves_stock: bool = True
    always_postage_line: bool = False
    autoship_allowed: bool = True
    is_outside_oss: bool = False


class TaxRateForm(_Form):
    """A VAT rate of a country in percent."""

    country: Country
    kind: Literal["normal", "reduced", "special"]
    rate: Decimal = Field(ge=0, lt=100, max_digits=6, decimal_places=3)


class ExchangeRateForm(_Form):
    """Units of a currency for one EUR."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    rate: Decimal = Field(gt=0, max_digits=14, decimal_places=6)


class VatRegistrationForm(_Form):
    """A VAT id of ours in another country."""

    country: Country
    vat_id: Annotated[str, StringConstraints(min_length=4, max_length=40)]


@dataclass(frozen=True)
class Register:
    """One kind of master data: its table, its form, what tells rows apart, and what waits for a new one."""

    table: type[SQLModel]
    form: type[_Form]
    key: tuple[str, ...] = ("code",)
    releases: str = ""
    """Documents wait for `releases:code` (erp/releases.py)."""
    mapping: MappingKind | None = None
    """The mapping table whose right side names it."""


REGISTERS: Mapping[str, Register] = {
    "projects": Register(Project, ProjectForm, releases="project"),
    "payment-methods": Register(
        PaymentMethod, PaymentMethodForm, releases="payment_method", mapping=MappingKind.PAYMENT
    ),
    "shipping-methods": Register(
        ShippingMethod, ShippingMethodForm, releases="shipping_method", mapping=MappingKind.SHIPPING
    ),
    "delivery-terms": Register(DeliveryTerm, DeliveryTermForm, releases="delivery_term"),
    "customer-groups": Register(CustomerGroup, CustomerGroupForm),
    "tax-rates": Register(TaxRate, TaxRateForm, key=("country", "kind", "rate")),
    "exchange-rates": Register(ExchangeRate, ExchangeRateForm, key=("currency",)),
    "vat-ids": Register(VatRegistration, VatRegistrationForm, key=("country",)),
}


def rows(session: Session, register: str) -> Sequence[Any]:
    """All rows of a register by their key."""
    kind = REGISTERS[register]
    return session.exec(select(kind.table).order_by(*(col(getattr(kind.table, name)) for name in kind.key))).all()


def add(session: Session, register: str, values: Mapping[str, Any]) -> int:
    """Add a row, release the documents that waited for it, and return how many.

    Raises pydantic's `ValidationError`, and `FailureError` CODE_TAKEN.
    """
    kind = REGISTERS[register]
    form = kind.form.model_validate(values)
    if _find(session, kind, form) is not None:
        raise FailureError(Failure.of("CODE_TAKEN", value=_key_of(kind, form)))
    session.add(kind.table(**form.model_dump()))
    session.flush()
    return release_waiting(session, f"{kind.releases}:{_key_of(kind, form)}", None) if kind.releases else 0


def change(session: Session, register: str, values: Mapping[str, Any]) -> None:
    """Change the row that the key in `values` names; the key itself stays, because mappings and settings name it.

    Raises pydantic's `ValidationError` and `LookupError`.
    """
    kind = REGISTERS[register]
    form = kind.form.model_validate(values)
    row = _find(session, kind, form)
    if row is None:
        raise LookupError(_key_of(kind, form))
    for name, value in form.model_dump(exclude=set(kind.key)).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()


def remove(session: Session, register: str, values: Mapping[str, Any]) -> None:
    """Remove the row that the key in `values` names; raises `LookupError`, and `FailureError` IN_USE."""
    kind = REGISTERS[register]
    key = {name: values[name] for name in kind.key}
    query = select(kind.table).where(*(col(getattr(kind.table, name)) == value for name, value in key.items()))
    row = session.exec(query).one_or_none()
    if row is None:
        raise LookupError(key)
    shown = " ".join(map(str, key.values()))
    if kind.mapping and _is_mapped(session, kind.mapping, shown):
        raise FailureError(Failure.of("IN_USE", value=shown))
    try:
        with session.begin_nested():
            session.delete(row)
            session.flush()
    except IntegrityError:
        raise FailureError(Failure.of("IN_USE", value=shown)) from None


def _is_mapped(session: Session, kind: MappingKind, code: str) -> bool:
    query = (
        select(MappingRow.integration_id).where(MappingRow.kind == kind.value, MappingRow.erp_value == code).limit(1)
    )
    return session.exec(query).first() is not None


def _find(session: Session, kind: Register, form: _Form) -> Any:
    conditions = (col(getattr(kind.table, name)) == getattr(form, name) for name in kind.key)
    return session.exec(select(kind.table).where(*conditions)).one_or_none()


def _key_of(kind: Register, form: _Form) -> str:
    return " ".join(str(getattr(form, name)) for name in kind.key)

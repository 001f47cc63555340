"""What people do with customers: lock and unlock, put into a group, note that the VAT id was checked."""

from datetime import datetime

from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.tables import Customer, CustomerGroup


def lock_customer(session: Session, customer_id: int, reason: str) -> None:
    """Keep auto-ship from a customer's orders, with the reason; orders imported from now on are held."""
    customer = _get(session, customer_id)
    customer.is_locked, customer.lock_reason = True, reason.strip()[:200]
    session.add(customer)


def unlock_customer(session: Session, customer_id: int) -> None:
    """Let auto-ship take the customer's orders again; holds of single orders stay until they are lifted."""
    customer = _get(session, customer_id)
    customer.is_locked, customer.lock_reason = False, ""
    session.add(customer)


def set_group(session: Session, customer_id: int, code: str) -> None:
    """Put a customer into a group, or with an empty code into none; raises `FailureError` MASTER_DATA_MISSING."""
    customer = _get(session, customer_id)
    group_id = session.exec(select(CustomerGroup.id).where(col(CustomerGroup.code) == code)).one_or_none()
    if code and group_id is None:
        raise FailureError(Failure.of("MASTER_DATA_MISSING", what="customer group", value=code))
    customer.group_id = group_id
    session.add(customer)


def note_vat_id_checked(session: Session, customer_id: int, at: datetime) -> None:
    """Note that a person checked the customer's VAT id; we ask no authority ourselves."""
    customer = _get(session, customer_id)
    customer.vat_id_checked_at = at
    session.add(customer)


def _get(session: Session, customer_id: int) -> Customer:
    customer = session.get(Customer, customer_id, with_for_update=True)
    if customer is None or customer.erased_at is not None:
        raise LookupError(customer_id)
    return customer

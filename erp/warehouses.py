"""Warehouses: created, renamed, locked against auto-ship."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from canonical.failure import Failure, FailureError
from erp.tables import Warehouse


class WarehouseForm(BaseModel):
    """A warehouse as a person enters it; the code is what settings and movements name and never changes."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$")
    name: str = Field(min_length=1, max_length=120)
    kind: Literal["own", "provider", "marketplace"] = "own"
    country: str = Field(default="DE", pattern=r"^[A-Z]{2}$")
    is_locked: bool = False


def create_warehouse(session: Session, form: WarehouseForm) -> Warehouse:
    """Create a warehouse; raises `FailureError` CODE_TAKEN."""
    made = session.execute(
        insert(Warehouse)
        .values(**form.model_dump())
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(col(Warehouse.id))
    ).scalar_one_or_none()
    if made is None:
        raise FailureError(Failure.of("CODE_TAKEN", value=form.code))
    return session.exec(select(Warehouse).where(col(Warehouse.id) == made)).one()


def change_warehouse(session: Session, form: WarehouseForm) -> Warehouse:
    """Rename, lock or move a warehouse to another kind or country; raises `FailureError` WAREHOUSE_UNKNOWN.

    A locked warehouse still counts where an integration's settings choose it: only auto-ship takes nothing from it.
    """
    query = select(Warehouse).where(col(Warehouse.code) == form.code).with_for_update(key_share=True)
    found = session.exec(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise FailureError(Failure.of("WAREHOUSE_UNKNOWN", warehouse=form.code))
    found.sqlmodel_update(form.model_dump(exclude={"code"}))
    session.add(found)
    session.flush()
    return found

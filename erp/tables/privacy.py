"""Data protection: how long each kind of record is kept, and what was erased when."""

from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from erp.tables.base import Moment, filled_now, json_object, word


class Retention(SQLModel, table=True):
    """How many months a kind of record is kept after its last event; the defaults are in `erp/retention.py`."""

    __tablename__ = "retention"

    kind: str = Field(primary_key=True, max_length=40)
    months: int


class Erasure(SQLModel, table=True):
    """That a customer was erased, or that records passed their retention: what, how many, by whom; never whose."""

    __tablename__ = "erasure"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    kind: str = Field(max_length=40)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    counts: dict[str, Any] = json_object()
    actor: str = word(120)
    at: Moment = filled_now()

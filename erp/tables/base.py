"""Column kinds that all tables share."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Numeric, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text
from sqlmodel import Field


def filled_now() -> Any:
    """A moment filled by the database."""
    return Field(
        default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": func.now()}, nullable=False
    )


def moment(*, index: bool = False) -> Any:
    """An optional moment, aware UTC."""
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=True, index=index)


def json_object() -> Any:
    """A JSON object."""
    return Field(default_factory=dict, sa_type=JSONB, nullable=False)


def json_list() -> Any:
    """A JSON list."""
    return Field(default_factory=list, sa_type=JSONB, nullable=False)


def texts() -> Any:
    """A list of texts."""
    return Field(default_factory=list, sa_type=ARRAY(Text), nullable=False)


def money(default: Decimal | None = Decimal(0)) -> Any:
    """An amount in the row's currency, two decimals."""
    return Field(default=default, sa_type=Numeric(14, 2), nullable=default is None)


def pieces() -> Any:
    """A quantity in the article's unit."""
    return Field(default=Decimal(0), sa_type=Numeric(14, 4), nullable=False)


Moment = datetime

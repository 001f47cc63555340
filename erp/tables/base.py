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
    return Field(default_factory=dict, sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": "{}"})


def json_list() -> Any:
    """A JSON list."""
    return Field(default_factory=list, sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": "[]"})


def texts() -> Any:
    """A list of texts."""
    return Field(default_factory=list, sa_type=ARRAY(Text), nullable=False, sa_column_kwargs={"server_default": "{}"})


def word(length: int, default: str = "") -> Any:
    """A short text that the database fills too, so that sets of rows may leave it out."""
    return Field(default=default, max_length=length, sa_column_kwargs={"server_default": default})


def prose(default: str = "") -> Any:
    """A text of any length that the database fills too."""
    return Field(default=default, sa_column_kwargs={"server_default": default})


def flag(default: bool = False) -> Any:
    """A yes or no that the database fills too."""
    return Field(default=default, sa_column_kwargs={"server_default": "true" if default else "false"})


def number(default: int = 0) -> Any:
    """A whole number that the database fills too."""
    return Field(default=default, sa_column_kwargs={"server_default": str(default)})


def money(default: Decimal | None = Decimal(0)) -> Any:
    """An amount in the row's currency, two decimals."""
    if default is None:
        return Field(default=None, sa_type=Numeric(14, 2), nullable=True)
    return Field(
        default=default, sa_type=Numeric(14, 2), nullable=False, sa_column_kwargs={"server_default": str(default)}
    )


def pieces() -> Any:
    """A quantity in the article's unit."""
    return Field(default=Decimal(0), sa_type=Numeric(14, 4), nullable=False, sa_column_kwargs={"server_default": "0"})


def measure() -> Any:
    """An optional quantity, weight or length."""
    return Field(default=None, sa_type=Numeric(14, 4), nullable=True)


Moment = datetime

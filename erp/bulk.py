"""Whole pages of rows in one statement: the rows travel as one JSON parameter and take their types from the table."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel import Session, SQLModel

Row = dict[str, Any]

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def packed(rows: Sequence[Row]) -> str:
    """Pack rows as JSON: decimals as strings, so that no digit is lost, and without NUL, which PostgreSQL refuses."""
    data = orjson.dumps(rows, default=_plain)
    return (_NUL.sub(rb"\1", data) if b"\\u0000" in data else data).decode()


def storable(texts: set[str]) -> list[str]:
    """Sort texts for an array parameter; one with a NUL can be in no column, so nothing is lost by leaving it out."""
    return sorted(value for value in texts if value and "\x00" not in value)


def insert_rows(session: Session, model: type[SQLModel], rows: Sequence[Row], *, ending: str = "") -> list[Any]:
    """Insert rows that all name the same columns; `ending` is an ON CONFLICT or RETURNING clause of ours.

    Returns the values of the one column that `ending` returns. About twice as fast as `executemany`, in one round trip.
    """
    if not rows:
        return []
    table = model.__tablename__
    columns = ", ".join(f'"{name}"' for name in rows[0])
    statement = text(
        f"INSERT INTO {table} ({columns}) SELECT {columns}"  # noqa: S608 - names from our own tables, values bound
        f" FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json)) {ending}"
    )
    result = session.execute(statement, {"rows": packed(rows)})
    return list(result.scalars()) if "RETURNING" in ending else []


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)

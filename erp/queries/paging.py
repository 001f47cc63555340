"""Keyset paging: a page is cut by the last key seen, never by an offset, so page 1,000 costs what page 1 costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows and the key that continues after them; empty when these were the last."""

    rows: Sequence[Row]
    next: str = ""


def cut(rows: Sequence[Row], key: Callable[[Row], object], size: int = PAGE) -> Page[Row]:
    """Make a page of rows that were read with one more than `size`, which tells whether there are more."""
    if len(rows) <= size:
        return Page(rows)
    return Page(rows[:size], str(key(rows[size - 1])))


def number_key(text: str) -> int | None:
    """Read a numeric key from a URL; anything else means the first page."""
    return int(text) if text.isdecimal() and len(text) < 19 else None

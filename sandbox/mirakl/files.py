"""CSV files as Mirakl takes and gives them: semicolons, quotes, UTF-8, names of columns in the first line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

Row = dict[str, str]


class UnreadableFile(Exception):
    """The file as a whole cannot be imported; the text is the import's `reason_status`."""


class BadLine(Exception):
    """One line cannot be imported; the text is the error's message in the report."""


def read_csv(content: bytes, needed: Sequence[str]) -> list[Row]:
    """The lines by column; raises UnreadableFile where the encoding is not UTF-8 or a needed column is missing."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile("The file is not encoded in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";", restval="")
    columns = reader.fieldnames or []
    missing = [name for name in needed if name not in columns]
    if missing:
        raise UnreadableFile(f"Missing columns: {', '.join(missing)}")
    return [{name: (value or "").strip() for name, value in row.items() if name is not None} for row in reader]


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The lines as a CSV text, everything quoted."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, delimiter=";", quoting=csv.QUOTE_ALL, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def whole(text: str, name: str) -> int:
    """A whole number of at least zero; raises BadLine."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadLine(f"The {name} '{text}' is not a valid whole number")
    return int(text)


def price(text: str, name: str) -> Decimal:
    """A price above zero with at most two decimals and a point; raises BadLine."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadLine(f"The {name} '{text}' is not a valid number") from None
    if not value.is_finite() or value <= 0 or value != value.quantize(Decimal("0.01")):
        raise BadLine(f"The {name} '{text}' must be above 0 with at most 2 decimals")
    return value


def date(text: str, name: str) -> str | None:
    """An ISO 8601 date or date-time as it is, None for nothing; raises BadLine."""
    if not text:
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise BadLine(f"The {name} '{text}' is not a valid ISO 8601 date") from None
    return text


def choice(text: str, name: str, allowed: Sequence[str]) -> str:
    """One of some words; raises BadLine."""
    if text not in allowed:
        raise BadLine(f"The {name} '{text}' must be one of {', '.join(word for word in allowed if word)}")
    return text

"""How values stand in the files that we write."""

from datetime import UTC, datetime
from decimal import Decimal

DELIVERY = ("company", "name", "street", "street2", "post_number", "postcode", "city", "state", "country")
"""The parts of a delivery address, in the order of the files."""


def plain(value: str) -> str:
    """One line without control characters: XML forbids them, and many readers take a CSV file line by line."""
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())


def quantity(value: Decimal) -> str:
    """A number with a point and without needless zeros."""
    return f"{value.normalize():f}"


def moment(value: datetime) -> str:
    """ISO 8601 in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

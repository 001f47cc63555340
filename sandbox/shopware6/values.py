"""Values of a write: checked against the field's type with the vendor's messages, and stored as the API shows them."""

from __future__ import annotations

import re
from typing import Any

from sandbox.shopware6 import errors, times
from sandbox.shopware6.definitions import Field

ID = re.compile(r"^[0-9a-f]{32}$")
TYPES: dict[str, tuple[Any, str]] = {
    "s": (str, "string"),
    "n": (int, "int"),
    "f": ((int, float), "numeric"),
    "b": (bool, "bool"),
    "l": (list, "array"),
    "o": ((dict, list), "array"),
    "p": (list, "array"),
}
EURO = "b7d2554b0ce847cd82f3ac9bd1c0dfca"


class Problems:
    """The complaints of one request; the shop collects them all before it refuses."""

    def __init__(self) -> None:
        self.errors: list[errors.Json] = []

    def blank(self, pointer: str) -> None:
        """A value is missing."""
        error = errors.one(400, errors.BLANK, "This value should not be blank.", pointer=pointer)
        if error not in self.errors:
            self.errors.append(error)

    def wrong_type(self, pointer: str, wanted: str) -> None:
        """A value is of another type."""
        detail = f"This value should be of type {wanted}."
        self.errors.append(errors.one(400, errors.WRONG_TYPE, detail, pointer=pointer))

    def add(self, code: str, detail: str, pointer: str, status: int = 400, **parameters: Any) -> None:
        """Another complaint."""
        self.errors.append(errors.one(status, code, detail, pointer=pointer, **parameters))

    def raise_any(self) -> None:
        """Refuse if there is anything to complain about."""
        if self.errors:
            raise errors.ApiError(int(self.errors[0]["status"]), self.errors)


def require_id(value: object) -> str:
    """A valid id, or the vendor's refusal."""
    if not isinstance(value, str) or not ID.match(value):
        raise errors.invalid_uuid(value)
    return value


def stored(field: Field, value: Any, pointer: str, problems: Problems) -> Any:
    """A value as it is kept; complaints go into `problems`, and an empty text is no value."""
    if value is None or value == "":
        return None
    if field.type == "i":
        return require_id(value)
    if field.type == "d":
        return _moment(value, pointer, problems)
    accepted, name = TYPES[field.type]
    if not isinstance(value, accepted) or (isinstance(value, bool) and field.type != "b"):
        problems.wrong_type(pointer, name)
        return None
    if field.type == "p":
        return _prices(value, pointer, problems)
    if field.type == "f":
        return float(value)
    return {} if field.type == "o" and value == [] else value


def _moment(value: Any, pointer: str, problems: Problems) -> str | None:
    try:
        return times.normalised(value)
    except (ValueError, AttributeError):
        problems.wrong_type(pointer, "datetime")
        return None


def _prices(prices: list[Any], pointer: str, problems: Problems) -> list[Any]:
    kept = []
    for i, price in enumerate(prices):
        if not isinstance(price, dict):
            problems.wrong_type(f"{pointer}/{i}", "array")
            continue
        for name in ("currencyId", "gross", "net", "linked"):
            if price.get(name) is None:
                problems.blank(f"{pointer}/{i}/{name}")
        for name in ("gross", "net"):
            if isinstance(price.get(name), str | bool):
                problems.wrong_type(f"{pointer}/{i}/{name}", "numeric")
        if price.get("currencyId") is not None:
            require_id(price["currencyId"])
        kept.append(_price(price))
    if EURO not in {price["currencyId"] for price in kept}:
        problems.add("0", "No price for default currency defined", pointer)
    return kept


def _price(price: Any) -> dict[str, Any]:
    inner = price.get("listPrice")
    return {
        "currencyId": price.get("currencyId"),
        "net": price.get("net"),
        "gross": price.get("gross"),
        "linked": price.get("linked"),
        "listPrice": _price(inner) if isinstance(inner, dict) else None,
        "percentage": price.get("percentage"),
        "regulationPrice": None,
        "apiAlias": "price",
        "extensions": [],
    }

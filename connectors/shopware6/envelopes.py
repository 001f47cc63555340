"""The forms in which Shopware sends orders: as plain JSON, and as JSON:API with the associations beside the orders."""

from collections.abc import Mapping
from typing import Any

from connectors.envelopes import inside, unpacked

WRAPPERS = ("data", "payload", "order", "orders", "elements")
"""Of searches and single records, of an app's webhooks, and of the store's own interface."""
ASSOCIATIONS = frozenset(
    [
        "addresses",
        "billingAddress",
        "captures",
        "children",
        "country",
        "countryState",
        "currency",
        "customer",
        "deliveries",
        "language",
        "lineItems",
        "locale",
        "orderCustomer",
        "paymentMethod",
        "primaryOrderDelivery",
        "primaryOrderTransaction",
        "refunds",
        "salesChannel",
        "shippingMethod",
        "shippingOrderAddress",
        "stateMachineState",
        "tags",
        "transactions",
    ]
)
"""What is read below an order; others may lead back up, and from there to everything."""

Resource = dict[str, Any]
Included = Mapping[tuple[str, str], Resource]


def unpack_orders(body: bytes) -> bytes | list[bytes]:
    """Take the orders out of an answer. Pure."""
    return unpacked(body, orders_in)


def orders_in(document: Any) -> Any:
    """Of a parsed answer: its order, or the list of its orders, with the associations inside of them."""
    if not isinstance(document, dict) or "lineItems" in document:
        return document
    found = inside(document, WRAPPERS)
    rows = document.get("included")
    included = _by_key(rows if isinstance(rows, list) else [])
    if isinstance(found, list):
        return [_plain(row, included) for row in found]
    return _plain(found, included)


def _by_key(rows: list[Any]) -> Included:
    resources = [row for row in rows if isinstance(row, dict)]
    return {(str(row.get("type")), str(row.get("id"))): row for row in resources}


def _plain(row: Any, included: Included) -> Any:
    """A resource of JSON:API as plain JSON; what is plain stays as it is."""
    if not isinstance(row, dict) or not isinstance(row.get("attributes"), dict):
        return row
    return _resolved(row, included, ())


def _resolved(row: Resource, included: Included, above: tuple[tuple[str, str], ...]) -> Resource:
    """A resource's fields and, below them, what it is associated with, as far as the answer holds it."""
    key = (str(row.get("type")), str(row.get("id")))
    plain = {**_object(row.get("attributes")), "id": row.get("id")}
    for name, stated in _object(row.get("relationships")).items():
        linked = stated.get("data") if isinstance(stated, dict) and name in ASSOCIATIONS else None
        targets = [
            _target(each, included, (*above, key)) for each in (linked if isinstance(linked, list) else [linked])
        ]
        if isinstance(linked, list):
            plain[name] = [target for target in targets if target is not None]
        elif targets[0] is not None:
            plain[name] = targets[0]
    return plain


def _target(link: Any, included: Included, above: tuple[tuple[str, str], ...]) -> Resource | None:
    key = (str(link.get("type")), str(link.get("id"))) if isinstance(link, dict) else None
    found = included.get(key) if key is not None and key not in above else None
    return None if found is None else _resolved(found, included, above)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

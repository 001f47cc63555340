"""The forms in which Shopify sends orders: REST, webhooks, GraphQL answers and the lines of a bulk operation."""

from typing import Any

import orjson

from connectors.envelopes import inside, packed, unpacked

WRAPPERS = ("data", "order", "orders", "node", "nodes", "edges", "orderByIdentifier")
CHILDREN = {"LineItem": "lineItems", "ShippingLine": "shippingLines"}
"""By the type in a child's id: the list of the order that it belongs to."""


def unpack_orders(body: bytes) -> bytes | list[bytes]:
    """Take the orders out of an answer of either interface, or out of a bulk operation's file. Pure."""
    lines = _lines(body)
    return packed(_joined(lines)) if lines else unpacked(body, orders_in)


def orders_in(document: Any) -> Any:
    """Of a parsed answer: its order, or the list of its orders; a document without a wrapper is itself."""
    found = inside(document, WRAPPERS)
    if isinstance(found, list):
        return [row["node"] if isinstance(row, dict) and "node" in row else row for row in found]
    if not isinstance(found, dict) or _is_order(found):
        return found
    aliased = [value for value in found.values() if _is_order(value)]
    return aliased if len(aliased) > 1 else next(iter(aliased), found)


def _is_order(document: Any) -> bool:
    return isinstance(document, dict) and ("lineItems" in document or "line_items" in document)


def _lines(body: bytes) -> list[dict[str, Any]]:
    """The rows of a bulk operation's file, one a line; empty where it is no such file."""
    found = []
    for line in body.splitlines():
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            return []
        if not isinstance(row, dict):
            return []
        found.append(row)
    return found if len(found) > 1 else []


def _joined(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Orders with their children, which the file lists as rows of their own."""
    orders: dict[Any, dict[str, Any]] = {}
    children = []
    for row in rows:
        if "__parentId" in row:
            children.append(row)
        else:
            orders[row.get("id", len(orders))] = row
    for row in children:
        order = orders.get(row["__parentId"])
        name = CHILDREN.get(str(row.get("id")).removeprefix("gid://shopify/").partition("/")[0])
        if order is not None and name is not None:
            order.setdefault(name, []).append(row)
    return list(orders.values())

"""What interfaces wrap orders in - lists, pages, answers - taken apart for a person who has one of them in a file."""

from collections.abc import Callable
from typing import Any

import orjson

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

OrdersIn = Callable[[Any], Any]
"""Of one parsed document: the order that it holds, a list of those that it holds, or itself."""


def unpacked(body: bytes, orders_in: OrdersIn = lambda document: document) -> bytes | list[bytes]:
    """Take the orders out of a file; a list, or an answer that holds one, gives a list.

    What is no JSON is given back as it is: reading it names the problem. Pure.
    """
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if isinstance(document, list):
        return packed([orders_in(each) for each in document])
    found = orders_in(document)
    if isinstance(found, list):
        return packed(found)
    return body if found is document else written(found)


def packed(documents: list[Any]) -> list[bytes]:
    """Write documents one by one; pages in a list are one list."""
    flat = [order for each in documents for order in (each if isinstance(each, list) else [each])]
    return [written(order) for order in flat]


def written(document: Any) -> bytes:
    """Write one document; one that is nested too deeply becomes an empty text, which no reading takes for an order."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        return b""


def inside(document: Any, names: tuple[str, ...]) -> Any:
    """Go into the first of some names as long as there is an object or a list below it."""
    while isinstance(document, dict):
        below = next((document[name] for name in names if isinstance(document.get(name), dict | list)), None)
        if below is None:
            break
        document = below
    return document

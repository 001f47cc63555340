"""The forms in which Mirakl sends orders: a page of the list (OR11), or a single one."""

from typing import Any

from connectors.envelopes import inside, unpacked


def unpack_orders(body: bytes) -> bytes | list[bytes]:
    """Take the orders out of an answer. Pure."""
    return unpacked(body, orders_in)


def orders_in(document: Any) -> Any:
    """Of a parsed answer: the list of its orders; a single order is itself."""
    return inside(document, ("orders",))

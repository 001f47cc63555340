"""The forms in which WooCommerce sends orders: a list, a single one (also by webhooks), a batch, and WordPress's envelope."""

from typing import Any

from connectors.envelopes import inside, unpacked

BATCH = ("create", "update", "delete")


def unpack_orders(body: bytes) -> bytes | list[bytes]:
    """Take the orders out of an answer. Pure."""
    return unpacked(body, orders_in)


def orders_in(document: Any) -> Any:
    """Of a parsed answer: its order, or the list of its orders; `_envelope` puts the answer into `body`."""
    found = inside(document, ("body",))
    if (
        isinstance(found, dict)
        and "line_items" not in found
        and any(isinstance(found.get(name), list) for name in BATCH)
    ):
        return [row for name in BATCH for row in found.get(name) or []]
    return found

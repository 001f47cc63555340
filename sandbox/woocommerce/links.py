"""The `_links` of documents, and the placeholder for the shop's address in stored ones."""

from __future__ import annotations

from typing import Any

# Documents are kept as prepared bytes before the server knows its port; this stands for the shop's address in them.
PLACEHOLDER = "https://shop-address.invalid"
API = f"{PLACEHOLDER}/wp-json/wc/v3"
ITEM_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

Links = dict[str, list[dict[str, Any]]]


def item_links(
    collection: str, item: object, *, methods: list[str] | None = ITEM_METHODS, up: str | None = None
) -> Links:
    """Links of one item of a collection, in the recorded shape; `up` is the parent's path."""
    own: dict[str, Any] = {"href": f"{API}/{collection}/{item}"}
    if methods:
        own["targetHints"] = {"allow": methods}
    links: Links = {"self": [own], "collection": [{"href": f"{API}/{collection}"}]}
    if up is not None:
        links["up"] = [{"href": f"{API}/{up}"}]
    return links


def order_links(order_id: int, customer_id: int) -> Links:
    """Links of an order; a registered customer's are in it."""
    links = item_links("orders", order_id)
    href = f"{API}/orders/{order_id}/actions/email_templates"
    links["email_templates"] = [{"embeddable": True, "href": href}]
    if customer_id:
        links["customer"] = [{"href": f"{API}/customers/{customer_id}"}]
    return links

"""Webhook subscriptions, and signed deliveries of REST-shaped documents when orders, products or levels change."""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import threading
import uuid
from typing import TYPE_CHECKING

import httpx
import orjson

from sandbox.shopify import payloads
from sandbox.shopify.store import Json, number_of

if TYPE_CHECKING:
    from sandbox.shopify.shop import ShopifyShop

API_VERSION = "2026-10"
MAX_FAILURES = 8
TIMEOUT_SECONDS = 5.0
# What happens to an order, and the topics that tell of it besides `orders/updated`.
ORDER_EVENTS = {
    "create": ("orders/create",),
    "paid": ("orders/paid",),
    "cancelled": ("orders/cancelled",),
    "fulfilled": ("orders/fulfilled", "orders/partially_fulfilled"),
    "refund": ("refunds/create",),
}


def topic_path(topic: str) -> str:
    """A topic of the API as the header writes it: `ORDERS_UPDATED` is `orders/updated`."""
    for resource in ("inventory_levels", "fulfillment_orders", "bulk_operations", "order_transactions"):
        if topic.lower().startswith(f"{resource}_"):
            return f"{resource}/{topic.lower().removeprefix(resource)[1:]}"
    resource, _, event = topic.lower().partition("_")
    return f"{resource}/{event}"


class Webhooks:
    """The thread that delivers; it starts with the first delivery. `repeat` sends each delivery that many times."""

    def __init__(self, shop: ShopifyShop) -> None:
        self._shop = shop
        self._queue: queue.Queue[tuple[str, str, str, bytes] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._failures: dict[str, int] = {}
        self.repeat = 1

    def order_changed(self, order: Json, event: str) -> None:
        """Queue deliveries of an order's new version."""
        topics = [*ORDER_EVENTS.get(event, ()), "orders/updated"]
        if event == "create" and order["displayFinancialStatus"] == "PAID":
            topics.append("orders/paid")
        if order["displayFulfillmentStatus"] != "FULFILLED" and "orders/fulfilled" in topics:
            topics.remove("orders/fulfilled")
        for topic in topics:
            if topic == "refunds/create":
                self._send(topic, lambda: payloads.refund_document(order, order["refunds"][-1]))
            else:
                self._send(topic, lambda: payloads.order_document(self._shop, order))

    def fulfillment_changed(self, order: Json, fulfillment: Json, event: str) -> None:
        """Queue deliveries of a fulfilment."""
        self._send(f"fulfillments/{event}", lambda: payloads.fulfillment_document(order, fulfillment))

    def product_changed(self, product: Json, event: str) -> None:
        """Queue deliveries of a product."""
        if event == "delete":
            self._send("products/delete", lambda: {"id": number_of(product["id"])})
        else:
            self._send(f"products/{event}", lambda: payloads.product_document(self._shop, product))

    def level_changed(self, variant: Json, location_id: str) -> None:
        """Queue deliveries of a stock level."""
        self._send("inventory_levels/update", lambda: payloads.level_document(variant, location_id))

    def bulk_finished(self, operation: Json) -> None:
        """Queue the news that a bulk operation has ended."""
        self._send("bulk_operations/finish", lambda: payloads.bulk_document(operation))

    def close(self) -> None:
        """Deliver what is queued, then stop the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(TIMEOUT_SECONDS * 2)
            self._thread = None

    def _send(self, topic: str, document: object) -> None:
        assert callable(document)
        for hook in self._shop.store.table("WebhookSubscription").values():
            if topic_path(hook["topic"]) != topic:
                continue
            body = orjson.dumps(payloads.narrowed(document(), hook["includeFields"]))
            delivery = str(uuid.uuid4())
            for _ in range(self.repeat):
                self._put((hook["id"], topic, delivery, body))

    def _put(self, item: tuple[str, str, str, bytes]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_all, name="sandbox-shopify-webhooks", daemon=True)
            self._thread.start()
        self._queue.put(item)

    def _deliver_all(self) -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            while (item := self._queue.get()) is not None:
                hook = self._shop.store.get(item[0])
                if hook is not None:
                    self._deliver(client, hook, *item[1:])

    def _deliver(self, client: httpx.Client, hook: Json, topic: str, delivery: str, body: bytes) -> None:
        digest = hmac.new(self._shop.tokens.client_secret.encode(), body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": self._shop.domain,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": delivery,
            "X-Shopify-Event-Id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{delivery}")),
            "X-Shopify-Triggered-At": self._shop.clock().isoformat(),
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        }
        try:
            is_taken = client.post(hook["uri"], content=body, headers=headers).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            is_taken = False
        failures = 0 if is_taken else self._failures.get(hook["id"], 0) + 1
        self._failures[hook["id"]] = failures
        if failures >= MAX_FAILURES:
            with self._shop.changes():
                self._shop.store.remove(hook["id"])

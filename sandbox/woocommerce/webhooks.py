"""Webhooks: a ping when one is created, signed deliveries when orders or products change, switched off after six failures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import threading
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from sandbox.woocommerce import model, times
from sandbox.woocommerce.errors import Json
from sandbox.woocommerce.links import PLACEHOLDER, item_links

if TYPE_CHECKING:
    from sandbox.woocommerce.shop import WooShop

MAX_FAILURES = 5
TIMEOUT_SECONDS = 10.0
SECRET_FIELDS = frozenset({"secret", "failures"})
HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "product.created": ["woocommerce_new_product", "woocommerce_new_product_variation"],
    "product.deleted": ["wp_trash_post"],
    "product.updated": ["woocommerce_update_product", "woocommerce_update_product_variation"],
}


class Webhooks:
    """The shop's webhooks and the thread that delivers them; the thread starts with the first delivery."""

    def __init__(self, shop: WooShop) -> None:
        self.hooks: dict[int, Json] = {}
        self._shop = shop
        self._queue: queue.Queue[tuple[int, str, bytes] | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def create(self, values: Json) -> Json:
        """Store a webhook and send its unsigned ping; returns it as the API shows it, without the secret."""
        resource, _, event = values["topic"].partition(".")
        now = self._shop.clock()
        hook: Json = {
            "id": self._shop.next_id("webhook"),
            "name": values.get("name") or f"Webhook created on {times.local_text(now)}",
            "status": values.get("status", "active"),
            "topic": values["topic"],
            "resource": resource,
            "event": event,
            "hooks": HOOKS.get(values["topic"], []),
            "delivery_url": values["delivery_url"],
            "date_created": times.local_text(now),
            "date_created_gmt": times.gmt_text(now),
            "date_modified": None,
            "date_modified_gmt": None,
            "secret": values.get("secret", ""),
            "failures": 0,
        }
        self._shop.save_webhook(hook)
        self._put(hook["id"], "ping", f"webhook_id={hook['id']}".encode())
        return shown(hook)

    def order_changed(self, order: Json, event: str) -> None:
        """Queue deliveries of an order's new version."""
        for hook in self._wanting(f"order.{event}"):
            self._put(hook["id"], "order", orjson.dumps(order))

    def product_updated(self, product: model.Product) -> None:
        """Queue deliveries of a product's new version; a stock change by an order counts too."""
        hooks = self._wanting("product.updated")
        if hooks:
            document = model.product_document(product, self._shop.variations(product.id))
            for hook in hooks:
                self._put(hook["id"], "product", orjson.dumps(document))

    def product_deleted(self, product: model.Product) -> None:
        """Queue deliveries of a product's end; they say no more than its id."""
        for hook in self._wanting("product.deleted"):
            self._put(hook["id"], "product", orjson.dumps({"id": product.id}))

    def close(self) -> None:
        """Deliver what is queued, then stop the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(TIMEOUT_SECONDS)
            self._thread = None

    def _wanting(self, topic: str) -> list[Json]:
        return [hook for hook in self.hooks.values() if hook["status"] == "active" and hook["topic"] == topic]

    def _put(self, hook_id: int, kind: str, body: bytes) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_all, name="sandbox-webhooks", daemon=True)
            self._thread.start()
        self._queue.put((hook_id, kind, body))

    def _deliver_all(self) -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            while (item := self._queue.get()) is not None:
                hook = self.hooks.get(item[0])
                if hook is not None and hook["status"] == "active":
                    self._deliver(client, hook, item[1], item[2])

    def _deliver(self, client: httpx.Client, hook: Json, kind: str, body: bytes) -> None:
        address = self._shop.base_url
        body = body.replace(PLACEHOLDER.encode(), address.encode())
        agent = f"WooCommerce/{self._shop.version} Hookshot (WordPress/7.1)"
        headers = {"User-Agent": agent, "Content-Type": "application/x-www-form-urlencoded"}
        if kind != "ping":
            headers |= {"Content-Type": "application/json", **_signed_headers(hook, body, address)}
        try:
            is_taken = client.post(hook["delivery_url"], content=body, headers=headers).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            is_taken = False
        self._settle(hook, is_taken)

    def _settle(self, hook: Json, is_taken: bool) -> None:
        failures = 0 if is_taken else hook["failures"] + 1
        if failures != hook["failures"]:
            status = "disabled" if failures > MAX_FAILURES else hook["status"]
            with self._shop.changes():
                self._shop.save_webhook({**hook, "failures": failures, "status": status})


def shown(hook: Json) -> Json:
    """A webhook as the API shows it."""
    return {key: value for key, value in hook.items() if key not in SECRET_FIELDS} | {
        "_links": item_links("webhooks", hook["id"])
    }


def _signed_headers(hook: Json, body: bytes, address: str) -> dict[str, Any]:
    digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).digest()
    return {
        "X-WC-Webhook-Source": f"{address}/",
        "X-WC-Webhook-Topic": hook["topic"],
        "X-WC-Webhook-Resource": hook["resource"],
        "X-WC-Webhook-Event": hook["event"],
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-WC-Webhook-ID": str(hook["id"]),
        "X-WC-Webhook-Delivery-ID": uuid.uuid4().hex,
    }

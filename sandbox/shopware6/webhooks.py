"""Webhooks from the entity `webhook`: ids of what changed, posted by a thread of their own.

Rows without an app are not signed. A delivery that fails counts in `errorCount`; after ten the webhook is switched off.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from sandbox.shopware6.ids import id_of
from sandbox.shopware6.store import Row

if TYPE_CHECKING:
    from sandbox.shopware6.shop import Shopware6Shop

TIMEOUT_SECONDS = 5.0
MAX_ERRORS = 10


class Webhooks:
    """The deliveries of one shop; the thread starts with the first one."""

    def __init__(self, shop: Shopware6Shop) -> None:
        self._shop = shop
        self._queue: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._count = 0

    def written(self, rows: Mapping[str, Sequence[str]], operation: str = "update") -> None:
        """Rows of entities were written: `{entity}.written`."""
        for entity, ids in rows.items():
            payload = [
                {"entity": entity, "operation": operation, "primaryKey": row_id, "updatedFields": []} for row_id in ids
            ]
            self.happened(f"{entity}.written", payload)

    def happened(self, event: str, payload: Any) -> None:
        """Queue an event for every active webhook that wants it."""
        hooks = [h for h in self._shop.store.tables["webhook"].values() if h.get("active") and h["eventName"] == event]
        for hook in hooks:
            self._count += 1
            body = {
                "data": {"payload": payload, "event": event},
                "source": {"url": self._shop.base_url, "eventId": id_of("event", event, self._count)},
                "timestamp": int(self._shop.clock().timestamp()),
            }
            self._put(hook["id"], orjson.dumps(body))

    def close(self) -> None:
        """Deliver what is queued, then stop the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(TIMEOUT_SECONDS)
            self._thread = None

    def _put(self, hook_id: str, body: bytes) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_all, name="sandbox-shopware6-webhooks", daemon=True)
            self._thread.start()
        self._queue.put((hook_id, body))

    def _deliver_all(self) -> None:
        headers = {"Content-Type": "application/json", "sw-version": self._shop.version}
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, headers=headers) as client:
            while (item := self._queue.get()) is not None:
                hook = self._shop.store.tables["webhook"].get(item[0])
                if hook is not None and hook.get("active"):
                    self._deliver(client, hook, item[1])

    def _deliver(self, client: httpx.Client, hook: Row, body: bytes) -> None:
        try:
            is_taken = client.post(hook["url"], content=body).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            is_taken = False
        count = 0 if is_taken else (hook.get("errorCount") or 0) + 1
        with self._shop.store.transaction():
            current = self._shop.store.tables["webhook"].get(hook["id"])
            if current is not None and count != current.get("errorCount"):
                self._shop.store.put("webhook", {**current, "errorCount": count, "active": count < MAX_ERRORS})

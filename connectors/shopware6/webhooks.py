"""Webhooks of an integration: rows of the entity `webhook`, which Shopware calls unsigned.

Shopware signs webhooks only for apps, with a secret agreed when the app is registered. An integration has none: the token
in the address is what proves the sender, and the payload is only a hint to ask the shop itself.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from canonical.channel import WebhookHint, WebhookReport
from canonical.failure import Failure, FailureError
from canonical.feature import Feature
from connectors.shopware6 import HINTS
from connectors.shopware6.search import Row, equals, find
from connectors.shopware6.sync import Change, made_id, write
from connectors.transport import Calls

EVENTS = HINTS


def ensure(calls: Calls, url: str) -> WebhookReport:
    """Bring the webhooks of this address to what is needed; their ids are made of it, so none comes twice."""
    try:
        there = {str(row.get("eventName")): row for row in _of(calls, url)}
        broken = [event for event in EVENTS if event in there and there[event].get("active") is False]
        created = [event for event in EVENTS if event not in there]
        changes = [_change(url, event, there.get(event)) for event in (*created, *broken)]
        refused = write(calls, changes)
    except FailureError as error:
        if error.failure.code != "PERMISSION":
            raise
        reason = error.failure.params.get("permission", "webhook")
        return WebhookReport(failure=Failure.of("WEBHOOKS_MISSING", reason=reason))
    failure = next((refusal.failure for refusal in refused.values()), None)
    return WebhookReport(
        created=tuple(event for event in created if event not in refused),
        repaired=tuple(event for event in broken if event not in refused),
        active=tuple(event for event in EVENTS if event not in refused),
        failure=Failure.of("WEBHOOKS_MISSING", reason=failure.params.get("reason", "")) if failure else None,
    )


def _change(url: str, event: str, row: Row | None) -> Change:
    ref = str(row["id"]) if row else made_id("webhook", url, event)
    name = f"connect-{ref[:8]}-{event}"
    fields = {"id": ref, "name": name, "eventName": event, "url": url, "active": True, "onlyLiveVersion": True}
    return Change(event, event, upserts=[("webhook", fields)])


def _of(calls: Calls, url: str) -> list[Row]:
    return [row for row in find(calls, "webhook", {"filter": [equals("url", url)]}) if row.get("id")]


def remove(calls: Calls, url: str) -> None:
    """Remove the webhooks of this address; none there is as good."""
    change = Change("webhooks", url, deletes=[("webhook", {"id": row["id"]}) for row in _of(calls, url)])
    for refusal in write(calls, [change]).values():
        raise FailureError(refusal.failure)


def read(body: bytes) -> WebhookHint | None:
    """Say what a payload hints at; None: Shopware does not write like this. A repeated delivery has the same id."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    data = payload.get("data") if isinstance(payload, dict) else None
    topic = data.get("event") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(topic, str) or not topic:
        return None
    source = payload.get("source")
    event_id = source.get("eventId") if isinstance(source, dict) else None
    delivery = str(event_id) if event_id else hashlib.sha256(body).hexdigest()
    feature = Feature.ORDERS if topic in EVENTS else None
    return WebhookHint(delivery_id=delivery, topic=topic, feature=feature, records=tuple(_records(data.get("payload"))))


def _records(payload: Any) -> Iterable[str]:
    """The ids of what changed; written entities are listed, an event has its order inside."""
    if isinstance(payload, list):
        for row in payload:
            if isinstance(row, dict) and row.get("entity") == "order" and isinstance(row.get("primaryKey"), str):
                yield row["primaryKey"]
    elif isinstance(payload, dict):
        order = payload.get("order")
        number = order.get("orderNumber") or order.get("id") if isinstance(order, dict) else None
        if isinstance(number, str):
            yield number

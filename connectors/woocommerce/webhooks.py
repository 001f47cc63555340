"""Webhooks: registered once per topic, mended when the shop has switched one off, and verified on their raw body."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

import orjson

from canonical.channel import WebhookHint, WebhookReport
from canonical.failure import Failure
from canonical.feature import Feature
from connectors.answers import RefusedError
from connectors.transport import Calls
from connectors.woocommerce.answers import INVALID_ID, Row, error_of, row_of
from connectors.woocommerce.products import all_rows

TOPICS: Mapping[str, Feature] = {"order.created": Feature.ORDERS, "order.updated": Feature.ORDERS}
PING = "ping"
_PING_BODY = re.compile(rb"webhook_id=\d+")


def ensure(calls: Calls, url: str, secret: str) -> WebhookReport:
    """One active webhook per topic at `url` with this secret; others at `url` are removed. Raises `FailureError`.

    A missing permission is reported instead: changes are still asked for regularly.
    """
    try:
        return _ensure(calls, url, secret)
    except RefusedError as error:
        if error.failure.code != "ACCESS":
            raise
        reason = error_of(error.answer)[1] or f"HTTP {error.answer.status}"
        return WebhookReport(failure=Failure.of("WEBHOOKS_MISSING", reason=reason))


def _ensure(calls: Calls, url: str, secret: str) -> WebhookReport:
    ours = _at(calls, url)
    created, repaired = [], []
    kept: set[int] = set()
    for topic in TOPICS:
        name = _name(topic, secret)
        found = sorted((hook for hook in ours if hook.get("topic") == topic), key=lambda hook: int(hook["id"]))
        if not found:
            content = {"name": name, "topic": topic, "delivery_url": url, "secret": secret, "status": "active"}
            row_of(calls.post("/webhooks", content))
            created.append(topic)
            continue
        kept.add(int(found[0]["id"]))
        if found[0].get("status") != "active" or found[0].get("name") != name:
            content = {"name": name, "secret": secret, "status": "active"}
            row_of(calls.put(f"/webhooks/{found[0]['id']}", content))
            repaired.append(topic)
    for hook in ours:
        if int(hook["id"]) not in kept:
            _remove(calls, hook)
    return WebhookReport(created=tuple(created), repaired=tuple(repaired), active=tuple(TOPICS))


def remove(calls: Calls, url: str) -> None:
    """Remove all webhooks to `url`; raises `FailureError`."""
    for hook in _at(calls, url):
        _remove(calls, hook)


def _at(calls: Calls, url: str) -> list[Row]:
    params = {"orderby": "date", "order": "asc", "_fields": "id,name,status,topic,delivery_url"}
    return [hook for hook in all_rows(calls, "/webhooks", params) if hook.get("delivery_url") == url]


def _remove(calls: Calls, hook: Row) -> None:
    """Delete for good; the shop has no trash for webhooks. One that is gone is as good."""
    try:
        calls.delete(f"/webhooks/{hook['id']}", {"force": "true"})
    except RefusedError as error:
        if not error_of(error.answer)[0].endswith(INVALID_ID):
            raise


def _name(topic: str, secret: str) -> str:
    """The shop never shows a secret, so the name tells by a short digest whether it is the present one."""
    return f"Connect {topic} {hashlib.sha256(secret.encode()).hexdigest()[:8]}"


def read(headers: Mapping[str, str], body: bytes, secret: str) -> WebhookHint | None:
    """Verify a delivery and say what it hints at; None: it is not signed with this secret.

    The ping after the creation is not signed and must be answered all the same: it hints at nothing.
    """
    stated = headers.get("x-wc-webhook-signature", "")
    digest = hashlib.sha256(body).hexdigest()
    if not stated and _PING_BODY.fullmatch(body):
        return WebhookHint(delivery_id=digest, topic=PING, feature=None)
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    if not secret or not hmac.compare_digest(signature, stated.encode()):
        return None
    topic = headers.get("x-wc-webhook-topic", "")
    return WebhookHint(
        delivery_id=headers.get("x-wc-webhook-delivery-id") or digest,
        topic=topic,
        feature=TOPICS.get(topic),
        records=_records(body),
    )


def _records(body: bytes) -> tuple[str, ...]:
    """The number of what changed, for the journal."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    stated = (document.get("number") or document.get("id")) if isinstance(document, dict) else None
    return (str(stated),) if stated else ()
